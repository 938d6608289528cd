"""From a file to a complete scenario, or to every problem that it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.errors import Problem, ScenarioError
from sim.scenario.checks import check
from sim.scenario.messages import problems_of
from sim.scenario.nodes import Node
from sim.scenario.places import Where, remember
from sim.scenario.reading import read_tree
from sim.scenario.schema import Scenario


def load(
    source: str | Path,
    overrides: Mapping[str, str] | None = None,
    without: Iterable[str] = (),
    layers: Iterable[str | Path] = (),
) -> Scenario:
    """The complete scenario of a file, of `builtin:NAME` or of the bare name of a shipped one.

    `layers` are files that change it as a file does that extends it, `overrides` are `path.to.key: YAML value`,
    `without` names rules to switch off. History files are read in: the
    result needs no file any more. Raises ScenarioError with every problem found.
    """
    root, problems = read_tree(source, dict(overrides or {}), without, layers)
    scenario, faults = _validated(root)
    known = {(problem.file, problem.key) for problem in problems}
    problems += [problem for _, problem in faults if (problem.file, problem.key) not in known]
    if scenario is None:
        scenario = _without_faults(root, [path for path, _ in faults])
    if scenario is not None:
        where = Where(root)
        problems += check(scenario, where, [path for path, _ in faults])
        remember(scenario, where)
    if problems or scenario is None:
        raise ScenarioError(problems)
    return scenario


def _validated(root: Node) -> tuple[Scenario | None, list[tuple[tuple[Any, ...], Problem]]]:
    try:
        return Scenario.model_validate(root.plain()), []
    except ValidationError as error:
        return None, problems_of(error, root)


def _without_faults(root: Node, paths: Iterable[tuple[Any, ...]]) -> Scenario | None:
    """The scenario that is left when what is misshapen is cut out, so that the rest can be checked at once."""
    data = root.plain()
    for path in sorted(paths, key=len, reverse=True):
        _cut(data, path)
    try:
        return Scenario.model_validate(data)
    except ValidationError:
        return None


def _cut(data: Any, path: tuple[Any, ...]) -> None:
    for part in path[:-1]:
        data = _step(data, part)
    if isinstance(data, dict) and path:
        for key in [key for key in data if str(key) == str(path[-1])]:
            del data[key]


def _step(data: Any, part: Any) -> Any:
    if isinstance(data, list):
        return data[int(part)] if str(part).isdigit() and int(part) < len(data) else None
    return next((v for k, v in data.items() if str(k) == str(part)), None) if isinstance(data, dict) else None
