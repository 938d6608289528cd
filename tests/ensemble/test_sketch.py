from __future__ import annotations

import itertools
from collections.abc import Iterable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sim.bins import RELATIVE_ERROR, SMALLEST, bin_of, value_of
from sim.ensemble import sketch
from tests import needs

numbers_of_a_day = st.one_of(
    st.integers(-300, 300).map(float),
    st.floats(-1e60, 1e60),
    st.sampled_from([0.0, -0.0, 1e-9, np.nan, np.inf, 5e-324]),
)
reals = st.floats(-1e9, 1e9).map(lambda v: 0.0 if abs(v) < SMALLEST else v)
columns = st.lists(reals, min_size=1, max_size=60)
QS = (0.05, 0.25, 0.5, 0.75, 0.95)


def one_cell(values: list[float]) -> sketch.Summary:
    return sketch.summarise(["x"], np.array(values, float).reshape(-1, 1, 1))


def merge(summaries: Iterable[sketch.Summary]) -> sketch.Summary:
    first, *others = summaries
    gathered = sketch.Gatherer(first.days)
    for summary in (first, *others):
        gathered.add_summary(summary)
    return gathered.summary()


def assert_same(one: sketch.Summary, other: sketch.Summary) -> None:
    for name in ("series", "n", "low", "high", "whole"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for left, right in zip(one.filled.values(), other.filled.values(), strict=True):
        for found, expected in zip(left, right, strict=True):
            np.testing.assert_array_equal(found, expected)
    scale = float(np.max(np.abs([*one.low.ravel(), *one.high.ravel(), 1.0])))
    for name, unit in (("total", scale), ("squares", scale**2)):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-15, atol=1e-15 * unit)


@settings(max_examples=60, deadline=None)
@given(columns, st.sampled_from(QS))
def test_quantile_is_within_the_stated_error(values: list[float], q: float) -> None:
    exact = float(np.quantile(values, q, method="inverted_cdf"))
    assert sketch.quantile(one_cell(values), q)[0, 0] == pytest.approx(exact, rel=RELATIVE_ERROR * (1 + 1e-9))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-127, 127), min_size=1, max_size=60), st.sampled_from(QS))
def test_quantile_of_small_whole_numbers_is_exact(values: list[int], q: float) -> None:
    exact = float(np.quantile(values, q, method="inverted_cdf"))
    assert sketch.quantile(one_cell([float(v) for v in values]), q)[0, 0] == exact


@settings(max_examples=60, deadline=None)
@given(columns, columns)
def test_merge_is_commutative(a: list[float], b: list[float]) -> None:
    assert_same(merge([one_cell(a), one_cell(b)]), merge([one_cell(b), one_cell(a)]))


@settings(max_examples=60, deadline=None)
@given(columns, columns, columns)
def test_merge_is_associative(a: list[float], b: list[float], c: list[float]) -> None:
    one, two, three = one_cell(a), one_cell(b), one_cell(c)
    assert_same(merge([merge([one, two]), three]), merge([one, merge([two, three])]))


@settings(max_examples=60, deadline=None)
@given(columns, columns)
def test_merge_gives_the_summary_of_all(a: list[float], b: list[float]) -> None:
    assert_same(merge([one_cell(a), one_cell(b)]), one_cell(a + b))


@settings(max_examples=60, deadline=None)
@given(columns)
def test_moments_are_those_of_numpy(values: list[float]) -> None:
    import math

    summary = one_cell(values)
    assert summary.n[0, 0] == len(values)
    # the exact sum, to within one rounding of what entered it
    assert summary.total[0, 0] == pytest.approx(math.fsum(values), rel=1e-15, abs=1e-20)
    assert (summary.low[0, 0], summary.high[0, 0]) == (min(values), max(values))


@settings(max_examples=20, deadline=None)
@given(arrays(np.float64, array_shapes(min_dims=3, max_dims=3, max_side=6), elements=reals))
def test_cells_do_not_mix(values: np.ndarray) -> None:
    summary = sketch.summarise([str(i) for i in range(values.shape[1])], values)
    for i, j in np.ndindex(values.shape[1:]):
        alone = one_cell(list(values[:, i, j]))
        for q in QS:
            assert sketch.quantile(summary, q)[i, j] == sketch.quantile(alone, q)[0, 0]


def test_merging_in_any_order_is_the_same() -> None:
    rng = np.random.default_rng(1)
    parts = [sketch.summarise(["x", "y"], rng.lognormal(size=(20, 2, 5))) for _ in range(4)]
    whole = merge(parts)
    for order in permutations(parts):
        assert_same(merge(order), whole)


def test_what_is_not_finite_is_left_out() -> None:
    summary = one_cell([1.0, float("nan"), float("inf"), 3.0])
    assert summary.n[0, 0] == 2
    assert sketch.quantile(summary, 0.5)[0, 0] == 1.0
    assert summary.high[0, 0] == 3.0


def test_a_day_without_values_has_no_quantile() -> None:
    summary = sketch.summarise(["x"], np.array([[[np.nan, 2.0]]]))
    assert np.isnan(sketch.quantile(summary, 0.5)[0, 0])
    assert sketch.quantile(summary, 0.5)[0, 1] == 2.0


def test_summaries_of_different_series_are_refused() -> None:
    with pytest.raises(ValueError, match="different series"):
        merge([one_cell([1.0]), sketch.empty(["y"], 1)])


def test_a_summary_of_no_series_adds_nothing() -> None:
    assert_same(merge([sketch.empty([], 1), one_cell([1.0])]), one_cell([1.0]))


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e14, 1e14))
def test_a_value_lies_in_its_bin(value: float) -> None:
    number = bin_of(np.array([value]))
    near, far = (abs(float(value_of(number, end)[0])) for end in (0.0, 1.0))
    assert np.sign(number[0]) == (0 if abs(value) < SMALLEST else np.sign(value))
    if number[0]:
        assert near <= abs(value) < far
        assert far - near <= RELATIVE_ERROR * near


def test_bins_grow_with_the_values() -> None:
    values = np.sort(np.concatenate([-np.logspace(-5, 14, 500), np.logspace(-5, 14, 500), [0.0]]))
    assert (np.diff(bin_of(values)) >= 0).all()


def test_a_series_keeps_only_the_bins_that_hold_something() -> None:
    histogram = sketch.Histogram(days=2)
    histogram.add_values(np.array([[0.0, 1.0], [1e9, 1.0]]), None)
    assert histogram.counts.shape == (2, 3)
    assert [part.tolist() for part in histogram.filled()] == [
        [0, 0, 1], bin_of(np.array([0.0, 1e9, 1.0])).tolist(), [1, 1, 2],
    ]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, -3.0, 0.1, 2.0**30, float("nan")]), min_size=2, max_size=40))
def test_sums_of_whole_numbers_and_of_others_are_exact_whichever_way_they_are_added(values: list[float]) -> None:
    import math

    counted = [value for value in values if not math.isnan(value)]
    summary = one_cell(values)
    assert summary.n[0, 0] == len(counted)
    assert summary.total[0, 0] == pytest.approx(math.fsum(counted), rel=1e-15)
    assert summary.squares[0, 0] == pytest.approx(math.fsum(value * value for value in counted), rel=1e-15)


def test_beyond_the_largest_bin_the_extremes_still_hold() -> None:
    assert sketch.quantile(one_cell([1e20]), 0.5)[0, 0] == 1e20


def test_gathering_in_blocks_is_the_summary_of_all() -> None:
    rng = np.random.default_rng(2)
    values = rng.gamma(2.0, size=(23, 2, 4))
    gathered = sketch.Gatherer(days=4, block=5)
    for trial in values:
        gathered.add({"x": list(trial[0]), "y": list(trial[1])})
    assert_same(gathered.summary(), sketch.summarise(["x", "y"], values))


def test_a_trial_that_ended_early_counts_for_the_days_it_has() -> None:
    gathered = sketch.Gatherer(days=3)
    gathered.add({"x": [1.0, 2.0]})
    gathered.add({"x": [1.0, 2.0, 3.0]})
    assert gathered.summary().n.tolist() == [[2, 2, 1]]


def test_values_that_lie_evenly_in_a_bin_have_their_quantile_to_a_fraction_of_it() -> None:
    evenly = list(np.linspace(700.3, 720.7, 400))
    for values in (evenly, [-value for value in evenly]):
        for q in QS:
            exact = float(np.quantile(values, q))
            assert sketch.quantile(one_cell(values), q)[0, 0] == pytest.approx(exact, rel=RELATIVE_ERROR / 20)


@settings(max_examples=60, deadline=None)
@given(columns)
def test_quantiles_do_not_cross(values: list[float]) -> None:
    found = [float(sketch.quantile(one_cell(values), q)[0, 0]) for q in QS]
    assert found == sorted(found)


# --- by compiled code -------------------------------------------------------------------------------------------------


@needs.numba
@settings(deadline=None)  # the first example loads the compiled code
@given(st.lists(st.lists(numbers_of_a_day, min_size=6, max_size=6), min_size=1, max_size=9), st.data())
def test_compiled_code_counts_what_numpy_counts(rows: list[list[float]], data: st.DataObject) -> None:
    """Blocks of any size, one after another, whole and broken numbers, gaps and extremes: the same to the last bit."""
    values = np.array(rows).reshape(len(rows), 2, 3)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows)))) | {0, len(rows)})
    one, two = sketch.Gatherer(3), sketch.Gatherer(3)
    for begin, end in itertools.pairwise(cuts):
        one.add_block(("a", "b"), values[begin:end])
        two.add_compiled(("a", "b"), values[begin:end])
    left, right = one.summary(), two.summary()
    for name in ("n", "total", "squares", "low", "high", "whole"):  # which zero is the lower is nobody's concern
        assert (getattr(left, name) + 0.0).tobytes() == (getattr(right, name) + 0.0).tobytes(), name
    for series in ("a", "b"):
        for mine, theirs in zip(left.filled[series], right.filled[series], strict=True):
            assert mine.tolist() == theirs.tolist()


@needs.numba
def test_compiled_and_other_blocks_may_alternate() -> None:
    values = np.random.default_rng(5).lognormal(2.0, 3.0, (40, 2, 3))
    one, two = sketch.Gatherer(3), sketch.Gatherer(3)
    for k in range(0, 40, 10):
        one.add_block(("a", "b"), values[k : k + 10])
        (two.add_block if k % 20 else two.add_compiled)(("a", "b"), values[k : k + 10])
    assert repr(one.summary()) == repr(two.summary())
