"""Plain distributions over trials: ECDF, histogram, and a hundred dots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.plots.outcomes import ASSUMPTIONS, CHANCE, NO_SETS
from sim.plots.style import BLUE, GREY, PALE, SKY, SMALL, finish, new_axes, percent_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def ecdf(frame: pd.DataFrame, ax: Axes | None = None, x: str = "Value", title: str = "") -> Axes:
    """An `ecdf` as steps, with its band and the range across sets."""
    ax = ax if ax is not None else new_axes(height_mm=80)
    steps = _from_zero(frame)
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
    rises = len(frame) and frame["probability"].iloc[-1] > 0.6
    ax.legend(loc="lower right" if rises else "upper left", fontsize=SMALL, frameon=False, handlelength=2)
    return finish(ax, title or f"How often at most: {x}", x, "Trials at or below (%)")


def _from_zero(frame: pd.DataFrame) -> pd.DataFrame:
    """The steps with their start: nothing lies below the first value."""
    if not len(frame):
        return frame
    start = frame.iloc[:1].copy()
    start.loc[:, [name for name in frame if name != "value"]] = 0
    start["value"] = min(0.0, float(frame["value"].iloc[0]))
    return pd.concat([start, frame], ignore_index=True)


def histogram(
    frame: pd.DataFrame, ax: Axes | None = None, x: str = "Value", title: str = "", median: float | None = None
) -> Axes:
    """A `histogram`, its median marked; the share outside all bins (did not happen) is written in."""
    ax = ax if ax is not None else new_axes(height_mm=75)
    width = frame["high"] - frame["low"]
    ax.bar(frame["low"], frame["share"], width=width, align="edge", color=SKY, edgecolor="white", linewidth=0.4)
    if median is not None and np.isfinite(median):
        ax.axvline(median, color=BLUE, linewidth=1.2)
        _label(ax, f"median {median:,.0f}", median)
    elsewhere = 1 - float(frame["share"].sum())
    if elsewhere > 1e-9:
        ax.annotate(
            f"did not happen: {100 * elsewhere:.0f} %", (0.99, 0.97), xycoords="axes fraction", ha="right", va="top",
            fontsize=SMALL, color=GREY,
        )  # fmt: skip
    ax.set_ylim(0, max(float(frame["share"].max()), 1e-9) * 1.15)
    ax.set_xlim(float(frame["low"].iloc[0]), float(frame["high"].iloc[-1]))
    percent_axis(ax.yaxis)
    return finish(ax, title or f"Distribution: {x}", x, f"Trials (%), bins of {width.iloc[0]:,.0f}")


def _label(ax: Axes, text: str, x: float) -> None:
    ax.annotate(
        text, (x, 1), (3, -1), xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
        fontsize=SMALL, color=BLUE,
    )  # fmt: skip


BINS = 40
BLOCK = 5


def dots(
    frame: pd.DataFrame, horizon: int, ax: Axes | None = None, event: str = "breakdown", title: str = "",
    x: str = "Day (1 = origin)", note: str = "",
) -> Axes:  # fmt: skip
    """A hundred dots (`hundred`), each one percent of trials, stacked over its day; those without it stand apart.

    A dot is drawn at the middle of one of `BINS` equal spans of the horizon; the block to the right holds the rest.
    """
    from matplotlib.patches import Ellipse

    ax = ax if ax is not None else new_axes(height_mm=65)
    width = horizon / BINS
    x_, y_, rest = places_of_dots(frame, horizon)
    for left, up, colour in [*((a, b, BLUE) for a, b in zip(x_, y_, strict=True)), *((a, b, PALE) for a, b in rest)]:
        edge = GREY if colour == PALE else colour
        ax.add_patch(Ellipse((left, up), 0.84 * width, 0.84, facecolor=colour, edgecolor=edge, linewidth=0.4))
    top = max([9.0, *(up + 1 for up in y_), *(up + 1 for _, up in rest)])
    end = horizon + (BLOCK + 3.0) * width
    ax.set_xlim(-0.2 * width, end)
    ax.set_ylim(0, top + 2.2)
    ax.set_aspect(width, adjustable="box")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= horizon])
    ax.spines["bottom"].set_bounds(0, horizon)
    _counts(ax, len(x_), len(rest), horizon + (2.0 + BLOCK / 2) * width, top, event, note)
    return finish(ax, title or f"A hundred dots, each one percent of trials, on the day of {event}", x)


def _counts(ax: Axes, inside: int, outside: int, middle: float, top: float, event: str, note: str) -> None:
    text = f"{inside} of 100 with {event}" + (f"\n{note}" if note else "")
    ax.text(0, top + 2.0, text, fontsize=SMALL, color=BLUE, va="top")
    ax.text(middle, top + 2.0, f"{outside} without", fontsize=SMALL, color=GREY, ha="center", va="top")


def places_of_dots(
    frame: pd.DataFrame, horizon: int
) -> tuple[list[float], list[float], list[tuple[float, float]]]:
    """Where the dots stand: x (days) and height (dots) of those with a day, and the places of the block."""
    width = horizon / BINS
    heights = [0] * BINS
    x, y = [], []
    for day in frame["day"].dropna():
        bin_ = min(BINS - 1, int((day - 1) // width))
        x.append((bin_ + 0.5) * width)
        y.append(heights[bin_] + 0.5)
        heights[bin_] += 1
    missing = int(frame["day"].isna().sum())
    rest = [(horizon + 2.5 * width + (i % BLOCK) * width, i // BLOCK + 0.5) for i in range(missing)]
    return x, y, rest
