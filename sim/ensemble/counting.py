"""Outcomes counted by parameter set, one chunk of a results folder after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.columns import Table

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """In how many trials each outcome came true.

    `ended` (sets,) are the trials that did not fail; `hits` (outcomes, sets) those in which an outcome came true, and
    `at_once` (outcomes,) those in which it did so on the first day.
    """

    outcomes: tuple[str, ...]
    ended: Ints
    hits: Ints
    at_once: Ints

    def settled(self, outcome: str) -> bool:
        """Whether the origin decides an outcome already: it came true on the first day of every trial that ended."""
        return bool(0 < self.ended.sum() == self.at_once[self.outcomes.index(outcome)])


def count(tables: Iterable[Table], outcomes: Sequence[str], sets: int) -> Counts:
    """Count through tables of trials, of which `needed(outcomes)` are the columns."""
    ended, hits = np.zeros(sets, np.int64), np.zeros((len(outcomes), sets), np.int64)
    at_once = np.zeros(len(outcomes), np.int64)
    for table in tables:
        sound = _sound(table)
        index = table["set"].values
        ended += np.bincount(index[sound], minlength=sets)
        for k, day in enumerate(f"{name}_day" for name in outcomes):
            if day in table:
                null = table[day].null
                happened = sound if null is None else sound & ~null
                hits[k] += np.bincount(index[happened], minlength=sets)
                at_once[k] += int((table[day].values[happened] == 1).sum())
    return Counts(tuple(outcomes), ended, hits, at_once)


def needed(outcomes: Sequence[str]) -> tuple[str, ...]:
    """The columns that counting reads."""
    return ("set", "error", *(f"{name}_day" for name in outcomes))


def _sound(table: Table) -> NDArray[np.bool_]:
    """Which trials did not fail."""
    error = table.get("error")
    if error is None or error.null is None:
        return np.full(len(table["set"]), error is None)
    return error.null
