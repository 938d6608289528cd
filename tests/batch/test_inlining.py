"""Functions put in the place of their only call do what they did."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.batch.inlining import put_in_place

SOURCE = """
def root(s, n):
    total = 0
    for k in range(n):
        value = scaled(s, k)
        if value < 0:
            shrink(s, k)
        elif value > 50:
            continue
        note(s, k, value)
        total += value
    s[0] = twice(total)
    return last(s)


def scaled(s, k):
    row = k * 2
    k = s[row] + s[row + 1]
    return k * 3


def shrink(s, k):
    if s[k] == 0:
        return
    value = s[k]
    s[k] = value // 2
    if s[k] < -5:
        return
    s[k] -= 1


def note(s, place, value):
    while place > 0:
        if s[place - 1] <= value:
            break
        s[place] = s[place - 1]
        place -= 1
    s[place] = value


def twice(x):
    return x + x


def last(s):
    for k in s:
        if k > 1000:
            return k
    return s[-1]
"""
ROOTS = {"root"}


def module_of(folder: Path, name: str, source: str) -> ModuleType:
    path = folder / f"{name}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def placed(source: str, roots: set[str] = ROOTS) -> dict[str, ast.FunctionDef]:
    return put_in_place({f.name: f for f in ast.parse(source).body if isinstance(f, ast.FunctionDef)}, roots)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModuleType, ModuleType]:
    folder = tmp_path_factory.mktemp("inlining")
    left = placed(SOURCE)
    after = "\n\n".join(ast.unparse(ast.fix_missing_locations(function)) for function in left.values())
    return module_of(folder, "before", SOURCE), module_of(folder, "after", after)


@given(st.lists(st.integers(-30, 30), min_size=12, max_size=12), st.integers(0, 5))
def test_the_same_comes_out(both: tuple[ModuleType, ModuleType], numbers: list[int], n: int) -> None:
    before, after = both
    one, two = list(numbers), list(numbers)
    assert before.root(one, n) == after.root(two, n)
    assert one == two


def test_what_has_one_caller_and_a_plain_body_moves() -> None:
    # `last` returns in its midst
    assert set(placed(SOURCE)) == {"root", "last"}


def test_what_is_called_twice_stays() -> None:
    left = placed("def root(s):\n    f(s)\n    f(s)\n\ndef f(s):\n    s[0] = 1\n")
    assert set(left) == {"root", "f"}


def test_what_is_called_within_an_expression_stays() -> None:
    left = placed("def root(s):\n    s[0] = 1 + f(s)\n\ndef f(s):\n    x = s[1]\n    return x * x\n")
    assert set(left) == {"root", "f"}


def test_roots_stay_though_they_have_one_caller() -> None:
    source = "def root(s):\n    f(s)\n\ndef f(s):\n    s[0] = 1\n"
    assert set(placed(source)) == {"root"}
    assert set(placed(source, {"root", "f"})) == {"root", "f"}


def test_what_is_given_is_left_as_it_was() -> None:
    functions = {f.name: f for f in ast.parse(SOURCE).body if isinstance(f, ast.FunctionDef)}
    before = ast.dump(functions["root"])
    put_in_place(functions, ROOTS)
    assert ast.dump(functions["root"]) == before
