"""Any scenario of the language lives the same days in plain Python and compiled, to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from sim.conflict import state as st
from sim.preparing import prepare
from sim.scenario.acting import LAWS
from sim.scenario.schema import Scenario, Section
from sim.scenario.vocabulary import COUNTERS, PERCEPTIONS, VERBS
from tests.batch.both import compiled, differences, in_mesa, in_python, trajectories
from tests.batch.generating import EXTREME, PLAIN, problems, scenarios

pytest.importorskip("numba", reason="the compiled engine needs the extra `fast`")

SEED = 3
QUICK, LONG = 25, 300
at_most = {
    n: settings(max_examples=n, deadline=None, suppress_health_check=list(HealthCheck), derandomize=n == QUICK)
    for n in (QUICK, LONG)
}


def agree(scenario: Scenario) -> None:
    """The scenario is valid, and plain Python, Mesa and the compiled engine agree about two trials of its last set."""
    assert problems(scenario) == []
    ready = prepare(scenario, SEED, scenario.ensemble.sets - 1)
    for trial, lived in zip((0, 1), compiled(ready, [0, 1]), strict=True):
        assert list(differences(ready, in_python(ready, trial), lived)) == []
    assert list(differences(ready, in_mesa(ready, 1), lived)) == []


@given(scenarios(PLAIN))
@at_most[QUICK]
def test_any_scenario(scenario: Scenario) -> None:
    agree(scenario)


@given(scenarios(EXTREME))
@at_most[QUICK]
def test_any_scenario_of_extreme_numbers(scenario: Scenario) -> None:
    agree(scenario)


@given(scenarios(PLAIN))
@at_most[QUICK]
def test_any_rows_daily_series_and_events(scenario: Scenario) -> None:
    for mesa, batch in trajectories(scenario, [2], SEED, scenario.ensemble.sets - 1):
        assert mesa.row["error"] is None
        assert repr(batch) == repr(mesa)


@pytest.mark.slow
@given(scenarios(PLAIN))
@at_most[LONG]
def test_hundreds_of_scenarios(scenario: Scenario) -> None:
    agree(scenario)


@pytest.mark.slow
@given(scenarios(EXTREME))
@at_most[LONG]
def test_hundreds_of_scenarios_of_extreme_numbers(scenario: Scenario) -> None:
    agree(scenario)


# --- the generator itself -------------------------------------------------------------------------------------------


def parts(section: Section) -> Iterator[tuple[str, Any]]:
    """Every key of a scenario that is set, with its value."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if value is not None:
            yield name, value
        within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        for child in within:
            for part in child if isinstance(child, list) else [child]:  # a mark is a list of cases
                if isinstance(part, Section):
                    yield from parts(part)


def words(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """What a scenario uses: keys, laws, heads of perceptions, counters, and scopes of its gates and effects."""
    for name, value in parts(scenario):
        yield "key", name
        if name == "law":
            yield "law", value
        if name == "count" and isinstance(value, str):
            yield "counter", value.split(".")[0]
        if name in ("when", "where", "ratios", "weights"):
            yield from (("perception", word) for word in value)


@pytest.mark.slow
def test_the_generator_reaches_the_whole_language() -> None:
    keys = "for_each pick choice before backdate_to window_days days_at_least state all any negate is_not scale on"
    wanted = {("key", word) for word in (*VERBS, *keys.split())} | {("law", law) for law in LAWS}
    wanted |= {("counter", counter) for counter in COUNTERS} | {("perception", word) for word in PERCEPTIONS}
    used: set[tuple[str, str]] = set()
    kinds: set[int] = set()
    scopes: set[int] = set()

    @given(scenarios(PLAIN))
    @settings(at_most[LONG], derandomize=False)
    def gather(scenario: Scenario) -> None:
        used.update(words(scenario))
        c = prepare(scenario, SEED).compiled.tables
        kinds.update(c.gates[st.G_KIND :: st.GATE])
        scopes.update(c.gates[st.G_SCOPE :: st.GATE], c.effects[st.F_SCOPE :: st.EFFECT])

    for _ in range(5):  # what Hypothesis likes to draw differs between machines; one round may leave a word out
        gather()
        if wanted <= used:
            break
    assert wanted - used == set()
    assert kinds == {st.WITHIN, st.OUTSIDE, st.AMONG}
    assert scopes == set(range(st.PATRON + 1))
