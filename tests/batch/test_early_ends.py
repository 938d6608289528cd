"""Trials that a scenario ends early: on one evening in all engines, and up to then as if they had gone on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.analysis.survival import survival_curve
from sim.batch.engine import simulate, simulate_blocks
from sim.ensemble import Results, run
from sim.preparing import prepare
from sim.scenario.schema import Scenario
from tests.batch.both import compiled, differences, in_mesa, in_python, trajectories
from tests.small import on_day, rule, small

pytest.importorskip("numba", reason="the compiled engine needs the extra `fast`")

DAYS, TRIALS = 10, range(40)

# A war that counts deaths, and talks that come now and then: both end some trials of ten days, neither ends all.
CHANCE: dict[str, Any] = {
    "fighting": {"regimes": {"quiet": {"mean": 4.0}}},
    "rules": {"talks": rule(rate=0.05)},
    "outcomes": {
        "bloody": {"count": "deaths", "at_least": 50.0},
        "talks": {"count": "event.note", "at_least": 1.0},
        "costly": {"count": "deaths", "at_least": 30.0},
    },
}
ENDS: dict[str, Any] = {**CHANCE, "ends_when": ["bloody", "talks"]}


def dated(day: int) -> dict[str, Any]:
    """An outcome that comes true on a day, and ends the trial."""
    noted = {"noted": {"count": "event.note", "at_least": 1.0}}
    return {"interventions": {"act": on_day(day, event="note")}, "outcomes": noted, "ends_when": ["noted"]}


CASES: dict[str, dict[str, Any]] = {
    "by chance": ENDS,
    "by the headline": {**CHANCE, "ends_when": ["end"], "outcomes": {"end": {"at_least": 20.0}}},
    "on the first day": dated(1),
    "on the last day": dated(DAYS),
    "never": {**CHANCE, "ends_when": ["end"]},
    "by the collapse that every trial has": {
        "fighting": {"regimes": {"quiet": {"mean": 30.0}}}, "ends_when": ["collapse"],
    },
    "by an outcome that is void": {
        **dated(3), "outcomes": {**dated(3)["outcomes"], "void": {"state": "deaths_7d", "at_least": 0.0,
                                                                  "before": "noted"}}, "ends_when": ["void"],
    },
    "by two on one evening": {**dated(3), "outcomes": {**dated(3)["outcomes"], "same": {"any": ["noted"]}},
                              "ends_when": ["same", "noted"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small(ENDS)


@pytest.mark.parametrize("case", CASES)
def test_engines_agree(case: str) -> None:
    scenario = small(CASES[case])
    ready = prepare(scenario)
    for trial, lived in zip(range(5), compiled(ready, range(5)), strict=True):
        assert list(differences(ready, in_python(ready, trial), lived)) == []
        assert list(differences(ready, in_mesa(ready, trial), lived)) == []
    for mesa, batch in trajectories(scenario, range(5)):
        assert repr(batch) == repr(mesa)


@pytest.mark.parametrize(("day", "days"), [(1, 1), (4, 4), (DAYS, DAYS)])
def test_a_trial_ends_on_the_evening_on_which_the_outcome_comes_true(day: int, days: int) -> None:
    (trial,) = simulate(small(dated(day)), 0, 0, [0], [0])
    assert (trial.row["noted_day"], trial.row["observed_days"]) == (day, days)
    assert {len(series) for series in trial.daily.values()} == {days}
    assert max(event.day for event in trial.events) == days


def test_some_trials_end_early_and_say_when(scenario: Scenario) -> None:
    rows = [trial.row for trial in simulate(scenario, 0, 0, TRIALS)]
    for row in rows:
        ends = [row[f"{name}_day"] for name in scenario.ends_when if row[f"{name}_day"]]
        assert row["observed_days"] == (min(ends) if ends else DAYS)
        assert (row["costly_day"] or 0) <= row["observed_days"]
    days = {row["observed_days"] for row in rows}
    assert len(days) > 3
    assert DAYS in days


def test_up_to_its_end_a_trial_is_the_one_that_would_have_gone_on(scenario: Scenario) -> None:
    longer = simulate(small(CHANCE), 0, 0, TRIALS, TRIALS)
    for ended, whole in zip(simulate(scenario, 0, 0, TRIALS, TRIALS), longer, strict=True):
        days = ended.row["observed_days"]
        assert ended.daily == {name: series[:days] for name, series in whole.daily.items()}
        assert ended.events == [event for event in whole.events if event.day <= days]


def test_a_block_has_no_numbers_after_the_end(scenario: Scenario) -> None:
    (block,) = simulate_blocks(scenario, 0, 0, TRIALS)
    after = np.arange(1, DAYS + 1) > block.columns["observed_days"].values[:, None]
    assert after.any()
    assert (np.isnan(block.daily) == after[:, None, :]).all()


# --- stored --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Results:
    out = tmp_path_factory.mktemp("ended") / "results"
    return run(scenario, trials=len(TRIALS), out=out, workers=1, engine="batch", progress=False)


def test_daily_summaries_count_the_trials_that_still_run(results: Results) -> None:
    running = [int((results.trials["observed_days"] >= day).sum()) for day in range(1, DAYS + 1)]
    assert running[0] > running[-1] > 0
    for _, series in results.daily.groupby("series"):
        assert list(series["n"]) == running


def test_what_had_not_come_by_the_end_is_censored(results: Results) -> None:
    trials, curve = results.trials, survival_curve(results.trials, "costly").set_index("day")
    last = trials["costly_day"].fillna(trials["observed_days"])
    assert list(curve["at_risk"][1:]) == [(last >= day).sum() for day in range(1, DAYS + 1)]
    assert 1.0 - curve["survival"].iloc[-1] > trials["costly_day"].notna().mean() > 0.0


def test_a_stored_trial_is_told_as_it_was(results: Results) -> None:
    short = int(results.trials["observed_days"].to_numpy().argmin())
    row, again = results.trials.iloc[short], results.trajectory(short)
    assert again.row["observed_days"] == row["observed_days"] < DAYS
    assert {len(series) for series in again.daily.values()} == {row["observed_days"]}
