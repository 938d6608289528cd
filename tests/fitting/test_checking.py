"""Predictive checks: courses read off the engine agree with its own events, and the table says what is covered."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.analysis.chronicle import LAST, Chronicle
from sim.analysis.pattern_table import ABC_NAMES, MEASURES
from sim.analysis.patterns import AUGUST_31, COURSE, JANUARY_12
from sim.batch.engine import simulate
from sim.cli.common import columns
from sim.errors import InputError
from sim.fitting import checking
from sim.fitting.checking import (
    RUNS,
    abc_observed,
    abc_simulated,
    cells,
    courses,
    held,
    notes,
    predictive_check,
    recorded,
    shipped,
    simulated,
    table,
)
from sim.history.series import Day, Series, read_series
from sim.preparing import Prepared, prepare
from sim.scenario import load
from sim.scenario.schema import Scenario
from tests import needs
from tests.small import small

pytestmark = needs.numba
SOME = (AUGUST_31, JANUARY_12)


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Scenario]:
    return shipped()


@pytest.fixture(scope="module")
def invented() -> Series:
    """A made-up record of all days of evidence."""
    days = (LAST - dt.date(2018, 9, 1)).days + 1
    deaths = np.random.default_rng(3).poisson(np.where(np.arange(days) % 200 < 120, 2.0, 25.0))
    return Series(dt.date(2018, 9, 1), tuple(Day(1, float(it), float(it), float(it)) for it in deaths))


@pytest.fixture(scope="module")
def check(scenarios: dict[str, Scenario], invented: Series) -> pd.DataFrame:
    return predictive_check(scenarios, invented, sets=2, trials=15, seed=1)


def ready(scenario: Scenario, days: int) -> Prepared:
    ensemble = scenario.ensemble.model_copy(update={"sets": 3})
    return prepare(scenario.model_copy(update={"horizon_days": days, "ensemble": ensemble}), 5, 1)


# --- courses ----------------------------------------------------------------------------------------------------------


def test_courses_are_what_the_events_of_the_engine_say() -> None:
    """From the article's origin, where there is much fire; every series counted again from the log of events."""
    prepared = ready(load("builtin:idlib-2020-02-11"), 60)
    found = courses(prepared, 12)
    scenario, seed, k = prepared.scenario, prepared.seed, prepared.set_index
    trials = list(simulate(scenario, seed, k, range(12), range(12)))
    told = {"hits": ["hit_post"], "replies": ["retaliate", "operation_strike"], "militia_fire": ["militia_fire"]}
    seen = 0
    for t, trial in enumerate(trials):
        assert found.deaths[t].tolist() == trial.daily["deaths"]
        for name, types in told.items():
            days = np.zeros(60)
            for event in trial.events:
                if event.event in types and not event.void:
                    days[event.day - 1] += 1
            assert getattr(found, name)[t].tolist() == days.tolist()
        killed = np.zeros(60)
        for event in trial.events:
            if event.event == "hit_post" and event.by == "syria" and not event.void:
                killed[event.day - 1] += event.marks["killed"]
        assert found.killed[t].tolist() == killed.tolist()
        begun = {event.day - 1 for event in trial.events if event.event in ("agreement_in_force", "accept_truce")}
        assert begun <= set(np.flatnonzero(found.begun[t]).tolist())
        seen += int(killed.sum()) + len(begun)
    assert seen > 20


def test_the_memorandum_is_the_first_truce_of_every_course(scenarios: dict[str, Scenario]) -> None:
    found = simulated(scenarios[COURSE], 30, sets=2, trials=3, seed=1)
    assert found.deaths.shape == (6, 30)
    assert (found.begun[:, 0] == 2).all()
    assert (found.begun[:, 1:] > 0).sum() < 6  # not on every day on which it stands


def test_what_happened_before_the_origin_is_not_counted() -> None:
    """The chronology has hits on posts before 11 February; on the first day only that day's count."""
    prepared = ready(load("builtin:idlib-2020-02-11"), 2)
    watching = checking.Watching(prepared.scenario, prepared.compiled)
    assert prepared.origin.state[watching.series["hit_post"]] > 0
    assert courses(prepared, 40).hits.min() == 0


def test_the_same_seed_gives_the_same_courses_and_chunks_do_not_matter(
    scenarios: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = ready(scenarios[COURSE], 40)
    whole = courses(prepared, 7)
    monkeypatch.setattr(checking, "CHUNK", 3)
    parts = courses(prepared, 7)
    other = courses(replace(prepared, seed=6), 7)
    for it in fields(Chronicle):
        assert np.array_equal(getattr(whole, it.name), getattr(parts, it.name), equal_nan=True)
    assert not np.array_equal(whole.deaths, other.deaths)


def test_a_scenario_without_the_events_of_idlib_is_refused() -> None:
    with pytest.raises(InputError, match=r"patterns are those of the Idlib model: use a scenario that extends"):
        simulated(load("builtin:invented-border"), 5, sets=1, trials=2, seed=0)


# --- the record -------------------------------------------------------------------------------------------------------


def test_the_course_ends_on_the_last_day_of_evidence(scenarios: dict[str, Scenario]) -> None:
    run = RUNS[COURSE]
    assert run.first + dt.timedelta(run.days - 1) == LAST
    assert recorded(scenarios[COURSE], None, run.first, run.days).lived.all()


def test_displacement_since_sochi_and_not_what_was_implied_later(scenarios: dict[str, Scenario]) -> None:
    """590 thousand by 18 August 2019, 586 more by 7 February 2020; the 689 of the 9th were read off a later total."""
    run = RUNS[COURSE]
    moved = recorded(scenarios[COURSE], None, run.first, run.days).moved[0]
    assert np.nansum(moved) == pytest.approx(590 + 586)
    assert np.isnan(moved[(dt.date(2020, 2, 8) - run.first).days])
    assert moved[(dt.date(2020, 2, 7) - run.first).days] == pytest.approx((586 - 520) / 3)


# --- the check --------------------------------------------------------------------------------------------------------


def test_every_number_has_a_row_and_its_interval_is_in_order(check: pd.DataFrame) -> None:
    assert list(check.columns) == [
        "pattern", "run", "name", "unit", "observed", "n", "low_90", "low_50", "median", "high_50", "high_90",
        "defined", "covered", "note",
    ]  # fmt: skip
    assert set(check["pattern"]) == {f"P{k}" for k in range(1, 14)}
    known = check.dropna(subset=["median"])[["low_90", "low_50", "median", "high_50", "high_90"]]
    assert len(known) > 30
    assert (known.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert check["defined"].between(0, 1).all()


def test_the_same_check_again_is_the_same(scenarios: dict[str, Scenario], invented: Series) -> None:
    some = {name: scenarios[name] for name in SOME}
    first, again = (predictive_check(some, invented, sets=1, trials=20, seed=2) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(predictive_check(some, invented, sets=1, trials=20, seed=3))
    assert set(first["run"]) == set(SOME)


def test_without_a_record_what_rests_on_deaths_is_not_observed(scenarios: dict[str, Scenario]) -> None:
    found = predictive_check({COURSE: scenarios[COURSE]}, None, sets=2, trials=10, seed=1).set_index("name")
    for name in ("hold_to_fray", "dispersion_hold", "high_day", "weibull_shape", "first_truce", "leader_fall"):
        assert np.isnan(found.loc[name, "observed"]) and found.loc[name, "covered"] is None
        assert str(found.loc[name, "note"]).startswith("not observed")
    assert found.loc["fatal_answered", "observed"] == 1.0
    assert found.loc["lower_truces", "observed"] == 4.0


def test_a_chronology_without_an_event_in_the_days_is_refused(scenarios: dict[str, Scenario], invented: Series) -> None:
    idlib = scenarios[COURSE]
    for scenario, first in ((small(), dt.date(2019, 5, 1)), (idlib, dt.date(2001, 1, 1)), (idlib, dt.date(2020, 3, 1))):
        with pytest.raises(InputError, match=f"its chronology has no event from {first} to .*under history.events"):
            recorded(scenario, invented, first, 20)


def test_an_unknown_run_is_refused(scenarios: dict[str, Scenario]) -> None:
    with pytest.raises(InputError, match=r"unknown run winter; allowed: course, truce_2019_08_02"):
        predictive_check({"winter": scenarios[COURSE]}, None, sets=1, trials=1)


def test_covered_is_inside_the_central_ninety_percent_ends_included() -> None:
    drawn = np.arange(101.0)
    assert [held(it, drawn, False, "")["covered"] for it in (4.9, 5.0, 95.0, 95.1)] == [False, True, True, False]
    assert held(float("nan"), drawn, False, "why")["note"] == "not observed; why"


def test_few_trials_and_undefined_ones() -> None:
    few = held(1.0, np.array([1.0] * 19 + [np.nan] * 19), False, "")
    assert few["covered"] is None and few["defined"] == 0.5 and np.isnan(float(str(few["median"])))
    enough = held(1.0, np.array([1.0] * 20 + [np.nan] * 20), False, "")
    assert enough["covered"] is True and enough["note"] == ""


def test_a_minority_is_some_and_less_than_half() -> None:
    for share, covered in ((0.0, False), (0.1, True), (0.5, False), (1.0, False)):
        found = held(0.0, np.array([1.0] * int(100 * share) + [0.0] * int(100 - 100 * share)), True, "")
        assert found["covered"] is covered
        assert found["note"] == f"in {100 * share:.1f} % of trials"


# --- the table and its text -----------------------------------------------------------------------------------------


def test_two_checks_stand_side_by_side(check: pd.DataFrame) -> None:
    after = check.assign(median=check["median"] + 1)
    both = table(check, after)
    np.testing.assert_allclose(both["posterior_median"], both["prior_median"] + 1)
    plain = ~check["note"].str.contains(" % of trials")
    assert both["note"][plain].equals(check["note"][plain]) and "median" not in both
    header, rows = cells(both)
    assert header[-1] == "posterior covered" and len(rows) == len(check)
    with pytest.raises(InputError, match="not of the same runs"):
        table(check, check[check["run"] == COURSE])


def test_a_share_of_trials_is_said_of_both_checks(check: pd.DataFrame) -> None:
    def noted(note: str) -> pd.DataFrame:
        return check.head(1).assign(note=note)

    def said(before: str, after: str) -> str:
        return str(table(noted(before), noted(after))["note"].iloc[0])

    share = "not observed; in {} % of trials; why; indeed"
    assert said(share.format(3.9), share.format(0.7)) == (
        "not observed; why; indeed; prior in 3.9 %; posterior in 0.7 % of trials"
    )
    assert said("in 2.0 % of trials", "in 2.0 % of trials") == "prior in 2.0 %; posterior in 2.0 % of trials"
    assert said("", "in 2.0 % of trials") == "posterior in 2.0 % of trials"
    assert said("in some places", "in some places") == "in some places" and said("", "") == ""


def test_the_text_has_a_line_a_number_and_notes_for_those_that_need_one(check: pd.DataFrame) -> None:
    header, rows = cells(check)
    lines = list(columns(header, rows))
    assert len(lines) == len(check) + 1
    assert lines[0].split()[:4] == ["pattern", "run", "number", "unit"]
    said = notes(check)
    assert any(line.startswith("P3 event_size (course): defined in 0 % of trials; not observed") for line in said)
    assert any(line.startswith("P13 rebel_end (course): in ") for line in said)
    assert not any("hold_to_hold" in line for line in said)


def test_covered_is_worded() -> None:
    frame = pd.DataFrame(
        [
            {"pattern": "P1", "run": "course", "name": "a", "unit": "share", "observed": 0.25, "n": 4, "note": ""}
            | dict.fromkeys(("low_90", "low_50", "median", "high_50", "high_90"), 1234.5)
            | {"defined": 1.0, "covered": covered}
            for covered in (True, False, None)
        ]
    )
    rows = cells(frame)[1]
    assert [row[-1] for row in rows] == ["yes", "NO", "-"]
    assert rows[0][4:9] == ["0.25", "4", "1234", "1234 to 1234", "1234 to 1234"]


# --- what ABC is given ------------------------------------------------------------------------------------------------


def test_summaries_for_abc_of_record_and_trials(scenarios: dict[str, Scenario], invented: Series) -> None:
    observed = abc_observed(scenarios[COURSE], invented)
    drawn = abc_simulated(ready(scenarios[COURSE], RUNS[COURSE].days), 4)
    assert observed.shape == (len(ABC_NAMES),) and drawn.shape == (4, len(ABC_NAMES))
    assert np.isfinite(observed).all() and np.isfinite(drawn).all()


# --- the real record --------------------------------------------------------------------------------------------------


@pytest.mark.data
def test_the_real_record_of_the_dated_truces(scenarios: dict[str, Scenario]) -> None:
    """DOMAIN 2.1: 1.0 and 1.0 deaths a day at once, then more than before; 3.0 and 2.4 after 31 August 2019."""
    series = read_series(needs.shared("data/idlib_box_daily.csv"))
    found = predictive_check(scenarios, series, sets=1, trials=20, seed=0).set_index(["run", "name"])["observed"]
    assert found["truce_2019_08_02", "first_3_days"] == found["truce_2020_01_12", "first_3_days"] == 1.0
    assert found["truce_2019_08_02", "days_5_to_14"] > 25.6 and found["truce_2020_01_12", "days_5_to_14"] > 9.5
    assert found["truce_2019_08_31", "first_3_days"] == 3.0
    assert found["truce_2019_08_31", "first_14_days"] == pytest.approx(2.4, abs=0.05)


@pytest.mark.data
def test_the_page_on_patterns_gives_the_observed_values(scenarios: dict[str, Scenario]) -> None:
    series = read_series(needs.shared("data/idlib_box_daily.csv"))
    _, rows = cells(predictive_check(scenarios, series, sets=1, trials=1))
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "patterns.md").read_text(encoding="utf-8")
    printed = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in page.splitlines() if line[:3] == "| P"]
    assert [[*row[:3], *row[4:]] for row in printed] == [row[:6] for row in rows]


def test_the_page_on_patterns_says_what_each_number_means() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "patterns.md").read_text(encoding="utf-8")
    for measure in MEASURES:
        for number in measure.numbers:
            assert f"| {measure.pattern} | {measure.run} | `{number.name}` | {number.about} | {number.unit} |" in page
