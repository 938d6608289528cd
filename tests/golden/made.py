"""What the golden files hold: the state at each shipped origin, and how a few trials of each scenario ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.history import origin_of, origin_summary
from sim.model import simulate
from sim.scenario import builtin_names, load
from sim.scenario.compiling import compile_scenario
from sim.scenario.numbers import fix

FOLDER = Path(__file__).parent
TRIALS = range(2)


def runnable() -> list[str]:
    """The shipped scenarios that are more than templates."""
    return [name for name in builtin_names() if "/" not in name]


def origins() -> dict[str, Any]:
    """The state at the origin of each shipped scenario, distributions at their medians."""
    states = {}
    for name in runnable():
        fixed = fix(load(f"builtin:{name}"))
        compiled = compile_scenario(fixed)
        states[name] = origin_summary(fixed, compiled, origin_of(fixed, compiled))
    return states


def trials() -> dict[str, Any]:
    """The rows of the first trials of set 1, whose numbers are not medians."""
    rows = {}
    for name in runnable():
        loaded = load(f"builtin:{name}", {"ensemble.sets": "2", "horizon_days": "60"})
        rows[name] = [rounded(trial.row) for trial in simulate(loaded, 7, 1, TRIALS)]
    return rows


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Numbers to six digits: other processors may differ in the last bits."""
    return {key: float(f"{value:.6g}") if isinstance(value, float) else value for key, value in row.items()}


def text(value: Any) -> str:
    """As it is written to the file."""
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


MADE: dict[str, Callable[[], Any]] = {"origins": origins, "trials": trials}
