"""The face of the compiled engine: the same `simulate` as the Mesa model's, to the last bit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.batch.compiling import kernels
from sim.batch.translating import pack
from sim.conflict import state as st
from sim.draws import address
from sim.preparing import Prepared, prepared
from sim.scenario.schema import Scenario
from sim.trajectory import Block, Trajectory

CHUNK = 128  # trials at a time: their states and daily series fit in the cache of a small machine
LOG_ROWS_A_DAY = 40

Floats = npt.NDArray[np.float64]


def simulate_blocks(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[Block]:
    """The same trials in the same order, many at a time."""
    ready = prepared(scenario, seed, set_index)
    remaining = iter(trials)
    while chunk := list(islice(remaining, CHUNK)):
        kept = [t for t in chunk if t in keep_events]
        yield run_arrays(ready, np.array(chunk, dtype=np.int64), [chunk.index(t) for t in kept]).block(chunk)


def simulate(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[Trajectory]:
    """Run trials of one parameter set one by one, as the Mesa engine does."""
    for block in simulate_blocks(scenario, seed, set_index, trials, keep_events):
        for k, row in enumerate(block.rows):
            daily = dict(zip(block.series, block.daily[k].tolist(), strict=True))
            yield Trajectory(row, daily, block.events.get(k, []))


class Arrays:
    """The raw results of a chunk: last states (n, states), regimes at the origin (n,), daily series, logs.

    `kept` are the positions of the trials whose events are kept; `logs` has a row for each of them, with room for
    `log_rows` events.
    """

    def __init__(self, ready: Prepared, n: int, kept: Sequence[int], log_rows: int) -> None:
        days, decoder = ready.scenario.horizon_days, ready.decoder
        self.ready = ready
        self.kept = list(kept)
        self.last: Floats = np.empty((n, ready.compiled.tables.n_state))
        self.began: Floats = np.empty(n)
        self.daily: Floats = np.empty((n, len(decoder.series), days))
        self.logs: Floats = np.zeros((max(1, len(kept)), decoder.log_width * log_rows if kept else 0))

    @property
    def log_of(self) -> npt.NDArray[np.int64]:
        """For each trial the row of `logs` it writes to, or -1."""
        rows = np.full(len(self.last), -1, dtype=np.int64)
        rows[self.kept] = np.arange(len(self.kept))
        return rows

    def block(self, trials: Sequence[int]) -> Block:
        """The chunk as rows, daily series and events, as the Mesa engine would return them."""
        decoder = self.ready.decoder
        week = self.daily[:, list(decoder.series).index("deaths_7d"), :]
        rungs = decoder.rung_columns
        highest = self.daily[:, rungs, :].max(axis=1, keepdims=True) if rungs else np.zeros_like(week[:, None, :])
        events = {
            k: decoder.events(self.logs[j].tolist(), int(self.last[k, st.LOGGED])) for j, k in enumerate(self.kept)
        }
        rows = [self._row(k, trial, week[k]) for k, trial in enumerate(trials)]
        return Block(rows, tuple(decoder.series_names()), np.concatenate([self.daily, highest], axis=1), events)

    def _row(self, k: int, trial: int, week: Floats) -> dict[str, Any]:
        ready, state = self.ready, self.last[k].tolist()
        row: dict[str, Any] = {"set": ready.set_index, "trial": trial}
        return row | ready.decoder.row(state, ready.origin.state, float(self.began[k]), week.tolist())


def run_arrays(ready: Prepared, trials: npt.NDArray[np.int64], kept: Sequence[int] = (), log_rows: int = 0) -> Arrays:
    """Run trials in the compiled kernel; logs are kept of those at the positions `kept`.

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
        out.log_of,
    )  # fmt: skip
    needed = int(out.last[list(kept), st.LOGGED].max(initial=0.0))
    return run_arrays(ready, trials, kept, needed) if needed > log_rows else out
