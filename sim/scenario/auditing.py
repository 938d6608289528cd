"""What is not wrong in a scenario, but should be known: numbers without a basis, and things declared in vain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sim.errors import Problem
from sim.scenario.checks import Checker
from sim.scenario.laws import Distribution
from sim.scenario.nodes import Key
from sim.scenario.numbers import Reference, references, uncertain_paths
from sim.scenario.places import recall
from sim.scenario.schema import Basis, Quantity, Scenario, Section

Path = tuple[Key, ...]


def missing_bases(scenario: Scenario) -> list[Problem]:
    """Every rule and number of weight that no basis stands for, neither its own nor an enclosing one's."""
    where = recall(scenario)
    missing = [where.problem(path, "has no basis") for path in _weighty(scenario) if not _has_basis(scenario, path)]
    return sorted(set(missing))


def _weighty(s: Scenario) -> Iterable[Path]:
    """The paths of what needs a basis: rules, regimes, relations, drawn marks, effects, all that is uncertain."""
    yield from (("rules", name) for name in s.rules)
    yield from (("fighting", "regimes", name) for name in s.fighting.regimes)
    yield from (("relations", name) for name in s.relations)
    yield from (("parameters", name) for name in s.parameters)
    yield from (
        ("quantities", name) for name, q in s.quantities.items() if q.half_life_days is not None or q.initial != 0.0
    )
    yield from (("places", name) for name, p in s.places.items() if p.exposed != 0.0)
    for name, event in s.events.items():
        for mark, cases in event.marks.items():
            yield from (("events", name, "marks", mark, n) for n, case in enumerate(cases) if _has_weight(case))
        amounts = (e.by if e.by is not None else e.times for e in event.effects)
        if any(amount is not None and not isinstance(amount, str) for amount in amounts):
            yield ("events", name)
    yield from (path for path in uncertain_paths(s))
    for key, numbers in (
        ("excitation", s.fighting.excitation.share),
        ("reporting", s.fighting.reporting.lost),
        ("drift", s.fighting.drift),
        ("ratios", s.fighting.ratios),
    ):
        if numbers:
            yield ("fighting", key)
    if s.displacement.rate:
        yield ("displacement",)
    if s.history.weekly_deaths or s.history.daily_deaths or s.history.displaced:
        yield ("history",)
    yield from (("outcomes", name) for name, outcome in s.outcomes.items() if outcome.at_least is not None)


def _has_weight(case: Any) -> bool:
    return case.probability != 1.0 or not isinstance(case.size, float)


def _has_basis(scenario: Scenario, path: Path) -> bool:
    """Whether a section on the way to a path, or at it, names a basis, or the number there is named elsewhere."""
    return basis_of(scenario, path) is not None or isinstance(_at(scenario, path)[-1], Reference)


def basis_of(scenario: Scenario, path: Path) -> Basis | None:
    """What a number, or a section, rests on: an estimate of the posterior, else the nearest basis going outwards."""
    estimated = _of_posterior(scenario, path)
    bases = (getattr(value, "basis", None) for value in reversed(_at(scenario, path)))
    return estimated or next((basis for basis in bases if basis is not None), None)


def _at(scenario: Scenario, path: Path) -> list[Any]:
    """What lies on the way to a path, from the scenario itself to what stands there."""
    values: list[Any] = [scenario]
    for part in path:
        value = values[-1]
        values.append(value.__dict__[str(part)] if isinstance(value, Section) else value[part])
    return values


def _of_posterior(scenario: Scenario, path: Path) -> Basis | None:
    """The basis of a number that the posterior holds an estimate of; None where that kept the prior."""
    posterior, at = scenario.posterior, ".".join(map(str, path))
    if posterior is None or at not in posterior.paths:
        return None
    estimate = posterior.estimate(at)
    if estimate.grade is None:
        return None
    return Basis.model_validate({estimate.grade: ["posterior"], "span": posterior.span, "note": estimate.evidence})


def loose_ends(scenario: Scenario) -> list[Problem]:
    """What a scenario declares and hardly uses: quantities that nothing reads or changes, parameters nobody names."""
    where = recall(scenario)
    checker = Checker(scenario, where)
    checker.run()
    found = []
    for name, quantity in scenario.quantities.items():
        if name not in checker.read and name not in checker.written:
            found.append(where.problem(("quantities", name), "is never read"))
        elif name not in checker.written and not _varies(quantity):
            found.append(where.problem(("quantities", name), "is read, but never written and never varied"))
    named = _named_parameters(scenario)
    found += [
        where.problem(("parameters", p), "is never named as `$" + p + "`")
        for p in scenario.parameters
        if p not in named
    ]
    return sorted(found)


def _varies(quantity: Quantity) -> bool:
    values = quantity.initial.values() if isinstance(quantity.initial, dict) else [quantity.initial]
    return quantity.half_life_days is not None or any(isinstance(v, Distribution | Reference) for v in values)


def _named_parameters(scenario: Scenario) -> set[str]:
    return set(references(scenario))
