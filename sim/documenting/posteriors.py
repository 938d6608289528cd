"""Tables of what data have taught: the posterior that a scenario names, beside its priors, and its correlations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from sim.documenting.subject import Subject
from sim.documenting.wording import number, table
from sim.scenario.numbers import uncertain, without_posterior
from sim.scenario.posterior import Posterior, Rows

NONE = (
    "`{}` names no posterior file yet, so every parameter set draws each number from its own law in the table of "
    "parameters. `ceasefire calibrate` makes one; once the scenario names it (`posterior:`), "
    "`python -m sim.documenting {}` puts its table here."
)
SHOWN = 0.3  # rank correlations weaker than this are not listed
MOST = 30


def posterior(subject: Subject) -> str:
    """Every number that the posterior has draws of: its prior, its posterior, how it was estimated, from what."""
    found = subject.scenario.posterior
    if found is None:
        return NONE.format(subject.scenario.name, "odd")
    rows = [
        (f"`{it.path}`", _prior(subject, it.path), interval(found, it.path), it.how, it.evidence)
        for it in found.estimates
    ]
    header = ("number", "prior", "posterior: median (5-95 %)", "how", "evidence")
    return f"{made(found)}\n\n{table(header, rows)}"


def made(found: Posterior) -> str:
    """How a posterior came about, as a list."""
    lines = [f"- {key}: {value}" for key, value in found.made.items()]
    return "\n".join([f"{' '.join(found.about.split())}\n", *lines, f"- draws: {len(found)}"])


def interval(found: Posterior, path: str) -> str:
    """Median and 5-95 % range of a column."""
    low, middle, high = np.quantile(found.column(path), (0.05, 0.5, 0.95))
    return f"{middle:.3g} ({low:.3g}-{high:.3g})"


def _prior(subject: Subject, path: str) -> str:
    """The law that the scenario writes where the posterior has a column."""
    law = uncertain(without_posterior(subject.scenario)).get(path)
    return "-" if law is None else number(law)


def correlations(subject: Subject) -> str:
    """The pairs of numbers that hang together most in the posterior, by rank correlation."""
    found = subject.scenario.posterior
    if found is None:
        return NONE.format(subject.scenario.name, "limits")
    pairs = sorted(_pairs(found), key=lambda pair: -abs(pair[2]))
    strong = [pair for pair in pairs if abs(pair[2]) >= SHOWN][:MOST]
    said = (
        f"Of {len(pairs)} pairs of {len(found.paths)} numbers, {len(strong)} have a rank correlation (Spearman) of at "
        f"least {SHOWN} in size, over {len(found)} draws."
    )
    rows = [(f"`{first}`", f"`{second}`", f"{rho:+.2f}") for first, second, rho in strong]
    return f"{said}\n\n{table(('number', 'and number', 'rank correlation'), rows)}" if rows else said


def _pairs(found: Posterior) -> Iterator[tuple[str, str, float]]:
    """Spearman's rank correlation of each two columns that vary."""
    varied = [k for k in range(len(found.paths)) if np.ptp(found.rows[:, k]) > 0.0]
    if len(varied) < 2 or len(found) < 3:
        return
    matrix = np.atleast_2d(np.corrcoef(_ranks(found.rows[:, varied]), rowvar=False))
    for i, j in combinations(range(len(varied)), 2):
        yield found.paths[varied[i]], found.paths[varied[j]], float(matrix[i, j])


def _ranks(rows: Rows) -> Rows:
    """The rank of each value in its column, ties sharing their mean."""
    columns = [np.sort(column) for column in rows.T]
    ends = [(np.searchsorted(c, x), np.searchsorted(c, x, "right")) for c, x in zip(columns, rows.T, strict=True)]
    ranks: Rows = np.column_stack([(below + level + 1.0) / 2.0 for below, level in ends])
    return ranks
