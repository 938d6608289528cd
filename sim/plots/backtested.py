"""Figures of evidence: of a back-test's folder, of recorded and simulated truces, of a scenario's posterior."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from sim.analysis.blocks import BLOCK_WEEKS, LEAST_BLOCKS
from sim.analysis.forecasts import WEEK
from sim.analysis.lasting import compared
from sim.analysis.reliability import pit_histogram
from sim.analysis.reliability import reliability as reliability_of
from sim.analysis.scoring import counted
from sim.plots import origins_fans, pit, posteriors, reliability, skill, spells
from sim.plots.studied import StudyFigure, StudyView, of_table
from sim.plots.style import weeks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MODEL = "model"
OVERLAP = (
    "Forecasts of neighbouring days are about nearly the same weeks, so luck is drawn once for each stretch of as many "
    "weeks as the horizon has."
)


def forecaster(each: pd.DataFrame) -> str:
    """Whose forecasts a figure of one forecaster shows: the model's, else the first that is no baseline."""
    from sim.analysis.baselines import FORECASTERS  # they load scipy

    names = list(dict.fromkeys(each["forecaster"].astype(str)))
    return MODEL if MODEL in names else next((name for name in names if name not in FORECASTERS), names[0])


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its origins as dates, as scores want them."""
    days = [day if isinstance(day, dt.date) else dt.date.fromisoformat(str(day)[:10]) for day in table["origin"]]
    return table.assign(origin=pd.Series(days, index=table.index, dtype=object))


def _reliability(view: StudyView) -> pd.DataFrame:
    each = _dated(view.study["each"])
    who, seed = forecaster(each), view.seed
    parts = {horizon: reliability_of(each, horizon, who, seed=seed) for horizon in _horizons(each, who)}
    return _stacked(parts, who)


def _pit(view: StudyView) -> pd.DataFrame:
    each = _dated(view.study["each"])
    who, seed = forecaster(each), view.seed
    parts = {horizon: pit_histogram(each, horizon, who, seed=seed) for horizon in _horizons(each, who)}
    held = each[each["forecaster"] == who].groupby("horizon")[["coverage_50", "coverage_90"]].mean()
    return _stacked(parts, who).join(held, on="horizon")


def _horizons(each: pd.DataFrame, who: str) -> list[int]:
    return [int(horizon) for horizon in sorted(each.loc[each["forecaster"] == who, "horizon"].unique())]


def _stacked(parts: dict[int, pd.DataFrame], who: str) -> pd.DataFrame:
    frame = pd.concat(parts, names=["horizon"]).reset_index("horizon").reset_index(drop=True)
    return frame.assign(forecaster=who)


def _fans(view: StudyView) -> pd.DataFrame:
    fans = view.study["fans"]
    return origins_fans.weekly_origins(fans[fans["forecaster"] == forecaster(fans)])


def _draw_fans(data: pd.DataFrame, ax: Axes, view: StudyView) -> Axes:
    if "truces" not in view.study:
        return origins_fans.origins_fans(data, ax)
    return origins_fans.origins_fans(data, ax, truces=view.study["truces"])


def _counts(view: StudyView) -> str:
    each = view.study["each"]
    n = each[each["forecaster"] == forecaster(each)].groupby("horizon").size()
    return ", ".join(f"{count:,} forecasts {weeks(float(str(horizon)))}" for horizon, count in n.items())


def _bars(view: StudyView) -> str:
    """What the bars are, or why some or all are missing."""
    without = skill.drawn(view.study["skill"])["low"].isna()
    said = "Bars: 95 % of circular block bootstraps (blocks of twelve weeks), rather too narrow."
    few = f"fewer than {LEAST_BLOCKS * BLOCK_WEEKS} weeks, {LEAST_BLOCKS} blocks, could be scored."
    if not without.any():
        return said
    return f"No bars of block bootstraps: {few}" if without.all() else f"{said} There is none where {few}"


def _counted(view: StudyView) -> str:
    """What n counts."""
    question = view.study.record.question
    return counted(int(question.get("every", WEEK)), int(question.get("alignments", WEEK)))


def _known(view: StudyView) -> str:
    """Whose numbers the free courses have."""
    question = view.study.record.question
    own = question.get("parameters") == "scenario"
    return "with the scenario's own numbers" if own else f"with numbers fitted to data up to {question['from']}"


EVIDENCE: dict[str, StudyFigure] = {
    "skill": of_table(
        skill.skill, "forecast scores against the best simple baseline, by horizon, with intervals", "skill",
        lambda view: (
            "Mean score minus that of the simple baseline that was best at this score and horizon, chosen on these "
            f"very forecasts, which favours it; below zero is better. {_bars(view)} {_counted(view)}"
        ),
        skill.skill_height, lambda view: skill.drawn(view.study["skill"]),
    ),
    "reliability": of_table(
        reliability.reliability, "how often collapse came where it was forecast with each probability", "each",
        lambda view: (
            "Share of weeks with a hundred deaths or more over the mean probability forecast for them, in bins; their "
            "number beneath. Bars: 5-95 % of what a forecaster whose probabilities are right would show (Broecker & "
            f"Smith 2007). {OVERLAP} {_counts(view)}."
        ),
        reliability.reliability_height, _reliability,
    ),
    "pit": of_table(
        pit.pit, "where the deaths of a week lay in their forecast (PIT), by horizon", "each",
        lambda view: (
            "Randomised probability integral transform of weekly deaths in ten equal bins: flat if forecasts are "
            "right. "
            f"Band: 5-95 % in each bin by itself of what right forecasts show. {OVERLAP} One of ten bins lies outside "
            f"by luck. Beneath: share of weeks inside the central intervals. {_counts(view)}."
        ),
        pit.pit_height, _pit,
    ),
    "forecasts": StudyFigure(
        origins_fans.origins_fans, "forecasts of weekly deaths over the recorded ones, by origin", "fans",
        _fans, _draw_fans,
        lambda _: (
            "Median and central 50 and 90 % of the forecast deaths of a week, at the day it ends, and what was "
            "recorded; from every eighth week up to eight weeks ahead, and one and four weeks ahead from every week. "
            "Dotted: the limits of fray (35) and collapse (100). Scale linear up to ten deaths, then logarithmic. "
            "Strips: truces in force by a rule that could be followed on the day."
        ),
        origins_fans.origins_fans_height,
    ),
    "spells": of_table(
        spells.spells, "how long truces last, recorded and simulated", "simulated_spells",
        lambda view: (
            f"Kaplan-Meier survival of {len(view.study['spells']):,} recorded truces with its 95 % log-log interval, "
            f"and of {len(view.study['simulated_spells']):,} of free courses over the days of the record, "
            f"{_known(view)}; band: 5-95 % of samples of as many simulated truces, one after another, as were "
            "recorded. A truce is dead once seven days since its start hold a hundred deaths, and lost from sight "
            "where another takes its place or the course ends."
        ),
        spells.spells_height,
        lambda view: compared(view.study["spells"], view.study["simulated_spells"], seed=view.seed),
    ),
    "posterior": of_table(
        posteriors.posterior, "posterior against prior for each number, most learnt first", "posterior",
        lambda view: (
            f"Prior and posterior ({int(view.study['posterior']['n'].iloc[0]):,} draws), each panel by itself; bars: "
            "median and middle 90 %. Bits: divergence of the posterior from the prior; one halves what is plausible. "
            "How: likelihood, counted (conjugate), ABC, or the prior kept because the data do not identify the number."
        ),
        posteriors.posterior_height,
    ),
    "correlations": of_table(
        posteriors.correlations, "which numbers the data do not tell apart: rank correlations of the posterior",
        "correlations",
        lambda view: (
            "Rank correlations within the posterior among the numbers of the strongest pairs "
            f"({int(view.study['correlations']['n'].iloc[0]):,} draws): strongly tied numbers fit in many combinations "
            "alike. A figure stands where its 95 % interval (of the number of draws) leaves out 0."
        ),
        posteriors.correlations_height,
    ),
}  # fmt: skip
