"""What each perception means to whom, and each kind of gate."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sim.conflict import state as st
from sim.conflict.perceive import LARGEST_LOG, Context, gates_hold, locate, ratio_product
from tests.small import done, look, on_day, played, ready, rule, told

QUANTITIES = {
    "mood": {"of": "actor", "initial": {"red": 1.0, "blue": 2.0, "band": 3.0, "hawks": 4.0}},
    "trust": {"of": "dyad", "initial": 0.5},
    "rain": {"initial": 7.0},
    "harvest": {"of": "place", "initial": {"field": 8.0, "wood": 9.0}},
}


# --- scopes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mood", 1.0),
        ("target.mood", 4.0),
        ("blue.mood", 2.0),
        ("trust", 0.5),
        ("rain", 7.0),
        ("harvest", 9.0),
        ("place.field.harvest", 8.0),
        ("restraint", 0.0),
        ("target.restraint", 0.5),
        ("hawks.restraint", 0.5),
        ("party", 1.0),
        ("target.party", 0.0),
        ("blue.party", 1.0),
        ("band.party", 0.0),
        ("value", 3.0),
        ("place.field.population", 60.0),
        ("exposed", 20.0),
        ("control", 2.0),
        ("regime", 0.0),
        ("integrity", 0.8),
        ("since.note", 9999.0),
        ("count.note", 0.0),
        ("deadline", 0.0),
        ("here.free", 0.0),
        ("place.field.here.blocking", 1.0),
    ],
)
def test_a_perception_is_read_for_actor_target_and_place(name: str, value: float) -> None:
    model = played(0, quantities=QUANTITIES)
    assert look(model, name, "red", "hawks", "wood") == value


def test_a_post_is_perceived_with_its_place() -> None:
    model = played(0)
    assert [look(model, "post", post=post) for post in ("tower", "gate")] == [st.FREE, st.BLOCKING]
    assert look(model, "owner", post="gate") == model.names.party("blue")
    assert look(model, "population", post="gate") == 60.0
    assert [look(model, f"here.{status}", place="field") for status in ("free", "blocking", "encircled")] == [1, 1, 0]


def test_a_provocation_is_of_the_target_and_an_offer_to_the_actor() -> None:
    model = done({"provoke": True}, {"offer": "leader"})  # red provokes blue and offers it a deal
    assert look(model, "provoked", "blue", "red") == 1.0
    assert look(model, "provoked", "red", "blue") == 0.0
    assert look(model, "offered", "blue", "red") == look(model, "offered.red.blue") == st.LEADER
    assert look(model, "offered", "red", "blue") == look(model, "offered.blue.red") == st.NO_TRUCE


def test_a_faction_stands_in_the_dyad_of_its_coalition_but_knows_its_sibling() -> None:
    rung = {"events": {"raid": {"rung": 4}}}
    raid = {"interventions": {"raid": on_day(1, event="raid", actor="hawks")}}
    model = played(1, rung, raid)
    assert (
        look(model, "rung.band.blue") == look(model, "rung.doves.blue") == look(model, "rung", "blue", "hawks") == 4.0
    )
    assert look(model, "rung.doves.hawks") == 0.0
    inside = {"interventions": {"raid": on_day(1, event="raid", actor="hawks", target="doves")}}
    model = played(1, rung, inside)
    assert look(model, "rung.doves.hawks") == 4.0
    assert look(model, "rung.band.blue") == 0.0


def test_every_scope_finds_its_address() -> None:
    c = ready().compiled.tables
    n = c.n_parties
    red, blue, hawks, nobody = 0, 1, 4, n - 1
    of = Context(red, hawks, 1, 0)
    dyad = c.dyad_of[red * n + hawks]
    wanted = {
        st.FIXED: 100,
        st.PLACE: 101,
        st.POST: 100,
        st.BY: 100,
        st.AGAINST: 104,
        st.ORDERED: 100 + hawks,
        st.REVERSED: 100 + hawks * n,
        st.DYAD: 100 + dyad,
        st.PATRON: 100 + nobody,
    }
    assert {scope: locate(c, 100, scope, of) for scope in wanted} == wanted
    assert locate(c, 100, st.PATRON, Context(hawks, red, -1, -1)) == 100 + blue


# --- gates ----------------------------------------------------------------------------------------------------------


def holds(gate: Any, value: float, name: str = "rain") -> bool:
    """Whether a rule with this gate rings when the quantity has this value."""
    model = played(1, quantities={"rain": {"initial": value}}, rules={"note": rule(when={name: gate})})
    return bool(told(model.events()))


@pytest.mark.parametrize(
    ("gate", "true_at", "false_at"),
    [
        (True, [1.0, -1.0, 0.5], [0.0]),
        (False, [0.0], [1.0, -1.0]),
        (2.0, [2.0], [1.0, 3.0, 2.0000001]),
        ({"below": 2.0}, [1.9999999, -5.0], [2.0, 3.0]),
        ({"at_least": 2.0}, [2.0, 3.0], [1.9999999]),
        ({"above": 2.0}, [2.0000001, 3.0], [2.0, 1.0]),
        ({"at_most": 2.0}, [2.0, 1.0], [2.0000001]),
        ({"at_least": 1.0, "below": 2.0}, [1.0, 1.5], [0.5, 2.0]),
        ({"is_not": 2.0}, [1.0, 3.0], [2.0]),
        ({"at_least": 1.0, "is_not": 2.0}, [1.0, 3.0], [2.0, 0.0]),
    ],
)
def test_a_gate_on_a_number(gate: Any, true_at: list[float], false_at: list[float]) -> None:
    assert [holds(gate, value) for value in true_at] == [True] * len(true_at)
    assert [holds(gate, value) for value in false_at] == [False] * len(false_at)


@pytest.mark.parametrize(
    ("gate", "statuses"),
    [
        ("free", {"free"}),
        (["free", "encircled"], {"free", "encircled"}),
        ({"at_least": "blocking"}, {"blocking", "encircled", "evacuated"}),
        ({"below": "blocking"}, {"absent", "free"}),
        ({"is_not": ["free", "absent"]}, {"blocking", "encircled", "evacuated"}),
        (["evacuated"], {"evacuated"}),
    ],
)
def test_a_gate_on_a_name(gate: Any, statuses: set[str]) -> None:
    passed = set()
    for status in ("absent", "free", "blocking", "encircled", "evacuated"):
        posts = {"posts": {"tower": {"status": status}, "gate": None}}
        model = played(1, posts, rules={"note": rule(for_each="post", where={"post": gate})})
        passed |= {status} if told(model.events()) else set()
    assert passed == statuses


def test_all_gates_must_hold() -> None:
    quantities = {"rain": {"initial": 1.0}, "wind": {"initial": 0.0}}
    for gates, rings in (({"rain": True}, 1), ({"rain": True, "wind": True}, 0), ({"rain": True, "wind": False}, 1)):
        assert len(told(played(1, quantities=quantities, rules={"note": rule(when=gates)}).events())) == rings


def test_no_gates_hold() -> None:
    ready_ = ready()
    assert gates_hold(ready_.origin.state, ready_.compiled.tables, 0, 0, Context(0, 1, -1, -1))


# --- ratios ---------------------------------------------------------------------------------------------------------


def hazard(ratios: dict[str, float], quantities: dict[str, float]) -> float:
    declared = {name: {"initial": value} for name, value in quantities.items()}
    c = ready(quantities=declared, rules={"note": rule(rate=0.1, ratios=ratios)})
    tables = c.compiled.tables
    first, end = tables.rules[st.R_RATIOS], tables.rules[st.R_RATIOS_END]
    return tables.pace[0] * ratio_product(c.origin.state, tables, first, end, Context(0, 1, -1, -1))


@given(some.lists(some.tuples(some.floats(0.1, 10.0), some.floats(-5.0, 5.0)), min_size=1, max_size=3))
def test_a_hazard_is_the_rate_times_ratios_to_the_power_of_perceptions(pairs: list[tuple[float, float]]) -> None:
    names = [f"q{k}" for k in range(len(pairs))]
    found = hazard(
        {n: r for n, (r, _) in zip(names, pairs, strict=True)}, {n: v for n, (_, v) in zip(names, pairs, strict=True)}
    )
    wanted = 0.1
    for ratio, value in pairs:
        wanted *= ratio**value
    assert found == pytest.approx(wanted, rel=1e-12)


def test_a_perception_of_zero_leaves_the_rate_to_the_bit() -> None:
    assert hazard({"rain": 3.7}, {"rain": 0.0}) == 0.1


def test_ratios_that_would_overflow_are_clamped() -> None:
    assert hazard({"rain": 10.0}, {"rain": 1e6}) == 0.1 * exp(LARGEST_LOG)
    assert hazard({"rain": 10.0}, {"rain": -1e6}) == 0.1 * exp(-LARGEST_LOG)
    assert hazard({"rain": 10.0}, {"rain": -2.0}) == 0.1 * exp(log(10.0) * -2.0)
