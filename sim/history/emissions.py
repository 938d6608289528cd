"""What the regimes of a chain emit: deaths a day, negative binomial about a mean that past days move.

Within a regime bad days follow bad days: the day's mean is the regime's, times `1 - share + share x memory`, the
memory being past deaths as multiples of the regime's mean, exponentially weighted since the regime began. A sum over
several days is taken as so many equal days for the memory, and as without memory itself.

A day without deaths in the record may be one whose deaths were lost: zero is then a mixture. The memory takes such a
day as it was recorded, because which of the two it was is not told. Sums over several days are taken as whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.history.markov import Chain, Value

Floats = npt.NDArray[np.float64]

STIRLING = (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)  # of the powers -11, -9 ... -1
LEAST_MEAN = 1e-9  # deaths a day; no logarithm is asked of less


class Observation(NamedTuple):
    """Deaths summed over the `days` next in time; None where nothing was recorded."""

    deaths: float | None
    days: int = 1


def front(values: Floats) -> Floats:
    """Values (..., k) as (k, ...)."""
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


class Count(NamedTuple):
    """Deaths on a day, and what no memory moves of what they say, regimes in front (k, ...).

    `log_part` is the log probability without its powers of the mean, `power` that of size + mean, and `recalled` what
    such a day adds to the memory less 1.
    """

    deaths: float
    log_part: Floats
    power: Floats
    recalled: Floats


class Laws:
    """What the regimes of a chain emit, regimes in front (k, ...), with what is the same for all days worked out."""

    def __init__(self, chain: Chain) -> None:
        self.mean, self.size = np.maximum(front(chain.mean), LEAST_MEAN), front(chain.size)
        self.kept = chain.kept
        self._log_size = self.size * np.log(self.size) - log_gamma(self.size)
        self._moved = chain.share * self.mean
        self._counts: dict[float, Count] = {}
        self._loses = bool(np.any(chain.lost > 0.0))
        with np.errstate(divide="ignore"):
            self._log_lost, self._log_told = np.log(chain.lost), np.log1p(-chain.lost)

    def count(self, deaths: float) -> Count:
        """Deaths on a day."""
        if deaths not in self._counts:
            choices = log_gamma(deaths + self.size) - math.lgamma(deaths + 1.0)
            log_part = self._log_size + choices + (0.0 if deaths == 0.0 else self._log_told)
            self._counts[deaths] = Count(deaths, log_part, self.size + deaths, self.recalled(deaths))
        return self._counts[deaths]

    def recalled(self, deaths: float) -> Floats:
        """What a day with these deaths adds to the memory less 1."""
        return (1.0 - self.kept) * (deaths / self.mean - 1.0)

    def of_day(self, count: Count, excess: Floats) -> Floats:
        """Log likelihood (k, ...) of a day's deaths, the memory being given less 1."""
        mean = np.maximum(self.mean + self._moved * excess, LEAST_MEAN)
        logs: Floats = count.log_part - count.power * np.log(self.size + mean)
        if count.deaths > 0.0:
            logs += count.deaths * np.log(mean)
        elif self._loses:
            logs = np.logaddexp(self._log_lost, self._log_told + logs)
        return logs

    def of_sum(self, deaths: float, spent: Sequence[int]) -> Floats:
        """Log likelihood (...) of a sum over `spent` days in each regime: its own mean and variance, negative binomial.

        Exact when all days are of one regime (n days: n x mean and n x size), matched in two moments otherwise.
        """
        days = np.array(spent, dtype=float)
        mean: Floats = np.tensordot(days, self.mean, 1)
        excess: Floats = np.tensordot(days, self.mean**2 / self.size, 1)
        return log_negative_binomial(deaths, mean, mean**2 / excess)


def log_gamma(values: Floats) -> Floats:
    """Log of the gamma function above zero, to 13 digits: Stirling's series, from eight further on.

    scipy's would cost the start of every command a fifth of a second.
    """
    steps = np.multiply.reduce([values + k for k in range(8)])
    x = values + 8.0
    series = np.zeros_like(x)
    for term in STIRLING:
        series = series / (x * x) + term
    return np.asarray((x - 0.5) * np.log(x) - x + 0.5 * math.log(2.0 * math.pi) + series / x - np.log(steps))


def log_negative_binomial(count: float, mean: Value, size: Value) -> Floats:
    """Log probability (...) of a count with this mean and variance mean + mean^2 / size; counts may be fractional."""
    mean, size = np.maximum(mean, LEAST_MEAN), np.asarray(size, dtype=float)
    choices = log_gamma(count + size) - log_gamma(size) - math.lgamma(count + 1.0)
    return np.asarray(choices + size * np.log(size / (size + mean)) + count * np.log(mean / (size + mean)))
