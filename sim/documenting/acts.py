"""Tables of what may happen: rules with their hazards, event types with marks and effects, outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.documenting.subject import Subject
from sim.documenting.wording import basis, code, gates, listed, number, ratios, table
from sim.scenario.auditing import basis_of
from sim.scenario.compiling import OWN_COLLAPSE
from sim.scenario.schema import Case, Condition, Effect, EventType, Outcome, Rule, Size
from sim.scenario.vocabulary import VERBS

QUANTITY_VERBS = {"add": "+=", "set": ":=", "multiply": "*="}
WITHOUT_DEFAULTS = ("fragile", "blame", "expires_days")


# --- rules -----------------------------------------------------------------------------------------------------------


def rules(subject: Subject) -> str:
    """Every rule: what it makes, its gates, its hazard a day as a formula, its basis."""
    rows = [
        (
            f"`{name}`",
            rule.rule or "-",
            _act(rule),
            code(gates(rule.when)),
            code(hazard(rule)),
            basis(basis_of(subject.scenario, ("rules", name, "rate" if rule.rate is not None else "probability"))),
        )
        for name, rule in subject.scenario.rules.items()
    ]
    return table(("rule", "no.", "who makes what", "gates", "hazard a day", "basis"), rows)


def _act(rule: Rule) -> str:
    who = rule.actor or "the exchange of fire"
    whom = f" towards {rule.target}" if rule.target else ""
    item = f" for each {rule.for_each}" if rule.for_each else f" at a {rule.pick}" if rule.pick else ""
    where = f" where {gates(rule.where)}" if rule.where else ""
    weighed = f", picked by {ratios(rule.weights)}" if rule.weights else ""
    choice = f"; alternative in `{rule.choice}`" if rule.choice else ""
    reaction = "; reaction" if rule.phase == "reaction" else ""
    return f"{who}{whom}: `{rule.event}`{item}{where}{weighed}{reaction}{choice}" + "; off" * (not rule.enabled)


def hazard(rule: Rule) -> str:
    """The hazard of a rule as a formula: its pace times its ratios."""
    pace = number(rule.rate)
    if rule.rate is None:
        days = f"/{rule.within_days}" if rule.within_days > 1 else ""
        pace = "certain" if rule.probability == 1.0 else f"-ln(1 - {number(rule.probability)}){days}"
    return f"{pace} · {ratios(rule.ratios)}" if rule.ratios else pace


# --- event types -----------------------------------------------------------------------------------------------------


def events(subject: Subject) -> str:
    """Every event type: its rung, what is drawn when it happens, what it does."""
    rows = [
        (f"`{name}`", _rung(event), _marks(event), "; ".join(code(effect(it)) for it in event.effects) or "-",
         basis(event.basis))
        for name, event in subject.scenario.events.items()
    ]  # fmt: skip
    return table(("event type", "rung", "marks", "effects", "basis"), rows)


def _rung(event: EventType) -> str:
    if isinstance(event.rung, dict):
        return listed(f"{rung} if {mark}" if mark != "default" else str(rung) for mark, rung in event.rung.items())
    return "-" if event.rung is None else str(event.rung)


def _marks(event: EventType) -> str:
    told = (f"`{name}`: {'; else '.join(case(it) for it in cases)}" for name, cases in event.marks.items())
    return ". ".join(told) or "-"


def case(of: Case) -> str:
    """One case of a mark: its probability, its size, its gates."""
    size = law(of.size) if isinstance(of.size, Size) else f"{of.size:g}"
    factor = f" (hazard times {ratios(of.ratios)})" if of.ratios else ""
    chance = "" if of.probability == 1.0 else f"with probability {number(of.probability)}{factor} "
    if of.probability == 0.0:
        chance, size = "", "0"
    return f"{chance}{size}" + (f" if {gates(of.when)}" if of.when else "")


def law(size: Size) -> str:
    """The law of a mark's size, what multiplies it, and its bounds where they are not the usual ones."""
    shown = ("value", "low", "high", "median", "sigma", "mean", "size")
    inside = listed(f"{key} {number(getattr(size, key))}" for key in shown if getattr(size, key) is not None)
    factors = [part for part in (size.scale, ratios(size.ratios)) if part]
    times = f" times {' · '.join(factors)}" if factors else ""
    return f"{size.law}({inside}){times}" + ("" if size.whole else ", not rounded")


def effect(of: Effect) -> str:
    """One effect, as an assignment where it changes a quantity, else by its verb."""
    said = " ".join(_verb(of))
    return said + (f" if {gates(of.when)}" if of.when else "")


def _verb(of: Effect) -> Iterator[str]:
    for verb, sign in QUANTITY_VERBS.items():
        if (name := getattr(of, verb)) is not None:
            amount = of.to if verb == "set" else of.by
            times = f" · {number(of.times)}" if of.times is not None else ""
            yield f"{name}{f'[{of.of}]' if of.of else ''} {sign} {number(1.0 if amount is None else amount)}{times}"
            return
    for verb in VERBS:
        value: Any = getattr(of, verb, None)
        if value is not None and verb not in QUANTITY_VERBS:
            yield f"{verb} {_argument(value)}".removesuffix(" true")
    for argument in WITHOUT_DEFAULTS:
        if getattr(of, argument) is not None:
            yield f"{argument} {_argument(getattr(of, argument))}"
    if of.of:
        yield f"of {of.of}"


def _argument(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return listed(value) if isinstance(value, list) else number(value)


# --- outcomes --------------------------------------------------------------------------------------------------------


def outcomes(subject: Subject) -> str:
    """Every outcome: what it means, its condition, what voids it, other readings of it."""
    scenario = subject.scenario
    rows = [(f"`{name}`" + " (headline)" * it.headline, it.about or "-", code(condition(it)), _void(it), _also(it),
             basis(it.basis)) for name, it in scenario.outcomes.items()]  # fmt: skip
    if OWN_COLLAPSE not in scenario.outcomes:
        d = scenario.defaults
        own = f"deaths in 7 d >= {d.collapse_deaths:g}, dated to the first day of them with {d.collapse_backdate_to:g}"
        rows.append((f"`{OWN_COLLAPSE}`", "counted whether or not the scenario asks", code(own), "-", "-", "-"))
    return table(("outcome", "what", "condition", "void if before or on the day", "other readings", "basis"), rows)


def condition(of: Condition | str) -> str:
    """A condition in words."""
    if isinstance(of, str):
        return of
    for word, parts in ((" and ", of.all), (" or ", of.any)):
        if parts is not None:
            return word.join(condition(part) for part in parts)
    if of.negate is not None:
        return f"not ({condition(of.negate)})"
    days = "days with " if of.days_at_least is not None else ""
    window = f" in {of.window_days} d" if of.window_days is not None else " since the origin" if of.count else ""
    tests = ((">=", of.at_least), (">=", of.days_at_least), ("<", of.below), (">", of.above))
    told = " and ".join(f"{sign} {value:g}" for sign, value in tests if value is not None)
    back = isinstance(of, Outcome) and of.backdate_to is not None
    dated = f", dated to the first day of them with {of.backdate_to:g}" if isinstance(of, Outcome) and back else ""
    return f"{days}{of.count or of.state}{window} {told}{dated}"


def _void(of: Outcome) -> str:
    return listed([of.before] if isinstance(of.before, str) else of.before or [])


def _also(of: Condition | str) -> str:
    return "; ".join(readings(of)) or "-"


def readings(of: Condition | str) -> Iterator[str]:
    """The other readings that a condition and its parts name."""
    if isinstance(of, str):
        return
    for other in of.also:
        yield f"{of.count or of.state}: " + listed(f"{key} {value}" for key, value in other.items())
    for part in (*(of.all or ()), *(of.any or ()), *([of.negate] if of.negate else ())):
        yield from readings(part)
