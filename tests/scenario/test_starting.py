from __future__ import annotations

import datetime as dt
from typing import Any

from sim.conflict import state as st
from sim.scenario.compiling import Compiled, compile_scenario
from sim.scenario.numbers import fix
from tests.small import ORIGIN, small


def compiled(*layers: dict[str, Any], **changes: Any) -> Compiled:
    return compile_scenario(fix(small(*layers, **changes)))


def initial(section: str, *layers: dict[str, Any], size: int = 1, **changes: Any) -> list[float]:
    made = compiled(*layers, **changes)
    at = made.layout.at[section]
    return made.initial[at : at + size]


def test_the_agreement_at_the_beginning() -> None:
    made = compiled(agreement={"level": "leader", "signed": ORIGIN - dt.timedelta(10), "integrity": 0.3})
    world = made.initial
    assert (world[st.TRUCE], world[st.TRUCE_AGE], world[st.INTEGRITY]) == (st.LEADER, 8.0, 0.3)
    assert initial("bound", size=6) == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert initial("restraint", size=6) == [0.0, 0.0, 0.5, 0.5, 0.5, 0.0]


def test_a_factions_own_patron_goes_before_that_of_its_coalition() -> None:
    relations = {"own": {"patron": "red", "client": "hawks", "restraint": 0.1}}
    made = compiled(relations=relations)
    assert initial("restraint", size=6, relations=relations) == [0.0, 0.0, 0.5, 0.5, 0.1, 0.0]
    assert made.tables.patron_of == [5, 5, 1, 1, 0, 5]


def test_ground_at_the_beginning() -> None:
    places = {"wood": {"control": "red"}, "field": {"taken": 0.25}}
    assert initial("control", size=2, places=places) == [2.0, 0.0]
    assert initial("taken", size=2, places=places) == [0.25, 1.0]
    assert initial("exposed", size=2) == [40.0, 20.0]
    assert initial("status", size=2) == [st.FREE, st.BLOCKING]


def test_terms_at_the_beginning() -> None:
    terms = {"a": {"due": ORIGIN}, "b": {"due_in_days": 5}, "c": {}, "d": {"met": True}}
    agreement = {"signed": ORIGIN - dt.timedelta(12), "terms": terms}
    assert initial("due_left", size=4, agreement=agreement) == [2.0, -5.0, 1e9, 1e9]
    assert initial("met", size=4, agreement=agreement) == [0.0, 0.0, 0.0, 1.0]


def test_quantities_at_the_beginning() -> None:
    def begins(of: str, value: Any, size: int) -> list[float]:
        return initial("quantity q", size=size, quantities={"q": {"of": of, "initial": value}})

    assert begins("world", 3.0, 1) == [3.0]
    assert begins("actor", 3.0, 6) == [3.0] * 6
    assert begins("actor", {"hawks": 2.0}, 6) == [0.0, 0.0, 0.0, 0.0, 2.0, 0.0]
    assert begins("place", {"wood": 2.0}, 2) == [0.0, 2.0]
    assert begins("dyad", 0.5, 4) == [0.5] * 4
