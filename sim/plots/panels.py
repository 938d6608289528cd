"""Several panels on one pair of axes: a frame that carries title, legend and source, and panels at gaps in points.

The frame takes part in the layout with all that its panels write outside of it, so nothing is cut and nothing overlaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.plots.style import FOOT, GREY, POINTS, SMALL, TEXT, figure_of, finish, narrow, weeks

TITLE_PAD = 20.0  # points: room for the headings of the panels under the title

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox


class Cell:
    """Where one panel of a grid stands: the frame's box, cut into equal parts with gaps (across, up) in points."""

    def __init__(self, frame: Axes, at: tuple[int, int], shape: tuple[int, int], gaps: tuple[float, float]) -> None:
        self.frame, self.at, self.shape, self.gaps = frame, at, shape, gaps

    def __call__(self, panel: Any, renderer: Any) -> Bbox:
        """The panel's box in fractions of the figure, as matplotlib asks for it when it draws."""
        from matplotlib.transforms import Bbox

        box, figure = self.frame.get_position(), figure_of(self.frame)
        sizes = (float(figure.get_figheight()), float(figure.get_figwidth()))
        (row, column), (rows, columns) = self.at, self.shape
        across, up = self.gaps[0] / POINTS / sizes[1], self.gaps[1] / POINTS / sizes[0]
        wide = max((box.width - across * (columns - 1)) / columns, 1e-3)
        high = max((box.height - up * (rows - 1)) / rows, 1e-3)
        return Bbox.from_bounds(box.x0 + column * (wide + across), box.y1 - row * (high + up) - high, wide, high)


def grid(
    frame: Axes, count: int, columns: int, title: str, x: str = "", gaps: tuple[float, float] = (30.0, 34.0),
    pad: float = TITLE_PAD,
) -> list[Axes]:  # fmt: skip
    """`count` panels in so many columns on a frame with a title and one label below; `gaps` (across, up) in points."""
    finish(frame, title, x, pad=pad)
    for spine in frame.spines.values():
        spine.set_visible(False)
    frame.set_xticks([])
    frame.set_yticks([])
    shape = (-(-count // columns), columns)
    panels = []
    for k in range(count):
        panel = frame.inset_axes((0.0, 0.0, 1.0, 1.0))
        panel.set_axes_locator(Cell(frame, divmod(k, columns), shape, gaps))
        panels.append(panel)
    return panels


def by_horizon(
    table: pd.DataFrame, frame: Axes, title: str, x: str, gap: float, labelpad: float
) -> Iterator[tuple[Axes, pd.DataFrame, str, bool]]:
    """A panel for each horizon (weeks): panel, its rows, its heading, and whether it stands first in its line."""
    horizons = sorted(table["horizon"].unique())
    columns = min(2 if narrow(frame) else 4, len(horizons))
    panels = grid(frame, len(horizons), columns, title, x, gaps=(30.0, gap))
    frame.xaxis.labelpad = labelpad
    for k, (panel, horizon) in enumerate(zip(panels, horizons, strict=True)):
        yield panel, table[table["horizon"] == horizon], weeks(horizon), k % columns == 0


def plain(panel: Axes, heading: str, y: str = "", pad: float = 4.0) -> None:
    """The look of a panel: a small heading, spines at left and bottom, labels in print sizes."""
    panel.set_title(heading, fontsize=TEXT, loc="left", pad=pad)
    panel.set_ylabel(y, fontsize=SMALL, labelpad=2)
    panel.tick_params(labelsize=SMALL, width=0.6, length=2.5, pad=2)
    for name, spine in panel.spines.items():
        spine.set_linewidth(0.6)
        spine.set_visible(name in ("left", "bottom"))


def beneath(panel: Axes, at: list[float], texts: list[str], heading: str, points: float, size: float = FOOT) -> None:
    """A row of small texts under a panel at places of its x axis, a grey heading at its left, `points` below."""
    for place, text in zip(at, texts, strict=True):
        panel.annotate(
            text, (place, 0), (0, -points), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", va="center", fontsize=size, annotation_clip=False,
        )  # fmt: skip
    panel.annotate(
        heading, (0, 0), (-4, -points), xycoords="axes fraction", textcoords="offset points", ha="right", va="center",
        fontsize=size, color=GREY, annotation_clip=False,
    )  # fmt: skip
