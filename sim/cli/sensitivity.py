"""`ceasefire sensitivity`: which assumptions and which rules an outcome rests on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import changes, columns, loaded, percent, print_lines, signed
from sim.cli.compare import records, resumable, share

if TYPE_CHECKING:
    import pandas as pd

    from sim.ensemble.designs import Study
    from sim.ensemble.exploring import Question

SHOWN = 20

# Which table of a study answers it, and which numbers may be asked of it.
METHODS: dict[str, tuple[str, tuple[str, ...]]] = {
    "morris": ("morris", ("samples", "trials")),
    "sobol": ("sobol", ("samples", "trials", "top")),
    "split": ("split", ("sets", "trials")),
    "ablate": ("ablation", ("sets", "trials")),
    "discover": ("boxes", ("sets", "trials")),
    "definitions": ("definitions", ("sets", "trials")),
}
NUMBERS = ("samples", "sets", "trials", "top")


@click.command(short_help="Find the assumptions and rules that an outcome rests on.")
@click.argument("scenario")
@click.option("--morris", "method", flag_value="morris", default=True,
              help="Screen every distribution: which ones matter at all? (the default)")  # fmt: skip
@click.option("--sobol", "method", flag_value="sobol",
              help="Share of the variance that each explains, alone and with all others.")  # fmt: skip
@click.option("--split", "method", flag_value="split", help="How much is due to parameters, how much to chance.")
@click.option("--ablate", "method", flag_value="ablate", help="Each rule off in turn, the same trials paired.")
@click.option("--discover", "method", flag_value="discover",
              help="Where in the parameter space is the outcome frequent?")  # fmt: skip
@click.option("--definitions", "method", flag_value="definitions",
              help="How the headline depends on the definitions below it.")  # fmt: skip
@click.option("--outcome", metavar="NAME", help="The outcome it is about. [default: the headline]")
@click.option("--day", type=int, help="The outcome counts if it came by this day. [default: the last]")
@click.option("--samples", type=int, help="Morris: trajectories [10]. Sobol': base points, a power of two [128].")
@click.option("--sets", type=int, help="Parameter sets. Split [256], ablation and definitions [64], discovery [512].")
@click.option("--trials", type=int, help="Trials at each point [16], or in each set [8; ablation and definitions 16].")
@click.option("--top", type=int, help="Sobol': so many parameters one by one, all others as a group [10].")
@click.option("--seed", type=int, help="Seed of all randomness.")
@click.option("--days", type=int, help="Horizon in days from the origin.")
@click.option("--engine", metavar="batch|mesa", help="What runs the trials.")
@click.option("--workers", type=int, help="Processes that share the work. [default: one for each processor]")
@changes
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the study. [default: results/METHOD-NAME-TIME]")
@click.option("--resume", is_flag=True, help="Go on with a study that was stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sensitivity(
    scenario: str, method: str, overrides: dict[str, str], without: Sequence[str], out: Path | None, resume: bool,
    as_json: bool, samples: int | None, sets: int | None, trials: int | None, top: int | None, **asked: Any,
) -> None:  # fmt: skip
    """Say what an outcome of SCENARIO rests on: a screening, variances, single rules, regions, or definitions."""
    from sim.ensemble.exploring import Question

    if resume and out is None:
        raise click.UsageError("--resume needs --out: the folder of the study that was stopped")
    numbers = _numbers(method, samples=samples, sets=sets, trials=trials, top=top)
    question = Question.of(loaded(scenario, overrides, without), **asked)
    with resumable():
        study = _study_of(method)(question, **numbers, out=out, resume=resume)
    table = METHODS[method][0]
    if as_json:
        click.echo(json.dumps(study_object(study, table), indent=1))
        return
    print_lines(study_lines(study, table, question))


def _numbers(method: str, **given: int | None) -> dict[str, int]:
    """What was given, once it is known to be of this method."""
    numbers = {name: value for name, value in given.items() if value is not None}
    for name in numbers:
        if name not in METHODS[method][1]:
            takes = ", ".join(f"--{other}" for other in METHODS[method][1])
            raise click.UsageError(f"--{name} means nothing with --{method}, which takes {takes}")
    return numbers


def _study_of(method: str) -> Callable[..., Study]:
    from importlib import import_module

    module = {"ablate": "ablating", "definitions": "defining"}.get(method, "exploring")
    function: Callable[..., Study] = getattr(import_module(f"sim.ensemble.{module}"), method)
    return function


def study_object(study: Study, table: str) -> dict[str, Any]:
    """What `sensitivity --json` prints: what was asked, and the rows of the table."""
    asked = {key: value for key, value in study.record.question.items() if key != "digest"}
    return {"kind": study.kind, "scenario": study.record.scenario, **asked, "study": str(study.folder),
            table: records(study[table])}  # fmt: skip


def study_lines(study: Study, table: str, question: Question) -> Iterator[str]:
    """A study for people: what was asked, its table, how to read it."""
    asked = study.record.question
    plan = ", ".join(f"{name} {asked[name]}" for name in NUMBERS if name in asked)
    yield (
        f"{study.record.scenario}: {question.outcome} by day {question.day}; {plan}, seed {asked['seed']}, "
        f"{question.scenario.horizon_days} days from {question.scenario.origin}"
    )
    yield ""
    yield from LINES[table](study[table], question)
    yield f"\nstudy: {study.folder}"


# --- the tables ------------------------------------------------------------------------------------------------------


def morris_lines(table: pd.DataFrame, question: Question) -> Iterator[str]:
    """Morris' measures, the largest first."""
    rows = [(row["parameter"], row["basis"], signed(row["mu"]), f"{100 * row['mu_star']:.1f}",
             f"{100 * row['mu_star_low']:.1f} - {100 * row['mu_star_high']:.1f}", f"{100 * row['sigma']:.1f}")
            for row in table.head(SHOWN).to_dict("records")]  # fmt: skip
    yield from columns(("parameter", "basis", "mean effect", "mean size", "95 %", "spread"), rows)
    yield from _more(table, "parameters")
    yield (
        "Effects in percentage points of the probability, as if the parameter crossed its 5-95 % range. Where the\n"
        "spread is as large as the mean size, the effect depends on the other parameters."
    )


def sobol_lines(table: pd.DataFrame, question: Question) -> Iterator[str]:
    """Sobol' indices, the largest total first."""
    rows = [(row["parameter"], row["basis"], _share(row, "first"), _interval(row, "first"), _share(row, "total"),
             _interval(row, "total")) for row in table.head(SHOWN).to_dict("records")]  # fmt: skip
    yield from columns(("parameter", "basis", "alone", "95 %", "with all others", "95 %"), rows)
    yield from _more(table, "parameters")
    yield (
        "Shares of the variance of the probability between points of the parameter space, all with the same luck.\n"
        "An estimate below zero stands as it is: it shows how far from exact the others may be."
    )


def split_lines(table: pd.DataFrame, question: Question) -> Iterator[str]:
    """The share of parameters and of chance in each outcome's variance."""
    varied = table[table["parameters"].notna()]
    rows = [(row["outcome"], percent(row["parameters"]), _interval(row, "parameters"), percent(row["chance"]))
            for row in varied.to_dict("records")]  # fmt: skip
    yield from columns(("outcome", "parameters", "95 %", "chance"), rows)
    same = list(table[table["parameters"].isna()]["outcome"])
    if same:
        yield f"Always or never: {', '.join(same)}."
    yield "Shares of the variance of a trial's result (yes or no). The estimate is unbiased, and may be below zero."


def ablation_lines(table: pd.DataFrame, question: Question) -> Iterator[str]:
    """The change that each rule makes to the asked outcome when it is off."""
    asked = table[table["outcome"] == question.outcome]
    rows = [(row["rule"], row["basis"], signed(row["difference"]),
             f"{signed(row['mc_low'])} to {signed(row['mc_high'])}", _across(row), str(row["gained"]), str(row["lost"]))
            for row in asked.head(SHOWN).to_dict("records")]  # fmt: skip
    header = ("rule off", "basis", "difference", "chance (95 %)", "assumptions (5-95 %)", "came", "went")
    yield from columns(header, rows)
    yield from _more(asked, "rules")
    every = share(asked.iloc[0].to_dict(), "before")
    yield f"Percentage points of the share of trials with {question.outcome}, which is {every} with every rule on."


def box_lines(table: pd.DataFrame, question: Question) -> Iterator[str]:
    """The boxes of a scenario discovery, the densest first."""
    overall = share(table.iloc[0].to_dict(), "overall")
    if table["parameter"].fillna("").eq("").all():
        yield f"No box: no cut of the parameters predicts {question.outcome} better than none: {overall}."
        yield "More sets would tell (--sets); where many parameters weigh little there is nothing to find."
        return
    yield f"{question.outcome} in {overall} of all trials; by box:"
    for _, box in table.groupby("box", sort=True):
        first = box.iloc[0].to_dict()
        yield (
            f"  {percent(first['density'])} (chance {percent(first['mc_low'])} - {percent(first['mc_high'])}, "
            f"assumptions {_within(first)}) of the trials "
            f"in {percent(first['support'])} of the sets, {percent(first['coverage'])} of all cases: where"
        )
        yield from (f"      {_bounds(row)}" for row in box.to_dict("records"))
    yield "Boxes were found in one half of the parameter sets and measured in the other."


def definition_lines(table: pd.DataFrame, question: Question) -> Iterator[str]:
    """The headline under other readings of the outcomes below it."""
    rows = [(percent(row["probability"]), f"{percent(row['mc_low'])} - {percent(row['mc_high'])}", _within(row),
             signed(row["difference"]), f"{signed(row['difference_low'])} to {signed(row['difference_high'])}",
             _across(row, "difference_range"), row["definition"])
            for row in table.to_dict("records")]  # fmt: skip
    ranges = ("chance (95 %)", "assumptions (5-95 %)")
    yield from columns(("probability", *ranges, "difference", *ranges, "definition"), rows)


LINES: dict[str, Callable[[pd.DataFrame, Question], Iterator[str]]] = {
    "morris": morris_lines,
    "sobol": sobol_lines,
    "split": split_lines,
    "ablation": ablation_lines,
    "boxes": box_lines,
    "definitions": definition_lines,
}


def _more(table: pd.DataFrame, what: str) -> Iterator[str]:
    if len(table) > SHOWN:
        yield f"... and {len(table) - SHOWN} more {what} (--json, or the table of the study)"


def _share(row: Mapping[Any, Any], name: str) -> str:
    return percent(row[name])


def _interval(row: Mapping[Any, Any], name: str) -> str:
    if math.isnan(row[f"{name}_low"]):
        return "-"
    return f"{percent(row[f'{name}_low'])} to {percent(row[f'{name}_high'])}"


def _across(row: Mapping[Any, Any], name: str = "range") -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "not included" if math.isnan(low) else f"{signed(low)} to {signed(high)}"


def _within(row: Mapping[Any, Any]) -> str:
    low, high = row["range_low"], row["range_high"]
    return "not included" if math.isnan(low) else f"{percent(low)} - {percent(high)}"


def _bounds(row: Mapping[Any, Any]) -> str:
    low, high = row["low"], row["high"]
    basis = f" ({row['basis']})" if row["basis"] else ""
    if math.isnan(low):
        return f"{row['parameter']} <= {high:.4g}{basis}"
    return f"{row['parameter']} > {low:.4g}" + ("" if math.isnan(high) else f" and <= {high:.4g}") + basis
