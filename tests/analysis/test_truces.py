"""Which truce stands, by what could be known on the day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.truces import Announced, Standing, announced, covariates, standing
from sim.scenario import load
from tests.analysis.recorded import fetched

SCENARIO = Path(__file__).parents[2] / "scenarios" / "idlib-2020-02-11.yaml"
FIRST = dt.date(2020, 1, 1)


def stood(deaths: list[float], *truces: tuple[int, str]) -> list[tuple[str, int]]:
    told = [Announced(FIRST + dt.timedelta(day), level) for day, level in truces]
    return [tuple(it) for it in standing(told, FIRST, np.array(deaths, float))]


def test_a_truce_ages_until_a_hundred_are_dead_in_seven_days_of_it() -> None:
    """The 90 dead before it do not count; 60 and 40 within seven days end it on the second day of the two."""
    days = stood([90, 0, 60, 0, 40, 0], (1, "lower"))
    assert days == [("none", 0), ("lower", 0), ("lower", 1), ("lower", 2), ("none", 0), ("none", 0)]
    apart = stood([0, 60, 0, 0, 0, 0, 0, 0, 40], (0, "leader"))
    assert apart[-1] == ("leader", 8)


def test_a_new_truce_takes_the_place_of_one_that_stands_or_is_dead() -> None:
    days = stood([0, 200, 0, 0, 0], (0, "lower"), (2, "leader"), (4, "lower"))
    assert days == [("lower", 0), ("none", 0), ("leader", 0), ("leader", 1), ("lower", 0)]


def test_a_truce_from_before_the_record_stands() -> None:
    assert stood([0, 0], (-5, "leader"), (-9, "lower")) == [("leader", 5), ("leader", 6)]


@pytest.mark.parametrize("told", [("leader", "lower"), ("lower", "leader")])
def test_of_two_truces_of_a_day_the_higher_counts(told: tuple[str, str]) -> None:
    assert stood([0, 0, 0], *((1, level) for level in told)) == [("none", 0), ("leader", 0), ("leader", 1)]
    assert stood([0], *((-1, level) for level in told)) == [("leader", 1)]


def test_missing_days_end_nothing() -> None:
    assert stood([float("nan")] * 3, (0, "lower"))[-1] == ("lower", 2)


def test_what_follows_changes_no_day_before() -> None:
    """The rule looks back only: every prefix of the record gives the same days."""
    dice = np.random.default_rng(9)
    deaths = dice.negative_binomial(0.6, 0.05, 60).astype(float).tolist()
    truces = [(5, "lower"), (20, "leader"), (41, "lower")]
    whole = stood(deaths, *truces)
    assert {level for level, _ in whole} == {"none", "lower", "leader"}
    for end in range(1, 60):
        assert stood(deaths[:end], *[it for it in truces if it[0] < end]) == whole[:end]


def test_covariates() -> None:
    assert covariates(Standing()).tolist() == [0, 0, 0]
    assert covariates(Standing("leader", 6)).tolist() == pytest.approx([1, 0, np.log(7)])
    assert covariates(Standing("lower", 0)).tolist() == [0, 1, 0]


def test_the_announcements_of_the_shipped_chronology() -> None:
    """Those of DOMAIN 2; the three of 2016 were national, S10 is at leader level, as the chronology says and why."""
    told = announced(load(SCENARIO))
    assert [(str(it.on), it.level) for it in told] == [
        ("2016-02-27", "lower"),
        ("2016-09-12", "lower"),
        ("2016-12-30", "lower"),
        ("2017-05-06", "lower"),
        ("2017-09-15", "lower"),
        ("2018-09-17", "leader"),
        ("2019-05-18", "lower"),
        ("2019-06-12", "lower"),
        ("2019-08-02", "lower"),
        ("2019-08-31", "leader"),
        ("2020-01-12", "lower"),
    ]


@pytest.mark.data
def test_when_the_real_truces_were_seen_to_be_dead() -> None:
    """Days after the ends of DOMAIN 2, because a hundred must die first; S10 a month before, on its day in November."""
    observed = fetched()
    days = standing(announced(load(SCENARIO)), observed.index[0].date(), observed.to_numpy())
    levels = dict(zip((day.date() for day in observed.index), (it.level for it in days), strict=True))
    ends = [day for day in levels if levels[day] == "none" and levels.get(day - dt.timedelta(1), "none") != "none"]
    assert [str(day) for day in ends] == [
        "2016-03-10",  # S01, 22 April: 92 dead in the week to 9 March, 110 in that to the 10th
        "2016-09-23",  # S02, 19 September: 92 and 110 likewise
        "2017-02-07",  # S03, 14 February: 56 and 111
        "2017-09-22",  # S05, expert 24 December, rule 19 September; S04 gave way to it
        "2019-05-06",  # S06, 30 April
        "2019-05-21",  # S07, 20 May
        "2019-06-18",  # S08, 14 June
        "2019-08-09",  # S09, 5 August
        "2019-11-19",  # S10, 19 December or 14 November
        "2020-01-17",  # S11, 15 January
    ]
