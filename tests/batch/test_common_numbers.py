"""Common random numbers: what is added, removed or re-rated moves its own luck and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from sim.batch.engine import simulate
from sim.scenario import load
from sim.scenario.schema import EventType, Rule, Scenario
from sim.trajectory import DISPLACEMENT, FIGHTING, Event
from tests.batch.generating import scenarios
from tests.small import merged, on_day, rule, small

pytest.importorskip("numba", reason="the compiled engine needs the extra `fast`")

TRIALS = (0, 1, 2)
DAILY = (FIGHTING, DISPLACEMENT)


@pytest.fixture(scope="module")
def idlib() -> Scenario:
    return load("idlib-2020-02-11")


def lived(scenario: Scenario) -> list[list[Event]]:
    """The events of some trials."""
    return [run.events for run in simulate(scenario, scenario.ensemble.seed, 0, TRIALS, TRIALS)]


def changed(scenario: Scenario, **sections: Any) -> Scenario:
    """The scenario with parts merged in; None deletes."""
    bare = scenario.model_copy(update={"posterior": None})
    made = Scenario.model_validate(merged(bare.model_dump(by_alias=True), sections))
    return made.model_copy(update={"posterior": scenario.posterior})


def without(events: list[list[Event]], **what: str) -> list[list[Event]]:
    """The events left when those of a rule, at a place or at a post are left out."""
    return [[e for e in trial if all(getattr(e, key) != name for key, name in what.items())] for trial in events]


def with_quiet_rule(scenario: Scenario, first: bool, **more: Any) -> Scenario:
    """The scenario with one rule more, in front of all others or behind them, whose event changes nothing."""
    quiet = {"zz_quiet": Rule(event="zz_noise", **({"rate": 0.4} | more))}
    noise = {"zz_noise": EventType(marks={"zz": [{"probability": 0.5, "size": 2.0}]})}
    rules = quiet | scenario.rules if first else scenario.rules | quiet
    events = noise | scenario.events if first else scenario.events | noise
    return scenario.model_copy(update={"rules": rules, "events": events})


# --- what changes nothing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "more",
    [{}, {"phase": "reaction"}, {"for_each": "post"}, {"pick": "place", "weights": {"value": 2.0}}, {"choice": "own"}],
)
def test_a_rule_without_effects_leaves_all_other_events_as_they_were(
    idlib: Scenario, first: bool, more: dict[str, Any]
) -> None:
    with_rule = lived(with_quiet_rule(idlib, first, **more))
    assert without(with_rule, rule="zz_quiet") == lived(idlib)
    assert without(with_rule, rule="zz_quiet") != with_rule


@given(scenarios())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_so_does_one_in_any_scenario(scenario: Scenario) -> None:
    assert without(lived(with_quiet_rule(scenario, True)), rule="zz_quiet") == lived(scenario)


def test_an_actor_that_does_nothing_changes_nothing(idlib: Scenario) -> None:
    front = {"zz_observer": idlib.actors["turkey"].model_copy(update={"name": "Observers", "factions": {}})}
    assert lived(idlib.model_copy(update={"actors": front | idlib.actors})) == lived(idlib)


def test_an_outcome_more_or_less_changes_no_event(idlib: Scenario) -> None:
    more: dict[str, Any] = {"zz": {"count": "deaths", "window_days": 3, "at_least": 5.0, "backdate_to": 1.0}}
    assert lived(changed(idlib, outcomes=more)) == lived(idlib)
    headline = {name: outcome for name, outcome in idlib.outcomes.items() if outcome.headline}
    alone = {name: outcome.model_copy(update={"all": None, "any": None, "negate": None, "state": None, "before": None,
             "count": "deaths", "at_least": 1e9}) for name, outcome in headline.items()}  # fmt: skip
    assert lived(idlib.model_copy(update={"outcomes": alone})) == lived(idlib)


def test_a_post_that_is_absent_changes_nothing_elsewhere(idlib: Scenario) -> None:
    spare = next(iter(idlib.posts.values())).model_copy(update={"status": "evacuated"})
    posts = {"zz_spare": spare} | idlib.posts
    assert without(lived(idlib.model_copy(update={"posts": posts})), post="zz_spare") == lived(idlib)


def test_a_place_that_nobody_can_reach_changes_nothing_elsewhere(idlib: Scenario) -> None:
    """It is behind the lines of the first side, and nobody lives there."""
    first = next(iter(idlib.places.values()))
    islet = first.model_copy(
        update={"neighbours": [], "open_to": [], "control": idlib.fighting.between[0], "taken": 1.0, "exposed": 0.0}
    )
    places = {"zz_islet": islet} | idlib.places
    assert without(lived(idlib.model_copy(update={"places": places})), place="zz_islet") == lived(idlib)


def test_a_quantity_that_nobody_reads_and_a_dated_event_that_does_nothing_change_nothing(idlib: Scenario) -> None:
    act = on_day(4) | {"on": idlib.origin, "actor": "turkey", "target": "syria", "event": "zz_noise"}
    more = changed(with_quiet_rule(idlib, True, rate=0.0), quantities={"zz": {"of": "dyad"}}, interventions={"zz": act})
    assert without(lived(more), event="zz_noise") == lived(idlib)


# --- what moves only itself -----------------------------------------------------------------------------------------

STRIKE: dict[str, Any] = {
    "events": {
        "beat": {"marks": {"n": [{"probability": 0.5, "size": {"law": "lognormal", "median": 9.0, "sigma": 1.0}}]}},
        "strike": {"rung": 7, "marks": {"killed": [{"size": {"law": "poisson", "mean": 4.0}}]},
                   "effects": [{"fire": True}, {"kill": "killed"}, {"regime": "war"}, {"advance": 0.1}]},
    },
    "fighting": {"regimes": {"quiet": {"mean": 1.0}, "war": {"mean": 30.0}}},
    "horizon_days": 60,
    "rules": {"beat": rule("beat", rate=0.5), "each": rule("beat", rate=0.3, for_each="place"),
              "strike": rule("strike", rate=0.2, pick="place"),
              "answer": rule("beat", "blue", "red", phase="reaction")},
}  # fmt: skip


def of_rules(events: list[list[Event]], *rules: str) -> list[list[Event]]:
    return [[event for event in trial if event.rule in rules] for trial in events]


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.9])
def test_a_rule_re_rated_leaves_the_clocks_and_marks_of_the_others(rate: float) -> None:
    before, after = lived(small(STRIKE)), lived(small(STRIKE, rules={"strike": {"rate": rate}}))
    steady = ("beat", "each", "answer")
    assert of_rules(after, *steady) == of_rules(before, *steady)
    assert of_rules(after, "strike") != of_rules(before, "strike")
    assert of_rules(after, FIGHTING) != of_rules(before, FIGHTING)


def test_a_rule_removed_leaves_the_clocks_and_marks_of_the_others() -> None:
    assert lived(small(STRIKE, rules={"strike": {"enabled": False}})) == lived(small(STRIKE, rules={"strike": None}))
    left = lived(small(STRIKE, rules={"each": None}))
    assert left == without(lived(small(STRIKE)), rule="each")


def test_a_clock_that_rings_rings_at_a_higher_rate_too_and_sooner() -> None:
    slow = lived(small(STRIKE))
    quick = lived(small(STRIKE, rules={"beat": {"rate": 1.0}}))
    for before, after in zip(of_rules(slow, "beat"), of_rules(quick, "beat"), strict=True):
        times = {event.day: event for event in after}
        assert len(after) > len(before)
        for event in before:
            assert times[event.day].time == pytest.approx(0.5 * event.time)
            assert times[event.day].marks == event.marks


def test_a_place_removed_leaves_the_clocks_at_the_others() -> None:
    more = {"places": {"dune": {"name": "Dune", "lat": 0.0, "lon": 0.0, "control": "band"}}}
    assert without(lived(small(STRIKE, more, rules={"strike": None})), place="dune") == lived(
        small(STRIKE, rules={"strike": None})
    )


def test_days_before_the_first_difference_are_the_same(idlib: Scenario) -> None:
    """A rule of weight re-rated: all is as it was until its clock first rings otherwise."""
    name = next(event.rule for event in lived(idlib)[0] if event.rule in idlib.rules and event.day > 3)
    off = {name: idlib.rules[name].model_copy(update={"enabled": False})}
    other = idlib.model_copy(update={"rules": idlib.rules | off})
    for one, two in zip(lived(idlib), lived(other), strict=True):
        rung = min((event.day for event in one if event.rule == name), default=10**6)
        assert [e for e in one if e.day < rung] == [e for e in two if e.day < rung]
