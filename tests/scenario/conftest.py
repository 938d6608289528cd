"""A small scenario that uses every section of the language once, and ways to change its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario.loading import load
from sim.scenario.schema import Scenario

SMALL = Path(__file__).with_name("small.yaml")


@pytest.fixture(scope="session")
def text() -> str:
    """The text of the small scenario."""
    return SMALL.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def small() -> Scenario:
    """The small scenario."""
    return load(SMALL)
