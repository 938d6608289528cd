"""Puts a function that is called from one place into that place, so that the compiler has fewer of them to compile.

A compiler of functions pays for each: it types it, optimises it together with all that it calls, and does so again for
each caller. What moves is plain: a body without a `return` in its midst, called as a statement of its own.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import NamedTuple

Functions = dict[str, ast.FunctionDef]


class Body(NamedTuple):
    """What a function does, and the value that it returns at its end."""

    statements: list[ast.stmt]
    value: ast.expr | None


def put_in_place(functions: Mapping[str, ast.FunctionDef], roots: set[str]) -> Functions:
    """The functions that are left once each with one caller and a plain body stands in that caller; `roots` stay."""
    left = {name: deepcopy(function) for name, function in functions.items()}
    calls = {name: Counter(_called(function)) for name, function in left.items()}
    for name in _callees_first(calls):
        callers = [caller for caller in left if calls[caller][name]]
        if name in roots or len(callers) != 1 or calls[callers[0]][name] != 1:
            continue
        plain = _plain(left[name])
        mover = None if plain is None else _Mover(left[name], plain)
        if mover is not None and mover.move(left[callers[0]]):
            calls[callers[0]] += calls.pop(name)
            del left[name], calls[callers[0]][name]
    return left


def _callees_first(calls: Mapping[str, Counter[str]]) -> list[str]:
    """The names, each after those it calls, so that what moves has already taken in what moves into it."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        for callee in calls[name]:
            if callee in calls and callee != name and callee not in ordered:
                visit(callee)
        ordered[name] = None

    for name in calls:
        visit(name)
    return list(ordered)


def _called(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            yield part.func.id


def _plain(function: ast.FunctionDef) -> Body | None:
    """The function's body, if it returns at its end only; early returns of nothing become conditions."""
    statements = function.body
    value = None
    if isinstance(statements[-1], ast.Return):
        value = statements[-1].value
        statements = statements[:-1]
    if value is None:
        statements = _guarded(statements)
    return None if any(_returns(statement) for statement in statements) else Body(statements, value)


def _guarded(statements: list[ast.stmt]) -> list[ast.stmt]:
    """`if x: return` and then the rest, as the rest under `if not x`."""
    for k, statement in enumerate(statements):
        if isinstance(statement, ast.If) and not statement.orelse and _is_bare_return(statement.body):
            rest = _guarded(statements[k + 1 :]) or [ast.Pass()]
            return [*statements[:k], ast.If(ast.UnaryOp(ast.Not(), statement.test), rest, [])]
    return statements


def _is_bare_return(statements: list[ast.stmt]) -> bool:
    return len(statements) == 1 and isinstance(statements[0], ast.Return) and statements[0].value is None


def _returns(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Return) for part in ast.walk(node))


class _Mover:
    """Moves one function into its caller."""

    def __init__(self, function: ast.FunctionDef, body: Body) -> None:
        self.name, self.body = function.name, body
        self.parameters = [arg.arg for arg in function.args.args]
        self.assigned = {
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        self.moved = False

    def move(self, caller: ast.FunctionDef) -> bool:
        """Whether the call stood where a statement may: then the body stands there now."""
        caller.body = self._block(caller.body)
        return self.moved

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in statements:
            for part in ("body", "orelse"):
                if getattr(statement, part, None):
                    setattr(statement, part, self._block(getattr(statement, part)))
            out += self._instead_of(statement)
        return out

    def _instead_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """The body in place of a statement that is the call, or that takes or returns its value."""
        if not isinstance(statement, ast.Expr | ast.Assign | ast.Return) or not self._is_call(statement.value):
            return [statement]
        assert isinstance(statement.value, ast.Call)
        before, value = self._at(statement.value)
        self.moved = True
        if isinstance(statement, ast.Expr) or value is None:
            return before
        statement.value = value
        return [*before, statement]

    def _is_call(self, value: ast.expr | None) -> bool:
        return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == self.name

    def _at(self, call: ast.Call) -> Body:
        """The body with the call's arguments for its parameters, and names of its own for all it assigns."""
        given = dict(zip(self.parameters, call.args, strict=True))
        same = {
            name: value
            for name, value in given.items()
            if name not in self.assigned and isinstance(value, ast.Name | ast.Constant)
        }
        own = {name: f"{self.name}_{name}" for name in self.assigned | set(given) - set(same)}
        rename = _Renamed(own, same)
        first: list[ast.stmt] = [
            ast.Assign([ast.Name(own[name], ast.Store())], value) for name, value in given.items() if name in own
        ]
        statements = [rename.visit(deepcopy(statement)) for statement in self.body.statements]
        value = None if self.body.value is None else rename.visit(deepcopy(self.body.value))
        return Body([*first, *statements], value)


class _Renamed(ast.NodeTransformer):
    """Names of the moved function as they read in its caller."""

    def __init__(self, own: Mapping[str, str], same: Mapping[str, ast.expr]) -> None:
        self.own, self.same = own, same

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """An argument that is a name or a number stands for its parameter."""
        if node.id in self.same:
            return deepcopy(self.same[node.id])
        return ast.Name(self.own.get(node.id, node.id), node.ctx)
