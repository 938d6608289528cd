from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.history.truce import fragile_probability, truce_is_dead


def test_a_truce_is_dead_at_a_hundred_in_seven_days() -> None:
    assert truce_is_dead([100.0])
    assert not truce_is_dead([99.0])
    assert truce_is_dead([40.0, 0, 0, 0, 0, 0, 60.0])
    assert not truce_is_dead([40.0, 0, 0, 0, 0, 0, 0, 60.0])
    assert not truce_is_dead([])


def test_fragile_probability_by_hand() -> None:
    assert fragile_probability(0.4, 3.3, 0) == pytest.approx(0.4)
    # Half of the fragile ones are gone: 0.2 of 0.8 are left.
    assert fragile_probability(0.4, 3.3, 3.3 * math.log(2)) == pytest.approx(0.25)
    assert fragile_probability(1.0, 3.3, 1e6) == 1.0
    assert fragile_probability(0.0, 3.3, 5) == 0.0


@given(st.floats(0, 1), st.floats(0.1, 100), st.floats(0, 1000), st.floats(0, 100))
def test_an_older_truce_is_less_likely_fragile(prior: float, mean: float, age: float, more: float) -> None:
    younger, older = fragile_probability(prior, mean, age), fragile_probability(prior, mean, age + more)
    assert 0 <= older <= younger + 1e-12 <= 1 + 1e-12
