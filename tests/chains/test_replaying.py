"""A trial lived through again from its events alone is the trial that was run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.chains.replaying import Step, replay
from sim.conflict import state as st
from sim.model import CeasefireModel
from sim.preparing import Prepared
from sim.trajectory import Event
from tests.conflict.replaying import memory
from tests.small import ready

DAYS = 40
BUSY: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "conflict" / "busy.yaml").read_text(encoding="utf-8")
)


def copied(prepared: Prepared, first: list[float], events: list[Event]) -> list[Step]:
    return [step._replace(state=list(step.state)) for step in replay(prepared, first, events, DAYS)]


@pytest.mark.parametrize("trial", range(3))
def test_every_evening_is_the_one_that_was_lived(trial: int) -> None:
    prepared = ready(BUSY)
    model = CeasefireModel(prepared, trial=trial)
    lived = []
    for _ in range(DAYS):
        model.step()
        lived.append(memory(prepared, model.state))
    steps = copied(prepared, model.first_state, model.events())
    assert [memory(prepared, step.state) for step in steps if step.evening] == lived


def test_the_steps_are_the_events_that_were_not_void_and_two_more_a_day() -> None:
    prepared = ready(BUSY)
    model = CeasefireModel(prepared, trial=1)
    run = model.run()
    assert any(event.void for event in run.events)
    steps = copied(prepared, model.first_state, run.events)
    assert [step.event for step in steps if step.event] == [event for event in run.events if not event.void]
    assert len([step for step in steps if step.event is None]) == 2 * DAYS


def test_an_event_left_out_is_missed() -> None:
    prepared = ready(BUSY)
    model = CeasefireModel(prepared, trial=1)
    run = model.run()
    cut = next(event for event in run.events if event.event == "strike" and not event.void)
    last = copied(prepared, model.first_state, [event for event in run.events if event is not cut])[-1]
    assert last.state[st.DAY] == DAYS
    assert memory(prepared, last.state) != memory(prepared, model.state)
