from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.analysis.pairs import paired_difference


def test_a_difference_counts_what_came_and_went() -> None:
    found = paired_difference([1, 1, 1, 0, 0], [1, 0, 0, 1, 0])
    assert (found.difference, found.gained, found.lost) == (pytest.approx(0.2), 2, 1)
    assert found.mc_low < 0.2 < found.mc_high


def test_the_interval_is_bonett_and_prices() -> None:
    """Their formula by hand: 12 came and 3 went of 40."""
    after = [1] * 12 + [0] * 3 + [1] * 25
    before = [0] * 12 + [1] * 3 + [1] * 25
    up, down = 13 / 42, 4 / 42
    half = 1.959964 * math.sqrt((up + down - (up - down) ** 2) / 42)
    found = paired_difference(after, before)
    assert (found.mc_low, found.mc_high) == pytest.approx((up - down - half, up - down + half), abs=1e-6)


def test_equal_pairs_differ_by_nothing_but_are_not_certain() -> None:
    found = paired_difference([True] * 50, [True] * 50)
    assert found.difference == 0 and found.mc_low == pytest.approx(-found.mc_high) and 0 < found.mc_high < 0.1
    assert math.isnan(found.variance_ratio)


def test_without_pairs_nothing_is_known() -> None:
    found = paired_difference([], [])
    assert math.isnan(found.difference) and (found.mc_low, found.mc_high) == (-1, 1)


def test_pairing_saves_what_it_says() -> None:
    dice = np.random.default_rng(2)
    before = dice.random(100_000) < 0.4
    unpaired = paired_difference(dice.random(100_000) < 0.4, before)
    assert unpaired.variance_ratio == pytest.approx(1.0, abs=0.02)
    assert paired_difference(before ^ (dice.random(100_000) < 0.05), before).variance_ratio > 5


@pytest.mark.statistical
def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """2,000 samples of 60 pairs; below 93.5 % with probability 0.002 if it holds at 95 %."""
    dice, held = np.random.default_rng(4), 0
    for _ in range(2000):
        u = dice.random(60)
        found = paired_difference(u < 0.35, (u < 0.2) | (u > 0.95))
        held += found.mc_low <= 0.10 <= found.mc_high
    assert held > stats.binom.ppf(0.002, 2000, 0.95)
