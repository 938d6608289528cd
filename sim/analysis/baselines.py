"""Forecasters without a theory of the conflict, which a model has to beat (DOMAIN 6.2).

Each looks at the weeks up to the origin, counted back from it, and says what a simulated ensemble says: probabilities
of hold, fray and collapse in a later week, and its deaths as a sample. They learn from the weeks before the origin
(*expanding*) or from those before a fixed day only (*frozen*); where they stand, they read off the last weeks in both.

| name | classes | deaths |
|---|---|---|
| climatology | shares of all weeks learnt from | those weeks |
| persistence | this week's class, with 0.02 for each other | weeks of the class |
| markov | matrix of weekly transitions, half a case added, to the power of the horizon | weeks of the class |
| table | classes of weeks `horizon` weeks after one of this class, half a case added | weeks of the class |
| recent | shares of the last four weeks | those four |
| table_c | shares of weeks `horizon` weeks after one of this class | those very weeks |
| zero | hold | none |
| logit | ordinal logit on past deaths, one for each horizon | weeks of the class |
| logit_truce | the same with the truce in force | weeks of the class |
| ingarch | shares of the simulated weeks | negative-binomial INGARCH(1, 1), simulated |

"Weeks of the class": all weeks learnt from, weighted so that the classes weigh what their probabilities say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis import ingarch, ordinal
from sim.analysis.dice import uniforms
from sim.analysis.forecasts import HORIZONS, WEEK, Forecast, Record, record, shares, weekly
from sim.analysis.intervals import Floats
from sim.analysis.scores import LEVELS, LIMITS, Sample, levels, sample
from sim.analysis.truces import Announced, Standing, covariates, standing
from sim.errors import InputError

KEPT = 0.96  # persistence: the probability that this week's class stays; the other two share the rest
HALF = 0.5  # a case added to each cell of a table of transitions (Jeffreys): nothing is ruled out by not having come
RECENT = 4  # weeks
PATHS = 500  # simulated for each INGARCH forecast
LEAST_WEEKS = 26  # before an origin: fewer teach nothing
CLASSES = len(LEVELS)


@dataclass(frozen=True, slots=True)
class Past:
    """What is known at an origin: weekly deaths (n,), oldest first, the last week ending with the origin.

    `level` (n,) are the classes of the weeks, `truces` (n, 3) covariates of the truce in force at the end of each,
    `learnt` the number of leading weeks from which parameters and frequencies are taken.
    """

    origin: dt.date
    deaths: Floats
    level: NDArray[np.int64]
    truces: Floats
    learnt: int
    limits: tuple[float, float] = LIMITS
    seed: int = 0


class Outlook(NamedTuple):
    """What a forecaster says of one week: probabilities (3,) of the classes, deaths."""

    probabilities: Floats
    deaths: Sample


Forecaster = Callable[[Past, Sequence[int]], list[Outlook]]


# --- the forecasters ------------------------------------------------------------------------------------------------


def by_horizon(one: Callable[[Past, int], Outlook]) -> Forecaster:
    """A forecaster of all horizons from one of a single horizon."""
    return lambda past, horizons: [one(past, horizon) for horizon in horizons]


def climatology(past: Past, horizon: int) -> Outlook:
    """Every week learnt from is as likely as every other."""
    return _of_weeks(past, past.deaths[: past.learnt])


def persistence(past: Past, horizon: int) -> Outlook:
    """The class of this week stays."""
    probabilities = np.full(CLASSES, (1 - KEPT) / (CLASSES - 1))
    probabilities[past.level[-1]] = KEPT
    return _of_classes(past, probabilities)


def markov(past: Past, horizon: int) -> Outlook:
    """Classes follow one another as a Markov chain of weeks."""
    matrix = np.array([_transitions(past, level, 1) for level in range(CLASSES)])
    return _of_classes(past, np.linalg.matrix_power(matrix, horizon)[past.level[-1]])


def table(past: Past, horizon: int) -> Outlook:
    """What class stood `horizon` weeks after weeks of this week's class."""
    return _of_classes(past, _transitions(past, int(past.level[-1]), horizon))


def recent(past: Past, horizon: int) -> Outlook:
    """One of the last four weeks comes again."""
    return _of_weeks(past, past.deaths[-RECENT:])


def table_c(past: Past, horizon: int) -> Outlook:
    """The deaths that came `horizon` weeks after weeks of this week's class; of all weeks where there was none."""
    after = _followers(past, int(past.level[-1]), horizon)
    return _of_weeks(past, after) if len(after) else climatology(past, horizon)


def zero(past: Past, horizon: int) -> Outlook:
    """Nobody is killed."""
    return _of_weeks(past, np.zeros(1))


def logit(past: Past, horizon: int) -> Outlook:
    """Ordinal logit on the logarithm of one plus the deaths of this week, and of the mean of the last four."""
    return _regressed(past, horizon, _lagged(past.deaths))


def logit_truce(past: Past, horizon: int) -> Outlook:
    """The same, with the truce in force: leader level, lower level, logarithm of its age."""
    return _regressed(past, horizon, np.column_stack([_lagged(past.deaths), past.truces]))


def count_series(past: Past, horizons: Sequence[int]) -> list[Outlook]:
    """INGARCH(1, 1), simulated from the origin on with uniforms addressed by seed and origin."""
    model = ingarch.fit(past.deaths[: past.learnt])
    dice = uniforms(past.seed, ("ingarch",), [past.origin.toordinal()], PATHS * max(horizons))
    weeks = model.simulate(past.deaths, dice.reshape(max(horizons), PATHS).T)
    ahead = [weeks[:, horizon - 1] for horizon in horizons]
    return [Outlook(shares(deaths, limits=past.limits), sample(deaths)) for deaths in ahead]


FORECASTERS: dict[str, Forecaster] = {
    "climatology": by_horizon(climatology),
    "persistence": by_horizon(persistence),
    "markov": by_horizon(markov),
    "table": by_horizon(table),
    "recent": by_horizon(recent),
    "table_c": by_horizon(table_c),
    "zero": by_horizon(zero),
    "logit": by_horizon(logit),
    "logit_truce": by_horizon(logit_truce),
    "ingarch": count_series,
}


# --- what they are made of ------------------------------------------------------------------------------------------


def _of_weeks(past: Past, deaths: Floats) -> Outlook:
    return Outlook(shares(deaths, limits=past.limits), sample(deaths, drawn=False))


def _of_classes(past: Past, probabilities: Floats) -> Outlook:
    """Deaths of all weeks learnt from, each class weighing its probability; classes that never came weigh nothing."""
    level = past.level[: past.learnt]
    weights = (probabilities / np.maximum(np.bincount(level, minlength=CLASSES), 1))[level]
    if not weights.any():
        return Outlook(probabilities, climatology(past, 0).deaths)
    return Outlook(probabilities, sample(past.deaths[: past.learnt], weights, drawn=False))


def _followers(past: Past, level: int, horizon: int) -> Floats:
    """Deaths of the weeks learnt from that stood `horizon` weeks after one of this class."""
    return np.asarray(past.deaths[horizon : past.learnt][past.level[: past.learnt - horizon] == level], np.float64)


def _transitions(past: Past, level: int, horizon: int) -> Floats:
    """Probabilities (3,) of the classes `horizon` weeks after this one."""
    after = levels(_followers(past, level, horizon), past.limits)
    counts = np.bincount(after, minlength=CLASSES) + HALF
    return np.asarray(counts / counts.sum(), np.float64)


def _lagged(deaths: Floats) -> Floats:
    """Covariates (n, 2): log of 1 + deaths of the week, log of 1 + mean of the last four weeks (fewer at the start)."""
    summed = np.convolve(deaths, np.ones(RECENT))[: len(deaths)]
    return np.log1p(np.column_stack([deaths, summed / np.minimum(np.arange(1, len(deaths) + 1), RECENT)]))


def _regressed(past: Past, horizon: int, x: Floats) -> Outlook:
    fitted = ordinal.fit(x[: past.learnt - horizon], past.level[horizon : past.learnt], CLASSES)
    return _of_classes(past, fitted.probabilities(x[-1]))


# --- at rolling origins -----------------------------------------------------------------------------------------------


def past_at(
    seen: Record,
    origin: dt.date,
    truces: Sequence[Standing],
    frozen: dt.date | None,
    limits: tuple[float, float],
    seed: int,
) -> Past:
    """What the record holds at an origin; InputError where it does not reach it, lacks days or is too short."""
    daily = seen.until(origin)
    if len(daily) < (origin - seen.first).days + 1 or np.isnan(daily).any():
        raise InputError(f"no forecast from {origin}: the record from {seen.first} on lacks days before it")
    spare = len(daily) % WEEK
    deaths = weekly(daily[spare:])
    after = 0 if frozen is None else max(0, -(-(origin - frozen).days // WEEK))
    learnt = len(deaths) - after
    if learnt < LEAST_WEEKS:
        raise InputError(
            f"{max(learnt, 0)} weeks to learn from before {origin}; baselines need at least {LEAST_WEEKS}: "
            "let the record begin earlier, or the origins later"
        )
    at_ends = [covariates(truces[day]) for day in range(spare + WEEK - 1, len(daily), WEEK)]
    return Past(origin, deaths, levels(deaths, limits), np.array(at_ends), learnt, limits, seed)


def baseline_forecasts(
    observed: pd.Series,
    origins: Iterable[dt.date],
    horizons: Sequence[int] = HORIZONS,
    names: Iterable[str] = tuple(FORECASTERS),
    truces: Sequence[Announced] = (),
    frozen: dt.date | None = None,
    limits: tuple[float, float] = LIMITS,
    seed: int = 0,
) -> list[Forecast]:
    """Forecasts of the baselines at each origin, from nothing but deaths up to it and truces announced by then.

    `observed`: deaths a day by date. `frozen`: the last day from which frequencies and parameters are learnt, at every
    origin; None: all days up to the origin (expanding). InputError for an unknown name or a record with gaps.
    """
    chosen = {name: _forecaster(name) for name in names}
    seen = record(observed)
    stood = standing(truces, seen.first, seen.deaths)
    made = []
    for origin in origins:
        past = past_at(seen, origin, stood, frozen, limits, seed)
        for name, forecaster in chosen.items():
            for horizon, outlook in zip(horizons, forecaster(past, horizons), strict=True):
                made.append(Forecast(name, origin, horizon, *outlook))
    return made


def _forecaster(name: str) -> Forecaster:
    if name not in FORECASTERS:
        raise InputError(f"unknown baseline {name!r}; known: {', '.join(FORECASTERS)}")
    return FORECASTERS[name]
