"""UCDP GED: event files of the Uppsala Conflict Data Program, global or of a country, releases 17 to 25, candidates.

Columns and codes: UCDP GED codebook (Sundberg & Melander 2013, J. Peace Research 50(4); Hoegbladh). The estimates were
called `best_est`, `low_est`, `high_est` in some older releases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.history.areas import CODE
from sim.history.importing import Event
from sim.history.tables import Field, Table, day, name, number, text, whole

TYPES = {"1": "state-based", "2": "non-state", "3": "one-sided"}
WHERE = range(1, 8)  # 1 the place, 2 near it, 3 its district, 4 its province, 5 a line or area, 6 the country, 7 at sea
WHEN = range(1, 6)  # 1 the day, 2 two to six days, 3 a week, 4 up to a month, 5 more than a month
PRECISE = frozenset({1, 2})
MOST_DEATHS = 10_000_000
KIND = "a UCDP GED event file"

_deaths = whole(0, MOST_DEATHS)
_type = whole(1, 3)
FIELDS = (
    Field("id", name),
    Field("date_start", day),
    Field("date_end", day, None),
    Field("latitude", number(-90, 90, float("nan"))),
    Field("longitude", number(-180, 180, float("nan"))),
    Field(CODE, text, None, (f"cod_{CODE}",)),
    Field("country", text, None),
    Field("side_a", text),
    Field("side_b", text),
    Field("type_of_violence", lambda cell: str(_type(cell))),
    Field("where_prec", whole(WHERE[0], WHERE[-1]), None),
    Field("date_prec", whole(WHEN[0], WHEN[-1]), None),
    Field("best", _deaths, aliases=("best_est",)),
    Field("low", _deaths, aliases=("low_est",)),
    Field("high", _deaths, aliases=("high_est",)),
)


def ucdp_table(path: Path) -> Table:
    """The file as a table of `FIELDS`."""
    return Table(path, FIELDS, KIND, _is_other)


def ucdp_events(table: Table) -> Iterator[Event]:
    """The events of a GED file, one after another. InputError where a row cannot be right."""
    for id, first, last, lat, lon, code, country, side_a, side_b, kind, where, when, *deaths in table:
        last = last or first
        if last < first:
            raise table.wrong("date_end", f"{last} lies before date_start {first}; fetch the file anew")
        yield Event(id, first, last, lat, lon, code, country, (side_a, side_b), kind, where, when, *deaths)


def _is_other(columns: Sequence[str]) -> str:
    if {"event_date", "fatalities"} <= set(columns):
        return "; it looks like an ACLED export: use `ceasefire data import-acled`"
    if {"date", "best"} <= set(columns):
        return "; it looks like a daily series already: a scenario's `history.deaths` reads it as it is"
    return ""
