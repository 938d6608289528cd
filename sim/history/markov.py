"""The regimes of the fighting as a hidden Markov chain with one step a day, which a truce holds back and pulls down.

A chain may hold one set of numbers, or many at a time (leading dimensions "..."): the likelihood of a thousand sets is
one pass over the days.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.history.truce import NO_TRUCE, TRUCE_ONSET_DAYS, Truce

Floats = npt.NDArray[np.float64]
Value = float | Floats
L = TypeVar("L", bound=str)  # levels of truces, as plain text or as the schema's literals


@dataclass(frozen=True)
class Chain:
    """The hidden chain: k regimes from low to high, what they emit, and how they follow one another.

    `mean`, `size` (..., k): deaths a day. `hazards` (..., k, k): daily rates without a truce, zero diagonal. `down`: by
    level, (..., k) the probability of moving one step down on each of a truce's first three days. `ratio`: by level,
    the hazard ratio (...) on upward moves while a truce stands; `age` (...) a further one for each doubling of its age,
    `overdue` (...) one while a term is overdue. `share`, `kept` (...): of the memory in the day's mean, and of
    yesterday in the memory. `lost` (...): the probability that nothing is recorded of a day's deaths.
    """

    names: tuple[str, ...]
    mean: Floats
    size: Floats
    hazards: Floats
    down: Mapping[str, Floats]
    ratio: Mapping[str, Floats]
    overdue: Floats = field(default_factory=lambda: np.array(1.0))
    age: Floats = field(default_factory=lambda: np.array(1.0))
    share: Floats = field(default_factory=lambda: np.array(0.0))
    kept: Floats = field(default_factory=lambda: np.array(0.0))
    lost: Floats = field(default_factory=lambda: np.array(0.0))


def chain(
    regimes: Mapping[str, tuple[Value, Value]],
    rates: Mapping[str, Mapping[str, Value]],
    truce_down: Mapping[L, Mapping[str, Value]] | None = None,
    truce_ratio: Mapping[L, Value] | None = None,
    overdue_ratio: Value = 1.0,
    excitation: tuple[Value, Value] = (0.0, 1.0),
    lost: Value = 0.0,
    age_ratio: Value = 1.0,
) -> Chain:
    """The chain of `regimes` (name: mean and size, low to high) with the fields of a scenario's `fighting.drift`.

    `excitation`: share and half-life in days; `lost`: probability that a day's deaths are missing from the record,
    which then shows none. Each value is a number or, for many chains at once, an array (n,) of
    them. Raises InputError for an unknown regime, a negative rate or a probability outside 0-1.
    """
    names = tuple(regimes)
    if unknown := [name for name in rates if name not in regimes]:
        raise InputError(f"drift.rates: unknown regime {unknown[0]!r}; allowed: {', '.join(names)}")
    away = [{to: rate for to, rate in rates.get(name, {}).items() if to != name} for name in names]
    hazards = [_row(names, row, f"rates.{name}") for name, row in zip(names, away, strict=True)]
    down = {str(level): _row(names, row, f"truce_down.{level}", top=1.0) for level, row in (truce_down or {}).items()}
    ratio = {str(level): np.asarray(value, dtype=float) for level, value in (truce_ratio or {}).items()}
    share, half_life = (np.asarray(value, dtype=float) for value in excitation)
    overdue, age, missing = (np.asarray(value, dtype=float) for value in (overdue_ratio, age_ratio, lost))
    if not np.all((missing >= 0.0) & (missing < 1.0)):
        raise InputError(f"reporting.lost: {lost} must lie between 0 and 1, below 1")
    rows = [np.stack(np.broadcast_arrays(*(pair[i] for pair in regimes.values())), -1) for i in (0, 1)]
    many = np.broadcast_shapes(
        *(row.shape[:-1] for row in (*rows, *hazards, *down.values())),
        *(value.shape for value in (*ratio.values(), share, half_life, overdue, age, missing)),
    )
    mean, size, *hazards = (np.broadcast_to(row, (*many, len(names))).astype(float) for row in (*rows, *hazards))
    wide = [np.broadcast_to(value, many) for value in (overdue, age, share, 0.5 ** (1.0 / half_life), missing)]
    return Chain(names, mean, size, np.stack(hazards, -2), down, ratio, *wide)


def _row(names: tuple[str, ...], row: Mapping[str, Value], key: str, top: float = math.inf) -> Floats:
    """One number for each regime (..., k), 0 where the row has none."""
    for name, value in row.items():
        if name not in names:
            raise InputError(f"drift.{key}: unknown regime {name!r}; allowed: {', '.join(names)}")
        if not np.all((np.asarray(value) >= 0.0) & (np.asarray(value) <= top)):
            raise InputError(f"drift.{key}.{name}: {value} must lie between 0 and {top:g}")
    return np.stack(np.broadcast_arrays(*(np.asarray(row.get(name, 0.0), dtype=float) for name in names)), -1)


def transition(chain: Chain, truce: Truce = NO_TRUCE) -> Floats:
    """Probabilities (..., k, k) of the regimes today given yesterday's, on a day with this truce.

    At most one move a day: a regime with total hazard H is left with probability 1 - exp(-H), its ways out sharing it
    by their hazards. While a truce stands upward hazards are multiplied by its ratio, by that of its age once for each
    time that it has doubled, and while a term is overdue by that ratio too. On its first three days a regime that has a
    `down` probability moves one step down with it; what is left stays or moves up, and other moves down wait.
    """
    hazards = _hazards_under(chain, truce)
    matrix = _moves(hazards)
    if not pulls_down(chain, truce):
        return matrix
    down = chain.down[truce.level]
    upward = _moves(np.triu(hazards))
    for i in range(1, len(chain.names)):
        if down[..., i].any():
            matrix[..., i, :] = (1.0 - down[..., i, None]) * upward[..., i, :]
            matrix[..., i, i - 1] += down[..., i]
    return matrix


def pulls_down(chain: Chain, truce: Truce) -> bool:
    """Whether a truce is in its first days, on which it pulls the regimes down by itself."""
    return truce.level != "none" and truce.age < TRUCE_ONSET_DAYS and truce.level in chain.down


def _hazards_under(chain: Chain, truce: Truce) -> Floats:
    if truce.level == "none":
        return chain.hazards
    ratio = chain.ratio.get(truce.level, np.array(1.0)) * chain.age**truce.doublings
    ratio = ratio * (chain.overdue if truce.overdue else 1.0)
    hazards: Floats = np.tril(chain.hazards) + ratio[..., None, None] * np.triu(chain.hazards)
    return hazards


def _moves(hazards: Floats) -> Floats:
    total = hazards.sum(axis=-1)
    leaving = -np.expm1(-total)
    shares = hazards / np.where(total > 0.0, total, 1.0)[..., None]
    moves: Floats = shares * leaving[..., None] + np.eye(hazards.shape[-1]) * (1.0 - leaving)[..., None]
    return moves


def stationary(matrix: Floats) -> Floats:
    """The distribution (..., k) that `matrix` leaves unchanged; the smallest such one where there are several."""
    k = matrix.shape[-1]
    rows = [np.swapaxes(matrix, -1, -2) - np.eye(k), np.ones((*matrix.shape[:-2], 1, k))]
    solution = np.linalg.pinv(np.concatenate(rows, axis=-2))[..., -1]
    clipped: Floats = np.clip(solution, 0.0, None)
    normalised: Floats = clipped / clipped.sum(axis=-1, keepdims=True)
    return normalised
