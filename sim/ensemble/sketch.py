"""Daily summaries of bounded size that merge: per series and day a count, sums, extremes and a histogram.

A quantile taken from the histogram (`sim.bins`), wherever in its bin, is within `RELATIVE_ERROR` of the order statistic
it stands for. A series needs as many bins a day as its values span, nine thousand at most, however many trials there
are. Blocks of the compiled engine are counted by the compiled engine, all others by numpy, with equal results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.bins import BITS, LAST, bin_of, value_of

WHOLE_BELOW = 2 ** (BITS + 1)  # whole numbers below this have a bin of their own
EXACT_BELOW = 2.0**53  # sums of whole numbers below this have no rounding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Small = NDArray[np.int32]


# --- bins -----------------------------------------------------------------------------------------------------------


class Filled(NamedTuple):
    """The bins of a series that hold something: day (from 0), bin number and count of each, by day."""

    days: Small
    bins: Small
    counts: Small


class Histogram:
    """Counts of one series, shape (days, bins), of the bins that hold something on some day; `bins` are sorted."""

    def __init__(self, days: int) -> None:
        self.bins: Ints = np.empty(0, np.int64)
        self.counts: Small = np.zeros((days, 0), np.int32)

    def filled(self) -> Filled:
        """What holds something."""
        places = np.flatnonzero(self.counts)
        days, bins = np.divmod(places.astype(np.int32), np.int32(max(1, len(self.bins))))
        return Filled(days, self.bins.astype(np.int32)[bins], self.counts.reshape(-1)[places].astype(np.int32))

    def add(self, other: Filled) -> None:
        """Add the counts of some bins, each of which is named once."""
        if other.bins.size:
            places = self._places(other.days, other.bins)
            self.counts.reshape(-1)[places] += other.counts

    def add_values(self, values: Floats, counted: NDArray[np.bool_] | None) -> None:
        """Count values, shape (trials, days), of which those that are not `counted` are left out."""
        bins = bin_of(values)
        day = np.broadcast_to(np.arange(values.shape[1]), bins.shape)
        bins, day = (bins.ravel(), day.ravel()) if counted is None else (bins[counted], day[counted])
        if bins.size:
            places = self._places(day, bins)
            np.add.at(self.counts.reshape(-1), places, 1)

    def _places(self, days: Ints | Small, bins: Ints | Small) -> Ints:
        """Where some bins of some days stand in the counts, row after row; makes room for those that are new."""
        first = int(bins.min())
        seen = np.flatnonzero(np.bincount(bins - first))
        column = np.zeros(int(seen[-1]) + 1, np.int64)
        column[seen] = self._columns(seen + first)
        return np.asarray(days * len(self.bins) + column[bins - first])

    def widen(self, bins: Ints) -> None:
        """Make room for bins, in rising order."""
        if bins.size:
            self._columns(bins)

    def _columns(self, bins: Ints) -> Ints:
        """The columns of some bins, in rising order; makes room for those that are new."""
        found = np.searchsorted(self.bins, bins)
        if found[-1] == len(self.bins) or (self.bins[found] != bins).any():
            both = np.union1d(self.bins, bins)
            counts = np.zeros((len(self.counts), len(both)), np.int32)
            counts[:, np.searchsorted(both, self.bins)] = self.counts
            self.bins, self.counts = both, counts
            found = np.searchsorted(both, bins)
        return found


# --- summaries ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    """What is kept of many trials' daily values; arrays have the shape (series, days), bins are by series.

    `low` and `high` are infinite and `whole` true where nothing was counted.
    """

    series: tuple[str, ...]
    n: Ints
    total: Floats
    squares: Floats
    low: Floats
    high: Floats
    whole: NDArray[np.bool_]
    filled: Mapping[str, Filled]

    @property
    def days(self) -> int:
        """How many days the summary covers."""
        return int(self.n.shape[1])


def summarise(series: Sequence[str], values: Floats) -> Summary:
    """The summary of `values`, shape (trials, series, days); what is not finite is left out."""
    gathered = Gatherer(values.shape[2])
    gathered.add_block(series, values)
    return gathered.summary()


def empty(series: Sequence[str], days: int) -> Summary:
    """The summary of no trial."""
    return summarise(series, np.empty((0, len(series), days)))


class _Sum:
    """A sum that carries its rounding errors along (Knuth's two-sum) and is rounded once."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.total, self.lost = np.zeros(shape), np.zeros(shape)

    @classmethod
    def of(cls, total: Floats, lost: Floats | None = None) -> _Sum:
        """A sum, and what it has lost so far (None: nothing)."""
        made = cls(total.shape)
        made.total = total
        made.lost = made.lost if lost is None else lost
        return made

    def add(self, more: Floats) -> None:
        """Add an array of the same shape."""
        new = self.total + more
        back = new - self.total
        self.lost += (self.total - (new - back)) + (more - back)
        self.total = new

    def add_sum(self, other: _Sum, to: Any) -> None:
        """Add a sum to the part `to` of this one."""
        part = _Sum(other.total.shape)
        part.total, part.lost = self.total[to], self.lost[to] + other.lost
        part.add(other.total)
        self.total[to], self.lost[to] = part.total, part.lost

    def rounded(self) -> Floats:
        """The sum."""
        return self.total + self.lost


class _Counting:
    """The histograms of all series as compiled code counts into them: one row of numbers, and where each bin stands.

    `column` (series, bins) holds the column of each bin in its series' table, -1 where it has none.
    """

    def __init__(self) -> None:
        self.counts: Small = np.empty(0, np.int32)

    def of(self, histograms: Sequence[Histogram]) -> _Counting:
        """Itself, laid out anew where a histogram has grown by other hands."""
        if not self.counts.size or any(histogram.counts.base is not self.counts for histogram in histograms):
            self._lay_out(histograms)
        return self

    def widened(self, histograms: Sequence[Histogram], new: NDArray[np.bool_]) -> _Counting:
        """With columns for the bins that are marked, (series, bins)."""
        for histogram, marked in zip(histograms, new, strict=True):
            histogram.widen(np.flatnonzero(marked) - LAST)
        self._lay_out(histograms)
        return self

    def _lay_out(self, histograms: Sequence[Histogram]) -> None:
        tables = [histogram.counts for histogram in histograms]
        self.widths = np.array([len(histogram.bins) for histogram in histograms])
        self.begins = np.cumsum([0, *(table.size for table in tables[:-1])])
        self.counts = np.concatenate([table.reshape(-1) for table in tables])
        self.column = np.full((len(tables), 2 * LAST + 1), -1, np.int32)
        for k, histogram in enumerate(histograms):
            begin, shape = self.begins[k], histogram.counts.shape
            histogram.counts = self.counts[begin : begin + histogram.counts.size].reshape(shape)
            self.column[k, histogram.bins + LAST] = np.arange(len(histogram.bins))


class Gatherer:
    """Adds up trials, blocks of trials and summaries, so that memory does not grow with their number.

    Counts, bins and extremes do not depend on the order; sums are carried with twice the precision and rounded once.
    """

    def __init__(self, days: int, block: int = 64) -> None:
        self._days = days
        self._block = block
        self._waiting: list[Floats] = []
        self._begin(())

    def _begin(self, series: tuple[str, ...]) -> None:
        shape = (len(series), self._days)
        self._series = series
        self._n, self._whole = np.zeros(shape, np.int64), np.ones(shape, np.bool_)
        self._low, self._high = np.full(shape, np.inf), np.full(shape, -np.inf)
        self._total, self._squares = _Sum(shape), _Sum(shape)
        self._histograms = [Histogram(self._days) for _ in series]
        self._counting = _Counting()

    def add_compiled(self, series: Sequence[str], values: Floats) -> None:
        """As `add_block`, by compiled code, of what the compiled engine gave."""
        self._require(tuple(series), values.shape[2])
        self._tally(np.ascontiguousarray(values.transpose(0, 2, 1)))

    def add_block(self, series: Sequence[str], values: Floats) -> None:
        """Add many trials at once: `values` has the shape (trials, series, days)."""
        self._require(tuple(series), values.shape[2])
        # One series at a time, since its numbers fit in the cache of a processor.
        rounded = [k for k in range(len(self._series)) if not self._add_series(k, np.ascontiguousarray(values[:, k]))]
        total, squares = (_Sum((len(rounded), self._days)) for _ in range(2))
        for row in values[:, rounded]:
            counted = np.where(np.isfinite(row), row, 0.0)
            total.add(counted)
            squares.add(counted * counted)
        self._total.add_sum(total, rounded)
        self._squares.add_sum(squares, rounded)

    def _tally(self, numbers: Floats) -> None:
        """Add numbers (trials, days, series)."""
        from sim.batch.compiling import kernels

        bits, new = numbers.view(np.int64), np.zeros((len(self._series), 2 * LAST + 1), np.bool_)
        counting = self._counting.of(self._histograms)
        if kernels().find_new_bins(bits, counting.column, new):
            counting = self._counting.widened(self._histograms, new)
        shape = (self._days, len(self._series))
        n, whole, sums = np.zeros(shape, np.int64), np.ones(shape, np.bool_), np.zeros((4, *shape))
        low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
        kernels().tally(
            numbers, bits, counting.column, counting.begins, counting.widths, counting.counts, n, low, high, whole, sums
        )
        self._n += n.T
        self._whole &= whole.T
        self._low, self._high = np.minimum(self._low, low.T), np.maximum(self._high, high.T)
        self._total.add_sum(_Sum.of(sums[0].T, sums[1].T), slice(None))
        self._squares.add_sum(_Sum.of(sums[2].T, sums[3].T), slice(None))

    def _add_series(self, k: int, values: Floats) -> bool:
        """Add a series, shape (trials, days); False if its sums are still to be added, since they would be rounded."""
        finite = np.isfinite(values)
        gaps = not finite.all()
        zeroed = np.where(finite, values, 0.0) if gaps else values
        low = (np.where(finite, values, np.inf) if gaps else values).min(axis=0, initial=np.inf)
        high = (np.where(finite, values, -np.inf) if gaps else values).max(axis=0, initial=-np.inf)
        whole = (zeroed == np.floor(zeroed)).all(axis=0)
        self._n[k] += finite.sum(axis=0)
        self._low[k], self._high[k] = np.minimum(self._low[k], low), np.maximum(self._high[k], high)
        self._whole[k] &= whole
        self._histograms[k].add_values(zeroed, finite if gaps else None)
        squares = zeroed * zeroed
        if not whole.all() or squares.max(initial=0.0) * len(values) >= EXACT_BELOW:
            return False
        self._total.add_sum(_Sum.of(zeroed.sum(axis=0)), k)
        self._squares.add_sum(_Sum.of(squares.sum(axis=0)), k)
        return True

    def add_summary(self, summary: Summary) -> None:
        """Add the trials of a summary; ValueError where it has other series or days. One of no series has no trial."""
        if not summary.series:
            return
        self._require(summary.series, summary.days)
        self._n = self._n + summary.n
        self._total.add(summary.total)
        self._squares.add(summary.squares)
        self._low, self._high = np.minimum(self._low, summary.low), np.maximum(self._high, summary.high)
        self._whole = self._whole & summary.whole
        for name, filled in summary.filled.items():
            self.add_filled(name, filled)

    def add_filled(self, series: str, filled: Filled) -> None:
        """Add bins of a series, of trials that are counted already."""
        self._histograms[self._series.index(series)].add(filled)

    def _require(self, series: tuple[str, ...], days: int) -> None:
        if not self._series:
            self._begin(series)
        if (series, days) != (self._series, self._days):
            raise ValueError("summaries of different series or days cannot be merged")

    def add(self, daily: Mapping[str, Sequence[float]]) -> None:
        """Add one trial's series; a series shorter than the horizon counts for the days it has."""
        if not self._series:
            self._begin(tuple(daily))
        values = np.full((len(self._series), self._days), np.nan)
        for row, name in zip(values, self._series, strict=True):
            row[: len(daily[name])] = daily[name]
        self._waiting.append(values)
        if len(self._waiting) >= self._block:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self.add_block(self._series, np.stack(self._waiting))
            self._waiting = []

    def summary(self) -> Summary:
        """The summary of all trials; its arrays are the gatherer's own, which takes no more after it."""
        self._flush()
        return Summary(
            self._series, self._n, self._total.rounded(), self._squares.rounded(), self._low, self._high, self._whole,
            {name: self._histograms.pop(0).filled() for name in self._series},
        )  # fmt: skip


# --- quantiles ------------------------------------------------------------------------------------------------------


def quantile(summary: Summary, q: float) -> Floats:
    """The `q` quantile of every series on every day, shape (series, days); NaN where nothing was counted.

    It stands for the smallest value with at least a share `q` of the trials at or below it; a bin's trials are taken to
    lie evenly in it. Exact for whole numbers below 128, for zero and for constants; else within `RELATIVE_ERROR`.
    """
    found = np.full(summary.n.shape, np.nan)
    for k, name in enumerate(summary.series):
        days, histogram = np.flatnonzero(summary.n[k]), Histogram(summary.days)
        histogram.add(summary.filled[name])
        if days.size:
            low, high, whole = summary.low[k, days], summary.high[k, days], summary.whole[k, days]
            found[k, days] = _quantile(histogram.counts[days], histogram.bins, q, low, high, whole)
    return found


def _quantile(counts: Small, bins: Ints, q: float, low: Floats, high: Floats, whole: NDArray[np.bool_]) -> Floats:
    """The quantile of each day, each of which has some count; `low`, `high` and `whole` are of these days."""
    days, up_to = np.arange(len(counts)), np.cumsum(counts, axis=1)
    rank = np.maximum(1, np.ceil(q * up_to[:, -1] - 1e-9)).astype(np.int64)
    place = (up_to < rank[:, None]).sum(axis=1)
    count = counts[days, place]
    share = (rank - up_to[days, place] + count - 0.5) / count
    near, far = value_of(bins[place], 0.0), value_of(bins[place], 1.0)
    lower, upper = (np.clip(end, low, high) for end in (np.minimum(near, far), np.maximum(near, far)))
    return np.where(whole & (np.abs(near) < WHOLE_BELOW), near, lower + share * (upper - lower))
