"""A scenario made ready to run for one parameter set; both engines begin here."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sim.history.driving import Origin, origin_of
from sim.scenario.compiling import Compiled, compile_scenario
from sim.scenario.numbers import fix, values_of_set
from sim.scenario.schema import Scenario
from sim.trajectory import Decoder


@dataclass(frozen=True)
class Prepared:
    """A scenario ready to run for one parameter set: its plain numbers, tables, and state at the origin."""

    scenario: Scenario
    compiled: Compiled
    origin: Origin
    decoder: Decoder
    seed: int
    set_index: int


KEPT = 8  # chunks of one parameter set come one after another, and threads may be at different ones
_kept: list[Prepared] = []
_sources: list[Scenario] = []
_lock = threading.Lock()


def prepared(scenario: Scenario, seed: int, set_index: int) -> Prepared:
    """As `prepare`, but what was made ready lately is not made again; threads share it."""
    with _lock:
        for source, ready in zip(_sources, _kept, strict=True):
            if source is scenario and (ready.seed, ready.set_index) == (seed, set_index):
                return ready
        _kept.append(prepare(scenario, seed, set_index))
        _sources.append(scenario)
        del _kept[:-KEPT], _sources[:-KEPT]
        return _kept[-1]


def prepare(scenario: Scenario, seed: int | None = None, set_index: int = 0) -> Prepared:
    """Fix the numbers of a parameter set (medians where the scenario has one set), compile, drive to the origin."""
    seed = scenario.ensemble.seed if seed is None else seed
    values = None if scenario.ensemble.sets == 1 else values_of_set(scenario, set_index, seed)
    fixed = fix(scenario, values)
    compiled = compile_scenario(fixed)
    return Prepared(fixed, compiled, origin_of(fixed, compiled), Decoder(fixed, compiled), seed, set_index)
