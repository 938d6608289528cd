"""The face of the compiled engine: the same `simulate` as the Mesa model's, to the last bit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.batch.compiling import kernels
from sim.batch.translating import pack
from sim.conflict import state as st
from sim.draws import address
from sim.preparing import Prepared, prepare
from sim.scenario.schema import Scenario
from sim.trajectory import Trajectory

CHUNK = 128  # trials at a time: their states and daily series fit in the cache of a small machine
LOG_ROWS_A_DAY = 40

Floats = npt.NDArray[np.float64]


def simulate(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[Trajectory]:
    """Run trials of one parameter set; events are returned for those in `keep_events`."""
    ready = prepare(scenario, seed, set_index)
    remaining = iter(trials)
    while chunk := list(islice(remaining, CHUNK)):
        yield from _run_chunk(ready, chunk, keep_events)


def _run_chunk(ready: Prepared, trials: list[int], keep_events: Collection[int]) -> Iterator[Trajectory]:
    """Trials with their events first, so that only those need room for a log; returned in the order asked."""
    kept = [t for t in trials if t in keep_events]
    order = kept + [t for t in trials if t not in keep_events]
    result = run_arrays(ready, np.array(order, dtype=np.int64), len(kept))
    by_trial = {trial: k for k, trial in enumerate(order)}
    for trial in trials:
        yield result.trajectory(by_trial[trial], trial)


class Arrays:
    """The raw results of a chunk: last states (n, states), regimes at the origin (n,), daily series, logs."""

    def __init__(self, ready: Prepared, n: int, kept: int, log_rows: int) -> None:
        days, decoder = ready.scenario.horizon_days, ready.decoder
        self.ready = ready
        self.last: Floats = np.empty((n, ready.compiled.tables.n_state))
        self.began: Floats = np.empty(n)
        self.daily: Floats = np.empty((n, days, len(decoder.series)))
        self.logs: Floats = np.zeros((max(1, kept), decoder.log_width * log_rows if kept else 0))
        self.kept = kept

    def trajectory(self, k: int, trial: int) -> Trajectory:
        """The k-th trial as the Mesa engine would return it."""
        ready, decoder = self.ready, self.ready.decoder
        state = self.last[k].tolist()
        series = self.daily[k].T
        daily: dict[str, list[float]] = {name: series[j].tolist() for j, name in enumerate(decoder.series)}
        daily["rung"] = (
            series[decoder.rung_columns].max(axis=0).tolist() if decoder.rung_columns else [0.0] * series.shape[1]
        )
        first = list(ready.origin.state)
        first[st.REGIME] = float(self.began[k])
        row: dict[str, Any] = {"set": ready.set_index, "trial": trial}
        row |= decoder.row(state, ready.origin.state, first, daily)
        events = decoder.events(self.logs[k].tolist(), int(state[st.LOGGED])) if k < self.kept else []
        return Trajectory(row, daily, events)


def run_arrays(ready: Prepared, trials: npt.NDArray[np.int64], kept: int = 0, log_rows: int = 0) -> Arrays:
    """Run trials in the compiled kernel; logs are kept of the first `kept`.

    Each has room for `log_rows` events (0: the usual number); where more happened, all is run again with room enough.
    """
    log_rows = log_rows or LOG_ROWS_A_DAY * ready.scenario.horizon_days
    out = Arrays(ready, len(trials), kept, log_rows)
    ci, cf = pack(ready.compiled.tables)
    at = address(ready.seed)
    watched = np.array(list(ready.decoder.series.values()), dtype=np.int64)
    kernels().run_trials(
        ci, cf, np.array(ready.origin.state), np.array(ready.origin.regimes), ready.origin.fragile, at.low, at.high,
        ready.set_index, trials, ready.scenario.horizon_days, watched, out.last, out.began, out.daily, out.logs,
    )  # fmt: skip
    needed = int(out.last[:kept, st.LOGGED].max(initial=0.0))
    return run_arrays(ready, trials, kept, needed) if needed > log_rows else out
