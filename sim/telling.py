"""A trial told day by day, in sentences; with `why`, each event with its rule, its hazard and the factors that made
it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from string import Formatter

from sim.scenario.schema import Scenario
from sim.trajectory import DISPLACEMENT, FIGHTING, INTERVENTION, Event, Trajectory

QUIET = (FIGHTING, DISPLACEMENT)


def tell(scenario: Scenario, trajectory: Trajectory, why: bool = False) -> Iterator[str]:
    """The lines of a trial: a heading for each day on which something but the daily fighting happened, then its
    events.
    """
    outcomes = _outcomes_by_day(scenario, trajectory)
    last = len(trajectory.daily.get("deaths", ()))
    days = {day: list(events) for day, events in groupby(trajectory.events, key=lambda event: event.day)}
    for day in range(1, last + 1):
        told = [event for event in days.get(day, []) if event.event not in QUIET]
        if told or day in outcomes:
            yield _heading(scenario, trajectory, day)
            for event in told:
                yield from _event(scenario, event, why)
            yield from (f"  => {name}" for name in outcomes.get(day, ()))
    yield f"after {last} days: {_summary(scenario, trajectory)}"


def sentence(scenario: Scenario, event: Event) -> str:
    """An event in words: the sentence of its event type with names filled in, or its bare names."""
    kind = scenario.events.get(event.event)
    words = {
        "by": party_name(scenario, event.by),
        "against": party_name(scenario, event.against),
        "place": scenario.places[event.place].name if event.place else "",
        "post": scenario.posts[event.post].name if event.post else "",
    } | {mark: _number(value) for mark, value in event.marks.items()}
    if kind is not None and kind.told:
        wanted = {name for _, name, _, _ in Formatter().parse(kind.told) if name}
        if wanted <= words.keys():
            return kind.told.format(**words)
    name = (kind.name if kind else "") or event.event.replace("_", " ")
    if event.by is None and event.rule == INTERVENTION:  # nobody's deed, and no fire either
        return name
    return f"{words['by']}: {name}" + (f" ({words['against']})" if event.against else "")


def party_name(scenario: Scenario, party: str | None) -> str:
    """The written name of an actor or faction; None is the exchange of fire."""
    if party is None:
        return "the exchange of fire"
    for name, actor in scenario.actors.items():
        if name == party:
            return actor.name
        if party in actor.factions:
            return actor.factions[party].name
    return party


def _heading(scenario: Scenario, trajectory: Trajectory, day: int) -> str:
    date = scenario.origin + dt.timedelta(day - 1)
    deaths, week = trajectory.daily["deaths"][day - 1], trajectory.daily["deaths_7d"][day - 1]
    regimes = list(scenario.fighting.regimes)
    regime = regimes[int(trajectory.daily["regime"][day - 1])]
    return f"day {day}, {date}: {regime}; {deaths:.0f} killed in the fighting, {week:.0f} in seven days"


def _event(scenario: Scenario, event: Event, why: bool) -> Iterator[str]:
    void = " (too late: no longer possible)" if event.void else ""
    marks = ", ".join(f"{name} {_number(value)}" for name, value in event.marks.items() if value)
    yield f"  - {sentence(scenario, event)}{void}" + (f" [{marks}]" if marks and not event.void else "")
    if why:
        yield from (f"      {line}" for line in _reasons(scenario, event))


def _reasons(scenario: Scenario, event: Event) -> Iterator[str]:
    rule = scenario.rules.get(event.rule)
    if rule is None:
        yield f"{event.rule}: not a rule's clock"
        return
    number = f" ({rule.rule})" if rule.rule else ""
    at = f" at {event.time:.2f} of the day" if event.phase == "initiative" else " in reaction"
    yield f"rule {event.rule}{number}, hazard {event.hazard:.3g} a day{at}"
    for factor in event.factors:
        yield f"{factor.perception} = {factor.value:.3g}: x {factor.ratio:.3g}"


def _outcomes_by_day(scenario: Scenario, trajectory: Trajectory) -> dict[int, list[str]]:
    dated: dict[int, list[str]] = {}
    for name, outcome in scenario.outcomes.items():
        day = trajectory.row.get(f"{name}_day")
        if day is not None:
            text = name.replace("_", " ") + (" (headline)" if outcome.headline else "")
            dated.setdefault(int(day), []).append(text)
    return dated


def _summary(scenario: Scenario, trajectory: Trajectory) -> str:
    row = trajectory.row
    if row["error"] is not None:
        return f"the trial failed: {row['error']}"
    end = "no breakdown" if row["breakdown_day"] is None else f"breakdown on day {row['breakdown_day']}"
    levels = f"worst level {row['worst_level']}, at the end {row['terminal_status']}"
    return f"{end}; {levels}; {row['deaths']:.0f} killed in the fighting"


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"
