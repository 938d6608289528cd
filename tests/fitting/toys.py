"""Small problems of which more is known than a simulation tells; each draws from its candidate's address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr

from sim.analysis.intervals import Floats
from sim.draws import Address
from sim.fitting.candidates import seed_of
from sim.fitting.populations import Population
from sim.scenario.laws import Beta, Distribution, Gamma, LogUniform, Normal, Uniform

Simulate = Callable[[Floats, np.random.Generator], Floats]


@dataclass(frozen=True)
class Toy:
    names: tuple[str, ...]
    laws: tuple[Distribution, ...]
    observed: Floats
    simulated: Simulate
    identity: str = "toy"

    def simulate(self, values: Floats, candidate: Address) -> Floats:
        return self.simulated(values, np.random.default_rng(seed_of(candidate)))


DAYS = 20


def normal_mean(observed: float = 1.5) -> Toy:
    """The mean of DAYS / 2 normal numbers of deviation 1; posterior normal, see `exact_mean`."""
    n = DAYS // 2
    return Toy(
        ("mean",), (Normal(0.0, 2.0),), np.array([observed]),
        lambda values, rng: np.array([values[0] + rng.standard_normal() / n**0.5]),
    )  # fmt: skip


def exact_mean(observed: float) -> tuple[float, float]:
    """Mean and standard deviation of the posterior of `normal_mean`."""
    precision = 1 / 4 + DAYS // 2
    return observed * (DAYS // 2) / precision, precision**-0.5


def counts(total: float = 31.0) -> Toy:
    """The sum of DAYS Poisson counts; the posterior is gamma with shape 2 + total and rate 1 + DAYS."""
    return Toy(
        ("rate",), (Gamma(2.0, 1.0),), np.array([total]),
        lambda values, rng: np.array([float(rng.poisson(DAYS * values[0]))]),
    )  # fmt: skip


def location_and_scale(mean: float = 1.0, log_sd: float = 0.2) -> Toy:
    """Mean and logarithm of the standard deviation of DAYS normal numbers: sufficient."""

    def simulated(values: Floats, rng: np.random.Generator) -> Floats:
        spread = 0.5 * np.log(rng.chisquare(DAYS - 1) / (DAYS - 1))
        return np.array([values[0] + values[1] * rng.standard_normal() / DAYS**0.5, np.log(values[1]) + spread])

    laws = (Uniform(-5.0, 5.0), LogUniform(0.3, 5.0))
    return Toy(("mean", "sd"), laws, np.array([mean, log_sd]), simulated)


def two_regimes(observed: Floats) -> Toy:
    """Daily deaths that are Poisson with one of two means, and stay with their regime from day to day.

    Summaries: logarithm of one plus the mean, share of days with ten and more, correlation of neighbours (undefined
    when all days are alike), share of days without deaths.
    """

    def simulated(values: Floats, rng: np.random.Generator) -> Floats:
        quiet, loud, stay = values
        state = np.cumsum(rng.random(300) > stay) % 2
        deaths = rng.poisson(np.where(state == 1, loud, quiet))
        lag = np.corrcoef(deaths[1:], deaths[:-1])[0, 1] if deaths[1:].std() * deaths[:-1].std() > 0 else np.nan
        return np.array([np.log1p(deaths.mean()), np.mean(deaths >= 10), lag, np.mean(deaths == 0)])

    laws = (LogUniform(0.1, 10.0), LogUniform(5.0, 100.0), Beta(2.0, 1.0, 0.5, 1.0))
    return Toy(("quiet", "loud", "stay"), laws, observed, simulated)


def some_population(n: int) -> Population:
    """A population of two parameters with uniform priors; weights, distances and summaries of no meaning."""
    rng = np.random.default_rng(n)
    points, weights = rng.normal(size=(n, 2)), rng.random(n) + 0.1
    return Population(
        ("a", "b"), 1, np.inf, 3 * n, points, np.asarray(ndtr(points)), weights / weights.sum(), rng.random(n),
        rng.normal(size=(n, 3)),
    )  # fmt: skip


def same(one: Population, other: Population) -> bool:
    """Whether two populations agree to the last bit."""
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(Population))
