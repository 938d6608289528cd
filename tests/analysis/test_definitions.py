"""Definitions side by side, on trials counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis.definitions import definition_table
from sim.analysis.outcomes import outcome_table
from sim.ensemble.defining import Definition
from sim.errors import ResultsError

DEFINITIONS = [
    Definition("as declared", "war", True),
    Definition("looser", "war_as_1"),
    Definition("stricter", "war_as_2"),
]


@pytest.fixture
def trials() -> pd.DataFrame:
    """400 trials in ten sets: war in 200, by the looser definition in 300, by the stricter in 50; one more failed."""
    days = {"war_day": 200, "war_as_1_day": 300, "war_as_2_day": 50}
    number = np.arange(400)
    frame = pd.DataFrame({"set": number % 10, "trial": number // 10, "error": None})
    frame = frame.assign(**{name: np.where(number < count, 3.0, np.nan) for name, count in days.items()})
    failed = pd.DataFrame({"set": [0], "trial": [99], "error": ["ValueError: no"], "war_day": [1.0]})
    return pd.concat([frame, failed], ignore_index=True)


def test_counts_and_differences(trials: pd.DataFrame) -> None:
    found = definition_table(trials, DEFINITIONS).set_index("definition")
    assert found["count"].tolist() == [200, 300, 50]
    assert found["declared"].tolist() == [True, False, False]
    assert found["difference"].tolist() == pytest.approx([0, 0.25, -0.375])
    assert (found["difference_low"] <= found["difference"]).all()
    assert (found["difference_high"] >= found["difference"]).all()
    assert found.loc["looser", "difference_low"] > 0 > found.loc["stricter", "difference_high"]
    assert found[["difference_range_low", "difference_range_high"]].notna().all(axis=None)


def test_probabilities_are_those_of_the_outcome_table(trials: pd.DataFrame) -> None:
    found = definition_table(trials, DEFINITIONS)
    table = outcome_table(trials, ["war", "war_as_1", "war_as_2"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(found[list(table)], table)


def test_what_comes_later_does_not_count(trials: pd.DataFrame) -> None:
    assert definition_table(trials, DEFINITIONS, day=3)["count"].tolist() == [200, 300, 50]
    assert definition_table(trials, DEFINITIONS, day=2)["count"].tolist() == [0, 0, 0]


def test_the_pairing_is_used(trials: pd.DataFrame) -> None:
    """The difference is known better than from two ensembles: its interval is narrower than the two together."""
    row = definition_table(trials.assign(set=0), DEFINITIONS).set_index("definition").loc["looser"]
    width = row["mc_high"] - row["mc_low"]
    assert row["difference_high"] - row["difference_low"] < np.sqrt(2) * width


def test_without_sets_there_is_no_range(trials: pd.DataFrame) -> None:
    assert definition_table(trials.assign(set=0), DEFINITIONS)["difference_range_low"].isna().all()


def test_trials_without_the_definitions_are_refused(trials: pd.DataFrame) -> None:
    with pytest.raises(ResultsError, match="no outcome `war_as_2`"):
        definition_table(trials.drop(columns="war_as_2_day"), DEFINITIONS)
