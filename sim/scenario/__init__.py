"""What a scenario file may say, and how it is read: shape, positions, inheritance, checks, numbers."""

from __future__ import annotations

from sim.scenario.loading import load
from sim.scenario.reading import builtin_names

__all__ = ["builtin_names", "load"]
