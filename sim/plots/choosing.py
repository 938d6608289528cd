"""Which events of a trial a picture names, and in what words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.plots.style import capital
from sim.scenario.schema import EventType, Scenario
from sim.telling import party_name, sentence
from sim.trajectory import Event


class Telling(NamedTuple):
    """An event as the picture needs it; `rung` is None where the event does not stand on the ladder."""

    day: int
    rung: int | None
    event: str
    by: str
    text: str
    killed: float


def choose(tellings: Sequence[Telling], most: int = 10, marked: frozenset[int] = frozenset()) -> list[Telling]:
    """The events that tell the trial best, in order: new peaks, deaths, deals, and first times; days in `marked` first.

    At most one event of a kind a day is taken, so that an exchange of fire is told once.
    """
    seen: set[str] = set()
    peak, scored = -99, []
    for place, telling in enumerate(tellings):
        if telling.rung is None:
            continue
        score = 5.0 + abs(telling.rung) if telling.rung < 0 else float(telling.rung)
        score += 4.0 * (telling.rung > peak) + 3.0 * (telling.event not in seen)
        score += 1.5 * float(np.log1p(telling.killed)) + 2.0 * (telling.day in marked)
        peak = max(peak, telling.rung)
        seen.add(telling.event)
        scored.append((-score, place, telling))
    chosen: dict[tuple[int, str, str], tuple[int, Telling]] = {}
    for _, place, telling in sorted(scored, key=lambda item: item[:2]):
        if len(chosen) < most:
            chosen.setdefault((telling.day, telling.event, telling.by), (place, telling))
    return [telling for _, telling in sorted(chosen.values(), key=lambda item: item[0])]


def tell(events: Iterable[Event], scenario: Scenario) -> list[Telling]:
    """All events of the scenario that took place, told; the daily fighting and displacement are left out."""
    agents = {faction: agent for agent, actor in scenario.actors.items() for faction in actor.factions}
    tellings = []
    for event in events:
        if event.void or event.day < 1 or event.event not in scenario.events:
            continue
        rung = rung_of(scenario.events[event.event], event.marks)
        by = capital(party_name(scenario, agents.get(event.by, event.by))) if event.by else ""
        text = sentence(scenario, event)
        text = capital(text).rstrip(".")
        tellings.append(Telling(event.day, rung, event.event, by, text, event.marks.get("killed", 0.0)))
    return tellings


def rung_of(kind: EventType, marks: Mapping[str, float]) -> int | None:
    """The rung of an event: the highest whose mark is not zero."""
    if kind.rung is None or isinstance(kind.rung, int):
        return kind.rung
    return max((rung for mark, rung in kind.rung.items() if mark == "default" or marks.get(mark, 0.0)), default=None)
