from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sim.errors import InputError
from sim.scenario.laws import Uniform
from sim.scenario.loading import load
from sim.scenario.numbers import (
    Reference,
    dotted,
    fix,
    is_distribution,
    number_json_schema,
    parse_number,
    references,
    uncertain,
    uncertain_paths,
    values_of_set,
    written,
)
from sim.scenario.schema import Scenario
from tests.scenario.conftest import SMALL

PATHS = {"fighting.regimes.war.mean", "rules.assault.rate", "parameters.lethal.value"}
THREADS, COPIES = 8, 100


def test_numbers_are_plain_uncertain_or_shared() -> None:
    assert parse_number(4) == 4.0
    assert parse_number("$lethal") == Reference("lethal")
    assert parse_number({"dist": "uniform", "low": 1, "high": 2}) == Uniform(1, 2)


@pytest.mark.parametrize("value", [True, None, "x", "$", "$a b", [1], {"low": 1}, float("nan"), 10**400])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_number(value)


def test_written_is_the_inverse() -> None:
    for value in (4.0, "$lethal", {"dist": "uniform", "low": 1.0, "high": 2.0}):
        assert written(parse_number(value)) == value


def test_is_distribution() -> None:
    assert is_distribution({"dist": "anything"})
    assert not is_distribution({"north": 1})


def test_uncertain_lists_shared_numbers_once(small: Scenario) -> None:
    assert set(uncertain(small)) == PATHS
    assert {dotted(path) for path in uncertain_paths(small)} == PATHS
    assert references(small) == ["lethal"]


def test_fix_takes_medians(small: Scenario) -> None:
    fixed = fix(small)
    assert fixed.rules["assault"].rate == pytest.approx(0.03)
    assert fixed.events["strike"].marks["killed"][1].probability == fixed.parameters["lethal"].value
    assert uncertain(fixed) == {}
    assert uncertain(small), "the scenario itself does not change"


def test_fix_takes_values_and_shares_them(small: Scenario) -> None:
    fixed = fix(small, {"parameters.lethal.value": 0.25})
    assert fixed.events["strike"].marks["killed"][1].probability == 0.25
    assert fixed.rules["assault"].rate == pytest.approx(0.03)


def test_fix_refuses_paths_without_distribution(small: Scenario) -> None:
    with pytest.raises(InputError, match="did you mean `rules.assault.rate`"):
        fix(small, {"rules.asault.rate": 1.0})
    with pytest.raises(InputError, match="not a finite number"):
        fix(small, {"rules.assault.rate": float("inf")})


def test_values_of_a_set_fit_and_are_reproducible(small: Scenario) -> None:
    values = values_of_set(small, 5, 0)
    assert set(values) == PATHS
    assert 0.01 <= values["rules.assault.rate"] <= 0.05
    assert values == values_of_set(load(SMALL), 5, 0)
    assert values != values_of_set(small, 6, 0)
    assert values != values_of_set(small, 5, 1)


def test_another_uncertain_number_moves_no_other(small: Scenario) -> None:
    more = load(SMALL, {"rules.answer.probability": "{dist: beta, a: 1, b: 2}"})
    before, after = values_of_set(small, 3, 7), values_of_set(more, 3, 7)
    assert {path: after[path] for path in before} == before
    assert set(after) - set(before) == {"rules.answer.probability"}


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty")
def test_threads_may_ask_for_uncertain_numbers_at_once(small: Scenario) -> None:
    """Every copy is a scenario never seen before; those of a thread are gone when it has asked for all of them."""

    def asked(_: int) -> bool:
        return all(set(uncertain(copy)) == PATHS for copy in [small.model_copy() for _ in range(COPIES)])

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(asked, range(THREADS)))


def test_a_scenario_can_be_pickled(small: Scenario) -> None:
    again = pickle.loads(pickle.dumps(small))
    assert again == small
    assert values_of_set(again, 1, 0) == values_of_set(small, 1, 0)


def test_json_schema_has_a_shape_for_every_law() -> None:
    laws = [shape["properties"]["dist"]["const"] for shape in number_json_schema()["anyOf"] if "properties" in shape]
    assert set(laws) == {"uniform", "loguniform", "triangular", "normal", "lognormal", "beta", "gamma", "choice"}
