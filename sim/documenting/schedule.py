"""The schedule of a day, read off the source of `sim.conflict.day`: which functions are called, in which order."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sim.conflict.day import day
from sim.documenting.subject import Subject

INSIDE = "sim.conflict."  # what is called from elsewhere is arithmetic
LEFT_OUT = ("locate", "gates_hold", "ratio_product", "among", "gauge_address", "item_context", "number_of_items")
DEEPEST = 4


@dataclass(frozen=True)
class Step:
    """A function that a day calls, or a loop over such (no function), and at which depth it stands."""

    depth: int
    text: str
    function: Callable[..., Any] | None = None


def schedule(_: Subject) -> str:
    """The functions of a day in order, as nested lists."""
    return "\n".join(f"{'  ' * step.depth}- {step.text}" for step in steps(day, 0))


def steps(function: Callable[..., Any], depth: int, opened: set[str] | None = None) -> Iterator[Step]:
    """What a function calls, in the order in which it is evaluated; each callee is opened where it stands first."""
    opened = set() if opened is None else opened
    said: set[str] = set()
    for step in _called(_body(function), function, depth):
        if step.text in said:
            continue
        said.add(step.text)
        yield step
        if step.function is not None and step.function.__name__ not in opened and step.depth + 1 < DEEPEST:
            opened.add(step.function.__name__)
            yield from steps(step.function, step.depth + 1, opened)


def _body(function: Callable[..., Any]) -> list[ast.AST]:
    [defined] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(defined, ast.FunctionDef)
    return list(defined.body)


def _called(nodes: list[ast.AST], caller: Callable[..., Any], depth: int) -> Iterator[Step]:
    for node in nodes:
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            each = ", ".join(ast.unparse(item).lower() for item in node.iter.elts)
            yield Step(depth, f"for each `{ast.unparse(node.target)}`, {each}:")
            yield from _called(list(node.body), caller, depth + 1)
            continue
        yield from _called(list(ast.iter_child_nodes(node)), caller, depth)
        if isinstance(node, ast.Call) and (function := _ours(node, caller)) is not None:
            yield Step(depth, f"`{function.__name__}`: {_first_sentence(function)}", function)


def _ours(call: ast.Call, caller: Callable[..., Any]) -> Callable[..., Any] | None:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    function = getattr(inspect.getmodule(caller), name, None) if name else None
    if not inspect.isfunction(function) or name in LEFT_OUT:
        return None
    return function if function.__module__.startswith(INSIDE) else None


def _first_sentence(function: Callable[..., Any]) -> str:
    said = " ".join((inspect.getdoc(function) or "").split())
    return said.split(". ")[0].rstrip(".")
