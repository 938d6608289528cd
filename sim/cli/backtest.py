"""`ceasefire backtest`: forecasts from many days of a recorded series, scored beside simple forecasters."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import INTERRUPTED, changes, columns, percent, print_lines
from sim.cli.compare import records, resumable

if TYPE_CHECKING:
    import pandas as pd

    from sim.backtesting.planning import Plan
    from sim.backtesting.running import Backtest

WEEK = 7
MEASURES = {"rps": "RPS", "brier_collapse": "Brier of collapse", "crps": "CRPS (deaths)", "log_score": "log score"}
AGAINST = (
    "Skill: 100 (1 - score / that of the simple baseline that was best here, chosen on these very forecasts, which\n"
    "favours it){}."
)
BLOCKS = "; 95 % by blocks of twelve weeks, rather too narrow"
SINGLE = (
    "Hold / fray / collapse in percent, from the eve, with what its scenario says happens on the day.\n"
    "A few days are no sample."
)
REGRESSIONS = ("logit", "logit_truce", "ingarch")
SHOWN = ("model", "null_model", "table")  # of the forecasts of single days


def _days(_: click.Context, __: click.Parameter, given: str) -> tuple[int, ...]:
    try:
        return tuple(int(text) for text in given.split(","))
    except ValueError:
        raise click.BadParameter(f"{given!r} is not a list of days such as 7,14,28,56") from None


def _names(_: click.Context, __: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    wrong = [text for text in given if "=" not in text or text.startswith("=") or text.endswith("=")]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=FILE")
    return {name: file for name, _, file in (text.partition("=") for text in given)}


@click.command(short_help="Score forecasts from many past days.")
@click.argument("scenario")
@click.option("--data", "file", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Recorded deaths: CSV with date and best, a row a day.")  # fmt: skip
@click.option("--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="First origin: the last day that is known.")  # fmt: skip
@click.option("--to", "last", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Last origin.")
@click.option("--every", type=int, default=7, show_default=True, help="Days between origins.")
@click.option("--alignments", type=int, default=7, show_default=True,
              help="Start the series of origins on this many successive days; means weigh each the same.")  # fmt: skip
@click.option("--horizons", default="7,14,28,56", show_default=True, callback=_days, metavar="DAYS",
              help="Forecast the week that ends so many days after the origin.")  # fmt: skip
@click.option("--parameters", default="expanding", show_default=True, metavar="expanding|frozen|scenario",
              help="Fit numbers to all data up to the origin (every 28 days), to data up to the first one, or take the "
              "scenario's.")  # fmt: skip
@click.option("--also", multiple=True, callback=_names, metavar="NAME=FILE",
              help="A further scenario; may be repeated. article-only-rules beside SCENARIO comes anyway.")  # fmt: skip
@click.option("--ablations", is_flag=True, help="The model with each of its rules off as well.")
@click.option("--trials", type=int, default=1000, show_default=True, help="Trials from each origin, of all sets.")
@click.option("--sets", type=int, default=64, show_default=True, help="Parameter sets. 1: their medians.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all randomness.")
@click.option("--workers", type=int, help="Threads that share the work. [default: one for each processor]")
@changes
@click.option("--out", type=click.Path(path_type=Path), help="Folder. [default: results/backtest-NAME-TIME]")
@click.option("--resume", is_flag=True, help="Go on with a back-test that was stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def backtest(
    scenario: str, file: Path, first: dt.datetime, last: dt.datetime, also: dict[str, str], out: Path | None,
    resume: bool, workers: int | None, as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """Forecast from many past days with SCENARIO, and score that beside simple forecasters.

    The state is driven by the dated history and the recorded deaths up to each origin, then free. Nothing after an
    origin is used for its forecast.
    """
    from sim.backtesting.planning import Plan
    from sim.backtesting.running import backtest as run_backtest

    if resume and out is None:
        raise click.UsageError("--resume needs --out: the folder of the back-test that was stopped")
    plan = Plan(scenario, first.date(), last.date(), also=also, **asked)
    with resumable(), _before_all(resume):
        found = run_backtest(plan, file, out, workers, resume)
    if as_json:
        click.echo(json.dumps(backtest_object(found), indent=1))
        return
    print_lines(backtest_lines(found))


@contextmanager
def _before_all(resume: bool) -> Iterator[None]:
    """Ctrl-C before there is a folder to go on with says so; later ones name the folder and pass."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        if stopped.args:
            raise
        what = "nothing new was stored" if resume else "nothing was stored yet"
        click.echo(f"\nstopped; {what}; to begin again, give the same command", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


# --- for people -----------------------------------------------------------------------------------------------------


def backtest_lines(found: Backtest) -> Iterator[str]:
    """What was asked, the scores beside the baselines, skill, single days, and where it all is."""
    from sim.analysis.scoring import counted

    plan = found.plan
    yield f"{plan.source} on {found.recorded.name}: {len(plan.origins)} origins, {plan.first} to {plan.last}"
    yield f"{plan.trials} trials from each, {_sets(plan)}, seed {plan.seed}"
    yield from found.notes
    for measure, words in MEASURES.items():
        yield ""
        yield from _score_lines(found.tables["scores"], measure, words)
    yield f"Less is better. {counted(plan.every, plan.alignments)}"
    yield ""
    yield from _skill_lines(found.tables["skill"])
    yield ""
    ours = [name for name in _in_order(found.tables["skill"]) if name not in REGRESSIONS]
    yield from _coverage_lines(found.tables["coverage"], ours)
    if "ablations" in found.tables:
        yield ""
        yield from _ablation_lines(found.tables["ablations"])
    if len(found.tables["folds"]):
        yield ""
        yield from _fold_lines(found.tables["folds"])
    yield f"\nback-test: {found.folder}"


def _sets(plan: Plan) -> str:
    """How many parameter sets had trials, and why not all that were asked for."""
    used = plan.sets_used
    few = f" (of {plan.sets}: each needs a trial)" if used < plan.sets else ""
    return f"{used} parameter set{'s' if used > 1 else ''}{few}"


def _weeks(horizon: Any) -> str:
    return f"{int(horizon)} week{'s' if int(horizon) > 1 else ''}"


def _score_lines(table: pd.DataFrame, measure: str, words: str) -> Iterator[str]:
    """A row for each forecaster, a column for each horizon, and n beneath."""
    horizons, digits = sorted(table["horizon"].unique()), 1 if measure == "crps" else 3
    said = {(row["forecaster"], row["horizon"]): row for row in table.to_dict("records")}
    names = _in_order(table)
    rows = [(name, *(f"{said[name, h][measure]:.{digits}f}" for h in horizons)) for name in names]
    rows.append(("n", *(str(said[names[0], h]["n"]) for h in horizons)))
    yield from columns((words, *map(_weeks, horizons)), rows)


def _in_order(table: pd.DataFrame) -> list[str]:
    """The forecasters of a table."""
    return list(dict.fromkeys(map(str, table["forecaster"])))


def _skill_lines(table: pd.DataFrame) -> Iterator[str]:
    """For each score a row for each forecaster of ours, and the baseline, by horizon."""
    ours = [name for name in _in_order(table) if name not in REGRESSIONS]
    horizons = sorted(table["horizon"].unique())
    rows = []
    for measure, words in MEASURES.items():
        of_measure = table[table["measure"] == measure].to_dict("records")
        part = {(row["forecaster"], row["horizon"]): row for row in of_measure}
        rows += [(words, name, *(_skill(part[name, h]) for h in horizons)) for name in ours]
        rows.append((words, "against", *(str(part[ours[0], h]["best"]) for h in horizons)))
    yield from columns(("skill", "forecaster", *map(_weeks, horizons)), rows)
    yield AGAINST.format(BLOCKS if table["skill_low"].notna().any() else "")


def _skill(row: Mapping[Any, Any]) -> str:
    if math.isnan(row["skill"]):  # the baseline is perfect
        return "-"
    return f"{row['skill']:+.1f} % ({_between(row['skill_low'], row['skill_high'], '+.0f')})"


def _between(low: float, high: float, form: str) -> str:
    """An interval; where there is none, `-`."""
    return "-" if math.isnan(low) else f"{low:{form}} to {high:{form}}"


def _coverage_lines(table: pd.DataFrame, ours: Sequence[str]) -> Iterator[str]:
    """Shares of weeks inside the central 50 and 90 %, by horizon, with their intervals."""
    horizons = sorted(table["horizon"].unique())
    said = {(row["interval"], row["forecaster"], row["horizon"]): row for row in table.to_dict("records")}
    rows = [
        (f"central {central} %", name, *(_held(said[central, name, h]) for h in horizons))
        for central in sorted(table["interval"].unique())
        for name in ours
    ]
    yield from columns(("weeks inside", "forecaster", *map(_weeks, horizons)), rows)


def _held(row: Mapping[Any, Any]) -> str:
    return f"{percent(row['held'])} ({_between(100 * row['low'], 100 * row['high'], '.0f')})"


def _ablation_lines(table: pd.DataFrame) -> Iterator[str]:
    """The rules whose absence moves the RPS most, over all horizons."""
    part = table[table["measure"] == "rps"]
    mean = part.groupby("forecaster")["difference"].mean()
    chosen = list(map(str, mean.abs().sort_values(ascending=False).index[:10]))
    said = {(row["forecaster"], row["horizon"]): row["difference"] for row in part.to_dict("records")}
    horizons = sorted(part["horizon"].unique())
    rows = [(name, *(f"{said[name, h]:+.4f}" for h in horizons)) for name in chosen]
    yield from columns(("RPS less the model's", *map(_weeks, horizons)), rows)
    yield "The ten rules that move it most; above zero: the model forecasts better with the rule."


def _fold_lines(table: pd.DataFrame) -> Iterator[str]:
    """A row for each day and horizon: what was forecast by the model and two others, and what came."""
    said = {(row["fold"], row["horizon"], row["forecaster"]): row for row in table.to_dict("records")}
    rows = []
    for fold, horizon in dict.fromkeys((fold, horizon) for fold, horizon, _ in said):
        row = said[fold, horizon, SHOWN[0]]
        others = (_classes(said[fold, horizon, name]) for name in SHOWN[1:])
        deaths = f"{row['low_90']:.0f} to {row['high_90']:.0f}"
        rows.append((fold, _weeks(horizon), _classes(row), deaths, *others, _came(row)))
    yield from columns(("single days", "ahead", SHOWN[0], "its deaths (90 %)", *SHOWN[1:], "came"), rows)
    yield SINGLE


def _classes(row: Mapping[Any, Any]) -> str:
    return " / ".join(f"{100 * row[level]:.0f}" for level in ("hold", "fray", "collapse"))


def _came(row: Mapping[Any, Any]) -> str:
    if not row["level"]:
        return "not in the record"
    late = ", known afterwards" if row["known_afterwards"] else ""
    return f"{row['observed']:.0f} ({row['level']}{late})"


# --- for programs ---------------------------------------------------------------------------------------------------


def backtest_object(found: Backtest) -> dict[str, Any]:
    """What `backtest --json` prints; horizons are in days, as on the command line."""
    plan = found.plan
    return {
        "scenario": plan.source,
        "from": str(plan.first),
        "to": str(plan.last),
        "origins": len(plan.origins),
        "parameters": plan.parameters,
        "trials": plan.trials,
        "sets": plan.sets_used,
        "seed": plan.seed,
        "notes": found.notes,
        "results": str(found.folder),
        **{name: in_days(found.tables[name]) for name in ("scores", "skill", "coverage", "folds", "ablations")
           if name in found.tables},
    }  # fmt: skip


def in_days(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as objects, horizons in days and dates as text."""
    shown = table.assign(horizon=table["horizon"] * WEEK)
    if "origin" in shown:
        shown = shown.assign(origin=shown["origin"].astype(str))
    return records(shown)
