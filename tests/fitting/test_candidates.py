from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws import address
from sim.fitting.candidates import in_order, seed_of


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_numbers(workers: int) -> None:
    def work(number: int) -> int:
        time.sleep(0.002 * (number % 3 == 0))
        return number * number

    assert list(in_order(work, range(20), workers)) == [number * number for number in range(20)]


def test_work_is_done_at_the_same_time() -> None:
    """Each waits until another has come: alone, the barrier would break."""
    together = threading.Barrier(2, timeout=20)
    assert sorted(in_order(lambda number: together.wait(), range(4), workers=2)) == [0, 0, 1, 1]


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_is_begun_than_a_little_ahead(workers: int) -> None:
    begun = []
    with closing(in_order(lambda number: begun.append(number), count(), workers)) as results:
        for _ in range(5):
            next(results)
    assert len(begun) <= 5 + 3 * workers
    time.sleep(0.02)
    stopped = len(begun)
    time.sleep(0.02)
    assert len(begun) == stopped


def test_numbers_are_asked_for_when_they_are_needed() -> None:
    def numbers() -> Iterator[int]:
        yield from range(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(in_order(lambda number: number, numbers(), workers=2))


@given(st.integers(0, 2**64 - 1), st.integers(0, 1000), st.integers(0, 2**32 - 1))
def test_a_seed_is_of_64_bits_and_of_its_address(seed: int, set_index: int, trial: int) -> None:
    made = seed_of(address(seed, set_index, trial))
    assert 0 <= made < 2**64
    assert made != seed_of(address(seed, set_index + 1, trial))
    assert made == seed_of(address(seed, set_index, trial))


def test_seeds_of_neighbours_differ_in_half_of_their_bits() -> None:
    seeds = [seed_of(address(0, 0, trial)) for trial in range(1000)]
    assert len(set(seeds)) == 1000
    flips = [(one ^ other).bit_count() for one, other in pairwise(seeds)]
    assert 31 < sum(flips) / len(flips) < 33  # 32 is expected, with an error of 0.13
