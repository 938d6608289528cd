"""Files of a scenario: bases, shipped ones, limits of what may be read, chronology and deaths."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario import reading
from sim.scenario.loading import load
from sim.scenario.reading import builtin_names, read_deaths, shipped_folder

Write = Callable[[str, str], Path]


@pytest.fixture
def folder(tmp_path: Path, text: str) -> Path:
    """A folder with the small scenario as `base.yaml`."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "base.yaml").write_text(text, encoding="utf-8")
    return home


@pytest.fixture
def write(folder: Path) -> Write:
    """Writes a file into the folder."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def shipped(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the shipped scenarios: `small` and the model `base`."""
    root = tmp_path / "shipped"
    (root / "models").mkdir(parents=True)
    (root / "history").mkdir()
    (root / "models" / "base.yaml").write_text("template: true\n" + text, encoding="utf-8")
    (root / "small.yaml").write_text("extends: builtin:base\nname: shipped\n", encoding="utf-8")
    monkeypatch.setattr(reading, "shipped_folder", lambda: root)
    return root


def problems_of(source: str | Path, **changes: str) -> list[str]:
    """The problems of a scenario, one string each."""
    with pytest.raises(ScenarioError) as caught:
        load(source, changes)
    return str(caught.value).splitlines()


# --- extends ---------------------------------------------------------------------------------------------------------


def test_extending_changes_what_it_names(write: Write) -> None:
    path = write("child.yaml", "extends: base.yaml\nname: child\nrules:\n  strike: {probability: 0.2}\n")
    scenario, base = load(path), load(path.with_name("base.yaml"))
    assert scenario.rules["strike"].probability == 0.2
    assert scenario.rules["strike"].within_days == 7
    assert scenario.rules["answer"] == base.rules["answer"]


def test_null_deletes_an_entry(write: Write) -> None:
    path = write("child.yaml", "extends: base.yaml\ninterventions: {panic: null}\n")
    assert list(load(path).interventions) == ["summit"]


def test_bases_in_folders_below_and_bases_of_bases(write: Write) -> None:
    write("below/middle.yaml", "extends: ../base.yaml\nname: middle\nhorizon_days: 10\ninterventions: null\n")
    scenario = load(write("child.yaml", "extends: below/middle.yaml\nname: child\n"))
    assert (scenario.name, scenario.horizon_days, scenario.interventions) == ("child", 10, {})


def test_a_fault_in_the_base_is_told_there(write: Write, text: str) -> None:
    write("base.yaml", text.replace("    actor: north\n", "    actor: nroth\n"))
    path = write("child.yaml", "extends: base.yaml\nname: child\n")
    assert problems_of(path)[0].startswith(f"{path.with_name('base.yaml')}:113:12: rules.answer.actor: ")


def test_a_fault_that_the_child_makes_in_the_base_is_told_where_it_shows(write: Write) -> None:
    path = write("child.yaml", "extends: base.yaml\nplaces: {vale: null}\n")
    assert "base.yaml:25:85: places.hill.neighbours.0: there is no place `vale`" in problems_of(path)[0]


def test_circles_are_told(write: Write) -> None:
    write("a.yaml", "extends: b.yaml\n")
    path = write("b.yaml", "extends: a.yaml\n")
    assert "in a circle: b.yaml > a.yaml > b.yaml" in problems_of(path)[0]


def test_a_file_that_extends_itself(write: Write) -> None:
    path = write("a.yaml", "extends: a.yaml\n")
    assert problems_of(path) == [f"{path}:1:10: extends: the files extend each other in a circle: a.yaml > a.yaml"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bsae.yaml", "there is no file bsae.yaml; did you mean `base.yaml`?"),
        ("../outside.yaml", "lies outside the folder of the scenario"),
        ("/etc/hostname", "lies outside the folder of the scenario"),
        ("link.yaml", "lies outside the folder of the scenario"),
        ("builtin:nothing", "nothing is shipped as `builtin:nothing`"),
        ("builtin:../../secret", "nothing is shipped as"),
        ("[a, b]", "is not the name of one file"),
        ("below", "there is no file below"),
        ("round.yaml", "round.yaml"),
        ('"a\\0b"', "is not the name of a file"),
        ("x" * 5000, "is not the name of a file"),
        ('" "', "is not the name of a file"),
    ],
)
def test_bases_that_cannot_be_read(write: Write, folder: Path, name: str, message: str) -> None:
    (folder.parent / "outside.yaml").write_text("name: outside\n", encoding="utf-8")
    (folder / "link.yaml").symlink_to(folder.parent / "outside.yaml")
    (folder / "round.yaml").symlink_to(folder / "round.yaml")
    (folder / "below").mkdir()
    path = write("child.yaml", f"name: child\nextends: {name}\n")
    problems = problems_of(path)
    assert problems[0].startswith(f"{path}:2:")
    assert message in problems[0]


# --- shipped ---------------------------------------------------------------------------------------------------------


def test_shipped_scenarios_by_both_names(shipped: Path) -> None:
    assert builtin_names.__module__ == reading.__name__
    assert load("builtin:small") == load("small")
    assert load("small").name == "shipped"


def test_a_file_extends_a_shipped_model(shipped: Path, write: Write) -> None:
    assert load(write("child.yaml", "extends: builtin:base\nname: child\n")).name == "child"


def test_templates_are_not_run(shipped: Path) -> None:
    problems = problems_of("builtin:base")
    assert "only meant to be extended" in problems[0]
    assert "base:1:11: template: " in problems[0]


def test_unknown_names_list_the_shipped(shipped: Path) -> None:
    assert problems_of("smal") == [
        "smal: there is no such file and no shipped scenario of this name; shipped: small; did you mean `small`?"
    ]
    assert "did you mean `builtin:small`?" in problems_of("builtin:smal")[0]


@pytest.mark.parametrize("source", ["", "a\0b", "x" * 5000, "builtin:", "builtin:a\nb"])
def test_sources_that_are_no_names(source: str) -> None:
    assert problems_of(source)


def test_a_file_of_the_same_name_comes_first(shipped: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "base.yaml").rename(folder / "small")
    assert load("small").name == "small"


def test_the_shipped_folder_is_found() -> None:
    assert (shipped_folder() / "history").is_dir()


# --- files -----------------------------------------------------------------------------------------------------------


def test_files_over_the_size_limit(write: Write) -> None:
    path = write("large.yaml", "# " + "x" * 1_000_001)
    assert problems_of(path) == [f"{path}: is larger than 1,000,000 bytes"]


def test_files_that_are_not_text(folder: Path) -> None:
    path = folder / "latin.yaml"
    path.write_bytes("name: a\nabout: \u00e9".encode("latin-1"))
    assert problems_of(path) == [f"{path}:2: is not UTF-8 text; save it with that encoding"]


def test_folders_and_pipes_are_no_files(folder: Path) -> None:
    assert "is a folder, not a file" in problems_of(folder)[0]
    os.mkfifo(folder / "pipe")
    assert problems_of(folder / "pipe") == [f"{folder / 'pipe'}: is not a regular file"]


@pytest.mark.parametrize(
    ("text", "message"), [("", "is empty"), ("- a\n", "is not a map"), ("just text", "is not a map")]
)
def test_files_that_are_no_scenario(write: Write, text: str, message: str) -> None:
    path = write("wrong.yaml", text)
    assert problems_of(path)[0].startswith(f"{path}:1:1: {message}")


def test_a_byte_order_mark_is_no_fault(folder: Path, text: str) -> None:
    path = folder / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load(path).name == "small"


# --- overrides and rules switched off --------------------------------------------------------------------------------


def test_overrides_and_without(folder: Path) -> None:
    scenario = load(folder / "base.yaml", {"rules.strike.probability": "0.3", "horizon_days": "20"}, ["assault"])
    assert (scenario.rules["strike"].probability, scenario.horizon_days) == (0.3, 20)
    assert [name for name, rule in scenario.rules.items() if not rule.enabled] == ["assault"]


def test_an_override_is_named_when_it_is_wrong(folder: Path) -> None:
    problems = problems_of(folder / "base.yaml", **{"rules.strike.probability": "1.3"})
    assert problems == [
        "--set rules.strike.probability=1.3: rules.strike.probability: 1.3 is out of range; allowed: 0 to 1"
    ]


def test_an_unknown_rule_to_switch_off(folder: Path) -> None:
    with pytest.raises(ScenarioError, match="did you mean `strike`"):
        load(folder / "base.yaml", {}, ["stike"])


# --- history ---------------------------------------------------------------------------------------------------------

BOOK = """\
about: A record
sources:
  annals: The annals
events:
  old: {on: 2020-01-05, event: strike, actor: south, target: north, post: gate, source: annals}
  first: {on: 2020-02-03, event: strike, actor: south, target: north, post: gate, marks: {killed: 2}, source: annals}
  second: {on: 2020-02-29, event: answer, actor: north, target: south, source: annals}
  same_day: {on: 2020-03-01, event: deal, actor: north, target: south, known_afterwards: true}
  later: {on: 2020-03-05, event: deal, actor: north, target: south, known_afterwards: true}
"""


def with_book(write: Write, extra: str = "", book: str = BOOK) -> Path:
    """A scenario with a chronology."""
    write("book.yaml", book)
    return write("child.yaml", f"extends: base.yaml\nhistory:\n  chronology: book.yaml\n{extra}")


def test_the_chronology_is_split_at_the_origin(write: Write) -> None:
    scenario = load(with_book(write))
    assert list(scenario.history.events) == ["old", "first", "second", "shots"]
    assert list(scenario.afterwards) == ["same_day", "later"]
    assert scenario.history.chronology is None, "the loaded scenario needs no file"
    assert scenario.sources["annals"] == "The annals"


def test_another_origin_splits_elsewhere(write: Write) -> None:
    origin = {"origin": "2020-02-22", "history.weekly_deaths": "null"}
    scenario = load(with_book(write), {**origin, "interventions": "{summit: {on: 2020-03-01}}"})
    assert list(scenario.history.events) == ["old", "first", "shots"]
    assert list(scenario.afterwards) == ["second", "same_day", "later"]


def test_events_can_be_left_out_and_changed(write: Write) -> None:
    scenario = load(with_book(write, "  omit: [first]\n  events: {second: {actor: league, source: diary}}\n"))
    assert "first" not in scenario.history.events
    assert scenario.history.events["second"].actor == "league"
    assert scenario.history.events["second"].on == dt.date(2020, 2, 29)


def test_leaving_out_what_is_not_there(write: Write) -> None:
    path = with_book(write, "  omit: [frist]\n")
    assert problems_of(path)[0] == (f"{path}:4:10: history.omit: the chronology has no `frist`; did you mean `first`?")


def test_a_fault_in_the_chronology_is_told_there(write: Write) -> None:
    path = with_book(write, book=BOOK.replace("event: answer, actor: north", "event: answr, actor: north"))
    assert problems_of(path)[0].startswith(f"{path.with_name('book.yaml')}:7:35: history.events.second.event: ")


def test_a_chronology_of_another_shape(write: Write) -> None:
    assert "unknown key; allowed: about, sources, events" in problems_of(with_book(write, book="entries: {}\n"))[0]
    assert "is not a map of events" in problems_of(with_book(write, book="events: [a]\n"))[0]


def test_history_files_of_a_base_lie_beside_the_base(write: Write, text: str) -> None:
    write("below/book.yaml", BOOK)
    write("below/base.yaml", text.replace("history:\n", "history:\n  chronology: book.yaml\n"))
    assert "first" in load(write("child.yaml", "extends: below/base.yaml\n")).history.events


@pytest.mark.parametrize("key", ["chronology", "deaths"])
def test_history_files_outside_are_refused(write: Write, folder: Path, key: str) -> None:
    (folder.parent / "outside.yaml").write_text(BOOK, encoding="utf-8")
    path = write("child.yaml", f"extends: base.yaml\nhistory:\n  {key}: ../outside.yaml\n")
    assert problems_of(path)[0].startswith(f"{path}:3:")
    assert "lies outside the folder" in problems_of(path)[0]


def test_the_start_is_filled_in(write: Write) -> None:
    assert load(write("child.yaml", "extends: base.yaml\nhistory: {start: null}\n")).history.start == dt.date(
        2020, 1, 1
    )


def test_deaths_from_the_start_to_the_eve_of_the_origin(write: Write) -> None:
    days = [dt.date(2020, 1, 25) + dt.timedelta(k) for k in range(50)]
    write("deaths.csv", "date,best,low\n" + "".join(f"{day},{k},0\n" for k, day in enumerate(days)))
    history = load(write("child.yaml", "extends: base.yaml\nhistory: {deaths: deaths.csv}\n")).history
    assert (min(history.daily_deaths), max(history.daily_deaths)) == (dt.date(2020, 2, 1), dt.date(2020, 2, 29))
    assert history.daily_deaths[dt.date(2020, 2, 1)] == 7.0
    assert history.deaths is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day,best\n", "d:1: has no column date; the first line is date,best"),
        ("date,best\n2020-02-30,1\n", "d:2: "),
        ("date,best\n2020-02-03,-1\n", "d:2: '-1' is not a number of deaths"),
        ("date,best\n2020-02-03,nan\n", "d:2: 'nan' is not a number of deaths"),
        ("date,best\n2020-02-03\n", "d:2: None is not a number of deaths"),
        ("date,best\n2020-02-03,1\n2020-02-03,2\n", "d:3: date: 2020-02-03 is given twice"),
    ],
)
def test_wrong_deaths(text: str, message: str) -> None:
    _, problems = read_deaths(text, "d")
    assert str(problems[0]).startswith(message)
