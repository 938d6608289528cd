"""Reliability diagrams: how often collapse came where it was forecast with so much probability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.plots.panels import beneath, by_horizon, plain
from sim.plots.style import (
    BLUE,
    GREY,
    PALE,
    VERMILION,
    columns_within,
    legend_below,
    new_axes,
    percent_axis,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARK, LEAST, FULL = 4.8, 2.2, 50  # points across: the largest and smallest mark, and of how many forecasts on
INSIDE: dict[str, Any] = {"marker": "o", "color": BLUE, "linewidths": 1.0, "label": "observed"}
OUTSIDE: dict[str, Any] = {
    "marker": "D", "facecolors": "white", "edgecolors": VERMILION, "linewidths": 1.1,
    "label": "observed, outside the bar",
}  # fmt: skip
BAR = "5–95 % of what a reliable forecaster shows"


def reliability(table: pd.DataFrame, ax: Axes | None = None, title: str = "") -> Axes:
    """A panel a horizon: share of collapses over the mean forecast of each bin, filled where it lies in its bar.

    Columns: horizon (weeks), bin_low, bin_high, n, forecast, observed, bar_low, bar_high. The number of forecasts in
    each bin stands beneath it; marks of few are small.
    """
    ax = ax if ax is not None else new_axes(height_mm=70)
    title, x = title or "Forecast and frequency of collapse, by weeks ahead", "Forecast probability of collapse (%)"
    for panel, rows, heading, first in by_horizon(table, ax, title, x, gap=46.0, labelpad=24):
        _panel(panel, rows, heading, "Weeks with collapse (%)" if first else "")
    _legend(ax)
    return ax


def _panel(panel: Axes, table: pd.DataFrame, heading: str, y: str) -> None:
    panel.plot([0, 1], [0, 1], color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=2, label="_diagonal")
    panel.vlines(table["forecast"], table["bar_low"], table["bar_high"], color=PALE, linewidth=5.0, label="_bar")
    for chosen, look in ((inside(table), INSIDE), (~inside(table), OUTSIDE)):
        rows = table[chosen]
        sizes = np.clip(MARK * np.sqrt(rows["n"] / FULL), LEAST, MARK) ** 2
        panel.scatter(rows["forecast"], rows["observed"], sizes, zorder=3, clip_on=False, **look)
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_ticks([0, 0.5, 1])
        percent_axis(axis)
    plain(panel, heading, y)
    middles = ((table["bin_low"] + table["bin_high"]) / 2).tolist()
    beneath(panel, middles, [f"{int(n):,}" for n in table["n"]], "n", 20)


def inside(table: pd.DataFrame) -> pd.Series[bool]:
    """Which bins a reliable forecaster might have shown."""
    return table["observed"].between(table["bar_low"] - 1e-9, table["bar_high"] + 1e-9)


def _legend(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    mark: dict[str, Any] = {"linestyle": "", "markersize": 4.2, "markeredgewidth": 1.0}
    handles = [
        Line2D([], [], marker="o", color=BLUE, label=str(INSIDE["label"]), **mark),
        Line2D([], [], marker="D", color="white", markeredgecolor=VERMILION, label=str(OUTSIDE["label"]), **mark),
        Line2D([], [], color=PALE, linewidth=5, label=BAR),
        Line2D([], [], color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), label="as forecast"),
    ]
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), 44, from_edge=True)


def reliability_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm at which the panels are about square."""
    count = int(table["horizon"].nunique())
    columns = min(2 if width_mm < 136 else 4, count)
    lines = int(np.ceil(count / columns))
    return 40.0 + lines * (32.0 if width_mm < 136 else 36.0) + 14.0 * (lines - 1)
