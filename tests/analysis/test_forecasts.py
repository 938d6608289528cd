from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from sim.analysis.forecasts import Forecast, from_trials, origins, record, shares, weekly
from sim.analysis.scores import sample
from sim.errors import InputError
from tests.analysis.recorded import FIRST, of_days

ORIGIN = dt.date(2020, 2, 9)


def test_weeks_are_sums_of_seven_days() -> None:
    assert weekly(np.arange(1, 17)).tolist() == [28, 77]
    assert weekly(np.ones((3, 14))).tolist() == [[7, 7]] * 3
    assert weekly(np.ones(6)).tolist() == []


def test_trials_drop_in() -> None:
    """Four trials of two weeks: hold, hold, fray, collapse in the second."""
    daily = np.zeros((4, 14))
    daily[:, 9] = [0, 34, 35, 400]
    one, two = from_trials("model", ORIGIN, daily, horizons=(1, 2))
    assert (one.forecaster, one.origin, one.horizon) == ("model", ORIGIN, 1)
    assert one.probabilities.tolist() == [1, 0, 0]
    assert two.probabilities.tolist() == [0.5, 0.25, 0.25]
    assert two.deaths.values.tolist() == [0, 34, 35, 400]
    assert two.deaths.drawn
    assert from_trials("model", ORIGIN, daily, (2,), limits=(10, 35))[0].probabilities.tolist() == [0.25, 0.25, 0.5]


def test_a_horizon_beyond_the_trials_names_the_remedy() -> None:
    with pytest.raises(InputError, match=r"week 8 .* reach 4 whole weeks; run at least 56 days"):
        from_trials("model", ORIGIN, np.zeros((2, 30)))


@pytest.mark.parametrize("wrong", [[0.5, 0.5], [0.5, 0.6, 0.0], [1.2, -0.2, 0.0], [math.nan, 0.5, 0.5]])
def test_probabilities_must_be_some(wrong: list[float]) -> None:
    with pytest.raises(InputError, match="model, origin 2020-02-09, week 1"):
        Forecast("model", ORIGIN, 1, np.array(wrong), sample([1.0]))


def test_shares_with_weights() -> None:
    assert shares([1, 50, 60, 200], [4, 1, 1, 2]).tolist() == [0.5, 0.25, 0.25]


def test_a_week_of_the_record() -> None:
    """Origin on day 7: its first week are the days 8 to 14."""
    seen = record(of_days(range(1, 22)))
    origin = FIRST + dt.timedelta(6)
    assert seen.week(origin, 1) == sum(range(8, 15))
    assert seen.week(origin, 2) == sum(range(15, 22))
    assert math.isnan(seen.week(origin, 3))
    assert math.isnan(seen.week(FIRST - dt.timedelta(2), 1))
    assert seen.until(origin).tolist() == list(range(1, 8))
    assert not len(seen.until(FIRST - dt.timedelta(5)))


def test_days_left_out_are_missing_and_not_zero() -> None:
    seen = record(of_days(range(1, 22)).drop(index=[np.datetime64("2016-01-10")]))
    assert math.isnan(seen.week(FIRST + dt.timedelta(6), 1))
    assert seen.week(FIRST + dt.timedelta(13), 1) == sum(range(15, 22))


def test_a_record_may_come_in_any_order_but_not_twice() -> None:
    assert record(of_days(range(5))[::-1]).deaths.tolist() == [0, 1, 2, 3, 4]
    twice = of_days(range(5)).rename(lambda day: min(day, np.datetime64("2016-01-03")))
    with pytest.raises(InputError, match="2016-01-03 stands twice"):
        record(twice)
    with pytest.raises(InputError, match="empty"):
        record(of_days([]))


def test_origins_and_their_alignments() -> None:
    first, last = dt.date(2018, 9, 23), dt.date(2020, 2, 9)
    sundays = origins(first, last, alignments=1)
    assert len(sundays) == 73 and sundays[-1] == last and {day.weekday() for day in sundays} == {6}
    assert len(origins(first, last)) == 505
    assert [day.day for day in origins(first, dt.date(2018, 9, 30), every=7, alignments=2)] == [23, 24, 30]
    with pytest.raises(InputError, match="before the first"):
        origins(last, first)
