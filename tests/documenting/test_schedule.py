"""The schedule on the page is that of the code, not of somebody's memory."""

from __future__ import annotations

import re

from sim.conflict.day import day
from sim.documenting.schedule import schedule, steps
from sim.documenting.subject import Subject


def names(depth: int) -> list[str]:
    return [step.function.__name__ for step in steps(day, 0) if step.function is not None and step.depth == depth]


def test_the_day_in_order() -> None:
    assert names(0) == ["open_day", "close_day"]
    assert names(1)[:3] == ["forget_yesterday", "grow_older", "intervene"]
    assert names(1)[3:] == ["begin_phase", "open_rules", "ask", "settle", "fight", "displace", "judge"]


def test_phases_stand_between_morning_and_evening(flagship: Subject) -> None:
    top = [line for line in schedule(flagship).splitlines() if line.startswith("- ")]
    assert [re.sub(r"[`:].*", "", line.removeprefix("- `")) for line in top] == ["open_day", "- for each ", "close_day"]
    assert "initiative, reaction" in top[1]


def test_what_is_evaluated_first_stands_first() -> None:
    order = names(1)
    assert order.index("open_rules") < order.index("ask")  # its value is an argument of the other


def test_each_step_says_what_its_function_does() -> None:
    for step in steps(day, 0):
        assert step.function is None or step.text.startswith(f"`{step.function.__name__}`: "), step
        assert len(step.text) > 20
