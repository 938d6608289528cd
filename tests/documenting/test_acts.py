"""Rules, event types and outcomes read as what they do."""

from __future__ import annotations

from sim.documenting.acts import case, condition, effect, events, hazard, law, outcomes, readings, rules
from sim.documenting.subject import Subject
from sim.scenario.numbers import parse_number
from sim.scenario.schema import Bounds, Case, Condition, Effect, Gates, Outcome, Rule, Size


def test_a_hazard_is_its_pace_times_its_ratios() -> None:
    rate = parse_number({"dist": "uniform", "low": 0.1, "high": 0.2})
    assert hazard(Rule(event="raid", rate=rate)) == "uniform(low 0.1, high 0.2)"
    assert hazard(Rule(event="raid", rate=0.5, ratios={"tension": 2.0})) == "0.5 · 2^tension"
    assert hazard(Rule(event="raid", probability=0.7, within_days=2)) == "-ln(1 - 0.7)/2"
    assert hazard(Rule(event="raid", probability=parse_number("$p"))) == "-ln(1 - $p)"
    assert hazard(Rule(event="raid", probability=1.0)) == "certain"


def test_effects_read_as_assignments_and_verbs() -> None:
    gate: Gates = {"mark.killed": Bounds(at_least=10.0)}
    assert effect(Effect(add="tension", by=0.5)) == "tension += 0.5"
    assert effect(Effect(add="misfit", by="share", times=-0.3)) == "misfit += share · -0.3"
    assert (
        effect(Effect(set="outrage", to=1.0, of="target", when=gate)) == "outrage[target] := 1 if mark.killed >= 10.0"
    )
    assert effect(Effect(multiply="belief", by=0.5, of="everyone")) == "belief[everyone] *= 0.5"
    assert effect(Effect(provoke="killed", blame="russia")) == "provoke killed blame russia"
    assert effect(Effect(fire=True)) == "fire"
    assert effect(Effect(attack=False)) == "attack false"
    assert effect(Effect(truce="lower", fragile="fragile")) == "truce lower fragile fragile"


def test_marks_read_as_cases() -> None:
    size = Size(law="lognormal", median=2.0, sigma=1.0, scale="provoked_dead", ratios={"grievance": 1.01})
    assert case(Case(probability=0.0, when={"grounded": True})) == "0 if grounded"
    assert case(Case(probability=0.4, size=2.0)) == "with probability 0.4 2"
    assert case(Case(probability=0.4, ratios={"misfit": 1.5})) == "with probability 0.4 (hazard times 1.5^misfit) 1"
    assert law(size) == "lognormal(median 2, sigma 1) times provoked_dead · 1.01^grievance"
    assert law(Size(law="uniform", low=0.1, high=0.2, whole=False)) == "uniform(low 0.1, high 0.2), not rounded"


def test_conditions_read_as_counts() -> None:
    deaths = Outcome(count="deaths", window_days=7, at_least=100.0, backdate_to=10.0, also=[{"at_least": 70}])
    mutual = Condition(count="mutual_fire.a.b", window_days=7, days_at_least=3)
    assert condition(deaths) == "deaths in 7 d >= 100, dated to the first day of them with 10"
    assert condition(Condition(all=[mutual, "war"])) == "days with mutual_fire.a.b in 7 d >= 3 and war"
    assert condition(Condition(any=["war", Condition(state="integrity", below=0.1)])) == "war or integrity < 0.1"
    assert list(readings(Condition(any=[deaths, "war"]))) == ["deaths: at_least 70"]


def test_every_rule_event_and_outcome_has_a_row(flagship: Subject) -> None:
    for text, there in (
        (rules(flagship), flagship.scenario.rules),
        (events(flagship), flagship.scenario.events),
        (outcomes(flagship), flagship.compiled.names.outcomes),
    ):
        rows = text.splitlines()[2:]
        assert len(rows) == len(there)
        assert all(f"| `{name}`" in text for name in there)
