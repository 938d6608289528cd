from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from sim.draws import (
    LARGEST_COUNT,
    Address,
    address,
    lognormal,
    negative_binomial,
    normal_quantile,
    philox,
    poisson,
    stream,
    uniform,
)

WORD = some.integers(0, 2**32 - 1)
U = some.floats(1e-9, 1 - 1e-9)

# Known-answer vectors of Random123 (Salmon et al. 2011, kat_vectors): Philox4x32 with ten rounds.
ONES = 0xFFFFFFFF
KNOWN = [
    ((0, 0, 0, 0, 0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((ONES, ONES, ONES, ONES, ONES, ONES), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0), "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@pytest.mark.parametrize(("words", "answer"), KNOWN, ids=["zeros", "ones", "pi"])
def test_philox_gives_the_published_words(words: tuple[int, int, int, int, int, int], answer: str) -> None:
    assert " ".join(f"{word:08x}" for word in philox(*words)) == answer


# --- addresses ------------------------------------------------------------------------------------------------------


@given(WORD, WORD, WORD, WORD, some.integers(0, 65535), WORD, some.integers(0, 65535))
def test_a_uniform_lies_strictly_between_0_and_1(
    low: int, high: int, a_set: int, trial: int, day: int, a_stream: int, slot: int
) -> None:
    u = uniform(Address(low, high, a_set, trial), day, a_stream, slot)
    assert 0.0 < u < 1.0


def test_the_outermost_words_still_give_numbers_between_0_and_1(monkeypatch: pytest.MonkeyPatch) -> None:
    for word, bound in ((0, 2.0**-53), (ONES, 1.0 - 2.0**-53)):
        monkeypatch.setattr("sim.draws.philox", lambda *_, word=word: (word, word, word, word))
        assert uniform(address(0), 1, 1, 0) == bound
        assert 0.0 < bound < 1.0


def test_an_address_splits_the_seed_and_loses_nothing_of_it() -> None:
    assert address(0) == Address(0, 0, 0, 0)
    assert address(2**64 - 1, 3, 7) == Address(ONES, ONES, 3, 7)
    assert address(2**32) == Address(0, 1, 0, 0)


def test_every_part_of_an_address_matters() -> None:
    places = [
        (address(seed, a_set, trial), day, a_stream, slot)
        for seed in (0, 1, 2**32, 2**64 - 1)
        for a_set in (0, 1)
        for trial in (0, 1)
        for day in (0, 1, 4000)
        for a_stream in (0, 1)
        for slot in (0, 1, 9)
    ]
    drawn = {uniform(*place) for place in places}
    assert len(drawn) == len(places)


def test_a_stream_is_a_function_of_the_whole_path() -> None:
    paths = [("rule", "ab"), ("rule", "a", "b"), ("rulea", "b"), ("rule",), ("rule", "ab", "")]
    assert len({stream(*path) for path in paths}) == len(paths)
    assert stream("rule", "offensive") == stream("rule", "offensive")
    assert all(0 <= stream(*path) < 2**32 for path in paths)


@pytest.mark.statistical
def test_neighbouring_addresses_are_uniform_and_uncorrelated() -> None:
    """Kolmogorov-Smirnov and lag-one correlation over 4,000 neighbours; false alarm 1e-6 each, seed fixed."""
    for at in (
        [(address(0, 0, k), 1, 5, 0) for k in range(4000)],
        [(address(0), k, 5, 0) for k in range(4000)],
        [(address(0), 1, 5, k) for k in range(4000)],
        [(address(k), 1, 5, 0) for k in range(4000)],
    ):
        u = [uniform(*place) for place in at]
        assert stats.kstest(u, "uniform").pvalue > 1e-6
        assert stats.pearsonr(u[:-1], u[1:]).pvalue > 1e-6


# --- samplers -------------------------------------------------------------------------------------------------------


@given(some.floats(1e-300, 1 - 1e-16))
def test_the_normal_quantile_is_scipys(p: float) -> None:
    assert normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-13, abs=1e-15)


@given(U, some.floats(0.01, 1e4), some.floats(0.0, 3.0))
def test_the_lognormal_is_scipys(u: float, median: float, sigma: float) -> None:
    wanted = median if sigma == 0 else stats.lognorm.ppf(u, sigma, scale=median)
    assert lognormal(u, median, sigma) == pytest.approx(wanted, rel=1e-11)


def is_quantile(law: stats.rv_discrete, count: float, u: float) -> bool:
    """Whether `count` is the quantile of `u`, up to rounding in the sum of the masses, or where the search ends."""
    reached = float(law.cdf(count)) >= u - 1e-9 or count == LARGEST_COUNT
    return reached and float(law.cdf(count - 1)) < u + 1e-9


@given(U, some.floats(1e-6, 700.0))
def test_the_poisson_is_scipys(u: float, mean: float) -> None:
    count = poisson(u, mean)
    assert count.is_integer()
    assert is_quantile(stats.poisson(mean), count, u)


@given(U, some.floats(1e-6, 2000.0), some.floats(0.05, 50.0))
def test_the_negative_binomial_is_scipys(u: float, mean: float, size: float) -> None:
    count = negative_binomial(u, mean, size)
    assert count.is_integer()
    assert is_quantile(stats.nbinom(size, size / (size + mean)), count, u)


@given(U, some.floats(700.0, 1e5))
def test_large_poisson_means_come_within_two_hundredths(u: float, mean: float) -> None:
    assert poisson(u, mean + 1e-9) == pytest.approx(stats.poisson.ppf(u, mean), rel=0.02)


def test_a_large_size_makes_the_negative_binomial_a_poisson() -> None:
    for u in (0.01, 0.3, 0.5, 0.9, 0.999):
        assert negative_binomial(u, 12.0, 1e9) == poisson(u, 12.0)
    assert negative_binomial(0.5, 5000.0, 1e9) == pytest.approx(5000.0, rel=1e-3)  # by the normal approximation


def test_nothing_comes_of_a_mean_of_nothing() -> None:
    assert poisson(0.999, 0.0) == negative_binomial(0.999, 0.0, 1.0) == poisson(0.5, -1.0) == 0.0


def test_the_search_for_a_count_ends() -> None:
    nearly_one = 1.0 - 2.0**-53
    assert poisson(nearly_one, 699.0) < 2000.0
    assert negative_binomial(nearly_one, 1e4, 0.05) <= LARGEST_COUNT
    assert math.isfinite(lognormal(nearly_one, 1.0, 1e6))
    assert lognormal(2.0**-53, 1.0, 1e6) == 0.0
