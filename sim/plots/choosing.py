"""Which events of a trial a picture names, and in what words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.plots.style import capital
from sim.scenario.schema import EventType, Scenario
from sim.telling import party_name, sentence
from sim.trajectory import Event, Trajectory

AGAIN = 0.5  # what a kind of event is worth after each time that it was named already
CROWDED, CLOSE = 0.6, 1 / 36  # how much less an event is worth beside a named one, and how near that is, in horizons
HELD = 1 - 1e-6  # a sector of which no more than this is missing is held


class Telling(NamedTuple):
    """An event as the picture needs it; `rung` is None where the event does not stand on the ladder.

    `turns` says that it took a whole sector or cut off a post.
    """

    day: int
    rung: int | None
    event: str
    by: str
    text: str
    killed: float
    turns: bool = False


def choose(tellings: Sequence[Telling], most: int = 12, marked: frozenset[int] = frozenset()) -> list[Telling]:
    """The events that tell a trial best, in order: new peaks, deals, turns, deaths, and what came on `marked` days.

    One after another the weightiest is taken. What was named already weighs less each time, and so does what is near
    to a named event, so that the events spread over the trial. At most one event of a kind and party a day is taken.
    """
    standing = [telling for telling in tellings if telling.rung is not None]
    weights = np.array(_weights(standing, marked))
    alone = np.ones(len(standing))
    near = CLOSE * max((telling.day for telling in standing), default=1) + 1
    chosen: list[int] = []
    while len(chosen) < most and (weights * alone).max(initial=0.0) > 0:
        best = int((weights * alone).argmax())
        chosen.append(best)
        taken = standing[best]
        for k, other in enumerate(standing):
            same_act = (other.day, other.event, other.by) == (taken.day, taken.event, taken.by)
            weights[k] *= 0.0 if same_act else AGAIN if other.event == taken.event else 1.0
            alone[k] = min(alone[k], 1 - CROWDED * np.exp(-abs(other.day - taken.day) / near))
    return [standing[k] for k in sorted(chosen)]


def _weights(tellings: Iterable[Telling], marked: frozenset[int]) -> list[float]:
    """How much each event says by itself."""
    seen: set[str] = set()
    peak, weights = -99, []
    for telling in tellings:
        rung = telling.rung or 0
        weight = 6.0 + abs(rung) if rung < 0 else float(rung)
        weight += 4.0 * (rung > peak) + 3.0 * (telling.event not in seen) + 4.0 * telling.turns
        weight += 1.5 * float(np.log1p(telling.killed)) + 5.0 * (telling.day in marked)
        peak = max(peak, rung)
        seen.add(telling.event)
        weights.append(weight)
    return weights


def tell(trajectory: Trajectory, scenario: Scenario) -> list[Telling]:
    """All events of the scenario that took place, told; the daily fighting and displacement are left out."""
    agents = {faction: agent for agent, actor in scenario.actors.items() for faction in actor.factions}
    events = [it for it in trajectory.events if not it.void and it.day >= 1 and it.event in scenario.events]
    turns = _turns(events, scenario, trajectory.daily)
    tellings = []
    for place, event in enumerate(events):
        rung = rung_of(scenario.events[event.event], event.marks)
        by = capital(party_name(scenario, agents.get(event.by, event.by))) if event.by else ""
        text = capital(sentence(scenario, event)).rstrip(".") + turns.get(place, "")
        tellings.append(Telling(event.day, rung, event.event, by, text, event.marks.get("killed", 0.0), place in turns))
    return tellings


def _turns(events: Sequence[Event], scenario: Scenario, daily: Mapping[str, Sequence[float]]) -> dict[int, str]:
    """Which events, by their place in the list, took the last of a sector or cut off posts that day, and a remark."""
    last = {
        (event.day, event.place): k
        for k, event in enumerate(events)
        if event.place and any(effect.advance is not None for effect in scenario.events[event.event].effects)
    }
    turns: dict[int, str] = {}
    for (day, place), k in last.items():
        before, after = _step(daily.get(f"taken.{place}", ()), day)
        if before < HELD <= after:
            turns[k] = ", and with it the sector"
    for day, k in {day: k for (day, _), k in last.items()}.items():
        before, after = _step(daily.get("posts_encircled", ()), day)
        if after > before:
            posts = round(after - before)
            turns[k] = turns.get(k, "") + (f"; {posts} posts are cut off" if posts > 1 else "; a post is cut off")
    return turns


def _step(values: Sequence[float], day: int) -> tuple[float, float]:
    """A series' values on the day before and on the day; no step where it does not reach back."""
    return (values[day - 2], values[day - 1]) if 2 <= day <= len(values) else (0.0, 0.0)


def rung_of(kind: EventType, marks: Mapping[str, float]) -> int | None:
    """The rung of an event: the highest whose mark is not zero."""
    if kind.rung is None or isinstance(kind.rung, int):
        return kind.rung
    return max((rung for mark, rung in kind.rung.items() if mark == "default" or marks.get(mark, 0.0)), default=None)
