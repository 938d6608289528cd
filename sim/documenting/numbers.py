"""Tables of numbers: the shared ones, and those of the daily processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.documenting.subject import Subject
from sim.documenting.wording import basis, number, table
from sim.scenario.auditing import basis_of
from sim.scenario.schema import Drift, Scenario


def parameters(subject: Subject) -> str:
    """The numbers that rules and event types share by name."""
    rows = [
        (f"`${name}`", number(it.value), f"{subject.fixed.parameters[name].value:.3g}", it.about,
         basis(basis_of(subject.scenario, ("parameters", name, "value"))))
        for name, it in subject.scenario.parameters.items()
    ]  # fmt: skip
    return table(("number", "value, or law before data", "median", "what", "basis"), rows)


def processes(subject: Subject) -> str:
    """The numbers of the daily processes, by their path in the scenario."""
    rows = [
        (f"`{path}`", number(value), basis(basis_of(subject.scenario, tuple(path.split(".")))))
        for path, value in _processes(subject.scenario)
    ]
    return table(("number", "value, or law before data", "basis"), rows)


def _processes(s: Scenario) -> Iterator[tuple[str, Any]]:
    for name, regime in s.fighting.regimes.items():
        yield f"fighting.regimes.{name}.mean", regime.mean
        yield f"fighting.regimes.{name}.size", regime.size
    yield "fighting.excitation.share", s.fighting.excitation.share
    yield "fighting.excitation.half_life_days", s.fighting.excitation.half_life_days
    yield "fighting.reporting.lost", s.fighting.reporting.lost
    yield from ((f"fighting.ratios.{name}", ratio) for name, ratio in s.fighting.ratios.items())
    if s.fighting.drift is not None:
        yield from _drift(s.fighting.drift)
    for name in ("rate", "spill", "sigma", "return_rate", "return_after_days"):
        yield f"displacement.{name}", getattr(s.displacement, name)
    if s.displacement.presses is not None:
        yield "displacement.presses.per_thousand", s.displacement.presses.per_thousand
    yield "agreement.integrity", s.agreement.integrity
    for name in type(s.defaults).model_fields:
        if name != "basis":
            yield f"defaults.{name}", getattr(s.defaults, name)


def _drift(drift: Drift) -> Iterator[tuple[str, Any]]:
    for name in type(drift).model_fields:
        if name != "basis":
            yield from _flat(f"fighting.drift.{name}", getattr(drift, name))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The numbers in nested maps, by path."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _flat(f"{path}.{key}", child)
    else:
        yield path, value
