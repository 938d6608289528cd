"""`ceasefire branch`: many futures from one trial's day, each option compared with the scenario as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import columns, opened, percent, plain, print_lines, set_index_option, signed, write_table

if TYPE_CHECKING:
    import pandas as pd

    from sim.ensemble.branching import Branches


@click.command(short_help="Live many futures from one trial's day.")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--trial", type=int, required=True, help="The trial whose past they share.")
@set_index_option
@click.option("--day", type=int, required=True, help="The last day of that past; 0 is the eve of the origin.")
@click.option("--option", "options", multiple=True, metavar="FILE",
              help="A scenario file that changes what comes after; may be repeated.")  # fmt: skip
@click.option("--trials", type=int, default=1000, show_default=True, help="Futures of each option.")
@click.option("--engine", metavar="batch|mesa", help="What lives the futures. [default: that of the results]")
@click.option("--out", type=click.Path(path_type=Path), help="Write a row for each future to this .csv or .parquet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def branch(
    results: Path, trial: int, set_index: int, day: int, options: Sequence[str], trials: int, engine: str | None,
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Live many futures of one trial of RESULTS from the evening of a day on, as it is and under each option.

    The futures have fresh luck, the same for every option, so that the options are compared future by future.
    """
    from sim.ensemble.branching import branch

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{out} is not the name of a .csv or .parquet file", param_hint="--out")
    branches = branch(opened(results), trial, day, options, trials=trials, set_index=set_index, engine=engine)
    if out is not None:
        write_table(branches.trials, out)
    if as_json:
        click.echo(json.dumps(branch_object(branches), indent=1))
        return
    print_lines(branch_lines(branches))
    if out is not None:
        click.echo(f"\nfutures: {out}")


def branch_lines(branches: Branches) -> Iterator[str]:
    """The outcomes of all options, each with the difference that it makes to the same futures."""
    past, scenario = branches.past, branches.results.scenario
    parted = scenario.origin + timedelta(past.day - 1)
    yield (
        f"{scenario.name}: {branches.number} futures of trial {past.trial} of set {past.ready.set_index}, "
        f"from the evening of day {past.day} ({parted}) to day {scenario.horizon_days}"
    )
    yield ""
    shown = [name for name in branches.outcome_names if not _settled(branches, name)]
    rows = [row for name in shown for row in _branch_rows(branches, name)]
    header = ("outcome", "option", "futures", "probability", "chance (95 %)", "difference", "chance (95 %)")
    yield from columns(header, rows)
    settled = [name for name in branches.outcome_names if name not in shown]
    if settled:
        yield f"\nNot shown, since this past already decides it: {', '.join(settled)}."


def _settled(branches: Branches, name: str) -> bool:
    """Whether an outcome came true before the parting, in every future of every option."""
    days = branches.trials[f"{name}_day"]
    return bool((days <= branches.past.day).fillna(False).all())


def _branch_rows(branches: Branches, name: str) -> Iterator[tuple[str, ...]]:
    for option in branches.options:
        found = branches.outcomes(option).loc[name].to_dict()
        chance = f"{percent(found['mc_low'])} - {percent(found['mc_high'])}"
        row = (name, option, f"{found['count']:.0f}", percent(found["probability"]), chance)
        if option == branches.options[0]:
            yield (*row, "", "")
            continue
        made = branches.differences(option).loc[name].to_dict()
        yield (*row, signed(made["difference"]), f"{signed(made['mc_low'])} to {signed(made['mc_high'])}")


def branch_object(branches: Branches) -> dict[str, Any]:
    """What `branch --json` prints; differences are to the scenario as it is, which comes first and has none."""
    past = branches.past
    options = {
        option: {
            "outcomes": _nested(branches.outcomes(option)),
            "differences": _nested(branches.differences(option)) if option != branches.options[0] else None,
        }
        for option in branches.options
    }
    return {
        "scenario": branches.results.scenario.name,
        "seed": branches.results.manifest.seed,
        "set": past.ready.set_index,
        "trial": past.trial,
        "day": past.day,
        "futures": branches.number,
        "options": options,
    }


def _nested(table: pd.DataFrame) -> dict[str, dict[str, int | float | None]]:
    rows = table.to_dict("index").items()
    return {str(name): {str(key): plain(value) for key, value in row.items()} for name, row in rows}
