"""The fit that takes seconds: likelihood for the regimes and for the rules that move them, counts for the rest.

A back-test repeats it at many days, with what was known then. `Fast` drives the history once for every row, because
what happened before a day is the same whatever day the record is read to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sim.analysis.forecasts import Record
from sim.errors import InputError
from sim.fitting.moves import Move, exposures, fit_moves, moving_rules
from sim.fitting.regimes import chains, drawn_paths, fit_regimes, fitted_numbers
from sim.history.driving import lived_days, truce_of
from sim.history.filtering import Observation, Truce, follow
from sim.scenario.compiling import compile_scenario
from sim.scenario.numbers import fix, values_of_set
from sim.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]
LEAST_DAYS = 365


class Fast:
    """Fits of one scenario to growing parts of one record.

    The scenario's history must begin on the record's first day. `rows` draws come of each fit; row k goes with what
    parameter set k of the scenario takes for all other numbers.
    """

    def __init__(self, scenario: Scenario, record: Record, rows: int = 64, seed: int = 0) -> None:
        self.scenario, self.record, self.rows, self.seed = scenario, record, rows, seed
        self.moves: Sequence[Move] = moving_rules(scenario)
        self.truces, self.exposed = self._lived()

    def _lived(self) -> tuple[list[Truce], Floats]:
        """The truce of each day, and exposures (rows, days, moves), of the whole record."""
        truces: list[Truce] = []
        exposed = []
        for row in range(self.rows):
            fixed = fix(self.scenario, values_of_set(self.scenario, row, self.seed))
            compiled = compile_scenario(fixed)
            states = [list(state) for state in lived_days(fixed, compiled, truces_die_by_deaths=True)]
            truces = truces or [truce_of(state) for state in states]
            exposed.append([exposures(self.moves, compiled, state) for state in states])
        return truces, np.array(exposed)

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        """Draws of the fitted numbers, by path, from nothing but what was known at the end of a day."""
        deaths = self.record.until(until)
        if len(deaths) < LEAST_DAYS:
            raise InputError(
                f"{len(deaths)} days of recorded deaths until {until}; a fit needs at least {LEAST_DAYS}: "
                "let the record begin earlier"
            )
        seen = [Observation(None if np.isnan(day) else float(day)) for day in deaths]
        truces = self.truces[: len(seen)]
        fit = fit_regimes(self.scenario, seen, truces, self.rows, self.seed)
        values: Mapping[str, Floats] = {path: fit.column(path) for path in fit.paths}
        chain = chains(self.scenario, values)
        past = drawn_paths(follow(seen, chain, truces), chain, truces, self.seed)
        found = []
        for row in range(self.rows):
            of_rules = fit_moves(
                self.scenario, self.moves, past[:, row], self.exposed[row, : len(seen)], row, self.seed
            )
            found.append({path: float(column[row]) for path, column in values.items()} | of_rules)
        return found


def fast_paths(scenario: Scenario) -> list[str]:
    """The paths of the numbers that the fast fit gives."""
    return [*fitted_numbers(scenario), *(move.path for move in moving_rules(scenario))]
