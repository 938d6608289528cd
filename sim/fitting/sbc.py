"""Simulation-based calibration: does a fit, over data that were simulated from its own prior, say the right thing?

Parameters are drawn from the prior, data are simulated with them, the fit gives its posterior, and the truth's rank
among the posterior rows is noted. If the fit is right, ranks are uniform whatever the model (Talts et al. 2018,
arXiv:1804.06788). Ranks heaped in the middle mean a posterior that is too wide, at both ends one that is too narrow, on
one side a bias.

Uniformity is tested twice. *Chi-square* over equal bins sees any lump. The *band* looks at the distribution function
at each rank and takes the place where it is least likely; what counts as unlikely there is known from simulated uniform
ranks (the simultaneous band of Säilynoja, Bürkner & Vehtari 2022, Stat. Comput. 32:32, read as a test). It sees slopes
and bulges better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sim.analysis.dice import uniforms
from sim.analysis.intervals import Floats
from sim.draws import Address, address
from sim.errors import InputError, RunError
from sim.fitting.candidates import in_order

Data = TypeVar("Data")
Ranks = NDArray[np.int64]

FALSE_ALARM = 0.01
MOST_BINS = 20
LEAST_IN_BIN = 5  # expected, for the chi-square law to be near
NULLS = 4000  # sets of uniform ranks that tell what is unlikely

COLUMNS = ("parameter", "n", "rows", "mean", "spread", "p_chi_square", "p_band", "uniform")


def ranks(
    draw_prior: Callable[[Address], Floats],
    simulate: Callable[[Floats, Address], Data],
    posterior_rows: Callable[[Data, Address], Floats],
    n: int,
    seed: int,
    workers: int = 1,
) -> tuple[Ranks, int]:
    """The truth's ranks (n, k), each from 0 to the number of posterior rows, and that number.

    Repetition r has the address (seed, 0, r): `draw_prior` gives the truth (k,), `simulate` data, `posterior_rows`
    independent rows of equal weight (rows, k), as many each time. All are pure functions, called from `workers`
    threads; each draws from streams of its own, or takes `sim.fitting.candidates.seed_of` for a seed. Rows that equal
    the truth count as above or below it by lot.
    """
    if n < 1 or workers < 1:
        raise InputError(f"n {n} and workers {workers} must be at least 1")

    def one(repetition: int) -> tuple[Ranks, int]:
        at = address(seed, 0, repetition)
        truth = draw_prior(at)
        rows = posterior_rows(simulate(truth, at), at)
        if rows.ndim != 2 or rows.shape[1:] != truth.shape or not len(rows):
            raise RunError(f"posterior rows have the shape {rows.shape}, the truth has {truth.shape}")
        luck = uniforms(seed, ("fitting", "ties"), [repetition], len(truth))[0]
        below, ties = np.sum(rows < truth, axis=0), np.sum(rows == truth, axis=0)
        return np.asarray(below + np.floor(luck * (ties + 1)), np.int64), len(rows)

    found = list(in_order(one, range(n), workers))
    if len(numbers := {rows for _, rows in found}) > 1:
        raise RunError(f"the fits gave different numbers of rows ({min(numbers)} to {max(numbers)})")
    return np.array([rank for rank, _ in found]), found[0][1]


def calibration(names: Sequence[str], found: Ranks, rows: int, false_alarm: float = FALSE_ALARM) -> pd.DataFrame:
    """One row a parameter, from ranks (n, k) among `rows` posterior rows.

    `mean` is the mean rank as a share (one half if the fit is right), `spread` the standard deviation of ranks over
    that of uniform ones (below 1: the posterior is too wide; above: too narrow). `uniform` is false if one of the two
    tests alarms; over the whole table that happens to a right fit at most with probability `false_alarm` (Bonferroni).
    """
    each = false_alarm / (2 * len(names))
    told = []
    for name, column in zip(names, found.T, strict=True):
        shares = (column + 0.5) / (rows + 1)
        spread = float(np.std(shares)) / float(np.std((np.arange(rows + 1) + 0.5) / (rows + 1)))
        p = (chi_square(column, rows), band(column, rows))
        told.append((name, len(column), rows, float(np.mean(shares)), spread, *p, min(p) >= each))
    return pd.DataFrame(told, columns=list(COLUMNS))


def chi_square(column: Ranks, rows: int) -> float:
    """The p-value of Pearson's test that ranks (n,) are uniform on 0 to `rows`."""
    bins = max(2, min(MOST_BINS, rows + 1, len(column) // LEAST_IN_BIN))
    place = np.arange(rows + 1) * bins // (rows + 1)
    expected = np.bincount(place, minlength=bins) / (rows + 1) * len(column)
    seen = np.bincount(place[column], minlength=bins)
    return float(stats.chi2.sf(np.sum((seen - expected) ** 2 / expected), bins - 1))


def band(column: Ranks, rows: int) -> float:
    """The p-value of the distribution function's least likely place, against `NULLS` sets of uniform ranks."""
    depth = depths(column[None, :], rows)[0]
    return float((1 + np.sum(_null_depths(len(column), rows) <= depth)) / (1 + NULLS))


@lru_cache
def _null_depths(n: int, rows: int) -> Floats:
    luck = uniforms(0, ("fitting", "band"), range(NULLS), n)
    return depths(np.floor(luck * (rows + 1)).astype(np.int64), rows)


def depths(sets: Ranks, rows: int) -> Floats:
    """For each set of ranks (m, n), the least tail probability of its distribution function at all ranks, (m,)."""
    m, n = sets.shape
    hits = np.zeros((m, rows + 1), np.int64)
    np.add.at(hits, (np.arange(m)[:, None], sets), 1)
    counts = np.cumsum(hits, axis=1)[:, :-1]  # at or below ranks 0 to rows - 1
    return np.asarray(_tails(n, rows)[np.arange(rows), counts].min(axis=1), np.float64)


@lru_cache
def _tails(n: int, rows: int) -> Floats:
    """The lesser tail probability of 0 to n uniform ranks at or below each of 0 to `rows` - 1, (rows, n + 1)."""
    law = stats.binom(n, np.arange(1, rows + 1)[:, None] / (rows + 1))
    return np.asarray(np.minimum(law.cdf(np.arange(n + 1)), law.sf(np.arange(n + 1) - 1)), np.float64)
