"""What `ceasefire show --why` adds: the chain of one trial, or what stood on the chains of many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim.cli.common import WITHOUT_SETS, columns, percent

if TYPE_CHECKING:
    import pandas as pd

    from sim.ensemble import Results
    from sim.scenario.schema import Scenario
    from sim.trajectory import Trajectory

MOST_TRIALS = 300  # of an ensemble are lived through again: some seconds
MOST_ROWS = 15
HEADER = ("trials", "of 1,000", "chance (95 %)", "assumptions (5-95 %)")
CAUTION = (
    "Counts of what stood on a chain: an event that a later one, and so at last the end, had read. What a rule changes "
    "is another question: ceasefire sensitivity --ablate."
)


def chain_lines(scenario: Scenario, set_index: int, trial: int, lived: Trajectory) -> Iterator[str]:
    """The chain of a trial that was run, with what each event on it rests on."""
    from sim.chains import chain_of, why_lines

    yield ""
    yield from why_lines(scenario, chain_of(scenario, set_index, trial, lived))


def chains_lines(results: Results, most: int = MOST_TRIALS, progress: bool = True) -> Iterator[str]:
    """Which rules stood on the chains of up to `most` trials, and the ways from first moves to ends."""
    from sim.analysis.flow import chain_table, flow_table
    from sim.ensemble.chaining import chains

    found = chains(results, most, progress)
    ended = int(found["end"].notna().sum())
    yield f"Of {len(found)} trials, the first of each parameter set, {ended} came to an end."
    if ended:
        yield from _table("rule on the chain", chain_table(found), ["rule"], "share", "of those that ended")
    ways = ["first_mover_rule", "last_rule", "end"]
    yield from _table("first move > last rule of the chain > end", flow_table(found), ways, "probability", "of all")
    if results.manifest.plan.sets == 1:
        yield f"\n{WITHOUT_SETS}"
    yield f"\n{CAUTION}"


def _table(title: str, table: pd.DataFrame, names: list[str], share: str, of: str) -> Iterator[str]:
    rows = table.head(MOST_ROWS).to_dict("records")
    yield ""
    yield from columns((f"{title} ({of})", *HEADER), [_row(row, names, share) for row in rows])
    if len(table) > MOST_ROWS:
        yield f"... and {len(table) - MOST_ROWS} rarer ones"


def _row(row: Mapping[Any, Any], names: list[str], share: str) -> tuple[str, ...]:
    chance = f"{percent(row['mc_low'])} - {percent(row['mc_high'])}"
    among = f"{percent(row['range_low'])} - {percent(row['range_high'])}"
    known = row["range_low"] == row["range_low"]  # NaN without sets
    way = " > ".join(str(row[name]) for name in names)
    return way, str(row["count"]), f"{1000 * row[share]:.0f}", chance, among if known else "not included"
