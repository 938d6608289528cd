"""Scenario discovery: boxes of the parameter space in which an outcome is frequent, or rare.

A shallow regression tree (scikit-learn) cuts the space of the parameters into boxes by the share of trials with the
outcome. A tree finds something in any noise, so the boxes are found in one half of the parameter sets (those of even
number) and measured in the other: `coverage`, `density` and `support` are not of the sets that drew the boxes. How deep
the tree is, from no cut at all to `DEEPEST`, is chosen by cross-validation within the first half.

In the words of Bryant & Lempert (2010, Technol. Forecast. Soc. Change 77:34): *coverage* is the share of all trials
with the outcome that lie in the box, *density* the share of the box's trials that have it, *support* the share of the
parameter sets that lie in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.intervals import Floats, estimate
from sim.errors import InputError

DEEPEST = 3
FOLDS = 5
LEAST_SETS = 40
LEAST_SHARE = 0.1  # of the sets, in a box

RANGES = ("mc_low", "mc_high", "range_low", "range_high")
BOXES = (
    "box", "parameter", "basis", "low", "high", "coverage", "density", *RANGES, "support", "overall",
    *(f"overall_{name}" for name in RANGES),
)  # fmt: skip

Bounds = dict[int, tuple[float, float]]


def box_table(values: pd.DataFrame, hits: Floats, trials: Floats, bases: dict[str, str]) -> pd.DataFrame:
    """The boxes, the densest first; a row for each parameter that bounds a box (`low` or `high` nan: not on that side).

    `values` has a row for each set and a column for each parameter; `hits` and `trials` count by set. `overall` is the
    share of all trials measured, with its ranges. One row without a parameter where no cut helps to predict the
    outcome. InputError with fewer than `LEAST_SETS` sets.
    """
    if len(values) < LEAST_SETS:
        raise InputError(f"discovery: takes at least {LEAST_SETS} parameter sets, half to find boxes, half to measure")
    found = np.arange(len(values)) % 2 == 0
    matrix = values.to_numpy(float)
    tree = _tree(matrix[found], hits[found] / trials[found])
    boxes = list(_boxes(tree.tree_, 0, {}))
    rows = []
    for bounds in boxes:
        inside = _inside(matrix, bounds) & ~found
        rows.append((bounds, _measures(inside, hits, trials, ~found)))
    rows.sort(key=lambda row: -row[1]["density"])
    names = list(values.columns)
    return pd.DataFrame(
        [row for number, (bounds, said) in enumerate(rows, 1) for row in _rows(number, bounds, said, names, bases)],
        columns=list(BOXES),
    )


def _tree(matrix: Floats, shares: Floats) -> Any:
    """The tree of the depth that predicts best, or of the least depth that does as well within a standard error."""
    trees = _scikit("tree")
    selection = _scikit("model_selection")
    least = max(2, round(LEAST_SHARE * len(shares)))
    folds = selection.KFold(FOLDS, shuffle=True, random_state=0)

    def of(depth: int) -> Any:
        if depth == 0:
            return _scikit("dummy").DummyRegressor()
        return trees.DecisionTreeRegressor(max_depth=depth, min_samples_leaf=least, random_state=0)

    errors = [-selection.cross_val_score(of(depth), matrix, shares, cv=folds, scoring="neg_mean_squared_error")
              for depth in range(DEEPEST + 1)]  # fmt: skip
    best = min(errors, key=np.mean)
    enough = float(np.mean(best) + np.std(best, ddof=1) / np.sqrt(FOLDS))
    depth = next(depth for depth, error in enumerate(errors) if np.mean(error) <= enough)
    grown = trees.DecisionTreeRegressor(max_depth=max(depth, 1), min_samples_leaf=least if depth else len(shares))
    return grown.fit(matrix, shares)


def _scikit(module: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"sklearn.{module}")
    except ImportError:
        raise InputError('scikit-learn is not installed; get it with: pip install "ceasefire[sensitivity]"') from None


def _boxes(tree: Any, node: int, bounds: Bounds) -> Iterator[Bounds]:
    """The bounds of every leaf below a node: by parameter, above and up to what."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left == right:
        yield bounds
        return
    parameter, cut = int(tree.feature[node]), float(tree.threshold[node])
    low, high = bounds.get(parameter, (-np.inf, np.inf))
    yield from _boxes(tree, left, bounds | {parameter: (low, min(high, cut))})
    yield from _boxes(tree, right, bounds | {parameter: (max(low, cut), high)})


def _inside(matrix: Floats, bounds: Bounds) -> NDArray[np.bool_]:
    inside = np.ones(len(matrix), dtype=np.bool_)
    for parameter, (low, high) in bounds.items():
        inside &= (matrix[:, parameter] > low) & (matrix[:, parameter] <= high)
    return inside


def _measures(inside: NDArray[np.bool_], hits: Floats, trials: Floats, measured: NDArray[np.bool_]) -> dict[str, float]:
    every = float(hits[measured].sum())
    return {
        "coverage": float(hits[inside].sum()) / every if every else np.nan,
        **_share("density", "", hits[inside], trials[inside]),
        "support": float(inside.sum()) / float(measured.sum()),
        **_share("overall", "overall_", hits[measured], trials[measured]),
    }


def _share(name: str, before: str, hits: Floats, trials: Floats) -> dict[str, float]:
    """A share under a name, and its ranges (nan for a range that sets cannot show)."""
    found = estimate(hits, trials)
    ranges = {f"{before}{key}": getattr(found, key) for key in RANGES}
    return {name: found.probability} | {key: np.nan if value is None else value for key, value in ranges.items()}


def _rows(
    number: int, bounds: Bounds, said: dict[str, float], names: list[str], bases: dict[str, str]
) -> Iterator[dict[str, Any]]:
    if not bounds:
        yield {"box": number, "parameter": "", "basis": "", "low": np.nan, "high": np.nan, **said}
    for parameter, (low, high) in bounds.items():
        yield {
            "box": number,
            "parameter": names[parameter],
            "basis": bases.get(names[parameter], ""),
            "low": low if np.isfinite(low) else np.nan,
            "high": high if np.isfinite(high) else np.nan,
            **said,
        }
