from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sim.history.contradictions import disagreements
from sim.history.emissions import Observation
from sim.history.filtering import filter_path
from tests.history.zone import IDLIB

FIRST = dt.date(2020, 1, 1)


def told(
    deaths: Sequence[Observation], offensives: dict[str, int], truces: dict[str, tuple[int, int | None]]
) -> list[str]:
    def day(index: int) -> dt.date:
        return FIRST + dt.timedelta(index)

    found = disagreements(
        FIRST,
        deaths,
        filter_path(deaths, IDLIB),
        {name: day(index) for name, index in offensives.items()},
        {name: (day(begin), None if end is None else day(end)) for name, (begin, end) in truces.items()},
    )
    return [f"{item.on} {item.line}" for item in found]


QUIET_THEN_WAR = [Observation(0.0)] * 20 + [Observation(30.0)] * 20


def test_an_offensive_that_nobody_died_in_is_told() -> None:
    lines = told(QUIET_THEN_WAR, {"early": 5, "true": 20}, {})
    assert len(lines) == 1
    assert lines[0].startswith(
        "2020-01-06 the chronology begins an offensive (early), but deaths give the highest regime"
    )
    assert lines[0].endswith("in the week to 2020-01-12; the regime follows the deaths")


def test_an_offensive_is_not_judged_before_its_week_is_over_or_observed() -> None:
    assert told([Observation(0.0)] * 20, {"late": 16, "before": -9}, {}) == []


def test_a_truce_in_which_a_hundred_die_in_seven_days_is_told_once() -> None:
    lines = told(QUIET_THEN_WAR, {}, {"paper": (10, None), "broken": (10, 23), "fresh": (38, None)})
    expected = (
        "2020-01-24 the chronology keeps a truce in force (paper, since 2020-01-11), but 120 people were killed "
        "in seven days of it; the regime follows the deaths, the truce the chronology"
    )
    assert lines == [expected]


def test_deaths_before_a_truce_do_not_count_against_it() -> None:
    assert told([Observation(60.0)] * 10 + [Observation(1.0)] * 10, {}, {"truce": (10, None)}) == []


def test_weekly_sums_are_judged_by_whole_weeks() -> None:
    weeks = [Observation(0.0, 7), Observation(120.0, 7), Observation(120.0, 7)]
    assert [line[:10] for line in told(weeks, {"early": 0}, {"straddled": (8, 20), "paper": (7, None)})] == [
        "2020-01-01",
        "2020-01-14",
    ]
