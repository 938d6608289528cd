"""Kaplan-Meier against worked examples, and its bands by simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sim.analysis.survival import median_day, restricted_mean, survival_curve


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
