"""Proper scores of one forecast against what was observed; the same for simulated ensembles and for recorded series.

All are negatively oriented: less is better. A forecast of a count is a sample with weights, which either *is* the
forecast distribution (deaths of past weeks) or was *drawn* from it (simulated trials); the second kind takes the fair
estimators, whose mean does not depend on how many were drawn.

Sources: Epstein (1969), J. Appl. Meteorol. 8:985 (RPS); Brier (1950), Mon. Weather Rev. 78:1; Gneiting & Raftery
(2007), J. Am. Stat. Assoc. 102:359 (CRPS, log score); Ferro (2014), Q. J. R. Meteorol. Soc. 140:1917 (fair scores);
Czado, Gneiting & Held (2009), Biometrics 65:1254 (randomised PIT).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.analysis.intervals import Floats

LEVELS = ("hold", "fray", "collapse")
LIMITS = (35.0, 100.0)  # deaths in seven days at which fray and collapse begin (DOMAIN 7.5)
SMOOTHING = 0.01  # the share of a uniform forecast that the log score mixes into every forecast
NEARLY = 1e-12  # sums of weights are exact to this


class Sample(NamedTuple):
    """Values in rising order (n,), their weights (n,), which add up to one, and whether they were drawn."""

    values: Floats
    weights: Floats
    drawn: bool


def sample(values: ArrayLike, weights: ArrayLike | None = None, drawn: bool = True) -> Sample:
    """A sample from values (n,) in any order and weights (n,) of any positive sum; default: all alike."""
    x = np.asarray(values, np.float64)
    order = np.argsort(x, kind="stable")
    if weights is None:
        return Sample(x[order], np.full(len(x), 1.0 / len(x)), drawn)
    w = np.asarray(weights, np.float64)[order]
    return Sample(x[order], w / w.sum(), drawn)


# --- of classes in order --------------------------------------------------------------------------------------------


def ranked_probability(probabilities: ArrayLike, level: ArrayLike) -> Floats:
    """Sum of squared differences of the cumulated probabilities (..., k) from the step at the observed class (...).

    Not divided by k - 1: between 0 and k - 1. The mean over forecasts is the RPS of the literature.
    """
    p = np.asarray(probabilities, np.float64)
    step = np.asarray(level)[..., None] <= np.arange(p.shape[-1] - 1)
    return np.asarray(((np.cumsum(p, axis=-1)[..., :-1] - step) ** 2).sum(axis=-1), np.float64)


def brier(probability: ArrayLike, happened: ArrayLike) -> Floats:
    """Squared difference of a probability from 1 where the event happened, from 0 where it did not."""
    return np.asarray((np.asarray(probability, np.float64) - np.asarray(happened, np.float64)) ** 2)


def log_score(probabilities: ArrayLike, level: ArrayLike, smoothing: float = SMOOTHING) -> Floats:
    """Minus the natural logarithm of the probability (..., k) of the observed class (...), in nats.

    Every forecast is first mixed with the uniform one, which weighs `smoothing`: a class that was ruled out and came
    costs log(k / smoothing), 5.7 for three classes, and not infinity.
    """
    p = np.asarray(probabilities, np.float64)
    smooth = (1 - smoothing) * p + smoothing / p.shape[-1]
    seen = np.take_along_axis(smooth, np.asarray(level, np.intp)[..., None], axis=-1)[..., 0]
    return np.asarray(-np.log(seen), np.float64)


# --- of counts ------------------------------------------------------------------------------------------------------


def crps(forecast: Sample, observed: float) -> float:
    """Continuous ranked probability score, E|X - y| - E|X - X'| / 2, in the unit of the values.

    Drawn samples of more than one take the fair estimator: pairs of different members only.
    """
    x, w, drawn = forecast
    upto = np.cumsum(w)
    spread = float((w * x * (2 * upto - w - 1)).sum())
    if drawn and len(x) > 1:
        spread /= 1 - float((w**2).sum())
    return float((w * np.abs(x - observed)).sum()) - spread


def central_interval(forecast: Sample, coverage: float) -> tuple[float, float]:
    """The smallest values below or at which (1 - coverage) / 2 and (1 + coverage) / 2 of the forecast lie.

    Both ends belong to it. For counts it therefore holds at least `coverage` of the forecast, and more where many
    values are alike.
    """
    upto = np.cumsum(forecast.weights)
    shares = np.array([(1 - coverage) / 2, (1 + coverage) / 2])
    at = np.minimum(np.searchsorted(upto, shares - NEARLY), len(upto) - 1)
    low, high = forecast.values[at]
    return float(low), float(high)


def covered(forecast: Sample, observed: float, coverage: float) -> bool:
    """Whether the observed value lies in the central interval."""
    low, high = central_interval(forecast, coverage)
    return low <= observed <= high


def randomised_pit(forecast: Sample, observed: float, uniform: float) -> float:
    """Probability integral transform: forecast below the observed value plus `uniform` times what is equal to it.

    Standard uniform if forecasts are right. Among n drawn values the observed one is taken as the n + 1st, which is
    exact: the rank of one among n + 1 alike is uniform.
    """
    x, w, drawn = forecast
    below, equal = float(w[x < observed].sum()), float(w[x == observed].sum())
    if not drawn:
        return below + uniform * equal
    n = len(x)
    return (n * below + uniform * (n * equal + 1)) / (n + 1)


def levels(deaths: ArrayLike, limits: tuple[float, float] = LIMITS) -> NDArray[np.int64]:
    """0 hold, 1 fray, 2 collapse, from deaths in seven days; fray and collapse begin at their limit."""
    return np.searchsorted(np.asarray(limits), np.asarray(deaths, np.float64), side="right").astype(np.int64)
