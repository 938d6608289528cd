"""Aalen-Johansen's estimate and variance against published numbers and statsmodels; agreement with the tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from sim.analysis.incidence import competing_ends, course_of, cumulative_incidence, incidence_of, variance_of
from sim.analysis.outcomes import end_table
from sim.analysis.survival import survival_curve
from sim.errors import InputError, ResultsError
from tests.analysis.making import drawn, trials_of

ENDS = ["war", "deal"]


@pytest.fixture
def censored() -> pd.DataFrame:
    dice = np.random.default_rng(1)
    return drawn(dice, {"war": np.full(300, 0.02), "deal": np.full(300, 0.03)}, 90, leaving=0.02, per_set=300)


def test_a_published_example() -> None:
    """Of 305 breast cancer patients the first nine, as published: dead of it in months 10, 16, 23, 27, of something
    else in 18 and 26, last seen alive in 7, 14 and 24; the others were followed for longer.

    Satagopan et al. (2004), Br. J. Cancer 91:1229, Table 2: free of both ends 99.7, 99.3, 99.0, 98.7, 98.3, 98.0 %; at
    each death by breast cancer the incidence rises by 0.3 points (they add up the rounded numbers).
    """
    cancer, other, alive = [10, 16, 23, 27], [18, 26], [7, 14, 24]
    days = {
        "cancer_day": [*cancer, *[None] * (305 - 4)],
        "other_day": [*[None] * 4, *other, *[None] * (305 - 6)],
    }
    trials = trials_of(days, [*cancer, *other, *alive, *[60] * (305 - 9)])
    found = cumulative_incidence(trials, ["cancer", "other"], 60)
    both = found.pivot_table(index="day", columns="end", values="incidence")
    free = (100 * (1 - both.sum(axis=1))).loc[[10, 16, 18, 23, 26, 27]]
    assert free.round(1).tolist() == [99.7, 99.3, 99.0, 98.7, 98.3, 98.0]
    assert (100 * both["cancer"].diff().loc[cancer]).round(1).tolist() == [0.3] * 4
    assert both["cancer"].diff().ne(0).sum() == 5  # these four, and the first day, which has none before it
    assert found.loc[found["end"] == "cancer"].set_index("day").loc[cancer, "at_risk"].tolist() == [304, 302, 300, 297]


@pytest.mark.parametrize("number", [0, 1])
def test_estimate_and_standard_error_are_those_of_statsmodels(censored: pd.DataFrame, number: int) -> None:
    days = censored[["war_day", "deal_day"]].to_numpy()
    status = np.where(np.isnan(days).all(axis=1), 0, np.where(np.isnan(days[:, 0]), 2, 1))
    oracle = CumIncidenceRight(censored["observed_days"].to_numpy(), status)
    at = oracle.times.astype(int)[:-1]  # on the last day nobody is left, and their formula divides by zero
    course = course_of(censored, ENDS, 90)
    counts = (course.at_risk[0], course.ended[0], course.by_end[number][0])
    assert incidence_of(*counts)[at] == pytest.approx(oracle.cinc[number][:-1])
    assert np.sqrt(variance_of(*counts))[at] == pytest.approx(oracle.cinc_se[number][:-1])


def test_ends_and_the_share_still_open_sum_to_one(censored: pd.DataFrame) -> None:
    found = cumulative_incidence(censored, ENDS, 90).pivot_table(index="day", columns="end", values="incidence")
    both = censored.assign(any_day=censored["war_day"].fillna(censored["deal_day"]))
    survival = survival_curve(both, "any").set_index("day")["survival"]
    assert (found.sum(axis=1) + survival).to_numpy() == pytest.approx(1)


def test_without_censoring_every_number_is_that_of_the_table() -> None:
    dice = np.random.default_rng(3)
    rates = np.repeat(dice.gamma(2, 0.01, 20), 25)
    trials = drawn(dice, {"war": rates, "deal": np.full(500, 0.01)}, 60, per_set=25)
    last = cumulative_incidence(trials, ENDS, 60).set_index("day").loc[60].set_index("end")
    table = end_table(trials, ENDS)
    names = {"incidence": "probability", "mc_low": "mc_low", "mc_high": "mc_high", "range_low": "range_low"}
    for column, named in names.items():
        assert last[column].to_numpy() == pytest.approx(table.loc[ENDS, named].to_numpy(), abs=1e-12), column


def test_the_first_end_counts_and_ties_go_to_the_first_named() -> None:
    trials = trials_of({"war_day": [3, 5, 4], "deal_day": [2, 5, None]}, [10, 10, 10])
    found = cumulative_incidence(trials, ENDS, 10).set_index(["end", "day"])["incidence"]
    assert found["deal", 10] == pytest.approx(1 / 3)
    assert found["war", 10] == pytest.approx(2 / 3)
    turned = cumulative_incidence(trials, ENDS[::-1], 10).set_index(["end", "day"])["incidence"]
    assert turned["deal", 10] == pytest.approx(2 / 3)


def test_what_comes_after_the_horizon_has_not_come() -> None:
    trials = trials_of({"war_day": [8, 2], "deal_day": [None, None]}, [20, 20])
    found = cumulative_incidence(trials, ENDS, 5)
    assert found["day"].max() == 5
    assert found.set_index(["end", "day"]).loc[("war", 5), "incidence"] == 0.5


def test_trials_that_end_early_leave_the_curve_where_it_was() -> None:
    trials = trials_of({"war_day": [2, None], "deal_day": [None, None]}, [4, 4])
    war = cumulative_incidence(trials, ENDS, 6).set_index(["end", "day"]).loc["war"]
    assert war["incidence"].tolist() == [0, 0, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert war["at_risk"].tolist() == [2, 2, 2, 1, 1, 0, 0]


def test_an_end_that_never_came_has_an_interval_all_the_same(censored: pd.DataFrame) -> None:
    trials = censored.assign(peace_day=np.nan)
    row = cumulative_incidence(trials, [*ENDS, "peace"], 90).iloc[-1]
    assert (row["incidence"], row["mc_low"]) == (0, 0)
    assert row["mc_high"] == pytest.approx(1.959964**2 / (300 + 1.959964**2))


def test_without_sets_there_is_no_range_and_with_them_it_rises(censored: pd.DataFrame) -> None:
    assert cumulative_incidence(censored, ENDS, 90)["range_low"].isna().all()
    sets = cumulative_incidence(censored.assign(set=censored["trial"] % 6), ENDS, 90)
    for _, part in sets.groupby("end"):
        assert part[["range_low", "range_high"]].diff().min(axis=None) >= 0
        assert (part["range_low"] <= part["range_high"]).all()


def test_the_ends_that_compete_are_those_of_the_scenario() -> None:
    assert competing_ends(["collapse", "new_agreement", "direct_war"]) == ["direct_war", "new_agreement"]


def test_what_cannot_be_asked() -> None:
    trials = trials_of({"war_day": [1]}, [3])
    with pytest.raises(InputError, match="at least one"):
        cumulative_incidence(trials, ["war"], 0)
    with pytest.raises(InputError, match="0 ends"):
        cumulative_incidence(trials, [], 10)
    with pytest.raises(ResultsError, match="no outcome `peace`.*war"):
        cumulative_incidence(trials, ["peace"], 10)


def test_all_trials_failed() -> None:
    found = cumulative_incidence(trials_of({"war_day": [None]}, [1]).assign(error="RunError"), ["war"], 3)
    assert found[["incidence", "mc_low", "mc_high"]].drop_duplicates().to_numpy().tolist() == [[0, 0, 1]]
