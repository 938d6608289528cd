"""One trial on the ladder: the highest rung day by day, and its most important events named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

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
    narrow,
    new_axes,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLAG_POINTS = 10.0


class Telling(NamedTuple):
    """An event as the picture needs it; `rung` is None where the event does not stand on the ladder."""

    day: int
    rung: int | None
    event: str
    by: str
    text: str
    killed: float


def choose(tellings: Sequence[Telling], most: int = 10, marked: frozenset[int] = frozenset()) -> list[Telling]:
    """The events that tell the trial best, in order: new peaks, deaths, deals, and first times; days in `marked` first.

    At most one event of a kind a day is taken, so that an exchange of fire is told once.
    """
    seen: set[str] = set()
    peak, scored = -99, []
    for place, telling in enumerate(tellings):
        if telling.rung is None:
            continue
        score = 5.0 + abs(telling.rung) if telling.rung < 0 else float(telling.rung)
        score += 4.0 * (telling.rung > peak) + 3.0 * (telling.event not in seen)
        score += 1.5 * float(np.log1p(telling.killed)) + 2.0 * (telling.day in marked)
        peak = max(peak, telling.rung)
        seen.add(telling.event)
        scored.append((-score, place, telling))
    chosen: dict[tuple[int, str, str], tuple[int, Telling]] = {}
    for _, place, telling in sorted(scored, key=lambda item: item[:2]):
        if len(chosen) < most:
            chosen.setdefault((telling.day, telling.event, telling.by), (place, telling))
    return [telling for _, telling in sorted(chosen.values(), key=lambda item: item[0])]


def ladder(
    data: pd.DataFrame, ax: Axes | None = None, rungs: Mapping[int, str] | None = None, title: str = "",
    x: str = "Day (1 = origin)", breakdown: int | None = None, listed: bool = True,
) -> Axes:  # fmt: skip
    """A trial's line on the ladder and numbered events; columns kind (`rung` or `event`), day, rung, number, by, text.

    Rows of kind `rung` draw the line (the highest rung of any dyad, at each day's end), rows of kind `event` the
    points; with `listed` their texts stand below the axes under the same numbers.
    """
    events = data[data["kind"] == "event"]
    columns = 1 if ax is not None and narrow(ax) else 2
    if ax is None:
        ax = new_axes(height_mm=95 + 1.8 * len(events))
    line = data[data["kind"] == "rung"]
    ax.step(line["day"], line["rung"], where="mid", color=GREY, linewidth=1.1, zorder=2)
    _rungs(ax, data, rungs or {})
    ax.set_xlim(0.5, float(line["day"].max()) + 0.5)
    if breakdown is not None:
        _mark(ax, breakdown)
    finish(ax, title or "One trial on the ladder, its main events numbered", x, "Highest rung of any dyad")
    colours = party_colours(events["by"])
    _who(ax, colours)
    if listed:
        _list(ax, events, columns)
    _flags(ax, events, colours)
    return ax


def party_colours(parties: pd.Series[str]) -> dict[str, str]:
    """A colour for each party, in order of its first event; grey for the exchange of fire itself."""
    names = [name for name in dict.fromkeys(parties) if name]
    return {name: PARTY_COLOURS[i % len(PARTY_COLOURS)] for i, name in enumerate(names)} | {"": GREY}


def _rungs(ax: Axes, data: pd.DataFrame, rungs: Mapping[int, str]) -> None:
    low = int(min(np.floor(data["rung"].min()), *rungs, 0)) if rungs else int(np.floor(data["rung"].min()))
    high = int(max(np.ceil(data["rung"].max()), *rungs, 0)) if rungs else int(np.ceil(data["rung"].max()))
    steps = list(range(low, high + 1))
    room = width_points(ax) * 0.27
    names = [fit(f"{name} {step}".strip(), room, FOOT if narrow(ax) else SMALL) for step in steps for name in [rungs.get(step, "")]]
    ax.set_yticks(steps, names)
    ax.set_ylim(low - 0.5, high + 0.9)
    ax.hlines(steps, 0, float(data["day"].max()) + 1, color=PALE, linewidth=0.4, zorder=0)


def _mark(ax: Axes, day: int) -> None:
    ax.axvline(day, color=BLACK, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1)
    right = day < sum(ax.get_xlim()) / 2
    ax.annotate(
        f"breakdown, day {day}", (day, 0), (3 if right else -3, 4), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="left" if right else "right", fontsize=SMALL,
    )  # fmt: skip


def _who(ax: Axes, colours: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        Line2D([], [], marker="o", linestyle="", color=colour, markersize=4, label=name)
        for name, colour in colours.items() if name
    ]  # fmt: skip
    if handles:
        ax.legend(
            handles=handles, loc="lower right", bbox_to_anchor=(1, 1.0), ncols=len(handles), fontsize=SMALL,
            frameon=False, borderaxespad=0.1, borderpad=0, handletextpad=0.1, columnspacing=0.9,
        )  # fmt: skip


def _list(ax: Axes, events: pd.DataFrame, columns: int) -> None:
    """The events' texts at the foot of the figure, in one column or two."""
    room = width_points(ax) / columns - 14
    rows: list[str] = []
    for event in events.itertuples():
        first, *rest = fit(f"{event.number}  Day {event.day}: {event.text}", room, SMALL).splitlines()
        rows += [first, *(f"     {line}" for line in rest)]
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
    top = ax.get_ylim()[1] - 0.3
    for flag, event in zip(flags, events.itertuples(), strict=True):
        colour = colours[str(event.by)]
        ax.plot([event.day, event.day, flag], [event.rung, top - 0.35, top], color=colour, linewidth=0.5, zorder=1, label="_lead")
        ax.plot([event.day], [event.rung], "o", color=colour, markersize=4, zorder=3, label="_event")
        ax.text(flag, top, str(event.number), fontsize=FOOT, fontweight="bold", color="white", ha="center", va="center",
                bbox={"boxstyle": "circle,pad=0.2", "facecolor": colour, "linewidth": 0}, zorder=4)  # fmt: skip


def _axes_width(ax: Axes) -> float:
    """Width of the axes in points, once everything has its room."""
    figure = figure_of(ax)
    figure.draw_without_rendering()
    return float(ax.get_window_extent().width) / figure.dpi * 72


def spread(wanted: np.ndarray, gap: float, width: float) -> np.ndarray:
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
    return np.clip(flat, gap / 2, width - gap / 2 - gap * (n - 1)) + gap * np.arange(n)
