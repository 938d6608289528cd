"""The five event folds of the domain study (DOMAIN 6.3): single days, each with its forecast and what came.

A fold is a scenario that stands beside the back-tested one: the day is its origin, and what happens on that day is what
it says, an agreement that enters into force for one. The last known day is the eve. Five are no sample: nothing is
averaged over them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.analysis.chronicle import LAST
from sim.analysis.forecasts import WEEK, Forecast, Record
from sim.analysis.scores import LEVELS, central_interval, levels
from sim.scenario.loading import load
from sim.scenario.reading import BUILTIN, builtin_names
from sim.scenario.schema import Intervention

FOLDS = ("sochi-2018-09-17", "idlib-2019-08-31", "idlib-2020-01-12", "idlib-2020-02-11", "moscow-2020-03-06")
COLUMNS = (
    "fold", "origin", "horizon", "forecaster", *LEVELS, "low_90", "median", "high_90", "observed", "level",
    "known_afterwards",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fold:
    """A day, what happens on it by name, and whether anything of it is known afterwards only."""

    name: str
    day: dt.date
    happens: Mapping[str, Intervention]

    @property
    def eve(self) -> dt.date:
        """The last day whose deaths are known: the origin of the forecast."""
        return self.day - dt.timedelta(1)


def beside(source: str, name: str) -> str | None:
    """The scenario of a name in the folder of another one, or among the shipped ones as that is; None without one."""
    if source.startswith(BUILTIN) or (source in builtin_names() and not Path(source).is_file()):
        return f"{BUILTIN}{name}" if name in builtin_names() else None
    path = Path(source).with_name(f"{name}.yaml")
    return str(path) if path.is_file() else None


def folds(source: str) -> list[Fold]:
    """The folds whose scenarios stand beside this one, in the order of their days."""
    found = []
    for name in FOLDS:
        if (file := beside(source, name)) is not None:
            scenario = load(file)
            happens = {key: it for key, it in scenario.interventions.items() if it.on == scenario.origin}
            found.append(Fold(name, scenario.origin, happens))
    return sorted(found, key=lambda fold: fold.day)


def fold_rows(fold: Fold, forecasts: Iterable[Forecast], record: Record, limits: tuple[float, float]) -> pd.DataFrame:
    """One row a forecast: probabilities, the central 90 %, and what came (nan and no level: not recorded)."""
    return pd.DataFrame(list(_rows(fold, forecasts, record, limits)), columns=list(COLUMNS))


def _rows(
    fold: Fold, forecasts: Iterable[Forecast], record: Record, limits: tuple[float, float]
) -> Iterator[tuple[object, ...]]:
    for made in forecasts:
        low, high = central_interval(made.deaths, 0.9)
        median, _ = central_interval(made.deaths, 0.0)
        came = record.week(fold.eve, made.horizon)
        level = "" if pd.isna(came) else LEVELS[int(levels(came, limits))]
        ends = fold.eve + dt.timedelta(WEEK * made.horizon)
        yield (
            fold.name, fold.eve, made.horizon, made.forecaster, *made.probabilities.tolist(), low, median, high, came,
            level, ends > LAST,
        )  # fmt: skip
