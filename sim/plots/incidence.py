"""How trials end: cumulative incidence of competing ends, and an estimate as trials come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sim.plots.outcomes import ASSUMPTIONS, CHANCE, NO_SETS
from sim.plots.style import (
    BLACK,
    BLUE,
    FOOT,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SMALL,
    VERMILION,
    columns_within,
    finish,
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

AFTERWARDS = "known afterwards"
COLOURS = (VERMILION, PURPLE, BLUE, GREEN, ORANGE, BLACK)
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (3, 1)), "-")


class Known(NamedTuple):
    """Something that happened: its day, and a few words where it is worth a name."""

    day: int
    text: str = ""


def incidence(
    table: pd.DataFrame, ax: Axes | None = None, title: str = "", x: str = "Day (1 = origin)",
    afterwards: Sequence[Known] = (),
) -> Axes:  # fmt: skip
    """Share of trials that have come to each end by each day; the ends exclude each other.

    Columns: end, day, incidence, mc_low, mc_high, range_low, range_high. Bands are chance; the thin bars at the right
    edge are the range across sets on the last day. `afterwards` are hollow ticks above the axes.
    """
    from matplotlib.ticker import MaxNLocator

    ax = ax if ax is not None else new_axes(height_mm=90)
    last, top = int(table["day"].max()), float(np.nanmax(table[["mc_high", "incidence"]].to_numpy(float)))
    finals = []
    for (end, rows), colour, dash in zip(table.groupby("end", sort=False), COLOURS, DASHES, strict=False):
        ax.fill_between(
            rows["day"], rows["mc_low"], rows["mc_high"], step="post", color=colour, alpha=0.18, linewidth=0
        )
        ax.step(rows["day"], rows["incidence"], where="post", color=colour, linewidth=1.4, linestyle=dash,
                label=in_words(str(end)))  # fmt: skip
        finals.append((rows.iloc[-1], colour))
    sets = bool(table["range_low"].notna().any())
    ranges = [float(row["range_high"]) for row, _ in finals if sets and np.isfinite(row["range_high"])]
    _at_the_end(ax, finals, last)
    ax.set_ylim(0, min(1.02, 1.06 * max([top, *ranges, 0.05])))
    ax.set_xlim(0, last * (1 + 0.035 * (len(finals) + 1)))
    locator = MaxNLocator(nbins=6 if narrow(ax) else 9, integer=True, steps=[1, 2, 3, 5, 10])
    ax.set_xticks([tick for tick in locator.tick_values(0, last) if 0 <= tick <= last])
    percent_axis(ax.yaxis)
    _legend(ax, sets, bool(afterwards))
    shown = _ticks(ax, [known for known in afterwards if known.day <= last])
    finish(ax, title or "How the trials end, by day", x, "Trials that ended so (%)", pad=6 + shown)
    ax.spines["bottom"].set_bounds(0, last)
    return ax


def _at_the_end(ax: Axes, finals: Sequence[tuple[pd.Series[Any], str]], last: int) -> None:
    """At the right edge, beside each other: the last day's value with both its ranges."""
    for k, (row, colour) in enumerate(finals):
        x = last * (1 + 0.035 * (k + 1))
        if np.isfinite(row["range_low"]):
            ax.vlines(x, row["range_low"], row["range_high"], color=colour, linewidth=0.9, label="_range")
        ax.vlines(x, row["mc_low"], row["mc_high"], color=colour, linewidth=4, alpha=0.45, label="_chance")
        ax.plot([x], [row["incidence"]], "o", color=colour, markersize=2.6)


def _legend(ax: Axes, sets: bool, afterwards: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = list(ax.get_legend_handles_labels()[0])
    handles.append(Patch(facecolor=GREY, alpha=0.35, linewidth=0, label=CHANCE))
    label = f"{ASSUMPTIONS}, last day" if sets else NO_SETS
    handles.append(Line2D([], [], color=GREY if sets else "none", linewidth=0.9, label=label))
    if afterwards:
        handles.append(Line2D([], [], marker="v", linestyle="", markerfacecolor="none", markeredgecolor=BLACK,
                              markersize=4, markeredgewidth=0.7, label=f"what happened, {AFTERWARDS}"))  # fmt: skip
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), from_edge=True)


def _ticks(ax: Axes, known: Sequence[Known]) -> float:
    """Hollow ticks above the axes, words above those that have some; returns the height in points that they take."""
    for what in known:
        ax.plot([what.day], [1], "v", transform=ax.get_xaxis_transform(), clip_on=False, markersize=4,
                markerfacecolor="none", markeredgecolor=BLACK, markeredgewidth=0.7, label="_known")  # fmt: skip
    size = FOOT if narrow(ax) else SMALL
    rows: list[float] = []
    leader = {"arrowstyle": "-", "linewidth": 0.4, "color": GREY, "shrinkA": 0, "shrinkB": 4, "relpos": (0, 0)}
    room = width_points(ax) * (0.72 if narrow(ax) else 0.8) / max(1.0, ax.get_xlim()[1])
    for what in sorted((what for what in known if what.text), key=lambda what: what.day):
        start, width = what.day * room, 0.52 * size * len(what.text) + 4
        level = next((k for k, end in enumerate(rows) if end < start), len(rows))
        rows[level : level + 1] = [start + width]
        ax.annotate(
            what.text, (what.day, 1), (0, 5 + 1.25 * size * level), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=size, va="bottom", ha="left", annotation_clip=False,
            arrowprops=leader,
        )  # fmt: skip
    return 5 + 1.25 * size * len(rows) + (2 if known else -5)


def running(table: pd.DataFrame, ax: Axes | None = None, title: str = "", event: str = "breakdown") -> Axes:
    """An estimate as trials come in, with its interval; the range across sets stays as wide as it is.

    Columns: trials (how many so far), probability, mc_low, mc_high, range_low, range_high.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    ax = ax if ax is not None else new_axes(height_mm=75)
    x = table["trials"]
    ax.fill_between(x, table["mc_low"], table["mc_high"], color=BLUE, alpha=0.3, linewidth=0, label=CHANCE)
    if table["range_low"].notna().any():
        ax.plot(x, table["range_low"], color=BLUE, linewidth=0.7, linestyle="--", label=ASSUMPTIONS)
        ax.plot(x, table["range_high"], color=BLUE, linewidth=0.7, linestyle="--")
    else:
        ax.plot([], [], color="none", label=NO_SETS)
    ax.plot(x, table["probability"], color=BLUE, linewidth=1.5, label="estimate so far")
    ax.set_xscale("log")
    ax.set_xlim(float(x.iloc[0]), float(x.iloc[-1]))
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_ylim(0, 1)
    percent_axis(ax.yaxis)
    chance, other, line = ax.get_legend_handles_labels()[0]
    legend_below(ax, [line, chance, other], 1 if narrow(ax) else 3)
    end = table.iloc[-1]
    said = f"{percent(end['probability'])} % of {end['trials']:,.0f}"
    ax.annotate(said, (1, end["probability"]), (-3, 4), xycoords=("axes fraction", "data"), textcoords="offset points",
                ha="right", va="bottom", fontsize=SMALL)  # fmt: skip
    return finish(ax, title or f"Share of trials with {event}, as trials come in", "Trials so far", "Trials (%)")
