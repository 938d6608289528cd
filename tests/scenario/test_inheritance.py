"""Merging: what holds of any two maps, and the leaves that are replaced whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.inheritance import disable, merge, override
from sim.scenario.nodes import Mark, Node, node_of

BASE, CHILD = Mark("base", 1, 1), Mark("child", 2, 2)
SCALARS = st.integers() | st.text("xyz") | st.booleans()
TREES = st.recursive(SCALARS, lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=4), max_leaves=10)
MAPS = st.dictionaries(st.sampled_from("abcd"), TREES, max_size=4)


def merged(base: Any, child: Any) -> Any:
    """Plain data merged."""
    return merge(node_of(base, BASE), node_of(child, CHILD))[0].plain()


@given(MAPS)
def test_merging_with_nothing_or_itself_changes_nothing(data: dict[str, Any]) -> None:
    assert merged(data, {}) == merged({}, data) == merged(data, data) == data


@given(MAPS, MAPS, MAPS)
def test_merging_is_associative_where_kinds_agree(a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]) -> None:
    if _alike(a, b) and _alike(b, c) and _alike(a, c):
        assert merged(merged(a, b), c) == merged(a, merged(b, c))


def _alike(a: Any, b: Any) -> bool:
    """Whether no key is a map in one and a scalar in the other."""
    if not (isinstance(a, dict) and isinstance(b, dict)):
        return isinstance(a, dict) == isinstance(b, dict)
    return all(_alike(a[key], b[key]) for key in a.keys() & b.keys())


@given(MAPS, MAPS)
def test_keys_are_those_of_both_and_the_child_wins(base: dict[str, Any], child: dict[str, Any]) -> None:
    result = merged(base, child)
    assert set(result) == set(base) | set(child)
    assert list(result)[: len(base)] == list(base), "the order of the base is kept"
    for key, value in child.items():
        assert result[key] == (
            merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        )


@given(MAPS, st.sampled_from("abcd"))
def test_null_deletes_or_is_a_problem(base: dict[str, Any], key: str) -> None:
    result, problems = merge(node_of(base, BASE), node_of({key: None}, CHILD))
    assert result.plain() == {k: v for k, v in base.items() if k != key}
    assert bool(problems) == (key not in base)


def test_null_for_nothing_names_the_nearest() -> None:
    _, problems = merge(node_of({"rules": {"strike": {}}}, BASE), node_of({"rules": {"stricke": None}}, CHILD))
    assert str(problems[0]) == "child:2:2: rules.stricke: null deletes a key, and there is none; did you mean `strike`?"


@pytest.mark.parametrize(
    ("base", "child"),
    [
        ({"rate": {"dist": "uniform", "low": 1, "high": 2}}, {"rate": {"dist": "normal", "mean": 1, "sd": 2}}),
        ({"rate": {"dist": "uniform", "low": 1, "high": 2}}, {"rate": {"low": 0}}),
        ({"rate": {"a": 1}}, {"rate": {"dist": "uniform", "low": 1, "high": 2}}),
        ({"when": {"regime": {"below": "war"}}}, {"when": {"regime": {"at_least": "war"}}}),
        ({"basis": {"coded": ["x"], "n": 3}}, {"basis": {"assumed": ["y"]}}),
        ({"list": [1, 2]}, {"list": [3]}),
    ],
)
def test_leaves_are_replaced_whole(base: Any, child: Any) -> None:
    assert merged({"x": base}, {"x": child}) == {"x": child}


def test_gates_merge_by_perception() -> None:
    result = merged({"when": {"regime": "war", "truce": "none"}}, {"when": {"regime": "quiet"}})
    assert result == {"when": {"regime": "quiet", "truce": "none"}}


def test_values_keep_the_place_they_were_written_at() -> None:
    result, _ = merge(node_of({"a": {"b": 1, "c": 2}}, BASE), node_of({"a": {"c": 3}}, CHILD))
    b, c = result.get("a", "b"), result.get("a", "c")
    assert b is not None
    assert c is not None
    assert (b.mark, c.mark) == (BASE, CHILD)


ROOT = node_of(
    {
        "horizon_days": 30,
        "ladder": {4: "fire"},
        "rules": {"a": {"rate": 1, "when": {"x": {"below": 2}}}, "b": {"rate": {"dist": "uniform"}}},
        "cases": [{"probability": 0.1}, {"probability": 0.2}],
    },
    BASE,
)


def overridden(key: str, text: str) -> tuple[Node, list[str]]:
    """The tree with one override, and its problems."""
    root, problems = override(ROOT, key, text)
    return root, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("horizon_days", "60", 60),
        ("rules.a.rate", "{dist: normal}", {"dist": "normal"}),
        ("rules.a", "{enabled: false}", {"rate": 1, "when": {"x": {"below": 2}}, "enabled": False}),
        ("rules.a.when.x", "3", 3),
        ("rules.b.rate", "2", 2),
        ("ladder.4", "war", "war"),
        ("cases.1.probability", "0.5", 0.5),
        ("ensemble.trials", "7", 7),
    ],
)
def test_override(key: str, text: str, value: Any) -> None:
    root, problems = overridden(key, text)
    found = root.get(*key.split("."))
    assert not problems
    assert found is not None
    assert found.plain() == value
    assert ROOT.get("horizon_days") == node_of(30, BASE), "the tree itself does not change"


def test_override_deletes() -> None:
    root, problems = overridden("rules.a", "null")
    assert not problems
    assert list(root.value["rules"].value) == ["b"]


def test_override_makes_whole_numbers_and_dates_keys() -> None:
    assert 7 in overridden("ladder.7", "war")[0].value["ladder"].value


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("rules.c.rate", "null", "there is no `rate`"),
        ("ruls.a.rate", "1", "did you mean `rules`?"),
        ("cases.2.probability", "1", "allowed instead of `2`: 0 to 1"),
        ("cases.x", "1", "allowed instead of `x`: 0 to 1"),
        ("rules.b.rate.low", "1", "is replaced whole"),
        ("horizon_days.x", "1", "is replaced whole"),
        ("rules.z", "null", "there is no `z`"),
        ("horizon_days", "[", "is not YAML"),
        ("horizon_days", "no", "truth value"),
    ],
)
def test_wrong_overrides(key: str, text: str, message: str) -> None:
    _, problems = overridden(key, text)
    assert len(problems) == 1
    assert problems[0].startswith(f"--set {key}={text}")
    assert message in problems[0]


def test_disable_switches_rules_off() -> None:
    root, problems = disable(ROOT, ["a"])
    assert not problems
    assert root.value["rules"].value["a"].plain()["enabled"] is False


def test_disable_knows_the_rules() -> None:
    _, problems = disable(node_of({"rules": {"strike": {}}}, BASE), ["stryke"])
    assert str(problems[0]) == "--without stryke: there is no rule `stryke`; did you mean `strike`?"
