"""What an ensemble consists of: parameter sets times trials, cut into chunks that do not depend on who runs them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from sim.errors import InputError
from sim.scenario.schema import Scenario

MOST_CHUNKS = 100
SMALLEST_CHUNK = 10
GROWTH = 0.1  # of what is there already: the share by which a run to a precision may overshoot it

Asked = int | tuple[int, int]


@dataclass(frozen=True)
class Segment:
    """Trials `first` to `last` (both included) of one parameter set."""

    set: int
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def trials(self) -> range:
        """The trial numbers, in order."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class Chunk:
    """A run of consecutive trials that is computed, stored and checked as one; it may span several parameter sets."""

    number: int
    segments: tuple[Segment, ...]

    def __len__(self) -> int:
        return sum(map(len, self.segments))


@dataclass(frozen=True)
class Plan:
    """`sets` parameter sets of `trials` trials each, in chunks of `chunk` trials; `events` names the logs to keep.

    Trials are counted through all sets (set 0 first), so that a thousand sets of ten trials need no thousand files.
    With `precision` the plan is the most that may be run: its chunks hold whole sets and grow, and where the run stops
    `stopped_at` cuts it down to what was run and keeps in `most` what could have been.
    """

    sets: int
    trials: int
    chunk: int
    events: tuple[tuple[int, int], ...] = ()
    precision: float | None = None
    most: int | None = None

    @classmethod
    def of(cls, scenario: Scenario, events: Iterable[Asked] = (), smallest: int = SMALLEST_CHUNK) -> Plan:
        """The plan that a scenario's `ensemble` section asks for; an event log is a trial of set 0, or (set, trial).

        `smallest` is the least number of trials in a chunk.
        """
        sets, trials = scenario.ensemble.sets, scenario.ensemble.trials
        kept = sorted({(0, asked) if isinstance(asked, int) else asked for asked in events})
        if kept and min(min(pair) for pair in kept) < 0:
            raise InputError(f"events: trials and sets count from 0, so there is no {kept[0]}")
        within = tuple((index, trial) for index, trial in kept if index < sets and trial < trials)
        precision = scenario.ensemble.precision
        size = chunk_size(sets * trials, smallest) if precision is None else smallest
        return cls(sets, trials, size, within, precision)

    @property
    def total(self) -> int:
        """Trials in all."""
        return self.sets * self.trials

    def chunks(self) -> list[Chunk]:
        """All chunks in order; together they hold every trial of every set once."""
        starts = [*self._starts(), self.total]
        return [Chunk(i, tuple(self._segments(first, end))) for i, (first, end) in enumerate(pairwise(starts))]

    def asked(self) -> Plan:
        """The plan before it was cut down to where it stopped."""
        if self.most is None:
            return self
        return replace(self, sets=self.most, most=None) if self.sets > 1 else replace(self, trials=self.most, most=None)

    def chunk_of(self, set_index: int, trial: int) -> int:
        """Number of the chunk that holds a trial."""
        return bisect(list(self._starts()), set_index * self.trials + trial) - 1

    def stopped_at(self, chunk: Chunk) -> Plan:
        """The plan cut down to what it holds up to and with a chunk."""
        last = chunk.segments[-1]
        if self.sets > 1:
            return replace(self, sets=last.set + 1, most=self.sets)
        return replace(self, trials=last.last + 1, most=self.trials)

    def _starts(self) -> Iterator[int]:
        """The first trial of each chunk, counted through all sets."""
        if self.precision is None:
            yield from range(0, self.total, self.chunk)
            return
        unit = self.trials if self.sets > 1 else 1
        first = 0
        while first < self.total:
            yield first
            first += unit * ceil(max(self.chunk, GROWTH * first) / unit)

    def _segments(self, first: int, end: int) -> Iterator[Segment]:
        while first < end:
            index, trial = divmod(first, self.trials)
            count = min(end - first, self.trials - trial)
            yield Segment(index, trial, trial + count - 1)
            first += count


def chunk_size(total: int, smallest: int = SMALLEST_CHUNK) -> int:
    """Trials in a chunk: at most `MOST_CHUNKS` files however many trials, and chunks short enough to lose few."""
    return max(smallest, -(-total // MOST_CHUNKS))
