"""Who stands on a chain, in conflicts so small that it is known."""

from __future__ import annotations

from typing import Any

import pytest

from sim.chains import ADDED, OPENED, RAISED, Chain, chain_of, end_of, ends_of, maker, trace, why_lines
from sim.errors import RunError
from sim.model import CeasefireModel
from sim.scenario import load
from sim.scenario.schema import Scenario
from sim.trajectory import Trajectory
from tests.small import on_day, rule, small

FIRE = {"end": {"count": "fire.blue.red", "at_least": 1, "headline": True}}
REPLY: dict[str, Any] = {
    "events": {"spark": {"effects": [{"provoke": True}]}, "reply": {"effects": [{"fire": True}, {"answer": True}]}},
    "rules": {"reply": rule("reply", "blue", "red", phase="reaction", when={"provoked": True})},
    "interventions": {"spark": on_day(2, event="spark")},
    "outcomes": FIRE,
}
MOOD = {"quantities": {"mood": {"of": "world", "initial": 0.0, "low": -9.0, "high": 9.0}}}


def chained(*layers: dict[str, Any], **changes: Any) -> Chain:
    return chain_of(small(*layers, **changes), 0, 0)


def who(chain: Chain) -> list[str]:
    """The links as `DAY MAKER`, in order."""
    return [f"{event.day} {maker(event)}" for event in chain.events]


def adds(name: str, day: int, **effect: Any) -> dict[str, Any]:
    """An intervention that changes the mood."""
    return {name: on_day(day, effects=[{"add": "mood", **effect}])}


def strikes(**more: Any) -> dict[str, Any]:
    """Blue fires on red on day 5, as the intervention `go` lets it, if all else that its rule asks for holds."""
    return {
        **MOOD,
        "events": {"strike": {"effects": [{"fire": True}]}, "go": {}},
        "rules": {"strike": rule("strike", "blue", "red", **{**more, "when": {"since.go": 0, **more.get("when", {})}})},
        "interventions": {"go": on_day(5, event="go")},
        "outcomes": FIRE,
    }


# --- from the end to the beginning ----------------------------------------------------------------------------------


def test_an_event_that_opened_a_gate_stands_on_the_chain() -> None:
    chain = chained(REPLY)
    assert (chain.end, chain.through, chain.day) == ("end", None, 2)
    assert who(chain) == ["2 intervention spark", "2 reply"]
    assert [(b.how, b.what, b.link) for b in chain.crossed] == [(ADDED, "fire.blue.red", 1)]
    assert [(b.how, b.what, b.link) for b in chain.links[1].because] == [(OPENED, "provoked", 0)]
    assert chain.links[0].because == ()
    assert chain.rules == ["intervention spark", "reply"]


def test_what_a_later_event_did_not_read_stands_not_on_it() -> None:
    other = {"interventions": {"other": on_day(1, effects=[{"add": "integrity", "by": -0.1}])}}
    assert who(chained(REPLY, other)) == who(chained(REPLY))


def test_a_gate_that_stood_open_at_the_origin_goes_back_to_the_origin() -> None:
    chain = chained(strikes(when={"integrity": {"at_most": 0.9}}), interventions=adds("x", 2, by=1.0))
    lower = {"interventions": {"lower": on_day(3, effects=[{"add": "integrity", "by": -0.3}])}}
    assert who(chain) == ["5 intervention go", "5 strike"]
    assert who(chained(strikes(when={"integrity": {"at_most": 0.9}}), lower)) == ["5 intervention go", "5 strike"]
    assert chain.links[1].origin == ("integrity",)


def test_the_event_that_opened_a_gate_is_not_the_last_that_moved_it() -> None:
    moves = {"interventions": adds("first", 1, by=0.5) | adds("opens", 2, by=1.0) | adds("more", 3, by=1.0)}
    chain = chained(strikes(when={"mood": {"at_least": 1.0}}), moves)
    assert who(chain) == ["2 intervention opens", "5 intervention go", "5 strike"]


def test_a_gate_that_was_closed_in_between_was_opened_the_second_time() -> None:
    moves = adds("opens", 1, by=2.0) | adds("closes", 2, by=-2.0) | adds("again", 3, by=2.0)
    chain = chained(strikes(when={"mood": {"at_least": 1.0}}), {"interventions": moves})
    assert who(chain) == ["3 intervention again", "5 intervention go", "5 strike"]


def test_the_last_event_that_raised_a_hazard_stands_on_the_chain() -> None:
    moves = adds("early", 1, by=1.0) | adds("late", 2, by=1.0) | adds("lowers", 3, by=-0.5)
    chain = chained(strikes(ratios={"mood": 2.0}), {"interventions": moves})
    assert who(chain) == ["2 intervention late", "5 intervention go", "5 strike"]
    assert (RAISED, "mood") in {(b.how, b.what) for b in chain.links[-1].because}


def test_a_ratio_below_one_is_raised_by_what_lowers_its_perception() -> None:
    chain = chained(strikes(ratios={"integrity": 0.4}), interventions=adds("x", 1, by=1.0))
    assert who(chain) == ["5 intervention go", "5 strike"]
    lower = {"interventions": {"lower": on_day(3, effects=[{"add": "integrity", "by": -0.3}])}}
    assert "3 intervention lower" in who(chained(strikes(ratios={"integrity": 0.4}), lower))


def test_a_neutral_ratio_asks_for_nothing() -> None:
    moves = {"interventions": adds("up", 1, by=1.0) | adds("back", 2, by=-1.0)}
    assert who(chained(strikes(ratios={"mood": 2.0}), moves)) == ["5 intervention go", "5 strike"]


def test_a_rule_rests_on_what_switched_it_on() -> None:
    on = {"rules": {"strike": {"enabled": False}}, "interventions": {"on": on_day(4, effects=[{"enable": ["strike"]}])}}
    chain = chained(strikes(), on)
    assert who(chain) == ["4 intervention on", "5 intervention go", "5 strike"]


def test_an_intervention_rests_on_what_opened_its_gates() -> None:
    gated = {"actor": "red", "target": "blue", "event": "spark", "when": {"mood": {"at_least": 1.0}}}
    chain = chained(REPLY, MOOD, {"interventions": {"spark": {"on": None, **gated}, **adds("opens", 3, by=1.0)}})
    assert who(chain) == ["3 intervention opens", "4 intervention spark", "4 reply"]


def test_the_effects_beside_its_event_rest_on_the_same() -> None:
    both = {"event": "note", "effects": [{"provoke": True}], "when": {"mood": {"at_least": 1.0}}}
    acts = {"spark": {"on": None, "event": None, **both}, **adds("opens", 3, by=1.0)}
    chain = chained(REPLY, MOOD, {"interventions": acts})
    assert who(chain) == ["3 intervention opens", "4 intervention spark", "4 reply"]


def test_the_gates_of_the_item_count() -> None:
    each = {
        "rules": {"strike": rule("strike", "blue", "red", for_each="post", where={"post": "encircled"})},
        "interventions": {
            "gain": on_day(3, event="gain", target="band", place="field"),
        },
        "events": {"strike": {"effects": [{"fire": True}]}, "gain": {"effects": [{"advance": 0.4}]}},
        "outcomes": FIRE,
    }
    chain = chained(each)
    assert who(chain) == ["3 intervention gain", "3 strike"]
    assert chain.events[1].post == "tower"


# --- what is counted ------------------------------------------------------------------------------------------------


def shots(days: list[int], by: str = "red", against: str = "blue", kill: float = 1.0) -> dict[str, Any]:
    """One intervention a day, in which soldiers are killed."""
    effects = [{"fire": True}, {"kill": "dead"}]
    acts = {f"{by}_{day}": on_day(day, event="shot", actor=by, target=against, marks={"dead": kill}) for day in days}
    return {"events": {"shot": {"marks": {"dead": [{"size": 1.0}]}, "effects": effects}}, "interventions": acts}


def test_only_what_was_added_within_the_window_stands_on_the_chain() -> None:
    killed = {"end": {"count": "killed.red.blue", "window_days": 3, "at_least": 3, "headline": True}}
    assert who(chained(shots([1, 4, 5, 6]), outcomes=killed)) == [f"{day} intervention shot" for day in (4, 5, 6)]


def test_what_adds_nothing_does_not_stand_on_it() -> None:
    killed = {"end": {"count": "killed.red.blue", "at_least": 2, "headline": True}}
    none = {"interventions": {"red_2": {"marks": {"dead": 0.0}}}}
    assert who(chained(shots([1, 2, 3]), none, outcomes=killed)) == ["1 intervention shot", "3 intervention shot"]


def test_mutual_fire_counts_the_days_on_which_both_fired() -> None:
    both = {"end": {"count": "mutual_fire.red.blue", "window_days": 7, "days_at_least": 2, "at_least": None}}
    chain = chained(shots([1, 2, 4]), shots([2, 3, 4], "blue", "red"), outcomes=both)
    assert [event.day for event in chain.events] == [2, 2, 4, 4]
    assert {event.by for event in chain.events} == {"red", "blue"}


def test_deaths_are_followed_to_what_raised_the_regime() -> None:
    deaths = {"end": {"count": "deaths", "window_days": 2, "at_least": 1, "headline": True}}
    fighting = {"regimes": {"quiet": {"mean": 0.0, "size": 1.0}, "war": {"mean": 500.0, "size": 50.0}}}
    chain = chained(
        {"fighting": fighting, "outcomes": deaths, "interventions": {"war": on_day(4, effects=[{"regime": "war"}])}}
    )
    assert who(chain) == ["4 intervention war", "4 fighting"]
    assert chain.rules == ["intervention war"]


def test_an_end_that_is_dated_back_rests_on_what_came_until_it_was_known() -> None:
    back = {"end": {"count": "killed.red.blue", "window_days": 5, "at_least": 3, "backdate_to": 1}}
    scenario = small(shots([2, 3, 4]), outcomes=back)
    chain = chain_of(scenario, 0, 0)
    assert (chain.day, chain.evening, [event.day for event in chain.events]) == (2, 4, [2, 3, 4])
    assert next(why_lines(scenario, chain)) == "why end on day 2 (known on day 4): 3 events stand on the chain"


def test_of_alternatives_those_that_held_are_followed() -> None:
    outcomes = {
        "war": {"count": "fire.red.blue", "at_least": 2},
        "word": {"count": "event.note", "at_least": 1},
        "end": {"any": ["war", "word"], "headline": True},
    }
    acts = {"note": on_day(3, event="note")}
    chain = chained(shots([1]), {"interventions": acts}, outcomes=outcomes)
    assert who(chain) == ["3 intervention note"]
    assert (chain.end, chain.through) == ("end", "word")


def test_a_state_that_is_reached_rests_on_the_event_that_reached_it() -> None:
    low = {"end": {"count": None, "at_least": None, "state": "integrity", "below": 0.5}}
    drops = {f"drop_{day}": on_day(day, effects=[{"add": "integrity", "by": by}]) for day, by in ((1, -0.1), (3, -0.4))}
    assert who(chained({"interventions": drops}, outcomes=low)) == ["3 intervention drop_3"]


# --- ends -----------------------------------------------------------------------------------------------------------

AGREED = {"new_agreement": {"count": "event.note", "at_least": 1}}


def test_without_the_headline_the_first_other_end_is_explained() -> None:
    chain = chained({"interventions": {"sign": on_day(4, event="note")}}, outcomes=AGREED)
    assert (chain.end, chain.day, who(chain)) == ("new_agreement", 4, ["4 intervention note"])


def test_the_headline_is_explained_though_another_end_came_first() -> None:
    assert chained(REPLY, {"interventions": {"sign": on_day(1, event="note")}}, outcomes=AGREED).end == "end"


def test_a_trial_without_end_has_no_chain() -> None:
    scenario = small(REPLY, interventions={"spark": None}, events={"spark": None}, outcomes=AGREED)
    chain = chain_of(scenario, 0, 0)
    assert (chain.end, chain.day, chain.links, chain.rules) == (None, None, (), [])
    assert list(why_lines(scenario, chain)) == [
        "why: this trial has no end to explain; none of its outcomes that end a trial came true"
    ]


def test_what_voids_the_headline_is_an_end() -> None:
    voiding = small(outcomes={"peace": {"count": "event.note", "at_least": 1}, "end": {"before": "peace"}})
    assert ends_of(voiding) == ["end", "peace"]
    assert end_of(voiding, {"end_day": None, "peace_day": 3}) == "peace"
    assert end_of(voiding, {"end_day": 5, "peace_day": None}) == "end"


def test_what_stops_a_trial_is_an_end() -> None:
    chain = chained(
        {"interventions": {"sign": on_day(4, event="note")}},
        outcomes={"peace": {"count": "event.note", "at_least": 1}},
        ends_when=["peace"],
    )
    assert (chain.end, chain.day, who(chain)) == ("peace", 4, ["4 intervention note"])


def test_a_trial_that_does_not_come_out_again_is_noticed() -> None:
    model = CeasefireModel(small(REPLY), trial=0, collect=False)
    run = model.run()
    without = Trajectory(run.row, run.daily, [event for event in run.events if event.event != "reply"])
    with pytest.raises(RunError, match="did not come to its end"):
        trace(model.prepared, without)


def test_a_trial_that_was_run_already_is_not_run_again() -> None:
    scenario = small(REPLY)
    lived = CeasefireModel(scenario, trial=0, collect=False).run()
    assert chain_of(scenario, 0, 0, lived) == chain_of(scenario, 0, 0)


# --- in words -------------------------------------------------------------------------------------------------------


def test_a_chain_is_told_from_the_origin_to_the_end_without_blame() -> None:
    scenario = small(REPLY)
    assert list(why_lines(scenario, chain_of(scenario, 0, 0))) == [
        "why end on day 2: 2 events stand on the chain",
        "      1 day 2: Redland: spark (Blueland)  [intervention]",
        "        an intervention of the scenario",
        "      2 day 2: Blueland: reply (Redland)  [reply]",
        "        provoked opened by 1",
        "    end end: fire.blue.red added to by 2",
        "An event stands here because a later one read what it had changed: a fact about this trial, not about blame.",
    ]


def test_days_of_fighting_in_a_row_are_one_line() -> None:
    deaths = {"end": {"count": "deaths", "at_least": 1000, "headline": True}}
    fighting = {"regimes": {"quiet": {"mean": 400.0, "size": 400.0}, "war": {"mean": 500.0, "size": 50.0}}}
    scenario = small(fighting=fighting, outcomes=deaths)
    chain = chain_of(scenario, 0, 0)
    lines = list(why_lines(scenario, chain))
    killed = sum(event.marks["deaths"] for event in chain.events)
    assert len(chain.links) == chain.day
    assert lines[1] == f"    1-{chain.day} days 1-{chain.day}: the fighting, {killed:.0f} killed"
    assert lines[2] == "        all that it read stood so at the origin, or came with the days"


# --- every scenario -------------------------------------------------------------------------------------------------


def shipped(name: str) -> Scenario:
    return load(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["idlib-2020-02-11", "idlib-2019-08-31", "invented-border"])
def test_the_links_of_shipped_scenarios_lean_on_earlier_ones_only(name: str) -> None:
    scenario = shipped(name)
    ended = [chain for chain in (chain_of(scenario, 0, trial) for trial in range(8)) if chain.end is not None]
    assert ended
    for chain in ended:
        reached = {b.link for b in chain.crossed} | {b.link for link in chain.links for b in link.because}
        assert reached == set(range(len(chain.links)))
        assert all(b.link < k for k, link in enumerate(chain.links) for b in link.because)
        assert all(not event.void for event in chain.events)
        assert len(list(why_lines(scenario, chain))) >= 3
