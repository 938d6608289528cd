"""How marks are drawn, what rung an event stands for, and what is counted and logged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.conflict import state as st
from sim.conflict.day import day
from sim.model import CeasefireModel
from sim.trajectory import Event, Trajectory
from tests.small import look, on_day, played, ready, rule, told

MANY = 2000
FALSE_ALARM = 1e-6


def marks_of(cases: list[dict[str, Any]], **changes: Any) -> list[float]:
    """The mark `size` in many trials of an event that is certain."""
    prepared = ready({"events": {"hit": {"marks": {"size": cases}}}, "rules": {"hit": rule("hit")}}, changes)
    found = []
    for trial in range(MANY):
        model = CeasefireModel(prepared, trial=trial, collect=False)
        model.step()
        found.append(next(e for e in model.events() if e.event == "hit").marks["size"])
    return found


def one(cases: list[dict[str, Any]], **changes: Any) -> float:
    model = played(1, {"events": {"hit": {"marks": {"size": cases}}}, "rules": {"hit": rule("hit")}}, changes)
    return hits(model)[0].marks["size"]


def hits(model: CeasefireModel | Trajectory) -> list[Event]:
    events = model.events if isinstance(model, Trajectory) else model.events()
    return [event for event in events if event.event == "hit"]


# --- laws -----------------------------------------------------------------------------------------------------------

FREE_SIZE = {"at_least": 0.0, "whole": False}


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("size", "law"),
    [
        ({"law": "uniform", "low": 2.0, "high": 5.0}, stats.uniform(2, 3)),
        ({"law": "lognormal", "median": 3.0, "sigma": 0.7}, stats.lognorm(0.7, scale=3.0)),
        ({"law": "lognormal", "median": 3.0, "sigma": 0.7, "ratios": {"rain": 2.0}}, stats.lognorm(0.7, scale=12.0)),
        ({"law": "lognormal", "median": 3.0, "sigma": 0.7, "scale": "rain"}, stats.lognorm(0.7, scale=6.0)),
    ],
    ids=["uniform", "lognormal", "ratio", "scale"],
)
def test_a_continuous_mark_follows_its_law(size: dict[str, Any], law: Any) -> None:
    drawn = marks_of([{"size": size | FREE_SIZE}], quantities={"rain": {"initial": 2.0}})
    assert stats.kstest(drawn, law.cdf).pvalue > FALSE_ALARM


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("size", "law"),
    [
        ({"law": "poisson", "mean": 2.0}, stats.poisson(2.0)),
        ({"law": "poisson", "mean": 2.0, "scale": "rain"}, stats.poisson(4.0)),
        ({"law": "negative_binomial", "mean": 3.0, "size": 0.8}, stats.nbinom(0.8, 0.8 / 3.8)),
    ],
    ids=["poisson", "scaled", "negative binomial"],
)
def test_a_counting_mark_follows_its_law(size: dict[str, Any], law: Any) -> None:
    drawn = np.array(marks_of([{"size": size | {"at_least": 0.0}}], quantities={"rain": {"initial": 2.0}}))
    seen = [np.sum(drawn == k) for k in range(6)] + [np.sum(drawn >= 6)]
    wanted = [MANY * law.pmf(k) for k in range(6)] + [MANY * law.sf(5)]
    assert stats.chisquare(seen, wanted).pvalue > FALSE_ALARM


def test_a_constant_mark_is_its_value() -> None:
    assert one([{"size": 2.5}]) == 2.5
    assert one([{}]) == 1.0
    assert one([{"size": {"value": 4.0}}]) == 4.0


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ({"value": 2.5}, 3.0),
        ({"value": 2.4}, 2.0),
        ({"value": 0.2}, 1.0),  # at least one, once it happens
        ({"value": 0.2, "at_least": 0.0}, 0.0),
        ({"value": 2.5, "whole": False}, 2.5),
        ({"value": 50.0, "at_most": 20.0}, 20.0),
        ({"law": "poisson", "mean": 0.0}, 1.0),
        ({"value": 3.0, "scale": "rain"}, 6.0),
        ({"value": 3.0, "ratios": {"rain": 3.0}}, 27.0),
    ],
)
def test_a_size_is_rounded_and_bounded(size: dict[str, Any], wanted: float) -> None:
    assert one([{"size": size}], quantities={"rain": {"initial": 2.0}}) == wanted


# --- cases ----------------------------------------------------------------------------------------------------------


def test_the_first_case_whose_gates_hold_decides() -> None:
    cases = [{"when": {"rain": 1.0}, "size": 10.0}, {"when": {"rain": {"at_least": 2.0}}, "size": 20.0}, {"size": 30.0}]
    assert [one(cases, quantities={"rain": {"initial": k}}) for k in (0.0, 1.0, 2.0)] == [30.0, 10.0, 20.0]
    assert one(cases[:1], quantities={"rain": {"initial": 0.0}}) == 0.0  # no case holds
    assert (
        one([{"when": {"rain": 1.0}, "probability": 0.0}, {"size": 30.0}], quantities={"rain": {"initial": 1.0}}) == 0.0
    )


@pytest.mark.statistical
def test_a_probability_is_raised_through_its_hazard() -> None:
    """1 - (1 - 0.2) ** (3 ** 2) with a ratio of 3 on a perception of 2."""
    plain = marks_of([{"probability": 0.2}])
    raised = marks_of([{"probability": 0.2, "ratios": {"rain": 3.0}}], quantities={"rain": {"initial": 2.0}})
    assert stats.binomtest(int(sum(plain)), MANY, 0.2).pvalue > FALSE_ALARM
    assert stats.binomtest(int(sum(raised)), MANY, 1 - 0.8**9).pvalue > FALSE_ALARM
    assert all(one_ <= other for one_, other in zip(plain, raised, strict=True))  # the same luck, a better chance


def test_a_mark_shares_its_luck_neither_with_its_clock_nor_with_the_other_marks() -> None:
    """A clock that rings seldom has a high draw; were it the mark's too, the mark would always happen."""
    marks = {"first": [{"probability": 0.5}], "second": [{"probability": 0.5}]}
    rules = {"hit": rule("hit", pick="place", rate=0.1)}
    prepared = ready({"events": {"hit": {"marks": marks}}, "rules": rules})
    found = {tuple(e.marks.values()) for trial in range(30) for e in hits(CeasefireModel(prepared, trial=trial).run())}
    assert found == {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}


def test_a_mark_may_read_those_drawn_before_it() -> None:
    marks = {
        "killed": [{"size": 12.0}],
        "many": [{"when": {"mark.killed": {"at_least": 10.0}}}],
        "few": [{"when": {"mark.killed": {"below": 10.0}}}],
    }
    (event,) = hits(played(1, {"events": {"hit": {"marks": marks}}, "rules": {"hit": rule("hit")}}))
    assert event.marks == {"killed": 12.0, "many": 1.0, "few": 0.0}


def test_marks_of_an_item_read_the_item() -> None:
    cases = [{"when": {"post": "blocking"}, "size": 7.0}, {"size": 2.0}]
    rules = {"hit": rule("hit", for_each="post")}
    model = played(1, {"events": {"hit": {"marks": {"killed": cases}}}, "rules": rules})
    assert sorted(told(model.events())) == ["1 hit red>blue gate killed=7", "1 hit red>blue tower killed=2"]


def test_an_intervention_gives_its_marks_and_draws_the_others() -> None:
    marks = {"killed": [{"size": 5.0}], "public": [{"size": 2.0}]}
    interventions = {"act": on_day(1, event="hit", marks={"killed": 9.0})}
    (event,) = hits(played(1, {"events": {"hit": {"marks": marks}}}, interventions=interventions))
    assert event.marks == {"killed": 9.0, "public": 2.0}
    interventions = {"act": on_day(1, event="hit", marks={"killed": 0.0})}
    (event,) = hits(played(1, {"events": {"hit": {"marks": marks}}}, interventions=interventions))
    assert event.marks == {"killed": 0.0, "public": 2.0}  # a mark given as nothing is given


# --- rungs ----------------------------------------------------------------------------------------------------------


def climbed(*rungs: Any, killed: float = 0.0) -> CeasefireModel:
    """After events of these rungs on days 1, 2, ...; rungs do not drift in the meantime."""
    events = {f"e{k}": {"rung": rung, "marks": {"killed": [{"size": killed}]}} for k, rung in enumerate(rungs)}
    acts = {f"a{k}": on_day(k + 1, event=f"e{k}") for k in range(len(rungs))}
    return played(len(rungs), events=events, interventions=acts, defaults={"rung_drifts_up_to": -9})


def test_an_event_raises_the_rung_and_never_lowers_it_but_below_zero() -> None:
    assert look(climbed(4), "rung.red.blue") == 4.0
    assert look(climbed(4, 2), "rung.red.blue") == 4.0
    assert look(climbed(4, 6), "rung.red.blue") == 6.0
    assert look(climbed(4, 0), "rung.red.blue") == 4.0
    assert look(climbed(4, -3), "rung.red.blue") == -3.0
    assert look(climbed(-3, -1), "rung.red.blue") == -1.0
    assert look(climbed(None), "rung.red.blue") == 0.0
    assert look(climbed(4), "rung.red.band") == 0.0


def test_a_mark_that_is_not_zero_raises_the_rung_of_its_event() -> None:
    assert look(climbed({"default": 4, "killed": 7}), "rung.red.blue") == 4.0
    assert look(climbed({"default": 4, "killed": 7}, killed=1.0), "rung.red.blue") == 7.0
    assert look(climbed({"killed": 7}), "rung.red.blue") == 0.0
    assert look(climbed({"default": 4, "killed": 2}, killed=1.0), "rung.red.blue") == 4.0


def test_hostility_adds_up_rungs_above_zero() -> None:
    model = climbed(4, -3, 2)
    day = 0.5 ** (1 / 2.0)
    assert look(model, "hostility_fast", "red", "blue") == pytest.approx(4 * day**2 + 2)
    assert look(model, "hostility_slow", "blue", "red") == pytest.approx(4 * 0.5 ** (2 / 30) + 2)


def test_the_peak_is_of_the_trial_and_of_the_dyad() -> None:
    model = climbed(4, 6, -3)
    assert model.state[st.PEAK_RUNG] == 6.0
    assert model.highest_rung("red") == 0.0  # now: only the band's dyads, never above routine
    assert model.state[model.tables.dyad_peak + model.names.dyad("red", "blue")] == 6.0


# --- counts ---------------------------------------------------------------------------------------------------------


def test_since_and_count_follow_an_event() -> None:
    interventions = {"one": on_day(2, event="note"), "two": on_day(4, event="note")}
    rules = {"watch": rule("hit", when={"since.note": {"below": 9999.0}}, rate=0.0)}
    seen = []
    for days in range(1, 7):
        model = played(days, events={"hit": {}}, interventions=interventions, rules=rules)
        seen.append((look(model, "since.note"), look(model, "count.note")))
    assert seen == [(9999.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 2.0), (1.0, 2.0), (2.0, 2.0)]


def test_never_stays_9999() -> None:
    rules = {"watch": rule("note", when={"since.note": {"below": 9999.0}})}
    assert told(played(5, rules=rules).events()) == []
    assert look(played(5, rules=rules), "since.note") == 9999.0


def test_the_log_has_a_row_for_each_event_with_who_when_where_and_how_likely() -> None:
    model = played(1, rules={"note": rule(for_each="post", rate=2.0, where={"post": "free"})}, seed=4)
    (event,) = [e for e in model.events() if e.event == "note"]
    assert (event.day, event.phase, event.rule, event.by, event.against, event.place, event.post, event.void) == (
        1,
        "initiative",
        "note",
        "red",
        "blue",
        "field",
        "tower",
        False,
    )
    assert event.hazard == 2.0
    (fighting,) = [e for e in model.events() if e.event == "fighting"]
    assert (fighting.phase, fighting.by, fighting.against, fighting.marks) == ("daily", "red", "band", {"deaths": 0.0})


def test_a_log_without_room_goes_on_counting() -> None:
    prepared = ready(rules={"note": rule()})
    model = CeasefireModel(prepared)
    s, width = list(model.state), model.decoder.log_width
    log = [0.0] * width  # one row
    day(s, prepared.compiled.tables, model.address, log)
    assert (s[st.LOGGED], len(log)) == (2.0, width)
    assert model.decoder.events(log, 1)[0].rule == "note"
