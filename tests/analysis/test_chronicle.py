"""The recorded course: deaths of a series and events of a chronology, to 10 February 2020 and no further."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields

import numpy as np
import pytest

from sim.analysis.chronicle import LAST, LEADER, LOWER, Chronicle, coded, joined
from sim.history.series import Day, Series
from sim.scenario import load
from sim.scenario.schema import Scenario
from tests.analysis.courses import course

SOCHI = dt.date(2018, 9, 17)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("builtin:sochi-2018-09-17")


def series(start: dt.date, deaths: list[float]) -> Series:
    return Series(start, tuple(Day(0, it, it, it) for it in deaths))


def dates(values: np.ndarray, first: dt.date = SOCHI) -> dict[str, float]:
    return {str(first + dt.timedelta(int(k))): float(values[0, k]) for k in np.flatnonzero(values[0] > 0)}


def test_the_truces_since_sochi(scenario: Scenario) -> None:
    found = coded(scenario, None, SOCHI, 512)
    assert dates(found.begun) == {
        "2018-09-17": LEADER, "2019-05-18": LOWER, "2019-06-12": LOWER, "2019-08-02": LOWER, "2019-08-31": LEADER,
        "2020-01-12": LOWER,
    }  # fmt: skip


def test_hits_their_dead_and_the_replies(scenario: Scenario) -> None:
    """Those of DOMAIN 1 up to the article: three fatal ones, each answered on its day, and one answer to another."""
    found = coded(scenario, None, SOCHI, 512)
    assert dates(found.killed) == {"2019-06-27": 1.0, "2020-02-03": 8.0, "2020-02-10": 5.0}
    assert len(dates(found.hits)) == 12
    assert list(dates(found.replies)) == ["2019-06-16", "2019-06-27", "2020-02-03", "2020-02-10"]
    assert dates(found.infighting) == {"2019-01-01": 1.0}
    assert not dates(found.militia_fire) and not dates(found.rebel_offensives) and not dates(found.acknowledged)


def test_nothing_after_the_last_day_of_evidence_is_read(scenario: Scenario) -> None:
    first = dt.date(2020, 2, 1)
    found = coded(scenario, series(first, [1.0] * 60), first, 60, [(first, {dt.date(2020, 3, 1): 400.0})])
    known = (LAST - first).days + 1
    for it in fields(Chronicle):
        assert np.isnan(getattr(found, it.name)[0, known:]).all(), it.name
    assert found.lived.sum() == known
    assert np.isnan(found.moved).all()


def test_deaths_stand_on_their_days_and_are_not_known_elsewhere(scenario: Scenario) -> None:
    ahead = coded(scenario, series(SOCHI - dt.timedelta(2), [9.0, 9.0, 1.0, 2.0]), SOCHI, 4)
    assert np.array_equal(ahead.deaths, [[1.0, 2.0, np.nan, np.nan]], equal_nan=True)
    later = coded(scenario, series(SOCHI + dt.timedelta(2), [5.0, 6.0, 7.0]), SOCHI, 4)
    assert np.array_equal(later.deaths, [[np.nan, np.nan, 5.0, 6.0]], equal_nan=True)
    assert np.isnan(coded(scenario, None, SOCHI, 4).deaths).all()


def test_people_move_evenly_between_cited_totals(scenario: Scenario) -> None:
    eve = SOCHI - dt.timedelta(3)
    totals = {SOCHI + dt.timedelta(1): 10.0, SOCHI + dt.timedelta(3): 16.0}
    found = coded(scenario, None, SOCHI, 6, [(eve, totals)])
    assert np.array_equal(found.moved, [[2.5, 2.5, 3.0, 3.0, np.nan, np.nan]], equal_nan=True)


def test_courses_join_in_order() -> None:
    both = joined([course(3, deaths=[1, 2, 3]), course(3, deaths=[4, 5, 6], hits={1: 1})])
    assert both.deaths.tolist() == [[1, 2, 3], [4, 5, 6]] and both.hits.tolist() == [[0, 0, 0], [0, 1, 0]]
