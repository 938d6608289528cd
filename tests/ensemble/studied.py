"""Engines of known answers for tests of studies: what a trial comes to is arithmetic on its address and the numbers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from sim.scenario import Scenario, load
from tests.ensemble.fake import SCENARIO, FakeEvent, FakeTrajectory

TRIALS = 50
PARAMETERS = """parameters:
  x1: {value: {dist: uniform, low: -3.141592653589793, high: 3.141592653589793}, basis: {assumed: [tests]}}
  x2: {value: {dist: uniform, low: -3.141592653589793, high: 3.141592653589793}, basis: {coded: [tests]}}
  x3: {value: {dist: uniform, low: -3.141592653589793, high: 3.141592653589793}}
"""
X1, X2, X3 = (f"parameters.x{k}.value" for k in (1, 2, 3))

Decide = Callable[[Scenario, list[float], int, int], bool]


def fence(folder: Path, more: str = PARAMETERS, name: str = "fence") -> Scenario:
    """The fence with three uncertain numbers, none of which its rules read."""
    path = folder / f"{name}.yaml"
    path.write_text(SCENARIO.replace("name: fence", f"name: {name}") + more, encoding="utf-8")
    return load(path)


def numbers(scenario: Scenario, set_index: int) -> list[float]:
    """The three numbers: as fixed, else those of the parameter set."""
    from sim.scenario.numbers import fix, values_of_set

    if any(not isinstance(p.value, float) for p in scenario.parameters.values()):
        scenario = fix(scenario, values_of_set(scenario, set_index, scenario.ensemble.seed))
    return [float(p.value) for p in scenario.parameters.values() if isinstance(p.value, float)]


def _engine(decide: Decide) -> Callable[..., Iterator[FakeTrajectory]]:
    def simulate(
        scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
    ) -> Iterator[FakeTrajectory]:
        x = numbers(scenario, set_index)
        for trial in trials:
            yield lived(scenario, set_index, trial, decide(scenario, x, set_index, trial))

    return simulate


def lived(scenario: Scenario, set_index: int, trial: int, broken: bool) -> FakeTrajectory:
    """A trial that breaks on its third day, by a raid, or not at all."""
    events = [FakeEvent(1, "patrol", "patrol", "south", "north")]
    events += [FakeEvent(3, "raid", marks={"killed": 2.0})] if broken else []
    day = 3 if broken else None
    row: dict[str, Any] = {"set": set_index, "trial": trial, "breakdown_day": day, "broken_day": day}
    row |= {"calm_day": None if broken else 1, "observed_days": scenario.horizon_days, "deaths": 0.0, "error": None}
    row |= {"worst_level": "hold", "terminal_status": "hold"}
    zeros = [0.0] * scenario.horizon_days
    return FakeTrajectory(row, {"deaths": zeros, "deaths_7d": zeros, "regime": zeros}, events)


def share(value: float, trial: int) -> bool:
    """True in a share `value` of `TRIALS` trials, to the nearest one."""
    return trial < round(TRIALS * value)


def _ishigami(scenario: Scenario, x: list[float], set_index: int, trial: int) -> bool:
    """Ishigami & Homma (1990): sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1, brought from [-10.75, 17.75] to [0, 1]."""
    x1, x2, x3 = x
    value = math.sin(x1) + 7 * math.sin(x2) ** 2 + 0.1 * x3**4 * math.sin(x1)
    return share((value + 10.75) / 28.5, trial)


def _linear(scenario: Scenario, x: list[float], set_index: int, trial: int) -> bool:
    """0.5 + 0.4 x1 / pi: one number counts, the others do not."""
    return share(0.5 + 0.4 * x[0] / math.pi, trial)


def _half(scenario: Scenario, x: list[float], set_index: int, trial: int) -> bool:
    """Even sets break in 20 % of trials, odd ones in 80 %."""
    return share(0.8 if set_index % 2 else 0.2, trial)


def _raided(scenario: Scenario, x: list[float], set_index: int, trial: int) -> bool:
    """With the rule `raid` half of the trials break; without it the last quarter does instead."""
    return trial % 4 < 2 if scenario.rules["raid"].enabled else trial % 4 == 3


def _turning(scenario: Scenario, x: list[float], set_index: int, trial: int) -> bool:
    """Half of the trials break; without the rule `raid`, up to 40 points more or fewer, as x1 says."""
    change = 0.0 if scenario.rules["raid"].enabled else 0.4 * x[0] / math.pi
    return share(0.5 + change, trial)


def _stopping(scenario: Scenario, x: list[float], set_index: int, trial: int) -> bool:
    """Ctrl-C in the eighth set, until a file called `go` stands in the current folder."""
    if set_index == 7 and not Path("go").exists():
        raise KeyboardInterrupt
    return _half(scenario, x, set_index, trial)


def _slow(scenario: Scenario, x: list[float], set_index: int, trial: int) -> bool:
    time.sleep(0.001)
    return _half(scenario, x, set_index, trial)


def _flat(scenario: Scenario, x: list[float], set_index: int, trial: int) -> bool:
    """Every second trial breaks, whatever the numbers."""
    return trial % 2 == 0


ishigami, linear, half, raided, turning, stopping, slow, flat = map(
    _engine, (_ishigami, _linear, _half, _raided, _turning, _stopping, _slow, _flat)
)


def named(name: str) -> str:
    """The address of an engine of this module."""
    return f"tests.ensemble.studied:{name}"
