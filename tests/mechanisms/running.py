"""Runs for the tests of mechanisms: many trials of a scenario in the compiled engine, kept, and pairs of them
compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.batch.engine import simulate
from sim.scenario import Scenario, load
from sim.trajectory import Trajectory
from tests.mechanisms.table import Mechanism

SEED = 20200211
ALPHA = 0.001  # one-sided: a mechanism that moves nothing is said to move its outcome once in a thousand rows
LEVEL = 0.99  # of the interval in the page

Floats = NDArray[np.float64]
Items = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Paired:
    """Means of an outcome with a mechanism and without it, their paired difference, its interval, and its p-value."""

    with_it: float
    without_it: float
    difference: float
    low: float
    high: float
    p_value: float


def scenario_of(row: Mechanism, off: bool = False) -> Scenario:
    """The scenario of a row, with its mechanism or without it."""
    if off:
        return load(row.scenario, {**row.variant, **row.changes}, row.without)
    return load(row.scenario, row.variant)


def measure(row: Mechanism) -> Paired:
    """Run a row with and without its mechanism, with the same luck, and compare trial by trial.

    The test of a share is the exact sign test of the trials that differ; of an amount it is the paired z of the mean.
    """
    whole, ablated = (column(arm(row, off), row.outcome) for off in (False, True))
    difference = ablated - whole
    shares = set(np.unique(np.concatenate([whole, ablated]))) <= {0.0, 1.0}
    sign = 1.0 if row.moves == "rises" else -1.0
    p_value = _sign_test(sign * difference) if shares else _z_test(sign * difference)
    half = stats.norm.ppf(0.5 + LEVEL / 2) * difference.std(ddof=1) / sqrt(len(difference))
    middle = float(difference.mean())
    return Paired(float(whole.mean()), float(ablated.mean()), middle, middle - half, middle + half, p_value)


def arm(row: Mechanism, off: bool) -> dict[str, Floats]:
    """The table of trials of one arm of a row."""
    changes = {**row.variant, **(row.changes if off else {})}
    return table(row.scenario, tuple(sorted(changes.items())), row.without if off else (), row.trials)


@cache
def table(name: str, changes: Items, without: tuple[str, ...], trials: int) -> dict[str, Floats]:
    """Columns of numbers of a scenario's trials; the day of an outcome also as whether it happened, under its name."""
    rows = [t.row for t in simulate(load(name, dict(changes), without), SEED, 0, range(trials))]
    assert not [row["error"] for row in rows if row["error"]]
    return {name: column for key in rows[0] for name, column in _columns(key, [row[key] for row in rows])}


def _columns(key: str, values: list[object]) -> Iterator[tuple[str, Floats]]:
    if key.endswith("_day"):
        yield key.removesuffix("_day"), np.array([value is not None for value in values], dtype=float)
    elif all(isinstance(value, int | float) for value in values):
        yield key, np.array(values, dtype=float)


def column(of: Mapping[str, Floats], name: str) -> Floats:
    """A column by name; the message of a wrong name lists what there is."""
    assert name in of, f"{name} is no column; there are {', '.join(sorted(of))}"
    return of[name]


def _sign_test(gain: Floats) -> float:
    up, moved = int((gain > 0).sum()), int((gain != 0).sum())
    return float(stats.binomtest(up, moved, alternative="greater").pvalue) if moved else 1.0


def _z_test(gain: Floats) -> float:
    spread = gain.std(ddof=1)
    return float(stats.norm.sf(gain.mean() / (spread / sqrt(len(gain))))) if spread > 0 else 1.0


def told_trials(scenario: Scenario, trials: Iterable[int], seed: int = SEED) -> Iterator[Trajectory]:
    """Trials with their events."""
    chosen = list(trials)
    return simulate(scenario, seed, 0, chosen, keep_events=set(chosen))
