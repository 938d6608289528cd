"""Time to breakdown: Kaplan-Meier with log-log bands, numbers at risk, restricted mean, hazard over age.

A trial is at risk from day 1 to the day of its outcome or, right-censored, to `observed_days`. Where another end rules
the outcome out (`before:` in the scenario) the trial stays at risk, so that one minus the curve is the share of all
trials in which the outcome has happened (its cumulative incidence), not a hazard among those still open.

The band's variance is that of the influence of each parameter set on log survival, never less than Greenwood's; with
one set it is Greenwood's. Where survival is exactly one or zero the log-log band does not exist and Wilson's interval
stands in. Sources: Kaplan & Meier (1958), J. Am. Stat. Assoc. 53:457; Kalbfleisch & Prentice (2002), The Statistical
Analysis of Failure Time Data, 1.4 (log-log band).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.analysis.intervals import (
    Floats,
    effective_trials,
    estimate,
    quantile,
    range_across_sets,
    range_of_means,
    wilson,
)
from sim.analysis.outcomes import codes_of, day_column, frame_of, numbers, usable
from sim.errors import InputError


class RestrictedMean(NamedTuple):
    """Mean days without the outcome up to `horizon`, its Monte Carlo interval, its range across sets (nan without)."""

    horizon: int
    days: float
    mc_low: float
    mc_high: float
    range_low: float
    range_high: float


class Counts(NamedTuple):
    """By set and day 0..last: trials at risk just before the day, and those ended on it. Arrays of (sets, days)."""

    at_risk: Floats
    ended: Floats


def survival_curve(trials: pd.DataFrame, outcome: str | None = None) -> pd.DataFrame:
    """The Kaplan-Meier curve of an outcome (None: the headline), one row a day from 0 to the last observed.

    Columns: day, at_risk (just before it), ended, censored (on it), survival (after it), mc_low, mc_high (95 %
    pointwise), range_low, range_high (5-95 % across sets, freed from chance; nan without sets).
    """
    counts = _counts(usable(trials), outcome)
    at_risk, ended = counts.at_risk.sum(axis=0), counts.ended.sum(axis=0)
    survival = _product(at_risk, ended)
    low, high = _band(counts, survival)
    range_low, range_high = _range(counts)
    left = at_risk - ended - np.append(at_risk[1:], 0.0)
    return pd.DataFrame(
        {
            "day": np.arange(len(at_risk)),
            "at_risk": at_risk.astype(int),
            "ended": ended.astype(int),
            "censored": left.astype(int),
            "survival": survival,
            "mc_low": low,
            "mc_high": high,
            "range_low": range_low,
            "range_high": range_high,
        }
    )


def restricted_mean(trials: pd.DataFrame, horizon: int, outcome: str | None = None) -> RestrictedMean:
    """Mean number of days without the outcome among the first `horizon`: the area under the curve.

    Where no trial was followed to the horizon, the curve is carried on at its last height. Without any trial the mean
    is nan and the interval all there is.
    """
    counts = _counts(usable(trials), outcome)
    if not counts.at_risk.size:
        return RestrictedMean(horizon, np.nan, 0.0, float(horizon), np.nan, np.nan)
    survival = _product(counts.at_risk.sum(axis=0), counts.ended.sum(axis=0))
    return RestrictedMean(
        horizon,
        float(_until(survival, horizon).sum()),
        *_mean_interval(counts, survival, horizon),
        *_mean_range(counts, horizon),
    )


def _mean_interval(counts: Counts, survival: Floats, horizon: int) -> tuple[float, float]:
    curve = _until(survival, horizon)
    variance = _mean_variance(counts, curve)
    if variance == 0.0:  # nothing, or all on one day: the area below the limits of the curve
        low, high = (float(_until(limit, horizon).sum()) for limit in _band(counts, survival))
        return low, high
    days, half = float(curve.sum()), quantile(len(counts.at_risk)) * float(np.sqrt(variance))
    return max(0.0, days - half), min(float(horizon), days + half)


def _until(curves: Floats, horizon: int) -> Floats:
    """Survival on days 0 to horizon - 1 (last axis)."""
    kept = curves[..., :horizon]
    missing = [(0, 0)] * (kept.ndim - 1) + [(0, horizon - kept.shape[-1])]
    return np.asarray(np.pad(kept, missing, mode="edge"))


def _mean_variance(counts: Counts, survival: Floats) -> float:
    """Greenwood's of the area, or that between sets where it is larger."""
    greenwood = _area_variance(_greenwood(counts), survival)
    if len(counts.at_risk) == 1:
        return greenwood
    influence = (_until(_influence(counts), survival.size) * survival).sum(axis=1)
    return max(greenwood, float(_clustered(influence)))


def _mean_range(counts: Counts, horizon: int) -> tuple[float, float]:
    """5-95 % of the sets' own means, freed from chance."""
    single = [Counts(counts.at_risk[[k]], counts.ended[[k]]) for k in range(len(counts.at_risk))]
    curves = _until(_product(counts.at_risk, counts.ended), horizon)
    pairs = zip(single, curves, strict=True)
    chance = np.array([_area_variance(_greenwood(each), curve) for each, curve in pairs])
    low, high = range_of_means(curves.sum(axis=1), chance)
    return (np.nan, np.nan) if low is None or high is None else (low, high)


def hazard_by_age(trials: pd.DataFrame, outcome: str | None = None, width: int = 7) -> pd.DataFrame:
    """How fast the outcome comes at each age of the trial, in periods of `width` days.

    Columns: day_from, day_to (both included), at_risk (trials open just before day_from), events, hazard (events a day
    at risk), mc_low, mc_high (95 %), range_low, range_high (5-95 % across sets, freed from chance; nan without sets).
    The last period ends with the last day on which a trial was followed. A falling hazard says that what has held for
    long is likelier to hold on; with sets that differ it falls of itself, as the frail ones go first.
    Raises InputError for a width below one day.
    """
    if width < 1:
        raise InputError(f"width: {width} is not allowed; it is a whole number of days, at least 1")
    counts = _counts(usable(trials), outcome)
    last = counts.at_risk.shape[1] - 1
    starts = np.arange(1, last + 1, width)
    exposure = np.add.reduceat(counts.at_risk, starts, axis=1) if starts.size else counts.at_risk[:, :0]
    events = np.add.reduceat(counts.ended, starts, axis=1) if starts.size else counts.ended[:, :0]
    frame = frame_of(estimate(*pair) for pair in zip(events.T, exposure.T, strict=True))
    frame = frame.rename(columns={"count": "events", "probability": "hazard"})
    frame.insert(0, "day_from", starts)
    frame.insert(1, "day_to", np.minimum(starts + width - 1, last))
    frame.insert(2, "at_risk", counts.at_risk.sum(axis=0)[starts].astype(int))
    return frame


def median_day(curve: pd.DataFrame) -> int | None:
    """The first day by whose end at most half of the trials are left, or None if more than half outlast the horizon."""
    below = curve["day"][curve["survival"] <= 0.5]
    return int(below.iloc[0]) if len(below) else None


def _counts(trials: pd.DataFrame, outcome: str | None) -> Counts:
    day = numbers(trials, day_column(trials, outcome))
    observed = numbers(trials, "observed_days")
    happened = ~np.isnan(day)
    # `observed_days` belongs to the headline; another outcome may come later in a trial that ran on.
    until = np.where(happened, day, np.where(np.isnan(observed), 0, observed)).astype(int)
    codes, totals = codes_of(trials["set"])
    shape = (len(totals), int(until.max(initial=0)) + 1)
    ended, leaving = np.zeros(shape), np.zeros(shape)
    np.add.at(ended, (codes[happened], until[happened]), 1)
    np.add.at(leaving, (codes, until), 1)
    gone_before = np.cumsum(leaving, axis=1) - leaving
    return Counts(totals[:, None] - gone_before, ended)


def _product(at_risk: Floats, ended: Floats) -> Floats:
    hazard = np.divide(ended, at_risk, out=np.zeros_like(ended), where=at_risk > 0)
    return np.cumprod(1 - hazard, axis=-1)


def _band(counts: Counts, survival: Floats) -> tuple[Floats, Floats]:
    z = quantile(len(counts.at_risk))
    inside = (survival > 0) & (survival < 1)
    logs = np.log(survival, where=inside, out=np.full_like(survival, -1.0))
    spread = z * np.sqrt(_variance(counts)) / -logs
    low, high = np.exp(logs * np.exp(spread)), np.exp(logs * np.exp(-spread))
    for day in np.flatnonzero(~inside):
        low[day], high[day] = _edge(counts, float(survival[day]), int(day), z)
    return low, high


def _edge(counts: Counts, survival: float, day: int, z: float) -> tuple[float, float]:
    """Wilson's interval from the trials at risk that day, where nothing or everything has ended."""
    at_risk = counts.at_risk[:, day if survival == 1 else 0]
    at_risk = at_risk[at_risk > 0]
    if not at_risk.size:
        return 0.0, 1.0
    return wilson(survival, effective_trials(at_risk * (1 - survival), at_risk), z)


def _variance(counts: Counts) -> Floats:
    """Variance of log survival by day: Greenwood's, or that between sets where it is larger."""
    greenwood = _greenwood(counts)
    return np.maximum(greenwood, _clustered(_influence(counts))) if len(counts.at_risk) > 1 else greenwood


def _greenwood(counts: Counts) -> Floats:
    at_risk, ended = counts.at_risk.sum(axis=0), counts.ended.sum(axis=0)
    scale = at_risk * (at_risk - ended)
    return np.cumsum(np.divide(ended, scale, out=np.zeros_like(scale), where=scale > 0))


def _influence(counts: Counts) -> Floats:
    """How far each set pulls log survival, by day: the derivative with respect to the weight of its trials."""
    at_risk, ended = counts.at_risk.sum(axis=0), counts.ended.sum(axis=0)
    hazard = np.divide(ended, at_risk, out=np.zeros_like(ended), where=at_risk > 0)
    left = at_risk - ended
    pull = np.divide(counts.ended - counts.at_risk * hazard, left, out=np.zeros_like(counts.ended), where=left > 0)
    return -np.cumsum(pull, axis=1)


def _clustered(influence: Floats) -> Floats:
    sets = len(influence)
    return np.asarray((influence**2).sum(axis=0) * sets / max(1, sets - 1))


def _area_variance(greenwood: Floats, survival: Floats) -> float:
    """Variance of the area under the curve: squared remaining areas times Greenwood's increments."""
    increments = np.diff(_until(greenwood, survival.size), prepend=0.0)
    remaining = np.cumsum(survival[::-1])[::-1]
    return float((remaining**2 * increments).sum())


def _range(counts: Counts) -> tuple[Floats, Floats]:
    """5-95 % of the sets' own curves by day, as of shares of the starting trials (exact while nobody is censored)."""
    sets, days = counts.at_risk.shape
    starting = counts.at_risk[:, 0]
    if sets < 2 or starting.min() < 2:
        return np.full(days, np.nan), np.full(days, np.nan)
    curves = _product(counts.at_risk, counts.ended)
    limits = np.array([range_across_sets(curves[:, day] * starting, starting) for day in range(days)], dtype=np.float64)
    falling = np.maximum.accumulate(limits[::-1])[::-1]  # survival falls; the last day's range stays as it is
    return np.asarray(falling[:, 0]), np.asarray(falling[:, 1])
