"""What a back-test is asked, checked before anything is run or written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sim.analysis.baselines import LEAST_WEEKS
from sim.analysis.forecasts import WEEK, origins
from sim.backtesting.recorded import Recorded
from sim.errors import InputError, did_you_mean
from sim.scenario.loading import BURN_IN_DAYS
from sim.scenario.reading import BUILTIN, builtin_names, openings

MODES = ("expanding", "frozen", "scenario")
MOST_DAYS = 364  # ahead


@dataclass(frozen=True)
class Plan:
    """A back-test: from which days, how far ahead, with how many trials, and from which data numbers are learnt.

    An origin is the last day whose deaths are known; forecasts are of the whole weeks after it. `also` are further
    scenarios by name.
    """

    source: str
    first: dt.date
    last: dt.date
    every: int = WEEK
    alignments: int = WEEK
    horizons: tuple[int, ...] = (7, 14, 28, 56)
    trials: int = 1000
    sets: int = 64
    seed: int = 0
    parameters: str = "expanding"
    also: Mapping[str, str] = field(default_factory=dict)
    ablations: bool = False
    overrides: Mapping[str, str] = field(default_factory=dict)
    without: Sequence[str] = ()

    @property
    def days(self) -> int:
        """How far each forecast reaches."""
        return max(self.horizons)

    @property
    def weeks(self) -> tuple[int, ...]:
        """The horizons in weeks."""
        return tuple(days // WEEK for days in self.horizons)

    @property
    def sets_used(self) -> int:
        """How many parameter sets the trials reach: each takes one at least."""
        return min(self.sets, self.trials)

    @property
    def origins(self) -> list[dt.date]:
        """The days from which is forecast, in order."""
        return origins(self.first, self.last, self.every, self.alignments)

    def question(self, recorded: Recorded) -> dict[str, Any]:
        """All that decides the result, as plain JSON."""
        said = asdict(self)
        said |= {"from": str(said.pop("first")), "to": str(said.pop("last"))}
        said |= {"horizons": list(self.horizons), "without": list(self.without)}
        return {**said, "data": recorded.name, "data_sha256": recorded.sha256}

    def check(self, recorded: Recorded) -> None:
        """InputError for what cannot be asked, or what the record cannot answer."""
        _check_numbers(self)
        if self.parameters not in MODES:
            near = did_you_mean(self.parameters, MODES)
            raise InputError(f"parameters: {self.parameters!r} is not allowed; allowed: {', '.join(MODES)}{near}")
        if self.last < self.first:
            raise InputError(f"the last origin {self.last} lies before the first {self.first}")
        if self.last > recorded.last:
            gap = f" (it has no {recorded.missing})" if recorded.missing else ""
            raise InputError(
                f"{recorded.name}: the record ends on {recorded.last}{gap}, so nothing can be forecast from "
                f"{self.last}; let --to be {recorded.last} or earlier"
            )
        if self.first + dt.timedelta(min(self.horizons)) > recorded.last:
            raise InputError(
                f"{recorded.name}: the record ends on {recorded.last}, before {min(self.horizons)} days after the "
                f"first origin {self.first}: nothing could be scored; let --from be earlier"
            )


def check_first(plan: Plan, recorded: Recorded) -> None:
    """InputError where the first origin is too early: for the history of a scenario of the plan, or for baselines.

    The error names the day from which on it would do.
    """
    asked = {"SCENARIO": plan.source, **{f"--also {name}": file for name, file in plan.also.items()}}
    for said, source in asked.items():
        _check_openings(f"{said}={source}", source, plan.first, recorded)
    soonest = _taught(recorded)
    if plan.first < soonest:
        weeks = max(0, ((plan.first - recorded.record.first).days + 1) // WEEK)
        raise InputError(
            f"--from {plan.first}: {weeks} weeks to learn from in {recorded.name}; baselines need at least "
            f"{LEAST_WEEKS}, so the first day allowed is {soonest}: let --from be that or later, or let the record "
            "begin earlier"
        )


def _taught(recorded: Recorded) -> dt.date:
    """The first day at whose end the record holds as many weeks as baselines need."""
    return recorded.record.first + dt.timedelta(WEEK * LEAST_WEEKS - 1)


def _check_openings(said: str, source: str, first: dt.date, recorded: Recorded) -> None:
    """InputError for a scenario whose history cannot begin early enough before the first origin."""
    known, begins = openings(source), recorded.record.first
    if not known:
        raise InputError(f"{said}: {_no_openings(source)}")
    inside = [day for day in known if day >= begins]
    if not inside:
        raise InputError(
            f"{said}: all openings of the scenario ({', '.join(map(str, known))}) are before {begins}, the first day "
            f"of {recorded.name}; let the record begin earlier, or write a later one under history.openings"
        )
    soonest = inside[0] + dt.timedelta(BURN_IN_DAYS - 1)
    if first < soonest:
        raise InputError(
            f"--from {first}: no opening of {said} in the record is {BURN_IN_DAYS} days old by the end of that day; "
            f"the first day allowed is {max(soonest, _taught(recorded))} (the record begins on {begins}, the first "
            f"opening in it is {inside[0]}): let --from be that or later, or write an earlier opening under "
            "history.openings"
        )


def _no_openings(source: str) -> str:
    shipped = source.startswith(BUILTIN) or source in builtin_names()
    where = "a file of your own that extends it" if shipped else "it"
    return (
        "the scenario has no openings, days on which its history can begin, so it has no state at a past origin; write "
        f"them under history.openings of {where}, let it extend a scenario that has them (such as "
        "`extends: builtin:idlib-2020-02-11`), or leave it out"
    )


def _check_numbers(plan: Plan) -> None:
    wrong = [days for days in plan.horizons if days % WEEK or not WEEK <= days <= MOST_DAYS]
    if wrong or not plan.horizons:
        raise InputError(
            f"horizons: {wrong[0] if wrong else 'none'} is not allowed; whole weeks in days, from {WEEK} to "
            f"{MOST_DAYS}, such as 7,14,28,56"
        )
    if len(set(plan.horizons)) < len(plan.horizons):
        raise InputError("horizons: one stands there twice; give each once")
    for name, least in (("every", 1), ("alignments", 1), ("trials", 2), ("sets", 1)):
        if getattr(plan, name) < least:
            raise InputError(f"{name}: {getattr(plan, name)} is not allowed; it is a whole number of at least {least}")
    if plan.alignments > plan.every:
        raise InputError(
            f"alignments: {plan.alignments} is not allowed; origins every {plan.every} days have at most {plan.every}"
        )
    if not 0 <= plan.seed < 2**64:
        raise InputError(f"seed: {plan.seed} is not allowed; it is a whole number from 0 to 2^64 - 1")
