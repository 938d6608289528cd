"""Which parameter sets a forecaster has at an origin, and from which data: the scenario's, frozen, or expanding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sim.analysis.forecasts import Record
from sim.scenario.numbers import values_of_set
from sim.scenario.schema import Scenario

Row = Mapping[str, float]
REFITTED_EVERY = 28  # days


class Fit(Protocol):
    """A fit of one scenario to growing parts of one record; `sim.fitting.fast.Fast` is one."""

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        """Draws of the fitted numbers by path, from nothing but what was known at the end of a day."""


Fitter = Callable[[Scenario, Record, int, int], Fit]  # scenario, record, rows, seed


class Parameters(Protocol):
    """Parameter sets by origin."""

    def learnt(self, origin: dt.date) -> dt.date | None:
        """The last day of the data behind the sets of an origin; None where the scenario brings them along."""

    def rows(self, origin: dt.date) -> Sequence[Row]:
        """The values of each set, by path; what a row does not name is at its median."""


class Brought:
    """The scenario's own parameter sets, its posterior's where it names one; medians where there is one set."""

    def __init__(self, scenario: Scenario, sets: int, seed: int) -> None:
        self._rows = [values_of_set(scenario, k, seed) for k in range(sets)] if sets > 1 else [{}]

    def learnt(self, origin: dt.date) -> dt.date | None:
        """None."""
        return None

    def rows(self, origin: dt.date) -> Sequence[Row]:
        """The same at every origin."""
        return self._rows


class Fitted:
    """Sets fitted to the record up to a day that depends on the origin, never beyond it.

    What a fit does not give comes from the distributions written in the scenario, not from its posterior, which may
    know later days. Frozen (`day`): up to that day. Expanding: again every `every` days, counted from `day`.
    """

    def __init__(
        self, scenario: Scenario, record: Record, fitter: Fitter, sets: int, seed: int, day: dt.date, every: int = 0
    ) -> None:
        self._scenario = scenario.model_copy(update={"posterior": None})
        self._make = lambda: fitter(self._scenario, record, sets, seed)
        self._fit: Fit | None = None
        self._seed, self._day, self._every = seed, day, every
        self._known: dict[dt.date, Sequence[Row]] = {}

    def learnt(self, origin: dt.date) -> dt.date | None:
        """The last day that the sets of an origin rest on."""
        if not self._every:
            return min(self._day, origin)
        return origin - dt.timedelta((origin - self._day).days % self._every)

    def rows(self, origin: dt.date) -> Sequence[Row]:
        """The sets of an origin; fitted when they are first asked for."""
        until = self.learnt(origin)
        assert until is not None
        if until not in self._known:
            self._fit = self._fit or self._make()
            rows = self._fit.rows_until(until)
            drawn = (values_of_set(self._scenario, k, self._seed) for k in range(len(rows)))
            self._known[until] = [{**others, **row} for others, row in zip(drawn, rows, strict=True)]
        return self._known[until]
