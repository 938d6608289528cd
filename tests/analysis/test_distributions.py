"""ECDF, quantiles, histogram and the hundred dots on values counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis.distributions import ecdf, histogram, hundred, quantiles


def _trials(values: list[float | None], column: str = "deaths") -> pd.DataFrame:
    return pd.DataFrame({"set": 0, column: values, "error": None})


def test_ecdf_by_hand() -> None:
    frame = ecdf(_trials([10, 20, 20, 40]), "deaths")
    assert frame["value"].tolist() == [10, 20, 40]
    assert frame["probability"].tolist() == [0.25, 0.75, 1]
    assert frame["count"].tolist() == [1, 3, 4]
    assert (frame["mc_low"] <= frame["probability"]).all()


def test_the_ecdf_of_a_day_levels_off_at_the_share_in_which_it_came() -> None:
    frame = ecdf(_trials([3, None, None, 7], "war_day"), "war_day")
    assert frame["probability"].tolist() == [0.25, 0.5]


def test_a_long_ecdf_is_thinned_to_its_ends() -> None:
    frame = ecdf(_trials([float(value) for value in range(2000)]), "deaths")
    assert len(frame) == 300
    assert frame["value"].iloc[[0, -1]].tolist() == [0, 1999]
    assert frame["probability"].iloc[-1] == 1


def test_quantiles_by_hand() -> None:
    frame = quantiles(_trials([float(value) for value in range(1, 101)]), "deaths", [0.05, 0.5, 0.95])
    assert frame["value"].tolist() == [5, 50, 95]
    assert frame.loc[0.5, ["mc_low", "mc_high"]].tolist() == [41, 60]


def test_a_quantile_that_did_not_happen_is_infinite() -> None:
    assert quantiles(_trials([4, None, None], "war_day"), "war_day", [0.5])["value"].tolist() == [np.inf]


def test_quantile_intervals_cover() -> None:
    """The median of 200 exponentials: at least 92.5 % of 1,000 intervals hold log 2."""
    rng = np.random.default_rng(9)
    rows = [quantiles(_trials(list(rng.exponential(size=200))), "deaths", [0.5]).iloc[0] for _ in range(1000)]
    assert np.mean([row["mc_low"] <= np.log(2) <= row["mc_high"] for row in rows]) >= 0.925


def test_histogram_counts_every_value_once() -> None:
    frame = histogram(_trials([0, 1, 9, 10, 99, None]), "deaths", bins=10)
    assert (frame["high"] - frame["low"]).unique().tolist() == [10]
    assert frame["count"].tolist() == [3, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert frame["probability"].sum() == pytest.approx(5 / 6)


def test_bins_of_days_begin_on_day_one() -> None:
    frame = histogram(_trials([1, 10, 11], "war_day"), "war_day", bins=1, first=1)
    assert frame[["low", "high", "count"]].to_numpy().tolist() == [[1, 11, 2], [11, 21, 1]]


@pytest.mark.parametrize("values", [[], [None], [7.0]])
def test_histogram_of_little(values: list[float | None]) -> None:
    assert histogram(_trials(values), "deaths")["count"].sum() == len([v for v in values if v is not None])


def test_a_hundred_dots_keep_share_and_shape() -> None:
    days: list[float | None] = [5] * 300 + [50] * 330 + [None] * 370
    dots = hundred(_trials(days, "war_day"), "war_day")
    assert dots["dot"].tolist() == list(range(1, 101))
    assert dots["day"].fillna(0).value_counts().to_dict() == {5.0: 30, 50.0: 33, 0.0: 37}
