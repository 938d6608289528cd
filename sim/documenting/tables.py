"""The tables that pages may ask for by name, and the pages that are made of prose and such tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.documenting import acts, entities, evidence, numbers, origins, posteriors, variables
from sim.documenting.filling import fill
from sim.documenting.schedule import schedule
from sim.documenting.subject import Subject, subject
from sim.errors import InputError

FLAGSHIP = "idlib-2020-02-11"
PAGES = {"odd": Path("docs/explanation/odd.md"), "limits": Path("docs/explanation/limits.md")}
TABLES: dict[str, Callable[[Subject], str]] = {
    "kinds": entities.kinds,
    "parties": entities.parties,
    "relations": entities.relations,
    "places": entities.places,
    "posts": entities.posts,
    "terms": entities.terms,
    "ladder": entities.ladder,
    "state": variables.state,
    "quantities": variables.quantities,
    "initial": variables.initial,
    "schedule": schedule,
    "rules": acts.rules,
    "events": acts.events,
    "outcomes": acts.outcomes,
    "parameters": numbers.parameters,
    "processes": numbers.processes,
    "inputs": origins.inputs,
    "origins": origins.origins,
    "posterior": posteriors.posterior,
    "correlations": posteriors.correlations,
    "grades": evidence.grades,
    "few": evidence.few,
    "afterwards": evidence.afterwards,
    "claims": evidence.claims,
    "truces": evidence.truces,
    "definitions": evidence.definitions,
}


def made(page: Path, source: str = FLAGSHIP) -> str:
    """The text of a page with its tables made anew from a scenario. Raises InputError for a page that is not there."""
    if not page.is_file():
        raise InputError(f"there is no {page} here; run this at the root of the source tree")
    return fill(page.read_text(encoding="utf-8"), TABLES, subject(source))
