from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.ensemble.parting import parting_day
from sim.scenario import Scenario
from tests.ensemble.fake import FakeEvent, FakeTrajectory
from tests.ensemble.studied import fence, lived

FIGHT = FakeEvent(2, "fighting", "fighting", marks={"deaths": 4.0})


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return fence(tmp_path)


def with_events(scenario: Scenario, *events: FakeEvent) -> FakeTrajectory:
    """A trial that broke, with more events in their order."""
    base = lived(scenario, 0, 0, True)
    return replace(base, events=sorted([*base.events, *events], key=lambda event: event.day))


def test_equal_courses_part_on_no_day(scenario: Scenario) -> None:
    assert parting_day(with_events(scenario), with_events(scenario)) is None


def test_an_event_that_one_lacks_is_a_parting(scenario: Scenario) -> None:
    assert parting_day(lived(scenario, 0, 0, True), lived(scenario, 0, 0, False)) == 3
    assert parting_day(lived(scenario, 0, 0, False), lived(scenario, 0, 0, True)) == 3


def test_another_mark_is_a_parting_and_another_hour_is_none(scenario: Scenario) -> None:
    one = with_events(scenario, FakeEvent(2, "raid", marks={"killed": 1.0}))
    assert parting_day(one, with_events(scenario, FakeEvent(2, "raid", marks={"killed": 5.0}))) == 2
    assert (
        parting_day(one, with_events(scenario, FakeEvent(2, "raid", marks={"killed": 1.0}, time=0.9, hazard=3.0)))
        is None
    )


def test_other_deaths_are_a_parting_but_no_act(scenario: Scenario) -> None:
    one, other = (with_events(scenario, replace(FIGHT, marks={"deaths": n})) for n in (4.0, 5.0))
    assert (parting_day(one, other), parting_day(one, other, acts_only=True)) == (2, None)


def test_what_rang_too_late_is_no_act(scenario: Scenario) -> None:
    one, other = with_events(scenario), with_events(scenario, FakeEvent(1, "raid", void=True))
    assert (parting_day(one, other), parting_day(one, other, acts_only=True)) == (1, None)


def test_the_intervention_itself_is_no_parting(scenario: Scenario) -> None:
    one, other = with_events(scenario), with_events(scenario, FakeEvent(1, "intervention", "raid"))
    assert parting_day(one, other) is None
