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
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.ensemble import sketch, tables
from sim.ensemble.engines import BlockEngine, Engine, find_block_engine, find_engine
from sim.ensemble.manifest import Done
from sim.ensemble.plan import Chunk, Segment
from sim.errors import CeasefireError, InputError, RunError
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    import multiprocessing.synchronize

    import pandas as pd

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


class Worker:
    """Computes chunks of one job."""

    def __init__(self, job: Job, stop: multiprocessing.synchronize.Event | threading.Event) -> None:
        self.job = job
        self.stop = stop
        self.engine: Engine = find_engine(job.engine)
        self.blocks = find_block_engine(job.engine)

    def compute(self, chunk: Chunk) -> Done:
        """Run the chunk's trials and store its files; OSError becomes RunError, one trial's failure a row."""
        started = time.perf_counter()
        rows: list[Mapping[str, Any]] = []
        logs: list[dict[str, Any]] = []
        gathered = sketch.Gatherer(self.job.scenario.horizon_days)
        for segment in chunk.segments:
            kept = {trial for index, trial in self.job.events if index == segment.set}
            if self.blocks is not None:
                for block in self._blocks(self.blocks, segment, kept):
                    rows += block.rows
                    gathered.add_block(block.series, block.daily)
                    for k, events in block.events.items():
                        logs += event_rows(segment.set, int(block.rows[k]["trial"]), events)
                continue
            for trial in self._trials(segment, kept):
                rows.append(trial.row)
                if trial.daily:
                    gathered.add(trial.daily)
                if trial.row["trial"] in kept:
                    logs += event_rows(segment.set, int(trial.row["trial"]), trial.events)
        try:
            files = self._store(chunk, rows, gathered.summary(), logs)
        except OSError as error:
            raise RunError(f"{self.job.folder}: cannot write there: {error}; {GO_ON}") from error
        failed = sum(row.get("error") is not None for row in rows)
        return Done(files, len(rows), failed, round(time.perf_counter() - started, 3))

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

    def _store(
        self,
        chunk: Chunk,
        rows: Sequence[Mapping[str, Any]],
        summary: sketch.Summary,
        logs: Sequence[Mapping[str, Any]],
    ) -> dict[str, str]:
        parts = {TRIALS: tables.frame(rows, ("set", "trial")), DAILY: moments_table(summary), BINS: bins_table(summary)}
        if logs:
            parts[EVENTS] = tables.frame(logs, (*ADDRESS, *EVENT_FIELDS))
        names = {self.job.path(part, chunk): table for part, table in parts.items()}
        return {name: tables.write(table, self.job.folder / name) for name, table in names.items()}


def event_rows(set_index: int, trial: int, events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """A trial's events as rows of a long table, in the order in which they happened; marks as a JSON object."""
    order = count()
    for event in events:
        fields = {name: getattr(event, name) for name in EVENT_FIELDS}
        yield {"set": set_index, "trial": trial, "order": next(order), **fields, "marks": json.dumps(dict(event.marks))}


def moments_table(summary: sketch.Summary) -> pd.DataFrame:
    """Count, sums and extremes of a summary, a row for each series and day."""
    import numpy as np
    import pandas as pd

    days, number = summary.days, len(summary.series)
    return pd.DataFrame(
        {
            "series": np.repeat(np.array(summary.series, dtype=object), days),
            "day": np.tile(np.arange(1, days + 1), number),
            "n": summary.n.ravel(),
            "sum": summary.total.ravel(),
            "squares": summary.squares.ravel(),
            "low": summary.low.ravel(),
            "high": summary.high.ravel(),
            "whole": summary.whole.ravel(),
        }
    )


def bins_table(summary: sketch.Summary) -> pd.DataFrame:
    """The filled bins of a summary: series and day, bin number (`sketch.value_of` says what it stands for), count."""
    import numpy as np
    import pandas as pd

    cells, bins = sketch.bins_of(summary)
    names = np.array(summary.series, dtype=object)
    days = max(summary.days, 1)
    return pd.DataFrame({"series": names[cells // days], "day": cells % days + 1, "bin": bins, "n": summary.counts})


def summary_of(moments: pd.DataFrame, bins: pd.DataFrame) -> sketch.Summary:
    """What `moments_table` and `bins_table` undo."""
    import pandas as pd

    series = tuple(dict.fromkeys(moments["series"]))
    days = len(moments) // len(series) if series else 0
    columns = {name: moments[name].to_numpy().reshape(len(series), days) for name in moments.columns[2:]}
    rows = pd.Index(series).get_indexer(pd.Index(bins["series"]))
    cells = rows * days + bins["day"].to_numpy("int64") - 1
    return sketch.Summary(
        series,
        columns["n"].astype("int64"),
        columns["sum"].astype("float64"),
        columns["squares"].astype("float64"),
        columns["low"].astype("float64"),
        columns["high"].astype("float64"),
        columns["whole"].astype("bool"),
        sketch.keys_of(cells, bins["bin"].to_numpy("int64")),
        bins["n"].to_numpy("int64"),
    )


_worker: Worker | None = None


def initialise(job: Job, stop: multiprocessing.synchronize.Event) -> None:
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
