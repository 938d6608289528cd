"""A tiny conflict for tests: two states, a coalition of two factions, two sectors, two posts; no luck unless asked for.

Both regimes have a mean of zero deaths, there are no rules and no history, so that a test adds what it is about and
sees nothing else.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sim.conflict import state as st
from sim.conflict.perceive import Context, locate
from sim.model import CeasefireModel
from sim.preparing import Prepared, prepare
from sim.scenario.schema import Scenario
from sim.trajectory import DISPLACEMENT, FIGHTING, Event

ORIGIN = dt.date(2030, 5, 1)
QUIET = (FIGHTING, DISPLACEMENT)

SMALL: dict[str, Any] = {
    "name": "small",
    "about": "An invented conflict.",
    "origin": ORIGIN,
    "horizon_days": 10,
    "history": {"start": ORIGIN - dt.timedelta(1)},
    "actors": {
        "red": {"name": "Redland", "kind": "state"},
        "blue": {"name": "Blueland", "kind": "state"},
        "band": {
            "name": "the Band",
            "kind": "coalition",
            "factions": {"doves": {"name": "Doves"}, "hawks": {"name": "Hawks"}},
        },
    },
    "relations": {"sponsor": {"patron": "blue", "client": "band", "restraint": 0.5}},
    "places": {
        "field": {
            "name": "Field",
            "lat": 1.0,
            "lon": 1.0,
            "control": "band",
            "exposed": 40.0,
            "population": 60.0,
            "neighbours": ["wood"],
            "open_to": ["red"],
        },
        "wood": {
            "name": "Wood",
            "lat": 1.0,
            "lon": 2.0,
            "control": "band",
            "exposed": 20.0,
            "value": 3.0,
            "neighbours": ["field"],
            "open_to": ["band"],
        },
    },
    "posts": {
        "tower": {"name": "Tower", "owner": "blue", "place": "field", "depth": 0.3},
        "gate": {"name": "Gate", "owner": "blue", "place": "field", "status": "blocking", "depth": 0.6},
    },
    "agreement": {"name": "the Pact", "parties": ["red", "blue"], "integrity": 0.8},
    "fighting": {
        "between": ["red", "band"],
        "regimes": {"quiet": {"mean": 0.0, "size": 1.0}, "war": {"mean": 0.0, "size": 1.0}},
    },
    "events": {"note": {}},
    "rules": {},
    "outcomes": {"end": {"count": "deaths", "at_least": 1e9, "headline": True}},
}


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Maps merge key by key, None deletes, all else replaces."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(old if isinstance(old, Mapping) else {}, value) if isinstance(value, dict) else value
    return result


def small(*layers: Mapping[str, Any], **changes: Any) -> Scenario:
    """The tiny conflict with changes."""
    data = copy.deepcopy(SMALL)
    for layer in (*layers, changes):
        data = merged(data, layer)
    return Scenario.model_validate(data)


def ready(*layers: Mapping[str, Any], **changes: Any) -> Prepared:
    """The same, compiled and driven to its origin."""
    return prepare(small(*layers, **changes))


def played(days: int, *layers: Mapping[str, Any], trial: int = 0, seed: int = 0, **changes: Any) -> CeasefireModel:
    """The same, so many days later."""
    model = CeasefireModel(small(*layers, **changes), seed=seed, trial=trial)
    for _ in range(days):
        model.step()
    return model


def on_day(day: int, **what: Any) -> dict[str, Any]:
    """An intervention on a day of the trial (1 is the origin); red acts on blue unless it says otherwise."""
    return {"on": ORIGIN + dt.timedelta(day - 1), "actor": "red", "target": "blue", **what}


def done(
    *effects: dict[str, Any], days: int = 1, act: Mapping[str, Any] | None = None, **changes: Any
) -> CeasefireModel:
    """The evening of day `days` after bare effects on day 1; `act` says who, whom and where."""
    return played(days, {"interventions": {"act": on_day(1, effects=list(effects), **(act or {}))}}, **changes)


def look(
    model: CeasefireModel,
    name: str,
    by: str | None = None,
    against: str | None = None,
    place: str | None = None,
    post: str | None = None,
) -> float:
    """What a party perceives under a name."""
    names, c = model.names, model.tables
    where = names.places.index(place) if place else c.post_place[names.posts.index(post)] if post else -1
    of = Context(names.party(by), names.party(against), where, names.posts.index(post) if post else -1)
    found = model.decoder.layout.perception(name)
    return model.state[locate(c, found.base, found.scope, of)]


def told(events: Iterable[Event]) -> list[str]:
    """Events as short lines, the daily fighting left out: `2 strike red>blue tower killed=3 (void)`."""
    return [_line(event) for event in events if event.event not in QUIET]


def _line(event: Event) -> str:
    words = [str(event.day), event.event if event.rule == "intervention" else event.rule]
    if event.by or event.against:
        words.append(f"{event.by or ''}>{event.against or ''}")
    words += [item for item in (event.post or event.place,) if item]
    words += [f"{mark}={value:g}" for mark, value in event.marks.items() if value]
    return " ".join(words) + (" (void)" if event.void else "")


def rule(event: str = "note", actor: str | None = "red", target: str | None = "blue", **more: Any) -> dict[str, Any]:
    """A rule that is certain to ring every day, unless a pace is given."""
    pace = {} if "rate" in more or "probability" in more else {"probability": 1.0}
    who = {key: party for key, party in (("actor", actor), ("target", target)) if party}
    return {"event": event, **who, **pace, **more}


def total(model: CeasefireModel, section: str) -> float:
    """The sum of a section of the state over its places."""
    begin = model.decoder.layout.at[section]
    return sum(model.state[begin : begin + len(model.names.places)])


def evening(model: CeasefireModel) -> dict[str, float]:
    """The world's numbers by name, for comparisons that read well."""
    return {
        name: model.state[address]
        for name, address in (
            ("regime", st.REGIME),
            ("truce", st.TRUCE),
            ("stored", st.STORED_REGIME),
            ("age", st.TRUCE_AGE),
            ("fragile", st.FRAGILE),
        )
    }
