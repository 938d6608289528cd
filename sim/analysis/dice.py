"""Arrays of addressed uniforms, for what analysis draws itself: bootstraps, randomised PIT, baselines that simulate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sim.analysis.intervals import Floats
from sim.draws import TWO_26, UNIT_52, address, philox, stream


def uniforms(seed: int, path: tuple[str, ...], rows: ArrayLike, columns: int) -> Floats:
    """Numbers strictly between 0 and 1, one row for each of `rows` (whole numbers from 0 to 2**32 - 1).

    Row r holds what `sim.draws.uniform` gives for the trial r in the stream of `path`, day by day of 65,536 slots: so a
    row is the same whatever other rows are asked for, and its start whatever the number of columns.
    """
    at = address(seed)
    trial = np.asarray(rows, np.uint64)[:, None]
    counter = np.arange(columns, dtype=np.uint64)[None, :]
    first: Any = trial + 0 * counter  # Philox takes arrays of 64-bit words as it takes integers
    last: Any = counter + 0 * trial
    high, low, _, _ = philox(stream(*path), first, 0, last, at.low, at.high)
    return np.asarray(((high >> 6) * TWO_26 + (low >> 6) + 0.5) * UNIT_52, np.float64)
