"""From first moves to endings: how many of a thousand trials took which way. Counts, not causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.plots.ladder import spread
from sim.plots.style import (
    BLUE,
    FOOT,
    GREEN,
    GREY,
    ORANGE,
    POINTS,
    PURPLE,
    SKY,
    SMALL,
    VERMILION,
    figure_of,
    finish,
    fit,
    in_words,
    narrow,
    new_axes,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 0.018  # between blocks, as a share of the height
BLOCK = 0.018  # width of a block, as a share of the width between stages
OTHER = "other"
COLOURS = (VERMILION, BLUE, GREEN, PURPLE, ORANGE, SKY)


def flow(table: pd.DataFrame, ax: Axes | None = None, title: str = "", most: int = 7, per: int = 1000) -> Axes:
    """Bands from stage to stage, as wide as the trials that took them; all columns of words are stages, in order.

    `count` is scaled to `per` trials. Of each stage the `most` frequent are named, the rest are `other`; a number
    below one half is written as <1.
    """
    stages = [str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    ax = ax if ax is not None else new_axes(height_mm=95)
    rows = lumped(table, stages, most)
    rows["count"] = rows["count"] * per / rows["count"].sum()
    places = [_stacked(rows.groupby(stage, sort=False)["count"].sum(), per) for stage in stages]
    colours = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(places[0])} | {OTHER: GREY}
    for k in range(len(stages) - 1):
        _bands(ax, rows, stages, k, places, colours)
    ax.set_xlim(-0.02, len(stages) - 1 + BLOCK + 0.02)
    ax.set_ylim(_extent(places, per), -0.06 * per)
    for k, placed in enumerate(places):
        _blocks(ax, k, placed, colours if k == 0 else {}, last=k == len(stages) - 1)
    ax.set_xticks([])
    ax.set_yticks([])
    _heads(ax, stages)
    finish(ax, title or f"From first move to ending, of {per:,} trials")
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def lumped(table: pd.DataFrame, stages: list[str], most: int) -> pd.DataFrame:
    """The table with the rarer names of each stage called `other`, one row for each way."""
    rows = table.copy()
    for stage in stages:
        rows[stage] = rows[stage].astype(object).where(rows[stage].notna(), "none")
        kept = rows.groupby(stage)["count"].sum().nlargest(most).index
        if rows[stage].nunique() > most + 1:
            rows[stage] = rows[stage].where(rows[stage].isin(kept), OTHER)
    return rows.groupby(stages, sort=False)["count"].sum().reset_index()


def _stacked(counts: pd.Series[float], per: int) -> dict[str, tuple[float, float]]:
    """Where each block of a stage stands from the top down, the largest first and `other` last."""
    ordered = sorted(counts.items(), key=lambda item: (item[0] == OTHER, -item[1]))
    placed, y = {}, 0.0
    for name, count in ordered:
        placed[str(name)] = (y, y + float(count))
        y += float(count) + GAP * per
    return placed


def _extent(places: list[dict[str, tuple[float, float]]], per: int) -> float:
    return max(end for placed in places for _, end in placed.values()) + 0.01 * per


def _bands(
    ax: Axes, rows: pd.DataFrame, stages: list[str], k: int, places: list[dict[str, tuple[float, float]]],
    colours: dict[str, str],
) -> None:  # fmt: skip
    """The bands between two stages, in the colours of the first stage of all."""
    columns = list(dict.fromkeys([stages[0], stages[k], stages[k + 1]]))
    ways = rows.groupby(columns, sort=False)["count"].sum().reset_index()
    ways = ways.sort_values("count", ascending=False, kind="stable")
    orders = [list(placed) for placed in places]
    ways = ways.iloc[np.lexsort([
        [orders[k + 1].index(name) for name in ways[stages[k + 1]]],
        [orders[0].index(name) for name in ways[stages[0]]],
    ])]  # fmt: skip
    left = {name: start for name, (start, _) in places[k].items()}
    right = {name: start for name, (start, _) in places[k + 1].items()}
    for way in ways.to_dict("records"):
        first, one, other, count = (way[stages[0]], way[stages[k]], way[stages[k + 1]], float(way["count"]))
        _band(ax, k + BLOCK, k + 1, left[one], right[other], count, colours.get(str(first), GREY))
        left[one] += count
        right[other] += count


def _band(ax: Axes, x0: float, x1: float, top0: float, top1: float, count: float, colour: str) -> None:
    share = np.linspace(0, 1, 30)
    bend = top0 + (top1 - top0) * share**2 * (3 - 2 * share)
    ax.fill_between(x0 + (x1 - x0) * share, bend, bend + count, color=colour, alpha=0.42, linewidth=0, label="_band")


def _blocks(
    ax: Axes, k: int, placed: dict[str, tuple[float, float]], colours: dict[str, str], last: bool
) -> None:  # fmt: skip
    """The blocks of a stage, in their colours or grey, with name and count inside the picture, beside the block."""
    size = FOOT if narrow(ax) else SMALL
    bottom, top = ax.get_ylim()
    unit = (bottom - top) / (0.8 * float(figure_of(ax).get_figheight()) * POINTS)  # data units to a point, roughly
    room = width_points(ax) * 0.36
    middles = np.array([(start + end) / 2 for start, end in placed.values()])
    heights = spread(middles - top, 1.5 * size * unit, -top + ax.get_ylim()[0]) + top
    for (name, (start, end)), height in zip(placed.items(), heights, strict=True):
        ax.fill_between([k, k + BLOCK], [start, start], [end, end], color=colours.get(name, GREY), linewidth=0,
                        label="_block")  # fmt: skip
        count = end - start
        number = "<1" if count < 0.5 else f"{count:,.0f}"
        ax.annotate(
            f"{fit(in_words(name), room, size)}  {number}", (k if last else k + BLOCK, height),
            (-3 if last else 3, 0), textcoords="offset points", fontsize=size, va="center",
            ha="right" if last else "left", annotation_clip=False,
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "alpha": 0.6, "linewidth": 0},
        )  # fmt: skip


def _heads(ax: Axes, stages: list[str]) -> None:
    size = FOOT if narrow(ax) else SMALL
    for k, stage in enumerate(stages):
        last = k == len(stages) - 1
        ax.annotate(in_words(stage), (k + BLOCK if last else k, 0), (0, 4), textcoords="offset points", fontsize=size,
                    color=GREY, ha="right" if last else "left", va="bottom", annotation_clip=False)  # fmt: skip
