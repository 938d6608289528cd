"""The look of every figure: colours, sizes in print, room for what stands below. Nothing global is changed.

Sizes are in points and hold at both journal widths (89 mm and 183 mm), so a figure is drawn at the width it is printed
at and never scaled. Colours are those of Okabe & Ito (2008) and the cividis map, told apart by colour-blind readers.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, BLACK, GREY, PALE = "#56B4E9", "#CC79A7", "#000000", "#666666", "#DDDDDD"
PARTY_COLOURS = (VERMILION, BLUE, BLACK, PURPLE, GREEN, ORANGE, SKY)
HEAT = "cividis"

SINGLE_MM, DOUBLE_MM = 89.0, 183.0
TITLE, TEXT, SMALL, FOOT = 8.0, 7.0, 6.0, 5.5
MM, POINTS = 25.4, 72.0
EDGE = 6.0  # points that text at the figure's edge keeps from it
NOTEBOOK_DPI = 150  # so that print sizes can be read on a screen
FORMATS = ("pdf", "svg", "png")
_FOOTER = "footer"
# Mean width of a letter, in font sizes; a legend's labels are short, so it needs some more to be safe.
_BOLD_WIDTH, _PLAIN_WIDTH, _LEGEND_WIDTH = 0.60, 0.525, 0.57
_HANDLE, _TEXT_PAD, _BETWEEN = 2.4, 0.6, 1.6  # parts of a legend, in font sizes


def new_axes(width_mm: float = DOUBLE_MM, height_mm: float = 90.0) -> Axes:
    """Empty axes on a figure of this printed size; inside a notebook one that pyplot shows, else a bare figure."""
    size = (width_mm / MM, height_mm / MM)
    if _in_notebook():
        import matplotlib.pyplot as plt

        return plt.figure(figsize=size, layout="constrained", dpi=NOTEBOOK_DPI).add_subplot()
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained").add_subplot()


def _in_notebook() -> bool:
    import sys

    shell = sys.modules.get("IPython")
    session = shell.get_ipython() if shell is not None else None
    return session is not None and "IPKernelApp" in getattr(session, "config", {})


def figure_of(ax: Axes) -> Figure:
    """The figure that `ax` stands on, also from within a subfigure."""
    from matplotlib.figure import Figure

    figure: Any = ax.figure
    while not isinstance(figure, Figure):
        figure = figure.figure
    return figure


def width_points(ax: Axes) -> float:
    """Width of the figure in points."""
    return float(figure_of(ax).get_figwidth()) * POINTS


def narrow(ax: Axes) -> bool:
    """Whether the figure is nearer to one column than to two."""
    return width_points(ax) * MM / POINTS < (SINGLE_MM + DOUBLE_MM) / 2


def fit(text: str, points: float, size: float = TEXT, letter: float = _PLAIN_WIDTH) -> str:
    """The text broken into lines that fit into a width in points."""
    return textwrap.fill(text, max(12, int(points / (size * letter))))


def finish(ax: Axes, title: str, x: str = "", y: str = "", pad: float = 6.0) -> Axes:
    """Title (`pad` points over the axes) and axis labels in print sizes, spines only at left and bottom."""
    ax.tick_params(labelsize=SMALL, width=0.6, length=2.5)
    for name, spine in ax.spines.items():
        spine.set_linewidth(0.6)
        spine.set_visible(name in ("left", "bottom") and spine.get_visible())
    ax.set_xlabel(x, fontsize=TEXT)
    ax.set_ylabel(y, fontsize=TEXT)
    _title(ax, title, pad)
    return ax


def _title(ax: Axes, text: str, pad: float) -> None:
    """Flush with the figure's left edge where the axes have it for themselves, else with the axes'."""
    from matplotlib.transforms import blended_transform_factory

    figure = figure_of(ax)
    alone = len(figure.axes) == 1
    width = width_points(ax) * (0.98 if alone else float(ax.get_position().width))
    label = ax.set_title(fit(text, width, TITLE, _BOLD_WIDTH), fontsize=TITLE, fontweight="bold", pad=pad)
    label.set_horizontalalignment("left")
    label.set_x(0.0)
    if alone:
        label.set_x(EDGE / width_points(ax))
        # axes coordinates upwards, figure coordinates across; the pad is part of the title's own transform
        label.set_transform(blended_transform_factory(figure.transFigure, label.get_transform()))


def percent_axis(axis: Any) -> None:
    """Ticks of shares 0-1 written as 0-100; the label carries the sign."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value, 6):g}"))


def below(ax: Axes, points: float) -> Any:
    """A transform: axes fractions across and up, moved down by some points."""
    from matplotlib.transforms import ScaledTranslation

    return ax.transAxes + ScaledTranslation(0, -points / POINTS, figure_of(ax).dpi_scale_trans)


def legend_below(
    ax: Axes, handles: Sequence[Any], columns: int, points: float = 30.0, from_edge: bool = False
) -> Legend:
    """A frameless legend under the axis label, flush with the axes; `from_edge` with the figure if they are alone."""
    from matplotlib.transforms import blended_transform_factory

    across, place = 0.0, below(ax, points)
    if from_edge and len(figure_of(ax).axes) == 1:
        across, place = EDGE / width_points(ax), blended_transform_factory(figure_of(ax).transFigure, place)
    legend = ax.legend(
        handles=list(handles), loc="upper left", bbox_to_anchor=(across, 0), bbox_transform=place, ncols=columns,
        fontsize=SMALL, frameon=False, borderaxespad=0, borderpad=0, handlelength=_HANDLE, columnspacing=_BETWEEN,
        handletextpad=_TEXT_PAD, labelspacing=0.3,
    )  # fmt: skip
    if across:  # it hangs on the figure: to the layout its width means nothing, its height does
        legend.set_in_layout(False)
        lines = max(str(handle.get_label()).count("\n") + 1 for handle in handles) if handles else 0
        _reserve(ax, points + 1.35 * SMALL * lines * -(-len(handles) // max(1, columns)))
    return legend


def _reserve(ax: Axes, points: float) -> None:
    """Keep room under the axes down to some points, by a speck that nobody sees."""
    from matplotlib.patches import Rectangle

    speck = Rectangle((0, 0), 1e-3, 1e-3, transform=below(ax, points), facecolor="none", edgecolor="none")
    speck.set_clip_on(False)
    ax.add_artist(speck)
    speck.set_clip_path(None)


def columns_within(labels: Sequence[str], width: float, size: float = SMALL) -> int:
    """Into how many columns a legend with these labels may be set so that it is no wider than `width` points."""
    most = 1
    for columns in range(2, len(labels) + 1):
        letters = sum(max(map(len, part)) for part in _split(labels, columns))
        wide = size * (letters * _LEGEND_WIDTH + columns * (_HANDLE + _TEXT_PAD + _BETWEEN))
        most = columns if wide + 2 * EDGE <= width else most
    return most


def _split(labels: Sequence[str], columns: int) -> list[Sequence[str]]:
    """The labels in columns as a legend fills them: the first ones take one more where it does not go even."""
    each, more = divmod(len(labels), columns)
    ends = [0, *(each * (k + 1) + min(k + 1, more) for k in range(columns))]
    return [labels[start:end] for start, end in pairwise(ends)]


def legend_in(ax: Axes, handles: Sequence[Any], corner: str, columns: int = 1) -> None:
    """A frameless legend in a corner of the axes (`upper left` ...)."""
    place: dict[str, Any] = {"loc": corner}
    ax.legend(handles=list(handles), ncols=columns, fontsize=SMALL, frameon=False, handlelength=2, **place)


def source_line(figure: Figure, text: str) -> None:
    """A small line at the foot: scenario, trials, sets, seed, version, and a note on the data."""
    footer(figure, [fit(text, figure.get_figwidth() * POINTS * 0.98, FOOT).splitlines()], FOOT, GREY)


def footer(figure: Figure, columns: Sequence[Sequence[str]], size: float = SMALL, colour: str = BLACK) -> None:
    """Columns of lines at the very foot of the figure; everything else makes room, and earlier footers move up."""
    height = (max(map(len, columns)) * size * 1.25 + 7) / (figure.get_figheight() * POINTS)
    for text in _footers(figure):
        text.set_y(text.get_position()[1] + height)
    for k, lines in enumerate(columns):
        figure.text(
            EDGE / (figure.get_figwidth() * POINTS) + k / len(columns), height, "\n".join(lines),
            fontsize=size, color=colour, va="top", ha="left", linespacing=1.25, gid=_FOOTER,
        )  # fmt: skip
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")
    engine: Any = figure.get_layout_engine()
    bottom = max(text.get_position()[1] for text in _footers(figure))
    engine.set(rect=(0, bottom, 1, 1 - bottom))


def _footers(figure: Figure) -> list[Any]:
    return [text for text in figure.texts if text.get_gid() == _FOOTER]


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure as PDF, SVG or PNG (by the ending), text as text, without dates: the same bytes every time."""
    import matplotlib as mpl

    file = Path(path)
    kind = file.suffix.removeprefix(".").lower()
    dated = {"pdf": "CreationDate", "svg": "Date"}.get(kind)
    with mpl.rc_context({"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "ceasefire"}):
        figure.savefig(file, dpi=300, metadata={dated: None} if dated else None)
    return file


def day_label(origin: dt.date) -> str:
    """The label of a time axis that counts from the origin."""
    return f"Day (1 = {origin.day} {origin:%b %Y})"


def in_words(identifier: str) -> str:
    """An id as words: `new_agreement` is `New agreement`."""
    return identifier.replace("_", " ").capitalize()


_SECTIONS = {"parameters", "rules", "events", "places", "relations", "marks", "effects", "regimes"}
_UNITS = {
    "rate": "a day", "return_rate": "a day", "mean": "deaths a day", "probability": "probability",
    "exposed": "thousand people", "share": "share", "restraint": "share", "ratios": "ratio", "integrity": "share",
}  # fmt: skip


def parameter_name(path: str) -> str:
    """The path of a number in words: `parameters.spiral.value` is `Spiral`, `rules.fray.rate` is `Fray: rate`.

    Sections and the first of several go without saying: `events.strike.marks.killed.0.size.median` is `Strike: killed,
    median`.
    """
    *inner, last = path.split(".")
    parts = [part for part in inner if part not in _SECTIONS and part not in ("0", "size")]
    parts += [last] if last != "value" else []
    if not parts:
        return in_words(path)
    first, *rest = ("ratio" if part == "ratios" else part.replace("_", " ") for part in parts)
    return in_words(first) + (f": {', '.join(rest)}" if rest else "")


def parameter_unit(path: str) -> str:
    """The unit of a number as far as its path tells it, else nothing."""
    parts = path.split(".")
    return next((_UNITS[part] for part in (parts[-1], *parts[:-1]) if part in _UNITS), "")


def weeks(count: float) -> str:
    """So many weeks ahead, in words."""
    return f"{count:g} week{'s' if count != 1 else ''} ahead"


def capital(name: str) -> str:
    """A name with a capital first letter, as a label begins."""
    return name[:1].upper() + name[1:]


def percent(share: float) -> str:
    """A share as percent, with a decimal only where it is needed to tell it from none and all."""
    value = 100 * share
    return f"{value:.0f}" if value in (0, 100) or 1 <= value <= 99 else f"{value:.1f}"
