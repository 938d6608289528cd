"""`ceasefire new`, `check` and `schema`: scenario files are begun, examined, described."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from sim.errors import InputError, ScenarioError


@click.command(short_help="Write a commented scenario to start from.")
@click.argument("file", type=click.Path(path_type=Path))
def new(file: Path) -> None:
    """Write FILE: a commented scenario that runs as it stands, to be changed."""
    from sim.scenario import skeleton

    path = file if file.suffix in (".yaml", ".yml") else file.with_name(f"{file.name}.yaml")
    try:
        with path.open("x", encoding="utf-8") as written:
            written.write(skeleton(_slug(path.stem)))
    except FileExistsError:
        raise InputError(f"{path}: exists already; choose another name") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    click.echo(f"{path} written; look at it with `ceasefire show {path}`, run it with `ceasefire run {path}`")


def _slug(text: str) -> str:
    """A scenario's name from a file's: lower-case words joined by hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split()) or "scenario"


@click.command(short_help="Find everything that is wrong with scenarios.")
@click.argument("paths", nargs=-1, required=True, metavar="FILE_OR_FOLDER...")
@click.option("--sources", is_flag=True, help="List rules and numbers without a basis, and what is declared in vain.")
def check(paths: Sequence[str], sources: bool) -> None:
    """Say everything that is wrong with the scenarios in files and folders, or `ok`."""
    from sim.scenario import load, loose_ends, missing_bases

    problems, doubts = [], []
    for path in _scenario_files(paths):
        try:
            scenario = load(path)
            doubts += [*missing_bases(scenario), *loose_ends(scenario)] if sources else []
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    for doubt in sorted(set(doubts)):
        click.echo(str(doubt))
    if not doubts:
        click.echo("ok")


def _scenario_files(paths: Iterable[str]) -> list[str]:
    """The files named, and all scenarios below the folders named; InputError for a folder that has none."""
    files = []
    for path in paths:
        found = [str(file) for file in _below(Path(path))] if Path(path).is_dir() else [path]
        if not found:
            raise InputError(f"{path}: there is no scenario in this folder (no .yaml file)")
        files += found
    return files


def _below(folder: Path) -> Iterator[Path]:
    """Scenarios in a folder tree; chronologies, posteriors and templates are checked with those that use them."""
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        if not _is_part(path):
            yield path


def _is_part(path: Path) -> bool:
    from sim.scenario.nodes import MAX_BYTES, parse_yaml
    from sim.scenario.posterior import KEYS

    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        return False
    root, _ = parse_yaml(path.read_text(encoding="utf-8", errors="replace"), str(path))
    if root is None or not root.is_map:
        return False
    template = root.child("template")
    parts = ({"about", "sources", "events"}, set(KEYS))
    return (template is not None and template.value is True) or any(set(root.value) <= keys for keys in parts)


@click.command(short_help="Print the JSON Schema of scenario files.")
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from sim.scenario import json_schema

    click.echo(json.dumps(json_schema(), indent=1))
