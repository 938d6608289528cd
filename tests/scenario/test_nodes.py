from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.nodes import Mark, node_of, parse_yaml, plain_scalar


def test_positions_of_keys_and_values() -> None:
    root, problems = parse_yaml("a:\n  b: {c: 5}\n  d:\n    - x\n    - y\n", "f")
    assert root is not None
    assert not problems
    five, y = root.get("a", "b", "c"), root.get("a", "d", 1)
    assert five is not None
    assert y is not None
    assert (five.key, five.mark) == (Mark("f", 2, 7), Mark("f", 2, 10))
    assert y.mark == Mark("f", 5, 7)
    assert root.get("a", "nothing", "c") is None


def test_scalars_point_at_themselves_and_maps_at_their_key() -> None:
    root, _ = parse_yaml("a:\n  b: 1\n", "f")
    assert root is not None
    a, b = root.get("a"), root.get("a", "b")
    assert a is not None
    assert b is not None
    assert a.place == Mark("f", 1, 1)
    assert b.place == Mark("f", 2, 6)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-3", -3),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("2020-02-11", dt.date(2020, 2, 11)),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("5%", "5%"),
        ("builtin:x", "builtin:x"),
    ],
)
def test_unquoted_words(text: str, value: object) -> None:
    assert plain_scalar(text) == value
    assert type(plain_scalar(text)) is type(value)


@pytest.mark.parametrize("text", ["yes", "No", "ON", "off", "010", ".inf", "-.Inf", ".nan", "1e999", "2020-13-01"])
def test_doubtful_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write|finite|large|calendar"):
        plain_scalar(text)


def test_words_as_keys_are_text() -> None:
    root, problems = parse_yaml("on: 2020-01-01\n7: x\n2020-01-02: y\n'8': z\n", "f")
    assert root is not None
    assert not problems
    assert list(root.value) == ["on", 7, dt.date(2020, 1, 2), "8"]


def test_aliases_share_values() -> None:
    root, problems = parse_yaml("a: &x [1, 2]\nb: *x\n", "f")
    assert root is not None
    assert not problems
    assert root.plain() == {"a": [1, 2], "b": [1, 2]}
    assert root.value["b"].key == Mark("f", 2, 1)


def test_alias_bombs_are_refused_at_once() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for name, before in zip("bcdefghijk", "abcdefghij", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    root, problems = parse_yaml("\n".join(lines), "f")
    assert root is None
    assert problems[0].line == 6
    assert "values with its aliases written out" in problems[0].message


def test_deep_flow_does_not_overflow_the_stack() -> None:
    root, problems = parse_yaml("a: " + "[" * 100_000, "f")
    assert root is None
    assert "nested more than" in problems[0].message


def test_nothing_is_ever_run(tmp_path: Any) -> None:
    target = tmp_path / "made"
    text = f"a: !!python/object/apply:os.mkdir ['{target}']\nb: !!python/name:os.system\n"
    _, problems = parse_yaml(text, "f")
    assert len(problems) == 2
    assert not target.exists()


@given(st.text(max_size=200))
def test_any_text_gives_a_tree_or_problems(text: str) -> None:
    root, problems = parse_yaml(text, "f")
    assert root is not None or problems


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abcxyz", min_size=1), PLAIN, max_size=5))
def test_what_pyyaml_writes_is_read_alike(data: dict[str, Any]) -> None:
    root, problems = parse_yaml(yaml.safe_dump(data), "f")
    assert root is not None
    assert not problems
    assert root.plain() == data == node_of(data, Mark("f")).plain()
