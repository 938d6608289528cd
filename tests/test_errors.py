from __future__ import annotations

import pytest

from sim import errors
from sim.errors import CeasefireError, InputError, Problem, ResultsError, RunError, ScenarioError


def test_problem_names_file_line_column_and_key() -> None:
    assert str(Problem("a.yaml", 3, 7, "rules.x.rate", "is missing")) == "a.yaml:3:7: rules.x.rate: is missing"


def test_problem_leaves_out_what_is_not_known() -> None:
    assert str(Problem("a.yaml", 0, 0, "", "is empty")) == "a.yaml: is empty"


def test_scenario_error_sorts_problems_and_tells_each_once() -> None:
    late, early = Problem("a.yaml", 9, 1, "k", "x"), Problem("a.yaml", 2, 1, "k", "x")
    error = ScenarioError([late, early, late])
    assert error.problems == [early, late]
    assert str(error) == "a.yaml:2:1: k: x\na.yaml:9:1: k: x"


@pytest.mark.parametrize(("kind", "code"), [(InputError, 2), (ScenarioError, 2), (ResultsError, 2), (RunError, 1)])
def test_exit_codes(kind: type[CeasefireError], code: int) -> None:
    assert issubclass(kind, CeasefireError)
    assert kind.exit_code == code


def test_tree_in_the_docstring_is_the_tree_of_the_code() -> None:
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, CeasefireError):
            assert name in (errors.__doc__ or "")


def test_did_you_mean_the_nearest_or_nothing() -> None:
    assert errors.did_you_mean("turky", ["turkey", "russia"]) == "; did you mean `turkey`?"
    assert errors.did_you_mean("xyz", ["turkey", "russia"]) == ""


def test_allowed_values_are_cut() -> None:
    assert errors.allowed_values("abc", most=2) == "; allowed: a, b and 1 more"
    assert errors.allowed_values([]) == "; none is declared"
