"""What was learnt: bits are those of textbook cases, and correlations those that were put in."""

from __future__ import annotations

import numpy as np
import pytest

from sim.analysis.learnt import BINS, against_prior, bits, chance, correlations
from sim.errors import InputError
from sim.scenario.laws import Choice, LogUniform, Uniform
from sim.scenario.posterior import Estimate, Posterior

GRID = (np.arange(4000) + 0.5) / 4000


@pytest.mark.parametrize(("part", "told"), [(1.0, 0.0), (0.5, 1.0), (0.25, 2.0), (0.1, np.log2(10))])
def test_half_the_range_is_one_bit(part: float, told: float) -> None:
    draws = np.random.default_rng(1).random(4000) * part
    assert bits(GRID, draws) == pytest.approx(told, abs=0.02)


def test_chance_is_taken_off() -> None:
    """Two hundred draws of the prior itself: without the correction the mean would be 0.07 bits."""
    rng = np.random.default_rng(2)
    assert np.mean([bits(GRID, rng.random(200)) for _ in range(200)]) < 0.02


@pytest.mark.parametrize(("n", "most"), [(4, 0.2), (16, 0.14), (32, 0.09), (64, 0.05), (127, 0.025)])
def test_few_draws_of_the_prior_itself_say_hardly_more(n: int, most: float) -> None:
    """Miller's correction alone leaves 1.98, 0.52, 0.17, 0.05 and 0.02 in the mean."""
    rng = np.random.default_rng(5)
    assert np.mean([bits(GRID, rng.random(n)) for _ in range(1000)]) < most


def test_what_chance_leaves_is_exact_for_two_draws() -> None:
    """In two parts they lie apart half the time (Miller takes off more than there is) and together half the time."""
    halves, log = np.repeat([0.0, 1.0], 2000), np.log(2)
    left = (0.5 * 1 + 0.5 * 0) - (1.5 - 1) / (4 * log)
    assert bits(halves, np.zeros(2)) == pytest.approx(1 - left)


def test_for_the_usual_number_of_rows_miller_is_all() -> None:
    draws = np.repeat((np.arange(10) + 0.5) / 20, 13)[:128]
    parts = np.bincount((draws * 20).astype(int)) / 128
    assert bits(GRID, draws) == pytest.approx((parts * np.log2(parts * 20)).sum() - 9 / (256 * np.log(2)), abs=1e-12)


def test_what_is_left_to_chance() -> None:
    rng = np.random.default_rng(6)
    for n in (32, 64):
        parts = rng.multinomial(n, np.full(20, 1 / 20), 4000) / n
        shown = np.where(parts > 0, parts * np.log2(np.maximum(parts, 1e-9) * 20), 0.0).sum(axis=1)
        assert chance(n) == pytest.approx(shown.std(), rel=0.25)


def posterior(*columns: tuple[str, str, np.ndarray]) -> Posterior:
    estimates = tuple(Estimate(path, how, "n 7") for path, how, _ in columns)
    return Posterior("synthetic", {}, estimates, np.column_stack([values for *_, values in columns]))


def test_densities_hold_nearly_all_draws_and_the_most_learnt_is_first() -> None:
    rng = np.random.default_rng(3)
    made = posterior(("a", "prior", rng.random(500)), ("b", "abc", 0.5 + 0.01 * rng.random(500)))
    table = against_prior(made, {"a": Uniform(0.0, 1.0), "b": LogUniform(0.001, 1.0)}, {"a": "assumed"})
    assert table["parameter"].tolist() == ["b"] * BINS + ["a"] * BINS
    assert table.groupby("parameter")[["prior", "posterior"]].sum().min(axis=None) > 0.96
    kept = table[table["parameter"] == "a"].iloc[0]
    assert kept["bits"] == 0 and kept["basis"] == "assumed" and not kept["log"]
    learnt = table[table["parameter"] == "b"].iloc[0]
    assert learnt["basis"] == "fitted" and learnt["log"] and learnt["bits"] > 3.5
    assert [kept["prior_low"], kept["prior_high"]] == pytest.approx([0.05, 0.95], abs=0.001)


def test_a_prior_of_one_value_is_drawn_too() -> None:
    made = posterior(("a", "abc", np.ones(9)))
    table = against_prior(made, {"a": Choice((1.0,))})
    assert table["bits"].eq(0).all() and table["bin_high"].gt(table["bin_low"]).all()


def test_a_column_without_a_prior_is_named() -> None:
    with pytest.raises(InputError, match="b: the scenario has no distribution there"):
        against_prior(posterior(("b", "abc", np.ones(9))), {"a": Uniform(0.0, 1.0)})


def test_correlations_are_found_with_their_interval() -> None:
    rng = np.random.default_rng(4)
    a, noise, other = rng.normal(size=(3, 2000))
    made = posterior(("a", "abc", np.exp(a)), ("b", "abc", -0.8 * a + 0.6 * noise), ("c", "likelihood", other),
                     ("d", "prior", a), ("e", "abc", np.ones(2000)))  # fmt: skip
    table = correlations(made)
    assert table[["one", "other"]].iloc[0].tolist() == ["a", "b"] and len(table) == 3
    first = table.iloc[0]
    assert first["low"] < -0.786 < first["high"] < -0.7  # 6 / pi asin(rho / 2), the rank correlation of a normal pair
    assert (table["low"].iloc[1:] < 0).all() and (table["high"].iloc[1:] > 0).all()
    with pytest.raises(InputError, match="fewer than two numbers learnt"):
        correlations(posterior(("a", "abc", a), ("d", "prior", a)))
