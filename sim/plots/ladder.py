"""One trial on the ladder: the highest rung day by day, and its most important events named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.intervals import Floats
from sim.plots.style import (
    BLACK,
    FOOT,
    GREY,
    PALE,
    PARTY_COLOURS,
    SMALL,
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
FLAG_POINTS = 9.5
HEADROOM = 2.4  # rungs of room over the highest, for the flags and the lines that lead to them


def ladder(
    data: pd.DataFrame, ax: Axes | None = None, rungs: Mapping[int, str] | None = None, title: str = "",
    x: str = "Day (1 = origin)", breakdown: int | None = None, event: str = "breakdown", listed: bool = True,
) -> Axes:  # fmt: skip
    """A trial on the ladder; columns kind (`rung` or `event`), day, rung, dyad, number, by, text.

    Rows of kind `rung` draw lines at each day's end (`dyad` is `ANY` or a named one), rows of kind `event` numbered
    points; with `listed` their texts stand below the axes under the same numbers.
    """
    events = data[data["kind"] == "event"]
    columns = 1 if ax is not None and narrow(ax) else 2
    if ax is None:
        ax = new_axes(height_mm=95 + 1.8 * len(events))
    line = data[data["kind"] == "rung"]
    _lines(ax, line)
    _rungs(ax, data, rungs or {})
    ax.set_xlim(0.5, float(line["day"].max()) + 0.5)
    if breakdown is not None:
        ax.axvline(breakdown, color=BLACK, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1, label="_breakdown")
    finish(ax, title or "One trial on the ladder, its main events numbered", x, "Rung of the ladder")
    ax.tick_params(axis="y", labelsize=FOOT if narrow(ax) else SMALL)
    colours = party_colours(events["by"])
    _who(ax, colours)
    if listed:
        _list(ax, events, columns, "" if breakdown is None else f"Dotted line: {event}, day {breakdown}")
    _flags(ax, events, colours)
    return ax


def _lines(ax: Axes, lines: pd.DataFrame) -> None:
    """The highest rung as a broad pale line, the dyads over it, each with its own dashes."""
    styles: list[Any] = ["-", (0, (4, 1.5)), (0, (1, 1))]
    for (name, line), style in zip(lines.groupby("dyad", sort=False), ["", *styles], strict=False):
        if name == ANY:
            ax.step(line["day"], line["rung"], where="mid", color=PALE, linewidth=4, zorder=1.5, label=ANY)
        else:
            ax.step(line["day"], line["rung"], where="mid", color=GREY, linewidth=0.9, linestyle=style, label=str(name))


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
    ax.set_ylim(low - 0.5, high + HEADROOM)
    ax.hlines(steps, 0, float(data["day"].max()) + 1, color=PALE, linewidth=0.4, zorder=0)


def minus(rung: int) -> str:
    """A rung with a proper minus sign."""
    return f"\u2212{-rung}" if rung < 0 else str(rung)


def _who(ax: Axes, colours: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    lines: list[Any] = ax.get_legend_handles_labels()[0]
    handles: list[Any] = [
        Line2D([], [], marker="o", linestyle="", color=colour, markersize=4, label=name)
        for name, colour in colours.items() if name
    ]  # fmt: skip
    legend_below(ax, [*handles, *lines], 2 if narrow(ax) else 5, 29, 0.45 if narrow(ax) else 0.0)


def _list(ax: Axes, events: pd.DataFrame, columns: int, last: str) -> None:
    """The events' texts at the foot of the figure, in one column or two."""
    room = width_points(ax) / columns - 14
    rows: list[str] = []
    for event in events.itertuples():
        first, *rest = fit(f"{event.number}  Day {event.day}: {event.text}", room, SMALL).splitlines()
        rows += [first, *(f"     {line}" for line in rest)]
    rows += [last] if last else []
    if rows:
        footer(figure_of(ax), rows, SMALL, columns=columns)


def _flags(ax: Axes, events: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """A numbered flag over the axes for each event, spread so that none touches another, on a line to its point."""
    if not len(events):
        return
    days = events["day"].to_numpy(float)
    low, high = ax.get_xlim()
    per_day = _axes_width(ax) / (high - low)
    flags = spread((days - low) * per_day, FLAG_POINTS, (high - low) * per_day) / per_day + low
    top = ax.get_ylim()[1]
    for flag, told in zip(flags, events.itertuples(), strict=True):
        colour, day, rung = colours[str(told.by)], float(str(told.day)), float(str(told.rung))
        bend = top - HEADROOM + 0.6
        ax.plot([day, day, flag], [rung, bend, top - 0.5], color=colour, linewidth=0.5, zorder=1)
        ax.plot([day], [rung], "o", color=colour, markersize=3.5, zorder=3, label="_event")
        ax.plot([flag], [top - 0.4], "o", color=colour, markersize=FLAG_POINTS - 1, zorder=4, clip_on=False)
        ax.annotate(
            str(told.number), (flag, top - 0.4), (0, -0.3), textcoords="offset points", fontsize=FOOT,
            fontweight="bold", color="white", ha="center", va="center", zorder=5,
        )  # fmt: skip


def _axes_width(ax: Axes) -> float:
    """Width of the axes in points, once everything has its room."""
    figure = figure_of(ax)
    figure.draw_without_rendering()
    return float(ax.get_window_extent().width) / figure.dpi * 72


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
