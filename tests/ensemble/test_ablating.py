from __future__ import annotations

from pathlib import Path

import pytest

from sim.ensemble.ablating import ablate, without
from sim.ensemble.exploring import Question
from sim.errors import InputError
from tests.ensemble.studied import fence, named


def test_each_rule_off_in_turn_in_closed_form(tmp_path: Path) -> None:
    """Without `raid` the half that broke no longer does, and another quarter does; `patrol` does nothing."""
    question = Question.of(fence(tmp_path), engine=named("raided"), workers=1, progress=False)
    table = ablate(question, sets=10, trials=20, out=tmp_path / "study")["ablation"]
    raid, patrol = (
        table[(table["rule"] == name) & (table["outcome"] == "broken")].iloc[0] for name in ("raid", "patrol")
    )
    assert (raid["before"], raid["after"], raid["difference"]) == (0.5, 0.25, -0.25)
    assert (raid["gained"], raid["lost"], raid["pairs"]) == (50, 100, 200)
    assert raid["mc_low"] < -0.25 < raid["mc_high"] < 0
    assert raid["range_low"] == pytest.approx(-0.25) == raid["range_high"]
    assert (raid["about"], raid["basis"]) == ("North raids.", "assumed")
    assert (patrol["difference"], patrol["gained"], patrol["lost"]) == (0, 0, 0)
    assert patrol["mc_low"] < 0 < patrol["mc_high"]


def test_the_asked_outcome_and_the_largest_differences_come_first(tmp_path: Path) -> None:
    question = Question.of(fence(tmp_path), outcome="calm", engine=named("raided"), workers=1, progress=False)
    table = ablate(question, sets=2, trials=8, out=tmp_path / "study")["ablation"]
    assert table[["outcome", "rule"]].to_numpy().tolist() == [
        ["calm", "raid"],
        ["calm", "patrol"],
        ["broken", "raid"],
        ["broken", "patrol"],
    ]


def test_by_an_early_day_nothing_has_come(tmp_path: Path) -> None:
    question = Question.of(fence(tmp_path), day=2, engine=named("raided"), workers=1, progress=False)
    table = ablate(question, sets=2, trials=8, out=tmp_path / "study")["ablation"]
    assert table[table["outcome"] == "broken"][["before", "after"]].to_numpy().tolist() == [[0, 0], [0, 0]]


def test_rules_that_are_off_are_not_switched_off_again(tmp_path: Path) -> None:
    scenario = without(fence(tmp_path), "raid")
    assert not scenario.rules["raid"].enabled and scenario.rules["patrol"].enabled
    question = Question.of(scenario, engine=named("raided"), workers=1, progress=False)
    table = ablate(question, sets=2, trials=8, out=tmp_path / "study")["ablation"]
    assert set(table["rule"]) == {"patrol"}
    with pytest.raises(InputError, match="no rule that is on"):
        ablate(Question.of(without(scenario, "patrol"), engine=named("raided")), out=tmp_path / "none")
