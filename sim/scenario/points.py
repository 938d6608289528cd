"""Points of the unit interval for parameter sets: a scrambled Sobol' sequence for each uncertain number."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from sim.errors import InputError

Points = np.ndarray[Any, np.dtype[np.float64]]
Words = np.ndarray[Any, np.dtype[np.uint64]]
BITS = 32


def sobol_points(paths: tuple[str, ...], index: int, seed: int) -> Points:
    """One point strictly inside (0, 1) for each path: term `index` (below 2**32) of that path's own sequence.

    The sequence is the first coordinate of Sobol' (van der Corput's), in an order shuffled and with values scrambled
    by Owen's nested permutations ("Randomly permuted (t,m,s)-nets and (t,s)-sequences", 1995), both keyed by path and
    seed. Each 2**k terms that begin at a multiple of 2**k fall one into each 2**k-th of the interval, and the sequences
    of two paths are independent. A joint Sobol' point would tie a path's coordinate to its place among the others, and
    in hundreds of dimensions some pairs of its coordinates are all but equal over the first 64 terms.
    """
    if not 0 <= index < 2**BITS:
        raise InputError(f"parameter set {index} is not in 0 .. {2**BITS - 1}")
    keys = np.array([_key(path, seed) for path in paths], dtype=np.uint64)
    shuffled = _nested(np.full(len(paths), index, dtype=np.uint64), keys)
    scrambled = _nested(_reversed(shuffled), _mix(keys))
    fine = _mix(_mix(keys ^ scrambled) ^ np.uint64(index)) >> np.uint64(64 - 20)  # 20 bits below the 32
    points: Points = (scrambled.astype(np.float64) + (fine.astype(np.float64) + 0.5) / 2**20) / 2**BITS
    return points


def shuffled(size: int, path: str, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The whole numbers below `size` in an order keyed by path and seed."""
    keys = _mix(np.full(size, _key(path, seed), dtype=np.uint64) ^ _mix(np.arange(size, dtype=np.uint64)))
    order: np.ndarray[Any, np.dtype[np.int64]] = np.argsort(keys, kind="stable")
    return order


def _key(path: str, seed: int) -> int:
    digest = hashlib.blake2b(path.encode(), digest_size=8, key=seed.to_bytes(16, "little", signed=True)).digest()
    return int.from_bytes(digest, "little")


def _nested(words: Words, keys: Words) -> Words:
    """Owen's nested permutation of 32-bit words: each bit is flipped or not by a hash of the bits above it."""
    out = words.copy()
    for bit in range(BITS - 1, -1, -1):
        above = words >> np.uint64(bit + 1)
        coin = _mix(keys ^ _mix(above * np.uint64(BITS) + np.uint64(bit))) >> np.uint64(63)
        out ^= coin << np.uint64(bit)
    return out


def _reversed(words: Words) -> Words:
    """The 32 bits in reverse order (van der Corput's radical inverse in base 2)."""
    out = np.zeros_like(words)
    for bit in range(BITS):
        out |= ((words >> np.uint64(bit)) & np.uint64(1)) << np.uint64(BITS - 1 - bit)
    return out


def _mix(words: Words) -> Words:
    """A 64-bit hash of words (the finaliser of SplitMix64, Steele, Lea & Flood 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
