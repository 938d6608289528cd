"""Where everything stands in the state vector: names of a scenario, sections, and what a perception's name means
there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.conflict import state as st
from sim.errors import InputError
from sim.scenario.schema import Scenario

EXCHANGE = "exchange"  # the exchange of fire: the party of what nobody does alone
LEVELS = {"none": st.NO_TRUCE, "lower": st.LOWER, "leader": st.LEADER}
STATUSES = {
    "absent": st.ABSENT,
    "free": st.FREE,
    "blocking": st.BLOCKING,
    "encircled": st.ENCIRCLED,
    "evacuated": st.EVACUATED,
}
DEADLINES = {"none": st.NO_DEADLINE, "pending": st.PENDING, "passed": st.PASSED}
WORLD = {
    "regime": st.REGIME, "top_regime_days": st.TOP_REGIME_DAYS, "calm_days": st.CALM_DAYS, "deaths_7d": st.DEATHS_7D,
    "truce": st.TRUCE, "truce_age": st.TRUCE_AGE,
    "truce_doublings": st.TRUCE_DOUBLINGS, "truce_deaths_7d": st.TRUCE_DEATHS_7D,
    "fragile": st.FRAGILE, "integrity": st.INTEGRITY,
    "overdue": st.OVERDUE, "displaced": st.DISPLACED, "newly_displaced": st.NEWLY_DISPLACED,
    "places_lost": st.PLACES_LOST, "posts_encircled": st.POSTS_ENCIRCLED, "posts_blocking": st.POSTS_BLOCKING,
    "attacks": st.ATTACKS,
}  # fmt: skip
PLACE_SECTIONS = ("control", "front", "under_attack", "taken", "exposed", "value", "population", "retakable")
HERE = ("free", "blocking", "encircled")
PAIR_SECTIONS = ("provoked", "provoked_fatal", "provoked_dead")
DYAD_SECTIONS = ("rung", "hostility_fast", "hostility_slow")


@dataclass(frozen=True)
class Perception:
    """What a perception's name means: base address, scope, and the names its values may have."""

    base: int
    scope: int = st.FIXED
    values: dict[str, int] = field(default_factory=dict)


class Names:
    """The ids of a scenario in the order of their numbers."""

    def __init__(self, scenario: Scenario) -> None:
        self.agents = list(scenario.actors)
        self.factions = {f: a for a, actor in scenario.actors.items() for f in actor.factions}
        self.parties = [*self.agents, *self.factions, EXCHANGE]
        self.places = list(scenario.places)
        self.posts = list(scenario.posts)
        self.regimes = list(scenario.fighting.regimes)
        self.events = list(scenario.events)  # anonymous event types of interventions are appended by the compiler
        self.marks = {name: list(event.marks) for name, event in scenario.events.items()}
        by_phase = sorted(scenario.rules, key=lambda r: scenario.rules[r].phase == "reaction")
        self.rules = by_phase  # sorted is stable: the file's order within a phase
        self.terms = list(scenario.agreement.terms)
        self.interventions = list(scenario.interventions)
        self.outcomes: list[str] = []  # the compiler orders them by dependence
        self.dyads = self._dyads(scenario)

    def _dyads(self, scenario: Scenario) -> list[tuple[str, str]]:
        between = [(a, b) for i, a in enumerate(self.agents) for b in self.agents[i + 1 :]]
        for actor in scenario.actors.values():
            siblings = list(actor.factions)
            between += [(a, b) for i, a in enumerate(siblings) for b in siblings[i + 1 :]]
        return between

    def party(self, name: str | None) -> int:
        """The number of a party; None is the exchange of fire."""
        return self.parties.index(EXCHANGE if name is None else name)

    def agent(self, party: str) -> str:
        """The agent a party belongs to: itself, or the coalition of a faction."""
        return self.factions.get(party, party)

    def dyad(self, a: str, b: str) -> int:
        """The number of the dyad in which `a` and `b` meet; -1 where they never do."""
        for pair in ((a, b), (b, a), (self.agent(a), self.agent(b)), (self.agent(b), self.agent(a))):
            if pair in self.dyads:
                return self.dyads.index(pair)
        return -1


class Layout:
    """Allocates the sections of the state and resolves the names of perceptions to addresses."""

    def __init__(self, scenario: Scenario, names: Names) -> None:
        self.names = names
        self.scenario = scenario
        self.end = st.WORLD
        self.at: dict[str, int] = {}
        self.quantities: dict[str, tuple[str, int, int]] = {}
        parties, places = len(names.parties), len(names.places)
        for section in ("restraint", "bound", "deadline", "deadline_left", "deadline_age", "lost"):
            self.allocate(section, parties)
        for section in (*PAIR_SECTIONS, "provoked_left", "offered", "offer_left", "fired", "killed"):
            self.allocate(section, parties * parties)
        for section in (*DYAD_SECTIONS, "dyad_peak"):
            self.allocate(section, len(names.dyads))
        for section in (*PLACE_SECTIONS, "left"):
            self.allocate(section, places)
        self.allocate("here", places * len(HERE))
        for section in ("status", "owner"):
            self.allocate(section, len(names.posts))
        for section in ("due_left", "met"):
            self.allocate(section, len(names.terms))
        sizes = {"world": 1, "actor": parties, "dyad": len(names.dyads), "place": places}
        for name, quantity in scenario.quantities.items():
            size = sizes[quantity.of]
            self.quantities[name] = (quantity.of, self.allocate(f"quantity {name}", size), size)

    def allocate(self, section: str, size: int) -> int:
        """Reserve a section of the state; its first address."""
        self.at[section] = self.end
        self.end += size
        return self.at[section]

    def perception(self, name: str, event: str | None = None) -> Perception:
        """What a perception's name means; `event` is the event type whose marks may be named.

        Raises InputError for a name outside the vocabulary (the checker says where it stands).
        """
        head, _, rest = name.partition(".")
        if name in WORLD:
            return Perception(WORLD[name], values=self._values_of(name))
        if name in self.quantities:
            return Perception(self.quantities[name][1], self._quantity_scope(name))
        if head == "target":
            return self._of_actor(rest, st.AGAINST, 0)
        if head in self.names.parties and rest:
            return self._of_actor(rest, st.FIXED, self.names.party(head))
        if head == "mark" and event is not None and rest in self.names.marks[event]:
            return Perception(self.at["marks"] + self.names.marks[event].index(rest))
        if head in ("since", "count") and rest in self.names.events:
            return Perception(self.at["since" if head == "since" else "happened"] + self.names.events.index(rest))
        if head in DYAD_SECTIONS or head in PAIR_SECTIONS or head == "offered":
            return self._of_pair(head, rest)
        found = self._of_place(name, head, rest) or self._of_self(name)
        if found is None:
            raise InputError(f"unknown perception `{name}`")
        return found

    def _values_of(self, name: str) -> dict[str, int]:
        if name == "regime":
            return {r: i for i, r in enumerate(self.names.regimes)}
        return LEVELS if name == "truce" else {}

    def _quantity_scope(self, name: str) -> int:
        return {"world": st.FIXED, "actor": st.BY, "dyad": st.DYAD, "place": st.PLACE}[self.quantities[name][0]]

    def _of_self(self, name: str) -> Perception | None:
        if name in ("post", "owner"):
            values = STATUSES if name == "post" else self._party_numbers()
            return Perception(self.at["status" if name == "post" else "owner"], st.POST, values)
        if name in ("restraint", "party", "deadline", "deadline_left"):
            return self._of_actor(name, st.BY, 0)
        return None

    def _of_actor(self, attribute: str, scope: int, offset: int) -> Perception:
        section = {"party": "bound", "restraint": "restraint", "deadline": "deadline", "deadline_left": "deadline_left"}
        if attribute in section:
            return Perception(self.at[section[attribute]] + offset, scope, DEADLINES if attribute == "deadline" else {})
        if attribute in self.quantities and self.quantities[attribute][0] == "actor":
            return Perception(self.quantities[attribute][1] + offset, scope)
        raise InputError(f"`{attribute}` is no perception of an actor")

    def _of_pair(self, head: str, rest: str) -> Perception:
        values = LEVELS if head == "offered" else {}
        if not rest:
            scope = st.DYAD if head in DYAD_SECTIONS else st.REVERSED if head == "offered" else st.ORDERED
            return Perception(self.at[head], scope, values)
        first, _, second = rest.partition(".")
        if head in DYAD_SECTIONS:
            return Perception(self.at[head] + self.names.dyad(first, second))
        pair = self.names.party(first) * len(self.names.parties) + self.names.party(second)
        return Perception(self.at[head] + pair, values=values)

    def _of_place(self, name: str, head: str, rest: str) -> Perception | None:
        if name in PLACE_SECTIONS:
            return Perception(self.at[name], st.PLACE, self._party_numbers() if name == "control" else {})
        if head == "here" and rest in HERE:
            return Perception(self.at["here"] + HERE.index(rest) * len(self.names.places), st.PLACE)
        if head == "place":
            place, _, attribute = rest.partition(".")
            found = self.perception(attribute)
            if found.scope == st.PLACE and place in self.names.places:
                return Perception(found.base + self.names.places.index(place), values=found.values)
        return None

    def _party_numbers(self) -> dict[str, int]:
        return {p: i for i, p in enumerate(self.names.parties)}

    def fixed(self, found: Perception, by: int, against: int, dyad: int) -> Perception:
        """The same with the scopes of actor and target resolved, where those are known (as in a rule)."""
        parties = len(self.names.parties)
        offset = {
            st.BY: by,
            st.AGAINST: against,
            st.ORDERED: by * parties + against,
            st.REVERSED: against * parties + by,
            st.DYAD: max(0, dyad),
        }
        if found.scope not in offset:
            return found
        return Perception(found.base + offset[found.scope], st.FIXED, found.values)
