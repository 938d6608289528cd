"""Forecasts over the record: fans from every eighth week, and what was said one and four weeks ahead every week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.forecasts import WEEK
from sim.analysis.scores import LIMITS
from sim.plots.panels import grid, plain
from sim.plots.style import (
    BLACK,
    BLUE,
    FOOT,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    VERMILION,
    columns_within,
    legend_below,
    narrow,
    new_axes,
    weeks,
    width_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AHEAD = (1, 4)  # weeks, each in a panel of its own
LINEAR = 10.0  # deaths a week up to which the scale is linear; above it is logarithmic
TICKS = (0, 10, 100, 1000)
OPACITY = {"90": 0.2, "50": 0.4}
TRUCES = {"leader": GREEN, "lower": ORANGE}
STRIP = 0.94  # the height of a panel from which on truces are shaded


def origins_fans(
    table: pd.DataFrame, ax: Axes | None = None, title: str = "", truces: pd.DataFrame | None = None
) -> Axes:
    """Median and 50 and 90 % of forecasts of weekly deaths at the days their weeks end, over what was recorded.

    Columns: origin (date), week (1, 2, ... after it), low_90, low_50, median, high_50, high_90, observed. Drawn are
    the origins on the first one's day of the week. `truces` (level, first, last) are a strip at the top. Weeks outside
    their 90 % are hollow.
    """
    aligned = weekly_origins(table)
    ax = ax if ax is not None else new_axes(height_mm=120)
    panels = grid(ax, 1 + len(AHEAD), 1, title or "Forecasts of weekly deaths over the record", gaps=(0.0, 36.0))
    for panel in panels:
        _ground(panel, aligned, truces)
    reach = int(aligned["week"].max())
    _paths(panels[0], aligned, reach)
    plain(panels[0], f"1 to {reach} weeks ahead, a fan every {reach} weeks", "Deaths a week")
    for panel, ahead in zip(panels[1:], AHEAD, strict=True):
        _ahead(panel, aligned[aligned["week"] == ahead])
        plain(panel, f"{weeks(ahead)}, from every week", "Deaths a week")
    _legend(ax, truces)
    return ax


def weekly_origins(table: pd.DataFrame) -> pd.DataFrame:
    """The forecasts from origins a whole number of weeks after the first, with the day on which each week ends."""
    origin = pd.to_datetime(table["origin"])
    kept = table.assign(origin=origin)[(origin - origin.min()).dt.days % WEEK == 0]
    return kept.assign(ends=kept["origin"] + pd.to_timedelta(WEEK * kept["week"], "D")).sort_values(["origin", "week"])


def _ground(panel: Axes, table: pd.DataFrame, truces: pd.DataFrame | None) -> None:
    """Scale, dates, levels and truces, which all panels share."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    begin, end = table["origin"].min(), table["ends"].max()
    panel.set_yscale("symlog", linthresh=LINEAR, linscale=0.6)
    panel.yaxis.set_major_locator(FixedLocator(TICKS))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.set_ylim(0, 2.2 * float(np.nanmax(table[["high_90", "observed"]].to_numpy(float))))
    dates: Any = import_module("matplotlib.dates")  # it has no types
    locator = dates.AutoDateLocator(minticks=3, maxticks=5 if narrow(panel) else 9)
    ticks = [tick for tick in locator.tick_values(begin, end) if _number(begin) <= tick <= _number(end)]
    panel.set_xticks(ticks, _day_labels([dates.num2date(tick) for tick in ticks]))
    panel.set_xlim(_number(begin), _number(end))
    for row in () if truces is None else truces.itertuples():
        first, last = _number(row.first), _number(row.last) + 1
        if last > _number(begin) and first < _number(end):
            panel.axvspan(
                max(first, _number(begin)), min(last, _number(end)), STRIP, 1, color=TRUCES[str(row.level)],
                linewidth=0, zorder=0, label=f"_{row.level}",
            )  # fmt: skip
    for limit in LIMITS:
        panel.axhline(limit, color=GREY, linewidth=0.5, linestyle=(0, (1, 2)), zorder=1)
    for name, at in zip(("fray", "collapse"), LIMITS, strict=True):
        panel.annotate(name, (1, at), (2, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                       fontsize=FOOT, color=GREY, va="center", annotation_clip=False)  # fmt: skip


def _day_labels(days: Sequence[dt.date]) -> list[str]:
    """Months, or days where not all are the first of one; the year stands beneath the first label of each."""
    form = "{0:%b}" if all(day.day == 1 for day in days) else "{0.day} {0:%b}"
    before = [None, *(day.year for day in days)]
    return [
        form.format(day) + (f"\n{day.year}" if day.year != last else "")
        for day, last in zip(days, before, strict=False)
    ]


def _number(day: Any) -> float:
    """A day as matplotlib counts it."""
    return float((pd.Timestamp(day) - pd.Timestamp(dt.date(1970, 1, 1))) / pd.Timedelta(days=1))


def _paths(panel: Axes, table: pd.DataFrame, reach: int) -> None:
    """A fan from every origin at which the one before it has ended, and all recorded weeks that lie under them."""
    fans = table[(table["origin"] - table["origin"].min()).dt.days % (WEEK * reach) == 0]
    for origin, part in fans.groupby("origin"):
        _bands(panel, part)
        panel.axvline(_number(origin), color=PALE, linewidth=0.6, zorder=0.5)
    _record(panel, fans)


def _ahead(panel: Axes, table: pd.DataFrame) -> None:
    _bands(panel, table)
    _record(panel, table)


def _bands(panel: Axes, table: pd.DataFrame) -> None:
    x = [_number(day) for day in table["ends"]]
    for share, opacity in OPACITY.items():
        panel.fill_between(x, table[f"low_{share}"], table[f"high_{share}"], color=BLUE, alpha=opacity, linewidth=0,
                           zorder=2, label=f"_{share}")  # fmt: skip
    panel.plot(x, table["median"], color=BLUE, linewidth=1.0, zorder=3, label="_median")


def _record(panel: Axes, table: pd.DataFrame) -> None:
    """The recorded weeks, hollow where they lie outside the 90 % of their forecast."""
    seen = table[table["observed"].notna()].sort_values("ends")
    out = ((seen["observed"] < seen["low_90"]) | (seen["observed"] > seen["high_90"])).to_numpy(bool)
    x = np.array([_number(day) for day in seen["ends"]])
    panel.plot(x, seen["observed"], color=BLACK, linewidth=0.4, alpha=0.5, zorder=3, label="_record")
    for chosen, mark in ((~out, RECORDED), (out, MISSED)):
        if chosen.any():
            panel.plot(x[chosen], seen["observed"][chosen], zorder=4, **mark)


RECORDED: dict[str, Any] = {"linestyle": "", "marker": "o", "color": BLACK, "markersize": 2.0, "label": "recorded"}
MISSED: dict[str, Any] = {
    "linestyle": "", "marker": "D", "color": "white", "markeredgecolor": VERMILION, "markeredgewidth": 0.9,
    "markersize": 3.0, "label": "recorded, outside the 90 %",
}  # fmt: skip


def _legend(ax: Axes, truces: pd.DataFrame | None) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=BLUE, linewidth=1.0, label="median"),
        Patch(color=BLUE, alpha=0.52, linewidth=0, label="50 % of forecast"),
        Patch(color=BLUE, alpha=OPACITY["90"], linewidth=0, label="90 % of forecast"),
        Line2D([], [], **RECORDED),
        Line2D([], [], **MISSED),
    ]
    levels = set() if truces is None else set(truces["level"])
    handles += [
        Patch(color=colour, linewidth=0, label=f"{name}-level truce in force")
        for name, colour in TRUCES.items() if name in levels
    ]  # fmt: skip
    labels = [str(handle.get_label()) for handle in handles]
    legend_below(ax, handles, columns_within(labels, width_points(ax)), 27, from_edge=True)


def origins_fans_height(_: pd.DataFrame, width_mm: float) -> float:
    """Height in mm that suits three panels."""
    return 144.0 if width_mm < 136 else 130.0
