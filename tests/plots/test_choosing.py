"""Which events a ladder names: new peaks, deaths and deals before routine, and no exchange twice."""

from __future__ import annotations

from typing import Any

from sim.plots.choosing import Telling, choose, rung_of, tell
from sim.scenario.schema import EventType
from sim.trajectory import Event, Trajectory


def _told(day: int, rung: int | None, event: str, killed: float = 0.0) -> Telling:
    return Telling(day, rung, event, "Turkey", event, killed)


def test_the_most_telling_are_chosen_and_stay_in_order() -> None:
    tellings = [_told(day, 4, "shelling") for day in range(1, 30)] + [_told(30, 8, "operation"), _told(31, -2, "deal")]
    chosen = choose(tellings, most=3)
    assert [telling.event for telling in chosen] == ["shelling", "operation", "deal"]
    assert chosen[0].day == 1


def test_deaths_weigh() -> None:
    tellings = [_told(1, 7, "hit", 1), _told(2, 7, "hit", 0), _told(3, 7, "hit", 33)]
    assert [telling.day for telling in choose(tellings, most=2)] == [1, 3]


def test_the_same_act_on_the_same_day_is_named_once_and_what_has_no_rung_never() -> None:
    assert len(choose([_told(1, 5, "strike"), _told(1, 5, "strike"), _told(2, None, "fray")])) == 1


def test_marked_days_come_first() -> None:
    tellings = [_told(day, 5, "strike") for day in (1, 2, 3, 4)]
    assert [telling.day for telling in choose(tellings, most=2, marked=frozenset({4}))] == [1, 4]


def test_events_are_told_with_agents_and_rungs(results: Any) -> None:
    told = tell(results.one, results.scenario)
    hit = next(telling for telling in told if telling.day == 4)
    assert (hit.rung, hit.by, hit.killed) == (7, "Syrian government", 5)
    assert hit.text == "Syrian government hits the post at Taftanaz, 5 soldiers killed"
    assert next(telling for telling in told if telling.day == 95).by == "Rebels"
    assert sum(telling.day == 9 for telling in told) == 1  # the other rang too late


def test_what_is_chosen_spreads_over_the_trial() -> None:
    busy = [_told(day, 6, f"event-{day}-{k}") for day in (1, 2, 3) for k in range(10)]
    quiet = [_told(day, 4, f"later-{day}") for day in (60, 120, 180)]
    assert sum(telling.day >= 60 for telling in choose([*busy, *quiet], most=6)) == 3


def test_one_kind_of_event_does_not_crowd_out_the_others() -> None:
    hits = [_told(day, 7, "hit", 1) for day in range(1, 180, 9)]
    others = [_told(5, -2, "deal"), _told(50, 5, "ultimatum"), _told(80, 8, "operation"), _told(100, -1, "truce")]
    chosen = {telling.event for telling in choose(sorted([*hits, *others], key=lambda told: told.day), most=6)}
    assert chosen == {"hit", "deal", "ultimatum", "operation", "truce"}


def test_taking_a_sector_or_cutting_off_a_post_turns_a_trial(results: Any) -> None:
    advance = {"rung": 6, "marks": {"share": [{"size": {"law": "constant", "value": 1}}]},
               "effects": [{"advance": "share"}], "told": "{by} takes ground at {place}"}  # fmt: skip
    kind = EventType.model_validate(advance)
    scenario = results.scenario.model_copy(update={"events": {**results.scenario.events, "advance": kind}})
    events = [
        Event(day, "initiative", 0.5, "advance", "advance", "syria", "rebels", place, None, False, {"share": 0.1})
        for day, place in [(2, "saraqib_m5"), (3, "saraqib_m5"), (3, "latakia"), (4, "saraqib_m5")]
    ]
    daily = {"taken.saraqib_m5": [0.8, 0.9, 1.0, 1.0], "taken.latakia": [0.0, 0.0, 0.1, 0.1],
             "posts_encircled": [0.0, 2.0, 2.0, 3.0]}  # fmt: skip
    told = tell(Trajectory({}, daily, events), scenario)
    assert [telling.text.removeprefix("Syrian government takes ground at ") for telling in told] == [
        "Saraqib–M5; 2 posts are cut off", "Saraqib–M5, and with it the sector", "Latakia",
        "Saraqib–M5; a post is cut off",
    ]  # fmt: skip
    assert [telling.turns for telling in told] == [True, True, False, True]


def test_the_rung_is_the_highest_whose_mark_is_not_zero(results: Any) -> None:
    hit = results.scenario.events["hit_post"]
    assert rung_of(hit, {"killed": 0}) == 4
    assert rung_of(hit, {"killed": 2}) == 7
    assert rung_of(results.scenario.events["fray"], {}) is None
