"""The grade of evidence of a scenario's numbers, and in what two scenarios differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import yaml

from sim.errors import InputError
from sim.scenario.auditing import basis_of
from sim.scenario.numbers import dotted, is_distribution, uncertain_paths
from sim.scenario.schema import Scenario
from sim.scenario.writing import plain

GRADES = ("assumed", "published", "coded", "fitted")  # from the weakest on
NOT_INPUT = ("name", "about", "ensemble", "sources", "extends")
NO_VALUE = "-"


def grades(scenario: Scenario) -> dict[str, str]:
    """The grade of every uncertain number of a scenario, by its path."""
    found = {path: basis_of(scenario, path) for path in uncertain_paths(scenario)}
    return {dotted(path): basis.grade if basis is not None else "" for path, basis in found.items()}


def input_differences(scenarios: Mapping[str, Scenario]) -> Iterator[dict[str, str]]:
    """The keys in which scenarios differ: `key`, `kind` of the difference, `basis`, and each one's value by its name.

    What a whole rule or intervention is made of is one row where only some have it. Names, texts and the plan of the
    ensemble are left out.
    """
    written = [{**plain(it), **_posterior(it)} for it in scenarios.values()]
    plains = [{key: part for key, part in it.items() if key not in NOT_INPUT} for it in written]
    for path, values in _differing((), plains):
        found = [_grade(it, path) for it in written]
        weakest = next((name for name in GRADES if name in found), "")
        texts = dict(zip(scenarios, map(_text, values), strict=True))
        yield {"key": dotted(path), "kind": _kind(path, values), "basis": weakest, **texts}


def _posterior(scenario: Scenario) -> dict[str, str]:
    """What a table says of a posterior in place of its thousand rows."""
    posterior = scenario.posterior
    if posterior is None:
        return {}
    return {"posterior": f"{len(posterior.paths)} numbers, {len(posterior)} rows, {posterior.digest[:8]}"}


def _grade(written: dict[str, Any], path: Sequence[str | int]) -> str:
    """The grade of the basis nearest to a path, going outwards; `` where nothing on the way has one."""
    value: Any = written
    found = ""
    for part in path:
        value = value.get(part) if isinstance(value, dict) else value[int(part)] if isinstance(value, list) else None
        basis = value.get("basis") if isinstance(value, dict) else None
        found = next((name for name in GRADES if name in basis), found) if isinstance(basis, dict) else found
    return found


def _differing(path: tuple[str, ...], values: Sequence[Any]) -> Iterator[tuple[tuple[str, ...], Sequence[Any]]]:
    if path and path[-1] in ("about", "basis", "told"):
        return
    if all(isinstance(value, dict) and not is_distribution(value) for value in values):
        for key in dict.fromkeys(key for value in values for key in value):
            yield from _differing((*path, str(key)), [value.get(key) for value in values])
    elif any(value != values[0] for value in values):
        yield path, values


def _kind(path: Sequence[str], values: Sequence[Any]) -> str:
    """What kind of difference it is, as seen from the first scenario."""
    first, rest = values[0], [value for value in values[1:] if value != values[0]]
    section = {"rules": "rule", "interventions": "intervention", "outcomes": "outcome"}.get(path[0], "value")
    if len(path) == 2 and section != "value":
        return f"{section} added" if first is None else f"{section} removed" if None in rest else f"{section} changed"
    if section == "rule" and path[-1] == "enabled":
        return "rule off" if first is True else "rule on"
    if section == "rule" and path[2] in ("rate", "probability", "within_days", "ratios"):
        return "rule re-rated"
    return f"{section} changed"


def _text(value: Any) -> str:
    if value is None:
        return NO_VALUE
    if isinstance(value, dict):
        value = {key: part for key, part in value.items() if part or part == 0.0}
    text = str(yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True))
    return text.removesuffix("\n").removesuffix("\n...")


def headline(scenario: Scenario) -> str:
    """The name of the headline outcome."""
    return next(name for name, outcome in scenario.outcomes.items() if outcome.headline)


def known_outcome(name: str, outcomes: Collection[str]) -> str:
    """An outcome's name, once it is known to be one; InputError otherwise."""
    if name not in outcomes:
        raise InputError(f"outcome: there is no `{name}`; allowed: {', '.join(outcomes)}")
    return name
