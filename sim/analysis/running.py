"""An estimate as trials come in: what the first trials of every set say, then the first few more, up to all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.analysis.intervals import estimate
from sim.analysis.outcomes import codes_of, day_column, frame_of, hits_by_set, usable

STEPS = 60


def running_estimate(trials: pd.DataFrame, outcome: str | None = None, steps: int = STEPS) -> pd.DataFrame:
    """The probability of an outcome (None: the headline) from the first trials of each set, for growing numbers.

    One row for each of at most `steps` numbers, evenly spaced on a logarithmic scale: `trials` (how many there are in
    all sets so far), then the columns of `Estimate`. Each interval is that of a look planned beforehand; a run that
    stops when it likes the interval needs the sequence of `sim.ensemble.precision`.
    """
    used = usable(trials).sort_values(["set", "trial"])
    place = used.groupby("set").cumcount().to_numpy()
    happened = used[day_column(used, outcome)].notna().to_numpy(bool)
    codes, totals = codes_of(used["set"])
    most = int(totals.max(initial=0))
    numbers = np.unique(np.round(np.geomspace(1, max(most, 1), steps)).astype(int))
    rows, counts = [], []
    for number in numbers:
        first = place < number
        hits = hits_by_set(happened & first, codes, len(totals))
        rows.append(estimate(hits, np.minimum(totals, number)))
        counts.append(int(first.sum()))
    table = frame_of(rows)
    table.insert(0, "trials", counts)
    return table
