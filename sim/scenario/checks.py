"""What a well-shaped scenario may still get wrong: unknown names, numbers out of range, gates that cannot hold.

`check` returns every problem at once. Who and where, dates and numbers are here; rules and events in `acting`,
outcomes in `ending`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from sim.errors import Problem
from sim.scenario.acting import Acting
from sim.scenario.ending import Ending
from sim.scenario.laws import Distribution
from sim.scenario.meanings import Scope
from sim.scenario.nodes import Key
from sim.scenario.numbers import Reference
from sim.scenario.places import Where
from sim.scenario.schema import Place, Post, Quantity, Scenario, Section
from sim.scenario.vocabulary import BUILT_IN_QUANTITIES, PERCEPTIONS, PREFIXES, RESERVED

Path = tuple[Key, ...]
SHARE = (0.0, 1.0)
LARGEST = 1e15


def check(scenario: Scenario, where: Where, faulty: Iterable[tuple[Any, ...]] = ()) -> list[Problem]:
    """Every problem of meaning in a scenario.

    `faulty` are the paths that were cut out because of their shape; what follows from the cut is not reported.
    """
    checker = Checker(scenario, where)
    checker.run()
    cut = [tuple(str(part) for part in path) for path in faulty]
    return [problem for path, problem in checker.found if not any(_follows(path, problem, gone) for gone in cut)]


def _follows(path: Path, problem: Problem, gone: tuple[str, ...]) -> bool:
    """Whether a problem may come of a cut: of its name, or of a key inside or (below the top level) beside it."""
    shown = tuple(str(part) for part in path)
    beside = len(gone) > 1 and shown[: len(gone) - 1] == gone[:-1]
    return beside or gone[: len(shown)] == shown or f"`{gone[-1]}`" in problem.message


class Checker(Acting, Ending):
    """All checks of one scenario."""

    def run(self) -> None:
        """Check everything, in the order of the file."""
        self.who()
        self.relations()
        self.places()
        self.posts()
        self.openings()
        self.agreement()
        self.fighting()
        self.displacement()
        self.quantities()
        self.parameters()
        self.events()
        self.rules()
        self.dated()
        self.outcomes()
        self.magnitudes()
        self.sources()
        self.unread()

    # --- who ---------------------------------------------------------------------------------------------------------

    def who(self) -> None:
        """Actors and factions: one name each, none that the language needs itself."""
        factions = [(a, f) for a, actor in self.scenario.actors.items() for f in actor.factions]
        count = Counter([*self.scenario.actors, *(f for _, f in factions)])
        for path, name in [(("actors", a), a) for a in self.scenario.actors] + [
            (("actors", a, "factions", f), f) for a, f in factions
        ]:
            if name in RESERVED or name in PERCEPTIONS:
                self.wrong(path, f"`{name}` has a meaning of its own in the language; take another id")
            elif count[name] > 1:
                self.wrong(path, f"`{name}` names two parties; ids of actors and factions must differ")

    def relations(self) -> None:
        """Patrons and clients: known, different, one patron for each client."""
        patron_of: dict[str, str] = {}
        for name, relation in self.scenario.relations.items():
            path: Path = ("relations", name)
            self.known((*path, "patron"), relation.patron, self.parties, "party")
            self.known((*path, "client"), relation.client, self.parties, "party")
            self.number((*path, "restraint"), relation.restraint, *SHARE)
            if relation.patron == relation.client:
                self.wrong((*path, "client"), f"`{relation.client}` cannot be its own patron")
            if relation.client in patron_of:
                first = patron_of[relation.client]
                self.wrong((*path, "client"), f"`{relation.client}` has a patron already, in `{first}`; allowed: one")
            patron_of.setdefault(relation.client, name)

    # --- where -------------------------------------------------------------------------------------------------------

    def places(self) -> None:
        """Sectors: held by a side, with neighbours that know each other."""
        for name, place in self.scenario.places.items():
            path: Path = ("places", name)
            sides = self.scenario.fighting.between
            self.known((*path, "control"), place.control, sides, "side of the fighting")
            self.all_known((*path, "open_to"), place.open_to, sides, "side of the fighting")
            self.number((*path, "population"), place.population, 0.0)
            self.number((*path, "exposed"), place.exposed, 0.0)
            self._neighbours(name, place)

    def _neighbours(self, name: str, place: Place) -> None:
        for number, other in enumerate(place.neighbours):
            path: Path = ("places", name, "neighbours", number)
            if other == name:
                self.wrong(path, f"`{name}` cannot be its own neighbour")
            elif other in place.neighbours[:number]:
                self.wrong(path, f"`{other}` is listed twice")
            elif (
                self.known(path, other, self.scenario.places, "place")
                and name not in self.scenario.places[other].neighbours
            ):
                self.wrong(path, f"`{other}` does not list `{name}` as its neighbour; add it there")

    def posts(self) -> None:
        """Posts: of a party, in a place."""
        for name, post in self.scenario.posts.items():
            self._post(("posts", name), post)

    def _post(self, path: Path, post: Post) -> None:
        self.known((*path, "owner"), post.owner, self.parties, "party")
        self.known((*path, "place"), post.place, self.scenario.places, "place")

    def openings(self) -> None:
        """States at a possible beginning: sides and numbers in range (ids that were deleted since are not applied)."""
        for day, opening in self.scenario.history.openings.items():
            path: Path = ("history", "openings", day)
            for name, place in opening.places.items():
                if place.control is not None:
                    at = (*path, "places", name, "control")
                    self.known(at, place.control, self.scenario.fighting.between, "side of the fighting")
                if place.exposed is not None:
                    self.number((*path, "places", name, "exposed"), place.exposed, 0.0)
            for name, begun in opening.quantities.items():
                if (quantity := self.scenario.quantities.get(name)) is not None:
                    there = quantity.model_copy(update={"initial": begun.initial})
                    self._initial((*path, "quantities", name), there)
            if opening.agreement.integrity is not None:
                self.number((*path, "agreement", "integrity"), opening.agreement.integrity, *SHARE)

    # --- agreement, fighting, displacement ---------------------------------------------------------------------------

    def agreement(self) -> None:
        """Parties, integrity, and terms with at most one date."""
        agreement = self.scenario.agreement
        self.all_known(("agreement", "parties"), agreement.parties, self.parties, "party")
        self.number(("agreement", "integrity"), agreement.integrity, *SHARE)
        for name, term in agreement.terms.items():
            if term.due is not None and term.due_in_days is not None:
                self.wrong(("agreement", "terms", name), "has both due and due_in_days; give one")

    def fighting(self) -> None:
        """Two different sides; at least two regimes; means, sizes, shares and ratios in range."""
        fighting = self.scenario.fighting
        self.all_known(("fighting", "between"), fighting.between, self.parties, "party")
        if fighting.between[0] == fighting.between[1]:
            self.wrong(("fighting", "between"), "names one party twice; fighting is between two")
        if len(fighting.regimes) < 2:
            self.wrong(
                ("fighting", "regimes"), f"has {len(fighting.regimes)} regimes; give two or more, from low to high"
            )
        for name, regime in fighting.regimes.items():
            self.number(("fighting", "regimes", name, "mean"), regime.mean, 0.0)
            self.number(("fighting", "regimes", name, "size"), regime.size, 0.0, above=True)
        path: Path = ("fighting", "excitation")
        self.number((*path, "share"), fighting.excitation.share, *SHARE)
        self.number((*path, "half_life_days"), fighting.excitation.half_life_days, 0.0, above=True)
        self.number(("fighting", "reporting", "lost"), fighting.reporting.lost, *SHARE)
        self.ratios(("fighting", "ratios"), fighting.ratios, Scope(actor=True, target=True))
        self._drift()

    def _drift(self) -> None:
        drift, regimes = self.scenario.fighting.drift, self.scenario.fighting.regimes
        path: Path = ("fighting", "drift")
        if drift is None:
            return
        for first, row in drift.rates.items():
            self.known((*path, "rates", first), first, regimes, "regime")
            for second, rate in row.items():
                self.known((*path, "rates", first, second), second, regimes, "regime")
                self.number((*path, "rates", first, second), rate, 0.0)
        for level, falls in drift.truce_down.items():
            for first, probability in falls.items():
                self.known((*path, "truce_down", level, first), first, regimes, "regime")
                self.number((*path, "truce_down", level, first), probability, *SHARE)
        for level, ratio in drift.truce_ratio.items():
            self.number((*path, "truce_ratio", level), ratio, 0.0, above=True)

    def displacement(self) -> None:
        """Shares between 0 and 1, and a quantity of an actor to press on."""
        displacement = self.scenario.displacement
        for key in ("rate", "spill", "return_rate"):
            self.number(("displacement", key), getattr(displacement, key), *SHARE)
        self.number(("displacement", "sigma"), displacement.sigma, 0.0)
        if (presses := displacement.presses) is not None:
            path: Path = ("displacement", "presses")
            self.known((*path, "actor"), presses.actor, self.parties, "party")
            actors = [name for name, quantity in self.scenario.quantities.items() if quantity.of == "actor"]
            self.known((*path, "quantity"), presses.quantity, actors, "quantity of an actor")
            self.number((*path, "per_thousand"), presses.per_thousand)
            self.written.setdefault(presses.quantity, (*path, "quantity"))

    # --- numbers -----------------------------------------------------------------------------------------------------

    def quantities(self) -> None:
        """Declared quantities: a name of their own, a range, a beginning inside it."""
        for name, quantity in self.scenario.quantities.items():
            path: Path = ("quantities", name)
            if name in PERCEPTIONS or name in PREFIXES or name in BUILT_IN_QUANTITIES or name in self.parties:
                self.wrong(path, f"`{name}` has a meaning of its own in the language; take another id")
            if quantity.half_life_days is not None:
                self.number((*path, "half_life_days"), quantity.half_life_days, 0.0, above=True)
            if quantity.low > quantity.high:
                self.wrong((*path, "low"), f"low {quantity.low:g} is above high {quantity.high:g}")
            else:
                self.number((*path, "rest"), quantity.rest, quantity.low, quantity.high)
                self._initial(path, quantity)

    def _initial(self, path: Path, quantity: Quantity) -> None:
        path = (*path, "initial")
        if not isinstance(quantity.initial, dict):
            self.number(path, quantity.initial, quantity.low, quantity.high)
            return
        allowed = {"actor": list(self.parties), "place": list(self.scenario.places)}.get(quantity.of)
        if allowed is None:
            self.wrong(path, f"a quantity of the {quantity.of} begins with one number, not with a map")
            return
        what = "party" if quantity.of == "actor" else "place"
        for name, value in quantity.initial.items():
            self.known((*path, name), name, allowed, what)
            self.number((*path, name), value, quantity.low, quantity.high)

    def parameters(self) -> None:
        """A parameter is a number or a distribution, not another parameter; defaults are in range."""
        for name, parameter in self.scenario.parameters.items():
            if isinstance(parameter.value, Reference):
                self.wrong(
                    ("parameters", name, "value"), f"{parameter.value} names another parameter; write the number"
                )
        defaults = self.scenario.defaults
        for key in ("hostility_fast_half_life_days", "hostility_slow_half_life_days", "rung_half_life_days"):
            self.number(("defaults", key), getattr(defaults, key), 0.0, above=True)
        for key in ("provocation_expires_days", "offer_expires_days", "deadline_lingers_days", "collapse_backdate_to"):
            self.number(("defaults", key), getattr(defaults, key), 0.0)
        if not 0 < defaults.fray_deaths <= defaults.collapse_deaths:
            self.wrong(("defaults", "fray_deaths"), "is not above 0 and at most collapse_deaths")
        precision = self.scenario.ensemble.precision
        if precision is not None:
            self.number(("ensemble", "precision"), precision, 0.0, 0.5, above=True)

    # --- dates -------------------------------------------------------------------------------------------------------

    def dated(self) -> None:
        """Interventions inside the horizon; history before the origin; weeks that do not overlap."""
        origin = self.scenario.origin
        last = origin + dt.timedelta(self.scenario.horizon_days - 1)
        for name, intervention in self.scenario.interventions.items():
            path: Path = ("interventions", name)
            if intervention.on is None and not intervention.when:
                self.wrong(path, "never happens; give `on` (a date) or `when` (gates) or both")
            if intervention.on is not None and not origin <= intervention.on <= last:
                message = f"{intervention.on} is outside the trial; allowed: {origin} to {last}"
                self.wrong((*path, "on"), message + _earlier(intervention.on, origin))
            self.intervention(path, intervention, past=False)
        for section, events in (
            (("history", "events"), self.scenario.history.events),
            (("afterwards",), self.scenario.afterwards),
        ):
            for name, event in events.items():
                self._past_event((*section, name), event.on, bool(event.when))
                self.intervention((*section, name), event, past=True)
        self._series()

    def _past_event(self, path: Path, on: dt.date | None, gated: bool) -> None:
        if on is None:
            self.wrong(path, "`on` is missing; what happened has a date")
        if gated:
            self.wrong((*path, "when"), "what happened has no gates; give `on` alone")

    def _series(self) -> None:
        history, origin = self.scenario.history, self.scenario.origin
        if history.start is not None and history.start >= origin:
            self.wrong(("history", "start"), f"{history.start} is not before the origin {origin}")
        for first, second in pairwise(sorted(history.weekly_deaths)):
            if (second - first).days < 7:
                self.wrong(
                    ("history", "weekly_deaths", second), f"the seven days up to {second} overlap those up to {first}"
                )
        for key in ("weekly_deaths", "daily_deaths", "displaced"):
            series: Mapping[dt.date, float] = getattr(history, key)
            for day, value in series.items():
                self.number(("history", key, day), value, 0.0)
                if day >= origin and key != "displaced":
                    remedy = "; nothing after the eve of the origin may drive the model: delete it"
                    self.wrong(("history", key, day), f"{day} is not before the origin {origin}{remedy}")

    # --- sources and loose ends --------------------------------------------------------------------------------------

    def magnitudes(self) -> None:
        """No number is so large that sums of them leave the range of floats, or counts the integers of a machine."""
        for path, value in _numbers(self.scenario, ()):
            if path != ("ensemble", "seed"):
                self.number(path, value, -LARGEST, LARGEST)

    def sources(self) -> None:
        """Every key that a basis or a `source` lists stands in `sources`."""
        for path, section in _sections(self.scenario, ()):
            basis = getattr(section, "basis", None)
            if basis is not None:
                self.all_known(
                    (*path, "basis", basis.grade), getattr(basis, basis.grade), self.scenario.sources, "source"
                )
            source = getattr(section, "source", None)
            for key in str(source).replace(",", " ").split() if source else []:
                self.known((*path, "source"), key, self.scenario.sources, "source")

    def unread(self) -> None:
        """A quantity that events write and nothing reads changes no outcome."""
        for name, path in self.written.items():
            if name in self.scenario.quantities and name not in self.read:
                self.wrong(
                    path, f"`{name}` is written but never read; read it in a gate, ratio or outcome, or delete it"
                )


def _earlier(day: dt.date, origin: dt.date) -> str:
    return "; what happened before belongs in history.events" if day < origin else ""


def _sections(value: object, path: Path) -> Iterable[tuple[Path, Section]]:
    """Every section within a section, with its path."""
    return ((at, part) for at, part in _parts(value, path) if isinstance(part, Section))


def _numbers(value: object, path: Path) -> Iterable[tuple[Path, float | Distribution]]:
    """Every number and distribution within a section, with its path."""
    for at, part in _parts(value, path):
        if isinstance(part, int | float | Distribution) and not isinstance(part, bool):
            yield at, part


def _parts(value: object, path: Path) -> Iterable[tuple[Path, object]]:
    """A value and everything within it, with its path."""
    yield path, value
    if isinstance(value, Section):
        for name, field in type(value).model_fields.items():
            yield from _parts(value.__dict__[name], (*path, field.alias or name))
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _parts(child, (*path, key))
    elif isinstance(value, list | tuple):
        for number, child in enumerate(value):
            yield from _parts(child, (*path, number))
