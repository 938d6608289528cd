"""Single days: the forecast from the eve, with what happens on the day, and what came."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.forecasts import Forecast, Record
from sim.analysis.scores import sample
from sim.backtesting.folds import Fold, beside, fold_rows, folds
from sim.scenario import load
from tests.backtesting import made

EVE = dt.date(2020, 2, 2)


def test_the_five_days_of_the_shipped_scenarios() -> None:
    found = folds("builtin:idlib-2020-02-11")
    days = ["2018-09-17", "2019-08-31", "2020-01-12", "2020-02-11", "2020-03-06"]
    assert [str(fold.day) for fold in found] == days
    assert found[0].happens["memorandum"].event == "agreement_in_force" and not found[3].happens
    assert found[0].eve == dt.date(2018, 9, 16)
    assert all(it.on == fold.day for fold in found for it in fold.happens.values())
    assert [fold.day for fold in folds("idlib-2020-02-11")] == [fold.day for fold in found]


def test_days_are_those_beside_the_scenario(river: Path, tmp_path: Path) -> None:
    assert [(fold.name, fold.day) for fold in folds(str(river))] == [(name, day) for name, day, _ in made.FOLDS]
    alone = tmp_path / "river.yaml"
    alone.write_text(made.SCENARIO, encoding="utf-8")
    assert not folds(str(alone))


def test_what_stands_beside_a_scenario(river: Path) -> None:
    assert beside(str(river), "article-only-rules") == str(river.with_name("article-only-rules.yaml"))
    assert beside(str(river), "other") is None
    assert beside("builtin:idlib-2020-02-11", "article-only-rules") == "builtin:article-only-rules"
    assert beside("idlib-2020-02-11", "other") is None
    assert load(beside(str(river), "article-only-rules") or "").name == "fewer"


def rows(horizon: int, deaths: list[float], days: int) -> dict[str, object]:
    fold = Fold("a day", EVE + dt.timedelta(1), {})
    forecast = Forecast("model", EVE, horizon, np.array([0.5, 0.25, 0.25]), sample(deaths))
    record = Record(EVE - dt.timedelta(1), np.full(days, 10.0))
    [row] = fold_rows(fold, [forecast], record, (35.0, 100.0)).to_dict("records")
    return {str(key): value for key, value in row.items()}


def test_a_row_has_the_forecast_and_what_came() -> None:
    row = rows(1, [float(n) for n in range(21)], 9)
    assert (row["fold"], row["origin"], row["horizon"], row["forecaster"]) == ("a day", EVE, 1, "model")
    assert (row["hold"], row["fray"], row["collapse"]) == (0.5, 0.25, 0.25)
    assert (row["low_90"], row["median"], row["high_90"]) == (1.0, 10.0, 19.0)
    assert (row["observed"], row["level"], row["known_afterwards"]) == (70.0, "fray", False)


@pytest.mark.parametrize(("horizon", "late"), [(1, False), (2, True)])
def test_what_ends_after_the_eve_of_the_article_is_known_afterwards(horizon: int, late: bool) -> None:
    assert rows(horizon, [0.0, 1.0], 100)["known_afterwards"] is late


def test_weeks_that_are_not_recorded_have_no_level() -> None:
    row = rows(2, [0.0, 1.0], 9)
    assert np.isnan(row["observed"]) and row["level"] == ""
