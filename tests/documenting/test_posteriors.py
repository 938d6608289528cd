"""The posterior beside the prior, and its correlations; without one the page says how to make it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from sim.documenting.evidence import grades
from sim.documenting.posteriors import correlations, posterior
from sim.documenting.subject import Subject
from sim.scenario.posterior import Estimate, Posterior

PATHS = (
    "parameters.retaliation.value",
    "fighting.regimes.quiet.mean",
    "rules.repudiation.rate",
    "parameters.grief.value",
)
HOW = ("conjugate", "likelihood", "abc", "prior")


@pytest.fixture
def drawn() -> Posterior:
    """Two columns that hang together, one apart, one that does not vary."""
    rng = np.random.default_rng(5)
    first, third = rng.normal(size=(2, 200))
    rows = np.column_stack([np.exp(first), first.round(1), third, np.full(200, 0.3)])
    estimates = tuple(Estimate(path, how, "counted") for path, how in zip(PATHS, HOW, strict=True))
    return Posterior("invented draws", {"command": "none", "seed": 5}, estimates, rows)


@pytest.fixture
def informed(flagship: Subject, drawn: Posterior) -> Subject:
    """The flagship with that posterior."""
    return replace(flagship, scenario=flagship.scenario.model_copy(update={"posterior": drawn}))


def test_without_a_posterior_the_command_is_named(flagship: Subject) -> None:
    bare = replace(flagship, scenario=flagship.scenario.model_copy(update={"posterior": None}))
    assert all("`ceasefire calibrate`" in made(bare) for made in (posterior, correlations))


def test_each_column_has_its_prior_interval_and_evidence(informed: Subject, drawn: Posterior) -> None:
    text = posterior(informed)
    low, middle, high = np.quantile(drawn.column(PATHS[1]), (0.05, 0.5, 0.95))
    drawn_from = "lognormal(median 1.5, sigma 0.5)"
    assert f"| `{PATHS[1]}` | {drawn_from} | {middle:.3g} ({low:.3g}-{high:.3g}) | likelihood | counted |" in text
    assert "- command: none" in text
    assert "- draws: 200" in text


def test_correlations_are_spearmans_with_ties(informed: Subject, drawn: Posterior) -> None:
    text = correlations(informed)
    rho = spearmanr(drawn.column(PATHS[0]), drawn.column(PATHS[1])).statistic
    assert f"| `{PATHS[0]}` | `{PATHS[1]}` | {rho:+.2f} |" in text
    assert f"`{PATHS[2]}`" not in text
    assert "Of 3 pairs of 4 numbers, 1 have" in text


def test_an_estimate_has_its_own_grade(informed: Subject, flagship: Subject) -> None:
    bare = replace(flagship, scenario=flagship.scenario.model_copy(update={"posterior": None}))
    assumed, fitted = (
        {row.split(" | ")[0].strip("| "): int(row.split(" | ")[-1].strip(" |")) for row in grades(it).splitlines()[2:]}
        for it in (bare, informed)
    )
    assert fitted["assumed"] == assumed["assumed"] - 2  # quiet's mean, repudiation; the kept prior stays what it was
    assert fitted["fitted"] == assumed["fitted"] + 2
