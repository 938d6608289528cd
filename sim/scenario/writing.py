"""Scenarios as text: resolved YAML, digest, JSON Schema, and the file that a beginner starts from."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from sim.scenario.numbers import number_json_schema, written
from sim.scenario.posterior import Posterior
from sim.scenario.schema import Scenario, Section

if TYPE_CHECKING:
    from yaml import SafeDumper as _FastDumper
else:
    _FastDumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def to_yaml(scenario: Scenario) -> str:
    """The scenario with every default filled in, as YAML that `load` reads back to an equal scenario."""
    return as_yaml(plain(scenario))


def as_yaml(data: Any) -> str:
    """Plain data as YAML that our own reader reads back alike."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def digest(scenario: Scenario) -> str:
    """SHA-256, in hexadecimal, of the resolved scenario; equal scenarios have equal digests, whatever their files.

    How many trials, sets and from which seed is no part of it: those are the plan's, not the scenario's.
    """
    content = plain(scenario)
    del content["ensemble"]
    text = json.dumps(_canonical(content), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: Any) -> Any:
    """A scenario, or a part of one, as plain data with the keys of the file; what is None is left out."""
    if isinstance(value, Section):
        fields = type(value).model_fields.items()
        items = {field.alias or name: value.__dict__[name] for name, field in fields}
        return {key: plain(child) for key, child in items.items() if child is not None}
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [plain(child) for child in value]
    return value.plain() if isinstance(value, Posterior) else written(value)


def _canonical(value: Any) -> Any:
    """Plain data in which dates are text and keys are text, so that JSON orders it."""
    if isinstance(value, dict):
        return {str(key): _canonical(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_canonical(child) for child in value]
    return value.isoformat() if isinstance(value, dt.date) else value


class _Dumper(_FastDumper):
    """Writes what our own reader reads back alike: no aliases, quotes around words that it would take for others."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    from sim.scenario.nodes import plain_scalar

    try:
        style = None if plain_scalar(value) == value else "'"
    except ValueError:
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else style)


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    # with a point even before an exponent, or PyYAML takes it for text and adds a tag
    return dumper.represent_scalar("tag:yaml.org,2002:float", re.sub(r"^(-?\d+)e", r"\1.0e", repr(value)))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _float)


# --- JSON Schema ----------------------------------------------------------------------------------------------------


def json_schema() -> dict[str, Any]:
    """The JSON Schema with which editors complete and check scenario files (draft 2020-12).

    A file that extends another may leave out anything and may write `null` to delete, so within sections nothing is
    required; `ceasefire check` sees the whole.
    """
    schema = _named(Scenario.model_json_schema(by_alias=True))
    schema["$defs"]["Number"] = number_json_schema()
    required = schema.pop("required")
    for section in schema["$defs"].values():
        _relax(section)
    _relax(schema)
    schema["properties"] |= {
        "extends": {"type": "string", "description": "builtin:NAME, or a file in the scenario's own folder tree"},
        "template": {"type": "boolean", "description": "only meant to be extended"},
    }
    whole = {"anyOf": [{"required": ["extends"]}, {"required": ["template"]}, {"required": required}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Scenario", **schema, **whole}


def _named(schema: Any) -> Any:
    """The schema with each written-out `Number` replaced by a reference to one definition."""
    if isinstance(schema, list):
        return [_named(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    alternatives = number_json_schema()["anyOf"]
    if schema.get("anyOf", [])[: len(alternatives)] == alternatives:
        others = schema["anyOf"][len(alternatives) :]
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**rest, "anyOf": [{"$ref": "#/$defs/Number"}, *others]}
    return {key: _named(child) for key, child in schema.items()}


def _relax(section: dict[str, Any]) -> None:
    """Let every key of a section be left out, or be null."""
    section.pop("required", None)
    for name, kind in section.get("properties", {}).items():
        section["properties"][name] = _or_null(_entries_or_null(kind))


def _entries_or_null(kind: dict[str, Any]) -> dict[str, Any]:
    """A map by id whose entries may be null, and which holds nothing but ids."""
    entries, patterns = kind.get("additionalProperties"), kind.get("patternProperties")
    if isinstance(entries, dict):
        return {**kind, "additionalProperties": _or_null(_entries_or_null(entries))}
    if patterns:
        inner = {pattern: _or_null(_entries_or_null(entry)) for pattern, entry in patterns.items()}
        return {**kind, "patternProperties": inner, "additionalProperties": False}
    return kind


def _or_null(kind: dict[str, Any]) -> dict[str, Any]:
    null = {"type": "null"}
    if null in kind.get("anyOf", []):
        return kind
    described: dict[str, Any] = {key: kind[key] for key in ("description", "title") if key in kind}
    return {**described, "anyOf": [kind, null]}
