"""What each verb does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from sim.conflict import state as st
from sim.model import CeasefireModel
from tests.small import ORIGIN, done, evening, look, on_day, played, rule, told

MOOD = {"mood": {"of": "actor", "initial": 2.0, "low": 0.0, "high": 10.0}}
TRUST = {"trust": {"of": "dyad", "initial": 0.5, "low": 0.0, "high": 1.0}}
PARTIES = ("red", "blue", "band", "doves", "hawks")


def moods(model: CeasefireModel) -> dict[str, float]:
    """By party, those that moved from 2."""
    return {party: mood for party in PARTIES if (mood := look(model, f"{party}.mood")) != 2.0}


# --- quantities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "wanted"),
    [
        ({"add": "mood", "by": 3.0}, {"red": 5.0}),
        ({"add": "mood", "by": -9.0}, {"red": 0.0}),
        ({"add": "mood", "by": 99.0}, {"red": 10.0}),
        ({"set": "mood", "to": 7.0}, {"red": 7.0}),
        ({"set": "mood", "to": 70.0}, {"red": 10.0}),
        ({"multiply": "mood", "by": 0.25}, {"red": 0.5}),
        ({"add": "mood", "by": 1.0, "of": "target"}, {"blue": 3.0}),
        ({"add": "mood", "by": 1.0, "of": "self"}, {"red": 3.0}),
        ({"add": "mood", "by": 1.0, "of": "hawks"}, {"hawks": 3.0}),
        ({"add": "mood", "by": 1.0, "of": "everyone"}, dict.fromkeys(PARTIES, 3.0)),
    ],
)
def test_a_quantity_of_an_actor_changes_within_its_bounds(effect: dict[str, Any], wanted: dict[str, float]) -> None:
    assert moods(done(effect, quantities=MOOD)) == wanted


def test_a_quantity_of_the_patron_changes() -> None:
    assert moods(done({"add": "mood", "by": 1.0, "of": "patron"}, act={"actor": "hawks"}, quantities=MOOD)) == {
        "blue": 3.0
    }


def test_a_mark_may_be_the_amount() -> None:
    events = {
        "hit": {
            "marks": {"killed": [{"size": 3.0}]},
            "effects": [{"add": "mood", "by": "killed", "times": 2.0, "of": "target"}],
        }
    }
    assert moods(played(1, events=events, quantities=MOOD, rules={"hit": rule("hit")})) == {"blue": 8.0}
    events["hit"]["effects"] = [{"set": "mood", "to": "killed"}]
    assert moods(played(1, events=events, quantities=MOOD, rules={"hit": rule("hit")})) == {"red": 3.0}


def test_quantities_of_the_world_a_dyad_and_a_place() -> None:
    quantities = TRUST | {"rain": {}, "harvest": {"of": "place", "initial": 5.0}}
    model = done(
        {"add": "rain", "by": 2.0},
        {"add": "trust", "by": 0.2},
        {"multiply": "harvest", "by": 0.5},
        act={"place": "wood"},
        quantities=quantities,
    )
    assert look(model, "rain") == 2.0
    assert [look(model, "trust", *pair) for pair in (("red", "blue"), ("blue", "red"), ("red", "band"))] == [
        0.7,
        0.7,
        0.5,
    ]
    assert [look(model, "harvest", place=place) for place in ("field", "wood")] == [5.0, 2.5]


def test_integrity_and_restraint_stay_between_0_and_1() -> None:
    assert look(done({"add": "integrity", "by": 5.0}), "integrity") == 1.0
    assert look(done({"add": "integrity", "by": -0.3}), "integrity") == pytest.approx(0.5)
    model = done({"set": "restraint", "to": 0.9, "of": "hawks"})
    assert [look(model, f"{party}.restraint") for party in ("band", "doves", "hawks")] == [0.5, 0.5, 0.9]


def test_effects_apply_in_order_and_under_their_gates() -> None:
    effects = (
        {"set": "mood", "to": 4.0},
        {"add": "mood", "by": 1.0, "when": {"mood": 4.0}},
        {"add": "mood", "by": 1.0, "when": {"mood": 4.0}},
    )
    assert moods(done(*effects, quantities=MOOD)) == {"red": 5.0}


# --- fire -----------------------------------------------------------------------------------------------------------


def pair(model: CeasefireModel, section: str, by: str, against: str) -> float:
    at = model.decoder.layout.at[section]
    return model.state[at + model.names.party(by) * len(model.names.parties) + model.names.party(against)]


def hit(
    killed: float = 3.0, actor: str = "red", target: str = "blue", days: int = 1, *more: dict[str, Any], **changes: Any
) -> CeasefireModel:
    effects = [{"fire": True}, {"kill": "killed"}, {"provoke": "killed"}, *more]
    events = {"hit": {"marks": {"killed": [{"size": 3.0}]}, "effects": effects}}
    acts = {"act": on_day(1, event="hit", actor=actor, target=target, marks={"killed": killed})}
    return played(days, {"events": events, "interventions": acts}, changes)


def provoked(model: CeasefireModel, victim: str, offender: str) -> tuple[float, float, float]:
    return tuple(look(model, name, victim, offender) for name in ("provoked", "provoked_fatal", "provoked_dead"))


def test_fire_and_the_killed_are_counted_for_the_day_by_agent() -> None:
    model = hit(actor="hawks")
    assert (pair(model, "fired", "band", "blue"), pair(model, "killed", "band", "blue")) == (1.0, 3.0)
    assert pair(model, "fired", "hawks", "blue") == pair(model, "fired", "blue", "band") == 0.0
    model.step()
    assert (pair(model, "fired", "band", "blue"), pair(model, "killed", "band", "blue")) == (0.0, 0.0)
    assert model.quantity("soldiers_killed", of="blue") == 3.0


def test_a_states_soldiers_killed_by_a_state_are_noticed_apart() -> None:
    assert hit().state[st.PATRON_KILLED] == 3.0  # blue is a patron
    assert hit(actor="hawks").state[st.PATRON_KILLED] == 0.0  # not by a state
    assert hit(actor="blue", target="red").state[st.PATRON_KILLED] == 0.0  # red is nobody's patron


def test_a_provocation_stays_until_it_is_answered_or_expires() -> None:
    assert provoked(hit(), "blue", "red") == (1.0, 1.0, 3.0)
    assert provoked(hit(killed=0.0), "blue", "red") == (1.0, 0.0, 0.0)
    assert provoked(hit(days=2), "blue", "red") == (1.0, 1.0, 3.0)
    assert provoked(hit(days=3), "blue", "red") == (0.0, 0.0, 0.0)  # provocation_expires_days: 2
    assert provoked(hit(days=4, defaults={"provocation_expires_days": 4}), "blue", "red") == (1.0, 1.0, 3.0)
    assert provoked(hit(days=5, defaults={"provocation_expires_days": 4}), "blue", "red") == (0.0, 0.0, 0.0)


def test_a_provocation_may_expire_at_its_own_time() -> None:
    for days, stands in ((1, 1.0), (5, 1.0), (6, 0.0)):
        assert provoked(done({"provoke": True, "expires_days": 5}, days=days), "blue", "red")[0] == stands


def test_a_lesser_provocation_cuts_short_no_greater_one() -> None:
    both = ({"provoke": True, "expires_days": 5}, {"provoke": True, "expires_days": 1})
    assert provoked(done(*both, days=4), "blue", "red")[0] == 1.0


def test_a_second_provocation_adds_its_dead() -> None:
    assert provoked(hit(3.0, "red", "blue", 1, {"provoke": "killed"}), "blue", "red") == (1.0, 1.0, 6.0)


def test_a_provocation_by_a_faction_is_one_by_its_coalition() -> None:
    model = hit(actor="hawks")
    assert provoked(model, "blue", "hawks") == provoked(model, "blue", "band") == (1.0, 1.0, 3.0)
    assert provoked(model, "blue", "doves") == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("blame", "blamed"),
    [
        (None, {"hawks", "band"}),
        ("self", {"hawks", "band"}),
        ("patron", {"blue"}),
        ("doves", {"doves", "band"}),
        ("blue", {"blue"}),
    ],
)
def test_a_provocation_is_pinned_on_whom_it_blames(blame: str | None, blamed: set[str]) -> None:
    effect = {"provoke": True} | ({"blame": blame} if blame else {})
    model = done(effect, act={"actor": "hawks", "target": "red"})
    assert {party for party in PARTIES if provoked(model, "red", party)[0]} == blamed


@pytest.mark.parametrize(("answered", "left"), [("hawks", {"doves"}), ("doves", {"hawks"}), ("band", set())])
def test_an_answer_settles_what_it_answers(answered: str, left: set[str]) -> None:
    acts = {k: on_day(1, actor=k, effects=[{"provoke": True}]) for k in ("hawks", "doves")}
    acts["z"] = on_day(1, actor="blue", target=answered, effects=[{"answer": True}])
    model = played(1, interventions=acts)
    assert {party for party in ("hawks", "doves", "band") if provoked(model, "blue", party)[0]} == left


# --- regime, truce --------------------------------------------------------------------------------------------------

THREE = {
    "fighting": {"regimes": {"unrest": {"mean": 0.0, "size": 1.0}, "war": None, "battle": {"mean": 0.0, "size": 1.0}}}
}


@pytest.mark.parametrize(
    ("moves", "regime"),
    [
        (["battle"], 2),
        (["up"], 1),
        (["up", "up", "up"], 2),
        (["down"], 0),
        (["battle", "down"], 1),
        (["battle", "quiet"], 0),
        (["battle", "unrest", "up"], 2),
    ],
)
def test_the_regime_moves(moves: list[str], regime: int) -> None:
    assert look(done(*({"regime": move} for move in moves), **THREE), "regime") == regime


def test_a_truce_stores_the_regime_and_its_end_restores_it() -> None:
    steps = [
        [{"regime": "war"}],
        [{"truce": "lower"}, {"regime": "quiet"}],
        [],
        [{"truce": "none"}, {"regime": "restore"}],
    ]
    acts = {f"a{k}": on_day(k + 1, effects=step) for k, step in enumerate(steps) if step}
    seen = [evening(played(day, interventions=acts)) for day in (1, 2, 3, 4)]
    assert [s["regime"] for s in seen] == [1, 0, 0, 1]
    assert [s["truce"] for s in seen] == [0, 1, 1, 0]
    assert [s["age"] for s in seen] == [0, 0, 1, 0]


def test_a_second_truce_keeps_what_the_first_interrupted() -> None:
    model = done(
        {"regime": "war"},
        {"truce": "lower"},
        {"regime": "quiet"},
        {"truce": "leader"},
        {"truce": "none"},
        {"regime": "restore"},
    )
    assert evening(model)["regime"] == 1.0


def test_restoring_never_calms_what_has_grown_worse() -> None:
    model = done({"truce": "lower"}, {"regime": "war"}, {"truce": "none"}, {"regime": "restore"})
    assert evening(model)["regime"] == 1.0


def test_a_truce_may_be_fragile() -> None:
    assert evening(done({"truce": "lower", "fragile": True}))["fragile"] == 1.0
    assert (
        evening(done({"truce": "lower", "fragile": False}))["fragile"]
        == evening(done({"truce": "leader"}))["fragile"]
        == 0.0
    )
    assert evening(done({"truce": "lower", "fragile": True}, {"truce": "none"}))["fragile"] == 0.0
    for size in (0.0, 1.0):
        events = {"pact": {"marks": {"weak": [{"size": size}]}, "effects": [{"truce": "lower", "fragile": "weak"}]}}
        assert evening(played(1, events=events, rules={"pact": rule("pact")}))["fragile"] == size


@pytest.mark.parametrize(("level", "rungs"), [("lower", [3.0, 2.0]), ("leader", [0.0, 0.0])])
def test_a_truce_brings_the_rungs_down(level: str, rungs: list[float]) -> None:
    events = {"clash": {"rung": 7}, "threat": {"rung": 2}}
    acts = {
        "a": on_day(1, event="clash"),
        "b": on_day(1, event="threat", target="band"),
        "c": on_day(1, effects=[{"truce": level}]),
    }
    model = played(1, events=events, interventions=acts)
    assert [look(model, "rung.red.blue"), look(model, "rung.red.band")] == rungs


def test_top_and_calm_days_count_from_the_day_of_the_change() -> None:
    acts = {"up": on_day(3, effects=[{"regime": "war"}]), "down": on_day(5, effects=[{"regime": "quiet"}])}
    seen = []
    for day in range(1, 8):
        model = played(day, interventions=acts)
        seen.append((look(model, "regime"), look(model, "calm_days"), look(model, "top_regime_days")))
    assert [calm for _, calm, _ in seen] == [2.0, 3.0, 0.0, 0.0, 0.0, 1.0, 2.0]  # the eve of the origin was calm too
    assert [top for _, _, top in seen][2:] == [0.0, 0.0, 0.0, 1.0, 2.0]


# --- offers, deadlines ----------------------------------------------------------------------------------------------


def offer_between(model: CeasefireModel) -> float:
    return look(model, "offered", "blue", "red")


def test_an_offer_stands_until_it_lapses() -> None:
    assert [offer_between(done({"offer": "leader"}, days=day)) for day in (1, 2, 3, 4)] == [2.0, 2.0, 2.0, 0.0]
    assert [offer_between(done({"offer": "lower", "expires_days": 1}, days=day)) for day in (1, 2)] == [1.0, 0.0]


def test_acceptance_settles_the_offers_between_the_two() -> None:
    acts = {
        "a": on_day(1, effects=[{"offer": "leader"}]),
        "b": on_day(1, actor="blue", target="red", effects=[{"offer": "lower"}]),
        "c": on_day(1, target="band", effects=[{"offer": "lower"}]),
        "d": on_day(2, actor="blue", target="red", effects=[{"accept": True}]),
    }
    model = played(2, interventions=acts)
    assert offer_between(model) == look(model, "offered.blue.red") == 0.0
    assert look(model, "offered.red.band") == 1.0


def test_a_deal_takes_two() -> None:
    events = {"offer": {"effects": [{"offer": "leader"}]}, "deal": {"effects": [{"accept": True}, {"truce": "leader"}]}}
    offer = {"offer": rule("offer", when={"truce": "none"})}
    accept = {"deal": rule("deal", "blue", "red", phase="reaction", when={"offered": "leader"})}
    assert told(played(2, events=events, rules=offer | accept).events()) == ["1 offer red>blue", "1 deal blue>red"]
    assert told(played(2, events=events, rules=accept).events()) == []
    alone = played(2, events=events, rules=offer)
    assert (told(alone.events()), evening(alone)["truce"]) == (["1 offer red>blue", "2 offer red>blue"], 0.0)


def deadlines(days: int, *effects: dict[str, Any], **changes: Any) -> list[tuple[float, float]]:
    return [
        (look(model, "red.deadline"), look(model, "red.deadline_left"))
        for model in (done(*effects, days=day, **changes) for day in range(1, days + 1))
    ]


def test_a_deadline_is_pending_then_passed_then_forgotten() -> None:
    pending, passed, none = float(st.PENDING), float(st.PASSED), float(st.NO_DEADLINE)
    found = deadlines(7, {"deadline": 2}, defaults={"deadline_lingers_days": 3})
    assert found == [
        (pending, 2.0),
        (pending, 1.0),
        (pending, 0.0),
        (passed, -1.0),
        (passed, -1.0),
        (passed, -1.0),
        (none, 0.0),
    ]


def test_a_deadline_may_be_a_date() -> None:
    assert deadlines(4, {"until": ORIGIN + dt.timedelta(2)}) == deadlines(4, {"deadline": 2})


def test_a_deadline_is_of_the_actor_and_can_be_lifted() -> None:
    model = done({"deadline": 5})
    assert [look(model, f"{party}.deadline") for party in ("red", "blue")] == [st.PENDING, st.NO_DEADLINE]
    assert deadlines(2, {"deadline": 5}, {"clear_deadline": True}) == [(0.0, 0.0), (0.0, 0.0)]


# --- the agreement --------------------------------------------------------------------------------------------------

TERMS = {
    "agreement": {
        "signed": ORIGIN - dt.timedelta(10),
        "terms": {"guns": {"due": ORIGIN + dt.timedelta(1)}, "roads": {"due_in_days": 12}, "talks": {}},
    }
}


def overdue(days: int, **acts: Any) -> list[float]:
    return [look(played(day, TERMS, interventions=acts), "overdue") for day in range(1, days + 1)]


def test_terms_fall_due() -> None:
    assert overdue(5) == [0.0, 0.0, 1.0, 2.0, 2.0]  # due on days 2 and 3, overdue the day after


def test_a_term_is_met() -> None:
    assert overdue(5, met=on_day(4, effects=[{"meet": "guns"}])) == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert overdue(4, met=on_day(1, effects=[{"meet": "guns"}])) == [0.0, 0.0, 0.0, 1.0]


def test_terms_are_renewed() -> None:
    assert overdue(7, renewed=on_day(4, effects=[{"renew_terms": 1}])) == [0.0, 0.0, 1.0, 0.0, 0.0, 3.0, 3.0]
    met = {"met": on_day(1, effects=[{"meet": "guns"}]), "renewed": on_day(4, effects=[{"renew_terms": 0}])}
    assert overdue(5, **met) == [0.0, 0.0, 0.0, 0.0, 2.0]  # what is met stays met


@pytest.mark.parametrize(("join", "joined"), [("self", "hawks"), ("target", "doves"), ("band", "band")])
def test_a_party_becomes_bound(join: str, joined: str) -> None:
    model = done({"join": join}, act={"actor": "hawks", "target": "doves"})
    assert {party for party in PARTIES if look(model, f"{party}.party")} == {"red", "blue", joined}


# --- rules ----------------------------------------------------------------------------------------------------------


def test_rules_are_switched_off_and_on() -> None:
    acts = {"off": on_day(2, effects=[{"disable": ["a", "b"]}]), "on": on_day(3, effects=[{"enable": ["b"]}])}
    model = played(3, interventions=acts, rules={"a": rule(), "b": rule(target="band")})
    lines = [line for line in told(model.events()) if "intervention" not in line]
    assert sorted(lines) == ["1 a red>blue", "1 b red>band", "3 b red>band"]


# --- posts without an item ------------------------------------------------------------------------------------------


def test_a_post_changes_its_status() -> None:
    model = done({"post": "evacuated"}, act={"post": "tower"})
    assert [look(model, "post", post=post) for post in ("tower", "gate")] == [st.EVACUATED, st.BLOCKING]
    assert (look(model, "here.free", place="field"), look(model, "posts_blocking")) == (0.0, 1.0)
    assert look(done({"post": "blocking"}, act={"post": "tower"}), "posts_blocking") == 2.0


def test_without_an_item_all_encircled_posts_of_the_actor_change() -> None:
    posts = {
        "tower": {"status": "encircled"},
        "gate": {"status": "free"},
        "hut": {"name": "Hut", "owner": "red", "place": "wood", "status": "encircled"},
    }
    model = done({"post": "evacuated"}, act={"actor": "blue", "target": "red"}, posts=posts)
    assert [look(model, "post", post=post) for post in ("tower", "gate", "hut")] == [
        st.EVACUATED,
        st.FREE,
        st.ENCIRCLED,
    ]
