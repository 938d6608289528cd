from __future__ import annotations

import math

import numpy as np
import pytest

from sim.history.emissions import log_gamma, log_negative_binomial
from tests.history.zone import REGIMES


@pytest.mark.parametrize(("mean", "size"), REGIMES.values())
def test_negative_binomial_has_its_mean_and_variance(mean: float, size: float) -> None:
    probabilities = np.exp([log_negative_binomial(count, mean, size) for count in range(3000)])
    counts = np.arange(3000)
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities @ counts == pytest.approx(mean)
    assert probabilities @ counts**2 - mean**2 == pytest.approx(mean + mean**2 / size)


def test_seven_days_of_one_regime_are_seven_times_mean_and_size() -> None:
    daily = np.exp([log_negative_binomial(count, 8.3, 0.69) for count in range(60)])
    week = daily
    for _ in range(6):
        week = np.convolve(week, daily)[:60]
    assert week == pytest.approx(np.exp([log_negative_binomial(count, 7 * 8.3, 7 * 0.69) for count in range(60)]))


def test_the_log_of_the_gamma_function() -> None:
    values = np.array([1e-6, 0.03, 0.5, 1.0, 2.0, 7.3, 40.0, 900.0])
    assert log_gamma(values) == pytest.approx([math.lgamma(value) for value in values], rel=1e-12, abs=1e-13)
