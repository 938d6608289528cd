"""Fan charts of daily series: the median and the middle half and nine tenths of trials, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from sim.plots.style import (
    BLUE,
    GREY,
    SMALL,
    VERMILION,
    columns_within,
    finish,
    legend_below,
    legend_in,
    narrow,
    new_axes,
    width_points,
)

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
    _bands(ax, daily)
    if single is not None:
        ax.plot(single["day"], single["value"], color=VERMILION, linewidth=0.8, label="one trial")
    ax.set_ylim(bottom=0)
    _legend_where_free(ax, daily)
    return finish(ax, title or f"{y} over all trials", x, y)


def _bands(ax: Axes, daily: pd.DataFrame) -> None:
    """Median and mean as lines, the middle half and nine tenths of trials as bands."""
    day = daily["day"]
    ax.fill_between(day, daily["q05"], daily["q95"], color=BLUE, alpha=0.18, linewidth=0, label="90 % of trials")
    ax.fill_between(day, daily["q25"], daily["q75"], color=BLUE, alpha=0.35, linewidth=0, label="50 % of trials")
    ax.plot(day, daily["q50"], color=BLUE, linewidth=1.5, label="median")
    ax.plot(day, daily["mean"], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), label="mean")
    ax.set_xlim(int(day.iloc[0]), int(day.iloc[-1]))


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


def fans(
    daily: pd.DataFrame, ax: Axes | None = None, labels: Mapping[str, str] | None = None, title: str = "",
    x: str = "Day (1 = origin)",
) -> Axes:  # fmt: skip
    """A small fan for each series of a daily summary (columns series, day, q05, q25, q50, q75, q95), two in a row.

    `labels` are names with units by series. Each panel has its own scale upwards, all have the same days across.
    """
    names = list(dict.fromkeys(daily["series"].astype(str)))
    ax = ax if ax is not None else new_axes(height_mm=fans_height(daily, 183.0))
    finish(ax, title or "Day by day, over all trials", x)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.xaxis.labelpad = 8
    across = 1 if narrow(ax) else 2
    lines = -(-len(names) // across)
    panels = []
    for k, name in enumerate(names):
        row, column = divmod(k, across)
        wide, high = (1 - 0.09 * (across - 1)) / across, 1 / lines
        panel = ax.inset_axes((column * (wide + 0.09), 1 - (row + 0.84) * high, wide, 0.7 * high))
        panels.append(panel)
        _panel(panel, daily[daily["series"] == name], (labels or {}).get(name, name))
    handles = panels[0].get_legend_handles_labels()[0]
    words = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles[2:] + handles[:2][::-1], columns_within(words, width_points(ax)), 18, from_edge=True)
    return ax


def _panel(ax: Axes, daily: pd.DataFrame, label: str) -> None:
    _bands(ax, daily)
    ax.set_ylim(bottom=min(0.0, float(daily["q05"].min())))
    ax.set_title(label, fontsize=SMALL, loc="left", pad=3)
    ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    for name, spine in ax.spines.items():
        spine.set_linewidth(0.6)
        spine.set_visible(name in ("left", "bottom"))


def fans_height(daily: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the panels."""
    lines = -(-int(daily["series"].nunique()) // (1 if width_mm < 136 else 2))
    return 20.0 + (28.0 if width_mm < 136 else 32.0) * lines
