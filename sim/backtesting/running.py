"""A back-test from the question to the folder with its tables."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from sim.analysis.baselines import baseline_forecasts
from sim.analysis.blocks import BLOCK_WEEKS, LEAST_BLOCKS
from sim.analysis.forecasts import Forecast
from sim.analysis.scoring import coverage, mean_scores, score_each, skill
from sim.analysis.spells import recorded_spells
from sim.analysis.truces import announced
from sim.backtesting import tabling
from sim.backtesting.courses import MOST, free, simulated_spells
from sim.backtesting.folds import COLUMNS, Fold, fold_rows, folds
from sim.backtesting.forecasting import Counts, runs_of, weekly_deaths
from sim.backtesting.jobs import Job, ablations_of, jobs_of
from sim.backtesting.parameters import REFITTED_EVERY, Fitter
from sim.backtesting.planning import Plan, check_first
from sim.backtesting.recorded import Recorded, read_record
from sim.backtesting.storing import Folder, as_left, backtesting, must_be_free
from sim.ensemble.running import default_folder, processors
from sim.errors import InputError
from sim.fitting.fast import Fast
from sim.scenario import load
from sim.scenario.schema import Scenario


@dataclass(frozen=True)
class Backtest:
    """A finished back-test: its tables by name, where they are, and what a reader should be told beside them."""

    plan: Plan
    recorded: Recorded
    folder: Path
    tables: dict[str, pd.DataFrame]
    notes: list[str]


@dataclass(frozen=True)
class _Asked:
    """What all parts of one back-test share."""

    plan: Plan
    recorded: Recorded
    limits: tuple[float, float]
    workers: int
    progress: bool

    @property
    def frozen(self) -> dt.date | None:
        """The last day from which baselines learn, where it is fixed."""
        return self.plan.first if self.plan.parameters == "frozen" else None


def backtest(
    plan: Plan, file: Path, out: Path | None = None, workers: int | None = None, resume: bool = False,
    progress: bool = True, fitter: Fitter = Fast,
) -> Backtest:  # fmt: skip
    """Make the forecasts, score them and store all of it; the same bits for any number of workers.

    `fitter` fits numbers to parts of the record. InputError before anything is written where the question, the
    scenario or the record do not do.
    """
    if find_spec("numba") is None:
        raise InputError('a back-test runs the compiled engine, which needs numba: pip install "ceasefire[fast]"')
    recorded = read_record(file)
    plan.check(recorded)
    if workers is not None and workers < 1:
        raise InputError(f"workers: {workers} is not allowed; it is a whole number of at least 1")
    whole = load(plan.source, plan.overrides, plan.without)
    path = out or _folder(whole)
    must_be_free(path, resume)
    asked = _Asked(plan, recorded, tabling.limits_of(whole), workers or processors(), progress)
    check_first(plan, recorded)
    days = folds(plan.source)
    last = max([plan.last, *(fold.eve for fold in days if fold.eve <= recorded.last)])
    jobs = jobs_of(plan, recorded.record, last, fitter, progress, as_left(path, plan.question(recorded)))
    _baselines(asked, jobs[0].scenario, [plan.first], ["zero"])  # the record may be too short for them
    jobs[0].parameters.values(jobs[0].scenario, plan.first, plan.seed)  # or for a fit
    off = ablations_of(jobs[0], plan, recorded.record) if plan.ablations else []
    shown, left_out = _shown(asked, jobs, days)
    past, course = _lived(asked, jobs[0]), free(jobs[0].case, recorded.record, _start(jobs[0].scenario))
    notes = _notes(plan, recorded, whole)
    with backtesting(path, whole, plan.question(recorded)) as folder:
        for job in jobs:
            job.parameters.keep_in(folder)
        tables = _tables(asked, folder, jobs, off, shown) | _truces(asked, folder, jobs[0], past, course)
        for name, table in tables.items():
            folder.store(name, table)
        notes += [*_without_interval(tables["coverage"]), *left_out]
        folder.said |= {"notes": notes, "forecasters": {job.name: job.said(plan) for job in [*jobs, *off]}}
        folder.said["courses"] = {"n": _courses(plan), "from": str(course.origin), "to": str(recorded.last)}
    return Backtest(plan, recorded, folder.path, tables, notes)


def _folder(scenario: Scenario) -> Path:
    usual = default_folder(scenario)
    return usual.with_name(f"backtest-{usual.name}")


# --- forecasts ------------------------------------------------------------------------------------------------------


def _tables(
    asked: _Asked, folder: Folder, jobs: Sequence[Job], off: Sequence[Job], days: dict[Fold, list[Scenario]]
) -> dict[str, pd.DataFrame]:
    """The tables by name; forecasts that the folder has are not made again."""
    plan, record = asked.plan, asked.recorded.record
    scored, fans = [], []
    for job in jobs:
        deaths = _deaths(asked, folder, job)
        scored.append(_scored(asked, job, deaths))
        fans.append(tabling.fans(job.name, plan.origins, deaths, record))
    simple = _baselines(asked, jobs[0].scenario, plan.origins)
    scored.append(score_each(simple, asked.recorded.observed, asked.limits, plan.seed))
    each = pd.concat(scored, ignore_index=True)
    of_rules = [_scored(asked, job, _deaths(asked, folder, job)) for job in off]
    return {
        "each": each,
        "scores": mean_scores(each),
        "skill": skill(each, seed=plan.seed),
        "coverage": coverage(each, plan.seed),
        "fans": pd.concat(fans, ignore_index=True),
        "folds": _folds(asked, jobs, days),
        **({"ablations": tabling.ablations(scored[0], of_rules, plan.seed)} if of_rules else {}),
    }


def _deaths(asked: _Asked, folder: Folder, job: Job) -> Counts:
    """The weekly deaths of one forecaster: as stored, or simulated now and stored."""
    stored = folder.forecasts(job.name)
    if stored is not None:
        return stored
    plan = asked.plan
    runs = runs_of(plan.origins, plan.sets, plan.trials)
    with tqdm(total=runs, desc=job.name, unit="run", file=sys.stderr, disable=not asked.progress) as bar:
        deaths = weekly_deaths(
            job.scenario, job.parameters, plan.origins, plan.trials, plan.seed, asked.workers, job.case.finish,
            bar.update,
        )  # fmt: skip
    folder.store_forecasts(job.name, deaths)
    return deaths


def _scored(asked: _Asked, job: Job, deaths: Counts) -> pd.DataFrame:
    made = tabling.forecasts_of(job.name, asked.plan.origins, deaths, asked.plan.weeks, asked.limits)
    return score_each(made, asked.recorded.observed, asked.limits, asked.plan.seed)


def _baselines(
    asked: _Asked, scenario: Scenario, origins: Sequence[dt.date], names: Sequence[str] | None = None
) -> list[Forecast]:
    """The forecasts of the baselines, of all of them by default."""
    chosen = {} if names is None else {"names": names}
    return baseline_forecasts(
        asked.recorded.observed, origins, asked.plan.weeks, truces=announced(scenario), frozen=asked.frozen,
        limits=asked.limits, seed=asked.plan.seed, **chosen,
    )  # fmt: skip


# --- single days ----------------------------------------------------------------------------------------------------


def _shown(asked: _Asked, jobs: Sequence[Job], days: Sequence[Fold]) -> tuple[dict[Fold, list[Scenario]], list[str]]:
    """The folds that can be forecast, with the scenario of each job, and why the others cannot."""
    found, notes = {}, []
    for fold in days:
        try:
            if fold.eve > asked.recorded.last:
                raise InputError(f"the record ends on {asked.recorded.last}")
            _baselines(asked, jobs[0].scenario, [fold.eve], ["zero"])
            begun = [_on_eve(asked, job, fold) for job in jobs]
            if fold.eve < asked.plan.first:  # later there is more to fit to
                jobs[0].parameters.values(begun[0], fold.eve, asked.plan.seed)
        except InputError as fault:
            notes.append(f"Not in the record: {fold.name} ({fault}).")
        else:
            found[fold] = begun
    return found, notes


def _on_eve(asked: _Asked, job: Job, fold: Fold) -> Scenario:
    return job.case.begun(asked.recorded.record, fold.eve, fold.eve, asked.plan.days, fold.happens)


def _folds(asked: _Asked, jobs: Sequence[Job], days: dict[Fold, list[Scenario]]) -> pd.DataFrame:
    found = [_fold(asked, jobs, fold, scenarios) for fold, scenarios in days.items()]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS))


def _fold(asked: _Asked, jobs: Sequence[Job], fold: Fold, scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """The forecasts of everybody from the eve of one fold, and what came."""
    plan, made = asked.plan, []
    for job, scenario in zip(jobs, scenarios, strict=True):
        deaths = weekly_deaths(
            scenario, job.parameters, [fold.eve], plan.trials, plan.seed, asked.workers, job.case.finish
        )
        made += tabling.forecasts_of(job.name, [fold.eve], deaths, plan.weeks, asked.limits)
    made += _baselines(asked, jobs[0].scenario, [fold.eve])
    return fold_rows(fold, made, asked.recorded.record, asked.limits)


# --- truces ---------------------------------------------------------------------------------------------------------


def _truces(asked: _Asked, folder: Folder, job: Job, past: Scenario, course: Scenario) -> dict[str, pd.DataFrame]:
    """The truces of the record and of free courses over its days; those that the folder has are not simulated again."""
    record = asked.recorded.record
    found = recorded_spells(announced(past), record)
    return {
        "truces": tabling.truces(past, record),
        "spells": tabling.spells(found, record.first).drop(columns="course"),
        "simulated_spells": _simulated_spells(asked, folder, job, course),
    }


def _simulated_spells(asked: _Asked, folder: Folder, job: Job, course: Scenario) -> pd.DataFrame:
    """With the numbers of the first origin, so that nothing later is known."""
    stored = folder.table("simulated_spells")
    if stored is not None:
        return stored.assign(first=[dt.date.fromisoformat(day) for day in stored["first"]])
    plan = asked.plan
    rows = job.parameters.values(course, plan.first, plan.seed)
    with tqdm(total=min(len(rows), _courses(plan)), desc="spells", unit="set", file=sys.stderr,
              disable=not asked.progress) as bar:  # fmt: skip
        made = simulated_spells(course, rows, _courses(plan), plan.seed, asked.workers, job.case.finish, bar.update)
    folder.store("simulated_spells", made)
    return made


def _courses(plan: Plan) -> int:
    return min(plan.trials, MOST)


def _lived(asked: _Asked, job: Job) -> Scenario:
    """The scenario that has lived through the whole record, with all truces that began in it."""
    return job.case.begun(asked.recorded.record, asked.plan.first, asked.recorded.last, asked.plan.days)


def _start(scenario: Scenario) -> dt.date:
    start = scenario.history.start
    assert start is not None  # `Case` refuses it
    return start


# --- what a reader should be told -----------------------------------------------------------------------------------


def _notes(plan: Plan, recorded: Recorded, whole: Scenario) -> list[str]:
    gap = recorded.missing
    found = [] if gap is None else [f"The record has no {gap}; it is used up to the day before."]
    if plan.parameters == "expanding":
        return [*found, f"Numbers are fitted every {REFITTED_EVERY} days to all data up to then (expanding)."]
    if plan.parameters == "frozen":
        return [*found, f"Numbers are fitted to data up to {plan.first}, for every origin (frozen)."]
    return [*found, _of_scenario(plan, whole)]


def _without_interval(table: pd.DataFrame) -> list[str]:
    """Why there are horizons without intervals, which those of the coverage show: nobody else is ever without."""
    few = sorted({int(horizon) for horizon in table.loc[table["low"].isna(), "horizon"]})
    if not few:
        return []
    ahead = " and ".join(", ".join(map(str, few)).rsplit(", ", 1))
    said = (
        f"No 95 % intervals (-) {ahead} week{'s' * (few != [1])} ahead: they are made by blocks of {BLOCK_WEEKS} weeks,"
    )
    return [f"{said} and fewer than {LEAST_BLOCKS * BLOCK_WEEKS} weeks, {LEAST_BLOCKS} blocks, could be scored."]


def _of_scenario(plan: Plan, whole: Scenario) -> str:
    """Whose numbers the scenario's own are, and whether they know the days that are forecast."""
    if whole.posterior is None:
        return "Numbers are those written in the scenario; their bases say which data they know."
    span = whole.posterior.span or "of unknown span"
    knows = any(str(plan.first) < word for word in span.split() if word[:1].isdigit())
    late = ": it reaches into the days that are forecast, so these scores have hindsight" if knows else ""
    return f"Numbers are those of the scenario's posterior (data {span}){late}."
