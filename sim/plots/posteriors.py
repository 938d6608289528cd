"""What was learnt: posterior against prior in small panels, and pairs of numbers that the data do not tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.plots.panels import grid
from sim.plots.style import (
    BLACK,
    BLUE,
    FOOT,
    GREY,
    ORANGE,
    PALE,
    SMALL,
    columns_within,
    finish,
    fit,
    legend_below,
    narrow,
    new_axes,
    parameter_name,
    parameter_unit,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = (20, 16)  # numbers drawn on two columns of print and on one: what fits on a page
PAIRED = 10  # numbers in the table of correlations
PANEL_MM = 24.5
HOW = {"likelihood": "likelihood", "conjugate": "counted", "abc": "ABC", "prior": "prior kept", "assumed": "assumed"}
COLOURS = {"likelihood": BLUE, "conjugate": ORANGE, "abc": BLUE, "prior": GREY, "assumed": GREY}


def posterior(table: pd.DataFrame, ax: Axes | None = None, title: str = "", most: int | None = None) -> Axes:
    """A panel a number: its prior in grey, its posterior in colour, the middle 90 % as bars below; most learnt first.

    Columns: those of `sim.analysis.learnt.against_prior`. Heights are shares of draws, each panel by itself.
    """
    names = list(dict.fromkeys(table["parameter"].astype(str)))
    ax = ax if ax is not None else new_axes(height_mm=posterior_height(table, 183.0))
    shown = names[: MOST[narrow(ax)] if most is None else most]
    left = f", the {len(shown)} most learnt of {len(names)}" if len(shown) < len(names) else ""
    panels = grid(ax, len(shown), _across(narrow(ax)), title or f"What the data have taught{left}", gaps=(11.0, 41.0),
                  pad=30.0)  # fmt: skip
    for panel, name in zip(panels, shown, strict=True):
        _panel(panel, table[table["parameter"] == name], name)
    _legend(ax, set(table.loc[table["parameter"].isin(shown), "how"]))
    return ax


def _across(one_column: bool) -> int:
    return 2 if one_column else 4


def _panel(panel: Axes, table: pd.DataFrame, name: str) -> None:
    row = table.iloc[0]
    colour = COLOURS[str(row["how"])]
    edges = np.append(table["bin_low"], table["bin_high"].iloc[-1])
    panel.stairs(table["prior"], edges, baseline=0, fill=True, color=PALE, label="_prior")
    panel.stairs(table["posterior"], edges, baseline=0, color=colour, linewidth=1.2, label="_posterior")
    top = float(max(table["prior"].max(), table["posterior"].max()))
    for k, (side, shade) in enumerate((("prior_", GREY), ("", colour))):
        y = -0.09 * top * (k + 1)
        panel.hlines(y, row[f"{side}low"], row[f"{side}high"], color=shade, linewidth=1.6, label=f"_{side}bar")
        panel.plot([row[f"{side}median"]], [y], "o", color=shade, markersize=2.6, label=f"_{side}median")
    panel.set_ylim(-0.3 * top, 1.06 * top)
    if bool(row["log"]):
        panel.set_xscale("log")
    panel.set_xlim(edges[0], edges[-1])
    _ticks(panel, bool(row["log"]))
    _named(panel, row, name)


def _ticks(panel: Axes, log: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    panel.set_yticks([])
    panel.xaxis.set_major_locator(LogLocator(numticks=4) if log else MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.tick_params(labelsize=FOOT, width=0.5, length=2.0, pad=1.5)
    for side, spine in panel.spines.items():
        spine.set_linewidth(0.5)
        spine.set_visible(side == "bottom")


def _named(panel: Axes, row: pd.Series[Any], name: str) -> None:
    """Over the panel: the number in words; in it how it was learnt, how much, and its grade; below its unit."""
    size = FOOT if narrow(panel) else SMALL
    room = 0.92 * width_points(panel) / _across(narrow(panel)) - 8
    lines = fit(parameter_name(name), room, size).splitlines()
    text = "\n".join([*lines[:1], lines[1] + ("…" if len(lines) > 2 else "")] if len(lines) > 1 else lines)
    panel.set_title(text, fontsize=size, loc="left", pad=9, linespacing=1.05)
    basis = f", {row['basis']}" if row["basis"] and row["basis"] != row["how"] else ""
    told = "" if row["how"] in ("prior", "assumed") else f", {row['bits']:.1f} bits"
    panel.annotate(
        f"{HOW[str(row['how'])]}{basis}{told}", (0, 1), (0, 2), xycoords="axes fraction", textcoords="offset points",
        fontsize=FOOT, color=GREY, va="bottom", annotation_clip=False,
    )  # fmt: skip
    panel.set_xlabel(parameter_unit(name), fontsize=FOOT, labelpad=0.5, color=GREY)


def _legend(ax: Axes, hows: set[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words = {BLUE: "posterior (fitted)", ORANGE: "posterior (counted)", GREY: "not identified"}
    colours = dict.fromkeys(COLOURS[how] for how in HOW if how in hows)
    handles = [
        Patch(color=PALE, label="prior"),
        *(Line2D([], [], color=colour, linewidth=1.2, label=words[colour]) for colour in colours),
        Line2D([], [], color=BLACK, linewidth=1.6, marker="o", markersize=2.6, label="median and 90 %"),
    ]
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), 26, from_edge=True)


def posterior_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the panels."""
    lines = -(-min(int(table["parameter"].nunique()), MOST[width_mm < 136]) // _across(width_mm < 136))
    return 25.0 + PANEL_MM * lines


# --- pairs ----------------------------------------------------------------------------------------------------------


def correlations(table: pd.DataFrame, ax: Axes | None = None, title: str = "", most: int = PAIRED) -> Axes:
    """Rank correlations within the posterior among the numbers of the strongest pairs, as a half table.

    Columns: one, other, rho, low, high, n. A figure stands where the interval leaves out none, a dot where it does not.
    """
    names = strongest(table, most)
    ax = ax if ax is not None else new_axes(height_mm=correlations_height(table, 183.0))
    place = {name: k for k, name in enumerate(names)}
    cells = np.full((len(names), len(names)), np.nan)
    for row in table.itertuples():
        if str(row.one) in place and str(row.other) in place:
            low, high = sorted((place[str(row.one)], place[str(row.other)]))
            rho = float(str(row.rho))
            cells[high, low] = rho
            clear = float(str(row.low)) > 0 or float(str(row.high)) < 0
            said = f"{rho:+.2f}".replace("-", "−").replace("0.", ".") if clear else "·"
            ax.annotate(said, (low, high), ha="center", va="center", fontsize=FOOT,
                        color="white" if abs(rho) > 0.6 else BLACK)  # fmt: skip
    ax.imshow(cells, cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto")
    room = width_points(ax) * 0.3
    labels = [fit(f"{k}  {parameter_name(name)}", room, SMALL) for k, name in enumerate(names, 1)]
    ax.set_yticks(range(len(names)), labels)
    ax.set_xticks(range(len(names)), [str(k + 1) for k in range(len(names))])
    ax.set_xlim(-0.5, len(names) - 1.5)
    said = "Rank correlation in the posterior; dot: its 95 % interval holds 0"
    finish(ax, title or "Numbers that the data do not tell apart", fit(said, 0.62 * width_points(ax)))
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0)
    return ax


def strongest(table: pd.DataFrame, most: int = PAIRED) -> list[str]:
    """The numbers of the strongest pairs, in the order in which they come up, up to `most`."""
    order = table.iloc[np.argsort(-table["rho"].abs().to_numpy(), kind="stable")]
    names = dict.fromkeys(str(name) for row in order[["one", "other"]].to_numpy() for name in row)
    return list(names)[:most]


def correlations_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the rows."""
    each = 8.0 if width_mm < 136 else 6.5
    return 30.0 + each * len(strongest(table))
