"""`ceasefire compare`: the same trials of several scenarios, pair by pair."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import INTERRUPTED, WITHOUT_SETS, changes, columns, percent, print_lines, signed

if TYPE_CHECKING:
    import pandas as pd

    from sim.ensemble.comparing import Comparison

SHOWN = 8  # parameters
TEXT = 60  # letters of a value
MARKS = {(True, True): "!", (True, False): "*", (False, False): "", (False, True): ""}
COLUMNS = (
    "Before, after: share of trials (95 % chance; 5-95 % of assumptions). Came, went: trials in which the outcome\n"
    "came, or went. Saved: as many times fewer trials than without pairs."
)
RESTS = (
    "Points by fifth of the parameter's values, with half the width of the 95 % interval; * the other sign than the\n"
    "whole's, ! and clear of zero. Moved: the share that the fifths explain of the variance between the sets'\n"
    "differences, less what chance would explain."
)


@click.command(short_help="Compare scenarios, the same trials paired.")
@click.argument("sources", nargs=-1, required=True, metavar="A B [C...]")
@click.option("--trials", type=int, help="Trials in each parameter set; the total is sets times trials.")
@click.option("--sets", type=int, help="Parameter sets. [default: the scenario's, or 128 where it has one]")
@click.option("--seed", type=int, help="Seed of all randomness, the same for all sides.")
@click.option("--days", type=int, help="Horizon in days from the origin, the same for all sides.")
@click.option("--engine", metavar="batch|mesa", help="What runs the trials.")
@click.option("--workers", type=int, help="Processes that share the work. [default: one for each processor]")
@changes
@click.option("--examples", type=int, default=3, show_default=True, help="Trials that tipped, told to where they part.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the study. [default: results/compare-NAME-TIME]"
)
@click.option("--resume", is_flag=True, help="Go on with a comparison that was stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(
    sources: Sequence[str], out: Path | None, resume: bool, as_json: bool, overrides: dict[str, str],
    without: Sequence[str], **asked: Any,
) -> None:  # fmt: skip
    """Compare A (a scenario or a results folder) with B, C ...: the same trials, paired by their luck.

    With A alone, --set and --without make the other side of it; with several they change every one.
    """
    from sim.ensemble.comparing import compare as run_comparison

    if resume and out is None:
        raise click.UsageError("--resume needs --out: the folder of the comparison that was stopped")
    with resumable():
        found = run_comparison(*sources, overrides=overrides, without=without, out=out, resume=resume, **asked)
    if as_json:
        click.echo(json.dumps(comparison_object(found), indent=1))
        return
    print_lines(comparison_lines(found))


@contextmanager
def resumable() -> Iterator[None]:
    """Ctrl-C says how to go on with the study that was stopped."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        if stopped.args:
            said = f"--out {stopped.args[0]} --resume"
            click.echo(f"\nstopped; what is done is stored; to go on, give the same command with {said}", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        raise


def comparison_lines(found: Comparison) -> Iterator[str]:
    """A comparison for people: input, outcomes, what the headline's difference rests on, trials that tipped."""
    plan, base = found.plan, found.base
    origin = found.results[base].scenario.origin
    yield f"{', '.join(found.names[1:])}: compared with {base}"
    yield (
        f"{plan.sets * plan.trials} pairs of trials ({plan.sets} parameter sets x {plan.trials}), seed {plan.seed}, "
        f"{plan.days} days from {origin}"
    )
    yield ""
    yield from _input_lines(found)
    for name in found.names[1:]:
        yield ""
        yield from _outcome_lines(found, name)
        yield ""
        yield from _rests_lines(found, name)
        yield ""
        yield from _tipped_lines(found, name)
    if found.study is not None:
        yield f"\nstudy: {found.study.folder}"


def _input_lines(found: Comparison) -> Iterator[str]:
    if found.inputs.empty:
        yield "The input differs in nothing."
        return
    rows = [(row["key"], row["kind"], *(_short(row[name]) for name in found.names))
            for row in found.inputs.to_dict("records")]  # fmt: skip
    yield from columns(("what differs", "", *found.names), rows)


def _short(text: str) -> str:
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def _outcome_lines(found: Comparison, name: str) -> Iterator[str]:
    table = found.outcomes[found.outcomes["scenario"] == name]
    shown = table[~table["decided"]]
    header = (
        "outcome",
        "before",
        "after",
        "difference",
        "chance (95 %)",
        "assumptions (5-95 %)",
        "came",
        "went",
        "saved",
    )
    yield f"{name}: difference in the share of trials, in percentage points"
    yield from columns(header, [_outcome_row(row) for row in shown.to_dict("records")])
    yield COLUMNS
    if found.plan.sets == 1:
        yield WITHOUT_SETS
    redefined = list(table[table["redefined"]]["outcome"])
    if redefined:
        yield f"Defined differently in the two (see above): {', '.join(redefined)}."
    decided = list(table[table["decided"]]["outcome"])
    if decided:
        yield f"Not shown, since the origin already decides it: {', '.join(decided)}."


def _outcome_row(row: Mapping[Any, Any]) -> tuple[str, ...]:
    across = (
        "not included" if math.isnan(row["range_low"]) else f"{signed(row['range_low'])} to {signed(row['range_high'])}"
    )
    ratio = row["variance_ratio"]
    return (
        str(row["outcome"]) + (" (headline)" if row["headline"] else ""), share(row, "before"), share(row, "after"),
        signed(row["difference"]), f"{signed(row['mc_low'])} to {signed(row['mc_high'])}", across,
        str(row["gained"]), str(row["lost"]), "-" if math.isnan(ratio) else f"{ratio:.1f} x",
    )  # fmt: skip


def share(row: Mapping[Any, Any], name: str) -> str:
    """A share with its two ranges in whole percent: `66.4 % (61-71; 29-97)`; the second not without sets."""
    ranges = [[row[f"{name}_{kind}_{end}"] for end in ("low", "high")] for kind in ("mc", "range")]
    told = "; ".join(f"{100 * low:.0f}-{100 * high:.0f}" for low, high in ranges if not math.isnan(low))
    return f"{percent(row[name])} ({told})"


def _rests_lines(found: Comparison, name: str) -> Iterator[str]:
    table = found.rests_on[(found.rests_on["scenario"] == name) & (found.rests_on["outcome"] == found.headline)]
    if table.empty:
        yield "What the difference rests on takes 20 sets or more (--sets), and numbers that are distributions."
        return
    known = table["parameter"].nunique()
    clear = list(dict.fromkeys(table[table["stands_out"]]["parameter"]))
    yield f"What the difference in {found.headline} rests on: the {min(SHOWN, known)} that move it most, of {known}"
    header = ("parameter", "basis", "lowest fifth", "second", "third", "fourth", "highest fifth", "moved")
    chosen = list(dict.fromkeys(table["parameter"]))[:SHOWN]
    yield from columns(header, [_rests_row(table[table["parameter"] == parameter]) for parameter in chosen])
    yield RESTS
    if clear:
        yield f"More than luck would move the highest of {known}: {', '.join(clear)}."
    else:
        yield f"None moves it more than luck moves the highest of {known}: more sets would tell (--sets)."


def _rests_row(rows: pd.DataFrame) -> tuple[str, ...]:
    first = rows.iloc[0]
    return (
        str(first["parameter"]),
        str(first["basis"]),
        *map(_fifth, rows.to_dict("records")),
        percent(first["moved"]),
    )


def _fifth(row: Mapping[Any, Any]) -> str:
    half = 100 * (row["mc_high"] - row["mc_low"]) / 2
    return f"{signed(row['difference'])} ±{half:.0f}{MARKS[bool(row['sign_changes']), bool(row['clearly'])]}"


def _tipped_lines(found: Comparison, name: str) -> Iterator[str]:
    table = found.tipped[found.tipped["scenario"] == name]
    if table.empty:
        yield f"No trial tipped: {found.headline} came in the same ones."
        return
    yield f"Trials that tipped, to the day on which they part ({found.headline})"
    for row in table.to_dict("records"):
        came = "came" if row["direction"] == "gained" else "went"
        yield f"\ntrial {row['trial']} of set {row['set']}: it {came} with {name}"
        yield from (f"  {line}" for line in (row["told"] or row["parting"]).splitlines())


# --- for programs ----------------------------------------------------------------------------------------------------


def comparison_object(found: Comparison) -> dict[str, Any]:
    """What `compare --json` prints: by scenario and outcome the difference and both ranges, and the other tables.

    `outcomes` are those of the first comparison, for those who compare two.
    """
    plan = found.plan
    comparisons = {name: _one_object(found, name) for name in found.names[1:]}
    return {
        "base": found.base,
        "seed": plan.seed,
        "sets": plan.sets,
        "trials": plan.trials,
        "days": plan.days,
        "study": None if found.study is None else str(found.study.folder),
        "inputs": records(found.inputs),
        "outcomes": comparisons[found.names[1]]["outcomes"],
        "comparisons": comparisons,
    }


def _one_object(found: Comparison, name: str) -> dict[str, Any]:
    def of(table: pd.DataFrame) -> list[dict[str, Any]]:
        return records(table[table["scenario"] == name].drop(columns="scenario"))

    outcomes = {row.pop("outcome"): row for row in of(found.outcomes)}
    return {"outcomes": outcomes, "rests_on": of(found.rests_on), "tipped": of(found.tipped)}


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain objects; what is not there is null."""
    rows = table.astype(object).to_dict("records")
    return [{str(key): _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
