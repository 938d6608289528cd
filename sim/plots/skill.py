"""Skill by horizon: how far forecasters are ahead of the best simple baseline, score by score."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sim.analysis.blocks import BLOCK_WEEKS
from sim.errors import ResultsError
from sim.plots.panels import beneath, grid, plain
from sim.plots.style import (
    BLACK,
    BLUE,
    FOOT,
    GREY,
    PALE,
    VERMILION,
    columns_within,
    legend_below,
    narrow,
    new_axes,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Look(NamedTuple):
    """A forecaster's words, mark and colour."""

    words: str
    mark: str
    colour: str


LOOKS = {
    "model": Look("full model", "o", BLUE),
    "article_only": Look("rules of the article only", "s", VERMILION),
    "null_model": Look("null model (actors do not interact)", "^", GREY),
}
MEASURES = {
    "rps": ("RPS of hold, fray, collapse", ""),
    "brier_collapse": ("Brier score of collapse", ""),
    "crps": ("CRPS of the week's deaths", " (deaths)"),
}
ACROSS = 52.0  # points between panels side by side
LETTER = 0.55  # width of a letter of a baseline, in font sizes
LINE = 7.5  # points from one line of baselines to the next
APART = 0.22  # of the forecasters at one horizon, as a share of the way to the next


def skill(table: pd.DataFrame, ax: Axes | None = None, title: str = "") -> Axes:
    """Each forecaster's score minus the best simple baseline's: a panel a score, a place a horizon.

    Columns: horizon (weeks), measure, forecaster, n (forecasts), best (the baseline), difference, low, high (95 % block
    bootstrap). Beneath stand how many forecasts there were and the baseline; measures and forecasters without a look
    are left out.
    """
    shown = drawn(table)
    measures = [name for name in MEASURES if (shown["measure"] == name).any()]
    ax = ax if ax is not None else new_axes(height_mm=75)
    columns = 1 if narrow(ax) else len(measures)
    lines = _lines(shown, width_points(ax) / columns - ACROSS)
    panels = grid(
        ax, len(measures), columns, title or "Forecast scores against the best simple baseline",
        gaps=(ACROSS, 54.0 + LINE * (lines - 1)),
    )  # fmt: skip
    for panel, measure in zip(panels, measures, strict=True):
        _panel(panel, shown[shown["measure"] == measure], *MEASURES[measure])
        _counts(panel, shown[shown["measure"] == measure], lines)
    _legend(ax, list(shown["forecaster"].unique()), bool(shown["low"].notna().any()), 40 + LINE * (lines - 1))
    return ax


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with a measure and a forecaster that have a look; ResultsError where there are none."""
    shown = table[table["measure"].isin(MEASURES) & table["forecaster"].isin(LOOKS)]
    if not len(shown):
        raise ResultsError(f"no scores of {', '.join(LOOKS)} in the table of skill")
    return shown.reset_index(drop=True)


def _panel(panel: Axes, table: pd.DataFrame, heading: str, unit: str) -> None:
    horizons = sorted(table["horizon"].unique())
    present = [name for name in LOOKS if (table["forecaster"] == name).any()]
    panel.axhline(0, color=BLACK, linewidth=0.7, zorder=1)
    panel.grid(axis="y", color=PALE, linewidth=0.5)
    panel.set_axisbelow(True)
    for k, name in enumerate(present):
        rows = table[table["forecaster"] == name].sort_values("horizon")
        x = np.searchsorted(horizons, rows["horizon"]) + APART * (k - (len(present) - 1) / 2)
        look = LOOKS[name]
        known = rows["low"].notna().to_numpy()
        panel.vlines(
            x[known], rows["low"][known], rows["high"][known], color=look.colour, linewidth=1.3, label=f"_{name}"
        )
        panel.plot(
            x, rows["difference"], look.mark, color=look.colour, markersize=4.2, markeredgecolor="white",
            markeredgewidth=0.4, label=name, zorder=3,
        )  # fmt: skip
    panel.set_xlim(-0.5, len(horizons) - 0.5)
    panel.set_xticks(range(len(horizons)), [f"{horizon:g}" for horizon in horizons])
    panel.margins(y=0.08)
    panel.locator_params(axis="y", nbins=6)
    plain(panel, heading, f"Difference{unit}\nbelow zero: better")


def _lines(table: pd.DataFrame, width: float) -> int:
    """Over how many lines the baselines are spread, so that none runs into the next, under panels of some points."""
    longest = max(map(len, table["best"].astype(str)))
    return math.ceil((longest + 1) * FOOT * LETTER * table["horizon"].nunique() / width)


def _counts(panel: Axes, table: pd.DataFrame, lines: int) -> None:
    """Under the axis: what its ticks are, how many forecasts there were, and which baseline is the reference."""
    first = table.groupby("horizon").first()
    places = [float(k) for k in range(len(first))]
    beneath(panel, [], [], "weeks", 7.5)
    beneath(panel, places, [f"{n:,}" for n in first["n"]], "n", 19)
    best = first["best"].astype(str).tolist()
    for line in range(lines):
        beneath(panel, places[line::lines], best[line::lines], "" if line else "against", 27 + LINE * line)


def _legend(ax: Axes, forecasters: list[str], bars: bool, points: float) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker=look.mark, color=look.colour, markeredgecolor="white", markeredgewidth=0.4,
               markersize=4.2, linewidth=1.3, label=look.words)
        for name, look in LOOKS.items() if name in forecasters
    ]  # fmt: skip
    if bars:
        label = f"95 % of block bootstraps ({BLOCK_WEEKS} weeks)"
        handles.append(Line2D([], [], color=BLACK, linewidth=1.3, label=label))
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), points, from_edge=True)


def skill_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the panels: side by side on two columns of print, one under another on one."""
    panels = table["measure"].isin(MEASURES).groupby(table["measure"]).any().sum()
    return 24.0 + 45.0 * int(panels) if width_mm < 136 else 82.0
