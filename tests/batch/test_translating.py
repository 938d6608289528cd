"""The compiled module is the conflict's own source, and is not to be mistaken for that of another version."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from sim.batch import translating
from sim.batch.kernel import KERNEL
from sim.batch.translating import INTS, MODULES, REALS, SCALAR, digest, header, kinds, pack, sources, translate
from sim.conflict.state import Tables
from sim.preparing import prepare
from sim.scenario import load

Patch = Callable[[str, str, str], None]


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Change the source text of a module, as far as the translation can see."""

    def change(name: str, old: str, new: str) -> None:
        def source(module: ModuleType) -> str:
            text = inspect.getsource(module)
            if module.__name__ != name:
                return text
            assert old in text
            return text.replace(old, new, 1)

        monkeypatch.setattr(translating, "inspect", type("inspect", (), {"getsource": staticmethod(source)}))

    return change


# --- sources --------------------------------------------------------------------------------------------------------


def functions(source: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def test_every_function_of_the_conflict_is_in_the_module_or_in_its_only_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = functions(translate(KERNEL))
    monkeypatch.setattr(translating, "put_in_place", lambda functions, roots: functions)
    made = functions(translate(KERNEL))
    for name in MODULES:
        own = functions(inspect.getsource(__import__(name, fromlist=["_"])))
        assert set(own) - translating.PYTHON_ONLY <= set(made), name
    assert not set(made) & translating.PYTHON_ONLY
    assert set(placed) < set(made)
    assert "day" not in placed


def test_every_module_of_the_conflict_is_translated() -> None:
    import pkgutil

    import sim.conflict

    found = {f"sim.conflict.{module.name}" for module in pkgutil.iter_modules(sim.conflict.__path__)}
    assert found | {"sim.draws"} == set(MODULES)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("sim.conflict.clocks", "h <= 0.0", "h < 0.0"),
        ("sim.conflict.effects", "LOWER_TRUCE_RUNG = 3.0", "LOWER_TRUCE_RUNG = 2.0"),
        ("sim.conflict.state", "\nWORLD = 37", "\nWORLD = 38"),
        ("sim.draws", "for _ in range(10)", "for _ in range(11)"),
    ],
)
def test_a_change_in_any_source_changes_module_and_digest(patch: Patch, module: str, old: str, new: str) -> None:
    before, key = translate(KERNEL), digest(sources())
    assert (translate(KERNEL), digest(sources())) == (before, key)
    patch(module, old, new)
    assert translate(KERNEL) != before
    assert digest(sources()) != key


@pytest.mark.parametrize("module", MODULES)
def test_a_function_added_to_any_module_changes_module_and_digest(patch: Patch, module: str) -> None:
    before, key = translate(KERNEL), digest(sources())
    patch(module, "\n\n\n", "\n\n\ndef added(x: float) -> float:\n    return x\n\n\n")
    assert translate(KERNEL) != before
    assert digest(sources()) != key


def test_a_change_in_the_translation_changes_the_digest(patch: Patch) -> None:
    key = digest(sources())
    patch("sim.batch.inlining", "def put_in_place", "def  put_in_place")
    assert digest(sources()) != key


def test_words_alone_change_nothing(patch: Patch) -> None:
    before = translate(KERNEL)
    patch("sim.conflict.day", "Live through one day", "Live one day")
    assert translate(KERNEL) == before


def test_digests_keep_their_parts_apart() -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])


def test_one_name_in_two_modules_is_refused(patch: Patch) -> None:
    """In one module the second would silently replace the first."""
    patch("sim.draws", "LARGEST_COUNT = 100_000", "LARGEST_COUNT = 100_000\nLARGEST_MEAN = 1.0")
    with pytest.raises(SyntaxError, match=r"`LARGEST_MEAN` is defined in sim\.draws and in sim\.conflict\.processes"):
        translate(KERNEL)


# --- packed tables --------------------------------------------------------------------------------------------------


def rewritten(expression: str) -> str:
    tree = translating._Packed().visit(ast.parse(expression, mode="eval"))
    return ast.unparse(ast.fix_missing_locations(tree))


def test_expressions_on_tables_become_offsets() -> None:
    at = header()
    assert rewritten("c.n_places") == f"ci[{at['n_places']}]"
    assert rewritten("c.gates[2 * k + 1]") == f"ci[ci[{at['gates']}] + (2 * k + 1)]"
    assert rewritten("c.logs[c.ratios[k]]") == f"cf[ci[{at['logs']}] + ci[ci[{at['ratios']}] + k]]"
    assert rewritten("len(c.decays)") == f"ci[{at['decays'] + 1}]"
    assert rewritten("ring(s, c, at)") == "ring(s, ci, cf, at)"
    assert rewritten("s[c.rung + dyad]") == f"s[ci[{at['rung']}] + dyad]"


@pytest.mark.parametrize("expression", ["c.gates", "sum(c.logs)", "f(s, c.rules)", "x in c.neighbours"])
def test_a_table_that_is_not_indexed_is_refused(expression: str) -> None:
    with pytest.raises(SyntaxError, match=r"may only index the table `c\.\w+` or take its length"):
        rewritten(expression)


def test_the_header_covers_every_field_and_none_overlaps() -> None:
    at, what = header(), kinds()
    assert list(at) == list(what) == list(Tables._fields)
    taken = [place + k for name, place in at.items() for k in range(1 if what[name] == SCALAR else 2)]
    assert taken == list(range(len(taken)))


def test_packed_tables_are_read_as_they_were() -> None:
    tables = prepare(load("idlib-2020-02-11")).compiled.tables
    ci, cf = pack(tables)
    assert ci.dtype == np.dtype(np.int64)
    assert cf.dtype == np.dtype(np.float64)
    for name, kind in kinds().items():
        place, value = header()[name], getattr(tables, name)
        if kind == SCALAR:
            assert ci[place] == value, name
            continue
        offset, length = ci[place], ci[place + 1]
        assert kind in (INTS, REALS)
        assert (ci if kind == INTS else cf)[offset : offset + length].tolist() == list(value), name


def test_empty_tables_can_be_packed() -> None:
    nothing = Tables(*[[] if kind != SCALAR else 0 for kind in kinds().values()])
    ci, cf = pack(nothing)
    assert len(ci) == sum(1 if kind == SCALAR else 2 for kind in kinds().values())
    assert cf.tolist() == [0.0]  # never without an element: a compiled function may take its address
