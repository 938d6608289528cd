from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sim.model import CeasefireModel
from sim.telling import party_name, sentence, tell
from sim.trajectory import Event, Trajectory
from tests.small import on_day, ready, rule, small

STORY: dict[str, Any] = {
    "horizon_days": 6,
    "quantities": {"rain": {"initial": 2.0}},
    "events": {
        "strike": {
            "marks": {"killed": [{"size": 3.0}]},
            "effects": [{"provoke": "killed"}],
            "told": "{by} fires at {post} of {against}; {killed} killed",
        },
        "grumble": {"name": "a grumble"},
        "long_name": {},
        "step": {"effects": [{"set": "rain", "to": 0.0}]},
    },
    "rules": {
        "strike": rule(
            "strike",
            actor="hawks",
            pick="post",
            where={"post": "free"},
            rate=20.0,
            when={"count.strike": 0.0},
            ratios={"rain": 1.5},
            rule="R4",
        ),
        "reply": rule("grumble", "blue", "red", phase="reaction", probability=1.0, when={"provoked_fatal": True}),
        "grumbles": rule("grumble", "blue", "band", phase="reaction", when={"rung.red.blue": 9.0}),
    },
    "interventions": {"news": on_day(4, event="long_name")},
    "outcomes": {
        "end": {"count": "event.strike", "at_least": 1},
        "great_news": {"count": "event.long_name", "at_least": 1},
    },
}


def story(why: bool = False, **changes: Any) -> list[str]:
    model = CeasefireModel(small(STORY, changes), explain=why)
    return list(tell(model.scenario, model.run(), why))


def test_a_trial_is_told_by_the_days_on_which_something_happened() -> None:
    assert story() == [
        "day 1, 2030-05-01: quiet; 0 killed in the fighting, 0 in seven days",
        "  - Hawks fires at Tower of Blueland; 3 killed [killed 3]",
        "  => end (headline)",
        "day 4, 2030-05-04: quiet; 0 killed in the fighting, 0 in seven days",
        "  - Redland: long name (Blueland)",
        "  => great news",
        "after 6 days: breakdown on day 1; worst level hold, at the end hold; 0 killed in the fighting",
    ]


def test_why_gives_rule_hazard_and_factors() -> None:
    lines = story(why=True)
    assert lines[2].startswith("      rule strike (R4), hazard 45 a day at 0.0")
    assert lines[3] == "      rain = 2: x 2.25"
    assert "      intervention: not a rule's clock" in lines


def test_what_came_too_late_is_told_as_such() -> None:
    rules = {"strike": None, "a": rule("step", when={"rain": True}), "b": rule("step", when={"rain": True})}
    lines = story(rules=rules)
    assert sum("(too late: no longer possible)" in line for line in lines) == 1


def test_a_quiet_trial_is_one_line() -> None:
    assert story(rules={"strike": None}, interventions={"news": None}) == [
        "after 6 days: no breakdown; worst level hold, at the end hold; 0 killed in the fighting"
    ]


def test_a_day_on_which_only_an_outcome_came_true_is_told() -> None:
    outcomes = {"calm": {"state": "calm_days", "at_least": 4.0}}
    assert story(rules={"strike": None}, interventions={"news": None}, outcomes=outcomes)[:2] == [
        "day 3, 2030-05-03: quiet; 0 killed in the fighting, 0 in seven days",
        "  => calm",
    ]


def test_a_failed_trial_says_why() -> None:
    prepared = ready()
    failed = Trajectory(prepared.decoder.empty_row("RunError: no luck"), {}, [])
    assert list(tell(prepared.scenario, failed)) == ["after 0 days: the trial failed: RunError: no luck"]


@pytest.mark.parametrize(
    ("party", "name"),
    [
        ("red", "Redland"),
        ("hawks", "Hawks"),
        ("band", "the Band"),
        (None, "the exchange of fire"),
        ("nobody", "nobody"),
    ],
)
def test_parties_are_called_by_their_names(party: str | None, name: str) -> None:
    assert party_name(small(), party) == name


def event(name: str, **marks: float) -> Event:
    return Event(1, "initiative", 0.5, "r", name, "red", "blue", "field", "gate", False, marks)


def test_an_event_is_told_by_its_sentence_its_name_or_its_id() -> None:
    scenario = small(STORY)
    assert sentence(scenario, event("strike", killed=2.0)) == "Redland fires at Gate of Blueland; 2 killed"
    assert sentence(scenario, event("grumble")) == "Redland: a grumble (Blueland)"
    assert sentence(scenario, event("long_name")) == "Redland: long name (Blueland)"
    assert (
        sentence(scenario, event("strike")) == "Redland: strike (Blueland)"
    )  # its sentence wants a mark that is not there
    assert sentence(scenario, event("intervention x")) == "Redland: intervention x (Blueland)"


def test_what_nobody_does_is_told_without_a_name() -> None:
    scenario = small(STORY)
    assert (
        sentence(scenario, replace(event("intervention thaw"), by=None, against=None, rule="intervention"))
        == "intervention thaw"
    )
    assert sentence(scenario, replace(event("grumble"), by=None, against=None)) == "the exchange of fire: a grumble"


def test_marks_that_are_no_whole_numbers_are_told_with_two_digits() -> None:
    assert sentence(small(STORY), event("strike", killed=2.5)) == "Redland fires at Gate of Blueland; 2.50 killed"
