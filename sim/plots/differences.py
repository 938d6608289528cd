"""Paired differences: a forest of scenarios, a tornado of rules switched off, and other readings of an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.plots.rows import Layout, by_grade, estimates, legend, points_axis, signed, written, zero_line
from sim.plots.style import (
    BLACK,
    DOUBLE_MM,
    MM,
    PALE,
    POINTS,
    SMALL,
    TEXT,
    figure_of,
    finish,
    fit,
    footer,
    in_words,
    new_axes,
    percent,
    percent_axis,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DIFFERENCE = "Difference in the share of trials (percentage points)"
HOLLOW = "sign changes within what is assumed"


def forest(
    table: pd.DataFrame, ax: Axes | None = None, title: str = "", names: Mapping[str, str] | None = None
) -> Axes:
    """Paired differences to a base, rows by grade of evidence; hollow where the sign changes across assumptions.

    Columns: scenario, basis (of the weakest number that differs, empty for none), difference, mc_low, mc_high,
    range_low, range_high, and optionally sign_changes and outcome. Shares from -1 to 1.
    """
    ordered = by_grade(table)
    ax = ax if ax is not None else new_axes(height_mm=forest_height(ordered))
    layout = Layout(ordered["basis"].fillna(""))
    hollow = turns(ordered)
    estimates(ax, ordered, layout.rows, "difference", hollow)
    several = "outcome" in ordered and ordered["outcome"].nunique() > 1
    labels = [
        (names or {}).get(str(row["scenario"]), str(row["scenario"]))
        + (f": {in_words(str(row['outcome'])).lower()}" if several else "")
        for _, row in ordered.iterrows()
    ]
    layout.apply(ax, labels)
    written(ax, [_interval(row) for _, row in ordered.iterrows()], layout.rows, "points (chance)")
    _points(ax, ordered)
    legend(ax, _sets(ordered), "difference", HOLLOW if any(hollow) else "")
    return _bare(finish(ax, title or "What each change makes of it", DIFFERENCE))


def forest_height(table: pd.DataFrame) -> float:
    """Height in mm that suits the rows and headings of a forest."""
    return 38.0 + 6.5 * len(table) + 6.5 * table["basis"].fillna("").nunique()


def turns(table: pd.DataFrame) -> list[bool]:
    """Where the sign changes: as the table says, else where the range across sets holds both signs."""
    if "sign_changes" in table:
        return [bool(value) for value in table["sign_changes"].fillna(False)]
    return [bool(low < 0 < high) for low, high in zip(table["range_low"], table["range_high"], strict=True)]


def tornado(
    table: pd.DataFrame, ax: Axes | None = None, title: str = "", most: int = 20, outcome: str = "breakdown"
) -> Axes:
    """What switching off one rule after another changes (an ablation table of one outcome), the largest on top.

    Columns: rule, basis, difference, mc_low, mc_high, range_low, range_high; `most` rules are drawn.
    """
    size = table["difference"].abs()
    chosen = table.loc[size.sort_values(ascending=False, kind="stable").index[:most]].reset_index(drop=True)
    ax = ax if ax is not None else new_axes(height_mm=tornado_height(chosen))
    rows = np.arange(len(chosen), dtype=float)
    ax.barh(rows, chosen["difference"], height=0.62, color=PALE, label="_bar")
    estimates(ax, chosen, list(rows), "difference", turns(chosen))
    labels = [
        f"{in_words(str(rule))} ({basis or 'no basis'})"
        for rule, basis in zip(chosen["rule"], chosen["basis"].fillna(""), strict=True)
    ]
    _ladder_of(ax, labels)
    written(ax, [_interval(row) for _, row in chosen.iterrows()], list(rows), "points (chance)", -0.8)
    _points(ax, chosen)
    legend(ax, _sets(chosen), "difference", HOLLOW if any(turns(chosen)) else "")
    left = f", the {len(chosen)} largest of {len(table)}" if len(chosen) < len(table) else ""
    return _bare(finish(ax, title or f"Without each rule: change in {outcome}{left}", DIFFERENCE, pad=12))


def tornado_height(table: pd.DataFrame) -> float:
    """Height in mm that suits the rows of a tornado."""
    return 42.0 + 5.6 * min(len(table), 20)


def definitions(
    table: pd.DataFrame, ax: Axes | None = None, title: str = "", outcome: str = "breakdown", listed: bool = True
) -> Axes:
    """How probable an outcome is under other readings of its definition; the declared one is marked by a line.

    Columns: definition, declared (true or false), probability, mc_low, mc_high, range_low, range_high. Rows are
    numbered; with `listed` the readings stand in words under the axes.
    """
    ordered = _declared_first(table)
    ax = ax if ax is not None else new_axes(height_mm=definitions_height(ordered, DOUBLE_MM))
    rows = [float(k) for k in range(len(ordered))]
    declared = ordered[ordered["declared"].astype(bool)]
    if len(declared):
        ax.axvline(float(declared["probability"].iloc[0]), color=BLACK, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    hollow = [not flag for flag in ordered["declared"].astype(bool)]
    estimates(ax, ordered, rows, "probability", hollow)
    _ladder_of(ax, [f"Reading {k + 1}" for k in range(len(ordered))])
    texts = [
        f"{percent(row['probability'])} % ({percent(row['mc_low'])}–{percent(row['mc_high'])})"
        for _, row in ordered.iterrows()
    ]
    written(ax, texts, rows, "share (chance)", -0.8)
    ax.set_xlim(0, 1)
    percent_axis(ax.xaxis)
    ax.grid(axis="x", color=PALE, linewidth=0.5)
    ax.set_axisbelow(True)
    legend(ax, _sets(ordered), "declared reading", "another reading")
    finish(ax, title or f"{in_words(outcome)} under other readings", "Trials (%)", pad=12)
    if listed:
        footer(figure_of(ax), [_readings(ordered, width_points(ax))])
    return _bare(ax)


def _declared_first(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("declared", ascending=False, kind="stable").reset_index(drop=True)


def _readings(ordered: pd.DataFrame, width: float) -> list[str]:
    """The readings in words, numbered, in lines of that many points."""
    lines: list[str] = []
    for number, said in enumerate(ordered["definition"].astype(str), 1):
        first, *rest = fit(f"{number}  {said.replace('_', ' ').replace('.', ' ')}", width - 14, SMALL).splitlines()
        lines += [first, *(f"    {line}" for line in rest)]
    return lines


def definitions_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the rows of a table of definitions and the list below them."""
    listed = len(_readings(_declared_first(table), width_mm / MM * POINTS))
    return 42.0 + 5.4 * len(table) + listed * SMALL * 1.27 / POINTS * MM


def _ladder_of(ax: Axes, labels: list[str]) -> None:
    """Rows from the top down with their labels."""
    room = width_points(ax) * 0.3
    ax.set_yticks(range(len(labels)), [fit(label, room, SMALL) for label in labels], fontsize=SMALL)
    ax.set_ylim(len(labels) - 0.4, -1.1)
    ax.tick_params(axis="y", length=0)


def _points(ax: Axes, table: pd.DataFrame) -> None:
    """The axis of differences: room on both sides of none, a line at none."""
    columns = [name for name in ("difference", "mc_low", "mc_high", "range_low", "range_high") if name in table]
    values = table[columns].to_numpy(float)
    low, high = float(np.nanmin(values, initial=0.0)), float(np.nanmax(values, initial=0.0))
    room = 0.06 * max(high - low, 0.02)
    ax.set_xlim(low - room, high + room)
    ax.locator_params(axis="x", nbins=5)
    points_axis(ax)
    zero_line(ax)


def _interval(row: pd.Series[float]) -> str:
    low, high = (signed(float(row[name]), 1) for name in ("mc_low", "mc_high"))
    return f"{signed(float(row['difference']), 1)} ({low} to {high})"


def _sets(table: pd.DataFrame) -> bool:
    return "range_low" in table and bool(table["range_low"].notna().any())


def _bare(ax: Axes) -> Axes:
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.xaxis.label.set_fontsize(TEXT)
    return ax
