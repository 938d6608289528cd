from __future__ import annotations

from itertools import pairwise

import pytest

from sim.conflict import state as st
from sim.errors import InputError
from sim.scenario.compiling import compile_scenario
from sim.scenario.layout import EXCHANGE, Layout, Names
from sim.scenario.numbers import fix
from sim.scenario.vocabulary import LEVELS, PERCEPTIONS, STATUSES
from tests.small import rule, small

QUANTITIES = {
    "rain": {},
    "mood": {"of": "actor"},
    "trust": {"of": "dyad"},
    "harvest": {"of": "place"},
}


@pytest.fixture
def layout() -> Layout:
    scenario = small(
        quantities=QUANTITIES, events={"hit": {"marks": {"killed": [{}], "public": [{}]}}}, rules={"hit": rule("hit")}
    )
    return compile_scenario(fix(scenario)).layout


# --- names ----------------------------------------------------------------------------------------------------------


def test_parties_are_agents_then_factions_then_the_exchange_of_fire() -> None:
    names = Names(small())
    assert names.parties == ["red", "blue", "band", "doves", "hawks", EXCHANGE]
    assert [names.agent(p) for p in names.parties[:-1]] == ["red", "blue", "band", "band", "band"]
    assert names.party(None) == 5


def test_dyads_are_between_agents_and_between_siblings() -> None:
    names = Names(small())
    assert names.dyads == [("red", "blue"), ("red", "band"), ("blue", "band"), ("doves", "hawks")]
    assert names.dyad("blue", "red") == 0
    assert names.dyad("hawks", "red") == names.dyad("red", "doves") == 1
    assert names.dyad("hawks", "doves") == 3
    assert names.dyad("hawks", "band") == names.dyad("red", "red") == names.dyad("red", EXCHANGE) == -1


def test_rules_of_the_initiative_come_first_in_the_order_of_the_file() -> None:
    rules = {"d": rule(phase="reaction"), "c": rule(), "b": rule(phase="reaction"), "a": rule()}
    assert Names(small(rules=rules)).rules == ["c", "a", "d", "b"]


# --- sections -------------------------------------------------------------------------------------------------------


def test_sections_follow_one_another_without_a_gap_or_an_overlap(layout: Layout) -> None:
    starts = sorted(layout.at.values())
    assert starts[0] == st.WORLD
    assert all(first <= second for first, second in pairwise(starts))
    assert layout.end >= starts[-1]
    n = len(layout.names.parties)
    assert layout.at["deadline"] - layout.at["bound"] == n
    assert layout.at["provoked_fatal"] - layout.at["provoked"] == n * n


def test_every_quantity_has_room_for_those_it_is_of(layout: Layout) -> None:
    assert {name: (of, size) for name, (of, _, size) in layout.quantities.items()} == {
        "rain": ("world", 1),
        "mood": ("actor", 6),
        "trust": ("dyad", 4),
        "harvest": ("place", 2),
    }


# --- perceptions ----------------------------------------------------------------------------------------------------

SCOPES = {
    "world": {st.FIXED},
    "actor": {st.BY},
    "dyad": {st.DYAD},
    "ordered": {st.ORDERED, st.REVERSED},
    "place": {st.PLACE},
    "post": {st.POST},
}


@pytest.mark.parametrize("name", PERCEPTIONS)
def test_every_word_of_the_vocabulary_has_its_place_and_its_scope(layout: Layout, name: str) -> None:
    word = PERCEPTIONS[name]
    found = layout.perception(name)
    assert found.scope in SCOPES[word.of]
    assert 0 < found.base < layout.end
    wanted = {
        "regime": ["quiet", "war"],
        "level": list(LEVELS),
        "status": list(STATUSES),
        "deadline": ["none", "pending", "passed"],
        "party": layout.names.parties,
    }
    assert list(found.values) == wanted.get(word.names, [])
    assert list(found.values.values()) == list(range(len(found.values)))


def test_no_two_words_share_an_address(layout: Layout) -> None:
    bases = [(layout.perception(name).base, layout.perception(name).scope) for name in PERCEPTIONS]
    assert len(set(bases)) == len(bases)


@pytest.mark.parametrize(
    ("name", "section", "offset"),
    [
        ("blue.mood", "quantity mood", 1),
        ("hawks.restraint", "restraint", 4),
        ("band.party", "bound", 2),
        ("red.deadline_left", "deadline_left", 0),
        ("place.wood.taken", "taken", 1),
        ("place.field.harvest", "quantity harvest", 0),
        ("place.wood.here.blocking", "here", 3),
        ("rung.band.red", "rung", 1),
        ("rung.hawks.blue", "rung", 2),
        ("provoked.blue.red", "provoked", 6),
        ("offered.blue.red", "offered", 6),
        ("since.hit", "since", 1),
        ("count.note", "happened", 0),
        ("mark.public", "marks", 1),
    ],
)
def test_a_named_perception_stands_at_one_address(layout: Layout, name: str, section: str, offset: int) -> None:
    found = layout.perception(name, "hit")
    assert (found.base, found.scope) == (layout.at[section] + offset, st.FIXED)


@pytest.mark.parametrize(
    "name",
    [
        "weather",
        "blue.weather",
        "target.rain",
        "since.peace",
        "mark.killed",
        "place.moor.taken",
        "here.absent",
        "place.wood.rain",
    ],
)
def test_a_name_without_a_meaning_is_refused(layout: Layout, name: str) -> None:
    with pytest.raises(InputError):
        layout.perception(name)
