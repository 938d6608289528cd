"""Who began, and what crossed the line: two answers that need not be the same, and are never merged.

The *first mover* made the first event of a trial at or above a rung of the ladder (`defaults.first_move_rung`). The
*crossing* is the event that made the headline hold: of the events that its definition counts, the last one needed. A
third answer, the chain of events that led there, needs the events themselves (`sim.analysis.flow`). Each says what
stands in the record of a trial; none says who is to blame, nor what would have happened otherwise.
"""

from __future__ import annotations

import pandas as pd

from sim.analysis.outcomes import table, usable

NONE = "none"
SPACE = " "  # no name of an actor or rule has one


def first_movers(trials: pd.DataFrame) -> pd.DataFrame:
    """How often which actor made the first move by which rule; shares of all trials, the most frequent first.

    Columns: actor, rule, count, probability, mc_low, mc_high, range_low, range_high. The row `none`: nobody moved.
    """
    return _shares(trials, "first_mover")


def crossings(trials: pd.DataFrame) -> pd.DataFrame:
    """How often which actor's event of which rule made the headline hold; of all trials, the most frequent first.

    Columns as of `first_movers`. The row `none`: the headline did not come. `exchange` by `fighting` is the daily
    fighting of the two sides, `intervention` what the scenario makes happen.
    """
    return _shares(trials, "crossing")


def _shares(trials: pd.DataFrame, which: str) -> pd.DataFrame:
    used = usable(trials)
    made = _named(used[f"{which}_actor"]) + SPACE + _named(used[f"{which}_rule"])
    counted = made.value_counts()
    order = sorted(counted.index, key=lambda pair: (-counted[pair], pair))
    found = table({pair: made == pair for pair in order}, used["set"]).reset_index(drop=True)
    for place, name in enumerate(("actor", "rule")):
        found.insert(place, name, [pair.split(SPACE)[place] for pair in order])
    return found


def _named(column: pd.Series[str]) -> pd.Series[str]:
    return column.astype(object).where(column.notna(), NONE).astype(str)
