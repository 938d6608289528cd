"""How a result is distributed over trials: ECDF, quantiles, histogram, and a hundred representative trials.

A null counts as "did not happen": it lies above every value, so that the ECDF of a day levels off at the share of
trials in which it came. Trials that failed are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sim.analysis.intervals import Floats, estimate
from sim.analysis.outcomes import codes_of, frame_of, hits_by_set, numbers, usable

PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_STEPS = 300


def values_of(trials: pd.DataFrame, column: str) -> Floats:
    """The column of the usable trials as floats, nulls as infinity."""
    values = numbers(usable(trials), column)
    values[np.isnan(values)] = np.inf
    return values


def ecdf(trials: pd.DataFrame, column: str) -> pd.DataFrame:
    """Share of trials with at most `value`, with both ranges; columns value, count, probability, mc_low ... range_high.

    One row a distinct value; above `MOST_STEPS` distinct values, the values at evenly spaced ranks.
    """
    values = values_of(trials, column)
    codes, totals = codes_of(usable(trials)["set"])
    grid = _grid(np.unique(values[np.isfinite(values)]))
    frame = frame_of(estimate(hits_by_set(values <= value, codes, len(totals)), totals) for value in grid)
    for limit in ("range_low", "range_high"):  # shares rise; the last value's range stays as it is
        frame[limit] = np.minimum.accumulate(frame[limit].to_numpy()[::-1])[::-1]
    frame.insert(0, "value", grid)
    return frame


def _grid(distinct: Floats) -> Floats:
    if len(distinct) <= MOST_STEPS:
        return distinct
    ranks = np.linspace(0, len(distinct) - 1, MOST_STEPS).round().astype(int)
    return np.asarray(distinct[ranks], dtype=np.float64)


def quantiles(trials: pd.DataFrame, column: str, probabilities: Sequence[float] = PROBABILITIES) -> pd.DataFrame:
    """Quantiles with their Monte Carlo interval (Woodruff's: the interval of the share below, read back as values).

    Index: the probabilities; columns value, mc_low, mc_high. Infinity: beyond the horizon (did not happen).
    Source: Woodruff (1952), J. Am. Stat. Assoc. 47:635.
    """
    values = values_of(trials, column)
    codes, totals = codes_of(usable(trials)["set"])
    ordered = np.sort(values)
    rows = []
    for p in probabilities:
        value = _at(ordered, p)
        share = estimate(hits_by_set(values <= value, codes, len(totals)), totals)
        shift = p - share.probability  # ties put more than p at or below the value
        rows.append((value, _at(ordered, share.mc_low + shift), _at(ordered, share.mc_high + shift)))
    index = pd.Index(list(probabilities), name="quantile")
    return pd.DataFrame(rows, index=index, columns=["value", "mc_low", "mc_high"])


def _at(ordered: Floats, p: float) -> float:
    """The smallest value with at least the share p at or below it."""
    rank = int(np.ceil(round(p * len(ordered), 9)))
    return float(ordered[min(max(rank, 1), len(ordered)) - 1])


def histogram(trials: pd.DataFrame, column: str, bins: int = 30, first: float = 0.0) -> pd.DataFrame:
    """Share of all usable trials by bins of equal, whole width; columns low, high, count, probability, mc_low ...

    Bins are closed below and open above, and one begins at `first` (1 for days). Nulls are in no bin, so the shares
    may sum to less than one.
    """
    values = values_of(trials, column)
    codes, totals = codes_of(usable(trials)["set"])
    edges = _edges(values[np.isfinite(values)] - first, bins) + first
    low, high = edges[:-1], edges[1:]
    inside = ((values >= a) & (values < b) for a, b in zip(low, high, strict=True))
    frame = frame_of(estimate(hits_by_set(flags, codes, len(totals)), totals) for flags in inside)
    return pd.concat([pd.DataFrame({"low": low, "high": high}), frame], axis=1)


def _edges(values: Floats, bins: int) -> Floats:
    """Edges at whole multiples of 1, 2, 5 times a power of ten, at most about `bins` of them."""
    if not values.size:
        return np.array([0.0, 1.0])
    span = max(float(values.max() - values.min()), 1.0)
    power = 10.0 ** np.floor(np.log10(span / bins))
    width = max(1.0, next(power * step for step in (1, 2, 5, 10) if power * step * bins >= span))
    first, last = np.floor(values.min() / width), np.floor(values.max() / width)
    return np.asarray(np.arange(first, last + 2) * width)


def hundred(trials: pd.DataFrame, column: str) -> pd.DataFrame:
    """A hundred days that stand for all trials, each for one percent: columns dot (1-100), day (nan: did not happen).

    Dot k is at the k - 0.5 percentile, so that the dots keep the shape and the share of the whole.
    """
    ordered = np.sort(values_of(trials, column))
    dots = np.arange(1, 101)
    days = np.array([_at(ordered, (dot - 0.5) / 100) for dot in dots]) if len(ordered) else np.full(100, np.inf)
    return pd.DataFrame({"dot": dots, "day": np.where(np.isinf(days), np.nan, days)})
