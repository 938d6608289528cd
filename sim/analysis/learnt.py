"""What data have taught: posterior against prior, number by number, and which numbers only the data's pairs tie down.

*Bits* say how far a posterior has moved from its prior (Kullback-Leibler divergence): one bit halves the range of what
is plausible, two quarter it; none is nothing learnt. They are counted over twenty parts of equal prior probability, so
no more than 4.3 can be seen, and the chance excess of n draws (Miller 1955) is taken off. Below `ENOUGH` draws that is
too little, and what n draws of the prior itself would still show in the mean is taken off too; what is left then is
rough (`chance`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from sim.analysis.intervals import Floats
from sim.errors import InputError
from sim.scenario.laws import Distribution
from sim.scenario.posterior import Posterior

PARTS = 20  # of equal prior probability
ENOUGH = 128  # draws, from which on Miller's excess is right to a hundredth of a bit
FEW = 64  # draws below which bits are rough
BINS = 30  # of a drawn density
GRID = 4000  # quantiles that stand for the prior
LONG = 5.0  # a range whose end is so many times the prior's median is shown on a logarithmic scale
SHOWN = (0.01, 0.99)  # of prior and posterior
BAND = (0.05, 0.5, 0.95)
Z = 1.96


def against_prior(
    posterior: Posterior, priors: Mapping[str, Distribution], grades: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Densities of prior and posterior of every column, most learnt first; `BINS` rows a number.

    Columns: parameter (path), how, basis (its grade), evidence, n (draws), bits, prior_low, prior_median, prior_high,
    low, median, high (5, 50, 95 %), log (whether bins are equal in the logarithm), bin_low, bin_high, prior, posterior
    (shares of draws in the bin). `priors` by path. InputError for a column without a prior.
    """
    parts = []
    for estimate in posterior.estimates:
        if estimate.path not in priors:
            raise InputError(f"{estimate.path}: the scenario has no distribution there, so no prior to compare with")
        drawn, prior = posterior.column(estimate.path), _grid(priors[estimate.path])
        part = _densities(prior, drawn)
        before, after = np.quantile(prior, BAND), np.quantile(drawn, BAND)
        head: dict[str, object] = {
            "parameter": estimate.path,
            "how": estimate.how,
            "basis": estimate.grade or (grades or {}).get(estimate.path, ""),
            "evidence": estimate.evidence,
            "n": len(drawn),
            "bits": bits(prior, drawn) if estimate.taught else 0.0,
            **dict(zip(("prior_low", "prior_median", "prior_high"), before.tolist(), strict=True)),
            **dict(zip(("low", "median", "high"), after.tolist(), strict=True)),
        }
        parts.append(pd.DataFrame([head] * len(part)).join(part))
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("bits", ascending=False, kind="stable", ignore_index=True)


def bits(prior: Floats, drawn: Floats) -> float:
    """How many bits draws (n,) say more than a prior, itself given as a large sample."""
    edges = np.unique(np.quantile(prior, np.arange(1, PARTS) / PARTS))
    before = np.bincount(np.searchsorted(edges, prior, side="right"), minlength=len(edges) + 1) / len(prior)
    after = np.bincount(np.searchsorted(edges, drawn, side="right"), minlength=len(edges) + 1) / len(drawn)
    met = after > 0
    excess = _miller(int(met.sum()), len(drawn)) + _left_by_miller(before, len(drawn))
    told = (after[met] * np.log2(after[met] / np.maximum(before[met], 1 / len(prior)))).sum() - excess
    return max(0.0, float(told))


def chance(n: int) -> float:
    """How many bits chance moves those of n draws of the prior by: a standard deviation, of many draws."""
    return math.sqrt((PARTS - 1) / 2) / (n * math.log(2))


def _miller(parts: float, n: int) -> float:
    """The chance excess of n draws that lie in so many parts, in bits."""
    return (parts - 1) / (2 * n * math.log(2))


def _left_by_miller(before: Floats, n: int) -> float:
    """Bits that n draws of the prior itself show in the mean after Miller's correction; 0 where n is `ENOUGH`.

    Exact: each part of the prior, of probability p, holds a binomial number of the draws.
    """
    if n >= ENOUGH:
        return 0.0
    p = before[(before > 0) & (before < 1)][:, None]
    k = np.arange(1, n + 1)
    ways = np.array([math.log(math.comb(n, number)) for number in k.tolist()])
    often = np.exp(ways + k * np.log(p) + (n - k) * np.log1p(-p))
    shown = float((often * k / n * np.log2(k / (n * p))).sum())
    return shown - _miller(float(often.sum()), n) if len(p) else 0.0


def correlations(posterior: Posterior) -> pd.DataFrame:
    """Rank correlation of every two columns that were learnt: columns one, other, rho, low, high, n; strongest first.

    The interval is of the finite number of draws (95 %, Fisher's z). Strong pairs cannot be told apart by the data:
    many combinations fit alike (equifinality). InputError with fewer than two learnt columns.
    """
    learnt = [k for k, it in enumerate(posterior.estimates) if it.taught]
    learnt = [k for k in learnt if np.ptp(posterior.rows[:, k]) > 0]
    if len(learnt) < 2 or len(posterior) < 5:
        raise InputError("a posterior with fewer than two numbers learnt has no correlations")
    ranks = pd.DataFrame(posterior.rows[:, learnt]).rank().to_numpy(np.float64)
    matrix = np.corrcoef(ranks, rowvar=False)
    first, second = np.triu_indices(len(learnt), 1)
    rho = np.clip(matrix[first, second], -1, 1)
    half = Z * np.sqrt(1.06 / (len(posterior) - 3))
    z = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
    paths = np.array(posterior.paths)[learnt]
    table = pd.DataFrame(
        {"one": paths[first], "other": paths[second], "rho": rho, "low": np.tanh(z - half), "high": np.tanh(z + half)}
    ).assign(n=len(posterior))
    return table.iloc[np.argsort(-np.abs(rho), kind="stable")].reset_index(drop=True)


def _grid(law: Distribution) -> Floats:
    return np.array([law.ppf(float(u)) for u in (np.arange(GRID) + 0.5) / GRID], np.float64)


def _densities(prior: Floats, drawn: Floats) -> pd.DataFrame:
    """Shares of both in bins over what both reach."""
    ends = np.array([np.quantile(values, SHOWN) for values in (prior, drawn)])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    high = high if high > low else low + max(abs(low), 1.0) * 0.05
    log = low > 0 and high > LONG * float(np.median(prior))
    edges = np.geomspace(low, high, BINS + 1) if log else np.linspace(low, high, BINS + 1)
    before, after = (np.histogram(values, edges)[0] / len(values) for values in (prior, drawn))
    return pd.DataFrame({"log": log, "bin_low": edges[:-1], "bin_high": edges[1:], "prior": before, "posterior": after})
