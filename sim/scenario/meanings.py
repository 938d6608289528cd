"""What the name of a perception means where it is used, or why it means nothing there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from sim.errors import allowed_values
from sim.scenario.schema import Scenario
from sim.scenario.vocabulary import DEADLINES, LEVELS, PERCEPTIONS, PREFIXES, STATUSES


@dataclass(frozen=True)
class Scope:
    """What the place of a name knows: who acts on whom, which item, and which marks are drawn already.

    In an event type nothing is known yet: it may use all, and every rule that makes the event must supply it.
    """

    actor: bool = False
    target: bool = False
    item: str | None = None
    marks: tuple[str, ...] = ()


WORLD = Scope()
EVENT = Scope(actor=True, target=True, item="post")


@dataclass(frozen=True)
class Meaning:
    """A perception in its place: its range, the names of its values by number, and what it needs from the event."""

    low: float = -inf
    high: float = inf
    names: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    quantity: str | None = None


NEEDS: dict[str, tuple[str, ...]] = {
    "world": (),
    "actor": ("actor",),
    "dyad": ("actor", "target"),
    "ordered": ("actor", "target"),
    "place": ("place",),
    "post": ("post",),
}


class Unknown(ValueError):  # noqa: N818  (not an error of the program: the message for the author of a file)
    """A name means nothing where it is used; the message says why and what would."""


class Meanings:
    """Finds the meaning of names for one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.agent = {name: name for name in scenario.actors}
        self.agent |= {f: a for a, actor in scenario.actors.items() for f in actor.factions}
        self.parties = list(self.agent)
        self.names = {
            "regime": tuple(scenario.fighting.regimes),
            "level": LEVELS,
            "status": STATUSES,
            "deadline": DEADLINES,
            "party": tuple(self.parties),
            "": (),
        }

    def of(self, name: str, scope: Scope) -> Meaning:
        """The meaning of a name in a scope. Raises Unknown, in words for the author of the file."""
        meaning = self._find(name, scope)
        for need in meaning.needs:
            if need == "actor" and not scope.actor:
                raise Unknown(f"`{name}` is of an actor, and there is none here; name one: PARTY.{name}")
            if need == "target" and not scope.target:
                raise Unknown(f"`{name}` is of actor and target, and there is no target here")
            if need in ("place", "post") and not (scope.item == "post" or scope.item == need):
                raise Unknown(f"`{name}` is of a {need}, and there is none here; it needs for_each or pick: {need}")
        return meaning

    def _find(self, name: str, scope: Scope) -> Meaning:
        head, _, rest = name.partition(".")
        if name in PERCEPTIONS:
            return self._builtin(name)
        if name in self.scenario.quantities:
            return self._quantity(name)
        if head in ("since", "count"):
            return self._of_event(name, rest)
        if head == "mark":
            return self._mark(name, rest, scope)
        if head == "place" and rest:
            return self._of_place(name, rest)
        if head in PERCEPTIONS and PERCEPTIONS[head].of in ("dyad", "ordered") and rest:
            return self._of_pair(name, head, rest)
        if (head == "target" or head in self.agent) and rest:
            return self._of_party(head, rest)
        known = [*PERCEPTIONS, *self.scenario.quantities, *(f"{prefix}." for prefix in PREFIXES)]
        raise Unknown(f"`{name}` is no perception{allowed_values(known, name, most=60)}")

    def _builtin(self, name: str) -> Meaning:
        word = PERCEPTIONS[name]
        names = self.names[word.names]
        high = len(names) - 1 if names else word.high
        return Meaning(word.low, high, names, NEEDS[word.of])

    def _quantity(self, name: str) -> Meaning:
        quantity = self.scenario.quantities[name]
        return Meaning(quantity.low, quantity.high, (), NEEDS[quantity.of], name)

    def _of_event(self, name: str, event: str) -> Meaning:
        if event not in self.scenario.events:
            raise Unknown(f"`{name}`: there is no event `{event}`{allowed_values(self.scenario.events, event)}")
        return Meaning(0.0)

    def _mark(self, name: str, mark: str, scope: Scope) -> Meaning:
        if mark not in scope.marks:
            drawn = allowed_values(scope.marks, mark) if scope.marks else "; none is drawn before"
            raise Unknown(f"`{name}`: the mark `{mark}` is not drawn at this point{drawn}")
        return Meaning()

    def _of_place(self, name: str, rest: str) -> Meaning:
        place, _, attribute = rest.partition(".")
        if place not in self.scenario.places:
            raise Unknown(f"`{name}`: there is no place `{place}`{allowed_values(self.scenario.places, place)}")
        known = [word for word, entry in PERCEPTIONS.items() if entry.of == "place"]
        known += [word for word, quantity in self.scenario.quantities.items() if quantity.of == "place"]
        if attribute not in known:
            raise Unknown(f"`{name}`: `{attribute}` is no perception of a place{allowed_values(known, attribute, 20)}")
        return replace(self._find(attribute, WORLD), needs=())

    def _of_pair(self, name: str, head: str, rest: str) -> Meaning:
        first, _, second = rest.partition(".")
        for party in (first, second):
            if party not in self.agent:
                raise Unknown(f"`{name}`: there is no party `{party}`{allowed_values(self.parties, party)}")
        if not self.meets(first, second):
            raise Unknown(f"`{name}`: {first} and {second} are no dyad; name two agents, or two factions of one")
        return replace(self._builtin(head), needs=())

    def meets(self, first: str, second: str) -> bool:
        """Whether two parties have a dyad: of different agents, or two factions of one."""
        if self.agent[first] != self.agent[second]:
            return True
        return first != second and self.agent[first] not in (first, second)

    def _of_party(self, head: str, attribute: str) -> Meaning:
        known = [word for word, entry in PERCEPTIONS.items() if entry.of == "actor"]
        known += [word for word, quantity in self.scenario.quantities.items() if quantity.of == "actor"]
        if attribute not in known:
            near = allowed_values(known, attribute, 20)
            raise Unknown(f"`{head}.{attribute}`: `{attribute}` is no perception of an actor{near}")
        return replace(self._find(attribute, WORLD), needs=("target",) if head == "target" else ())
