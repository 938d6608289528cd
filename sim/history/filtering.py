"""Which regime the fighting was in before the origin, filtered from observed deaths; pure functions of plain numbers.

The regimes are the hidden states of a Markov chain with one step a day; deaths a day are negative binomial given the
regime. `follow` is the forward recursion of Hamilton (1989, Econometrica 57(2), 357-384). One recursion serves daily
values and sums over several days: within a sum it follows how many days were spent in each regime, so that a truce that
begins in midweek splits the week.

Within a regime bad days follow bad days: the day's mean is the regime's, times `1 - share + share x memory`, the
memory being past deaths as multiples of the regime's mean, exponentially weighted since the regime began. Which day
that was is not known, so each regime carries the mean of the memories it can have: that of the last day where the
regime went on, 1 where it has just begun (the mixing step of Blom & Bar-Shalom 1988, IEEE Trans. Autom. Control 33(8),
780-783). A sum over several days is taken as so many equal days for the memory, and as without memory itself.

A day without deaths in the record may be one whose deaths were lost: zero is then a mixture. The memory takes such a
day as it was recorded, because which of the two it was is not told. Sums over several days are taken as whole.

A chain may hold one set of numbers, or many at a time (leading dimensions "..."): the likelihood of a thousand sets is
one pass over the days.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sim.conflict.state import doublings
from sim.errors import InputError

Floats = npt.NDArray[np.float64]
Value = float | Floats
L = TypeVar("L", bound=str)  # levels of truces, as plain text or as the schema's literals

TRUCE_ONSET_DAYS = 3  # ages 0, 1, 2: the days on which a new truce pulls the fighting down (DOMAIN 7.11)
SURPRISING_BELOW = 0.2  # an offensive less likely than this in all of its first week contradicts the chronology
TRUCE_DEAD_AT = 100.0  # deaths in seven days, counted from a truce's start, at which it no longer stands (DOMAIN 7.11)
WEEK = 7  # days
STIRLING = (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)  # of the powers -11, -9 ... -1
LEAST_MEAN = 1e-9  # deaths a day; no logarithm is asked of less
LEAST = 1e-300  # what a probability of nothing is divided by


class Observation(NamedTuple):
    """Deaths summed over the `days` next in time; None where nothing was recorded."""

    deaths: float | None
    days: int = 1


class Truce(NamedTuple):
    """The truce in force on one day: its level (`none` without one), its age, 0 on its first day, and what is overdue.

    `overdue`: whether a term of the agreement is unmet beyond its date.
    """

    level: str = "none"
    age: int = 0
    overdue: bool = False

    @property
    def doublings(self) -> int:
        """How often its age has doubled."""
        return int(doublings(self.age))

    @property
    def like(self) -> Truce:
        """The youngest truce under which the regimes move as under this one."""
        return self if self.age < TRUCE_ONSET_DAYS else self._replace(age=2**self.doublings - 1)


NO_TRUCE = Truce()


def truce_is_dead(deaths_since: Sequence[float]) -> bool:
    """Whether a truce with these deaths a day since it began is dead: a hundred in its last seven days.

    The rule was written down before any score was computed, and can be followed on the day (DOMAIN 7.11).
    """
    return sum(deaths_since[-WEEK:]) >= TRUCE_DEAD_AT


class Disagreement(NamedTuple):
    """A day on which chronology and deaths contradict each other, and a sentence that says how."""

    on: dt.date
    line: str


# --- the chain ------------------------------------------------------------------------------------------------------


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
    down = chain.down.get(truce.level)
    if down is None or truce.level == "none" or truce.age >= TRUCE_ONSET_DAYS:
        return matrix
    upward = _moves(np.triu(hazards))
    for i in range(1, len(chain.names)):
        if down[..., i].any():
            matrix[..., i, :] = (1.0 - down[..., i, None]) * upward[..., i, :]
            matrix[..., i, i - 1] += down[..., i]
    return matrix


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


# --- the filter -----------------------------------------------------------------------------------------------------


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
    laws = _Laws(chain)
    now = _Now(_front(begin), np.zeros_like(laws.mean), np.zeros(chain.mean.shape[:-1]))
    known: dict[Truce, _Matrix] = {}
    day = 0
    for item in items:
        now = _step(now, [_known(known, chain, truce) for truce in each_day[day : day + item.days]], item, laws)
        day += item.days
        yield now


def _front(values: Floats) -> Floats:
    """Values (..., k) as (k, ...)."""
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def _known(known: dict[Truce, _Matrix], chain: Chain, truce: Truce) -> _Matrix:
    """The matrix of a day with this truce; days of like truces are alike."""
    alike = truce.like
    if alike not in known:
        matrix = transition(chain, alike)
        moves = np.ascontiguousarray(np.moveaxis(matrix, (-2, -1), (0, 1)))
        known[alike] = _Matrix(moves, _front(np.diagonal(matrix, axis1=-2, axis2=-1)))
    return known[alike]


def _step(now: _Now, matrices: Sequence[_Matrix], item: Observation, laws: _Laws) -> _Now:
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


def _day(now: _Now, matrix: _Matrix, deaths: float, laws: _Laws) -> _Now:
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


class _Count(NamedTuple):
    """Deaths on a day, and what no memory moves of what they say, regimes in front (k, ...).

    `log_part` is the log probability without its powers of the mean, `power` that of size + mean, and `recalled` what
    such a day adds to the memory less 1.
    """

    deaths: float
    log_part: Floats
    power: Floats
    recalled: Floats


class _Laws:
    """What the regimes of a chain emit, regimes in front (k, ...), with what is the same for all days worked out."""

    def __init__(self, chain: Chain) -> None:
        self.mean, self.size = np.maximum(_front(chain.mean), LEAST_MEAN), _front(chain.size)
        self.kept = chain.kept
        self._log_size = self.size * np.log(self.size) - log_gamma(self.size)
        self._moved = chain.share * self.mean
        self._counts: dict[float, _Count] = {}
        self._loses = bool(np.any(chain.lost > 0.0))
        with np.errstate(divide="ignore"):
            self._log_lost, self._log_told = np.log(chain.lost), np.log1p(-chain.lost)

    def count(self, deaths: float) -> _Count:
        """Deaths on a day."""
        if deaths not in self._counts:
            choices = log_gamma(deaths + self.size) - math.lgamma(deaths + 1.0)
            log_part = self._log_size + choices + (0.0 if deaths == 0.0 else self._log_told)
            self._counts[deaths] = _Count(deaths, log_part, self.size + deaths, self.recalled(deaths))
        return self._counts[deaths]

    def recalled(self, deaths: float) -> Floats:
        """What a day with these deaths adds to the memory less 1."""
        return (1.0 - self.kept) * (deaths / self.mean - 1.0)

    def of_day(self, count: _Count, excess: Floats) -> Floats:
        """Log likelihood (k, ...) of a day's deaths, the memory being given less 1."""
        mean = np.maximum(self.mean + self._moved * excess, LEAST_MEAN)
        logs: Floats = count.log_part - count.power * np.log(self.size + mean)
        if count.deaths > 0.0:
            logs += count.deaths * np.log(mean)
        elif self._loses:
            logs = np.logaddexp(self._log_lost, self._log_told + logs)
        return logs


def _weighed(before: Floats, matrices: Sequence[_Matrix], deaths: float, laws: _Laws) -> tuple[Floats, Floats]:
    """Hamilton's step for a sum over several days: probabilities (k, ...) and log likelihood."""
    ways = {spent: ends for spent, ends in _ways(before, matrices).items() if ends.any()}
    logs = np.array([_log_likelihood(deaths, spent, laws) for spent in ways])
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


def _log_likelihood(deaths: float, spent: Sequence[int], laws: _Laws) -> Floats:
    """Of a sum over `spent` days in each regime: negative binomial with the sum's own mean and variance.

    Exact when all days are of one regime (n days: n x mean and n x size), matched in two moments otherwise.
    """
    days = np.array(spent, dtype=float)
    mean: Floats = np.tensordot(days, laws.mean, 1)
    excess: Floats = np.tensordot(days, laws.mean**2 / laws.size, 1)
    return log_negative_binomial(deaths, mean, mean**2 / excess)


def log_gamma(values: Floats) -> Floats:
    """Log of the gamma function above zero, to 13 digits: Stirling's series, from eight further on.

    scipy's would cost the start of every command a fifth of a second.
    """
    steps = np.multiply.reduce([values + k for k in range(8)])
    x = values + 8.0
    series = np.zeros_like(x)
    for term in STIRLING:
        series = series / (x * x) + term
    return np.asarray((x - 0.5) * np.log(x) - x + 0.5 * math.log(2.0 * math.pi) + series / x - np.log(steps))


def log_negative_binomial(count: float, mean: Value, size: Value) -> Floats:
    """Log probability (...) of a count with this mean and variance mean + mean^2 / size; counts may be fractional."""
    mean, size = np.maximum(mean, LEAST_MEAN), np.asarray(size, dtype=float)
    choices = log_gamma(count + size) - log_gamma(size) - math.lgamma(count + 1.0)
    return np.asarray(choices + size * np.log(size / (size + mean)) + count * np.log(mean / (size + mean)))


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
