"""Simulations by number: each has an address of its own, and results come in the order of numbers, not of arrival."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sim.draws import Address, philox, stream

Result = TypeVar("Result")
AHEAD = 2  # simulations that wait for each worker, so that a slow one does not leave the others idle


def seed_of(at: Address) -> int:
    """A seed in [0, 2**64) of the address's own, for a simulator that takes a seed."""
    low, high, _, _ = philox(stream("fitting", "seed"), at.trial, at.set, 0, at.low, at.high)
    return high << 32 | low


def in_order(work: Callable[[int], Result], numbers: Iterable[int], workers: int = 1) -> Generator[Result, None, None]:
    """`work(number)` for each number, in their order, on that many threads.

    Whoever stops taking results stops the work: what has begun is finished and thrown away.
    """
    if workers == 1:
        yield from map(work, numbers)
        return
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[Result]] = deque()
    try:
        for number in numbers:
            waiting.append(pool.submit(work, number))
            if len(waiting) > AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
