"""`ceasefire calibrate`: what a record and a chronology say about a scenario's numbers, as a posterior file."""

from __future__ import annotations

import datetime as dt
import json
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

    from sim.fitting.calibrated import Calibrated

PAIRS = 10  # of correlations that are shown
SUMMARY = ("parameter", "how", "evidence", "n", "bits", "prior_low", "prior_median", "prior_high", "low", "median",
           "high")  # fmt: skip
LEARNT = (
    "90 %: central. Bits: how much was learnt; one bit halves what is plausible, none is nothing. A number `prior`\n"
    "was tried, and the record cannot tell it; for one `assumed` there was nothing to count yet. What has no row\n"
    "keeps the scenario's distribution."
)
EQUIFINAL = "Pairs that go together cannot be told apart by the record: many combinations fit alike."
NO_PAIR = "No two numbers are correlated by {least} or more."
FEW_POINTS = "No bits are claimed for what was simulated (abc): the few points would show chance."
FEW_ROWS = (
    "Bits of {rows} rows are rough: chance alone moves them by some {chance:.1f}; a larger --rows says more (128 are "
    "usual)."
)
EFFECTIVE = "Behind them stand {regimes} independent draws of the regimes' numbers"


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
    from sim.fitting import calibrate as calibrated
    from sim.fitting.calibrated import must_have_course
    from sim.scenario import load

    if resume and work is None:
        raise click.UsageError("--resume needs --work: the folder that was given before")
    if check:
        must_have_course(load(scenario))
    stage = _stages()
    with resumable(work):
        found = calibrated(
            scenario, file, until=until.date() if until else None, simulate=not no_abc, work=work, resume=resume,
            on_stage=stage, on_progress=_progress, **asked,
        )  # fmt: skip
        checked = found.check(asked["seed"], stage) if check else None
        told = Told(found, _learnt(found), found.pairs.head(PAIRS), checked)
    found.save(out)
    print_lines([json.dumps(calibration_object(told, out), indent=1)] if as_json else calibration_lines(told, out))


@dataclass(frozen=True)
class Told:
    """What a calibration prints."""

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


def _learnt(found: Calibrated) -> pd.DataFrame:
    """One row a number."""
    return found.learnt[list(SUMMARY)].drop_duplicates("parameter")


def _stages() -> Callable[[str], None]:
    """Says on stderr what is done, and how long after the start it began."""
    began = time.perf_counter()
    return lambda words: click.echo(f"{time.perf_counter() - began:6.1f} s  {words}", err=True)


def _progress(generation: int, simulated: int, accepted: int) -> None:
    if simulated % 50 == 0:
        click.echo(f"          generation {generation}: {accepted} of {simulated} kept", err=True)


# --- for people -----------------------------------------------------------------------------------------------------


def calibration_lines(told: Told, out: Path) -> Iterator[str]:
    """What was fitted to what, each number before and after, pairs, counts, and the check."""
    made: Any = told.found.posterior.made
    yield f"{told.found.scenario.name}: {told.found.data.name}, {told.found.posterior.span}"
    yield f"{made['rows']} rows, {made['different_rows']} of them different, seed {made['seed']}, {made['seconds']} s"
    yield _effective(made["effective"])
    yield from told.found.notes
    if told.found.few_points:
        yield FEW_POINTS
    yield ""
    yield from _learnt_lines(told.learnt)
    yield from _few_rows(made["rows"])
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


def _effective(behind: Mapping[str, float]) -> str:
    ratios = ", {sets} parameter sets of the {tried} tried" if "sets" in behind else ""
    return (EFFECTIVE + ratios).format(**behind) + "."


def _learnt_lines(table: pd.DataFrame) -> Iterator[str]:
    rows = [
        (row["parameter"], f"{row['prior_median']:.3g}", _range(row, "prior_"), f"{row['median']:.3g}", _range(row, ""),
         f"{row['bits']:.1f}", row["how"], row["evidence"])
        for row in table.to_dict("records")
    ]  # fmt: skip
    yield from columns(("number", "prior", "90 %", "posterior", "90 %", "bits", "how", "evidence"), rows)
    yield LEARNT


def _few_rows(rows: int) -> Iterator[str]:
    from sim.analysis.learnt import FEW, chance

    if rows < FEW:
        yield FEW_ROWS.format(rows=rows, chance=chance(rows))


def _range(row: Mapping[Any, Any], side: str) -> str:
    return f"{row[f'{side}low']:.2g} to {row[f'{side}high']:.2g}"


def _pair_lines(table: pd.DataFrame) -> Iterator[str]:
    if not len(table):
        from sim.fitting.calibrated import STRONG

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
    from sim.fitting.calibrated import CHECKED
    from sim.fitting.checking import cells, notes

    sets, trials = CHECKED
    yield from columns(*cells(check))
    for side in ("prior", "posterior"):
        known = [it for it in check[f"{side}_covered"] if it is not None]
        yield f"{side}: {sum(map(bool, known))} of {len(known)} numbers covered (90 % of {sets * trials} trials)"
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
    head = {"scenario": told.found.scenario.name, "posterior": str(out), "made": made, "notes": list(told.found.notes)}
    return head | tables | check
