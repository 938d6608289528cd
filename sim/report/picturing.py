"""Figures as pictures inside a page: drawn at the width of one column, so that they can be read on a phone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

from sim.errors import ResultsError
from sim.plots import SINGLE_MM, caption, draw, figure_of, new_axes, source_line
from sim.report.content import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.plots.results import Results
    from sim.plots.studied import Studied

DPI, CSS_DPI = 300, 160  # of the file, and of the page: a column of 89 mm is 560 CSS pixels wide
COLOURS = 128


def picture(name: str, of: Results | Studied, outcome: str | None = None, trial: int | None = None) -> Picture | None:
    """A figure of results or of a study as a picture; None where these have no data for it."""
    try:
        ax = draw(name, of, outcome=outcome, trial=trial, width_mm=SINGLE_MM)
        said = caption(name, of, outcome=outcome, trial=trial, signed=False)
    except ResultsError:
        return None
    return embedded(name, ax, said)


def drawn(name: str, height_mm: float, source: str, said: str, draw_on: Callable[[Axes], Axes]) -> Picture:
    """What a function draws on fresh axes as a picture, with its source line."""
    ax = draw_on(new_axes(SINGLE_MM, height_mm))
    source_line(figure_of(ax), source)
    return embedded(name, ax, said)


def embedded(name: str, ax: Axes, said: str) -> Picture:
    """The figure of these axes as a PNG of few colours in a data URI."""
    from PIL import Image

    raw, small = BytesIO(), BytesIO()
    figure = figure_of(ax)
    figure.savefig(raw, format="png", dpi=DPI)
    few = Image.open(raw).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(small, "png", optimize=True)
    source = "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()
    width, height = (round(inches * CSS_DPI) for inches in figure.get_size_inches())
    title = " ".join(ax.get_title().split())
    return Picture(name, f"Picture: {title}. The text below it has the numbers.", said, source, width, height)
