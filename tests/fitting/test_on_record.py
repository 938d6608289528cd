"""A scenario that lives through a record, for fits and back-tests alike."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.forecasts import Record
from sim.errors import InputError
from sim.fitting.on_record import from_first_opening, put_on_record, with_record
from sim.scenario import load
from sim.scenario.schema import Intervention
from tests.backtesting import made

KNOWN = Record(made.FIRST, np.arange(1000.0))
LAST = dt.date(2021, 11, 30)


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.scenario_file(tmp_path_factory.mktemp("river"))


def test_it_begins_at_the_first_opening_and_knows_the_record_to_the_last_day(river: Path) -> None:
    late = Record(dt.date(2020, 7, 1), KNOWN.deaths[182:])
    for record, first, integrity in ((KNOWN, made.FIRST, 0.8), (late, dt.date(2021, 6, 1), 0.5)):
        scenario, part = from_first_opening(river, record, LAST)
        assert scenario.history.start == part.first == first and scenario.agreement.integrity == integrity
        deaths = scenario.history.daily_deaths
        assert (min(deaths), max(deaths)) == (first, LAST) and scenario.origin == LAST + dt.timedelta(1)
        assert deaths[LAST] == 699.0 and len(part.deaths) == 1000 - (first - made.FIRST).days


def test_settings_hold(river: Path) -> None:
    scenario, _ = from_first_opening(river, KNOWN, LAST, {"fighting.regimes.skirmish.mean": "9"}, ["shell"])
    assert scenario.fighting.regimes["skirmish"].mean == 9 and not scenario.rules["shell"].enabled


def test_nothing_dated_lies_ahead_but_what_is_given(river: Path) -> None:
    scenario, _ = from_first_opening(river, KNOWN, LAST)
    assert not scenario.interventions and not scenario.ends_when and list(scenario.outcomes) == ["collapse"]
    begun = with_record(load(river), KNOWN)
    truce = {"t": Intervention(on=LAST, event="truce", actor="north", target="south")}
    assert put_on_record(begun, KNOWN, truce).interventions == truce


@pytest.mark.parametrize(
    ("text", "first", "words"),
    [
        ("", dt.date(2022, 7, 1), "no opening of the scenario lies in the record, which begins on 2022-07-01"),
        ("fighting: {drift: null}", made.FIRST, "river: the scenario has no `fighting.drift`"),
        ("events: {shell: {effects: [{until: 2022-12-01}]}}", made.FIRST, "rule shell sets a deadline on a date"),
    ],
)
def test_what_cannot_live_through_it_is_refused(river: Path, text: str, first: dt.date, words: str) -> None:
    other = river.with_name("other.yaml")
    other.write_text(f"extends: river.yaml\n{text}\n", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        from_first_opening(other, Record(first, np.zeros(400)), LAST)


def test_a_history_that_begins_before_the_record_is_refused(river: Path) -> None:
    with pytest.raises(InputError, match="model: the history begins on 2022-06-01, before the record, 2022-07-01"):
        put_on_record(load(river), Record(dt.date(2022, 7, 1), np.zeros(9)), name="model")
