"""Figures of what can be measured in a trial: distributions over trials, and daily series as fans."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sim.analysis.distributions import ecdf as ecdf_of
from sim.analysis.distributions import histogram as histogram_of
from sim.analysis.distributions import quantiles
from sim.errors import ResultsError
from sim.plots import distributions, fans
from sim.plots.view import Figure, View, daily_series, flat

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Measure(NamedTuple):
    """Something that is distributed over trials: its column, its name with unit, and a title."""

    column: Callable[[View], str]
    label: Callable[[View], str]
    title: Callable[[View], str]


MEASURES = {
    "deaths": Measure(
        lambda _: "deaths", lambda _: "Deaths (people)", lambda view: f"Deaths within {view.horizon} days"
    ),
    "displaced": Measure(
        lambda _: "displaced",
        lambda _: "Displaced people (thousand)",
        lambda view: f"People displaced on day {view.horizon}",
    ),
    "day": Measure(
        lambda view: view.column, lambda view: view.days, lambda view: f"Day of {view.event}"
    ),
}  # fmt: skip


def _ecdf(measure: Measure) -> Figure:
    def picture(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
        of_days = measure is MEASURES["day"]
        title = f"{measure.title(view)}, cumulative"
        drawn = distributions.ecdf(data, ax, measure.label(view), title, view.horizon if of_days else None)
        if of_days:
            drawn.set_xlim(0, view.horizon)
        return drawn

    return Figure(
        distributions.ecdf,
        f"cumulative distribution of {_what(measure)} over trials",
        lambda view: ecdf_of(view.results.trials, measure.column(view)),
        picture,
        lambda view: f"{measure.title(view)}: share of trials at or below each value.",
        flat(0.75, 12),
        measure is MEASURES["day"],
    )


def _histogram(measure: Measure) -> Figure:
    def picture(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
        column = measure.column(view)
        median = float(quantiles(view.results.trials, column, [0.5])["value"].iloc[0])
        return distributions.histogram(data, ax, measure.label(view), measure.title(view), median)

    return Figure(
        distributions.histogram,
        f"histogram of {_what(measure)} over trials",
        lambda view: histogram_of(view.results.trials, measure.column(view), first=float(measure is MEASURES["day"])),
        picture,
        lambda view: (
            f"{measure.title(view)}: share of trials by bins, with 95 % Monte Carlo intervals; the line is the median."
        ),
        flat(0.62),
        measure is MEASURES["day"],
    )


def _what(measure: Measure) -> str:
    return next("the day of breakdown" if name == "day" else name for name, it in MEASURES.items() if it is measure)


def _fan(series: str, label: str, title: str) -> Figure:
    def data(view: View) -> pd.DataFrame:
        return daily_series(view, [series])[["day", "n", "mean", "q05", "q25", "q50", "q75", "q95"]]

    return Figure(
        fans.fan,
        f"{title[0].lower()}{title[1:]} as a fan: median, mean, 50 % and 90 % of trials by day",
        data,
        lambda frame, ax, view: fans.fan(frame, ax, label, f"{title} over all trials", view.days),
        lambda _: f"{title}: median and mean over trials, and the middle 50 % and 90 % of trials, each day by itself.",
        flat(0.6),
    )


PANELS = {
    "deaths_7d": "Deaths in seven days (people)",
    "displaced": "Displaced people (thousand)",
    "rung": "Highest rung of any dyad",
    "integrity": "What is left of the agreement (0 to 1)",
    "posts_encircled": "Posts surrounded (count)",
    "places_lost": "Sectors lost since the start of the history (count)",
}


def _panels(view: View) -> pd.DataFrame:
    there = set(view.results.daily["series"])
    names = [name for name in PANELS if name in there]
    if not names:
        raise ResultsError(f"none of the daily series {', '.join(PANELS)} is in these results")
    return daily_series(view, names)[["series", "day", "n", "mean", "q05", "q25", "q50", "q75", "q95"]]


FIGURES: dict[str, Figure] = {
    "daily-deaths": _fan("deaths", "Deaths a day (people)", "Daily deaths"),
    "daily-displaced": _fan("displaced", "Displaced people (thousand)", "People displaced"),
    "fans": Figure(
        fans.fans, "small fans of the main daily series: median, mean, 50 % and 90 % of trials by day", _panels,
        lambda data, ax, view: fans.fans(data, ax, PANELS, x=view.days),
        lambda _: "Median and mean over trials, and the middle 50 % and 90 % of trials, each day by itself.",
        fans.fans_height,
    ),
    **{f"{name}-ecdf": _ecdf(measure) for name, measure in MEASURES.items()},
    **{f"{name}-histogram": _histogram(measure) for name, measure in MEASURES.items()},
}  # fmt: skip
