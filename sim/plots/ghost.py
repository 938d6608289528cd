"""One trial and its ghost: the same trial with the same luck lived again without one rule, and where the two part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.plots.ladder import minus
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
    fit,
    legend_below,
    narrow,
    new_axes,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AS_IT_WAS, GHOST = "as it was", "ghost"


def ghost(
    table: pd.DataFrame, ax: Axes | None = None, rungs: Mapping[int, str] | None = None, title: str = "",
    x: str = "Day (1 = origin)", event: str = "breakdown",
) -> Axes:  # fmt: skip
    """Two lines on the ladder; columns course (`as it was` or `ghost`), day, rung (the highest of any dyad), without
    (the rule that is off), parted (the first day on which their events differ), came (the outcome's day); null: never.
    """
    ax = ax if ax is not None else new_axes(height_mm=85)
    parted = _day(table["parted"])
    styles: dict[str, dict[str, Any]] = {
        AS_IT_WAS: {"color": BLUE, "linewidth": 1.5, "label": "the trial as it was"},
        GHOST: {
            "color": VERMILION,
            "linewidth": 1.2,
            "linestyle": (0, (4, 1.5)),
            "label": f"its ghost, without {table['without'].iloc[0]}",
        },
    }
    for course, style in styles.items():
        rows = table[table["course"] == course]
        ax.plot(rows["day"], rows["rung"], **style)
        day = _day(rows["came"])
        if day is not None:
            rung = float(rows.loc[rows["day"] == day, "rung"].iloc[0])
            marker, whose = ("D", "of the trial") if course == AS_IT_WAS else ("s", "of the ghost")
            ax.plot([day], [rung], marker, color=style["color"], markersize=5, markeredgecolor="white", zorder=4,
                    label=f"{event} {whose}, day {day}")  # fmt: skip
    if parted is not None:
        ax.axvline(parted, color=BLACK, linewidth=0.9, linestyle=(0, (1, 2)), label=f"they part, day {parted}")
    steps = _steps(table, rungs or {})
    room, size = width_points(ax) * 0.27, FOOT if narrow(ax) else SMALL
    ax.set_yticks(
        steps, [fit(f"{(rungs or {}).get(step, '')}\u00a0{minus(step)}".strip(), room, size) for step in steps]
    )
    ax.hlines(steps, 0, float(table["day"].max()) + 1, color=PALE, linewidth=0.4, zorder=0)
    ax.set_xlim(0, float(table["day"].max()) + 1)
    ax.set_ylim(steps[0] - 0.6, steps[-1] + 0.6)
    finish(ax, title or "One trial and its ghost", x, "Highest rung of any dyad")
    ax.tick_params(axis="y", labelsize=size)
    handles = ax.get_legend_handles_labels()[0]
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), from_edge=True)
    if parted is None:
        ax.annotate("they never part: the rule made no event here", (0.99, 0.97), xycoords="axes fraction", ha="right",
                    va="top", fontsize=SMALL, color=GREY)  # fmt: skip
    return ax


def _day(column: pd.Series[Any]) -> int | None:
    """The day that a column says all over."""
    return None if pd.isna(column.iloc[0]) else int(column.iloc[0])


def _steps(table: pd.DataFrame, rungs: Mapping[int, str]) -> list[int]:
    named = [int(step) for step in rungs] or [0]
    low = min(*named, 0, int(table["rung"].min() // 1))
    high = max(*named, 0, int(-(-table["rung"].max() // 1)))
    return list(range(low, high + 1))
