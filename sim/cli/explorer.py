"""`ceasefire explorer`: a sweep as one offline page with sliders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import changes
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.ensemble.sweeping import Sweep


@click.command(short_help="Write a sweep as one offline page with sliders.")
@click.argument("source", metavar="SWEEP|SCENARIO")
@click.option("--vary", multiple=True, metavar="PATH=V1,V2,...",
              help="Of a scenario: a slider with these values; up to three.")  # fmt: skip
@click.option("--trials", type=int, help="Trials in each parameter set of each cell.")
@click.option("--sets", type=int, help="Parameter sets of each cell.")
@click.option("--seed", type=int, help="Seed of all cells.")
@click.option("--days", type=int, help="Horizon in days from the origin.")
@click.option("--engine", metavar="batch|mesa", help="What runs the trials.")
@click.option("--workers", type=int, help="Processes that share the work. [default: one for each processor]")
@changes
@click.option("--runs", type=click.Path(path_type=Path),
              help="Folder of what is run. [default: results/explorer-NAME-..., by the question]")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("explorer.html"), show_default=True,
              help="File to write.")  # fmt: skip
def explorer(
    source: str, vary: Sequence[str], overrides: dict[str, str], without: Sequence[str], runs: Path | None, out: Path,
    **asked: Any,
) -> None:  # fmt: skip
    """Write a page with a slider for each parameter of SWEEP, the survival curve and the outcomes redrawn.

    A SCENARIO is swept first over what --vary says. The page needs no network and is small enough to mail.
    """
    from sim.report.exploring import explorer

    if out.suffix not in (".html", ".htm"):
        raise click.BadParameter(f"{out} is not the name of an .html file", param_hint="--out")
    page = explorer(_swept(source, vary, overrides, without, runs, asked))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    click.echo(f"{out} ({len(page.encode()) / 1000:,.0f} kB)")


def _swept(
    source: str, vary: Sequence[str], overrides: dict[str, str], without: Sequence[str], runs: Path | None,
    asked: dict[str, Any],
) -> Sweep:  # fmt: skip
    """The sweep in a folder, or that of a scenario, run where it is missing."""
    from sim.ensemble import sweeping

    if Path(source, sweeping.NAME).is_file():
        if vary or overrides or without or any(value is not None for value in asked.values()):
            raise click.UsageError("a stored sweep is shown as it is; options that run something take a scenario")
        return sweeping.Sweep.open(source)
    if Path(source).is_dir():
        raise InputError(f"{source}: not the folder of a sweep (it has no {sweeping.NAME})")
    if not vary:
        raise click.UsageError("--vary is missing: what the sliders change, such as parameters.spiral.value=1,1.5,2")
    folder = runs or _folder(source, vary, overrides, without, asked)
    axes = [sweeping.varied(text) for text in vary]
    return sweeping.sweep(source, axes, overrides=overrides, without=without, out=folder, resume=True, **asked)


def _folder(
    source: str, vary: Sequence[str], overrides: dict[str, str], without: Sequence[str], asked: dict[str, Any]
) -> Path:
    """Always the same folder for the same question and program, so that nothing is run twice."""
    from hashlib import sha256

    from sim.ensemble.manifest import code_digest
    from sim.scenario import digest, load

    plan = {key: value for key, value in asked.items() if key != "workers"}
    question = [digest(load(source, overrides, without)), *vary, str(plan), code_digest()]
    name = Path(source.removeprefix("builtin:")).stem
    return Path("results") / f"explorer-{name}-{sha256(' '.join(question).encode()).hexdigest()[:8]}"
