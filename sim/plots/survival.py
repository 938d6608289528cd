"""Time to an outcome as a survival curve, with both kinds of uncertainty and the numbers at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sim.plots.outcomes import ASSUMPTIONS, CHANCE, NO_SETS
from sim.plots.style import BLUE, GREY, SMALL, finish, legend_below, narrow, new_axes, percent_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def survival(
    curve: pd.DataFrame, ax: Axes | None = None, event: str = "breakdown", title: str = "", x: str = "Day (1 = origin)"
) -> Axes:
    """A `survival_curve` as steps, its band shaded, the range across sets as thin lines, trials at risk below."""
    ax = ax if ax is not None else new_axes(height_mm=85)
    day = curve["day"]
    ax.fill_between(
        day, curve["mc_low"], curve["mc_high"], step="post", color=BLUE, alpha=0.3, linewidth=0, label=CHANCE
    )
    sets = bool(curve["range_low"].notna().any())
    if sets:
        ax.step(day, curve["range_low"], where="post", color=BLUE, linewidth=0.7, linestyle="--", label=ASSUMPTIONS)
        ax.step(day, curve["range_high"], where="post", color=BLUE, linewidth=0.7, linestyle="--")
    ax.step(day, curve["survival"], where="post", color=BLUE, linewidth=1.5, label="all trials")
    ax.set_xlim(0, max(1, day.iloc[-1]))
    ax.set_ylim(0, 1.01)
    percent_axis(ax.yaxis)
    _legend(ax, sets)
    _at_risk(ax, curve)
    return finish(ax, title or f"Share of trials without {event}, by day", x, f"Trials without {event} (%)")


def _legend(ax: Axes, sets: bool) -> None:
    """Under the trials at risk, where no curve can run through it."""
    from matplotlib.lines import Line2D

    handles = dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    other = handles[ASSUMPTIONS] if sets else Line2D([], [], color="none", label=NO_SETS)
    legend_below(ax, [handles["all trials"], handles[CHANCE], other], 1 if narrow(ax) else 3, 48)


def _at_risk(ax: Axes, curve: pd.DataFrame) -> None:
    """A row of numbers under the axis at its ticks: trials still without the event just before that day."""
    from matplotlib.ticker import MaxNLocator

    last = int(curve["day"].iloc[-1])
    locator = MaxNLocator(nbins=6 if narrow(ax) else 9, integer=True, steps=[1, 2, 3, 5, 10])
    ticks = [int(tick) for tick in locator.tick_values(0, last) if 0 <= tick <= last]
    ax.set_xticks(ticks)
    at = dict(zip(curve["day"].to_numpy(int), curve["at_risk"].to_numpy(int), strict=True))
    for tick in ticks:
        _note(ax, f"{at[tick]:,}", tick, -39, "data", "center")
    _note(ax, "Trials at risk", 0, -29, "axes fraction", "left", GREY)


def _note(ax: Axes, text: str, x: float, points: float, across: str, align: str, colour: str = "black") -> None:
    ax.annotate(
        text, (x, 0), (0, points), xycoords=(across, "axes fraction"), textcoords="offset points",
        ha=align, va="center", fontsize=SMALL, color=colour, annotation_clip=False,
    )  # fmt: skip
