"""Every figure by name, with one face: `draw` it, get the data behind it, and its caption.

A figure is its data (one tidy table, what is written beside the picture as CSV) and a function that draws that table.
It is of results (`FIGURES`) or of a stored study (`STUDIES`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from typing_extensions import TypeIs

from sim.analysis.outcomes import sample
from sim.errors import InputError, ResultsError, did_you_mean
from sim.plots import measured, overall, placed, single, studied
from sim.plots.backtested import EVIDENCE
from sim.plots.results import Results
from sim.plots.studied import Studied, StudyFigure, StudyView, study_source
from sim.plots.style import DOUBLE_MM, figure_of, new_axes, source_line
from sim.plots.view import Figure, View, both_ranges, definition, source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURES: dict[str, Figure] = {**overall.FIGURES, **single.FIGURES, **placed.FIGURES, **measured.FIGURES}
STUDIES: dict[str, StudyFigure] = {**studied.STUDIES, **EVIDENCE}


def draw(
    name: str, results: Results | Studied, ax: Axes | None = None, outcome: str | None = None, trial: int | None = None,
    width_mm: float = DOUBLE_MM, without: str | None = None, data: pd.DataFrame | None = None,
) -> Axes:  # fmt: skip
    """Draw a figure of results or of a study; without `ax` on a new figure `width_mm` wide, with its source line.

    `without` is the rule that a ghost lives without; `data` is the figure's table where it is at hand. Raises
    InputError for an unknown figure or rule and for a figure that is not of what is given, ResultsError for an outcome
    or series that the results do not have.
    """
    table = figure_data(name, results, outcome, trial, without) if data is None else data
    if is_study(results):
        of_study, asked = find_study(name, results), StudyView(results, outcome)
        axes = ax if ax is not None else new_axes(width_mm, of_study.height_mm(table, width_mm))
        drawn, said = of_study.picture(table, axes, asked), study_source(results)
    else:
        figure, view = find(name), View(results, outcome, trial, without)
        axes = ax if ax is not None else new_axes(width_mm, figure.height_mm(table, width_mm))
        drawn, said = figure.picture(table, axes, view), source(results)
    if ax is None:
        source_line(figure_of(drawn), said)
    return drawn


def figure_data(
    name: str, results: Results | Studied, outcome: str | None = None, trial: int | None = None,
    without: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The table that a figure draws; ResultsError where no trial can be used."""
    if is_study(results):
        return find_study(name, results).data(StudyView(results, outcome))
    figure = find(name)
    if not sample(results.trials).trials:
        raise ResultsError("there is nothing to show: no trial came to its end")
    return figure.data(View(results, outcome, trial, without))


def caption(
    name: str, results: Results | Studied, outcome: str | None = None, trial: int | None = None,
    without: str | None = None, signed: bool = True,
) -> str:  # fmt: skip
    """What is shown and defined how, the probability with both ranges where it is about one, and what it rests on.

    The last is the line below the figure; without `signed` it is left out.
    """
    if is_study(results):
        said = find_study(name, results).definition(StudyView(results, outcome))
        return f"{said} {study_source(results)}" if signed else said
    figure, view = find(name), View(results, outcome, trial, without)
    parts = [figure.definition(view)]
    if figure.of_outcome:
        parts.append(f"{definition(view)} {both_ranges(view)}")
    return " ".join([*parts, *([source(results)] if signed else [])])


def is_study(given: Results | Studied) -> TypeIs[Studied]:
    """Whether it is a stored study; else it is results."""
    return hasattr(given, "kind")


def figures_of(given: Results | Studied) -> list[str]:
    """The names of the figures for which there may be data."""
    return [name for name, it in STUDIES.items() if it.table in given] if is_study(given) else list(FIGURES)


def find(name: str) -> Figure:
    """The figure of results of that name; InputError names those there are."""
    if name in STUDIES:
        raise InputError(f"the figure `{name}` is drawn from a study (of `ceasefire compare` or `sensitivity`)")
    if name not in FIGURES:
        raise InputError(f"unknown figure `{name}`; allowed: {', '.join(FIGURES)}{did_you_mean(name, FIGURES)}")
    return FIGURES[name]


def find_study(name: str, study: Studied | None = None) -> StudyFigure:
    """The figure of a study of that name; InputError names those there are, and those that this study has data for."""
    if name not in STUDIES or (study is not None and STUDIES[name].table not in study):
        allowed = list(STUDIES) if study is None else figures_of(study)
        of = "a study" if study is None else f"a study of this kind ({study.kind})"
        raise InputError(f"{of} has no figure `{name}`; allowed: {', '.join(allowed)}{did_you_mean(name, allowed)}")
    return STUDIES[name]
