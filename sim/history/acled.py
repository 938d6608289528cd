"""ACLED: an export that the user has made under the terms of the Armed Conflict Location & Event Data project.

Only columns of the ACLED codebook are read. There is one count of fatalities, which stands as best, low and high.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.history.areas import CODE
from sim.history.importing import Event
from sim.history.tables import Field, Table, day, name, number, text, whole

TYPES = ("Battles", "Explosions/Remote violence", "Violence against civilians", "Protests", "Riots",
         "Strategic developments")  # fmt: skip
VIOLENT = TYPES[:3]
WHERE = range(1, 4)  # 1 the place, 2 near it, 3 the wider region
WHEN = range(1, 4)  # 1 the day, 2 the week, 3 the month
PRECISE = frozenset({1, 2})
KIND = "an ACLED export"


def _type(cell: str) -> str:
    """An event type, in the codebook's spelling."""
    for known in TYPES:
        if cell.strip().lower() == known.lower():
            return known
    raise ValueError(f"is no event type; allowed: {', '.join(TYPES)}")


FIELDS = (
    Field("event_id_cnty", name),
    Field("event_date", day),
    Field("latitude", number(-90, 90, float("nan"))),
    Field("longitude", number(-180, 180, float("nan"))),
    Field(CODE, text, None),
    Field("country", text, None),
    Field("actor1", text),
    Field("actor2", text),
    Field("event_type", _type),
    Field("geo_precision", whole(WHERE[0], WHERE[-1]), None),
    Field("time_precision", whole(WHEN[0], WHEN[-1]), None),
    Field("fatalities", whole(0, 10_000_000)),
)


def acled_table(path: Path) -> Table:
    """The file as a table of `FIELDS`."""
    return Table(path, FIELDS, KIND, _is_other)


def acled_events(table: Table) -> Iterator[Event]:
    """The events of an ACLED export, one after another; each has one day."""
    for id, date, lat, lon, code, country, actor1, actor2, kind, where, when, deaths in table:
        sides = (actor1, actor2)
        yield Event(id, date, date, lat, lon, code, country, sides, kind, where, when, deaths, deaths, deaths)


def _is_other(columns: Sequence[str]) -> str:
    if {"date_start", "type_of_violence"} <= set(columns):
        return "; it looks like a UCDP GED file: use `ceasefire data import-ucdp`"
    return ""
