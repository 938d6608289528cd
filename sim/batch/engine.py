"""The face of the compiled engine: the same `simulate` as the Mesa model's, to the last bit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from sim.batch.compiling import kernels
from sim.batch.translating import pack
from sim.conflict import state as st
from sim.draws import address
from sim.preparing import Prepared, prepared
from sim.scenario.schema import Scenario
from sim.trajectory import Block, Column, Status, Trajectory, with_errors

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
        for k in range(len(block.daily)):
            row = block.row(k)
            days = row["observed_days"] or 0
            daily = dict(zip(block.series, block.daily[k, :, :days].tolist(), strict=True)) if days else {}
            yield Trajectory(row, daily, block.events.get(k, []))


class Arrays:
    """The raw results of a chunk: last states (n, states), regimes at the origin and statuses (n,), numbers, logs.

    `numbers` (n, days, watched) are what is watched, day by day; `daily` is the same as (n, watched, days).

    `kept` are the positions of the trials whose events are kept; `logs` has a row for each of them, with room for
    `log_rows` events.
    """

    def __init__(self, ready: Prepared, n: int, kept: Sequence[int], log_rows: int) -> None:
        days, decoder = ready.scenario.horizon_days, ready.decoder
        self.ready = ready
        self.kept = list(kept)
        self.last: Floats = np.empty((n, ready.compiled.tables.n_state))
        self.began: Floats = np.empty(n)
        self.status = np.empty(n, dtype=np.int64)
        self.numbers: Floats = np.empty((n, days, len(decoder.series_names())))
        self.logs: Floats = np.zeros((max(1, len(kept)), decoder.log_width * log_rows if kept else 0))

    @property
    def daily(self) -> Floats:
        """Daily series (n, watched, days), nan after a trial's end."""
        return self.numbers.transpose(0, 2, 1)

    @property
    def log_of(self) -> npt.NDArray[np.int64]:
        """For each trial the row of `logs` it writes to, or -1."""
        rows = np.full(len(self.last), -1, dtype=np.int64)
        rows[self.kept] = np.arange(len(self.kept))
        return rows

    def block(self, trials: Sequence[int]) -> Block:
        """The chunk as a table, daily series and events, as the Mesa engine would return them."""
        ready, decoder = self.ready, self.ready.decoder
        week = self.daily[:, list(decoder.series).index("deaths_7d"), :]
        events = {
            k: decoder.events(self.logs[j].tolist(), int(self.last[k, st.LOGGED])) for j, k in enumerate(self.kept)
        }
        where = {"set": Column(np.full(len(trials), ready.set_index)), "trial": Column(np.array(trials))}
        failed = {int(k): Status(self.status[k]).said for k in np.flatnonzero(self.status != st.DONE)}
        columns = with_errors(where | decoder.columns(self.last, ready.origin.state, self.began, week), failed)
        return Block(columns, tuple(decoder.series_names()), self.daily, events)


def run_arrays(ready: Prepared, trials: npt.NDArray[np.int64], kept: Sequence[int] = (), log_rows: int = 0) -> Arrays:
    """Run trials in the compiled kernel; logs are kept of those at the positions `kept`.

    Each has room for `log_rows` events (0: the usual number); where more happened, all is run again with room enough.
    """
    log_rows = log_rows or LOG_ROWS_A_DAY * ready.scenario.horizon_days
    out = Arrays(ready, len(trials), kept, log_rows)
    ci, cf = pack(ready.compiled.tables)
    at = address(ready.seed)
    watched = np.array(list(ready.decoder.series.values()), dtype=np.int64)
    ladders = watched[ready.decoder.rung_columns]
    kernels().run_trials(
        ci, cf, np.array(ready.origin.state), np.array(ready.origin.beginnings), ready.origin.fragile, at.low, at.high,
        ready.set_index, trials, ready.scenario.horizon_days, watched, ladders, out.last, out.began, out.status,
        out.numbers, out.logs,
        out.log_of,
    )  # fmt: skip
    if (out.status != st.LOG_FULL).all():
        return out
    return run_arrays(ready, trials, kept, int(out.last[list(kept), st.LOGGED].max()))
