"""What stays as it is throughout a trial, as the tables hold it: who borders whom, who is whose patron, constants."""

from __future__ import annotations

from typing import Any

from sim.scenario.layout import Layout, Names
from sim.scenario.schema import Scenario


def neighbours(scenario: Scenario, names: Names) -> tuple[list[int], list[int]]:
    """Places that border each place, one after another, and where each place's begin."""
    flat: list[int] = []
    begins = [0]
    for place in scenario.places.values():
        flat += [names.places.index(n) for n in place.neighbours]
        begins.append(len(flat))
    return flat, begins


def open_to(scenario: Scenario) -> list[int]:
    """By place, who may attack it: 1 the first of the two sides, 2 the second, 3 both."""
    one, two = scenario.fighting.between
    return [(one in p.open_to) + 2 * (two in p.open_to) for p in scenario.places.values()]


def killed_pairs(scenario: Scenario, names: Names) -> list[int]:
    """By pair of parties, 1 where one state can kill soldiers of another that is a patron or owns posts."""
    states = {a for a, actor in scenario.actors.items() if actor.kind != "coalition"}
    backers = {r.patron for r in scenario.relations.values()} | {p.owner for p in scenario.posts.values()}
    parties = names.parties
    return [int(a in states and b in states & backers and a != b) for a in parties for b in parties]


def patrons(scenario: Scenario, names: Names) -> list[int]:
    """By party, its patron, or that of its actor; nobody where it has none."""
    of = {r.client: r.patron for r in scenario.relations.values()}
    nobody = names.party(None)
    found = [of.get(party) or of.get(names.agent(party)) for party in names.parties]
    return [nobody if patron is None else names.party(patron) for patron in found]


def shares(scenario: Scenario) -> list[float]:
    """The numbers of `Tables.shares`: displacement, what it presses, and the excitation of the fighting."""
    d, e = scenario.displacement, scenario.fighting.excitation
    pressed: tuple[Any, ...] = (0.0, 0.0, 0.0)
    if d.presses:
        bounds = scenario.quantities[d.presses.quantity]
        pressed = (d.presses.per_thousand, bounds.low, bounds.high)
    half_life: Any = e.half_life_days
    people = (d.rate, d.spill, d.sigma, d.return_rate, d.return_after_days, *pressed)
    numbers: tuple[Any, ...] = (e.share, 0.5 ** (1.0 / half_life), *people)
    return [float(x) for x in numbers]


def limits(scenario: Scenario) -> list[float]:
    """The numbers of `Tables.limits`."""
    d = scenario.defaults
    return [
        float(x)
        for x in (d.deadline_lingers_days, d.rung_drifts_up_to, d.first_move_rung, d.fray_deaths, d.collapse_deaths)
    ]


def presses_at(scenario: Scenario, names: Names, layout: Layout) -> int:
    """Where the quantity stands that displacement presses on; -1 without one."""
    presses = scenario.displacement.presses
    return -1 if presses is None else layout.quantities[presses.quantity][1] + names.party(presses.actor)
