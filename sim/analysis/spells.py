"""How long truces last, by the rule of deaths: dead on the first day of a week with a hundred of them.

The rule is that of DOMAIN 7.5, the same for recorded and simulated courses: deaths are counted from the day on which a
truce begins; once a window of seven days reaches 100, the truce is dead from the first day of that window with at least
ten. It is censored where another truce takes its place before that, and where the course ends. Unlike
`sim.analysis.truces` it dates an end by what followed: it measures how long truces lasted, and forecasts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.analysis.chronicle import TRUCES
from sim.analysis.forecasts import Record
from sim.analysis.intervals import Floats
from sim.analysis.truces import Announced
from sim.history.truce import TRUCE_DEAD_AT, WEEK

BACKDATE = 10.0  # deaths on the first day of the week from which a truce is dead (DOMAIN 7.5)
SHAPES = (0.05, 20.0)  # between which the Weibull shape is looked for
HALVINGS = 40
HALF_A_DAY = 0.5  # a spell of no days lasted for part of one

Where = NDArray[np.intp]


class Spells(NamedTuple):
    """Truces in the order of courses and days: which course, first day (from 0), level, days it lasted, whether it
    ended there (else it was censored). Each (n,).
    """

    course: Where
    start: Where
    level: Floats
    days: Floats
    ended: NDArray[np.bool_]


def spells(begun: Floats, deaths: Floats) -> Spells:
    """All truces of courses (courses, days); where deaths are not known a truce is censored."""
    course, start = np.nonzero(begun > 0)
    if not len(course):
        return Spells(course, start, np.empty(0), np.empty(0), np.empty(0, np.bool_))
    until = np.minimum(_until(begun, course, start), _unknown(deaths, course, start))
    dead, seen = _dead(deaths, course, start)
    ended = (dead >= 0) & (seen < until)
    lasted = (np.where(ended, dead, until) - start).astype(np.float64)
    return Spells(course, start, begun[course, start], lasted, ended)


def recorded_spells(truces: Sequence[Announced], record: Record) -> Spells:
    """The announced truces that began within a record, which is one course; censored where it ends."""
    begun = np.zeros((1, len(record.deaths)))
    for it in truces:
        day = (it.on - record.first).days
        if 0 <= day < begun.shape[1]:
            begun[0, day] = max(begun[0, day], TRUCES[it.level])
    return spells(begun, record.deaths[None, :])


def begun_levels(truce: Floats, age: Floats) -> Floats:
    """The level of the truce that began on each day (courses, days), from the one in force and its age that evening."""
    return np.where(age == 0, truce, truce * 0.0)  # nan, after the end of a course, stays nan


def _until(begun: Floats, course: Where, start: Where) -> Where:
    """The day on which the next truce of the course begins, or the first after its end."""
    last = (~np.isnan(begun)).sum(axis=1)[course]
    following = np.append(start[1:], 0)
    return np.where(np.append(course[1:], -1) == course, following, last)


def _unknown(deaths: Floats, course: Where, start: Where) -> Where:
    """The first day from each start on whose deaths are not known; the number of days where all are."""
    days = deaths.shape[1]
    first = np.where(np.isnan(deaths), np.arange(days), days)
    return np.minimum.accumulate(first[:, ::-1], axis=1)[:, ::-1][course, start]


def _dead(deaths: Floats, course: Where, start: Where) -> tuple[Where, Where]:
    """The day from which each truce is dead, -1 for never, and the day on which the deaths that show it are reached."""
    days = deaths.shape[1]
    since = np.arange(days) >= start[:, None]
    counted = np.where(since, np.nan_to_num(deaths[course]), 0.0)
    total = np.cumsum(counted, axis=1)
    total[:, WEEK:] -= total[:, :-WEEK].copy()
    over = total >= TRUCE_DEAD_AT
    crossed = over.argmax(axis=1)
    window = crossed[:, None] - np.arange(WEEK)[::-1]
    heavy = (np.take_along_axis(counted, np.maximum(window, 0), axis=1) >= BACKDATE) & (window >= 0)
    return np.where(over.any(axis=1), crossed - WEEK + 1 + heavy.argmax(axis=1), -1), crossed


def weibull_shape(course: Where, days: Floats, ended: NDArray[np.bool_], courses: int, least: int = 3) -> Floats:
    """The Weibull shape of each course's spells (courses,) by maximum likelihood; below 1 the hazard falls with age.

    nan for courses with fewer than `least` ended spells. Spells of no days count as half a day. The likelihood's
    derivative by the shape, with the scale at its best, falls throughout; its zero is found by halving.
    """
    log = np.log(np.maximum(days, HALF_A_DAY))
    ends = np.bincount(course, ended, courses)
    mean = np.bincount(course, np.where(ended, log, 0.0), courses) / np.maximum(ends, 1.0)
    top = np.zeros(courses)
    np.maximum.at(top, course, log)
    low, high = np.full(courses, SHAPES[0]), np.full(courses, SHAPES[1])
    for _ in range(HALVINGS):
        shape = np.sqrt(low * high)
        power = np.exp(shape[course] * (log - top[course]))
        whole = np.bincount(course, power, courses)
        slope = 1.0 / shape + mean - np.bincount(course, power * log, courses) / np.maximum(whole, 1e-300)
        low, high = np.where(slope > 0, shape, low), np.where(slope > 0, high, shape)
    return np.where(ends >= least, np.sqrt(low * high), np.nan)
