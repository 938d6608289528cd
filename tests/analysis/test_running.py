"""The estimate as trials come in: which trials it holds, and that it ends at the whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis.outcomes import outcome_table
from sim.analysis.running import running_estimate


def trials(sets: int, each: int) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    came = rng.random(sets * each) < 0.4
    return pd.DataFrame(
        {
            "set": np.repeat(np.arange(sets), each),
            "trial": np.tile(np.arange(each), sets),
            "breakdown_day": pd.array(np.where(came, 5, np.nan), dtype="Float64").astype("Int64"),
            "error": None,
        }
    )


def test_it_takes_the_first_trials_of_every_set() -> None:
    frame = trials(4, 10)
    first = frame[frame["trial"] < 3]["breakdown_day"].notna()
    row = running_estimate(frame).set_index("trials").loc[12]
    assert row["count"] == first.sum() and row["probability"] == first.mean()


def test_it_ends_at_the_whole_estimate_and_grows_on_the_way() -> None:
    frame = trials(6, 50)
    table = running_estimate(frame)
    whole = outcome_table(frame.rename(columns={"breakdown_day": "it_day"}), ["it"]).iloc[0]
    assert table.iloc[-1].drop("trials").to_dict() == pytest.approx(whole.to_dict())
    assert list(table["trials"]) == sorted(set(table["trials"]))
    assert table["trials"].iloc[0] == 6


def test_failed_trials_are_left_out_and_sets_may_be_uneven() -> None:
    frame = trials(2, 5)
    frame.loc[0, "error"] = "RunError"
    assert running_estimate(frame)["trials"].iloc[-1] == 9


def test_one_set_has_no_range() -> None:
    assert running_estimate(trials(1, 20))["range_low"].isna().all()
