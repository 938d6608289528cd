"""Intervals for means of weekly series whose neighbours are alike: the circular block bootstrap.

Weeks are drawn in blocks of `BLOCK_WEEKS`, a block that runs over the end going on at the start (Politis & Romano 1992,
in: Exploring the Limits of Bootstrap, 263-270), so that every week is drawn as often as every other. Blocks are longer
than the longest horizon (8 weeks), within which forecasts share part of what they missed, and short enough that 73
weeks hold six of them. Six blocks are few: a stated 95 % covers some 87 % on autoregressions of one half. Of fewer than
`LEAST_BLOCKS` nothing can be said: a block as long as the span gives the same mean wherever it begins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.analysis.dice import uniforms
from sim.analysis.intervals import LEVEL, Floats

BLOCK_WEEKS = 12
LEAST_BLOCKS = 3  # in a span; of fewer there is no interval
REPLICATES = 2000


def circular(weeks: int, block: int = BLOCK_WEEKS, replicates: int = REPLICATES, seed: int = 0) -> NDArray[np.intp]:
    """Numbers of the weeks drawn (replicates, weeks): blocks from random starts, the last one cut short."""
    blocks = -(-weeks // block)
    starts = (uniforms(seed, ("blocks",), np.arange(replicates), blocks) * weeks).astype(np.intp)
    drawn = (starts[:, :, None] + np.arange(block)) % weeks
    return np.asarray(drawn.reshape(replicates, -1)[:, :weeks], np.intp)


def totals(weekly: Floats, block: int = BLOCK_WEEKS, seed: int = 0) -> Floats:
    """Sums over the weeks drawn (replicates, k) of values (weeks, k); nan where the span holds too few blocks."""
    if len(weekly) < LEAST_BLOCKS * block:
        return np.full((REPLICATES, weekly.shape[1]), np.nan)
    return np.asarray(weekly[circular(len(weekly), block, seed=seed)].sum(axis=1), np.float64)


def interval(replicates: Floats, level: float = LEVEL) -> tuple[float, float]:
    """The central `level` of the replicates of a statistic; nan where one of them is."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
