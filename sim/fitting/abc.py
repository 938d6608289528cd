"""Fitting by simulation: sequential Monte Carlo for approximate Bayesian computation (ABC-SMC), on addressed draws.

Where a likelihood cannot be written down, parameters are drawn, simulated, and kept when the summaries of what was
simulated lie near those of the record. Each generation asks for more nearness than the one before and draws around
what that one kept; importance weights take out again where it was drawn (Toni et al. 2009, J. R. Soc. Interface 6:187;
Beaumont et al. 2009, Biometrika 96:983).

*Where it moves.* Every parameter is the normal score of its prior's quantile: z = Phi^-1(u), value = ppf(Phi(z)). There
the prior is the standard normal law whatever its form, and no step can leave its bounds. A step is normal, so its
density is exact. (Normal steps on the logit of u have thinner tails than the prior there, and weights without bound.)

*Steps.* Their covariance is the mean square difference between the points of the last generation and those of them
that the next tolerance would keep: of all normal steps the one nearest to the target (Filippi et al. 2013, Stat. Appl.
Genet. Mol. Biol. 12:87).

*Tolerances.* Each is a weighted quantile of the last generation's distances (Del Moral, Doucet & Jasra 2012, Stat.
Comput. 22:1009, choose it by the particles left alive; so do we, before they are reweighted), or the greatest distance
below the last tolerance, where distances are few and many points stand at it.

*Distance.* The root of the summed squares of the differences between simulated and observed summaries, each divided by
its median absolute deviation among the first generation. These scales stay fixed. Prangle (2017, Bayesian Anal.
12:289) rescales in each generation, which helps where the prior makes a summary scatter far more than the posterior
does. But then tolerances of different generations cannot be compared, and each must remember all earlier ones. A
summary that is undefined (not finite) in the record is left out, and so is one that all of the first generation agree
on. One that is undefined only in a simulation stands as far off as the farthest of the first generation.

*Same rows.* Candidate c of generation g is a function of seed, g, c and generation g - 1. Candidates are accepted by
number, never by arrival: neither the number of workers nor an interruption changes a bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.special import logsumexp

from sim.analysis.intervals import Floats
from sim.draws import Address, address, normal_quantile, stream, uniform
from sim.errors import InputError, RunError
from sim.fitting.candidates import in_order
from sim.fitting.populations import Population, Question, Store, stored, values_of
from sim.scenario.laws import Distribution

PROPOSAL = stream("fitting", "proposal")
ROUNDING = 1e-12  # of the largest value
RIDGE = 1e-8  # on the variance of steps, in normal scores: a hundredth of a percent of the prior's deviation

OnGeneration = Callable[[Population], object]
OnProgress = Callable[[int, int, int], object]  # generation, candidates simulated, candidates accepted


class Problem(Protocol):
    """What is fitted to what."""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, k of them."""

    @property
    def laws(self) -> tuple[Distribution, ...]:
        """Their priors, which are independent."""

    @property
    def observed(self) -> Floats:
        """The summaries of the record, shape (s,); nan where it has none."""

    @property
    def identity(self) -> str:
        """What else decides the simulations (scenario, data, code): a stored fit of another identity is refused."""

    def simulate(self, values: Floats, candidate: Address) -> Floats:
        """The summaries of one simulation, (s,), nan where undefined, from values (k,) and an address for its draws.

        A pure function of both: no state, and called from several threads. `sim.fitting.candidates.seed_of` makes a
        seed of the address.
        """


def fit(
    problem: Problem,
    *,
    seed: int,
    population: int = 200,
    generations: int = 8,
    quantile: float = 0.5,
    least_acceptance: float = 0.02,
    workers: int = 1,
    folder: Path | None = None,
    resume: bool = False,
    on_generation: OnGeneration | None = None,
    on_progress: OnProgress | None = None,
) -> Population:
    """The last generation: number `generations`, where 0 is drawn from the prior, or an earlier one.

    Ends earlier when a generation would accept fewer than `least_acceptance` of its candidates (it is given up, and the
    one before it is the answer), or when no smaller tolerance is to be had; `Population.stopped` says which. With a
    folder, each finished generation is stored there; with `resume` a stored fit goes on, to the rows it would have had,
    and it may be asked for more generations. `on_generation` sees each, those read back included. InputError on
    arguments that make no sense, ResultsError on a folder of another fit.
    """
    question = Question(
        problem.names, tuple(law.plain() for law in problem.laws), tuple(problem.observed.tolist()),
        problem.identity, seed, population, quantile, least_acceptance,
    )  # fmt: skip
    _check(question, generations, workers)
    with stored(folder, question, resume) as store:
        run = _Run(problem, question, store, workers, on_progress)
        current = run.first()
        distance = Distance.scaled(problem.observed, current.summaries)
        while True:
            if on_generation is not None:
                on_generation(current)
            if current.generation >= generations:
                return replace(current, stopped="generations")
            tolerance = tolerance_after(current, quantile)
            if not tolerance < current.tolerance:
                return replace(current, stopped="tolerance")
            following = run.after(current, tolerance, distance)
            if following is None:
                return replace(current, stopped="acceptance")
            current = following


@dataclass(frozen=True)
class Distance:
    """How far summaries (s,) lie from those of the record; `scale` is nan for those left out."""

    observed: Floats
    scale: Floats
    far: Floats  # scaled differences that stand for undefined ones

    @classmethod
    def scaled(cls, observed: Floats, summaries: Floats) -> Distance:
        """Scales from the summaries of a first generation (n, s); InputError if none of them tells anything.

        Where more than half agree, the mean absolute deviation from the median takes the place of the median one.
        """
        observed = np.where(np.isfinite(observed), observed, np.nan)
        scale = np.array([_spread(column[np.isfinite(column)]) for column in summaries.T]) + 0 * observed
        if np.isnan(scale).all():
            raise InputError("no summary is defined in the record and varies among simulations: nothing can be fitted")
        gaps = np.abs(summaries - observed) / scale
        far = np.max(gaps, axis=0, where=np.isfinite(gaps), initial=0.0)
        return cls(observed, scale, far)

    def __call__(self, summaries: Floats) -> float:
        """The distance of one simulation."""
        gaps = np.abs(summaries - self.observed) / self.scale
        gaps = np.where(np.isfinite(gaps), gaps, self.far)[~np.isnan(self.scale)]
        return math.hypot(*gaps.tolist())


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """The least of the values (n,) at or below which `share` of the weights (n,) lies."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(total, share * total[-1] * (1 - 1e-12))]])


def tolerance_after(before: Population, share: float) -> float:
    """A weighted quantile of the distances; where so many are as far as the last tolerance, the greatest below it.

    The last tolerance itself, if nothing is below it.
    """
    found = weighted_quantile(before.distances, before.weights, share)
    below = before.distances[before.distances < before.tolerance]
    return float(np.max(below)) if found >= before.tolerance and len(below) else found


def steps_of(before: Population, tolerance: float) -> Floats:
    """The lower Cholesky factor (k, k) of the covariance of steps towards a tolerance."""
    alive = before.distances <= tolerance
    centre, spread = _moments(before.points, before.weights)
    aim, spread_there = _moments(before.points[alive], before.weights[alive])
    covariance = spread + spread_there + np.outer(aim - centre, aim - centre)
    return np.asarray(np.linalg.cholesky(covariance + RIDGE * np.eye(len(centre))), np.float64)


def weights_of(points: Floats, before: Population, steps: Floats) -> Floats:
    """Prior over density of proposals, summing to 1: weights (n,) of points (n, k) that were drawn around `before`.

    The determinant of the steps and the constants of both normal laws are common to all points and cancel.
    """
    inverse = np.linalg.inv(steps)
    rows = np.einsum("nk,lk->nl", points, inverse)
    centres = np.einsum("nk,lk->nl", before.points, inverse)
    prior = -0.5 * np.sum(points**2, axis=1)
    proposed = [logsumexp(-0.5 * np.sum((centres - row) ** 2, axis=1), b=before.weights) for row in rows]
    logarithms = prior - np.array(proposed)
    return np.asarray(np.exp(logarithms - logsumexp(logarithms)), np.float64)


@dataclass(frozen=True)
class _Run:
    """What all generations of a fit share."""

    problem: Problem
    asked: Question
    store: Store
    workers: int
    on_progress: OnProgress | None

    def first(self) -> Population:
        """Generation 0, from the prior: all candidates are accepted, at distances that it scales itself."""
        return self.store.read(0) or self.store.write(self._first())

    def after(self, before: Population, tolerance: float, distance: Distance) -> Population | None:
        """The next generation; None if it is given up."""
        number = before.generation + 1
        found = self.store.read(number)
        if found is None and not self.store.given_up(number):
            found = self._next(before, tolerance, distance)
            if found is None:
                self.store.give_up(number)
            else:
                self.store.write(found)
        return found

    def _first(self) -> Population:
        n = self.asked.population
        points, summaries = [], []
        with closing(in_order(lambda c: self._simulated(c, None, None), range(n), self.workers)) as found:
            for point, summary in found:
                points.append(point)
                summaries.append(summary)
                self._report(0, len(points), len(points))
        distance = Distance.scaled(self.problem.observed, np.array(summaries))
        far = [distance(summary) for summary in summaries]
        return self._population(points, np.full(n, 1 / n), far, summaries, 0, math.inf, n)

    def _next(self, before: Population, tolerance: float, distance: Distance) -> Population | None:
        asked, number = self.asked, before.generation + 1
        steps = steps_of(before, tolerance)
        points, summaries, distances = [], [], []
        most = range(math.ceil(asked.population / asked.least_acceptance - 1e-9))
        with closing(in_order(lambda c: self._simulated(c, before, steps), most, self.workers)) as found:
            for c, (point, summary) in enumerate(found):
                if (far := distance(summary)) <= tolerance:
                    points.append(point)
                    summaries.append(summary)
                    distances.append(far)
                self._report(number, c + 1, len(points))
                if len(points) == asked.population:
                    weights = weights_of(np.array(points), before, steps)
                    return self._population(points, weights, distances, summaries, number, tolerance, c + 1)
        return None

    def _simulated(self, c: int, before: Population | None, steps: Floats | None) -> tuple[Floats, Floats]:
        """Point (k,) and summaries (s,) of candidate c; from the prior when there is nothing before."""
        at = address(self.asked.seed, 0 if before is None else before.generation + 1, c)
        luck = [uniform(at, 0, PROPOSAL, slot) for slot in range(len(self.asked.names) + 1)]
        point = np.array([normal_quantile(u) for u in luck[1:]])
        if before is not None and steps is not None:
            total = np.cumsum(before.weights)
            parent = min(int(np.searchsorted(total, luck[0] * total[-1])), len(total) - 1)
            point = before.points[parent] + np.einsum("lk,k->l", steps, point)
        summaries = np.asarray(self.problem.simulate(values_of(point, self.problem.laws), at), np.float64)
        if summaries.shape != self.problem.observed.shape:
            raise RunError(
                f"a simulation gave summaries of shape {summaries.shape}, the record has {self.problem.observed.shape}"
            )
        return point, summaries

    def _population(
        self, points: list[Floats], weights: Floats, distances: list[float], summaries: list[Floats],
        generation: int, tolerance: float, simulated: int,
    ) -> Population:  # fmt: skip
        values = np.array([values_of(point, self.problem.laws) for point in points])
        return Population(
            self.asked.names, generation, tolerance, simulated, np.array(points), values, weights,
            np.array(distances), np.array(summaries),
        )  # fmt: skip

    def _report(self, generation: int, simulated: int, accepted: int) -> None:
        if self.on_progress is not None:
            self.on_progress(generation, simulated, accepted)


def _spread(values: Floats) -> float:
    """Median absolute deviation, else mean absolute deviation from the median, else nan (rounding is no deviation)."""
    if not len(values):
        return math.nan
    gaps = np.abs(values - np.median(values))
    gaps[gaps <= ROUNDING * np.max(np.abs(values))] = 0.0
    return float(np.median(gaps)) or float(np.mean(gaps)) or math.nan


def _moments(points: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted mean (k,) and covariance (k, k) of points (n, k)."""
    share = weights / np.sum(weights)
    mean = np.einsum("n,nk->k", share, points)
    return mean, np.einsum("n,nk,nl->kl", share, points - mean, points - mean)


def _check(asked: Question, generations: int, workers: int) -> None:
    """InputError on arguments that make no sense."""
    if not 0 < len(asked.names) == len(asked.laws):
        raise InputError(f"{len(asked.names)} names and {len(asked.laws)} laws: a fit needs one law for each parameter")
    if len(set(asked.names)) < len(asked.names):
        raise InputError(f"parameters have one name: {', '.join(asked.names)}")
    if not any(math.isfinite(value) for value in asked.observed):
        raise InputError("no summary of the record is defined: nothing can be fitted")
    if not 0 <= asked.seed < 2**64:
        raise InputError(f"seed {asked.seed} is not from 0 to 2**64 - 1")
    if asked.population < 2 or generations < 0 or workers < 1:
        raise InputError(
            f"population {asked.population}, generations {generations}, workers {workers}: at least 2, 0, 1 are needed"
        )
    if not 0 < asked.quantile < 1 or not 0 < asked.least_acceptance <= 1:
        raise InputError(
            f"quantile {asked.quantile:g} must lie between 0 and 1, least acceptance {asked.least_acceptance:g} "
            "above 0 and not above 1"
        )
