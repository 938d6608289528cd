from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sim.analysis.reliability import pit_histogram, reliability
from sim.errors import InputError
from tests.analysis.recorded import FIRST


def each(p: list[float], came: list[bool], pit: list[float] | None = None, step: int = 7) -> pd.DataFrame:
    """What `score_each` gives, as far as it is read here."""
    return pd.DataFrame(
        {
            "horizon": 1,
            "forecaster": "model",
            "origin": [FIRST + dt.timedelta(step * k) for k in range(len(p))],
            "probability_collapse": p,
            "level": [2 if it else 0 for it in came],
            "pit": pit or [0.5] * len(p),
        }
    )


def test_reliability_by_hand() -> None:
    table = reliability(each([0.05, 0.0, 0.2, 0.2, 0.2, 1.0], [False, False, True, False, False, True]), 1, "model")
    assert table[["bin_low", "bin_high", "n"]].to_numpy().tolist() == [[0, 0.1, 2], [0.1, 0.3, 3], [0.9, 1, 1]]
    assert table["forecast"].tolist() == pytest.approx([0.025, 0.2, 1])
    assert table["observed"].tolist() == pytest.approx([0, 1 / 3, 1])
    assert table[["bar_low", "bar_high"]].iloc[2].tolist() == [1, 1]
    with pytest.raises(InputError, match="no scored forecasts by 'model' at horizon 2"):
        reliability(each([0.5], [True]), 2, "model")


def test_bars_are_the_binomial_where_weeks_stand_apart() -> None:
    """20 forecasts of one half, a week apart: 5 % and 95 % of the binomial are 6 and 14 of 20."""
    table = reliability(each([0.5] * 20, [True] * 20), 1, "model")
    assert table[["bar_low", "bar_high"]].iloc[0].tolist() == pytest.approx([0.3, 0.7])
    assert table["observed"].iloc[0] > table["bar_high"].iloc[0]


def test_alignments_of_one_week_share_their_luck() -> None:
    """The same twenty forecasts on twenty days are three weeks, and say little."""
    table = reliability(each([0.5] * 20, [True] * 20, step=1), 1, "model")
    assert table[["bar_low", "bar_high"]].iloc[0].tolist() == [0, 1]


def test_pit_histogram_by_hand() -> None:
    table = pit_histogram(each([0.5] * 4, [True] * 4, [0.01, 0.07, 0.55, 1.0]), 1, "model", bins=10)
    assert table["n"].tolist() == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert table["share"].sum() == 1
    assert table["bin_high"].iloc[-1] == 1


@pytest.mark.statistical
def test_uniform_values_stay_in_the_band() -> None:
    """200 weeks of uniforms: of ten bins each lies outside a 5-95 % band once in ten; three or fewer here (98.7 %)."""
    pit = np.random.default_rng(8).random(200).tolist()
    table = pit_histogram(each([0.5] * 200, [True] * 200, pit), 1, "model")
    outside = (table["share"] < table["band_low"]) | (table["share"] > table["band_high"])
    assert outside.sum() <= 3
    narrow = pit_histogram(each([0.5] * 200, [True] * 200, [0.4 + it / 5 for it in pit]), 1, "model")
    assert ((narrow["share"] < narrow["band_low"]) | (narrow["share"] > narrow["band_high"])).sum() == 10
