"""Intervals for means of weekly series whose neighbours are alike: the circular block bootstrap.

Weeks are drawn in blocks of `BLOCK_WEEKS`, a block that runs over the end going on at the start (Politis & Romano 1992,
in: Exploring the Limits of Bootstrap, 263-270), so that every week is drawn as often as every other. Blocks are longer
than the longest horizon (8 weeks), within which forecasts share part of what they missed, and short enough that 73
weeks hold six of them. Six blocks are few: a stated 95 % covers some 87 % on autoregressions of one half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.analysis.dice import uniforms
from sim.analysis.intervals import LEVEL, Floats

BLOCK_WEEKS = 12
REPLICATES = 2000


def circular(weeks: int, block: int = BLOCK_WEEKS, replicates: int = REPLICATES, seed: int = 0) -> NDArray[np.intp]:
    """Numbers of the weeks drawn (replicates, weeks): blocks from random starts, the last one cut short."""
    block = max(1, min(block, weeks))
    blocks = -(-weeks // block)
    starts = (uniforms(seed, ("blocks",), np.arange(replicates), blocks) * weeks).astype(np.intp)
    drawn = (starts[:, :, None] + np.arange(block)) % weeks
    return np.asarray(drawn.reshape(replicates, -1)[:, :weeks], np.intp)


def interval(replicates: Floats, level: float = LEVEL) -> tuple[float, float]:
    """The central `level` of the replicates of a statistic."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
