"""Nothing that came after an origin drives it, and what nobody could know on 10 February 2020 says so."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from sim.preparing import prepare
from sim.scenario import Scenario, builtin_names, load
from sim.scenario.numbers import written
from sim.scenario.posterior import Posterior

EVE = dt.date(2020, 2, 10)
MODEL = "idlib-2020-02-11"
IDLIB = [name for name in builtin_names() if name != "invented-border"]
BEFORE = [name for name in IDLIB if load(name).origin <= dt.date(2020, 2, 11)]

# DOMAIN 7.4, last line; R23 is the daily process of flight, R8 also the size of a reply (a mark)
ARTICLE_ONLY = {"R1", "R4", "R5", "R6", "R8", "R10", "R11", "R12", "R13", "R15", "R19", "R22", "R23", "R24"}
PROCESSES = {"R8", "R23"}
MECHANICAL = {
    "offensive_from_sporadic": "R2: fire that has died down could otherwise never grow again",
    "offensive_next": "R2: R1 needs a sector under attack",
    "halt": "R2: the drift of fighting downward (R19)",
    "accept_truce": "R18: a round of talks that succeeds (R15) leads to it",
    "truce_breaks": "R18: and ends so",
    "truce_overrun": "R18: or so, where the fighting overruns it",
}


@pytest.mark.parametrize("name", IDLIB)
def test_the_history_ends_the_day_before_the_origin(name: str) -> None:
    scenario = load(name)
    history = scenario.history
    assert history.events
    assert all(event.on is not None and event.on < scenario.origin for event in history.events.values())
    dated = [*history.weekly_deaths, *history.daily_deaths, *history.displaced]
    assert all(day < scenario.origin for day in dated)


@pytest.mark.parametrize("name", BEFORE)
def test_what_came_afterwards_is_kept_for_pictures_and_drives_nothing(name: str) -> None:
    """The state at the origin is the same, number by number, if nothing is known of what followed."""
    scenario = load(name)
    assert any(event.on is not None and event.on > EVE for event in scenario.afterwards.values())
    ignorant = scenario.model_copy(update={"afterwards": {}})
    assert prepare(scenario).origin == prepare(ignorant).origin


@pytest.mark.parametrize("name", BEFORE)
def test_no_event_known_afterwards_is_in_the_history(name: str) -> None:
    assert not [key for key, event in load(name).history.events.items() if event.known_afterwards]


@pytest.mark.parametrize("name", IDLIB)
def test_everything_dated_after_the_eve_of_the_article_is_marked(name: str) -> None:
    """An intervention without a source is a question put by the scenario, not something that happened."""
    scenario = load(name)
    late = {**scenario.history.events, **scenario.afterwards, **scenario.interventions}
    unmarked = [
        key
        for key, event in late.items()
        if event.on is not None and event.on > EVE and not event.known_afterwards
        and (event.source is not None or key not in scenario.interventions)
    ]  # fmt: skip
    assert unmarked == []


def test_nothing_earlier_is_marked_so() -> None:
    scenario = load("moscow-2020-03-06")
    dated = {**scenario.history.events, **scenario.afterwards}
    marked = [event.on for event in dated.values() if event.known_afterwards]
    assert marked and all(on is not None and on > EVE for on in marked)


def spans(value: Any) -> Iterator[str]:
    """The spans of all bases within a scenario, and the evidence of its posterior."""
    if isinstance(value, Posterior):
        yield from (estimate.evidence for estimate in value.estimates)
    if isinstance(value, BaseModel):
        yield from (span for span in [getattr(value, "span", None)] if isinstance(span, str))
        for name in type(value).model_fields:
            yield from spans(getattr(value, name))
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from spans(item)


@pytest.mark.parametrize("name", BEFORE)
def test_no_number_was_fitted_or_counted_on_later_days(name: str) -> None:
    found = list(spans(load(name)))
    dates = [dt.date.fromisoformat(day) for span in found for day in re.findall(r"\d{4}-\d\d-\d\d", span)]
    assert len(dates) > 20
    assert max(dates) <= EVE


def enabled(scenario: Scenario) -> dict[str, str | None]:
    return {name: rule.rule for name, rule in scenario.rules.items() if rule.enabled}


def test_the_article_only_set_is_the_studys() -> None:
    """R1, R4-R6, R8, R10-R13, R15, R19, R22-R24, and what those need in order to work."""
    on = enabled(load("article-only-rules"))
    assert set(MECHANICAL) <= set(on)
    by_number = {rule for name, rule in on.items() if name not in MECHANICAL}
    assert by_number | PROCESSES == ARTICLE_ONLY
    assert by_number - ARTICLE_ONLY == set()


def test_of_its_numbers_all_rules_are_on() -> None:
    """A rule of the article's set is not quietly off."""
    whole, article = load(MODEL), load("article-only-rules")
    wanted = {name for name, rule in whole.rules.items() if rule.enabled and rule.rule in ARTICLE_ONLY}
    assert wanted <= set(enabled(article))


def test_the_article_only_values() -> None:
    """3 of 3 fatal attacks answered, 2 fatal hits in 12 days with blocking posts (7.10)."""
    parameters = load("article-only-rules").parameters
    reply, hits = parameters["retaliation"].value, parameters["hit_blocking"].value
    assert written(reply) == {"dist": "beta", "a": 3.5, "b": 0.5, "low": 0.0, "high": 1.0}
    assert repr(written(hits)).startswith("{'dist': 'gamma', 'shape': 2.5, 'scale': 0.083")  # 1 / 12 days
