"""Competing ends: how many trials each has ended by each day, where the end that comes first is the one that counts.

The estimate is Aalen and Johansen's cumulative incidence: at each day, the share of trials still open just before it
times the share of these that end so on it. A trial is open until its first end or, right-censored, until
`observed_days`. Without censoring before a day it is the plain share of trials, and together with the share still open
the ends always sum to one. One minus the Kaplan-Meier curve of one end alone, with the others taken for censoring,
would answer another question (what if the others could not happen?) and sums to more than one.

*Interval.* Wilson's with an effective number of trials, that of which a plain share would have the variance of the
estimate (Rothman's way), divided by the design effect of the parameter sets (`sim.analysis.intervals`). So it stays
inside [0, 1], is sensible where an end has not come yet, and equals that of the table of outcomes where nobody is
censored. By simulation it holds the truth in 95 to 99 % of ensembles: 30 sets of 20 trials or one of 400, incidences of
1 to 50 %, up to half of the trials censored.

Sources: Aalen & Johansen (1978), Scand. J. Stat. 5:141; for the variance Marubini & Valsecchi (1995), Analysing
Survival Data from Clinical Trials and Observational Studies, 10.3; Rothman (1978), J. Chronic Dis. 31:557.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.analysis.intervals import Floats, effective_trials, quantile, range_across_sets, wilson
from sim.analysis.outcomes import codes_of, day_column, numbers, usable
from sim.errors import InputError

COMPETING = ("direct_war", "repudiated", "new_agreement", "rebel_initiated")


class Course(NamedTuple):
    """By set and day 0..horizon: trials open just before the day, those ended on it by each end, and by any.

    `at_risk` and `ended` are arrays of (sets, days), `by_end` of (ends, sets, days).
    """

    at_risk: Floats
    ended: Floats
    by_end: Floats


def competing_ends(outcomes: Sequence[str]) -> list[str]:
    """The ends that compete in a scenario with these outcomes, in their order of precedence on one day."""
    return [end for end in COMPETING if end in outcomes]


def cumulative_incidence(trials: pd.DataFrame, ends: Sequence[str], horizon: int) -> pd.DataFrame:
    """Aalen-Johansen's estimate for each end (outcomes) and each day from 0 to `horizon`.

    Columns: end, day, incidence (share of trials that it has ended by the day's end), mc_low, mc_high (95 %,
    pointwise), range_low, range_high (5-95 % across sets, freed from chance; nan without sets), at_risk (open just
    before the day).
    Where no trial is followed any longer the incidence stays as it was, and `at_risk` is 0. Ends on one day go to the
    one named first. Raises InputError for a horizon below one day or no ends.
    """
    if horizon < 1 or not ends:
        raise InputError(f"cumulative incidence: {len(ends)} ends over {horizon} days; at least one of each is needed")
    course = course_of(usable(trials), ends, horizon)
    parts = [_curve(course, number) for number in range(len(ends))]
    for end, part in zip(ends, parts, strict=True):
        part.insert(0, "end", end)
    return pd.concat(parts, ignore_index=True)


def course_of(trials: pd.DataFrame, ends: Sequence[str], horizon: int) -> Course:
    """Count the trials by set, day and first end; what lies behind the horizon is censored there."""
    days = np.column_stack([numbers(trials, day_column(trials, end)) for end in ends])
    days = np.where(np.isnan(days), np.inf, days)
    first, day = days.argmin(axis=1), days.min(axis=1)  # on one day the end named first
    followed = np.nan_to_num(numbers(trials, "observed_days"))
    until = np.where(np.isinf(day), followed, day)
    happened = day <= horizon
    until = np.minimum(until, horizon).astype(int)
    codes, totals = codes_of(trials["set"])
    shape = (len(totals), horizon + 1)
    leaving, by_end = np.zeros(shape), np.zeros((len(ends), *shape))
    np.add.at(leaving, (codes, until), 1)
    np.add.at(by_end, (first[happened], codes[happened], until[happened]), 1)
    at_risk = totals[:, None] - (np.cumsum(leaving, axis=1) - leaving)
    return Course(at_risk, by_end.sum(axis=0), by_end)


def incidence_of(at_risk: Floats, ended: Floats, by_end: Floats) -> Floats:
    """The cumulative incidence by day (last axis) of one end, from trials at risk, ended, and ended so."""
    return np.asarray(np.cumsum(_open_before(at_risk, ended) * _share(by_end, at_risk), axis=-1))


def variance_of(at_risk: Floats, ended: Floats, by_end: Floats) -> Floats:
    """The variance of `incidence_of` by day, for one set of independent trials (arrays by day).

    With F the incidence, S the share open before day u, d and d_k the ends on it and n at risk, the sum over u <= t of
    d / (n (n - d)) (F(t) - F(u))^2 + S^2 d_k (n - d_k) / n^3 - 2 S d_k / n^2 (F(t) - F(u)).
    """
    incidence, before = incidence_of(at_risk, ended, by_end), _open_before(at_risk, ended)
    all_ends = _share(ended, at_risk * (at_risk - ended))
    this = before * _share(by_end, at_risk**2)
    own = before**2 * _share(by_end * (at_risk - by_end), at_risk**3)
    squares = incidence**2 * _sum(all_ends) - 2 * incidence * _sum(all_ends * incidence) + _sum(all_ends * incidence**2)
    crossed = incidence * _sum(this) - _sum(this * incidence)
    return np.maximum(0.0, squares + _sum(own) - 2 * crossed)


def _sum(values: Floats) -> Floats:
    return np.asarray(np.cumsum(values))


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0))


def _open_before(at_risk: Floats, ended: Floats) -> Floats:
    """The share still open just before each day."""
    after = np.cumprod(1 - _share(ended, at_risk), axis=-1)
    return np.concatenate([np.ones_like(after[..., :1]), after[..., :-1]], axis=-1)


def _curve(course: Course, number: int) -> pd.DataFrame:
    by_end = course.by_end[number]
    pooled = (course.at_risk.sum(axis=0), course.ended.sum(axis=0), by_end.sum(axis=0))
    incidence = incidence_of(*pooled)
    columns = {"day": np.arange(incidence.size), "incidence": incidence}
    names = ("mc_low", "mc_high", "range_low", "range_high")
    limits = _limits(course, by_end, incidence, variance_of(*pooled))
    frame = pd.DataFrame(columns | dict(zip(names, limits.T, strict=True)))
    return frame.assign(at_risk=pooled[0].astype(int))


def _limits(course: Course, by_end: Floats, incidence: Floats, variance: Floats) -> Floats:
    """The interval and the range of each day, (days, 4); days on which nothing ended repeat those before them."""
    started = course.at_risk[:, 0]
    total = float(started.sum())
    if not total:
        return np.tile([0.0, 1.0, np.nan, np.nan], (incidence.size, 1))
    hits = incidence_of(course.at_risk, course.ended, by_end) * started[:, None]
    moves = np.append(True, np.diff(incidence) > 0)
    rows = np.zeros((incidence.size, 4))
    for day in range(incidence.size):
        rows[day] = _limits_of(hits[:, day], started, incidence[day], variance[day]) if moves[day] else rows[day - 1]
    rows[:, 2:] = np.minimum.accumulate(rows[::-1, 2:], axis=0)[::-1]  # incidence rises; the last day's range stays
    return rows


def _limits_of(hits: Floats, started: Floats, incidence: float, variance: float) -> tuple[float, ...]:
    """Interval and range of one day; `hits` are the trials of each set that the set's own incidence stands for."""
    total = float(started.sum())
    inside = 0.0 < incidence < 1.0 and variance > 0.0
    worth = incidence * (1 - incidence) / variance if inside else total
    worth *= effective_trials(hits, started) / total
    ranges = [np.nan if limit is None else limit for limit in range_across_sets(hits, started)]
    return (*wilson(incidence, worth, quantile(len(started))), *ranges)
