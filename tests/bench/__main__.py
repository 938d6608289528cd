"""`make bench`: ratios measured in one run on one machine, a `name=value` a line.

- `mesa_microseconds_per_trial_day`: the Mesa engine without its DataCollector, as ensembles run it
- `mesa_over_python`: its time over that of a bare Python loop that calls the same functions on the same trials
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sim.conflict.day import day
from sim.draws import address
from sim.history.driving import begin_trial
from sim.model import CeasefireModel
from sim.preparing import Prepared, prepare
from sim.scenario import load

SCENARIO = "idlib-2020-02-11"
TRIALS = 5
ROUNDS = 3


def with_mesa(ready: Prepared, trial: int) -> list[float]:
    """The last state of a trial of the Mesa engine."""
    model = CeasefireModel(ready, trial=trial, collect=False)
    while model.day < ready.scenario.horizon_days:
        model.step()
    return model.state


def with_python(ready: Prepared, trial: int) -> list[float]:
    """The last state of the same trial, by the day alone."""
    at = address(ready.seed, ready.set_index, trial)
    state = begin_trial(ready.origin, ready.compiled, at)
    log = [0.0] * len(CeasefireModel(ready, trial=trial, collect=False).log)
    for _ in range(ready.scenario.horizon_days):
        day(state, ready.compiled.tables, at, log)
    return state


def seconds(engine: Callable[[Prepared, int], object], ready: Prepared) -> float:
    """The quickest of some rounds over the same trials, so that a busy machine counts less."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for trial in range(TRIALS):
            engine(ready, trial)
        times.append(time.perf_counter() - begun)
    return min(times)


def measure() -> dict[str, float]:
    """All figures, by name."""
    ready = prepare(load(SCENARIO))
    mesa, python = seconds(with_mesa, ready), seconds(with_python, ready)
    trial_days = TRIALS * ready.scenario.horizon_days
    return {"mesa_microseconds_per_trial_day": 1e6 * mesa / trial_days, "mesa_over_python": mesa / python}


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}={value:.3g}")
