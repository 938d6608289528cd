"""From simulated weekly deaths to forecasts, and from forecasts to the tables of a back-test; horizons are in weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from sim.analysis.chronicle import TRUCES as LEVELS
from sim.analysis.forecasts import Forecast, Record, shares
from sim.analysis.scores import central_interval, sample
from sim.analysis.scoring import SCORES, paired
from sim.analysis.spells import Spells
from sim.analysis.truces import announced, standing
from sim.backtesting.forecasting import Counts
from sim.scenario.schema import Scenario

FANS = ("forecaster", "origin", "week", "low_90", "low_50", "median", "high_50", "high_90", "observed")
TRUCES = ("level", "first", "last")
NAMES = {number: level for level, number in LEVELS.items()}


def limits_of(scenario: Scenario) -> tuple[float, float]:
    """Deaths in seven days at which the scenario lets fray and collapse begin."""
    return scenario.defaults.fray_deaths, scenario.defaults.collapse_deaths


def forecasts_of(
    name: str, origins: Sequence[dt.date], deaths: Counts, weeks: Sequence[int], limits: tuple[float, float]
) -> list[Forecast]:
    """The forecasts of simulated weekly deaths (origins, trials, weeks)."""
    return [
        Forecast(name, origin, week, shares(trials[:, week - 1], limits=limits), sample(trials[:, week - 1]))
        for origin, trials in zip(origins, deaths, strict=True)
        for week in weeks
    ]


def fans(name: str, origins: Sequence[dt.date], deaths: Counts, record: Record) -> pd.DataFrame:
    """Median, and central 50 and 90 %, of the deaths in each week after each origin, and those recorded (or nan)."""
    rows = []
    for origin, trials in zip(origins, deaths, strict=True):
        for week in range(1, deaths.shape[2] + 1):
            drawn = sample(trials[:, week - 1])
            (low_90, high_90), (low_50, high_50) = central_interval(drawn, 0.9), central_interval(drawn, 0.5)
            median, _ = central_interval(drawn, 0.0)
            came = record.week(origin, week)
            rows.append((name, origin, week, low_90, low_50, median, high_50, high_90, came))
    return pd.DataFrame(rows, columns=list(FANS))


def ablations(model: pd.DataFrame, of_rules: Sequence[pd.DataFrame], seed: int) -> pd.DataFrame:
    """Each forecaster against the model, on the same origins: `difference` is above zero where it is worse."""
    rows = []
    for each in of_rules:
        both = pd.concat([model, each], ignore_index=True)
        name, against = str(each["forecaster"].iloc[0]), str(model["forecaster"].iloc[0])
        for horizon, part in each.groupby("horizon"):
            for measure in SCORES:
                ahead = paired(both, int(str(horizon)), measure, name, against, seed)
                rows.append({"horizon": horizon, "measure": measure, "forecaster": name, "n": len(part),
                             "reference": against, **ahead._asdict()})  # fmt: skip
    return pd.DataFrame(rows)


def truces(scenario: Scenario, record: Record) -> pd.DataFrame:
    """The truces of the record by the rule that could be followed on the day: level, first and last day."""
    return pd.DataFrame(list(_stretches(scenario, record)), columns=list(TRUCES))


def spells(found: Spells, first: dt.date, courses_before: int = 0) -> pd.DataFrame:
    """Truces as rows: course, first (the day it began), level, days it lasted, ended (else censored).

    `first` is day 0 of the courses, which are numbered from `courses_before` on.
    """
    return pd.DataFrame(
        {
            "course": found.course + courses_before,
            "first": pd.Series([first + dt.timedelta(int(day)) for day in found.start], dtype=object),
            "level": pd.Series([NAMES[int(level)] for level in found.level], dtype=object),
            "days": found.days.astype(np.int64),
            "ended": found.ended,
        }
    )


def _stretches(scenario: Scenario, record: Record) -> Iterator[tuple[str, dt.date, dt.date]]:
    stood = standing(announced(scenario), record.first, record.deaths)
    days = ((record.first + dt.timedelta(k), truce) for k, truce in enumerate(stood))
    for (level, _), part in groupby(days, key=lambda it: (it[1].level, it[0] - dt.timedelta(it[1].age))):
        span = [day for day, _ in part]
        if level != "none":
            yield level, span[0], span[-1]
