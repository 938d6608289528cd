"""What the bench compares does the same work; speed itself is no test (see `make bench`)."""

from __future__ import annotations

import pytest

from sim.preparing import prepare
from sim.scenario import load

pytest.importorskip("numba", reason="the compiled engine needs the extra `fast`")

from tests.bench.__main__ import SCENARIO, with_mesa, with_python, work_per_day


def test_mesa_and_the_bare_loop_end_in_the_same_state() -> None:
    ready = prepare(load(SCENARIO))
    assert [with_mesa(ready, trial) for trial in (0, 1)] == [with_python(ready, trial) for trial in (0, 1)]


def test_draws_are_counted_and_every_day_has_some() -> None:
    draws, exponentials = work_per_day(prepare(load(SCENARIO, {"horizon_days": "10"})))
    assert draws > 1
    assert exponentials > 0
