"""Where in its files each value of a loaded scenario stands, remembered beside the scenario."""

from __future__ import annotations

import weakref

from sim.errors import Problem
from sim.scenario.nodes import Key, Mark, Node
from sim.scenario.schema import Scenario


class Where:
    """Finds the place of a path in the files of a scenario; of its nearest enclosing key where it is not written."""

    def __init__(self, root: Node | None, file: str = "") -> None:
        self.root = root
        self.file = root.mark.file if root else file

    def mark(self, *path: Key) -> Mark:
        """The place of the value at a path (the key's, for a map or list)."""
        if self.root is None:
            return Mark(self.file)
        node, mark = self.root, Mark(self.file)
        for part in path:
            child = node.child(part)
            if child is None:
                return mark
            node, mark = child, child.place
        return mark

    def problem(self, path: tuple[Key, ...], message: str) -> Problem:
        """A problem with the value at a path."""
        return self.mark(*path).problem(".".join(str(part) for part in path), message)


_scenarios: weakref.WeakValueDictionary[int, Scenario] = weakref.WeakValueDictionary()
_places: dict[int, Where] = {}


def remember(scenario: Scenario, where: Where) -> None:
    """Keep the places of a scenario for as long as it lives."""
    for gone in [key for key in _places if key not in _scenarios]:
        del _places[gone]
    _scenarios[id(scenario)], _places[id(scenario)] = scenario, where


def recall(scenario: Scenario) -> Where:
    """The places of a loaded scenario; one that was made in Python has none, and its name stands for the file."""
    if _scenarios.get(id(scenario)) is scenario:
        return _places[id(scenario)]
    return Where(None, scenario.name)
