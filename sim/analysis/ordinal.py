"""Proportional-odds regression of the level of a week (McCullagh 1980, J. R. Stat. Soc. B 42:109), with a ridge.

P(level <= k | x) = 1 / (1 + exp(x b - t_k)), with t_0 < t_1 < ... By penalised maximum likelihood: minus the log
likelihood plus ridge / 2 times the sum of squared slopes of the standardised covariates; cut-points are not penalised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from sim.analysis.intervals import Floats

TINY = 1e-12


@dataclass(frozen=True, slots=True)
class OrdinalLogit:
    """A fitted model: `cuts` (k - 1,) in rising order, `slopes` (m,) of the covariates in their own units."""

    cuts: Floats
    slopes: Floats

    def probabilities(self, x: Floats) -> Floats:
        """Probabilities (..., k) of the levels given covariates (..., m)."""
        cumulated = expit(self.cuts - np.asarray(x @ self.slopes)[..., None])
        return np.diff(cumulated, axis=-1, prepend=0.0, append=1.0)


def fit(x: Floats, level: NDArray[np.int64], levels: int = 3, ridge: float = 1.0) -> OrdinalLogit:
    """Fit levels 0 ... k - 1 (n,) on covariates (n, m). Covariates that do not vary get the slope 0.

    Levels that never came keep a cut-point far out, and so a probability near zero.
    """
    mean, spread = x.mean(axis=0), x.std(axis=0)
    varies = spread > TINY
    z = (x - mean)[:, varies] / spread[varies]
    start = np.concatenate([_first_cuts(level, levels), np.zeros(z.shape[1])])
    found = minimize(_loss, start, (z, level, levels, ridge), method="BFGS", jac=True, options={"gtol": 1e-6}).x
    slopes = np.zeros(x.shape[1])
    slopes[varies] = found[levels - 1 :] / spread[varies]
    return OrdinalLogit(_cuts(found[: levels - 1]) + float(mean @ slopes), slopes)


def _first_cuts(level: NDArray[np.int64], levels: int) -> Floats:
    """Where the search begins: the cut-points of a model without covariates, each class having half a case more."""
    shares = np.cumsum(np.bincount(level, minlength=levels) + 0.5)[:-1] / (len(level) + levels / 2)
    cuts = np.log(shares / (1 - shares))
    return np.concatenate([cuts[:1], np.log(np.diff(cuts))])


def _cuts(free: Floats) -> Floats:
    """Cut-points from the first one and the logarithms of the steps between them."""
    return np.asarray(free[0] + np.concatenate([[0.0], np.cumsum(np.exp(free[1:]))]), np.float64)


def _loss(free: Floats, z: Floats, level: NDArray[np.int64], levels: int, ridge: float) -> tuple[float, Floats]:
    """The penalised minus log likelihood and its gradient by (first cut, log steps, slopes)."""
    cuts, slopes = _cuts(free[: levels - 1]), free[levels - 1 :]
    fixed = np.concatenate([[-np.inf], cuts, [np.inf]])
    centre = z @ slopes
    above, below = expit(fixed[level + 1] - centre), expit(fixed[level] - centre)
    mass = np.maximum(above - below, TINY)
    up, down = above * (1 - above) / mass, below * (1 - below) / mass  # d log mass by upper and by lower cut
    by_cut = np.array([down[level == k + 1].sum() - up[level == k].sum() for k in range(levels - 1)])
    by_step = [np.exp(free[k]) * by_cut[k:].sum() for k in range(1, levels - 1)]
    by_slope = z.T @ (up - down) + ridge * slopes
    loss = -float(np.log(mass).sum()) + ridge / 2 * float(slopes @ slopes)
    return loss, np.concatenate([[by_cut.sum()], by_step, by_slope])
