"""A scenario made ready to run for one parameter set; both engines begin here."""

from __future__ import annotations

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


class _Last:
    """The scenario made ready last: chunks of one parameter set come one after another.

    One attribute, so that no thread reads one scenario's key with another's tables.
    """

    made: tuple[Scenario, int, int, Prepared] | None = None


def prepared(scenario: Scenario, seed: int, set_index: int) -> Prepared:
    """As `prepare`, but what was made ready last is not made again."""
    last = _Last.made
    if last is not None and last[0] is scenario and last[1:3] == (seed, set_index):
        return last[3]
    ready = prepare(scenario, seed, set_index)
    _Last.made = (scenario, seed, set_index, ready)
    return ready


def prepare(scenario: Scenario, seed: int | None = None, set_index: int = 0) -> Prepared:
    """Fix the numbers of a parameter set (medians where the scenario has one set), compile, drive to the origin."""
    seed = scenario.ensemble.seed if seed is None else seed
    values = None if scenario.ensemble.sets == 1 else values_of_set(scenario, set_index, seed)
    fixed = fix(scenario, values)
    compiled = compile_scenario(fixed)
    return Prepared(fixed, compiled, origin_of(fixed, compiled), Decoder(fixed, compiled), seed, set_index)
