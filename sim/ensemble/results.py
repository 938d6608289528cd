"""Read a results folder: trials, daily summaries, events, and any trial again from its address."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from sim.ensemble import columns, sketch, tables
from sim.ensemble.counting import Counts, count, needed
from sim.ensemble.engines import default_engine, find_engine
from sim.ensemble.manifest import SCENARIO, Manifest
from sim.ensemble.worker import (
    BINS,
    DAILY,
    EVENTS,
    TRIALS,
    chunk_number,
    event_rows,
    filled_of,
    series_and_day,
    summary_of,
)
from sim.errors import InputError, ResultsError
from sim.scenario import digest, load
from sim.scenario.schema import Scenario
from sim.trajectory import Column

if TYPE_CHECKING:
    import pandas as pd

    from sim.trajectory import Trajectory

QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)


class Failure(NamedTuple):
    """A trial that failed, and why."""

    set: int
    trial: int
    error: str | None


class Results:
    """A results folder; what it holds is read when it is asked for, and checked against the manifest."""

    def __init__(self, folder: Path, manifest: Manifest, scenario: Scenario | None = None) -> None:
        self.folder = folder
        self.manifest = manifest
        self._at_hand = scenario
        self._again: dict[tuple[int, int], Trajectory] = {}

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The results in a folder; ResultsError if it is none. A run that was stopped opens with what it has."""
        folder = Path(path)
        return cls(folder, Manifest.read(folder))

    def __repr__(self) -> str:
        plan = self.manifest.plan
        return f"Results({str(self.folder)!r}: {self.manifest.scenario}, {plan.sets} sets x {plan.trials} trials)"

    @property
    def complete(self) -> bool:
        """Whether all trials of the plan are there."""
        return self.manifest.complete

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario that was run, every default and every file it read included."""
        if self._at_hand is not None:
            return self._at_hand
        scenario = load(self.folder / SCENARIO)
        if digest(scenario) != self.manifest.digest:
            raise ResultsError(f"{self.folder / SCENARIO}: is not the scenario that was run; it was edited afterwards")
        return scenario

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial, by set, then trial; days count from the origin, null where it did not happen."""
        return self._table(TRIALS)

    def failures(self) -> pd.DataFrame:
        """The rows of the trials that failed."""
        return self.trials[self.trials["error"].notna()] if "error" in self.trials else self.trials.head(0)

    def failed(self) -> Iterator[Failure]:
        """The trials that failed, in order; only chunks that have some are read."""
        numbers = [number for number, done in self.manifest.chunks.items() if done.failed]
        for table in self._columns(TRIALS, ("set", "trial", "error"), numbers):
            for k in range(len(table["set"])):
                failure = Failure(*(table[name].item(k) for name in Failure._fields))
                if failure.error is not None:
                    yield failure

    @cached_property
    def counts(self) -> Counts:
        """How often each outcome came true in each parameter set; the chunks are read one at a time."""
        outcomes = list(self.scenario.outcomes)
        return count(self._columns(TRIALS, needed(outcomes)), outcomes, self.manifest.plan.sets)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Series by day over all trials: n, mean, sd, low, high and quantiles (how near: `sim.bins.RELATIVE_ERROR`)."""
        path = self.folder / self.daily_file
        if self.manifest.daily is not None and path.is_file() and tables.sha256(path) == self.manifest.daily:
            return tables.read(path)
        return columns.as_frame(self.daily_columns())

    def daily_columns(self) -> columns.Table:
        """The same, put together from what is stored of each chunk, one after another."""
        gathered = sketch.Gatherer(self.scenario.horizon_days)
        for moments, bins in zip(self._columns(DAILY), self._paths(BINS), strict=True):
            gathered.add_summary(summary_of(moments))
            for part in columns.parts(bins):
                for series, filled in filled_of(part):
                    gathered.add_filled(series, filled)
        summary = gathered.summary()
        return daily_table(summary) if summary.series else columns.of_rows([], DAILY_COLUMNS)

    @property
    def daily_file(self) -> str:
        """Name of the table of daily summaries, below the folder."""
        return f"daily.{self.manifest.tables}"

    def events(self, trial: int, set: int = 0) -> pd.DataFrame:
        """The events of one trial in order, `marks` as a JSON object; run again if its log was not kept."""
        self._require(trial, set)
        kept = self._events if (set, trial) in self.manifest.plan.events else None
        if kept is not None and len(kept):
            return kept[(kept["set"] == set) & (kept["trial"] == trial)].reset_index(drop=True)
        return tables.frame(event_rows(set, trial, self.trajectory(trial, set).events))

    @cached_property
    def _events(self) -> pd.DataFrame:
        return self._table(EVENTS)

    def trajectory(self, trial: int, set: int = 0) -> Trajectory:
        """One trial run again, to the last bit; ResultsError if this program no longer gives what is stored."""
        self._require(trial, set)
        if (trial, set) not in self._again:
            self._again = {(trial, set): self._rerun(trial, set)}
        return self._again[trial, set]

    def _rerun(self, trial: int, set: int) -> Trajectory:
        trajectory = rerun(self.scenario, self.manifest.engine, trial, set)
        stored = self.trials[(self.trials["set"] == set) & (self.trials["trial"] == trial)]
        if len(stored) and not _same_row(stored, {"set": set, "trial": trial, **trajectory.row}):
            raise ResultsError(
                f"{self.folder}: trial {trial} of set {set} comes out differently now: this is not the program or the "
                f"kind of machine that ran it (ceasefire {self.manifest.code['version']}, {self.manifest.platform}); "
                "run the scenario again into another folder"
            )
        return trajectory

    def outcomes(self) -> Any:
        """The table of outcomes, with the Monte Carlo interval of each probability and its range across sets."""
        # Analysis reads results, not the other way round; this is only a shorter way to ask it.
        return import_module("sim.analysis.outcomes").outcome_table(self.trials, list(self.scenario.outcomes))

    def _require(self, trial: int, set: int) -> None:
        plan = self.manifest.plan
        for name, value, end in (("set", set, plan.sets), ("trial", trial, plan.trials)):
            if not 0 <= value < end:
                raise InputError(f"{name} {value}: there is none; allowed: 0 to {end - 1}")

    def _table(self, part: str) -> pd.DataFrame:
        import pandas as pd

        parts = [table for table in map(tables.read, self._paths(part)) if len(table)]
        return pd.concat(parts, ignore_index=True) if parts else tables.frame([], ("set", "trial"))

    def _columns(
        self, part: str, names: Sequence[str] | None = None, chunks: Collection[int] | None = None
    ) -> Iterator[columns.Table]:
        return (columns.read(path, names) for path in self._paths(part, chunks))

    def _paths(self, part: str, chunks: Collection[int] | None = None) -> Iterator[Path]:
        """The files of a part, each found to be what was stored; of some chunks, or of all."""
        for name, sha in self.manifest.files(part):
            if chunks is not None and chunk_number(Path(name)) not in chunks:
                continue
            path = self.folder / name
            if not path.is_file() or tables.sha256(path) != sha:
                raise ResultsError(f"{path}: missing or altered; run again with --resume to compute that part again")
            yield path


DAILY_COLUMNS = ("series", "day", "n", "mean", "sd", "low", *(f"q{q * 100:02.0f}" for q in QUANTILES), "high")


def daily_table(summary: sketch.Summary) -> columns.Table:
    """A summary as a table: a row for each series and day, days from 1."""
    n = np.where(summary.n > 0, summary.n, np.nan)
    mean = summary.total / n
    spread = np.sqrt(np.maximum(summary.squares / n - mean**2, 0.0))
    middle = {f"q{q * 100:02.0f}": sketch.quantile(summary, q) for q in QUANTILES}
    counted = summary.n > 0
    low, high = (np.where(counted, extreme, np.nan) for extreme in (summary.low, summary.high))
    said = {"n": summary.n, "mean": mean, "sd": spread, "low": low, **middle, "high": high}
    numbers = {name: Column(values.ravel(), np.isnan(values).ravel()) for name, values in said.items()}
    return series_and_day(summary) | numbers


def rerun(scenario: Scenario, engine: str | None, trial: int, set: int = 0) -> Trajectory:
    """One trial of a scenario, with its events."""
    return next(
        iter(find_engine(engine or default_engine())(scenario, scenario.ensemble.seed, set, (trial,), (trial,)))
    )


def _same_row(stored: pd.DataFrame, row: dict[str, Any]) -> bool:
    import pandas as pd

    again = tables.frame([row]).reindex(columns=stored.columns)
    left, right = stored.iloc[0], again.iloc[0]
    return all(pd.isna(a) if pd.isna(b) else not pd.isna(a) and a == b for a, b in zip(left, right, strict=True))
