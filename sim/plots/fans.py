"""Fan charts of daily series: the median and the middle half and nine tenths of trials, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sim.plots.style import BLUE, GREY, VERMILION, finish, legend_in, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fan(
    daily: pd.DataFrame, ax: Axes | None = None, y: str = "Value", title: str = "", x: str = "Day (1 = origin)",
    single: pd.DataFrame | None = None,
) -> Axes:  # fmt: skip
    """A daily summary (columns day, q05, q25, q50, q75, q95) as a fan; `single` (day, value) adds one trial's line.

    The bands hold shares of trials on each day by itself; no single trial runs along them.
    """
    ax = ax if ax is not None else new_axes(height_mm=75)
    day = daily["day"]
    ax.fill_between(day, daily["q05"], daily["q95"], color=BLUE, alpha=0.18, linewidth=0, label="90 % of trials")
    ax.fill_between(day, daily["q25"], daily["q75"], color=BLUE, alpha=0.35, linewidth=0, label="50 % of trials")
    ax.plot(day, daily["q50"], color=BLUE, linewidth=1.5, label="median")
    ax.plot(day, daily["mean"], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), label="mean")
    if single is not None:
        ax.plot(single["day"], single["value"], color=VERMILION, linewidth=0.8, label="one trial")
    ax.set_xlim(int(day.iloc[0]), int(day.iloc[-1]))
    ax.set_ylim(bottom=0)
    _legend_where_free(ax, daily)
    return finish(ax, title or f"{y} over all trials", x, y)


def _legend_where_free(ax: Axes, daily: pd.DataFrame) -> None:
    """On the side where the fan is low; above it where both are high."""
    top, third = float(daily["q95"].max()), max(1, len(daily) // 3)
    left, right = float(daily["q95"].iloc[:third].max()), float(daily["q95"].iloc[-third:].max())
    if min(left, right) > 0.6 * top:
        ax.set_ylim(0, top * 1.35)
    corner = "upper left" if left < right else "upper right"
    handles, _ = ax.get_legend_handles_labels()
    columns = 2 if min(left, right) > 0.6 * top else 1
    legend_in(ax, handles[2:] + handles[:2][::-1], corner, columns)
