"""The past drives the state without dice; what it leaves open is drawn at the origin."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from scipy import stats

from sim.conflict import state as st
from sim.draws import address
from sim.history.describing import describe_origin, origin_summary
from sim.history.driving import begin_trial
from sim.model import CeasefireModel
from sim.preparing import Prepared
from tests.small import ORIGIN, look, on_day, ready, rule, small

EVENTS: dict[str, Any] = {
    "war": {"rung": 6, "effects": [{"regime": "war"}, {"attack": True}]},
    "truce": {"marks": {"weak": [{}]}, "effects": [{"truce": "lower", "fragile": "weak"}]},
    "hit": {
        "rung": 7,
        "marks": {"killed": [{"size": 5.0}]},
        "effects": [{"kill": "killed"}, {"provoke": "killed"}, {"add": "mood", "by": "killed", "of": "target"}],
    },
    "gain": {"effects": [{"advance": 0.5}]},
}
QUANTITIES = {"mood": {"of": "actor", "half_life_days": 10.0}}
REGIMES = {"quiet": {"mean": 1.0, "size": 1.0}, "war": {"mean": 30.0, "size": 2.0}}


def days_ago(days: int) -> dt.date:
    return ORIGIN - dt.timedelta(days)


def driven(past: dict[str, Any], start: int = 20, **changes: Any) -> Prepared:
    """History of `start` days; an event on day 0 is on the eve of the origin."""
    history = {"start": days_ago(start), "events": past} | changes.pop("history", {})
    return ready({"history": history, "events": EVENTS, "quantities": QUANTITIES}, changes)


def at_origin(prepared: Prepared, name: str, *who: str, place: str | None = None) -> float:
    return look(CeasefireModel(prepared), name, *who, place=place)


# --- the dated past -------------------------------------------------------------------------------------------------


def test_an_event_of_the_past_leaves_what_a_day_of_the_trial_would_have_left() -> None:
    """Ten days after: the quantity has halved, the rung stands, the provocation has expired, the count goes on."""
    prepared = driven(
        {"hit": on_day(-10, event="hit", marks={"killed": 8.0})}, rules={"w": rule(when={"since.hit": 1.0})}
    )
    assert at_origin(prepared, "blue.mood") == pytest.approx(4.0)
    assert at_origin(prepared, "rung.red.blue") == 7.0
    assert at_origin(prepared, "provoked", "blue", "red") == 0.0
    assert (at_origin(prepared, "since.hit"), at_origin(prepared, "count.hit")) == (10.0, 1.0)
    assert prepared.origin.state[st.DAY] == 0.0


def test_a_provocation_of_the_eve_can_still_be_answered() -> None:
    prepared = driven(
        {"hit": on_day(0, event="hit", marks={"killed": 2.0})},
        rules={"reply": rule("note", "blue", "red", when={"provoked_fatal": True})},
    )
    model = CeasefireModel(prepared)
    model.step()
    assert [e.rule for e in model.events() if e.event == "note"] == ["reply"]


def test_marks_of_the_past_are_not_drawn() -> None:
    assert at_origin(driven({"hit": on_day(0, event="hit")}), "blue.mood") == 0.0
    assert at_origin(driven({"hit": on_day(0, event="hit", marks={"killed": 3.0})}), "blue.mood") == 3.0


def test_what_counts_from_the_origin_on_begins_at_nothing() -> None:
    prepared = driven(
        {"hit": on_day(0, event="hit", marks={"killed": 2.0})}, history={"daily_deaths": {days_ago(1): 50.0}}
    )
    row = CeasefireModel(prepared).run().row
    assert (row["deaths"], row["deaths_blue"], row["peak_rung"], row["first_mover_actor"], row["worst_level"]) == (
        0.0,
        0.0,
        0,
        None,
        "hold",
    )


def test_bare_effects_and_ground_of_the_past() -> None:
    past = {
        "gain": on_day(-5, event="gain", target="band", place="field"),
        "calm": on_day(-4, effects=[{"set": "integrity", "to": 0.25}]),
    }
    prepared = driven(past)
    assert (at_origin(prepared, "taken", place="field"), at_origin(prepared, "integrity")) == (0.5, 0.25)
    assert at_origin(prepared, "posts_encircled") == 1.0
    row = CeasefireModel(prepared).run().row
    assert (row["places_lost"], row["posts_encircled"]) == (0, 1)


def test_sectors_lost_before_the_origin_are_not_lost_in_the_trial() -> None:
    past = {
        "a": on_day(-5, event="gain", target="band", place="field"),
        "b": on_day(-4, event="gain", target="band", place="field"),
    }
    prepared = driven(past)
    assert at_origin(prepared, "places_lost") == 1.0
    assert CeasefireModel(prepared).run().row["places_lost"] == 0


def test_a_truce_ages_through_the_past() -> None:
    prepared = driven({"truce": on_day(-6, event="truce")})
    assert (at_origin(prepared, "truce"), at_origin(prepared, "truce_age")) == (st.LOWER, 6.0)


# --- deaths and displacement ----------------------------------------------------------------------------------------


def test_recorded_deaths_fill_the_memory() -> None:
    daily = {days_ago(k): float(k) for k in range(1, 11)}
    state = driven({}, history={"daily_deaths": daily}).origin.state
    assert state[st.DEATHS_7D] == sum(range(1, 8))
    memory, factor = 0.0, 0.5**0.5
    for k in range(10, 0, -1):
        memory = factor * memory + (1 - factor) * k
    assert state[st.EXCITATION] == pytest.approx(memory)


def test_weekly_sums_are_spread_over_their_days() -> None:
    prepared = driven({}, history={"weekly_deaths": {days_ago(4): 14.0}})  # covers ten to four days ago
    assert prepared.origin.state[st.DEATHS_7D] == pytest.approx(4 * 2.0)


def test_displacement_of_the_past_is_that_of_a_median_day_set_right_by_cited_totals() -> None:
    flight = {"rate": 0.25, "sigma": 2.0}
    past = {"war": on_day(-1, event="war", target="band", place="field")}
    assert at_origin(driven(past, displacement=flight), "displaced") == pytest.approx(10.0 + 7.5)
    cited = driven(past, displacement=flight, history={"displaced": {days_ago(1): 24.0}})
    assert at_origin(cited, "displaced") == 24.0
    assert at_origin(cited, "exposed", place="field") == pytest.approx(16.0)
    assert at_origin(cited, "exposed", place="wood") == 20.0


def test_a_cited_total_without_an_attack_is_spread_by_who_is_exposed() -> None:
    cited = driven({}, history={"displaced": {days_ago(3): 30.0}})
    assert [at_origin(cited, "exposed", place=place) for place in ("field", "wood")] == [20.0, 10.0]


# --- what is drawn --------------------------------------------------------------------------------------------------

DRIFT = {"rates": {"quiet": {"war": 0.03}, "war": {"quiet": 0.03}}}


def test_without_a_filter_the_regime_is_the_driven_one() -> None:
    prepared = driven({"war": on_day(-3, event="war", target="band", place="field")})
    assert prepared.origin.regimes == [0.0, 1.0]
    assert {begin_trial(prepared.origin, prepared.compiled, address(0, 0, k))[st.REGIME] for k in range(20)} == {1.0}
    assert driven({}).origin.regimes == [1.0, 0.0]


@pytest.mark.parametrize(("deaths", "regime"), [(1.0, 0), (40.0, 1)])
def test_deaths_decide_the_regime_and_the_chronology_the_rest(deaths: float, regime: int) -> None:
    """Whatever the chronology says about an offensive, sixteen days of deaths say which regime it is."""
    daily = {days_ago(k): deaths for k in range(1, 17)}
    past = {"war": on_day(-14, event="war", target="band", place="field")}
    prepared = driven(past, history={"daily_deaths": daily}, fighting={"regimes": REGIMES, "drift": DRIFT})
    assert prepared.origin.regimes[regime] > 0.99
    assert at_origin(prepared, "under_attack", place="field") == 1.0
    assert bool(prepared.origin.disagreements) == (regime == 0)


@pytest.mark.statistical
def test_the_regime_is_drawn_by_its_filtered_probability() -> None:
    """Two thousand trials; false alarm 1e-6."""
    prepared = driven({}, history={"daily_deaths": {days_ago(1): 8.0}}, fighting={"regimes": REGIMES, "drift": DRIFT})
    chance = prepared.origin.regimes[1]
    assert 0.05 < chance < 0.95
    states = [begin_trial(prepared.origin, prepared.compiled, address(0, 0, k)) for k in range(2000)]
    assert stats.binomtest(sum(s[st.REGIME] == 1.0 for s in states), 2000, chance).pvalue > 1e-6
    assert all(s[st.CALM_DAYS] == 0.0 for s in states if s[st.REGIME])
    assert any(s[st.CALM_DAYS] > 0.0 for s in states if not s[st.REGIME])


def test_only_regime_and_kind_of_truce_differ_between_trials() -> None:
    drift = DRIFT | {"fragile": {"lower": 0.5}, "fragile_days": 50.0}
    prepared = driven(
        {"truce": on_day(-2, event="truce")},
        history={"daily_deaths": {days_ago(1): 8.0}},
        fighting={"regimes": REGIMES, "drift": drift},
    )
    states = [begin_trial(prepared.origin, prepared.compiled, address(0, 0, k)) for k in range(50)]
    moved = {k for s in states for k, value in enumerate(s) if value != prepared.origin.state[k]}
    assert moved == {st.REGIME, st.TOP_REGIME_DAYS, st.CALM_DAYS, st.FRAGILE}
    assert {s[st.FRAGILE] for s in states} == {0.0, 1.0}


@pytest.mark.parametrize("weak", [0.0, 1.0])
def test_without_a_prior_the_kind_of_truce_is_what_the_chronology_says(weak: float) -> None:
    past = {"truce": on_day(-2, event="truce", marks={"weak": weak})}
    assert driven(past).origin.fragile == weak
    assert at_origin(driven(past), "fragile") == weak
    assert (
        driven(
            past, history={"daily_deaths": {days_ago(1): 8.0}}, fighting={"regimes": REGIMES, "drift": DRIFT}
        ).origin.fragile
        == weak
    )


def test_an_old_truce_is_less_likely_to_be_of_the_fragile_kind() -> None:
    drift = DRIFT | {"fragile": {"lower": 0.5}, "fragile_days": 3.3}
    chances = [
        driven(
            {"truce": on_day(-k, event="truce", marks={"weak": 1.0})}, fighting={"regimes": REGIMES, "drift": drift}
        ).origin.fragile
        for k in (0, 4, 15)
    ]
    assert 0.5 >= chances[0] > chances[1] > chances[2] > 0.0


# --- in words -------------------------------------------------------------------------------------------------------


def test_the_origin_is_described_by_name() -> None:
    past = {
        "war": on_day(-3, event="war", target="band", place="field"),
        "threat": on_day(0, effects=[{"deadline": 4}]),
    }
    prepared = driven(past)
    summary = origin_summary(prepared.scenario, prepared.compiled, prepared.origin)
    assert summary["under_attack"] == ["field"]
    assert summary["deadline_left"] == {"red": 4.0}
    assert summary["posts"] == {"tower": "free", "gate": "blocking"}
    assert summary["rungs"] == {"red.band": 6.0}
    lines = describe_origin(
        small({"history": {"start": days_ago(20), "events": past}, "events": EVENTS, "quantities": QUANTITIES})
    )
    assert lines[0].startswith(f"State at the origin, {ORIGIN}")
    assert "  under attack: field" in lines and "  ultimatum by red: 4 days left" in lines
