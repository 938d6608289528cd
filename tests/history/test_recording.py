from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from sim.conflict import outcomes as judged
from sim.conflict import state as st
from sim.errors import InputError
from sim.history import recording
from sim.history.recording import Collapse, Counted, Record, Recorded, judge_record, read_record
from sim.history.series import Day, Series, read_series
from tests.history.invented import written
from tests.needs import shared
from tests.small import played

START = dt.date(2030, 5, 1)


def after(days: int) -> dt.date:
    return START + dt.timedelta(days)


def series(*deaths: float) -> Series:
    return Series(START, tuple(Day(1, best, best / 2, 2 * best) for best in deaths))


def verdict(
    *deaths: float, start: int = 0, record: Record = recording.NOT_RECORDED, estimate: str = "best"
) -> Recorded:
    return judge_record(series(*deaths), after(start), after(len(deaths) - 1), record, estimate)


def levels(*deaths: float, record: Record = recording.NOT_RECORDED) -> str:
    return "".join("hfc"[level] for level in verdict(*deaths, record=record).levels)


def test_levels_follow_the_deaths_of_seven_days() -> None:
    assert levels(5, 5, 5, 5, 5, 5, 4, 5, 6) == "hhhhhhhhf"  # 35 only on the ninth day, when a five has left the window
    assert levels(34, 1, 64, 1, 0, 0, 0, 0, 0, 0) == "hffccccffh"


def test_a_collapse_is_dated_back_to_the_first_day_with_ten_deaths() -> None:
    found = verdict(3, 9, 10, 30, 0, 48, 9, 1)
    assert found.collapse == Collapse(100.0, after(2), 3, 2)
    assert (found.worst, found.terminal, found.first("fray")) == ("collapse", "collapse", after(3))


def test_without_a_day_of_ten_it_is_dated_to_the_day_that_crossed() -> None:
    assert verdict(*[9.0] * 5).collapse.date is None
    record = [9.0] * 6 + [46.0, 0.0]
    assert verdict(*record).collapse.day == 7


def test_windows_begin_on_the_first_day() -> None:
    deaths = (60, 30, 20, 3, 2, 1, 0, 0)
    assert verdict(*deaths).collapse.day == 1
    assert verdict(*deaths, start=1).collapse.date is None
    assert verdict(*deaths, start=1).worst == "fray"


def test_other_readings_and_estimates_are_judged_beside() -> None:
    found = verdict(0, 40, 40, 0)
    assert [(c.at_least, c.day) for c in found.collapses] == [(100, None), (70, 2), (150, None)]
    assert verdict(0, 40, 40, 0, estimate="high").collapse.day == 2
    assert verdict(0, 40, 40, 0, estimate="low").worst == "fray"


def test_what_else_was_recorded_makes_a_fray_for_seven_days() -> None:
    killed = Record({after(1): Counted(patron_killed=1)}, ("patron_killed",))
    lost = Record({after(2): Counted(places_lost=1)}, ("places_lost",))
    assert levels(*[0.0] * 10, record=killed) == "hfffffffhh"
    assert levels(*[0.0] * 10, record=lost) == "hhfffffffh"
    assert verdict(0, record=killed).left_out == ("places_lost",)
    assert verdict(0).left_out == ("patron_killed", "places_lost")


def test_the_verdict_is_that_of_the_code_that_judges_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "find_level", lambda s, c: None)
    assert verdict(0, 99, 99).worst == "hold"


@pytest.mark.parametrize("trial", range(8))
def test_a_trial_and_its_own_deaths_on_record_get_one_verdict(trial: int) -> None:
    war = {"quiet": {"mean": 9.0, "size": 0.5}}
    model = played(0, fighting={"regimes": war}, trial=trial, horizon_days=30)
    deaths, found = [], []
    for _ in range(30):
        model.step()
        deaths.append(model.state[st.DEATHS])
        found.append(int(model.state[st.LEVEL]))
    collapse = model.state[model.tables.outcome_day + model.names.outcomes.index("collapse")]
    assert verdict(*deaths).levels == tuple(found)
    assert verdict(*deaths).collapse.day == (int(collapse) or None)


def test_days_that_are_not_recorded_are_refused() -> None:
    with pytest.raises(InputError, match="not in the series"):
        judge_record(series(1, 2), START, after(2))


def test_a_record_is_read_with_the_kinds_that_it_has(tmp_path: Path) -> None:
    path = written(tmp_path / "r.csv", "date,places_lost\n2030-05-03,2\n2030-05-09,-1\n")
    found = read_record(path)
    assert found == Record({after(2): Counted(0, 2), after(8): Counted(0, -1)}, ("places_lost",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,patron_killed\n2030-05-01,1\n2030-05-01,2\n", ":3: date: 2030-05-01 is given twice"),
        ("date,patron_killed\n2030-05-01,-1\n", ":2: patron_killed: '-1' is not allowed"),
        ("date,killed\n2030-05-01,1\n", "records nothing; write rows below date,patron_killed,places_lost"),
        ("day,patron_killed\n", "this is not a record"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_record(written(tmp_path / "r.csv", text))
    assert said in str(error.value)


# --- the spells of DOMAIN 2 ------------------------------------------------------------------------------------------


def spells() -> Sequence[dict[str, str]]:
    with shared("domain/spells.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.data
def test_the_spells_of_the_domain_study_are_reproduced() -> None:
    recorded = read_series(shared("data/idlib_box_daily.csv"))
    before = [row for row in spells() if row["start"] <= str(recorded.end)]
    found = {
        row["id"]: judge_record(recorded, dt.date.fromisoformat(row["start"]), recorded.end).collapse.days
        for row in before
    }
    assert found == {row["id"]: int(row["days_rule100"]) for row in before}
    assert list(found) == [f"S{k:02}" for k in range(1, 12)]  # S12 begins after the span


@pytest.mark.data
@pytest.mark.parametrize(
    ("start", "dates"),
    [
        ("2018-09-17", {70: "2019-02-25", 100: "2019-05-01", 150: "2019-05-01"}),
        ("2019-08-31", {70: "2019-10-19", 100: "2019-11-14", 150: "2019-11-30"}),
    ],
)
def test_other_thresholds_move_the_long_spells_as_published(start: str, dates: dict[int, str]) -> None:
    recorded = read_series(shared("data/idlib_box_daily.csv"))
    found = judge_record(recorded, dt.date.fromisoformat(start), recorded.end)
    assert {int(collapse.at_least): str(collapse.date) for collapse in found.collapses} == dates  # DOMAIN 2


@pytest.mark.data
def test_windows_that_looked_back_would_end_the_august_truce_at_once() -> None:
    recorded = read_series(shared("data/idlib_box_daily.csv"))
    start = dt.date(2019, 8, 31)
    assert sum(recorded.deaths(start - dt.timedelta(6), start)) >= 100  # DOMAIN 7.10
    assert judge_record(recorded, start, recorded.end).collapse.days == 75


@pytest.mark.data
@pytest.mark.parametrize(("estimate", "sochi", "august"), [("best", 226, 75), ("low", 228, 75), ("high", 221, 58)])
def test_the_long_spells_by_each_estimate_are_those_of_the_guide(estimate: str, sochi: int, august: int) -> None:
    recorded = read_series(shared("data/idlib_box_daily.csv"))
    found = [
        judge_record(recorded, start, recorded.end, estimate=estimate).collapse.days
        for start in (dt.date(2018, 9, 17), dt.date(2019, 8, 31))
    ]
    assert found == [sochi, august]
