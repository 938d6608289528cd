"""One trial on the ladder: the highest rung day by day, and its most important events named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.intervals import Floats
from sim.plots.style import (
    BLACK,
    DOUBLE_MM,
    FOOT,
    GREY,
    MM,
    PALE,
    PARTY_COLOURS,
    POINTS,
    SINGLE_MM,
    SMALL,
    columns_within,
    figure_of,
    finish,
    fit,
    footer,
    legend_below,
    narrow,
    new_axes,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ANY = "highest of any dyad"
DISC = 9.0  # diameter of a numbered disc in points
ROOM = 0.6  # of a rung, under the lowest and over the highest
LEGEND_TOP = 29.0  # points from the axes down to the legend
WIDE = 0.57  # mean width of a letter where many are digits, in font sizes
ROW = 1.3 * SMALL  # height of a line of the legend or of the list in points


def ladder(
    data: pd.DataFrame, ax: Axes | None = None, rungs: Mapping[int, str] | None = None, title: str = "",
    x: str = "Day (1 = origin)", breakdown: int | None = None, event: str = "breakdown", also: str = "",
    listed: bool = True,
) -> Axes:  # fmt: skip
    """A trial on the ladder; columns kind (`rung` or `event`), day, rung, dyad, number, by, text.

    Rows of kind `rung` draw lines through each day's end (`dyad` is `ANY` or a named one), rows of kind `event`
    numbered discs; with `listed` their texts stand under the axes, `also` as a last line. `breakdown` is a day to mark.
    """
    events = data[data["kind"] == "event"]
    ax = ax if ax is not None else new_axes(height_mm=height_mm(data, DOUBLE_MM))
    line = data[data["kind"] == "rung"]
    _lines(ax, line)
    _rungs(ax, data, rungs or {})
    ax.set_xlim(0, float(line["day"].max()) + 1)
    if breakdown is not None:
        label = f"{event}, day {breakdown}"
        ax.axvline(breakdown, color=BLACK, linewidth=0.9, linestyle=(0, (1, 3)), zorder=1, label=label)
    finish(ax, title or "One trial on the ladder, its main events numbered", x, "Rung of the ladder")
    ax.tick_params(axis="y", labelsize=FOOT if narrow(ax) else SMALL)
    colours = party_colours(events["by"])
    _legends(ax, colours)
    if listed:
        footer(figure_of(ax), _listed(events, width_points(ax), also))
    _discs(ax, events, colours)
    return ax


def height_mm(data: pd.DataFrame, width_mm: float) -> float:
    """Height of a figure in which the ladder has room for its rungs over legend and list."""
    width = width_mm / MM * POINTS
    events, lines = data[data["kind"] == "event"], data[data["kind"] == "rung"]["dyad"].unique()
    listed = max(map(len, _listed(events, width, "Also")))
    parties = [name for name in events["by"].unique() if name]
    rows = sum(_rows(labels, width) for labels in (parties, [*lines, "breakdown, day 100"]))
    axes = 200 if width_mm > (SINGLE_MM + DOUBLE_MM) / 2 else 185
    return (axes + 18 + LEGEND_TOP + ROW * (rows + listed) + 30) / POINTS * MM


def _lines(ax: Axes, lines: pd.DataFrame) -> None:
    """The highest rung as a broad pale line, the dyads over it, each with its own dashes."""
    styles: list[Any] = ["-", (0, (4, 1.5)), (0, (1, 1))]
    for (name, line), style in zip(lines.groupby("dyad", sort=False), ["", *styles], strict=False):
        if name == ANY:
            ax.plot(line["day"], line["rung"], color=PALE, linewidth=4.5, zorder=1.5, label=ANY)
        else:
            ax.plot(line["day"], line["rung"], color=GREY, linewidth=1.0, linestyle=style, label=str(name))


def party_colours(parties: pd.Series[str]) -> dict[str, str]:
    """A colour for each party, in order of its first event; grey for the exchange of fire itself."""
    names = [name for name in dict.fromkeys(parties) if name]
    return {name: PARTY_COLOURS[i % len(PARTY_COLOURS)] for i, name in enumerate(names)} | {"": GREY}


def _rungs(ax: Axes, data: pd.DataFrame, rungs: Mapping[int, str]) -> None:
    low = int(min(np.floor(data["rung"].min()), *rungs, 0)) if rungs else int(np.floor(data["rung"].min()))
    high = int(max(np.ceil(data["rung"].max()), *rungs, 0)) if rungs else int(np.ceil(data["rung"].max()))
    steps = list(range(low, high + 1))
    room = width_points(ax) * 0.27
    size = FOOT if narrow(ax) else SMALL
    names = [fit(f"{rungs.get(step, '')}\u00a0{minus(step)}".strip(), room, size) for step in steps]
    ax.set_yticks(steps, names)
    ax.set_ylim(low - ROOM, high + ROOM)
    ax.hlines(steps, 0, float(data["day"].max()) + 1, color=PALE, linewidth=0.4, zorder=0)


def minus(rung: int) -> str:
    """A rung with a proper minus sign."""
    return f"\u2212{-rung}" if rung < 0 else str(rung)


def _legends(ax: Axes, colours: Mapping[str, str]) -> None:
    """Who acted, and under it what the lines are, each in as many columns as the figure's width takes."""
    from matplotlib.lines import Line2D

    lines: list[Any] = ax.get_legend_handles_labels()[0]
    discs: list[Any] = [
        Line2D([], [], marker="o", linestyle="", color=colour, markersize=5, label=name)
        for name, colour in colours.items() if name
    ]  # fmt: skip
    down = LEGEND_TOP
    for handles in (discs, lines):
        labels = [str(handle.get_label()) for handle in handles]
        legend = legend_below(ax, handles, columns_within(labels, width_points(ax)), down, from_edge=True)
        if handles is discs:  # the next legend would take its place
            ax.add_artist(legend)
            legend.set_clip_path(None)  # else the layout takes it for something inside the axes
        down += ROW * _rows(labels, width_points(ax))


def _rows(labels: Sequence[str], width: float) -> int:
    return -(-len(labels) // columns_within(labels, width)) if labels else 0


def _listed(events: pd.DataFrame, width: float, also: str) -> list[list[str]]:
    """The list of events and a last remark in columns, one or two by the width in points; no entry is torn apart."""
    columns = 1 if width * MM / POINTS < (SINGLE_MM + DOUBLE_MM) / 2 else 2
    room = width / columns - 14
    entries = []
    for event in events.itertuples():
        first, *rest = fit(f"{event.number}  Day {event.day}: {event.text}", room, SMALL).splitlines()
        entries.append([first, *(f"     {line}" for line in rest)])
    entries += [fit(also, room, SMALL, WIDE).splitlines()] if also else []
    half = -(-sum(map(len, entries)) // columns)
    filled: list[list[str]] = [[]]
    for entry in entries:
        if len(filled[-1]) >= half:
            filled.append([])
        filled[-1] += entry
    return filled + [[] for _ in range(columns - len(filled))]


def _discs(ax: Axes, events: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """A numbered disc for each event on its rung, moved aside where two would touch; a dot stays at its day."""
    low, high = ax.get_xlim()
    per_day = _axes_width(ax) / (high - low)
    ordered = sorted(events.itertuples(), key=lambda told: (float(str(told.rung)), int(str(told.number))))
    for rung, group in groupby(ordered, key=lambda told: float(str(told.rung))):
        row = list(group)
        days = np.array([float(str(told.day)) for told in row])
        places = spread((days - low) * per_day, DISC + 1, (high - low) * per_day) / per_day + low
        for told, day, place in zip(row, days, places, strict=True):
            _disc(ax, str(told.number), colours[str(told.by)], float(day), float(place), rung)


def _disc(ax: Axes, number: str, colour: str, day: float, place: float, rung: float) -> None:
    ax.plot([day, place], [rung, rung], color=colour, linewidth=0.7, zorder=3)
    ax.plot([day], [rung], "o", color=colour, markersize=2.5, zorder=3, label="_event")
    ax.plot([place], [rung], "o", color=colour, markersize=DISC, markeredgecolor="white", markeredgewidth=0.6,
            zorder=4, clip_on=False, label="_disc")  # fmt: skip
    ax.annotate(
        number, (place, rung), (0, -0.3), textcoords="offset points", ha="center", va="center", zorder=5,
        fontsize=FOOT if len(number) < 2 else FOOT - 0.5, fontweight="bold", color="white",
    )  # fmt: skip


def _axes_width(ax: Axes) -> float:
    """Width of the axes in points, once everything has its room."""
    figure = figure_of(ax)
    figure.draw_without_rendering()
    return float(ax.get_window_extent().width) / figure.dpi * POINTS


def spread(wanted: Floats, gap: float, width: float) -> Floats:
    """Places as near as possible to the wanted ones (ascending), at least `gap` apart, inside 0 to `width`.

    Least squares by pooling neighbours that would touch; where there is no room, evenly over the width.
    """
    n = len(wanted)
    if n * gap >= width:
        return np.linspace(gap / 2, width - gap / 2, n)
    blocks: list[tuple[float, int]] = []
    for value in wanted - gap * np.arange(n):
        mean, count = float(value), 1
        while blocks and blocks[-1][0] >= mean:
            other, size = blocks.pop()
            mean, count = (mean * count + other * size) / (count + size), count + size
        blocks.append((mean, count))
    flat = np.concatenate([np.full(count, mean) for mean, count in blocks])
    return np.asarray(np.clip(flat, gap / 2, width - gap / 2 - gap * (n - 1)) + gap * np.arange(n), dtype=np.float64)
