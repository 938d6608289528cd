from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sim.analysis.forecasts import Record, from_trials
from sim.analysis.scores import central_interval
from sim.analysis.scoring import score_each
from sim.analysis.spells import spells as spells_of
from sim.backtesting.tabling import ablations, fans, forecasts_of, limits_of, spells, truces
from tests.small import small

FIRST = dt.date(2021, 1, 4)
ORIGINS = [FIRST + dt.timedelta(k) for k in range(40)]
LIMITS = (35.0, 100.0)


def test_weekly_deaths_make_the_forecasts_that_daily_ones_do() -> None:
    daily = np.random.default_rng(3).poisson(9.0, (1, 50, 28))
    weekly = daily.reshape(1, 50, 4, 7).sum(axis=3).astype(np.int32)
    made = forecasts_of("model", [FIRST], weekly, (1, 2, 4), LIMITS)
    due = from_trials("model", FIRST, daily[0], (1, 2, 4), LIMITS)
    for one, other in zip(made, due, strict=True):
        assert (one.forecaster, one.origin, one.horizon) == (other.forecaster, other.origin, other.horizon)
        assert one.probabilities.tolist() == other.probabilities.tolist()
        assert one.deaths.values.tolist() == other.deaths.values.tolist() and one.deaths.drawn


def test_fans_of_every_week_over_what_came() -> None:
    deaths = np.arange(2 * 101 * 3).reshape(2, 101, 3).astype(np.int32)
    record = Record(FIRST, np.full(15, 2.0))
    table = fans("model", ORIGINS[:2], deaths, record)
    assert list(table["week"]) == [1, 2, 3] * 2 and set(table["origin"]) == set(ORIGINS[:2])
    first = table.iloc[0]
    made = forecasts_of("model", ORIGINS[:1], deaths[:1], (1,), LIMITS)[0]
    assert (first["low_90"], first["high_90"]) == central_interval(made.deaths, 0.9) == (15.0, 285.0)
    assert (first["low_50"], first["median"], first["high_50"]) == (75.0, 150.0, 225.0)
    assert table["observed"].tolist()[:2] == [14.0, 14.0] and np.isnan(table["observed"].iloc[2])


def test_a_rule_that_helps_is_missed() -> None:
    """The forecaster without the rule says twice what comes; the one with it says what comes."""
    observed = pd.Series(5.0, index=pd.date_range(FIRST, periods=320))
    weekly = [FIRST + dt.timedelta(7 * k) for k in range(40)]
    right, wrong = (np.full((40, 10, 2), n, np.int32) for n in (35, 700))
    each = [score_each(forecasts_of(name, weekly, deaths, (1, 2), LIMITS), observed, LIMITS)
            for name, deaths in (("model", right), ("without_truce", wrong))]  # fmt: skip
    table = ablations(each[0], each[1:], seed=0)
    assert set(table["forecaster"]) == {"without_truce"} and set(table["reference"]) == {"model"}
    assert list(table["n"].unique()) == [40] and len(table) == 2 * 4
    crps = table[table["measure"] == "crps"].iloc[0]
    assert crps["difference"] == pytest.approx(665.0) and crps["low"] > 0


def test_truces_by_the_rule_of_the_day() -> None:
    events = {
        "pact": {"on": FIRST + dt.timedelta(2), "event": "pact", "actor": "red", "target": "blue"},
        "next": {"on": FIRST + dt.timedelta(9), "event": "pact", "actor": "red", "target": "blue"},
    }
    scenario = small({"events": {"pact": {"effects": [{"truce": "lower"}]}}, "history": {"events": events}})
    deaths = np.zeros(20)
    deaths[5] = 120.0
    found = truces(scenario, Record(FIRST, deaths)).to_records(index=False).tolist()
    days = [FIRST + dt.timedelta(k) for k in (2, 4, 9, 19)]
    assert found == [("lower", days[0], days[1]), ("lower", days[2], days[3])]


def test_spells_are_dated_and_their_courses_numbered() -> None:
    begun, deaths = np.array([[0.0, 1, 0], [2, 0, 1]]), np.array([[0.0, 0, 0], [0, 150, 0]])
    found = spells(spells_of(begun, deaths), FIRST, courses_before=10)
    assert list(found) == ["course", "first", "level", "days", "ended"]
    days = [FIRST + dt.timedelta(k) for k in (1, 0, 2)]
    assert found["course"].tolist() == [10, 11, 11] and found["first"].tolist() == days
    assert found["level"].tolist() == ["lower", "leader", "lower"]
    assert found["days"].tolist() == [2, 1, 1] and found["ended"].tolist() == [False, True, False]


def test_no_spells_are_an_empty_table() -> None:
    none = spells(spells_of(np.zeros((2, 3)), np.zeros((2, 3))), FIRST)
    assert list(none) == ["course", "first", "level", "days", "ended"] and not len(none)


def test_limits_are_the_scenarios() -> None:
    assert limits_of(small()) == (35.0, 100.0)
    assert limits_of(small(defaults={"fray_deaths": 10.0, "collapse_deaths": 70.0})) == (10.0, 70.0)
