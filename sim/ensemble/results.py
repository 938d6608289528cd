"""Read a results folder: trials, daily summaries, events, and any trial again from its address."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sim.ensemble import sketch, tables
from sim.ensemble.engines import default_engine, find_engine
from sim.ensemble.manifest import SCENARIO, Manifest
from sim.ensemble.worker import BINS, DAILY, EVENTS, TRIALS, event_rows, summary_of
from sim.errors import InputError, ResultsError
from sim.scenario import digest, load
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.trajectory import Trajectory

QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)


class Results:
    """A results folder; what it holds is read when it is asked for, and checked against the manifest."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
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

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Series by day over all trials: n, mean, sd, low, high and quantiles, those within 1 % of themselves."""
        path = self.folder / self.daily_file
        if self.manifest.daily is not None and path.is_file() and tables.sha256(path) == self.manifest.daily:
            return tables.read(path)
        return tables.frame([], DAILY_COLUMNS) if self._summary is None else daily_table(self._summary)

    @property
    def daily_file(self) -> str:
        """Name of the table of daily summaries, below the folder."""
        return f"daily.{self.manifest.tables}"

    @cached_property
    def _summary(self) -> sketch.Summary | None:
        pairs = zip(self._tables(DAILY), self._tables(BINS), strict=True)
        filled = (summary for summary in (summary_of(*pair) for pair in pairs) if summary.series)
        first = next(filled, None)  # one after another: all chunks' bins at once would not fit in memory
        return None if first is None else sketch.merge(chain([first], filled))

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

        parts = [table for table in self._tables(part) if len(table)]
        return pd.concat(parts, ignore_index=True) if parts else tables.frame([], ("set", "trial"))

    def _tables(self, part: str) -> Iterator[pd.DataFrame]:
        for name, sha in self.manifest.files(part):
            path = self.folder / name
            if not path.is_file() or tables.sha256(path) != sha:
                raise ResultsError(f"{path}: missing or altered; run again with --resume to compute that part again")
            yield tables.read(path)


DAILY_COLUMNS = ("series", "day", "n", "mean", "sd", "low", *(f"q{q * 100:02.0f}" for q in QUANTILES), "high")


def daily_table(summary: sketch.Summary) -> pd.DataFrame:
    """A summary as a table: a row for each series and day, days from 1."""
    import numpy as np
    import pandas as pd

    n = np.where(summary.n > 0, summary.n, np.nan)
    mean = summary.total / n
    spread = np.sqrt(np.maximum(summary.squares / n - mean**2, 0.0))
    middle = {f"q{q * 100:02.0f}": sketch.quantile(summary, q).ravel() for q in QUANTILES}
    counted = summary.n > 0
    columns = {
        "series": np.repeat(np.array(summary.series, dtype=object), summary.days),
        "day": np.tile(np.arange(1, summary.days + 1), len(summary.series)),
        "n": summary.n.ravel(),
        "mean": mean.ravel(),
        "sd": spread.ravel(),
        "low": np.where(counted, summary.low, np.nan).ravel(),
        **middle,
        "high": np.where(counted, summary.high, np.nan).ravel(),
    }
    return tables.typed(pd.DataFrame(columns))


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
