"""Points of parameter sets: stratified, independent between paths, addressed by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.scenario.points import sobol_points

GOLDEN = [0.2599814504403276, 0.31948802168695034]
PATHS = tuple(f"rules.r{i}.rate" for i in range(60))


def points(n: int, seed: int = 0, paths: tuple[str, ...] = PATHS) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The first n points, one row each."""
    return np.array([sobol_points(paths, index, seed) for index in range(n)])


@pytest.mark.parametrize("power", [0, 1, 3, 6])
def test_every_stratum_has_one_point(power: int) -> None:
    n = 2**power
    strata = np.sort(np.floor(points(2 * n) * n).astype(int).reshape(2, n, -1), axis=1)
    assert (strata == np.arange(n)[None, :, None]).all()


def test_points_lie_strictly_inside() -> None:
    found = points(256)
    assert 0 < found.min() < found.max() < 1


def test_paths_are_independent() -> None:
    """256 points correlate as random ones do (sd 1/16); some pairs of a joint Sobol' sequence reach 0.8."""
    correlation = np.corrcoef(points(256).T)[np.triu_indices(len(PATHS), 1)]
    assert np.abs(correlation).max() < 0.4
    assert correlation.std() < 0.1


def test_sums_are_far_more_even_than_random_ones() -> None:
    """The mean over 64 sets of a sum of parameters: random points have a variance of 60/12/64, these a hundredth."""
    means = [points(64, seed).sum(axis=1).mean() for seed in range(8)]
    assert np.var(means) < 60 / 12 / 64 / 100


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.sets(st.text(max_size=8), min_size=1, max_size=5))
def test_a_path_is_moved_by_no_other(index: int, seed: int, paths: set[str]) -> None:
    together = dict(zip(sorted(paths), sobol_points(tuple(sorted(paths)), index, seed), strict=True))
    for path in paths:
        assert sobol_points((path,), index, seed)[0] == together[path]


def test_seeds_differ_and_zero_is_one() -> None:
    assert len({sobol_points(("a",), 0, seed)[0] for seed in range(50)}) == 50


def test_index_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match="parameter set"):
        sobol_points(("a",), 2**32, 0)


def test_golden() -> None:
    """Stored results are reproduced only as long as these do not change."""
    assert sobol_points(("rules.a.rate", "rules.b.rate"), 3, 1).tolist() == pytest.approx(GOLDEN, abs=1e-15)
