from __future__ import annotations

import re
from pathlib import Path

from sim.scenario.loading import load
from sim.scenario.skeleton import skeleton


def test_it_loads_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(skeleton("mine"), encoding="utf-8")
    assert load(path).name == "mine"


def test_its_examples_load_too(tmp_path: Path) -> None:
    """Every commented line of YAML, with the # taken away, is right."""
    lines = skeleton("mine").splitlines()
    taken = [re.sub(r"^# (?=(  |\w+:\n|\w+:$))", "", line) for line in lines]
    assert taken != lines
    path = tmp_path / "mine.yaml"
    path.write_text("\n".join(taken), encoding="utf-8")
    scenario = load(path)
    assert {"early_meeting", "calm_when_it_burns"} <= set(scenario.interventions)
    assert "bloody_month" in scenario.outcomes
    assert not scenario.rules["raid"].enabled


def test_it_names_itself() -> None:
    assert "name: mine\n" in skeleton("mine")
    assert "ceasefire run mine.yaml" in skeleton("mine")
