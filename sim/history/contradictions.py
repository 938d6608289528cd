"""Where the chronology and the recorded deaths contradict each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.history.emissions import Observation
from sim.history.truce import WEEK, truce_is_dead

Floats = npt.NDArray[np.float64]

SURPRISING_BELOW = 0.2  # an offensive less likely than this in all of its first week contradicts the chronology


class Disagreement(NamedTuple):
    """A day on which chronology and deaths contradict each other, and a sentence that says how."""

    on: dt.date
    line: str


def disagreements(
    first: dt.date,
    deaths: Sequence[Observation],
    path: Floats,
    offensives: Mapping[str, dt.date],
    truces: Mapping[str, tuple[dt.date, dt.date | None]],
) -> list[Disagreement]:
    """What `ceasefire show` says about chronology against deaths, by date.

    `first` is the first day observed, `path` (n, k) comes from `filter_path`; `offensives` are days by event id,
    `truces` first days and days of breaking (None: still standing) by event id. Deaths decide the regime all the same.
    """
    spans = _spans(first, deaths)
    found = [_unseen(name, day, spans, path) for name, day in offensives.items()]
    found += [_overrun(name, begin, end, spans, deaths) for name, (begin, end) in truces.items()]
    return sorted(item for item in found if item is not None)


def _spans(first: dt.date, deaths: Sequence[Observation]) -> list[tuple[dt.date, dt.date]]:
    """First and last day of each observation."""
    spans = []
    for item in deaths:
        spans.append((first, first + dt.timedelta(item.days - 1)))
        first += dt.timedelta(item.days)
    return spans


def _unseen(name: str, day: dt.date, spans: Sequence[tuple[dt.date, dt.date]], path: Floats) -> Disagreement | None:
    """An offensive of the chronology that the filter does not find in its first week; None before that week is over."""
    until = day + dt.timedelta(WEEK - 1)
    top = [row[-1] for (_, end), row in zip(spans, path, strict=True) if day <= end <= until]
    if not top or spans[-1][1] < until or max(top) >= SURPRISING_BELOW:
        return None
    line = (
        f"the chronology begins an offensive ({name}), but deaths give the highest regime at most {max(top):.0%} "
        f"in the week to {until}; the regime follows the deaths"
    )
    return Disagreement(day, line)


def _overrun(
    name: str,
    begin: dt.date,
    end: dt.date | None,
    spans: Sequence[tuple[dt.date, dt.date]],
    deaths: Sequence[Observation],
) -> Disagreement | None:
    """The first day on which seven days of a truce that the chronology keeps in force reach the deaths that end one."""
    kept = [
        (span, item.deaths or 0.0)
        for span, item in zip(spans, deaths, strict=True)
        if begin <= span[0] and (end is None or span[1] < end)
    ]
    for i, ((_, today), _) in enumerate(kept):
        since = today - dt.timedelta(WEEK - 1)
        week = [dead for span, dead in kept[max(0, i - WEEK + 1) : i + 1] if since <= span[0]]
        if truce_is_dead(week):
            line = (
                f"the chronology keeps a truce in force ({name}, since {begin}), but {sum(week):.0f} people were "
                f"killed in seven days of it; the regime follows the deaths, the truce the chronology"
            )
            return Disagreement(today, line)
    return None
