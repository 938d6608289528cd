"""Bins for numbers of any size, whose width grows with them: read from a number's bits, hence alike on every machine.

A bin is named by a number's exponent and first `BITS` binary places, so each doubling of size is cut into 64 bins of
equal width. The idea is that of HdrHistogram (G. Tene) and of the DDSketch of Masson, Rim and Lee (2019, VLDB 12:2195).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 6
RELATIVE_ERROR = 2.0**-BITS
SMALLEST, LARGEST = 2.0**-20, 2.0**50  # what is nearer to zero counts as zero; what is larger as the largest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHIFT = 52 - BITS


def _first_bits(sizes: Floats) -> Ints:
    """Exponent and first places of positive numbers, as a whole number that grows with them."""
    return np.right_shift(sizes.view(np.int64), SHIFT)


ZERO = int(_first_bits(np.array([SMALLEST]))[0]) - 1  # first bits of what counts as zero
LAST = int(_first_bits(np.array([LARGEST]))[0]) - ZERO  # the last bin; below zero they are mirrored


def bin_of(values: Floats) -> Ints:
    """Number of the bin of each value: 0 for zero, positive and growing above it, mirrored below."""
    number = np.clip(_first_bits(np.abs(values)) - ZERO, 0, LAST)
    return np.where(values < 0, -number, number)


def value_of(bins: Ints, share: float | Floats = 0.0) -> Floats:
    """A value in each bin, at a share of the way from its end nearer to zero to the other; 0 for bin 0."""
    octave, place = np.divmod(np.abs(bins) - 1, 2**BITS)
    return np.asarray(np.sign(bins) * np.ldexp(SMALLEST * (1 + (place + share) * RELATIVE_ERROR), octave))
