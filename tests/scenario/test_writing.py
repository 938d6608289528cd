from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.scenario.laws import Normal, Uniform
from sim.scenario.loading import load
from sim.scenario.numbers import Reference
from sim.scenario.reading import shipped_folder
from sim.scenario.schema import Parameter, Scenario
from sim.scenario.writing import digest, json_schema, plain, to_yaml
from tests.scenario.conftest import SMALL


def again(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario written and loaded."""
    path = folder / "again.yaml"
    path.write_text(to_yaml(scenario), encoding="utf-8")
    return load(path)


def test_written_scenarios_load_to_equal_ones(small: Scenario, tmp_path: Path) -> None:
    loaded = again(small, tmp_path)
    assert loaded == small
    assert to_yaml(loaded) == to_yaml(small)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn", "Zl", "Zp")), max_size=30)
WORDS = st.sampled_from(
    ["yes", "no", "on", "null", "~", "1", "1e3", "010", "2020-01-01", "$x", "a: b", "- a", "#", ".inf"]
)


@settings(max_examples=20, deadline=None)
@given(about=TEXTS | WORDS, value=st.floats(-1e6, 1e6), name=TEXTS | WORDS)
def test_any_text_and_number_survives(
    tmp_path_factory: pytest.TempPathFactory, about: str, value: float, name: str
) -> None:
    base = load(SMALL)
    parameters = {**base.parameters, "drawn": Parameter(value=value)}
    changed = base.model_copy(update={"about": about, "name": name, "parameters": parameters})
    assert again(changed, tmp_path_factory.mktemp("w")) == changed


def test_every_default_is_written(small: Scenario) -> None:
    data = plain(small)
    assert data["defaults"]["rung_half_life_days"] == 20.0
    assert data["rules"]["answer"]["within_days"] == 1


def test_plain_writes_numbers_as_in_the_file() -> None:
    assert plain(Reference("x")) == "$x"
    assert plain([Uniform(1, 2)]) == [{"dist": "uniform", "low": 1, "high": 2}]
    assert plain({"a": Normal(0, 1)}) == {"a": {"dist": "normal", "mean": 0, "sd": 1}}


def test_digest_is_of_the_content(small: Scenario, tmp_path: Path) -> None:
    assert digest(small) == digest(again(small, tmp_path))
    assert len(digest(small)) == 64
    assert digest(load(SMALL, {"horizon_days": "31"})) != digest(small)
    assert digest(load(SMALL, {"ensemble.trials": "7"})) == digest(small), "the plan is no part of the scenario"


# --- JSON Schema -----------------------------------------------------------------------------------------------------


def faults(data: Any) -> list[str]:
    """What the JSON Schema finds wrong."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(as_json(data))]


def as_json(value: Any) -> Any:
    """Plain data as JSON has it: dates and keys are text."""
    if isinstance(value, dict):
        return {str(key): as_json(child) for key, child in value.items()}
    if isinstance(value, list):
        return [as_json(child) for child in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def data_of(path: Path) -> Any:
    """A file's own data, without what it extends."""
    from sim.scenario.nodes import parse_yaml

    root, problems = parse_yaml(path.read_text(encoding="utf-8"), str(path))
    assert root is not None
    assert not problems
    return root.plain()


def test_schema_is_json() -> None:
    assert json.loads(json.dumps(json_schema()))["title"] == "Scenario"


def test_schema_accepts_what_is_written(small: Scenario) -> None:
    assert faults(data_of(SMALL)) == []
    assert faults(plain(small)) == []


@pytest.mark.parametrize("path", sorted([*shipped_folder().glob("*.yaml"), *shipped_folder().glob("models/*.yaml")]))
def test_schema_accepts_the_shipped_files(path: Path) -> None:
    assert faults(data_of(path)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"horizn_days": 3},
        {"horizon_days": "thirty"},
        {"rules": {"x": {"rate": {"dist": "unifrom"}}}},
        {"rules": {"x": {"rte": 1}}},
        {"rules": {"X": {}}},
        {"actors": {"x": {"kind": "stat"}}},
    ],
)
def test_schema_refuses_what_is_wrong(change: dict[str, Any]) -> None:
    assert faults({"extends": "a.yaml", **change})


def test_schema_lets_extending_files_be_partial() -> None:
    assert faults({"extends": "a.yaml", "rules": {"x": {"rate": 1}, "y": None}}) == []
    assert faults({"name": "x"}), "but a whole scenario must be whole"
