"""Every shipped scenario: compiled engine, Mesa engine and bare loop live the same days, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from math import nextafter

import numpy as np
import pytest

from sim.preparing import Prepared, prepare
from sim.scenario import builtin_names, load
from sim.scenario.schema import Scenario

pytest.importorskip("numba", reason="the compiled engine needs the extra `fast`")

from tests.batch.both import compiled, differences, in_mesa, in_python, trajectories  # after the skip

FLAGSHIP = "idlib-2020-02-11"


def with_sets(scenario: Scenario) -> Scenario:
    """The scenario with two parameter sets, so that its distributions are drawn from."""
    return scenario.model_copy(update={"ensemble": scenario.ensemble.model_copy(update={"sets": 2})})


@pytest.mark.parametrize("name", builtin_names())
def test_states_of_every_day_and_events_are_equal(name: str) -> None:
    ready = prepare(with_sets(load(name)), 5, 1)
    (lived,) = compiled(ready, [3])
    assert list(differences(ready, in_mesa(ready, 3), lived)) == []


@pytest.mark.parametrize("name", builtin_names())
def test_rows_daily_series_and_events_are_equal(name: str) -> None:
    scenario = with_sets(load(name))
    for set_index in (0, 1):
        for mesa, batch in trajectories(scenario, [0, 7], seed=2**64 - 1, set_index=set_index):
            assert batch == mesa
            assert repr(batch) == repr(mesa)  # a zero has its sign, a whole number its type


def test_the_bare_loop_lives_the_same_days() -> None:
    ready = prepare(load(FLAGSHIP), 1)
    for trial, lived in zip((0, 1), compiled(ready, [0, 1]), strict=True):
        assert list(differences(ready, in_python(ready, trial), lived)) == []


# --- the comparison itself ------------------------------------------------------------------------------------------


def changed(ready: Prepared, table: str, position: int, value: float) -> Prepared:
    """The same scenario with one number of its tables changed."""
    numbers = list(getattr(ready.compiled.tables, table))
    numbers[position] = value
    tables = ready.compiled.tables._replace(**{table: numbers})
    return replace(ready, compiled=replace(ready.compiled, tables=tables))


def test_a_pace_changed_by_its_last_bit_is_found() -> None:
    """The hazard stands in the log; so much depends on it that a last bit does not stay hidden for long."""
    ready = prepare(load(FLAGSHIP))
    (lived,) = compiled(ready, [0])
    event = next(event for event in lived.events if event.hazard > 0.0 and event.rule in ready.compiled.names.rules)
    rule = ready.compiled.names.rules.index(event.rule)
    pace = ready.compiled.tables.pace[rule]
    other = changed(ready, "pace", rule, nextafter(pace, 1.0))
    (unequal,) = compiled(other, [0])
    assert any("hazard" in line for line in differences(ready, lived, unequal))
    assert list(differences(ready, in_python(ready, 0), unequal))
    assert list(differences(other, in_python(other, 0), unequal)) == []


def test_a_regimes_mean_changed_by_its_last_bit_is_found_on_the_first_day() -> None:
    ready = prepare(load(FLAGSHIP))
    means = ready.compiled.tables.regimes
    other = changed(ready, "regimes", len(means) - 2, nextafter(means[-2], 0.0))
    (lived,), (unequal,) = compiled(ready, [0]), compiled(other, [0])
    assert list(differences(ready, lived, lived)) == []
    assert list(differences(ready, lived, unequal))


def test_a_gate_that_is_shut_is_found() -> None:
    ready = prepare(load(FLAGSHIP))
    (lived,) = compiled(ready, [0])
    rule = next(event.rule for event in lived.events if event.rule in ready.compiled.names.rules)
    shut = list(ready.origin.state)
    shut[ready.compiled.tables.enabled + ready.compiled.names.rules.index(rule)] = 0.0
    other = replace(ready, origin=replace(ready.origin, state=shut))
    found = list(differences(ready, in_python(ready, 0), compiled(other, [0])[0]))
    assert any("enabled" in line for line in found)
    assert any("Event(" in line for line in found)


def test_a_sign_of_zero_is_a_difference() -> None:
    ready = prepare(load(FLAGSHIP))
    (lived,) = compiled(ready, [0])
    states = np.array(lived.states)
    states[4][states[4] == 0.0] = -0.0
    assert any(line.startswith("day 5") for line in differences(ready, lived, replace(lived, states=states)))
