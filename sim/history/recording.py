"""A recorded series asked what a trial is asked: hold, fray or collapse, by the code that judges a trial.

A scenario without rules is compiled for the span. Day by day the recorded deaths are entered (`bury`) and the evening's
verdict is read (`judge`): what a gauge, a window, a threshold and dating back are is decided there and not here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sim.conflict import state as st
from sim.conflict.outcomes import judge
from sim.conflict.processes import bury, forget_yesterday
from sim.errors import InputError
from sim.history.series import Series
from sim.history.tables import Field, Table, day, whole
from sim.scenario.compiling import Compiled, compile_scenario
from sim.scenario.schema import Defaults, Scenario

LEVELS = ("hold", "fray", "collapse")
READINGS = (70.0, 100.0, 150.0)  # deaths in seven days; 100 is the definition (DOMAIN 2), the others show what it bears
COUNTED = ("patron_killed", "places_lost")


class Counted(NamedTuple):
    """What else was recorded on one day: patron soldiers killed by a state, and places lost less places regained."""

    patron_killed: int = 0
    places_lost: int = 0


@dataclass(frozen=True)
class Record:
    """Days with something else to count than deaths; a kind of count that is not in `kinds` was not recorded."""

    days: Mapping[dt.date, Counted]
    kinds: tuple[str, ...]


NOT_RECORDED = Record({}, ())


class Collapse(NamedTuple):
    """Collapse by deaths at a reading of the threshold; `date` None if it did not come.

    `day` counts as a trial's days do (1 is the first day), `days` is how long the truce had stood.
    """

    at_least: float
    date: dt.date | None
    day: int | None
    days: int | None


@dataclass(frozen=True)
class Recorded:
    """The verdict on a span: deaths, the level (index of `LEVELS`) at the end of each day, collapse by each reading."""

    start: dt.date
    end: dt.date
    deaths: float
    levels: tuple[int, ...]
    collapses: tuple[Collapse, ...]
    left_out: tuple[str, ...]

    @property
    def worst(self) -> str:
        """The worst level reached."""
        return LEVELS[max(self.levels)]

    @property
    def terminal(self) -> str:
        """The level on the last day."""
        return LEVELS[self.levels[-1]]

    @property
    def collapse(self) -> Collapse:
        """Collapse by the definition."""
        return self.collapses[0]

    def day_of(self, date: dt.date) -> int:
        """The day of the trial that a date is; 1 is the first."""
        return (date - self.start).days + 1

    def first(self, level: str) -> dt.date | None:
        """The first day on whose evening the level was reached or exceeded."""
        least = LEVELS.index(level)
        return next((self.start + dt.timedelta(k) for k, found in enumerate(self.levels) if found >= least), None)


def judge_record(
    series: Series,
    start: dt.date,
    end: dt.date,
    record: Record = NOT_RECORDED,
    estimate: str = "best",
    readings: Sequence[float] = READINGS,
) -> Recorded:
    """What became of a truce that began on `start`, by what was recorded up to `end`, both days included.

    Windows begin at `start`. Raises InputError for days that the series does not have.
    """
    deaths = series.deaths(start, end, estimate)
    defined = Defaults().collapse_deaths
    asked = [defined, *(reading for reading in readings if reading != defined)]
    compiled = compile_scenario(_silent(start, len(deaths), asked))
    s, c = list(compiled.initial), compiled.tables
    levels = []
    for number, died in enumerate(deaths):
        _live_through(s, c, died, record.days.get(start + dt.timedelta(number), Counted()))
        levels.append(int(s[st.LEVEL]))
    collapses = tuple(_dated(s, compiled, start, at_least) for at_least in asked)
    left_out = tuple(kind for kind in COUNTED if kind not in record.kinds)
    return Recorded(start, end, sum(deaths), tuple(levels), collapses, left_out)


def _live_through(s: list[float], c: st.Tables, deaths: float, counted: Counted) -> None:
    s[st.DAY] += 1.0
    forget_yesterday(s, c)
    s[st.PATRON_KILLED] = float(counted.patron_killed)
    s[st.PLACES_LOST] += counted.places_lost
    bury(s, c, deaths)
    judge(s, c)


def _dated(s: Sequence[float], compiled: Compiled, start: dt.date, at_least: float) -> Collapse:
    day = int(s[compiled.tables.outcome_day + compiled.names.outcomes.index(_name(at_least))])
    if day == 0:
        return Collapse(at_least, None, None, None)
    return Collapse(at_least, start + dt.timedelta(day - 1), day, day - 1)


def _name(at_least: float) -> str:
    return f"collapse_{at_least:g}".replace(".", "_")


def _silent(start: dt.date, days: int, thresholds: Sequence[float]) -> Scenario:
    """A scenario in which nothing happens by itself, asked for collapse at each threshold."""
    back = Defaults().collapse_backdate_to
    asked: dict[str, Any] = {
        _name(at_least): {"count": "deaths", "window_days": st.OBSERVED_DAYS, "at_least": at_least, "backdate_to": back}
        for at_least in thresholds
    }
    asked[_name(thresholds[0])]["headline"] = True
    return Scenario.model_validate(
        {
            "name": "a recorded series",
            "about": "Nothing happens but what was recorded.",
            "origin": start,
            "horizon_days": days,
            "history": {"start": start},
            "actors": {side: {"name": side, "kind": "state"} for side in ("one", "two")},
            "places": {},
            "agreement": {"name": "the truce", "parties": ["one", "two"]},
            "fighting": {"between": ["one", "two"], "regimes": {"recorded": {"mean": 0.0, "size": 1.0}}},
            "events": {},
            "rules": {},
            "outcomes": asked,
        }
    )


def read_record(path: Path) -> Record:
    """What else was recorded: CSV with `date` and `patron_killed`, `places_lost` or both; days without are left out."""
    numbers = (Field("patron_killed", whole(0, 100_000), 0), Field("places_lost", whole(-100, 100), 0))
    table = Table(path, (Field("date", day), *numbers), "a record (date,patron_killed,places_lost)")
    days: dict[dt.date, Counted] = {}
    for date, *counted in table:
        if date in days:
            raise table.wrong("date", f"{date} is given twice; write one row a day")
        days[date] = Counted(*counted)
    kinds = tuple(kind for kind in COUNTED if kind not in table.absent)
    if not kinds or not days:
        raise InputError(f"{path}: records nothing; write rows below date,{','.join(COUNTED)}")
    return Record(days, kinds)
