"""What an event or an end had read, and which event had last moved that: one step back at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sim.chains.recording import Record
from sim.chains.replaying import context_of, rule_of
from sim.conflict import state as st
from sim.conflict.clocks import item_context
from sim.conflict.perceive import Context, gates_hold, locate
from sim.preparing import Prepared
from sim.scenario.layout import WORLD, Perception
from sim.trajectory import DISPLACEMENT, FIGHTING, INTERVENTION

ADDED, OPENED, RAISED = "added", "opened", "raised"
ENABLED = "the rule itself"


class Read(NamedTuple):
    """One thing that was read: how an event could have moved it, its name, and the event that did (None: none)."""

    how: str
    what: str
    by: int | None


class Tracer:
    """Follows what was read to who had changed it."""

    def __init__(self, ready: Prepared, record: Record) -> None:
        self.ready, self.record = ready, record
        self.c, self.names = ready.compiled.tables, ready.compiled.names

    # --- the end -----------------------------------------------------------------------------------------------------

    def crossing(self, outcome: int) -> Iterator[Read]:
        """What made an outcome come true."""
        row = outcome * st.OUTCOME
        evening = self.record.evening[outcome]
        yield from self._node(self.c.outcomes[row + st.O_NODES_END] - 1, evening)

    def through(self, outcome: int) -> str | None:
        """The first of the outcomes that an outcome is made of that had come true; None where it is made of none."""
        c = self.c
        root = (c.outcomes[outcome * st.OUTCOME + st.O_NODES_END] - 1) * st.NODE
        first, last = c.nodes[root + st.N_CHILDREN], c.nodes[root + st.N_CHILDREN_END]
        parts = c.children[first:last] if c.nodes[root + st.N_KIND] == st.N_ANY else ()
        named = (node for node in parts if c.nodes[node * st.NODE + st.N_KIND] == st.N_OUTCOME)
        evening = self.record.evening[outcome]
        true = (c.nodes[node * st.NODE + st.N_WHAT] for node in named if evening[c.node_now + node] != 0.0)
        number = next(true, None)
        return None if number is None else self.names.outcomes[number]

    def _node(self, node: int, evening: list[float]) -> Iterator[Read]:
        """What made a condition hold; of alternatives, those that held; of what must *not* hold, nothing."""
        c, row = self.c, node * st.NODE
        kind, what = c.nodes[row + st.N_KIND], c.nodes[row + st.N_WHAT]
        if kind in (st.N_ALL, st.N_ANY):
            for k in range(c.nodes[row + st.N_CHILDREN], c.nodes[row + st.N_CHILDREN_END]):
                if evening[c.node_now + c.children[k]] != 0.0:
                    yield from self._node(c.children[k], evening)
        elif kind == st.N_OUTCOME:
            yield from self.crossing(what)
        elif kind == st.N_STATE:
            yield Read(OPENED, self._written(what), self._reached(node, what, self._count(evening)))
        elif kind != st.N_NOT:
            yield from self._counted(what, evening)

    def _reached(self, node: int, at: int, before: int) -> int | None:
        """The last event before which a number did not stand where a condition wants it."""
        low, high = self.c.node_reals[2 * node], self.c.node_reals[2 * node + 1]
        return next((write.by for write in self.record.back(at, before) if not low <= write.before <= high), None)

    def _count(self, evening: list[float]) -> int:
        """How many events had happened by an evening."""
        day = evening[st.DAY]
        return sum(event.day <= day for event in self.record.events)

    def _counted(self, gauge: int, evening: list[float]) -> Iterator[Read]:
        """The events that added to a count within its window."""
        row = gauge * st.GAUGE
        kind, window = self.c.gauges[row + st.U_KIND], self.c.gauges[row + st.U_WINDOW]
        today = int(evening[st.DAY])
        days = range(max(1, today - window + 1) if window else 1, today + 1)
        sources = [self.c.gauges[row + st.U_A]] + ([] if kind == st.ONE else [self.c.gauges[row + st.U_B]])
        added = [self._added(at, days) for at in sources]
        shared = set.intersection(*({self.record.events[n].day for n in numbers} for numbers in added))
        for at, numbers in zip(sources, added, strict=True):
            for number in numbers:
                if kind != st.BOTH or self.record.events[number].day in shared:
                    yield Read(ADDED, self._counter(at), number)

    def _added(self, at: int, days: range) -> list[int]:
        """The events of some days that added to a counter; a change of sectors or posts counts in the evening."""
        source = {st.PLACES_LOST_TODAY: st.PLACES_LOST, st.POSTS_ENCIRCLED_TODAY: st.POSTS_ENCIRCLED}.get(at, at)
        found = (write for write in self.record.writes.get(source, ()) if self.record.events[write.by].day in days)
        if at == st.PLACES_LOST_TODAY:  # a sector won back is a change too
            return [write.by for write in found]
        if at == st.DEATHS:  # written anew every day
            return [write.by for write in found if write.after > 0.0]
        return [write.by for write in found if write.after > write.before]

    def _counter(self, at: int) -> str:
        """A counter of the day in words."""
        c, n = self.c, self.c.n_parties
        for section, words in ((c.fired, "fire"), (c.killed, "killed")):
            if section <= at < section + n * n:
                by, against = divmod(at - section, n)
                return f"{words}.{self.names.parties[by]}.{self.names.parties[against]}"
        own = {st.DEATHS: "deaths", st.PATRON_KILLED: "patron_killed", st.PLACES_LOST_TODAY: "places_lost",
               st.POSTS_ENCIRCLED_TODAY: "posts_encircled"}  # fmt: skip
        return own.get(at, "count")

    # --- an event ----------------------------------------------------------------------------------------------------

    def reads(self, number: int) -> Iterator[Read]:
        """What an event was decided on."""
        event = self.record.events[number]
        if event.rule == FIGHTING:
            yield from self._fighting(number)
        elif event.rule == DISPLACEMENT:
            yield from self._flight(number)
        elif event.rule == INTERVENTION:
            yield from self._intervention(number)
        else:
            yield from self._rule(number, rule_of(self.ready, event))

    def _rule(self, number: int, rule: int) -> Iterator[Read]:
        """The gates of a rule and of its item, its ratios, and that it was switched on."""
        c, row = self.c, rule * st.RULE
        of = context_of(self.ready, self.record.events[number])
        declared = self.ready.scenario.rules[self.names.rules[rule]]
        called = {self._address(name, of): name for name in (*declared.when, *declared.where, *declared.ratios)}
        on = (write.by for write in self.record.back(c.enabled + rule, number) if write.before == 0.0)
        if (by := next(on, None)) is not None:
            yield Read(OPENED, ENABLED, by)
        yield from self._gates(number, c.rules[row + st.R_GATES], c.rules[row + st.R_GATES_END], of, called)
        yield from self._gates(number, c.rules[row + st.R_WHERE], c.rules[row + st.R_WHERE_END], of, called)
        clock = of if c.rules[row + st.R_ITEMS] in (st.EACH_PLACE, st.EACH_POST) else item_context(c, rule, -1)
        yield from self._ratios(number, c.rules[row + st.R_RATIOS], c.rules[row + st.R_RATIOS_END], clock, called)

    def _intervention(self, number: int) -> Iterator[Read]:
        """The gates of the intervention that made an event; a dated one rests on nothing."""
        event = self.record.events[number]
        of = context_of(self.ready, event)
        wanted = (self.names.events.index(event.event), *of)
        columns = (st.I_EVENT, st.I_PARTY, st.I_TARGET, st.I_PLACE, st.I_POST)
        for k in range(self.c.n_interventions):
            row = k * st.INTERVENTION
            if tuple(self.c.interventions[row + column] for column in columns) == wanted:
                if self.c.interventions[row + st.I_DAY] == st.WITH_LAST:  # effects of its own, beside its event
                    row -= st.INTERVENTION
                span = self.c.interventions[row + st.I_GATES], self.c.interventions[row + st.I_GATES_END]
                yield from self._gates(number, *span, of, {})
                return

    def _fighting(self, number: int) -> Iterator[Read]:
        """The day's deaths: the regime, and the ratios that the scenario gives them."""
        c = self.c
        raised = (w.by for w in self.record.back(st.REGIME, number) if self._mean(w.after) > self._mean(w.before))
        yield Read(RAISED, "regime", next(raised, None))
        of = Context(c.side_one, c.side_two, -1, -1)
        yield from self._ratios(number, c.fighting_ratios[0], c.fighting_ratios[1], of, {})

    def _mean(self, regime: float) -> float:
        return self.c.regimes[2 * int(regime)]

    def _flight(self, number: int) -> Iterator[Read]:
        """People who leave: the attacks on their sector and its neighbours."""
        c = self.c
        place = context_of(self.ready, self.record.events[number]).place
        near = [place, *c.neighbours[c.neighbours_at[place] : c.neighbours_at[place + 1]]]
        for at in (c.under_attack + k for k in near if self.record.seen[number][0][c.under_attack + k] != 0.0):
            begun = (write.by for write in self.record.back(at, number) if write.after > write.before)
            yield Read(RAISED, "under_attack", next(begun, None))

    # --- gates and ratios --------------------------------------------------------------------------------------------

    def _gates(self, number: int, first: int, end: int, of: Context, called: Mapping[int, str]) -> Iterator[Read]:
        """For each gate, the last event before which it was closed."""
        picture, before = self.record.seen[number]
        for gate in range(first, end):
            row = gate * st.GATE
            at = locate(self.c, self.c.gates[row + st.G_BASE], self.c.gates[row + st.G_SCOPE], of)
            other = list(picture)
            found = None
            for write in self.record.back(at, before):
                other[at] = write.before
                if not gates_hold(other, self.c, gate, gate + 1, of):
                    found = write.by
                    break
            yield Read(OPENED, called.get(at) or self._written(at), found)

    def _ratios(self, number: int, first: int, end: int, of: Context, called: Mapping[int, str]) -> Iterator[Read]:
        """For each ratio that is not neutral, the last event that moved its perception so that the hazard grew."""
        picture, before = self.record.seen[number]
        for ratio in range(first, end):
            row = ratio * st.RATIO
            at = locate(self.c, self.c.ratios[row + st.Q_BASE], self.c.ratios[row + st.Q_SCOPE], of)
            log = self.c.logs[ratio]
            if log * picture[at] == 0.0:
                continue
            moved = (write for write in self.record.back(at, before) if write.after != write.before)
            last = next((write.by for write in moved if log * (write.after - write.before) > 0.0), None)
            if last is not None or log * picture[at] > 0.0:
                yield Read(RAISED, called.get(at) or self._written(at), last)

    def _address(self, name: str, of: Context) -> int:
        found: Perception = self.ready.compiled.layout.perception(name)
        return locate(self.c, found.base, found.scope, of)

    def _written(self, at: int) -> str:
        """The name of an address that belongs to the world; others are a number of the state."""
        return next((name for name, world in WORLD.items() if world == at), "the state")
