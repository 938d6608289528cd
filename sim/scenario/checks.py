"""What a well-shaped scenario may still get wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sim.errors import Problem
from sim.scenario.places import Where
from sim.scenario.schema import Scenario


def check(scenario: Scenario, where: Where, faulty: Iterable[tuple[Any, ...]] = ()) -> list[Problem]:
    """Every problem of meaning in a scenario."""
    return []
