from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.analysis.pairs import clustered_difference, paired_difference


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


# --- parameter sets --------------------------------------------------------------------------------------------------


def test_one_set_is_the_plain_difference() -> None:
    after, before = [1, 1, 1, 0, 0] * 8, [1, 0, 0, 1, 0] * 8
    plain, found = paired_difference(after, before), clustered_difference(after, before, [0] * 40)
    assert (found.difference, found.gained, found.lost, found.pairs) == (plain.difference, 16, 8, 40)
    assert (found.mc_low, found.mc_high, found.variance_ratio) == (plain.mc_low, plain.mc_high, plain.variance_ratio)
    assert math.isnan(found.range_low) and math.isnan(found.range_high)


def test_sets_that_agree_are_worth_nearly_all_their_pairs_and_sets_that_do_not_far_fewer() -> None:
    sets = np.repeat(np.arange(20), 20)
    before = np.zeros(400, bool)
    alike = clustered_difference(np.tile(np.arange(20) < 10, 20), before, sets)
    apart = clustered_difference(sets < 10, before, sets)
    assert alike.difference == apart.difference == 0.5
    assert alike.mc_high - alike.mc_low < 0.3 * (apart.mc_high - apart.mc_low)
    assert (apart.range_low, apart.range_high) == (0, 1)
    assert alike.range_high - alike.range_low == pytest.approx(0, abs=1e-9)


def test_the_range_across_sets_leaves_luck_out() -> None:
    """40 sets of 10 pairs that all have a difference of 0.3: what the sets differ by is luck."""
    dice, sets = np.random.default_rng(3), np.repeat(np.arange(40), 10)
    found = clustered_difference(dice.random(400) < 0.3, np.zeros(400, bool), sets)
    raw = np.quantile(dice.binomial(10, 0.3, 400) / 10, [0.05, 0.95])
    assert found.range_high - found.range_low < 0.6 * (raw[1] - raw[0])


def test_the_clustered_ratio_compares_sets_of_their_own_with_shared_ones() -> None:
    """Shares of 0 or 1 by set, both alike but for one set of ten: var(p) = 10/36 each, var(d) = 1/10."""
    before = np.repeat(np.arange(10) % 2, 4).astype(bool)
    after = before.copy()
    after[:4] = True
    found = clustered_difference(after, before, np.repeat(np.arange(10), 4))
    shares = np.arange(10) % 2
    changed = shares.copy()
    changed[0] = 1
    assert found.variance_ratio == pytest.approx((shares.var() + changed.var()) / (changed - shares).var())


def test_without_pairs_of_any_set_nothing_is_known() -> None:
    found = clustered_difference([], [], [])
    assert math.isnan(found.difference) and (found.mc_low, found.mc_high, found.pairs) == (-1, 1, 0)


@pytest.mark.statistical
@pytest.mark.parametrize(("sets", "trials", "spread"), [(64, 16, 0.0), (64, 16, 0.1), (20, 50, 0.1), (13, 16, 0.2)])
def test_the_clustered_interval_holds_the_truth_as_often_as_it_says(sets: int, trials: int, spread: float) -> None:
    """1,000 samples whose sets scatter around 0.05; below 92 % with probability 0.00002 if it holds at 95 %."""
    dice, held = np.random.default_rng(5), 0
    of = np.repeat(np.arange(sets), trials)
    for _ in range(1000):
        gains = 0.15 + spread * dice.choice([-1.0, 1.0], sets)
        before = dice.random(sets * trials) < 0.5
        u = dice.random(sets * trials)
        after = np.where(before, u > 0.05, u < gains[of])
        found = clustered_difference(after, before, of)
        held += found.mc_low <= 0.05 <= found.mc_high
    assert held >= 920
