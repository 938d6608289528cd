"""From a file to a complete scenario, or to every problem that it has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.errors import InputError, Problem, ScenarioError
from sim.scenario.checks import check
from sim.scenario.messages import problems_of
from sim.scenario.nodes import Node
from sim.scenario.numbers import leaves_its_priors, with_marginals
from sim.scenario.places import Where, remember
from sim.scenario.reading import openings, read_tree
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
        scenario = _opened(scenario)
        if not problems:
            problems += _of_posterior(scenario, where)
        remember(scenario, where)
    if problems or scenario is None:
        raise ScenarioError(problems)
    return scenario


BURN_IN_DAYS = 28  # of history that is lived through before the first day asked about


def begun_on(
    source: str | Path,
    origin: dt.date,
    deaths: Mapping[dt.date, float] | None = None,
    overrides: Mapping[str, str] | None = None,
    without: Iterable[str] = (),
    layers: Iterable[str | Path] = (),
) -> Scenario:
    """The scenario as of another origin: its history begins at the latest opening at least four weeks before.

    `deaths` are the recorded ones by date; those from the start to the eve of the origin are read. Dated interventions
    and weekly deaths belong to the scenario's own origin and are left out, cited totals of the displaced to its own
    start. The other arguments are those of `load`, and win. Raises InputError where no opening is early enough.
    """
    layers = list(layers)
    own, known = load(source, layers=layers), openings(source, layers)
    early = [day for day in known if (origin - day).days >= BURN_IN_DAYS]
    if not early:
        raise InputError(
            f"origin {origin}: no opening of the scenario is {BURN_IN_DAYS} days before it; openings: "
            f"{', '.join(map(str, known)) or 'none'}; choose a later origin, or write one under history.openings"
        )
    start = max(early)
    moved = {"origin": str(origin), "history.start": str(start), **_left_out(own, start)}
    scenario = load(source, {**moved, **(overrides or {})}, without, layers)
    if deaths is None:
        return scenario
    lived = {day: float(number) for day, number in deaths.items() if start <= day < origin}
    return scenario.model_copy(update={"history": scenario.history.model_copy(update={"daily_deaths": lived})})


def _left_out(own: Scenario, start: dt.date) -> dict[str, str]:
    """Overrides that delete what belongs to the scenario's own origin, or to its own start if that is another."""
    keys = [f"interventions.{name}" for name, it in own.interventions.items() if it.on is not None]
    keys += ["history.weekly_deaths"] * bool(own.history.weekly_deaths)
    keys += ["history.displaced"] * (bool(own.history.displaced) and own.history.start != start)
    return dict.fromkeys(keys, "null")


def _opened(scenario: Scenario) -> Scenario:
    """The scenario without the openings that it might have begun with, now that they are checked."""
    if not scenario.history.openings:
        return scenario
    return scenario.model_copy(update={"history": scenario.history.model_copy(update={"openings": {}})})


def _of_posterior(scenario: Scenario, where: Where) -> list[Problem]:
    """What is wrong once the columns of the posterior stand where distributions do."""
    if scenario.posterior is None or not leaves_its_priors(scenario):
        return []
    found = check(with_marginals(scenario), where)
    return [where.problem(("posterior",), f"a column gives {it.key or it.file}: {it.message}") for it in found]


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
