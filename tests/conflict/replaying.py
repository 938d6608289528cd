"""A trial is its list of events: here the list is lived through again, without dice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from sim.conflict import state as st
from sim.conflict.events import happen
from sim.conflict.outcomes import judge
from sim.conflict.perceive import Context
from sim.conflict.processes import bury, displace, forget_yesterday, grow_older, leave, press
from sim.draws import address
from sim.preparing import Prepared
from sim.trajectory import DISPLACEMENT, FIGHTING, Event

NO_LUCK = address(0)


def memory(prepared: Prepared, s: list[float]) -> list[float]:
    """The state without the scratch of clocks, the count of log rows, and which interventions are spent."""
    c = prepared.compiled.tables
    forgotten = {
        st.LOGGED,
        st.RINGS,
        *range(c.weights, c.n_state),
        *range(c.fired_already, c.fired_already + c.n_interventions),
    }
    forgotten |= set(range(c.marks, c.marks + c.n_marks))
    return [value for address_, value in enumerate(s) if address_ not in forgotten]


def replay(prepared: Prepared, first: list[float], events: Iterable[Event], days: int) -> Iterator[list[float]]:
    """The state at the end of each day, from the state at the origin and the events with their marks."""
    by_day = {day: list(group) for day, group in groupby(events, lambda event: event.day)}
    s, c = list(first), prepared.compiled.tables
    for day in range(1, days + 1):
        s[st.DAY] = float(day)
        forget_yesterday(s, c)
        grow_older(s, c)
        today = by_day.get(day, [])
        for event in today:
            if event.event not in (FIGHTING, DISPLACEMENT) and not event.void:
                again(prepared, s, event)
        (fighting,) = [event for event in today if event.event == FIGHTING]
        bury(s, c, fighting.marks["deaths"])
        flee(prepared, s, [event for event in today if event.event == DISPLACEMENT])
        judge(s, c)
        yield list(s)


def again(prepared: Prepared, s: list[float], event: Event) -> None:
    """Let one event happen with the marks it had."""
    names = prepared.compiled.names
    given = [number for mark in names.marks[event.event] for number in (event.marks[mark], 1.0)]
    c = prepared.compiled.tables._replace(given=given or [0.0, 0.0])
    rule = names.rules.index(event.rule) if event.rule in names.rules else st.NO_RULE
    place = names.places.index(event.place) if event.place else -1
    post = names.posts.index(event.post) if event.post else -1
    of = Context(names.party(event.by), names.party(event.against), place, post)
    happen(s, c, NO_LUCK, event.day, 0, 0.0, 0.0, rule, names.events.index(event.event), of, -1, 0, False, [])


def flee(prepared: Prepared, s: list[float], flights: list[Event]) -> None:
    """People leave by the shares recorded; where none was recorded, nothing but return is possible."""
    c = prepared.compiled.tables
    if not flights:
        displace(s, c, NO_LUCK, 0, False, [])
        return
    s[st.NEWLY_DISPLACED] = 0.0
    for event in flights:
        place = prepared.compiled.names.places.index(event.place or "")
        leave(s, c, place, event.marks["share"] * s[c.exposed + place])
    press(s, c)
