"""A scenario put on the record: recorded deaths are its history, and nothing in it was not known on its last day.

Fits and back-tests ask the same of a scenario: that its history has the recorded deaths, that nothing dated lies ahead,
and that the regime of its fighting can be found. `from_first_opening` begins it as early as the record allows, so that
a fit sees as much as can be had.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sim.analysis.forecasts import Record
from sim.errors import InputError
from sim.scenario.loading import begun_on
from sim.scenario.reading import openings
from sim.scenario.schema import Intervention, Outcome, Scenario

DAY = dt.timedelta(1)


def from_first_opening(
    source: str | Path, record: Record, last: dt.date, overrides: Mapping[str, str] | None = None,
    without: Iterable[str] = (),
) -> tuple[Scenario, Record]:  # fmt: skip
    """The scenario whose history begins at its first opening in the record and ends on `last`, and that of the record.

    InputError where no opening lies in the record, or the scenario cannot live through it.
    """
    known = [day for day in openings(source) if day >= record.first]
    if not known or known[0] > last:
        raise InputError(
            f"{source}: no opening of the scenario lies in the record, which begins on {record.first}, so it cannot "
            "be fitted; write one under history.openings, or keep the scenario's own numbers"
        )
    start = known[0]
    moved = {**(overrides or {}), "origin": str(last + DAY), "history.start": str(start)}
    part = Record(start, record.deaths[(start - record.first).days :])
    return put_on_record(begun_on(source, last + DAY, None, moved, without), part), part


def put_on_record(
    scenario: Scenario, record: Record, interventions: Mapping[str, Intervention] | None = None, name: str = ""
) -> Scenario:
    """The scenario with the record for its history; nothing ends a trial, and no outcome but collapse is asked.

    Of what is dated only the given interventions happen. InputError, naming it (`name` or its own), for a scenario
    whose regime cannot be found, that begins before the record, or that sets a deadline on a date.
    """
    _check(scenario, record, name or scenario.name)
    collapse = Outcome(count="deaths", window_days=7, at_least=scenario.defaults.collapse_deaths, headline=True)
    undated = {key: it for key, it in scenario.interventions.items() if it.on is None}
    asked: dict[str, Any] = {"outcomes": {"collapse": collapse}, "ends_when": []}
    asked["interventions"] = {**undated, **(interventions or {})}
    return with_record(scenario.model_copy(update=asked), record)


def with_record(scenario: Scenario, record: Record) -> Scenario:
    """The scenario whose history has the recorded deaths, from its own start to the eve of its origin, and no sums."""
    start, end = scenario.history.start, scenario.origin
    days = {record.first + dt.timedelta(k): float(number) for k, number in enumerate(record.deaths)}
    known = {day: number for day, number in days.items() if (start is None or start <= day) and day < end}
    history = scenario.history.model_copy(update={"daily_deaths": known, "weekly_deaths": {}})
    return scenario.model_copy(update={"history": history})


def _check(scenario: Scenario, record: Record, name: str) -> None:
    start = scenario.history.start
    if scenario.fighting.drift is None:
        raise InputError(
            f"{name}: the scenario has no `fighting.drift`, so the regime of a day cannot be found; give it daily "
            "rates between its regimes (docs/reference/scenario.md)"
        )
    if start is None or start < record.first:
        raise InputError(
            f"{name}: the history begins on {start}, before the record, {record.first}; let the record begin earlier, "
            "or the origins later"
        )
    for key, rule in scenario.rules.items():
        if any(effect.until is not None for effect in scenario.events[rule.event].effects):
            raise InputError(
                f"{name}: the event of rule {key} sets a deadline on a date (`until`), which cannot be meant at every "
                "origin; give it in days (`deadline`)"
            )
