"""What patterns read: a recorded or many simulated courses of a conflict, in the same daily series.

One shape for both, so that every pattern is computed by one function. `Chronicle` holds the series; `coded` reads them
off a scenario's chronology and a recorded series of deaths. Simulated ones come from the engine
(`sim.fitting.checking`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.analysis.intervals import Floats
from sim.history.series import Series
from sim.scenario.schema import Intervention, Scenario

LAST = dt.date(2020, 2, 10)  # the last day of evidence, the eve of the article; what came later is known afterwards
NO_TRUCE, LOWER, LEADER = 0, 1, 2
TRUCES = {"lower": LOWER, "leader": LEADER}
EVENTS = {
    "hits": ("hit_post",),
    "replies": ("retaliate", "operation_strike"),
    "militia_fire": ("militia_fire",),
    "infighting": ("infighting",),
    "rebel_offensives": ("rebel_offensive",),
}
HIT = "hit_post"
CLASH, ADMITTED = "clash", "acknowledged"  # an event type, and the mark that says that one side admits it
Wave = tuple[dt.date, Mapping[dt.date, float]]


@dataclass(frozen=True)
class Chronicle:
    """Daily series (courses, days), day 1 first; nan after the end of a course, and where something is not known.

    `deaths` in the box; `begun`, the level of the truce that began (0 none, 1 lower, 2 leader); `hits` on posts by the
    client's army, and the owner's soldiers `killed` on such a day by that army; `replies` of the owner; `moved`,
    thousand people newly displaced; `acknowledged`, 1 on days of patrons' fire on each other that one of them admits;
    `militia_fire`, `infighting`, `rebel_offensives` as counts of events.
    """

    deaths: Floats
    begun: Floats
    hits: Floats
    killed: Floats
    replies: Floats
    moved: Floats
    acknowledged: Floats
    militia_fire: Floats
    infighting: Floats
    rebel_offensives: Floats

    @property
    def lived(self) -> NDArray[np.bool_]:
        """Which days belong to a course (courses, days)."""
        return ~np.isnan(self.begun)


def joined(chronicles: Iterable[Chronicle]) -> Chronicle:
    """Courses of several chronicles of the same number of days, one after another."""
    each = list(chronicles)
    return Chronicle(**{it.name: np.concatenate([getattr(one, it.name) for one in each]) for it in fields(Chronicle)})


def coded(
    scenario: Scenario, series: Series | None, first: dt.date, days: int, waves: Iterable[Wave] = ()
) -> Chronicle:
    """The recorded course (1, days) from `first` on, nothing after `LAST`: events of the scenario's chronology, deaths
    of the series (nan without one).

    `waves` are displacements counted anew from a day on: the day before the count began, and cited totals in thousand;
    between them as many a day.
    """
    known = min(days, (LAST - first).days + 1)
    past = {**scenario.history.events, **scenario.afterwards}.values()
    dated = [(it, (it.on - first).days) for it in past if it.on is not None]
    events = [(it, day) for it, day in dated if 0 <= day < known]
    begins = {
        name: TRUCES[effect.truce]
        for name, event in scenario.events.items()
        for effect in event.effects
        if effect.truce in TRUCES
    }
    counted = {name: _counted(events, types, days) for name, types in EVENTS.items()}
    return Chronicle(
        deaths=_deaths(series, first, days, known),
        begun=_ended(np.max([_at(days, day, begins.get(str(it.event), 0)) for it, day in events], axis=0), known),
        killed=_ended(np.sum([_at(days, day, _killed(it)) for it, day in events], axis=0), known),
        moved=_moved(waves, first, days, known),
        acknowledged=_ended(np.sum([_at(days, day, _admitted(it)) for it, day in events], axis=0), known),
        **{name: _ended(series, known) for name, series in counted.items()},
    )


def _at(days: int, day: int, value: float) -> Floats:
    return np.asarray(np.where(np.arange(days) == day, value, 0.0)[None, :], np.float64)


def _ended(series: Floats, known: int) -> Floats:
    series[:, known:] = np.nan
    return series


def _counted(events: Iterable[tuple[Intervention, int]], types: Collection[str | None], days: int) -> Floats:
    on = [day for it, day in events if it.event in types]
    return np.bincount(np.array(on, dtype=np.intp), minlength=days).astype(np.float64)[None, :]


def _killed(it: Intervention) -> float:
    return it.marks.get("killed", 0.0) if it.event == HIT else 0.0


def _admitted(it: Intervention) -> float:
    return float(it.event == CLASH and it.marks.get(ADMITTED, 0.0) > 0)


def _deaths(series: Series | None, first: dt.date, days: int, known: int) -> Floats:
    """Best estimates a day; nan where the series has none."""
    values = np.full(days, np.nan)
    if series is None:
        return values[None, :]
    start = (first - series.start).days
    for k in range(max(0, -start), min(known, len(series.days) - start)):
        values[k] = series.days[start + k].best
    return values[None, :]


def _moved(waves: Iterable[Wave], first: dt.date, days: int, known: int) -> Floats:
    """Thousand people newly displaced a day: the slope between cited totals; nan where no count ran."""
    values = np.full(days, np.nan)
    for eve, totals in waves:
        before, so_far = eve, 0.0
        for on, total in sorted(totals.items()):
            start, end = max(0, (before - first).days + 1), min(known, (on - first).days + 1)
            if on > LAST:
                break
            values[start:end] = (total - so_far) / (on - before).days
            before, so_far = on, total
    return values[None, :]
