"""Faults of shape in our own words: which key, which value, what is allowed, what was probably meant."""

from __future__ import annotations

import datetime as dt
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from sim.errors import Problem, did_you_mean
from sim.scenario.nodes import Node
from sim.scenario.schema import Scenario, Section

Path = tuple[Any, ...]
KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "number": "a number",
    "bool_type": "true or false",
    "date_type": "a date such as 2020-02-11",
    "dict_type": "a map",
    "model_type": "a map",
    "list_type": "a list",
    "tuple_type": "a list",
    "literal_error": "one of the allowed words",
    "string_pattern_mismatch": "an id",
}
DATE = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")
LIMITS = {"ge": "at least", "le": "at most", "gt": "above", "lt": "below"}


def problems_of(error: ValidationError, root: Node) -> list[tuple[Path, Problem]]:
    """Every fault that pydantic found, with its path in the tree and its place in the files.

    Where a value may be of several kinds pydantic reports each kind it is not; these become one problem.
    """
    faults: dict[Path, list[Mapping[str, Any]]] = {}
    for fault in error.errors(include_url=False):
        faults.setdefault(real_path(fault, root), []).append(fault)
    deepest = [path for path in faults if not _hides(path, faults)]
    return [(path, _problem(path, faults[path], root)) for path in deepest]


def _hides(path: Path, faults: Mapping[Path, list[Mapping[str, Any]]]) -> bool:
    """Whether a fault only says that a value is not of another kind, while a deeper one says what is wrong with it."""
    kinds = all(fault["type"] in KINDS for fault in faults[path])
    return kinds and any(other != path and other[: len(path)] == path for other in faults)


def real_path(fault: Mapping[str, Any], root: Node) -> Path:
    """The path of a fault in the file, without the names that pydantic gives to alternatives."""
    node: Node | None = root
    path: list[Any] = []
    parts = [_key(part) for part in fault["loc"]]
    for number, part in enumerate(parts):
        child = node.child(part) if node is not None else None
        last = number == len(parts) - 1
        if child is not None or (last and fault["type"] == "missing"):
            path.append(part)
            node = child
    return tuple(path)


def _key(part: object) -> object:
    """A key as it is written; pydantic names a date by the Python that makes it."""
    date = DATE.fullmatch(str(part))
    return dt.date(*map(int, date.groups())) if date else part


def _problem(path: Path, faults: list[Mapping[str, Any]], root: Node) -> Problem:
    node, fault = root.get(*path), faults[0]
    key = ".".join(str(part) for part in path)
    if fault["type"] == "missing":
        parent = root.get(*path[:-1]) or root
        return parent.key.problem(key, f"is missing{_purpose(path)}")
    at = node or root
    if fault["type"] == "extra_forbidden":
        return at.key.problem(key, _unknown(path))
    mark = at.key if "[key]" in fault["loc"] else at.place
    return mark.problem(key, _message(path, faults, at))


def _unknown(path: Path) -> str:
    names = sorted({name for section in sections_at(path[:-1]) for name in _names(section)})
    return f"unknown key; allowed: {', '.join(names)}{did_you_mean(path[-1], names)}"


def _purpose(path: Path) -> str:
    """What a missing key is for, from its description in the schema."""
    for section in sections_at(path[:-1]):
        field = section.model_fields.get(str(path[-1]))
        if field is not None and field.description:
            return f" ({field.description})"
    return ""


def _message(path: Path, faults: list[Mapping[str, Any]], node: Node) -> str:
    ours = next((fault for fault in faults if fault["type"] in ("number", "value_error")), None)
    shown = show(node)
    if "[key]" in faults[0]["loc"]:
        return _bad_key(path[-1], faults[0])
    if ours is not None and (ours["type"] == "value_error" or len(faults) == 1 or node.is_map):
        return str(ours["ctx"].get("fault", ours["ctx"].get("error")))
    fault = faults[0]
    if fault["type"] == "literal_error":
        words = [word for each in faults for word in re.findall(r"'([^']*)'", str(each["ctx"]["expected"]))]
        return f"{shown} is unknown; allowed: {', '.join(words)}{did_you_mean(node.value, words)}"
    if fault["type"] == "string_pattern_mismatch":
        return f"{shown} is not an id; allowed: small letters, digits and _, a letter first"
    if fault["type"] in KINDS:
        return f"{shown} is not {_either(KINDS[each['type']] for each in faults)}{_hint(faults, node)}"
    return f"{shown}: {_limit(fault)}"


def _bad_key(key: object, fault: Mapping[str, Any]) -> str:
    if fault["type"] == "string_pattern_mismatch":
        return f"`{key}` is not an id; allowed: small letters, digits and _, a letter first"
    if fault["type"] == "literal_error":
        return f"`{key}` is unknown; allowed: {fault['ctx']['expected']}"
    return f"the key `{key}` is not {KINDS.get(fault['type'], 'allowed here')}"


def _either(kinds: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(kinds))


def _hint(faults: list[Mapping[str, Any]], node: Node) -> str:
    structural = {fault["type"] for fault in faults} <= {"int_type", "float_type"}
    if structural and ((node.is_map and "dist" in node.value) or str(node.value).startswith("$")):
        return "; it shapes the model and cannot be uncertain: write a plain number"
    if faults[0]["type"] == "string_type" and not isinstance(node.value, dict | list):
        return "; put it in quotes if it is text"
    return ""


def _limit(fault: Mapping[str, Any]) -> str:
    context = fault.get("ctx", {})
    limits = [f"{words} {context[name]:g}" for name, words in LIMITS.items() if name in context]
    if limits:
        return f"out of range; allowed: {limits[0]}"
    if fault["type"] in ("too_long", "too_short"):
        wanted = context.get("max_length", context.get("min_length"))
        return f"has {context['actual_length']} items; allowed: {wanted}"
    if fault["type"].startswith("date"):
        return "is not a date such as 2020-02-11"
    return str(fault["msg"]).lower()


def show(node: Node) -> str:
    """A value as a message shows it."""
    if node.is_map:
        return "a map"
    text = "a list" if isinstance(node.value, list) else "null" if node.value is None else str(node.value)
    text = {"True": "true", "False": "false"}.get(text, text)
    return text if len(text) <= 60 else text[:57] + "..."


# --- the schema as a map of what stands where -----------------------------------------------------------------------


def sections_at(path: Path) -> list[type[Section]]:
    """The sections of the schema that may stand at a path of a scenario."""
    found: list[Any] = [Scenario]
    for part in path:
        found = [inner for kind in found for inner in _inside(kind, part)]
    return [kind for kind in found if isinstance(kind, type) and issubclass(kind, Section)]


def _inside(kind: Any, part: object) -> Iterator[Any]:
    """The kinds that may stand under one key of a kind."""
    if isinstance(kind, type) and issubclass(kind, Section):
        for name, field in kind.model_fields.items():
            if part in (name, field.alias):
                yield from _alternatives(field.annotation)
    elif typing.get_origin(kind) in (dict, list):
        yield from _alternatives(typing.get_args(kind)[-1])


def _alternatives(annotation: Any) -> Iterator[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _alternatives(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for inner in typing.get_args(annotation):
            yield from _alternatives(inner)
    else:
        yield annotation


def _names(section: type[Section]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield field.alias or name
    if section is Scenario:
        yield from ("extends", "template")
