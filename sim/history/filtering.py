"""Which regime the fighting was in before the origin, filtered from observed deaths; pure functions of plain numbers.

The regimes are the hidden states of a Markov chain with one step a day; deaths a day are negative binomial given the
regime. `filter_path` is the forward recursion of Hamilton (1989, Econometrica 57(2), 357-384). One recursion serves
daily values and sums over several days: within a sum it follows how many days were spent in each regime, so that a
truce that begins in midweek splits the week. Self-excitation within a regime is left out; it raises no regime's mean.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sim.errors import InputError

Floats = npt.NDArray[np.float64]
L = TypeVar("L", bound=str)  # levels of truces, as plain text or as the schema's literals

TRUCE_ONSET_DAYS = 3  # ages 0, 1, 2: the days on which a new truce pulls the fighting down (DOMAIN 7.11)
SURPRISING_BELOW = 0.2  # an offensive less likely than this in all of its first week contradicts the chronology
TRUCE_DEAD_AT = 100.0  # deaths in seven days, counted from a truce's start, at which it no longer stands (DOMAIN 7.11)
WEEK = 7  # days


class Observation(NamedTuple):
    """Deaths summed over the `days` next in time; None where nothing was recorded."""

    deaths: float | None
    days: int = 1


class Truce(NamedTuple):
    """The truce in force on one day: its level (`none` without one) and its age, 0 on its first day."""

    level: str = "none"
    age: int = 0


NO_TRUCE = Truce()


class Disagreement(NamedTuple):
    """A day on which chronology and deaths contradict each other, and a sentence that says how."""

    on: dt.date
    line: str


# --- the chain ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chain:
    """The hidden chain: k regimes from low to high, what they emit, and how they follow one another.

    `mean`, `size` (k,): deaths a day. `hazards` (k, k): daily rates without a truce, zero diagonal. `down`: by level,
    (k,) the probability of moving one step down on each of a truce's first three days. `ratio`: by level, the hazard
    ratio on upward moves while a truce stands.
    """

    names: tuple[str, ...]
    mean: Floats
    size: Floats
    hazards: Floats
    down: Mapping[str, Floats]
    ratio: Mapping[str, float]


def chain(
    regimes: Mapping[str, tuple[float, float]],
    rates: Mapping[str, Mapping[str, float]],
    truce_down: Mapping[L, Mapping[str, float]] | None = None,
    truce_ratio: Mapping[L, float] | None = None,
) -> Chain:
    """The chain of `regimes` (name: mean and size, low to high) with the fields of a scenario's `fighting.drift`.

    Raises InputError for an unknown regime, a negative rate or a probability outside 0-1.
    """
    names = tuple(regimes)
    hazards = np.array([_row(names, rates.get(name, {}), f"rates.{name}") for name in names])
    np.fill_diagonal(hazards, 0.0)
    down = {str(level): _row(names, row, f"truce_down.{level}", top=1.0) for level, row in (truce_down or {}).items()}
    if unknown := [name for name in rates if name not in regimes]:
        raise InputError(f"drift.rates: unknown regime {unknown[0]!r}; allowed: {', '.join(names)}")
    mean, size = (np.array([pair[i] for pair in regimes.values()], dtype=float) for i in (0, 1))
    return Chain(names, mean, size, hazards, down, {str(level): ratio for level, ratio in (truce_ratio or {}).items()})


def _row(names: tuple[str, ...], row: Mapping[str, float], key: str, top: float = math.inf) -> Floats:
    for name, value in row.items():
        if name not in names:
            raise InputError(f"drift.{key}: unknown regime {name!r}; allowed: {', '.join(names)}")
        if not 0.0 <= value <= top:
            raise InputError(f"drift.{key}.{name}: {value} must lie between 0 and {top:g}")
    return np.array([row.get(name, 0.0) for name in names], dtype=float)


def transition(chain: Chain, truce: Truce = NO_TRUCE) -> Floats:
    """Probabilities (k, k) of the regimes today given yesterday's, on a day with this truce.

    At most one move a day: a regime with total hazard H is left with probability 1 - exp(-H), its ways out sharing it
    by their hazards. While a truce stands upward hazards are multiplied by its ratio. On its first three days a regime
    that has a `down` probability moves one step down with it; what is left stays or moves up, and other moves down
    wait.
    """
    hazards = _hazards_under(chain, truce)
    matrix = _moves(hazards)
    down = chain.down.get(truce.level)
    if down is None or truce.level == "none" or truce.age >= TRUCE_ONSET_DAYS:
        return matrix
    upward = _moves(np.triu(hazards))
    for i in np.flatnonzero(down[1:]) + 1:
        matrix[i] = (1.0 - down[i]) * upward[i]
        matrix[i, i - 1] += down[i]
    return matrix


def _hazards_under(chain: Chain, truce: Truce) -> Floats:
    ratio = 1.0 if truce.level == "none" else chain.ratio.get(truce.level, 1.0)
    hazards: Floats = np.tril(chain.hazards) + ratio * np.triu(chain.hazards)
    return hazards


def _moves(hazards: Floats) -> Floats:
    total = hazards.sum(axis=1)
    leaving = -np.expm1(-total)
    shares = hazards / np.where(total > 0.0, total, 1.0)[:, None]
    moves: Floats = shares * leaving[:, None] + np.diag(1.0 - leaving)
    return moves


def stationary(matrix: Floats) -> Floats:
    """The distribution (k,) that `matrix` leaves unchanged; the smallest such one where there are several."""
    k = len(matrix)
    system = np.vstack([matrix.T - np.eye(k), np.ones(k)])
    solution = np.linalg.lstsq(system, np.append(np.zeros(k), 1.0), rcond=None)[0]
    clipped: Floats = np.clip(solution, 0.0, None)
    normalised: Floats = clipped / clipped.sum()
    return normalised


# --- the filter -----------------------------------------------------------------------------------------------------


def filter_regimes(
    deaths: Sequence[Observation], chain: Chain, truces: Sequence[Truce] = (), start: Floats | None = None
) -> Floats:
    """Probabilities (k,) of the regimes at the end of the last day, which is the day before the origin.

    `truces` holds one entry a day from the first observed day on; none at all means no truce. Days it has beyond the
    last observation are days without record: the chain goes on, nothing is learnt. `start` (k,) holds the
    probabilities on the day before the first; default the chain's stationary distribution without a truce.
    """
    path = filter_to_end(deaths, chain, truces, start)
    return path[-1] if len(path) else _start(chain, start)


def filter_to_end(
    deaths: Sequence[Observation], chain: Chain, truces: Sequence[Truce] = (), start: Floats | None = None
) -> Floats:
    """As `filter_path`, and on through the days of `truces` beyond the last observation, a row each."""
    observed = sum(item.days for item in deaths)
    blind = [Observation(None)] * (len(truces) - observed)
    return filter_path([*deaths, *blind], chain, truces, start)


def filter_path(
    deaths: Sequence[Observation], chain: Chain, truces: Sequence[Truce] = (), start: Floats | None = None
) -> Floats:
    """Probabilities (n, k) of the regimes at the end of each observation, given it and all before.

    Arguments as in `filter_regimes`. Raises InputError when `truces` are given but end before the observations do.
    """
    days = sum(item.days for item in deaths)
    if truces and len(truces) < days:
        raise InputError(f"truces cover {len(truces)} days, observations {days}; give one entry for each day")
    matrices = [transition(chain, truce) for truce in truces] or [transition(chain)] * days
    probabilities, path, day = _start(chain, start), [], 0
    for item in deaths:
        probabilities = _update(probabilities, matrices[day : day + item.days], item.deaths, chain)
        path.append(probabilities)
        day += item.days
    return np.array(path).reshape(len(path), len(chain.names))


def _start(chain: Chain, start: Floats | None) -> Floats:
    return stationary(transition(chain)) if start is None else np.asarray(start, dtype=float)


def _update(before: Floats, matrices: Sequence[Floats], deaths: float | None, chain: Chain) -> Floats:
    """Hamilton's step for one observation: predict through its days, weigh by its likelihood, normalise."""
    if deaths is None:
        for matrix in matrices:
            before = before @ matrix
        return before
    ways = {spent: ends for spent, ends in _ways(before, matrices).items() if ends.any()}
    logs = np.array([_log_likelihood(deaths, np.array(spent), chain) for spent in ways])
    weights = np.exp(logs - logs.max()) @ np.array(list(ways.values()))
    normalised: Floats = weights / weights.sum()
    return normalised


def _ways(before: Floats, matrices: Sequence[Floats]) -> dict[tuple[int, ...], Floats]:
    """For each count of days spent in the regimes, the probability (k,) of it and of ending in each regime."""
    ways: dict[tuple[int, ...], Floats] = {(0,) * len(before): before}
    for matrix in matrices:
        after: dict[tuple[int, ...], Floats] = {}
        for spent, probability in ways.items():
            for j, arriving in enumerate(probability @ matrix):
                key = (*spent[:j], spent[j] + 1, *spent[j + 1 :])
                after.setdefault(key, np.zeros_like(before))[j] += arriving
        ways = after
    return ways


def _log_likelihood(deaths: float, spent: npt.NDArray[np.int_], chain: Chain) -> float:
    """Of a sum over `spent` days in each regime: negative binomial with the sum's own mean and variance.

    Exact when all days are of one regime (n days: n x mean and n x size), matched in two moments otherwise.
    """
    mean = float(spent @ chain.mean)
    excess = float(spent @ (chain.mean**2 / chain.size))
    return log_negative_binomial(deaths, mean, mean**2 / excess if excess > 0.0 else 1.0)


def log_negative_binomial(count: float, mean: float, size: float) -> float:
    """Log probability of a count with this mean and variance mean + mean^2 / size; counts may be fractional."""
    mean = max(mean, 1e-9)
    combinations = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1.0)
    return combinations + size * math.log(size / (size + mean)) + count * math.log(mean / (size + mean))


# --- what else is known at the origin ---------------------------------------------------------------------------------


def fragile_probability(prior: float, mean_days: float, age: float) -> float:
    """Probability that a truce still standing at `age` days is of the fragile kind.

    Bayes with an exponential life of `mean_days` for the fragile kind; the lasting kind is taken not to end by itself.
    """
    if prior >= 1.0:
        return 1.0
    alive = prior * math.exp(-age / mean_days)
    return alive / (alive + 1.0 - prior)


# --- where chronology and deaths contradict each other ----------------------------------------------------------------


def disagreements(
    first: dt.date,
    deaths: Sequence[Observation],
    path: Floats,
    offensives: Mapping[str, dt.date],
    truces: Mapping[str, tuple[dt.date, dt.date | None]],
) -> list[Disagreement]:
    """What `ceasefire show` says about chronology against deaths, by date.

    `first` is the first day observed, `path` (n, k) comes from `filter_path`; `offensives` are days by event id,
    `truces` first days and days of breaking (None: still standing) by event id. Deaths decide the regime all the same.
    """
    spans = _spans(first, deaths)
    found = [_unseen(name, day, spans, path) for name, day in offensives.items()]
    found += [_overrun(name, begin, end, spans, deaths) for name, (begin, end) in truces.items()]
    return sorted(item for item in found if item is not None)


def _spans(first: dt.date, deaths: Sequence[Observation]) -> list[tuple[dt.date, dt.date]]:
    """First and last day of each observation."""
    spans = []
    for item in deaths:
        spans.append((first, first + dt.timedelta(item.days - 1)))
        first += dt.timedelta(item.days)
    return spans


def _unseen(name: str, day: dt.date, spans: Sequence[tuple[dt.date, dt.date]], path: Floats) -> Disagreement | None:
    """An offensive of the chronology that the filter does not find in its first week; None before that week is over."""
    until = day + dt.timedelta(WEEK - 1)
    top = [row[-1] for (_, end), row in zip(spans, path, strict=True) if day <= end <= until]
    if not top or spans[-1][1] < until or max(top) >= SURPRISING_BELOW:
        return None
    line = (
        f"the chronology begins an offensive ({name}), but deaths give the highest regime at most {max(top):.0%} "
        f"in the week to {until}; the regime follows the deaths"
    )
    return Disagreement(day, line)


def _overrun(
    name: str,
    begin: dt.date,
    end: dt.date | None,
    spans: Sequence[tuple[dt.date, dt.date]],
    deaths: Sequence[Observation],
) -> Disagreement | None:
    """The first day on which seven days of a truce that the chronology keeps in force reach the deaths that end one."""
    kept = [
        (span, item.deaths or 0.0)
        for span, item in zip(spans, deaths, strict=True)
        if begin <= span[0] and (end is None or span[1] < end)
    ]
    for i, ((_, today), _) in enumerate(kept):
        since = today - dt.timedelta(WEEK - 1)
        killed = sum(dead for span, dead in kept[max(0, i - WEEK + 1) : i + 1] if since <= span[0])
        if killed >= TRUCE_DEAD_AT:
            line = (
                f"the chronology keeps a truce in force ({name}, since {begin}), but {killed:.0f} people were killed "
                f"in seven days of it; the regime follows the deaths, the truce the chronology"
            )
            return Disagreement(today, line)
    return None
