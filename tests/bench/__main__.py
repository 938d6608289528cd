"""`make bench`: ratios measured in one run on one machine, a `name=value` a line; `--quick` leaves the million out.

- `mesa_ratio`: the Mesa engine, which has one thread, over the compiled engine on two
- `mesa_over_python`: the Mesa engine over a bare Python loop that calls the same functions
- `batch_run_ratio`: the same model under Mesa's own `batch_run`, over the compiled engine on two threads
- `floor_ratio`: the compiled engine over a compiled loop of as many draws and exponentials and nothing else
- `microseconds_per_trial_day`, `draws_per_trial_day`, `exponentials_per_trial_day`: of the compiled engine, one thread
- `two_core_efficiency`: trials a second of two workers over twice those of one, ten thousand stored, the engine loaded
- `cost_per_trial_ratio`: seconds a trial of a million trials over those of ten thousand, stored by two workers
- `peak_mb_million`: the most memory that the million's process ever held
- `start_seconds_ratio`: `ceasefire run` of 1,000 trials of 30 days with a warm cache, over `python -c "import numpy"`
- `compile_seconds`: the first compilation into an empty cache
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np

from sim.batch.compiling import kernels
from sim.batch.engine import run_arrays
from sim.conflict import clocks, events, perceive, processes
from sim.conflict.day import day
from sim.draws import address
from sim.ensemble import Results, run
from sim.history.driving import begin_trial
from sim.model import CeasefireModel, mesa
from sim.preparing import Prepared, prepare
from sim.scenario import load

SCENARIO = "idlib-2020-02-11"
TRIALS = 4  # of the engines in Python
COMPILED_TRIALS = 400
FLOOR_DAYS = 20_000
ROUNDS = 3
MILLION, FEW = 1_000_000, 10_000


# --- the contestants --------------------------------------------------------------------------------------------------


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


def with_batch_run(ready: Prepared) -> None:
    """The same trials under Mesa's own runner, which steps once more than it is told."""
    parameters = {"scenario": [ready], "trial": range(TRIALS), "collect": True}
    steps = ready.scenario.horizon_days - 1
    mesa.batch_run(CeasefireModel, parameters, number_processes=1, max_steps=steps, display_progress=False)


def compiled(ready: Prepared) -> None:
    """Many trials of the compiled engine, on one thread, nothing stored."""
    run_arrays(ready, np.arange(COMPILED_TRIALS, dtype=np.int64))


def compiled_twice(ready: Prepared) -> None:
    """The same on each of two threads."""
    threads = [threading.Thread(target=compiled, args=(ready,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- measuring --------------------------------------------------------------------------------------------------------


def quickest(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Seconds of each work in the quickest of some rounds, taken in turn, so that a busy machine counts less."""
    times: list[list[float]] = []
    for _ in range(rounds):
        times.append([])
        for work in works:
            begun = time.perf_counter()
            work()
            times[-1].append(time.perf_counter() - begun)
    return [min(each) for each in zip(*times, strict=True)]


@contextmanager
def counted(modules: tuple[ModuleType, ...], name: str, calls: list[int]) -> Iterator[None]:
    """Count the calls of a function that modules have imported by name."""
    with ExitStack() as stack:
        for module in modules:
            if hasattr(module, name):
                stack.enter_context(patch.object(module, name, _counting(getattr(module, name), calls)))
        yield


def _counting(function: Callable[..., Any], calls: list[int]) -> Callable[..., Any]:
    def counting(*arguments: Any) -> Any:
        calls[0] += 1
        return function(*arguments)

    return counting


def work_per_day(ready: Prepared) -> tuple[float, float]:
    """Draws and exponentials (exp, log, log1p) of a trial-day, counted in the Python loop over the same functions."""
    import sim.draws

    draws, exponentials = [0], [0]
    modules = (clocks, events, perceive, processes, sim.draws)
    with ExitStack() as stack:
        stack.enter_context(counted(modules, "uniform", draws))
        for name in ("exp", "log", "log1p"):
            stack.enter_context(counted(modules, name, exponentials))
        for trial in range(TRIALS):
            with_python(ready, trial)
    trial_days = TRIALS * ready.scenario.horizon_days
    return draws[0] / trial_days, exponentials[0] / trial_days


def floor(draws: float, exponentials: float) -> Callable[[], object]:
    """A compiled loop of as many draws and exponentials as `FLOOR_DAYS` trial-days have."""
    from numba import njit

    uniform, make = kernels().uniform, kernels().Address

    @njit(error_model="numpy")
    def loop(at: Any, days: int, draws: int, exponentials: int) -> float:
        total = 0.0
        for today in range(days):
            for k in range(draws):
                total += uniform(at, today, k, 0)
            for k in range(exponentials):
                total += np.exp(-1e-3 * k - 1e-6 * today)
        return total

    at, scale = make(0, 0, 0, 0), 10  # fractions of a draw: ten days' worth at once
    loop(at, 1, 1, 1)
    return lambda: loop(at, FLOOR_DAYS // scale, round(scale * draws), round(scale * exponentials))


def command(*words: str, **environment: str) -> float:
    """Seconds that a command of this Python takes."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=os.environ | environment)
    return time.perf_counter() - begun


def stored(folder: Path, trials: int, workers: int) -> float:
    """Seconds that it takes here to run and store an ensemble and its summaries."""
    out = folder / f"{trials}-{workers}"
    run(SCENARIO, trials=trials, workers=workers, out=out, progress=False)
    return Results.open(out).manifest.wall_seconds


# A process of its own says what it held: to its parent it would count what that held when it was made.
ALONE = """
import pathlib, sys
from sim.cli import main
main(sys.argv[1:], standalone_mode=False)
status = pathlib.Path("/proc/self/status")
print(status.read_text() if status.exists() else "")
"""


def stored_alone(folder: Path, trials: int) -> tuple[float, float]:
    """Seconds and peak megabytes (nan where Linux does not tell them) of a process that stores an ensemble."""
    out = folder / f"alone-{trials}"
    words = ("run", f"builtin:{SCENARIO}", "--trials", f"{trials}", "--workers", "2", "--no-plots", "--out", f"{out}")
    ended = subprocess.run([sys.executable, "-c", ALONE, *words], check=True, capture_output=True, text=True)
    peak = re.search(r"VmHWM:\s+(\d+) kB", ended.stdout)
    return Results.open(out).manifest.wall_seconds, int(peak[1]) / 1024 if peak else float("nan")


# --- the figures ------------------------------------------------------------------------------------------------------


def engines() -> Iterator[tuple[str, float]]:
    """Mesa, bare Python and compiled engine, side by side."""
    ready = prepare(load(SCENARIO))
    compiled(ready)
    days = ready.scenario.horizon_days
    draws, exponentials = work_per_day(ready)
    mesa_time, python_time, runner_time, both_time = quickest(
        ROUNDS,
        lambda: [with_mesa(ready, trial) for trial in range(TRIALS)],
        lambda: [with_python(ready, trial) for trial in range(TRIALS)],
        lambda: with_batch_run(ready),
        lambda: compiled_twice(ready),
    )
    own_time, floor_time = quickest(10 * ROUNDS, lambda: compiled(ready), floor(draws, exponentials))
    a_day, own_days = TRIALS * days, COMPILED_TRIALS * days
    yield "mesa_ratio", mesa_time / a_day / (both_time / (2 * own_days))
    yield "mesa_over_python", mesa_time / python_time
    yield "batch_run_ratio", runner_time / a_day / (both_time / (2 * own_days))
    yield "floor_ratio", own_time / own_days / (floor_time / FLOOR_DAYS)
    yield "microseconds_per_trial_day", own_time / own_days * 1e6
    yield "draws_per_trial_day", draws
    yield "exponentials_per_trial_day", exponentials


def start(folder: Path) -> float:
    """`ceasefire run` of 1,000 trials of 30 days with a warm cache, over `python -c "import numpy"`."""
    run = f"-m sim run builtin:{SCENARIO} --trials 1000 --days 30 --workers 1 --no-plots --out".split()
    rounds = range(ROUNDS + 1)
    warm, bare = zip(
        *((command(*run, f"{folder / str(k)}"), command("-c", "import numpy")) for k in rounds), strict=True
    )
    return min(warm) / min(bare)


def ensembles(million: bool) -> Iterator[tuple[str, float]]:
    """Start, workers, compilation and the million."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield "start_seconds_ratio", start(folder)
        times = [(stored(folder / f"{k}", FEW, 1), stored(folder / f"{k}", FEW, 2)) for k in range(ROUNDS)]
        one, two = (min(each) for each in zip(*times, strict=True))
        yield "two_core_efficiency", one / (2 * two)
        compile_only = "from sim.batch.compiling import kernels; kernels()"
        yield "compile_seconds", command("-c", compile_only, CEASEFIRE_CACHE=f"{folder / 'cache'}")
        if million:
            few, _ = stored_alone(folder, FEW)
            many, peak = stored_alone(folder, MILLION)
            yield "cost_per_trial_ratio", many / MILLION / (few / FEW)
            yield "peak_mb_million", peak


if __name__ == "__main__":
    for source in (engines(), ensembles("--quick" not in sys.argv)):
        for name, value in source:
            print(f"{name}={value:.3g}", flush=True)
