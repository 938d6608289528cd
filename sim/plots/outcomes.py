"""Outcome probabilities, each with what chance and what assumptions leave open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.plots.style import (
    BLACK,
    BLUE,
    GREY,
    PALE,
    SMALL,
    finish,
    fit,
    in_words,
    legend_below,
    narrow,
    new_axes,
    percent,
    percent_axis,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHANCE = "chance (95 % Monte Carlo interval)"
ASSUMPTIONS = "assumptions (5–95 % across parameter sets)"
NO_SETS = "parameter uncertainty not included"


def outcomes(
    table: pd.DataFrame, ax: Axes | None = None, names: Mapping[str, str] | None = None, title: str = "",
    horizon: int = 0,
) -> Axes:  # fmt: skip
    """A row for each outcome of an `outcome_table`: a dot, a thick bar for chance, a thin bar for the assumptions.

    `names` are labels by outcome id; `horizon` in days is named in the title.
    """
    ax = ax if ax is not None else new_axes(height_mm=35 + 7 * len(table))
    rows = np.arange(len(table))[::-1]
    sets = bool(table["range_low"].notna().any())
    _bars(ax, table, rows)
    _written(ax, table, rows)
    room = width_points(ax) * 0.3
    labels = [fit((names or {}).get(str(name), in_words(str(name))), room, SMALL) for name in table.index]
    ax.set_yticks(rows, labels, fontsize=SMALL)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlim(-0.01, 1.01)
    percent_axis(ax.xaxis)
    ax.grid(axis="x", color=PALE, linewidth=0.5)
    ax.set_axisbelow(True)
    legend_below(ax, _legend(sets), 1 if narrow(ax) else 3)
    within = f" within {horizon} days" if horizon else ""
    finish(ax, title or f"How often each outcome came{within}", "Trials (%)")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def _bars(ax: Axes, table: pd.DataFrame, rows: np.ndarray) -> None:
    ax.hlines(rows, table["range_low"], table["range_high"], color=BLUE, linewidth=1.0, label="_range")
    ax.hlines(rows, table["mc_low"], table["mc_high"], color=BLUE, linewidth=4.0, alpha=0.55, label="_chance")
    ax.plot(table["probability"], rows, "o", color=BLACK, markersize=2.8, label="_probability")


def _written(ax: Axes, table: pd.DataFrame, rows: np.ndarray) -> None:
    """The figures themselves, at the right edge."""
    for row, (_, line) in zip(rows, table.iterrows(), strict=True):
        text = f"{percent(line['probability'])} % ({percent(line['mc_low'])}–{percent(line['mc_high'])})"
        ax.annotate(
            text, (1, row), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=SMALL, annotation_clip=False,
        )  # fmt: skip
    ax.annotate(
        "share (chance)", (1, 1), (4, 0), xycoords="axes fraction", textcoords="offset points", va="center",
        fontsize=SMALL, color=GREY, annotation_clip=False,
    )  # fmt: skip


def _legend(sets: bool) -> list[object]:
    from matplotlib.lines import Line2D

    dot = Line2D([], [], marker="o", linestyle="", color=BLACK, markersize=2.8, label="share of trials")
    thick = Line2D([], [], color=BLUE, linewidth=4, alpha=0.55, label=CHANCE)
    thin = Line2D([], [], color=BLUE if sets else "none", linewidth=1, label=ASSUMPTIONS if sets else NO_SETS)
    return [dot, thick, thin]
