"""`ceasefire calibrate`: what a record and a chronology say about a scenario's numbers, as a posterior file."""

from __future__ import annotations

import datetime as dt
import json
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import INTERRUPTED, columns, print_lines
from sim.cli.compare import records

if TYPE_CHECKING:
    import pandas as pd

    from sim.fitting.calibration import Calibrated, Data
    from sim.scenario.schema import Scenario

SETS, TRIALS = 40, 25  # of a predictive check
PAIRS = 10  # of correlations that are shown
STRONG = 0.3  # a weaker one is not
SUMMARY = ("parameter", "how", "evidence", "n", "bits", "prior_low", "prior_median", "prior_high", "low", "median",
           "high")  # fmt: skip
LEARNT = (
    "90 %: central. Bits: how much was learnt; one bit halves what is plausible, none is nothing. A number `prior`\n"
    "was tried, and the record cannot tell it; what has no row keeps the scenario's distribution."
)
EQUIFINAL = "Pairs that go together cannot be told apart by the record: many combinations fit alike."
NO_PAIR = "No two numbers are correlated by {least} or more."


@click.command(short_help="Fit a scenario's numbers to a record.")
@click.argument("scenario")
@click.option("--data", "file", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Recorded deaths: a daily series (date,events,best,low,high), no day left out.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="POSTERIOR.yaml",
              help="Posterior file; written whole, at the end.")  # fmt: skip
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="Last day used. [default: the record's last, or the eve of the scenario's origin]")  # fmt: skip
@click.option("--rows", type=click.IntRange(2), default=128, show_default=True, help="Joint draws.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of all randomness.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True,
              help="Threads that simulate; they change no bit.")  # fmt: skip
@click.option("--no-abc", is_flag=True, help="Likelihood and counts only; nothing is simulated.")
@click.option("--population", type=click.IntRange(2), default=600, show_default=True,
              help="Simulations kept in each generation.")  # fmt: skip
@click.option("--generations", type=click.IntRange(0), default=1, show_default=True,
              help="Generations of simulations after that from the prior.")  # fmt: skip
@click.option("--work", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Keep finished generations here.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with what --work holds.")
@click.option("--article-only", is_flag=True, help="Count only for rules that the article itself supports.")
@click.option("--check", is_flag=True, help="Simulate under priors and posterior, and hold both against the record.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def calibrate(
    scenario: str, file: Path, out: Path, until: dt.datetime | None, no_abc: bool, work: Path | None, resume: bool,
    check: bool, as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """Fit SCENARIO's uncertain numbers to recorded deaths and to its chronology, up to a day.

    Likelihood where there is one, counts where something was counted, simulation where neither reaches; the prior stays
    where the record cannot tell. A scenario uses the result by `posterior: POSTERIOR.yaml`.
    """
    from sim.ensemble.tables import replace_text
    from sim.fitting.calibration import Settings
    from sim.scenario.posterior import write

    if resume and work is None:
        raise click.UsageError("--resume needs --work: the folder that was given before")
    plan = Settings(simulate=not no_abc, folder=work, resume=resume, **asked)
    with resumable(work):
        told = _calibrated(scenario, file, until.date() if until else None, plan, check)
    with _writing(out):
        replace_text(out, write(told.found.posterior))
    print_lines([json.dumps(calibration_object(told, out), indent=1)] if as_json else calibration_lines(told, out))


@dataclass(frozen=True)
class Told:
    """What a calibration prints."""

    scenario: Scenario
    data: Data
    found: Calibrated
    learnt: pd.DataFrame
    pairs: pd.DataFrame
    check: pd.DataFrame | None


@contextmanager
def resumable(work: Path | None) -> Iterator[None]:
    """Ctrl-C says how to go on, where finished generations were kept."""
    try:
        yield
    except KeyboardInterrupt:
        said = f"; to go on, give the same command with --resume (generations in {work})" if work else ""
        click.echo(f"\nstopped, nothing written{said}", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    from sim.errors import InputError

    try:
        yield
    except OSError as fault:
        raise InputError(f"{out}: cannot be written: {fault.strerror}") from fault


def _calibrated(source: str, file: Path, until: dt.date | None, plan: Any, check: bool) -> Told:
    from sim.analysis.learnt import against_prior
    from sim.backtesting.cases import Case
    from sim.backtesting.fits import fitted
    from sim.errors import InputError
    from sim.fitting.calibration import ONE_COURSE, has_course, read_data, timed, without_posterior
    from sim.fitting.calibration import calibrate as calibrated
    from sim.scenario import load

    began, stage = time.perf_counter(), _stages()
    scenario = load(source)
    if check and not has_course(scenario):
        raise InputError(f"{source}: --check has nothing to compare with: {ONE_COURSE}; leave it out")
    data = read_data(file, scenario.origin, until)
    lived, part = Case(scenario.name, source, change=without_posterior).fitted_on(data.record, data.until)
    stage(f"driving {plan.rows} rows' histories from {part.first}")
    fit = fitted(lived, part, plan.rows, plan.seed)
    command = {"command": _command(source, file, data.until, plan)}
    found = calibrated(scenario, lived, fit, data, plan, made=command, on_stage=stage, on_progress=_progress)
    checked = _checked(found, data, plan.seed, stage) if check else None
    learnt = against_prior(found.posterior, found.priors)[list(SUMMARY)].drop_duplicates("parameter")
    return Told(scenario, data, timed(found, time.perf_counter() - began), learnt, _pairs(found), checked)


def _command(source: str, file: Path, until: dt.date, plan: Any) -> str:
    """The command that makes the same rows."""
    words = ["ceasefire", "calibrate", source, "--data", file.name, "--until", str(until), "--rows", str(plan.rows)]
    words += ["--seed", str(plan.seed)]
    if plan.simulate:
        words += ["--population", str(plan.population), "--generations", str(plan.generations)]
    words += ["--no-abc"] * (not plan.simulate) + ["--article-only"] * plan.article_only
    return shlex.join(words)


def _stages() -> Callable[[str], None]:
    """Says on stderr what is done, and how long after the start it began."""
    began = time.perf_counter()
    return lambda words: click.echo(f"{time.perf_counter() - began:6.1f} s  {words}", err=True)


def _progress(generation: int, simulated: int, accepted: int) -> None:
    if simulated % 50 == 0:
        click.echo(f"          generation {generation}: {accepted} of {simulated} kept", err=True)


def _pairs(found: Calibrated) -> pd.DataFrame:
    """Correlations; an empty table where fewer than two numbers were learnt."""
    import pandas as pd

    from sim.analysis.learnt import correlations
    from sim.errors import InputError

    try:
        table = correlations(found.posterior)
    except InputError:
        return pd.DataFrame(columns=["one", "other", "rho", "low", "high", "n"])
    return table[table["rho"].abs() >= STRONG].head(PAIRS)


def _checked(found: Calibrated, data: Data, seed: int, stage: Callable[[str], None]) -> pd.DataFrame:
    """The predictive checks under priors and posterior in one table."""
    from sim.fitting.calibration import informed, without_posterior
    from sim.fitting.checking import predictive_check, shipped, table

    before = {name: without_posterior(it) for name, it in shipped().items()}
    checks = []
    for words, scenarios in (("priors", before), ("posterior", informed(before, found))):
        stage(f"checking the patterns under the {words}")
        checks.append(predictive_check(scenarios, data.series, sets=SETS, trials=TRIALS, seed=seed))
    return table(*checks)


# --- for people -----------------------------------------------------------------------------------------------------


def calibration_lines(told: Told, out: Path) -> Iterator[str]:
    """What was fitted to what, each number before and after, pairs, counts, and the check."""
    made = told.found.posterior.made
    yield f"{told.scenario.name}: {told.data.name}, {told.found.posterior.span}"
    yield f"{made['rows']} rows, {made['different_rows']} of them different, seed {made['seed']}, {made['seconds']} s"
    yield from told.found.notes
    yield ""
    yield from _learnt_lines(told.learnt)
    yield ""
    yield from _pair_lines(told.pairs)
    for words, rows in zip(("counted, rules of the article", "counted, other rules"), _counts(told), strict=True):
        if rows:
            yield ""
            yield from columns((words, "rule", "count", "in", "what"), rows)
    if told.check is not None:
        yield ""
        yield from _check_lines(told.check)
    yield f"\nposterior: {out}"


def _learnt_lines(table: pd.DataFrame) -> Iterator[str]:
    rows = [
        (row["parameter"], f"{row['prior_median']:.3g}", _range(row, "prior_"), f"{row['median']:.3g}", _range(row, ""),
         f"{row['bits']:.1f}", row["how"], row["evidence"])
        for row in table.to_dict("records")
    ]  # fmt: skip
    yield from columns(("number", "prior", "90 %", "posterior", "90 %", "bits", "how", "evidence"), rows)
    yield LEARNT


def _range(row: Mapping[Any, Any], side: str) -> str:
    return f"{row[f'{side}low']:.2g} to {row[f'{side}high']:.2g}"


def _pair_lines(table: pd.DataFrame) -> Iterator[str]:
    if not len(table):
        yield NO_PAIR.format(least=STRONG)
        return
    rows = [(row["one"], row["other"], f"{row['rho']:+.2f}", f"{row['low']:+.2f} to {row['high']:+.2f}")
            for row in table.to_dict("records")]  # fmt: skip
    yield from columns(("one", "other", "rank correlation", "95 %"), rows)
    yield EQUIFINAL


def _counts(told: Told) -> tuple[list[Sequence[str]], list[Sequence[str]]]:
    """Rows of what was counted: for rules that the article supports, and for others."""
    from sim.fitting.conjugate import ARTICLE_RULES

    parts: tuple[list[Sequence[str]], list[Sequence[str]]] = ([], [])
    for it in told.found.counts:
        span = f"{it.n} days" if it.kind == "gamma" else f"{it.n} chances"
        parts[it.rule not in ARTICLE_RULES].append((it.path, it.rule, str(it.k), span, it.words))
    return parts


def _check_lines(check: pd.DataFrame) -> Iterator[str]:
    from sim.fitting.checking import cells, notes

    yield from columns(*cells(check))
    for side in ("prior", "posterior"):
        known = [it for it in check[f"{side}_covered"] if it is not None]
        yield f"{side}: {sum(map(bool, known))} of {len(known)} numbers covered (90 % of {SETS * TRIALS} trials)"
    yield from notes(check)


# --- for programs ---------------------------------------------------------------------------------------------------


def calibration_object(told: Told, out: Path) -> dict[str, Any]:
    """What `calibrate --json` prints."""
    made = told.found.posterior.made
    counted = [
        {"path": it.path, "rule": it.rule, "kind": it.kind, "k": it.k, "n": it.n, "what": it.words,
         "from": str(it.first), "to": str(it.last), "events": list(it.events)}
        for it in told.found.counts
    ]  # fmt: skip
    check = {} if told.check is None else {"check": records(told.check)}
    tables = {"parameters": records(told.learnt), "correlations": records(told.pairs), "counts": counted}
    head = {"scenario": told.scenario.name, "posterior": str(out), "made": made, "notes": list(told.found.notes)}
    return head | tables | check
