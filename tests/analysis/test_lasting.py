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
    assert np.allclose(kaplan_meier(days.astype(float), ended, len(expected) - 1), expected)


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


def test_the_end_of_the_longest_recorded_truce_is_seen() -> None:
    curve = compared(table("lower", [3, 9, 40], [True, False, True]), table("lower", [9], [True]))
    assert curve["day"].tolist() == list(range(51)) and curve["survival"].iloc[-1] == 0
    assert curve["censored"].sum() == 1 == curve["censored"][9]


def test_an_end_on_the_day_on_which_another_truce_is_lost_from_sight_says_nothing_of_later_days() -> None:
    for ended in ([True, False], [False, True]):
        curve = compared(table("lower", [7, 7], ended), table("lower", [9], [True]), horizon=9)
        assert curve["survival"][7] == 0.5 and curve["survival"][8:].isna().all()


def test_truces_of_one_course_lie_together_so_that_the_band_is_wider_than_if_they_were_mixed() -> None:
    """Courses of four truces each, in half of which truces are short."""
    together = table("lower", [2, 2, 2, 2, 30, 30, 30, 30] * 50, [True] * 400)
    mixed = table("lower", [2, 30, 30, 2, 2, 30, 30, 2] * 50, [True] * 400)
    record = table("lower", [5, 5, 5, 40], [True] * 4)
    one, other = (compared(record, drawn).set_index("day").loc[10] for drawn in (together, mixed))
    assert one["simulated"] == other["simulated"] == 0.5
    assert (one["band_low"], one["band_high"]) == (0.0, 1.0) and (other["band_low"], other["band_high"]) == (0.5, 0.5)


def test_the_simulated_curve_has_its_intervals_by_parameter_set() -> None:
    rng = np.random.default_rng(3)
    mean = np.repeat([5.0, 40.0, 5.0, 40.0, 5.0, 40.0], 50)
    drawn = table("lower", [*(rng.exponential(mean).astype(int) + 1)], [True] * 300)
    record = table("lower", [5, 20], [True, True])
    alike = compared(record, drawn).set_index("day").loc[10]
    by_set = compared(record, drawn.assign(set=np.arange(300) // 50)).set_index("day").loc[10]
    assert by_set["simulated"] == alike["simulated"]
    assert by_set["mc_high"] - by_set["mc_low"] > 2 * (alike["mc_high"] - alike["mc_low"])
    assert by_set["range_low"] < 0.3 < 0.6 < by_set["range_high"] and np.isnan(alike["range_low"])


def test_a_level_that_was_never_simulated_is_shown_as_recorded() -> None:
    curve = compared(table("leader", [5], [True]), table("lower", [5], [True]))
    assert curve["simulated_n"].eq(0).all() and curve["survival"].notna().all()
    assert curve[["simulated", "mc_low", "range_high", "band_low", "band_high"]].isna().all(axis=None)


def test_a_record_without_truces_is_refused() -> None:
    with pytest.raises(InputError, match="the record has no truce to compare with; choose a scenario"):
        compared(table("lower", [], []), table("lower", [5], [True]))
