from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.history.acled import acled_events, acled_table
from sim.history.importing import Event
from tests.history.invented import acled, written


def events(path: Path, text: str) -> list[Event]:
    return list(acled_events(acled_table(written(path, text))))


def test_an_event_is_read_with_one_count_for_all_estimates(tmp_path: Path) -> None:
    [event] = events(tmp_path / "a.csv", acled({"geo_precision": 2, "time_precision": 3}))
    day = dt.date(2030, 5, 1)
    assert event == Event(
        "AMB0", day, day, 1.5, 2.5, None, "Amber", ("Redland", "the Band"), "Battles", 2, 3, best=4, low=4, high=4
    )


def test_dates_stand_in_words_or_in_numbers(tmp_path: Path) -> None:
    found = events(tmp_path / "a.csv", acled({"event_date": "9 february 2030"}, {"event_date": "2030-02-09"}))
    assert {event.first for event in found} == {dt.date(2030, 2, 9)}


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("event_type", "Battle", "event_type: 'Battle' is no event type; allowed: Battles, Explosions/Remote violence"),
        ("geo_precision", "4", "geo_precision: '4' is not allowed; allowed: whole numbers from 1 to 3"),
        ("fatalities", "", "fatalities: '' is not allowed"),
        ("event_date", "02/09/2030", "event_date: '02/09/2030' is not a date"),
    ],
)
def test_a_cell_that_cannot_be_is_named(tmp_path: Path, column: str, value: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        events(tmp_path / "a.csv", acled({}, {column: value}))
    assert str(error.value).startswith(f"{tmp_path / 'a.csv'}:3: {said}")


def test_a_ged_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is not an ACLED export.*use `ceasefire data import-ucdp`"):
        acled_table(written(tmp_path / "a.csv", "id,date_start,type_of_violence\n"))
