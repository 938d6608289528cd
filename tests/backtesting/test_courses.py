"""Free courses over the days of a record: as long as it, the same however work is shared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.analysis.forecasts import Record
from sim.backtesting.cases import Case
from sim.backtesting.courses import free, simulated_spells
from sim.backtesting.parameters import Brought, Row
from sim.backtesting.recorded import read_record
from sim.scenario.schema import Scenario
from tests import needs
from tests.backtesting import made

pytestmark = needs.numba
LATE = dt.date(2021, 6, 1)


@pytest.fixture(scope="module")
def known(record: Path) -> Record:
    return read_record(record).record


@pytest.fixture(scope="module")
def case(river: Path) -> Case:
    return Case("model", str(river), made.OFFERS)


@pytest.fixture(scope="module")
def course(case: Case, known: Record) -> Scenario:
    return free(case, known, LATE)


def rows_of(scenario: Scenario, sets: int = 3) -> list[Row]:
    return Brought(sets).values(scenario, scenario.origin, 5)


def run(scenario: Scenario, rows: Sequence[Row] | None = None, seed: int = 5, workers: int = 1) -> pd.DataFrame:
    return simulated_spells(scenario, rows_of(scenario) if rows is None else rows, 20, seed, workers)


def test_courses_have_the_days_of_the_record(course: Scenario, known: Record) -> None:
    """From four weeks after its first opening to its last day."""
    assert (course.history.start, course.origin) == (made.FIRST, made.FIRST + dt.timedelta(28))
    assert course.horizon_days + 28 == len(known.deaths) == made.DAYS
    assert max(course.history.daily_deaths) < course.origin and not course.history.events


def test_a_record_that_begins_later_has_courses_from_a_later_opening(case: Case, known: Record) -> None:
    later = Record(dt.date(2021, 1, 1), known.deaths[366:])
    assert free(case, later, LATE).history.start == LATE


def test_a_history_that_is_asked_for_may_begin_on_a_day_of_its_own(case: Case, known: Record) -> None:
    later = Record(dt.date(2021, 6, 10), known.deaths[526:])
    own = replace(case, overrides={**made.OFFERS, "history.start": "2021-06-20"})
    assert free(own, later, dt.date(2021, 6, 20)).origin == dt.date(2021, 7, 18)


def test_truces_are_followed_no_longer_than_the_course(course: Scenario) -> None:
    found = run(course)
    assert set(found["set"]) == {0, 1, 2} and set(found["course"]) <= set(range(20))
    assert set(found["level"]) == {"lower"}
    assert found["course"].is_monotonic_increasing and found.groupby("course")["set"].nunique().eq(1).all()
    first = np.array([(day - course.origin).days for day in found["first"]])
    assert first.min() >= 0 and (first + found["days"] <= course.horizon_days).all()
    assert 0.1 < found["ended"].mean() < 1 and 20 < len(found) < 800
    last = found.groupby("course")[["first", "days", "ended"]].last()
    cut = last[~last["ended"]]
    ends = [(day - course.origin).days + days for day, days in zip(cut["first"], cut["days"], strict=True)]
    assert ends and set(ends) == {course.horizon_days}


def test_workers_change_no_row_and_seeds_do(course: Scenario) -> None:
    usual = run(course)
    pd.testing.assert_frame_equal(usual, run(course, workers=4))
    assert not usual.equals(run(course, seed=6))


def test_nothing_of_the_record_after_the_first_weeks_is_known(case: Case, course: Scenario, known: Record) -> None:
    other = Record(known.first, np.concatenate([known.deaths[:28], known.deaths[28:] * 3 + 20]))
    pd.testing.assert_frame_equal(run(free(case, other, LATE)), run(course))
    other = Record(known.first, known.deaths * 3 + 20)
    assert not run(free(case, other, LATE)).equals(run(course))


def test_each_set_has_its_numbers_and_its_part_of_the_courses(course: Scenario) -> None:
    found = run(course, [{"fighting.regimes.war.mean": mean} for mean in (0.1, 90.0)])
    calm, bloody = (found[found["set"] == k] for k in (0, 1))
    assert bloody["course"].between(10, 19).all() and calm["course"].between(0, 9).all()
    assert len(bloody) > 10 and calm["ended"].sum() < bloody["ended"].sum() / 3


def test_what_a_case_does_to_its_numbers_is_done(course: Scenario) -> None:
    """Without the rule that offers them there is no truce."""

    def without(fixed: Scenario) -> Scenario:
        off = fixed.rules["offer"].model_copy(update={"enabled": False})
        return fixed.model_copy(update={"rules": {**fixed.rules, "offer": off}})

    assert not len(simulated_spells(course, rows_of(course), 20, 5, 1, without))


def test_a_part_is_told_for_each_set(course: Scenario) -> None:
    told: list[int] = []
    simulated_spells(course, rows_of(course, 4), 3, 5, told=told.append)
    assert told == [1, 1, 1]  # fewer courses than sets take the first sets


def test_deaths_are_those_that_reach_the_record(case: Case, known: Record) -> None:
    """Where nearly all days are lost hardly a truce is seen to end."""
    shares = []
    for lost in ("0.0", "0.97"):
        silent = replace(case, overrides={**made.OFFERS, "fighting.reporting.lost": lost})
        shares.append(run(free(silent, known, LATE))["ended"].mean())
    assert shares[1] < 0.05 < 0.2 < shares[0]
