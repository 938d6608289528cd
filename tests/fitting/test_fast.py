"""The fit that takes seconds, from end to end on a small conflict: what it gives, and that it sees nothing later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from sim.analysis.forecasts import Record
from sim.errors import InputError
from sim.fitting.fast import LEAST_DAYS, Fast
from sim.fitting.regimes import PROPOSED, ROUNDS
from sim.history.driving import chain_of
from sim.scenario.numbers import fix, uncertain
from sim.scenario.schema import Scenario
from tests.fitting.small import FREE, made
from tests.small import ORIGIN, on_day, rule, small

DAYS = 600
FIRST = ORIGIN - dt.timedelta(DAYS)
UNTIL = FIRST + dt.timedelta(449)
TRUTH = {
    "fighting.regimes.quiet.mean": 2.0,
    "fighting.regimes.war.mean": 25.0,
    "parameters.rise.value": 0.04,
    "parameters.fall.value": 0.05,
}


@cache
def deaths() -> tuple[float, ...]:
    hidden = chain_of(fix(small(FREE), TRUTH).fighting)
    assert hidden is not None
    return tuple(float(dead or 0) for dead, _ in made(hidden, DAYS, 21)[0])


def scenario(days: Sequence[float], more: dict[str, Any] | None = None) -> Scenario:
    """The small conflict with these deaths; a truce in its second month, an insult in its fourth."""
    events = {
        "truce": on_day(60 - DAYS, event="truce"),
        "insult": on_day(120 - DAYS, event="insult"),
        **(more or {}),
    }
    daily = {FIRST + dt.timedelta(k): dead for k, dead in enumerate(days)}
    return small(FREE, history={"start": FIRST, "events": events, "daily_deaths": daily})


def fast(days: Sequence[float], more: dict[str, Any] | None = None, **arguments: int) -> Fast:
    return Fast(scenario(days, more), Record(FIRST, np.array(days)), **({"rows": 12, "tried": 6} | arguments))


@cache
def shared() -> Fast:
    return fast(deaths())


@cache
def rows() -> list[dict[str, float]]:
    return shared().rows_until(UNTIL)


def test_a_row_has_every_uncertain_number() -> None:
    known = uncertain(shared().scenario)
    assert len(rows()) == 12
    for row in rows():
        assert set(row) == set(known)
        assert all(np.isfinite(value) and value > 0 for value in row.values())


def test_fitted_numbers_are_near_those_that_made_the_record_and_the_others_are_a_sets() -> None:
    """450 days; means within a quarter, rates within the factor 2. The ratio `heat` is one of those that were tried."""
    middle = {path: np.median([row[path] for row in rows()]) for path in uncertain(shared().scenario)}
    assert middle["fighting.regimes.war.mean"] == pytest.approx(25.0, rel=0.25)
    assert middle["fighting.regimes.quiet.mean"] == pytest.approx(2.0, rel=0.25)
    assert 0.5 < middle["parameters.rise.value"] / 0.04 < 2.0
    tried = {values["parameters.heat.value"] for values in shared().sets}
    assert {row["parameters.heat.value"] for row in rows()} <= tried


def test_rules_together_are_as_fast_as_the_drift_that_made_the_record() -> None:
    """What `open` and `storm` do in a day without truce, anger 3: near the rate of .04; the prior alone says .14."""
    paces = [row["rules.open.rate"] * row["parameters.heat.value"] ** 3 + row["rules.storm.rate"] for row in rows()]
    assert 0.02 < np.median(paces) < 0.08


def test_the_truce_and_the_exposures_of_each_day() -> None:
    """The truce begins on day 59 (from 0) and shuts `open` from the next; the insult raises it later."""
    it = shared()
    assert it.exposed.shape == (6, DAYS, 3)
    assert it.truces[58].level == "none" and it.truces[59].level == "lower" and it.truces[59].age == 0
    dead = next(day for day in range(60, DAYS) if it.truces[day].level == "none") - 1  # lived under it to the evening
    heats = [values["parameters.heat.value"] for values in it.sets]
    for of_set, heat in zip(it.exposed, heats, strict=True):
        assert of_set[59, 0] == pytest.approx(heat**2, rel=1e-3)
        assert (of_set[60 : dead + 1, 0] == 0.0).all()
        assert of_set[max(dead, 120) + 1, 0] == pytest.approx(heat**3, rel=1e-3)
        assert (of_set[:, 1:] == 1.0).all()


def test_exposures_are_those_of_the_morning_as_a_run_has_them() -> None:
    """The rule that is halved for each day of a truce is so by the age of the day itself, not of the evening before."""
    of_all = scenario(deaths()).model_dump()["history"]
    history = {key: of_all[key] for key in ("start", "events", "daily_deaths")}
    rules = {"storm": {"ratios": {"truce_age": 0.5}}}
    it = Fast(small(FREE, history=history, rules=rules), Record(FIRST, np.array(deaths())), rows=2, tried=1)
    assert [it.truces[day].age for day in (59, 60, 61)] == [0, 1, 2]
    assert it.exposed[0, 59:62, 1] == pytest.approx([1.0, 0.5, 0.25])


def test_nothing_that_comes_later_changes_a_row() -> None:
    """Another record, another truce and another insult from the day after on: the same rows, to the last bit."""
    known = 450
    other = [*deaths()[:known], *(9.0 + dead for dead in deaths()[known:])]
    more = {
        "later_truce": on_day(known + 1 - DAYS, event="truce"),
        "later_insult": on_day(known + 2 - DAYS, event="insult"),
    }
    assert fast(other, more).rows_until(UNTIL) == rows()
    assert fast(other, more).rows_until(UNTIL + dt.timedelta(1)) != rows()


COUNTED: dict[str, Any] = {  # from the chronology alone, and beside deaths
    "events": {"hit_post": {}, "leader_meeting": {}},
    "parameters": {
        "hit_calm": {"value": {"dist": "gamma", "shape": 2.0, "scale": 0.1}},
        "summit_rate": {"value": {"dist": "gamma", "shape": 2.0, "scale": 0.1}},
    },
    "rules": {
        "hit": rule("hit_post", rate="$hit_calm"),
        "summit": rule("leader_meeting", rate="$summit_rate"),
    },
}


def counted(later: float, events: dict[str, Any]) -> Fast:
    """The same with two numbers that are counted, and so many more dead a day after `UNTIL`."""
    days = [*deaths()[:450], *(later + dead for dead in deaths()[450:])]
    history = scenario(days, events).history.model_dump()
    return Fast(small(FREE, COUNTED, history=history), Record(FIRST, np.array(days)), rows=2, tried=1)


def test_nothing_that_comes_later_is_counted() -> None:
    """Neither hits nor deaths; both count, each for its number, once the record is read to its end."""
    hit, late = ({name: on_day(day - DAYS, event="hit_post")} for name, day in (("hit", 200), ("late", 500)))
    usual, other = counted(0.0, hit), counted(60.0, hit | late)
    assert usual.rows_until(UNTIL) == other.rows_until(UNTIL)
    first, second = (dict(it.updates(FIRST + dt.timedelta(DAYS - 1))) for it in (usual, other))
    assert len(first) == 2 and all(first[path] != second[path] for path in first)


def test_what_came_on_the_last_day_does_change_rows() -> None:
    other = [*deaths()[:449], 99.0, *deaths()[450:]]
    assert fast(other).rows_until(UNTIL) != rows()


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    assert fast(deaths()).rows_until(UNTIL) == rows()
    assert fast(deaths(), seed=1).rows_until(UNTIL) != rows()


def test_a_day_without_record_is_none_without_deaths() -> None:
    """Two hundred missing days say less than two hundred days without a death."""
    gone = np.array(deaths())
    gone[100:300] = np.nan
    missing, none = (
        Fast(scenario(deaths()), replace(shared().record, deaths=days), 12, 0, 2).rows_until(UNTIL)
        for days in (gone, np.nan_to_num(gone))
    )
    low, high = (np.mean([row["fighting.regimes.quiet.mean"] for row in made]) for made in (none, missing))
    assert low < 0.8 * high


def test_how_many_draws_stand_behind_the_rows_is_said() -> None:
    """Of 15,000 points that a t proposes for what is no t, some weigh little; so do some of the six sets, not all."""
    drawn = shared().drawn_until(UNTIL)
    assert drawn.rows == rows() and drawn.tried == 6
    assert 0.4 < drawn.regimes / (PROPOSED * ROUNDS) < 0.9
    assert drawn.sets is not None and 1.5 < drawn.sets < 5.5


def test_without_a_rule_that_moves_the_regimes_they_are_fitted_all_the_same() -> None:
    """The regimes as with the rules; the rest from every set alike, for which one of them is lived through."""
    still = scenario(deaths()).model_copy(deep=True)
    drift = still.fighting.drift
    assert drift is not None
    fighting = still.fighting.model_copy(update={"drift": drift.model_copy(update={"rules": {}})})
    it = Fast(still.model_copy(update={"fighting": fighting}), shared().record, 12, 0, 6)
    drawn = it.drawn_until(UNTIL)
    assert drawn.sets is None and it.exposed.shape == (6, DAYS, 0) and it.truces == shared().truces
    assert [{path: row[path] for path in TRUTH} for row in drawn.rows] == [
        {path: row[path] for path in TRUTH} for row in rows()
    ]
    heats = [row["parameters.heat.value"] for row in drawn.rows]
    assert sorted(heats) == sorted(2 * [values["parameters.heat.value"] for values in it.sets])


def test_nothing_uncertain_is_refused_before_the_history_is_driven(monkeypatch: pytest.MonkeyPatch) -> None:
    def driven(*asked: object, **more: object) -> None:
        raise AssertionError("driven")

    certain, record = fix(scenario(deaths()), TRUTH), shared().record
    monkeypatch.setattr("sim.fitting.fast.lived_days", driven)
    with pytest.raises(InputError, match="no number of the regimes is uncertain"):
        Fast(certain, record)


def test_a_record_that_is_too_short_is_refused() -> None:
    early = FIRST + dt.timedelta(LEAST_DAYS - 2)
    with pytest.raises(InputError, match=f"{LEAST_DAYS - 1} days of recorded deaths until {early}; a fit needs"):
        shared().rows_until(early)
    with pytest.raises(InputError, match="0 days of recorded deaths"):
        shared().rows_until(FIRST - dt.timedelta(9))
