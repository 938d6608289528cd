"""What is shipped: every scenario loads, rests on stated bases, leaves nothing loose, and survives being written."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario import builtin_names, digest, load, loose_ends, missing_bases, to_yaml


@pytest.mark.parametrize("name", builtin_names())
def test_shipped_scenarios(name: str, tmp_path: Path) -> None:
    scenario = load(name)
    assert missing_bases(scenario) == []
    assert loose_ends(scenario) == []
    path = tmp_path / "again.yaml"
    path.write_text(to_yaml(scenario), encoding="utf-8")
    again = load(path)
    assert again == scenario
    assert digest(again) == digest(scenario)


def test_there_are_shipped_scenarios() -> None:
    assert "idlib-2020-02-11" in builtin_names()


def test_no_two_are_the_same() -> None:
    digests = [digest(load(name)) for name in builtin_names()]
    assert len(set(digests)) == len(digests)
