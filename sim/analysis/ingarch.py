"""Weekly deaths as a negative-binomial INGARCH(1, 1) series.

Given the past, the deaths of a week are negative binomial with mean l(t) = w + a y(t-1) + b l(t-1) and variance
l + l^2 / size. By maximum likelihood, with w > 0, a, b >= 0 and a + b < 1; the mean of the first week is that of the
series. Forecasts of several weeks are simulated week by week.

Sources: Ferland, Latour & Oraichi (2006), J. Time Ser. Anal. 27:923; Zhu (2011), J. Time Ser. Anal. 32:54.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.signal import lfilter
from scipy.special import digamma, expit, gammaln, nbdtrik

from sim.analysis.intervals import Floats

LARGEST_SUM = 0.995  # of a + b
BOUNDS = (
    (-6.0, 8.0),
    (-6.0, 6.0),
    (-6.0, 6.0),
    (-4.0, 6.0),
)  # of log w, the logits of a + b and of a's share, log size
SMALLEST_MEAN = 1e-6


@dataclass(frozen=True, slots=True)
class Ingarch:
    """A fitted model: base `w` (deaths a week), weights of last week's deaths `a` and mean `b`, and `size`."""

    w: float
    a: float
    b: float
    size: float

    def means(self, deaths: Floats) -> Floats:
        """The mean (n + 1,) of each week given those before, of weekly deaths (n,); the last is next week's."""
        first = float(deaths.mean())
        driven = np.concatenate([[first], self.w + self.a * deaths])
        return np.maximum(np.asarray(lfilter([1.0], [1.0, -self.b], driven), np.float64), SMALLEST_MEAN)

    def log_likelihood(self, deaths: Floats) -> float:
        """The log likelihood of weekly deaths (n,)."""
        mean, size = self.means(deaths)[:-1], self.size
        combinations = gammaln(deaths + size) - gammaln(size) - gammaln(deaths + 1)
        terms = combinations - size * np.log1p(mean / size) + deaths * np.log(mean / (size + mean))
        return float(terms.sum())

    def simulate(self, deaths: Floats, uniforms: Floats) -> Floats:
        """Weekly deaths (paths, weeks) after the last of `deaths` (n,), one uniform (paths, weeks) a number."""
        mean = np.full(len(uniforms), self.means(deaths)[-1])
        simulated = np.empty_like(uniforms)
        for week in range(uniforms.shape[1]):
            simulated[:, week] = negative_binomial(uniforms[:, week], mean, self.size)
            mean = self.w + self.a * simulated[:, week] + self.b * mean
        return simulated


def negative_binomial(uniforms: Floats, mean: Floats, size: float) -> Floats:
    """Quantiles: the smallest count whose distribution function reaches the uniform."""
    p = size / (size + np.maximum(mean, SMALLEST_MEAN))
    return np.asarray(np.ceil(np.maximum(nbdtrik(uniforms, size, p), 0.0)), np.float64)


def fit(deaths: Floats) -> Ingarch:
    """Fit weekly deaths (n,), whole or not. The search begins at half persistence and the series' own mean and size.

    By truncated Newton steps: SciPy's L-BFGS-B lets a threaded BLAS wait on itself, and takes twenty times as long.
    """
    mean, variance = max(float(deaths.mean()), 0.1), float(deaths.var())
    size = mean**2 / max(variance - mean, mean / 10)
    lows, highs = np.array(BOUNDS).T
    start = np.clip([np.log(mean / 4), np.log(3.0), 0.0, np.log(2 * size)], lows, highs)
    return _model(minimize(loss, start, (deaths,), method="TNC", jac=True, bounds=BOUNDS).x)


def _model(free: Floats) -> Ingarch:
    total, share = LARGEST_SUM * float(expit(free[1])), float(expit(free[2]))
    return Ingarch(float(np.exp(free[0])), total * share, total * (1 - share), float(np.exp(free[3])))


def loss(free: Floats, deaths: Floats) -> tuple[float, Floats]:
    """Minus the log likelihood, and its gradient by log w, the logits of a + b and of a's share of it, and log size."""
    model = _model(free)
    mean, size = model.means(deaths)[:-1], model.size
    by_mean = deaths / mean - (deaths + size) / (mean + size)
    driven = np.column_stack([np.ones(len(deaths) - 1), deaths[:-1], mean[:-1]])  # of the mean, by w, a and b
    slopes = np.asarray(lfilter([1.0], [1.0, -model.b], driven, axis=0), np.float64)
    by_w, by_a, by_b = by_mean[1:] @ slopes
    by_size = digamma(deaths + size) - digamma(size) + np.log(size / (mean + size)) + (mean - deaths) / (mean + size)
    total, share = model.a + model.b, float(expit(free[2]))
    by_total = (share * by_a + (1 - share) * by_b) * total * (1 - total / LARGEST_SUM)
    by_share = total * (by_a - by_b) * share * (1 - share)
    gradient = np.array([by_w * model.w, by_total, by_share, float(by_size.sum()) * size])
    return -model.log_likelihood(deaths), -gradient
