"""Which assumptions move an outcome: designs over a scenario's distributions, run and stored as studies.

Morris and Sobol' evaluate the scenario at points of its parameter space, with the same trials (of set 0) at every
point: common random numbers, so that two points differ by their values alone. The split of variance and the discovery
of boxes use the ordinary parameter sets, each with luck of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.ensemble.cells import Cell, Design, run_cells
from sim.ensemble.designs import Study, slug, studying, whole
from sim.ensemble.engines import default_engine, find_engine
from sim.ensemble.evidence import grades, headline, known_outcome
from sim.ensemble.running import processors
from sim.errors import InputError, RunError
from sim.scenario import digest, load
from sim.scenario.numbers import uncertain, values_of_set
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POINT_TRIALS = 16
MORRIS_SAMPLES, SOBOL_SAMPLES = 10, 128
SPLIT_SETS, SPLIT_TRIALS = 256, 8
DISCOVERY_SETS, DISCOVERY_TRIALS = 512, 8
TOP = 10
ALL_OTHERS = "all others"
RANGE = (0.05, 0.95)  # of each distribution, which a screening crosses


@dataclass(frozen=True)
class Question:
    """What all studies of a scenario share: the scenario as asked, the outcome, by which day, and how it is run."""

    scenario: Scenario
    outcome: str
    day: int
    engine: str
    workers: int
    progress: bool

    @classmethod
    def of(
        cls, source: Scenario | str | Path, *, outcome: str | None = None, day: int | None = None,
        seed: int | None = None, days: int | None = None, engine: str | None = None, workers: int | None = None,
        progress: bool = True,
    ) -> Question:  # fmt: skip
        """The question about a scenario; InputError for what cannot be asked."""
        scenario = source if isinstance(source, Scenario) else load(source)
        name = headline(scenario) if outcome is None else known_outcome(outcome, scenario.outcomes)
        horizon = whole("days", days, 1, scenario.horizon_days)
        by = whole("day", day, 1, horizon)
        if by > horizon:
            raise InputError(f"day: {by} is after the last day, {horizon}; give fewer, or more --days")
        ensemble = scenario.ensemble.model_copy(
            update={"seed": whole("seed", seed, 0, scenario.ensemble.seed), "precision": None}
        )
        asked = scenario.model_copy(update={"ensemble": ensemble, "horizon_days": horizon})
        engine = engine or default_engine()
        find_engine(engine)
        return cls(asked, name, by, engine, whole("workers", workers, 1, processors()), progress)

    def said(self, **more: Any) -> dict[str, Any]:
        """The question as plain data, with what one kind of study asks beside."""
        seed = self.scenario.ensemble.seed
        return {"digest": digest(self.scenario), "seed": seed, "outcome": self.outcome, "day": self.day, **more}

    def folder(self, kind: str, out: str | Path | None) -> Path:
        """Where a study is stored: `results/KIND-NAME-TIME` unless it is said."""
        if out is not None:
            return Path(out)
        return Path("results") / f"{kind}-{slug(self.scenario.name)}-{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}"

    def with_sets(self, sets: int) -> Scenario:
        """The scenario with so many parameter sets."""
        ensemble = self.scenario.ensemble.model_copy(update={"sets": sets})
        return self.scenario.model_copy(update={"ensemble": ensemble})

    def paths(self) -> tuple[str, ...]:
        """What varies; InputError where nothing does."""
        paths = tuple(uncertain(self.scenario))
        if not paths:
            raise InputError(
                f"{self.scenario.name}: has no distribution, so there is nothing to vary; "
                "write a number as {dist: uniform, low: LOW, high: HIGH}"
            )
        return paths


def morris(
    question: Question, *, samples: int | None = None, trials: int | None = None, out: str | Path | None = None,
    resume: bool = False,
) -> Study:  # fmt: skip
    """Screen all distributions by `samples` trajectories of Morris' design; table `morris`."""
    samples, trials = whole("samples", samples, 2, MORRIS_SAMPLES), whole("trials", trials, 1, POINT_TRIALS)
    paths = question.paths()
    import_module("sim.analysis.sensitivity").salib("sample.morris")
    asked = question.said(samples=samples, trials=trials)
    with studying(question.folder("morris", out), "morris", question.scenario, asked, resume) as study:
        study.store("morris", _screened(study, question, paths, samples, trials))
    return study


def sobol(
    question: Question, *, samples: int | None = None, trials: int | None = None, top: int | None = None,
    out: str | Path | None = None, resume: bool = False,
) -> Study:  # fmt: skip
    """Sobol' indices of the `top` distributions of a Morris screening, and of all others as one group.

    `samples` base points (a power of two); tables `morris` (of the screening) and `sobol`.
    """
    samples, trials = whole("samples", samples, 2, SOBOL_SAMPLES), whole("trials", trials, 1, POINT_TRIALS)
    if samples & (samples - 1):
        raise InputError(f"samples: {samples} is not allowed; Sobol' takes a power of two, such as {SOBOL_SAMPLES}")
    paths, chosen = question.paths(), whole("top", top, 1, TOP)
    analysis = import_module("sim.analysis.sensitivity")
    sampler = analysis.salib("sample.sobol")
    asked = question.said(samples=samples, trials=trials, top=chosen)
    with studying(question.folder("sobol", out), "sobol", question.scenario, asked, resume) as study:
        names = list(paths)
        if chosen < len(paths):
            screened = _screened(study, question, paths, MORRIS_SAMPLES, trials)
            study.store("morris", screened)
            names = sorted(screened["parameter"].head(chosen), key=paths.index)
        groups = [path if path in names else ALL_OTHERS for path in paths]
        seed = question.scenario.ensemble.seed % 2**32
        design = sampler.sample(analysis.problem(paths, groups), samples, calc_second_order=False, seed=seed)
        responses = _responses(study, question, "sobol", paths, design, trials)
        # SALib orders groups by their first appearance
        table = analysis.sobol_table(responses, list(dict.fromkeys(groups)), grades(question.scenario), seed)
        study.store("sobol", table)
    return study


def _screened(study: Study, question: Question, paths: Sequence[str], samples: int, trials: int) -> pd.DataFrame:
    analysis = import_module("sim.analysis.sensitivity")
    seed = question.scenario.ensemble.seed % 2**32
    problem = analysis.problem(paths)
    levels = analysis.MORRIS_LEVELS
    design = analysis.salib("sample.morris").sample(problem, samples, num_levels=levels, seed=seed)
    low, high = RANGE
    responses = _responses(study, question, "morris", paths, low + (high - low) * design, trials)
    table: pd.DataFrame = analysis.morris_table(design, responses, paths, grades(question.scenario), seed)
    return table


def _responses(
    study: Study, question: Question, name: str, paths: Sequence[str], points: Floats, trials: int
) -> Floats:
    """The share of trials with the outcome at each point of the unit cube; equal points are run once."""
    import numpy as np

    laws = list(uncertain(question.scenario).values())
    distinct, where = np.unique(points, axis=0, return_inverse=True)
    values = [tuple(law.ppf(float(u)) for law, u in zip(laws, point, strict=True)) for point in distinct]
    design = Design((question.with_sets(1),), tuple(Cell(values=point) for point in values), trials, question.engine,
                    (f"{question.outcome}_day",), tuple(paths))  # fmt: skip
    rows = run_cells(study, name, design, question.workers, question.progress)
    share = came(rows, question.outcome, question.day).groupby(rows["cell"]).mean()
    found: Floats = share.reindex(range(len(distinct))).to_numpy(float)
    if np.isnan(found).any():
        raise RunError(f"{name}: every trial of point {int(np.isnan(found).argmax())} failed: {_first_error(rows)}")
    return found[where.ravel()]


def came(rows: pd.DataFrame, outcome: str, day: int) -> pd.Series[Any]:
    """For each row whether the outcome came by a day, as 0 and 1; failed trials are left out."""
    used = rows[rows["error"].isna()]
    return (used[f"{outcome}_day"] <= day).fillna(False).astype(float)


def _first_error(rows: pd.DataFrame) -> str:
    failed = rows["error"].dropna()
    return str(failed.iloc[0]) if len(failed) else "no trial"


# --- parameter sets --------------------------------------------------------------------------------------------------


def split(
    question: Question, *, sets: int | None = None, trials: int | None = None, out: str | Path | None = None,
    resume: bool = False,
) -> Study:  # fmt: skip
    """Split the variance of every outcome into parameters and chance; table `split`."""
    sets, trials = whole("sets", sets, 2, SPLIT_SETS), whole("trials", trials, 2, SPLIT_TRIALS)
    question.paths()
    analysis = import_module("sim.analysis.sensitivity")
    asked = question.said(sets=sets, trials=trials)
    with studying(question.folder("split", out), "split", question.scenario, asked, resume) as study:
        outcomes = list(question.scenario.outcomes)
        rows = _of_sets(study, question, sets, trials, outcomes)
        used = rows[rows["error"].isna()]
        flags = {name: came(rows, name, question.day).to_numpy(bool) for name in outcomes}
        study.store("split", analysis.split_table(flags, used["set"].to_numpy()))
    return study


def discover(
    question: Question, *, sets: int | None = None, trials: int | None = None, out: str | Path | None = None,
    resume: bool = False,
) -> Study:  # fmt: skip
    """Find the boxes of the parameter space in which the outcome is frequent; tables `values`, `shares`, `boxes`."""
    import pandas as pd

    analysis = import_module("sim.analysis.discovery")
    sets = whole("sets", sets, analysis.LEAST_SETS, DISCOVERY_SETS)
    trials = whole("trials", trials, 1, DISCOVERY_TRIALS)
    paths = question.paths()
    asked = question.said(sets=sets, trials=trials)
    with studying(question.folder("discovery", out), "discovery", question.scenario, asked, resume) as study:
        rows = _of_sets(study, question, sets, trials, [question.outcome])
        by_set = came(rows, question.outcome, question.day).groupby(rows["set"])
        hits, counts = (
            part.reindex(range(sets), fill_value=0.0).to_numpy(float) for part in (by_set.sum(), by_set.count())
        )
        seed = question.scenario.ensemble.seed
        values = pd.DataFrame(
            [values_of_set(question.scenario, index, seed) for index in range(sets)], columns=list(paths)
        )
        study.store("values", values.rename_axis("set").reset_index())
        study.store("shares", pd.DataFrame({"set": range(sets), "count": hits, "trials": counts}))
        study.store("boxes", analysis.box_table(values, hits, counts, grades(question.scenario)))
    return study


def _of_sets(study: Study, question: Question, sets: int, trials: int, outcomes: Iterable[str]) -> pd.DataFrame:
    """Rows of the ordinary trials of ordinary parameter sets."""
    cells = tuple(Cell(set=index) for index in range(sets))
    columns = tuple(f"{name}_day" for name in outcomes)
    design = Design((question.with_sets(sets),), cells, trials, question.engine, columns)
    rows = run_cells(study, "sets", design, question.workers, question.progress)
    if rows["error"].notna().all():
        raise RunError(f"every trial failed: {_first_error(rows)}")
    return rows
