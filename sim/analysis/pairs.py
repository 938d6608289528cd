"""Differences between probabilities of the same trials under two sets of assumptions, trial by trial."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from sim.analysis.intervals import LEVEL


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


def paired_difference(after: ArrayLike, before: ArrayLike, level: float = LEVEL) -> Difference:
    """The difference in the share of true values between paired flags (arrays of equal length).

    Bonett & Price's adjusted Wald interval (2012, J. Educ. Behav. Stat. 37:479), which is sensible where few pairs or
    none differ. The pairs are taken as independent: trials of one parameter set, or futures of one past.
    """
    new, old = np.asarray(after, bool), np.asarray(before, bool)
    n, gained, lost = len(new), int((new & ~old).sum()), int((old & ~new).sum())
    if not n:
        return Difference(math.nan, -1.0, 1.0, 0, 0, math.nan)
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = float(stats.norm.ppf(0.5 + level / 2)) * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    low, high = max(-1.0, up - down - half), min(1.0, up - down + half)
    return Difference((gained - lost) / n, low, high, gained, lost, _variance_ratio(new, old))


def _variance_ratio(new: NDArray[np.bool_], old: NDArray[np.bool_]) -> float:
    pairs = float((new.astype(float) - old).var())
    return (float(new.var()) + float(old.var())) / pairs if pairs > 0.0 else math.nan
