from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.analysis.discovery import box_table
from sim.errors import InputError

SETS, TRIALS = 400, 10


def drawn(corner: float, elsewhere: float, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Sets of four numbers in [0, 1]; where a > 0.6 and b <= 0.5, trials have the outcome with probability `corner`."""
    dice = np.random.default_rng(seed)
    values = pd.DataFrame(dice.random((SETS, 4)), columns=list("abcd"))
    inside = (values["a"] > 0.6) & (values["b"] <= 0.5)
    hits = dice.binomial(TRIALS, np.where(inside, corner, elsewhere))
    return values, hits.astype(float), np.full(SETS, float(TRIALS))


def test_the_corner_is_found_and_measured_in_the_other_half() -> None:
    values, hits, trials = drawn(0.9, 0.1)
    table = box_table(values, hits, trials, {"a": "assumed"})
    best = table[table["box"] == 1].set_index("parameter")
    assert set(best.index) == {"a", "b"}
    assert best.loc["a", "low"] == pytest.approx(0.6, abs=0.05) and np.isnan(best.loc["a", "high"])
    assert best.loc["b", "high"] == pytest.approx(0.5, abs=0.05) and np.isnan(best.loc["b", "low"])
    assert best.loc["a", "basis"] == "assumed" and best.loc["b", "basis"] == ""
    half = np.arange(SETS) % 2 == 1
    inside = half & (values["a"] > best.loc["a", "low"]) & (values["b"] <= best.loc["b", "high"])
    first = best.iloc[0]
    assert first["density"] == pytest.approx(hits[inside].sum() / trials[inside].sum())
    assert first["coverage"] == pytest.approx(hits[inside].sum() / hits[half].sum())
    assert first["support"] == pytest.approx(inside.sum() / half.sum())
    assert first["mc_low"] < first["density"] < first["mc_high"]
    assert first["overall"] == pytest.approx(hits[half].sum() / trials[half].sum())
    assert first["overall_mc_low"] < first["overall"] < first["overall_mc_high"]
    assert first["range_low"] <= first["density"] <= first["range_high"]
    assert table["density"].is_monotonic_decreasing


def test_boxes_part_the_whole() -> None:
    table = box_table(*drawn(0.9, 0.1), {}).groupby("box").first()
    assert table["coverage"].sum() == pytest.approx(1) and table["support"].sum() == pytest.approx(1)


@pytest.mark.statistical
def test_noise_has_no_boxes() -> None:
    """20 samples without any effect. A cut in 6 or more would be an epidemic of them."""
    cut = [len(box_table(*drawn(0.4, 0.4, seed), {})) > 1 for seed in range(20)]
    assert sum(cut) < 6


def test_an_outcome_that_never_came_has_no_coverage() -> None:
    table = box_table(*drawn(0.0, 0.0), {})
    assert len(table) == 1 and np.isnan(table["coverage"].item()) and table["density"].item() == 0


def test_few_sets_are_refused() -> None:
    values, hits, trials = drawn(0.9, 0.1)
    with pytest.raises(InputError, match="at least 40 parameter sets"):
        box_table(values.head(30), hits[:30], trials[:30], {})
