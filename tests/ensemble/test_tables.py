from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.ensemble import tables

ROWS = [
    {"set": 0, "trial": 0, "war_day": 3, "agreement_effective": True, "deaths": 0.1 + 0.2, "terminal_status": "hold"},
    {"set": 0, "trial": 1, "war_day": None, "agreement_effective": None, "deaths": 1e-300, "error": 'a, "b"\nc'},
]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_table_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    table = tables.frame(ROWS)
    tables.write(table, tmp_path / f"t.{suffix}")
    pd.testing.assert_frame_equal(tables.read(tmp_path / f"t.{suffix}"), table, check_exact=True)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_column_of_nulls_keeps_its_kind(tmp_path: Path, suffix: str) -> None:
    tables.write(tables.frame([{**ROWS[1], "error": None}]), tmp_path / f"t.{suffix}")
    kinds = tables.read(tmp_path / f"t.{suffix}").dtypes.astype(str)
    assert dict(kinds[["war_day", "agreement_effective", "error"]]) == {
        "war_day": "Int64",
        "agreement_effective": "boolean",
        "error": "string",
    }


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.floats(allow_nan=False), min_size=1))
def test_csv_keeps_every_bit_of_a_number(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    tables.write(tables.frame([{"deaths": value} for value in values]), path)
    assert tables.read(path)["deaths"].tolist() == values


def test_a_party_may_be_called_na(tmp_path: Path) -> None:
    table = tables.frame([{"by": "na"}, {"by": None}])
    tables.write(table, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(tables.read(tmp_path / "t.csv"), table)


def test_a_column_of_unknown_name_with_text_is_text() -> None:
    assert str(tables.frame([{"weather": None}, {"weather": "fog"}])["weather"].dtype) == "string"


def test_no_rows_have_the_columns_asked() -> None:
    assert list(tables.frame([], ("set", "trial")).columns) == ["set", "trial"]


def test_a_writer_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    tables.replace_text(path, "old")

    def full(to: Path) -> None:
        to.write_text("ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        tables.replace(path, full)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_replace_gives_the_digest_of_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "t.txt"
    assert tables.replace_text(path, "new") == tables.sha256(path)
