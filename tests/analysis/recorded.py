"""Recorded series for tests of scores: made up, or the fetched one where it is present."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from tests import needs

FIRST = dt.date(2016, 1, 1)


def of_days(values: object, first: dt.date = FIRST) -> pd.Series:
    """A series of deaths a day from its values."""
    deaths = np.asarray(values, float)
    return pd.Series(deaths, index=pd.date_range(first, periods=len(deaths), freq="D"))


def of_weeks(values: object, first: dt.date = FIRST) -> pd.Series:
    """A series whose weeks have these sums, all on the week's first day."""
    weeks = np.asarray(values, float)
    return of_days(np.kron(weeks, [1, 0, 0, 0, 0, 0, 0]), first)


def switching(weeks: int, seed: int = 0) -> pd.Series:
    """Deaths a day under three hidden levels that last for weeks, as in the real record."""
    dice = np.random.default_rng(seed)
    mean = np.array([1.0, 8.0, 30.0])
    move = np.array([[0.9, 0.09, 0.01], [0.15, 0.7, 0.15], [0.02, 0.13, 0.85]])
    level, days = 0, []
    for _ in range(weeks):
        level = int(dice.choice(3, p=move[level]))
        days += list(dice.negative_binomial(0.8, 0.8 / (0.8 + mean[level]), 7))
    return of_days(days)


def fetched() -> pd.Series:
    """UCDP deaths a day in the Idlib box; skips the test where the file is absent."""
    frame = pd.read_csv(needs.shared("data/idlib_box_daily.csv"), parse_dates=["date"])
    return pd.Series(frame["best"].to_numpy(float), index=pd.DatetimeIndex(frame["date"]))
