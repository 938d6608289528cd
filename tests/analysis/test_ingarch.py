"""The count series: likelihood by hand and by scipy, gradient, recovery of known parameters, simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import approx_fprime

from sim.analysis.ingarch import Ingarch, fit, loss, negative_binomial

KNOWN = Ingarch(6.0, 0.5, 0.3, 2.0)


def simulated(weeks: int, seed: int, model: Ingarch = KNOWN) -> np.ndarray:
    return model.simulate(np.array([30.0]), np.random.default_rng(seed).random((1, weeks)))[0]


def test_means_by_hand() -> None:
    """Starts at the series' mean 20; then 6 + .5 * 10 + .3 * 20 = 17, then 6 + .5 * 30 + .3 * 17 = 26.1."""
    assert KNOWN.means(np.array([10.0, 30.0])) == pytest.approx([20, 17, 26.1])


def test_the_likelihood_is_that_of_scipy() -> None:
    deaths = simulated(40, 1)
    mean = KNOWN.means(deaths)[:-1]
    theirs = stats.nbinom.logpmf(deaths, KNOWN.size, KNOWN.size / (KNOWN.size + mean)).sum()
    assert KNOWN.log_likelihood(deaths) == pytest.approx(theirs)


@pytest.mark.parametrize("free", [[1.0, 0.7, -0.3, 0.4], [3.0, -2.0, 2.0, -1.0]])
def test_the_gradient_is_the_slope_of_the_loss(free: list[float]) -> None:
    deaths = simulated(60, 2)
    numeric = approx_fprime(np.array(free), lambda it: loss(it, deaths)[0], 1e-6)
    assert loss(np.array(free), deaths)[1] == pytest.approx(numeric, rel=1e-3, abs=1e-2)


@pytest.mark.statistical
def test_known_parameters_are_found() -> None:
    """3,000 weeks; each within about five standard errors."""
    found = fit(simulated(3000, 3))
    assert (found.a, found.b) == pytest.approx((0.5, 0.3), abs=0.1)
    assert found.size == pytest.approx(2.0, abs=0.25)
    assert found.w == pytest.approx(6.0, abs=2.5)


def test_no_point_beats_the_one_found() -> None:
    deaths = simulated(150, 4)
    best = fit(deaths).log_likelihood(deaths)
    dice = np.random.default_rng(5)
    assert best >= KNOWN.log_likelihood(deaths)
    assert all(best >= -loss(dice.uniform(-3, 4, 4), deaths)[0] for _ in range(300))


@pytest.mark.parametrize(
    "deaths", [np.zeros(60), np.full(60, 7.0), np.r_[np.zeros(59), 400.0], np.r_[0.5, np.ones(40)]]
)
def test_odd_series_are_fitted_too(deaths: np.ndarray) -> None:
    found = fit(deaths)
    weeks = found.simulate(deaths, np.random.default_rng(6).random((50, 8)))
    assert np.isfinite(found.log_likelihood(deaths)) and np.isfinite(weeks).all()
    assert 0 <= found.a + found.b < 1


@given(st.floats(1e-9, 1 - 1e-9), st.floats(0.01, 900), st.floats(0.05, 30))
def test_quantiles_are_those_of_scipy(uniform: float, mean: float, size: float) -> None:
    ours = float(negative_binomial(np.array([uniform]), np.array([mean]), size)[0])
    reached = stats.nbinom.cdf([ours - 1, ours, ours + 1], size, size / (size + mean))
    assert reached[0] <= uniform + 1e-7 and reached[1] >= uniform - 1e-7


@pytest.mark.statistical
def test_simulated_weeks_have_the_mean_that_theory_says() -> None:
    """After 40 deaths the means follow m' = 6 + .8 m; 20,000 paths, four standard errors (false alarm 1 in 5,000)."""
    start = np.array([30.0, 40.0])
    weeks = KNOWN.simulate(start, np.random.default_rng(7).random((20_000, 4)))
    mean = float(KNOWN.means(start)[-1])
    for week in range(4):
        assert weeks[:, week].mean() == pytest.approx(mean, abs=4 * weeks[:, week].std() / np.sqrt(20_000))
        mean = 6 + 0.8 * mean
