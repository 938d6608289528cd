"""Ensembles: plan, run, stop, store, resume, read."""

from __future__ import annotations

from sim.ensemble.engines import ENGINES, Engine
from sim.ensemble.plan import Plan
from sim.ensemble.results import Results, rerun
from sim.ensemble.running import default_folder, run

__all__ = ["ENGINES", "Engine", "Plan", "Results", "default_folder", "rerun", "run"]
