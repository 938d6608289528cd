"""Which numbers a forecaster has at an origin, and from which data: the scenario's own, frozen, or expanding."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from sim.analysis.forecasts import Record
from sim.scenario.numbers import uncertain, values_of_set
from sim.scenario.schema import Scenario

Row = Mapping[str, float]
Told = Callable[[dt.date, float], object]  # the last day of the data of a fit, and how many seconds it took
REFITTED_EVERY = 28  # days


class Fit(Protocol):
    """A fit of one scenario to growing parts of one record; `sim.fitting.fast.Fast` is one."""

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        """Draws of the fitted numbers by path, from nothing but what was known at the end of a day."""


Fitter = Callable[[Scenario, Record, int, int], Fit]  # scenario, record, rows, seed


class Parameters(Protocol):
    """Parameter sets by origin."""

    def learnt(self, origin: dt.date) -> dt.date | None:
        """The last day of the data behind the sets of an origin; None where the scenario brings its numbers along."""

    def values(self, scenario: Scenario, origin: dt.date, seed: int) -> list[Row]:
        """The uncertain numbers of a scenario in each set, by path; what is left out stands at its median."""


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


class Fitted:
    """Sets fitted to the record up to a day that depends on the origin, never beyond it.

    What a fit does not give comes from the distributions written in the scenario, not from its posterior, which may
    know later days; and so does what a fit gives with another distribution before it than the scenario has, since the
    history of `fitted`, the scenario of the fit, begins elsewhere. Frozen (`every` 0): up to `day`. Expanding: again
    every so many days, counted from `day`.
    """

    def __init__(
        self,
        make: Callable[[], Fit],
        fitted: Scenario,
        day: dt.date,
        every: int = 0,
        told: Told = lambda until, seconds: None,
    ) -> None:
        self._make, self._day, self._every, self._told = make, day, every, told
        self._laws = uncertain(fitted)
        self._fit: Fit | None = None
        self._known: dict[dt.date, list[dict[str, float]]] = {}

    def learnt(self, origin: dt.date) -> dt.date:
        """The last day that the sets of an origin rest on."""
        if not self._every:
            return min(self._day, origin)
        return origin - dt.timedelta((origin - self._day).days % self._every)

    def rows(self, origin: dt.date) -> list[dict[str, float]]:
        """What the fit gives at an origin; made when it is first asked for."""
        until = self.learnt(origin)
        if until not in self._known:
            began = time.perf_counter()
            self._fit = self._fit or self._make()
            self._known[until] = self._fit.rows_until(until)
            self._told(until, time.perf_counter() - began)
        return self._known[until]

    def values(self, scenario: Scenario, origin: dt.date, seed: int) -> list[Row]:
        """The sets of an origin."""
        rows, bare = self.rows(origin), scenario.model_copy(update={"posterior": None})
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
