"""Figures of stored studies: comparisons, ablations, screenings, splits, discoveries, other readings of an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from sim.errors import ResultsError
from sim.plots import differences, sensitivity
from sim.plots.style import in_words
from sim.plots.view import NOTE, headline
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes


COUNTED = ("sets", "trials", "samples", "draws")
NOTES = {  # by kind of study, where the usual note does not fit
    "back-test": "Forecasts of past weeks, made afterwards; no early warning.",
    "posterior": "Parameters of a model of a past conflict.",
}


class Studied(Protocol):
    """A stored study: its tables by name, what was asked, and of which scenario (`sim.ensemble.designs.Study`)."""

    @property
    def kind(self) -> str:
        """Such as `comparison` or `morris`."""
        ...

    @property
    def scenario(self) -> Scenario:
        """The scenario that it is about."""
        ...

    @property
    def record(self) -> Any:
        """With `scenario` (its name), `question` (seed, sets, trials ...) and `code` (version)."""
        ...

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A table by its name."""
        ...

    def __contains__(self, name: object) -> bool:
        """Whether there is a table of that name."""
        ...


class StudyView(NamedTuple):
    """What is asked of a figure of a study: the study, and an outcome (None: the one it asked about)."""

    study: Studied
    outcome: str | None = None

    @property
    def asked(self) -> str:
        """The outcome it is about."""
        question: Mapping[str, Any] = self.study.record.question
        return self.outcome or str(question.get("outcome") or headline(self.study.scenario))

    @property
    def event(self) -> str:
        """The outcome in words."""
        return in_words(self.asked).lower()

    @property
    def seed(self) -> int:
        """The seed of what was run, for what a figure draws itself."""
        return int(self.study.record.question.get("seed") or 0)


@dataclass(frozen=True)
class StudyFigure:
    """A picture of a table that a study stores."""

    function: Callable[..., Any]
    description: str
    table: str
    data: Callable[[StudyView], pd.DataFrame]
    picture: Callable[[pd.DataFrame, Axes, StudyView], Axes]
    definition: Callable[[StudyView], str]
    height_mm: Callable[[pd.DataFrame, float], float]


def of_table(
    function: Callable[[pd.DataFrame, Axes], Axes], description: str, table: str,
    definition: Callable[[StudyView], str], height_mm: Callable[[pd.DataFrame, float], float],
    data: Callable[[StudyView], pd.DataFrame] | None = None,
) -> StudyFigure:  # fmt: skip
    """A figure that needs nothing but its table: the stored one, or what `data` makes of it."""
    return StudyFigure(
        function, description, table, data or (lambda view: view.study[table]),
        lambda rows, ax, view: function(rows, ax), definition, height_mm,
    )  # fmt: skip


def study_source(study: Studied) -> str:
    """Scenario, kind of study, what was run on which data, seed and version, as the line below a figure says it."""
    question: Mapping[str, Any] = study.record.question
    if study.kind == "back-test" and {"sets", "trials"} <= question.keys():  # it shares its trials among the sets
        question = {**question, "sets": min(question["sets"], question["trials"])}
    numbers = [f"{question[name]:,} {name}" for name in COUNTED if question.get(name)]
    seed = question.get("seed")
    seed = study.scenario.ensemble.seed if seed is None else seed
    said = ", ".join([*_span(question), *numbers, f"seed {seed}", f"ceasefire {study.record.code['version']}"])
    return f"{study.record.scenario}: {study.kind}, {said}. {_data(question)}{NOTES.get(study.kind, NOTE)}"


def _span(question: Mapping[str, Any]) -> list[str]:
    span = question.get("span") or (question.get("from"), question.get("to"))
    days = list(span.values()) if isinstance(span, Mapping) else [span] if isinstance(span, str) else list(span)
    return [" to ".join(map(str, days))] if all(days) else []


def _data(question: Mapping[str, Any]) -> str:
    """The names of the files with recorded deaths, where the question has them."""
    data = question.get("data")
    if isinstance(data, Mapping):
        data = data.get("name") or data.get("file") or list(data)
    names = [Path(str(name)).name for name in (data if isinstance(data, list | tuple) else [data]) if name]
    return f"Deaths recorded in {', '.join(names)}. " if names else ""


def forest_table(outcomes: pd.DataFrame, rests_on: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """The rows of a comparison about one outcome, hollow where the sign changes across sets or within a fifth."""
    rows = outcomes[outcomes["outcome"] == outcome].reset_index(drop=True)
    if not len(rows):
        raise ResultsError(f"no scenario of this comparison shares the outcome `{outcome}` with the base")
    turned = (rows["range_low"] < 0) & (rows["range_high"] > 0)
    if len(rests_on):
        clear = rests_on[(rests_on["outcome"] == outcome) & rests_on["clearly"].astype(bool)]
        turned |= rows["scenario"].isin(set(clear["scenario"]))
    return rows.assign(sign_changes=turned)


def _forest(view: StudyView) -> pd.DataFrame:
    return forest_table(view.study["outcomes"], view.study["rests_on"], view.asked)


def _of_outcome(table: str) -> Callable[[StudyView], pd.DataFrame]:
    def rows(view: StudyView) -> pd.DataFrame:
        frame = view.study[table]
        chosen = frame[frame["outcome"] == view.asked].reset_index(drop=True)
        if not len(chosen):
            raise ResultsError(f"this study has no outcome `{view.asked}`; there are: {', '.join(_outcomes(frame))}")
        return chosen

    return rows


def _outcomes(frame: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(frame["outcome"].astype(str)))


def _boxes(view: StudyView) -> pd.DataFrame:
    """The boxes with their bounds as quantiles of the parameter's values; the bounds themselves beside."""
    boxes, values = view.study["boxes"], view.study["values"]
    bounds = boxes[["low", "high"]].rename(columns={"low": "low_value", "high": "high_value"})
    low, high = (
        [_quantile(values, str(row["parameter"]), float(row[side]), otherwise) for _, row in boxes.iterrows()]
        for side, otherwise in (("low", 0.0), ("high", 1.0))
    )
    return pd.concat([boxes.assign(low=low, high=high), bounds], axis=1)


def _quantile(values: pd.DataFrame, parameter: str, bound: float, otherwise: float) -> float:
    if np.isnan(bound) or parameter not in values:
        return otherwise
    return float((values[parameter] <= bound).mean())


STUDIES: dict[str, StudyFigure] = {
    "forest": StudyFigure(
        differences.forest, "paired differences between scenarios as a forest, by grade of evidence", "outcomes",
        _forest,
        lambda data, ax, view: differences.forest(
            data, ax, f"{in_words(view.asked)}: difference to {view.study.scenario.name}"
        ),
        lambda view: (
            f"Paired differences in the share of trials with {view.event} to {view.study.scenario.name}: the same "
            "trials with the same luck. Rows by the weakest grade of evidence among what differs; hollow where the "
            "sign changes across parameter sets, or clearly within a fifth of a parameter's range."
        ),
        lambda data, _: differences.forest_height(data),
    ),
    "tornado": StudyFigure(
        differences.tornado, "ablation as a tornado: the change when each rule is off", "ablation",
        _of_outcome("ablation"),
        lambda data, ax, view: differences.tornado(data, ax, outcome=view.event),
        lambda view: (
            f"Change in the share of trials with {view.event} when one rule after another is switched off, paired "
            "trial by trial; the grade of evidence of each rule in brackets. Counts in a model."
        ),
        lambda data, _: differences.tornado_height(data),
    ),
    "morris": of_table(
        sensitivity.morris, "Morris screening: mean size and spread of each parameter's effect", "morris",
        lambda view: (
            f"Elementary effects of each uncertain number on the share of trials with {view.event}: mean of their "
            "sizes with its 95 % bootstrap interval, and their standard deviation. Nothing else is varied at random."
        ),
        lambda _, width: 92.0,
    ),
    "sobol": of_table(
        sensitivity.sobol, "Sobol' indices: first order and total, with bootstrap intervals", "sobol",
        lambda view: (
            f"Share of the variance between parameter sets of the probability of {view.event} that each number "
            "explains alone and with its interactions; 95 % bootstrap intervals. Estimates below zero are chance."
        ),
        lambda data, _: sensitivity.sobol_height(data),
    ),
    "split": of_table(
        sensitivity.variance, "split of each outcome's variance into parameters and chance", "split",
        lambda _: (
            "Variance between trials in whether an outcome comes: what parameter sets explain, and what chance decides "
            "within a set; 95 % interval of the split."
        ),
        lambda data, _: sensitivity.variance_height(data),
    ),
    "boxes": StudyFigure(
        sensitivity.discovery, "scenario discovery: in which parts of which ranges an outcome is frequent", "boxes",
        _boxes,
        lambda data, ax, view: sensitivity.discovery(data, ax, outcome=view.event),
        lambda view: (
            f"Boxes of the parameter space by how frequent {view.event} is in them, found in one half of the parameter "
            "sets and measured in the other."
        ),
        lambda data, _: sensitivity.discovery_height(data),
    ),
    "definitions": StudyFigure(
        differences.definitions, "an outcome under other readings of its definition", "definitions",
        lambda view: view.study["definitions"],
        lambda data, ax, view: differences.definitions(data, ax, outcome=view.asked),
        lambda view: (
            f"Share of trials with {view.event} under each reading of its definition that the scenario declares; the "
            "trials are the same, only what is counted differs."
        ),
        differences.definitions_height,
    ),
}  # fmt: skip
