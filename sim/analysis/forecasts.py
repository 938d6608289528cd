"""What a forecaster says at an origin about a later week, and the weeks that it is about.

The *origin* of a forecast is the last day whose deaths are known. A scenario that begins on a day forecasts from its
eve. Week h after the origin is its days 7 (h - 1) + 1 to 7 h, and horizon h asks for the deaths of that week alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sim.analysis.intervals import Floats
from sim.analysis.scores import LEVELS, LIMITS, Sample, levels, sample
from sim.errors import InputError

HORIZONS = (1, 2, 4, 8)  # weeks
WEEK = 7


@dataclass(frozen=True, slots=True)
class Forecast:
    """One forecast: of the level and of the deaths of the week `horizon` weeks after the origin.

    `probabilities` (3,) of hold, fray, collapse; `deaths` as a sample. InputError where probabilities are none.
    """

    forecaster: str
    origin: dt.date
    horizon: int
    probabilities: Floats
    deaths: Sample

    def __post_init__(self) -> None:
        p = self.probabilities
        if p.shape != (len(LEVELS),) or not (p >= 0).all() or abs(p.sum() - 1) > 1e-6:
            raise InputError(
                f"{self.forecaster}, origin {self.origin}, week {self.horizon}: {p} must be three probabilities "
                f"({', '.join(LEVELS)}) that add up to 1"
            )


def weekly(daily: ArrayLike) -> Floats:
    """Sums (..., weeks) of seven daily values (..., days) each, from the first day on; days left over are dropped."""
    days = np.asarray(daily, np.float64)
    weeks = days.shape[-1] // WEEK
    return np.asarray(days[..., : weeks * WEEK].reshape(*days.shape[:-1], weeks, WEEK).sum(axis=-1), np.float64)


def shares(deaths: ArrayLike, weights: ArrayLike | None = None, limits: tuple[float, float] = LIMITS) -> Floats:
    """Shares (3,) of hold, fray and collapse among weekly deaths (n,) with these weights."""
    counts = np.bincount(levels(deaths, limits), weights, len(LEVELS)).astype(np.float64)
    return np.asarray(counts / counts.sum(), np.float64)


def from_trials(
    forecaster: str,
    origin: dt.date,
    daily: ArrayLike,
    horizons: Iterable[int] = HORIZONS,
    limits: tuple[float, float] = LIMITS,
) -> list[Forecast]:
    """The forecasts of simulated trials: deaths a day (trials, days), the first column being the day after `origin`.

    A horizon that the trials do not reach is an InputError.
    """
    weeks = weekly(daily)
    made = []
    for horizon in horizons:
        if not 1 <= horizon <= weeks.shape[-1]:
            raise InputError(
                f"week {horizon} was not simulated: the trials of {forecaster} reach {weeks.shape[-1]} whole weeks; "
                f"run at least {WEEK * horizon} days"
            )
        deaths = weeks[:, horizon - 1]
        made.append(Forecast(forecaster, origin, horizon, shares(deaths, limits=limits), sample(deaths)))
    return made


@dataclass(frozen=True, slots=True)
class Record:
    """Recorded deaths a day from `first` on, nan where a day is missing."""

    first: dt.date
    deaths: Floats

    def week(self, origin: dt.date, horizon: int) -> float:
        """Deaths in week `horizon` after the origin; nan where the record does not hold all its days."""
        start = (origin - self.first).days + 1 + WEEK * (horizon - 1)
        inside = start >= 0 and start + WEEK <= len(self.deaths)
        return float(self.deaths[start : start + WEEK].sum()) if inside else float("nan")

    def until(self, last: dt.date) -> Floats:
        """Deaths a day up to and with `last`, oldest first."""
        return self.deaths[: max(0, (last - self.first).days + 1)]


def record(observed: pd.Series[float]) -> Record:
    """A record from deaths a day by date; days left out between the first and the last are missing, not zero."""
    if not len(observed):
        raise InputError("the series of observed deaths is empty; give one value a day")
    days = pd.DatetimeIndex(observed.index)
    if days.has_duplicates:
        raise InputError(f"{days[days.duplicated()][0].date()} stands twice in the series; give one value a day")
    whole = pd.date_range(days.min(), days.max(), freq="D")
    values = pd.Series(observed.to_numpy(np.float64), index=days).reindex(whole)
    return Record(whole[0].date(), np.asarray(values, np.float64))


def origins(first: dt.date, last: dt.date, every: int = WEEK, alignments: int = WEEK) -> list[dt.date]:
    """Days from which to forecast: each `every` days from `first` to `last`, at several alignments of the week.

    Alignment k moves them all k days later and drops what then lies after `last`. Seven alignments of a weekly grid are
    all days. One alignment is luck: on the Idlib record it moves skill by 15 points (DOMAIN 7.11).
    """
    if last < first:
        raise InputError(f"the last origin {last} lies before the first {first}")
    days = range((last - first).days + 1)
    return [first + dt.timedelta(day) for day in days if day % every < alignments]
