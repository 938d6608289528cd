"""YAML text as a tree that remembers where each key and value stands; nothing in a file is ever run.

Only events of PyYAML's safe parser are read, so no tag makes an object. Refused, each with its place: duplicate keys,
tags, merge keys, YAML 1.1 booleans (`no`, `on`), numbers that are not finite, keys that are neither text, whole numbers
nor dates, aliases that swell the file, deep nesting, several documents.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from sim.errors import Problem

MAX_BYTES = 1_000_000
MAX_NODES = 200_000
MAX_DEPTH = 40
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Key = str | int | dt.date


@dataclass(frozen=True)
class Mark:
    """A place in a file; line and column count from 1, and 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def problem(self, key: str, message: str) -> Problem:
        """A problem at this place."""
        return Problem(self.file, self.line, self.column, key, message)


@dataclass(frozen=True)
class Node:
    """A value of a file: a scalar, a list of nodes or a map of nodes; `mark` is where it stands, `key` its key.

    `size` counts the nodes it would be with every alias written out.
    """

    value: Any
    mark: Mark
    key: Mark
    size: int = 1

    @property
    def is_map(self) -> bool:
        """Whether the value is a map."""
        return isinstance(self.value, dict)

    def get(self, *path: Key) -> Node | None:
        """The node under a path of keys (list items by number), None where there is none."""
        node: Node | None = self
        for part in path:
            node = node.child(part) if node else None
        return node

    def child(self, part: object) -> Node | None:
        """The node under one key, which may also be given as text."""
        if isinstance(self.value, list):
            inside = str(part).isdigit() and int(str(part)) < len(self.value)
            return self.value[int(str(part))] if inside else None
        if not self.is_map:
            return None
        if part in self.value:
            found: Node = self.value[part]
            return found
        return next((child for key, child in self.value.items() if str(key) == str(part)), None)

    def plain(self) -> Any:
        """The value as plain Python data."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        return [child.plain() for child in self.value] if isinstance(self.value, list) else self.value

    def with_value(self, value: Any) -> Node:
        """The same place with another value."""
        return replace(self, value=value)

    @property
    def place(self) -> Mark:
        """What an error points at: a scalar itself, but the key of a map or list."""
        return self.key if isinstance(self.value, dict | list) else self.mark


def node_of(value: Any, mark: Mark) -> Node:
    """Plain data as a tree that stands at one place."""
    if isinstance(value, dict):
        value = {key: node_of(child, mark) for key, child in value.items()}
    elif isinstance(value, list):
        value = [node_of(child, mark) for child in value]
    return Node(value, mark, mark)


def parse_yaml(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """The tree of a YAML text and the problems found on the way; the tree is None when nothing could be read."""
    reader = _Reader(file)
    if odd := yaml.reader.Reader.NON_PRINTABLE.search(text):
        lines = text[: odd.start()].split("\n")
        mark = Mark(file, len(lines), len(lines[-1]) + 1)
        return None, [mark.problem("", f"is not YAML: the control character {odd.group()!r} is not allowed")]
    try:
        reader.events = iter(yaml.parse(text, Loader=Loader))
        return reader.document(), reader.problems
    except yaml.MarkedYAMLError as fault:
        return None, [*reader.problems, _syntax(fault, text, file)]
    except yaml.YAMLError as fault:
        return None, [Mark(file).problem("", f"is not YAML: {' '.join(str(fault).split())}")]
    except _StoppedError as fault:
        return None, [*reader.problems, fault.problem]


def _syntax(fault: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    at = fault.problem_mark or fault.context_mark
    mark = Mark(file, at.line + 1, at.column + 1) if at else Mark(file)
    lines = text.splitlines()
    line = lines[mark.line - 1] if 0 < mark.line <= len(lines) else ""
    hint = "; indent with spaces, not tabs" if "\t" in line else ""
    return mark.problem("", f"is not YAML: {fault.problem or fault.context}{hint}")


class _StoppedError(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass
class _Reader:
    """Turns a stream of YAML events into nodes; `path` is the place in the tree being read."""

    file: str
    events: Iterator[Any] = field(default_factory=lambda: iter(()))
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)

    def document(self) -> Node | None:
        """The one document of the stream, None (with a problem) when there is none."""
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.stopped(self.mark(event), "a second document begins; a file holds one")
                first = next(self.events)
                root = self.node(first, self.mark(first))
        if root is None:
            self.problems.append(Mark(self.file, 1, 1).problem("", "is empty"))
        return root

    def node(self, event: Any, key: Mark) -> Node:
        """The node that begins with `event`."""
        if len(self.path) > MAX_DEPTH:
            raise self.stopped(self.mark(event), f"is nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, key)
        if event.tag is not None:
            self.problem(self.mark(event), f"has the tag {_short_tag(event.tag)}; tags are not allowed")
        node = self.content(event, key)
        if node.size > MAX_NODES:
            raise self.stopped(node.mark, f"holds more than {MAX_NODES:,} values with its aliases written out")
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def content(self, event: Any, key: Mark) -> Node:
        """The node that begins with an event which is no alias."""
        if isinstance(event, yaml.MappingStartEvent):
            return self.map(event, key)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.list(event, key)
        plain = event.style is None or event.style == ""
        return Node(self.scalar(event) if plain else event.value, self.mark(event), key)

    def list(self, event: Any, key: Mark) -> Node:
        """A list, up to its end event."""
        items: list[Node] = []
        while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
            self.path.append(str(len(items)))
            items.append(self.node(inner, self.mark(inner)))
            self.path.pop()
        return Node(items, self.mark(event), key, 1 + sum(item.size for item in items))

    def map(self, event: Any, key: Mark) -> Node:
        """A map, up to its end event."""
        items: dict[Key, Node] = {}
        seen: dict[Key, int] = {}
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            name, mark = self.key(inner), self.mark(inner)
            self.path.append(str(name))
            child = self.node(next(self.events), mark)
            if name in seen:
                self.problem(mark, f"is given twice; the first is in line {seen[name]}")
            else:
                items[name], seen[name] = child, mark.line
            self.path.pop()
        items.pop("<<", None)
        return Node(items, self.mark(event), key, 1 + sum(child.size for child in items.values()))

    def key(self, event: Any) -> Key:
        """The key that an event holds; its text, with a problem, when it is none that a scenario may have."""
        if not isinstance(event, yaml.ScalarEvent):
            raise self.stopped(self.mark(event), "a key is a word, a whole number or a date, not a list, map or alias")
        if event.style in ("'", '"'):
            return str(event.value)
        value = _plain_key(event.value)
        if event.value == "<<":
            self.problem(self.mark(event), "merge keys `<<` are not allowed; use `extends`", "<<")
        elif value is None:
            message = f"the key {event.value!r} is not a word, a whole number or a date"
            self.problem(self.mark(event), message, event.value)
        return str(event.value) if value is None else value

    def alias(self, event: Any, key: Mark) -> Node:
        """The node an alias stands for."""
        if event.anchor not in self.anchors:
            raise self.stopped(self.mark(event), f"*{event.anchor} stands for nothing that is complete at this point")
        return replace(self.anchors[event.anchor], key=key)

    def scalar(self, event: Any) -> object:
        """The value of an unquoted word."""
        try:
            return plain_scalar(event.value)
        except ValueError as fault:
            self.problem(self.mark(event), str(fault))
            return None

    def mark(self, event: Any) -> Mark:
        """Where an event begins."""
        return Mark(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def problem(self, mark: Mark, message: str, *below: str) -> None:
        """Note a problem at the current path, or at a key below it, and go on."""
        self.problems.append(mark.problem(".".join((*self.path, *below)), message))

    def stopped(self, mark: Mark, message: str) -> _StoppedError:
        """A problem at the current path after which reading ends."""
        return _StoppedError(mark.problem(".".join(self.path), message))


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
NULLS = ("", "~", "null", "Null", "NULL")
TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
DOUBTFUL = ("yes", "no", "on", "off")


def plain_scalar(text: str) -> object:
    """The value of an unquoted YAML word: null, truth value, number, date or text.

    Raises ValueError for what YAML readers disagree on, and for what is no finite number or no date of the calendar.
    """
    if text in NULLS:
        return None
    if text in TRUTHS:
        return TRUTHS[text]
    if text.lower() in DOUBTFUL:
        truth = "true" if text.lower() in ("yes", "on") else "false"
        raise ValueError(f'{text} is a truth value to some and text to others; write {truth}, or "{text}" for the text')
    if ENDLESS.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    if DATE.fullmatch(text):
        return _date(text)
    return _number(text) if DECIMAL.fullmatch(text) else text


def _number(text: str) -> object:
    if WHOLE.fullmatch(text) and len(text) < 300:
        return int(text)
    if re.fullmatch(r"[-+]?0[0-9]+", text):
        raise ValueError(f"{text} begins with 0; write it without, or in quotes if it is text")
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not a date of the calendar") from None


def _plain_key(text: str) -> Key | None:
    """An unquoted key; words such as `on` are text here, since no key is a truth value."""
    if text in NULLS or text in TRUTHS:
        return None
    if text.lower() in DOUBTFUL:
        return text
    try:
        value = plain_scalar(text)
    except ValueError:
        return None
    return value if isinstance(value, str | int | dt.date) else None
