"""The state at the beginning of a scenario's history, from which its dated past is driven."""

from __future__ import annotations

import datetime as dt

from sim.conflict import state as st
from sim.scenario.layout import LEVELS, STATUSES, Layout, Names
from sim.scenario.schema import Scenario


def initial_state(scenario: Scenario, names: Names, layout: Layout, length: int, before: dt.date) -> list[float]:
    """The state on the evening of `before`, the day before the history begins; numbers must be plain."""
    s = [0.0] * length
    s[st.DAY] = float((before - scenario.origin).days + 1)
    s[st.EXCITATION] = 1.0
    _agreement(s, scenario, names, layout, before)
    _parties(s, scenario, names, layout)
    for k in range(len(names.events)):
        s[layout.at["since"] + k] = st.NEVER
    for k, rule in enumerate(names.rules):
        s[layout.at["enabled"] + k] = float(scenario.rules[rule].enabled)
    _ground(s, scenario, names, layout)
    _quantities(s, scenario, names, layout)
    return s


def _agreement(s: list[float], scenario: Scenario, names: Names, layout: Layout, before: dt.date) -> None:
    agreement = scenario.agreement
    signed = agreement.signed or before
    s[st.INTEGRITY] = float(agreement.integrity)  # type: ignore[arg-type]  # fixed: plain
    if agreement.level != "none":
        s[st.TRUCE] = float(LEVELS[agreement.level])
        s[st.TRUCE_AGE] = float(max(0, (before - signed).days))
        s[st.TRUCE_DOUBLINGS] = st.doublings(s[st.TRUCE_AGE])
    for party in agreement.parties:
        s[layout.at["bound"] + names.party(party)] = 1.0
    for k, term in enumerate(agreement.terms.values()):
        due = term.due
        if due is None and term.due_in_days is not None:
            due = signed + dt.timedelta(days=term.due_in_days)
        s[layout.at["due_left"] + k] = 1e9 if due is None else float((due - before).days)
        s[layout.at["met"] + k] = float(term.met)


def _parties(s: list[float], scenario: Scenario, names: Names, layout: Layout) -> None:
    for party in names.parties[:-1]:
        s[layout.at["restraint"] + names.party(party)] = _restraint_of(party, scenario, names)


def _restraint_of(party: str, scenario: Scenario, names: Names) -> float:
    for who in (party, names.agent(party)):
        for relation in scenario.relations.values():
            if relation.client == who:
                return float(relation.restraint)  # type: ignore[arg-type]  # fixed: plain
    return 0.0


def _ground(s: list[float], scenario: Scenario, names: Names, layout: Layout) -> None:
    at = layout.at
    for k, place in enumerate(scenario.places.values()):
        ours = place.control == scenario.fighting.between[0]
        s[at["control"] + k] = float(names.party(place.control))
        s[at["taken"] + k] = 1.0 if ours else place.taken
        s[at["exposed"] + k] = float(place.exposed)  # type: ignore[arg-type]  # fixed: plain
        s[at["population"] + k] = float(place.population)  # type: ignore[arg-type]  # fixed: plain
        s[at["value"] + k] = place.value
    for k, post in enumerate(scenario.posts.values()):
        s[at["status"] + k] = float(STATUSES[post.status])
        s[at["owner"] + k] = float(names.party(post.owner))


def _quantities(s: list[float], scenario: Scenario, names: Names, layout: Layout) -> None:
    for name, quantity in scenario.quantities.items():
        of, base, size = layout.quantities[name]
        if not isinstance(quantity.initial, dict):
            s[base : base + size] = [float(quantity.initial)] * size  # type: ignore[arg-type]  # fixed: plain
            continue
        for item, value in quantity.initial.items():
            offset = names.party(item) if of == "actor" else names.places.index(item)
            s[base + offset] = float(value)  # type: ignore[arg-type]  # fixed: plain
