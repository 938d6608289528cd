"""Daily summaries of bounded size that merge: per series and day a count, sums, extremes and a log-spaced histogram.

A bin is `RELATIVE_ERROR` of its lower edge wide, so a quantile taken from the histogram, wherever in its bin, is within
that of the order statistic it stands for. Values nearer to zero than `SMALLEST` count as zero.
The idea of the bins is the DDSketch of Masson, Rim and Lee (2019, VLDB 12:2195).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RELATIVE_ERROR = 0.01
SMALLEST = 1e-6
LARGEST = 1e15

_GAMMA = 1 + RELATIVE_ERROR
_LOG_GAMMA = float(np.log(_GAMMA))
_BINS = int(np.ceil(np.log(LARGEST / SMALLEST) / _LOG_GAMMA))
_STRIDE = 2 * _BINS + 2
# A whole number below this is told apart from its neighbours by its bin alone.
_WHOLE_BELOW = 0.5 / RELATIVE_ERROR - 1
_KEYS_HELD = 2_000_000

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Summary:
    """What is kept of many trials' daily values; all arrays but `keys` and `counts` have the shape (series, days).

    `keys` addresses the filled bins, sorted: cell number times a stride, plus the bin; `counts` are their trials.
    `low` and `high` are infinite and `whole` true where nothing was counted.
    """

    series: tuple[str, ...]
    n: Ints
    total: Floats
    squares: Floats
    low: Floats
    high: Floats
    whole: NDArray[np.bool_]
    keys: Ints
    counts: Ints

    @property
    def days(self) -> int:
        """How many days the summary covers."""
        return int(self.n.shape[1])


def empty(series: Sequence[str], days: int) -> Summary:
    """The summary of no trial."""
    shape = (len(series), days)
    return Summary(
        tuple(series),
        np.zeros(shape, np.int64),
        np.zeros(shape),
        np.zeros(shape),
        np.full(shape, np.inf),
        np.full(shape, -np.inf),
        np.ones(shape, np.bool_),
        np.empty(0, np.int64),
        np.empty(0, np.int64),
    )


def summarise(series: Sequence[str], values: Floats) -> Summary:
    """The summary of `values`, shape (trials, series, days); what is not finite is left out."""
    finite = np.isfinite(values)
    zeroed = np.where(finite, values, 0.0)
    keys, counts = _filled_bins(zeroed, finite)
    return Summary(
        tuple(series),
        finite.sum(axis=0, dtype=np.int64),
        _exact_sum(zeroed),
        _exact_sum(zeroed * zeroed),
        np.where(finite, values, np.inf).min(axis=0, initial=np.inf),
        np.where(finite, values, -np.inf).max(axis=0, initial=-np.inf),
        (zeroed == np.floor(zeroed)).all(axis=0),
        keys,
        counts,
    )


def _filled_bins(values: Floats, counted: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Keys and counts of the filled bins, sorted; one series at a time, whose bins lie close together."""
    days = values.shape[2]
    keys, counts = [], []
    for series in range(values.shape[1]):
        bins = bin_of(values[:, series, :])
        low, width = int(bins.min()), int(bins.max() - bins.min()) + 1
        dense = ((bins - low) + np.arange(days) * width)[counted[:, series, :]]
        filled = np.bincount(dense, minlength=days * width)
        found = np.flatnonzero(filled)
        cells = series * days + found // width
        keys.append(keys_of(cells, found % width + low))
        counts.append(filled[found])
    return np.concatenate(keys).astype(np.int64), np.concatenate(counts).astype(np.int64)


def merge(summaries: Iterable[Summary]) -> Summary:
    """One summary of all the trials in `summaries`, which share series and days.

    Counts, bins and extremes do not depend on the order; sums are carried with twice the precision and rounded once.
    """
    waiting: list[Summary] = []
    for summary in summaries:
        waiting.append(summary)
        if sum(len(one.keys) for one in waiting) > _KEYS_HELD:
            waiting = [_merge_all(waiting)]
    if not waiting:
        raise ValueError("there is no summary to merge")
    return _merge_all(waiting)


def _merge_all(parts: Sequence[Summary]) -> Summary:
    first = parts[0]
    if any(part.series != first.series or part.days != first.days for part in parts):
        raise ValueError("summaries of different series or days cannot be merged")
    keys, counts = _add_up(np.concatenate([p.keys for p in parts]), np.concatenate([p.counts for p in parts]))
    return Summary(
        first.series,
        np.sum([p.n for p in parts], axis=0, dtype=np.int64),
        _exact_sum(np.stack([p.total for p in parts])),
        _exact_sum(np.stack([p.squares for p in parts])),
        np.min([p.low for p in parts], axis=0),
        np.max([p.high for p in parts], axis=0),
        np.all([p.whole for p in parts], axis=0),
        keys,
        counts,
    )


def _add_up(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    if len(keys) == 0:
        return keys, counts
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[starts], np.add.reduceat(counts, starts)


def _exact_sum(rows: Floats) -> Floats:
    """Sum over the first axis with the rounding errors carried along (Knuth's two-sum)."""
    total, lost = np.zeros(rows.shape[1:]), np.zeros(rows.shape[1:])
    for row in rows:
        new = total + row
        back = new - total
        lost += (total - (new - back)) + (row - back)
        total = new
    return np.asarray(total + lost)


def bin_of(values: Floats) -> Ints:
    """Number of the bin of each value: 0 for zero, positive and growing above it, mirrored below."""
    size = np.abs(values)
    with np.errstate(divide="ignore"):
        step = np.floor(np.log(size / SMALLEST) / _LOG_GAMMA)
    number = np.clip(step, 0, _BINS - 1).astype(np.int64) + 1
    return np.where(size < SMALLEST, 0, np.where(values < 0, -number, number))


def value_of(bins: Ints, share: float = 0.5) -> Floats:
    """A value in each bin, at a share of the way from its smaller to its greater end; 0 for bin 0."""
    inward = np.where(bins < 0, 1 - share, share)
    size = SMALLEST * _GAMMA ** (np.abs(bins) - 1.0) * (1 + (_GAMMA - 1) * inward)
    return np.asarray(np.sign(bins) * size)


def quantile(summary: Summary, q: float) -> Floats:
    """The `q` quantile of every series on every day, shape (series, days); NaN where nothing was counted.

    It stands for the smallest value with at least a share `q` of the trials at or below it; a bin's trials are taken to
    lie evenly in it. Exact for whole numbers below 49, for zero and for constants; else within `RELATIVE_ERROR`.
    """
    size = summary.n.size
    result = np.full(size, np.nan)
    if len(summary.keys) == 0:
        return result.reshape(summary.n.shape)
    cells, bins = np.divmod(summary.keys, _STRIDE)
    at_or_below = np.cumsum(summary.counts)
    wanted = np.maximum(1, np.ceil(q * summary.n.ravel() - 1e-9)).astype(np.int64)
    before = np.concatenate(([0], np.cumsum(summary.n.ravel())[:-1]))
    # Trials are counted through all cells, so one search finds every cell's bin.
    filled = np.unique(cells)
    rank = before[filled] + wanted[filled]
    found = np.searchsorted(at_or_below, rank, side="left")
    counts = summary.counts[found]
    share = (rank - at_or_below[found] + counts - 0.5) / counts
    low = np.maximum(value_of(bins[found] - _BINS, 0.0), summary.low.ravel()[filled])
    high = np.minimum(value_of(bins[found] - _BINS, 1.0), summary.high.ravel()[filled])
    result[filled] = low + share * (high - low)
    return _tidied(summary, result.reshape(summary.n.shape))


def _tidied(summary: Summary, values: Floats) -> Floats:
    small = summary.whole & (np.abs(values) < _WHOLE_BELOW)
    return np.clip(np.where(small, np.round(values), values), summary.low, summary.high)


def bins_of(summary: Summary) -> tuple[Ints, Ints]:
    """Cell number and signed bin number of each of the summary's filled bins."""
    cells, bins = np.divmod(summary.keys, _STRIDE)
    return cells, bins - _BINS


def keys_of(cells: Ints, bins: Ints) -> Ints:
    """What `bins_of` undoes."""
    return cells * _STRIDE + bins + _BINS


class Gatherer:
    """Takes trials one at a time and summarises them in blocks, so that memory does not grow with their number."""

    def __init__(self, days: int, block: int = 64) -> None:
        self._days = days
        self._block = block
        self._waiting: list[Floats] = []
        self._summary: Summary | None = None
        self._series: tuple[str, ...] = ()

    def add_block(self, series: Sequence[str], values: Floats) -> None:
        """Add many trials at once: `values` has the shape (trials, series, days)."""
        self._series = self._series or tuple(series)
        self._waiting.append(values)
        self._flush()

    def add(self, daily: Mapping[str, Sequence[float]]) -> None:
        """Add one trial's series; a series shorter than the horizon counts for the days it has."""
        self._series = self._series or tuple(daily)
        values = np.full((len(self._series), self._days), np.nan)
        for row, name in zip(values, self._series, strict=True):
            row[: len(daily[name])] = daily[name]
        self._waiting.append(values[None])
        if len(self._waiting) >= self._block:
            self._flush()

    def summary(self) -> Summary:
        """The summary of all trials so far."""
        self._flush()
        return self._summary or empty(self._series, self._days)

    def _flush(self) -> None:
        if self._waiting:
            block = summarise(self._series, np.concatenate(self._waiting))
            self._summary = block if self._summary is None else merge([self._summary, block])
            self._waiting = []
