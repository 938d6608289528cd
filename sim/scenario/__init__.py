"""What a scenario file may say, and how it is read: shape, positions, inheritance, checks, numbers."""

from __future__ import annotations

from sim.scenario.auditing import loose_ends, missing_bases
from sim.scenario.loading import load
from sim.scenario.reading import builtin_names
from sim.scenario.schema import Scenario
from sim.scenario.skeleton import skeleton
from sim.scenario.writing import digest, json_schema, to_yaml

__all__ = [
    "Scenario",
    "builtin_names",
    "digest",
    "json_schema",
    "load",
    "loose_ends",
    "missing_bases",
    "skeleton",
    "to_yaml",
]
