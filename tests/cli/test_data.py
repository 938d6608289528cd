from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from sim.scenario import load
from tests.commands import Call, fine, refused
from tests.history.invented import GED, acled, ged, written
from tests.needs import shared

BOX = ("--box", "1,2,2,3", "--country", "Amber", "--out", "series.csv")
DAYS: tuple[dict[str, Any], ...] = (
    {},
    {"date_start": "2030-05-03", "best": 10},
    {"latitude": 9, "best": 7},
    {"where_prec": 5},
)
SERIES = "date,events,best,low,high\n2030-05-01,1,4,3,6\n2030-05-02,0,0,0,0\n2030-05-03,1,10,3,6\n"
PAGE = Path(__file__).parents[2] / "docs/how-to/data.md"
SYRIA = {"country": "Syria", "side_a": "Government of Syria", "side_b": "Syrian insurgents"}


@pytest.fixture
def importing(call: Call) -> Call:
    """Imports an invented GED file into `series.csv`."""
    return lambda *words, rows=DAYS, columns=GED: call(
        "data", "import-ucdp", written(Path("ged.csv"), ged(*rows, columns=columns)), *words
    )


def object_of(result: Result) -> dict[str, Any]:
    """What a command printed as JSON."""
    found: dict[str, Any] = json.loads(fine(result))
    return found


def test_import_writes_the_series_and_says_what_was_left_out(importing: Call) -> None:
    lines = fine(importing(*BOX)).splitlines()
    assert Path("series.csv").read_text() == SERIES
    assert lines[0] == "ged.csv: 4 events, 2030-05-01 to 2030-05-03"
    assert [line.split("  ")[0] for line in lines[6:10]] == [
        "read",
        "left out: area",
        "left out: place precision",
        "kept",
    ]
    assert [line.split()[-2:] for line in lines[6:10]] == [["4", "25"], ["1", "7"], ["1", "4"], ["2", "14"]]
    sha256 = hashlib.sha256(SERIES.encode()).hexdigest()
    assert lines[-1] == f"series.csv: 3 days, 2030-05-01 to 2030-05-03, sha256 {sha256}"


def test_import_as_an_object(importing: Call) -> None:
    found = object_of(importing(*BOX, "--json"))
    assert found["read"] == {"events": 4, "deaths": 25}
    assert found["kept"] == {"events": 2, "deaths": 14}
    assert found["dropped"]["area"] == {"events": 1, "deaths": 7}
    assert sum(tally["events"] for tally in found["dropped"].values()) == 2
    assert found["series"] == {
        "file": "series.csv", "start": "2030-05-01", "end": "2030-05-03", "days": 3, "events": 2, "best": 14, "low": 6,
        "high": 12, "sha256": hashlib.sha256(SERIES.encode()).hexdigest(),
    }  # fmt: skip


def test_twice_the_same_bytes(importing: Call) -> None:
    first = fine(importing(*BOX)), Path("series.csv").read_bytes()
    assert (fine(importing(*BOX)), Path("series.csv").read_bytes()) == first


def test_the_span_the_types_and_the_precisions_choose(importing: Call) -> None:
    words = ("--from", "2030-05-03", "--where-prec", "1,5", "--date-prec", "1", "--types", "1", "--json")
    assert object_of(importing(*BOX, *words))["series"]["events"] == 1
    assert object_of(importing(*BOX, "--where-prec", "1,5", "--json"))["series"]["events"] == 3


def test_days_are_laid_evenly_when_asked(importing: Call) -> None:
    long = {"date_end": "2030-05-03", "best": 5, "date_prec": 2}
    lines = fine(importing(*BOX, "--spread", "even", rows=(long, {"date_start": "2030-05-03"})))
    assert [row.split(",")[2] for row in Path("series.csv").read_text().splitlines()[1:]] == ["1", "2", "6"]
    assert "1 of those kept last several days (5 deaths). The deaths of each are laid evenly" in lines


def test_in_syria_a_box_counts_the_government_against_insurgents_and_civilians(importing: Call) -> None:
    rows = (SYRIA, {**SYRIA, "side_b": "Civilians"}, {**SYRIA, "side_b": "IS"}, {**SYRIA, "side_a": "IS"})
    box = ("--box", "1,2,2,3", "--out", "series.csv", "--json")
    assert object_of(importing(*box, rows=rows))["kept"]["events"] == 2
    assert object_of(importing(*box, "--all-sides", rows=rows))["kept"]["events"] == 4
    assert object_of(importing(*box, "--side-b", "IS", rows=rows))["kept"]["events"] == 2


def test_subdistricts_count_all_sides_by_code_or_by_boundary(importing: Call) -> None:
    listed = written(Path("list.csv"), "adm3_pcode\nA\n")
    rows = ({**SYRIA, "cod_adm3_pcode": "A"}, {**SYRIA, "side_b": "IS", "cod_adm3_pcode": "A"}, {"cod_adm3_pcode": "B"})
    words = ("--subdistricts", listed, "--out", "series.csv", "--country", "all", "--json")
    assert object_of(importing(*words, rows=rows, columns=[*GED, "cod_adm3_pcode"]))["kept"]["events"] == 2
    assert "add --boundaries GEOJSON" in refused(importing(*words, rows=rows))


def test_what_the_file_lacks_is_said(importing: Call) -> None:
    columns = [name for name in GED if name not in ("where_prec", "date_end")]
    lines = fine(importing(*BOX, columns=columns))
    assert "The file has no column where_prec: taken as filtered already." in lines
    assert "The file has no column date_end: each event taken as one of a day." in lines
    said = refused(importing(*BOX, "--where-prec", "1", columns=columns))
    assert said == "ged.csv: has no column where_prec; leave --where-prec out\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "s.csv"), "say where: either --box LAT_MIN,LAT_MAX,LON_MIN,LON_MAX or --subdistricts FILE"),
        (("--box", "1,2,3", "--out", "s.csv"), "'1,2,3' is no box; write LAT_MIN,LAT_MAX,LON_MIN,LON_MAX in degrees"),
        ((*BOX, "--types", "1,7"), "--types 7: there is none; allowed: 1, 2, 3"),
        ((*BOX, "--where-prec", "0"), "--where-prec 0: there is none; allowed: 1, 2, 3, 4, 5, 6, 7"),
        ((*BOX, "--date-prec", "1-2"), "'1-2' is not a list such as 1,2"),
        ((*BOX, "--from", "yesterday"), "'yesterday' is not a date such as 2020-02-10"),
        ((*BOX, "--from", "2029-01-01"), "ged.csv: --from 2029-01-01 --to 2030-05-03: the file's events begin on"),
        ((*BOX, "--side-a", "Blueland"), "ged.csv: none of 4 events is left: 3 for sides, 1 for area"),
        ((*BOX, "--side-a", "Redland", "--all-sides"), "--all-sides and --side-a, --side-b contradict each other"),
        ((*BOX[:-1], "ged.csv"), "--out ged.csv: is a file that is read; choose another name"),
        ((*BOX, "--boundaries", "b.geojson"), "--boundaries goes with --subdistricts"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(importing: Call, words: tuple[str, ...], said: str) -> None:
    assert said in refused(importing(*words))
    assert not list(Path().glob("s*.csv"))


@pytest.mark.parametrize("option", ["--subdistricts", "--boundaries"])
def test_no_other_file_that_is_read_is_written_over(importing: Call, option: str) -> None:
    listed, others = (
        written(Path("list.csv"), "adm3_pcode\nA\n"),
        {"--subdistricts": "codes.csv", "--boundaries": "b.json"},
    )
    given = [word for pair in (others | {option: listed}).items() for word in pair]
    said = refused(importing(*given, "--country", "all", "--out", "./list.csv"))
    assert said == "--out list.csv: is a file that is read; choose another name\n"
    assert listed.read_text() == "adm3_pcode\nA\n"


def test_a_bad_row_is_named_once(importing: Call) -> None:
    said = refused(importing(*BOX, rows=({"best": "many"},)))
    assert said == "ged.csv:3: best: 'many' is not allowed; allowed: whole numbers from 0 to 10,000,000\n"


def test_an_acled_export_gives_the_same_kind_of_series(call: Call) -> None:
    rows: tuple[dict[str, Any], ...] = (
        {},
        {"event_date": "3 May 2030", "event_type": "Violence against civilians"},
        {"event_type": "Protests"},
        {"geo_precision": 3},
    )
    export = written(Path("export.csv"), acled(*rows))
    found = object_of(call("data", "import-acled", export, *BOX, "--json"))
    assert (found["kept"]["events"], found["dropped"]["type"]["events"]) == (2, 1)
    assert Path("series.csv").read_text() == SERIES.replace("1,4,3,6", "1,4,4,4").replace("1,10,3,6", "1,4,4,4")
    chosen = ("--type", "Protests", "--geo-precision", "1", "--time-precision", "1", "--json")
    assert object_of(call("data", "import-acled", export, *BOX, *chosen))["kept"]["events"] == 1
    assert "--type Riot: there is none; allowed: Battles" in refused(
        call("data", "import-acled", export, *BOX, "--type", "Riot")
    )


# --- outcomes --------------------------------------------------------------------------------------------------------

RECORDED = "date,best\n" + "".join(
    f"2030-05-{day:02},{deaths}\n" for day, deaths in enumerate((3, 9, 10, 30, 0, 48, 0), 1)
)


@pytest.fixture
def asking(call: Call) -> Call:
    """Asks an invented series from 2030-05-01 to 2030-05-07."""
    written(Path("series.csv"), RECORDED)
    span = ("--start", "2030-05-01", "--end", "2030-05-07")
    return lambda *words: call("data", "outcomes", "series.csv", *(span if "--start" not in words else ()), *words)


def test_outcomes_of_a_recorded_series_are_told(asking: Call) -> None:
    lines = fine(asking()).splitlines()
    assert lines[0] == "series.csv: 2030-05-01 to 2030-05-07, 7 days, 100 deaths (best)"
    assert lines[2:4] == [
        "worst level: collapse; on the last day: collapse",
        "first evening at fray or worse: 2030-05-04 (day 4)",
    ]
    assert lines[6].strip().startswith("100 deaths in 7 days")
    assert lines[6].split()[-3:] == ["2030-05-03", "3", "2"]
    assert lines[8].split()[-3:] == ["none", "-", "-"]
    assert lines[-2:] == [
        "Left out, since not recorded: patron soldiers killed by a state (--record).",
        "Left out, since not recorded: places lost (--record).",
    ]


def test_outcomes_as_an_object(asking: Call) -> None:
    found = object_of(asking("--start", "2030-05-02", "--end", "2030-05-07", "--json"))
    assert found["collapse"] == {"at_least": 100, "date": None, "day": None, "days": None}
    assert found["other_readings"][0] == {"at_least": 70, "date": "2030-05-03", "day": 2, "days": 1}
    assert (found["worst_level"], found["terminal_status"], found["fray_day"]) == ("fray", "fray", 3)
    assert (found["days"], found["deaths"], found["left_out"]) == (6, 97, ["patron_killed", "places_lost"])


def test_what_else_was_recorded_is_judged_too(asking: Call) -> None:
    record = written(Path("record.csv"), "date,patron_killed,places_lost\n2030-05-01,1,0\n")
    found = object_of(asking("--record", record, "--json"))
    assert (found["fray_date"], found["left_out"]) == ("2030-05-01", [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--start", "2030-05-01", "--end", "2030-05-08"), "series.csv: 2030-05-01 to 2030-05-08: not in the series"),
        (("--start", "2030-05-03", "--end", "2030-05-02"), "--end 2030-05-02: lies before --start 2030-05-03; choose"),
        (("--start", "2030-05-01"), "Missing option '--end'"),
        (
            ("--deaths", "low"),
            "series.csv: has no column low, so that estimate cannot be judged; of a series' columns it",
        ),
        (("--deaths", "worst"), "'worst' is not one of 'best', 'low', 'high'"),
        (("--record", "nowhere.csv"), "nowhere.csv: cannot be read: No such file"),
    ],
)
def test_what_cannot_be_asked_is_refused(asking: Call, words: tuple[str, ...], said: str) -> None:
    assert said in refused(asking(*words))


def test_a_record_without_a_column_of_what_is_recorded_is_told_which(asking: Call) -> None:
    said = refused(asking("--record", written(Path("record.csv"), "date,foo\n2030-05-01,1\n")))
    assert "record.csv:1: this is not a record (date,patron_killed,places_lost): it has no column patron_killed" in said
    assert "its columns are: date, foo" in said
    one = written(Path("record.csv"), "date,places_lost\n2030-05-01,1\n")
    assert object_of(asking("--record", one, "--json"))["left_out"] == ["patron_killed"]


# --- the page on data -------------------------------------------------------------------------------------------------


def test_no_command_of_the_page_writes_over_what_it_reads() -> None:
    commands = [line.split() for line in PAGE.read_text(encoding="utf-8").splitlines() if "--out " in line]
    assert len(commands := [words for words in commands if words[:2] == ["ceasefire", "data"]]) == 3
    assert all(words.count(words[words.index("--out") + 1]) == 1 for words in commands)


def test_the_page_has_the_checksum_of_the_file_behind_the_shipped_posterior() -> None:
    posterior = load("idlib-2020-02-11").posterior
    assert posterior is not None
    data: Any = posterior.made["data"]
    assert f"\n{data['sha256']}\n" in PAGE.read_text(encoding="utf-8")


@pytest.mark.data
def test_the_answers_known_of_the_record(call: Call) -> None:
    series = shared("data/idlib_box_daily.csv")
    days = {}
    for start in ("2018-09-17", "2019-08-31", "2020-01-12"):
        words = ("--start", start, "--end", "2020-02-10", "--json")
        days[start] = object_of(call("data", "outcomes", series, *words))["collapse"]["days"]
    assert days == {"2018-09-17": 226, "2019-08-31": 75, "2020-01-12": 3}  # DOMAIN 7.5
