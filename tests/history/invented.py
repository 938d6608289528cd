"""Invented event files in the publishers' shapes: every row is made up."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

# fmt: off
GED = [
    "id", "relid", "year", "active_year", "code_status", "type_of_violence", "conflict_new_id", "conflict_name",
    "dyad_new_id", "dyad_name", "side_a", "side_b", "number_of_sources", "source_article", "where_prec",
    "where_coordinates", "adm_1", "adm_2", "latitude", "longitude", "geom_wkt", "priogrid_gid", "country", "country_id",
    "region", "event_clarity", "date_prec", "date_start", "date_end", "deaths_a", "deaths_b", "deaths_civilians",
    "deaths_unknown", "best", "high", "low",
]
ACLED = [
    "event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type", "sub_event_type", "actor1",
    "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction", "civilian_targeting", "iso",
    "region", "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision", "source",
    "source_scale", "notes", "fatalities", "tags", "timestamp",
]
GED_ROW = {
    "type_of_violence": 1, "side_a": "Redland", "side_b": "the Band", "where_prec": 1, "latitude": 1.5,
    "longitude": 2.5, "country": "Amber", "date_prec": 1, "date_start": "2030-05-01 00:00:00.000", "best": 4, "low": 3,
    "high": 6, "source_article": '"Gazette, late edition",\nsecond line',
}
ACLED_ROW = {
    "event_date": "01 May 2030", "time_precision": 1, "event_type": "Battles", "actor1": "Redland",
    "actor2": "the Band", "country": "Amber", "latitude": 1.5, "longitude": 2.5, "geo_precision": 1, "fatalities": 4,
}
# fmt: on


def ged(*rows: Mapping[str, object], columns: Iterable[str] = GED) -> str:
    """A GED file with a row for each mapping of what is not usual; ids count up, an event ends on its first day."""
    usual = (
        {"id": k, **GED_ROW, "date_end": row.get("date_start", GED_ROW["date_start"])} for k, row in enumerate(rows)
    )
    return table(columns, [{**base, **row} for base, row in zip(usual, rows, strict=True)])


def acled(*rows: Mapping[str, object], columns: Iterable[str] = ACLED) -> str:
    """An ACLED export likewise."""
    return table(columns, [{"event_id_cnty": f"AMB{k}", **ACLED_ROW, **row} for k, row in enumerate(rows)])


def table(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """CSV text of the columns; what a row does not say is empty."""
    heading, text = list(columns), io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([[row.get(name, "") for name in heading] for row in rows])
    return text.getvalue()


def written(path: Path, text: str) -> Path:
    """The file with this text."""
    path.write_text(text, encoding="utf-8")
    return path
