"""Scenarios over the whole language, made by Hypothesis: anything that the schema and the checks let through.

Names are found by trying them: of all names that a scenario could use, those that mean something in a place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as some

from sim.scenario.checks import check
from sim.scenario.meanings import Meaning, Meanings, Scope, Unknown
from sim.scenario.places import Where
from sim.scenario.schema import Scenario
from sim.scenario.vocabulary import LEVELS, PERCEPTIONS, STATUSES

T = TypeVar("T")
ORIGIN = dt.date(2030, 5, 1)
PLAIN, EXTREME = "plain", "extreme"
PACES = (0.02, 0.1, 0.4, 1.0, 3.0)
RATIOS = (0.5, 0.9, 1.0, 1.1, 2.0)
SHARES = (0.0, 0.1, 0.3, 0.7, 1.0)
AMOUNTS = (-3.0, -1.0, -0.25, 0.0, 0.1, 0.5, 2.0)
MEANS = (0.0, 0.3, 2.0, 9.0, 40.0)
SIZES = (0.2, 1.0, 3.0)
FAR = {  # what is added to each list where a scenario is extreme
    PACES: (0.0, 1e-15, 1e6, 1e15),
    RATIOS: (1e-15, 1e-3, 1e3, 1e15),
    AMOUNTS: (-1e15, 1e-15, 1e15),
    MEANS: (699.0, 701.0, 1e6, 1e15),
    SIZES: (1e-15, 1e-9, 1e4, 1e15),
}
OF_ITEMS = [word for word, entry in PERCEPTIONS.items() if entry.of in ("place", "post")]
OF_PAIRS = ["offered", *(word for word, entry in PERCEPTIONS.items() if entry.of in ("dyad", "ordered"))]
COUNTERS = ("deaths", "places_lost", "posts_encircled")
PAIRED = ("fire", "mutual_fire", "killed", "killed_between")


@dataclass(frozen=True)
class Reach:
    """Who acts and at what item: what an event type may use, and what its maker has at least."""

    actor: bool
    target: bool
    item: str | None

    def scope(self, *marks: str) -> Scope:
        return Scope(self.actor, self.target, self.item, marks)

    def reaches(self, other: Reach) -> bool:
        items: tuple[str | None, ...] = (None, "place", "post")
        return self.actor >= other.actor and self.target >= other.target and (
            items.index(self.item) >= items.index(other.item)
        )  # fmt: skip


WHO = ((False, False), (True, False), (True, True), (True, True))  # most of the language is of two
REACHES = [Reach(actor, target, item) for actor, target in WHO for item in (None, "place", "post")]


class Maker:
    """Makes one scenario from what `draw` gives; `kind` says whether its numbers are plain or extreme."""

    def __init__(self, draw: Callable[[some.SearchStrategy[Any]], Any], kind: str) -> None:
        self.draw, self.kind = draw, kind
        self.data: dict[str, Any] = {}

    # --- choices ------------------------------------------------------------------------------------------------------

    def one(self, of: Sequence[T]) -> T:
        chosen: T = self.draw(some.sampled_from(of))
        return chosen

    def chance(self, percent: int = 50) -> bool:
        return bool(self.draw(some.integers(0, 99)) >= 100 - percent)

    def upto(self, most: int, least: int = 0) -> range:
        return range(self.draw(some.integers(least, most)))

    def few(self, of: Sequence[T], most: int, least: int = 0) -> list[T]:
        return list(dict.fromkeys(self.one(of) for _ in self.upto(most, least))) if of else []

    def number(self, of: tuple[float, ...]) -> Any:
        """A number near those listed, as it may stand in a file: plain, shared or uncertain."""
        if self.kind == EXTREME and self.chance(40):
            return self.one((*of, *FAR.get(of, ())))
        value = self.one(of)
        if self.chance(8):
            return "$shared" if of in (PACES, RATIOS, SHARES) else value
        if self.chance(8):
            return {"dist": "triangular", "low": 0.5 * abs(value), "mode": 0.6 * abs(value), "high": abs(value) or 1.0}
        return value

    def pair(self) -> tuple[str, str]:
        return self.one(self.pairs)

    # --- the whole ----------------------------------------------------------------------------------------------------

    def scenario(self) -> Scenario:
        self.data = {"name": "made", "about": "By chance.", "origin": ORIGIN,
                     "horizon_days": self.one((1, 12, 20, 30)), "ensemble": {"sets": self.one((1, 2))},
                     "parameters": {"shared": {"value": self.one((0.3, 0.9))}}}  # fmt: skip
        self.who()
        self.where()
        self.world()
        self.events = {f"e{k}": self.one(self.possible) for k in self.upto(5, 1)}
        self.data |= {"events": {name: {} for name in self.events}, "rules": {}}
        self.data["outcomes"] = {"end": {"count": "deaths", "at_least": 1e9, "headline": True}}
        self.meanings = Meanings(Scenario.model_validate(self.data))
        self.vocabulary = self.all_names()
        self.rule_names = [f"r{k}" for k in self.upto(8, 1)]
        self.data["fighting"]["ratios"] = self.ratios(Scope(True, True), 2)
        self.data["events"] = {name: self.event(reach) for name, reach in self.events.items()}
        self.data["rules"] = {name: self.rule() for name in self.rule_names} | {"reader": self.reader()}
        self.data["interventions"] = {f"i{k}": self.dated(past=False) for k in self.upto(3)}
        self.data["history"]["events"] = {f"h{k}": self.dated(past=True) for k in self.upto(2)}
        self.data["outcomes"] = self.outcomes()
        return Scenario.model_validate(self.data)

    def who(self) -> None:
        factions: dict[str, Any] = {f"f{k}": {"name": "F"} for k in self.upto(3)}
        alone = len(factions) > 1 and self.chance(10)  # one coalition, whose factions fight each other
        states = [] if alone else [f"a{k}" for k in self.upto(3, 1)]
        self.data["actors"] = {a: {"name": a, "kind": self.one(("state", "client"))} for a in states}
        self.data["actors"]["band"] = {"name": "band", "kind": "coalition", "factions": factions}
        agent = {**{a: a for a in states}, "band": "band", **dict.fromkeys(factions, "band")}
        self.parties = list(agent)
        self.pairs = [(a, b) for a in agent for b in agent
                      if agent[a] != agent[b] or (a != b and agent[a] not in (a, b))]  # fmt: skip
        patron, client = self.pair()
        relation = {"patron": patron, "client": client, "restraint": self.number(SHARES)}
        self.data["relations"] = {"bond": relation} if self.chance(70) else {}

    def where(self) -> None:
        sides = self.pair()
        places = [f"p{k}" for k in self.upto(3)]
        self.data["places"] = {
            name: {
                "name": name, "lat": 1.0, "lon": 1.0, "control": self.one(sides), "taken": self.one((0.0, 0.4, 1.0)),
                "population": self.number(MEANS), "exposed": self.number(MEANS), "value": self.one(SIZES),
                "neighbours": places[max(0, k - 1) : k] + places[k + 1 : k + 2], "open_to": self.few(sides, 2),
            }
            for k, name in enumerate(places)
        }  # fmt: skip
        posts = [f"q{k}" for k in self.upto(3)] if places else []
        self.data["posts"] = {
            q: {"name": q, "owner": self.one(self.parties), "place": self.one(places), "status": self.one(STATUSES),
                "depth": self.one(SHARES)} for q in posts
        }  # fmt: skip
        self.places, self.posts = places, posts
        levels = self.one((("low", "high"), ("low", "middle", "high")))
        regimes = {level: {"mean": self.number(MEANS), "size": self.number(SIZES)} for level in levels}
        share = {"share": self.number(SHARES), "half_life_days": self.number(SIZES)}
        self.data["fighting"] = {"between": sides, "regimes": regimes, "excitation": share}
        self.regimes = list(regimes)
        self.possible = [r for r in REACHES if (r.item != "place" or places) and (r.item != "post" or posts)]

    def world(self) -> None:
        """Quantities, agreement, displacement, defaults, and what was before."""
        kinds = [k for k in ("world", "actor", "dyad", "place") if k != "place" or self.places]
        self.data["quantities"] = {f"n{k}": self.quantity(self.one(kinds)) for k in self.upto(4)}
        self.terms = [f"t{k}" for k in self.upto(2)]
        due = [{"due": ORIGIN + dt.timedelta(3)}, {"due_in_days": 4}, {}]
        self.data["agreement"] = {
            "name": "pact", "parties": self.few(self.parties, 2), "level": self.one(LEVELS),
            "signed": ORIGIN - dt.timedelta(self.one((0, 4, 90))), "integrity": self.number(SHARES),
            "terms": {term: self.one(due) for term in self.terms},
        }  # fmt: skip
        keys = ("rate", "spill", "return_rate")
        self.data["displacement"] = {key: self.number(SHARES) for key in keys} | {
            "sigma": self.number(SIZES), "return_after_days": self.one((0, 2))}  # fmt: skip
        owned = [name for name, q in self.data["quantities"].items() if q["of"] == "actor"]
        if owned and self.chance():
            presses = {"actor": self.one(self.parties), "quantity": self.one(owned)}
            self.data["displacement"]["presses"] = presses | {"per_thousand": self.number(AMOUNTS)}
        self.data["defaults"] = {"rung_half_life_days": self.one(SIZES), "first_move_rung": self.one((0, 4)),
                                 "deadline_lingers_days": self.one((0, 1, 7)), "offer_expires_days": self.one((0, 2)),
                                 "provocation_expires_days": self.one((0, 1, 3))}  # fmt: skip
        self.data["history"] = {"start": ORIGIN - dt.timedelta(self.one((1, 9)))}
        if self.chance(30):
            self.data["history"]["weekly_deaths"] = {ORIGIN - dt.timedelta(1): self.one((0.0, 3.0, 200.0))}
            low, high = self.regimes[:2]
            rates = {low: {high: self.one(SHARES)}, high: {low: self.one(SHARES)}}
            self.data["fighting"]["drift"] = {"rates": rates, "fragile": {"lower": self.number(SHARES)}}

    def quantity(self, of: str) -> dict[str, Any]:
        low, high = self.one(((0.0, 1.0), (-5.0, 5.0), (0.0, 0.0), (-1e9, 1e9), (-1e15, 1e15)))
        owners = {"actor": self.parties, "place": self.places}.get(of, [])
        inside = [x for x in (low, 0.0, 0.5, high) if low <= x <= high]
        initial = {who: self.one(inside) for who in self.few(owners, 2, 1)} if owners and self.chance() else None
        return {"of": of, "low": low, "high": high, "rest": self.one(inside),
                "initial": self.one(inside) if initial is None else initial,
                "half_life_days": self.number(SIZES) if self.chance() else None}  # fmt: skip

    # --- what names mean ----------------------------------------------------------------------------------------------

    def all_names(self) -> tuple[list[str], list[str]]:
        """Names that stand alone, and those that say whose they are."""
        by_owner = [name for name, q in self.data["quantities"].items() if q["of"] == "actor"]
        by_place = [name for name, q in self.data["quantities"].items() if q["of"] == "place"]
        kinds = ("actor", "dyad", "ordered", "place")
        of = {kind: [word for word, entry in PERCEPTIONS.items() if entry.of == kind] for kind in kinds}
        names = [f"{who}.{word}" for who in ("target", *self.parties) for word in (*of["actor"], *by_owner)]
        names += [f"{word}.{a}.{b}" for word in (*of["dyad"], *of["ordered"]) for a, b in self.pairs]
        names += [f"place.{place}.{word}" for place in self.places for word in (*of["place"], *by_place)]
        names += [f"{word}.{event}" for word in ("since", "count") for event in self.events]
        return [*PERCEPTIONS, *self.data["quantities"]], names

    def name(self, scope: Scope) -> tuple[str, Meaning]:
        """A name that means something here: one of a random few, or else the regime."""
        marks = [f"mark.{mark}" for mark in self.few(scope.marks, 1)]
        own = ([OF_ITEMS] if scope.item else []) + ([OF_PAIRS] if scope.target else [])
        words = [*self.vocabulary, *own]
        for name in (*marks, *(self.one(self.one(words)) for _ in range(3))):
            try:
                return name, self.meanings.of(name, scope)
            except Unknown:
                continue
        return "regime", self.meanings.of("regime", scope)

    def ratios(self, scope: Scope, most: int) -> dict[str, Any]:
        return {self.name(scope)[0]: self.number(RATIOS) for _ in self.upto(most)}

    def gates(self, scope: Scope, most: int) -> dict[str, Any]:
        return dict(self.gate(*self.name(scope)) for _ in self.upto(most))

    def gate(self, name: str, meaning: Meaning) -> tuple[str, Any]:
        inside = [x for x in (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 30.0) if meaning.low <= x <= meaning.high]
        values: list[Any] = list(meaning.names) or inside or [meaning.low]
        bounds: list[Any] = [{key: self.one(values)} for key in ("at_least", "at_most", "is_not")]
        bounds += [{"above": values[0]}, {"below": values[-1]}] if len(values) > 1 else []
        if len(values) > 1:
            bounds.append({"at_least": values[0], "below": values[-1], "is_not": self.one(values)})
        gates: list[Any] = [self.chance(), self.one(values), *bounds]
        if meaning.names:
            gates += [self.few(values, 3, 1), {"is_not": self.few(values, 2, 1)}]
        return name, self.one(gates)

    # --- events -------------------------------------------------------------------------------------------------------

    def event(self, reach: Reach) -> dict[str, Any]:
        marks: dict[str, Any] = {}
        for k in self.upto(3):
            drawn = reach.scope(*marks)
            gated = [self.case(drawn, gated=True) for _ in self.upto(1)]
            marks[f"m{k}"] = [*gated, self.case(drawn, gated=False)]
        effects = [e for _ in self.upto(5) if (e := self.effect(reach, list(marks)))]
        rungs = (None, -1, 0, 3, 4, 9)
        by_mark = {key: self.one(rungs[1:]) for key in self.few(["default", *marks], 2, 1)}
        return {"marks": marks, "effects": effects, "rung": by_mark if self.chance(30) else self.one(rungs)}

    def case(self, scope: Scope, gated: bool) -> dict[str, Any]:
        when = dict([self.gate(*self.name(scope))]) if gated else {}
        size = self.size(scope) if self.chance(75) else self.one(AMOUNTS)
        return {"when": when, "probability": self.number(SHARES), "ratios": self.ratios(scope, 1), "size": size}

    def size(self, scope: Scope) -> dict[str, Any]:
        laws: list[dict[str, Any]] = [
            {"law": "constant", "value": self.number(MEANS)},
            {"law": "uniform", "low": -1.0, "high": self.one((-1.0, 0.2, 8.0))},
            {"law": "lognormal", "median": self.number(SIZES), "sigma": self.number(SIZES)},
            {"law": "poisson", "mean": self.number(MEANS)},
            {"law": "negative_binomial", "mean": self.number(MEANS), "size": self.number(SIZES)},
        ]
        low, high = self.one(((1.0, 10_000.0), (-2.0, 2.0), (0.0, 0.0), (-1e15, 1e15), (0.0, 1e12)))
        more = {"scale": self.name(scope)[0]} if self.chance(30) else {}
        return {**self.one(laws), "ratios": self.ratios(scope, 1), "whole": self.chance(), "at_least": low,
                "at_most": high, **more}  # fmt: skip

    def effect(self, reach: Reach, marks: list[str]) -> dict[str, Any] | None:
        """An effect that goes with the event, and gates sometimes."""
        verbs = [self.on_quantity, self.on_ground, self.on_world]
        verb = self.one([*verbs, self.on_fire, self.on_deals] if reach.target else verbs)(reach, marks)
        when = self.gates(reach.scope(*marks), 1) if self.chance(20) else {}
        return {**verb, "when": when} if verb else None

    def on_quantity(self, reach: Reach, marks: list[str]) -> dict[str, Any] | None:
        owners = {name: q["of"] for name, q in self.data["quantities"].items()}
        owners |= {"integrity": "world", "restraint": "actor"}
        has = {"world": True, "actor": reach.actor, "dyad": reach.target, "place": reach.item is not None}
        name = self.one([name for name, of in owners.items() if has[of]])
        whose = ["self", "patron", "everyone", self.one(self.parties), "target" if reach.target else "everyone"]
        of = {"of": self.one(whose)} if owners[name] == "actor" and self.chance(70) else {}
        verb = self.one(("add", "set", "multiply"))
        if verb == "set":
            return {"set": name, "to": self.number(AMOUNTS), **of}
        if marks and self.chance():
            times = {"times": self.number(AMOUNTS)} if self.chance() else {}
            return {verb: name, "by": self.one(marks), **times, **of}
        return {verb: name, "by": self.number(AMOUNTS), **of}

    def on_fire(self, reach: Reach, marks: list[str]) -> dict[str, Any] | None:
        mark: Any = self.one(marks) if marks else True
        more: dict[str, Any] = {"blame": self.one(["self", "patron", *self.parties])} if self.chance() else {}
        more |= {"expires_days": self.one((1, 3))} if self.chance() else {}
        fire: list[dict[str, Any]] = [{"fire": True}, {"provoke": self.one((mark, True)), **more}, {"answer": True}]
        return self.one([*fire, {"kill": mark}] if marks else fire)

    def on_ground(self, reach: Reach, marks: list[str]) -> dict[str, Any] | None:
        ground: list[dict[str, Any]] = [{"regime": self.one([*self.regimes, "up", "down", "restore"])}]
        ground += [{"attack": False}, {"post": self.one(STATUSES)}]
        if reach.item:
            share = self.one(marks) if marks and self.chance(30) else abs(self.one(AMOUNTS))
            ground += [{"attack": True}, {self.one(("advance", "retake")): share}]
        return self.one(ground)

    def on_deals(self, reach: Reach, marks: list[str]) -> dict[str, Any] | None:
        day = ORIGIN + dt.timedelta(self.one((0, 5)))
        expires = {"expires_days": 2} if self.chance() else {}
        clear = {"of": self.one(["self", "target", *self.parties])} if self.chance() else {}
        deals: list[dict[str, Any]] = [{"offer": self.one(LEVELS), **expires}, {"accept": True}]
        deals += [{"deadline": self.one((1, 4))}, {"until": day}, {"clear_deadline": True, **clear}]
        return self.one([*deals, {"join": self.one(["self", "target", *self.parties])}])

    def on_world(self, reach: Reach, marks: list[str]) -> dict[str, Any] | None:
        fragile = {"fragile": self.one([*marks, True])} if self.chance() else {}
        done: list[dict[str, Any]] = [{"truce": self.one(LEVELS), **fragile}, {"renew_terms": self.one((0, 3))}]
        done += [{self.one(("disable", "enable")): self.few(self.rule_names, 2, 1)}]
        return self.one([*done, {"meet": self.one(self.terms)}] if self.terms else done)

    # --- who makes them -----------------------------------------------------------------------------------------------

    def rule(self) -> dict[str, Any]:
        event = self.one(list(self.events))
        reach = self.one([r for r in self.possible if r.reaches(self.events[event])])
        phase = self.one(("initiative", "reaction"))
        rate = {"rate": self.number(PACES)}
        within = {"probability": self.number(SHARES), "within_days": self.one((1, 5))}
        each = self.chance()
        world, item = Scope(reach.actor, reach.target), reach.scope()
        rule = {
            "event": event, **self.parties_of(reach), "phase": phase, **self.one((rate, within)),
            "when": self.gates(world, 1), "ratios": self.ratios(item if each else world, 2),
            "enabled": self.chance(90), "choice": f"way_{phase}" if self.chance(25) else None,
        }  # fmt: skip
        if reach.item:
            rule |= {"for_each" if each else "pick": reach.item, "where": self.gates(item, 1)}
            rule |= {} if each else {"weights": self.ratios(item, 2)}
        return rule

    def reader(self) -> dict[str, Any]:
        """A rule that reads every quantity, since one that is written and never read is refused."""
        event = next((e for e, r in self.events.items() if r.item is None), None)
        by, against = self.pair()
        read = [f"place.{self.places[0]}.{n}" if q["of"] == "place" else n for n, q in self.data["quantities"].items()]
        rule = {"actor": by, "target": against, "rate": 0.2, "ratios": dict.fromkeys(read, 1.1)}
        return {**rule, "event": event} if event else {**rule, "event": next(iter(self.events)), **self.at_any_item()}

    def at_any_item(self) -> dict[str, str]:
        return {"pick": "post" if self.posts else "place"}

    def parties_of(self, reach: Reach) -> dict[str, str]:
        by, against = self.pair()
        return ({"actor": by} if reach.actor else {}) | ({"target": against} if reach.target else {})

    def dated(self, past: bool) -> dict[str, Any]:
        event = self.one(list(self.events))
        reach = self.one([r for r in self.possible if r.reaches(self.events[event])])
        last = self.data["horizon_days"] - 1
        on = ORIGIN - dt.timedelta(self.one((1, 4))) if past else ORIGIN + dt.timedelta(self.one((0, last, last // 2)))
        what: dict[str, Any] = {**self.parties_of(reach)}
        what |= {"post": self.one(self.posts)} if reach.item == "post" else {}
        what |= {"place": self.one(self.places)} if reach.item == "place" else {}
        if past or self.chance():
            what["on"] = on
        if not past and ("on" not in what or self.chance()):
            what["when"] = dict([self.gate(*self.name(Scope(reach.actor, reach.target)))])
        bare = [e for _ in self.upto(2) if (e := self.effect(reach, []))]
        if bare:
            what["effects"] = bare
        if not bare or self.chance():
            given = list(self.data["events"][event]["marks"])
            what |= {"event": event, "marks": {mark: self.one((0.0, 1.0, 2.5)) for mark in self.few(given, 2)}}
        return what

    # --- outcomes -----------------------------------------------------------------------------------------------------

    def outcomes(self) -> dict[str, Any]:
        outcomes: dict[str, Any] = {"end": {**self.condition([], 2), "headline": True}}
        for k in self.upto(4):
            known = list(outcomes)
            before = {"before": self.few([*known, "collapse"], 2, 1)} if self.chance(40) else {}
            outcomes[f"o{k}"] = {**(self.backdated() if self.chance(25) else self.condition(known, 2)), **before}
        return outcomes

    def backdated(self) -> dict[str, Any]:
        return {"count": self.counter(), "window_days": self.one((1, 3, 90)), "at_least": self.one((1.0, 20.0)),
                "backdate_to": self.one((0.0, 1.0))}  # fmt: skip

    def condition(self, known: list[str], depth: int) -> dict[str, Any]:
        """A condition; `known` are outcomes declared before, so that none refers to itself."""
        if depth and self.chance(40):
            inner = [self.inner(known, depth - 1) for _ in self.upto(3, 1)]
            return self.one([{"all": inner}, {"any": inner}, {"not": inner[0]}])
        if self.chance(30):
            name, meaning = self.name(Scope())
            within = [x for x in (0.0, 1.0, 5.0) if meaning.low < x < meaning.high]
            low = {"at_least": self.one([meaning.high, 0.0] if meaning.high < 1e9 else [1.0])}
            return {"state": name, **self.one([low, *({key: x} for x in within for key in ("above", "below"))])}
        window = {"window_days": self.one((1, 4, 1000))} if self.chance(60) else {}
        days = window.get("window_days", 5)
        sums: dict[str, Any] = {"at_least": self.one((0.5, 3.0, 60.0))}
        level = self.one((sums, {"days_at_least": min(days, self.one((1, 2)))}))
        return {"count": self.counter(), **window, **level}

    def inner(self, known: list[str], depth: int) -> Any:
        return self.one(known) if known and self.chance(30) else self.condition(known, depth)

    def counter(self) -> str:
        a, b = self.pair()
        event = f"event.{self.one(list(self.events))}"
        return self.one((*COUNTERS, f"{self.one(PAIRED)}.{a}.{b}", event, f"{event}.{self.one(self.parties)}"))


def problems(scenario: Scenario) -> list[str]:
    """What the checks say."""
    return [str(problem) for problem in check(scenario, Where(None, "made"))]


@some.composite
def scenarios(draw: Callable[[some.SearchStrategy[Any]], Any], kind: str = PLAIN) -> Scenario:
    """Any valid scenario, small enough to run."""
    return Maker(draw, kind).scenario()
