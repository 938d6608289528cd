"""Tables of outcomes: how many trials, how probable, both ranges.

Every table here has one row a category and the columns `count, probability, mc_low, mc_high, range_low, range_high`
(`sim.analysis.intervals` defines the ranges; nan where there are no sets). Trials that failed are left out;
`sample(trials)` counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.analysis.intervals import Estimate, Floats, estimate
from sim.errors import ResultsError

LEVELS = ("hold", "fray", "collapse")
NEITHER = "neither"


class Sample(NamedTuple):
    """What a table rests on: trials that ended, parameter sets, trials left out because they failed."""

    trials: int
    sets: int
    left_out: int


def sample(trials: pd.DataFrame) -> Sample:
    """Count trials that can be used, their sets, and those left out."""
    used = usable(trials)
    return Sample(len(used), int(used["set"].nunique()), len(trials) - len(used))


def usable(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials without an error."""
    return trials[trials["error"].isna()] if "error" in trials else trials


def day_column(trials: pd.DataFrame, outcome: str | None = None) -> str:
    """The column with the day of `outcome` (None: the headline's `breakdown_day`); ResultsError if there is none."""
    column = "breakdown_day" if outcome is None else f"{outcome}_day"
    if column not in trials:
        known = sorted(name.removesuffix("_day") for name in map(str, trials) if name.endswith("_day"))
        raise ResultsError(f"no outcome `{outcome}` in these results; there are: {', '.join(known)}")
    return column


def outcome_table(trials: pd.DataFrame, outcomes: Sequence[str]) -> pd.DataFrame:
    """Probability that each outcome happens within the horizon; one row an outcome, in the order given.

    The outcomes need not exclude each other, so the rows need not sum to one.
    """
    used = usable(trials)
    return table({name: used[day_column(used, name)].notna() for name in outcomes}, used["set"])


def end_table(trials: pd.DataFrame, ends: Sequence[str], neither: str = NEITHER) -> pd.DataFrame:
    """Shares of competing ends, each trial under the one that came first, and of trials that saw none of them.

    Ends of the same day go to the one named first. The rows exclude each other and sum to one.
    """
    used = usable(trials)
    first = first_end(used, ends, neither)
    return table({name: first == name for name in (*ends, neither)}, used["set"])


def first_end(trials: pd.DataFrame, ends: Sequence[str], neither: str = NEITHER) -> pd.Series[str]:
    """For each trial the end that came first, or `neither`."""
    days = np.column_stack([numbers(trials, day_column(trials, end)) for end in ends])
    days = np.where(np.isnan(days), np.inf, days)
    names = np.array([*ends, neither])
    first = np.where(np.isinf(days.min(axis=1)), len(ends), days.argmin(axis=1))
    return pd.Series(names[first], index=trials.index)


def level_table(trials: pd.DataFrame, column: str = "worst_level") -> pd.DataFrame:
    """Shares of hold, fray and collapse: of the `worst_level` reached or of the `terminal_status` at the horizon."""
    return share_table(trials, column, LEVELS)


def levels_table(trials: pd.DataFrame) -> pd.DataFrame:
    """Both answers to "how bad was it?", apart: the worst level reached, and the level at the end.

    Columns: variable (`worst_level`, then `terminal_status`), level (hold, fray, collapse), then those of every table.
    The rows of each variable sum to one.
    """
    parts = {name: level_table(trials, name) for name in ("worst_level", "terminal_status")}
    return pd.concat(parts, names=["variable", "level"]).reset_index()


def share_table(trials: pd.DataFrame, column: str, categories: Iterable[str] | None = None) -> pd.DataFrame:
    """Shares of the values of a column (`first_mover_actor`, `crossing_rule` ...); nulls count as `none`.

    Without `categories`: all values seen, the most frequent first.
    """
    used = usable(trials)
    values = used[column].astype(object).where(used[column].notna(), "none")
    names = list(categories) if categories is not None else list(values.value_counts().index)
    return table({str(name): values == name for name in names}, used["set"])


def table(flags: Mapping[str, pd.Series[bool]], sets: pd.Series[int]) -> pd.DataFrame:
    """One row of `Estimate` for each named series of true and false, clustered by `sets` (aligned by index)."""
    codes, totals = codes_of(sets)
    rows = [estimate(hits_by_set(flag.to_numpy(bool), codes, len(totals)), totals) for flag in flags.values()]
    return frame_of(rows, pd.Index(list(flags), name="outcome"))


def frame_of(rows: Iterable[Estimate], index: pd.Index | None = None) -> pd.DataFrame:
    """One row an estimate; `count` whole, the rest floats (nan for no range)."""
    names = [field.name for field in fields(Estimate)]
    frame = pd.DataFrame([asdict(row) for row in rows], index=index, columns=names)
    return frame.astype({name: int if name == "count" else float for name in names})


def numbers(trials: pd.DataFrame, column: str) -> Floats:
    """A column as floats, nulls as nan, whatever kind of null the file had."""
    return np.array(pd.to_numeric(trials[column]).to_numpy(float, na_value=np.nan), dtype=np.float64)


def codes_of(sets: pd.Series[int]) -> tuple[np.ndarray, np.ndarray]:
    """Each trial's set as 0, 1, ..., and the number of trials of each."""
    codes, names = pd.factorize(sets.to_numpy())
    return codes, np.bincount(codes, minlength=len(names))


def hits_by_set(flags: np.ndarray, codes: np.ndarray, sets: int) -> np.ndarray:
    """How many flags are true in each set."""
    return np.bincount(codes, weights=flags, minlength=sets)
