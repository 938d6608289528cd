"""Which truce stood on a day, by a rule that could be followed on that day.

The rule, written before any score was computed (DOMAIN 7.11):

1. A truce begins on the day on which it enters into force as announced, at the level coded in the chronology: `leader`
   where presidents stand behind it, else `lower`. A new truce takes the place of one that stands; of two that begin on
   one day the higher level counts.
2. It is dead from the first day on which the deaths since its start, in the last seven days, reach 100.
3. Nothing else ends it. The day on which historians let a truce end is not used: it was chosen by those who knew what
   followed.

What was not knowable remains in the coding of levels: the calm of 31 August 2019 counts as leader-level because of a
meeting four days before, which a coder of that day might have read otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.analysis.chronicle import TRUCES
from sim.analysis.intervals import Floats
from sim.history.truce import truce_is_dead
from sim.scenario.schema import Scenario


class Announced(NamedTuple):
    """A truce that enters into force on a day, and its level, `lower` or `leader`."""

    on: dt.date
    level: str


class Standing(NamedTuple):
    """The truce in force at the end of a day: level (`none` without one) and age, 0 on its first day."""

    level: str = "none"
    age: int = 0


def announced(scenario: Scenario) -> list[Announced]:
    """The truces of a scenario's chronology, by day: every event with an effect that begins a truce."""
    begins = {
        name: effect.truce
        for name, event in scenario.events.items()
        for effect in event.effects
        if effect.truce not in (None, "none")
    }
    past = scenario.history.events.values()
    found = [Announced(it.on, str(begins[it.event])) for it in past if it.on is not None and it.event in begins]
    return sorted(found)


def standing(truces: Sequence[Announced], first: dt.date, deaths: Floats) -> list[Standing]:
    """The truce in force at the end of each day from `first` on, given deaths a day (nan: not known, taken as none)."""
    known = np.nan_to_num(deaths)
    starts = {(it.on - first).days: it.level for it in sorted(truces, key=_level)}
    begun = max((day for day in starts if day < 0), default=None)
    days: list[Standing] = []
    for day in range(len(known)):
        begun = day if day in starts else begun
        if begun is not None and truce_is_dead(known[max(begun, day - 6, 0) : day + 1].tolist()):
            begun = None
        days.append(Standing() if begun is None else Standing(starts[begun], day - begun))
    return days


def _level(truce: Announced) -> int:
    return TRUCES[truce.level]


def covariates(truce: Standing) -> Floats:
    """Numbers for regressions (3,): leader level (0, 1), lower level (0, 1), log of 1 + age in days."""
    return np.array([truce.level == "leader", truce.level == "lower", np.log1p(truce.age)], np.float64)
