from __future__ import annotations

import datetime as dt
import gzip
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.history.tables import Field, Table, day, number, text, whole

FIELDS = (Field("when", day, aliases=("date",)), Field("n", whole(0, 9)), Field("note", text, None))
GOOD = "n,when,note\n3,2030-05-01, yes \n\n4.0,2030-05-02 00:00:00.000,no\n"
ROWS = [(dt.date(2030, 5, 1), 3, "yes"), (dt.date(2030, 5, 2), 4, "no")]


def rows(path: Path, content: str | bytes, fields: Sequence[Field] = FIELDS) -> list[tuple[Any, ...]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(Table(path, fields, "a list of notes"))


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.csv", GOOD) == ROWS


def test_packed_files_give_the_same_rows(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.csv.gz", gzip.compress(GOOD.encode())) == ROWS
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "read me")
        archive.writestr("folder/A.CSV", GOOD)
    assert list(Table(tmp_path / "a.zip", FIELDS, "a list of notes")) == ROWS


def test_a_byte_order_mark_capitals_and_tags_below_the_heading_are_passed_over(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.csv", "\ufeffN,Date\n#value,#date+start\n3,1 May 2030\n") == [
        (dt.date(2030, 5, 1), 3, None)
    ]


def test_it_knows_which_columns_are_absent(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,date\n")
    assert Table(path, FIELDS, "a list of notes").absent == {"note"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("n,when\n3,2030-05-01\n12,2030-05-02\n", ":3: n: '12' is not allowed; allowed: whole numbers from 0 to 9"),
        ("n,when\n3.5,2030-05-01\n", ":2: n: '3.5' is not allowed; allowed: whole numbers from 0 to 9"),
        ("n,when\nnan,2030-05-01\n", ":2: n: 'nan' is not allowed; allowed: whole numbers from 0 to 9"),
        ("n,when\n3,01/05/2030\n", ":2: when: '01/05/2030' is not a date; allowed: 2020-01-31, with or without a time"),
        ("n,when\n3,\n", ":2: when: '' is not a date"),
        ("n,when\n3\n", ":2: has 1 cells where the heading has 2; fetch the file anew"),
        ("n,whem\n", ":1: this is not a list of notes: it has no column when; did you mean `whem`?"),
        ("n;when\n3;2030-05-01\n", ":1: this is not a list of notes: it has no column when, n; its columns are not"),
        (
            "3,2030-05-01\n",
            ":1: this is not a list of notes: it has no column when, n; its first line is not a heading",
        ),
        ("n,when,n\n", ":1: n: the heading has this column twice; leave one"),
        ("", ":1: this is not a list of notes: it has no column when, n"),
        ("n,when,note\n3,2030-05-01,\xe9\n".encode("latin-1"), "is not UTF-8; save it as CSV in UTF-8"),
        (gzip.compress(GOOD.encode())[:-20], "cannot be read: "),
        (b"PK broken", "is no whole ZIP archive"),
    ],
    ids=range(14),
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(InputError) as error:
        rows(tmp_path / "a.csv", content)
    assert str(error.value).startswith(f"{tmp_path / 'a.csv'}")
    assert said in str(error.value)


def test_an_archive_must_hold_one_table_and_be_no_spreadsheet(tmp_path: Path) -> None:
    for names, said in ((("a.csv", "b.csv"), "holds 2 CSV files"), (("[Content_Types].xml",), "is a spreadsheet")):
        path = tmp_path / f"{len(names)}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, GOOD)
        with pytest.raises(InputError, match=said):
            Table(path, FIELDS, "a list of notes")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere.csv: cannot be read: No such file"):
        Table(tmp_path / "nowhere.csv", FIELDS, "a list of notes")


def test_an_empty_number_is_what_was_agreed_or_wrong() -> None:
    assert number(0, 1, -1.0)(" ") == -1.0
    with pytest.raises(ValueError, match="allowed: numbers from 0 to 1"):
        number(0, 1)(" ")
    with pytest.raises(ValueError, match="allowed: numbers from 0 to 1"):
        number(0, 1)("inf")
