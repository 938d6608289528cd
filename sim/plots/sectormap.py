"""A map of the sectors as cells around their middles; it shows sectors, never a position, and no fetched shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.intervals import Floats
from sim.plots.style import (
    BLACK,
    FOOT,
    GREY,
    HEAT,
    SMALL,
    TEXT,
    capital,
    figure_of,
    finish,
    fit,
    footer,
    narrow,
    new_axes,
    percent,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KM_PER_DEGREE = 111.2
REACH = 22.0  # km from its middle at which a cell on the rim ends
CORNERS = 48


def sector_map(
    table: pd.DataFrame, ax: Axes | None = None, title: str = "",
    neighbours: Mapping[str, Sequence[str]] | None = None, label: str = "Lost on the last day (% of trials)",
    listed: bool = True,
) -> Axes:  # fmt: skip
    """Sectors coloured by the probability that they are lost, numbered; with `listed`, names and both ranges below.

    Columns: place_id, place, lat, lon, lost_before (true or false), probability, mc_low, mc_high, range_low,
    range_high. A cell holds what is nearer to its middle than to any other, cut off `REACH` km around it; dotted
    lines join `neighbours`. Those that were lost on the first day are hatched.
    """
    import matplotlib as mpl
    from matplotlib.patches import Polygon

    ax = ax if ax is not None else new_axes(height_mm=110)
    points = kilometres(table["lat"].to_numpy(float), table["lon"].to_numpy(float))
    colours = mpl.colormaps[HEAT]
    at = dict(zip(table["place_id"], points, strict=True))
    for one, others in (neighbours or {}).items():
        for other in others:
            if one < other and {one, other} <= at.keys():
                ax.plot(*np.array([at[one], at[other]]).T, color="white", linewidth=1.0, linestyle=":", zorder=2)
    for k, (cell, row) in enumerate(zip(cells(points), table.itertuples(), strict=True)):
        share = float(str(row.probability))
        ax.add_patch(Polygon(cell, linewidth=1.5, zorder=1, facecolor=colours(share), edgecolor="white"))
        if row.lost_before:
            ax.add_patch(Polygon(cell, linewidth=0, zorder=1, facecolor="none", edgecolor=GREY, hatch="////"))
        _badge(ax, k + 1, f"{percent(share)} %", points[k])
    _frame(ax, points)
    finish(ax, title or "Which sectors are lost")
    for spine in ax.spines.values():
        spine.set_visible(False)
    _bar(ax, label)
    _scale(ax, FOOT if narrow(ax) else SMALL)
    if listed:
        columns = 1 if narrow(ax) else 2
        entries = [_entry(k + 1, row, width_points(ax) / columns - 14) for k, (_, row) in enumerate(table.iterrows())]
        half = -(-len(entries) // columns)
        footer(figure_of(ax), [list(chain(*entries[k * half : (k + 1) * half])) for k in range(columns)])
    return ax


def _badge(ax: Axes, number: int, said: str, point: Floats) -> None:
    """A sector's number and share at its middle, on a white ground so that they can be read on any colour."""
    ax.annotate(
        f"{number}\n{said}", (point[0], point[1]), fontsize=SMALL if narrow(ax) else TEXT, ha="center", va="center",
        zorder=4, linespacing=1.1, color=BLACK,
        bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "alpha": 0.9, "linewidth": 0},
    )  # fmt: skip


def _entry(number: int, row: pd.Series[Any], width: float) -> list[str]:
    """A sector's name, share and ranges, in lines of that many points."""
    name = f"{number}  {capital(str(row['place']))}" + ", so from the first day" * bool(row["lost_before"])
    said = f"{name}: {percent(row['probability'])} % (chance {_between(row['mc_low'], row['mc_high'])} %"
    if not np.isnan(row["range_low"]):
        said += f", sets {_between(row['range_low'], row['range_high'])} %"
    first, *rest = fit(f"{said})", width, SMALL).splitlines()
    return [first, *(f"    {line}" for line in rest)]


def _frame(ax: Axes, points: Floats) -> None:
    ax.set_aspect("equal")
    ax.set_xlim(points[:, 0].min() - REACH - 3, points[:, 0].max() + REACH + 3)
    ax.set_ylim(points[:, 1].min() - REACH - 3, points[:, 1].max() + REACH + 3)
    ax.set_xticks([])
    ax.set_yticks([])


def _between(low: object, high: object) -> str:
    return f"{percent(float(str(low)))}–{percent(float(str(high)))}"


def _bar(ax: Axes, label: str) -> None:
    import matplotlib as mpl

    scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(0, 1), HEAT)
    bar = figure_of(ax).colorbar(scale, ax=ax, fraction=0.04, pad=0.01, aspect=30, panchor=False)
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "25", "50", "75", "100"])
    bar.ax.tick_params(labelsize=SMALL, width=0.5, length=2)
    bar.set_label(label, fontsize=SMALL if narrow(ax) else TEXT)
    bar.outline.set_linewidth(0)


def _scale(ax: Axes, size: float) -> None:
    """A bar of 20 km, and that north is up, in a strip of its own under the sectors."""
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom - 0.06 * (top - bottom), top)
    x, y = ax.get_xlim()[1] - 2, ax.get_ylim()[0] + 2
    ax.plot([x - 20, x], [y, y], color=BLACK, linewidth=1.2, solid_capstyle="butt")
    said = "20 km, north is up"
    ax.annotate(said, (x, y), (0, 2), textcoords="offset points", fontsize=size, ha="right", va="bottom")


def kilometres(lat: Floats, lon: Floats) -> Floats:
    """Points in km east and north of their middle (equirectangular); shape (n, 2)."""
    across = (lon - lon.mean()) * np.cos(np.radians(lat.mean())) * KM_PER_DEGREE
    return np.column_stack([across, (lat - lat.mean()) * KM_PER_DEGREE])


def cells(points: Floats, reach: float = REACH) -> list[Floats]:
    """For each point the polygon of what is nearer to it than to any other, within a circle of `reach` around it.

    A circle cut by the perpendicular bisector to each other point in turn (Sutherland and Hodgman's clipping).
    """
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = reach * np.column_stack([np.cos(angles), np.sin(angles)])
    found = []
    for k, point in enumerate(points):
        cell = point + circle
        for other in np.delete(points, k, axis=0):
            cell = _nearer(cell, point, other)
        found.append(cell)
    return found


def _nearer(polygon: Floats, point: Floats, other: Floats) -> Floats:
    """The part of a polygon that is nearer to `point` than to `other`."""
    normal, middle = other - point, (point + other) / 2
    distance = (polygon - middle) @ normal
    kept = []
    for k in range(len(polygon)):
        here, there = distance[k - 1], distance[k]
        if (here <= 0) != (there <= 0):
            kept.append(polygon[k - 1] + (polygon[k] - polygon[k - 1]) * here / (here - there))
        if there <= 0:
            kept.append(polygon[k])
    return np.array(kept)
