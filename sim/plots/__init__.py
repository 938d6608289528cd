"""Pictures of results: one function a figure, each taking data and returning axes; `FIGURES` lists them by name."""

from sim.plots.registry import FIGURES, Figure, caption, draw, figure_data
from sim.plots.results import Results
from sim.plots.style import DOUBLE_MM, SINGLE_MM, figure_of, new_axes, save, source_line

__all__ = [
    "DOUBLE_MM",
    "FIGURES",
    "SINGLE_MM",
    "Figure",
    "Results",
    "caption",
    "draw",
    "figure_data",
    "figure_of",
    "new_axes",
    "save",
    "source_line",
]
