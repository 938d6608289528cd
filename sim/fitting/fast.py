"""The fit that takes seconds: likelihood for the regimes and for the rules that move them, counts for the rest.

A back-test repeats it at many days, with what was known then. `Fast` drives the history once for every row, because
what happened before a day is the same whatever day the record is read to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.analysis.forecasts import Record
from sim.conflict.processes import grow_older
from sim.errors import InputError
from sim.fitting.conjugate import Update, counts, draws, updated
from sim.fitting.moves import Move, exposures, fit_moves, log_evidence, moved, moving_rules
from sim.fitting.regimes import chains, drawn_paths, fit_regimes, fitted_numbers, resampled
from sim.history.driving import lived_days
from sim.history.emissions import Observation
from sim.history.filtering import follow
from sim.history.markov import pulls_down
from sim.history.truce import Truce
from sim.scenario.compiling import Compiled, compile_scenario
from sim.scenario.numbers import fix, uncertain, values_of_set
from sim.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LEAST_DAYS = 365
TRIED = 128  # parameter sets that are weighed

Row = dict[str, float]


@dataclass(frozen=True)
class Drawn:
    """Draws of the uncertain numbers by path, and how many independent ones stand behind them.

    `regimes` is the effective number of points behind the numbers of the regimes, `sets` that of the parameter sets
    `tried` behind the ratios of the rules that move them; None where there is no such rule.
    """

    rows: list[Row]
    regimes: float
    sets: float | None
    tried: int


def seen_until(record: Record, until: dt.date) -> list[Observation]:
    """What a fit sees of a record up to a day; InputError where that is too little."""
    deaths = record.until(until)
    if len(deaths) < LEAST_DAYS:
        raise InputError(
            f"{len(deaths)} days of recorded deaths until {until}; a fit needs at least {LEAST_DAYS}: "
            "let the record begin earlier"
        )
    return [Observation(None if np.isnan(day) else float(day)) for day in deaths]


class Fast:
    """Fits of one scenario to growing parts of one record.

    The scenario's history must begin on the record's first day. `rows` draws come of each fit, chosen among `tried`
    parameter sets of the scenario by how well their ratios explain when the fighting moved between its regimes. Where
    no rule moves them whose rate could be fitted, any set explains as much as another. InputError, before the history
    is driven, where nothing could be fitted.
    """

    def __init__(self, scenario: Scenario, record: Record, rows: int = 64, seed: int = 0, tried: int = TRIED) -> None:
        _can_be_fitted(scenario)
        self.scenario, self.record, self.rows, self.seed = scenario, record, rows, seed
        self.moves: Sequence[Move] = moving_rules(scenario)
        known = uncertain(scenario)
        self.priors = [known[move.path] for move in self.moves]
        self.sets = [values_of_set(scenario, k, seed) for k in range(tried)]
        self.truces, self.exposed = self._lived()

    def _lived(self) -> tuple[list[Truce], Floats]:
        """The truce of each day, and exposures (sets, days, moves), of the whole record."""
        truces: list[Truce] = []
        exposed = []
        for values in self.sets if self.moves else self.sets[:1]:  # without moves one will do: nothing is exposed
            fixed = fix(self.scenario, values)
            compiled = compile_scenario(fixed)
            days = [(truce, list(state)) for truce, state in lived_days(fixed, compiled, truces_die_by_deaths=True)]
            truces = truces or [truce for truce, _ in days]
            evenings = [state for _, state in days]
            mornings = [evenings[0], *(_next_morning(state, compiled) for state in evenings[:-1])]
            exposed.append([exposures(self.moves, compiled, state) for state in mornings])
        every = np.array(exposed)
        return truces, np.broadcast_to(every, (len(self.sets), *every.shape[1:]))

    def rows_until(self, until: dt.date) -> list[Row]:
        """Draws of all uncertain numbers, by path, from nothing but what was known at the end of a day."""
        return self.drawn_until(until).rows

    def drawn_until(self, until: dt.date) -> Drawn:
        """The same, with how many independent draws stand behind them."""
        seen = seen_until(self.record, until)
        truces = self.truces[: len(seen)]
        fit = fit_regimes(self.scenario, seen, truces, self.rows, self.seed)
        values = {path: fit.column(path) for path in fit.paths}
        chain = chains(self.scenario, values)
        past = drawn_paths(follow(seen, chain, truces), chain, truces, self.seed)
        pulled = [pulls_down(chain, truce) for truce in truces]
        updates = self.updates(until)
        values |= dict(zip((path for path, _ in updates), draws(updates, self.rows, self.seed).T, strict=True))
        found, weights = [], self._weights(past, pulled)
        for row, k in enumerate(resampled(weights, self.rows, self.seed, "sets")):
            of_row, exposed = moved(self.moves, past[:, [row]], pulled), self.exposed[k, : len(seen)]
            rates = fit_moves(self.priors, self.moves, of_row, exposed, row, self.seed)
            found.append(self.sets[k] | {path: float(column[row]) for path, column in values.items()} | rates)
        sets = float(1.0 / (weights**2).sum()) if self.moves else None
        return Drawn(found, fit.effective, sets, len(self.sets))

    def updates(self, until: dt.date) -> list[Update]:
        """What is counted from the chronology up to a day, as laws."""
        first = self.record.first
        deaths = {first + dt.timedelta(k): float(day) for k, day in enumerate(self.record.until(until))}
        return updated(counts(self.scenario, until, deaths=deaths))

    def _weights(self, past: Ints, pulled: Sequence[bool]) -> Floats:
        """How well each of the sets tried explains on which days the fighting moved (sets,), adding up to one."""
        if not self.moves:
            return np.full(len(self.sets), 1.0 / len(self.sets))
        on_average = moved(self.moves, past, pulled)
        logs = np.array(
            [log_evidence(self.priors, self.moves, on_average, exposed[: len(past)]) for exposed in self.exposed]
        )
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())


def _can_be_fitted(scenario: Scenario) -> None:
    """InputError for a scenario none of whose regimes' numbers is uncertain."""
    if not fitted_numbers(scenario):
        raise InputError(
            f"{scenario.name}: no number of the regimes is uncertain, so there is nothing to fit; give deaths a day or "
            "the drift under `fighting` a distribution"
        )


def _next_morning(evening: Sequence[float], compiled: Compiled) -> list[float]:
    """The state in which a day's rules find the world: that of the evening before, a day older."""
    s = list(evening)
    grow_older(s, compiled.tables)
    return s
