from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.errors import InputError
from sim.history.markov import chain, stationary, transition
from sim.history.truce import Truce
from tests.history.zone import IDLIB, RATES, REGIMES, idlib


def test_a_day_without_truce_by_hand() -> None:
    leaving = 1 - math.exp(-0.034)
    assert transition(IDLIB)[0] == pytest.approx([1 - leaving, leaving * 31 / 34, leaving * 3 / 34])


def test_a_truce_pulls_one_step_down_for_three_days_and_then_only_holds_back() -> None:
    for age in (0, 1, 2):
        first = transition(IDLIB, Truce("leader", age))
        assert first[2] == pytest.approx([0, 0.74, 0.26])
        assert first[1, 0] == pytest.approx(0.84)
        assert first[1, 2] == pytest.approx(0.16 * (1 - math.exp(-0.27 * 0.036)))
    later = transition(IDLIB, Truce("leader", 3))
    assert later[2] == pytest.approx(transition(IDLIB)[2])
    assert later[0, 1:].sum() == pytest.approx(1 - math.exp(-0.27 * 0.034))


def test_a_level_without_numbers_changes_nothing() -> None:
    assert transition(chain(REGIMES, RATES), Truce("lower", 0)) == pytest.approx(transition(IDLIB))


def test_stationary_stays() -> None:
    matrix = transition(IDLIB)
    start = stationary(matrix)
    assert start @ matrix == pytest.approx(start)
    assert start.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("rates", "down", "message"),
    [
        ({"calm": {"quiet": 0.1}}, {}, "unknown regime 'calm'; allowed: quiet, sporadic, offensive"),
        ({"quiet": {"war": 0.1}}, {}, "drift.rates.quiet: unknown regime 'war'"),
        ({"quiet": {"sporadic": -0.1}}, {}, "-0.1 must lie between 0 and inf"),
        ({}, {"leader": {"offensive": 1.5}}, "drift.truce_down.leader.offensive: 1.5 must lie between 0 and 1"),
    ],
)
def test_what_a_chain_refuses(
    rates: dict[str, dict[str, float]], down: dict[str, dict[str, float]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        chain(REGIMES, rates, down)


def test_an_overdue_term_multiplies_upward_hazards_while_a_truce_stands() -> None:
    held = transition(idlib(), Truce("leader", 5))
    pressed = transition(idlib(), Truce("leader", 5, overdue=True))
    assert -np.log(held[0, 0]) == pytest.approx(0.27 * 0.034)
    assert -np.log(pressed[0, 0]) == pytest.approx(2.5 * 0.27 * 0.034)
    assert pressed[2] == pytest.approx(held[2])
    assert transition(idlib(), Truce(overdue=True)) == pytest.approx(transition(idlib()))


def test_each_doubling_of_a_truces_age_multiplies_upward_hazards() -> None:
    model = replace(idlib(), age=np.array(0.8))
    for age, doublings in ((3, 2), (6, 2), (7, 3), (30, 4), (31, 5), (229, 7)):
        matrix = transition(model, Truce("leader", age))
        assert -np.log(matrix[0, 0]) == pytest.approx(0.8**doublings * 0.27 * 0.034)
        assert matrix[2] == pytest.approx(transition(idlib(), Truce("leader", age))[2])
    assert transition(model, Truce("none", 31)) == pytest.approx(transition(idlib()))


def test_truces_that_the_filter_takes_for_alike_are_alike() -> None:
    """Days up to the third stand alone; from then on those of the same doubling share a matrix."""
    model = replace(idlib(), age=np.array(0.8))
    for age in range(200):
        truce = Truce("leader", age, overdue=age > 90)
        assert transition(model, truce.like) == pytest.approx(transition(model, truce), rel=1e-12)
    assert len({Truce("leader", age).like for age in range(200)}) == 9


@pytest.mark.parametrize("lost", [-0.1, 1.0])
def test_what_share_may_be_lost(lost: float) -> None:
    with pytest.raises(InputError, match=r"reporting\.lost: .* must lie between 0 and 1"):
        chain(REGIMES, RATES, lost=lost)
