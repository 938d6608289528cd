"""First movers and crossings, apart: two trials may have one and the same first mover and different crossings."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.analysis.origins import crossings, first_movers
from sim.analysis.outcomes import levels_table

COLUMNS = ["actor", "rule", "count", "probability", "mc_low", "mc_high", "range_low", "range_high"]


@pytest.fixture
def trials() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "set": [0, 0, 0, 1, 1, 1],
            "first_mover_actor": ["syria", "syria", "turkey", "syria", None, "syria"],
            "first_mover_rule": ["shelling", "shelling", "reply", "advance", None, "advance"],
            "crossing_actor": ["turkey", "exchange", None, None, None, "russia"],
            "crossing_rule": ["reply", "fighting", None, None, None, "strike"],
            "worst_level": ["collapse", "fray", "hold", "fray", "hold", None],
            "terminal_status": ["hold", "fray", "hold", "hold", "hold", None],
            "error": [None] * 5 + ["ValueError: no"],
        }
    ).astype({"first_mover_actor": "string", "crossing_rule": "string"})


def test_first_movers(trials: pd.DataFrame) -> None:
    found = first_movers(trials)
    assert list(found.columns) == COLUMNS
    assert found[["actor", "rule", "count"]].to_numpy().tolist() == [
        ["syria", "shelling", 2], ["none", "none", 1], ["syria", "advance", 1], ["turkey", "reply", 1],
    ]  # fmt: skip
    assert found["probability"].sum() == pytest.approx(1)
    assert (found["mc_low"] < found["probability"]).all() and (found["probability"] < found["mc_high"]).all()
    assert found["range_low"].notna().all()


def test_crossings_count_the_trials_without_one(trials: pd.DataFrame) -> None:
    found = crossings(trials).set_index(["actor", "rule"])["count"]
    assert dict(found) == {("none", "none"): 3, ("exchange", "fighting"): 1, ("turkey", "reply"): 1}


def test_worst_level_and_terminal_status_are_told_apart(trials: pd.DataFrame) -> None:
    found = levels_table(trials)
    assert found[["variable", "level", "count"]].to_numpy().tolist() == [
        ["worst_level", "hold", 2], ["worst_level", "fray", 2], ["worst_level", "collapse", 1],
        ["terminal_status", "hold", 4], ["terminal_status", "fray", 1], ["terminal_status", "collapse", 0],
    ]  # fmt: skip


def test_all_trials_failed(trials: pd.DataFrame) -> None:
    assert first_movers(trials[5:]).empty
