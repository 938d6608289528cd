"""The fits of a back-test: the fast one of `sim.fitting`, and that of the regimes alone."""

from __future__ import annotations

import datetime as dt

from sim.analysis.forecasts import Record
from sim.backtesting.parameters import Fit
from sim.fitting.fast import Fast, seen_until
from sim.fitting.moves import moving_rules
from sim.fitting.regimes import fit_regimes
from sim.history.driving import lived_days, truce_of
from sim.scenario.compiling import compile_scenario
from sim.scenario.numbers import fix
from sim.scenario.schema import Scenario


def fitted(scenario: Scenario, record: Record, rows: int, seed: int) -> Fit:
    """The fast fit; that of the regimes alone where no rule moves them whose rate could be fitted."""
    made = Fast if moving_rules(scenario) else Margins
    return made(scenario, record, rows, seed)


class Margins:
    """Fits of the regimes, their deaths and how they follow one another, to growing parts of one record.

    The scenario's history must begin on the record's first day; the truces that stood in it are known to the chain.
    """

    def __init__(self, scenario: Scenario, record: Record, rows: int, seed: int) -> None:
        self._scenario, self._record, self._rows, self._seed = scenario, record, rows, seed
        fixed = fix(scenario)
        days = lived_days(fixed, compile_scenario(fixed), truces_die_by_deaths=True)
        self._truces = [truce_of(state) for state in days]

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        """Draws of the fitted numbers by path, from nothing but the deaths up to a day."""
        seen = seen_until(self._record, until)
        fit = fit_regimes(self._scenario, seen, self._truces[: len(seen)], self._rows, self._seed)
        return [{path: float(fit.column(path)[row]) for path in fit.paths} for row in range(self._rows)]
