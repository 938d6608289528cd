"""Deaths in the weeks after each origin, simulated: the state driven to the origin, then free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.analysis.dice import uniforms
from sim.analysis.forecasts import WEEK, weekly
from sim.backtesting.cases import Change
from sim.backtesting.driving import filtered, live
from sim.backtesting.parameters import Parameters
from sim.batch.compiling import kernels
from sim.batch.engine import run_arrays
from sim.draws import stream
from sim.history.driving import Origin
from sim.preparing import Prepared
from sim.scenario.compiling import compile_scenario
from sim.scenario.numbers import fix
from sim.scenario.schema import Scenario
from sim.trajectory import Decoder

Driven = tuple[Prepared, Mapping[dt.date, Origin]]
Counts = npt.NDArray[np.int32]
Told = Callable[[int], object]  # how many more runs of one origin and parameter set are done


def weekly_deaths(
    scenario: Scenario, parameters: Parameters, origins: Sequence[dt.date], trials: int, seed: int,
    workers: int = 1, finish: Change = lambda fixed: fixed, told: Told = lambda runs: None,
) -> Counts:  # fmt: skip
    """Deaths in each whole week after each origin (origins, trials, weeks), of all parameter sets together.

    Set k takes the k-th part of the trials. Origins have luck of their own, which every forecaster shares; threads
    share the work and change no bit.
    """
    found = np.zeros((len(origins), trials, scenario.horizon_days // WEEK), np.int32)
    place = {origin: k for k, origin in enumerate(origins)}
    kernels()  # once, before the threads ask for them
    with threads(workers) as pool:
        for group in _groups(parameters, origins):
            fixed = [finish(one) for one in _fixed(scenario, parameters, group, trials, seed)]
            parts = np.array_split(np.arange(trials), len(fixed))
            jobs = [partial(_run, found, place, seed, k, parts[k], one) for k, one in enumerate(_ready(fixed, group))]
            for runs in pool.map(lambda job: job(), jobs):
                told(runs)
    return found


def runs_of(origins: Sequence[dt.date], sets: int, trials: int) -> int:
    """How many runs of one origin and one parameter set there will be."""
    return len(origins) * min(sets, trials)


@contextmanager
def threads(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that finish what they run, and begin nothing more, when the main one is interrupted."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _groups(parameters: Parameters, origins: Sequence[dt.date]) -> list[list[dt.date]]:
    """The origins whose parameter sets rest on the same data."""
    groups: dict[dt.date | None, list[dt.date]] = {}
    for origin in origins:
        groups.setdefault(parameters.learnt(origin), []).append(origin)
    return list(groups.values())


def _fixed(
    scenario: Scenario, parameters: Parameters, group: Sequence[dt.date], trials: int, seed: int
) -> Iterator[Scenario]:
    """The scenario with the numbers of each set, beginning the day after the last origin: nothing later is there."""
    known = scenario.model_copy(update={"origin": max(group) + dt.timedelta(1)})
    for values in parameters.values(known, group[0], seed)[:trials]:
        yield fix(known, values)


def _ready(fixed: Sequence[Scenario], origins: Sequence[dt.date]) -> list[Driven]:
    """Each parameter set compiled, and driven to each origin."""
    lived = [live(one, compile_scenario(one), origins) for one in fixed]
    return [
        (Prepared(one.fixed, one.compiled, next(iter(at.values())), Decoder(one.fixed, one.compiled), 0, 0), at)
        for one, at in zip(lived, filtered(lived), strict=True)
    ]


def _run(
    found: Counts, place: Mapping[dt.date, int], seed: int, k: int, trials: npt.NDArray[np.int64], one: Driven
) -> int:
    """Run the trials of one parameter set from each of its origins."""
    ready, at = one
    deaths = list(ready.decoder.series).index("deaths")
    for day, origin in at.items():
        luck = stream("backtest", str(seed), str(day))
        begun = Prepared(ready.scenario, ready.compiled, origin, ready.decoder, luck, k)
        daily = run_arrays(begun, trials).daily[:, deaths]
        found[place[day], trials] = np.rint(weekly(daily * reported(ready.scenario, luck, trials, daily.shape[1])))
    return len(at)


def reported(fixed: Scenario, luck: int, trials: npt.NDArray[np.int64], days: int) -> npt.NDArray[np.bool_]:
    """Which days (trials, days) reach the record; of a lost one it shows no deaths."""
    lost: Any = fixed.fighting.reporting.lost  # fixed: a plain number
    return np.asarray(uniforms(luck, ("reported",), trials, days) >= lost)
