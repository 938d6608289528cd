"""`ceasefire sweep`: a scenario under many settings, a row for each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import changes, columns, ensemble_options, print_lines
from sim.cli.outcomes import HEADER, as_object, headline_of, outcome_row
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.ensemble.sweeping import Sweep


@click.command(short_help="Run a scenario under many settings.")
@click.argument("scenario")
@click.option("--vary", multiple=True, metavar="PATH=V1,V2,...",
              help="Run every one of these values; may be repeated, and is crossed.")  # fmt: skip
@click.option("--grid", type=click.Path(path_type=Path), help="File that maps paths to lists of values; crossed too.")
@click.option("--list", "listed", type=click.Path(path_type=Path), help="File that lists cells, maps of path to value.")
@ensemble_options
@changes
@click.option("--outcome", help="Print this outcome of each cell. [default: its headline]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with all outcomes.")
def sweep(
    scenario: str, vary: Sequence[str], grid: Path | None, listed: Path | None, overrides: dict[str, str],
    without: Sequence[str], outcome: str | None, as_json: bool, out: Path | None, **asked: Any,
) -> None:  # fmt: skip
    """Run SCENARIO once for each combination of settings, all with the same luck, and print a row for each.

    All --vary, --grid and --list are crossed with each other; the cells of one --list stay as they are.
    """
    from sim.ensemble import sweeping

    if asked["resume"] and out is None:
        raise click.UsageError("--resume needs --out: the folder of the sweep that was stopped")
    axes = [sweeping.varied(text) for text in vary]
    axes += sweeping.read_grid(grid) if grid else []
    axes += [sweeping.read_list(listed)] if listed else []
    done = sweeping.sweep(scenario, axes, overrides=overrides, without=without, out=out, **asked)
    failed = sum(results.manifest.failed for _, results in done.begun())
    if failed:
        click.echo(f"{failed} trials failed; they are left out", err=True)
    if as_json:
        click.echo(json.dumps(sweep_object(done), indent=1))
        return
    print_lines(sweep_lines(done, outcome))
    click.echo(f"\nresults: {done.folder}")


def sweep_lines(done: Sweep, outcome: str | None = None) -> Iterator[str]:
    """A row for each cell: its settings, and how probable an outcome is (its headline), with both ranges."""
    yield f"{done.said['scenario']}: {len(done)} cells by {', '.join(done.keys)}, all with the same luck"
    yield ""
    labels, rows = done.cells.set_index("cell"), []
    for cell, results in done.begun():
        name = outcome or headline_of(results)
        table = results.outcomes()
        if name not in table.index:
            raise InputError(f"cell {cell} has no outcome {name}; there are: {', '.join(map(str, table.index))}")
        settings = tuple(_label(labels.loc[cell, key]) for key in done.keys)
        rows.append((*settings, *outcome_row(name, table.loc[name].to_dict(), results.scenario)))
    yield from columns((*done.keys, *HEADER), rows)


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else "-"


def sweep_object(done: Sweep) -> dict[str, Any]:
    """What `sweep --json` prints: the object of `run --json` for each cell, with its settings."""
    labels = done.cells.set_index("cell")
    cells = []
    for cell, results in done.begun():
        values = {key: labels.loc[cell, key] for key in done.keys}
        settings = {key: value if isinstance(value, str | float) else None for key, value in values.items()}
        cells.append({"cell": cell, "settings": settings, **as_object(results)})
    return {"scenario": done.said["scenario"], "keys": done.keys, "results": str(done.folder), "cells": cells}
