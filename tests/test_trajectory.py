from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.model import CeasefireModel
from sim.trajectory import Column, Trajectory, with_errors
from tests.small import on_day, played, ready, rule

COLUMNS = [
    "set",
    "trial",
    "breakdown_day",
    "observed_days",
    "collapse_day",
    "worst_level",
    "terminal_status",
    "first_mover_actor",
    "first_mover_rule",
    "crossing_actor",
    "crossing_rule",
    "end_day",
    "agreement_effective",
    "rebel_initiated",
    "deaths",
    "deaths_red",
    "deaths_blue",
    "deaths_band",
    "displaced",
    "places_lost",
    "posts_encircled",
    "peak_rung",
    "taken.field",
    "taken.wood",
    "peak_rung.red.blue",
    "peak_rung.red.band",
    "peak_rung.blue.band",
    "regime_at_origin",
    "error",
]


def test_a_row_has_the_columns_that_other_tools_rely_on() -> None:
    assert list(played(3).trajectory().row) == COLUMNS


def test_the_row_of_a_trial_in_which_nothing_happens() -> None:
    row = played(10).trajectory().row
    assert row == {
        "set": 0,
        "trial": 0,
        "breakdown_day": None,
        "observed_days": 10,
        "collapse_day": None,
        "worst_level": "hold",
        "terminal_status": "hold",
        "first_mover_actor": None,
        "first_mover_rule": None,
        "crossing_actor": None,
        "crossing_rule": None,
        "end_day": None,
        "agreement_effective": None,
        "rebel_initiated": None,
        "deaths": 0.0,
        "deaths_red": 0.0,
        "deaths_blue": 0.0,
        "deaths_band": 0.0,
        "displaced": 0.0,
        "places_lost": 0,
        "posts_encircled": 0,
        "peak_rung": 0,
        "taken.field": 0.0,
        "taken.wood": 0.0,
        "peak_rung.red.blue": 0,
        "peak_rung.red.band": 0,
        "peak_rung.blue.band": 0,
        "regime_at_origin": "quiet",
        "error": None,
    }


def test_every_outcome_of_the_scenario_has_its_day() -> None:
    outcomes = {"calm": {"state": "regime", "below": 1.0}, "storm": {"state": "regime", "above": 0.0}}
    row = played(2, outcomes=outcomes).trajectory().row
    assert {key: row[key] for key in ("calm_day", "storm_day", "end_day")} == {
        "calm_day": 1,
        "storm_day": None,
        "end_day": None,
    }


def test_soldiers_of_a_faction_count_for_its_coalition() -> None:
    events = {"hit": {"marks": {"killed": [{"size": 2.0}]}, "effects": [{"kill": "killed"}]}}
    row = played(1, events=events, rules={"hit": rule("hit", "red", "hawks")}).trajectory().row
    assert (row["deaths_band"], row["deaths_blue"]) == (2.0, 0.0)


# --- an agreement and its effect ------------------------------------------------------------------------------------


def agreed(on: int, last_bad_day: int, days: int = 20) -> Any:
    """Whether the agreement of a day was effective, when every day up to another one sees 10 deaths."""
    regimes = {"quiet": {"mean": 0.0, "size": 1.0}, "war": {"mean": 10.0, "size": 1.0}}
    acts = {
        "war": on_day(1, effects=[{"regime": "war"}]),
        "end": on_day(last_bad_day + 1, effects=[{"regime": "quiet"}]),
        "pact": on_day(on, effects=[{"truce": "leader"}]),
    }
    outcomes = {"new_agreement": {"state": "truce", "at_least": 2.0}}
    model = played(days, fighting={"regimes": regimes}, interventions=acts, outcomes=outcomes, horizon_days=20)
    return model.trajectory().row["agreement_effective"]


@pytest.mark.parametrize(
    ("on", "last_bad_day", "effective"),
    [
        (2, 3, True),
        (2, 15, False),
        (2, 13, False),
        (2, 12, True),
        (2, 8, True),
        (10, 3, None),
        (6, 3, True),
        (7, 3, None),
    ],
)
def test_an_agreement_is_effective_if_a_fortnight_later_seven_days_have_few_deaths(
    monkeypatch: pytest.MonkeyPatch, on: int, last_bad_day: int, effective: bool | None
) -> None:
    monkeypatch.setattr("sim.conflict.processes.negative_binomial", lambda u, mean, size: mean)
    assert agreed(on, last_bad_day) is effective


def test_a_rebel_initiated_end_is_asked_for_by_name() -> None:
    outcomes = {"rebel_initiated": {"count": "event.note.hawks", "at_least": 1}}
    assert played(2, outcomes=outcomes).trajectory().row["rebel_initiated"] is False
    by_hawks = played(2, outcomes=outcomes, rules={"n": rule("note", "hawks", "red")}).trajectory().row
    assert (by_hawks["rebel_initiated"], by_hawks["rebel_initiated_day"]) == (True, 1)


# --- daily series ---------------------------------------------------------------------------------------------------


def test_daily_series_are_of_the_world_what_rules_read_of_actors_places_and_pairs_of_agents() -> None:
    quantities = {"rain": {}, "mood": {"of": "actor"}, "trust": {"of": "dyad"}}
    moody = {"actor": "blue", "event": "nothing", "rate": 0, "when": {"mood": {"above": 1}, "hawks.mood": {"above": 1}}}
    run = played(4, quantities=quantities, events={"nothing": {}}, rules={"moody": moody}).trajectory()
    assert list(run.daily) == [
        "deaths",
        "deaths_7d",
        "displaced",
        "regime",
        "truce",
        "integrity",
        "posts_encircled",
        "places_lost",
        "rain",
        "mood.blue",
        "mood.hawks",
        "taken.field",
        "taken.wood",
        "rung.red.blue",
        "rung.red.band",
        "rung.blue.band",
        "rung",
    ]
    assert {len(series) for series in run.daily.values()} == {4}


def test_the_rung_of_a_day_is_the_highest_of_all_agents() -> None:
    events = {"low": {"rung": 2}, "high": {"rung": 6}}
    acts = {"a": on_day(1, event="low"), "b": on_day(2, event="high", target="band")}
    daily = played(3, events=events, interventions=acts, defaults={"rung_drifts_up_to": -9}).trajectory().daily
    assert (daily["rung.red.blue"], daily["rung.red.band"], daily["rung"]) == (
        [2.0] * 3,
        [0.0, 6.0, 6.0],
        [2.0, 6.0, 6.0],
    )


def test_the_peak_of_each_pair_of_agents_outlives_its_rung() -> None:
    events = {"high": {"rung": 6}, "deal": {"rung": -2}}
    acts = {"a": on_day(1, event="high", target="hawks"), "b": on_day(2, event="deal", target="band")}
    run = played(3, events=events, interventions=acts, defaults={"rung_drifts_up_to": -9}).trajectory()
    peaks = {name: run.row[name] for name in ("peak_rung", "peak_rung.red.band", "peak_rung.red.blue")}
    assert peaks == {"peak_rung": 6, "peak_rung.red.band": 6, "peak_rung.red.blue": 0}
    assert run.daily["rung.red.band"] == [6.0, -2.0, -2.0]


def test_before_the_first_day_the_series_are_empty() -> None:
    run = played(0).trajectory()
    assert set(map(len, run.daily.values())) == {0}
    assert run.events == []


# --- reading back ---------------------------------------------------------------------------------------------------


def test_a_failed_trial_is_a_row_of_nothing_but_its_error() -> None:
    row = ready().decoder.empty_row("RunError: out of luck")
    assert row.pop("error") == "RunError: out of luck"
    assert list(row) == COLUMNS[2:-1]
    assert set(row.values()) == {None}


def test_a_table_of_many_trials_holds_the_row_of_each() -> None:
    ends = {"noted": {"count": "event.note", "at_least": 3}}
    models = [played(20, rules={"r": rule(rate=0.2)}, outcomes=ends, trial=k) for k in (0, 1)]
    decoder, origin = models[0].decoder, models[0].prepared.origin.state
    states, began = np.array([model.state for model in models]), np.array([0.0, 1.0])
    table = decoder.columns(states, origin, began, np.zeros((2, 20)))
    for k, model in enumerate(models):
        assert {name: column.item(k) for name, column in table.items()} == decoder.row(
            model.state, origin, began[k], [0.0] * 20
        )
    assert table["noted_day"].item(0) != table["noted_day"].item(1)


def test_of_trials_that_failed_only_address_and_error_are_left() -> None:
    where = {"set": Column(np.array([0, 0, 0])), "trial": Column(np.array([4, 5, 6]))}
    made = ready()
    states = np.tile(made.origin.state, (3, 1))
    table = where | made.decoder.columns(states, made.origin.state, np.zeros(3), np.zeros((3, 10)))
    failed = with_errors(table, {0: "overflow", 2: "no luck"})
    rows = [{name: column.item(k) for name, column in failed.items()} for k in range(3)]
    assert [row["trial"] for row in rows] == [4, 5, 6]
    assert [row["error"] for row in rows] == ["overflow", None, "no luck"]
    assert rows[1] == {name: column.item(1) for name, column in table.items()}
    assert {name for name, value in rows[2].items() if value is not None} == {"set", "trial", "error"}
    assert with_errors(table, {}) == table


def test_an_agreement_is_not_judged_by_days_after_a_trials_end() -> None:
    made = ready(outcomes={"new_agreement": {"count": "deaths", "at_least": 1e9}})
    signed = made.compiled.tables.outcome_day + made.compiled.names.outcomes.index("new_agreement")
    states, week = np.tile(made.origin.state, (3, 1)), np.zeros((3, 30))
    states[:, signed], week[1, 10:], week[2, 15:] = 2.0, np.nan, 99.0
    found = made.decoder.columns(states, made.origin.state, np.zeros(3), week)["agreement_effective"]
    assert [found.item(k) for k in range(3)] == [True, None, False]


def test_events_read_back_their_names() -> None:
    model = played(
        1,
        interventions={
            "act": on_day(1, event="note", post="gate"),
            "bare": {"on": on_day(1)["on"], "effects": [{"regime": "war"}]},
        },
    )
    first, second, third = model.events()
    assert (first.phase, first.rule, first.event, first.by, first.against, first.place, first.post) == (
        "due",
        "intervention",
        "note",
        "red",
        "blue",
        "field",
        "gate",
    )
    assert (second.rule, second.event, second.by, second.against, second.place) == (
        "intervention",
        "intervention bare",
        None,
        None,
        None,
    )
    assert (third.phase, third.rule, third.event) == ("daily", "fighting", "fighting")


def test_a_trajectory_compares_by_value() -> None:
    prepared = ready()
    first, second = (CeasefireModel(prepared).run() for _ in range(2))
    assert isinstance(first, Trajectory)
    assert first == second
