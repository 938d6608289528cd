"""Pictures of results: one function a figure, each taking data and returning axes; `FIGURES` lists them by name."""

from sim.plots.opening import evidence
from sim.plots.registry import FIGURES, STUDIES, caption, draw, figure_data, figures_of
from sim.plots.results import Results
from sim.plots.style import DOUBLE_MM, SINGLE_MM, figure_of, new_axes, save, source_line
from sim.plots.view import Figure

__all__ = [
    "DOUBLE_MM",
    "FIGURES",
    "SINGLE_MM",
    "STUDIES",
    "Figure",
    "Results",
    "caption",
    "draw",
    "evidence",
    "figure_data",
    "figure_of",
    "figures_of",
    "new_axes",
    "save",
    "source_line",
]
