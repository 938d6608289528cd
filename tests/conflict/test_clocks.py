"""Which clocks ring, how often, in what order; what competes and what comes too late."""

from __future__ import annotations

from collections import Counter
from math import exp
from typing import Any

import pytest
from scipy import stats

from sim.model import CeasefireModel
from tests.small import on_day, played, ready, rule, told

MANY = 2000  # trials of one day for a claim about a distribution
FALSE_ALARM = 1e-6  # of each such test, were the claim true and the seed not fixed


def lines(days: int = 1, *layers: dict[str, Any], **changes: Any) -> list[str]:
    return told(played(days, *layers, **changes).events())


def first_days(rules: dict[str, Any], **changes: Any) -> list[list[str]]:
    """The events of the first day, trial by trial."""
    prepared = ready(rules=rules, **changes)
    found = []
    for trial in range(MANY):
        model = CeasefireModel(prepared, trial=trial, collect=False)
        model.step()
        found.append(told(model.events()))
    return found


# --- pace -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pace", "chance"),
    [
        ({"rate": 0.3}, 1 - exp(-0.3)),
        ({"rate": 3.0}, 1 - exp(-3.0)),
        ({"probability": 0.3}, 0.3),
        ({"probability": 0.9, "within_days": 3}, 1 - 0.1 ** (1 / 3)),
    ],
    ids=["rate", "high rate", "probability", "within days"],
)
@pytest.mark.statistical
def test_a_rule_rings_as_often_as_its_pace_says(pace: dict[str, float], chance: float) -> None:
    rang = sum(bool(day) for day in first_days({"note": rule(**pace)}))
    assert stats.binomtest(rang, MANY, chance).pvalue > FALSE_ALARM


def test_the_certain_happens_and_the_impossible_does_not() -> None:
    assert lines(3, rules={"note": rule(probability=1.0)}) == ["1 note red>blue", "2 note red>blue", "3 note red>blue"]
    assert lines(3, rules={"note": rule(probability=0.0)}) == lines(3, rules={"note": rule(rate=0.0)}) == []
    assert lines(3, rules={"note": rule(enabled=False)}) == []


def test_a_certain_rule_rings_even_against_a_ratio() -> None:
    rules = {"note": rule(probability=1.0, ratios={"rain": 0.01})}
    assert lines(1, rules=rules, quantities={"rain": {"initial": 1.0}}) == ["1 note red>blue"]


def test_within_days_is_the_chance_in_that_many_days_together() -> None:
    spread = ready(rules={"note": rule(probability=0.9, within_days=3)}).compiled.tables.pace[0]
    assert 1 - exp(-3 * spread) == pytest.approx(0.9)


# --- items ----------------------------------------------------------------------------------------------------------


def test_for_each_is_a_clock_for_each_item_that_passes() -> None:
    assert sorted(lines(rules={"note": rule(for_each="post")})) == ["1 note red>blue gate", "1 note red>blue tower"]
    assert sorted(lines(rules={"note": rule(for_each="place")})) == ["1 note red>blue field", "1 note red>blue wood"]
    assert lines(rules={"note": rule(for_each="post", where={"post": "free"})}) == ["1 note red>blue tower"]
    assert lines(rules={"note": rule(for_each="place", where={"front": True})}) == ["1 note red>blue field"]


def test_where_on_a_post_reads_its_place_too() -> None:
    posts = {"hut": {"name": "Hut", "owner": "blue", "place": "wood"}}
    assert lines(posts=posts, rules={"note": rule(for_each="post", where={"value": 3.0})}) == ["1 note red>blue hut"]


@pytest.mark.statistical
def test_the_clocks_of_for_each_are_independent() -> None:
    days = first_days({"note": rule(for_each="place", probability=0.5)})
    counts = Counter(len(day) for day in days)
    assert stats.chisquare([counts[k] for k in (0, 1, 2)], [MANY / 4, MANY / 2, MANY / 4]).pvalue > FALSE_ALARM


@pytest.mark.statistical
def test_pick_draws_one_item_by_its_weight() -> None:
    """Weights 2 ** value: 2 for the field (value 1), 8 for the wood (value 3)."""
    days = first_days({"note": rule(pick="place", weights={"value": 2.0})})
    assert all(len(day) == 1 for day in days)
    wood = sum(day == ["1 note red>blue wood"] for day in days)
    assert stats.binomtest(wood, MANY, 0.8).pvalue > FALSE_ALARM


def test_pick_takes_only_what_passes_and_does_not_ring_where_nothing_does() -> None:
    weights = {"value": 1000.0}  # the wood would win if it could
    assert lines(rules={"note": rule(pick="place", where={"front": True}, weights=weights)}) == [
        "1 note red>blue field"
    ]
    assert lines(rules={"note": rule(pick="post", where={"post": "evacuated"})}) == []


def test_ratios_of_for_each_read_the_item() -> None:
    closed = {"note": rule(for_each="place", rate=5.0, ratios={"value": 1e-9})}
    open_ = {"note": rule(for_each="place", rate=1e-9, ratios={"value": 1e6})}
    assert lines(rules=closed) == []
    assert lines(rules=open_) == ["1 note red>blue wood"]  # value 3 against 1: hazards 1e9 and 1e-3


# --- order ----------------------------------------------------------------------------------------------------------


@pytest.mark.statistical
def test_the_faster_clock_rings_first_as_often_as_its_share_of_the_hazard() -> None:
    """Competing exponentials: the one with 3/4 of the hazard is first 3/4 of the time, whichever is written first."""
    for fast, slow in (("a", "b"), ("b", "a")):
        rules = {name: rule(rate=30.0 if name == fast else 10.0) for name in ("a", "b")}
        first = [day[0].split()[1] for day in first_days(rules)]
        assert stats.binomtest(first.count(fast), len(first), 0.75).pvalue > FALSE_ALARM
        assert slow in first


def test_what_rings_is_applied_in_order_of_time_over_all_actors() -> None:
    rules = {
        f"{actor}_{k}": rule(actor=actor, target=target, rate=2.0)
        for k in range(4)
        for actor, target in (("red", "blue"), ("blue", "red"), ("hawks", "red"))
    }
    for trial in range(20):
        events = [e for e in played(1, rules=rules, trial=trial).events() if e.event == "note"]
        times = [event.time for event in events]
        assert times == sorted(times)
        assert all(0.0 < time < 1.0 for time in times)


@pytest.mark.statistical
def test_of_rules_that_share_a_choice_only_one_acts() -> None:
    rules = {name: rule(rate=rate, choice="way") for name, rate in (("a", 30.0), ("b", 10.0))} | {"c": rule()}
    days = first_days(rules)
    acted = [[line.split()[1] for line in day if "void" not in line and line.split()[1] != "c"] for day in days]
    assert all(len(names) == 1 for names in acted)
    assert stats.binomtest(sum(names == ["a"] for names in acted), MANY, 0.75).pvalue > FALSE_ALARM
    assert all(any(line == "1 c red>blue" for line in day) for day in days)  # c shares no choice


def test_a_choice_is_made_anew_every_day() -> None:
    days = lines(3, rules={name: rule(choice="way") for name in ("a", "b")})
    assert sum("void" not in line for line in days) == 3
    assert sum("void" in line for line in days) == 3


def test_for_each_with_a_choice_acts_at_one_item() -> None:
    found = lines(rules={"note": rule(for_each="place", choice="way")})
    assert sorted("void" in line for line in found) == [False, True]


def test_a_ring_whose_gates_no_longer_hold_is_void_and_changes_nothing() -> None:
    events = {
        "grab": {
            "marks": {"gain": [{"size": 2.0}]},
            "effects": [{"set": "prize", "to": 0.0}, {"add": "won", "by": "gain", "of": "self"}],
        }
    }
    quantities = {"prize": {"initial": 1.0}, "won": {"of": "actor"}}
    rules = {
        "red_grabs": rule("grab", when={"prize": True}),
        "blue_grabs": rule("grab", "blue", "red", when={"prize": True}),
    }
    model = played(2, events=events, quantities=quantities, rules=rules)
    lines_ = told(model.events())
    assert len(lines_) == 2  # on the second day the prize is gone
    assert [("void" in line, "gain=2" in line) for line in lines_] == [(False, True), (True, False)]
    assert sorted(model.quantity("won", of=party) for party in ("red", "blue")) == [0.0, 2.0]
    assert model.quantity("count.grab") == 1.0


def test_where_is_tested_again_for_the_item() -> None:
    events = {"seize": {"effects": [{"advance": 1.0}]}}
    rules = {k: rule("seize", for_each="place", where={"taken": 0.0, "front": True}) for k in ("a", "b")}
    assert ["void" in line for line in lines(1, events=events, rules=rules)] == [False, True]


def test_a_rule_switched_off_by_an_earlier_ring_is_void() -> None:
    events = {"halt": {"effects": [{"disable": ["late"]}]}}
    rules = {"early": rule("halt"), "late": rule(rate=1.0, probability=None)}
    found = {tuple(lines(1, events=events, rules=rules, trial=k)) for k in range(12)}
    assert ("1 early red>blue", "1 late red>blue (void)") in found  # a certain clock rings at the very start of the day
    assert all(day[0] == "1 early red>blue" for day in found)


# --- two phases -----------------------------------------------------------------------------------------------------


def test_clocks_of_a_phase_see_the_world_as_it_was_when_the_phase_began() -> None:
    events = {"open": {"effects": [{"set": "gate_open", "to": 1.0}]}}
    rules = {"first": rule("open"), "second": rule(when={"gate_open": True})}
    assert lines(2, events=events, quantities={"gate_open": {}}, rules=rules) == [
        "1 first red>blue",
        "2 first red>blue",
        "2 second red>blue",
    ] or lines(2, events=events, quantities={"gate_open": {}}, rules=rules) == [
        "1 first red>blue",
        "2 second red>blue",
        "2 first red>blue",
    ]


def test_a_reaction_answers_on_the_same_day() -> None:
    events = {"hit": {"effects": [{"provoke": True}]}, "reply": {"effects": [{"answer": True}]}}
    rules = {"reply": rule("reply", "blue", "red", phase="reaction", when={"provoked": True}), "hit": rule("hit")}
    assert lines(2, events=events, rules=rules) == [
        "1 hit red>blue",
        "1 reply blue>red",
        "2 hit red>blue",
        "2 reply blue>red",
    ]


def test_a_rule_without_an_actor_is_the_exchange_of_fires_own() -> None:
    model = played(1, rules={"note": rule(actor=None, target=None)})
    (event,) = [e for e in model.events() if e.event == "note"]
    assert (event.by, event.against, event.rule) == (None, None, "note")


def test_marks_of_one_clock_do_not_depend_on_the_other_clocks_of_its_rule() -> None:
    """An item's luck is its own: closing the field moves nothing in the wood."""
    events = {
        "note": {
            "marks": {"size": [{"size": {"law": "uniform", "low": 0.0, "high": 1.0, "at_least": 0.0, "whole": False}}]}
        }
    }
    both = lines(3, events=events, rules={"note": rule(for_each="place")})
    wood = lines(3, events=events, rules={"note": rule(for_each="place", where={"value": 3.0})})
    assert [line for line in both if "wood" in line] == wood
    assert len(both) == 6


def test_an_intervention_happens_before_the_clocks() -> None:
    interventions = {"act": on_day(2, effects=[{"set": "gate_open", "to": 1.0}])}
    found = lines(
        3, quantities={"gate_open": {}}, rules={"note": rule(when={"gate_open": True})}, interventions=interventions
    )
    assert found == ["2 intervention act red>blue", "2 note red>blue", "3 note red>blue"]
