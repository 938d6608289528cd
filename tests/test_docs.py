"""The reference pages name all that there is, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from sim.cli import COMMANDS, command
from sim.ensemble.manifest import Manifest
from sim.ensemble.results import DAILY_COLUMNS
from sim.ensemble.worker import ADDRESS, EVENT_FIELDS
from sim.plots import FIGURES, STUDIES
from sim.scenario import load
from sim.scenario.compiling import compile_scenario
from sim.scenario.numbers import fix
from sim.scenario.schema import Scenario
from sim.trajectory import Decoder

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
COMMAND_PAGE = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs/reference/results.md").read_text(encoding="utf-8")


def options_of(command: click.Command) -> list[str]:
    """Options of a command, or of all commands of a group, each once."""
    if isinstance(command, click.Group):
        return list(dict.fromkeys(option for inner in command.commands.values() for option in options_of(inner)))
    parameters = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    return [option for parameter in parameters for option in [*parameter.opts, *parameter.secondary_opts]]


OPTIONS = [(name, option) for name in sorted(COMMANDS) for option in options_of(command(name))]


def section(page: str, title: str) -> str:
    """The part of a page under a heading, to the next of its kind."""
    [part] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    return str(part)


def columns(part: str) -> set[str]:
    """What stands in backquotes in the first cells of a section's tables."""
    return {name for row in re.findall(r"^\| (.+?) \|", part, re.M) for name in re.findall(r"`([^`]+)`", row)}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("idlib-2020-02-11")


@pytest.fixture(scope="module")
def decoder(scenario: Scenario) -> Decoder:
    fixed = fix(scenario)
    return Decoder(fixed, compile_scenario(fixed))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_its_section_with_an_example(name: str) -> None:
    examples = re.findall(r"^```sh\n(.*?)^```", section(COMMAND_PAGE, name), re.M | re.S)
    assert any(line.startswith(f"ceasefire {name}") for block in examples for line in block.splitlines())


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_is_explained_where_its_command_is(name: str, option: str) -> None:
    shared = section(COMMAND_PAGE, "Options that change a scenario") if name in ("run", "show", "replay") else ""
    assert re.search(rf"`?{re.escape(option)}\b", section(COMMAND_PAGE, name) + shared)


def test_no_command_or_option_is_explained_that_does_not_exist() -> None:
    known = {option for _, option in OPTIONS} | {"--help", "--version"}
    assert set(re.findall(r"--[a-z][a-z-]+", COMMAND_PAGE)) <= known
    assert set(re.findall(r"^ceasefire (\w+)", COMMAND_PAGE, re.M)) <= set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_has_the_options_that_its_table_explains(name: str) -> None:
    explained = {option for option in columns(section(COMMAND_PAGE, name)) if option.startswith("--")}
    assert {option.split()[0] for option in explained} <= {option for of, option in OPTIONS if of == name}


def test_every_column_of_the_trials_is_explained(decoder: Decoder, scenario: Scenario) -> None:
    explained = columns(section(RESULTS, "Trials"))
    row = decoder.empty_row("failed")
    general = {f"{name}_day": "OUTCOME_day" for name in scenario.outcomes}
    general |= {f"deaths_{actor}": "deaths_ACTOR" for actor in scenario.actors}
    kinds = {"peak_rung": "peak_rung.A.B", "taken": "taken.PLACE"}
    general |= {name: kinds[name.split(".")[0]] for name in row if "." in name}
    needed = {"set", "trial"} | {name if name in explained else general.get(name, name) for name in row}
    assert explained == needed | {"OUTCOME_day"}


def test_every_daily_series_and_column_is_explained(decoder: Decoder, scenario: Scenario) -> None:
    explained = columns(section(RESULTS, "Daily summaries"))
    declared = {name.split(".")[0] for name in decoder.series_names()} & set(scenario.quantities)
    kinds = {"taken": "taken.PLACE", "rung": "rung.A.B"}
    for name in decoder.series_names():
        start, _, rest = name.partition(".")
        assert start in declared or (kinds.get(start, start) if rest else start) in explained, name
    assert set(DAILY_COLUMNS) <= explained


def test_every_column_of_the_events_and_key_of_the_manifest_is_explained() -> None:
    assert {*ADDRESS, *EVENT_FIELDS, "marks"} - {"set", "trial"} == columns(section(RESULTS, "Events"))
    assert columns(section(RESULTS, "The manifest")) == {"layout", *Manifest.__dataclass_fields__}


def test_every_figure_named_in_an_example_exists() -> None:
    assert set(re.findall(r"--figure (\w[\w-]*)", COMMAND_PAGE)) <= {*FIGURES, *STUDIES}


def test_every_figure_is_explained() -> None:
    assert {*FIGURES, *STUDIES} == {
        name for name in columns(section(COMMAND_PAGE, "plot")) if not name.startswith("--")
    }


def test_every_command_of_the_help_stands_in_its_order() -> None:
    titles = re.findall(r"^## (\w+)$", COMMAND_PAGE, re.M)
    assert [title for title in titles if title in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (path.parent / target).exists()]
    assert missing == []
