from __future__ import annotations

import datetime as dt
from math import inf, log, nextafter
from typing import Any

import pytest

from sim.conflict import state as st
from sim.draws import stream
from sim.errors import InputError
from sim.scenario import compiling
from sim.scenario.compiling import CERTAIN, Compiled, compile_scenario, hazard_of
from sim.scenario.numbers import fix
from tests.small import ORIGIN, on_day, rule, small


def compiled(*layers: dict[str, Any], **changes: Any) -> Compiled:
    return compile_scenario(fix(small(*layers, **changes)))


# --- small parts ----------------------------------------------------------------------------------------------------


def test_a_hazard_gives_back_its_probability() -> None:
    assert hazard_of(0.0) == 0.0
    assert hazard_of(1.0) == hazard_of(1.0, 5) == CERTAIN
    assert 5 * hazard_of(0.7, 5) == pytest.approx(hazard_of(0.7)) == -log(0.3)


def test_streams_that_collide_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "stream", lambda *path: 7)
    with pytest.raises(InputError, match="the streams of rule/a and rule/b collide; rename one"):
        compiled(rules={"b": rule(), "a": rule()})


def test_clocks_of_a_rule_are_named_after_it_and_its_items() -> None:
    one, each = compiled(rules={"a": rule()}), compiled(rules={"a": rule(for_each="post")})
    assert one.tables.clocks == [stream("rule", "a")]
    assert each.tables.clocks == [stream("rule", "a", post) for post in ("tower", "gate")]


# --- gates ----------------------------------------------------------------------------------------------------------


def gate_rows(gate: Any, name: str = "regime") -> list[tuple[int, float, float]]:
    c = compiled(rules={"a": rule(when={name: gate})}).tables
    return [
        (c.gates[k * st.GATE + st.G_KIND], c.bounds[2 * k], c.bounds[2 * k + 1]) for k in range(len(c.gates) // st.GATE)
    ]


@pytest.mark.parametrize(
    ("gate", "rows"),
    [
        (True, [(st.OUTSIDE, 0.0, 0.0)]),
        (False, [(st.WITHIN, 0.0, 0.0)]),
        ("war", [(st.WITHIN, 1.0, 1.0)]),
        (1.5, [(st.WITHIN, 1.5, 1.5)]),
        (["quiet", "war"], [(st.AMONG, 3.0, 0.0)]),
        ({"below": "war"}, [(st.WITHIN, -inf, nextafter(1.0, -inf))]),
        ({"above": 0.5, "at_most": "war"}, [(st.WITHIN, nextafter(0.5, inf), 1.0)]),
        ({"is_not": "war"}, [(st.OUTSIDE, 1.0, 1.0)]),
        (
            {"at_least": 0.0, "is_not": ["quiet", "war"]},
            [(st.WITHIN, 0.0, inf), (st.OUTSIDE, 0.0, 0.0), (st.OUTSIDE, 1.0, 1.0)],
        ),
    ],
)
def test_a_gate_becomes_bounds(gate: Any, rows: list[tuple[int, float, float]]) -> None:
    assert gate_rows(gate) == rows


def test_in_a_rule_actor_and_target_are_known_addresses() -> None:
    c = compiled(
        rules={
            "a": rule(when={"restraint": 0.0, "target.party": 1.0, "provoked": False, "offered": "none", "rung": 0.0})
        }
    ).tables
    assert c.gates[st.G_SCOPE :: st.GATE] == [st.FIXED] * 5
    blue = 1
    assert c.gates[:: st.GATE] == [
        c.restraint,
        c.bound + blue,
        c.provoked + blue,
        c.offered + blue * c.n_parties,
        c.rung,
    ]


def test_in_an_event_they_are_found_on_the_day() -> None:
    events = {"hit": {"effects": [{"fire": True, "when": {"restraint": 0.0, "rung": 0.0}}]}}
    c = compiled(events=events, rules={"a": rule("hit")}).tables
    assert c.gates[st.G_SCOPE :: st.GATE] == [st.BY, st.DYAD]


# --- the state at the beginning -------------------------------------------------------------------------------------


def test_the_history_begins_sixty_days_before_the_origin_unless_said() -> None:
    assert compiled(history={"start": None}).start == ORIGIN - dt.timedelta(60)
    assert compiled(history={"start": None}).initial[st.DAY] == -60.0
    assert compiled().initial[st.DAY] == -1.0  # the day before the eve


# --- tables ---------------------------------------------------------------------------------------------------------


def test_since_is_kept_only_where_it_is_read() -> None:
    events: dict[str, Any] = {f"e{k}": {} for k in range(6)}
    events["e5"] = {"marks": {"m": [{"size": {"value": 1.0, "scale": "since.e4"}}]}}
    rules = {"a": rule(when={"since.e1": {"above": 3.0}}), "b": rule(ratios={"since.e2": 1.1})}
    outcomes = {"calm": {"state": "since.e3", "above": 30.0}}
    made = compiled(events=events, rules=rules, outcomes=outcomes)
    assert [made.names.events[k] for k in made.tables.since_used] == ["e1", "e2", "e3", "e4"]


def test_outcomes_follow_those_they_refer_to_and_collapse_is_always_there() -> None:
    outcomes = {
        "a": {"any": ["c", "collapse"]},
        "b": {"state": "regime", "above": 0.0, "before": "a"},
        "c": {"not": "end"},
    }
    order = compiled(outcomes=outcomes).names.outcomes
    assert sorted(order) == ["a", "b", "c", "collapse", "end"]
    assert order.index("end") < order.index("c") < order.index("a") < order.index("b")
    assert order.index("collapse") < order.index("a")
    assert compiled(outcomes=outcomes).tables.headline == order.index("end")


def test_gauges_are_shared_by_outcomes_that_count_the_same() -> None:
    same = {k: {"count": "deaths", "window_days": 7, "at_least": float(k[1:])} for k in ("x10", "x20", "x30")}
    assert compiled(outcomes=same).tables.n_gauges == compiled().tables.n_gauges
    assert (
        compiled(outcomes={"y": {"count": "deaths", "window_days": 8, "at_least": 1}}).tables.n_gauges
        == compiled().tables.n_gauges + 1
    )


# --- the dated past -------------------------------------------------------------------------------------------------


def test_the_past_is_in_order_and_ends_on_the_eve_of_the_origin() -> None:
    start = ORIGIN - dt.timedelta(20)
    events = {
        "b": on_day(-3, event="note"),
        "a": on_day(-9, event="note"),
        "eve": on_day(0, event="note"),
        "early": on_day(-30, event="note"),
        "late": on_day(1, event="note"),
    }
    past = compiled(history={"start": start, "events": events}).past
    assert [(p.name, p.day) for p in past] == [("a", -9), ("b", -3), ("eve", 0)]


def test_marks_of_the_past_that_nobody_gave_are_nothing() -> None:
    events = {"hit": {"marks": {"killed": [{"size": 5.0}], "public": [{}]}}}
    made = compiled(events=events, history={"events": {"old": on_day(0, event="hit", marks={"public": 2.0})}})
    given = made.past[0].given
    assert made.tables.given[given : given + 4] == [0.0, 1.0, 2.0, 1.0]


def test_bare_effects_of_past_and_future_may_bear_one_name() -> None:
    effects = ([{"regime": "war"}], [{"regime": "quiet"}])
    made = compiled(
        history={"events": {"x": on_day(0, effects=effects[0])}}, interventions={"x": on_day(1, effects=effects[1])}
    )
    assert made.names.events[-2:] == ["history x", "intervention x"]
    c = made.tables
    verbs = [(c.effects[k + st.F_VERB], c.effects[k + st.F_ARGUMENT]) for k in range(0, len(c.effects), st.EFFECT)]
    assert verbs == [(st.TO_REGIME, 1), (st.TO_REGIME, 0)]


def test_the_tables_are_flat_numbers() -> None:
    """What a compiler can take: integers, or flat sequences of one kind of number."""
    for name, value in compiled().tables._asdict().items():
        if not isinstance(value, int):
            kinds = {type(x) for x in value}
            assert len(kinds) <= 1, name
            assert kinds <= {int, float}, name
