"""Plain distributions over trials: ECDF, histogram, and a hundred dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.intervals import Floats
from sim.plots.outcomes import ASSUMPTIONS, CHANCE, NO_SETS
from sim.plots.style import (
    BLACK,
    BLUE,
    GREY,
    PALE,
    SKY,
    SMALL,
    figure_of,
    finish,
    legend_below,
    narrow,
    new_axes,
    percent_axis,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def ecdf(
    frame: pd.DataFrame, ax: Axes | None = None, x: str = "Value", title: str = "", until: float | None = None
) -> Axes:
    """An `ecdf` as steps, with its band and the range across sets, drawn on to `until` (a horizon in days)."""
    ax = ax if ax is not None else new_axes(height_mm=80)
    steps = _widened(frame, until)
    value = steps["value"]
    low, high = steps["mc_low"], steps["mc_high"]
    ax.fill_between(value, low, high, step="post", color=BLUE, alpha=0.3, linewidth=0, label=CHANCE)
    if frame["range_low"].notna().any():
        ax.step(value, steps["range_low"], where="post", color=BLUE, linewidth=0.7, linestyle="--", label=ASSUMPTIONS)
        ax.step(value, steps["range_high"], where="post", color=BLUE, linewidth=0.7, linestyle="--")
    else:
        ax.plot([], [], color="none", label=NO_SETS)
    ax.step(value, steps["probability"], where="post", color=BLUE, linewidth=1.5, label="all trials")
    ax.set_ylim(0, 1.01)
    ax.set_xlim(left=min(0.0, float(value.min())) if len(value) else 0.0)
    percent_axis(ax.yaxis)
    chance, other, line = ax.get_legend_handles_labels()[0]
    legend_below(ax, [line, chance, other], 1 if narrow(ax) else 3)
    return finish(ax, title or f"How often at most: {x}", x, "Trials at or below (%)")


def _widened(frame: pd.DataFrame, until: float | None) -> pd.DataFrame:
    """The steps with their start (nothing lies below the first value) and their end."""
    if not len(frame):
        return frame
    start = frame.iloc[:1].copy()
    start.loc[:, [name for name in frame if name != "value"]] = 0
    start["value"] = min(0.0, float(frame["value"].iloc[0]))
    end = frame.iloc[-1:].assign(value=max(until or 0.0, float(frame["value"].iloc[-1])))
    return pd.concat([start, frame, end], ignore_index=True)


def histogram(
    frame: pd.DataFrame, ax: Axes | None = None, x: str = "Value", title: str = "", median: float | None = None
) -> Axes:
    """A `histogram` with Monte Carlo intervals, its median marked; what is in no bin did not happen."""
    ax = ax if ax is not None else new_axes(height_mm=75)
    width = frame["high"] - frame["low"]
    ax.bar(frame["low"], frame["probability"], width=width, align="edge", color=SKY, edgecolor="white", linewidth=0.4)
    seen = frame[frame["count"] > 0]
    middle = (seen["low"] + seen["high"]) / 2
    ax.vlines(middle, seen["mc_low"], seen["mc_high"], color=BLACK, linewidth=0.6, label="_chance")
    if median is not None and np.isfinite(median):
        ax.axvline(median, color=BLUE, linewidth=1.2)
        _label(ax, f"median {median:,.0f}", median)
    elsewhere = 1 - float(frame["probability"].sum())
    if elsewhere > 1e-9:
        ax.annotate(
            f"did not happen: {100 * elsewhere:.0f} %", (0.99, 0.97), xycoords="axes fraction", ha="right", va="top",
            fontsize=SMALL, color=GREY,
        )  # fmt: skip
    ax.set_ylim(0, max(float(frame["mc_high"].max()), 1e-9) * 1.15)
    ax.set_xlim(float(frame["low"].iloc[0]), float(frame["high"].iloc[-1]))
    percent_axis(ax.yaxis)
    return finish(ax, title or f"Distribution: {x}", x, f"Trials (%), bins of {width.iloc[0]:,.0f}")


def _label(ax: Axes, text: str, x: float) -> None:
    ax.annotate(
        text, (x, 1), (3, -1), xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
        fontsize=SMALL, color=BLUE,
    )  # fmt: skip


BINS = 40
APART = 1.06  # where the block of dots without a day begins, in horizons
EDGE = 1.26


def dots(
    frame: pd.DataFrame, horizon: int, ax: Axes | None = None, event: str = "breakdown", title: str = "",
    x: str = "Day (1 = origin)", note: str = "",
) -> Axes:  # fmt: skip
    """A hundred dots (`hundred`), each one percent of trials, stacked over its day; those without it stand apart.

    A dot is drawn at the middle of one of `BINS` equal spans of the horizon; the block to the right holds the rest.
    """
    from matplotlib.ticker import MaxNLocator

    ax = ax if ax is not None else new_axes(height_mm=65)
    across, up = stacks(frame["day"].dropna().to_numpy(float), horizon)
    missing = int(frame["day"].isna().sum())
    ax.set_xlim(0, EDGE * horizon)
    ax.set_yticks([])
    ax.set_xticks([tick for tick in MaxNLocator(6, integer=True).tick_values(0, horizon) if tick <= horizon])
    finish(ax, title or f"A hundred dots, each one percent of trials, on the day of {event}", x, pad=22)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(0, horizon)
    ax.annotate(f"{len(across)} of 100 with {event}", (0, 1), **_top("left", BLUE, 10))
    ax.annotate(note, (0, 1), **_top("left", GREY, 2))
    ax.annotate(f"{missing} without", (APART * horizon, 1), **_top("left", GREY, 10))
    size, rows = _size(ax, max(up, default=0.0) + 0.5, missing, horizon)
    ax.set_ylim(0, rows)
    step = size / _points(ax)[0] * EDGE * horizon
    ax.scatter(across, up, s=(0.88 * size) ** 2, color=BLUE, linewidths=0, label="_with", clip_on=False)
    columns = max(5, -(-missing // rows))
    rest = np.arange(missing)
    ax.scatter(
        APART * horizon + (rest % columns + 0.5) * step, rest // columns + 0.5, s=(0.82 * size) ** 2,
        facecolors=PALE, edgecolors=GREY, linewidths=0.4, label="_without", clip_on=False,
    )  # fmt: skip
    return ax


def stacks(days: Floats, horizon: int) -> tuple[list[float], list[float]]:
    """Where the dots with a day stand: the middle of their span in days, and their height in dots."""
    width = horizon / BINS
    heights = [0] * BINS
    across, up = [], []
    for day in days:
        span = min(BINS - 1, int((day - 1) // width))
        across.append((span + 0.5) * width)
        up.append(heights[span] + 0.5)
        heights[span] += 1
    return across, up


def _size(ax: Axes, highest: float, missing: int, horizon: int) -> tuple[float, int]:
    """Diameter of a dot in points so that stacks and block fit into the axes, and how many rows there are."""
    width, height = _points(ax)
    size = min(width / EDGE / BINS * 1.15, height / max(highest, 1.0))
    while -(-missing // int(height / size)) * size > (EDGE - APART) / EDGE * width:
        size *= 0.97
    return size, int(height / size)


def _points(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes in points, once everything has its room."""
    figure_of(ax).draw_without_rendering()
    box, scale = ax.get_window_extent(), 72 / figure_of(ax).dpi
    return float(box.width) * scale, float(box.height) * scale


def _top(align: str, colour: str, points: float) -> dict[str, Any]:
    """Where a remark over the axes stands."""
    return {
        "xycoords": ("data", "axes fraction"), "xytext": (0, points), "textcoords": "offset points", "ha": align,
        "va": "bottom", "fontsize": SMALL, "color": colour, "annotation_clip": False,
    }  # fmt: skip
