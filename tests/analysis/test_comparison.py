from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis.comparison import difference_table, fifths_of, pair, rests_on, tipped
from sim.errors import ResultsError


def trials(days: dict[tuple[int, int], float | None], failed: tuple[tuple[int, int], ...] = ()) -> pd.DataFrame:
    """A table of trials by address, with the day of the outcome `war`."""
    rows = [
        {"set": s, "trial": t, "war_day": day, "error": "it broke" if (s, t) in failed else None}
        for (s, t), day in days.items()
    ]
    return pd.DataFrame(rows).astype({"war_day": "Int64", "error": "string"})


def ensembles(sets: int, each: int, gain: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half of each set has the war before; after, a share `gain` of the others too (below 0: of those, fewer)."""
    before, after = {}, {}
    for s in range(sets):
        for t in range(each):
            had = t < each // 2
            change = round(abs(gain[s]) * each / 2)
            before[s, t] = 3 if had else None
            kept = had and not (gain[s] < 0 and t < change)
            came = not had and gain[s] > 0 and t - each // 2 < change
            after[s, t] = 4 if kept or came else None
    return trials(before), trials(after)


def test_trials_of_one_address_are_pairs_and_failed_ones_are_left_out() -> None:
    before = trials({(0, 0): 3, (0, 1): None, (1, 0): 5, (1, 1): 2}, failed=((1, 1),))
    after = trials({(1, 1): 2, (1, 0): None, (0, 1): 7, (0, 0): 3})
    pairs = pair(before, after)
    assert pairs.before[["set", "trial"]].to_numpy().tolist() == [[0, 0], [0, 1], [1, 0]]
    table = difference_table(pairs, ["war"])
    row = table.iloc[0]
    assert (row["difference"], row["gained"], row["lost"], row["pairs"]) == (0, 1, 1, 3)
    assert (row["before"], row["after"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))


def test_shares_have_both_ranges() -> None:
    pairs = pair(*ensembles(40, 40, np.linspace(0.0, 0.8, 40)))
    row = difference_table(pairs, ["war"]).iloc[0]
    assert row["before_mc_low"] < row["before"] < row["before_mc_high"]
    assert row["after_range_low"] < row["after"] < row["after_range_high"]
    assert row["before_range_low"] == row["before_range_high"] == row["before"] == 0.5
    alone = difference_table(pair(*ensembles(1, 40, np.array([0.2]))), ["war"]).iloc[0]
    assert np.isnan(alone["before_range_low"]) and not np.isnan(alone["before_mc_low"])


def test_a_day_counts_only_what_came_by_it() -> None:
    before, after = trials({(0, 0): 3, (0, 1): 9}), trials({(0, 0): 3, (0, 1): 4})
    assert difference_table(pair(before, after), ["war"], day=5)["difference"].item() == 0.5
    assert difference_table(pair(before, after), ["war"])["difference"].item() == 0.0


def test_ensembles_without_a_trial_in_common_are_refused() -> None:
    with pytest.raises(ResultsError, match="no trial in common"):
        pair(trials({(0, 0): 1}), trials({(1, 0): 1}))


def test_fifths_hold_equally_many_sets_in_the_order_of_the_values() -> None:
    values = pd.DataFrame({"a": [5.0, 1.0, 3.0, 2.0, 4.0, 9.0, 8.0, 7.0, 6.0, 0.0]})
    assert fifths_of(values)[:, 0].tolist() == [2, 0, 1, 1, 2, 4, 4, 3, 3, 0]


@pytest.fixture(scope="module")
def moved() -> pd.DataFrame:
    """40 sets whose difference is 0.6 times the number a (from -0.25 to 0.75), beside two numbers that do nothing."""
    a = np.linspace(-0.25, 0.75, 40)
    dice = np.random.default_rng(0)
    values = pd.DataFrame({"idle": dice.random(40), "a": a, "still": np.ones(40), "other": dice.random(40)})
    return rests_on(pair(*ensembles(40, 40, 1.2 * a)), "war", values, {"a": "assumed"})


def test_what_moves_the_difference_comes_first_and_stands_out(moved: pd.DataFrame) -> None:
    assert moved["parameter"].iloc[0] == "a"
    of = moved.groupby("parameter").first()
    assert of["stands_out"].to_dict() == {"a": True, "idle": False, "other": False}
    assert of["basis"].to_dict() == {"a": "assumed", "idle": "none", "other": "none"}
    assert of.loc["a", "moved"] > 0.9 and abs(of.loc["idle", "moved"]) < 0.3


def test_the_difference_of_each_fifth_is_that_of_its_sets(moved: pd.DataFrame) -> None:
    a = moved[moved["parameter"] == "a"]
    assert a["fifth"].tolist() == [1, 2, 3, 4, 5]
    middle = np.linspace(-0.25, 0.75, 40).reshape(5, 8).mean(axis=1)
    assert a["value"].to_numpy() == pytest.approx(middle)
    assert a["difference"].to_numpy() == pytest.approx(0.6 * middle, abs=0.02)
    assert (a["mc_low"] < a["difference"]).all() and (a["difference"] < a["mc_high"]).all()
    assert a["pairs"].tolist() == [320] * 5


def test_the_sign_is_marked_where_it_turns(moved: pd.DataFrame) -> None:
    a = moved[moved["parameter"] == "a"]
    assert a["sign_changes"].tolist() == [True, False, False, False, False]
    assert a["clearly"].tolist() == [True, False, False, False, False]


def test_too_few_sets_tell_nothing() -> None:
    pairs = pair(*ensembles(10, 10, np.full(10, 0.4)))
    assert rests_on(pairs, "war", pd.DataFrame({"a": np.arange(10.0)}), {}).empty


@pytest.mark.slow
@pytest.mark.statistical
def test_idle_parameters_stand_out_as_seldom_as_is_said() -> None:
    """100 comparisons, each with 30 parameters of no effect: one stands out in 5 %; 14 or more: probability 0.0005."""
    dice, found = np.random.default_rng(8), 0
    for k in range(100):
        came = dice.random((2, 40, 10)) < 0.5
        tables = [
            trials({(s, t): (1 if flags[s, t] else None) for s in range(40) for t in range(10)}) for flags in came
        ]
        values = pd.DataFrame(dice.random((40, 30)), columns=[f"p{j}" for j in range(30)])
        found += bool(rests_on(pair(*tables), "war", values, {}, seed=k)["stands_out"].any())
    assert found < 14


def test_examples_show_both_directions_in_their_proportion() -> None:
    before = trials({(0, t): (1 if t < 3 else None) for t in range(20)})
    after = trials({(0, t): (1 if t >= 3 else None) for t in range(20)})
    chosen = tipped(pair(before, after), "war", 4)
    assert chosen.to_numpy().tolist() == [[0, 0, "lost"], [0, 3, "gained"], [0, 4, "gained"], [0, 5, "gained"]]
    assert tipped(pair(before, before), "war", 4).empty
    assert len(tipped(pair(before, after), "war", 100)) == 20
