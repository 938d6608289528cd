"""`ceasefire run` and `demo`: an ensemble, its outcomes, its pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import INTERRUPTED, changes, ensemble_options, print_lines
from sim.cli.outcomes import as_object, outcome_lines
from sim.errors import RunError

if TYPE_CHECKING:
    from sim.ensemble import Results
    from sim.scenario.schema import Scenario

FLAGSHIP = "builtin:idlib-2020-02-11"
DEMO_SETS, DEMO_TRIALS = 20, 50


@click.command(short_help="Run an ensemble and print its outcomes.")
@click.argument("scenario")
@ensemble_options
@changes
@click.option("--plots/--no-plots", default=True, show_default=True, help="Draw the pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and draw nothing.")
def run(
    scenario: str, overrides: dict[str, str], without: Sequence[str], plots: bool, as_json: bool, **asked: Any
) -> None:
    """Run an ensemble of SCENARIO (a file, builtin:NAME, or the name of a shipped one) and print its outcomes.

    What is not given is taken from the scenario.
    """
    from sim.scenario import load

    if asked["resume"] and asked["out"] is None:
        raise click.UsageError("--resume needs --out: the folder of the run that was stopped")
    results = _run(load(scenario, overrides, without), **asked)
    if as_json:
        click.echo(json.dumps(as_object(results), indent=1))
        return
    _report(results, plots)


def _run(scenario: Scenario, out: Path | None, **asked: Any) -> Results:
    """Run into a folder; Ctrl-C says how to go on. RunError if not one trial came to an end."""
    from sim.ensemble import Results, default_folder, run

    folder = out or default_folder(scenario)
    try:
        results = run(scenario, out=folder, **asked)
    except KeyboardInterrupt:
        if not (folder / "manifest.json").exists():
            raise
        manifest = Results.open(folder).manifest
        click.echo(
            f"\nstopped: {manifest.trials_done} of {manifest.plan.total} trials are stored in {folder}; "
            f"to go on, give the same command with --out {folder} --resume",
            err=True,
        )
        raise click.exceptions.Exit(INTERRUPTED) from None
    failed = results.manifest.failed
    if failed:
        first, total = next(results.failed()), results.manifest.plan.total
        said = f"{failed} of {total} trials failed; the first is trial {first.trial} of set {first.set}: {first.error}"
        if failed == total:
            raise RunError(said)
        click.echo(said, err=True)
    return results


def _report(results: Results, plots: bool) -> None:
    print_lines(outcome_lines(results))
    click.echo(f"\nresults: {results.folder}")
    if plots:
        from sim.cli.plotting import draw_all

        folder = results.folder / "plots"
        drawn = draw_all(results, folder)
        click.echo(f"pictures: {folder} ({', '.join(drawn)})")


@click.command(short_help="Run the article's scenario: outcomes and pictures.")
@click.option("--sets", type=int, default=DEMO_SETS, show_default=True, help="Parameter sets.")
@click.option("--trials", type=int, default=DEMO_TRIALS, show_default=True, help="Trials in each parameter set.")
@click.option("--workers", type=int, help="Processes that share the work. [default: one for each processor]")
@click.option("--out", type=click.Path(path_type=Path), help="Results folder. [default: results/demo-...]")
def demo(sets: int, trials: int, workers: int | None, out: Path | None) -> None:
    """Run the article's scenario of 11 February 2020: a thousand trials, the outcomes, the pictures.

    Called again, it shows what it has, or goes on where it was stopped.
    """
    from sim.scenario import load

    scenario = load(FLAGSHIP)
    folder = out or Path("results") / f"demo-{sets}x{trials}-{_fingerprint(scenario)}"
    click.echo(f"{sets * trials} trials of {FLAGSHIP}, into {folder}", err=True)
    _report(_run(scenario, folder, sets=sets, trials=trials, workers=workers, resume=True), plots=True)


def _fingerprint(scenario: Scenario) -> str:
    """A name for this scenario under this program, so that an older demo is left alone."""
    from hashlib import sha256

    from sim.ensemble.manifest import code_digest
    from sim.scenario import digest

    return sha256(f"{digest(scenario)} {code_digest()}".encode()).hexdigest()[:8]
