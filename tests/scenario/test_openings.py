"""Openings: the state of the world by the day a history begins on, below the file that says when it begins."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sim.errors import InputError, ScenarioError
from sim.scenario.laws import Uniform
from sim.scenario.loading import BURN_IN_DAYS, begun_on, load
from sim.scenario.reading import openings
from sim.scenario.schema import Scenario
from sim.scenario.writing import to_yaml

OPENINGS = """\
  openings:
    2020-01-01:
      about: the hill is lost
      places: {hill: {control: south, taken: 1, exposed: {dist: uniform, low: 5, high: 6}}}
      posts: {gate: {status: encircled}}
      quantities: {pressure: {initial: {north: 3}}}
      agreement: {integrity: 0.5, level: none, terms: {leave_hill: {met: true}}}
      basis: {assumed: [diary]}
    2020-01-20: {places: {vale: {taken: 0.25}}}
"""
JANUARY = dt.date(2020, 1, 1)


@pytest.fixture
def base(tmp_path: Path, text: str) -> Path:
    """The small scenario as a file with openings, which itself begins on another day."""
    path = tmp_path / "base.yaml"
    path.write_text(text.replace("  start: 2020-02-01\n", "  start: 2020-02-01\n" + OPENINGS), encoding="utf-8")
    return path


def child(base: Path, more: str) -> Scenario:
    path = base.with_name("child.yaml")
    path.write_text("extends: base.yaml\n" + more, encoding="utf-8")
    return load(path)


def state(scenario: Scenario) -> tuple[object, ...]:
    hill, vale = scenario.places["hill"], scenario.places["vale"]
    return hill.control, hill.taken, vale.taken, scenario.posts["gate"].status, scenario.agreement.level


AS_WRITTEN = ("league", 0.0, 0.0, "free", "lower")
LOST = ("south", 1.0, 0.0, "encircled", "none")


def test_a_history_begins_in_the_state_of_its_day(base: Path) -> None:
    begun = child(base, "history: {start: 2020-01-01}\n")
    assert state(begun) == LOST
    assert begun.places["hill"].exposed == Uniform(5, 6)
    assert begun.quantities["pressure"].initial == {"north": 3.0}
    assert begun.agreement.integrity == 0.5 and begun.agreement.terms["leave_hill"].met
    assert begun.agreement.name == "The Old Truce", "what an opening does not say is as in the file"


def test_on_other_days_nothing_changes(base: Path, small: Scenario) -> None:
    assert load(base) == small
    assert state(child(base, "history: {start: 2020-01-02}\n")) == AS_WRITTEN


def test_the_file_that_starts_wins(base: Path) -> None:
    begun = child(base, "history: {start: 2020-01-01}\nplaces: {hill: {taken: 0.5}}\n")
    assert state(begun) == ("south", 0.5, 0.0, "encircled", "none")


def test_a_later_start_has_its_own_opening_and_no_other(base: Path) -> None:
    child(base, "history: {start: 2020-01-01}\nplaces: {vale: {taken: 0.125}}\n")
    again = base.with_name("again.yaml")
    again.write_text("extends: child.yaml\nhistory: {start: 2020-01-20}\n", encoding="utf-8")
    assert state(load(again)) == ("league", 0.0, 0.25, "free", "lower")


def test_the_command_line_starts_too_and_its_numbers_win(base: Path) -> None:
    assert state(load(base, {"history.start": "2020-01-01"})) == LOST
    set_first = load(base, {"places.hill.taken": "0.5", "history.start": "2020-01-01"})
    assert state(set_first)[:2] == ("south", 0.5)


def test_what_was_deleted_stays_deleted(base: Path) -> None:
    tower = "  tower: {name: The Tower, owner: north, place: vale}\n"
    written = base.read_text(encoding="utf-8").replace("agreement:\n  name", tower + "agreement:\n  name")
    base.write_text(written.replace("{gate: {status", "{tower: {status: blocking}, gate: {status"), encoding="utf-8")
    base.with_name("less.yaml").write_text("extends: base.yaml\nposts: {tower: null}\n", encoding="utf-8")
    assert child(base, "history: {start: 2020-01-01}\n").posts["tower"].status == "blocking"
    begun = load(base.with_name("less.yaml"), {"history.start": "2020-01-01"})
    assert set(begun.posts) == {"gate"} and state(begun) == LOST


def test_the_resolved_scenario_has_none_left(base: Path) -> None:
    begun = child(base, "history: {start: 2020-01-01}\n")
    again = base.with_name("resolved.yaml")
    again.write_text(to_yaml(begun), encoding="utf-8")
    assert begun.history.openings == {} and load(again) == begun


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{gate: {status",
            "{gaet: {status",
            "history.openings.2020-01-01.posts.gaet: the scenario has no `gaet` among",
        ),
        ("control: south", "control: north", "history.openings.2020-01-01.places.hill.control: "),
        ("taken: 0.25", "taken: 1.5", "history.openings.2020-01-20.places.vale.taken: 1.5: out of range"),
        ("low: 5,", "low: -5,", "history.openings.2020-01-01.places.hill.exposed: "),
        ("{north: 3}", "{north: 30}", "history.openings.2020-01-01.quantities.pressure.initial.north: "),
        ("{north: 3}", "{nroth: 3}", "history.openings.2020-01-01.quantities.pressure.initial.nroth: "),
        ("integrity: 0.5", "integrity: 5", "history.openings.2020-01-01.agreement.integrity: "),
        ("about: the hill", "abuot: the hill", "history.openings.2020-01-01.abuot: unknown key; allowed: about, "),
        ("[diary]}\n    2020-01-20", "[dairy]}\n    2020-01-20", "history.openings.2020-01-01.basis.assumed"),
    ],
)
def test_openings_are_checked_before_they_are_used(base: Path, old: str, new: str, message: str) -> None:
    written = base.read_text(encoding="utf-8")
    assert old in written
    base.write_text(written.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(base)
    assert message in str(caught.value)


# --- beginning for another origin ------------------------------------------------------------------------------------


def test_a_scenario_as_of_another_origin(base: Path) -> None:
    assert openings(base) == [JANUARY, dt.date(2020, 1, 20)]
    begun = begun_on(base, dt.date(2020, 2, 10))
    assert (begun.origin, begun.history.start, state(begun)) == (dt.date(2020, 2, 10), JANUARY, LOST)
    assert begun.history.weekly_deaths == {} and all(it.on is None for it in begun.interventions.values())
    assert "shots" in begun.afterwards, "what its own history has after the new origin is not known there"
    later = begun_on(base, dt.date(2020, 1, 20) + dt.timedelta(BURN_IN_DAYS))
    assert later.history.start == dt.date(2020, 1, 20)


def test_deaths_are_cut_to_the_history() -> None:
    days = {dt.date(2018, 1, 1) + dt.timedelta(k): float(k % 7) for k in range(1000)}
    begun = begun_on("idlib-2020-02-11", dt.date(2019, 7, 1), days, {"ensemble.sets": "3"})
    assert (min(begun.history.daily_deaths), max(begun.history.daily_deaths)) == (
        dt.date(2019, 4, 20), dt.date(2019, 6, 30)
    )  # fmt: skip
    assert begun.ensemble.sets == 3 and begun.history.displaced == {}
    assert begun.places["north_hama"].control == "rebels"


def test_a_start_that_stays_keeps_its_cited_totals() -> None:
    assert begun_on("idlib-2020-02-11", dt.date(2020, 2, 9)).history.displaced
    assert begun_on("idlib-2020-02-11", dt.date(2020, 2, 9)).history.start == dt.date(2019, 12, 1)


def test_too_early_an_origin_says_what_there_is(base: Path, tmp_path: Path, text: str) -> None:
    with pytest.raises(
        InputError, match=r"no opening of the scenario is 28 days before it; openings: 2020-01-01, 2020"
    ):
        begun_on(base, dt.date(2020, 1, 28))
    (tmp_path / "bare.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="openings: none; choose a later origin, or write one under history.openings"):
        begun_on(tmp_path / "bare.yaml", dt.date(2020, 2, 28))
