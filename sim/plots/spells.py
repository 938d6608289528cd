"""How long truces last: recorded ones against simulated ones, a panel a level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sim.plots.panels import grid, plain
from sim.plots.style import (
    BLACK,
    BLUE,
    PALE,
    capital,
    columns_within,
    legend_below,
    narrow,
    new_axes,
    percent_axis,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TICKS = (0, 7, 30, 90, 180, 365, 730)
LINEAR = 7.0  # days up to which the scale is linear


def spells(table: pd.DataFrame, ax: Axes | None = None, title: str = "") -> Axes:
    """Share of truces that still hold, by age: the record as steps with its band, the simulation with that of chance.

    Columns: level, day, n, ended, censored, survival, low, high, simulated, band_low, band_high, simulated_n
    (`compared`). The scale of days is linear up to a week, then logarithmic.
    """
    levels = list(dict.fromkeys(table["level"].astype(str)))
    ax = ax if ax is not None else new_axes(height_mm=70)
    columns = 1 if narrow(ax) else len(levels)
    panels = grid(ax, len(levels), columns, title or "Truces that still hold, recorded and simulated", "",
                  gaps=(24.0, 48.0))  # fmt: skip
    for k, (panel, level) in enumerate(zip(panels, levels, strict=True)):
        _panel(panel, table[table["level"] == level], level, "Truces that hold (%)" if k % columns == 0 else "")
    _legend(ax, table)
    return ax


def _panel(panel: Axes, table: pd.DataFrame, level: str, y: str) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    day, row = table["day"], table.iloc[0]
    panel.fill_between(day, table["band_low"], table["band_high"], step="post", color=BLUE, alpha=0.22, linewidth=0,
                       label="_band")  # fmt: skip
    panel.step(day, table["simulated"], where="post", color=BLUE, linewidth=1.3, label="_simulated")
    panel.step(day, table["survival"], where="post", color=BLACK, linewidth=1.5, label="_recorded")
    for side in ("low", "high"):
        panel.step(day, table[side], where="post", color=BLACK, linewidth=0.6, linestyle=(0, (3, 2)), label=f"_{side}")
    cut = table[table["censored"] > 0]
    panel.plot(cut["day"], cut["survival"], "|", color=BLACK, markersize=7, markeredgewidth=1.2, label="_censored")
    last = float(day.max())
    panel.set_xscale("symlog", linthresh=LINEAR, linscale=0.8)
    panel.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if tick <= last]))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlim(0, last)
    panel.set_ylim(0, 1.02)
    percent_axis(panel.yaxis)
    panel.grid(axis="x", color=PALE, linewidth=0.4)
    panel.set_axisbelow(True)
    n, ended = int(row["n"]), int(row["ended"])
    recorded = f"{n} recorded" if n == ended else f"{n} recorded ({ended} ended)"
    simulated = f"{int(row['simulated_n']):,}" if row["simulated_n"] else "none"
    plain(panel, f"{capital(level)}-level: {recorded}, {simulated} simulated", y)
    panel.set_xlabel("Age of the truce (days)", fontsize=panel.yaxis.label.get_fontsize(), labelpad=2)


def _legend(ax: Axes, table: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], color=BLACK, linewidth=1.5, label="recorded (Kaplan-Meier)"),
        Line2D([], [], color=BLACK, linewidth=0.6, linestyle=(0, (3, 2)), label="its 95 % interval"),
        Line2D([], [], color=BLUE, linewidth=1.3, label="simulated"),
        Patch(color=BLUE, alpha=0.22, linewidth=0, label="90 % of simulated samples of that size"),
    ]
    if (table["censored"] > 0).any():
        handles.insert(2, Line2D([], [], color=BLACK, linestyle="", marker="|", markersize=7, markeredgewidth=1.2,
                                 label="replaced, or the record ends"))  # fmt: skip
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), 32, from_edge=True)


def spells_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the panels."""
    lines = int(table["level"].nunique()) if width_mm < 136 else 1
    return 31.0 + 38.0 * lines + (9.0 if width_mm < 136 else 0.0)
