"""A whole day: short trajectories spelled out, addressed luck, replays, and invariants over made-up conflicts."""

from __future__ import annotations

import datetime as dt
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from sim.conflict import state as st
from sim.conflict.day import day
from sim.model import CeasefireModel, simulate
from sim.trajectory import Event
from tests.small import ORIGIN, look, on_day, played, ready, rule, small, told

# --- trajectories ---------------------------------------------------------------------------------------------------


def test_a_quarrel_escalates_and_is_settled() -> None:
    """Red strikes the post; blue answers the dead; the second exchange brings a threat, a deadline, and a deal."""
    events = {
        "strike": {
            "rung": {"default": 4, "killed": 7},
            "marks": {"killed": [{"size": 2.0}]},
            "effects": [{"fire": True}, {"kill": "killed"}, {"provoke": "killed"}, {"add": "integrity", "by": -0.4}],
        },
        "reply": {
            "rung": 7,
            "marks": {"killed": [{"size": {"value": 3.0, "scale": "provoked_dead"}}]},
            "effects": [{"fire": True}, {"kill": "killed"}, {"answer": True}],
        },
        "ultimatum": {"rung": 5, "effects": [{"deadline": 1}]},
        "offer": {"effects": [{"offer": "leader"}]},
        "deal": {
            "rung": -2,
            "effects": [
                {"accept": True},
                {"clear_deadline": True},
                {"truce": "leader"},
                {"set": "integrity", "to": 0.9},
            ],
        },
    }
    rules = {
        "strike": rule(
            "strike", pick="post", where={"post": "blocking"}, when={"truce": "none", "integrity": {"above": 0.1}}
        ),
        "reply": rule("reply", "blue", "red", phase="reaction", when={"provoked_fatal": True}),
        "ultimatum": rule("ultimatum", "blue", "red", when={"integrity": {"below": 0.1}, "deadline": "none"}),
        "offer": rule(
            "offer", "red", "blue", when={"blue.deadline": "pending", "blue.deadline_left": {"at_most": 0.0}}
        ),
        "deal": rule("deal", "blue", "red", phase="reaction", when={"offered": "leader"}),
    }
    outcomes = {
        "end": {"count": "mutual_fire.red.blue", "days_at_least": 2},
        "peace": {"state": "truce", "at_least": 2},
    }
    model = played(8, events=events, rules=rules, outcomes=outcomes)
    assert told(model.events()) == [
        "1 strike red>blue gate killed=2",
        "1 reply blue>red killed=6",
        "2 strike red>blue gate killed=2",
        "2 reply blue>red killed=6",
        "3 ultimatum blue>red",
        "4 offer red>blue",
        "4 deal blue>red",
    ]
    row = model.trajectory().row
    assert (row["breakdown_day"], row["peace_day"], row["deaths_blue"], row["deaths_red"]) == (None, 4, 4.0, 12.0)
    assert (row["first_mover_actor"], row["first_mover_rule"], row["peak_rung"]) == ("red", "strike", 7)


def test_an_advance_takes_the_field_and_then_the_wood() -> None:
    events = {
        "attack": {"effects": [{"attack": True}, {"regime": "war"}]},
        "gain": {"effects": [{"advance": 0.5}]},
        "stop": {"effects": [{"regime": "quiet"}]},
    }
    rules = {
        "attack": rule(
            "attack", target="band", pick="place", where={"front": True, "under_attack": False}, when={"attacks": 0.0}
        ),
        "gain": rule("gain", target="band", for_each="place", where={"under_attack": True}, phase="reaction"),
        "stop": rule("stop", target="band", when={"places_lost": 2.0, "regime": "war"}),
    }
    model = played(6, events=events, rules=rules)
    assert told(model.events()) == [
        "1 attack red>band field",
        "1 gain red>band field",
        "2 gain red>band field",
        "3 attack red>band wood",
        "3 gain red>band wood",
        "4 gain red>band wood",
        "5 stop red>band",
    ]
    assert [look(model, "post", post=post) for post in ("tower", "gate")] == [st.ENCIRCLED, st.ENCIRCLED]


def test_a_fragile_truce_breaks_and_the_fighting_is_what_it_was() -> None:
    events = {
        "truce": {"marks": {"weak": [{}]}, "effects": [{"truce": "lower", "fragile": "weak"}, {"regime": "quiet"}]},
        "breaks": {"effects": [{"truce": "none"}, {"regime": "restore"}]},
    }
    rules = {"breaks": rule("breaks", target="band", when={"fragile": True, "truce_age": {"at_least": 2.0}})}
    acts = {"war": on_day(1, effects=[{"regime": "war"}]), "truce": on_day(2, event="truce")}
    model = played(6, events=events, rules=rules, interventions=acts)
    assert told(model.events()) == ["1 intervention war red>blue", "2 truce red>blue weak=1", "4 breaks red>band"]
    assert model.trajectory().daily["regime"][:6] == [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert model.trajectory().daily["truce"][:6] == [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]


def test_a_truce_counts_how_often_its_age_has_doubled_and_a_new_one_begins_again() -> None:
    """One from day 1, replaced on day 18, over on day 22."""
    long = {"horizon_days": 30}
    events = {"truce": {"effects": [{"truce": "lower"}]}, "over": {"effects": [{"truce": "none"}]}}
    acts = {"first": on_day(1, event="truce"), "new": on_day(18, event="truce"), "end": on_day(22, event="over")}
    for days, due in ((1, 0), (2, 1), (3, 1), (4, 2), (7, 2), (8, 3), (16, 4), (17, 4), (18, 0), (19, 1), (22, 0)):
        assert look(played(days, long, events=events, interventions=acts), "truce_doublings") == due, days


@pytest.mark.parametrize(("last", "rang"), [(40.0, ["1 overrun"]), (39.0, [])])
def test_a_young_truce_is_overrun_on_the_morning_after_a_hundred_died_under_it(last: float, rang: list[str]) -> None:
    """Two days old at the origin; what was suffered before it began does not count."""
    history = {
        "start": ORIGIN - dt.timedelta(9),
        "daily_deaths": {
            ORIGIN - dt.timedelta(6): 500.0,
            ORIGIN - dt.timedelta(2): 60.0,
            ORIGIN - dt.timedelta(1): last,
        },
        "events": {"truce": on_day(-1, event="truce")},
    }
    events = {"truce": {"effects": [{"truce": "lower"}]}, "overrun": {"effects": [{"truce": "none"}]}}
    rules = {"overrun": rule("overrun", target="band", probability=1, when={"truce_deaths_7d": {"at_least": 100}})}
    made = played(2, events=events, rules=rules, history=history).events()
    assert [line.split(" red")[0] for line in told(made)] == rang


# --- interventions --------------------------------------------------------------------------------------------------


def test_an_intervention_happens_on_its_day_or_once_when_its_gates_hold_or_both() -> None:
    rain = {"rain": {"initial": 0.0}}
    wet = {"wet": {"effects": [{"add": "rain", "by": 1.0}]}}
    rules = {"wet": rule("wet")}  # rain is 1, 2, 3 ... in the morning of days 2, 3, 4
    when = {"when": {"rain": {"at_least": 2.0}}, "event": "note", "actor": "red", "target": "blue"}

    def days(*acts: dict[str, Any]) -> list[str]:
        model = played(
            6, quantities=rain, events=wet, rules=rules, interventions={f"a{k}": a for k, a in enumerate(acts)}
        )
        return [line for line in told(model.events()) if "wet" not in line]

    assert days(when) == ["3 note red>blue"]
    assert days(on_day(4, event="note")) == ["4 note red>blue"]
    assert days(on_day(4, event="note", when={"rain": 3.0})) == ["4 note red>blue"]
    assert days(on_day(4, event="note", when={"rain": 2.0})) == []


def test_an_event_and_bare_effects_of_one_intervention_happen_together() -> None:
    act = {
        "when": {"rain": 0.0},
        "event": "wet",
        "effects": [{"add": "mood", "by": 1.0}],
        "actor": "red",
        "target": "blue",
    }
    quantities = {"rain": {}, "mood": {"of": "actor"}}
    events = {"wet": {"effects": [{"add": "rain", "by": 1.0}]}}  # after it the gate no longer holds
    model = played(4, quantities=quantities, events=events, interventions={"act": act})
    assert told(model.events()) == ["1 wet red>blue", "1 intervention act red>blue"]
    assert (look(model, "rain"), look(model, "red.mood")) == (1.0, 1.0)


# --- addressed luck -------------------------------------------------------------------------------------------------

LUCK: dict[str, Any] = {
    "horizon_days": 30,
    "fighting": {"regimes": {"quiet": {"mean": 2.0, "size": 0.5}, "war": {"mean": 20.0, "size": 1.0}}},
    "events": {
        "strike": {
            "marks": {"killed": [{"probability": 0.5, "size": {"law": "lognormal", "median": 3.0, "sigma": 1.0}}]}
        },
        "quarrel": {},
    },
    "rules": {
        "strike": rule("strike", for_each="post", rate=0.3),
        "quarrel": rule("quarrel", "hawks", "doves", rate=0.2),
    },
}


def luck(*layers: dict[str, Any], trial: int = 3, seed: int = 0, **changes: Any) -> list[Event]:
    return CeasefireModel(small(LUCK, *layers, **changes), seed=seed, trial=trial).run().events


def test_a_trial_is_the_same_alone_and_among_others() -> None:
    among = {t.row["trial"]: t.events for t in simulate(small(LUCK), 0, 0, [5, 3, 4], [3, 4, 5])}
    assert among[3] == luck()
    assert among[4] == luck(trial=4)
    [alone] = simulate(small(LUCK), 0, 0, [3])
    *_, last = simulate(small(LUCK), 0, 0, range(4))
    assert alone.row == last.row


def test_seed_trial_and_set_each_change_the_luck() -> None:
    runs = [luck(), luck(seed=1), luck(trial=4), luck(seed=2**64 - 1)]
    (other_set,) = simulate(small(LUCK), 0, 1, [3], [3])
    runs.append(other_set.events)
    assert all(one != other for k, one in enumerate(runs) for other in runs[:k])
    assert luck(seed=0) == luck(seed=0)


@pytest.mark.parametrize(
    "addition",
    [
        {"rules": {"aaa": rule("note", rate=0.5)}},
        {
            "rules": {
                "zzz": rule("note", "blue", "red", rate=0.5, phase="reaction"),
                "pic": rule(pick="place", rate=0.5),
            }
        },
        {
            "actors": {"aaa": {"name": "Another", "kind": "state"}},
            "rules": {"aaa": rule("note", "aaa", "red", rate=0.5)},
        },
        {
            "places": {"fen": {"name": "Fen", "lat": 0.0, "lon": 0.0, "control": "band"}},
            "rules": {"aaa": rule("note", for_each="place", rate=0.5)},
        },
        {
            "events": {"aaa": {"marks": {"a": [{}], "b": [{}], "c": [{}]}}},
            "interventions": {"act": on_day(2, event="aaa")},
        },
    ],
    ids=["rule", "rules of both phases", "actor", "place", "event and intervention"],
)
def test_what_is_added_moves_nobody_elses_luck(addition: dict[str, Any]) -> None:
    before, after = luck(), luck(addition)
    known = {"strike", "quarrel", "fighting"}
    assert [event for event in after if event.rule in known] == before
    assert len(after) > len(before)


def test_a_post_more_moves_nobody_elses_luck() -> None:
    after = luck(posts={"aaa": {"name": "Annex", "owner": "blue", "place": "wood"}})
    assert [event for event in after if event.post != "aaa"] == luck()
    assert any(event.post == "aaa" for event in after)


def test_the_order_of_rules_and_actors_in_the_file_changes_nothing_but_their_names_order() -> None:
    turned = small(LUCK).model_copy(
        update={
            "rules": dict(reversed(small(LUCK).rules.items())),
            "actors": dict(reversed(small(LUCK).actors.items())),
        }
    )
    assert CeasefireModel(turned, trial=3).run().events == luck()


# --- a trial is its list of events ----------------------------------------------------------------------------------

BUSY: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("busy.yaml").read_text(encoding="utf-8"))


def test_the_busy_conflict_makes_every_one_of_its_events() -> None:
    seen = {(e.rule, e.void) for trial in range(12) for e in CeasefireModel(small(BUSY), trial=trial).run().events}
    assert {rule for rule, _ in seen} == {*BUSY["rules"], "intervention", "fighting", "displacement"}
    assert any(void for _, void in seen)


# --- one conflict, two loops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trial", range(4))
def test_the_model_lives_the_same_days_as_a_bare_loop(trial: int) -> None:
    prepared = ready(BUSY)
    model = CeasefireModel(prepared, trial=trial)
    s, log = list(model.state), [0.0] * len(model.log)
    for _ in range(40):
        model.step()
        day(s, prepared.compiled.tables, model.address, log)
        assert s == model.state
    assert log == model.log


# --- made-up conflicts ----------------------------------------------------------------------------------------------

SHARE = some.floats(0.0, 1.0)
RATIO = some.sampled_from([1e-6, 0.2, 1.0, 3.0, 1e6])
EFFECT = some.one_of(
    some.builds(lambda by: {"add": "mood", "by": by}, some.floats(-1e6, 1e6)),
    some.builds(lambda by: {"multiply": "trust", "by": by}, some.floats(-3, 3)),
    some.builds(
        lambda by, of: {"add": "restraint", "by": by, "of": of},
        some.floats(-2, 2),
        some.sampled_from(["self", "target", "patron", "everyone", "hawks"]),
    ),
    some.builds(lambda x: {"advance": x}, SHARE),
    some.builds(lambda x: {"retake": x}, SHARE),
    some.builds(lambda x: {"attack": x}, some.booleans()),
    some.builds(lambda x: {"regime": x}, some.sampled_from(["quiet", "war", "up", "down", "restore"])),
    some.builds(lambda x: {"truce": x}, some.sampled_from(["none", "lower", "leader"])),
    some.builds(lambda x: {"offer": x}, some.sampled_from(["none", "lower", "leader"])),
    some.builds(lambda x: {"post": x}, some.sampled_from(["absent", "free", "blocking", "encircled", "evacuated"])),
    some.builds(lambda x: {"deadline": x}, some.integers(1, 5)),
    some.builds(lambda x: {"renew_terms": x}, some.integers(0, 5)),
    some.builds(lambda x: {"provoke": "killed", "blame": x}, some.sampled_from(["self", "patron", "hawks", "blue"])),
    some.sampled_from(
        [
            {"fire": True},
            {"kill": "killed"},
            {"answer": True},
            {"accept": True},
            {"clear_deadline": True},
            {"meet": "guns"},
            {"join": "target"},
            {"disable": ["r0"]},
            {"enable": ["r0"]},
        ]
    ),
)
SIZE = some.one_of(
    some.builds(lambda m, s: {"law": "lognormal", "median": m, "sigma": s}, some.floats(0.1, 50), some.floats(0, 3)),
    some.builds(lambda m: {"law": "poisson", "mean": m, "scale": "mood"}, some.floats(0, 50)),
    some.builds(
        lambda m, s: {"law": "negative_binomial", "mean": m, "size": s, "ratios": {"trust": 2.0}},
        some.floats(0, 50),
        some.floats(0.1, 10),
    ),
    some.builds(lambda a: {"law": "uniform", "low": a, "high": a + 3.0}, some.floats(0, 5)),
)
EVENT = some.builds(
    lambda p, size, effects, rung: {
        "rung": rung,
        "marks": {"killed": [{"probability": p, "size": size}]},
        "effects": effects,
    },
    SHARE,
    SIZE,
    some.lists(EFFECT, max_size=5),
    some.integers(-3, 9),
)
PLACE_RATIO = some.sampled_from(
    ["mood", "trust", "integrity", "deaths_7d", "truce_age", "rung", "hostility_slow", "calm_days", "provoked_dead"]
)
RULE = some.builds(
    lambda who, event, rate, phase, items, ratios, choice: {
        "event": f"e{event}",
        "actor": who[0],
        "target": who[1],
        "rate": rate,
        "phase": phase,
        "ratios": ratios,
        "choice": f"{choice}{phase}" if choice else None,
        **items,
    },
    some.sampled_from(
        [("red", "blue"), ("blue", "red"), ("red", "band"), ("hawks", "red"), ("hawks", "doves"), ("band", "blue")]
    ),
    some.integers(0, 2),
    some.sampled_from([0.0, 0.1, 1.0, 1e3]),
    some.sampled_from(["initiative", "reaction"]),
    some.sampled_from(
        [
            {"for_each": "post"},
            {"pick": "post", "weights": {"value": 2.0}},
            {"pick": "post", "where": {"post": ["free", "blocking"]}},
        ]
    ),
    some.dictionaries(PLACE_RATIO, RATIO, max_size=2),
    some.sampled_from([None, "way"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.tuples(EVENT, EVENT, EVENT), some.lists(RULE, min_size=1, max_size=5), some.integers(0, 2**64 - 1))
def test_any_conflict_runs_and_keeps_its_invariants(events: tuple[Any, ...], rules: list[Any], seed: int) -> None:
    prepared = ready(
        {
            "horizon_days": 20,
            "agreement": BUSY["agreement"],
            "fighting": BUSY["fighting"],
            "quantities": BUSY["quantities"],
            "displacement": BUSY["displacement"],
            "events": {f"e{k}": event for k, event in enumerate(events)},
            "rules": {f"r{k}": a_rule for k, a_rule in enumerate(rules)},
            "ensemble": {"seed": seed},
        }
    )
    model = CeasefireModel(prepared, seed=seed)
    c = prepared.compiled.tables
    for _ in range(20):
        model.step()
        s = model.state
        assert all(map(isfinite, s))
        assert all(
            0.0 <= s[c.taken + k] <= 1.0 and s[c.exposed + k] >= 0.0 and s[c.left + k] >= -1e-9 for k in range(2)
        )
        assert s[st.DEATHS] >= 0.0 and s[st.DEATHS].is_integer()
        assert 0.0 <= s[st.INTEGRITY] <= 1.0 and all(0.0 <= s[c.restraint + k] <= 1.0 for k in range(c.n_parties))
        assert all(0.0 <= look(model, f"{party}.mood") <= 20.0 for party in ("red", "blue", "hawks"))
        assert s[st.ATTACKS] == sum(s[c.under_attack + k] for k in range(2)) and s[st.PLACES_LOST] in (0.0, 1.0, 2.0)
        assert s[st.REGIME] in (0.0, 1.0) and s[st.DEATHS_7D] >= 0.0
        assert s[st.LEVEL] <= s[st.WORST_LEVEL]
        assert sum(s[c.exposed + k] + s[c.left + k] for k in range(2)) == pytest.approx(60.0)
    for event in model.events():
        assert 1 <= event.day <= 20 and (event.void or all(mark >= 0.0 for mark in event.marks.values()))
