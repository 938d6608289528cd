"""The thirteen patterns of DOMAIN 7.7 as numbers of a course: one function each, for recorded and simulated courses.

A `Measure` computes several numbers of each course at once, from its daily series alone (`Chronicle`): values and what
they rest on, each (courses, numbers). A number is nan where a course does not define it, because too little happened.
`MEASURES` says from which run each is taken: the whole course from Sochi on, or a truce that begins on a dated day.

Which thresholds count as hold, fray and collapse is DOMAIN 7.5; weeks run from the first day of a course, so that those
from Sochi on run from Monday to Sunday.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.analysis.chronicle import LEADER, LOWER, Chronicle
from sim.analysis.forecasts import WEEK, weekly
from sim.analysis.intervals import Floats
from sim.analysis.scores import LEVELS, LIMITS
from sim.analysis.spells import spells, weibull_shape

COURSE, AUGUST_2, AUGUST_31, JANUARY_12 = "course", "truce_2019_08_02", "truce_2019_08_31", "truce_2020_01_12"
FEW_WEEKS = 5  # a row of the weekly matrix that rests on fewer is left out
FEW_DAYS = 28  # the same for the spread of daily deaths
FEW_TRUCES = 3  # and for shares of truces
BEFORE = 14  # days before a truce that its fall is measured by (DOMAIN 2.1)
AT_ONCE, FORTNIGHT, BACK = (0, 3), (0, 14), (4, 14)  # days after a truce's first: from, up to but without
SHORT, LONG = 7, 46  # days: short truces last no longer, long ones at least so long
ANSWERED_WITHIN = 2  # days: how long a provocation stands in the model
LULL = LIMITS[0] / WEEK  # deaths a day below which a fortnight is a lull
HIGH = 0.99

Mask = NDArray[np.bool_]
Counted = tuple[Floats, Floats]  # values and what they rest on, each (courses, numbers)


class Number(NamedTuple):
    """A number of a pattern: its name, its unit, what it means, and what must be said about its observed value."""

    name: str
    unit: str
    about: str
    note: str = ""


class Measure(NamedTuple):
    """Numbers of a pattern that one function computes, from one run.

    `minority` marks what should happen in some courses and in less than half of them, whatever was observed.
    """

    pattern: str
    run: str
    numbers: tuple[Number, ...]
    of: Callable[[Chronicle], Counted]
    minority: bool = False


def values(measure: Measure, chronicle: Chronicle) -> Counted:
    """The measure's numbers of each course and what they rest on; nan where that is nothing."""
    number, n = measure.of(chronicle)
    return np.where(n > 0, number, np.nan), n


def _ratio(above: ArrayLike, below: ArrayLike) -> Floats:
    """Nan where nothing stands below."""
    top, bottom = np.asarray(above, np.float64), np.asarray(below, np.float64)
    divided: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return divided


def _beside(*columns: Counted) -> Counted:
    return np.column_stack([value for value, _ in columns]), np.column_stack([n for _, n in columns])


# --- P1, P2, P3: deaths by week and by day ----------------------------------------------------------------------------


def week_levels(chronicle: Chronicle) -> NDArray[np.intp]:
    """Each whole week's level (courses, weeks): 0 hold, 1 fray, 2 collapse; -1 where deaths of a day are not known."""
    deaths = weekly(chronicle.deaths)
    return np.where(np.isnan(deaths), -1, np.searchsorted(LIMITS, deaths, side="right"))


def steps(chronicle: Chronicle) -> Floats:
    """How often a week of one level followed one of another: (courses, from, to)."""
    level = week_levels(chronicle)
    known = (level[:, :-1] >= 0) & (level[:, 1:] >= 0)
    cell = np.where(known, len(LEVELS) * level[:, :-1] + level[:, 1:], -1)
    counts = [(cell == k).sum(axis=1) for k in range(len(LEVELS) ** 2)]
    return np.stack(counts, axis=1).reshape(-1, len(LEVELS), len(LEVELS)).astype(np.float64)


def transitions(chronicle: Chronicle) -> Counted:
    """The weekly matrix, row by row."""
    counts = steps(chronicle)
    rows = np.repeat(counts.sum(axis=2), len(LEVELS), axis=1)
    return _ratio(counts.reshape(rows.shape), rows), np.where(rows >= FEW_WEEKS, rows, 0.0)


def level_shares(chronicle: Chronicle) -> Counted:
    """Shares of weeks that hold, fray, and collapse."""
    level = week_levels(chronicle)
    n = np.repeat((level >= 0).sum(axis=1)[:, None], len(LEVELS), axis=1).astype(np.float64)
    counts = np.column_stack([(level == k).sum(axis=1) for k in range(len(LEVELS))])
    return _ratio(counts, n), n


def spread(chronicle: Chronicle) -> Counted:
    """Variance over mean of daily deaths within weeks of each level, then the share of days without deaths there."""
    by_day = np.repeat(week_levels(chronicle), WEEK, axis=1)
    deaths = np.nan_to_num(chronicle.deaths[:, : by_day.shape[1]])
    made = [_spread(deaths, by_day == level) for level in range(len(LEVELS))]
    n = [np.where(days >= FEW_DAYS, days, 0.0) for _, _, days in made]
    return _beside(*((made[k][0], n[k]) for k in range(3)), *((made[k][1], n[k]) for k in range(3)))


def _spread(deaths: Floats, chosen: Mask) -> tuple[Floats, Floats, Floats]:
    n = chosen.sum(axis=1).astype(np.float64)
    total = (deaths * chosen).sum(axis=1)
    mean = _ratio(total, n)
    squares = ((deaths - np.nan_to_num(mean)[:, None]) ** 2 * chosen).sum(axis=1)
    return _ratio(_ratio(squares, n - 1), mean), _ratio(((deaths == 0) & chosen).sum(axis=1), n), n


def high_day(chronicle: Chronicle) -> Counted:
    """The 99 % quantile of a day's deaths: the least number that 99 % of the days do not exceed."""
    ordered = np.sort(chronicle.deaths, axis=1)  # nan last
    n = (~np.isnan(ordered)).sum(axis=1)
    place = np.maximum(np.ceil(HIGH * n).astype(np.intp) - 1, 0)
    return _beside((np.take_along_axis(ordered, place[:, None], axis=1)[:, 0], n.astype(np.float64)))


def hit_size(chronicle: Chronicle) -> Counted:
    """The median number killed on a day with a fatal hit."""
    _, fatal = _hits(chronicle)
    ordered = np.sort(np.where(fatal, chronicle.killed, np.inf), axis=1)
    n = fatal.sum(axis=1)
    low, high = np.maximum((n - 1) // 2, 0), np.minimum(n // 2, ordered.shape[1] - 1)
    pick = np.take_along_axis(ordered, np.stack([low, high], axis=1), axis=1)
    return _beside((pick.mean(axis=1), n.astype(np.float64)))


def nothing(chronicle: Chronicle) -> Counted:
    """What the model has no counterpart for."""
    none = np.zeros((len(chronicle.deaths), 1))
    return none, none


# --- P4, P5, P6: truces -----------------------------------------------------------------------------------------------


def spell_shape(chronicle: Chronicle) -> Counted:
    """Weibull shape; shares of short and of middling truces; the first and the longest; how many of each level."""
    course, _, level, days, ended = spells(chronicle.begun, chronicle.deaths)
    courses = len(chronicle.deaths)

    def count(chosen: Mask) -> Floats:
        return np.bincount(course, chosen, courses).astype(np.float64)

    decided = count(ended | (days >= LONG))
    enough = np.where(decided >= FEW_TRUCES, decided, 0.0)
    short, middling = count(ended & (days <= SHORT)), count(ended & (days > SHORT) & (days < LONG))
    first, longest = np.zeros(courses), np.zeros(courses)
    first[course[::-1]] = days[::-1]  # earlier ones overwrite
    np.maximum.at(longest, course, days)
    known = np.where(chronicle.lived.any(axis=1) & ~np.isnan(chronicle.deaths).all(axis=1), count(days >= 0), 0.0)
    ends = count(ended)
    lived = chronicle.lived.sum(axis=1).astype(np.float64)
    return _beside(
        (weibull_shape(course, days, ended, courses, FEW_TRUCES), np.where(ends >= FEW_TRUCES, ends, 0.0)),
        (_ratio(short, decided), enough),
        (_ratio(middling, decided), enough),
        (first, known),
        (longest, known),
        (count(level == LOWER), lived),
        (count(level == LEADER), lived),
    )


def _fall(chronicle: Chronicle, level: int, window: tuple[int, int]) -> Counted:
    """Deaths a day in a window after truces of a level over those of the fortnight before, all truces together.

    Truces whose fortnight before or window is not all within the course are left out.
    """
    course, start = np.nonzero(chronicle.begun == level)
    first, end = window
    inside = (start >= BEFORE) & (start + end <= chronicle.deaths.shape[1])
    course, start = course[inside], start[inside]
    total = np.concatenate([np.zeros((len(chronicle.deaths), 1)), np.cumsum(chronicle.deaths, axis=1)], axis=1)
    before = (total[course, start] - total[course, start - BEFORE]) / BEFORE
    after = (total[course, start + end] - total[course, start + first]) / (end - first)
    both = ~np.isnan(before + after)
    courses = len(chronicle.deaths)
    summed = [np.bincount(course[both], it[both], courses) for it in (after, before)]
    n = np.bincount(course[both], minlength=courses).astype(np.float64)
    return _ratio(summed[0], summed[1]), np.where(summed[1] > 0, n, 0.0)


def lower_falls(chronicle: Chronicle) -> Counted:
    """How far deaths fall at once in lower-level truces, and how far they are back."""
    return _beside(_fall(chronicle, LOWER, AT_ONCE), _fall(chronicle, LOWER, BACK))


def leader_falls(chronicle: Chronicle) -> Counted:
    """How far deaths fall within a fortnight of a leader-level deal."""
    return _beside(_fall(chronicle, LEADER, FORTNIGHT))


def _after_first(chronicle: Chronicle, window: tuple[int, int]) -> Counted:
    """Deaths a day in a window after the first truce of each course."""
    start = np.nan_to_num(chronicle.begun).astype(bool).argmax(axis=1)[:, None]
    days = start + np.arange(*window)
    inside = days[:, -1] < chronicle.deaths.shape[1]
    deaths = np.take_along_axis(chronicle.deaths, np.minimum(days, chronicle.deaths.shape[1] - 1), axis=1)
    known = inside & ~np.isnan(deaths).any(axis=1) & (np.nan_to_num(chronicle.begun) > 0).any(axis=1)
    return deaths.mean(axis=1), known * float(window[1] - window[0])


def after_lower(chronicle: Chronicle) -> Counted:
    """Deaths a day at once and from the fifth day to the fourteenth."""
    return _beside(_after_first(chronicle, AT_ONCE), _after_first(chronicle, BACK))


def after_leader(chronicle: Chronicle) -> Counted:
    """Deaths a day at once and within a fortnight."""
    return _beside(_after_first(chronicle, AT_ONCE), _after_first(chronicle, FORTNIGHT))


# --- P7, P8: fire on posts ------------------------------------------------------------------------------------------


def _hits(chronicle: Chronicle) -> tuple[Mask, Mask]:
    """Days with hits that killed nobody, and days with fatal ones."""
    hit, dead = np.nan_to_num(chronicle.hits) > 0, np.nan_to_num(chronicle.killed) > 0
    return hit & ~dead, hit & dead


def _within(happened: Mask, days: int) -> Mask:
    """Whether something happened on a day or on one of the `days` after it."""
    found = happened.copy()
    for ahead in range(1, days + 1):
        found[:, :-ahead] |= happened[:, ahead:]
    return found


def replies(chronicle: Chronicle) -> Counted:
    """Shares of fatal and of other hits that are answered within two days, then how many days have such hits.

    Hits within two days of a fatal one are left out of the others, and so are unanswered ones with fewer than two days
    of the course to come.
    """
    mild, fatal = _hits(chronicle)
    answered = _within(np.nan_to_num(chronicle.replies) > 0, ANSWERED_WITHIN)
    near = _within(fatal, ANSWERED_WITHIN) | _within(fatal[:, ::-1], ANSWERED_WITHIN)[:, ::-1]
    lived = chronicle.lived.sum(axis=1)
    settled = answered | (np.arange(mild.shape[1]) + ANSWERED_WITHIN < lived[:, None])
    shares = []
    for hit in (fatal & settled, mild & settled & ~near):
        n = hit.sum(axis=1).astype(np.float64)
        shares.append((_ratio((hit & answered).sum(axis=1), n), n))
    counts = [(hit.sum(axis=1).astype(np.float64), lived.astype(np.float64)) for hit in (fatal, mild)]
    return _beside(*shares, *counts)


def fatal_gaps(chronicle: Chronicle) -> Counted:
    """The last gap between days of fatal hits over the first, where there are two or more; and the last, in days."""
    _, fatal = _hits(chronicle)
    courses = len(fatal)
    course, day = np.nonzero(fatal)
    same = np.diff(course) == 0
    of, gap = course[1:][same], np.diff(day)[same]
    first, last = np.zeros(courses), np.zeros(courses)
    last[of] = gap  # later ones overwrite
    first[of[::-1]] = gap[::-1]
    gaps = np.bincount(of, minlength=courses).astype(np.float64)
    return _beside((_ratio(last, first), np.where(gaps > 1, gaps, 0.0)), (last, gaps))


# --- P9 to P13 --------------------------------------------------------------------------------------------------------


def displaced(chronicle: Chronicle) -> Counted:
    """The highest mean of a week, thousand people a day, and all who were displaced, thousand."""
    known = ~np.isnan(chronicle.moved)
    total = np.cumsum(np.nan_to_num(chronicle.moved), axis=1)
    week = total.copy()
    week[:, WEEK:] -= total[:, :-WEEK]
    n = known.sum(axis=1).astype(np.float64)
    return _beside((week.max(axis=1) / WEEK, n), (total[:, -1], n))


def _days_with(series: Floats) -> Counted:
    n = (~np.isnan(series)).sum(axis=1).astype(np.float64)
    return _beside((np.nansum(series, axis=1), n))


def _ever(series: Floats) -> Counted:
    count, n = _days_with(series)
    return (count > 0).astype(np.float64), n


def acknowledged(chronicle: Chronicle) -> Counted:
    """Whether the patrons' armies ever fired on each other and one of them said so."""
    return _ever(chronicle.acknowledged)


def militia(chronicle: Chronicle) -> Counted:
    """How often the third guarantor's militias fired on the posts."""
    return _days_with(chronicle.militia_fire)


def infighting(chronicle: Chronicle) -> Counted:
    """How often rebels fought each other, and the share of it that began in a lull.

    A lull is a fortnight before with fewer deaths than fray takes; what begins in the first fortnight is left out.
    """
    count, n = _days_with(chronicle.infighting)
    total = np.cumsum(chronicle.deaths, axis=1)
    before = np.full(total.shape, np.nan)
    before[:, BEFORE + 1 :] = (total[:, BEFORE:-1] - total[:, : -BEFORE - 1]) / BEFORE
    begun = (np.nan_to_num(chronicle.infighting) > 0) & ~np.isnan(before)
    begins = begun.sum(axis=1).astype(np.float64)
    lull = (begun & (before < LULL)).sum(axis=1)
    return _beside((count[:, 0], n[:, 0]), (_ratio(lull, begins), begins))


def rebel_end(chronicle: Chronicle) -> Counted:
    """Whether the rebels ever opened an offensive in a truce."""
    return _ever(chronicle.rebel_offensives)
