from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario import load
from sim.scenario.schema import Scenario
from tests.ensemble.fake import SCENARIO


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    path = tmp_path / "fence.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


@pytest.fixture
def scenario(scenario_file: Path) -> Scenario:
    return load(scenario_file)
