"""How a claim depends on its definition: the same trials under every definition of an outcome, paired."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sim.analysis.outcomes import day_column, numbers, table, usable
from sim.analysis.pairs import clustered_difference
from sim.ensemble.defining import Definition


def definition_table(trials: pd.DataFrame, definitions: Sequence[Definition], day: int | None = None) -> pd.DataFrame:
    """A row for each definition: how probable the outcome is (by `day`), how much more so than as it is declared.

    Columns: definition, declared, count, probability, mc_low, mc_high, range_low, range_high (as everywhere),
    difference, difference_low, difference_high (95 % Monte Carlo, paired by trial, clustered by set),
    difference_range_low, difference_range_high (5-95 % across sets; nan without sets).
    """
    used = usable(trials)
    flags = {it.outcome: _came(used, it.outcome, day) for it in definitions}
    found = table(flags, used["set"]).reset_index(drop=True)
    found.insert(0, "definition", [it.label for it in definitions])
    found.insert(1, "declared", [it.declared for it in definitions])
    declared = flags[next(it.outcome for it in definitions if it.declared)]
    made = [clustered_difference(flags[it.outcome], declared, used["set"]) for it in definitions]
    return found.assign(
        difference=[it.difference for it in made],
        difference_low=[it.mc_low for it in made],
        difference_high=[it.mc_high for it in made],
        difference_range_low=[it.range_low for it in made],
        difference_range_high=[it.range_high for it in made],
    )


def _came(trials: pd.DataFrame, outcome: str, day: int | None) -> pd.Series[bool]:
    days = numbers(trials, day_column(trials, outcome))
    return pd.Series(days <= (np.inf if day is None else day), index=trials.index)
