from __future__ import annotations

import numpy as np
import pytest

from sim.analysis.blocks import circular, interval, totals


def test_blocks_are_neighbours_and_run_over_the_end() -> None:
    drawn = circular(10, block=4, replicates=200, seed=5)
    assert drawn.shape == (200, 10)
    steps = (drawn[:, 1:] - drawn[:, :-1]) % 10
    inside = [k for k in range(9) if (k + 1) % 4]
    assert (steps[:, inside] == 1).all()
    assert (drawn[:, 1] < drawn[:, 0]).any()  # 9, 0


def test_every_week_is_drawn_as_often() -> None:
    """2,000 replicates of seven weeks: each week 2,000 times, within five standard deviations."""
    counts = np.bincount(circular(7, block=3).ravel(), minlength=7)
    assert counts == pytest.approx(2000, abs=5 * 65)


def test_the_seed_is_an_address() -> None:
    assert (circular(73, seed=3) == circular(73, seed=3)).all()
    assert (circular(73, replicates=5, seed=3) == circular(73, seed=3)[:5]).all()
    assert (circular(73, seed=3) != circular(73, seed=4)).any()


@pytest.mark.parametrize("weeks", [1, 12, 35])
def test_a_span_of_fewer_than_three_blocks_has_no_interval(weeks: int) -> None:
    drawn = totals(np.random.default_rng(1).normal(size=(weeks, 2)))
    assert drawn.shape == (2000, 2) and np.isnan(drawn).all()
    assert np.isnan(interval(drawn[:, 0])).all()


def test_three_blocks_are_drawn() -> None:
    weekly = np.random.default_rng(1).normal(size=(36, 2))
    assert (totals(weekly, seed=3) == weekly[circular(36, seed=3)].sum(axis=1)).all()
    assert np.isfinite(totals(weekly[:9], block=3)).all()


@pytest.mark.statistical
def test_blocks_see_that_neighbours_are_alike() -> None:
    """An autoregression of 0.8: the interval of its mean is 1.5 times as wide with blocks as with weeks."""
    dice = np.random.default_rng(4)
    series = np.zeros(300)
    for k in range(1, 300):
        series[k] = 0.8 * series[k - 1] + dice.normal()
    wide, narrow = (np.subtract(*interval(series[circular(300, block)].mean(axis=1))) for block in (12, 1))
    assert wide < 1.5 * narrow < 0


@pytest.mark.statistical
@pytest.mark.slow
def test_coverage_over_seventy_weeks_is_known() -> None:
    """First-order autoregression of 0.5, 73 weeks, 400 series: the 95 % interval covers the mean in 87 of 100.

    It is too narrow with six blocks, as the module says; the bounds are four standard errors away.
    """
    dice = np.random.default_rng(5)
    drawn = circular(73, replicates=500)
    hits = 0
    for _ in range(400):
        series = np.zeros(123)
        for k, step in enumerate(dice.normal(size=122), 1):
            series[k] = 0.5 * series[k - 1] + step
        low, high = interval(series[50:][drawn].mean(axis=1))
        hits += low <= 0 <= high
    assert 0.80 <= hits / 400 <= 0.94
