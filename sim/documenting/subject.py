"""What a page is about: a scenario, compiled and driven to its origin."""

from __future__ import annotations

from dataclasses import dataclass

from sim.history.driving import Origin, origin_of
from sim.scenario import load
from sim.scenario.compiling import Compiled, compile_scenario
from sim.scenario.numbers import fix
from sim.scenario.schema import Scenario


@dataclass(frozen=True)
class Subject:
    """A scenario as it is written, with every number at its median, compiled, and on the eve of its origin."""

    scenario: Scenario
    fixed: Scenario
    compiled: Compiled
    origin: Origin


def subject(source: str) -> Subject:
    """The subject of a scenario's file or name."""
    scenario = load(source)
    fixed = fix(scenario)
    compiled = compile_scenario(fixed)
    return Subject(scenario, fixed, compiled, origin_of(fixed, compiled))
