"""What a report says of the scenario itself: its evidence, its assumptions with their basis, its definitions."""

from __future__ import annotations

from collections import Counter

from sim.documenting import basis, number
from sim.plots.style import in_words
from sim.report.content import Section, Table
from sim.scenario.schema import Basis, Rule, Scenario

WEAKEST_FIRST = ("", "assumed", "published", "coded", "fitted")
MEANINGS = {
    "": "no basis given",
    "assumed": "a range that somebody chose",
    "published": "taken from a publication",
    "coded": "counted from dated events",
    "fitted": "estimated from data over a span",
}
TERMS = [
    ("Trial", "one run of the scenario with its own luck"),
    ("Parameter set", "one value for each uncertain number; all trials of a set share it"),
    (
        "Chance (95 % Monte Carlo interval)",
        "how far the share could lie from that of infinitely many trials and sets; more trials narrow it",
    ),
    (
        "Assumptions (5–95 % across parameter sets)",
        "how much the share itself depends on the uncertain numbers, chance taken out; more trials do not narrow it",
    ),
    ("Paired difference", "the same trials under two scenarios, with the same luck, compared one by one"),
    ("Known afterwards", "what happened after the origin day; it is shown beside, and nothing is fitted to it"),
]


def _grade(of: Basis | None) -> str:
    return of.grade if of else ""


def evidence(scenario: Scenario) -> Section:
    """How many rules and shared numbers are of which grade of evidence."""
    rules = Counter(_grade(rule.basis) for rule in scenario.rules.values() if rule.enabled)
    numbers = Counter(_grade(parameter.basis) for parameter in scenario.parameters.values())
    rows = [
        (grade or "none", MEANINGS[grade], str(rules[grade]), str(numbers[grade]))
        for grade in reversed(WEAKEST_FIRST)
        if rules[grade] or numbers[grade]
    ]
    said = (
        f"The scenario has {rules.total()} rules that are switched on and {numbers.total()} shared numbers. Of the "
        f"rules {rules['assumed']} and of the numbers {numbers['assumed']} are assumed: nothing in the record fixes "
        "them, and they are varied between parameter sets. Counted numbers rest on few events each."
    )
    header = ("Grade", "What it means", "Rules", "Shared numbers")
    return Section("What it rests on", [said], tables=[Table("grades", "Evidence by grade", header, rows, (2, 3))])


def assumptions(scenario: Scenario) -> Section:
    """Every shared number and every rule with its basis and sources, the weakest evidence first."""
    parameters = sorted(scenario.parameters.items(), key=lambda item: _weakness(item[1].basis))
    numbers = [
        (in_words(name), number(it.value), " ".join(it.about.split()), basis(it.basis)) for name, it in parameters
    ]
    listed = sorted(scenario.rules.items(), key=lambda item: _weakness(item[1].basis))
    rules = [(in_words(name), rule.rule or "–", _pace(rule), _about(rule), basis(rule.basis)) for name, rule in listed]
    said = (
        "The weakest evidence comes first. The keys in brackets are those of the list of sources at the end; n is the "
        "number of events that were counted. A distribution is drawn anew for each parameter set."
    )
    tables = [
        Table("numbers", "Shared numbers", ("Number", "Value", "What it is", "Basis and sources"), numbers),
        Table("rules", "Rules", ("Rule", "No.", "Pace", "What it says", "Basis and sources"), rules),
    ]
    return Section("Assumptions", [said], tables=[table for table in tables if table.rows])


def _weakness(of: Basis | None) -> int:
    return WEAKEST_FIRST.index(_grade(of))


def _pace(rule: Rule) -> str:
    if not rule.enabled:
        return "switched off"
    if rule.rate is not None:
        return f"{number(rule.rate)} a day"
    return f"probability {number(rule.probability)} within {rule.within_days} d"


def _about(rule: Rule) -> str:
    return " ".join(rule.about.split()) or in_words(rule.event)


def definitions(scenario: Scenario) -> list[tuple[str, str]]:
    """What each outcome means, and the terms of the page."""
    outcomes = []
    for name, outcome in scenario.outcomes.items():
        before = [outcome.before] if isinstance(outcome.before, str) else outcome.before or []
        ruled_out = f"; not if {' or '.join(in_words(other).lower() for other in before)} comes first" if before else ""
        said = " ".join(outcome.about.split()).rstrip(".") or "as the scenario says"
        outcomes.append((in_words(name) + " (headline)" * outcome.headline, said + ruled_out))
    return [*outcomes, *TERMS]
