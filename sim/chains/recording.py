"""Who changed what: a trial lived through again, with every change of the state and the event that made it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sim.chains.replaying import replay
from sim.errors import RunError
from sim.preparing import Prepared
from sim.trajectory import Event, Trajectory

STRETCH = 64  # numbers of the state that are compared at once: most stretches are untouched by an event


class Write(NamedTuple):
    """A change of one number of the state by event number `by`, counted from 0."""

    by: int
    before: float
    after: float


class Record:
    """A trial lived through again up to its end, with every change of the state and who made it.

    `events` are those that were not void, in order; `seen[k]` is the state that event k was decided on and how many
    events had happened by then (clocks read the state at the start of their phase); `evening` is the state on the
    evening on which an outcome came true.
    """

    def __init__(self, ready: Prepared, first: list[float], trajectory: Trajectory, end: str) -> None:
        self.ready = ready
        self.events: list[Event] = []
        self.writes: dict[int, list[Write]] = {}
        self.seen: list[tuple[list[float], int]] = []
        self.evening: dict[int, list[float]] = {}
        self._live(first, trajectory, ready.compiled.names.outcomes.index(end))

    def _live(self, first: list[float], trajectory: Trajectory, end: int) -> None:
        dated = self.ready.compiled.tables.outcome_day
        before, phase = list(first), ""
        picture = (before, 0)
        for step in replay(self.ready, first, trajectory.events, int(trajectory.row["observed_days"])):
            if step.event is None:
                before, phase = list(step.state), ""
            else:
                if step.event.phase != phase or step.event.phase == "due":
                    picture, phase = (before, len(self.events)), step.event.phase
                self.seen.append(picture)
                before = self._note(step.event, before, step.state)
            if step.evening:
                self._note_outcomes(before)
                if before[dated + end] != 0.0:
                    return
        raise RunError("a trial lived through again from its events did not come to its end; please report this")

    def _note(self, event: Event, before: list[float], after: list[float]) -> list[float]:
        number = len(self.events)
        self.events.append(event)
        for first in range(0, len(after), STRETCH):
            if before[first : first + STRETCH] != after[first : first + STRETCH]:
                for at in range(first, min(first + STRETCH, len(after))):
                    if before[at] != after[at]:
                        self.writes.setdefault(at, []).append(Write(number, before[at], after[at]))
        return list(after)

    def _note_outcomes(self, evening: list[float]) -> None:
        c = self.ready.compiled.tables
        for outcome in range(c.n_outcomes):
            if evening[c.outcome_day + outcome] != 0.0:
                self.evening.setdefault(outcome, evening)

    def back(self, at: int, before: int) -> Iterator[Write]:
        """The changes of a number by events earlier than number `before`, the last one first."""
        return (write for write in reversed(self.writes.get(at, ())) if write.by < before)
