"""The formulas that the ODD description writes down are those of the code: change both or neither (ODD 7.1 to 7.11)."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pytest

from sim.conflict import state as st
from sim.conflict.clocks import RING_HAZARD, RING_TIME, begin_phase, hazard, item_context, ring_clock
from sim.conflict.effects import change_regime
from sim.conflict.perceive import locate
from sim.conflict.processes import bury, displace, grow_older, mean_deaths
from sim.documenting.subject import Subject
from sim.draws import address, uniform
from sim.history.emissions import Observation, log_negative_binomial
from sim.history.filtering import follow
from sim.history.markov import chain, transition
from sim.history.truce import fragile_probability
from sim.scenario.compiling import hazard_of


def plain(subject: Subject) -> Any:
    """The scenario with plain numbers; its type still allows for distributions."""
    return subject.fixed


@pytest.fixture
def s(flagship: Subject) -> list[float]:
    """A state to change: that of the flagship's origin, in an offensive."""
    state = list(flagship.origin.state)
    state[st.REGIME], state[st.EXCITATION] = 2.0, 1.0
    return state


def test_a_hazard_is_the_pace_times_ratios_raised_to_perceptions(flagship: Subject, s: list[float]) -> None:
    c, names = flagship.compiled.tables, flagship.compiled.names
    rule = names.rules.index("leader_call")
    of = item_context(c, rule, -1)
    product = c.pace[rule]
    for _, ratio, found in flagship.compiled.rate_names[rule]:
        product *= ratio ** s[locate(c, found.base, found.scope, of)]
    assert hazard(s, c, rule, of) == pytest.approx(product, rel=1e-12)
    assert len(flagship.compiled.rate_names[rule]) == 5


def test_a_clock_rings_with_probability_one_minus_exp_at_its_time(flagship: Subject, s: list[float]) -> None:
    c = flagship.compiled.tables
    rule = flagship.compiled.names.rules.index("reinforce")
    stream, h = c.clocks[c.rules[rule * st.RULE + st.R_STREAM]], c.pace[rule]
    rang = []
    for trial in range(40):
        at = address(3, 0, trial)
        begin_phase(s, c)
        ring_clock(s, c, at, 1, rule, -1, stream)
        u = uniform(at, 1, stream, 0)
        rang.append(s[st.RINGS] == 1.0)
        assert rang[-1] == (u > exp(-h))
        if rang[-1]:
            assert s[c.rings + RING_TIME] == pytest.approx(-log(u) / h)
            assert s[c.rings + RING_HAZARD] == pytest.approx(h)
    assert set(rang) == {True, False}


def test_a_ratio_acts_on_the_hazard_of_a_probability() -> None:
    assert 1.0 - exp(-2.0 * hazard_of(0.7)) == pytest.approx(1.0 - (1.0 - 0.7) ** 2.0)
    assert hazard_of(0.7, 3) == pytest.approx(-log(1.0 - 0.7) / 3.0)
    assert hazard_of(1.0) == 1e6


def test_the_mean_of_deaths_is_the_regimes_moved_by_its_memory(flagship: Subject, s: list[float]) -> None:
    c, fighting = flagship.compiled.tables, plain(flagship).fighting
    mu, a, f = (
        fighting.regimes["offensive"].mean,
        fighting.excitation.share,
        0.5 ** (1.0 / fighting.excitation.half_life_days),
    )
    s[st.EXCITATION] = 1.6
    assert mean_deaths(s, c) == pytest.approx(mu * (1.0 - a + a * 1.6))
    bury(s, c, 40.0)
    assert s[st.EXCITATION] == pytest.approx(f * 1.6 + (1.0 - f) * 40.0 / mu)
    change_regime(s, c, st.LOWER_REGIME, -1)
    assert s[st.EXCITATION] == 1.0


def test_people_leave_by_share_of_the_exposed(flagship: Subject, s: list[float]) -> None:
    c, names = flagship.compiled.tables, flagship.compiled.names
    rate, spill = plain(flagship).displacement.rate, plain(flagship).displacement.spill
    before = {name: s[c.exposed + k] for k, name in enumerate(names.places)}
    displace(s, c, address(0), 1, False, [])
    left = {name: before[name] - s[c.exposed + k] for k, name in enumerate(names.places)}
    assert left["west_aleppo"] == pytest.approx(rate * before["west_aleppo"])  # under attack
    assert left["idlib_core"] == pytest.approx(rate * spill * before["idlib_core"])  # beside it
    assert left["latakia"] == 0.0


def test_a_quantity_moves_to_its_rest_by_its_half_life(flagship: Subject, s: list[float]) -> None:
    at = flagship.compiled.layout.quantities["unity"][1]
    before = s[at]
    grow_older(s, flagship.compiled.tables)
    assert s[at] == pytest.approx(0.5 + (before - 0.5) * 0.5 ** (1.0 / 60.0))


def test_a_step_of_the_filter() -> None:
    regimes = {"low": (2.0, 0.5), "high": (20.0, 1.2)}
    share, f = 0.3, 0.5**0.5
    hidden = chain(regimes, {"low": {"high": 0.05}, "high": {"low": 0.1}}, excitation=(share, 2.0))
    matrix = transition(hidden)
    assert matrix[0, 1] == pytest.approx(1.0 - exp(-0.05))
    p, memory = np.array([0.6, 0.4]), np.array([1.0, 1.0])
    path = follow([Observation(7.0), Observation(15.0)], hidden, start=p)
    for n, deaths in enumerate((7.0, 15.0)):
        arriving = p @ matrix
        memory = 1.0 + p * np.diag(matrix) / arriving * (memory - 1.0)
        means = [mean * (1.0 - share + share * m) for (mean, _), m in zip(regimes.values(), memory, strict=True)]
        sizes = [size for _, size in regimes.values()]
        weights = arriving * np.exp([log_negative_binomial(deaths, m, k) for m, k in zip(means, sizes, strict=True)])
        p = weights / weights.sum()
        memory = f * memory + (1.0 - f) * deaths / np.array([2.0, 20.0])
        assert path.regimes[n] == pytest.approx(p)
        assert path.memory[n] == pytest.approx(memory)


def test_a_truce_that_still_stands_is_less_likely_fragile() -> None:
    alive = 0.9 * exp(-5.0 / 3.3)
    assert fragile_probability(0.9, 3.3, 5.0) == pytest.approx(alive / (alive + 0.1))
