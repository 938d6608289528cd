"""The reference engine is not slow for the sake of comparison, and does what the bare loop does."""

from __future__ import annotations

import pytest

from sim.preparing import prepare
from sim.scenario import load
from tests.bench.__main__ import SCENARIO, measure, with_mesa, with_python


@pytest.mark.slow
def test_mesa_takes_at_most_three_times_the_bare_loop() -> None:
    assert measure()["mesa_over_python"] <= 3.0


def test_mesa_and_the_bare_loop_end_in_the_same_state() -> None:
    ready = prepare(load(SCENARIO))
    assert [with_mesa(ready, trial) for trial in (0, 1)] == [with_python(ready, trial) for trial in (0, 1)]
