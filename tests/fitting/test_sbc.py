"""Simulation-based calibration: right fits pass as often as stated, wrong ones fail, and ABC-SMC passes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from sim.analysis.intervals import Floats
from sim.draws import Address, address, normal_quantile, stream, uniform
from sim.errors import InputError, RunError
from sim.fitting.abc import fit
from sim.fitting.candidates import seed_of
from sim.fitting.learning import adjusted, resampled
from sim.fitting.sbc import COLUMNS, NULLS, Ranks, band, calibration, chi_square, depths, ranks
from tests.fitting.toys import exact_mean, normal_mean

TOY = normal_mean()


def truth(at: Address) -> Floats:
    return np.array([law.ppf(uniform(at, 0, stream("truth"), k)) for k, law in enumerate(TOY.laws)])


def data(values: Floats, at: Address) -> Floats:
    return TOY.simulate(values, at)


def posterior(shift: float = 0.0, width: float = 1.0) -> Callable[[Floats, Address], Floats]:
    """Nineteen rows of the exact posterior of `normal_mean`, made wrong."""

    def rows(observed: Floats, at: Address) -> Floats:
        mean, sd = exact_mean(float(observed[0]))
        luck = [normal_quantile(uniform(at, 0, stream("rows"), slot)) for slot in range(19)]
        return mean + sd * (shift + width * np.array(luck)[:, None])

    return rows


def test_a_rank_is_the_number_of_rows_below() -> None:
    rows = np.array([[1.0, 5.0], [2.0, 6.0], [3.0, 7.0]])
    found, number = ranks(lambda at: np.array([2.5, 4.0]), lambda values, at: None, lambda told, at: rows, 2, 0)
    assert found.tolist() == [[2, 0], [2, 0]] and number == 3


def test_ties_go_above_or_below_by_lot() -> None:
    """Three ties: ranks 0 to 3 alike. The mean of 400 lies within 3.3 errors of 1.5 (false alarm 1 in 1,000)."""
    found, _ = ranks(lambda at: np.ones(1), lambda values, at: None, lambda told, at: np.ones((3, 1)), 400, 1)
    assert set(found[:, 0]) == {0, 1, 2, 3}
    assert abs(found.mean() - 1.5) < 3.3 * 1.25**0.5 / 20


def test_workers_change_nothing() -> None:
    one, _ = ranks(truth, data, posterior(), 30, 3)
    four, _ = ranks(truth, data, posterior(), 30, 3, workers=4)
    np.testing.assert_array_equal(one, four)


def test_a_repetition_does_not_depend_on_their_number() -> None:
    np.testing.assert_array_equal(
        ranks(truth, data, posterior(), 9, 3)[0], ranks(truth, data, posterior(), 30, 3)[0][:9]
    )


@pytest.mark.parametrize("rows", [np.ones(3), np.ones((3, 2)), np.ones((0, 1))])
def test_rows_of_another_shape_are_an_error(rows: Floats) -> None:
    with pytest.raises(RunError, match="posterior rows have the shape"):
        ranks(lambda at: np.ones(1), lambda values, at: None, lambda told, at: rows, 2, 0)


def test_other_numbers_of_rows_are_an_error() -> None:
    with pytest.raises(RunError, match=r"different numbers of rows \(1 to 2\)"):
        ranks(lambda at: np.ones(1), lambda values, at: None, lambda told, at: np.ones((at.trial + 1, 1)), 2, 0)


@pytest.mark.parametrize(("n", "workers"), [(0, 1), (1, 0)])
def test_arguments_that_make_no_sense_are_refused(n: int, workers: int) -> None:
    with pytest.raises(InputError, match="must be at least 1"):
        ranks(truth, data, posterior(), n, 0, workers)


# --- the tests of uniformity


def test_chi_square_is_scipys() -> None:
    column = np.random.default_rng(0).integers(0, 20, 200)
    assert chi_square(column, 19) == pytest.approx(stats.chisquare(np.bincount(column, minlength=20)).pvalue)


def test_bins_of_unequal_size_are_expected_to_be_so() -> None:
    """Of ranks 0 to 6 in three bins, the first holds three ranks and the others two."""
    column = np.repeat(np.arange(7), [3, 2, 2, 2, 2, 2, 2])
    seen = np.array([7, 4, 4])
    assert chi_square(column, 6) == pytest.approx(stats.chisquare(seen, np.array([3, 2, 2]) / 7 * 15).pvalue)


def test_the_least_tail_by_hand() -> None:
    """Ranks 0 to 2: of three, two are 0 (7/27) and three at most 1 (8/27); one of each is likelier."""
    made = depths(np.array([[0, 0, 1], [0, 1, 2]]), 2)
    np.testing.assert_allclose(made, [7 / 27, 19 / 27])


@pytest.mark.statistical
@pytest.mark.parametrize("test", [chi_square, band])
@pytest.mark.parametrize(("n", "rows"), [(100, 19), (250, 99)])
def test_uniform_ranks_alarm_as_often_as_stated(test: Callable[[Ranks, int], float], n: int, rows: int) -> None:
    """1,000 sets at 5 %, with the error of the band's simulated level: false alarm 2 in 1,000 for each of the four."""
    rng = np.random.default_rng(n)
    alarms = np.mean([test(rng.integers(0, rows + 1, n), rows) < 0.05 for _ in range(1000)])
    assert abs(alarms - 0.05) < 3.09 * (0.05 * 0.95 * (1 / 1000 + 1 / NULLS)) ** 0.5


@pytest.mark.parametrize(
    ("shift", "width", "sign"), [(0.0, 1.0, None), (0.0, 0.6, "narrow"), (0.0, 1.7, "wide"), (0.5, 1.0, "high")]
)
def test_wrong_posteriors_are_found_out(shift: float, width: float, sign: str | None) -> None:
    """300 repetitions; the right one alarms once in a hundred, with this fixed seed it does not."""
    found, rows = ranks(truth, data, posterior(shift, width), 300, 5)
    told = calibration(["mean"], found, rows)
    assert tuple(told.columns) == COLUMNS
    row = told.iloc[0]
    assert bool(row["uniform"]) == (sign is None)
    signs = {
        "narrow": row["spread"] > 1.1, "wide": row["spread"] < 0.9, "high": row["mean"] < 0.45,
        None: abs(row["spread"] - 1) < 0.1 and abs(row["mean"] - 0.5) < 0.05,
    }  # fmt: skip
    assert signs[sign]


def test_one_bad_parameter_among_good_ones_is_named() -> None:
    good = np.arange(200) % 20
    told = calibration(["a", "b", "c"], np.column_stack([good, good // 2, good]), 19)
    assert told["uniform"].tolist() == [True, False, True]
    assert told["mean"].tolist() == pytest.approx([0.5, 0.25, 0.5])


# --- ours


def near_rows(observed: Floats, at: Address) -> Floats:
    found = fit(normal_mean(float(observed[0])), seed=seed_of(at), population=50, generations=5)
    return resampled(found, 19, seed_of(at))


def adjusted_rows(observed: Floats, at: Address) -> Floats:
    toy = normal_mean(float(observed[0]))
    far = fit(toy, seed=seed_of(at), population=80, generations=2)
    return resampled(adjusted(far, toy.observed, toy.laws), 19, seed_of(at))


@pytest.mark.slow
@pytest.mark.statistical
@pytest.mark.parametrize("rows", [near_rows, adjusted_rows])
def test_abc_is_calibrated(rows: Callable[[Floats, Address], Floats]) -> None:
    """100 fits of a normal mean, 19 rows each; false alarm 1 in 100 for both tests of each way, seed fixed."""
    told = calibration(["mean"], *ranks(truth, data, rows, 100, 11))
    assert told["uniform"].all(), told.to_string()


def test_addresses_are_those_of_repetitions() -> None:
    met: list[Address] = []
    ranks(lambda at: np.ones(1), lambda values, at: met.append(at), lambda told, at: np.ones((2, 1)), 3, 7)
    assert met == [address(7, 0, repetition) for repetition in range(3)]
