from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import numpy as np
import pytest

from sim.backtesting.recorded import read_record
from sim.errors import InputError


def written(folder: Path, *rows: str, heading: str = "date,best") -> Path:
    file = folder / "record.csv"
    file.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return file


def test_days_and_deaths(tmp_path: Path) -> None:
    file = written(tmp_path, "2020-01-01,3", "2020-01-02,0", "2020-01-03,2.5")
    found = read_record(file)
    assert found.record.first == dt.date(2020, 1, 1) and found.record.deaths.tolist() == [3, 0, 2.5]
    assert (found.last, found.missing, found.name) == (dt.date(2020, 1, 3), None, "record.csv")
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert found.observed.index[2].date() == found.last and found.observed.iloc[2] == 2.5


@pytest.mark.parametrize("gap", [["2020-01-04,5"], ["2020-01-03,", "2020-01-04,5"]])
def test_it_is_used_up_to_the_first_missing_day(tmp_path: Path, gap: list[str]) -> None:
    found = read_record(written(tmp_path, "2020-01-01,3", "2020-01-02,0", *gap))
    assert (found.last, found.missing) == (dt.date(2020, 1, 2), dt.date(2020, 1, 3))
    assert not np.isnan(found.record.deaths).any()


def test_empty_days_at_the_end_are_told(tmp_path: Path) -> None:
    found = read_record(written(tmp_path, "2020-01-01,3", "2020-01-02,", "2020-01-03,"))
    assert (found.last, found.missing) == (dt.date(2020, 1, 1), dt.date(2020, 1, 2))


@pytest.mark.parametrize(
    ("rows", "heading", "said"),
    [
        ([], "date,best", "has no days"),
        (["2020-01-01,"], "date,best", "has no days"),
        (["2020-01-01,1"], "date,deaths", "has no column best"),
        (["2020-01-02,1", "2020-01-01,1"], "date,best", "stands after 2020-01-02"),
        (["2020-01-01,1", "2020-01-01,1"], "date,best", "stands after 2020-01-01"),
        (["2020-01-01,many"], "date,best", "'many' is not allowed"),
    ],
)
def test_what_is_no_series_is_refused(tmp_path: Path, rows: list[str], heading: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_record(written(tmp_path, *rows, heading=heading))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_record(tmp_path / "none.csv")
