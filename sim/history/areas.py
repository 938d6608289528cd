"""Where an event must lie to be counted: in a box, in listed subdistricts by their codes, or inside polygons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sim.errors import InputError
from sim.history.tables import Field, Table, text

CODE = "adm3_pcode"  # of a subdistrict, in OCHA's common operational boundaries
Ring = tuple[tuple[float, float], ...]  # (longitude, latitude), the first corner repeated at the end


class Area(Protocol):
    """A part of the earth."""

    def holds(self, latitude: float, longitude: float, code: str | None) -> bool:
        """Whether a point lies in it; `code` is the subdistrict that the event's row names, if it does."""
        ...


class Box(NamedTuple):
    """From south to north and west to east, edges included; degrees."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, latitude: float, longitude: float, code: str | None) -> bool:
        """Whether the point lies in the box."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    def __str__(self) -> str:
        """In words."""
        return f"box {self.south:g} to {self.north:g} N, {self.west:g} to {self.east:g} E"


@dataclass(frozen=True)
class Codes:
    """Subdistricts by code."""

    codes: frozenset[str]

    def holds(self, latitude: float, longitude: float, code: str | None) -> bool:
        """Whether the row's own code is listed."""
        return code in self.codes

    def __str__(self) -> str:
        """In words."""
        return f"{len(self.codes)} subdistricts by the code in each row"


class Polygon(NamedTuple):
    """Rings of a polygon and the box around them; a ring inside another is a hole."""

    box: Box
    rings: tuple[Ring, ...]


class Polygons:
    """Subdistricts by their boundaries."""

    def __init__(self, polygons: list[Polygon], areas: int) -> None:
        self.polygons, self.areas = polygons, areas
        self._found = lru_cache(maxsize=100_000)(self._find)

    def holds(self, latitude: float, longitude: float, code: str | None) -> bool:
        """Whether the point lies inside one of the polygons."""
        return self._found(latitude, longitude)

    def __str__(self) -> str:
        """In words."""
        return f"{self.areas} subdistricts by their boundaries"

    def _find(self, latitude: float, longitude: float) -> bool:
        near = (polygon for polygon in self.polygons if polygon.box.holds(latitude, longitude, None))
        return any(inside(longitude, latitude, polygon.rings) for polygon in near)


def inside(x: float, y: float, rings: tuple[Ring, ...]) -> bool:
    """Whether a point is inside rings: a ray to the east crosses their edges an odd number of times."""
    crossed = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > y) != (y2 > y) and x < x1 + (x2 - x1) * (y - y1) / (y2 - y1):
                crossed = not crossed
    return crossed


# --- reading ---------------------------------------------------------------------------------------------------------


def box(given: str) -> Box:
    """The box of `LAT_MIN,LAT_MAX,LON_MIN,LON_MAX`."""
    try:
        south, north, west, east = (float(part) for part in given.split(","))
    except ValueError:
        raise InputError(f"{given!r} is no box; write LAT_MIN,LAT_MAX,LON_MIN,LON_MAX in degrees") from None
    if not (-90 <= south < north <= 90 and -180 <= west < east <= 180):
        raise InputError(
            f"{given!r} is no box; latitudes come first and rise within -90 to 90, then longitudes within -180 to 180"
        )
    return Box(south, north, west, east)


def subdistricts(path: Path, boundaries: Path | None = None) -> Codes | Polygons:
    """The subdistricts of a list (CSV with a column `adm3_pcode`) or of a GeoJSON file.

    A list alone counts by the code that the event file has for each row; with `boundaries` (GeoJSON with `adm3_pcode`)
    by the polygons of the codes listed.
    """
    if path.suffix.lower() in (".geojson", ".json"):
        return _polygons(path, None)
    codes = frozenset(code for (code,) in Table(path, [Field(CODE, text)], "a list of subdistricts"))
    if not codes:
        raise InputError(f"{path}: lists no subdistrict; write one code a line below `{CODE}`")
    return Codes(codes) if boundaries is None else _polygons(boundaries, codes)


def _polygons(path: Path, codes: frozenset[str] | None) -> Polygons:
    features = [(code, geometry) for code, geometry in _features(path) if codes is None or code in codes]
    missing = sorted((codes or frozenset()) - {code for code, _ in features})
    if missing:
        raise InputError(f"{path}: has no boundary of {', '.join(missing[:5])}; take boundaries that hold all listed")
    if not features:
        raise InputError(f"{path}: has no polygon; allowed: GeoJSON with Polygon or MultiPolygon features")
    return Polygons([_polygon(rings) for _, geometry in features for rings in geometry], len(features))


def _features(path: Path) -> Iterator[tuple[str, list[Any]]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        for feature in data["features"]:
            geometry = feature["geometry"]
            of_one = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}
            yield str((feature.get("properties") or {}).get(CODE, "")), of_one[geometry["type"]]
    except OSError as fault:
        raise InputError(f"{path}: cannot be read: {fault.strerror}") from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise InputError(f"{path}: is not GeoJSON with polygons ({fault!r}); allowed: a FeatureCollection") from fault


def _polygon(rings: list[Any]) -> Polygon:
    corners = tuple(tuple((float(x), float(y)) for x, y, *_ in ring) for ring in rings)
    xs, ys = [x for ring in corners for x, _ in ring], [y for ring in corners for _, y in ring]
    return Polygon(Box(min(ys), max(ys), min(xs), max(xs)), corners)
