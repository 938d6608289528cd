"""Events in words, as a picture lists them: the scenario's own sentences, names in place of ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sim.plots.ladder import Telling
from sim.plots.results import EventLike
from sim.plots.style import in_words
from sim.scenario.schema import EventType, Scenario


def tell(events: Iterable[EventLike], scenario: Scenario) -> list[Telling]:
    """All events that took place, told."""
    names = party_names(scenario)
    agents = {faction: agent for agent, actor in scenario.actors.items() for faction in actor.factions}
    return [
        Telling(
            day=event.day,
            rung=rung_of(scenario.events[event.event], event.marks),
            event=event.event,
            by=names.get(agents.get(event.by or "", event.by or ""), ""),
            text=sentence(event, scenario, names),
            killed=event.marks.get("killed", 0.0),
        )
        for event in events
        if not event.void and event.day >= 1
    ]


def sentence(event: EventLike, scenario: Scenario, names: Mapping[str, str]) -> str:
    """The event's `told` with names and marks filled in, else who, what, against whom and where."""
    kind = scenario.events[event.event]
    place = scenario.places[event.place].name if event.place in scenario.places else ""
    post = scenario.posts[event.post].name if event.post in scenario.posts else ""
    by, against = names.get(event.by or "", ""), names.get(event.against or "", "")
    if kind.told:
        marks = {name: f"{value:g}" for name, value in event.marks.items()}
        told = kind.told.format_map(_Blank(marks | {"by": by, "against": against, "place": place, "post": post}))
        return told[:1].upper() + told[1:].rstrip(".")
    what = kind.name or in_words(event.event).lower()
    killed = event.marks.get("killed", 0.0)
    parts = [f"{by}: {what}" if by else what, f"against {against}" if against else "", f"({place})" if place else ""]
    parts.append(f"{killed:g} killed" if killed else "")
    return " ".join(part for part in parts if part)


class _Blank(dict[str, str]):
    """Names that the event does not have read as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


def rung_of(kind: EventType, marks: Mapping[str, float]) -> int | None:
    """The rung of an event: the highest whose mark is not zero."""
    if kind.rung is None or isinstance(kind.rung, int):
        return kind.rung
    return max((rung for mark, rung in kind.rung.items() if mark == "default" or marks.get(mark, 0.0)), default=None)


def party_names(scenario: Scenario) -> dict[str, str]:
    """Names of actors and factions by id."""
    names = {id_: actor.name for id_, actor in scenario.actors.items()}
    return names | {id_: part.name for actor in scenario.actors.values() for id_, part in actor.factions.items()}
