from __future__ import annotations

import numpy as np
import pytest

from sim.analysis.sensitivity import (
    components,
    morris_table,
    problem,
    salib,
    sobol_table,
    split_table,
)
from sim.errors import InputError

NAMES = ["x1", "x2", "x3"]
# Ishigami & Homma's function with a = 7, b = 0.1: the indices in closed form.
FIRST = {"x1": 0.3139, "x2": 0.4424, "x3": 0.0}
TOTAL = {"x1": 0.5576, "x2": 0.4424, "x3": 0.2437}


def ishigami(points: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * points - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def g_function(points: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Sobol's: the product of (|4x - 2| + a) / (1 + a)."""
    return np.prod((np.abs(4 * points - 2) + a) / (1 + a), axis=1)


def test_sobol_indices_of_ishigami() -> None:
    design = salib("sample.sobol").sample(problem(NAMES), 4096, calc_second_order=False, seed=1)
    table = sobol_table(ishigami(design), NAMES, {"x1": "coded"}).set_index("parameter")
    for name in NAMES:
        row = table.loc[name]
        assert row["first"] == pytest.approx(FIRST[name], abs=0.03)
        assert row["total"] == pytest.approx(TOTAL[name], abs=0.03)
        assert row["first_low"] <= row["first"] <= row["first_high"]
        assert row["total_low"] <= row["total"] <= row["total_high"]
    assert list(table.index) == ["x1", "x2", "x3"] and table.loc["x1", "basis"] == "coded"


def test_sobol_indices_of_the_g_function_with_groups() -> None:
    """a = (0, 1, 9, 9): variances 1/3 / (1 + a)^2 of each factor; the last two are one group."""
    a = np.array([0.0, 1.0, 9.0, 9.0])
    groups = ["x1", "x2", "rest", "rest"]
    design = salib("sample.sobol").sample(
        problem(["x1", "x2", "x3", "x4"], groups), 4096, calc_second_order=False, seed=2
    )
    table = sobol_table(g_function(design, a), ["x1", "x2", "rest"], {}).set_index("parameter")
    v = 1 / 3 / (1 + a) ** 2
    rest = (1 + v[2]) * (1 + v[3]) - 1
    total = (1 + v[0]) * (1 + v[1]) * (1 + rest) - 1
    for name, own, others in (("x1", v[0], (1 + v[1]) * (1 + rest)), ("rest", rest, (1 + v[0]) * (1 + v[1]))):
        assert table.loc[name, "first"] == pytest.approx(own / total, abs=0.03)
        assert table.loc[name, "total"] == pytest.approx(own * others / total, abs=0.03)


def test_negative_estimates_are_shown_as_they_are() -> None:
    design = salib("sample.sobol").sample(problem(NAMES), 16, calc_second_order=False, seed=3)
    assert sobol_table(ishigami(design), NAMES, {})["first"].min() < 0


def test_responses_that_do_not_vary_are_refused() -> None:
    with pytest.raises(InputError, match="no variance"):
        sobol_table(np.ones(5 * 8), NAMES, {})


def test_morris_effects_of_a_plane_are_its_slopes() -> None:
    design = salib("sample.morris").sample(problem(NAMES), 10, num_levels=4, seed=1)
    table = morris_table(design, design @ np.array([0.5, -2.0, 0.0]), NAMES, {"x2": "assumed"})
    assert table["parameter"].tolist() == ["x2", "x1", "x3"] and table["basis"].tolist() == ["assumed", "", ""]
    assert table["mu"].to_numpy() == pytest.approx([-2.0, 0.5, 0.0], abs=1e-12)
    assert table["mu_star"].to_numpy() == pytest.approx([2.0, 0.5, 0.0], abs=1e-12)
    assert table["sigma"].to_numpy() == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_morris_sees_an_interaction_in_the_spread() -> None:
    design = salib("sample.morris").sample(problem(NAMES), 40, num_levels=4, seed=1)
    table = morris_table(design, (design[:, 0] - 0.5) * (design[:, 1] - 0.5), NAMES, {}).set_index("parameter")
    assert abs(table.loc["x1", "mu"]) < 0.1 < table.loc["x1", "mu_star"] < table.loc["x1", "sigma"] * 1.2
    assert table.loc["x1", "mu_star_low"] < table.loc["x1", "mu_star"] < table.loc["x1", "mu_star_high"]


# --- parameters and chance -------------------------------------------------------------------------------------------


def test_the_split_in_closed_form() -> None:
    """Two sets of 10 trials, 2 and 8 hits: mean squares 1.8 and 16/5/18, so between (1.8 - 0.1778) / 10."""
    between, within = components(np.array([2.0, 8.0]), np.array([10.0, 10.0]))
    assert within == pytest.approx(3.2 / 18) and between == pytest.approx((1.8 - 3.2 / 18) / 10)


def test_sets_that_decide_leave_nothing_to_chance() -> None:
    sets = np.repeat(np.arange(20), 10)
    table = split_table({"war": sets % 2 == 0, "never": sets < 0}, sets).set_index("outcome")
    assert table.loc["war", "parameters"] == 1 and table.loc["war", "chance"] == 0
    assert np.isnan(table.loc["never", "parameters"])


def test_sets_that_do_nothing_leave_all_to_chance_give_or_take() -> None:
    dice, sets = np.random.default_rng(0), np.repeat(np.arange(60), 10)
    shares = [split_table({"war": dice.random(600) < 0.4}, sets)["parameters"].item() for _ in range(200)]
    assert min(shares) < 0 < max(shares)
    assert np.mean(shares) == pytest.approx(0, abs=0.005)


def test_few_hits_give_no_interval() -> None:
    sets = np.repeat(np.arange(20), 10)
    table = split_table({"rare": np.arange(200) < 3}, sets)
    assert np.isnan(table["parameters_low"].item()) and not np.isnan(table["parameters"].item())


def test_the_split_takes_sets_and_trials() -> None:
    for sets in ([0, 0, 0], [0, 1, 2]):
        with pytest.raises(InputError, match="two parameter sets of two trials"):
            split_table({"war": np.array([True, False, True])}, np.array(sets))


@pytest.mark.statistical
@pytest.mark.parametrize(("sets", "trials", "shape"), [(64, 16, 2.0), (128, 8, 8.0), (32, 32, 1.0)])
def test_the_interval_of_the_split_holds_the_truth_as_often_as_it_says(sets: int, trials: int, shape: float) -> None:
    """600 samples with beta(a, a) sets, share 1/(2a + 1); below 92 % with probability 0.001 if it holds at 95 %."""
    dice, held = np.random.default_rng(6), 0
    of = np.repeat(np.arange(sets), trials)
    for _ in range(600):
        came = dice.random(sets * trials) < dice.beta(shape, shape, sets)[of]
        row = split_table({"war": came}, of).iloc[0]
        held += row["parameters_low"] <= 1 / (2 * shape + 1) <= row["parameters_high"]
    assert held >= 0.92 * 600
