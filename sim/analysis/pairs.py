"""Differences between probabilities of the same trials under two sets of assumptions, trial by trial.

*Interval.* Bonett & Price's adjusted Wald interval for paired shares (2012, J. Educ. Behav. Stat. 37:479), which is
sensible where few pairs or none differ. With several parameter sets the pairs of a set share their parameters: the
number of pairs is divided by a design effect and the normal quantile gives way to Student's, as
`sim.analysis.intervals` does for one probability. *Range.* The 5th to 95th percentile of the sets' differences, the
spread that chance alone makes taken out, as there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.analysis.intervals import LEVEL, PRIOR_HITS, PRIOR_ICC, RANGE, RANGE_ICC, quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more probable an outcome is, with its Monte Carlo interval, and in how many pairs it came or went.

    `variance_ratio` is the variance that unpaired trials would have had over that of the pairs: how many times fewer
    trials the pairing needed; nan where no pair differs.
    """

    difference: float
    mc_low: float
    mc_high: float
    gained: int
    lost: int
    variance_ratio: float


@dataclass(frozen=True, slots=True)
class SetDifference:
    """The same over parameter sets, with the range across them (nan without sets); `pairs` is their number."""

    difference: float
    mc_low: float
    mc_high: float
    range_low: float
    range_high: float
    gained: int
    lost: int
    pairs: int
    variance_ratio: float


@dataclass(frozen=True, slots=True)
class Tips:
    """By parameter set: pairs in which the outcome came (`gained`), in which it went (`lost`), and all pairs."""

    gained: Floats
    lost: Floats
    pairs: Floats

    def of(self, sets: NDArray[np.bool_]) -> Tips:
        """Some of the sets."""
        return Tips(self.gained[sets], self.lost[sets], self.pairs[sets])

    @property
    def differences(self) -> Floats:
        """The difference in each set."""
        return (self.gained - self.lost) / self.pairs


def paired_difference(after: ArrayLike, before: ArrayLike, level: float = LEVEL) -> Difference:
    """The difference in the share of true values between paired flags (arrays of equal length).

    The pairs are taken as independent: trials of one parameter set, or futures of one past.
    """
    new, old = np.asarray(after, bool), np.asarray(before, bool)
    gained, lost = int((new & ~old).sum()), int((old & ~new).sum())
    if not len(new):
        return Difference(math.nan, -1.0, 1.0, 0, 0, math.nan)
    low, high = _bonett_price(gained, lost, len(new), len(new), quantile(1, level))
    return Difference((gained - lost) / len(new), low, high, gained, lost, _variance_ratio(new, old))


def clustered_difference(after: ArrayLike, before: ArrayLike, sets: ArrayLike, level: float = LEVEL) -> SetDifference:
    """The difference between paired flags whose pairs belong to parameter `sets` (three arrays of equal length)."""
    new, old = np.asarray(after, bool), np.asarray(before, bool)
    if not len(new):
        return SetDifference(math.nan, -1.0, 1.0, math.nan, math.nan, 0, 0, 0, math.nan)
    codes = np.unique(np.asarray(sets), return_inverse=True)[1]
    tips = tips_by_set(new, old, codes)
    low, high = interval(tips, level)
    ratio = _variance_ratio(new, old) if len(tips.pairs) < 2 else _clustered_ratio(new, old, codes, tips)
    total = int(tips.pairs.sum())
    gained, lost = int(tips.gained.sum()), int(tips.lost.sum())
    return SetDifference((gained - lost) / total, low, high, *range_across_sets(tips), gained, lost, total, ratio)


def tips_by_set(after: NDArray[np.bool_], before: NDArray[np.bool_], codes: NDArray[np.int64]) -> Tips:
    """The pairs counted by set; `codes` number the sets 0, 1, ... without a gap."""
    size = int(codes.max(initial=-1)) + 1
    flags = (after & ~before, before & ~after, np.ones(len(codes), dtype=np.bool_))
    return Tips(*(np.bincount(codes, flag, size).astype(np.float64) for flag in flags))


def interval(tips: Tips, level: float = LEVEL) -> tuple[float, float]:
    """The Monte Carlo interval of the difference over all sets, clustered by set."""
    total = float(tips.pairs.sum())
    size = float((tips.pairs**2).sum()) / total
    worth = total / (1 + (size - 1) * _correlation(tips, PRIOR_ICC))
    return _bonett_price(
        float(tips.gained.sum()), float(tips.lost.sum()), total, worth, quantile(len(tips.pairs), level)
    )


def range_across_sets(tips: Tips) -> tuple[float, float]:
    """The 5-95 % range of the difference across sets, freed from chance; nan without two sets of two pairs each."""
    if len(tips.pairs) < 2 or tips.pairs.min() < 2:
        return math.nan, math.nan
    found, whole = tips.differences, float((tips.gained - tips.lost).sum() / tips.pairs.sum())
    seen, between = float(found.var(ddof=1)), _components(tips)[0]
    least = _correlation(tips, RANGE_ICC) * (_discordant(tips) / float(tips.pairs.sum()) - whole**2)
    kept = math.sqrt(min(1.0, max(between, least) / seen)) if seen > 0 else 0.0
    low, high = np.quantile(found.mean() + kept * (found - found.mean()), RANGE)
    return float(low), float(high)


def _bonett_price(gained: float, lost: float, pairs: float, worth: float, z: float) -> tuple[float, float]:
    """The interval from `pairs` pairs that tell as much as `worth` independent ones."""
    up, down = (gained * worth / pairs + 1) / (worth + 2), (lost * worth / pairs + 1) / (worth + 2)
    half = z * math.sqrt((up + down - (up - down) ** 2) / (worth + 2))
    return max(-1.0, up - down - half), min(1.0, up - down + half)


def _discordant(tips: Tips) -> float:
    return float((tips.gained + tips.lost).sum())


def _correlation(tips: Tips, prior: float) -> float:
    """Share of the variance of a pair's difference that lies between sets, steadied where few pairs tell it."""
    if len(tips.pairs) < 2:
        return 0.0
    gained, lost, total = float(tips.gained.sum()), float(tips.lost.sum()), float(tips.pairs.sum())
    rare = total - max(gained, lost, total - gained - lost)
    between, within = _components(tips)
    found = between / (between + within) if between > 0 else 0.0
    return (rare * found + PRIOR_HITS * prior) / (rare + PRIOR_HITS)


def _components(tips: Tips) -> tuple[float, float]:
    """Variance of a pair's difference between the sets (never negative) and within them, by analysis of variance."""
    total, sets = float(tips.pairs.sum()), len(tips.pairs)
    if total == sets:
        return 0.0, 0.0
    whole = float((tips.gained - tips.lost).sum()) / total
    between = float((tips.pairs * (tips.differences - whole) ** 2).sum()) / (sets - 1)
    within = (_discordant(tips) - float((tips.pairs * tips.differences**2).sum())) / (total - sets)
    size = (total - float((tips.pairs**2).sum()) / total) / (sets - 1)
    return max(0.0, (between - within) / size), within


def _variance_ratio(new: NDArray[np.bool_], old: NDArray[np.bool_]) -> float:
    pairs = float((new.astype(float) - old).var())
    return (float(new.var()) + float(old.var())) / pairs if pairs > 0.0 else math.nan


def _clustered_ratio(new: NDArray[np.bool_], old: NDArray[np.bool_], codes: NDArray[np.int64], tips: Tips) -> float:
    """The same for sets: what two ensembles with sets of their own would vary by, over what the paired sets do."""
    pairs = float(tips.differences.var(ddof=1))
    shares = [np.bincount(codes, flags, len(tips.pairs)) / tips.pairs for flags in (new, old)]
    return sum(float(share.var(ddof=1)) for share in shares) / pairs if pairs > 0.0 else math.nan
