"""A scenario at the origins of a back-test: its history, its record, and what is left out of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.forecasts import Record
from sim.backtesting.cases import Case, null_model, without_rule
from sim.backtesting.recorded import read_record
from sim.errors import InputError
from sim.fitting.fast import Fast
from tests.backtesting import made

FIRST, LAST = made.ORIGINS


@pytest.fixture
def known(record: Path) -> Record:
    return read_record(record).record


@pytest.fixture
def case(river: Path) -> Case:
    return Case("model", str(river))


def test_it_begins_at_the_latest_opening_four_weeks_before_and_lives_to_the_last_origin(
    case: Case, known: Record
) -> None:
    scenario = case.begun(known, FIRST, LAST, 28)
    assert scenario.history.start == dt.date(2021, 6, 1) and scenario.agreement.integrity == 0.5
    assert (scenario.origin, scenario.horizon_days) == (LAST + dt.timedelta(1), 28)
    assert case.begun(known, dt.date(2021, 6, 20), LAST, 28).history.start == made.FIRST
    lived = scenario.history.daily_deaths
    assert (min(lived), max(lived)) == (dt.date(2021, 6, 1), LAST)
    assert lived[LAST] == known.until(LAST)[-1]


def test_dated_interventions_and_ends_of_trials_are_left_out(case: Case, known: Record) -> None:
    scenario = case.begun(known, FIRST, LAST, 28)
    assert not scenario.interventions and not scenario.ends_when and list(scenario.outcomes) == ["collapse"]


def test_settings_hold_and_the_back_test_sets_the_dates(river: Path, known: Record) -> None:
    said = {"fighting.regimes.skirmish.mean": "9", "origin": "2022-07-01", "horizon_days": "300"}
    scenario = Case("model", str(river), said, ["shell"]).begun(known, FIRST, LAST, 28)
    assert scenario.fighting.regimes["skirmish"].mean == 9 and not scenario.rules["shell"].enabled
    assert (scenario.origin, scenario.horizon_days) == (LAST + dt.timedelta(1), 28)


def test_it_is_fitted_from_its_first_opening_in_the_record(case: Case, known: Record) -> None:
    scenario, part = case.fitted_on(known, LAST)
    assert scenario.history.start == part.first == made.FIRST and scenario.origin == LAST + dt.timedelta(1)
    late = Record(dt.date(2020, 7, 1), known.deaths[182:])
    scenario, part = case.fitted_on(late, LAST)
    assert scenario.history.start == part.first == dt.date(2021, 6, 1)
    assert part.deaths.tolist() == late.until(dt.date(2030, 1, 1))[335:].tolist()


def test_the_null_model_is_fitted_as_well_to_the_record_up_to_the_day(river: Path, known: Record) -> None:
    """The later days may be what they like; more dead before move the mean of the war."""
    moving = {"fighting.drift.rules": "{quiet: {skirmish: [fray]}}"}
    case, until = null_model(Case("model", str(river), moving)), dt.date(2021, 6, 30)
    first = (until - known.first).days + 1
    other = Record(known.first, np.concatenate([known.deaths[:first], known.deaths[first:] + 50]))
    usual = Fast(*case.fitted_on(known, LAST), 8, 0, 4).rows_until(until)
    assert Fast(*case.fitted_on(other, LAST), 8, 0, 4).rows_until(until) == usual and len(usual) == 8
    milder = Record(known.first, np.round(known.deaths * 0.7))
    war = [np.mean([row["fighting.regimes.war.mean"] for row in rows])
           for rows in (usual, Fast(*case.fitted_on(milder, LAST), 8, 0, 4).rows_until(until))]  # fmt: skip
    assert war[1] < war[0] - 0.5


def test_one_rule_is_off_and_no_other(case: Case, known: Record) -> None:
    usual, off = case.begun(known, FIRST, LAST, 28), without_rule(case, "fray")
    assert off.name == "without_fray"
    rules = off.begun(known, FIRST, LAST, 28).rules
    assert [name for name in rules if rules[name] != usual.rules[name]] == ["fray"] and not rules["fray"].enabled


@pytest.mark.parametrize(
    ("said", "first", "words"),
    [
        ({}, dt.date(2020, 1, 20), "no opening of the scenario is 28 days before it"),
        ({"fighting.drift": "null"}, FIRST, "the scenario has no `fighting.drift`"),
        (
            {"events.shell.effects": "[{until: 2022-12-01}]"},
            FIRST,
            "rule shell sets a deadline on a date",
        ),
    ],
)
def test_what_cannot_be_back_tested_is_refused(
    river: Path, known: Record, said: dict[str, str], first: dt.date, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Case("model", str(river), said).begun(known, first, LAST, 28)


def test_a_record_that_begins_too_late_is_refused(case: Case, known: Record) -> None:
    late = Record(dt.date(2021, 7, 1), np.zeros(400))
    with pytest.raises(InputError, match="begins on 2021-06-01, before the record, 2021-07-01"):
        case.begun(late, FIRST, LAST, 28)
    with pytest.raises(InputError, match="no opening of the scenario lies in the record"):
        case.fitted_on(Record(dt.date(2022, 7, 1), np.zeros(400)), LAST)
