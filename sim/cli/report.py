"""`ceasefire report`: results, comparisons and studies as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sim.errors import InputError


@click.command(short_help="Write a report as one HTML page.")
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...")
@click.option("--compare", "others", multiple=True, metavar="SOURCE",
              help="A scenario or results folder to compare with the first; may be repeated.")  # fmt: skip
@click.option("--counterfactuals", is_flag=True, help="Compare with every scenario beside SCENARIO that extends it.")
@click.option("--trials", type=int, help="Trials in each parameter set, of what is run.")
@click.option(
    "--sets", type=int, help="Parameter sets of what is run. [default: the scenario's, or 128 if that is one]"
)
@click.option("--seed", type=int, help="Seed of what is run.")
@click.option("--days", type=int, help="Horizon in days of what is run.")
@click.option("--engine", metavar="batch|mesa", help="What runs the trials.")
@click.option("--workers", type=int, help="Processes that share the work. [default: one for each processor]")
@click.option("--runs", type=click.Path(path_type=Path),
              help="Folder for what is run. [default: results/report-NAME-..., by the question]")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="File to write. [default: report-NAME.html]")
def report(
    results: Sequence[str], others: Sequence[str], counterfactuals: bool, runs: Path | None, out: Path | None,
    **plan: Any,
) -> None:  # fmt: skip
    """Report on RESULTS: results folders, scenarios (which are run), or folders of studies.

    The first results or scenario is the base; more of them are compared with it, trial by trial. What was run already
    is not run again.
    """
    from sim.report import asking, build, html

    if out is not None and out.suffix not in (".html", ".htm"):
        raise click.BadParameter(f"{out} is not the name of an .html file", param_hint="--out")
    given = {name: value for name, value in plan.items() if value is not None}
    wanted = asking.asked(results, others, counterfactuals, runs, given)
    try:
        if out is not None:  # before anything is run
            out.parent.mkdir(parents=True, exist_ok=True)
        page = build(asking.material(wanted))
        file = out or Path(f"report-{_slug(page.scenario)}.html")
        file.write_text(html(page), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{error.filename or out}: cannot be written: {error.strerror}") from error
    click.echo(str(file))


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
