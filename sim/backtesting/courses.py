"""Free courses over the days of a record, for what forecasts of some weeks are too short to show: how long truces last.

A record of several years is one course. What the model says of it are other courses like it: they begin with the
record, four weeks after the scenario's first opening in it, so that the regime is known from deaths, and run without
dates of their own to the record's last day. A truce is so followed for as long as a recorded one could be, and is
censored alike. That is also the history to which numbers are fitted. Courses from the origins would be too short for
long truces, and most of their truces would be the recorded ones that stand at the origin.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.analysis.forecasts import Record
from sim.analysis.spells import begun_levels, spells
from sim.backtesting.cases import Case, Change
from sim.backtesting.driving import snapshots
from sim.backtesting.forecasting import Told, reported, threads
from sim.backtesting.parameters import Row
from sim.backtesting.tabling import spells as rows_of
from sim.batch.compiling import kernels
from sim.batch.engine import run_arrays
from sim.conflict import state as st
from sim.draws import stream
from sim.preparing import Prepared
from sim.scenario.compiling import compile_scenario
from sim.scenario.layout import WORLD
from sim.scenario.loading import BURN_IN_DAYS
from sim.scenario.numbers import fix
from sim.scenario.reading import openings
from sim.scenario.schema import MOST_DAYS, Scenario
from sim.trajectory import Decoder

MOST = 1000  # courses: some ten thousand truces, in about ten seconds
DAY = dt.timedelta(1)


def free(case: Case, record: Record, start: dt.date) -> Scenario:
    """The case as of four weeks after its first opening in the record, over the record's other days.

    `start` is a day on which its history can begin as well. InputError where the case cannot begin there.
    """
    start = min([start, *(day for day in openings(case.source) if day >= record.first)])
    eve = start + dt.timedelta(BURN_IN_DAYS - 1)
    last = record.first + dt.timedelta(len(record.deaths) - 1)
    begun = replace(case, overrides={**case.overrides, "history.start": str(start)})
    return begun.begun(record, eve, eve, min((last - eve).days, MOST_DAYS))


def simulated_spells(
    scenario: Scenario, rows: Sequence[Row], courses: int, seed: int, workers: int = 1,
    finish: Change = lambda fixed: fixed, told: Told = lambda runs: None,
) -> pd.DataFrame:  # fmt: skip
    """The truces of free courses of a scenario (`free`): set, then as `tabling.spells`; `rows` are parameter sets.

    Set k takes the k-th part of the courses. Deaths are those that reach the record. Threads change no bit.
    """
    luck = stream("backtest", str(seed), "courses")
    parts = np.array_split(np.arange(courses), min(len(rows), courses))
    kernels()  # once, before the threads ask for them
    with threads(workers) as pool:
        run = partial(_run, scenario, finish, luck)
        tables = []
        for table in pool.map(run, range(len(parts)), rows, parts):
            tables.append(table)
            told(1)
    return pd.concat(tables, ignore_index=True)


class Truces(Decoder):
    """A decoder whose daily series are deaths, the truce in force and its age, and no others."""

    @cached_property
    def series(self) -> dict[str, int]:
        """Name and address of each."""
        return {"deaths": st.DEATHS, "truce": WORLD["truce"], "age": WORLD["truce_age"]}


def _run(
    scenario: Scenario, finish: Change, luck: int, k: int, row: Row, courses: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """The truces of some courses of one parameter set."""
    fixed = finish(fix(scenario, row))
    compiled = compile_scenario(fixed)
    eve = scenario.origin - DAY
    origin = snapshots(fixed, compiled, [eve])[eve]
    daily = run_arrays(Prepared(fixed, compiled, origin, Truces(fixed, compiled), luck, k), courses).daily
    shown = daily[:, 0] * reported(fixed, luck, courses, daily.shape[2])
    table = rows_of(spells(begun_levels(daily[:, 1], daily[:, 2]), shown), scenario.origin, int(courses[0]))
    table.insert(0, "set", k)
    return table
