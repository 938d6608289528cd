"""Which numbers a forecaster has at an origin, and from which data: the scenario's own, frozen, or expanding."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sim.analysis.forecasts import Record
from sim.scenario.numbers import uncertain, values_of_set, without_posterior
from sim.scenario.schema import Scenario

Row = Mapping[str, float]
Told = Callable[[dt.date, float], object]  # the last day of the data of a fit, and how many seconds it took
REFITTED_EVERY = 28  # days


class Fit(Protocol):
    """A fit of one scenario to growing parts of one record; `sim.fitting.fast.Fast` is one."""

    def rows_until(self, until: dt.date) -> Sequence[Row]:
        """Draws of the fitted numbers by path, from nothing but what was known at the end of a day."""


Fitter = Callable[[Scenario, Record, int, int], Fit]  # scenario, record, rows, seed


class Kept(Protocol):
    """Where rows of fits lie by forecaster and last day of data; `sim.backtesting.storing.Folder` is one."""

    def fit(self, name: str, until: dt.date) -> Sequence[Row] | None:
        """The rows of a fit; None where it has none."""

    def store_fit(self, name: str, until: dt.date, rows: Sequence[Row]) -> None:
        """Keep the rows of a fit."""


class Parameters(Protocol):
    """Parameter sets by origin."""

    def learnt(self, origin: dt.date) -> dt.date | None:
        """The last day of the data behind the sets of an origin; None where the scenario brings its numbers along."""

    def values(self, scenario: Scenario, origin: dt.date, seed: int) -> list[Row]:
        """The uncertain numbers of a scenario in each set, by path; what is left out stands at its median."""

    def keep_in(self, folder: Kept) -> None:
        """Keep there, from now on, what is fitted, and what was fitted before."""


class Brought:
    """The scenario's own parameter sets, of its posterior where it names one; its medians where there is one set."""

    def __init__(self, sets: int) -> None:
        self._sets = sets

    def learnt(self, origin: dt.date) -> dt.date | None:
        """None."""
        return None

    def values(self, scenario: Scenario, origin: dt.date, seed: int) -> list[Row]:
        """The same at every origin."""
        return [values_of_set(scenario, k, seed) for k in range(self._sets)] if self._sets > 1 else [{}]

    def keep_in(self, folder: Kept) -> None:
        """Nothing is fitted."""


class Fitted:
    """Sets fitted to the record up to a day that depends on the origin, never beyond it.

    What a fit does not give comes from the distributions written in the scenario, not from its posterior, which may
    know later days; and so does what a fit gives with another distribution before it than the scenario has, since the
    history of `fitted`, the scenario of the fit, begins elsewhere. Frozen (`every` 0): up to `day`. Expanding: again
    every so many days, counted from `day`. Fits that `kept` has under a name are not made again.
    """

    def __init__(
        self,
        make: Callable[[], Fit],
        fitted: Scenario,
        day: dt.date,
        every: int = 0,
        told: Told = lambda until, seconds: None,
        name: str = "model",
        kept: Kept | None = None,
    ) -> None:
        self._make, self._day, self._every, self._told = make, day, every, told
        self._name, self._kept, self._held = name, kept, False
        self._laws = uncertain(fitted)
        self._fit: Fit | None = None
        self._known: dict[dt.date, Sequence[Row]] = {}

    def learnt(self, origin: dt.date) -> dt.date:
        """The last day that the sets of an origin rest on."""
        if not self._every:
            return min(self._day, origin)
        return origin - dt.timedelta((origin - self._day).days % self._every)

    def rows(self, origin: dt.date) -> Sequence[Row]:
        """What the fit gives at an origin; as it was kept, or made when it is first asked for."""
        until = self.learnt(origin)
        if until not in self._known:
            kept = self._kept.fit(self._name, until) if self._kept else None
            self._known[until] = self._made(until) if kept is None else kept
        return self._known[until]

    def keep_in(self, folder: Kept) -> None:
        """Keep the rows of fits in a folder that is held: those that it has not, and those to come."""
        self._kept, self._held = folder, True
        for until, rows in self._known.items():
            if folder.fit(self._name, until) is None:
                folder.store_fit(self._name, until, rows)

    def _made(self, until: dt.date) -> Sequence[Row]:
        began = time.perf_counter()
        self._fit = self._fit or self._make()
        rows = self._fit.rows_until(until)
        self._told(until, time.perf_counter() - began)
        if self._kept and self._held:
            self._kept.store_fit(self._name, until, rows)
        return rows

    def values(self, scenario: Scenario, origin: dt.date, seed: int) -> list[Row]:
        """The sets of an origin."""
        rows, bare = self.rows(origin), without_posterior(scenario)
        laws = uncertain(bare)
        alike = {path for path, law in laws.items() if self._laws.get(path) == law}
        medians = {path: law.median() for path, law in laws.items()}
        return [
            {
                **(values_of_set(bare, k, seed) if len(rows) > 1 else medians),
                **{path: value for path, value in row.items() if path in alike},
            }
            for k, row in enumerate(rows)
        ]
