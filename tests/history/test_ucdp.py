from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.history.areas import Area, box, subdistricts
from sim.history.importing import Event, Imported, Wanted, daily_series
from sim.history.series import digest, read_series
from sim.history.ucdp import PRECISE, WHEN, ucdp_events, ucdp_table
from tests.history.invented import GED, ged, written
from tests.needs import shared

PREC12 = "data/ucdp_ged_21.1_syria_prec12.csv.gz"
SPECIAL = "data/ucdp_ged_syria_652.1601.1911.csv.gz"
BOX = box("35.25,36.40,36.10,37.15")
SIDES = (frozenset({"Government of Syria"}), frozenset({"Syrian insurgents", "Civilians"}))
ANYONE = (frozenset[str](), frozenset[str]())


def events(path: Path, text: str) -> list[Event]:
    return list(ucdp_events(ucdp_table(written(path, text))))


def test_an_event_is_read_whole(tmp_path: Path) -> None:
    first, last = dt.date(2030, 5, 1), dt.date(2030, 5, 3)
    [event] = events(tmp_path / "g.csv", ged({"date_end": "2030-05-03 00:00:00.000", "date_prec": 2}))
    assert event == Event(
        "0", first, last, 1.5, 2.5, None, "Amber", ("Redland", "the Band"), "1", 1, 2, best=4, low=3, high=6
    )


def test_the_old_names_of_the_estimates_are_known(tmp_path: Path) -> None:
    text = ged({}).replace("best,high,low", "best_est,high_est,low_est")
    assert events(tmp_path / "g.csv", text) == events(tmp_path / "g.csv", ged({}))


def test_columns_that_extracts_leave_out_may_be_absent(tmp_path: Path) -> None:
    absent = {"where_prec", "date_prec", "date_end", "country"}
    table = ucdp_table(written(tmp_path / "g.csv", ged({}, columns=[name for name in GED if name not in absent])))
    [event] = ucdp_events(table)
    assert table.absent == {*absent, "adm3_pcode"}
    assert (event.where, event.when, event.last, event.country) == (None, None, event.first, None)


def test_a_subdistrict_code_in_the_row_is_read(tmp_path: Path) -> None:
    [event] = events(tmp_path / "g.csv", ged({"cod_adm3_pcode": "A"}, columns=[*GED, "cod_adm3_pcode"]))
    assert event.code == "A"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("id", " ", "id: ' ' is empty; every row has its own"),
        ("type_of_violence", "4", "type_of_violence: '4' is not allowed; allowed: whole numbers from 1 to 3"),
        ("where_prec", "0", "where_prec: '0' is not allowed; allowed: whole numbers from 1 to 7"),
        ("date_prec", "6", "date_prec: '6' is not allowed; allowed: whole numbers from 1 to 5"),
        ("latitude", "36,2", "latitude: '36,2' is not allowed; allowed: numbers from -90 to 90"),
        ("longitude", "361", "longitude: '361' is not allowed; allowed: numbers from -180 to 180"),
        ("best", "-1", "best: '-1' is not allowed; allowed: whole numbers from 0"),
        ("date_start", "43586", "date_start: '43586' is not a date"),
        ("date_end", "2030-04-30", "date_end: 2030-04-30 lies before date_start 2030-05-01"),
    ],
)
def test_a_cell_that_cannot_be_is_named(tmp_path: Path, column: str, value: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        events(tmp_path / "g.csv", ged({}, {column: value}))
    assert str(error.value).startswith(
        f"{tmp_path / 'g.csv'}:5: {said}"
    )  # a row is two lines, and a heading stands above


def test_other_files_are_told_apart(tmp_path: Path) -> None:
    for text, said in (
        ("event_id_cnty,event_date,fatalities\n", "use `ceasefire data import-acled`"),
        ("date,events,best,low,high\n", "it looks like a daily series already"),
    ):
        with pytest.raises(InputError, match="this is not a UCDP GED event file") as error:
            ucdp_table(written(tmp_path / "g.csv", text))
        assert said in str(error.value)


# --- the fetched files -----------------------------------------------------------------------------------------------


def imported(name: str, area: Area, sides: tuple[frozenset[str], frozenset[str]], start: str, end: str) -> Imported:
    span = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    wanted = Wanted(area, frozenset("123"), PRECISE, frozenset(WHEN), frozenset({"Syria"}), sides, *span)
    return daily_series(ucdp_events(ucdp_table(shared(name))), wanted)


@pytest.mark.data
def test_the_series_of_the_outcomes_is_reproduced() -> None:
    found = imported(PREC12, BOX, SIDES, "2016-01-01", "2020-02-10")
    assert found.series == read_series(shared("data/idlib_box_daily.csv"))
    assert (found.kept.events, found.kept.deaths) == (4071, 17409)
    assert digest(found.series) == "ed3952f8ea5a449f17402d584f4df9721973a5661d4c76959a5ed2833ed48f3c"


@pytest.mark.data
def test_the_series_of_greater_idlib_is_reproduced() -> None:
    area = subdistricts(shared("data/greater_idlib_subdistricts.csv"))
    found = imported(PREC12, area, ANYONE, "2017-01-01", "2020-02-10")
    assert found.series == read_series(shared("data/greater_idlib_daily.csv"))
    assert digest(found.series) == "33a5daf3f35cfdab79845d5c24d6b334e1bd63ffc6d5f87647ce879a69ff8910"


@pytest.mark.data
def test_simplified_boundaries_miss_three_days_of_greater_idlib() -> None:
    listed = shared("data/greater_idlib_subdistricts.csv")
    area = subdistricts(listed, shared("data/syr_adm3_northwest_simplified.geojson"))
    found = imported(PREC12, area, ANYONE, "2017-01-01", "2020-02-10")
    series = read_series(shared("data/greater_idlib_daily.csv"))
    assert sum(ours != theirs for ours, theirs in zip(found.series.days, series.days, strict=True)) == 3


@pytest.mark.data
def test_the_special_release_has_other_names_and_counts() -> None:
    found = imported(SPECIAL, BOX, SIDES, "2016-01-01", "2019-11-30")
    assert (found.kept.events, found.kept.deaths) == (3092, 14039)
    assert found.dropped["place precision"].events == 119
    assert found.several_days.events == 122


@pytest.mark.data
def test_death_levels_of_the_record_are_those_of_the_domain_study() -> None:
    series = read_series(shared("data/idlib_box_daily.csv"))
    spans = {("2017-05-06", "2017-09-18"): 1.3, ("2018-09-17", "2019-02-13"): 2.2, ("2019-02-14", "2019-04-29"): 6.8,
             ("2019-08-31", "2019-11-23"): 6.0, ("2019-04-30", "2019-08-30"): 30.8}  # fmt: skip  # DOMAIN 2.1
    for (first, last), level in spans.items():
        deaths = series.deaths(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
        assert round(sum(deaths) / len(deaths), 1) == level


@pytest.mark.data
def test_truces_cut_deaths_as_in_the_domain_study() -> None:
    series = read_series(shared("data/idlib_box_daily.csv"))
    cuts = {"2018-09-17": (4.1, 0.3, 1.1), "2019-05-18": (31.1, 15.3, 33.0),
            "2019-06-12": (33.4, 4.3, 25.1), "2019-08-02": (25.6, 1.0, 33.8),
            "2019-08-31": (46.1, 3.0, 2.4), "2020-01-12": (9.5, 1.0, 35.1)}  # fmt: skip
    for start, means in cuts.items():  # DOMAIN 2.1: 14 days before, the first three days, the first 14
        first = dt.date.fromisoformat(start)
        spans = ((-14, -1), (0, 2), (0, 13))
        deaths = [series.deaths(first + dt.timedelta(a), first + dt.timedelta(b)) for a, b in spans]
        assert [sum(days) / len(days) for days in deaths] == pytest.approx(means, abs=0.05)
