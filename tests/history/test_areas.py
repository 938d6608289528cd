from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.history.areas import Box, Codes, Polygons, box, subdistricts
from tests.history.invented import written

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]
FAR = [[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]


def feature(code: str, kind: str, coordinates: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"adm3_pcode": code},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def boundaries(path: Path) -> Path:
    features = [feature("A", "Polygon", [SQUARE, HOLE]), feature("B", "MultiPolygon", [[FAR]])]
    return written(path, json.dumps({"type": "FeatureCollection", "features": features}))


def test_a_box_holds_its_edges_latitudes_first() -> None:
    found = box("35.25,36.40,36.10,37.15")
    assert found == Box(35.25, 36.4, 36.1, 37.15)
    assert found.holds(35.25, 37.15, None)
    assert not found.holds(36.41, 36.5, None)
    assert not found.holds(36.0, 36.0, None)


@pytest.mark.parametrize("given", ["1,2,3", "a,b,c,d", "36.4,35.25,36.1,37.15", "36.1,37.15,200,201", "nan,1,0,1"])
def test_what_is_no_box_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="is no box"):
        box(given)


def test_listed_subdistricts_count_by_the_code_in_the_row(tmp_path: Path) -> None:
    found = subdistricts(written(tmp_path / "list.csv", "adm3_pcode,adm3_name\nA,Amber\n"))
    assert found == Codes(frozenset({"A"}))
    assert found.holds(99, 99, "A")
    assert not found.holds(2, 2, "B")
    assert not found.holds(2, 2, None)


def test_boundaries_hold_their_inside_without_holes(tmp_path: Path) -> None:
    found = subdistricts(boundaries(tmp_path / "b.geojson"))
    assert [found.holds(y, x, None) for y, x in ((0.5, 2), (2, 2), (10.5, 10.5), (5, 5), (2, 0.5))] == [
        True, False, True, False, True,
    ]  # fmt: skip


def test_a_list_chooses_among_boundaries(tmp_path: Path) -> None:
    listed = written(tmp_path / "list.csv", "adm3_pcode\nB\n")
    found = subdistricts(listed, boundaries(tmp_path / "b.geojson"))
    assert isinstance(found, Polygons)
    assert (found.holds(10.5, 10.5, None), found.holds(0.5, 2, "B")) == (True, False)


def test_a_list_without_boundaries_for_all_of_it_is_refused(tmp_path: Path) -> None:
    listed = written(tmp_path / "list.csv", "adm3_pcode\nB\nC\n")
    with pytest.raises(InputError, match=r"b\.geojson: has no boundary of C"):
        subdistricts(listed, boundaries(tmp_path / "b.geojson"))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("l.csv", "adm3_pcode\n", "lists no subdistrict"),
        ("l.csv", "pcode\nA\n", "it has no column adm3_pcode; did you mean `pcode`?"),
        ("b.geojson", "{}", "is not GeoJSON"),
        ("b.geojson", "not json", "is not GeoJSON"),
        ("b.geojson", '{"features": []}', "has no polygon"),
        ("b.geojson", '{"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]}', "is not GeoJSON"),
    ],
)
def test_what_lists_no_subdistricts_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        subdistricts(written(tmp_path / name, text))
    assert said in str(error.value)
