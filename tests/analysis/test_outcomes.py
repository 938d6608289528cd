"""Tables of outcomes on trials small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis.outcomes import end_table, first_end, level_table, outcome_table, sample, share_table
from sim.errors import ResultsError


@pytest.fixture
def trials() -> pd.DataFrame:
    """Six trials, the last of which failed: war on days 3 and 9, a new agreement on 5, 9 and 4."""
    return pd.DataFrame(
        {
            "set": [0] * 6,
            "trial": range(6),
            "breakdown_day": pd.array([3, 9, None, None, None, None], dtype="Int64"),
            "direct_war_day": pd.array([3, 9, None, None, None, 1], dtype="Int64"),
            "new_agreement_day": [5, 9, 4, None, None, None],
            "worst_level": ["collapse", "collapse", "fray", "hold", "hold", None],
            "first_mover_actor": ["syria", "syria", "turkey", None, None, None],
            "error": [None] * 5 + ["ValueError: no"],
        }
    )


def test_failed_trials_are_left_out_and_counted(trials: pd.DataFrame) -> None:
    assert sample(trials) == (5, 1, 1)
    assert outcome_table(trials, ["direct_war"]).loc["direct_war", "count"] == 2


def test_outcomes_in_the_order_asked(trials: pd.DataFrame) -> None:
    table = outcome_table(trials, ["new_agreement", "direct_war"])
    assert list(table.index) == ["new_agreement", "direct_war"]
    assert list(table.columns) == ["count", "probability", "mc_low", "mc_high", "range_low", "range_high"]
    assert list(table["probability"]) == [0.6, 0.4]
    assert (table["mc_low"] < table["probability"]).all() and (table["probability"] < table["mc_high"]).all()
    assert table[["range_low", "range_high"]].isna().all(axis=None)


def test_the_first_end_counts_and_ties_go_to_the_first_named(trials: pd.DataFrame) -> None:
    used = trials[trials["error"].isna()]
    assert list(first_end(used, ["direct_war", "new_agreement"])) == [
        "direct_war", "direct_war", "new_agreement", "neither", "neither",
    ]  # fmt: skip
    assert list(first_end(used, ["new_agreement", "direct_war"]))[1] == "new_agreement"


def test_ends_sum_to_one(trials: pd.DataFrame) -> None:
    table = end_table(trials, ["direct_war", "new_agreement"])
    assert list(table["count"]) == [2, 1, 2]
    assert table["probability"].sum() == pytest.approx(1)


def test_levels_are_listed_even_when_nobody_reached_them(trials: pd.DataFrame) -> None:
    assert dict(level_table(trials)["count"]) == {"hold": 2, "fray": 1, "collapse": 2}
    assert level_table(trials[:2])["count"].tolist() == [0, 0, 2]


def test_nulls_of_a_share_table_are_none(trials: pd.DataFrame) -> None:
    assert dict(share_table(trials, "first_mover_actor")["count"]) == {"syria": 2, "none": 2, "turkey": 1}


def test_ranges_with_sets() -> None:
    """Sets at 0, 50 and 100 %: a range much wider than one of equal sets."""
    day = [None] * 20 + [1, None] * 10 + [1] * 20
    trials = pd.DataFrame({"set": np.repeat([0, 1, 2], 20), "war_day": day, "error": None})
    row = outcome_table(trials, ["war"]).loc["war"]
    assert row["probability"] == 0.5
    assert row["range_low"] < 0.1 and row["range_high"] > 0.9


def test_an_unknown_outcome_is_named_with_those_there_are(trials: pd.DataFrame) -> None:
    with pytest.raises(ResultsError, match="no outcome `peace`.*breakdown, direct_war, new_agreement"):
        outcome_table(trials, ["peace"])


def test_all_trials_failed(trials: pd.DataFrame) -> None:
    table = outcome_table(trials[5:], ["direct_war"])
    assert table.loc["direct_war", "count"] == 0
    assert np.isnan(table.loc["direct_war", "probability"])
