"""How often each sector is lost."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.analysis.losses import loss_table
from sim.errors import ResultsError

TRIALS = pd.DataFrame(
    {
        "set": [0, 0, 1, 1, 1],
        "trial": [0, 1, 0, 1, 2],
        "taken.hill": [1.0, 0.5, 0.49, 0.0, None],
        "taken.vale": [0.0, 0.0, 0.0, 0.3, None],
        "error": [None, None, None, None, "RunError"],
    }
)


def test_a_sector_is_lost_from_half_of_it_on() -> None:
    table = loss_table(TRIALS, ["hill", "vale"])
    assert table["count"].to_dict() == {"hill": 2, "vale": 0}
    assert table.loc["hill", "probability"] == 0.5
    assert table.loc["hill", "mc_low"] < 0.5 < table.loc["hill", "mc_high"]


def test_trials_of_an_older_version_are_refused() -> None:
    with pytest.raises(ResultsError, match=r"no column taken.moor in these trials: an earlier version"):
        loss_table(TRIALS, ["hill", "moor"])
