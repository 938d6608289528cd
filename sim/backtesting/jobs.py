"""Who forecasts in a back-test: cases at the origins, each with its numbers."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

from tqdm import tqdm

from sim.analysis.baselines import FORECASTERS
from sim.analysis.forecasts import Record
from sim.backtesting.cases import Case, null_model, without_rule
from sim.backtesting.folds import beside
from sim.backtesting.parameters import REFITTED_EVERY, Brought, Fitted, Fitter, Kept, Parameters
from sim.backtesting.planning import Plan
from sim.errors import InputError
from sim.scenario.numbers import without_posterior
from sim.scenario.schema import Scenario

MODEL, NULL, ARTICLE = "model", "null_model", "article_only"
ARTICLE_FILE = "article-only-rules"  # beside the scenario


@dataclass(frozen=True)
class Job:
    """A case, the scenario that it is at the origins, and its numbers."""

    case: Case
    scenario: Scenario
    parameters: Parameters

    @property
    def name(self) -> str:
        """The forecaster's."""
        return self.case.name

    def said(self, plan: Plan) -> dict[str, Any]:
        """Where it comes from, and up to which days the data behind its numbers reach."""
        days = dict.fromkeys(self.parameters.learnt(day) for day in plan.origins)
        return {
            "scenario": self.scenario.name,
            "history_from": str(self.scenario.history.start),
            "learnt_until": [str(day) for day in days if day is not None],
        }


def jobs_of(
    plan: Plan, record: Record, last: dt.date, fitter: Fitter, progress: bool, kept: Kept | None = None
) -> list[Job]:
    """The model, the null model, and other scenarios; no origin lies after `last`.

    Fits that `kept` has are not made again. InputError where one cannot be back-tested.
    """
    model = Case(MODEL, plan.source, plan.overrides, plan.without)
    others = dict(plan.also)
    if (article := beside(plan.source, ARTICLE_FILE)) is not None:
        others.setdefault(ARTICLE, article)
    for name in others:
        if name in {MODEL, NULL, *FORECASTERS} or name.startswith("without_") or not name.isidentifier():
            raise InputError(f"also: {name!r} is not allowed as a name; take another one, of letters, digits and _")
    cases = [model, null_model(model), *(Case(name, file, plan.overrides) for name, file in others.items())]
    return [
        Job(case, _begun(case, plan, record), _numbers(case, plan, record, last, fitter, progress, kept))
        for case in cases
    ]


def ablations_of(model: Job, plan: Plan, record: Record) -> list[Job]:
    """The model without one of its rules each, with the model's numbers."""
    rules = [name for name, rule in model.scenario.rules.items() if rule.enabled]
    off = [without_rule(model.case, rule) for rule in rules]
    return [Job(case, _begun(case, plan, record), model.parameters) for case in off]


def _begun(case: Case, plan: Plan, record: Record) -> Scenario:
    return case.begun(record, plan.first, plan.last, plan.days)


def _numbers(
    case: Case, plan: Plan, record: Record, last: dt.date, fitter: Fitter, progress: bool, kept: Kept | None
) -> Parameters:
    if plan.parameters == "scenario":
        return Brought(plan.sets)
    scenario, part = case.fitted_on(record, last)
    bare = without_posterior(scenario)
    make = partial(fitter, bare, part, plan.sets, plan.seed)
    every = REFITTED_EVERY if plan.parameters == "expanding" else 0
    told = partial(_tell, case.name) if progress else _silence
    return Fitted(make, bare, plan.first, every, told, case.name, kept)


def _tell(name: str, until: dt.date, seconds: float) -> None:
    tqdm.write(f"{name}: fitted to data up to {until} ({seconds:.1f} s)", file=sys.stderr)


def _silence(until: dt.date, seconds: float) -> None:
    """Say nothing."""
