"""Conditions on trials counted by hand, and what a condition that cannot be read is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis.conditional import given, holds, selected, share_given
from sim.analysis.outcomes import outcome_table
from sim.errors import InputError, ResultsError


@pytest.fixture
def trials() -> pd.DataFrame:
    """Six trials, the last of which failed."""
    frame = pd.DataFrame(
        {
            "set": [0, 0, 0, 1, 1, 1],
            "trial": [0, 1, 2, 0, 1, 2],
            "breakdown_day": [3, 9, None, None, 20, None],
            "war_day": [3, 9, None, None, None, 1],
            "deal_day": [5, None, 4, None, 10, None],
            "first_mover_actor": ["syria", "syria", "turkey", None, "na", None],
            "agreement_effective": [True, None, False, None, True, None],
            "peak_rung.turkey.syria": [7, 8, 5, 1, 6, None],
            "deaths": [10.5, 200.0, 3.25, 0.0, -1.0, None],
            "error": [None] * 5 + ["ValueError: no"],
        }
    )
    kinds = {"first_mover_actor": "string", "agreement_effective": "boolean", "war_day": "Int64", "deal_day": "Int64"}
    return frame.astype(kinds)


@pytest.mark.parametrize(
    ("condition", "which"),
    [
        ("deal_day <= 10", [0, 2, 4]),
        ("deal_day < 10", [0, 2]),
        ("deal_day > 4", [0, 4]),
        ("deal_day >= 4 and deal_day <= 5", [0, 2]),
        ("deal_day = 10", [4]),
        ("deal_day == 10", [4]),
        ("deal_day != 10", [0, 2]),
        ("deal_day is null", [1, 3, 5]),
        ("deal_day is not null", [0, 2, 4]),
        ("not deal_day <= 5", [1, 3, 4, 5]),
        ("not not deal_day <= 5", [0, 2]),
        ("war_day <= 10 or deal_day = 10 and deaths < 0", [0, 1, 4, 5]),
        ("(war_day <= 10 or deal_day = 10) and deaths < 0", [4]),
        ("deaths>=3.25", [0, 1, 2]),
        ("deaths = -1", [4]),
        ("first_mover_actor = syria", [0, 1]),
        ("first_mover_actor = 'na'", [4]),
        ('first_mover_actor != "syria"', [2, 4]),
        ("agreement_effective = true", [0, 4]),
        ("agreement_effective != true", [2]),
        ("peak_rung.turkey.syria >= 7", [0, 1]),
        ("NOT deal_day IS NULL AND war_day IS NULL", [2, 4]),
        ("  deal_day\n<=\t4 ", [2]),
    ],
)
def test_conditions(trials: pd.DataFrame, condition: str, which: list[int]) -> None:
    assert np.flatnonzero(holds(trials, condition)).tolist() == which


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("", "character 1: ends where a column should stand"),
        ("deal_day", "character 9: ends where `<`"),
        ("deal_day <=", "ends where a number \\(as `deal_day` is\\)"),
        ("deal_day => 3", "`>` stands where a number"),
        ("deal_day ~ 3", "character 9: cannot read `~ 3`"),
        ("deal_day <= syria", "character 12: `syria` stands where a number"),
        ("deal_day <= 3 4", "`4` stands where `and`, `or` or the end should"),
        ("(deal_day <= 3", "ends where `\\)` should"),
        ("deal_day is nul", "`nul` stands where `null`"),
        ("deel_day <= 3", "no column `deel_day`; allowed: set, trial, breakdown_day.*did you mean `deal_day`"),
        ("first_mover_actor < syria", "`first_mover_actor` is text, which has no order; allowed: =, !="),
        ("agreement_effective = 1", "`1` stands where true or false"),
        ("agreement_effective = null", "`null` stands where true or false"),
        ("first_mover_actor = null", "`null` stands where text"),
        ("3 < deal_day", "`3` stands where a column"),
        ("and deal_day <= 3", "`and` stands where a column"),
        ("__import__('os')", "no column `__import__`"),
        ("deal_day <= 3; drop", "cannot read `; drop`"),
    ],
)
def test_what_cannot_be_read(trials: pd.DataFrame, condition: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        holds(trials, condition)


def test_every_message_says_what_is_allowed(trials: pd.DataFrame) -> None:
    with pytest.raises(InputError) as caught:
        holds(trials, "deal_day near 3")
    assert "such as `new_agreement_day <= 10" in str(caught.value)


def test_an_event_that_is_no_column_can_become_one(trials: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="declare an outcome and run again, such as `outcomes.talks="):
        holds(trials, "talks_day <= 10")


def test_outcomes_are_counted_among_the_trials_left(trials: pd.DataFrame) -> None:
    found = given(trials, "deal_day <= 10", ["war", "breakdown"])
    assert found["of"].tolist() == [3, 3]
    assert found["count"].tolist() == [1, 2]
    assert found["probability"].tolist() == pytest.approx([1 / 3, 2 / 3])


def test_a_condition_that_always_holds_changes_nothing(trials: pd.DataFrame) -> None:
    plain = outcome_table(trials, ["war", "deal"])
    pd.testing.assert_frame_equal(given(trials, "trial >= 0", ["war", "deal"]).drop(columns="of"), plain)


def test_the_condition_itself_is_as_probable_as_it_is_often(trials: pd.DataFrame) -> None:
    row = share_given(trials, "deal_day <= 10").loc["deal_day <= 10"]
    assert (row["count"], row["probability"]) == (3, 0.6)
    assert row["mc_low"] < 0.6 < row["mc_high"]


def test_a_condition_that_never_holds(trials: pd.DataFrame) -> None:
    found = given(trials, "deal_day > 99", ["war"])
    assert found["of"].tolist() == [0]
    assert found["probability"].isna().all()
    assert found[["mc_low", "mc_high"]].to_numpy().tolist() == [[0, 1]]


def test_failed_trials_are_not_selected(trials: pd.DataFrame) -> None:
    assert selected(trials, "war_day = 1").empty


def test_an_unknown_outcome(trials: pd.DataFrame) -> None:
    with pytest.raises(ResultsError, match="no outcome `peace`"):
        given(trials, "deal_day <= 10", ["peace"])


def test_sets_with_few_trials_left_do_not_take_the_range_away() -> None:
    """The condition leaves 30 trials of two sets and one trial of a third: the range is that of the two."""
    kept = np.repeat([0, 1, 2], [30, 30, 1])
    war = np.r_[np.ones(27), np.full(3, np.nan), np.ones(3), np.full(27, np.nan), np.nan]
    rest = pd.DataFrame({"set": np.repeat([0, 1, 2], 10), "deal_day": 50.0, "war_day": np.nan})
    trials = pd.concat([pd.DataFrame({"set": kept, "deal_day": 1.0, "war_day": war}), rest]).assign(error=None)
    row = given(trials, "deal_day <= 10", ["war"]).loc["war"]
    assert row["range_low"] < 0.25 and row["range_high"] > 0.75
