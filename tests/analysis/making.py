"""Tables of trials for tests: written out by hand, or drawn from hazards that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

Days = Sequence[int | float | None]


def trials_of(days: Mapping[str, Days], observed: Sequence[int], sets: Sequence[int] | None = None) -> pd.DataFrame:
    """Trials with a column of days for each name, such as `breakdown_day`."""
    count = len(observed)
    frame = pd.DataFrame({"set": list(sets) if sets is not None else [0] * count, "trial": range(count)})
    frame = frame.assign(**{name: pd.array(list(values), dtype="Int64") for name, values in days.items()})
    return frame.assign(observed_days=list(observed), error=None)


def drawn(
    dice: np.random.Generator, hazards: Mapping[str, np.ndarray], horizon: int, leaving: float = 0.0, per_set: int = 1
) -> pd.DataFrame:
    """Trials whose ends come at constant daily hazards (one for each trial), the first of a day by luck.

    Each goes unobserved with the hazard `leaving`, whatever happens in it.
    """
    names, rates = list(hazards), np.column_stack(list(hazards.values()))
    total = rates.sum(axis=1)
    day = dice.geometric(np.minimum(total, 1.0))
    which = (dice.random(len(day))[:, None] * total[:, None] > np.cumsum(rates, axis=1)).sum(axis=1)
    last = np.minimum(dice.geometric(leaving, len(day)), horizon) if leaving else np.full(len(day), horizon)
    frame = pd.DataFrame({"set": np.arange(len(day)) // per_set, "trial": np.arange(len(day)), "error": None})
    seen = day <= last
    for number, name in enumerate(names):
        frame[f"{name}_day"] = np.where(seen & (which == number), day, np.nan)
    return frame.assign(observed_days=np.where(seen, day, last))
