"""A wall of single trials: each on its own small ladder, so that one sees how unlike trials of one scenario are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.plots.style import (
    BLACK,
    BLUE,
    FOOT,
    GREY,
    PALE,
    SMALL,
    VERMILION,
    columns_within,
    finish,
    legend_below,
    narrow,
    new_axes,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 5
GAP_ACROSS, GAP_UP = 0.12, 0.42  # between cells, in cells


def wall(
    table: pd.DataFrame, ax: Axes | None = None, title: str = "", event: str = "breakdown", x: str = "Day",
    rungs: tuple[int, int] = (-3, 9),
) -> Axes:  # fmt: skip
    """Single-trial ladders in rows of five; columns trial, day, rung, and came (the day of the outcome or null).

    All cells have the same scales: days across, rungs upwards from `rungs[0]` to `rungs[1]`, routine as a pale line.
    """
    trials = list(dict.fromkeys(table["trial"]))
    ax = ax if ax is not None else new_axes(height_mm=wall_height(table, 183.0))
    last, low, high = int(table["day"].max()), *rungs
    size = FOOT if narrow(ax) else SMALL
    for k, trial in enumerate(trials):
        rows = table[table["trial"] == trial]
        row, column = divmod(k, COLUMNS)
        left, base = column * (1 + GAP_ACROSS), -row * (1 + GAP_UP)
        across = left + rows["day"].to_numpy(float) / last
        up = base + (rows["rung"].to_numpy(float) - low) / (high - low)
        zero = base - low / (high - low)
        ax.hlines([zero], left, left + 1, color=PALE, linewidth=0.6, zorder=1)
        ax.plot([left, left, left + 1], [base + 1, base, base], color=GREY, linewidth=0.5, zorder=1)
        ax.plot(across, up, color=BLUE, linewidth=0.9, solid_joinstyle="round", label=_once(k, "highest rung"))
        came = rows["came"].iloc[0]
        if pd.notna(came):
            at = left + float(came) / last
            ax.vlines(at, base, base + 1, color=VERMILION, linewidth=1.0, linestyle=(0, (2, 1)),
                      label=_once(0 if _first(table, trial) else 1, event))  # fmt: skip
        said = f"{trial}" + (f": day {came:.0f}" if pd.notna(came) else f": no {event}" * (not narrow(ax)))
        ax.text(left, base + 1.04, said, fontsize=size, va="bottom", ha="left", color=BLACK)
    _frame(ax, len(trials), last, rungs, size)
    handles = ax.get_legend_handles_labels()[0]
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), 26, from_edge=True)
    finish(ax, title or f"{len(trials)} trials, each on the ladder", x, "Rung")
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0)
    return ax


def _once(k: int, label: str) -> str:
    return label if k == 0 else "_more"


def _first(table: pd.DataFrame, trial: object) -> bool:
    """Whether this is the first trial in which the outcome came."""
    return bool(table.loc[table["came"].notna(), "trial"].iloc[0] == trial)


def _frame(ax: Axes, count: int, last: int, rungs: tuple[int, int], size: float) -> None:
    """Scales at the first column and the last row only: all cells share them."""
    low, high = rungs
    lines = -(-count // COLUMNS)
    across = min(count, COLUMNS) * (1 + GAP_ACROSS) - GAP_ACROSS
    ax.set_xlim(-0.02, across + 0.02)
    ax.set_ylim(-(lines - 1) * (1 + GAP_UP) - 0.05, 1.3)
    named = [step for step in (low, 0, high) if low <= step <= high]
    bases = [-row * (1 + GAP_UP) for row in range(lines)]
    ticks = [(base + (step - low) / (high - low), step) for base in bases for step in named]
    ax.set_yticks([y for y, _ in ticks], [str(step).replace("-", "−") for _, step in ticks], fontsize=size)
    lefts = np.arange(min(count, COLUMNS)) * (1 + GAP_ACROSS)
    ends = [(left + share, f"{max(1, round(share * last))}") for left in lefts for share in (0.0, 1.0)]
    ax.set_xticks([place for place, _ in ends], [text for _, text in ends], fontsize=size)
    for k, label in enumerate(ax.get_xticklabels()):
        label.set_horizontalalignment("right" if k % 2 else "left")


def wall_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the rows of a wall."""
    rows = -(-int(table["trial"].nunique()) // COLUMNS)
    return 30.0 + rows * (18.0 if width_mm < 136 else 24.0)
