"""Rows of estimates: a dot, a thick bar for chance and a thin bar for assumptions; shared by several figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.intervals import Floats
from sim.plots.outcomes import ASSUMPTIONS, CHANCE, NO_SETS
from sim.plots.style import (
    BLACK,
    BLUE,
    FOOT,
    GREY,
    PALE,
    SMALL,
    capital,
    columns_within,
    fit,
    legend_below,
    narrow,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRADES = ("fitted", "coded", "published", "assumed")
GRADE_WORDS = {
    "fitted": "fitted to data",
    "coded": "coded from dated events",
    "published": "published elsewhere",
    "assumed": "assumed",
    "": "by construction",
}


class Layout:
    """Heights of rows under headings: `rows` of the table's rows, in its order after `order`, and of its headings."""

    def __init__(self, groups: Iterable[str]) -> None:
        self.rows: list[float] = []
        self.headings: dict[str, float] = {}
        y = 0.0
        for group in groups:
            if group not in self.headings:
                y += 0.35 * bool(self.headings)
                self.headings[group] = y
                y += 0.8
            self.rows.append(y)
            y += 1.0
        self.end = y

    def apply(self, ax: Axes, labels: Sequence[str], share: float = 0.3) -> None:
        """Set the rows from the top down, with their labels, and the headings in the margin in bold."""
        room = width_points(ax) * share
        ax.set_yticks(self.rows, [fit(capital(label), room, SMALL) for label in labels], fontsize=SMALL)
        ax.set_ylim(self.end - 0.4, -0.5)
        ax.tick_params(axis="y", length=0)
        for name, y in self.headings.items():
            ax.annotate(
                GRADE_WORDS.get(name, name), (0, y), (-3, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", va="center", fontsize=SMALL, fontweight="bold", color=GREY,
                annotation_clip=False,
            )  # fmt: skip


def by_grade(table: pd.DataFrame, column: str = "basis") -> pd.DataFrame:
    """The table's rows by grade of evidence, the best first; a stable order within a grade."""
    known = {grade: k for k, grade in enumerate((*GRADES, ""))}
    order = table[column].fillna("").map(lambda grade: known.get(grade, len(known)))
    return table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def estimates(
    ax: Axes, table: pd.DataFrame, rows: Sequence[float], value: str, hollow: Sequence[bool] = (), colour: str = BLUE
) -> None:
    """Draw `value` of each row as a dot with its bars (mc_low, mc_high; range_low, range_high); hollow where asked."""
    if "range_low" in table:
        ax.hlines(rows, table["range_low"], table["range_high"], color=colour, linewidth=1.0, label="_range")
    ax.hlines(rows, table["mc_low"], table["mc_high"], color=colour, linewidth=4.0, alpha=0.55, label="_chance")
    empty = np.asarray(hollow if len(hollow) else [False] * len(table), bool)
    points: Floats = table[value].to_numpy(float)
    heights = np.asarray(rows)
    for flag, face in ((False, BLACK), (True, "white")):
        chosen = empty == flag
        ax.plot(
            points[chosen], heights[chosen], "o", markerfacecolor=face, markeredgecolor=BLACK, markeredgewidth=0.8,
            markersize=3.4, label="_hollow" if flag else "_full", zorder=3,
        )  # fmt: skip


def zero_line(ax: Axes) -> None:
    """A line at no difference, and a pale grid."""
    ax.axvline(0, color=BLACK, linewidth=0.7, zorder=1)
    ax.grid(axis="x", color=PALE, linewidth=0.5)
    ax.set_axisbelow(True)


def written(ax: Axes, texts: Sequence[str], rows: Sequence[float], heading: str, top: float = -0.1) -> None:
    """Numbers beside the rows at the right edge, under a heading."""
    size = FOOT if narrow(ax) else SMALL
    style: dict[str, Any] = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
    for row, text in zip(rows, texts, strict=True):
        ax.annotate(text, (1, row), (4, 0), xycoords=("axes fraction", "data"), fontsize=size, **style)
    ax.annotate(heading, (1, top), (4, 0), xycoords=("axes fraction", "data"), fontsize=size, color=GREY, **style)


def legend(ax: Axes, sets: bool, dot: str, hollow: str = "", points: float = 30.0) -> None:
    """What dot, hollow dot and bars are, under the axis label."""
    from matplotlib.lines import Line2D

    shape: dict[str, Any] = {"marker": "o", "linestyle": "", "markeredgecolor": BLACK, "markersize": 3.4}
    handles = [Line2D([], [], markerfacecolor=BLACK, label=dot, **shape)]
    if hollow:
        handles.append(Line2D([], [], markerfacecolor="white", label=hollow, **shape))
    handles.append(Line2D([], [], color=BLUE, linewidth=4, alpha=0.55, label=CHANCE))
    handles.append(Line2D([], [], color=BLUE if sets else "none", linewidth=1, label=ASSUMPTIONS if sets else NO_SETS))
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), points, from_edge=True)


def points_axis(ax: Axes) -> None:
    """Ticks of differences of shares written as percentage points with a sign."""
    from matplotlib.ticker import FuncFormatter

    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: signed(value)))


def signed(share: float, decimals: int | None = None) -> str:
    """A difference of shares in percentage points with a proper sign."""
    value = round(100 * share, 6)
    text = f"{abs(value):g}" if decimals is None else f"{abs(value):.{decimals}f}"
    zero = float(text) == 0
    return text if zero else f"{'+' if value > 0 else '−'}{text}"
