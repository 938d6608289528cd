"""A sweep as one offline page: sliders over its parameters, the survival curve and the outcomes redrawn."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis.outcomes import outcome_table, sample
from sim.analysis.survival import survival_curve
from sim.ensemble.sweeping import Sweep
from sim.errors import InputError
from sim.plots.style import day_label, in_words, parameter_name
from sim.plots.view import headline
from sim.report.rendering import template
from sim.report.wording import caution, date

if TYPE_CHECKING:
    import pandas as pd

    from sim.ensemble.results import Results
    from sim.scenario.schema import Scenario

MOST_PARAMETERS = 3
MOST_CELLS = 2000
BYTES = 800_000  # of numbers; with the page around them it stays below a megabyte
STEPS = (1, 2, 3, 5, 10, 15, 30, 60)  # days between the points of a curve
SCALE = 10_000  # shares are stored as whole parts of this
CURVE = ("survival", "mc_low", "mc_high", "range_low", "range_high")
SHARE = ("probability", "mc_low", "mc_high", "range_low", "range_high")


@dataclass(frozen=True)
class Axis:
    """A slider: the varied key and its values as they are written."""

    key: str
    values: list[str]

    @property
    def name(self) -> str:
        """The key in words."""
        return parameter_name(self.key)


def explorer(swept: Sweep) -> str:
    """The page of a finished sweep over one to three parameters; InputError for any other."""
    axes = axes_of(swept)
    found = [swept.results(cell) for cell in in_order(swept, axes)]
    content = content_of(swept, axes, found)
    scenario = found[0].scenario
    return template("explorer.html").render(
        title=f"{swept.said['scenario']}: an explorer",
        about=" ".join(scenario.about.split()),
        question=scenario.outcomes[headline(scenario)].about.strip(),
        horizon=scenario.horizon_days,
        origin=date(scenario.origin),
        axes=axes,
        outcomes=content["outcomes"],
        definitions=[(in_words(name), " ".join(it.about.split())) for name, it in scenario.outcomes.items()],
        provenance=_provenance(found, len(swept)),
        caution=caution(),
        sets=not content["one_set"],
        script=_script(),
        hash=base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode(),
        content=json.dumps(content, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c"),
    )


def axes_of(swept: Sweep) -> list[Axis]:
    """The sliders of a sweep, numbers in ascending order; InputError if it is none of one to three parameters."""
    keys = swept.keys
    if not 1 <= len(keys) <= MOST_PARAMETERS:
        raise InputError(
            f"{swept.folder}: varies {len(keys)} parameters; an explorer has sliders for 1 to {MOST_PARAMETERS}"
        )
    if len(swept) > MOST_CELLS:
        raise InputError(f"{swept.folder}: has {len(swept):,} cells; allowed: {MOST_CELLS:,}, so that it can be mailed")
    axes = [Axis(key, _values(swept, key)) for key in keys]
    if len(swept) != np.prod([len(axis.values) for axis in axes]):
        raise InputError(
            f"{swept.folder}: is no full grid (some combinations are missing); sweep with --vary or --grid"
        )
    return axes


def _values(swept: Sweep, key: str) -> list[str]:
    """The values of a key as they are written, numbers in ascending order."""
    texts = list(dict.fromkeys(str(cell["settings"].get(key, "")) for cell in swept.said["cells"]))
    try:
        return sorted(texts, key=float)
    except ValueError:
        return texts


def in_order(swept: Sweep, axes: Sequence[Axis]) -> list[int]:
    """The cells in the order of the sliders, the last varying fastest; InputError for one that is not finished."""
    at = {tuple(str(cell["settings"][axis.key]) for axis in axes): k for k, cell in enumerate(swept.said["cells"])}
    cells = [at[values] for values in product(*(axis.values for axis in axes))]
    if not all(swept.has(cell) and swept.results(cell).complete for cell in cells):
        raise InputError(f"{swept.folder}: this sweep is not finished; go on with it with --resume")
    return cells


def content_of(swept: Sweep, axes: Sequence[Axis], found: Sequence[Results]) -> dict[str, Any]:
    """All that the sliders choose from, as plain data; shares are whole parts of `SCALE`, -1 where there is none."""
    scenario = found[0].scenario
    names = [name for name in scenario.outcomes if all(f"{name}_day" in results.trials for results in found)]
    names.sort(key=lambda name: not scenario.outcomes[name].headline)
    days = _days(scenario.horizon_days, len(found))
    return {
        "scale": SCALE,
        "scenario": swept.said["scenario"],
        "axes": [{"key": axis.key, "name": axis.name, "values": axis.values} for axis in axes],
        "days": days,
        "day_label": day_label(scenario.origin),
        "outcomes": [_named(scenario, name) for name in names],
        "one_set": found[0].manifest.plan.sets == 1,
        "cells": [_cell(results, names, days) for results in found],
    }


def _named(scenario: Scenario, name: str) -> str:
    return in_words(name) + " (headline)" * scenario.outcomes[name].headline


def _days(horizon: int, cells: int) -> list[int]:
    """The days at which curves are stored: as many as there is room for, the last one always."""
    each = 5 * len(CURVE)  # bytes for each day
    step = next((step for step in STEPS if cells * each * (horizon // step + 2) <= BYTES), STEPS[-1])
    return sorted({*range(0, horizon + 1, step), horizon})


def _cell(results: Results, names: Sequence[str], days: Sequence[int]) -> dict[str, Any]:
    curve = survival_curve(results.trials)
    last = len(curve) - 1  # where every trial has ended before, the curve stays as it is
    rows = curve.iloc[[min(day, last) for day in days]]
    shares = outcome_table(results.trials, names)
    return {
        "trials": sample(results.trials).trials,
        "curve": [_parts(rows[column]) for column in CURVE],
        "shares": [_parts(row) for _, row in shares[list(SHARE)].iterrows()],
    }


def _parts(values: pd.Series[Any]) -> list[int]:
    """Shares as whole parts of `SCALE`; -1 for none."""
    return [-1 if np.isnan(value) else round(SCALE * float(value)) for value in values]


def _provenance(found: Sequence[Results], cells: int) -> Mapping[str, str]:
    manifest = found[0].manifest
    plan = manifest.plan
    return {
        "Cells": f"{cells:,}, all with the same luck",
        "Trials in each": f"{plan.total:,} ({plan.sets} parameter sets x {plan.trials})",
        "Seed": str(manifest.seed),
        "Engine": manifest.engine,
        "Program": f"ceasefire {manifest.code['version']}",
    }


@cache
def _script() -> str:
    return (Path(__file__).parent / "explorer.js").read_text(encoding="utf-8")
