"""The ordinal logit against statsmodels, by its gradient, and on data that it knows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit
from statsmodels.miscmodels.ordinal_model import OrderedModel

from sim.analysis.ordinal import OrdinalLogit, _loss, fit


def drawn(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Levels from known cut-points -1 and 1.5 and slopes 0.8 and -0.5, covariates far from standard."""
    dice = np.random.default_rng(seed)
    x = np.column_stack([dice.normal(3, 2, n), dice.normal(-1, 0.5, n)])
    latent = 0.8 * x[:, 0] - 0.5 * x[:, 1] + dice.logistic(size=n)
    return x, np.searchsorted([1.9, 4.4], latent).astype(np.int64)


def test_without_a_ridge_it_is_statsmodels_ordered_model() -> None:
    x, level = drawn(400)
    ours = fit(x, level, ridge=0.0)
    theirs = OrderedModel(level, x, distr="logit").fit(method="bfgs", disp=False, gtol=1e-8, maxiter=500)
    assert ours.slopes == pytest.approx(np.asarray(theirs.params)[:2], rel=1e-3)
    assert ours.probabilities(x[:50]) == pytest.approx(np.asarray(theirs.predict(exog=x[:50])), abs=1e-4)


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    x, level = drawn(60)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    for free in ([-0.4, 0.3, 0.5, -0.2], [0.2, -1.0, -2.0, 1.0]):
        numeric = approx_fprime(np.array(free), lambda it: _loss(it, z, level, 3, 1.3)[0], 1e-6)
        assert _loss(np.array(free), z, level, 3, 1.3)[1] == pytest.approx(numeric, rel=1e-4, abs=1e-3)


def test_probabilities_by_hand() -> None:
    p = OrdinalLogit(np.array([0.0, 2.0]), np.array([1.0])).probabilities(np.array([1.0]))
    assert p == pytest.approx([expit(-1), expit(1) - expit(-1), 1 - expit(1)])


def test_the_ridge_pulls_slopes_to_nothing() -> None:
    x, level = drawn(100)
    sizes = [float(np.abs(fit(x, level, ridge=ridge).slopes).sum()) for ridge in (0.0, 10.0, 1e4)]
    assert sizes[0] > sizes[1] > sizes[2]
    shares = np.bincount(level, minlength=3) / len(level)
    assert fit(x, level, ridge=1e8).probabilities(x[0]) == pytest.approx(shares, abs=0.01)


def test_units_do_not_matter() -> None:
    x, level = drawn(100)
    scaled = fit(x * [100, 0.01] + [7, -3], level)
    assert scaled.probabilities(x * [100, 0.01] + [7, -3]) == pytest.approx(fit(x, level).probabilities(x), abs=1e-5)


def test_odd_data_are_fitted_too() -> None:
    """A level that never came, a covariate that does not vary, levels that the covariate separates."""
    x, level = drawn(100)
    never = fit(x, np.minimum(level, 1)).probabilities(x[0])
    assert never[2] < 0.02 and never.sum() == pytest.approx(1)
    assert fit(np.column_stack([x, np.ones(100)]), level).slopes[2] == 0
    apart = fit(np.arange(30.0)[:, None], np.repeat([0, 1, 2], 10)).probabilities(np.array([[0.0], [15.0], [29.0]]))
    assert apart.argmax(axis=1).tolist() == [0, 1, 2]


@pytest.mark.statistical
def test_known_slopes_are_found() -> None:
    """6,000 cases: slopes within about five standard errors of the truth (false alarm 1 in 100,000)."""
    x, level = drawn(6000, seed=2)
    first, second = fit(x, level).slopes
    assert first == pytest.approx(0.8, abs=0.09)
    assert second == pytest.approx(-0.5, abs=0.26)
