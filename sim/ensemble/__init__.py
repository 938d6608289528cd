"""Ensembles: plan, run, stop, store, resume, read; sweeps over settings, futures from one past."""

from __future__ import annotations

from sim.ensemble.branching import Branches, branch
from sim.ensemble.engines import ENGINES, Engine
from sim.ensemble.plan import Plan
from sim.ensemble.results import Results, rerun
from sim.ensemble.running import default_folder, run
from sim.ensemble.sweeping import Sweep, sweep

__all__ = [
    "ENGINES",
    "Branches",
    "Engine",
    "Plan",
    "Results",
    "Sweep",
    "branch",
    "default_folder",
    "rerun",
    "run",
    "sweep",
]
