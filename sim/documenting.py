"""Pages of the documentation that are made from the scenarios, so that they cannot drift from them.

`python -m sim.documenting builtin:idlib-2020-02-11` prints the page of rules; `docs/explanation/rules.md` is that page.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from sim.scenario import load
from sim.scenario.numbers import written
from sim.scenario.schema import Basis, Bounds, Rule, Scenario

INTRODUCTION = """# The model's rules, with their sources

Made from `scenarios/models/idlib.yaml` by `python -m sim.documenting`; change the model, not this page. How to read it:
a rule rings with its pace (a hazard a day, or a probability within some days) times its hazard ratios, each raised
to the perception it is named by, while its gates hold. R-numbers are those of the project's domain study, A-numbers
the sentences of the article. `fitted` means estimated from data over a span, `coded` counted from dated events (n),
`published` taken from a publication, `assumed` a range somebody chose. Everything assumed is varied between
parameter sets; nothing
is fitted to what happened after the article's origin."""


def rules_page(scenario: Scenario) -> str:
    """The rules by R-number, the shared numbers, the quantities and the sources of a scenario, as Markdown."""
    parts = [
        INTRODUCTION,
        _grades(scenario),
        *_rules(scenario),
        _parameters(scenario),
        _quantities(scenario),
        _sources(scenario),
    ]
    return "\n\n".join(parts) + "\n"


def _grades(scenario: Scenario) -> str:
    counts: dict[str, int] = {}
    for rule in scenario.rules.values():
        grade = rule.basis.grade if rule.basis else "none"
        counts[grade] = counts.get(grade, 0) + 1
    told = ", ".join(f"{n} {grade}" for grade, n in sorted(counts.items()))
    return f"{len(scenario.rules)} rules: {told}."


def _rules(scenario: Scenario) -> Iterator[str]:
    by_number: dict[str, dict[str, Rule]] = {}
    for name, rule in scenario.rules.items():
        by_number.setdefault(rule.rule or "other", {})[name] = rule
    for number in sorted(by_number, key=_natural):
        yield f"## {number}\n\n" + "\n\n".join(_rule(name, rule) for name, rule in by_number[number].items())


def _natural(number: str) -> tuple[int, str]:
    digits = re.search(r"\d+", number)
    return (int(digits.group()) if digits else 1000, number)


def _rule(name: str, rule: Rule) -> str:
    who = rule.actor or "the exchange of fire"
    whom = f" towards {rule.target}" if rule.target else ""
    anchor = f" (article {rule.anchor})" if rule.anchor else ""
    item = f", for each {rule.for_each}" if rule.for_each else f", at a {rule.pick}" if rule.pick else ""
    pace = (
        f"{number(rule.rate)} a day"
        if rule.rate is not None
        else f"probability {number(rule.probability)} within {rule.within_days} d"
    )
    lines = [
        f"**{name}**{anchor}: {rule.about or '-'}",
        f"- {who}{whom}: `{rule.event}`{item}; {rule.phase}" + ("" if rule.enabled else "; switched off"),
        f"- pace: {pace}" + _times(rule.ratios),
    ]
    lines += [f"- when: {gates(rule.when)}"] if rule.when else []
    lines += (
        [f"- where: {gates(rule.where)}" + (f"; weights {_ratios(rule.weights)}" if rule.weights else "")]
        if rule.where
        else []
    )
    return "\n".join([*lines, f"- basis: {basis(rule.basis)}"])


def _times(ratios: Mapping[str, Any]) -> str:
    return f", times {_ratios(ratios)}" if ratios else ""


def _ratios(ratios: Mapping[str, Any]) -> str:
    return " · ".join(f"{number(value)}^{name}" for name, value in ratios.items())


def gates(written_gates: Mapping[str, Any]) -> str:
    """Gates in words, joined by commas."""
    return ", ".join(_gate(name, gate) for name, gate in written_gates.items())


def _gate(name: str, gate: Any) -> str:
    if isinstance(gate, bool):
        return name if gate else f"not {name}"
    if isinstance(gate, list):
        return f"{name} is {' or '.join(map(str, gate))}"
    if isinstance(gate, Bounds):
        signs = {"below": "<", "at_least": ">=", "above": ">", "at_most": "<=", "is_not": "is not"}
        tests = [f"{name} {sign} {getattr(gate, key)}" for key, sign in signs.items() if getattr(gate, key) is not None]
        return " and ".join(tests)
    return f"{name} is {gate}"


def number(value: Any) -> str:
    """A number as one reads it: 0.3, uniform(low 0.2, high 0.5), $name."""
    plain = written(value)
    if isinstance(plain, dict):
        inside = ", ".join(f"{key} {item}" for key, item in plain.items() if key != "dist" and item is not None)
        return f"{plain['dist']}({inside})"
    return f"{plain:g}" if isinstance(plain, float) else f"{plain}"


def basis(of: Basis | None) -> str:
    """A basis in words."""
    if of is None:
        return "none given"
    details = [f"n = {of.n}"] * (of.n is not None) + [of.span or ""] * bool(of.span) + [of.note or ""] * bool(of.note)
    sources = ", ".join(getattr(of, of.grade))
    return f"{of.grade} ({sources})" + (f"; {'; '.join(details)}" if details else "")


def _parameters(scenario: Scenario) -> str:
    rows = [f"| `${n}` | {number(p.value)} | {p.about} | {basis(p.basis)} |" for n, p in scenario.parameters.items()]
    return "\n".join(["## Shared numbers", "", "| name | value | what | basis |", "|---|---|---|---|", *rows])


def _quantities(scenario: Scenario) -> str:
    rows = []
    for name, q in scenario.quantities.items():
        life = "stays" if q.half_life_days is None else number(q.half_life_days)
        rows.append(f"| `{name}` | {q.of} | {life} | {q.about} | {basis(q.basis)} |")
    return "\n".join(
        ["## Declared quantities", "", "| name | of | half-life, days | what | basis |", "|---|---|---|---|---|", *rows]
    )


def _sources(scenario: Scenario) -> str:
    rows = [f"- **{key}**: {text}" for key, text in scenario.sources.items()]
    return "\n".join(["## Sources", "", *rows])


if __name__ == "__main__":
    print(rules_page(load(sys.argv[1] if len(sys.argv) > 1 else "builtin:idlib-2020-02-11")), end="")
