"""Skill by horizon: how far forecasters are ahead of the best simple baseline, score by score."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sim.analysis.blocks import BLOCK_WEEKS
from sim.errors import ResultsError
from sim.plots.panels import beneath, grid, plain
from sim.plots.style import (
    BLACK,
    BLUE,
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
    panels = grid(
        ax, len(measures), columns, title or "Forecast scores against the best simple baseline",
        gaps=(52.0, 54.0),
    )  # fmt: skip
    for panel, measure in zip(panels, measures, strict=True):
        _panel(panel, shown[shown["measure"] == measure], *MEASURES[measure])
    _legend(ax, list(shown["forecaster"].unique()))
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
        panel.vlines(x, rows["low"], rows["high"], color=look.colour, linewidth=1.3, label=f"_{name}")
        panel.plot(
            x, rows["difference"], look.mark, color=look.colour, markersize=4.2, markeredgecolor="white",
            markeredgewidth=0.4, label=name, zorder=3,
        )  # fmt: skip
    panel.set_xlim(-0.5, len(horizons) - 0.5)
    panel.set_xticks(range(len(horizons)), [f"{horizon:g}" for horizon in horizons])
    panel.margins(y=0.08)
    panel.locator_params(axis="y", nbins=6)
    plain(panel, heading, f"Difference{unit}\nbelow zero: better")
    _counts(panel, table)


def _counts(panel: Axes, table: pd.DataFrame) -> None:
    """Under the axis: what its ticks are, how many forecasts there were, and which baseline is the reference."""
    first = table.groupby("horizon").first()
    places = [float(k) for k in range(len(first))]
    beneath(panel, [], [], "weeks", 7.5)
    beneath(panel, places, [f"{n:,}" for n in first["n"]], "n", 19)
    beneath(panel, places, first["best"].astype(str).tolist(), "against", 27)


def _legend(ax: Axes, forecasters: list[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker=look.mark, color=look.colour, markeredgecolor="white", markeredgewidth=0.4,
               markersize=4.2, linewidth=1.3, label=look.words)
        for name, look in LOOKS.items() if name in forecasters
    ]  # fmt: skip
    handles.append(Line2D([], [], color=BLACK, linewidth=1.3, label=f"95 % of block bootstraps ({BLOCK_WEEKS} weeks)"))
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), 40, from_edge=True)


def skill_height(table: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits the panels: side by side on two columns of print, one under another on one."""
    panels = table["measure"].isin(MEASURES).groupby(table["measure"]).any().sum()
    return 24.0 + 45.0 * int(panels) if width_mm < 136 else 82.0
