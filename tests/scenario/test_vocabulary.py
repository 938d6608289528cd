"""The vocabulary is one: the schema, the compiler's layout and the reference page know the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario.layout import Layout, Names
from sim.scenario.meanings import EVENT, Meanings, Scope, Unknown
from sim.scenario.schema import Effect, Scenario
from sim.scenario.vocabulary import ARGUMENTS, COUNTERS, PERCEPTIONS, PREFIXES, VERBS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "scenario.md").read_text(encoding="utf-8")


def test_verbs_and_arguments_are_the_keys_of_an_effect() -> None:
    assert set(Effect.model_fields) == {"when", *VERBS, *ARGUMENTS}
    assert {key for verb in VERBS.values() for key in verb.takes} == set(ARGUMENTS)


@pytest.mark.parametrize("word", [*PERCEPTIONS, *PREFIXES, *COUNTERS, *VERBS])
def test_every_word_stands_in_the_reference(word: str) -> None:
    assert f"`{word}" in PAGE or f"{word}." in PAGE or f"{word}`" in PAGE or f" {word}:" in PAGE


@pytest.mark.parametrize("word", PERCEPTIONS)
def test_the_compiler_knows_every_perception(small: Scenario, word: str) -> None:
    assert Layout(small, Names(small)).perception(word)


@pytest.mark.parametrize(
    "name",
    [
        "target.restraint", "target.pressure", "north.pressure", "north.deadline", "rung.north.south", "rung.old.young",
        "offered.north.south", "since.strike", "count.deal", "place.hill.taken", "place.vale.here.free", "pressure",
        "trust", "mark.killed",
    ],
)  # fmt: skip
def test_names_with_a_meaning(small: Scenario, name: str) -> None:
    scope = Scope(actor=True, target=True, item="post", marks=("killed",))
    assert Meanings(small).of(name, scope)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("target.rung", "no perception of an actor"),
        ("east.pressure", "no perception"),
        ("rung.north", "there is no party ``"),
        ("rung.league.old", "are no dyad"),
        ("place.hill.regime", "no perception of a place"),
        ("place.moor.taken", "there is no place `moor`"),
        ("since.nothing", "there is no event `nothing`"),
        ("mark.killed", "none is drawn before"),
        ("north.trust", "no perception of an actor"),
    ],
)
def test_names_without_a_meaning(small: Scenario, name: str, message: str) -> None:
    with pytest.raises(Unknown, match=message):
        Meanings(small).of(name, EVENT)
