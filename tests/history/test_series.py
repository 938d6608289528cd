from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.history.series import Day, Series, digest, read_series, write_series
from tests.history.invented import written

START = dt.date(2030, 5, 1)
SERIES = Series(START, (Day(2, 4, 3, 6), Day(0, 0, 0, 0), Day(1, 1.5, 1, 2)))
TEXT = "date,events,best,low,high\n2030-05-01,2,4,3,6\n2030-05-02,0,0,0,0\n2030-05-03,1,1.5,1,2\n"


def test_it_is_written_and_read_back(tmp_path: Path) -> None:
    write_series(SERIES, tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_bytes() == TEXT.encode()
    assert read_series(tmp_path / "s.csv") == SERIES
    assert SERIES.end == dt.date(2030, 5, 3)


def test_its_digest_is_of_the_content_however_it_is_written(tmp_path: Path) -> None:
    other = written(tmp_path / "s.csv", TEXT.replace("4,3,6", "4.0,3.0,6").replace("\n", "\r\n"))
    assert digest(read_series(other)) == digest(SERIES) == hashlib.sha256(TEXT.encode()).hexdigest()
    assert digest(Series(START, SERIES.days[:2])) != digest(SERIES)


def test_best_stands_for_what_is_not_there(tmp_path: Path) -> None:
    short = written(tmp_path / "s.csv", "date,best\n2030-05-01,4\n")
    assert read_series(short) == Series(START, (Day(0, 4, 4, 4),))


@pytest.mark.parametrize("estimate", ["low", "high"])
def test_an_estimate_that_the_file_does_not_have_is_not_judged(tmp_path: Path, estimate: str) -> None:
    short = read_series(written(tmp_path / "s.csv", "date,best\n2030-05-01,4\n"))
    said = f"has no column {estimate}, so that .* it has date, best; take --deaths best, or a file with that column"
    with pytest.raises(InputError, match=said):
        short.deaths(START, START, estimate)
    assert short.deaths(START, START) == [4]


def test_deaths_of_a_span_and_of_each_estimate() -> None:
    assert SERIES.deaths(START, SERIES.end) == [4, 0, 1.5]
    assert SERIES.deaths(dt.date(2030, 5, 3), SERIES.end, "high") == [2]


@pytest.mark.parametrize(
    ("first", "last"), [("2030-04-30", "2030-05-02"), ("2030-05-01", "2030-05-04"), ("2030-05-02", "2030-05-01")]
)
def test_days_that_it_does_not_have_are_refused(first: str, last: str) -> None:
    with pytest.raises(InputError, match="allowed: days in order, 2030-05-01 to 2030-05-03"):
        SERIES.deaths(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            TEXT.replace("2030-05-02,0,0,0,0\n", ""),
            ":3: date: 2030-05-03 stands where 2030-05-02 is due; a day without",
        ),
        (TEXT.replace("2030-05-02", "2030-05-01"), ":3: date: 2030-05-01 stands where 2030-05-02 is due"),
        (TEXT.replace("4,3,6", "-4,3,6"), ":2: best: '-4' is not allowed; allowed: numbers from 0"),
        ("date,best\n", "has no days; write one row a day"),
        ("id,date_start,type_of_violence,best\n", "make a series of it with `ceasefire data import-ucdp`"),
        ("event_id_cnty,event_date,fatalities\n", "make a series of it with `ceasefire data import-acled`"),
        ("date,deaths\n", ":1: this is not a daily series (date,events,best,low,high): it has no column best"),
    ],
)
def test_what_is_no_daily_series_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_series(written(tmp_path / "s.csv", text))
    assert said in str(error.value)


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_series(SERIES, tmp_path / "no" / "s.csv")
