"""What an ensemble consists of: parameter sets times trials, cut into chunks that do not depend on who runs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sim.errors import InputError
from sim.scenario.schema import Scenario

MOST_CHUNKS = 100
SMALLEST_CHUNK = 10

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
    """

    sets: int
    trials: int
    chunk: int
    events: tuple[tuple[int, int], ...] = ()

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
        return cls(sets, trials, chunk_size(sets * trials, smallest), within)

    @property
    def total(self) -> int:
        """Trials in all."""
        return self.sets * self.trials

    def chunks(self) -> list[Chunk]:
        """All chunks in order; together they hold every trial of every set once."""
        starts = range(0, self.total, self.chunk)
        return [Chunk(i, tuple(self._segments(first))) for i, first in enumerate(starts)]

    def chunk_of(self, set_index: int, trial: int) -> int:
        """Number of the chunk that holds a trial."""
        return (set_index * self.trials + trial) // self.chunk

    def _segments(self, first: int) -> Iterator[Segment]:
        end = min(first + self.chunk, self.total)
        while first < end:
            index, trial = divmod(first, self.trials)
            count = min(end - first, self.trials - trial)
            yield Segment(index, trial, trial + count - 1)
            first += count


def chunk_size(total: int, smallest: int = SMALLEST_CHUNK) -> int:
    """Trials in a chunk: at most `MOST_CHUNKS` files however many trials, and chunks short enough to lose few."""
    return max(smallest, -(-total // MOST_CHUNKS))
