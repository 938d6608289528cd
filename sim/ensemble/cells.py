"""The trials of a design: many cells of few trials each, shared among processes and stored block by block.

A cell is a parameter set of one of several scenarios, or a scenario at given values of its distributions. Making a cell
ready (fixing its numbers, compiling, driving the history to the origin) costs as much as some tens of trials, so a
design spends itself on cells rather than on trials. Cells at given values all have the address of set 0: the same
trials have the same luck in all of them, and what differs between two cells is their values.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import connection
from os import _exit
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sim.ensemble import tables
from sim.ensemble.designs import Study
from sim.ensemble.engines import find_block_engine, find_engine
from sim.errors import RunError
from sim.preparing import prepared
from sim.scenario.numbers import fix
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.trajectory import Block

BLOCK_TRIALS = 500
MOST_BLOCKS = 200


@dataclass(frozen=True)
class Cell:
    """Trials of parameter set `set` of the scenario number `variant`; with `values`, of set 0 at these values."""

    variant: int = 0
    set: int = 0
    values: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Design:
    """What is run: `trials` of each cell. `paths` says what the values of cells are of, `columns` what is kept.

    With `off`, variant k is variant 0 without the rule `off[k]` (variant 0: None). The compiled engine then makes a
    parameter set ready once for all of them, which cells in the order of their sets let it do.
    """

    variants: tuple[Scenario, ...]
    cells: tuple[Cell, ...]
    trials: int
    engine: str
    columns: tuple[str, ...]
    paths: tuple[str, ...] = ()
    off: tuple[str | None, ...] = ()

    def __len__(self) -> int:
        return len(self.cells)

    def blocks(self) -> list[range]:
        """The cells cut into blocks that are computed and stored as one."""
        size = max(1, BLOCK_TRIALS // self.trials, -(-len(self) // MOST_BLOCKS))
        return [range(first, min(first + size, len(self))) for first in range(0, len(self), size)]

    def rows(self, numbers: Sequence[int]) -> pd.DataFrame:
        """Run some cells: a row a trial with `cell`, `variant`, `set`, `trial`, `error` and the columns kept."""
        rows: list[dict[str, Any]] = []
        for number in numbers:
            cell = self.cells[number]
            for row in self._run(cell):
                where = {"cell": number, "variant": cell.variant, "set": cell.set, "trial": row["trial"]}
                rows.append(where | {"error": row.get("error")} | {name: row.get(name) for name in self.columns})
        found = tables.frame(rows)
        return found.astype({"cell": "int64", "variant": "int64", "set": "int64", "trial": "int64"})

    def _run(self, cell: Cell) -> Iterator[dict[str, Any]]:
        scenario, trials = self.variants[cell.variant], range(self.trials)
        if cell.values is not None:
            scenario = fix(scenario, dict(zip(self.paths, cell.values, strict=True)))
        seed = scenario.ensemble.seed
        blocks = find_block_engine(self.engine)
        if blocks is not None:  # a block's daily series would cost more to unpack than its trials to run
            lived = self._switched(cell, trials) if self.off else blocks(scenario, seed, cell.set, trials)
            for block in lived:
                known = {
                    name: block.columns[name] for name in ("trial", "error", *self.columns) if name in block.columns
                }
                yield from ({name: column.item(k) for name, column in known.items()} for k in range(len(block.daily)))
            return
        for trial, trajectory in zip(trials, find_engine(self.engine)(scenario, seed, cell.set, trials), strict=True):
            yield {"trial": trial, **trajectory.row}

    def _switched(self, cell: Cell, trials: range) -> Iterator[Block]:
        """The trials of a variant without a rule, from the base made ready: a rule is on or off by a number of the
        state that nothing before the origin reads.
        """
        import numpy as np

        from sim.batch.engine import CHUNK, run_arrays

        base, rule = self.variants[0], self.off[cell.variant]
        ready = prepared(base, base.ensemble.seed, cell.set)
        if rule is not None:
            state, tables = list(ready.origin.state), ready.compiled.tables
            state[tables.enabled + ready.compiled.names.rules.index(rule)] = 0.0
            ready = replace(ready, origin=replace(ready.origin, state=state))
        for first in range(0, len(trials), CHUNK):
            chunk = trials[first : first + CHUNK]
            yield run_arrays(ready, np.array(chunk, dtype=np.int64)).block(chunk)


def run_cells(study: Study, name: str, design: Design, workers: int, progress: bool = True) -> pd.DataFrame:
    """All rows of a design in the order of its cells; those that the study has already are not computed again."""
    import pandas as pd

    blocks = dict(enumerate(design.blocks()))
    done = {k: rows for k in blocks if (rows := study.block(_name(name, k))) is not None}
    todo = {k: numbers for k, numbers in blocks.items() if k not in done}
    ready = sum(len(blocks[k]) for k in done) * design.trials
    with _bar(f"{study.record.scenario}: {name}", len(design) * design.trials, ready, progress) as bar:
        alone = workers == 1 or len(todo) < 2
        for k, rows in _in_process(design, todo) if alone else _in_processes(design, todo, workers):
            study.store_block(_name(name, k), rows)
            done[k] = rows
            bar.update(len(rows))
    return pd.concat([done[k] for k in sorted(done)], ignore_index=True)


def _name(name: str, number: int) -> str:
    return f"{name}-{number:05d}"


def _bar(what: str, total: int, initial: int, progress: bool) -> tqdm[Any]:
    return tqdm(total=total, initial=initial, desc=what, unit="trial", file=sys.stderr, disable=not progress,
                mininterval=0.2 if sys.stderr.isatty() else 5)  # fmt: skip


# --- processes ------------------------------------------------------------------------------------------------------

Rows = tuple[int, "pd.DataFrame"]


def _in_process(design: Design, todo: dict[int, range]) -> Iterator[Rows]:
    for number, cells in todo.items():
        yield number, design.rows(cells)


def _in_processes(design: Design, todo: dict[int, range], workers: int) -> Iterator[Rows]:
    """Blocks as they get done; few are handed out at a time, so that a stop has little to wait for."""
    waiting = iter(todo.items())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _become_worker, (design,))
    running: dict[Future[pd.DataFrame], int] = {}
    try:
        while True:
            for number, cells in islice(waiting, 2 * workers - len(running)):
                running[pool.submit(_compute, cells)] = number
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise RunError("a worker process died (out of memory, or killed); go on with --resume") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_design: Design | None = None


def _become_worker(design: Design) -> None:
    """Deaf to Ctrl-C (the parent says when to stop), and gone when the parent is."""
    global _design
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _design = design


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        _exit(1)


def _compute(cells: range) -> pd.DataFrame:
    if _design is None:
        raise RunError("this process is no worker; it was not initialised")
    return _design.rows(cells)
