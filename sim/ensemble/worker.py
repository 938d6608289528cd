"""What a worker process does: it gets the scenario once, then computes and stores one chunk after another."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from sim.ensemble import columns, sketch, tables
from sim.ensemble.engines import BlockEngine, Engine, find_block_engine, find_engine
from sim.ensemble.manifest import Done
from sim.ensemble.plan import Chunk, Segment
from sim.errors import CeasefireError, InputError, RunError
from sim.scenario.schema import Scenario
from sim.trajectory import Column

if TYPE_CHECKING:
    from sim.trajectory import Block, Event

GO_ON = "what is stored is safe: put that right, then go on with --resume"
TRIALS, DAILY, BINS, EVENTS = "trials", "daily", "daily/bins", "events"
ADDRESS = ("set", "trial", "order")
EVENT_FIELDS = ("day", "phase", "time", "rule", "event", "by", "against", "place", "post", "void", "hazard")


class Trial(NamedTuple):
    """What a chunk needs of a trial."""

    row: Mapping[str, Any]
    daily: Mapping[str, Sequence[float]]
    events: Sequence[Event]


class Stopped(Exception):  # noqa: N818 - it is no error
    """The run was asked to stop; the chunk in hand is dropped."""


@dataclass(frozen=True)
class Job:
    """All that a chunk needs beside its own number; picklable, handed to each worker once."""

    scenario: Scenario
    engine: str
    folder: Path
    format: tables.Format
    events: tuple[tuple[int, int], ...]

    def path(self, part: str, chunk: Chunk) -> str:
        """Name of a chunk's file, below the folder."""
        return f"{part}/part-{chunk.number:05d}.{self.format}"


def chunk_number(path: Path) -> int:
    """The number of the chunk to which a file of `Job.path` belongs."""
    return int(path.stem.removeprefix("part-"))


class Stop(Protocol):
    """A sign, of threads or of processes, that a run is to stop."""

    def is_set(self) -> bool:
        """Whether it was given."""
        ...

    def set(self) -> None:
        """Give it."""
        ...


class Worker:
    """Computes chunks of one job; threads may share one where the engine runs trials in blocks."""

    def __init__(self, job: Job, stop: Stop) -> None:
        self.job = job
        self.stop = stop
        self.engine: Engine = find_engine(job.engine)
        self.blocks = find_block_engine(job.engine)

    def compute(self, chunk: Chunk) -> Done:
        """Run the chunk's trials and store its files; OSError becomes RunError, one trial's failure a row."""
        started = time.perf_counter()
        stored = _Stored(self.job.scenario.horizon_days)
        for segment in chunk.segments:
            kept = {trial for index, trial in self.job.events if index == segment.set}
            if self.blocks is not None:
                for block in self._blocks(self.blocks, segment, kept):
                    stored.add_block(block)
            else:
                for trial in self._trials(segment, kept):
                    stored.add_trial(trial, trial.row["trial"] in kept)
        try:
            files = self._store(chunk, stored)
        except OSError as error:
            raise RunError(f"{self.job.folder}: cannot write there: {error}; {GO_ON}") from error
        return Done(files, len(chunk), stored.failed, round(time.perf_counter() - started, 3))

    def _blocks(self, engine: BlockEngine, segment: Segment, kept: set[int]) -> Iterator[Block]:
        """The blocks of a segment, until the run is asked to stop."""
        for block in engine(self.job.scenario, self.job.scenario.ensemble.seed, segment.set, segment.trials, kept):
            if self.stop.is_set():
                raise Stopped
            yield block

    def _trials(self, segment: Segment, kept: set[int]) -> Iterator[Trial]:
        """Every trial of a segment; an engine that raises fails the trial it was at, and goes on with the next."""
        seed, waiting = self.job.scenario.ensemble.seed, list(segment.trials)
        while waiting:
            try:
                for trajectory in self.engine(self.job.scenario, seed, segment.set, tuple(waiting), kept):
                    if self.stop.is_set():
                        raise Stopped
                    row = {"set": segment.set, "trial": waiting.pop(0), **trajectory.row}
                    yield Trial(row, trajectory.daily, trajectory.events)
                if waiting:
                    raise RunError(f"engine {self.job.engine}: no result for trial {waiting[0]} of set {segment.set}")
            except (CeasefireError, Stopped):
                raise
            except Exception as error:  # noqa: BLE001 - whatever breaks a trial must not break the others
                said = f"{type(error).__name__}: {error}"
                yield Trial({"set": segment.set, "trial": waiting.pop(0), "error": said}, {}, ())

    def _store(self, chunk: Chunk, stored: _Stored) -> dict[str, str]:
        summary = stored.gathered.summary()
        parts = {TRIALS: stored.trials(), DAILY: moments_table(summary), BINS: bins_table(summary)}
        if stored.logs:
            parts[EVENTS] = columns.of_rows(stored.logs, (*ADDRESS, *EVENT_FIELDS))
        names = {self.job.path(part, chunk): table for part, table in parts.items()}
        return {name: columns.write(table, self.job.folder / name) for name, table in names.items()}


class _Stored:
    """What a chunk will store, gathered from its trials."""

    def __init__(self, days: int) -> None:
        self.gathered = sketch.Gatherer(days)
        self.logs: list[dict[str, Any]] = []
        self.failed = 0
        self._rows: list[Mapping[str, Any]] = []
        self._blocks: list[columns.Table] = []

    def add_block(self, block: Block) -> None:
        """Take in many trials at once."""
        table = block.columns
        self._blocks.append(table)
        self.gathered.add_compiled(block.series, block.daily)
        null = table["error"].null
        self.failed += len(table["error"]) if null is None else int((~null).sum())
        for k, events in block.events.items():
            self.logs += event_rows(table["set"].item(k), table["trial"].item(k), events)

    def add_trial(self, trial: Trial, kept: bool) -> None:
        """Take in one trial."""
        self._rows.append(trial.row)
        self.failed += trial.row.get("error") is not None
        if trial.daily:
            self.gathered.add(trial.daily)
        if kept:
            self.logs += event_rows(trial.row["set"], trial.row["trial"], trial.events)

    def trials(self) -> columns.Table:
        """A row for each trial."""
        return columns.concatenated(self._blocks) if self._blocks else columns.of_rows(self._rows, ("set", "trial"))


def event_rows(set_index: int, trial: int, events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """A trial's events as rows of a long table, in the order in which they happened; marks as a JSON object."""
    order = count()
    for event in events:
        fields = {name: getattr(event, name) for name in EVENT_FIELDS}
        yield {"set": set_index, "trial": trial, "order": next(order), **fields, "marks": json.dumps(dict(event.marks))}


def moments_table(summary: sketch.Summary) -> dict[str, Column]:
    """Count, sums and extremes of a summary, a row for each series and day."""
    said = {
        "n": summary.n, "sum": summary.total, "squares": summary.squares, "low": summary.low, "high": summary.high,
        "whole": summary.whole,
    }  # fmt: skip
    return series_and_day(summary) | {name: Column(values.ravel()) for name, values in said.items()}


def series_and_day(summary: sketch.Summary) -> dict[str, Column]:
    """The first two columns of a table with a row for each series and day; days count from 1."""
    number = len(summary.series)
    return {
        "series": Column(np.repeat(np.arange(number), summary.days), words=summary.series),
        "day": Column(np.tile(np.arange(1, summary.days + 1), number)),
    }


def bins_table(summary: sketch.Summary) -> dict[str, Column]:
    """The filled bins of a summary: series and day, bin number (`sim.bins.value_of` says what it stands for), count."""
    nothing = sketch.Filled(*(np.empty(0, np.int32),) * 3)
    day, bins, n = (np.concatenate(parts) for parts in zip(nothing, *summary.filled.values(), strict=True))
    sizes = [len(filled.days) for filled in summary.filled.values()]
    series = Column(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes), words=summary.series)
    return {"series": series, "day": Column(day + 1), "bin": Column(bins), "n": Column(n)}


def summary_of(moments: columns.Table) -> sketch.Summary:
    """What `moments_table` undoes, without any bins."""
    series = tuple(moments["series"].words or ())
    days = len(moments["series"]) // len(series) if series else 0
    n, total, squares, low, high, whole = (
        moments[name].values.reshape(len(series), days) for name in ("n", "sum", "squares", "low", "high", "whole")
    )
    return sketch.Summary(series, n, total, squares, low, high, whole.astype(np.bool_), {})


def filled_of(bins: columns.Table) -> Iterator[tuple[str, sketch.Filled]]:
    """What `bins_table` undoes, of all rows or of some that follow each other: each series with its filled bins."""
    words = bins["series"].words or ()
    starts = np.searchsorted(bins["series"].values, np.arange(len(words) + 1))
    day, bin_, n = (bins[name].values.astype(np.int32, copy=False) for name in ("day", "bin", "n"))
    for word, first, end in zip(words, starts, starts[1:], strict=False):
        yield word, sketch.Filled(day[first:end] - 1, bin_[first:end], n[first:end])


_worker: Worker | None = None


def initialise(job: Job, stop: Stop) -> None:
    """Make this process a worker: deaf to Ctrl-C (the parent says when to stop), and gone when its parent is."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = Worker(job, stop)


def _end_with_parent() -> None:
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def compute(chunk: Chunk) -> Done:
    """Compute a chunk in a worker process."""
    if _worker is None:
        raise InputError("this process is no worker; it was not initialised")
    return _worker.compute(chunk)
