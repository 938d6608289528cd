"""Kaplan-Meier against worked examples, and its bands by simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from sim.analysis.survival import hazard_by_age, median_day, restricted_mean, survival_curve
from sim.errors import InputError
from tests.analysis.making import drawn, trials_of


def _trials(days: list[int | None], observed: list[int], sets: list[int] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "set": sets or [0] * len(days),
            "breakdown_day": pd.array(days, dtype="Int64"),
            "observed_days": observed,
            "error": None,
        }
    )


# Remission times of 21 leukaemia patients under 6-MP (Freireich et al. 1963, Blood 21:699), + censored.
SIX_MP = [6, 6, 6, 7, 10, 13, 16, 22, 23]
SIX_MP_CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def _six_mp() -> pd.DataFrame:
    return _trials([*SIX_MP, *[None] * 12], [*SIX_MP, *SIX_MP_CENSORED])


def test_a_published_example() -> None:
    """Survival of the 6-MP arm: 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448 (any survival textbook)."""
    curve = survival_curve(_six_mp()).set_index("day")
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448, 35: 0.448}
    assert curve.loc[list(published), "survival"].tolist() == pytest.approx(list(published.values()), abs=5e-4)
    assert curve.loc[[6, 7, 10, 23], "at_risk"].tolist() == [21, 17, 15, 6]
    assert curve.loc[10, "censored"] == 1


def test_the_log_log_band_by_hand() -> None:
    """Day 6: Greenwood 3 / (21 x 18) = 0.0079365, log S = -0.1541507; exp(-0.1541507 exp(-+1.959964 x 0.577921))."""
    row = survival_curve(_six_mp()).set_index("day").loc[6]
    spread = 1.959964 * math.sqrt(3 / 378) / -math.log(18 / 21)
    low, high = (math.exp(math.log(18 / 21) * math.exp(sign * spread)) for sign in (1, -1))
    assert (row["mc_low"], row["mc_high"]) == pytest.approx((low, high))
    assert (low, high) == pytest.approx((0.6197, 0.9516), abs=1e-4)


@pytest.mark.parametrize("seed", [1, 2])
def test_curve_and_band_are_those_of_statsmodels_and_scipy(seed: int) -> None:
    """Survival and Greenwood's error by statsmodels, the log-log band by scipy, on 200 trials with censoring."""
    trials = drawn(np.random.default_rng(seed), {"breakdown": np.full(200, 0.02)}, 120, leaving=0.01, per_set=200)
    day, ended = trials["observed_days"].to_numpy(), trials["breakdown_day"].notna().to_numpy()
    curve = survival_curve(trials).set_index("day")
    one = SurvfuncRight(day, ended)
    assert curve.loc[one.surv_times, "survival"].to_numpy() == pytest.approx(one.surv_prob)
    assert curve.loc[one.surv_times, "at_risk"].to_numpy() == pytest.approx(one.n_risk)
    logs = np.log(one.surv_prob)
    spread = stats.norm.ppf(0.975) * one.surv_prob_se / one.surv_prob / -logs
    assert curve.loc[one.surv_times, "mc_low"].to_numpy() == pytest.approx(np.exp(logs * np.exp(spread)))
    other = stats.ecdf(stats.CensoredData(uncensored=day[ended], right=day[~ended]))
    band = other.sf.confidence_interval(method="log-log")
    at = other.sf.quantiles[other.sf.probabilities < 1].astype(int)
    inside = other.sf.probabilities < 1
    for column, limit in (("mc_low", band.low), ("mc_high", band.high)):
        assert curve.loc[at, column].to_numpy() == pytest.approx(limit.probabilities[inside])


def test_before_the_first_end_the_band_is_wilsons() -> None:
    row = survival_curve(_six_mp()).set_index("day").loc[0]
    assert row["survival"] == row["mc_high"] == 1
    assert row["mc_low"] == pytest.approx(21 / (21 + 1.959964**2))


def test_a_curve_that_falls_to_zero() -> None:
    last = survival_curve(_trials([1, 2], [1, 2])).iloc[-1]
    assert (last["survival"], last["mc_low"]) == (0, 0)
    assert 0 < last["mc_high"] < 1


def test_without_early_censoring_the_curve_is_one_minus_the_ecdf() -> None:
    curve = survival_curve(_trials([2, 5, None, None], [2, 5, 10, 10]))
    assert curve["survival"].tolist() == [1, 1, 0.75, 0.75, 0.75, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert curve["censored"].tolist()[-1] == 2
    assert median_day(curve) == 5
    assert median_day(curve[:5]) is None


def test_restricted_mean_by_hand() -> None:
    """Ends on days 2 and 5, two outlast: the mean of 2, 5, 10, 10 over ten days; of 2, 4, 4, 4 over four."""
    trials = _trials([2, 5, None, None], [2, 5, 10, 10])
    assert restricted_mean(trials, 10).days == pytest.approx(6.75)
    assert restricted_mean(trials, 4).days == pytest.approx(3.5)


def test_restricted_mean_interval_is_that_of_a_mean_without_censoring() -> None:
    """The variance of the area is then the (population) variance of the days over n."""
    days = [2, 5, 7, 9, None, None]
    result = restricted_mean(_trials(days, [day or 10 for day in days]), 10)
    half = 1.959964 * np.std([2, 5, 7, 9, 10, 10]) / math.sqrt(6)
    assert (result.mc_low, result.mc_high) == pytest.approx((result.days - half, min(10, result.days + half)))


def test_a_published_restricted_mean() -> None:
    """The 6-MP arm up to week 35: 23.287 weeks, standard error 2.827 (Klein & Moeschberger, Survival Analysis, 4.5)."""
    found = restricted_mean(_six_mp(), 35)
    assert found.days == pytest.approx(23.287, abs=5e-4)
    assert (found.mc_high - found.days) / 1.959964 == pytest.approx(2.827, abs=1e-3)


def test_the_band_with_sets_is_that_of_the_jackknife() -> None:
    """Leaving out one set at a time, and taking the curve anew, gives the variance that the band is made from."""
    rates = np.repeat(np.random.default_rng(3).gamma(2, 0.015, 40), 25)
    trials = drawn(np.random.default_rng(4), {"breakdown": rates}, 60, leaving=0.01, per_set=25)
    left_out = [survival_curve(trials[trials["set"] != index]).set_index("day") for index in range(40)]
    row = survival_curve(trials).set_index("day").loc[40]
    logs = np.log([curve.loc[40, "survival"] for curve in left_out])
    error = math.sqrt(39 * np.var(logs))
    half = (math.log(-math.log(row["mc_low"])) - math.log(-math.log(row["mc_high"]))) / 2
    assert half == pytest.approx(stats.t.ppf(0.975, 39) * error / -math.log(row["survival"]), rel=0.03)


def test_restricted_mean_of_trials_that_end_early() -> None:
    """Nobody was followed beyond day 4, so the last height, one half, is carried on to the horizon."""
    assert restricted_mean(_trials([2, None], [4, 4]), 10).days == pytest.approx(2 + 8 / 2)


def test_a_restricted_mean_is_not_certain_because_nothing_happened() -> None:
    """None of 20 trials ended: Wilson's lower limit of survival is 20 / (20 + z^2) on each of ten days."""
    found = restricted_mean(_trials([None] * 20, [10] * 20), 10)
    assert (found.days, found.mc_high) == (10, 10)
    assert found.mc_low == pytest.approx(10 * 20 / (20 + 1.959964**2))


def test_a_restricted_mean_of_no_trials_is_unknown() -> None:
    found = restricted_mean(_trials([None], [10]).assign(error="RunError"), 10)
    assert math.isnan(found.days) and (found.mc_low, found.mc_high) == (0, 10)


def test_the_restricted_means_range_is_that_of_the_sets() -> None:
    """Forty sets whose hazard is 0.01 or 0.05, with a thousand trials in each; none with a single set."""
    rates = np.repeat([0.01, 0.05], 20 * 1000)
    trials = drawn(np.random.default_rng(5), {"breakdown": rates}, 60, per_set=1000)
    found = restricted_mean(trials, 60)
    truth = [(1 - (1 - h) ** 60) / h for h in (0.05, 0.01)]
    assert [found.range_low, found.range_high] == pytest.approx(truth, rel=0.04)
    assert found.mc_low < np.mean(truth) < found.mc_high
    assert math.isnan(restricted_mean(trials.assign(set=0), 60).range_low)


def test_equal_sets_have_a_narrow_range_of_the_mean() -> None:
    trials = drawn(np.random.default_rng(6), {"breakdown": np.full(3000, 0.02)}, 60, per_set=30)
    found = restricted_mean(trials, 60)
    own = [restricted_mean(part, 60).days for _, part in trials.groupby("set")]
    assert found.range_high - found.range_low < 0.5 * np.ptp(np.quantile(own, [0.05, 0.95]))


def test_hazard_by_hand() -> None:
    """Ends on days 2, 5 and 9, one censored on 4 and one on 10; periods of four days.

    Days at risk: 4 + 2 + 4 + 4 + 4 = 18, 1 + 4 + 4 = 9 (the end on day 5; two go on), 1 + 2 = 3.
    """
    trials = trials_of({"breakdown_day": [2, 5, 9, None, None]}, [2, 5, 9, 4, 10])
    found = hazard_by_age(trials, width=4)
    assert found[["day_from", "day_to"]].to_numpy().tolist() == [[1, 4], [5, 8], [9, 10]]
    assert found["at_risk"].tolist() == [5, 3, 2]
    assert found["events"].tolist() == [1, 1, 1]
    assert found["hazard"].tolist() == pytest.approx([1 / 18, 1 / 9, 1 / 3])
    assert (found["mc_low"] < found["hazard"]).all() and (found["hazard"] < found["mc_high"]).all()
    assert found["range_low"].isna().all()


def test_the_hazard_of_one_day_periods_makes_the_curve() -> None:
    trials = drawn(np.random.default_rng(7), {"breakdown": np.full(400, 0.03)}, 50, leaving=0.01, per_set=400)
    hazard = hazard_by_age(trials, width=1)["hazard"]
    assert np.cumprod(1 - hazard).to_numpy() == pytest.approx(survival_curve(trials)["survival"].to_numpy()[1:])


def test_a_mixture_of_constant_hazards_falls() -> None:
    trials = drawn(np.random.default_rng(8), {"breakdown": np.repeat([0.2, 0.005], 500)}, 60, per_set=500)
    found = hazard_by_age(trials, width=20)
    assert found["hazard"].is_monotonic_decreasing
    assert found.loc[0, "mc_low"] < found.loc[0, "hazard"] < 0.2


def test_hazard_without_trials_or_with_a_width_of_none() -> None:
    assert hazard_by_age(_trials([None], [1]).assign(error="RunError")).empty
    with pytest.raises(InputError, match="width: 0 is not allowed"):
        hazard_by_age(_trials([1], [1]), width=0)


def test_a_set_a_trial_gives_greenwoods_band_at_least() -> None:
    """Clustering by single trials repeats Greenwood up to n / (n - 1) and Student's t."""
    plain = survival_curve(_six_mp())
    alone = survival_curve(_trials([*SIX_MP, *[None] * 12], [*SIX_MP, *SIX_MP_CENSORED], list(range(21))))
    ratio = math.sqrt(21 / 20) * 2.085963 / 1.959964
    for day in (6, 13, 22):
        log = np.log(-np.log(plain.loc[day, ["mc_low", "survival"]].astype(float)))
        wide = np.log(-np.log(alone.loc[day, ["mc_low", "survival"]].astype(float)))
        assert wide.iloc[0] - wide.iloc[1] == pytest.approx(ratio * (log.iloc[0] - log.iloc[1]))


def test_range_across_sets_and_none_without() -> None:
    days = [1] * 9 + [None] + [1] + [None] * 9
    trials = _trials(days, [day or 5 for day in days], [0] * 10 + [1] * 10)
    last = survival_curve(trials).iloc[-1]
    assert last["range_low"] < 0.2 and last["range_high"] > 0.8
    assert survival_curve(trials[:10])["range_low"].isna().all()


def test_another_outcome_and_failed_trials() -> None:
    trials = _trials([1, None, None], [4, 4, 4]).assign(war_day=[None, 3, 2], error=[None, None, "RunError"])
    assert survival_curve(trials, "war")["survival"].tolist() == [1, 1, 1, 0.5, 0.5]


def test_all_trials_failed() -> None:
    curve = survival_curve(_trials([None], [1]).assign(error="RunError"))
    assert curve[["survival", "mc_low", "mc_high"]].to_numpy().tolist() == [[1, 0, 1]]


@pytest.mark.slow
@pytest.mark.statistical
@pytest.mark.parametrize("spread", [0.0, 0.15])
def test_the_band_covers(spread: float) -> None:
    """40 sets of 20 trials, daily hazard 0.01 exp(normal): in 200 ensembles the day-60 band holds the truth >= 90 %."""
    rng = np.random.default_rng(8)
    factors = np.exp(rng.normal(0, 4 * spread, 100_000))
    truth = float(np.mean((1 - np.minimum(0.01 * factors, 1)) ** 60))
    inside = 0
    for _ in range(200):
        hazard = np.repeat(0.01 * np.exp(rng.normal(0, 4 * spread, 40)), 20)
        day = rng.geometric(np.minimum(hazard, 1))
        frame = pd.DataFrame({"set": np.repeat(np.arange(40), 20), "error": None, "observed_days": np.minimum(day, 90)})
        frame["breakdown_day"] = np.where(day <= 90, day, np.nan)
        row = survival_curve(frame).iloc[60]
        inside += row["mc_low"] <= truth <= row["mc_high"]
    assert inside >= 180
