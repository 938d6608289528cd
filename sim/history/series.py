"""The daily series that the model reads: one row a day, days without deaths included.

Columns: `date`, `events`, and deaths as `best`, `low` and `high` estimate. `history.deaths` of a scenario and
`ceasefire data outcomes` read it, the importers write it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sim.errors import InputError
from sim.history.tables import Field, Table, day, number, whole

COLUMNS = ("date", "events", "best", "low", "high")
ESTIMATES = ("best", "low", "high")
MOST = 10_000_000  # deaths or events a day; a larger number is a slip
KIND = "a daily series (date,events,best,low,high)"


class Day(NamedTuple):
    """What was counted on one day."""

    events: int
    best: float
    low: float
    high: float


@dataclass(frozen=True)
class Series:
    """Days in a row from `start`, none left out; `absent` are the columns that its file does not have."""

    start: dt.date
    days: tuple[Day, ...]
    absent: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def end(self) -> dt.date:
        """The last day."""
        return self.start + dt.timedelta(len(self.days) - 1)

    def deaths(self, start: dt.date, end: dt.date, estimate: str = "best") -> list[float]:
        """Deaths a day from `start` to `end`, both included. InputError for days or a column that the series lacks."""
        if estimate in self.absent:
            columns = ", ".join(name for name in COLUMNS if name not in self.absent)
            raise InputError(
                f"has no column {estimate}, so that estimate cannot be judged; of a series' columns it has {columns}; "
                "take --deaths best, or a file with that column, such as `ceasefire data import-ucdp` writes"
            )
        if not self.start <= start <= end <= self.end:
            raise InputError(f"{start} to {end}: not in the series; allowed: days in order, {self.start} to {self.end}")
        first = (start - self.start).days
        return [getattr(day, estimate) for day in self.days[first : first + (end - start).days + 1]]


def lines(series: Series) -> Iterator[str]:
    """The series as CSV, whole numbers written as such; the same bytes on every machine."""
    yield ",".join(COLUMNS) + "\n"
    for k, counted in enumerate(series.days):
        yield f"{series.start + dt.timedelta(k)},{','.join(_plain(value) for value in counted)}\n"


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def digest(series: Series) -> str:
    """The SHA-256 of the series as `lines` writes it: one for one content, whoever wrote the file."""
    return hashlib.sha256("".join(lines(series)).encode()).hexdigest()


def write_series(series: Series, path: Path) -> None:
    """Write the series as CSV. InputError where that cannot be."""
    try:
        path.write_bytes("".join(lines(series)).encode())
    except OSError as fault:
        raise InputError(f"{path}: cannot be written: {fault.strerror}") from fault


def read_series(path: Path) -> Series:
    """The series in a CSV file. `date` and `best` must be there; where the others are not, `best` stands for `low` and
    `high`, which then cannot be judged, and no events are counted. InputError for a day that is missing, given twice or
    out of order.
    """
    deaths = number(0, MOST)
    fields = (Field("date", day), Field("best", deaths), Field("low", deaths, None), Field("high", deaths, None),
              Field("events", whole(0, MOST), 0))  # fmt: skip
    table = Table(path, fields, KIND, _is_events)
    start: dt.date | None = None
    days: list[Day] = []
    for date, best, low, high, events in table:
        start = start or date
        due = start + dt.timedelta(len(days))
        if date != due:
            raise table.wrong("date", f"{date} stands where {due} is due; a day without deaths is a row with 0")
        days.append(Day(events, best, best if low is None else low, best if high is None else high))
    if start is None:
        raise InputError(f"{path}: has no days; write one row a day, days without deaths included")
    return Series(start, tuple(days), frozenset(table.absent))


def _is_events(columns: object) -> str:
    found = set(columns) if isinstance(columns, list) else set()
    for publisher, own in (("ucdp", {"date_start", "type_of_violence"}), ("acled", {"event_date", "fatalities"})):
        if own <= found:
            return f"; it is a list of events: make a series of it with `ceasefire data import-{publisher}`"
    return ""
