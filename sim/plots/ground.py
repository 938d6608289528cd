"""Heat maps: who holds the sectors over time, and how far each dyad climbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.plots.style import FOOT, HEAT, SMALL, TEXT, capital, figure_of, finish, fit, narrow, new_axes, width_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def sectors(
    taken: pd.DataFrame, ax: Axes | None = None, side: str = "the first side", title: str = "",
    x: str = "Day (1 = origin)",
) -> Axes:  # fmt: skip
    """A strip for each sector (columns day, place, share): the share held by `side`, from 0 to 1, by day.

    The share is one trial's, or the mean over trials; sectors stand in their order in the table, the first on top.
    """
    table = taken.pivot(index="place", columns="day", values="share").loc[list(dict.fromkeys(taken["place"]))]
    ax = ax if ax is not None else new_axes(height_mm=32 + 7 * len(table))
    days = table.columns.to_numpy(float)
    edges = np.append(days - 0.5, days[-1] + 0.5)
    rows = np.arange(len(table) + 1)
    mesh = ax.pcolormesh(edges, rows, table.to_numpy(float), cmap=HEAT, vmin=0, vmax=1, rasterized=True)
    ax.hlines(rows[1:-1], edges[0], edges[-1], color="white", linewidth=2)
    ax.invert_yaxis()
    room = width_points(ax) * 0.27
    ax.set_yticks(rows[:-1] + 0.5, [fit(capital(str(name)), room, SMALL) for name in table.index], fontsize=SMALL)
    finish(ax, title or f"{capital(side)}: share of each sector held", x)
    _bare(ax)
    _scale(ax, mesh, "Share held (%)")
    return ax


def dyads(
    reached: pd.DataFrame, ax: Axes | None = None, rungs: Mapping[int, str] | None = None, title: str = ""
) -> Axes:
    """Columns dyad, rung, probability: in what share of trials the dyad's peak was this rung or higher, written in."""
    table = reached.pivot(index="rung", columns="dyad", values="probability")
    table = table[list(dict.fromkeys(reached["dyad"]))]
    ax = ax if ax is not None else new_axes(height_mm=48 + 6 * len(table))
    values = table.to_numpy(float)
    columns, rows = np.arange(values.shape[1] + 1), np.arange(values.shape[0] + 1)
    mesh = ax.pcolormesh(columns, rows, values, cmap=HEAT, vmin=0, vmax=1, edgecolors="white", linewidth=0.6)
    for (row, column), value in np.ndenumerate(values):
        _cell(ax, column + 0.5, row + 0.5, float(value))
    room = width_points(ax) * 0.27
    size = FOOT if narrow(ax) else SMALL
    names = [fit(f"{rung}  {(rungs or {}).get(int(rung), '')}".strip(), room, size) for rung in table.index]
    ax.set_yticks(rows[:-1] + 0.5, names)
    ax.set_xticks(columns[:-1] + 0.5, [str(name) for name in table.columns], rotation=90 if narrow(ax) else 40)
    finish(ax, title or "How far each dyad climbed", "", "Rung of the ladder")
    ax.tick_params(axis="y", labelsize=size)
    for label in ax.get_xticklabels():
        label.set_fontsize(size)
        label.set(ha="center" if narrow(ax) else "right", rotation_mode="default" if narrow(ax) else "anchor")
    _bare(ax)
    _scale(ax, mesh, "Trials at this rung or higher (%)")
    return ax


def _cell(ax: Axes, x: float, y: float, share: float) -> None:
    """The percentage in a cell: blank where it never came, <1 where it came rarely."""
    if share <= 0:
        return
    text = "<1" if share < 0.005 else f"{100 * share:.0f}"
    ax.text(x, y, text, fontsize=FOOT, ha="center", va="center", color="black" if share > 0.55 else "white")


def _bare(ax: Axes) -> None:
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(axis="y", length=0)


def _scale(ax: Axes, mesh: Any, label: str) -> None:
    """A slim colour bar with its unit."""
    bar = figure_of(ax).colorbar(mesh, ax=ax, fraction=0.05, pad=0.02, aspect=25)
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "25", "50", "75", "100"])
    bar.ax.tick_params(labelsize=SMALL, width=0.5, length=2)
    bar.set_label(label, fontsize=SMALL if narrow(ax) else TEXT)
    bar.outline.set_linewidth(0)


def taken_table(daily: Sequence[tuple[str, str, Any]]) -> pd.DataFrame:
    """Rows day, place, share from (id, name, values by day from 1) of each sector."""
    parts = [
        pd.DataFrame({"day": np.arange(1, len(values) + 1), "place_id": id_, "place": name, "share": values})
        for id_, name, values in daily
    ]
    return pd.concat(parts, ignore_index=True)
