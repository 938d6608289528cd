"""Intervals against hand-worked numbers, at their edges, and their coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from sim.analysis.intervals import effective_trials, estimate, intraclass_correlation, range_of_means, wilson
from sim.analysis.survival import survival_curve


def test_one_set_is_wilsons_interval() -> None:
    """20 of 100: (0.2 + 1.92073/100 -+ 1.95996 sqrt(0.0016 + 0.96036/10000)) / 1.0384146."""
    result = estimate([20], [100])
    assert result.count == 20
    assert result.probability == 0.2
    assert (result.mc_low, result.mc_high) == pytest.approx((0.13337, 0.28883), abs=1e-5)
    assert (result.range_low, result.range_high) == (None, None)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_intervals(hits: int, trials: int, low: float, high: float) -> None:
    """The examples of Newcombe (1998), Stat. Med. 17:857, Table I, method 3."""
    result = estimate([hits], [trials])
    assert (result.mc_low, result.mc_high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("hits", "trials"), [(0, 7), (3, 40), (500, 1000), (40, 40)])
def test_one_set_agrees_with_scipy(hits: int, trials: int) -> None:
    oracle = stats.binomtest(hits, trials).proportion_ci(method="wilson")
    result = estimate([hits], [trials])
    assert (result.mc_low, result.mc_high) == pytest.approx((oracle.low, oracle.high), abs=1e-12)


@pytest.mark.parametrize("sizes", [[50] * 60, [20, 80] * 30])
def test_effective_trials_agree_with_cluster_robust_errors(sizes: list[int]) -> None:
    """Where there are many hits, the standard error is that of statsmodels' regression on a constant, by clusters."""
    dice = np.random.default_rng(10)
    hits = dice.binomial(sizes, dice.beta(4, 6, 60)).astype(float)
    flags = np.concatenate([np.arange(size) < hit for size, hit in zip(sizes, hits, strict=True)]).astype(float)
    clusters = {"groups": np.repeat(np.arange(60), sizes)}
    fitted = OLS(flags, np.ones(len(flags))).fit(cov_type="cluster", cov_kwds=clusters)
    share = flags.mean()
    error = math.sqrt(share * (1 - share) / effective_trials(hits, np.array(sizes, dtype=float)))
    assert error == pytest.approx(float(fitted.bse[0]), rel=0.1)


def test_the_range_of_means_leaves_chance_out() -> None:
    """Means of sets that differ by chance alone have hardly a range; those without chance keep their quantiles."""
    dice = np.random.default_rng(11)
    low, high = range_of_means(dice.normal(10, 2, 200), np.full(200, 4.0))
    assert low is not None and high is not None and high - low < 2.5
    assert range_of_means(np.linspace(0, 100, 101), np.zeros(101)) == pytest.approx((5, 95))
    assert range_of_means(np.array([1.0]), np.array([0.0])) == (None, None)


def test_none_and_all_keep_the_interval_inside_zero_and_one() -> None:
    """Wilson at 0 of n reaches z^2 / (n + z^2), the rule of three's cousin; at n of n the mirror image."""
    upper = 1.959964**2 / (50 + 1.959964**2)
    none, all_ = estimate([0], [50]), estimate([50], [50])
    assert (none.mc_low, none.mc_high) == pytest.approx((0, upper))
    assert (all_.mc_low, all_.mc_high) == pytest.approx((1 - upper, 1))


@pytest.mark.parametrize("hits", [0, 100])
def test_none_and_all_with_sets(hits: int) -> None:
    """Nothing is known of the correlation then: ten sets of a hundred count as 1,000 / (1 + 99 x 0.1) trials."""
    result = estimate([hits] * 10, [100] * 10)
    low, high = wilson(hits / 100, 1000 / 10.9, 2.262157)
    assert (result.mc_low, result.mc_high) == pytest.approx((low, high))
    assert (result.range_low, result.range_high) == (hits / 100, hits / 100)


def test_no_trial_says_nothing() -> None:
    result = estimate([0], [0])
    assert math.isnan(result.probability)
    assert (result.count, result.mc_low, result.mc_high) == (0, 0.0, 1.0)


def test_correlation_by_hand() -> None:
    """Shares 0.2, 0.4, 0.6, 0.8 of 50: between = 50 x 0.2 / 3 = 10/3, within = 50 x 0.8 / 196 = 0.204082.

    icc = (3.333333 - 0.204082) / (3.333333 + 49 x 0.204082) = 0.234694; steadied (100 x icc + 4 x 0.1) / 104.
    """
    hits, trials = np.array([10.0, 20.0, 30.0, 40.0]), np.full(4, 50.0)
    assert intraclass_correlation(hits, trials) == pytest.approx((100 * 0.234694 + 0.4) / 104, abs=1e-6)


def test_sets_that_differ_make_the_interval_wider() -> None:
    same, apart = estimate([25, 25, 25, 25], [50] * 4), estimate([5, 15, 35, 45], [50] * 4)
    assert same.probability == apart.probability == 0.5
    assert apart.mc_high - apart.mc_low > 1.5 * (same.mc_high - same.mc_low)


def test_effective_trials_lie_between_sets_and_trials() -> None:
    worth = effective_trials(np.array([0.0, 50.0, 0.0, 50.0]), np.full(4, 50.0))
    assert 4 <= worth < 10


def test_range_leaves_chance_out() -> None:
    """Fifty sets with one and the same probability: the raw 5-95 % range is about 0.3 to 0.7, the freed one narrow."""
    rng = np.random.default_rng(4)
    hits = rng.binomial(20, 0.5, 50)
    raw = np.quantile(hits / 20, [0.05, 0.95])
    result = estimate(hits, np.full(50, 20))
    assert result.range_low is not None and result.range_high is not None
    assert result.range_high - result.range_low < 0.3 * (raw[1] - raw[0])


def test_range_finds_the_spread_of_the_sets() -> None:
    """Sets uniform on 0.2 to 0.8: 5-95 % is 0.23 to 0.77."""
    rng = np.random.default_rng(5)
    result = estimate(rng.binomial(40, rng.uniform(0.2, 0.8, 400)), np.full(400, 40))
    assert result.range_low == pytest.approx(0.23, abs=0.04)
    assert result.range_high == pytest.approx(0.77, abs=0.04)


def test_one_trial_a_set_has_no_range() -> None:
    result = estimate([0, 1, 1, 0], [1, 1, 1, 1])
    assert (result.range_low, result.range_high) == (None, None)


def test_large_sets_keep_their_quantiles() -> None:
    """With ten thousand trials a set there is no chance left to take out."""
    hits = np.linspace(0, 10_000, 101)
    result = estimate(hits, np.full(101, 10_000))
    assert (result.range_low, result.range_high) == pytest.approx((0.05, 0.95), abs=1e-3)


def test_few_trials_never_claim_that_the_parameters_do_nothing() -> None:
    """Four sets that differ less than chance alone would make them: the range is narrow, not nothing."""
    result = estimate([24, 25, 25, 26], [40] * 4)
    assert result.range_low is not None and result.range_high is not None
    assert 0.01 < result.range_high - result.range_low < 0.05


def test_range_and_survival_agree() -> None:
    """The range of the curve's last day is that of the table."""
    day = [1] * 9 + [None] + [1] * 3 + [None] * 7
    trials = pd.DataFrame({"set": [0] * 10 + [1] * 10, "breakdown_day": day, "observed_days": 5, "error": None})
    last, result = survival_curve(trials).iloc[-1], estimate([9, 3], [10, 10])
    assert (1 - last["range_high"], 1 - last["range_low"]) == pytest.approx((result.range_low, result.range_high))


@pytest.mark.statistical
@pytest.mark.parametrize(("probability", "trials"), [(0.05, 400), (0.3, 200), (0.5, 1000)])
def test_coverage_with_one_set(probability: float, trials: int) -> None:
    """95 % intervals hold the truth in 93 to 97.5 % of 3,000 ensembles (beyond four standard errors otherwise)."""
    rng = np.random.default_rng(6)
    assert 0.93 <= _coverage(rng.binomial(trials, probability, (3000, 1)), trials, probability) <= 0.975


@pytest.mark.statistical
@pytest.mark.parametrize("correlation", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("probability", [0.02, 0.1, 0.5])
def test_coverage_with_sets(probability: float, correlation: float) -> None:
    """40 beta-distributed sets of 25 trials: at least 92 % of 600 ensembles; unclustered Wilson would fall to 70 %."""
    rng = np.random.default_rng(7)
    sets = np.full((600, 40), probability)
    if correlation:
        weight = 1 / correlation - 1
        sets = rng.beta(probability * weight, (1 - probability) * weight, (600, 40))
    assert _coverage(rng.binomial(25, sets), 25, probability) >= 0.92


def test_intervals_without_clusters_would_not_cover() -> None:
    """The coverage test can fail: the same ensembles under plain Wilson."""
    rng = np.random.default_rng(7)
    hits = rng.binomial(25, rng.beta(4.5, 4.5, (500, 40))).sum(axis=1)
    inside = [low <= 0.5 <= high for low, high in (wilson(k / 1000, 1000, 1.96) for k in hits)]
    assert np.mean(inside) < 0.8


def _coverage(hits: np.ndarray, trials: int, truth: float) -> float:
    results = [estimate(row, np.full(len(row), trials)) for row in hits]
    return float(np.mean([result.mc_low <= truth <= result.mc_high for result in results]))
