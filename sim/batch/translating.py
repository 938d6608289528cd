"""From the conflict's source to one module that numba compiles well: same functions, with the tables packed.

The conflict's functions take a scenario's tables as a tuple of some eighty fields. Passed by value through compiled
functions, such a tuple costs more than the work itself (measured: 20 times). So the functions are copied, with one
change that concerns storage only: the tuple `c` becomes two flat arrays, `ci` of integers and `cf` of reals, and a
field of it an offset into them (`c.gates[k]` becomes `ci[ci[N] + k]`). No rule, effect or perception is written a
second time.

The copy is a module of its own, named by the hash of all its sources, so that numba's disk cache, which looks at one
file only, is never stale.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
from collections.abc import Iterator, Sequence
from functools import cache
from typing import get_type_hints

import numpy as np
import numpy.typing as npt

from sim import bins
from sim.batch.inlining import put_in_place
from sim.conflict.state import Tables

# in the order in which they need each other
MODULES = ("sim.draws", "sim.conflict.state", "sim.conflict.perceive", "sim.conflict.ground", "sim.conflict.effects",
           "sim.conflict.events", "sim.conflict.clocks", "sim.conflict.processes", "sim.conflict.outcomes",
           "sim.conflict.beginning", "sim.conflict.day")  # fmt: skip
PYTHON_ONLY = {"address", "stream"}  # functions of those modules that no kernel calls
TABLES = "c"
SCALAR, INTS, REALS = range(3)
# Python's error model tests every division for zero; where Python would raise, the scenario is refused before. No
# array is made inside, so no references are counted; nobody calls the functions from Python, so none needs a wrapper;
# and none has array expressions that could be rewritten.
OPTIONS = 'error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, no_rewrites=True'
DECORATOR = f"compiled = njit({OPTIONS})"
IMPORTS = """from __future__ import annotations
from math import exp, floor, log, log1p, nan, sqrt
from typing import NamedTuple
from numba import njit, types
from numba.extending import intrinsic"""
ROOTS = {"run_trials", "uniform", "bin_place", "find_new_bins", "tally"}  # what is called from outside


@cache
def kinds() -> dict[str, int]:
    """Whether each field of the tables is one integer, a table of integers or a table of reals."""
    hints = get_type_hints(Tables)
    return {name: SCALAR if hint is int else INTS if "int" in str(hint) else REALS for name, hint in hints.items()}


@cache
def header() -> dict[str, int]:
    """Where each field stands in the head of `ci`: a scalar takes one place, a table two (offset, length)."""
    places, end = {}, 0
    for name, kind in kinds().items():
        places[name] = end
        end += 1 if kind == SCALAR else 2
    return places


def pack(tables: Tables) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The tables as the two arrays the compiled functions read."""
    places, what = header(), kinds()
    ints: list[int] = [0] * sum(1 if kind == SCALAR else 2 for kind in what.values())
    reals: list[float] = []
    for name, kind in what.items():
        value = getattr(tables, name)
        if kind == SCALAR:
            ints[places[name]] = value
            continue
        store: list[int] | list[float] = ints if kind == INTS else reals
        ints[places[name]] = len(store)
        ints[places[name] + 1] = len(value)
        store.extend(value)
    return np.array(ints, dtype=np.int64), np.array([*reals, 0.0], dtype=np.float64)


class _Packed(ast.NodeTransformer):
    """Rewrites a function so that it reads packed tables."""

    def __init__(self) -> None:
        self.kinds, self.places = kinds(), header()

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        args: list[ast.arg] = []
        for arg in node.args:
            arg.annotation = None
            args += [ast.arg("ci"), ast.arg("cf")] if arg.arg == TABLES else [arg]
        node.args = args
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        args: list[ast.expr] = []
        for arg in node.args:
            if isinstance(arg, ast.Name) and arg.id == TABLES:
                args += [ast.Name("ci", ast.Load()), ast.Name("cf", ast.Load())]
            else:
                args.append(arg)
        node.args = args
        field = self._field(node.args[0]) if node.args else None
        if isinstance(node.func, ast.Name) and node.func.id == "len" and field is not None:
            return self._head(self.places[field] + 1)
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        field = self._field(node.value)
        if field is None:
            return self.generic_visit(node)
        store = "ci" if self.kinds[field] == INTS else "cf"
        index = ast.BinOp(self._head(self.places[field]), ast.Add(), self.visit(node.slice))
        return ast.Subscript(ast.Name(store, ast.Load()), index, node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        field = self._field(node)
        if field is None:
            return self.generic_visit(node)
        if self.kinds[field] != SCALAR:
            raise SyntaxError(f"the conflict may only index the table `{TABLES}.{field}` or take its length")
        return self._head(self.places[field])

    @staticmethod
    def _head(place: int) -> ast.Subscript:
        return ast.Subscript(ast.Name("ci", ast.Load()), ast.Constant(place), ast.Load())

    @staticmethod
    def _field(node: ast.AST) -> str | None:
        of_tables = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == TABLES
        return node.attr if of_tables else None  # type: ignore[attr-defined]  # of_tables: an Attribute


def translate(kernel: str) -> str:
    """The source of the compiled module: constants, contexts and functions of the conflict, tables packed; the kernel.

    A function that is called from one place stands in that place (`sim.batch.inlining`). Raises SyntaxError where two
    modules define one name, which would mean one thing here and two in Python.
    """
    parts: list[ast.stmt] = []
    home: dict[str, str] = {}
    for name in MODULES:
        for part in _kept(ast.parse(inspect.getsource(importlib.import_module(name)))):
            for word in _defined(part):
                if home.setdefault(word, name) != name:
                    raise SyntaxError(f"`{word}` is defined in {home[word]} and in {name}; rename one of them")
            parts.append(part)
    parts += ast.parse(kernel).body
    left = put_in_place({part.name: part for part in parts if isinstance(part, ast.FunctionDef)}, ROOTS)
    kept = [left.get(part.name) if isinstance(part, ast.FunctionDef) else part for part in parts]
    body = [ast.unparse(ast.fix_missing_locations(part)) for part in kept if part is not None]
    return "\n\n".join([IMPORTS, DECORATOR, constants(), *body]) + "\n"


def constants() -> str:
    """What the kernel's own functions know by name."""
    known = {"N_MARKS": header()["n_marks"], "NOT_FINITE_BITS": 0x7FF << 52}
    known |= {"BIN_SHIFT": bins.SHIFT, "BIN_ZERO": bins.ZERO, "BIN_LAST": bins.LAST}
    return "\n".join(f"{name} = {value}" for name, value in known.items())


def sources() -> list[str]:
    """The text of all that `translate` depends on: what the compiled module is the same for, without making it."""
    modules = (*MODULES, __name__, put_in_place.__module__, bins.__name__)
    return [inspect.getsource(importlib.import_module(name)) for name in modules]


def _defined(part: ast.stmt) -> Iterator[str]:
    """The names that a definition or an assignment makes."""
    if isinstance(part, ast.FunctionDef | ast.ClassDef):
        yield part.name
    elif isinstance(part, ast.Assign):
        yield from (node.id for target in part.targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _kept(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name not in PYTHON_ONLY:
            node.returns = None
            node.decorator_list = [ast.Name("compiled", ast.Load())]
            node.body = node.body[1:] if ast.get_docstring(node) else node.body
            yield _Packed().visit(node)
        elif (isinstance(node, ast.ClassDef) and node.name != "Tables") or (
            isinstance(node, ast.Assign) and not _is_type(node)
        ):
            yield node


def _is_type(node: ast.Assign) -> bool:
    """`State = MutableSequence[float]` and its like: for readers and type checkers only."""
    return isinstance(node.value, ast.Subscript)


def digest(parts: Sequence[str]) -> str:
    """A short hash of sources."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
