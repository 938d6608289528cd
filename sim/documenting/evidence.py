"""Tables of what the evidence cannot carry: grades, small counts, what is known afterwards, claims, truces."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sim.documenting.acts import readings
from sim.documenting.subject import Subject
from sim.documenting.wording import listed, table
from sim.scenario.auditing import basis_of
from sim.scenario.numbers import uncertain_paths
from sim.scenario.schema import Basis, Intervention, Scenario, Section

GRADES = ("fitted", "coded", "published", "assumed")
FEW = 5  # a count of so many cases or fewer decides little
AFTERWARDS = re.compile(
    "afterwards|came later|later ones|after the origin|whole month|all of February|knows 27 February|in May 2020"
    "|is not counted"
)
CLAIMS = re.compile(r"\bclaim|no independent figure")


def grades(subject: Subject) -> str:
    """How many rules, event types, shared numbers and uncertain numbers have which grade of evidence."""
    s = subject.scenario
    columns = [
        Counter(_grade(it.basis) for it in kind.values()) for kind in (s.rules, s.events, s.parameters, s.quantities)
    ]
    columns.append(Counter(_grade(basis_of(s, path)) for path in uncertain_paths(s)))
    rows = [(grade, *(column[grade] for column in columns)) for grade in (*GRADES, "none")]
    header = (
        "grade",
        "rules",
        "event types",
        "shared numbers",
        "declared quantities",
        "uncertain numbers of all kinds",
    )
    return table(header, [row for row in rows if any(row[1:])])


def few(subject: Subject) -> str:
    """What is counted from few cases: the number of cases, and what rests on it."""
    found = [(it.n, path) for path, it in bases(subject.scenario) if it.coded is not None and it.n is not None]
    by_n: dict[int, list[str]] = {}
    for n, path in sorted(found):
        if n <= FEW:
            by_n.setdefault(n, []).append(f"`{path}`")
    return table(("cases", "how many numbers and rules", "which"), [(n, len(it), listed(it)) for n, it in by_n.items()])


def afterwards(subject: Subject) -> str:
    """Every basis of the scenario whose note speaks of what came after the origin of the article."""
    rows = [(f"`{path}`", it.note) for path, it in bases(subject.scenario) if AFTERWARDS.search(it.note or "")]
    return table(("where", "what its basis says"), rows)


def claims(subject: Subject) -> str:
    """Dated events with a figure that one side claims, or with no independent one: what is counted, what is said."""
    rows = []
    for what in dated(subject.scenario):
        if CLAIMS.search(what.about):
            counted = listed(
                f"{mark} {value:g}" for mark, value in what.marks.items() if mark in ("killed", "soldiers")
            )
            after = "yes" if what.known_afterwards else "no"
            rows.append((what.on, f"{what.actor} towards {what.target}", counted, what.about, what.source, after))
    return table(("day", "who", "counted", "what is said", "source", "known afterwards"), rows)


def truces(subject: Subject) -> str:
    """The truces of the chronology by level, with the day on which it ends each."""
    rows = []
    standing: list[Any] | None = None
    for what in dated(subject.scenario):
        level = _truce(subject.scenario, what)
        if level is not None and standing is not None:
            rows.append([*standing, what.on, _days(standing[0], what.on)])
            standing = None
        if level not in (None, "none"):
            standing = [what.on, level, f"`{what.event}`", "yes" if what.known_afterwards else "no"]
    rows += [[*standing, "-", "-"]] if standing else []
    return table(("begins", "level", "coded as", "known afterwards", "ends in the chronology", "days"), rows)


def definitions(subject: Subject) -> str:
    """The other readings that outcomes declare."""
    outcomes = subject.scenario.outcomes.items()
    rows = [(f"`{name}`", "; ".join(readings(it)) or "-") for name, it in outcomes]
    return table(("outcome", "other readings"), rows)


# --- finding ---------------------------------------------------------------------------------------------------------


def dated(scenario: Scenario) -> list[Intervention]:
    """The events of the chronology by date, those after the origin included."""
    events = [*scenario.history.events.values(), *scenario.afterwards.values()]
    return sorted((it for it in events if it.on is not None), key=lambda it: it.on or dt.date.min)


def bases(value: Any, path: str = "") -> Iterator[tuple[str, Basis]]:
    """Every basis in a scenario, with the path of the section that it stands for."""
    if isinstance(value, Section):
        children = [(name, value.__dict__[name]) for name in type(value).model_fields]
    elif isinstance(value, dict):
        children = [(str(name), child) for name, child in value.items()]
    else:
        children = [(str(k), child) for k, child in enumerate(value)] if isinstance(value, list | tuple) else []
    for name, child in children:
        if isinstance(child, Basis):
            yield path, child
        else:
            yield from bases(child, f"{path}.{name}".lstrip("."))


def _grade(of: Basis | None) -> str:
    return of.grade if of else "none"


def _truce(scenario: Scenario, what: Intervention) -> str | None:
    """The level of the truce that an event begins, `none` if it ends one, None if it does neither."""
    event = scenario.events.get(what.event or "")
    return next((it.truce for it in event.effects if it.truce is not None), None) if event else None


def _days(begin: dt.date, end: dt.date | None) -> str:
    return "-" if end is None else str((end - begin).days)
