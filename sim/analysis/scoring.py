"""Scores of forecasts against a record: each one, their means, and how far one forecaster is ahead of another.

Forecasts are compared only where every forecaster that forecasts a horizon has made one, and the record holds the week.
Origins at different days of the week are *alignments* of the same weeks: means are taken within each alignment first
and then over alignments, so that each weighs the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.blocks import interval, totals
from sim.analysis.dice import uniforms
from sim.analysis.forecasts import WEEK, Forecast, Record, record
from sim.analysis.intervals import Floats
from sim.analysis.scores import (
    LIMITS,
    brier,
    covered,
    crps,
    levels,
    log_score,
    randomised_pit,
    ranked_probability,
)
from sim.errors import InputError

SCORES = ("rps", "brier_collapse", "crps", "log_score")
COVERAGES = {"coverage_50": 0.5, "coverage_90": 0.9}
CLASSES = ("climatology", "persistence", "markov", "table")
DEATHS = ("climatology", "recent", "table_c", "zero")
SIMPLE = {"rps": CLASSES, "brier_collapse": CLASSES, "crps": DEATHS, "log_score": CLASSES}  # who competes in DOMAIN 6.2


# --- each forecast --------------------------------------------------------------------------------------------------


def score_each(
    forecasts: Iterable[Forecast], observed: pd.Series, limits: tuple[float, float] = LIMITS, seed: int = 0
) -> pd.DataFrame:
    """One row for each forecast whose week was observed, and which all forecasters of its horizon have made.

    Columns: horizon, forecaster, origin, deaths (observed), level (0-2), probability_collapse, the scores, coverage_50
    and coverage_90 (1 where the interval held it), pit. `observed`: deaths a day by date. Randomised PIT values are
    addressed by seed, forecaster, horizon and origin. InputError where nothing can be scored.
    """
    seen = record(observed)
    rows = [row for forecast in forecasts if (row := _scored(forecast, seen, limits, seed))]
    if not rows:
        raise InputError("no forecast can be scored: the record holds none of the weeks that were forecast")
    table = pd.DataFrame(rows)
    if table.duplicated(["horizon", "forecaster", "origin"]).any():
        raise InputError("two forecasts have the same forecaster, origin and horizon; give each forecaster its name")
    makers = table.groupby("horizon")["forecaster"].transform("nunique")
    made = table.groupby(["horizon", "origin"])["forecaster"].transform("nunique")
    if not (made == makers).any():
        raise InputError("the forecasters have no origin in common that could be scored")
    return table[made == makers].reset_index(drop=True)


def _scored(forecast: Forecast, seen: Record, limits: tuple[float, float], seed: int) -> dict[str, object] | None:
    deaths = seen.week(forecast.origin, forecast.horizon)
    if np.isnan(deaths):
        return None
    level, p = int(levels(deaths, limits)), forecast.probabilities
    path = ("pit", forecast.forecaster, str(forecast.horizon))
    dice = float(uniforms(seed, path, [forecast.origin.toordinal()], 1)[0, 0])
    return {
        "horizon": forecast.horizon,
        "forecaster": forecast.forecaster,
        "origin": forecast.origin,
        "deaths": deaths,
        "level": level,
        "probability_collapse": float(p[2]),
        "rps": float(ranked_probability(p, level)),
        "brier_collapse": float(brier(p[2], level == 2)),
        "crps": crps(forecast.deaths, deaths),
        "log_score": float(log_score(p, level)),
        **{name: float(covered(forecast.deaths, deaths, share)) for name, share in COVERAGES.items()},
        "pit": randomised_pit(forecast.deaths, deaths, dice),
    }


# --- their means ----------------------------------------------------------------------------------------------------


def score(forecasts: Iterable[Forecast], observed: pd.Series, limits: tuple[float, float] = LIMITS) -> pd.DataFrame:
    """Mean scores: columns horizon, forecaster, n, rps, brier_collapse, crps, log_score, coverage_50, coverage_90.

    `n` counts the forecasts of all alignments; with seven of them about n / 7 weeks were forecast.
    """
    return mean_scores(score_each(forecasts, observed, limits))


def mean_scores(each: pd.DataFrame) -> pd.DataFrame:
    """The table of `score` from that of `score_each`, in the order of the forecasters."""
    columns = [*SCORES, *COVERAGES]
    rows = []
    for (horizon, forecaster), part in each.groupby(["horizon", "forecaster"], sort=False):
        weights = aligned_weights(part["origin"])
        means = weights @ part[columns].to_numpy(np.float64)
        rows.append([horizon, forecaster, len(part), *means])
    table = pd.DataFrame(rows, columns=["horizon", "forecaster", "n", *columns])
    return table.sort_values("horizon", kind="stable", ignore_index=True)


def aligned_weights(origins: Iterable[dt.date]) -> Floats:
    """Weights (n,) of the origins that add up to one: each day of the week the same, and each origin within it."""
    days = _ordinals(origins) % WEEK
    counts = np.bincount(days, minlength=WEEK)
    weights: Floats = 1.0 / (counts[days] * np.count_nonzero(counts))
    return weights


def counted(every: int = WEEK, alignments: int = WEEK) -> str:
    """What `n` counts where series of origins, `every` days apart, begin on so many successive days: a sentence."""
    each = min(alignments, WEEK) if every >= WEEK else WEEK * alignments / every  # forecasts about much the same week
    if each == 1:
        return "n: forecasts, each of a different week."
    days = "all days of the week" if each == WEEK else "days within the same week"
    return f"n: forecasts from {days}, which are about some n / {each:.2g} different weeks."


def _ordinals(origins: Iterable[dt.date]) -> NDArray[np.int64]:
    return np.array([day.toordinal() for day in origins], np.int64)


def coverage(each: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """How often the central intervals held what came.

    Columns: horizon, forecaster, n, interval (50 or 90, percent), held (share of the forecasts), and its 95 % interval
    low and high, by blocks of twelve weeks (nan over fewer than three blocks).
    """
    rows = []
    for (horizon, forecaster), part in each.groupby(["horizon", "forecaster"], sort=False):
        wide = part.set_index("origin")[[*COVERAGES]].sort_index()
        sums = _weekly_sums(wide.index, wide.to_numpy(np.float64))
        drawn = totals(sums, seed=seed)
        held = sums[:, :-1].sum(axis=0)
        for k, name in enumerate(COVERAGES):
            low, high = interval(drawn[:, k] / drawn[:, -1])
            rows.append([horizon, forecaster, len(part), int(name.split("_")[1]), held[k], low, high])
    table = pd.DataFrame(rows, columns=["horizon", "forecaster", "n", "interval", "held", "low", "high"])
    return table.sort_values(["horizon", "interval"], kind="stable", ignore_index=True)


# --- one against another --------------------------------------------------------------------------------------------


class Ahead(NamedTuple):
    """How far a forecaster is ahead of another: difference of mean scores and skill in percent, with 95 % intervals."""

    value: float
    reference_value: float
    difference: float
    low: float
    high: float
    skill: float
    skill_low: float
    skill_high: float


def paired(each: pd.DataFrame, horizon: int, measure: str, forecaster: str, reference: str, seed: int = 0) -> Ahead:
    """Compare two forecasters on the same origins; `difference` is below zero where the first is better.

    `skill` is 100 (1 - score / score of the reference). Both intervals come from the same blocks of twelve weeks;
    over fewer than three of them both are nan.
    """
    part = each[each["horizon"] == horizon]
    wide = part.pivot(index="origin", columns="forecaster", values=measure).sort_index()
    missing = [name for name in (forecaster, reference) if name not in wide]
    if missing:
        raise InputError(f"no forecasts by {missing[0]!r} at horizon {horizon}; there are: {', '.join(wide.columns)}")
    sums = _weekly_sums(wide.index, wide[[forecaster, reference]].to_numpy(np.float64))
    drawn = totals(sums, seed=seed)
    means = drawn[:, :2] / drawn[:, 2:]
    value, against = sums[:, :2].sum(axis=0)
    return Ahead(
        float(value),
        float(against),
        float(value - against),
        *interval(means[:, 0] - means[:, 1]),
        skill_of(float(value), float(against)),
        *interval(np.array([skill_of(a, b) for a, b in means])),
    )


def skill_of(value: float, reference: float) -> float:
    """Skill in percent: 100 where the score is perfect, 0 where it is the reference's, nan where that is perfect."""
    return 100 * (1 - value / reference) if reference else float("nan")


def _weekly_sums(origins: pd.Index, values: Floats) -> Floats:
    """By week from the first origin on: sums of the weighted values (weeks, k), then of the weights."""
    weights = aligned_weights(list(origins))
    week = (_ordinals(list(origins)) - origins[0].toordinal()) // WEEK
    terms = np.column_stack([values * weights[:, None], weights])
    sums = np.zeros((int(week[-1]) + 1, terms.shape[1]))
    np.add.at(sums, week, terms)
    return sums[sums[:, -1] > 0]


def skill(
    each: pd.DataFrame,
    forecasters: Sequence[str] | None = None,
    baselines: Mapping[str, Sequence[str]] = SIMPLE,
    seed: int = 0,
) -> pd.DataFrame:
    """Each forecaster against the best baseline of each score and horizon.

    Columns: horizon, measure, forecaster, n, best (the baseline with the lowest mean, chosen on these very forecasts,
    which favours it), then those of `Ahead`. `forecasters`: default all that are no simple baseline; `baselines`: those
    that compete, by score. InputError where none of them was made.
    """
    means = mean_scores(each).set_index(["horizon", "forecaster"])
    simple = {name for names in baselines.values() for name in names}
    chosen = (
        [name for name in each["forecaster"].unique() if name not in simple] if forecasters is None else forecasters
    )
    rows = []
    for (horizon, measure), best in best_baselines(each, baselines).items():
        for name in chosen:
            if (horizon, name) in means.index:
                head = {"horizon": horizon, "measure": measure, "forecaster": name}
                head |= {"n": int(means.loc[(horizon, name), "n"]), "best": best}
                rows.append(head | paired(each, horizon, measure, name, best, seed)._asdict())
    return pd.DataFrame(rows)


def best_baselines(each: pd.DataFrame, baselines: Mapping[str, Sequence[str]] = SIMPLE) -> dict[tuple[int, str], str]:
    """By horizon and score the competing baseline with the lowest mean; InputError where there is none."""
    best = {}
    for horizon, part in mean_scores(each).groupby("horizon"):
        means = part.set_index("forecaster")
        for measure, names in baselines.items():
            made = [name for name in names if name in means.index]
            if not made:
                raise InputError(f"no baseline for {measure} at horizon {horizon}; make one of: {', '.join(names)}")
            best[int(str(horizon)), measure] = str(means.loc[made, measure].idxmin())
    return best
