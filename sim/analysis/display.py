"""Tables of probabilities as people read them, in a notebook (HTML) or a terminal (text), always with both ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd

HEADER = ("trials", "probability", "chance (95 %)", "assumptions (5-95 %)")
NO_SETS = "Parameter uncertainty not included: one parameter set."
NOTE = "Simulated: a model of a past conflict, not a forecast."


def as_html(table: pd.DataFrame, caption: str, names: str = "outcome") -> str:
    """A table with the columns of `outcome_table` as HTML: a caption, and headers that a screen reader can follow."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (names, *HEADER))
    body = "".join(_row(str(name), cells(row)) for name, row in table.iterrows())
    notes = " ".join(notes_on(table))
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table><p>{escape(notes)}</p>"
    )


def as_text(table: pd.DataFrame, caption: str, names: str = "outcome") -> str:
    """The same as lines of text, in columns."""
    rows = [(names, *HEADER), *((str(name), *cells(row)) for name, row in table.iterrows())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(cells_of))
        for cells_of in (list(zip(row, widths, strict=True)) for row in rows)
    ]
    return "\n".join([caption, "", *lines, "", *notes_on(table)])


def cells(row: pd.Series[Any]) -> tuple[str, str, str, str]:
    """Count, probability, chance and assumptions of a row, as `HEADER` names them."""
    across = "not included" if math.isnan(row["range_low"]) else span(row["range_low"], row["range_high"])
    return f"{row['count']:,.0f}", percent(row["probability"]), span(row["mc_low"], row["mc_high"]), across


def notes_on(table: pd.DataFrame) -> Sequence[str]:
    """What belongs below every such table."""
    return (NO_SETS, NOTE) if table["range_low"].isna().all() else (NOTE,)


def span(low: float, high: float) -> str:
    """Two shares as percentages."""
    return f"{percent(low)} - {percent(high)}"


def percent(share: float) -> str:
    """A share as a percentage with one digit after the point; a dash where there is none."""
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"


def _row(name: str, cells_of: Sequence[str]) -> str:
    return f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{cell}</td>" for cell in cells_of) + "</tr>"
