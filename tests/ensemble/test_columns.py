from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.ensemble import columns, tables
from sim.trajectory import Column

ROOT = Path(__file__).parents[2]
ROWS = [
    {"set": 0, "trial": 0, "war_day": 3, "agreement_effective": True, "deaths": 0.1 + 0.2, "terminal_status": "hold"},
    {"set": 0, "trial": 1, "war_day": None, "agreement_effective": None, "deaths": 1e-300, "error": 'a, "b"\nc'},
    {"set": 1, "trial": 0, "war_day": None, "agreement_effective": False, "deaths": None, "error": None},
]
SUFFIXES = pytest.mark.parametrize("suffix", ["parquet", "csv"])


def plain(table: columns.Table) -> list[dict[str, object]]:
    number = len(next(iter(table.values()), ()))
    return [{name: column.item(k) for name, column in table.items()} for k in range(number)]


@SUFFIXES
def test_rows_come_back_as_they_were(tmp_path: Path, suffix: str) -> None:
    columns.write(columns.of_rows(ROWS), tmp_path / f"t.{suffix}")
    found = plain(columns.read(tmp_path / f"t.{suffix}"))
    assert found == [{name: row.get(name) for name in found[0]} for row in ROWS]


@SUFFIXES
def test_data_frames_are_those_of_the_rows(tmp_path: Path, suffix: str) -> None:
    expected, path = tables.frame(ROWS), tmp_path / f"t.{suffix}"
    columns.write(columns.of_rows(ROWS), path)
    pd.testing.assert_frame_equal(tables.read(path), expected, check_exact=True)
    pd.testing.assert_frame_equal(columns.as_frame(columns.read(path)), expected, check_exact=True)


@SUFFIXES
def test_a_column_of_nulls_keeps_its_kind(tmp_path: Path, suffix: str) -> None:
    columns.write(columns.of_rows([{**ROWS[1], "error": None}]), tmp_path / f"t.{suffix}")
    kinds = tables.read(tmp_path / f"t.{suffix}").dtypes.astype(str)
    assert dict(kinds[["war_day", "agreement_effective", "error"]]) == {
        "war_day": "Int64",
        "agreement_effective": "boolean",
        "error": "string",
    }


@SUFFIXES
def test_only_the_columns_asked_for_are_read(tmp_path: Path, suffix: str) -> None:
    columns.write(columns.of_rows(ROWS), tmp_path / f"t.{suffix}")
    assert list(columns.read(tmp_path / f"t.{suffix}", ("trial", "deaths", "peace_day"))) == ["trial", "deaths"]


@SUFFIXES
def test_what_is_not_a_number_is_null(tmp_path: Path, suffix: str) -> None:
    columns.write({"deaths": Column(np.array([np.nan, 1.0]))}, tmp_path / f"t.{suffix}")
    assert plain(columns.read(tmp_path / f"t.{suffix}")) == [{"deaths": None}, {"deaths": 1.0}]


@SUFFIXES
def test_a_table_without_rows_has_its_columns(tmp_path: Path, suffix: str) -> None:
    columns.write(columns.of_rows([], ("set", "series")), tmp_path / f"t.{suffix}")
    found = columns.read(tmp_path / f"t.{suffix}")
    assert {name: len(column) for name, column in found.items()} == {"set": 0, "series": 0}


@SUFFIXES
def test_the_parts_of_a_table_are_the_table(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "ROW_GROUP", 7)
    rows = [{"series": f"s{k // 10}", "day": k, "n": k} for k in range(30)]
    columns.write(columns.of_rows(rows), tmp_path / f"t.{suffix}")
    found = list(columns.parts(tmp_path / f"t.{suffix}"))
    assert len(found) == (5 if suffix == "parquet" else 1)
    assert [row for part in found for row in plain(part)] == rows


texts = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(texts, st.none() | st.integers(0, 9)), min_size=1, max_size=5), max_size=4))
def test_tables_one_below_the_other(parts: list[list[tuple[str | None, int | None]]]) -> None:
    rows = [[{"by": by, "war_day": day} for by, day in part] for part in parts]
    assert plain(columns.concatenated([columns.of_rows(part) for part in rows])) == [
        row for part in rows for row in part
    ]


def test_what_a_part_does_not_have_is_null_in_it() -> None:
    one, two = columns.of_rows([{"set": 0, "error": "broke"}]), columns.of_rows([{"set": 1, "war_day": 4}])
    assert plain(columns.concatenated([one, two])) == [
        {"set": 0, "error": "broke", "war_day": None},
        {"set": 1, "error": None, "war_day": 4},
    ]


def test_neither_writing_nor_reading_imports_pandas(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from sim.ensemble import columns
path = Path({str(tmp_path / "t.parquet")!r})
columns.write(columns.of_rows([{{"set": 0, "void": None, "by": "north", "deaths": 1.5, "war_day": None}}]), path)
print(len(columns.read(path)), len(list(columns.parts(path))), "pandas" in sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stdout == "5 1 False\n"
