"""How one file changes another: maps merge key by key, `null` deletes, leaves are replaced whole."""

from __future__ import annotations

from collections.abc import Iterable

from sim.errors import Problem, did_you_mean
from sim.scenario.nodes import Key, Mark, Node, parse_yaml

GATES = ("when", "where")
Path = tuple[Key, ...]


def merge(base: Node, child: Node, path: Path = ()) -> tuple[Node, list[Problem]]:
    """The base changed by the child; every value keeps the place it was written at.

    Lists, scalars, distributions, the value of a gate, a `basis` and a posterior are leaves. A `null` for a key that
    the base does not have is a problem, since it would delete nothing.
    """
    if is_leaf(base, path) or is_leaf(child, path):
        return child, []
    merged, problems = dict(base.value), []
    for key, new in child.value.items():
        if new.value is None:
            if key not in merged:
                known = did_you_mean(key, merged)
                problems.append(new.key.problem(_dotted((*path, key)), f"null deletes a key, and there is none{known}"))
            merged.pop(key, None)
        elif key in merged:
            merged[key], found = merge(merged[key], new, (*path, key))
            problems += found
        else:
            merged[key] = new
    return Node(merged, base.mark, child.key, 1 + sum(node.size for node in merged.values())), problems


def is_leaf(node: Node, path: Path) -> bool:
    """Whether a value is replaced whole by a file that extends its own."""
    at_leaf = bool(path) and (path[-1] == "basis" or path[-2:-1] in _gates)
    return not node.is_map or "dist" in node.value or at_leaf or path == ("posterior",)


_gates = tuple((name,) for name in GATES)


def override(root: Node, key: str, text: str) -> tuple[Node, list[Problem]]:
    """The tree with the value at `key` (`path.to.key`, list items by number) replaced by the YAML `text`."""
    mark = Mark(f"--set {key}={text}")
    value, problems = parse_yaml(text, mark.file) if text.strip() else (Node(None, mark, mark), [])
    if problems or value is None:
        return root, problems
    try:
        return _put(root, key.split("."), _moved(value, mark), ()), []
    except KeyError as fault:
        return root, [mark.problem(key, str(fault.args[0]))]


def _put(node: Node, parts: list[str], value: Node, path: Path) -> Node:
    """The node with the value put at the end of `parts`; raises KeyError, in words, where there is no such place."""
    if not parts:
        return value if value.value is None else merge(node, value, path)[0]
    part, rest = parts[0], parts[1:]
    if isinstance(node.value, list):
        return _put_item(node, part, rest, value, path)
    if not node.is_map or (path and is_leaf(node, path)):
        raise KeyError(f"{_dotted(path)} is replaced whole; it has no `{part}` that could be set alone")
    key = _existing(node, part)
    if not rest and value.value is None:
        if key not in node.value:
            raise KeyError(f"null deletes a key, and there is no `{part}`{did_you_mean(part, node.value)}")
        return node.with_value({k: child for k, child in node.value.items() if k != key})
    old = node.value.get(key)
    if old is None and rest:
        _refuse_typing_error(part, node, path)
    old = old or Node({} if rest else None, value.mark, value.mark)
    return node.with_value({**node.value, key: _put(old, rest, value, (*path, key))})


def _put_item(node: Node, part: str, rest: list[str], value: Node, path: Path) -> Node:
    if not part.isdigit() or int(part) >= len(node.value):
        last = len(node.value) - 1
        raise KeyError(f"{_dotted(path)} is a list; allowed instead of `{part}`: 0 to {last}")
    index = int(part)
    items = list(node.value)
    items[index] = _put(items[index], rest, value, (*path, index))
    return node.with_value(items)


def _existing(node: Node, part: str) -> Key:
    """The key of the node written as `part`; a new key is a whole number where it reads as one."""
    found = next((key for key in node.value if str(key) == part), None)
    if found is not None:
        known: Key = found
        return known
    new, _ = parse_yaml(f"{part}: 0", "")
    return next(iter(new.value)) if new is not None and new.is_map and new.value else part


def _refuse_typing_error(part: str, node: Node, path: Path) -> None:
    if close := did_you_mean(part, node.value):
        raise KeyError(f"{_dotted(path) or 'the scenario'} has no `{part}`{close}")


def disable(root: Node, names: Iterable[str]) -> tuple[Node, list[Problem]]:
    """The tree with the rules of these names switched off."""
    problems: list[Problem] = []
    for name in names:
        mark = Mark(f"--without {name}")
        rules = root.child("rules")
        known = rules.value if rules is not None and rules.is_map else {}
        if name not in known:
            problems.append(mark.problem("", f"there is no rule `{name}`{did_you_mean(name, known)}"))
        elif known[name].is_map:
            root = _put(root, ["rules", name, "enabled"], Node(False, mark, mark), ())
    return root, problems


def _moved(node: Node, mark: Mark) -> Node:
    """The tree of a value given on the command line, all of it standing at one mark."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _moved(child, mark) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_moved(child, mark) for child in value]
    return Node(value, mark, mark, node.size)


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)
