"""Addressed randomness: a draw is a pure function of where it is used, never of what was drawn before.

`uniform(at, day, stream, slot)` runs Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC11) on the counter (stream, trial, set, day and slot) under the key (seed). So a trial can be run alone, in any
order, on any worker, and a rule added to a scenario moves nobody else's luck.

Everything here is integer and float arithmetic on scalars that plain Python and numba do alike: products are masked to
32 bits, so it does not matter that Python's integers grow where int64 wraps.
"""

from __future__ import annotations

import hashlib
from math import exp, log, log1p, sqrt
from typing import NamedTuple

MASK32 = 0xFFFFFFFF
ROUND_0, ROUND_1 = 0xD2511F53, 0xCD9E8D57  # Philox4x32 multipliers
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85  # golden ratio, sqrt(3) - 1
TWO_26 = 67108864
UNIT_52 = 1.0 / 4503599627370496.0
LARGEST_EXPONENT = 700.0  # exp of more raises in Python and is infinite in numba
HUGE_MEAN = 1e12  # of counts: what is larger leaves the integers that engines share
SMALLEST_SIZE = 1e-9  # of the negative binomial: what is smaller overflows in the mean's share of it
LARGEST_COUNT = 100_000  # no inverse-CDF search goes further: a day has no more deaths than that


class Address(NamedTuple):
    """Where a trial's draws live: two 32-bit words of the seed, the parameter set, the trial."""

    low: int
    high: int
    set: int
    trial: int


def address(seed: int, set_index: int = 0, trial: int = 0) -> Address:
    """The address of one trial; `seed` is any integer in [0, 2**64), 0 included."""
    return Address(seed & MASK32, (seed >> 32) & MASK32, set_index, trial)


def stream(*path: str) -> int:
    """The 32-bit number of a stream, from the ids of the rule or process and of the item it concerns."""
    return int.from_bytes(hashlib.blake2b("\x1f".join(path).encode(), digest_size=4).digest(), "little")


def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Four 32-bit words from a 128-bit counter and a 64-bit key (Philox4x32, ten rounds)."""
    for _ in range(10):
        p0 = ROUND_0 * c0
        p1 = ROUND_1 * c2
        c0 = ((p1 >> 32) & MASK32) ^ c1 ^ k0
        c2 = ((p0 >> 32) & MASK32) ^ c3 ^ k1
        c1 = p1 & MASK32
        c3 = p0 & MASK32
        k0 = (k0 + WEYL_0) & MASK32
        k1 = (k1 + WEYL_1) & MASK32
    return c0, c1, c2, c3


def uniform(at: Address, day: int, stream: int, slot: int) -> float:
    """A number strictly between 0 and 1 (52 bits), for a day in [0, 65535] and a slot in [0, 65535]."""
    w0, w1, _, _ = philox(stream, at.trial, at.set, (day << 16) | slot, at.low, at.high)
    return ((w0 >> 6) * TWO_26 + (w1 >> 6) + 0.5) * UNIT_52


def normal_quantile(p: float) -> float:
    """The standard normal quantile of `p` in (0, 1): Wichura's algorithm AS 241 (1988), 16 digits."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608  # fmt: skip
        low = ((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0  # fmt: skip
        return q * top / low
    r = sqrt(-log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = ((((((0.00077454501427834140764 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734  # fmt: skip
        low = ((((((1.05075007164441684324e-9 * r + 0.0005475938084995344946) * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0  # fmt: skip
    else:
        r -= 5.0
        top = ((((((2.01033439929228813265e-7 * r + 0.0000271155556874348757815) * r + 0.0012426609473880784386) * r + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772  # fmt: skip
        low = ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 0.000018463183175100546818) * r + 0.0007868691311456132591) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0  # fmt: skip
    return -top / low if q < 0.0 else top / low


def lognormal(u: float, median: float, sigma: float) -> float:
    """The log-normal quantile of `u` with this median and this sigma of the logarithm."""
    return median * exp(min(sigma * normal_quantile(u), LARGEST_EXPONENT))


def poisson(u: float, mean: float) -> float:
    """The Poisson quantile of `u`; means above 700, where exp underflows, by the normal approximation."""
    if mean <= 0.0:
        return 0.0
    mean = min(mean, HUGE_MEAN)
    if mean > 700.0:
        return max(0.0, float(int(mean + sqrt(mean) * normal_quantile(u) + 0.5)))
    mass = exp(-mean)
    total = mass
    count = 0
    while u > total and count < LARGEST_COUNT and mass > 0.0:
        count += 1
        mass *= mean / count
        total += mass
    return float(count)


def negative_binomial(u: float, mean: float, size: float) -> float:
    """The negative-binomial quantile of `u`: variance mean + mean**2 / size; searched upward from zero.

    Where the mass at zero would underflow, the normal approximation stands in, as for the Poisson.
    """
    if mean <= 0.0:
        return 0.0
    mean = min(mean, HUGE_MEAN)
    size = max(size, SMALLEST_SIZE)
    nothing = size * log1p(mean / size)
    if nothing > 700.0:
        return max(0.0, float(int(mean + sqrt(mean + mean * mean / size) * normal_quantile(u) + 0.5)))
    failure = mean / (mean + size)
    mass = exp(-nothing)
    total = mass
    count = 0
    while u > total and count < LARGEST_COUNT and mass > 0.0:
        mass *= failure * (size + count) / (count + 1)
        count += 1
        total += mass
    return float(count)
