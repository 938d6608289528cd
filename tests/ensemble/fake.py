"""Engines for tests: they obey the face of an engine and know no conflict."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sim.errors import InputError
from sim.scenario.schema import Scenario

SCENARIO = """
name: fence
about: Two states and a fence, for tests.
origin: 2021-03-01
horizon_days: 5
actors:
  north: {name: North, kind: state}
  south: {name: South, kind: state}
agreement: {name: the fence, parties: [north, south]}
fighting:
  between: [north, south]
  regimes:
    quiet: {mean: 1, size: 1}
    offensive: {mean: 20, size: 1}
ladder: {0: calm, 4: raid}
events:
  raid: {name: raid, rung: 4, effects: [{fire: true}]}
  patrol: {name: patrol}
rules:
  raid: {about: North raids., rule: R1, actor: north, target: south, event: raid, rate: 0.1, basis: {assumed: [tests]}}
  patrol: {actor: south, target: north, event: patrol, rate: 0.5, basis: {assumed: [tests]}}
outcomes:
  broken: {count: event.raid, at_least: 1, headline: true}
  calm: {not: broken}
sources: {tests: invented for tests}
"""


@dataclass(frozen=True)
class FakeEvent:
    day: int
    rule: str
    event: str = "raid"
    by: str = "north"
    against: str = "south"
    phase: str = "initiative"
    time: float = 0.5
    place: str | None = None
    post: str | None = None
    void: bool = False
    marks: dict[str, float] = field(default_factory=dict)
    hazard: float = 0.1
    factors: tuple[()] = ()


@dataclass(frozen=True)
class FakeTrajectory:
    row: dict[str, Any]
    daily: dict[str, list[float]]
    events: list[FakeEvent]


def trajectory(scenario: Scenario, seed: int, set_index: int, trial: int) -> FakeTrajectory:
    """A trial that depends on its address and on whether the rule `raid` is on, and on nothing else."""
    dice = Random(f"{seed}/{set_index}/{trial}")
    deaths = [float(dice.randrange(30)) for _ in range(scenario.horizon_days)]
    tension = [dice.random() / 3 for _ in deaths]
    broken = dice.choice([None, 1, 2, 3]) if scenario.rules["raid"].enabled else None
    events = [FakeEvent(1, "patrol", "patrol", "south", "north", marks={"seen": dice.random()})]
    if broken is not None:
        events.append(FakeEvent(broken, "raid", marks={"killed": 2.0}))
    row = {
        "set": set_index,
        "trial": trial,
        "breakdown_day": broken,
        "observed_days": scenario.horizon_days,
        "broken_day": broken,
        "calm_day": None if broken == 1 else 1,
        "first_mover_actor": "north" if broken else None,
        "agreement_effective": None if trial % 2 else True,
        "deaths": sum(deaths) / 7,
        "error": None,
    }
    return FakeTrajectory(row, {"deaths": deaths, "tension.north": tension}, events)


def simulate(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    for trial in trials:
        yield trajectory(scenario, seed, set_index, trial)


def other(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    """As after an edit of the model: the same addresses, other luck."""
    return simulate(scenario, seed + 1, set_index, trials, keep_events)


def slow(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    for trial in trials:
        time.sleep(0.02)
        yield trajectory(scenario, seed, set_index, trial)


def failing(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    for trial in trials:
        if trial % 10 == 3:
            raise ZeroDivisionError(f"trial {trial} divides by zero")
        yield trajectory(scenario, seed, set_index, trial)


def hopeless(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    yield from ()
    raise ValueError("nothing works")


def lazy(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    """Gives fewer results than asked."""
    return simulate(scenario, seed, set_index, list(trials)[:-1], keep_events)


def refusing(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    yield from ()
    raise InputError("rule raid cannot be compiled")


def dying(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    for trial in trials:
        if trial == 25:
            os._exit(3)
        yield trajectory(scenario, seed, set_index, trial)


def interrupted(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[FakeTrajectory]:
    """Ctrl-C at trial 25, until a file called `go` stands in the current folder."""
    for trial in trials:
        if trial == 25 and not Path("go").exists():
            raise KeyboardInterrupt
        yield trajectory(scenario, seed, set_index, trial)


def hear_ctrl_c() -> None:
    """For a new process: hear Ctrl-C again, where whoever started the tests was told to ignore it (`pytest ... &`)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
