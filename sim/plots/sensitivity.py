"""Sensitivity: Sobol' bars, the Morris plane, the split of variance, and the boxes of a scenario discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.plots.style import (
    BLACK,
    BLUE,
    FOOT,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    SMALL,
    VERMILION,
    columns_within,
    figure_of,
    finish,
    fit,
    in_words,
    legend_below,
    narrow,
    new_axes,
    parameter_name,
    percent,
    percent_axis,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

MARKERS = {"fitted": ("s", GREEN), "coded": ("o", BLUE), "published": ("D", PURPLE), "assumed": ("^", VERMILION)}
OTHER = ("v", GREY)
MOST_BOXES = 4
BOX_LOOKS = ((BLUE, ""), (VERMILION, "////"), (GREEN, "...."), (PURPLE, "xxxx"))


def sobol(table: pd.DataFrame, ax: Axes | None = None, title: str = "", most: int = 15) -> Axes:
    """First-order and total Sobol' indices with their 95 % intervals; estimates below 0 stand as they are.

    Columns: parameter, basis, first, first_low, first_high, total, total_low, total_high. The largest totals on top.
    """
    chosen = table.nlargest(most, "total", keep="all").head(most).reset_index(drop=True)
    ax = ax if ax is not None else new_axes(height_mm=sobol_height(chosen))
    rows = np.arange(len(chosen), dtype=float)
    for name, shift, colour, hatch in (("first", -0.19, BLUE, ""), ("total", 0.19, SKY, "")):
        ax.barh(rows + shift, chosen[name], height=0.34, color=colour, hatch=hatch, label=_index_name(name))
        ax.hlines(rows + shift, chosen[f"{name}_low"], chosen[f"{name}_high"], color=BLACK, linewidth=0.8,
                  label=f"_{name}")  # fmt: skip
    ax.axvline(0, color=BLACK, linewidth=0.7)
    _named_rows(ax, chosen)
    bars = ax.get_legend_handles_labels()[0]
    from matplotlib.lines import Line2D

    handles = [*bars, Line2D([], [], color=BLACK, linewidth=0.8, label="95 % bootstrap interval")]
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), from_edge=True)
    left = f", the {len(chosen)} largest of {len(table)}" if len(chosen) < len(table) else ""
    finish(ax, title or f"How much of the variance each parameter explains{left}", "Share of variance (Sobol' index)")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def sobol_height(table: pd.DataFrame) -> float:
    """Height in mm that suits the rows of Sobol' bars."""
    return 38.0 + 6.4 * min(len(table), 15)


def _index_name(name: str) -> str:
    return "alone (first order)" if name == "first" else "with all its interactions (total)"


def _named_rows(ax: Axes, table: pd.DataFrame) -> None:
    room = width_points(ax) * 0.32
    labels = [
        fit(parameter_name(str(name)) + (f" ({basis})" if basis else ""), room, SMALL)
        for name, basis in zip(table["parameter"], table["basis"].fillna(""), strict=True)
    ]
    ax.set_yticks(range(len(table)), labels, fontsize=SMALL)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def morris(table: pd.DataFrame, ax: Axes | None = None, title: str = "", named: int = 8) -> Axes:
    """The Morris plane: mean size of a parameter's effect across, how much it varies upwards.

    Columns: parameter, basis, mu_star, mu_star_low, mu_star_high, sigma. Below the dashed line an effect is nearly
    the same wherever it is measured; far above it depends on the other parameters. The `named` largest have names.
    """
    ax = ax if ax is not None else new_axes(height_mm=95)
    for grade, rows in table.groupby(table["basis"].fillna("")):
        marker, colour = MARKERS.get(str(grade), OTHER)
        ax.hlines(rows["sigma"], rows["mu_star_low"], rows["mu_star_high"], color=colour, linewidth=0.8, alpha=0.6,
                  label="_interval")  # fmt: skip
        ax.plot(rows["mu_star"], rows["sigma"], marker, color=colour, markersize=4, markeredgecolor="white",
                markeredgewidth=0.4, label=str(grade) or "no basis")  # fmt: skip
    across, up = float(table["mu_star_high"].max()), float(table["sigma"].max())
    end = 1.08 * max(across, up, 1e-9)
    ax.plot([0, end], [0, end], color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0, label="spread = mean size")
    ax.set_xlim(0, 1.08 * max(across, 1e-9))
    ax.set_ylim(0, 1.18 * max(up, 1e-9))
    percent_axis(ax.xaxis)
    percent_axis(ax.yaxis)
    finish(ax, title or "Which parameters matter: Morris screening", "Mean size of the effect, μ* (percentage points)",
           "Spread of the effect, σ (percentage points)")  # fmt: skip
    handles = ax.get_legend_handles_labels()[0]
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), from_edge=True)
    _name_points(ax, table.nlargest(named, "mu_star"))
    return ax


def _name_points(ax: Axes, table: pd.DataFrame) -> None:
    """Names beside points, the largest first; one that would cover a name or point already there is moved upwards."""
    figure_of(ax).draw_without_rendering()
    scale = 72 / figure_of(ax).dpi
    size = FOOT if narrow(ax) else SMALL
    right = ax.get_window_extent().x1 * scale
    taken: list[tuple[float, float, float]] = []
    for row in table.itertuples():
        text = parameter_name(str(row.parameter))
        x, y = ax.transData.transform((float(str(row.mu_star)), float(str(row.sigma)))) * scale
        width = 0.56 * size * len(text) + 3
        start = x + 4 if x + 4 + width < right else x - 4 - width
        height = y + 5
        while any(abs(height - other) < size * 1.1 and start < end and begin < start + width
                  for begin, end, other in taken):  # fmt: skip
            height += size * 0.55
        taken.append((start, start + width, height))
        ax.annotate(
            text, (float(str(row.mu_star)), float(str(row.sigma))), (start - x, height - y),
            textcoords="offset points", fontsize=size, va="center", ha="left", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": GREY, "shrinkA": 0, "shrinkB": 2},
        )  # fmt: skip


def variance(table: pd.DataFrame, ax: Axes | None = None, title: str = "") -> Axes:
    """Each outcome's variance split into what parameters explain and what is chance, with the interval of the split.

    Columns: outcome, parameters, parameters_low, parameters_high, chance (shares of the variance, from 0 to 1).
    """
    ax = ax if ax is not None else new_axes(height_mm=variance_height(table))
    rows = np.arange(len(table), dtype=float)
    shown = table["parameters"].clip(lower=0.0)
    ax.barh(rows, shown, height=0.6, color=ORANGE, label="parameters (assumptions)")
    ax.barh(rows, 1 - shown, left=shown, height=0.6, color=PALE, label="chance")
    ax.hlines(rows, table["parameters_low"], table["parameters_high"], color=BLACK, linewidth=1.2,
              label="95 % interval of the split")  # fmt: skip
    room = width_points(ax) * 0.28
    ax.set_yticks(rows, [fit(in_words(str(name)), room, SMALL) for name in table["outcome"]], fontsize=SMALL)
    for row, value, low in zip(rows, table["parameters"], table["parameters_low"], strict=True):
        said = f"{percent(float(value))} %".replace("-", "−") + " (no interval)" * bool(np.isnan(low))
        ax.annotate(said, (1, row), (4, 0), textcoords="offset points", va="center",
                    fontsize=SMALL, annotation_clip=False)  # fmt: skip
    ax.set_ylim(len(table) - 0.5, -0.6)
    ax.set_xlim(0, 1)
    percent_axis(ax.xaxis)
    line, *bars = ax.get_legend_handles_labels()[0]
    handles = [*bars, line]
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), from_edge=True)
    finish(ax, title or "What decides: parameters or chance", "Share of the variance between trials (%)")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def variance_height(table: pd.DataFrame) -> float:
    """Height in mm that suits the rows of a variance split."""
    return 36.0 + 7.0 * len(table)


def discovery(table: pd.DataFrame, ax: Axes | None = None, title: str = "", outcome: str = "breakdown") -> Axes:
    """Boxes in the space of parameters in which an outcome is frequent: for each, which part of which range it keeps.

    Columns: box, parameter, low, high (as quantiles of the parameter's values, from 0 to 1), coverage, density, mc_low,
    mc_high, support. Parameters that a box does not restrict have no row. The `MOST_BOXES` densest are drawn.
    """
    boxes = list(dict.fromkeys(table["box"]))
    table = table[table["box"].isin(boxes[:MOST_BOXES]) & (table["parameter"] != "")]
    ax = ax if ax is not None else new_axes(height_mm=discovery_height(table))
    drawn = table.groupby("box", sort=False)
    rows = _box_rows(table)
    handles = [
        _box(ax, str(box), part, [rows[box, str(name)] for name in part["parameter"]], look, outcome)
        for (box, part), look in zip(drawn, BOX_LOOKS, strict=False)
    ]
    ax.barh(list(rows.values()), [1.0] * len(rows), height=0.55, color="none", edgecolor=PALE, linewidth=0.6)
    names = list(dict.fromkeys(table["parameter"].astype(str)))
    middles = [float(np.mean([y for (_, other), y in rows.items() if other == name])) for name in names]
    room = width_points(ax) * 0.3
    ax.set_yticks(middles, [fit(parameter_name(name), room, SMALL) for name in names], fontsize=SMALL)
    ax.set_ylim(max(rows.values(), default=0) + 0.5, -0.6)
    ax.set_xlim(0, 1)
    percent_axis(ax.xaxis)
    if handles:
        legend_below(ax, handles, 1, from_edge=True)
    else:
        ax.annotate("no cut of any parameter's range predicts it", (0.5, 0.5), xycoords="axes fraction", ha="center",
                    fontsize=SMALL, color=GREY)  # fmt: skip
    left = f", the {MOST_BOXES} densest of {len(boxes)} boxes" if len(boxes) > MOST_BOXES else ""
    finish(ax, title or f"Where {outcome} is frequent{left}", "Part of the parameter's range (percentile)")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def _box(
    ax: Axes, box: str, part: pd.DataFrame, rows: list[float], look: tuple[str, str], outcome: str
) -> BarContainer:
    """One box's bars, labelled with what it holds."""
    first, (colour, hatch) = part.iloc[0], look
    chance = f" (chance {percent(first['mc_low'])}–{percent(first['mc_high'])} %)" if "mc_low" in part else ""
    label = (
        f"box {box}: {percent(first['density'])} % of its trials{chance}, {percent(first['coverage'])} % of all with "
        f"{outcome}, {percent(first['support'])} % of the sets"
    )
    return ax.barh(rows, part["high"] - part["low"], left=part["low"], height=0.55, facecolor=colour, hatch=hatch,
                   edgecolor="white", linewidth=0, label=fit(label, width_points(ax) * 0.86, SMALL))  # fmt: skip


def _box_rows(table: pd.DataFrame) -> dict[tuple[object, str], float]:
    """Height of each restricted parameter of each box; those of one parameter lie together."""
    rows: dict[tuple[object, str], float] = {}
    y = 0.0
    for name, part in table.groupby(table["parameter"].astype(str), sort=False):
        for box in part["box"]:
            rows[box, str(name)] = y
            y += 0.62
        y += 0.5
    return rows


def discovery_height(table: pd.DataFrame) -> float:
    """Height in mm that suits the rows of a discovery."""
    boxes = list(dict.fromkeys(table["box"]))[:MOST_BOXES]
    drawn = table[table["box"].isin(boxes)]
    return 36.0 + 4.2 * len(drawn) + 3.2 * drawn["parameter"].nunique() + 6.0 * len(boxes)
