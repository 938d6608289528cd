"""Scores of single forecasts: worked by hand, against scoringrules, and proper."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.analysis.scores import (
    Sample,
    brier,
    central_interval,
    covered,
    crps,
    levels,
    log_score,
    randomised_pit,
    ranked_probability,
    sample,
)

COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=30)
CLASSES = st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any).map(lambda it: np.array(it) / sum(it))


# --- by hand --------------------------------------------------------------------------------------------------------


def test_ranked_probability_by_hand() -> None:
    """(.2, .3, .5) cumulates to .2, .5: hold .8^2 + .5^2; the other two .2^2 + .5^2."""
    assert ranked_probability([[0.2, 0.3, 0.5]] * 3, [0, 1, 2]) == pytest.approx([0.89, 0.29, 0.29])
    assert float(ranked_probability([1.0, 0.0, 0.0], 2)) == 2.0


def test_brier_and_log_score_by_hand() -> None:
    assert brier([0.7, 0.7], [True, False]) == pytest.approx([0.09, 0.49])
    assert float(log_score([0.2, 0.3, 0.5], 1, smoothing=0.0)) == pytest.approx(-math.log(0.3))
    assert float(log_score([1.0, 0.0, 0.0], 2)) == pytest.approx(math.log(300))
    assert float(log_score([1.0, 0.0, 0.0], 0)) == pytest.approx(-math.log(0.99 + 0.01 / 3))


def test_crps_by_hand() -> None:
    """Members 1, 4, 4, 9 and 3 observed: mean distance 2.5, of pairs 3 with, 4 without the same."""
    assert crps(sample([4, 9, 1, 4], drawn=False), 3) == pytest.approx(1.0)
    assert crps(sample([4, 9, 1, 4], drawn=True), 3) == pytest.approx(0.5)
    assert crps(sample([6.0]), 2) == 4.0


def test_a_weight_is_so_many_members() -> None:
    heavy, long = sample([2, 7, 30], [1, 2, 3], drawn=False), sample([2, 7, 7, 30, 30, 30], drawn=False)
    assert crps(heavy, 11) == pytest.approx(crps(long, 11))
    assert central_interval(heavy, 0.5) == central_interval(long, 0.5)
    assert randomised_pit(heavy, 7, 0.3) == pytest.approx(randomised_pit(long, 7, 0.3))


def test_central_intervals_by_hand() -> None:
    """Of 1 ... 20 the 5 % quantile is 1 and the 95 % quantile 19; both ends belong to the interval."""
    forecast = sample(np.arange(1, 21))
    assert central_interval(forecast, 0.9) == (1, 19)
    assert central_interval(forecast, 0.5) == (5, 15)
    assert [covered(forecast, seen, 0.5) for seen in (4, 5, 15, 16)] == [False, True, True, False]


def test_randomised_pit_by_hand() -> None:
    """Of 0, 0, 5, 9 half is nothing: as a distribution 0 gives u / 2; as draws it is one among three alike of five."""
    assert randomised_pit(sample([0, 0, 5, 9], drawn=False), 0, 0.4) == pytest.approx(0.2)
    assert randomised_pit(sample([0, 0, 5, 9], drawn=False), 6, 0.4) == pytest.approx(0.75)
    assert randomised_pit(sample([0, 0, 5, 9], drawn=True), 0, 0.4) == pytest.approx(0.4 * 3 / 5)
    assert randomised_pit(sample([0, 0, 5, 9], drawn=True), 99, 0.4) == pytest.approx(0.8 + 0.4 / 5)


def test_levels_begin_at_their_limits() -> None:
    assert levels([0, 34.9, 35, 99, 100, 5000]).tolist() == [0, 0, 1, 1, 2, 2]
    assert levels([69, 70], (35, 70)).tolist() == [1, 2]


# --- against scoringrules -------------------------------------------------------------------------------------------


@given(COUNTS, st.integers(0, 500))
def test_crps_agrees_with_scoringrules(members: list[int], seen: int) -> None:
    values = np.array(members, float)
    theirs = scoringrules.crps_ensemble(float(seen), values, estimator="nrg", backend="numpy")
    assert crps(sample(members, drawn=False), seen) == pytest.approx(float(theirs), abs=1e-9)
    if len(members) > 1:
        fair = scoringrules.crps_ensemble(float(seen), values, estimator="fair", backend="numpy")
        assert crps(sample(members, drawn=True), seen) == pytest.approx(float(fair), abs=1e-9)


@given(COUNTS, st.integers(0, 500), st.randoms(use_true_random=False))
def test_weighted_crps_agrees_with_scoringrules(members: list[int], seen: int, luck: Random) -> None:
    weights = np.array([luck.random() + 0.01 for _ in members])
    theirs = scoringrules.crps_ensemble(
        float(seen), np.array(members, float), ens_w=weights, estimator="nrg", backend="numpy"
    )
    assert crps(sample(members, weights, drawn=False), seen) == pytest.approx(float(theirs), abs=1e-9)


@given(CLASSES, st.integers(0, 2))
def test_scores_of_classes_agree_with_scoringrules(p: np.ndarray, seen: int) -> None:
    theirs = scoringrules.rps_score(seen + 1, p, backend="numpy")
    assert float(ranked_probability(p, seen)) == pytest.approx(float(theirs), abs=1e-12)
    happened = float(seen == 2)
    assert float(brier(p[2], happened)) == pytest.approx(
        float(scoringrules.brier_score(happened, p[2], backend="numpy"))
    )
    smooth = 0.99 * p[seen] + 0.01 / 3
    assert float(log_score(p, seen)) == pytest.approx(float(scoringrules.log_score(1.0, smooth, backend="numpy")))


def test_crps_of_many_draws_is_that_of_the_distribution() -> None:
    """Quantiles of a negative binomial at 20,000 evenly spaced levels against the closed form."""
    members = stats.nbinom.ppf((np.arange(20_000) + 0.5) / 20_000, 1.2, 1.2 / (1.2 + 60))
    for seen in (0, 40, 300):
        theirs = scoringrules.crps_negbinom(float(seen), 1.2, 1.2 / (1.2 + 60), backend="numpy")
        assert crps(sample(members), seen) == pytest.approx(float(theirs), rel=2e-3)


# --- properties -----------------------------------------------------------------------------------------------------


@given(CLASSES, CLASSES)
def test_scores_of_classes_are_proper(truth: np.ndarray, other: np.ndarray) -> None:
    """The expected score under the truth is least for the truth itself; exactly, by summing over classes."""
    for rule in (ranked_probability, lambda p, y: log_score(p, y, smoothing=1e-9)):
        own, others = (float(truth @ rule(np.tile(p, (3, 1)), np.arange(3))) for p in (truth, other))
        assert own <= others + 1e-7


@given(st.integers(2, 30).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 60), min_size=n, max_size=n)] * 2)))
def test_crps_of_a_distribution_is_proper(pair: tuple[list[int], list[int]]) -> None:
    truth, other = (sample(values, drawn=False) for values in pair)
    own, others = (float(np.mean([crps(it, seen) for seen in truth.values])) for it in (truth, other))
    assert own <= others + 1e-9


@pytest.mark.statistical
def test_the_fair_crps_does_not_reward_more_members() -> None:
    """Ten draws and two score alike over 20,000 cases, within four standard errors (false alarm 1 in 10,000)."""
    dice = np.random.default_rng(1)
    seen, ten = dice.exponential(size=20_000), dice.exponential(size=(20_000, 10))
    gap = np.array([crps(sample(x), y) - crps(sample(x[:2]), y) for x, y in zip(ten, seen, strict=True)])
    assert abs(gap.mean()) < 4 * gap.std() / math.sqrt(len(gap))
    raw = np.array([crps(sample(x, drawn=False), y) for x, y in zip(ten[:2000], seen, strict=False)])
    assert raw.mean() > 0.5 + 0.02  # the plain estimator is 0.55: half a mean spread of one over ten too much


@pytest.mark.statistical
def test_the_true_distribution_wins_by_simulation() -> None:
    """Negative binomial weeks: the true forecaster beats three wrong ones by more than three standard errors each.

    Fixed seed; with another one the narrowest gap would be missed less than once in a hundred.
    """
    dice = np.random.default_rng(2)
    seen = stats.nbinom.rvs(1.2, 1.2 / 61.2, size=1500, random_state=dice)
    draws = {
        "truth": (1.2, 60),
        "too low": (1.2, 35),
        "too sure": (12, 60),
        "too vague": (0.4, 60),
    }
    grid = (np.arange(400) + 0.5) / 400
    forecasts = {name: sample(stats.nbinom.ppf(grid, k, k / (k + mean))) for name, (k, mean) in draws.items()}
    scores = {name: np.array([crps(it, y) for y in seen]) for name, it in forecasts.items()}
    for name in ("too low", "too sure", "too vague"):
        gap = scores[name] - scores["truth"]
        assert gap.mean() > 3 * gap.std() / math.sqrt(len(gap)), name


@pytest.mark.statistical
@pytest.mark.parametrize("drawn", [True, False])
def test_the_pit_of_a_right_forecast_is_uniform(drawn: bool) -> None:
    """Kolmogorov-Smirnov at 0.1 % (the false-alarm rate), for forecasts with many zeros."""
    dice = np.random.default_rng(3)
    seen = dice.negative_binomial(0.3, 0.1, 4000)
    if drawn:
        forecasts = [sample(members) for members in dice.negative_binomial(0.3, 0.1, (4000, 20))]
    else:
        values = np.arange(400)
        forecasts = [Sample(values.astype(float), stats.nbinom.pmf(values, 0.3, 0.1), False)] * 4000
    pit = [randomised_pit(it, y, u) for it, y, u in zip(forecasts, seen, dice.random(4000), strict=True)]
    assert stats.kstest(pit, "uniform").pvalue > 0.001


@given(COUNTS, st.integers(0, 500), st.floats(0.001, 0.999))
def test_pit_and_intervals_stay_within(members: list[int], seen: int, uniform: float) -> None:
    for drawn in (True, False):
        forecast = sample(members, drawn=drawn)
        assert 0 <= randomised_pit(forecast, seen, uniform) <= 1
    low, high = central_interval(forecast, 0.9)
    assert min(members) <= low <= high <= max(members)
    assert np.mean((np.array(members) >= low) & (np.array(members) <= high)) >= 0.9 - 1e-9
