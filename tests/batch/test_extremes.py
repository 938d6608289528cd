"""Numbers at their ends: both engines do the same with them, and nothing raises in Python what numba lets pass."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.draws import negative_binomial, normal_quantile, poisson
from sim.errors import RunError
from sim.model import CeasefireModel
from sim.preparing import prepare
from sim.trajectory import Status
from tests.batch.both import compiled, differences, in_mesa, in_python, trajectories
from tests.batch.generating import problems
from tests.small import ORIGIN, on_day, rule, small

pytest.importorskip("numba", reason="the compiled engine needs the extra `fast`")

from sim.batch.engine import run_arrays

ALL_OUT: dict[str, Any] = {"fighting": {"regimes": {"quiet": {"mean": 1e15, "size": 1e-15}}}}


def mark(**size: Any) -> dict[str, Any]:
    """An event with one mark of a size, on every day."""
    drawn = {"marks": {"n": [{"size": {"at_least": -1e15, "at_most": 1e15, **size}}]}}
    return {"events": {"note": {**drawn, "effects": [{"kill": "n"}, {"add": "sum", "by": "n", "times": 1e15}]}},
            "quantities": {"sum": {"of": "world", "low": -1e15, "high": 1e15}},
            "rules": {"note": rule(ratios={"sum": 1e15})}}  # fmt: skip


CASES: dict[str, dict[str, Any]] = {
    "a ratio that overflows": {
        "quantities": {"heat": {"initial": 1e15, "high": 1e15}},
        "rules": {"up": rule(rate=1e15, ratios={"heat": 1e15}), "down": rule(rate=1e15, ratios={"heat": 1e-15})},
    },
    "rates of zero": {"rules": {"never": rule(rate=0.0), "hardly": rule(rate=5e-324)}},
    "certain and impossible": {"rules": {"yes": rule(probability=1.0), "no": rule(probability=0.0)}},
    "clocks that ring in the same instant": {
        "rules": {f"r{k}": rule(actor=who, target=to, rate=1e308, ratios={"value": 1e15}, for_each="place")
                  for k, (who, to) in enumerate((("hawks", "red"), ("red", "blue"), ("blue", "red")))},
        "places": {"wood": {"value": 40.0}},
    },
    "a front that is empty": {
        "places": {"field": {"open_to": []}, "wood": {"open_to": []}},
        "rules": {"pick": rule(pick="place", where={"front": True}),
                  "each": rule(for_each="place", where={"front": True})},
    },
    "weights that vanish": {
        "rules": {"pick": rule(pick="place", weights={"value": 1e-15, "exposed": 1e-15})},
        "places": {"field": {"value": 1e15}},
    },
    "no posts": {"posts": {"tower": None, "gate": None}, "rules": {"note": rule()}},
    "no places": {"posts": {"tower": None, "gate": None}, "places": {"field": None, "wood": None},
                  "rules": {"note": rule()}, "displacement": {"rate": 1.0, "sigma": 3.0}},
    "deaths beyond all measure": ALL_OUT,
    "deaths beyond counting": {"fighting": {"regimes": {"quiet": {"mean": 1e15, "size": 1e15}}}},
    "a poisson beyond counting": mark(law="poisson", mean=1e15),
    "a negative binomial beyond counting": mark(law="negative_binomial", mean=1e15, size=1e-15),
    "the same, scaled": mark(law="negative_binomial", mean=1e15, size=1e-15, scale="deaths_7d") | ALL_OUT,
    "a log-normal beyond all": mark(law="lognormal", median=1e15, sigma=1e15),
    "a uniform turned round by its scale": mark(
        law="uniform", low=-1e9, high=1e9, scale="rung", ratios={"since.note": 1e15}
    ),
    "flight of all in a moment": {
        "displacement": {"rate": 1.0, "spill": 1.0, "sigma": 1e15, "return_rate": 1.0, "return_after_days": 0},
        "interventions": {"act": on_day(2, effects=[{"attack": True}], place="field")},
    },
    "memories of an instant and of an age": {
        "fighting": {"regimes": {"quiet": {"mean": 9.0}}, "excitation": {"share": 1.0, "half_life_days": 1e-15}},
        "quantities": {"old": {"half_life_days": 1e15, "initial": 1e15, "high": 1e15}},
        "defaults": {"rung_half_life_days": 1e-15, "hostility_fast_half_life_days": 1e15},
        "rules": {"note": rule(ratios={"old": 1.0 + 1e-15})},
    },
    "a window longer than the trial": {
        "fighting": {"regimes": {"quiet": {"mean": 9.0}}},
        "outcomes": {"long": {"count": "deaths", "window_days": 10**12, "at_least": 30.0, "backdate_to": 5.0}},
    },
    "a trial of one day": {"horizon_days": 1, "rules": {"note": rule()}},
    "more events than a log has room for": {"rules": {f"r{k}": rule(for_each="post") for k in range(60)}},
    "deadlines far away": {
        "interventions": {"act": on_day(1, effects=[{"deadline": 10**12}]),
                          "late": on_day(2, effects=[{"until": dt.date.max}, {"renew_terms": 10**12}])},
        "agreement": {"terms": {"guns": {"due": ORIGIN}}},
    },
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_engines_agree(case: str) -> None:
    scenario = small(CASES[case])
    ready = prepare(scenario)
    (lived,) = compiled(ready, [1])
    assert list(differences(ready, in_python(ready, 1), lived)) == []
    assert list(differences(ready, in_mesa(ready, 1), lived)) == []
    for mesa, batch in trajectories(scenario, [0, 1, 2]):
        assert mesa.row["error"] is None
        assert repr(batch) == repr(mesa)


@pytest.mark.parametrize("key", ["at_least", "at_most"])
def test_numbers_that_no_engine_can_count_are_refused(key: str) -> None:
    size = {"law": "constant", "value": 1.0, "at_least": -1e15, "at_most": 1e15}
    events = {"note": {"marks": {"n": [{"size": size | {key: -2e15 if key == "at_least" else 2e15}}]}}}
    (problem,) = problems(small(events=events, rules={"note": rule()}))
    assert f"events.note.marks.n.0.size.{key}" in problem
    assert "-1e+15 to 1e+15" in problem


def test_a_seed_may_be_larger_than_any_other_number() -> None:
    assert problems(small(ensemble={"seed": 2**64 - 1}, rules={"note": rule()})) == []


def test_a_list_names_no_more_than_its_mask_can_hold() -> None:
    regimes: dict[str, Any] = {f"level{k}": {"mean": 0.0, "size": 1.0} for k in range(60)}
    data = small(fighting={"regimes": regimes}, rules={"note": rule(when={"regime": ["level49", "level58"]})})
    (problem,) = problems(data)
    assert "`level58` cannot stand in a list" in problem


def test_a_name_listed_twice_counts_once() -> None:
    twice = small(rules={"note": rule(when={"regime": ["quiet", "quiet"]})})
    assert [event.rule for event in in_mesa(prepare(twice), 0).events].count("note") == 10


def test_a_window_longer_than_the_trial_takes_no_more_room_than_the_trial() -> None:
    def size(days: int) -> int:
        ends: dict[str, Any] = {"long": {"count": "deaths", "window_days": days, "at_least": 30.0}}
        return prepare(small(outcomes=ends)).compiled.tables.n_state

    assert size(10**12) == size(10)


@pytest.mark.parametrize("u", [1e-16, 0.5, 1 - 1e-16])
@pytest.mark.parametrize("mean", [0.0, 1e-300, 1.0, 1e6, 1e300])
@pytest.mark.parametrize("size", [1e-300, 1e-9, 1.0, 1e300])
def test_counts_are_finite_whatever_is_asked(u: float, mean: float, size: float) -> None:
    assert normal_quantile(u) == normal_quantile(u)
    assert 0.0 <= poisson(u, mean) < 2e12
    assert 0.0 <= negative_binomial(u, mean, size) < 1e14


def test_a_state_that_is_no_longer_finite_fails_its_trial_alike_in_both_engines() -> None:
    """No scenario gets there, since its numbers are bounded: here the origin is spoilt."""
    ready = prepare(small(quantities={"heat": {"of": "world"}}, rules={"note": rule()}))
    spoilt = list(ready.origin.state)
    spoilt[ready.decoder.layout.perception("heat").base] = float("nan")
    ready = replace(ready, origin=replace(ready.origin, state=spoilt))
    arrays = run_arrays(ready, np.arange(2))
    assert list(arrays.status) == [Status.NOT_FINITE] * 2
    row = arrays.block([0, 1]).row(1)
    assert row["error"] == Status.NOT_FINITE.said
    assert {name for name, value in row.items() if value is not None} == {"set", "trial", "error"}
    with pytest.raises(RunError, match="no longer finite"):
        CeasefireModel(ready, trial=1, collect=False).run()


def test_every_status_but_done_words_its_remedy() -> None:
    assert {status for status in Status if not status.said} == {Status.DONE}
