"""A trial is its list of events: here the list is lived through again, without dice.

`replay` gives the state after each thing that changed it, so that one can tell who changed what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from sim.conflict import state as st
from sim.conflict.events import happen
from sim.conflict.outcomes import judge
from sim.conflict.perceive import Context
from sim.conflict.processes import bury, displace, forget_yesterday, grow_older, leave, press
from sim.draws import address
from sim.preparing import Prepared
from sim.trajectory import DISPLACEMENT, FIGHTING, Event

NO_LUCK = address(0)


class Step(NamedTuple):
    """The state after something changed it: an event, or (None) the morning's ageing and the evening's count.

    `state` is the one that is replayed, not a copy: it changes with the next step.
    """

    day: int
    event: Event | None
    evening: bool
    state: list[float]


def replay(ready: Prepared, first: list[float], events: Iterable[Event], days: int) -> Iterator[Step]:
    """Live through days 1 to `days` again, from the state at the origin and the events with their marks.

    Void events changed nothing and are passed over. The last step of a day, its evening, is the state at its end.
    """
    by_day = {day: list(group) for day, group in groupby(events, lambda event: event.day)}
    s, c = list(first), ready.compiled.tables
    for day in range(1, days + 1):
        s[st.DAY] = float(day)
        forget_yesterday(s, c)
        grow_older(s, c)
        yield Step(day, None, False, s)
        today = [event for event in by_day.get(day, ()) if not event.void]
        for event in today:
            if event.event == FIGHTING:
                bury(s, c, event.marks["deaths"])
            elif event.event != DISPLACEMENT:
                again(ready, s, event)
            else:
                continue
            yield Step(day, event, False, s)
        yield from _flee(ready, s, day, [event for event in today if event.event == DISPLACEMENT])
        judge(s, c)
        yield Step(day, None, True, s)


def context_of(ready: Prepared, event: Event) -> Context:
    """Who acted on whom, and where, in numbers."""
    names = ready.compiled.names
    place = names.places.index(event.place) if event.place else -1
    post = names.posts.index(event.post) if event.post else -1
    return Context(names.party(event.by), names.party(event.against), place, post)


def rule_of(ready: Prepared, event: Event) -> int:
    """The number of the rule that made the event; NO_RULE for interventions and daily processes."""
    rules = ready.compiled.names.rules
    return rules.index(event.rule) if event.rule in rules else st.NO_RULE


def again(ready: Prepared, s: list[float], event: Event) -> None:
    """Let one event happen with the marks it had."""
    names = ready.compiled.names
    given = [number for mark in names.marks[event.event] for number in (event.marks[mark], 1.0)]
    c = ready.compiled.tables._replace(given=given or [0.0, 0.0])
    number, of = names.events.index(event.event), context_of(ready, event)
    happen(s, c, NO_LUCK, event.day, 0, 0.0, 0.0, rule_of(ready, event), number, of, -1, 0, False, [])


def _flee(ready: Prepared, s: list[float], day: int, flights: list[Event]) -> Iterator[Step]:
    """People leave by the shares recorded; where none was recorded, nothing but return is possible."""
    c = ready.compiled.tables
    if not flights:
        displace(s, c, NO_LUCK, 0, False, [])
        return
    s[st.NEWLY_DISPLACED] = 0.0
    for event in flights:
        place = context_of(ready, event).place
        leave(s, c, place, event.marks["share"] * s[c.exposed + place])
        if event is flights[-1]:
            press(s, c)
        yield Step(day, event, False, s)
