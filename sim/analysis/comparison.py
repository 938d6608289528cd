"""The same trials under two sets of assumptions: what differs in each outcome, and what that difference rests on.

Trials of two ensembles are pairs when they have one address (set and trial) under one seed. They then share their luck
and, where a number is uncertain in both, its value; they differ by what was changed and by what follows from it.

*What a difference rests on.* The parameter sets are put in order of one parameter's value and cut into fifths; the
difference is taken in each. This asks nothing of the sets but that there are enough of them: they are the ones that
were run, all parameters varying at once. `moved` is the share of the variance of the sets' differences that lies
between the fifths, less what chance alone would put there (Kelley's epsilon squared; it may be negative). Among a
hundred parameters some come out high by luck: `stands_out` says that this one is higher than the highest of all of them
was in 95 % of `SHUFFLES` random orders of the sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.intervals import LEVEL, Floats, estimate
from sim.analysis.outcomes import day_column, usable
from sim.analysis.pairs import SetDifference, Tips, clustered_difference, interval, range_across_sets, tips_by_set
from sim.errors import ResultsError

ADDRESS = ["set", "trial"]
FIFTHS = 5
LEAST_SETS = 20
SHUFFLES = 1000

Flags = NDArray[np.bool_]


class Pairs(NamedTuple):
    """Trials that both ensembles have and that failed in neither, row by row; `sets` numbers their sets from 0."""

    before: pd.DataFrame
    after: pd.DataFrame
    sets: NDArray[np.int64]
    names: NDArray[np.int64]

    def flags(self, outcome: str, day: int | None = None) -> tuple[Flags, Flags]:
        """Whether an outcome came (by `day`, if given), after and before."""
        return happened(self.after, outcome, day), happened(self.before, outcome, day)

    def tips(self, outcome: str, day: int | None = None) -> Tips:
        """By set, the trials in which an outcome came, and those in which it went."""
        return tips_by_set(*self.flags(outcome, day), self.sets)


def pair(before: pd.DataFrame, after: pd.DataFrame) -> Pairs:
    """The trials of two tables that have one address, in its order. ResultsError if there are none."""
    left, right = (usable(trials).set_index(ADDRESS).sort_index() for trials in (before, after))
    both = left.index.intersection(right.index)
    if not len(both):
        raise ResultsError("the two ensembles have no trial in common; run both with the same sets and trials")
    names, sets = np.unique(both.get_level_values("set").to_numpy("int64"), return_inverse=True)
    return Pairs(left.loc[both].reset_index(), right.loc[both].reset_index(), sets, names)


def happened(trials: pd.DataFrame, outcome: str, day: int | None = None) -> Flags:
    """For each trial whether an outcome came, by `day` if given."""
    days = pd.to_numeric(trials[day_column(trials, outcome)]).to_numpy(float, na_value=np.nan)
    return np.asarray(days <= (np.inf if day is None else day), dtype=np.bool_)


SHARE = ("mc_low", "mc_high", "range_low", "range_high")


def difference_table(pairs: Pairs, outcomes: Iterable[str], day: int | None = None) -> pd.DataFrame:
    """A row for each outcome: how probable it is `before` and `after`, then the columns of `SetDifference`.

    `before_mc_low` ... `after_range_high` are the two ranges of the shares (nan for a range without sets).
    """
    rows = []
    for outcome in outcomes:
        after, before = pairs.flags(outcome, day)
        made = asdict(clustered_difference(after, before, pairs.sets))
        rows.append({"outcome": outcome, **_share(pairs, before, "before"), **_share(pairs, after, "after"), **made})
    shares = [name for side in ("before", "after") for name in (side, *(f"{side}_{key}" for key in SHARE))]
    return pd.DataFrame(rows, columns=["outcome", *shares, *SetDifference.__slots__])


def _share(pairs: Pairs, flags: Flags, name: str) -> dict[str, float]:
    """The share of true flags under a name, with its ranges."""
    sets = len(pairs.names)
    found = estimate(np.bincount(pairs.sets, flags, sets), np.bincount(pairs.sets, minlength=sets))
    ranges = {f"{name}_{key}": getattr(found, key) for key in SHARE}
    return {name: found.probability} | {key: np.nan if value is None else value for key, value in ranges.items()}


def rests_on(
    pairs: Pairs, outcome: str, values: pd.DataFrame, bases: Mapping[str, str], day: int | None = None, seed: int = 0
) -> pd.DataFrame:
    """The difference in an outcome across the fifths of each parameter, those that move it most first.

    `values` has a row for each set (its index) and a column for each parameter, `bases` the grades of their evidence.
    Columns: parameter, basis, fifth (1-5), value (median), value_low, value_high, difference, mc_low, mc_high,
    range_low, range_high, pairs, sign_changes (the difference has the other sign than the whole's), clearly (and its
    interval excludes zero), moved, stands_out. Empty with fewer than `LEAST_SETS` sets.
    """
    values = values.loc[pairs.names]
    values = values.loc[:, (values.nunique() > 1).to_numpy()]
    tips = pairs.tips(outcome, day)
    if len(pairs.names) < LEAST_SETS or values.empty:
        return pd.DataFrame(columns=list(RESTS_ON))
    fifths = fifths_of(values)
    moved, stands_out = _moved(tips.differences, fifths, seed)
    whole = float((tips.gained - tips.lost).sum())
    rows = [
        {
            "parameter": name,
            "basis": bases.get(name, "none"),
            **row,
            "moved": moved[k],
            "stands_out": bool(stands_out[k]),
        }
        for k, name in enumerate(values.columns)
        for row in _rows(tips, fifths[:, k], values[name].to_numpy(), whole)
    ]
    table = pd.DataFrame(rows, columns=list(RESTS_ON))
    return table.sort_values(["moved", "parameter", "fifth"], ascending=[False, True, True], ignore_index=True)


RESTS_ON = (
    "parameter", "basis", "fifth", "value", "value_low", "value_high", "difference", "mc_low", "mc_high",
    "range_low", "range_high", "pairs", "sign_changes", "clearly", "moved", "stands_out",
)  # fmt: skip


def fifths_of(values: pd.DataFrame) -> NDArray[np.int64]:
    """For each set (row) and parameter (column) the fifth, from 0, in which its value stands."""
    ranks = values.rank(method="first").to_numpy() - 1
    return np.asarray(ranks * FIFTHS // len(values), dtype=np.int64)


def _rows(tips: Tips, fifths: NDArray[np.int64], values: Floats, whole: float) -> Iterable[dict[str, object]]:
    for fifth in range(FIFTHS):
        inside = fifths == fifth
        some = tips.of(inside)
        (low, high), (least, most) = interval(some, LEVEL), range_across_sets(some)
        difference = float((some.gained - some.lost).sum() / some.pairs.sum())
        turned = difference * whole < 0
        yield {
            "fifth": fifth + 1,
            "value": float(np.median(values[inside])),
            "value_low": float(values[inside].min()),
            "value_high": float(values[inside].max()),
            "difference": difference,
            "mc_low": low,
            "mc_high": high,
            "range_low": least,
            "range_high": most,
            "pairs": int(some.pairs.sum()),
            "sign_changes": turned,
            "clearly": turned and low * high > 0,
        }


def _moved(found: Floats, fifths: NDArray[np.int64], seed: int) -> tuple[Floats, Flags]:
    """Epsilon squared of each parameter, and whether it is above what the best of all reaches by luck."""
    sets = len(found)
    raw = _between(found[None, :], fifths)[0]
    dice = np.random.default_rng(seed)
    shuffled = np.stack([dice.permutation(found) for _ in range(SHUFFLES)])
    limit = np.quantile(_between(shuffled, fifths).max(axis=1), LEVEL)
    moved = 1 - (1 - raw) * (sets - 1) / (sets - FIFTHS)
    return moved, np.asarray((raw > limit) & (raw > 0), dtype=np.bool_)


def _between(found: Floats, fifths: NDArray[np.int64]) -> Floats:
    """Share of the variance of each row of `found` (orders, sets) that lies between the fifths of each parameter."""
    inside = (fifths[:, :, None] == np.arange(FIFTHS)).astype(float)
    sums = np.einsum("rs,spf->rpf", found, inside, optimize=True)
    squares = (sums**2 / inside.sum(axis=0)).sum(axis=2)
    total, mean = (found**2).sum(axis=1), found.sum(axis=1) ** 2 / found.shape[1]
    spread = np.maximum(total - mean, 0.0)[:, None]
    return np.asarray(np.divide(squares - mean[:, None], spread, out=np.zeros_like(squares), where=spread > 1e-12))


def tipped(pairs: Pairs, outcome: str, most: int, day: int | None = None) -> pd.DataFrame:
    """Examples of trials that tipped: set, trial, direction (`gained` or `lost`), in the order of the trials.

    Both directions are there where both happened, in the proportion in which they did.
    """
    after, before = pairs.flags(outcome, day)
    ways = {"gained": np.flatnonzero(after & ~before), "lost": np.flatnonzero(before & ~after)}
    chosen = [(k, way) for way, wanted in zip(ways, _shares(list(map(len, ways.values())), most), strict=True)
              for k in ways[way][:wanted]]  # fmt: skip
    rows = [(int(pairs.before["set"][k]), int(pairs.before["trial"][k]), way) for k, way in sorted(chosen)]
    return pd.DataFrame(rows, columns=["set", "trial", "direction"])


def _shares(counts: Sequence[int], most: int) -> list[int]:
    """How many examples of each direction, at least one of each that happened."""
    total = sum(counts)
    if total <= most:
        return list(counts)
    wanted = [min(count, max(bool(count), round(most * count / total))) for count in counts]
    while sum(wanted) > most:
        wanted[int(np.argmax(wanted))] -= 1
    return wanted
