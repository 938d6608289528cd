"""What commands share: options that change a scenario or say how much is run, and ways to print."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sim.errors import InputError, ResultsError

if TYPE_CHECKING:
    import pandas as pd

    from sim.ensemble import Results
    from sim.scenario.schema import Scenario
    from sim.trajectory import Trajectory

INTERRUPTED = 130
WITHOUT_SETS = "Parameter uncertainty not included: one parameter set, every distribution at its median (see --sets)."

F = TypeVar("F", bound=Callable[..., Any])


# --- options ---------------------------------------------------------------------------------------------------------


def pairs(_: click.Context, __: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """What `--set` was given, by path."""
    wrong = [text for text in given if not text.partition("=")[0] or "=" not in text]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not path.to.key=VALUE")
    return {key: value for key, _, value in (text.partition("=") for text in given)}


def addresses(_: click.Context, __: click.Parameter, given: str) -> list[int | tuple[int, int]]:
    """What `--events` was given: trials of set 0, or (set, trial)."""
    try:
        return [_address(text) for text in given.split(",") if text.strip()]
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is not a list such as 0,17 (trials of set 0) or 0,3:17 (SET:TRIAL)"
        ) from None


def _address(text: str) -> int | tuple[int, int]:
    first, colon, second = text.partition(":")
    return (int(first), int(second)) if colon else int(first)


def changes(function: F) -> F:
    """The options that change a scenario."""
    settings = click.option(
        "--set", "overrides", multiple=True, metavar="PATH=VALUE", callback=pairs,
        help="Replace a value of the scenario, such as rules.offensive.rate=0.01; may be repeated.",
    )  # fmt: skip
    without = click.option("--without", multiple=True, metavar="RULE", help="Switch a rule off; may be repeated.")
    return settings(without(function))


set_index_option = click.option(
    "--set-index", type=int, default=0, show_default=True, help="The trial's parameter set."
)


_ENSEMBLE = (
    click.option("--trials", type=int, help="Trials in each parameter set; the total is sets times trials."),
    click.option("--sets", type=int, help="Parameter sets: points of the scenario's distributions. 1: their medians."),
    click.option("--seed", type=int, help="Seed of all randomness; the same seed gives the same results."),
    click.option("--days", type=int, help="Horizon in days from the origin."),
    click.option("--engine", metavar="batch|mesa",
                 help="What runs the trials. [default: batch where numba is installed, else mesa]"),
    click.option("--workers", type=int, help="Processes that share the work. [default: one for each processor]"),
    click.option("--dask", metavar="ADDRESS|local", help="Let the workers of a Dask scheduler do the work."),
    click.option("--out", type=click.Path(path_type=Path), help="Results folder. [default: results/NAME-TIME]"),
    click.option("--resume", is_flag=True, help="Go on with a run that was stopped."),
    click.option("--precision", type=float, metavar="HALF_WIDTH",
                 help="Run until the headline's probability is known this well, as 0.01; --trials is then the most "
                 "trials of a single set, --sets the most of several. [default of these: a million trials in all]"),
    click.option("--events", default="0,1,2", show_default=True, callback=addresses, metavar="0,17",
                 help="Trials whose event lists are stored: of set 0, or SET:TRIAL."),
)  # fmt: skip


def ensemble_options(function: F) -> F:
    """The options that say how much is run, by what, and where to."""
    for option in reversed(_ENSEMBLE):
        function = option(function)
    return function


# --- reading ---------------------------------------------------------------------------------------------------------


def loaded(source: str, overrides: Mapping[str, str], without: Iterable[str]) -> Scenario:
    """The scenario of a name or file with changes."""
    from sim.scenario import load

    return load(source, overrides, without)


def opened(folder: Path) -> Results:
    """The results in a folder; ResultsError where not one trial is stored yet."""
    from sim.ensemble import Results

    results = Results.open(folder)
    if not results.manifest.trials_done:
        raise ResultsError(f"{folder}: no trial is stored yet; go on with `ceasefire run ... --out {folder} --resume`")
    return results


def trial_of(scenario: Scenario, engine: str | None, trial: int, set_index: int) -> Trajectory:
    """One trial of a scenario; InputError where it has no such trial or parameter set."""
    from sim.ensemble import rerun

    if trial < 0 or not 0 <= set_index < scenario.ensemble.sets:
        raise InputError(
            f"trial {trial} of set {set_index}: there is none; sets count from 0 to {scenario.ensemble.sets - 1}"
        )
    return rerun(scenario, engine, trial, set_index)


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table as its suffix says; InputError where that cannot be."""
    from sim.ensemble import tables

    try:
        tables.write(table, out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    except ImportError:
        raise InputError(f"{out}: needs pyarrow (`pip install ceasefire[fast]`); or write a .csv") from None


# --- printing --------------------------------------------------------------------------------------------------------


def print_lines(lines: Iterable[str]) -> None:
    """Print line after line."""
    for line in lines:
        click.echo(line)


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table with aligned columns; a column of numbers stands to the right."""
    cells = [header, *rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(header))]
    right = [bool(rows) and all(row[k][:1].isdigit() for row in rows) for k in range(len(header))]
    for row in cells:
        yield "  ".join(
            text.rjust(width) if at_right else text.ljust(width)
            for text, width, at_right in zip(row, widths, right, strict=True)
        ).rstrip()


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.1f} %"


def signed(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * share:+.1f}"


def plain(value: Any) -> int | float | None:
    """A number as JSON has it; None for NaN."""
    number = float(value)
    return None if math.isnan(number) else int(number) if number.is_integer() and isinstance(value, int) else number
