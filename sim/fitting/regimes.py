"""What recorded deaths say about regimes, severity, excitation and drift: the likelihood of a hidden Markov chain.

The chain is that of the filter at the origin (`sim.history.filtering`), its likelihood what the filter leaves over when
it normalises. Every uncertain number under the scenario's `fighting` that the chain rests on is fitted; its law there
is the prior. Numbers are counted in the prior's quantiles on the normal scale, so the prior is standard normal and
every bound holds; regimes stay in the order in which the scenario lists them. The posterior is drawn by importance: a
mixture of wide t, begun a few steps uphill from some good points and adapted in rounds to what it found (Cappe et al.
2008, Stat. Comput. 18(4), 447-459), then resampled to rows of equal weight. There can be more tops than one: on the
record of Idlib to September 2018 sporadic fire of 6 deaths a day has a fifth of the posterior beside one of 13, and a
single t begun there finds only that. All of it is a pure function of scenario, record and seed.

`fighting.reporting.lost`, the probability that a day's deaths are missing from the record, is fitted with the rest. On
the record of Idlib to 9 February 2020 its posterior has a median of 0.3 %, and the likelihood is highest at none: a
regime's negative binomial has room for zeros already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from sim.analysis.dice import uniforms
from sim.errors import InputError
from sim.history.driving import chain_of
from sim.history.emissions import Observation
from sim.history.filtering import Followed, log_likelihood
from sim.history.markov import Chain, transition
from sim.history.truce import Truce
from sim.scenario.laws import Distribution
from sim.scenario.numbers import Path, Reference, dotted, references, replaced, uncertain
from sim.scenario.schema import Fighting, Scenario

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GRID = np.linspace(-6.0, 6.0, 601)  # normal scores at which a prior's quantiles are tabulated
FREEDOM = 6.0  # degrees of the t that proposes
PROPOSED = 1500  # in each round
ROUNDS = 10
WIDER = 1.3  # the proposal's scale over that of what it should cover
DISORDER = 1e3  # log likelihood lost for each factor e by which two regimes stand in the wrong order
LEAST_SHARE = 0.02  # of the mixture that proposes
MODES = 4  # places from which the search begins; the likelihood can have more than one top
STARTS = 200  # points of the prior, drawn towards its median, of which the best are climbed from
EVALUATIONS = 8  # of the gradient, on the way up; the rounds find what is left of it sooner than the climb would


@dataclass(frozen=True)
class RegimeFit:
    """Draws of the posterior: `values` (n, k) of the numbers at `paths`, equally weighted.

    `effective` is the effective number of independent draws behind them, `log_likelihood` that of the best draw.
    """

    paths: tuple[str, ...]
    values: Floats
    effective: float
    log_likelihood: float

    def column(self, path: str) -> Floats:
        """The draws (n,) of one number."""
        return np.asarray(self.values[:, self.paths.index(path)])


def fitted_numbers(scenario: Scenario) -> dict[str, Distribution]:
    """The uncertain numbers that the chain of a scenario rests on, by path, with their priors."""
    bare, known = _bare(scenario), uncertain(scenario)
    paths = [f"fighting.{path}" for path in uncertain(bare)]
    paths += [f"parameters.{name}.value" for name in dict.fromkeys(references(bare))]
    return {path: known[path] for path in paths if path in known}


def chains(scenario: Scenario, values: Mapping[str, Floats]) -> Chain:
    """The chains of a scenario for many values (n,) of its fitted numbers at once."""

    def put(leaf: Distribution | Reference, path: Path) -> object:
        if isinstance(leaf, Distribution):
            return values[f"fighting.{dotted(path)}"]
        at, plain = f"parameters.{leaf.name}.value", scenario.parameters[leaf.name].value
        return values[at] if isinstance(plain, Distribution) else plain

    found = chain_of(replaced(_bare(scenario), put))
    assert found is not None  # _bare refuses a scenario without drift
    return found


def _bare(scenario: Scenario) -> Fighting:
    """The fighting of a scenario without what the chain does not read."""
    fighting = scenario.fighting
    if fighting.drift is None:
        raise InputError(
            "the scenario has no `fighting.drift`, so there is no chain of regimes to fit; "
            "give it daily rates between its regimes (docs/reference/scenario.md)"
        )
    drift = fighting.drift.model_copy(update={"fragile": {}, "fragile_days": 1.0})
    return fighting.model_copy(update={"ratios": {}, "drift": drift})


# --- the fit --------------------------------------------------------------------------------------------------------


def fit_regimes(
    scenario: Scenario, deaths: Sequence[Observation], truces: Sequence[Truce], rows: int = 64, seed: int = 0
) -> RegimeFit:
    """Fit the chain to daily deaths, with the truce of each day; InputError where there is nothing to fit.

    `rows` draws of the posterior come back, in no particular order.
    """
    priors = fitted_numbers(scenario)
    if not priors:
        raise InputError("no number of the regimes is uncertain, so there is nothing to fit; give them distributions")
    target = _Target(scenario, priors, deaths, truces)
    modes = _modes(target, seed)
    mixture = [_Part(1.0 / len(modes), mode, _spread(target, mode)) for mode in modes]
    found: list[tuple[Floats, Floats]] = []
    for turn in range(ROUNDS):
        points, proposed = _propose(mixture, seed, turn)
        found.append((points, target.log_posterior(points) - proposed))
        every, weights = _pooled(found)
        mixture = _adapted(mixture, every, weights)
    chosen = resampled(weights, rows, seed)
    return RegimeFit(
        tuple(priors),
        np.column_stack(list(target.values(every[chosen]).values())),
        float(1.0 / (weights**2).sum()),
        float(target.log_likelihood(every[chosen]).max()),
    )


class _Target:
    """The posterior density on the normal scale of the prior's quantiles."""

    def __init__(
        self,
        scenario: Scenario,
        priors: Mapping[str, Distribution],
        deaths: Sequence[Observation],
        truces: Sequence[Truce],
    ) -> None:
        self.scenario, self.deaths, self.truces = scenario, deaths, truces
        shares = np.clip(special.ndtr(GRID), 1e-9, 1.0 - 1e-9)
        self.tables = {path: np.array([law.ppf(float(u)) for u in shares]) for path, law in priors.items()}

    def values(self, points: Floats) -> dict[str, Floats]:
        """The numbers (n,) by path at points (n, k)."""
        return {path: np.interp(points[:, i], GRID, table) for i, (path, table) in enumerate(self.tables.items())}

    def log_likelihood(self, points: Floats) -> Floats:
        """Of each point (n,); where a regime is no deadlier than the one below it, far lower than it would be."""
        chain = chains(self.scenario, self.values(points))
        too_low = np.clip(-np.diff(np.log(chain.mean), axis=-1), 0.0, None).sum(axis=-1)
        return np.asarray(log_likelihood(self.deaths, chain, self.truces) - DISORDER * too_low)

    def log_posterior(self, points: Floats) -> Floats:
        return np.asarray(self.log_likelihood(points) - 0.5 * (points**2).sum(axis=1))


def _modes(target: _Target, seed: int) -> Floats:
    """Points (MODES, k) of high density, climbed to from the best of some of the prior's, in the same steps."""
    some = special.ndtri(uniforms(seed, ("regimes", "begin"), np.arange(STARTS), len(target.tables))) / 2
    best = np.argsort(target.log_posterior(some))[::-1][:MODES]
    return np.array([_climbed(target, begin) for begin in some[best]])


def _climbed(target: _Target, begin: Floats) -> Floats:
    """The point (k,) of highest density near another."""
    k, step = len(begin), 1e-3

    def downhill(point: Floats) -> tuple[float, Floats]:
        around = np.concatenate([point[None], point + step * np.eye(k), point - step * np.eye(k)])
        heights = target.log_posterior(around)
        return -float(heights[0]), -(heights[1 : k + 1] - heights[k + 1 :]) / (2 * step)

    # TNC: L-BFGS-B's small matrix products are several times slower under a threaded BLAS
    reached = optimize.minimize(downhill, begin, jac=True, method="TNC", options={"maxfun": EVALUATIONS})
    return np.asarray(reached.x)


def _spread(target: _Target, mode: Floats) -> Floats:
    """A factor (k, k) of the covariance that the curvature at the mode stands for; never wider than the prior."""
    k, step = len(mode), 0.05
    pairs = [(i, j) for i in range(k) for j in range(i, k)]
    corners = [
        mode + step * (a * np.eye(k)[i] + b * np.eye(k)[j])
        for i, j in pairs
        for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]
    heights = target.log_posterior(np.array(corners)).reshape(-1, 4)
    curvature = np.zeros((k, k))
    for (i, j), (up, right, left, down) in zip(pairs, heights, strict=True):
        curvature[i, j] = curvature[j, i] = -(up - right - left + down) / (4 * step * step)
    sizes, directions = np.linalg.eigh(curvature)
    return np.asarray(directions / np.sqrt(np.maximum(sizes, 1.0)))


@dataclass(frozen=True)
class _Part:
    """A part of the mixture that proposes: its share, and the centre (k,) and factor (k, k) of a multivariate t."""

    share: float
    centre: Floats
    factor: Floats

    def heights(self, points: Floats) -> Floats:
        """Its share of the log density (n,) at points (n, k), up to what is the same for all parts."""
        k = len(self.centre)
        apart = np.linalg.solve(WIDER * self.factor, (points - self.centre).T)
        fall = -(FREEDOM + k) / 2 * np.log1p((apart**2).sum(axis=0) / FREEDOM)
        return np.asarray(np.log(self.share) + fall - np.linalg.slogdet(self.factor)[1])


def _propose(mixture: Sequence[_Part], seed: int, turn: int) -> tuple[Floats, Floats]:
    """Points (n, k), as many from each part as is its share, and the log density of the mixture."""
    dice = uniforms(seed, ("regimes", str(turn)), np.arange(PROPOSED), len(mixture[0].centre) + 1)
    spread = special.ndtri(dice[:, 1:]) * np.sqrt(FREEDOM / special.chdtri(FREEDOM, 1.0 - dice[:, :1]))
    ends = np.rint(np.cumsum([part.share for part in mixture]) * PROPOSED).astype(np.int64)
    drawn = zip(mixture, np.split(spread, ends[:-1]), strict=True)
    points = np.concatenate([part.centre + WIDER * own @ part.factor.T for part, own in drawn])
    return points, np.asarray(special.logsumexp([part.heights(points) for part in mixture], axis=0))


def _adapted(mixture: Sequence[_Part], points: Floats, weights: Floats) -> list[_Part]:
    """The mixture moved to where the weights are; a part that covers next to nothing is left out."""
    logs = np.array([part.heights(points) for part in mixture])
    mine = weights * special.softmax(logs, axis=0)
    shares = mine.sum(axis=1)
    kept = shares > LEAST_SHARE
    return [
        _Part(share / shares[kept].sum(), *_moments(points, own / share))
        for share, own in zip(shares[kept], mine[kept], strict=True)
    ]


def _pooled(found: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """All points proposed so far, and their weights, which add up to one; each round counts by its own success."""
    rounds = []
    for points, logs in found:
        weights = np.exp(logs - logs.max())
        rounds.append((points, weights / weights.sum(), weights.sum() ** 2 / (weights**2).sum()))
    total = sum(effective for _, _, effective in rounds)
    every = np.concatenate([points for points, _, _ in rounds])
    return every, np.concatenate([weights * effective / total for _, weights, effective in rounds])


def _moments(points: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted mean (k,) and a factor (k, k) of the covariance, drawn a little towards its diagonal."""
    centre = weights @ points
    apart = points - centre
    covariance = (apart * weights[:, None]).T @ apart
    effective = 1.0 / (weights**2).sum()
    kept = effective / (effective + len(centre))  # few effective points know little of a covariance
    return centre, np.linalg.cholesky(
        kept * covariance + (1.0 - kept) * np.diag(np.diag(covariance)) + 1e-9 * np.eye(len(centre))
    )


def resampled(weights: Floats, rows: int, seed: int, what: str = "regimes") -> Ints:
    """Positions of `rows` points, by weight, systematically, in shuffled order; `what` has a luck of its own."""
    start = float(uniforms(seed, (what, "rows"), [0], 1)[0, 0])
    places = np.searchsorted(np.cumsum(weights), (np.arange(rows) + start) / rows)
    order = np.argsort(uniforms(seed, (what, "order"), np.arange(rows), 1)[:, 0])
    return np.asarray(np.minimum(places, len(weights) - 1)[order])


# --- regimes of the past ----------------------------------------------------------------------------------------------


def drawn_paths(followed: Followed, found: Chain, truces: Sequence[Truce], seed: int) -> Ints:
    """Regimes (days, n) of the past, drawn day by day backwards from the end, one path for each of n sets of numbers.

    The recursion is that of Carter & Kohn (1994, Biometrika 81(3), 541-553).
    """
    days, n, _ = followed.regimes.shape
    dice = uniforms(seed, ("regimes", "paths"), np.arange(n), days)
    path = np.empty((days, n), dtype=np.int64)
    known: dict[Truce, Floats] = {}
    weights = followed.regimes[-1]
    for day in range(days - 1, -1, -1):
        path[day] = (dice[:, day, None] > np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)).sum(axis=1)
        if day:
            alike = truces[day].like
            matrix = known.setdefault(alike, transition(found, alike))
            weights = followed.regimes[day - 1] * matrix[np.arange(n), :, path[day]]
    return path
