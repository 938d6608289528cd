"""One trial on two sides, told to the day on which they part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby, zip_longest
from typing import Any

from sim.ensemble.results import Results
from sim.scenario.schema import Scenario
from sim.telling import sentence
from sim.trajectory import DISPLACEMENT, FIGHTING, INTERVENTION, Event, Trajectory

SHARED_DAYS = 3
NOTHING = "nothing of the kind"


def tell_parting(before: Results, after: Results, trial: int, set: int, names: tuple[str, str]) -> dict[str, Any]:
    """One trial on both sides to the day on which they part: `day` (None where only an outcome's definition differs),
    `parting` in a line, `told` in several.

    The day is that of the first act that not both have; where there is none, of the first other number of deaths.
    """
    one, other = before.trajectory(trial, set), after.trajectory(trial, set)
    acts, first = parting_day(one, other, acts_only=True), parting_day(one, other)
    day = first if acts is None else acts
    if day is None or first is None:
        return {"day": None, "parting": "the same course; what was changed decides the outcome itself", "told": ""}
    sides = [_day_of(it.scenario, lived.events, day, day == first) for it, lived in ((before, one), (after, other))]
    alone = [[line for line in lines if line not in rest] or [NOTHING] for lines, rest in (sides, sides[::-1])]
    lines = list(_shared(before.scenario, one, day))
    if first < day:
        lines.append(f"from day {first}, {_date(before.scenario, first)}: other numbers are killed in the fighting")
    lines.append(f"day {day}, {_date(before.scenario, day)}: here they part")
    for name, own, lived in zip(names, alone, (one, other), strict=True):
        lines += [f"  {name}", *(f"    - {line}" for line in own), f"    => {_ending(lived)}"]
    parting = " / ".join(f"{name}: {'; '.join(own)}" for name, own in zip(names, alone, strict=True))
    return {"day": day, "parting": parting, "told": "\n".join(lines)}


def parting_day(one: Trajectory, other: Trajectory, acts_only: bool = False) -> int | None:
    """The first day on which not the same events happened; None where there is none.

    Interventions are passed over: they are what was changed, not what followed from it. `acts_only` passes over the
    daily fighting and flight too, and what rang too late.
    """
    every = (_acts(it.events) if acts_only else [event for event in it.events if event.rule != INTERVENTION]
             for it in (one, other))  # fmt: skip
    lived = [[_happened(event) for event in events] for events in every]
    for left, right in zip_longest(*lived):
        if left != right:
            return min(int(event[0]) for event in (left, right) if event is not None)
    return None


def _happened(event: Event) -> tuple[Any, ...]:
    """An event without its hazard and its hour, which a rate may change without changing what happened."""
    where = (event.day, event.rule, event.event, event.by, event.against, event.place, event.post, event.void)
    return (*where, tuple(sorted(event.marks.items())))


def _shared(scenario: Scenario, lived: Trajectory, day: int) -> Iterator[str]:
    """The last days with something to tell on which both are alike."""
    days = [(number, list(events)) for number, events in groupby(_acts(lived.events), lambda event: event.day)]
    for number, events in [found for found in days if found[0] < day][-SHARED_DAYS:]:
        yield f"day {number}, {_date(scenario, number)}: in both"
        yield from (f"  - {line}" for line in map(partial(_line, scenario), events))


def _acts(events: Iterable[Event]) -> list[Event]:
    """What parties did, and in time: no daily process, no intervention, nothing void."""
    passed = (FIGHTING, DISPLACEMENT)
    return [event for event in events if event.event not in passed and event.rule != INTERVENTION and not event.void]


def _day_of(scenario: Scenario, events: Iterable[Event], day: int, with_deaths: bool) -> list[str]:
    """A day's acts in words, perhaps with its deaths."""
    today = [event for event in events if event.day == day]
    killed = sum(event.marks.get("deaths", 0.0) for event in today if event.event == FIGHTING)
    lines = [_line(scenario, event) for event in _acts(today)]
    return [*lines, f"{killed:.0f} killed in the fighting"] if with_deaths else lines


def _line(scenario: Scenario, event: Event) -> str:
    marks = ", ".join(f"{name} {value:.3g}" for name, value in event.marks.items() if value)
    return sentence(scenario, event) + (f" [{marks}]" if marks else "")


def _date(scenario: Scenario, day: int) -> dt.date:
    return scenario.origin + dt.timedelta(day - 1)


def _ending(lived: Trajectory) -> str:
    day = lived.row["breakdown_day"]
    return "no breakdown" if day is None else f"breakdown on day {day}"
