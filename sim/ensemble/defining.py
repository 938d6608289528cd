"""Other readings of an outcome: the same trials, judged by every definition that the scenario names beside its own.

A leaf of a condition may say how else it could be read (`also`): other thresholds, other windows, other counts.
Crossed with each other over all leaves that an outcome rests on, these make its definitions. What is counted changes
nothing in a trial, so one ensemble answers for all of them: each definition is an outcome more in a scenario that is
otherwise the same, and its trials are paired with those of the declared definition, being the same trials.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.ensemble.cells import Cell, Design, run_cells
from sim.ensemble.designs import Study, studying, whole
from sim.ensemble.exploring import Question
from sim.errors import InputError, RunError, allowed_values
from sim.scenario.nodes import Key
from sim.scenario.schema import Outcome, Scenario
from sim.scenario.writing import plain

SETS, TRIALS = 64, 16
MOST = 200
ALSO = "also"
DECLARED = "as declared"
LEAVES = ("count", "state")

Address = tuple[Key, ...]
Data = dict[str, Any]


@dataclass(frozen=True)
class Definition:
    """One way to define an outcome: in words, the id of the outcome that is defined so, whether it is the declared."""

    label: str
    outcome: str
    declared: bool = False


@dataclass(frozen=True)
class Leaf:
    """A leaf with other readings: its place below `outcomes`, its own keys, and what replaces some of them."""

    address: Address
    own: Data
    also: Sequence[Data]

    def label(self, reading: Data) -> str:
        """A reading in words, such as `direct_war, killed.turkey.syria: at_least 10`."""
        about = next(str(self.own[key]) for key in LEAVES if key in self.own)
        said = ", ".join(f"{key} {'left out' if value is None else value}" for key, value in reading.items())
        return f"{self.address[0]}, {about}: {said}"


def definitions(
    question: Question, *, sets: int | None = None, trials: int | None = None, out: str | Path | None = None,
    resume: bool = False,
) -> Study:  # fmt: skip
    """Run `sets` x `trials` trials once and judge them by every definition of the asked outcome; table `definitions`.

    Its columns are those of `sim.analysis.definitions.definition_table`; the outcome is counted by the question's day.
    Raises InputError for an outcome without other readings, or with more than `MOST` definitions.
    """
    sets, trials = whole("sets", sets, 1, SETS), whole("trials", trials, 1, TRIALS)
    widened, found = with_definitions(question.with_sets(sets), question.outcome)
    asked = question.said(sets=sets, trials=trials)
    analysis = import_module("sim.analysis.definitions")  # analysis reads results, not the other way round
    with studying(question.folder("definitions", out), "definitions", widened, asked, resume) as study:
        cells = tuple(Cell(0, index) for index in range(sets))
        design = Design((widened,), cells, trials, question.engine, tuple(f"{it.outcome}_day" for it in found))
        rows = run_cells(study, "trials", design, question.workers, question.progress)
        if rows["error"].notna().all():
            raise RunError(f"every trial failed: {rows['error'].iloc[0]}")
        study.store("definitions", analysis.definition_table(rows, found, question.day))
    return study


def with_definitions(scenario: Scenario, outcome: str | None = None) -> tuple[Scenario, list[Definition]]:
    """The scenario with an outcome more for each definition of one (None: the headline), and the definitions.

    The declared one comes first.
    """
    name = _named(scenario, outcome)
    outcomes: dict[str, Data] = {key: plain(value) for key, value in scenario.outcomes.items()}
    below = _below(outcomes, name)
    leaves = [leaf for key in outcomes if key in below for leaf in _leaves(outcomes[key], (key,))]
    count = prod(1 + len(leaf.also) for leaf in leaves)
    if count == 1:
        raise InputError(f"outcome `{name}`: no other reading is named; add `{ALSO}: [...]` to a condition below it")
    if count > MOST:
        raise InputError(
            f"outcome `{name}`: {count} definitions are too many; allowed are {MOST}: name fewer in `{ALSO}`"
        )
    definitions, added = [Definition(DECLARED, name, True)], dict[str, Outcome]()
    for number, chosen in enumerate(product(*((None, *leaf.also) for leaf in leaves))):
        changes = [(leaf, reading) for leaf, reading in zip(leaves, chosen, strict=True) if reading is not None]
        if changes:
            label = "; ".join(leaf.label(reading) for leaf, reading in changes)
            made = _variant(outcomes, name, number, changes)
            added |= {key: _outcome(key, data, label) for key, data in made.items()}
            definitions.append(Definition(label, next(iter(made))))
    return scenario.model_copy(update={"outcomes": {**scenario.outcomes, **added}}), definitions


def _named(scenario: Scenario, outcome: str | None) -> str:
    if outcome is None:
        return next(name for name, it in scenario.outcomes.items() if it.headline)
    if outcome not in scenario.outcomes:
        raise InputError(f"no outcome `{outcome}`{allowed_values(scenario.outcomes, outcome)}")
    return outcome


def _below(outcomes: Mapping[str, Data], name: str) -> list[str]:
    """An outcome and all declared ones that it refers to, however far down, itself first."""
    found, ahead = dict.fromkeys([name]), [name]
    while ahead:
        new = [other for other in _referred(outcomes[ahead.pop()]) if other in outcomes and other not in found]
        found |= dict.fromkeys(new)
        ahead += new
    return list(found)


def _parts(condition: Data) -> Iterator[tuple[Address, Data | str]]:
    for key in ("all", "any"):
        yield from (((key, number), part) for number, part in enumerate(condition.get(key, ())))
    if "not" in condition:
        yield ("not",), condition["not"]


def _referred(condition: Data) -> Iterator[str]:
    before = condition.get("before", ())
    yield from [before] if isinstance(before, str) else before
    for _, part in _parts(condition):
        yield from [part] if isinstance(part, str) else _referred(part)


def _leaves(condition: Data, address: Address) -> Iterator[Leaf]:
    if condition.get(ALSO):
        own = {key: value for key, value in condition.items() if key != ALSO}
        yield Leaf(address, own, [dict(reading) for reading in condition[ALSO]])
    for step, part in _parts(condition):
        if not isinstance(part, str):
            yield from _leaves(part, (*address, *step))


def _variant(
    outcomes: Mapping[str, Data], name: str, number: int, changes: Iterable[tuple[Leaf, Data]]
) -> dict[str, Data]:
    """The outcomes that differ when leaves are read otherwise, under names of their own, `name` first."""
    replaced = {leaf.address: leaf.own | reading for leaf, reading in changes}
    changed = {str(address[0]) for address in replaced}
    names = [other for other in _below(outcomes, name) if changed & set(_below(outcomes, other))]
    new = {other: f"{other}_as_{number}" for other in names}
    return {new[other]: _rewritten(outcomes[other], (other,), replaced, new) for other in names}


def _rewritten(condition: Data, address: Address, replaced: Mapping[Address, Data], new: Mapping[str, str]) -> Data:
    """A condition with leaves replaced and with the new names of outcomes."""
    data = {key: value for key, value in replaced.get(address, condition).items() if value is not None}
    data = {key: value for key, value in data.items() if key not in (ALSO, "headline")}
    if "before" in data:
        before = data["before"]
        data["before"] = new.get(before, before) if isinstance(before, str) else [new.get(it, it) for it in before]
    for key in ("all", "any"):
        if key in data:
            data[key] = [_part(it, (*address, key, k), replaced, new) for k, it in enumerate(data[key])]
    if "not" in data:
        data["not"] = _part(data["not"], (*address, "not"), replaced, new)
    return data


def _part(part: Data | str, address: Address, replaced: Mapping[Address, Data], new: Mapping[str, str]) -> Data | str:
    return new.get(part, part) if isinstance(part, str) else _rewritten(part, address, replaced, new)


def _outcome(name: str, data: Data, label: str) -> Outcome:
    try:
        return Outcome.model_validate(data)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        raise InputError(f"outcome `{name}` ({label}): {key}: {fault['msg']}") from None
