"""Files laid over each other: the opening of the day the history begins on, and what a posterior still stands for.

Of what two say about one number, the later counts: file it extends < opening < file that sets `history.start` <
layers < `--set`. A posterior stands above the file that names it, and below all that is laid over that file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sim.errors import Problem, did_you_mean
from sim.scenario.inheritance import merge, override
from sim.scenario.nodes import Node
from sim.scenario.posterior import Posterior

BY_ID = ("places", "posts", "quantities")  # what an opening says by id; the ids are those of the scenario
SECTIONS = (*BY_ID, "agreement")
START, POSTERIOR = "history.start", "posterior"


@dataclass
class Stack:
    """Files merged so far; `named_in` is the tree as the file left it that names the posterior."""

    root: Node
    named_in: Node | None = None
    problems: list[Problem] = field(default_factory=list)

    def lay(self, node: Node) -> None:
        """Lay a file over what there is."""
        self.root, found = merge(self.root, node)
        self.problems += found
        self.keep(node)

    def keep(self, node: Node) -> None:
        """Remember what the file just laid on says about openings and posterior."""
        self.problems += _unknown_ids(node, self.root)
        if node.child("posterior") is not None:
            self.named_in = self.root

    def open(self, start: object) -> None:
        """Lay the opening of a day over what there is; ids that were deleted since stay deleted."""
        openings = self.root.get("history", "openings")
        opening = openings.child(start) if openings is not None else None
        if opening is not None and opening.is_map:
            self.root, found = merge(self.root, opening.with_value(dict(_state(opening, self.root))))
            self.problems += found

    def change(self, key: str, text: str) -> None:
        """Put a value from the command line."""
        self.root, found = override(self.root, key, text)
        self.problems += found


def stack(files: Sequence[Node], overrides: Mapping[str, str]) -> Stack:
    """The files merged from the first, which the others extend one after another, to the last, then the overrides."""
    starts = {number: start.value for number, node in enumerate(files) if (start := node.get("history", "start"))}
    begins = max(starts) if starts and START not in overrides else 0
    made = Stack(files[0])
    made.keep(files[0])
    for number, node in enumerate(files[1:], 1):
        if number == begins:
            made.open(starts[number])
        made.lay(node)
    _override(made, overrides)
    return made


def _override(made: Stack, overrides: Mapping[str, str]) -> None:
    """Overrides in order, but for the two that decide what lies below the others."""
    if START in overrides:
        made.change(START, overrides[START])
        start = made.root.get("history", "start")
        made.open(start.value if start is not None else None)
    if POSTERIOR in overrides:
        made.change(POSTERIOR, overrides[POSTERIOR])
        made.named_in = made.root
    for key, text in overrides.items():
        if key not in (START, POSTERIOR):
            made.change(key, text)


# --- openings --------------------------------------------------------------------------------------------------------


def _state(opening: Node, root: Node) -> Iterator[tuple[str, Node]]:
    """The sections of a scenario that an opening changes, without ids that the scenario no longer has."""
    for name in SECTIONS:
        section, known = opening.child(name), root.child(name)
        if section is None or not section.is_map or known is None or not known.is_map:
            continue
        ids = known.value if name in BY_ID else section.value
        yield name, section.with_value({key: node for key, node in section.value.items() if key in ids})


def _unknown_ids(node: Node, root: Node) -> Iterator[Problem]:
    """What the openings of a file name that the scenario does not have, as that file leaves it."""
    openings = node.get("history", "openings")
    for day, opening in openings.value.items() if openings is not None and openings.is_map else ():
        for name in BY_ID:
            section, known = opening.child(name), root.child(name)
            for key, entry in section.value.items() if section is not None and section.is_map else ():
                if known is None or key not in known.value:
                    near = did_you_mean(key, known.value if known is not None else ())
                    what = f"the scenario has no `{key}` among its {name}{near}"
                    yield entry.key.problem(f"history.openings.{day}.{name}.{key}", what)


# --- posteriors ------------------------------------------------------------------------------------------------------


def columns_in_use(posterior: Posterior, written: Node, above: str, made: Stack) -> tuple[set[str], list[Problem]]:
    """The columns of a posterior that nothing laid over the file that names it has replaced, and those it cannot have.

    `written` is the tree the posterior was read from, under the key `above`.
    """
    used, problems = set(), []
    then = made.named_in or made.root
    for number, path in enumerate(posterior.paths):
        before, now = _at(then, path), _at(made.root, path)
        if fault := _no_distribution(before, path, then):
            estimate = written.get("estimates", number, "path") or written
            key = ".".join(part for part in (above, "estimates", str(number), "path") if part)
            problems.append(estimate.mark.problem(key, fault))
        elif now is not None and before is not None and now.mark == before.mark:
            used.add(path)
    return used, problems


def _at(node: Node, path: str) -> Node | None:
    """The node at a path written with dots, some of which may be inside its keys."""
    for key, child in _children(node):
        if key == path:
            return child
        if path.startswith(f"{key}.") and (found := _at(child, path[len(key) + 1 :])) is not None:
            return found
    return None


def _no_distribution(node: Node | None, path: str, root: Node) -> str:
    """Why a column cannot be of what stands at a path; `` where a distribution does."""
    if node is None:
        return f"the scenario has no {path}{did_you_mean(path, _uncertain(root, ()))}"
    if node.is_map and "dist" in node.value:
        return ""
    return f"{path} is no distribution in the scenario; write one there, or delete this column from the posterior"


def _uncertain(node: Node, path: tuple[str, ...]) -> Iterator[str]:
    """The paths of the distributions of a tree."""
    if node.is_map and "dist" in node.value:
        yield ".".join(path)
    for key, child in _children(node):
        yield from _uncertain(child, (*path, key))


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node.value, dict | list):
        pairs = node.value.items() if isinstance(node.value, dict) else enumerate(node.value)
        yield from ((str(key), child) for key, child in pairs)
