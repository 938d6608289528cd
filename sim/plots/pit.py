"""PIT histograms: where in its forecast what came did lie; flat if forecasts are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.plots.panels import beneath, by_horizon, plain
from sim.plots.style import (
    BLACK,
    BLUE,
    PALE,
    VERMILION,
    columns_within,
    legend_below,
    new_axes,
    percent,
    percent_axis,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def pit(table: pd.DataFrame, ax: Axes | None = None, title: str = "") -> Axes:
    """A panel a horizon: the share of weeks in each tenth of their forecast, over the band of right forecasts.

    Columns: horizon (weeks), bin_low, bin_high, n, share, band_low, band_high, coverage_50, coverage_90 (the same in
    all rows of a horizon). Tall ends say that intervals are too narrow, a slope that they lie too low or too high.
    """
    ax = ax if ax is not None else new_axes(height_mm=65)
    title = title or "Where the deaths of a week lay in their forecast"
    x = "Share of the forecast below what came (PIT, %)"
    top = 1.12 * float(np.nanmax(table[["share", "band_high"]].to_numpy(float)))
    for panel, rows, heading, first in by_horizon(table, ax, title, x, gap=56.0, labelpad=32):
        _panel(panel, rows, heading, "Weeks (%)" if first else "")
        panel.set_ylim(0, top)
    _legend(ax)
    return ax


def _panel(panel: Axes, table: pd.DataFrame, heading: str, y: str) -> None:
    edges = np.append(table["bin_low"], table["bin_high"].iloc[-1])
    low, high = (np.append(table[name], table[name].iloc[-1]) for name in ("band_low", "band_high"))
    panel.fill_between(edges, low, high, step="post", color=PALE, linewidth=0, zorder=0, label="_band")
    outside = (table["share"] < table["band_low"] - 1e-9) | (table["share"] > table["band_high"] + 1e-9)
    odd = table[outside]
    panel.bar(odd["bin_low"], odd["share"], odd["bin_high"] - odd["bin_low"], align="edge", color=VERMILION, alpha=0.5,
              linewidth=0, zorder=1, label="_outside")  # fmt: skip
    panel.stairs(table["share"], edges, baseline=0, color=BLUE, linewidth=1.3, zorder=2, label="_share")
    panel.axhline(1 / len(table), color=BLACK, linewidth=0.7, linestyle=(0, (4, 2)), zorder=3)
    panel.set_xlim(0, 1)
    panel.xaxis.set_ticks([0, 0.5, 1])
    percent_axis(panel.xaxis)
    percent_axis(panel.yaxis)
    plain(panel, heading, y)
    row = table.iloc[0]
    beneath(panel, [0.5], [f"n {int(table['n'].sum()):,}"], "", 20)
    held = f"{percent(row['coverage_50'])} % lay in the 50 %, {percent(row['coverage_90'])} % in the 90 %"
    beneath(panel, [0.5], [held], "", 28)


def _legend(ax: Axes) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], color=BLUE, linewidth=1.3, label="observed"),
        Patch(color=VERMILION, alpha=0.5, linewidth=0, label="outside the band"),
        Patch(color=PALE, linewidth=0, label="5–95 % of what right forecasts show"),
        Line2D([], [], color=BLACK, linewidth=0.7, linestyle=(0, (4, 2)), label="flat"),
    ]
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), 52, from_edge=True)


def pit_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the panels."""
    count = int(table["horizon"].nunique())
    lines = -(-count // min(2 if width_mm < 136 else 4, count))
    return 43.0 + 27.0 * lines + 18.0 * (lines - 1)
