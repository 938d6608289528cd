"""One scenario in all engines, and where they differ: in which trial, on which day, in which number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim import model
from sim.batch import engine
from sim.batch.compiling import kernels
from sim.batch.translating import pack
from sim.conflict import state as st
from sim.conflict.day import day
from sim.draws import address
from sim.history.driving import begin_trial
from sim.model import CeasefireModel
from sim.preparing import Prepared
from sim.scenario.schema import Scenario
from sim.trajectory import Event, Trajectory

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lived:
    """A trial as an engine has lived it: the whole state at the end of each day (days, states), and its events."""

    states: Floats
    events: list[Event]


def log_of(ready: Prepared) -> list[float]:
    """Room for the log of a trial, in which on no day more can happen than there are clocks."""
    c = ready.compiled.tables
    rows = len(c.clocks) + c.n_interventions + c.n_places + 1
    return [0.0] * (rows * ready.scenario.horizon_days * ready.decoder.log_width)


def in_python(ready: Prepared, trial: int) -> Lived:
    """A bare loop over days, on lists."""
    at = address(ready.seed, ready.set_index, trial)
    state, log = begin_trial(ready.origin, ready.compiled, at), log_of(ready)
    states = []
    for _ in range(ready.scenario.horizon_days):
        day(state, ready.compiled.tables, at, log)
        states.append(list(state))
        if state[st.ENDED] != 0.0:
            break
    return Lived(np.array(states), ready.decoder.events(log, int(state[st.LOGGED])))


def in_mesa(ready: Prepared, trial: int) -> Lived:
    """The reference engine."""
    run = CeasefireModel(ready, trial=trial, collect=False)
    states = []
    while run.running:
        run.step()
        states.append(list(run.state))
    return Lived(np.array(states), run.events())


def compiled(ready: Prepared, trials: Sequence[int]) -> list[Lived]:
    """The compiled kernel, told to watch every number of the state."""
    n, days, size = len(trials), ready.scenario.horizon_days, ready.compiled.tables.n_state
    ci, cf = pack(ready.compiled.tables)
    at, log = address(ready.seed), log_of(ready)
    states, logs = np.empty((n, days, size + 1)), np.zeros((n, len(log)))
    kernels().run_trials(
        ci, cf, np.array(ready.origin.state), np.array(ready.origin.beginnings), ready.origin.fragile, at.low, at.high,
        ready.set_index, np.array(trials, dtype=np.int64), days, np.arange(size), np.arange(0),
        np.empty((n, size)), np.empty(n), np.empty(n, dtype=np.int64), states, logs, np.arange(n),
    )  # fmt: skip
    lived = [states[k][~np.isnan(states[k, :, st.DAY]), :size] for k in range(n)]  # nan after an early end
    logged = [int(own[-1, st.LOGGED]) for own in lived]
    return [Lived(lived[k], ready.decoder.events(logs[k].tolist(), logged[k])) for k in range(n)]


def differences(ready: Prepared, one: Lived, two: Lived) -> Iterator[str]:
    """Every number of the state (on the first day on which any differs), and the first event, that are not equal."""
    if len(one.states) != len(two.states):
        yield f"{len(one.states)} and {len(two.states)} days"
        return
    own = slice(0, ready.compiled.tables.weights)  # what follows is scratch: engines may ask rules in another order
    differ = one.states[:, own].copy().view(np.int64) != two.states[:, own].copy().view(np.int64)
    for first in np.flatnonzero(differ.any(axis=1))[:1]:
        for k in np.flatnonzero(differ[first]):
            yield f"day {first + 1}: {section(ready, int(k))}: {one.states[first, k]!r} and {two.states[first, k]!r}"
    for left, right in zip(one.events, two.events, strict=False):
        if left != right:
            yield f"{left} and {right}"
            return
    if len(one.events) != len(two.events):
        yield f"{len(one.events)} and {len(two.events)} events"


def section(ready: Prepared, number: int) -> str:
    """The section of the state in which a number stands."""
    begins = {k: name for name, k in ready.decoder.layout.at.items() if k <= number}
    return f"{begins[max(begins)]}+{number - max(begins)}" if begins else f"world[{number}]"


def trajectories(scenario: Scenario, trials: Sequence[int], seed: int = 0, set_index: int = 0) -> Iterator[Any]:
    """Pairs of a trial's trajectory, of the Mesa engine and of the compiled one."""
    mesa: Iterator[Trajectory] = model.simulate(scenario, seed, set_index, trials, trials)
    batch: Iterator[Trajectory] = engine.simulate(scenario, seed, set_index, trials, trials)
    return zip(mesa, batch, strict=True)
