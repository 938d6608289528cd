"""The tables of the state name all of it, and its values at the origin are those that trials begin with."""

from __future__ import annotations

from sim.conflict import state as st
from sim.documenting.subject import Subject
from sim.documenting.variables import SECTIONS, WORLD_ONLY, initial, quantities, sections, span, state, world_names
from sim.scenario.vocabulary import PERCEPTIONS


def cells(text: str, column: int) -> list[str]:
    return [line.split(" | ")[column].strip("| `") for line in text.splitlines()[2:]]


def test_every_number_of_the_state_is_in_a_table(flagship: Subject) -> None:
    declared = sum(size for _, _, size in flagship.compiled.layout.quantities.values())
    counted = sum(int(cell) for cell in cells(state(flagship), 2))
    assert counted + declared == flagship.compiled.tables.n_state
    assert set(cells(quantities(flagship), 0)) == set(flagship.scenario.quantities)


def test_the_worlds_numbers_are_those_of_the_code_in_its_order() -> None:
    named = world_names()
    assert len(named) == st.WORLD
    assert [getattr(st, name.upper()) for name in named] == list(range(st.WORLD))


def test_no_description_is_of_what_there_is_not(flagship: Subject) -> None:
    there = {name for name, _ in sections(flagship.compiled) if not name.startswith("quantity ")}
    assert set(SECTIONS) == there
    assert set(WORLD_ONLY) == set(world_names()) - set(PERCEPTIONS)


def test_the_initial_values_are_those_of_the_driven_state(flagship: Subject) -> None:
    rows = dict(line.strip("| ").split(" | ", 1) for line in initial(flagship).splitlines()[2:])
    s, c = flagship.origin.state, flagship.compiled
    assert rows["`displaced`"] == f"{s[st.DISPLACED]:.4g}"
    assert rows["`deadline`"] == "turkey pending"
    assert "west_aleppo 0.35" in rows["`taken`"]
    assert "taftanaz blocking" in rows["`status`"]
    assert f"turkey {s[c.layout.quantities['grievance'][1]]:.4g}" in rows["`grievance`"]
    assert "`worst_level`" not in rows
    assert all(value for value in rows.values())


def test_a_range_leaves_out_a_bound_that_is_none() -> None:
    assert [span(0, 1), span(0, 1e9), span(-1e9, 2), span(float("-inf"), float("inf"))] == ["0..1", "0..", "..2", "any"]
