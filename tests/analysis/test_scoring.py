"""The tables of scores: sums by hand, common origins, alignments weighing alike, differences with intervals."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sim.analysis.forecasts import Forecast, from_trials
from sim.analysis.scores import sample
from sim.analysis.scoring import (
    SIMPLE,
    aligned_weights,
    best_baselines,
    counted,
    coverage,
    mean_scores,
    paired,
    score,
    score_each,
    skill,
    skill_of,
)
from sim.errors import InputError
from tests.analysis.recorded import FIRST, of_days, of_weeks

COLUMNS = ["horizon", "forecaster", "n", "rps", "brier_collapse", "crps", "log_score", "coverage_50", "coverage_90"]
WEEKS = [10, 50, 200, 10, 10, 300, 60, 5, 120, 40, 0, 20, 33, 150, 90]
EVES = [FIRST + dt.timedelta(7 * k - 1) for k in range(1, len(WEEKS))]


def says(name: str, origin: dt.date, deaths: float, horizon: int = 1) -> Forecast:
    """Whoever is sure of a number of deaths."""
    p = np.eye(3)[int(np.searchsorted([35, 100], deaths, side="right"))]
    return Forecast(name, origin, horizon, p, sample([deaths], drawn=False))


def knows(name: str, error: float = 0.0) -> list[Forecast]:
    return [says(name, origin, WEEKS[k] + error) for k, origin in enumerate(EVES, 1)]


def test_the_table_by_hand() -> None:
    """Two forecasts of 20 deaths; 50 and 200 come: RPS 1 and 2, Brier 0 and 1, CRPS 30 and 180."""
    table = score([says("twenty", EVES[0], 20), says("twenty", EVES[1], 20)], of_weeks(WEEKS))
    assert list(table.columns) == COLUMNS
    row = table.iloc[0]
    assert (row.horizon, row.forecaster, row.n) == (1, "twenty", 2)
    assert (row.rps, row.brier_collapse, row.crps) == pytest.approx((1.5, 0.5, 105))
    assert row.log_score == pytest.approx(np.log(300))
    assert (row.coverage_50, row.coverage_90) == (0, 0)


def test_whoever_knows_is_perfect() -> None:
    row = score(knows("all-knowing"), of_weeks(WEEKS)).iloc[0]
    assert (row.rps, row.brier_collapse, row.crps, row.coverage_50, row.coverage_90) == pytest.approx((0, 0, 0, 1, 1))


def test_simulated_trials_and_sure_words_are_scored_alike() -> None:
    daily = np.zeros((3, 14))
    daily[:, 8] = 60
    told = [says("b", EVES[0], 60, horizon=2)]
    table = score([*from_trials("a", EVES[0], daily, (2,)), *told], of_weeks(WEEKS)).set_index("forecaster")
    assert table.loc["a", COLUMNS[3:]].tolist() == pytest.approx(table.loc["b", COLUMNS[3:]].tolist())


def test_only_common_origins_count() -> None:
    """The second forecaster lacks the hard week; neither is scored on it."""
    forecasts = [says("a", EVES[0], 50), says("a", EVES[1], 0), says("b", EVES[0], 50)]
    table = score(forecasts, of_weeks(WEEKS))
    assert table["n"].tolist() == [1, 1]
    assert table["crps"].tolist() == [0, 0]


def test_horizons_stand_apart() -> None:
    forecasts = [says("a", EVES[0], 50), says("a", EVES[0], 200, horizon=2), says("b", EVES[0], 0)]
    table = score(forecasts, of_weeks(WEEKS))
    assert table[["horizon", "forecaster", "n"]].to_numpy().tolist() == [[1, "a", 1], [1, "b", 1], [2, "a", 1]]


def test_weeks_beyond_the_record_are_left_out() -> None:
    table = score([says("a", EVES[0], 50), says("a", EVES[-1], 50, horizon=8)], of_weeks(WEEKS))
    assert table[["horizon", "n"]].to_numpy().tolist() == [[1, 1]]
    with pytest.raises(InputError, match="none of the weeks"):
        score([says("a", EVES[-1], 50, horizon=8)], of_weeks(WEEKS))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="same forecaster"):
        score([says("a", EVES[0], 50), says("a", EVES[0], 60)], of_weeks(WEEKS))
    with pytest.raises(InputError, match="in common"):
        score([says("a", EVES[0], 50), says("b", EVES[1], 60)], of_weeks(WEEKS))


def test_alignments_weigh_alike() -> None:
    """Two Sundays and one Monday: a quarter each and a half."""
    days = [dt.date(2020, 2, 2), dt.date(2020, 2, 9), dt.date(2020, 2, 10)]
    assert aligned_weights(days).tolist() == [0.25, 0.25, 0.5]
    daily = of_days(np.zeros(60))
    forecasts = [says("a", FIRST + dt.timedelta(day), dead) for day, dead in ((6, 1), (13, 1), (14, 4))]
    assert score(forecasts, daily)["crps"].tolist() == [2.5]


def test_the_pit_has_an_address() -> None:
    forecasts = [Forecast("a", day, 1, np.array([0.6, 0.3, 0.1]), sample([0, 9, 50, 50, 200])) for day in EVES]
    once, again = (score_each(part, of_weeks(WEEKS))["pit"] for part in (forecasts, forecasts[::-1]))
    assert once.tolist() == again.tolist()[::-1]
    assert once.nunique() == len(EVES)
    assert (score_each(forecasts, of_weeks(WEEKS), seed=1)["pit"] != once).all()


# --- one against another --------------------------------------------------------------------------------------------


def test_paired_by_hand() -> None:
    """One is off by three in every week, the other by five: the difference is known without error."""
    weeks = WEEKS * 3
    eves = [FIRST + dt.timedelta(7 * k - 1) for k in range(1, len(weeks))]
    sides = {"three": 3.0, "five": 5.0}
    made = [says(name, eve, weeks[k] + by) for name, by in sides.items() for k, eve in enumerate(eves, 1)]
    each = score_each(made, of_weeks(weeks))
    ahead = paired(each, 1, "crps", "three", "five")
    assert (ahead.value, ahead.reference_value, ahead.difference) == pytest.approx((3, 5, -2))
    assert (ahead.low, ahead.high) == pytest.approx((-2, -2))
    assert (ahead.skill, ahead.skill_low, ahead.skill_high) == pytest.approx((40, 40, 40))
    with pytest.raises(InputError, match=r"'six'.*five, three"):
        paired(each, 1, "crps", "six", "five")
    short = paired(each[each["origin"] < eves[35]], 1, "crps", "three", "five")
    assert np.isnan([short.low, short.high, short.skill_low, short.skill_high]).all()
    assert (short.difference, short.skill) == pytest.approx((-2, 40))


def test_skill_by_hand() -> None:
    assert skill_of(30, 40) == pytest.approx(25)
    assert skill_of(50, 40) == pytest.approx(-25)
    assert np.isnan(skill_of(1, 0))


def test_the_best_baseline_is_chosen_among_those_that_compete() -> None:
    """`recent` forecasts classes best here, but competes on deaths alone."""
    forecasts = [*knows("recent"), *knows("climatology", 40.0), *knows("markov", 50.0), *knows("model", 20.0)]
    each = score_each(forecasts, of_weeks(WEEKS))
    best = best_baselines(each)
    assert best[1, "crps"] == "recent"
    assert best[1, "rps"] in SIMPLE["rps"]
    table = skill(each)
    assert set(table["forecaster"]) == {"model"} and table["n"].tolist() == [len(EVES)] * 4
    crps = table.set_index("measure").loc["crps"]
    assert (crps.value, crps.reference_value) == pytest.approx((20, 0)) and np.isnan(crps.skill)
    assert set(skill(each, ["markov"], {"crps": ("climatology",)})["best"]) == {"climatology"}
    with pytest.raises(InputError, match="no baseline for crps at horizon 1; make one of: zero"):
        skill(each, baselines={"crps": ("zero",)})


def test_paired_differences_agree_with_the_table_at_all_alignments() -> None:
    """Origins that fill seven alignments unevenly: the difference is that of the printed means."""
    dice = np.random.default_rng(6)
    observed = of_days(dice.integers(0, 30, 360))
    days = [FIRST + dt.timedelta(day) for day in range(20, 320) if day % 11]
    dead = {name: dice.integers(0, 200, len(days)) for name in "ab"}
    made = [says(name, day, float(dead[name][k])) for name in "ab" for k, day in enumerate(days)]
    each = score_each(made, observed)
    means = mean_scores(each).set_index("forecaster")
    ahead = paired(each, 1, "rps", "a", "b")
    assert ahead.difference == pytest.approx(means.loc["a", "rps"] - means.loc["b", "rps"])
    assert ahead.low < ahead.difference < ahead.high


@pytest.mark.statistical
def test_a_fair_race_is_called_a_draw() -> None:
    """Two forecasters alike in 73 weeks, 200 races: no difference is claimed in more than one of six.

    Ten of a hundred are expected of an interval of six blocks that is too narrow; the bound is 3 standard errors above.
    """
    dice = np.random.default_rng(7)
    observed = of_weeks(np.zeros(75))
    days = [FIRST + dt.timedelta(7 * k - 1) for k in range(1, 74)]
    frames = []
    for _ in range(200):
        errors = dice.exponential(10, (2, 73))
        frames.append(pd.DataFrame({"origin": days * 2, "forecaster": ["a"] * 73 + ["b"] * 73, "crps": errors.ravel()}))
    assert len(score_each([says("a", day, 1.0) for day in days], observed)) == 73
    results = [paired(frame.assign(horizon=1), 1, "crps", "a", "b") for frame in frames]
    assert sum(not it.low <= 0 <= it.high for it in results) <= 200 / 6


# --- how often intervals held ---------------------------------------------------------------------------------------


def held(by_week: list[int]) -> pd.DataFrame:
    """The forecasts of one whose intervals held in a week (1) or not (0), made from all days of the week."""
    days = [FIRST + dt.timedelta(k) for k in range(7 * len(by_week))]
    in_90 = np.repeat(by_week, 7)
    return pd.DataFrame({"horizon": 1, "forecaster": "one", "origin": days, "coverage_50": 0, "coverage_90": in_90})


def test_coverage_is_that_of_the_scores_with_an_interval_by_blocks() -> None:
    table = coverage(held([1] * 30 + [0] * 10))
    assert list(table) == ["horizon", "forecaster", "n", "interval", "held", "low", "high"]
    [half, most] = table.itertuples()
    assert (half.interval, half.held, half.low, half.high) == (50, 0, 0, 0)
    assert (most.interval, most.n, most.held) == (90, 280, pytest.approx(0.75))
    assert 0.25 < most.low < 0.6 and 0.9 < most.high <= 1


def test_few_weeks_have_a_coverage_and_no_interval() -> None:
    most = coverage(held([1] * 30 + [0] * 5)).iloc[1]
    assert most["held"] == pytest.approx(6 / 7) and np.isnan([most["low"], most["high"]]).all()


@pytest.mark.parametrize(
    ("every", "alignments", "said"),
    [
        (7, 7, "n: forecasts from all days of the week, which are about some n / 7 different weeks."),
        (7, 1, "n: forecasts, each of a different week."),
        (14, 1, "n: forecasts, each of a different week."),
        (7, 3, "n: forecasts from days within the same week, which are about some n / 3 different weeks."),
        (1, 1, "n: forecasts from all days of the week, which are about some n / 7 different weeks."),
        (2, 1, "n: forecasts from days within the same week, which are about some n / 3.5 different weeks."),
    ],
)
def test_what_n_counts_depends_on_the_origins(every: int, alignments: int, said: str) -> None:
    assert counted(every, alignments) == said


def test_weeks_that_go_together_leave_coverage_wider() -> None:
    """Ten weeks of forty are missed: in a row they say less than scattered ones do."""
    apart, together = (coverage(held(weeks)).iloc[1] for weeks in ([1, 1, 1, 0] * 10, [1] * 30 + [0] * 10))
    assert apart["held"] == pytest.approx(together["held"])
    assert apart["high"] - apart["low"] < (together["high"] - together["low"]) / 3
