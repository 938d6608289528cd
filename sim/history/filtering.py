"""Which regime the fighting was in before the origin, filtered from observed deaths; pure functions of plain numbers.

`follow` is the forward recursion of Hamilton (1989, Econometrica 57(2), 357-384) over a chain (`sim.history.markov`)
whose regimes emit deaths (`sim.history.emissions`). One recursion serves daily values and sums over several days:
within a sum it follows how many days were spent in each regime, so that a truce that begins in midweek splits the week.

The day on which a regime began, from which its memory runs, is not known. So each regime carries the mean of the
memories it can have: that of the last day where the regime went on, 1 where it has just begun (the mixing step of Blom
& Bar-Shalom 1988, IEEE Trans. Autom. Control 33(8), 780-783).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.history.emissions import Laws, Observation, front
from sim.history.markov import Chain, stationary, transition
from sim.history.truce import NO_TRUCE, Truce

Floats = npt.NDArray[np.float64]

LEAST = 1e-300  # what a probability of nothing is divided by


class Followed(NamedTuple):
    """The filter's path: at the end of each observation, given it and all before.

    `regimes` (n, ..., k): probabilities. `memory` (n, ..., k): what each regime would remember, were it the one; as at
    the end of the day. `log_likelihood` (...): of all the observations.
    """

    regimes: Floats
    memory: Floats
    log_likelihood: Floats


def follow(
    deaths: Sequence[Observation], chain: Chain, truces: Sequence[Truce] = (), start: Floats | None = None
) -> Followed:
    """Follow the hidden regimes through observations in order.

    `truces` holds one entry a day from the first observed day on; none at all means no truce. Days it has beyond the
    last observation are days without record: the chain goes on, nothing is learnt. `start` (k,) holds the
    probabilities on the day before the first; default the chain's stationary distribution without a truce. Raises
    InputError when `truces` are given but end before the observations do.
    """
    items = _items(deaths, truces)
    path = np.empty((2, len(items), *chain.mean.shape[-1:], *chain.mean.shape[:-1]))
    log_likelihood = np.zeros(chain.mean.shape[:-1])
    for n, now in enumerate(_steps(items, chain, truces, start)):
        path[0, n], path[1, n] = now.regimes, 1.0 + now.excess
        log_likelihood += now.seen
    return Followed(np.moveaxis(path[0], 1, -1), np.moveaxis(path[1], 1, -1), log_likelihood)


def log_likelihood(
    deaths: Sequence[Observation], chain: Chain, truces: Sequence[Truce] = (), start: Floats | None = None
) -> Floats:
    """The log likelihood (...) of all the observations, which `follow` has too, at the price of its path."""
    seen = [now.seen for now in _steps(_items(deaths, truces), chain, truces, start)]
    return np.asarray(np.sum(seen, axis=0) if seen else np.zeros(chain.mean.shape[:-1]))


def filter_path(
    deaths: Sequence[Observation], chain: Chain, truces: Sequence[Truce] = (), start: Floats | None = None
) -> Floats:
    """Probabilities (n, ..., k) of the regimes at the end of each observation; arguments as in `follow`."""
    return follow(deaths, chain, truces, start).regimes


def filter_regimes(
    deaths: Sequence[Observation], chain: Chain, truces: Sequence[Truce] = (), start: Floats | None = None
) -> Floats:
    """Probabilities (..., k) of the regimes at the end of the last day; arguments as in `follow`."""
    path = filter_path(deaths, chain, truces, start)
    if len(path):
        return np.asarray(path[-1])
    return stationary(transition(chain)) if start is None else np.asarray(start, dtype=float)


def _items(deaths: Sequence[Observation], truces: Sequence[Truce]) -> list[Observation]:
    """The observations, and a day without record for each entry of `truces` beyond them."""
    days = sum(item.days for item in deaths)
    if truces and len(truces) < days:
        raise InputError(f"truces cover {len(truces)} days, observations {days}; give one entry for each day")
    return [*deaths, *[Observation(None)] * (len(truces) - days)]


class _Now(NamedTuple):
    """Where the filter stands, regimes in front, (k, ...): probabilities, memories less 1; and the last log likelihood.

    Regimes in front, because a day is a score of small sums and products over the chains, which then lie side by side.
    """

    regimes: Floats
    excess: Floats
    seen: Floats


@dataclass(frozen=True)
class _Matrix:
    """A day's `moves` (k from, k to, ...), regimes in front, and the probabilities `staying` (k, ...) to go on."""

    moves: Floats
    staying: Floats


def _steps(items: Sequence[Observation], chain: Chain, truces: Sequence[Truce], start: Floats | None) -> Iterator[_Now]:
    """The filter after each observation."""
    each_day = list(truces) or [NO_TRUCE] * sum(item.days for item in items)
    begin = stationary(transition(chain)) if start is None else np.broadcast_to(start, chain.mean.shape)
    laws = Laws(chain)
    now = _Now(front(begin), np.zeros_like(laws.mean), np.zeros(chain.mean.shape[:-1]))
    known: dict[Truce, _Matrix] = {}
    day = 0
    for item in items:
        now = _step(now, [_known(known, chain, truce) for truce in each_day[day : day + item.days]], item, laws)
        day += item.days
        yield now


def _known(known: dict[Truce, _Matrix], chain: Chain, truce: Truce) -> _Matrix:
    """The matrix of a day with this truce; days of like truces are alike."""
    alike = truce.like
    if alike not in known:
        matrix = transition(chain, alike)
        moves = np.ascontiguousarray(np.moveaxis(matrix, (-2, -1), (0, 1)))
        known[alike] = _Matrix(moves, front(np.diagonal(matrix, axis1=-2, axis2=-1)))
    return known[alike]


def _step(now: _Now, matrices: Sequence[_Matrix], item: Observation, laws: Laws) -> _Now:
    """One observation."""
    if item.days == 1 and item.deaths is not None:
        return _day(now, matrices[0], item.deaths, laws)
    after, excess = now.regimes, now.excess
    recalled = 0.0 if item.deaths is None else laws.recalled(item.deaths / item.days)
    for matrix in matrices:
        arriving = _arriving(after, matrix)
        excess = laws.kept * _mixed(after, excess, matrix, arriving) + recalled
        after = arriving
    if item.deaths is None:
        return _Now(after, excess, np.zeros_like(now.seen))
    regimes, seen = _weighed(now.regimes, matrices, item.deaths, laws)
    return _Now(regimes, excess, seen)


def _day(now: _Now, matrix: _Matrix, deaths: float, laws: Laws) -> _Now:
    """Hamilton's step for one day: predict, weigh by the likelihood of the day's deaths, normalise."""
    count = laws.count(deaths)
    arriving = _arriving(now.regimes, matrix)
    excess = _mixed(now.regimes, now.excess, matrix, arriving)
    logs = laws.of_day(count, excess)
    most = np.maximum.reduce(logs)
    weights = arriving * np.exp(logs - most)
    total = np.add.reduce(weights)
    return _Now(weights / total, laws.kept * excess + count.recalled, np.log(total) + most)


def _arriving(regimes: Floats, matrix: _Matrix) -> Floats:
    """Probabilities (k, ...) after a day's move."""
    arriving: Floats = np.add.reduce(regimes[:, None] * matrix.moves)
    return arriving


def _mixed(regimes: Floats, excess: Floats, matrix: _Matrix, arriving: Floats) -> Floats:
    """The memory of each regime, less 1: yesterday's where the regime went on, 0 where it begins today."""
    return regimes * matrix.staying / np.maximum(arriving, LEAST) * excess


def _weighed(before: Floats, matrices: Sequence[_Matrix], deaths: float, laws: Laws) -> tuple[Floats, Floats]:
    """Hamilton's step for a sum over several days: probabilities (k, ...) and log likelihood."""
    ways = {spent: ends for spent, ends in _ways(before, matrices).items() if ends.any()}
    logs = np.array([laws.of_sum(deaths, spent) for spent in ways])
    most = logs.max(axis=0)
    weights = (np.exp(logs - most)[:, None] * np.array(list(ways.values()))).sum(axis=0)
    total = weights.sum(axis=0)
    return np.asarray(weights / total), np.asarray(np.log(total) + most)


def _ways(before: Floats, matrices: Sequence[_Matrix]) -> dict[tuple[int, ...], Floats]:
    """For each count of days spent in the regimes, the probability (k, ...) of it and of ending in each regime."""
    ways: dict[tuple[int, ...], Floats] = {(0,) * len(before): before}
    for matrix in matrices:
        after: dict[tuple[int, ...], Floats] = {}
        for spent, probability in ways.items():
            for j, arriving in enumerate(_arriving(probability, matrix)):
                key = (*spent[:j], spent[j] + 1, *spent[j + 1 :])
                after.setdefault(key, np.zeros_like(before))[j] += arriving
        ways = after
    return ways
