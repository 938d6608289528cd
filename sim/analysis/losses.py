"""How probable it is that each sector is lost by the end of a trial."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from sim.analysis.outcomes import numbers, table, usable
from sim.errors import ResultsError

MOST = 0.5  # share of a sector from which on it counts as lost


def loss_table(trials: pd.DataFrame, places: Iterable[str]) -> pd.DataFrame:
    """Probability that the attacking side holds half of a sector or more on the trial's last day; one row a sector.

    Reads the columns `taken.PLACE` (share of the sector, 0 to 1); ResultsError where the trials have none.
    """
    used, names = usable(trials), list(places)
    missing = [name for name in names if f"taken.{name}" not in used]
    if missing:
        raise ResultsError(
            f"no column taken.{missing[0]} in these trials: an earlier version ran them; run the scenario again"
        )
    flags = {name: pd.Series(numbers(used, f"taken.{name}") >= MOST, index=used.index) for name in names}
    frame = table(flags, used["set"])
    frame.index.name = "place_id"
    return frame
