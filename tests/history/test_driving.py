"""The past drives the state without dice; what it leaves open is drawn at the origin."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.analysis.truces import Announced, standing
from sim.conflict import state as st
from sim.draws import address
from sim.history.describing import describe_origin, origin_summary
from sim.history.driving import begin_trial, lived_days, truce_of
from sim.history.truce import Truce
from sim.model import CeasefireModel
from sim.preparing import Prepared
from sim.scenario.compiling import compile_scenario
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


DEADLY = {"quiet": {"mean": 4.0, "size": 1.0}, "war": {"mean": 20.0, "size": 2.0}}


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
    assert at_origin(prepared, "truce_doublings") == st.doublings(6) == 2


# --- truces that deaths end -----------------------------------------------------------------------------------------

TRUCES: dict[str, Any] = {
    "truce": {"effects": [{"truce": "lower"}, {"regime": "quiet"}]},
    "pact": {"effects": [{"truce": "leader"}]},
    "broken": {"effects": [{"truce": "none"}, {"regime": "restore"}, {"add": "integrity", "by": -0.25}]},
    "attack": {"effects": [{"attack": True}, {"truce": "none", "when": {"truce": {"is_not": "none"}}}]},
}


def lived(past: dict[str, Any], deaths: list[float]) -> list[tuple[Truce, list[float]]]:
    """Truce and state of each day of a history, one for each day of deaths, whose truces die by deaths."""
    daily = {days_ago(len(deaths) - k): dead for k, dead in enumerate(deaths)}
    history = {"start": min(daily), "events": past, "daily_deaths": daily}
    fixed = small({"history": history, "events": TRUCES})
    return [(truce, list(s)) for truce, s in lived_days(fixed, compile_scenario(fixed), truces_die_by_deaths=True)]


def test_truces_of_the_past_die_as_the_rule_says_on_any_record() -> None:
    """The driven state against `sim.analysis.truces.standing`, on 200 made-up days with an attack and told ends."""
    dice = np.random.default_rng(5)
    deaths = dice.negative_binomial(0.4, 0.04, 200).astype(float).tolist()
    begins = [(10, "truce"), (40, "pact"), (90, "truce"), (93, "pact"), (150, "truce"), (170, "truce")]
    told = [(25, "broken"), (41, "attack"), (60, "broken"), (152, "attack")]
    past = {f"e{day}": on_day(day - 199, event=kind, place="field", target="band") for day, kind in begins + told}
    announced = [Announced(days_ago(200 - day), "leader" if kind == "pact" else "lower") for day, kind in begins]
    expected = standing(announced, days_ago(200), np.array(deaths))
    days = lived(past, deaths)
    found = [truce_of(s) for _, s in days]
    assert [(it.level, it.age if it.level != "none" else 0) for it in found] == [tuple(it) for it in expected]
    assert {it.level for it in expected} == {"none", "lower", "leader"}
    ends = [k for k in range(1, 200) if expected[k].level == "none" != expected[k - 1].level]
    assert len(ends) > 3
    for end in ends:  # the day was lived under the truce that its deaths ended
        assert days[end][0] == Truce(expected[end - 1].level, expected[end - 1].age + 1)


def test_what_follows_from_the_end_of_a_truce_happens_on_the_day_on_which_it_is_dead() -> None:
    """The told end on the fourth day changes nothing; trust falls once, when a hundred are dead on the sixth."""
    past = {"truce": on_day(-8, event="truce"), "told": on_day(-6, event="broken")}
    days = [s for _, s in lived(past, [0.0] * 6 + [60.0, 40.0, 0.0, 200.0])]
    assert [s[st.TRUCE] for s in days] == [0, *[st.LOWER] * 6, 0, 0, 0]
    assert [s[st.INTEGRITY] for s in days] == pytest.approx([0.8] * 7 + [0.55] * 3)


def test_an_attack_of_the_past_opens_in_spite_of_a_truce() -> None:
    past = {
        "truce": on_day(-4, event="truce"),
        "attack": on_day(-2, event="attack", target="band", place="field"),
    }
    days = [s for _, s in lived(past, [0.0] * 6)]
    assert [s[st.ATTACKS] for s in days] == [0, 0, 0, 1, 1, 1]
    assert [truce_of(s).age for s in days[1:]] == [0, 1, 2, 3, 4]
    assert [s[st.TRUCE_DOUBLINGS] for s in days[1:]] == [0, 1, 1, 2, 2]
    assert {s[st.TRUCE] for s in days[1:]} == {st.LOWER}


# --- deaths and displacement ----------------------------------------------------------------------------------------


def test_recorded_deaths_fill_the_memory() -> None:
    daily = {days_ago(k): float(k) for k in range(1, 11)}
    state = driven({}, start=10, history={"daily_deaths": daily}, fighting={"regimes": DEADLY}).origin.state
    assert state[st.DEATHS_7D] == sum(range(1, 8))
    memory, factor = 1.0, 0.5**0.5
    for k in range(10, 0, -1):
        memory = factor * memory + (1 - factor) * k / 4.0
    assert state[st.EXCITATION] == pytest.approx(memory)


def test_the_memory_begins_anew_with_a_regime_and_is_in_multiples_of_its_mean() -> None:
    daily = {days_ago(k): 30.0 for k in range(1, 11)}
    past = {"war": on_day(-1, event="war", target="band", place="field")}
    state = driven(past, start=10, history={"daily_deaths": daily}, fighting={"regimes": DEADLY}).origin.state
    memory, factor = 1.0, 0.5**0.5
    for _ in range(2):
        memory = factor * memory + (1 - factor) * 30.0 / 20.0
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
    assert prepared.origin.state[st.REGIME] == 1.0
    assert at_origin(prepared, "under_attack", place="field") == float(regime)
    assert bool(prepared.origin.disagreements) == (regime == 0)


def test_a_trial_begins_with_the_memory_of_the_regime_it_draws() -> None:
    """One day observed, eight dead: each regime's memory by hand, from 1 the day before and what it counts as usual."""
    prepared = driven({}, history={"daily_deaths": {days_ago(1): 8.0}}, fighting={"regimes": REGIMES, "drift": DRIFT})
    origin = prepared.origin
    factor = 0.5**0.5
    assert origin.memory == pytest.approx([factor + (1 - factor) * 8.0 / mean for mean in (1.0, 30.0)])
    assert origin.beginnings == origin.regimes + origin.memory
    states = [begin_trial(origin, prepared.compiled, address(0, 0, k)) for k in range(50)]
    assert {(s[st.REGIME], s[st.EXCITATION]) for s in states} == {(0.0, origin.memory[0]), (1.0, origin.memory[1])}


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
    assert moved == {st.REGIME, st.TOP_REGIME_DAYS, st.CALM_DAYS, st.EXCITATION, st.FRAGILE}
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
