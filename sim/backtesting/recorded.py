"""The recorded deaths that a back-test drives its states with and scores its forecasts by."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sim.analysis.forecasts import Record
from sim.errors import InputError
from sim.history.series import KIND, MOST
from sim.history.tables import Field, Table, day, number


@dataclass(frozen=True)
class Recorded:
    """A record, the name and checksum of its file, and the first day that the file leaves out (None: none)."""

    record: Record
    name: str
    sha256: str
    missing: dt.date | None = None

    @property
    def last(self) -> dt.date:
        """The last day whose deaths are known."""
        return self.record.first + dt.timedelta(len(self.record.deaths) - 1)

    @property
    def observed(self) -> pd.Series[float]:
        """Deaths a day by date, as the baselines and the scores take them."""
        days = pd.date_range(self.record.first, periods=len(self.record.deaths), freq="D")
        return pd.Series(self.record.deaths, index=days)


def read_record(path: Path) -> Recorded:
    """The best estimates of a daily series, up to the first day that is missing or empty.

    What stands after a gap could not be used: neither a state nor a week can be had across it. InputError for a file
    that is no daily series, has no days, or has them out of order.
    """
    table = Table(path, (Field("date", day), Field("best", number(0, MOST, float("nan")))), KIND)
    days: dict[dt.date, float] = {}
    for on, best in table:
        if days and on <= max(days):
            raise table.wrong("date", f"{on} stands after {max(days)}; give each day once, the earliest first")
        days[on] = best
    if not days or np.isnan(days[min(days)]):
        raise InputError(f"{path}: has no days; write one row a day, days without deaths included")
    first = min(days)
    known: list[float] = []
    while not np.isnan(best := days.get(first + dt.timedelta(len(known)), float("nan"))):
        known.append(best)
    gap = first + dt.timedelta(len(known))
    return Recorded(
        Record(first, np.array(known)),
        path.name,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        gap if gap <= max(days) else None,
    )
