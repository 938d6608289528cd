"""Counters over windows, conditions, dates, levels, and who is credited."""

from __future__ import annotations

from typing import Any

import pytest

from sim.trajectory import Trajectory
from tests.small import ORIGIN, on_day, played, rule

NEVER_ = {"end": {"count": "deaths", "at_least": 1e9, "headline": True}}
EVENTS: dict[str, Any] = {
    "shot": {"rung": 4, "marks": {"killed": [{"size": 3.0}]}, "effects": [{"fire": True}, {"kill": "killed"}]},
    "reply": {"rung": 7, "marks": {"killed": [{"size": 3.0}]}, "effects": [{"fire": True}, {"kill": "killed"}]},
    "gain": {"effects": [{"advance": 1.0}]},
    "loss": {"effects": [{"retake": 1.0}]},
}


def shots(*days: int, event: str = "shot", name: str = "s", **who: Any) -> dict[str, Any]:
    return {f"{name}{k}": on_day(day, event=event, **who) for k, day in enumerate(days)}


def ran(outcomes: dict[str, Any], *acts: dict[str, Any], days: int = 10, **changes: Any) -> Trajectory:
    """A trial of ten days; the first outcome is the headline unless one says so."""
    if not any(o.get("headline") for o in outcomes.values()):
        first = next(iter(outcomes))
        outcomes = {name: o | {"headline": name == first} for name, o in outcomes.items()}
    interventions = {name: act for group in acts for name, act in group.items()}
    layer = {"events": EVENTS, "outcomes": {"end": None, **outcomes}, "interventions": interventions}
    return played(days, layer, changes).trajectory()


def day_of(condition: dict[str, Any], *acts: dict[str, Any], **changes: Any) -> int | None:
    day = ran({"it": condition}, *acts, **changes).row["it_day"]
    assert day is None or isinstance(day, int)
    return day


def buried(*deaths: float) -> dict[str, Any]:
    """So many deaths on each day of the trial, through a regime for each number of deaths."""
    numbers = sorted(set(deaths) | {0.0, 1e-9})
    regimes = {"quiet": None, "war": None} | {f"r{k}": {"mean": n, "size": 1.0} for k, n in enumerate(numbers)}
    moves = {f"d{k}": on_day(k + 1, effects=[{"regime": f"r{numbers.index(n)}"}]) for k, n in enumerate(deaths)}
    return {"fighting": {"regimes": regimes}, "interventions": moves}


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deaths are exactly their mean."""
    monkeypatch.setattr("sim.conflict.processes.negative_binomial", lambda u, mean, size: mean)


# --- counts and windows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "day"),
    [
        ({"count": "event.shot", "at_least": 1}, 2),
        ({"count": "event.shot", "at_least": 3}, 7),
        ({"count": "event.shot", "at_least": 5}, None),
        ({"count": "event.shot", "window_days": 2, "at_least": 2}, 3),
        ({"count": "event.shot", "window_days": 6, "at_least": 3}, 7),
        ({"count": "event.shot", "window_days": 5, "at_least": 3}, None),
        ({"count": "event.shot", "window_days": 1, "at_least": 2}, None),
        ({"count": "event.shot.red", "at_least": 1}, 2),
        ({"count": "event.shot.blue", "at_least": 1}, None),
        ({"count": "killed.red.blue", "at_least": 6}, 3),
        ({"count": "killed.blue.red", "at_least": 1}, None),
        ({"count": "killed.red.blue", "window_days": 2, "at_least": 6}, 3),
        ({"count": "fire.red.blue", "days_at_least": 3}, 7),
        ({"count": "fire.red.blue", "at_least": 3}, 7),
        ({"count": "fire.blue.red", "days_at_least": 1}, None),
    ],
)
def test_a_count_over_a_window(condition: dict[str, Any], day: int | None) -> None:
    assert day_of(condition, shots(2, 3, 7, 8)) == day


def test_two_shots_on_a_day_are_two_events_and_one_day_of_fire() -> None:
    twice = shots(2, 2)
    assert day_of({"count": "event.shot", "at_least": 2}, twice) == 2
    assert day_of({"count": "killed.red.blue", "at_least": 6}, twice) == 2
    assert day_of({"count": "fire.red.blue", "days_at_least": 2}, twice) is None


def test_fire_is_mutual_only_on_the_same_day() -> None:
    back = {"actor": "blue", "target": "red", "event": "reply", "name": "r"}
    mutual = {"count": "mutual_fire.red.blue", "days_at_least": 1}
    assert day_of(mutual, shots(2, 5), shots(3, **back)) is None
    assert day_of(mutual, shots(2, 5), shots(3, 5, **back)) == 5
    assert day_of({"count": "mutual_fire.blue.red", "days_at_least": 1}, shots(2, 5), shots(5, **back)) == 5
    both = {"count": "killed_between.red.blue", "at_least": 9}
    assert day_of(both, shots(2, 5), shots(3, **back)) == day_of(both, shots(2, 5), shots(3, **back)) == 5


def test_a_factions_deeds_count_for_its_coalition() -> None:
    by_hawks = shots(4, actor="hawks")
    assert day_of({"count": "killed.band.blue", "at_least": 3}, by_hawks) == 4
    assert day_of({"count": "killed.hawks.blue", "at_least": 3}, by_hawks) == 4
    assert [
        day_of({"count": f"event.shot.{party}", "at_least": 1}, by_hawks) for party in ("hawks", "band", "doves", "red")
    ] == [4, 4, None, None]


def test_windows_begin_at_the_origin(exact: None) -> None:
    past = {ORIGIN.replace(month=4, day=day): 50.0 for day in range(21, 31)}
    history = {
        "start": ORIGIN.replace(month=4, day=1),
        "daily_deaths": past,
        "events": {"old": on_day(-3, event="shot", marks={"killed": 9.0})},
    }
    condition = {"count": "deaths", "window_days": 7, "at_least": 100}
    run = ran({"it": condition}, history=history)
    assert run.daily["deaths_7d"][0] == 300.0  # what is perceived looks back
    assert run.row["it_day"] is None  # what is judged does not
    assert run.row["deaths"] == 0.0
    assert run.row["deaths_blue"] == 0.0
    assert day_of({"count": "event.shot", "at_least": 1}, history=history) is None


def test_deaths_over_seven_days(exact: None) -> None:
    changes = buried(20, 20, 20, 0, 0, 0, 0, 20, 20, 60)
    condition = {"count": "deaths", "window_days": 7, "at_least": 100}
    assert day_of(condition, changes["interventions"], fighting=changes["fighting"]) == 10
    assert day_of({"count": "deaths", "at_least": 100}, changes["interventions"], fighting=changes["fighting"]) == 9


@pytest.mark.parametrize(("least", "day"), [(10.0, 6), (16.0, 8), (1.0, 4), (70.0, 9)])
def test_an_outcome_is_dated_back_to_the_first_bad_day_of_its_window(exact: None, least: float, day: int) -> None:
    changes = buried(15, 0, 0, 3, 0, 15, 0, 20, 70)  # day 1 has left the window of day 9
    condition = {"count": "deaths", "window_days": 7, "at_least": 100, "backdate_to": least}
    assert day_of(condition, changes["interventions"], fighting=changes["fighting"]) == day


def test_back_dating_never_reaches_before_the_origin(exact: None) -> None:
    changes = buried(50, 60)
    condition = {"count": "deaths", "window_days": 7, "at_least": 100, "backdate_to": 10.0}
    assert day_of(condition, changes["interventions"], fighting=changes["fighting"]) == 1


def test_places_lost_counts_net_changes_and_posts_the_newly_encircled() -> None:
    acts = shots(2, event="gain", place="field", target="band") | shots(
        4, event="loss", place="field", target="band", name="r"
    )
    assert day_of({"count": "places_lost", "at_least": 1}, acts) == 2
    assert day_of({"count": "places_lost", "at_least": 2}, acts) == 4  # lost, then won back: two changes
    assert day_of({"count": "posts_encircled", "at_least": 2}, acts) == 2
    assert day_of({"count": "posts_encircled", "at_least": 3}, acts) is None
    same_day = shots(2, event="gain", place="field", target="band") | shots(
        2, event="loss", place="field", target="band", name="r"
    )
    assert day_of({"count": "places_lost", "at_least": 1}, same_day) is None


# --- states and combinations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "day"),
    [
        ({"state": "rain", "at_least": 4}, 3),
        ({"state": "rain", "above": 4}, 4),
        ({"state": "rain", "below": 3}, 1),
        ({"state": "red.mood", "at_least": 4}, 3),
        ({"state": "blue.mood", "at_least": 1}, None),
        ({"state": "rung.red.blue", "at_least": 1}, None),
        ({"not": {"state": "rain", "below": 4}}, 3),
        ({"all": [{"state": "rain", "at_least": 4}, {"state": "red.mood", "at_least": 5}]}, 4),
        ({"any": [{"state": "rain", "at_least": 4}, {"state": "red.mood", "at_least": 5}]}, 3),
        ({"all": [{"state": "rain", "at_least": 4}, {"not": {"any": [{"state": "rain", "at_least": 4}]}}]}, None),
    ],
)
def test_a_condition_on_states(condition: dict[str, Any], day: int | None) -> None:
    """Rain and red's mood are 2, 3, 4, 5 ... at the end of days 1, 2, 3, 4."""
    grows = {"wet": {"effects": [{"add": "rain", "by": 1.0}, {"add": "mood", "by": 1.0}]}}
    acts = {f"w{k}": on_day(k, event="wet") for k in range(1, 9)}
    quantities = {"rain": {"initial": 1.0}, "mood": {"of": "actor", "initial": {"red": 1.0}}}
    assert day_of(condition, acts, quantities=quantities, events=grows) == day


def test_outcomes_refer_to_each_other_in_any_order() -> None:
    outcomes = {
        "later": {"all": ["first", {"count": "event.shot", "at_least": 2}]},
        "either": {"any": ["later", "first"]},
        "first": {"count": "event.shot", "at_least": 1},
        "peace": {"not": "first"},
    }
    row = ran(outcomes, shots(2, 6)).row
    assert {name: row[f"{name}_day"] for name in outcomes} == {"later": 6, "either": 2, "first": 2, "peace": 1}


@pytest.mark.parametrize(("voider", "day"), [(2, None), (4, None), (5, 4)])
def test_before_voids_an_outcome_that_comes_later_or_on_the_same_day(voider: int, day: int | None) -> None:
    outcomes = {
        "it": {"count": "event.shot", "at_least": 1, "before": "gone"},
        "gone": {"count": "event.gain", "at_least": 1},
    }
    row = ran(outcomes, shots(4), shots(voider, event="gain", target="band", place="field", name="g")).row
    assert (row["it_day"], row["gone_day"]) == (day, voider)


def test_before_may_name_several() -> None:
    outcomes = {
        "it": {"count": "event.shot", "at_least": 1, "before": ["never", "gone"]},
        "gone": {"count": "event.gain", "at_least": 1},
        "never": {"count": "event.loss", "at_least": 1},
    }
    gain = shots(2, event="gain", target="band", place="field", name="g")
    assert ran(outcomes, shots(4), gain).row["it_day"] is None
    assert ran(outcomes, shots(4)).row["it_day"] == 4


@pytest.mark.parametrize(("voider", "day"), [(2, None), (3, None), (4, 3), (5, 3)])
def test_before_compares_the_dates_that_outcomes_are_given(exact: None, voider: int, day: int | None) -> None:
    """A collapse that is seen on day 4 and dated back to day 3 came before what happened on day 4."""
    changes = buried(0, 0, 60, 60)
    outcomes = {
        "it": {"count": "deaths", "window_days": 7, "at_least": 100, "backdate_to": 10.0, "before": "gone"},
        "gone": {"count": "event.shot", "at_least": 1},
    }
    row = ran(outcomes, changes["interventions"], shots(voider), fighting=changes["fighting"]).row
    assert row["it_day"] == day


# --- credit ---------------------------------------------------------------------------------------------------------


def credit(condition: dict[str, Any], *acts: dict[str, Any], **changes: Any) -> tuple[Any, Any]:
    row = ran({"it": condition}, *acts, **changes).row
    return row["crossing_actor"], row["crossing_rule"]


RULES = {
    "shoots": rule("shot", when={"count.shot": {"below": 2.0}}),
    "answers": rule("reply", "hawks", "red", phase="reaction", when={"count.shot": 2.0}),
}


def test_an_event_that_crosses_is_credited_to_its_rule_and_party() -> None:
    assert credit({"count": "event.shot", "at_least": 2}, rules=RULES) == ("red", "shoots")
    assert credit({"count": "event.reply", "at_least": 1}, rules=RULES) == ("hawks", "answers")


def test_a_two_sided_condition_is_credited_to_the_exchange_of_fire() -> None:
    rules = RULES | {"answers": rule("reply", "blue", "red", phase="reaction", when={"count.shot": 2.0})}
    exchange = ("exchange", "fighting")
    assert credit({"count": "mutual_fire.red.blue", "days_at_least": 1}, rules=rules) == exchange
    assert credit({"count": "deaths", "at_least": -1}, rules=rules) == exchange
    several = {"all": [{"count": "event.shot", "at_least": 2}, {"count": "event.reply", "at_least": 1}]}
    assert credit(several, rules=rules) == exchange  # both came true on one day


def test_a_combination_is_credited_to_what_came_true_last() -> None:
    both = {"all": [{"count": "event.shot", "at_least": 1}, {"count": "event.reply", "at_least": 1}]}
    assert credit(both, rules=RULES) == ("hawks", "answers")
    either = {"any": [{"count": "event.reply", "at_least": 1}, {"count": "event.shot", "at_least": 1}]}
    assert credit(either, rules=RULES) == ("red", "shoots")


def test_an_outcome_that_rests_on_another_takes_its_credit() -> None:
    outcomes = {"it": {"any": ["war"]}, "war": {"count": "event.reply", "at_least": 1}}
    row = ran(outcomes, rules=RULES).row
    assert (row["crossing_actor"], row["crossing_rule"]) == ("hawks", "answers")


def test_an_intervention_is_credited_as_one() -> None:
    assert credit({"count": "event.shot", "at_least": 1}, shots(3)) == ("red", "intervention")
    nobody = {"s": {"on": on_day(3)["on"], "event": "note"}}
    assert credit({"count": "event.note", "at_least": 1}, nobody) == ("exchange", "intervention")


def test_nobody_crossed_what_was_not_crossed() -> None:
    assert credit({"count": "event.shot", "at_least": 9}, rules=RULES) == (None, None)


# --- first mover ----------------------------------------------------------------------------------------------------


def first_mover(**changes: Any) -> tuple[Any, Any]:
    row = ran({"it": {"count": "deaths", "at_least": 1e9}}, **changes).row
    return row["first_mover_actor"], row["first_mover_rule"]


def test_the_first_mover_is_the_party_of_the_first_rule_event_that_is_high_enough() -> None:
    threat = {"threat": {"rung": 3}}
    rules = {
        "threatens": rule("threat", "blue", "red"),
        "shoots": rule("shot", "hawks", "red", when={"count.threat": {"at_least": 2.0}}),
    }
    assert first_mover(rules=rules, events=threat) == ("hawks", "shoots")
    assert first_mover(rules=rules, events=threat, defaults={"first_move_rung": 3}) == ("blue", "threatens")
    assert first_mover(rules={"threatens": rules["threatens"]}, events=threat) == (None, None)


def test_neither_the_exchange_of_fire_nor_an_intervention_moves_first() -> None:
    quiet = {"rung": 6, "effects": []}
    rules = {"flares": rule("flare", None, None), "shoots": rule("shot", when={"count.flare": 3.0})}
    assert first_mover(rules=rules, events={"flare": quiet}) == ("red", "shoots")
    assert first_mover(rules={"flares": rules["flares"]}, events={"flare": quiet}) == (None, None)
    row = ran({"it": {"count": "deaths", "at_least": 1e9}}, shots(1)).row
    assert (row["first_mover_actor"], row["first_mover_rule"]) == (None, None)


# --- levels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deaths", "worst", "terminal"),
    [
        ((0,), "hold", "hold"),
        ((34, 0, 0, 0, 0, 0, 0, 34), "hold", "hold"),
        ((35,), "fray", "hold"),
        ((0, 0, 0, 0, 0, 35), "fray", "fray"),
        ((99, 0, 0, 0, 0, 0, 0, 0), "fray", "hold"),
        ((50, 50, 0, 0, 0, 0, 0, 0), "collapse", "hold"),
        ((50, 50, 0, 0, 0, 0, 35, 0), "collapse", "fray"),
        ((0, 0, 0, 0, 0, 0, 0, 100), "collapse", "collapse"),
    ],
)
def test_the_level_is_what_seven_days_of_deaths_show(
    exact: None, deaths: tuple[float, ...], worst: str, terminal: str
) -> None:
    changes = buried(*deaths, *[0] * (10 - len(deaths)))
    row = ran(NEVER_, changes["interventions"], fighting=changes["fighting"]).row
    assert (row["worst_level"], row["terminal_status"]) == (worst, terminal)


def test_a_soldier_of_a_patron_killed_by_a_state_or_a_sector_lost_frays() -> None:
    def levels(act: dict[str, Any]) -> tuple[Any, Any]:
        row = ran(NEVER_, act).row
        return row["worst_level"], row["terminal_status"]

    assert levels(shots(2)) == ("fray", "hold")
    assert levels(shots(8)) == ("fray", "fray")
    assert levels(shots(8, actor="hawks")) == ("hold", "hold")
    assert levels(shots(8, event="gain", target="band", place="field")) == ("fray", "fray")


def test_collapse_by_deaths_is_dated_in_every_trial(exact: None) -> None:
    changes = buried(0, 20, 0, 90)
    assert ran(NEVER_, changes["interventions"], fighting=changes["fighting"]).row["collapse_day"] == 2
    assert "collapse_day" in ran(NEVER_).row
