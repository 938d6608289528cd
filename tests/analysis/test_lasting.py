"""How long truces last: the curves agree with a second calculation, and the band is that of small samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis.lasting import compared, kaplan_meier
from sim.analysis.survival import survival_curve
from sim.errors import InputError


def table(level: str, days: list[int], ended: list[bool]) -> pd.DataFrame:
    return pd.DataFrame({"level": level, "days": days, "ended": ended})


def test_the_curve_is_that_of_survival_analysis() -> None:
    rng = np.random.default_rng(1)
    days, ended = rng.integers(1, 60, 40), rng.random(40) < 0.7
    trials = pd.DataFrame({"set": 0, "over_day": np.where(ended, days, np.nan), "observed_days": days})
    expected = survival_curve(trials, "over")["survival"].to_numpy()
    assert np.allclose(kaplan_meier(days.astype(float), ended.astype(float), len(expected) - 1), expected)


def test_a_truce_of_no_days_ends_on_the_first() -> None:
    record = table("lower", [0, 3, 10], [True, True, False])
    curve = compared(record, record).set_index("day")
    assert curve["survival"].tolist()[:4] == pytest.approx([1, 2 / 3, 2 / 3, 1 / 3])
    assert (curve["simulated"] - curve["survival"]).abs().max() < 1e-12
    assert curve["n"].eq(3).all() and curve["ended"].eq(2).all()


def test_the_band_is_wide_for_a_small_record_and_narrow_for_a_large_one() -> None:
    rng = np.random.default_rng(2)
    drawn = table("leader", [*rng.integers(1, 50, 500)], [True] * 500)
    widths = []
    for n in (4, 100):
        curve = compared(table("leader", [*rng.integers(1, 50, n)], [True] * n), drawn, horizon=40)
        assert (curve["band_low"] <= curve["simulated"] + 1e-9).all()
        assert (curve["band_high"] >= curve["simulated"] - 1e-9).all()
        widths.append(float((curve["band_high"] - curve["band_low"]).mean()))
    assert widths[0] > 3 * widths[1]


def test_nothing_is_said_of_days_that_none_was_followed_to() -> None:
    record = table("leader", [5, 20], [True, False])
    curve = compared(record, table("leader", [4, 10], [True, False]), horizon=30).set_index("day")
    assert curve["survival"][20] == 0.5 and curve.loc[21:, ["survival", "low", "high"]].isna().all(axis=None)
    assert curve["simulated"][10] == 0.5 and curve.loc[11:, ["simulated", "band_low", "band_high"]].isna().all(
        axis=None
    )
    ended = compared(table("leader", [5], [True]), table("leader", [4], [True]), horizon=9)
    assert ended["survival"].iloc[-1] == 0 == ended["simulated"].iloc[-1]


def test_a_level_that_was_never_simulated_is_named() -> None:
    with pytest.raises(InputError, match="no simulated truce of level leader; there are: lower"):
        compared(table("leader", [5], [True]), table("lower", [5], [True]))
