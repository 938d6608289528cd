"""From a scenario to the tables that the engines read.

`compile_scenario(fixed)` takes a scenario whose numbers are plain (`sim.scenario.numbers.fix`) and gives a `Compiled`:
tables, the state at the beginning of the history, the dated past, and the names behind the numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, log, log1p, nextafter
from typing import Any

from sim.conflict import state as st
from sim.draws import stream
from sim.errors import InputError
from sim.scenario import standing
from sim.scenario.asking import Gate as Asked
from sim.scenario.asking import rules_asked
from sim.scenario.layout import LEVELS, STATUSES, Layout, Names, Perception
from sim.scenario.schema import (
    Bounds,
    Case,
    Condition,
    Effect,
    EventType,
    Gate,
    Intervention,
    Outcome,
    Rule,
    Scenario,
    Size,
)
from sim.scenario.starting import initial_state

CERTAIN = 1e6  # the hazard of a probability of one: certain whatever the ratios
HISTORY_DAYS = 60
LAWS = {"constant": st.CONSTANT, "uniform": st.UNIFORM, "lognormal": st.LOGNORMAL, "poisson": st.POISSON,
        "negative_binomial": st.NEGATIVE_BINOMIAL}  # fmt: skip
ITEMS = {(None, None): st.NO_ITEMS, ("place", None): st.EACH_PLACE, ("post", None): st.EACH_POST,
         (None, "place"): st.PICK_PLACE, (None, "post"): st.PICK_POST}  # fmt: skip
OWN_COLLAPSE = "collapse"


@dataclass(frozen=True)
class Past:
    """One dated event of the history: the day (0 is the eve of the origin), and what the engine needs to make it
    happen.
    """

    name: str
    day: int
    event: int
    by: int
    against: int
    place: int
    post: int
    given: int


@dataclass(frozen=True)
class Compiled:
    """A scenario as the engines read it."""

    tables: st.Tables
    initial: list[float]
    past: list[Past]
    start: dt.date
    names: Names
    layout: Layout
    rate_names: dict[int, list[tuple[str, float, Perception]]]  # rule -> the factors of its hazard


def hazard_of(probability: float, days: int = 1) -> float:
    """The constant hazard a day that gives this probability within so many days."""
    return CERTAIN if probability >= 1.0 else -log1p(-probability) / days


def history_start(scenario: Scenario) -> dt.date:
    """The first day that drives the state."""
    return scenario.history.start or scenario.origin - dt.timedelta(days=HISTORY_DAYS)


def compile_scenario(fixed: Scenario) -> Compiled:
    """Compile a scenario whose numbers are plain. Raises InputError if two streams of draws collide."""
    return Compiler(fixed).run()


class Span:
    """Rows appended to flat tables, and where they begin and end."""

    def __init__(self, width: int, reals: int = 0) -> None:
        self.width, self.n_reals = width, reals
        self.ints: list[int] = []
        self.reals: list[float] = []

    def __len__(self) -> int:
        return len(self.ints) // self.width

    def add(self, ints: Iterable[int], reals: Iterable[float] = ()) -> int:
        """Append a row; its number."""
        row, numbers = list(ints), [float(x) for x in reals]
        assert len(row) == self.width, row
        assert len(numbers) == self.n_reals, numbers
        self.ints += row
        self.reals += numbers
        return len(self) - 1


class Compiler:
    """Builds the tables, section by section of the scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.names = Names(scenario)
        self.layout = Layout(scenario, self.names)
        self.start = history_start(scenario)
        self.gates, self.ratios = Span(st.GATE, 2), Span(st.RATIO, 1)
        self.marks, self.cases = Span(st.MARK), Span(st.CASE, st.CASE_REALS)
        self.effects, self.event_rows = Span(st.EFFECT, st.EFFECT_REALS), Span(st.EVENT)
        self.rule_rows, self.intervention_rows = Span(st.RULE, 1), Span(st.INTERVENTION)
        self.gauges, self.nodes, self.outcome_rows = Span(st.GAUGE), Span(st.NODE, 2), Span(st.OUTCOME, 1)
        self.decays = Span(st.DECAY, 2)
        self.clocks: list[int] = []
        self.tallies: list[int] = []
        self.given: list[float] = []
        self.children: list[int] = []
        self.voided_by: list[int] = []
        self.choices: list[str] = []
        self.streams: dict[int, tuple[str, ...]] = {}
        self.gauge_size = 0
        self.gauge_of: dict[tuple[str, int], int] = {}
        self.anonymous: list[tuple[str, EventType]] = []
        self.rate_names: dict[int, list[tuple[str, float, Perception]]] = {}
        self.by, self.against, self.event = (
            -1,
            -1,
            "",
        )  # the context in which names are resolved; -1: known only on the day

    # --- the whole ---------------------------------------------------------------------------------------------------

    def run(self) -> Compiled:
        """Compile the sections in the order in which they need each other."""
        self._name_anonymous_events()
        names, at = self.names, self.layout.allocate
        at("since", len(names.events))
        at("happened", len(names.events))
        at("last_rule", len(names.events))
        at("last_party", len(names.events))
        at("enabled", len(names.rules))
        self.outcomes = self._outcomes_in_order()
        names.outcomes = list(self.outcomes)
        self._tallies_asked = self._find_tallies()
        at("tally", len(self._tallies_asked))
        at("marks", max([len(m) for m in names.marks.values()], default=0) or 1)
        for name in names.events:
            self._event(name, dict(self.anonymous).get(name) or self.scenario.events[name])
        rules = [self._rule(name, self.scenario.rules[name]) for name in names.rules]
        assert rules == list(range(len(names.rules)))
        interventions = [(n, i) for n, i in self._interventions()]
        for name, intervention in interventions:
            self._intervention(name, intervention)
        past = self._past()
        self._outcome_tables()
        self._decays()
        tables = self._tables(len(interventions))
        eve = self.start - dt.timedelta(days=1)
        initial = initial_state(self.scenario, names, self.layout, tables.n_state, eve)
        return Compiled(tables, initial, past, self.start, names, self.layout, self.rate_names)

    def _stream(self, *path: str) -> int:
        number = stream(*path)
        other = self.streams.setdefault(number, path)
        if other != path:
            raise InputError(f"the streams of {'/'.join(path)} and {'/'.join(other)} collide; rename one of them")
        return number

    def _name_anonymous_events(self) -> None:
        """Interventions with bare effects become events of their own."""
        sections = {"history": self.scenario.history.events, "intervention": self.scenario.interventions}
        for section, dated in sections.items():
            for name, what in dated.items():
                if what.effects:
                    self.anonymous.append((f"{section} {name}", EventType(effects=what.effects)))
        for name, event in self.anonymous:
            self.names.events.append(name)
            self.names.marks[name] = list(event.marks)

    # --- perceptions: gates, ratios ----------------------------------------------------------------------------------

    def _in_rule(self, by: int, against: int) -> None:
        self.by, self.against, self.event = by, against, ""

    def _in_event(self, event: str) -> None:
        self.by, self.against, self.event = -1, -1, event

    def _perceive(self, name: str) -> Perception:
        found = self.layout.perception(name, self.event or None)
        if self.by < 0:
            return found
        parties = self.names.parties
        return self.layout.fixed(found, self.by, self.against, self.names.dyad(parties[self.by], parties[self.against]))

    def _gates(self, gates: Mapping[str, Gate]) -> tuple[int, int]:
        first = len(self.gates)
        for name, gate in gates.items():
            found = self._perceive(name)
            for kind, low, high in self._tests(found, gate):
                self.gates.add((found.base, found.scope, kind), (low, high))
        return first, len(self.gates)

    def _tests(self, found: Perception, gate: Gate) -> list[tuple[int, float, float]]:
        def number(value: float | str) -> float:
            return float(found.values[value]) if isinstance(value, str) else float(value)

        if isinstance(gate, bool):
            return [(st.OUTSIDE if gate else st.WITHIN, 0.0, 0.0)]
        if isinstance(gate, str | float | int):
            return [(st.WITHIN, number(gate), number(gate))]
        if isinstance(gate, list):
            return [(st.AMONG, float(sum(1 << bit for bit in {int(number(value)) for value in gate})), 0.0)]
        return self._bounds(gate, number)

    def _bounds(self, gate: Bounds, number: Any) -> list[tuple[int, float, float]]:
        low, high = -inf, inf
        if gate.at_least is not None:
            low = number(gate.at_least)
        if gate.above is not None:
            low = max(low, nextafter(number(gate.above), inf))
        if gate.at_most is not None:
            high = number(gate.at_most)
        if gate.below is not None:
            high = min(high, nextafter(number(gate.below), -inf))
        tests = [] if (low, high) == (-inf, inf) else [(st.WITHIN, low, high)]
        if gate.is_not is not None:
            barred = gate.is_not if isinstance(gate.is_not, list) else [gate.is_not]
            tests += [(st.OUTSIDE, number(value), number(value)) for value in barred]
        return tests

    def _ratios(self, ratios: Mapping[str, Any]) -> tuple[int, int]:
        first = len(self.ratios)
        for name, ratio in ratios.items():
            found = self._perceive(name)
            self.ratios.add((found.base, found.scope), (log(ratio),))
        return first, len(self.ratios)

    # --- events ------------------------------------------------------------------------------------------------------

    def _event(self, name: str, event: EventType) -> None:
        self._in_event(name)
        rungs = event.rung if isinstance(event.rung, dict) else {"default": event.rung}
        first_mark = len(self.marks)
        spans = [(self._cases(cases), rungs.get(mark)) for mark, cases in event.marks.items()]
        for (begin, end), rung in spans:
            self.marks.add((begin, end, st.NO_RUNG if rung is None else rung))
        first_effect = len(self.effects)
        for effect in event.effects:
            self._effect(effect)
        default = rungs.get("default")
        first_tally = len(self.tallies) // 2
        for asked, party in self._tallies_asked:
            if asked == name:
                address = self.layout.at["tally"] + self._tallies_asked.index((asked, party))
                self.tallies += [-1 if party is None else self.names.party(party), address]
        self.event_rows.add(
            (first_mark, len(self.marks), first_effect, len(self.effects),
             st.NO_RUNG if default is None else default, first_tally, len(self.tallies) // 2)
        )  # fmt: skip

    def _cases(self, cases: list[Case]) -> tuple[int, int]:
        begin = len(self.cases)
        for case in cases:
            size = (
                case.size
                if isinstance(case.size, Size)
                else Size(value=case.size, whole=False, at_least=-1e9, at_most=1e9)
            )
            scale = self._perceive(size.scale) if size.scale else Perception(-1)
            a, b = self._law(size)
            p: Any = case.probability
            self.cases.add(
                (*self._gates(case.when), *self._ratios(case.ratios), *self._ratios(size.ratios), LAWS[size.law],
                 scale.base, scale.scope, int(size.whole)),
                (hazard_of(p), a, b, size.at_least, size.at_most),
            )  # fmt: skip
        return begin, len(self.cases)

    @staticmethod
    def _law(size: Size) -> tuple[float, float]:
        keys = {"constant": ("value", None), "uniform": ("low", "high"), "lognormal": ("median", "sigma"),
                "poisson": ("mean", None), "negative_binomial": ("mean", "size")}[size.law]  # fmt: skip
        numbers = [getattr(size, key) if key else 0.0 for key in keys]
        return (1.0 if numbers[0] is None else numbers[0]), numbers[1]

    # --- effects -----------------------------------------------------------------------------------------------------

    def _effect(self, effect: Effect) -> None:
        gates = self._gates(effect.when)
        for verb, base, scope, mark, argument, reals in self._verbs(effect):
            self.effects.add((verb, *gates, base, scope, mark, argument), reals)

    def _amount(self, value: Any, times: Any = None) -> tuple[int, float]:
        """The mark an amount is read from (-1: none), and its factor."""
        if isinstance(value, str):
            return self.names.marks[self.event].index(value), 1.0 if times is None else times
        return -1, float(value) * (1.0 if times is None else times)

    def _verbs(self, effect: Effect) -> list[tuple[int, int, int, int, int, tuple[float, float, float]]]:
        for verb, key in ((st.ADD, effect.add), (st.SET, effect.set), (st.MULTIPLY, effect.multiply)):
            if key is not None:
                return self._on_quantity(verb, key, effect)
        verb, mark, argument, amount = self._on_world(effect)
        if verb == st.SWITCH:
            switched = [(rule, 0.0) for rule in effect.disable or ()] + [(rule, 1.0) for rule in effect.enable or ()]
            return [(verb, 0, st.FIXED, -1, self.names.rules.index(rule), (on, 0.0, 0.0)) for rule, on in switched]
        days = float(effect.expires_days or self.scenario.defaults.provocation_expires_days)
        return [(verb, 0, st.FIXED, mark, argument, (amount, days if verb == st.PROVOKE else 0.0, 0.0))]

    def _on_quantity(self, verb: int, name: str, effect: Effect) -> list[Any]:
        written = effect.to if verb == st.SET else effect.by
        mark, amount = self._amount(1.0 if written is None else written, effect.times)
        low, high = 0.0, 1.0
        if name in self.scenario.quantities:
            low, high = self.scenario.quantities[name].low, self.scenario.quantities[name].high
        return [(verb, base, scope, mark, -1, (amount, low, high)) for base, scope in self._addresses(name, effect.of)]

    def _addresses(self, name: str, of: str | None) -> list[tuple[int, int]]:
        """Where a quantity, `integrity` or `restraint` stands, for whom it is meant."""
        found = self.layout.perception(name)
        if found.scope != st.BY:
            return [(found.base, found.scope)]
        scopes = {None: st.BY, "self": st.BY, "target": st.AGAINST, "patron": st.PATRON}
        if of == "everyone":
            return [(found.base + k, st.FIXED) for k in range(len(self.names.parties) - 1)]
        if of in scopes:
            return [(found.base, scopes[of])]
        return [(found.base + self.names.party(of), st.FIXED)]

    def _on_world(self, e: Effect) -> tuple[int, int, int, float]:
        """Verb, mark, argument and amount of an effect on anything but a quantity."""
        if e.fire:
            return st.FIRE, -1, 0, 0.0
        if e.kill is not None:
            return st.KILL, *self._mark_first(e.kill)
        if e.provoke is not None and e.provoke is not False:
            mark, amount = self._amount(e.provoke) if isinstance(e.provoke, str) else (-1, 0.0)
            return st.PROVOKE, mark, self._blamed(e.blame), amount
        if e.answer:
            return st.ANSWER, -1, 0, 0.0
        if e.regime is not None:
            moves = {"up": st.RAISE_REGIME, "down": st.LOWER_REGIME, "restore": st.RESTORE_REGIME}
            argument = -1 if e.regime in moves else self.names.regimes.index(e.regime)
            return moves.get(e.regime, st.TO_REGIME), -1, argument, 0.0
        if e.attack is not None:
            return st.ATTACK if e.attack else st.END_ATTACK, -1, 0, 0.0
        for verb, share in ((st.ADVANCE, e.advance), (st.RETAKE, e.retake)):
            if share is not None:
                return verb, *self._mark_first(share)
        if e.post is not None:
            return st.SET_POST, -1, STATUSES[e.post], 0.0
        return self._on_deals(e)

    def _mark_first(self, value: Any) -> tuple[int, int, float]:
        mark, amount = self._amount(value)
        return mark, 0, amount

    def _blamed(self, blame: str | None) -> int:
        """-1: the actor; -2: its patron; else a party."""
        if blame in (None, "self"):
            return -1
        return -2 if blame == "patron" else self.names.party(blame)

    def _on_deals(self, e: Effect) -> tuple[int, int, int, float]:
        if e.truce == "none":
            return st.END_TRUCE, -1, 0, 0.0
        if e.truce is not None:
            mark, amount = self._amount(e.fragile) if isinstance(e.fragile, str) else (-1, float(bool(e.fragile)))
            return st.BEGIN_TRUCE, mark, LEVELS[e.truce], amount
        if e.offer is not None:
            return st.OFFER, -1, LEVELS[e.offer], float(e.expires_days or self.scenario.defaults.offer_expires_days)
        if e.accept:
            return st.ACCEPT, -1, 0, 0.0
        if e.deadline is not None:
            return st.SET_DEADLINE, -1, 0, float(e.deadline)
        if e.until is not None:
            return st.DEADLINE_ON, -1, 0, float(self._day(e.until))
        if e.clear_deadline:
            named = {None: -1, "self": -1, "target": -2}
            return st.CLEAR_DEADLINE, -1, named[e.of] if e.of in named else self.names.party(e.of), 0.0
        if e.meet is not None:
            return st.MEET, -1, self.names.terms.index(e.meet), 0.0
        if e.renew_terms is not None:
            return st.RENEW_TERMS, -1, e.renew_terms, 0.0
        if e.join is not None:
            return st.JOIN, -1, {"self": -1, "target": -2}.get(e.join) or self.names.party(e.join), 0.0
        if e.disable or e.enable:
            return st.SWITCH, -1, 0, 0.0
        raise InputError(f"an effect without a verb: {e.model_dump(exclude_defaults=True)}")

    # --- rules -------------------------------------------------------------------------------------------------------

    def _rule(self, name: str, rule: Rule) -> int:
        by, against = self.names.party(rule.actor), self.names.party(rule.target)
        self._in_rule(by, against)
        items = ITEMS[rule.for_each, rule.pick]
        first_clock = len(self.clocks)
        self.clocks += self._clock_streams(name, rule)
        number = len(self.rule_rows)
        self.rate_names[number] = [(n, float(r), self._perceive(n)) for n, r in rule.ratios.items()]  # type: ignore[arg-type]  # fixed: plain
        return self.rule_rows.add(
            (by, against, self.names.events.index(rule.event), int(rule.phase == "reaction"), items,
             *self._gates(rule.when), *self._ratios(rule.ratios), *self._gates(rule.where), *self._ratios(rule.weights),
             self._choice(rule.choice), first_clock),
            (self._pace(rule),),
        )  # fmt: skip

    @staticmethod
    def _pace(rule: Rule) -> float:
        rate: Any = rule.rate
        probability: Any = rule.probability
        return float(rate) if rate is not None else hazard_of(probability, rule.within_days)

    def _clock_streams(self, name: str, rule: Rule) -> list[int]:
        if rule.for_each is None:
            return [self._stream("rule", name)]
        items = self.names.places if rule.for_each == "place" else self.names.posts
        return [self._stream("rule", name, item) for item in items]

    def _choice(self, choice: str | None) -> int:
        if choice is None:
            return 0
        if choice not in self.choices:
            self.choices.append(choice)
        return self.choices.index(choice) + 1

    # --- what is dated -----------------------------------------------------------------------------------------------

    def _day(self, date: dt.date) -> int:
        return (date - self.scenario.origin).days + 1

    def _interventions(self) -> list[tuple[str, Intervention]]:
        return list(self.scenario.interventions.items())

    def _acts(self, section: str, name: str, what: Intervention) -> list[str]:
        """The event types an intervention makes: the one it names, and its own for bare effects."""
        return ([what.event] if what.event else []) + ([f"{section} {name}"] if what.effects else [])

    def _given(self, event: str, what: Intervention, all_given: bool) -> int:
        if not what.marks and not all_given:
            return -1
        first = len(self.given)
        for mark in self.names.marks[event]:
            known = mark in what.marks or all_given
            self.given += [what.marks.get(mark, 0.0), float(known)]
        return first

    def _who_and_where(self, what: Intervention) -> tuple[int, int, int, int]:
        post = -1 if what.post is None else self.names.posts.index(what.post)
        place = what.place or (self.scenario.posts[what.post].place if what.post else None)
        return (self.names.party(what.actor), self.names.party(what.target),
                -1 if place is None else self.names.places.index(place), post)  # fmt: skip

    def _intervention(self, name: str, what: Intervention) -> None:
        by, against, place, post = self._who_and_where(what)
        self._in_rule(by, against)
        gates = self._gates(what.when)
        day = st.NO_DATE if what.on is None else self._day(what.on)
        for position, event in enumerate(self._acts("intervention", name, what)):
            if position > 0:  # its bare effects happen with its event, whatever that has changed
                day, gates = st.WITH_LAST, (0, 0)
            self.intervention_rows.add(
                (day, *gates, self.names.events.index(event), by, against, place, post,
                 self._given(event, what, False), self._stream("intervention", name, event))
            )  # fmt: skip

    def _past(self) -> list[Past]:
        past = []
        for name, what in self.scenario.history.events.items():
            if what.on is None or not self.start <= what.on < self.scenario.origin:
                continue
            for event in self._acts("history", name, what):
                number, given = self.names.events.index(event), self._given(event, what, True)
                past.append(Past(name, self._day(what.on), number, *self._who_and_where(what), given))
        return sorted(past, key=lambda p: p.day)

    # --- outcomes ----------------------------------------------------------------------------------------------------

    def _outcomes_in_order(self) -> dict[str, Outcome]:
        """Outcomes so that each follows those it refers to; collapse by deaths is always among them."""
        outcomes = dict(self.scenario.outcomes)
        defaults = self.scenario.defaults
        if OWN_COLLAPSE not in outcomes:
            outcomes[OWN_COLLAPSE] = Outcome(
                count="deaths",
                window_days=st.OBSERVED_DAYS,
                at_least=defaults.collapse_deaths,
                backdate_to=defaults.collapse_backdate_to,
            )
        ordered: dict[str, Outcome] = {}

        def place(name: str) -> None:
            if name not in ordered:
                for other in referred(outcomes[name]):
                    place(other)
                ordered[name] = outcomes[name]

        for name in outcomes:
            place(name)
        return ordered

    def _find_tallies(self) -> list[tuple[str, str | None]]:
        """(event type, party or None) pairs that outcomes count."""
        asked = []
        for outcome in self.outcomes.values():
            for node in walk(outcome):
                if node.count is not None and node.count.startswith("event."):
                    _, event, *party = node.count.split(".")
                    asked.append((event, party[0] if party else None))
        return list(dict.fromkeys(asked))

    def _outcome_tables(self) -> None:
        for counter, window in (("deaths", 7), ("patron_killed", 7), ("places_lost", 7)):
            self._gauge(counter, window)
        for outcome in self.outcomes.values():
            first = len(self.nodes)
            backdate = -1
            if outcome.backdate_to is not None and outcome.count is not None:
                backdate = self._gauge(outcome.count, self._window(outcome))
            self._node(outcome)
            void_first = len(self.voided_by)
            before = [outcome.before] if isinstance(outcome.before, str) else outcome.before or []
            self.voided_by += [self.names.outcomes.index(b) for b in before]
            self.outcome_rows.add(
                (first, len(self.nodes), void_first, len(self.voided_by), backdate), (outcome.backdate_to or 0.0,)
            )

    def _window(self, condition: Condition) -> int:
        """Days of a condition's window; one longer than the trial is as long as the trial."""
        return min(condition.window_days or 0, self.scenario.horizon_days)

    def _gauge(self, counter: str, window: int) -> int:
        if (counter, window) not in self.gauge_of:
            self.gauge_of[counter, window] = self.gauges.add((*self._counter(counter), window, self.gauge_size))
            self.gauge_size += st.GAUGE_RING + window
        return self.gauge_of[counter, window]

    def _counter(self, counter: str) -> tuple[int, int, int]:
        own = {"deaths": st.DEATHS, "patron_killed": st.PATRON_KILLED, "places_lost": st.PLACES_LOST_TODAY,
               "posts_encircled": st.POSTS_ENCIRCLED_TODAY}  # fmt: skip
        head, *rest = counter.split(".")
        if head in own:
            return st.ONE, own[head], 0
        if head == "event":
            key = (rest[0], rest[1] if len(rest) > 1 else None)
            return st.ONE, self.layout.at["tally"] + self._tallies_asked.index(key), 0
        first, second = (self.names.party(self.names.agent(p)) for p in rest)
        n = len(self.names.parties)
        there, back = first * n + second, second * n + first
        section = self.layout.at["fired" if head in ("fire", "mutual_fire") else "killed"]
        kind = {"fire": st.ONE, "killed": st.ONE, "mutual_fire": st.BOTH, "killed_between": st.SUM}[head]
        return kind, section + there, section + back

    def _node(self, condition: Condition | str) -> int:
        if isinstance(condition, str):
            what = self.names.outcomes.index(condition)
            return self.nodes.add((st.N_OUTCOME, what, 0, 0, -1), (0.0, 0.0))
        for kind, parts in ((st.N_ALL, condition.all), (st.N_ANY, condition.any)):
            if parts is not None:
                return self._combined(kind, [self._node(part) for part in parts])
        if condition.negate is not None:
            return self._combined(st.N_NOT, [self._node(condition.negate)])
        low, high = self._threshold(condition)
        if condition.state is not None:
            self._in_rule(self.names.party(None), self.names.party(None))
            return self.nodes.add((st.N_STATE, self._perceive(condition.state).base, 0, 0, -1), (low, high))
        counter = condition.count or ""
        gauge = self._gauge(counter, self._window(condition))
        kind = st.N_SUM if condition.days_at_least is None else st.N_DAYS
        head, *rest = counter.split(".")
        credit = self.names.events.index(rest[0]) if head == "event" else -1
        return self.nodes.add((kind, gauge, 0, 0, credit), (low, high))

    def _combined(self, kind: int, children: list[int]) -> int:
        first = len(self.children)
        self.children += children
        return self.nodes.add((kind, 0, first, len(self.children), -1), (0.0, 0.0))

    @staticmethod
    def _threshold(condition: Condition) -> tuple[float, float]:
        low, high = -inf, inf
        if condition.days_at_least is not None:
            low = float(condition.days_at_least)
        if condition.at_least is not None:
            low = condition.at_least
        if condition.above is not None:
            low = max(low, nextafter(condition.above, inf))
        if condition.below is not None:
            high = nextafter(condition.below, -inf)
        return low, high

    # --- the rest ----------------------------------------------------------------------------------------------------

    def _decays(self) -> None:
        """Quantities with a half-life, hostility; the rungs' factor comes last."""
        for name, quantity in self.scenario.quantities.items():
            half_life: Any = quantity.half_life_days
            if half_life is not None:
                _, base, size = self.layout.quantities[name]
                self.decays.add((base, size), (0.5 ** (1.0 / half_life), quantity.rest))
        defaults = self.scenario.defaults
        for section, half_life in (("hostility_fast", defaults.hostility_fast_half_life_days),
                                   ("hostility_slow", defaults.hostility_slow_half_life_days)):  # fmt: skip
            self.decays.add((self.layout.at[section], len(self.names.dyads)), (0.5 ** (1.0 / half_life), 0.0))

    def _since_used(self) -> list[int]:
        first = self.layout.at["since"]
        read = {self.gates.ints[k * st.GATE] for k in range(len(self.gates))}
        read |= {self.ratios.ints[k * st.RATIO] for k in range(len(self.ratios))}
        read |= {
            self.nodes.ints[k * st.NODE + st.N_WHAT]
            for k in range(len(self.nodes))
            if self.nodes.ints[k * st.NODE] == st.N_STATE
        }
        read |= {self.cases.ints[k * st.CASE + st.C_SCALE] for k in range(len(self.cases))}
        return [k for k in range(len(self.names.events)) if first + k in read]

    def _tables(self, n_interventions: int) -> st.Tables:
        scenario, names, layout = self.scenario, self.names, self.layout
        n_rules = len(names.rules)
        clocks = len(self.clocks)
        layout.allocate("fired_already", len(self.intervention_rows))
        for section in ("outcome_day", "outcome_rule", "outcome_party"):
            layout.allocate(section, len(names.outcomes))
        for section in ("node_now", "node_before", "node_rule", "node_party"):
            layout.allocate(section, len(self.nodes))
        layout.allocate("gauge_at", self.gauge_size)
        layout.allocate("recent", st.OBSERVED_DAYS)
        layout.allocate("weights", max(len(names.places), len(names.posts)))
        layout.allocate("rings", 4 * (clocks + 1))
        layout.allocate("chosen", n_rules)
        n_state = layout.end
        self._in_rule(names.party(scenario.fighting.between[0]), names.party(scenario.fighting.between[1]))
        fighting_ratios = self._ratios(scenario.fighting.ratios)
        neighbours, begins = standing.neighbours(scenario, names)
        n_initiative = sum(rule.phase == "initiative" for rule in scenario.rules.values())
        asking = rules_asked([self._conditions(rule) for rule in range(n_rules)], n_initiative)
        headline = next(k for k, o in enumerate(names.outcomes) if self.outcomes[o].headline)
        at = {name: layout.at[name] for name in st.Tables._fields if name in layout.at}
        parties = names.parties
        return st.Tables(
            **at,
            n_parties=len(parties), n_dyads=len(names.dyads), n_places=len(names.places), n_posts=len(names.posts),
            n_regimes=len(names.regimes), n_rules=n_rules, n_interventions=len(self.intervention_rows),
            n_outcomes=len(names.outcomes), n_gauges=len(self.gauges),
            n_marks=max([len(m) for m in names.marks.values()], default=0) or 1,
            n_terms=len(names.terms), headline=headline,
            side_one=names.party(scenario.fighting.between[0]), side_two=names.party(scenario.fighting.between[1]),
            n_state=n_state,
            shares=standing.shares(scenario), limits=standing.limits(scenario),
            presses_at=standing.presses_at(scenario, names, layout),
            dyad_of=[names.dyad(a, b) for a in parties for b in parties],
            agent_of=[names.party(names.agent(p)) for p in parties],
            patron_of=standing.patrons(scenario, names), killed_pairs=standing.killed_pairs(scenario, names),
            neighbours=neighbours, neighbours_at=begins, open_to=standing.open_to(scenario),
            control_at_start=[names.party(p.control) for p in scenario.places.values()],
            post_place=[names.places.index(p.place) for p in scenario.posts.values()],
            post_depth=[p.depth for p in scenario.posts.values()],
            regimes=[float(x) for r in scenario.fighting.regimes.values() for x in (r.mean, r.size)],  # type: ignore[arg-type]  # fixed: plain
            fighting_ratios=list(fighting_ratios), rules=self.rule_rows.ints, pace=self.rule_rows.reals,
            clocks=self.clocks, gates=self.gates.ints, bounds=self.gates.reals, ratios=self.ratios.ints,
            logs=self.ratios.reals, events=self.event_rows.ints, mark_rows=self.marks.ints, cases=self.cases.ints,
            case_reals=self.cases.reals, effects=self.effects.ints, effect_reals=self.effects.reals,
            tallies=self.tallies, interventions=self.intervention_rows.ints, given=self.given,
            streams=self._process_streams(), blocks=asking.blocks, phases=asking.phases, conditions=asking.conditions,
            condition_bounds=asking.bounds, since_used=self._since_used(),
            decays=self.decays.ints, decay_reals=[*self.decays.reals, 0.5 ** (1.0 /
            scenario.defaults.rung_half_life_days)], gauges=self.gauges.ints, nodes=self.nodes.ints,
            node_reals=self.nodes.reals, children=self.children, outcomes=self.outcome_rows.ints,
            endings=[names.outcomes.index(o) for o in scenario.ends_when], voided_by=self.voided_by,
            backdates=self.outcome_rows.reals,
        )  # fmt: skip

    def _conditions(self, rule: int) -> list[Asked]:
        row, gates = rule * st.RULE, self.gates
        return [
            Asked(*gates.ints[gate * st.GATE : (gate + 1) * st.GATE], *gates.reals[2 * gate : 2 * gate + 2])
            for gate in range(self.rule_rows.ints[row + st.R_GATES], self.rule_rows.ints[row + st.R_GATES_END])
        ]

    def _process_streams(self) -> list[int]:
        own = [self._stream("process", name) for name in ("fighting", "regime at origin", "fragile at origin")]
        return own + [self._stream("process", "displacement", place) for place in self.names.places]


def walk(condition: Condition | str) -> Iterable[Condition]:
    """A condition and all within it, references left out."""
    if isinstance(condition, str):
        return
    yield condition
    for part in [*(condition.all or ()), *(condition.any or ()), *([condition.negate] if condition.negate else ())]:
        yield from walk(part)


def referred(outcome: Outcome) -> list[str]:
    """The outcomes that an outcome's condition names, and those that void it."""
    before = [outcome.before] if isinstance(outcome.before, str) else outcome.before or []
    named = [
        part
        for node in walk(outcome)
        for part in (*(node.all or ()), *(node.any or ()), *([node.negate] if node.negate else ()))
        if isinstance(part, str)
    ]
    return [*named, *before]
