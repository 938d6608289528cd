"""Outcomes of an ensemble for people, as a table, and for programs, as an object."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli.common import WITHOUT_SETS, columns, percent, plain

if TYPE_CHECKING:
    from sim.ensemble import Results
    from sim.ensemble.manifest import Achieved
    from sim.scenario.schema import Scenario

HEADER = ("outcome", "trials", "probability", "chance (95 %)", "assumptions (5-95 %)")


def outcome_lines(results: Results) -> Iterator[str]:
    """The outcomes as a table with both ranges, under what they rest on."""
    counts, manifest, scenario = results.counts, results.manifest, results.scenario
    plan = manifest.plan
    yield (
        f"{manifest.scenario}: {plan.total} trials ({plan.sets} parameter sets x {plan.trials}), "
        f"seed {manifest.seed}, {scenario.horizon_days} days from {scenario.origin}"
    )
    if not results.complete:
        yield f"This run is not finished: {manifest.trials_done} trials are there."
    trivial = [name for name in counts.outcomes if counts.settled(name)]
    rows = [outcome_row(name, row, scenario) for name, row in estimates(results).items() if name not in trivial]
    yield ""
    yield from columns(HEADER, rows)
    if manifest.precision is not None:
        yield f"\n{_precision_line(results, manifest.precision)}"
    if plan.sets == 1:
        yield f"\n{WITHOUT_SETS}"
    if trivial:
        yield f"\nNot shown, since the origin already decides it: {', '.join(trivial)}."


def _precision_line(results: Results, achieved: Achieved) -> str:
    """Whether a run to a precision came to it, and the interval that holds however often it was looked at."""
    headline = headline_of(results)
    interval = f"{100 * achieved.low:.2f} - {100 * achieved.high:.2f} %"
    asked = 100 * (results.manifest.plan.precision or 0.0)
    said = f"{headline}: {interval} at {100 * achieved.level:.0f} %, valid at every look; asked for ±{asked:g} %, "
    if achieved.reached:
        return said + f"reached ±{100 * achieved.half_width:.2f} %."
    return said + f"only ±{100 * achieved.half_width:.2f} % is reached: more trials or sets would take it further."


def estimates(results: Results) -> dict[str, dict[str, float]]:
    """Each outcome's count, probability and both ranges (`sim.analysis.intervals`); NaN where there is no range."""
    from sim.analysis.intervals import estimate

    counts = results.counts
    found = {
        name: asdict(estimate(hits, counts.ended)) for name, hits in zip(counts.outcomes, counts.hits, strict=True)
    }
    return {
        name: {key: math.nan if value is None else value for key, value in row.items()} for name, row in found.items()
    }


def outcome_row(name: str, row: Mapping[str, float], scenario: Scenario) -> tuple[str, ...]:
    """An outcome's cells under `HEADER`."""
    headline = " (headline)" if scenario.outcomes[name].headline else ""
    low, high = row["range_low"], row["range_high"]
    across = "not included" if math.isnan(low) else f"{percent(low)} - {percent(high)}"
    chance = f"{percent(row['mc_low'])} - {percent(row['mc_high'])}"
    return name + headline, f"{row['count']:.0f}", percent(row["probability"]), chance, across


def headline_of(results: Results) -> str:
    """Name of the outcome that the scenario is about."""
    return next(name for name, outcome in results.scenario.outcomes.items() if outcome.headline)


def as_object(results: Results) -> dict[str, Any]:
    """What `run --json` prints; the range is null where there are no parameter sets."""
    plan = results.manifest.plan
    outcomes = estimates(results)
    return {
        "scenario": results.manifest.scenario,
        "seed": results.manifest.seed,
        "sets": plan.sets,
        "trials": plan.trials,
        "failed": results.manifest.failed,
        **({} if plan.precision is None else {"precision": _precision(results)}),
        "results": str(results.folder),
        "outcomes": {name: {key: plain(value) for key, value in row.items()} for name, row in outcomes.items()},
    }


def _precision(results: Results) -> dict[str, Any]:
    """The precision asked for, and the interval at which the run ended (null while it has not)."""
    plan, achieved = results.manifest.plan, results.manifest.precision
    if achieved is None:
        return {"asked": plan.precision, "reached": False, "half_width": None, "low": None, "high": None}
    return {"asked": plan.precision, "half_width": achieved.half_width, **asdict(achieved)}
