"""The page of mechanisms, made from their table and measured.

`python -m tests.mechanisms.page` prints it; `docs/explanation/mechanisms.md` is that page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.mechanisms.table import SENTENCES, TABLE, Mechanism

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "mechanisms.md"
MEASURED = re.compile(r"(?P<before>\S+) → (?P<after>\S+) \| (?P<middle>\S+) \((?P<low>\S+) to (?P<high>\S+)\)")

INTRODUCTION = """# The article's mechanisms, each switched off once

Made from `tests/mechanisms/table.py` by `python -m tests.mechanisms.page`; change the table, not this page. Each row
takes one mechanism of the article out of the model and says which outcome moves, which way, and by how much. Both runs
have the same trials with the same luck, so what differs is the mechanism's doing. The scenario is one in which it can
act: where a tripwire already stands, setting tripwires changes little. Beside it stands what both runs change to bring
that about. A1 to A13 are statements of [the article](article.md), listed below; not all of them are right.

A number is the mean over trials: of an outcome, the share of trials in which it came about; of deaths, displaced people
(thousand), sectors and posts, the amount. In brackets stands the 99 % interval of the paired difference. It covers
chance only: every number of the model stands at the median of what is believed about it.
`tests/mechanisms/test_ablations.py` repeats each row and asks for the direction with a one-sided error rate of 1 in
1,000, and for a trial told day by day in which the event of the last column is seen.

What a row does not say: that the mechanism has this effect in the world. It says that in this model, with its
assumptions, the mechanism is connected to an outcome. Large differences often come from assumed rates."""

HEADER = (
    "| mechanism | article | in | switched off | without it | with → without | difference (99 %) | seen as |\n"
    "|---|---|---|---|---|---|---|---|"
)


def page(measured: Callable[[Mechanism], str]) -> str:
    """The page as Markdown; `measured` gives a row's two cells of numbers."""
    rows = (line(row, measured(row)) for row in TABLE)
    said = (f"- **{key}**: {text}" for key, text in SENTENCES.items())
    return "\n".join([INTRODUCTION, "", HEADER, *rows, "", "## What the article says", "", *said]) + "\n"


def line(row: Mechanism, numbers: str) -> str:
    """A row of the page."""
    off = row.off + "".join(f" `{name}`" for name in row.without)
    told = f"{row.outcome.replace('_', ' ')} {row.moves}"
    return f"| {row.name} | {row.anchor} | {_where(row)} | {off} | {told} | {numbers} | `{row.event}` |"


def _where(row: Mechanism) -> str:
    return f"`{row.scenario}`" + "".join(f", `{key}={value}`" for key, value in row.variant.items())


def numbers(row: Mechanism) -> str:
    """A row's two cells of numbers, measured now."""
    from tests.mechanisms.running import measure

    m = measure(row)
    return f"{m.with_it:.3g} → {m.without_it:.3g} | {m.difference:+.3g} ({m.low:+.3g} to {m.high:+.3g})"


if __name__ == "__main__":
    print(page(numbers), end="")
