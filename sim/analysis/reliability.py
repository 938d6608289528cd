"""Whether forecast probabilities and intervals can be taken at their word: reliability, and the histogram of the PIT.

Forecasts of overlapping weeks share their luck, so what a reliable forecaster would show is simulated with one piece of
luck for each stretch of `horizon` weeks (all alignments of it) instead of one for each forecast. The bars are therefore
wide, and what lies outside them is unlikely to be chance. Source: Broecker & Smith (2007), Weather Forecast. 22:651.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sim.analysis.dice import uniforms
from sim.analysis.forecasts import WEEK
from sim.analysis.intervals import Floats
from sim.errors import InputError

EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
PIT_BINS = 10
REPLICATES = 2000
BAR = (0.05, 0.95)


def reliability(
    each: pd.DataFrame, horizon: int, forecaster: str, edges: Sequence[float] = EDGES, seed: int = 0
) -> pd.DataFrame:
    """How often collapse came where it was forecast with a probability in each bin; empty bins are left out.

    Columns: bin_low, bin_high, n, forecast (mean probability), observed (share), bar_low, bar_high (5-95 % of what a
    reliable forecaster would show). `each` is the table of `score_each`; InputError where it has no such forecasts.
    """
    part = _part(each, horizon, forecaster)
    p, came = part["probability_collapse"].to_numpy(np.float64), part["level"].to_numpy() == 2
    bins = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, len(edges) - 2)
    luck = _shared_luck(part["origin"], horizon, ("reliability", forecaster, str(horizon)), seed)
    rows = []
    for k in np.unique(bins):
        inside = bins == k
        bar = np.quantile((luck[:, inside] < p[inside]).mean(axis=1), BAR)
        rows.append([edges[k], edges[k + 1], int(inside.sum()), p[inside].mean(), came[inside].mean(), *bar])
    return pd.DataFrame(rows, columns=["bin_low", "bin_high", "n", "forecast", "observed", "bar_low", "bar_high"])


def pit_histogram(
    each: pd.DataFrame, horizon: int, forecaster: str, bins: int = PIT_BINS, seed: int = 0
) -> pd.DataFrame:
    """Share of the randomised PIT in equal bins: columns bin_low, bin_high, n, share, band_low, band_high (5-95 %)."""
    part = _part(each, horizon, forecaster)
    luck = _shared_luck(part["origin"], horizon, ("pit band", forecaster, str(horizon)), seed)
    counts = np.bincount(_bin(part["pit"], bins), minlength=bins)
    drawn = np.array([np.bincount(row, minlength=bins) for row in _bin(luck, bins)]) / len(part)
    low, high = np.quantile(drawn, BAR, axis=0)
    edges = np.linspace(0, 1, bins + 1)
    return pd.DataFrame(
        {
            "bin_low": edges[:-1],
            "bin_high": edges[1:],
            "n": counts,
            "share": counts / len(part),
            "band_low": low,
            "band_high": high,
        }
    )


def _part(each: pd.DataFrame, horizon: int, forecaster: str) -> pd.DataFrame:
    part = each[(each["horizon"] == horizon) & (each["forecaster"] == forecaster)]
    if part.empty:
        raise InputError(f"no scored forecasts by {forecaster!r} at horizon {horizon}")
    return part


def _bin(values: ArrayLike, bins: int) -> NDArray[np.int64]:
    return np.minimum((np.asarray(values) * bins).astype(np.int64), bins - 1)


def _shared_luck(origins: pd.Series, horizon: int, path: tuple[str, ...], seed: int) -> Floats:
    """Uniforms (replicates, n), the same for all origins within one stretch of `horizon` weeks from the first on."""
    days = np.array([day.toordinal() for day in origins])
    stretch = (days - days.min()) // (WEEK * horizon)
    drawn = uniforms(seed, path, np.arange(REPLICATES), int(stretch.max()) + 1)
    return np.asarray(drawn[:, stretch], np.float64)
