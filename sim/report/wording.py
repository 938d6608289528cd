"""Numbers as sentences. Every share and every difference comes with what chance and what assumptions leave open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sim.ensemble.manifest import Manifest
from sim.plots.rows import signed
from sim.plots.style import parameter_name, percent

NO_SETS = "parameter uncertainty not included"
GRADES = {
    "fitted": "numbers fitted to data",
    "coded": "numbers coded from dated events",
    "published": "published numbers",
    "assumed": "assumed numbers",
    "": "the structure of the scenario, not on a number",
}
# The README's words, held to them by a test.
CAUTION = """
It models a past conflict, for research and teaching. It is not a forecast, not a warning system, and not a tool for
planning anything.

Its probabilities follow from its assumptions. Many of those rest on a handful of incidents, coded by hand by people who
knew how the story ended. Each number of weight names its basis; `ceasefire show` lists the rules with theirs.

A difference between two scenarios is a property of the model. It does not show what any actor caused, or would have
caused by acting otherwise.

Do not use it on a conflict that is still going on.

Its maps and pictures show sectors. They never show where a unit stood.
"""

Row = Mapping[str, Any]


def caution() -> list[str]:
    """The caution, a paragraph each, without the marks of its markup."""
    return [" ".join(text.split()).replace("`", "") for text in CAUTION.strip().split("\n\n")]


def date(day: dt.date) -> str:
    """A date as one reads it: 11 February 2020."""
    return f"{day.day} {day:%B %Y}"


def point_ranges(row: Row) -> str:
    """Both ranges of a difference in percentage points."""
    chance = f"chance {signed(row['mc_low'], 1)} to {signed(row['mc_high'], 1)}"
    if np.isnan(row["range_low"]):
        return f"{chance}; {NO_SETS}"
    return f"{chance}, assumptions {signed(row['range_low'], 1)} to {signed(row['range_high'], 1)}"


def answer(row: Row, trials: int, sets: int, about: str, horizon: int, origin: dt.date) -> list[str]:
    """The answer: the share, what chance and what assumptions leave open, and which of the two more trials narrow."""
    said = about.strip().rstrip(".")
    first = (
        f"In {row['count']:,.0f} of {trials:,} trials ({percent(row['probability'])} %), {said}, within {horizon} days "
        f"of {date(origin)}."
    )
    chance = (
        f"Chance: from so many trials the share is known to lie between {percent(row['mc_low'])} and "
        f"{percent(row['mc_high'])} % (95 % Monte Carlo interval). More trials narrow it."
    )
    if np.isnan(row["range_low"]):
        return [first, chance, "Assumptions: parameter uncertainty is not included; every number stood at its median."]
    across = (
        f"Assumptions: across {sets} parameter sets the share runs from {percent(row['range_low'])} to "
        f"{percent(row['range_high'])} % (5th to 95th percentile). No number of trials narrows that, only better "
        "evidence would."
    )
    return [first, chance, across]


def timing(days: pd.Series[Any]) -> str:
    """When it came where it came; nothing where it never did."""
    came = pd.to_numeric(days.dropna()).astype(float)
    if not len(came):
        return ""
    low, middle, high = came.quantile([0.05, 0.5, 0.95])
    return f"Where it came, it came on day {middle:.0f} in the median (day {low:.0f} to {high:.0f} in nine of ten)."


def gaps(failed: int, manifest: Manifest) -> list[str]:
    """What is missing: trials that failed, and those that were not run yet."""
    said = [f"{failed:,} trials failed and are left out."] if failed else []
    if manifest.complete:
        return said
    return [*said, f"This run is not finished: {manifest.trials_done:,} of {manifest.plan.total:,} trials are there."]


def finding(row: Row, rests: pd.DataFrame, headline: str) -> list[str]:
    """What one scenario makes of the headline, how trials tipped, and what that rests on."""
    said = (
        f"{percent(row['after'])} % instead of {percent(row['before'])} %: {signed(row['difference'], 1)} percentage "
        f"points ({point_ranges(row)})."
    )
    tipped = f"Of {row['pairs']:,.0f} paired trials, {row['gained']:,.0f} gained it and {row['lost']:,.0f} lost it."
    parts = [said, tipped, f"What differs rests on {GRADES.get(str(row['basis']), str(row['basis']))}."]
    if row.get("redefined"):
        parts.append(f"Here {headline} is defined differently, which is part of the difference.")
    return [*parts, sign(row, rests), *_moves(rests)]


def sign(row: Row, rests: pd.DataFrame) -> str:
    """Whether the direction of a difference can be relied on."""
    if row["mc_low"] <= 0 <= row["mc_high"]:
        return "Chance alone could have made this difference."
    if row["range_low"] < 0 < row["range_high"]:
        return "Its sign changes across parameter sets: what is assumed decides it."
    if len(rests) and rests["clearly"].astype(bool).any():
        names = rests.loc[rests["clearly"].astype(bool), "parameter"].unique()
        return f"Its sign changes within the range of {_listed([parameter_name(str(name)) for name in names])}."
    return "Its sign holds across parameter sets." if not np.isnan(row["range_low"]) else f"Here {NO_SETS}."


def _moves(rests: pd.DataFrame) -> list[str]:
    """The parameter that moves a difference most, where one stands out from luck."""
    if not len(rests) or not rests["stands_out"].astype(bool).any():
        return []
    standing = rests[rests["stands_out"].astype(bool)]
    name = standing["parameter"].iloc[0]
    fifths = standing[standing["parameter"] == name].sort_values("fifth")
    first, last = fifths.iloc[0], fifths.iloc[-1]
    lowest = f"{_points(first)} points where that is lowest (about {first['value']:.3g})"
    highest = f"{_points(last)} where it is highest (about {last['value']:.3g})"
    return [
        f"Of single numbers it moves most with {parameter_name(str(name))} ({first['basis']}): {lowest}, {highest}."
    ]


def _points(row: Row) -> str:
    return f"{signed(row['difference'], 1)} ({signed(row['mc_low'], 1)} to {signed(row['mc_high'], 1)})"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
