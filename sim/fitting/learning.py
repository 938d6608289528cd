"""What a fitted population says: rows of equal weight, a regression towards the record, and what was not learnt.

*Regression* (Beaumont, Zhang & Balding 2002, Genetics 162:2025). Simulations within the tolerance are still some way
off the record. Normal scores of the parameters are regressed on the summaries, near simulations weighing more
(Epanechnikov), and each point is moved along the fitted plane to where the record stands. Scores have no bounds, so
values stay inside their priors. A plane with p slopes fits n effective points too well; what is left of their scatter
is widened by the root of (n - 1) / (n - 1 - p), or a parameter of which nothing is known would seem learnt.

*Not learnt.* A parameter keeps its prior if, in quantiles of that prior, its posterior is at least `SPREAD` as wide as
the prior and nowhere further from it than `APART` (Kolmogorov's distance), or than what chance alone does once in a
hundred times for that many effective points. Width alone would overlook a posterior that lies at both ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sim.analysis.dice import uniforms
from sim.analysis.intervals import Floats
from sim.errors import InputError
from sim.fitting.populations import Population, values_of
from sim.scenario.laws import Distribution

SPREAD = 0.9
APART = 0.1
BY_CHANCE = 1.63  # over the root of n: Kolmogorov's distance that n points exceed once in a hundred times
PRIOR_SD = 12**-0.5  # of a quantile
TOO_FEW = "too few for a regression"


@dataclass(frozen=True)
class Learnt:
    """Posterior against prior: ratio of standard deviations and Kolmogorov's distance, both of prior quantiles."""

    name: str
    spread: float
    distance: float
    kept: bool  # the prior


def learnt(population: Population) -> list[Learnt]:
    """How far each parameter's posterior is from its prior."""
    most = max(APART, BY_CHANCE / population.effective**0.5)
    told = []
    for name, column in zip(population.names, population.quantiles.T, strict=True):
        spread, apart = _sd(column, population.weights) / PRIOR_SD, _kolmogorov(column, population.weights)
        told.append(Learnt(name, spread, apart, bool(spread >= SPREAD and apart <= most)))
    return told


def kept_prior(population: Population) -> list[str]:
    """Names of the parameters that the data cannot identify."""
    return [parameter.name for parameter in learnt(population) if parameter.kept]


def resampled(population: Population, rows: int, seed: int, priors: Mapping[str, Distribution] | None = None) -> Floats:
    """Rows (rows, k) of equal weight: systematic resampling, so a point of weight w comes rows * w times, or one off.

    Parameters named in `priors` are drawn from their law instead, each row on its own.
    """
    total = np.cumsum(population.weights)
    places = (np.arange(rows) + uniforms(seed, ("fitting", "resampled"), [0], 1)[0, 0]) / rows
    chosen = np.minimum(np.searchsorted(total, places * total[-1]), len(total) - 1)
    values: Floats = population.values[chosen]
    for name, law in (priors or {}).items():
        luck = uniforms(seed, ("fitting", "prior", name), range(rows), 1)[:, 0]
        values[:, population.names.index(name)] = [law.ppf(u) for u in luck.tolist()]
    return values


def adjusted(population: Population, observed: Floats, laws: tuple[Distribution, ...]) -> Population:
    """The population moved to the record by local linear regression.

    Summaries that are undefined in the record are not used; a point of which another one is undefined gets no weight.
    InputError if the points that are left are effectively fewer than the plane's coefficients and a third more.
    """
    used = np.isfinite(observed)
    gaps = population.summaries[:, used] - observed[used]
    whole = np.asarray(np.isfinite(gaps).all(axis=1))
    weights = np.where(whole, population.weights * _nearness(population), 0.0)
    n, p = np.sum(weights) ** 2 / max(np.sum(weights**2), 1e-300), gaps.shape[1]
    if n < 4 / 3 * (1 + p):
        raise InputError(
            f"{n:.1f} effective points are {TOO_FEW} on {p} summaries; take a larger population (--population)"
        )
    weights = weights / np.sum(weights)
    gaps = np.where(whole[:, None], gaps, 0.0)
    slopes, p = _slopes(gaps, population.points, weights)
    points = population.points - gaps @ slopes
    centre = weights @ points
    points = centre + (points - centre) * np.sqrt((n - 1) / (n - 1 - p))
    values = np.array([values_of(point, laws) for point in points])
    return replace(population, points=points, values=values, weights=weights)


def _nearness(population: Population) -> Floats:
    """Epanechnikov weights (n,), 0 at the tolerance (at the farthest point, where there is none)."""
    farthest = min(population.tolerance, float(np.max(population.distances)))
    return 1 - (population.distances / farthest) ** 2 if farthest > 0 else np.ones_like(population.distances)


def _slopes(gaps: Floats, points: Floats, weights: Floats) -> tuple[Floats, int]:
    """Weighted least-squares slopes (s, k) of points (n, k) on gaps (n, s), 0 where nothing varies, and their rank."""
    centred = gaps - weights @ gaps
    scale = np.sqrt(weights @ centred**2)
    scale = np.where(scale > 0, scale, np.inf)
    root = np.sqrt(weights)[:, None]
    slopes, _, rank, _ = np.linalg.lstsq(root * (centred / scale), root * (points - weights @ points), rcond=1e-10)
    return np.asarray(slopes / scale[:, None], np.float64), int(rank)


def _sd(values: Floats, weights: Floats) -> float:
    mean = float(np.sum(weights * values))
    return float(np.sqrt(np.sum(weights * (values - mean) ** 2)))


def _kolmogorov(quantiles: Floats, weights: Floats) -> float:
    """The greatest distance between the weighted distribution of quantiles and the uniform law."""
    order = np.argsort(quantiles, kind="stable")
    above = np.cumsum(weights[order])
    sorted_ = quantiles[order]
    return float(np.max(np.maximum(above - sorted_, sorted_ - above + weights[order])))
