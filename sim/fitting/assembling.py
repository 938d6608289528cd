"""A posterior put together: likelihood and counts by a fast fit, simulation for what these do not reach.

The fast fit gives joint rows. A few numbers move neither deaths by a law that could be written down nor anything that
was counted: free courses from the memorandum of Sochi are simulated for them and held against the recorded course
(ABC-SMC). Each candidate lives with one of the fit's rows, drawn by its address, and remembers which. The course's
deaths are among those that the likelihood has read, so simulation may not weigh the rows a second time: all are kept,
once each, and near candidates are dealt to them by weight, to the row that each lived with where that is still free.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from sim import __version__
from sim.analysis.dice import uniforms
from sim.analysis.intervals import Floats
from sim.analysis.pattern_table import abc_summaries
from sim.analysis.patterns import COURSE
from sim.draws import Address
from sim.ensemble.manifest import code_digest
from sim.errors import InputError
from sim.fitting import abc
from sim.fitting.calibrated import ONE_COURSE, Calibrated, Data, OnStage, alike, has_course
from sim.fitting.candidates import seed_of
from sim.fitting.checking import RUNS, abc_simulated, recorded
from sim.fitting.conjugate import Count, counts
from sim.fitting.fast import TRIED, Drawn
from sim.fitting.learning import adjusted, kept_prior
from sim.fitting.moves import Move, moving_rules
from sim.fitting.populations import Population
from sim.fitting.regimes import fitted_numbers
from sim.history.driving import origin_of
from sim.preparing import Prepared
from sim.scenario import digest, load
from sim.scenario.compiling import compile_scenario
from sim.scenario.laws import Distribution
from sim.scenario.numbers import fix, references, uncertain, values_of_set, without_posterior
from sim.scenario.posterior import Estimate, Posterior
from sim.scenario.schema import Scenario
from sim.trajectory import Decoder

Row = Mapping[str, float]
LEAST_COURSE = 182  # days from Sochi on that are simulated; fewer say too little
OTHERS = 4096  # points of the numbers that nothing fits, among which candidates are spread

# Neither a likelihood nor a count reaches these, and they are in no ratio of a rule that moves the regimes. What they
# move in a course: the strongest rank correlation with a summary among 400 courses from the priors. Chance alone
# exceeds 0.10 once in twenty times.
BY_SIMULATION = {
    "displacement.rate": "the peak of displacement (0.64)",
    "parameters.air_tempo.value": "hardly anything: scatter of deaths (0.15)",
    "rules.raid.rate": "hardly anything: hits that kill nobody (-0.12)",
    "rules.counterattack.rate": "hardly anything: steps from fray to hold (0.12)",
}
# Quantities, not numbers, that the ratios of moving rules act upon, and what sets them.
ACTED_UPON = {"restraint": "parameters.restraint_war.value"}


class Fit(Protocol):
    """Rows of a fast fit; `sim.fitting.fast.Fast` is one."""

    def drawn_until(self, until: dt.date) -> Drawn:
        """Draws of the fitted numbers by path, from what was known at the end of a day."""


@dataclass(frozen=True)
class Settings:
    """How much is drawn and simulated; `folder` keeps the generations of candidates."""

    rows: int = 128
    seed: int = 0
    tried: int = TRIED
    workers: int = 2
    simulate: bool = True
    population: int = 600
    generations: int = 1
    folder: Path | None = None
    resume: bool = False
    article_only: bool = False


def put_together(
    scenario: Scenario,
    lived: Scenario,
    fit: Fit,
    data: Data,
    asked: Settings,
    *,
    made: Mapping[str, object] | None = None,
    on_stage: OnStage = lambda stage: None,
    on_progress: abc.OnProgress | None = None,
) -> Calibrated:
    """The posterior of a scenario; `lived` is the same one as `fit` has lived it from the record's first day.

    `made` is added to how the posterior says it came about. Numbers with another distribution in `lived` than in the
    scenario (states of another first day) have no column.
    """
    bare = without_posterior(scenario)
    on_stage(f"fitting regimes, moves and counts to deaths until {data.until}")
    drawn = fit.drawn_until(data.until)
    rows = drawn.rows
    counted = _counted(lived, data, asked.article_only)
    estimates = _estimates(bare, lived, data, counted, set(rows[0]))
    columns = np.array([[row[it.path] for it in estimates] for row in rows])
    course, notes = _course(bare, estimates, columns, data, asked)
    found: Population | None = None
    if course is not None:
        on_stage(f"simulating courses from {RUNS[COURSE].first} for {', '.join(course.names)}")
        found = abc.fit(
            course, seed=asked.seed, population=asked.population, generations=asked.generations,
            workers=asked.workers, folder=asked.folder, resume=asked.resume, on_progress=on_progress,
        )  # fmt: skip
        more, values, said = _joined(course, found, asked, len(rows))
        estimates, columns, notes = [*estimates, *more], np.hstack([columns, values]), [*notes, *said]
    places = {path: k for k, path in enumerate(uncertain(bare))}
    order = sorted(range(len(estimates)), key=lambda k: places[estimates[k].path])
    posterior = Posterior(
        f"What {data.name} says about {bare.name}: {len(rows)} joint draws, from data up to {data.until}.",
        _made(bare, data, asked, _first(lived, data), columns, estimates, found)
        | {"effective": _effective(drawn), **(made or {})},
        tuple(estimates[k] for k in order),
        columns[:, order],
    )
    return Calibrated(bare, data, posterior, uncertain(bare), counted, found, notes)


# --- the columns of the fast fit --------------------------------------------------------------------------------------


def _counted(lived: Scenario, data: Data, article_only: bool) -> list[Count]:
    deaths = {data.series.start + dt.timedelta(k): day.best for k, day in enumerate(data.series.days)}
    known = {day: number for day, number in deaths.items() if day <= data.until}
    return counts(lived, data.until, article_only, known)


def _estimates(
    bare: Scenario, lived: Scenario, data: Data, counted: Sequence[Count], given: set[str]
) -> list[Estimate]:
    """The columns that the fast fit gives, each with its evidence; counts that were left out have none."""
    first = _first(lived, data)
    span = f"deaths a day, {first} to {data.until}, n {(data.until - first).days + 1}"
    moves = moving_rules(lived)
    said = dict.fromkeys(fitted_numbers(lived), ("likelihood", span))
    said |= {move.path: ("likelihood", f"moves between regimes in {span}") for move in moves}
    weighed = f"sets weighed by how well they explain on which days regimes moved; {span}"
    said |= dict.fromkeys(ratio_paths(lived, moves), ("likelihood", weighed))
    said |= {it.path: (it.how, it.evidence()) for it in counted}
    shared = alike(uncertain(bare), lived)
    return [Estimate(path, how, words) for path, (how, words) in said.items() if path in shared & given]


def _first(lived: Scenario, data: Data) -> dt.date:
    """The first day of the record that was lived through."""
    return max(data.series.start, lived.history.start or data.series.start)


def ratio_paths(scenario: Scenario, moves: Sequence[Move]) -> list[str]:
    """The uncertain numbers in the ratios of moving rules, and those that set a quantity which such a ratio is of."""
    known, found = uncertain(scenario), dict[str, None]()
    for name in dict.fromkeys(move.rule for move in moves):
        rule = scenario.rules[name]
        found |= dict.fromkeys(f"rules.{name}.{path}" for path in uncertain(rule) if path.startswith("ratios."))
        found |= dict.fromkeys(f"parameters.{it}.value" for it in references(rule))
        found |= dict.fromkeys(path for quantity, path in ACTED_UPON.items() if quantity in rule.ratios)
    return [path for path in found if path in known]


def _made(
    bare: Scenario,
    data: Data,
    asked: Settings,
    first: dt.date,
    columns: Floats,
    estimates: Sequence[Estimate],
    found: Population | None,
) -> dict[str, object]:
    """How the posterior came about; all but `seconds`, which the caller knows."""
    drawn = columns[:, [k for k, it in enumerate(estimates) if it.how == "likelihood"]]
    simulation = {} if found is None else {
        "simulation": {"population": len(found.weights), "generation": found.generation, "stopped": found.stopped,
                       "distance": round(found.tolerance, 4), "effective": round(found.effective, 1)}
    }  # fmt: skip
    return {
        "version": __version__,
        "code": code_digest(),
        "scenario": {"name": bare.name, "sha256": digest(bare)},
        "data": {"file": data.name, "sha256": data.sha256},
        "span": {"from": str(first), "to": str(data.until)},
        "seed": asked.seed,
        "rows": len(columns),
        "different_rows": len(np.unique(drawn, axis=0)),
        "article_only": asked.article_only,
        **simulation,
    }


def _effective(drawn: Drawn) -> dict[str, object]:
    """How many independent draws stand behind the rows."""
    sets = {} if drawn.sets is None else {"sets": round(drawn.sets, 1), "tried": drawn.tried}
    return {"regimes": round(drawn.regimes, 1), **sets}


# --- simulation -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """Free courses from Sochi on, as a problem for `sim.fitting.abc`.

    Its last summary is the number of the row that a candidate lived with; the record has none, so that it is no part of
    any distance.
    """

    scenario: Scenario
    names: tuple[str, ...]
    laws: tuple[Distribution, ...]
    rows: Sequence[Row]
    observed: Floats
    identity: str
    seed: int

    def simulate(self, values: Floats, candidate: Address) -> Floats:
        """The summaries of one course, and the number of its row."""
        luck = seed_of(candidate)
        row = luck % len(self.rows)
        others = values_of_set(self.scenario, luck // len(self.rows) % OTHERS, self.seed)
        fixed = fix(self.scenario, {**others, **self.rows[row], **dict(zip(self.names, values.tolist(), strict=True))})
        compiled = compile_scenario(fixed)
        ready = Prepared(fixed, compiled, origin_of(fixed, compiled), Decoder(fixed, compiled), luck, 0)
        return np.append(abc_simulated(ready, 1)[0], float(row))


def _course(
    bare: Scenario, estimates: Sequence[Estimate], columns: Floats, data: Data, asked: Settings
) -> tuple[Course | None, list[str]]:
    """The problem of simulation, or why there is none."""
    if not asked.simulate:
        return None, ["Nothing was fitted by simulation (--no-abc)."]
    run = RUNS[COURSE]
    own = without_posterior(load(run.source))
    days = min(run.days, (data.until - run.first).days + 1)
    shared = alike(uncertain(bare), own)
    if not has_course(bare) or not shared & set(BY_SIMULATION):
        return None, [f"Nothing was fitted by simulation: {ONE_COURSE}."]
    if days < LEAST_COURSE:
        return None, [f"Nothing was fitted by simulation: that needs {LEAST_COURSE} days from {run.first} on."]
    scenario = own.model_copy(update={"horizon_days": days})
    laws = {path: law for path, law in uncertain(own).items() if path in BY_SIMULATION and path in shared}
    rows = [{it.path: row[k] for k, it in enumerate(estimates) if it.path in shared} for row in columns.tolist()]
    seen = abc_summaries(recorded(scenario, data.series, run.first, days)).ravel()
    known = {"scenario": digest(scenario), "data": data.sha256, "until": str(data.until), "code": code_digest(),
             "rows": hashlib.sha256(json.dumps(rows).encode()).hexdigest()}  # fmt: skip
    return Course(
        scenario, tuple(laws), tuple(laws.values()), rows, np.append(seen, np.nan), json.dumps(known), asked.seed
    ), []


def _joined(course: Course, found: Population, asked: Settings, rows: int) -> tuple[list[Estimate], Floats, list[str]]:
    """The columns of what was simulated, their values (rows, k) beside the rows, and what must be said."""
    near, notes = _near(course, found)
    kept = kept_prior(near)
    values = paired(near, rows, asked.seed)
    run = RUNS[COURSE]
    span = f"{course.scenario.horizon_days} days from {run.first}, {len(found.weights)} courses near the record"
    told = []
    for k, (name, law) in enumerate(zip(course.names, course.laws, strict=True)):
        if name in kept:
            luck = uniforms(asked.seed, ("calibration", "prior", name), range(rows), 1)[:, 0]
            values[:, k] = [law.ppf(u) for u in luck.tolist()]
        words = "the prior: not told apart by" if name in kept else f"{BY_SIMULATION[name]} in"
        told.append(Estimate(name, "prior" if name in kept else "abc", f"{words} {span}"))
    return told, values, notes


def _near(course: Course, found: Population) -> tuple[Population, list[str]]:
    """The population moved to the record; as it is where it is too small for that."""
    try:
        return adjusted(found, course.observed, course.laws), []
    except InputError as few:
        return found, [f"Simulated values were not moved to the record: {few}."]


def paired(near: Population, rows: int, seed: int) -> Floats:
    """Values (rows, k): as many candidates as rows, by weight, each at the row it lived with where that is free.

    Those that find their row taken fill the rows that are left.
    """
    total = np.cumsum(near.weights)
    places = (np.arange(rows) + uniforms(seed, ("calibration", "paired"), [0], 1)[0, 0]) / rows
    chosen = np.minimum(np.searchsorted(total, places * total[-1], side="right"), len(total) - 1)
    at_home: dict[int, int] = {}
    left = []
    for candidate in chosen.tolist():
        home = int(near.summaries[candidate, -1])
        if home < rows and home not in at_home:
            at_home[home] = candidate
        else:
            left.append(candidate)
    others = iter(left)
    return np.asarray(near.values[[at_home[k] if k in at_home else next(others) for k in range(rows)]], np.float64)
