"""The page of rules: the rules by R-number, the shared numbers, the quantities and the sources of a scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sim.documenting.wording import basis, gates, number, ratios
from sim.scenario.schema import Rule, Scenario

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
    for group in sorted(by_number, key=_natural):
        yield f"## {group}\n\n" + "\n\n".join(_rule(name, rule) for name, rule in by_number[group].items())


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
        f"- pace: {pace}" + (f", times {ratios(rule.ratios)}" if rule.ratios else ""),
    ]
    lines += [f"- when: {gates(rule.when)}"] if rule.when else []
    lines += (
        [f"- where: {gates(rule.where)}" + (f"; weights {ratios(rule.weights)}" if rule.weights else "")]
        if rule.where
        else []
    )
    return "\n".join([*lines, f"- basis: {basis(rule.basis)}"])


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
