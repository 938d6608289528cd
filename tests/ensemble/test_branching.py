from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.conflict import state as st
from sim.conflict.beginning import begin
from sim.conflict.day import day as live
from sim.draws import address
from sim.ensemble import Results, run
from sim.ensemble.branching import AS_IT_IS, Past, branch, future_seed, futures, parting, past_of, read_option
from sim.errors import InputError, ScenarioError
from sim.history.driving import begin_trial
from sim.preparing import Prepared, prepare
from sim.scenario import Scenario, builtin_names, load
from sim.trajectory import Trajectory
from tests import needs
from tests.small import on_day, rule, small

FLAGSHIP, SMALL = "idlib-2020-02-11", "invented-border"
TRIAL, SPLIT = 2, 6


def with_sets(scenario: Scenario, sets: int = 2, days: int = 40) -> Scenario:
    ensemble = scenario.ensemble.model_copy(update={"sets": sets})
    return scenario.model_copy(update={"ensemble": ensemble, "horizon_days": days})


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return with_sets(load(FLAGSHIP))


@pytest.fixture(scope="module")
def past(scenario: Scenario) -> Past:
    return past_of(scenario, 1, TRIAL, SPLIT)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    out = tmp_path_factory.mktemp("branching") / "r"
    return run(load(SMALL), trials=4, days=30, workers=1, progress=False, out=out, engine="mesa")


# --- a future is the conflict going on under other luck -------------------------------------------------------------


def by_hand(ready: Prepared, trial: int, split: int, future: int, seed: int) -> Trajectory:
    """The trial to the evening of `split`, then on under another seed: a bare loop over days, on lists."""
    c, decoder, horizon = ready.compiled.tables, ready.decoder, ready.scenario.horizon_days
    before, after = address(ready.seed, ready.set_index, trial), address(seed, ready.set_index, future)
    state = begin_trial(ready.origin, ready.compiled, before)
    began, week = state[st.REGIME], []
    log = [0.0] * ((len(c.clocks) + c.n_interventions + c.n_places + 1) * horizon * decoder.log_width)
    for today in range(1, horizon + 1):
        live(state, c, before if today <= split else after, log)
        week.append(state[st.DEATHS_7D])
    events = [event for event in decoder.events(log, int(state[st.LOGGED])) if event.day > split]
    where = {"set": ready.set_index, "trial": trial, "future": future}
    return Trajectory(where | decoder.row(state, ready.origin.state, began, week), {"deaths_7d": week[split:]}, events)


@pytest.mark.parametrize("engine", needs.engines)
def test_futures_equal_a_continuation_made_by_hand(engine: str, past: Past) -> None:
    seed = future_seed(past.ready.seed, 1, TRIAL)
    for lived in futures(past, engine, (0, 5), keep=(0, 5)):
        made = by_hand(past.ready, TRIAL, SPLIT, lived.row["future"], seed)
        assert lived.row == made.row
        assert lived.events == made.events
        assert lived.daily["deaths_7d"] == made.daily["deaths_7d"]


@pytest.mark.parametrize("engine", needs.engines)
def test_under_its_own_luck_the_trial_goes_on_as_it_did(engine: str, past: Past, scenario: Scenario) -> None:
    """The negative and the positive in one: only the seed makes a future another one than that of the trial."""
    whole = past_of(scenario, 1, TRIAL, 40)
    same = replace(past)
    vars(same)["beginning"] = replace(past.beginning, seed=past.ready.seed)
    (lived,) = futures(same, engine, (TRIAL,), keep=(TRIAL,))
    assert lived.events == [event for event in whole.events if event.day > SPLIT]
    (other,) = futures(past, engine, (TRIAL,), keep=(TRIAL,))
    assert other.events != lived.events


@needs.numba
def test_both_engines_live_the_same_futures(past: Past) -> None:
    mesa, batch = (list(futures(past, engine, range(3), keep=range(3))) for engine in ("mesa", "batch"))
    for one, other in zip(mesa, batch, strict=True):
        assert one.row == other.row
        assert one.events == other.events
        assert {name: list(values) for name, values in one.daily.items()} == other.daily


@pytest.mark.parametrize("name", builtin_names())
@pytest.mark.parametrize("day", [0, 3, 15])
def test_what_the_beginning_draws_leaves_the_state_as_it_is(name: str, day: int) -> None:
    ready = past_of(with_sets(load(name), 1, 20), 0, 1, day).beginning
    state = list(ready.origin.state)
    for luck in range(5):
        begin(state, ready.compiled.tables, address(luck), ready.origin.beginnings, ready.origin.fragile)
        assert state == ready.origin.state


def test_a_future_alone_is_the_one_among_many(past: Past) -> None:
    many = [lived.row for lived in futures(past, "mesa", range(4))]
    assert [lived.row for lived in futures(past, "mesa", (3,))] == many[3:]
    assert len({str(row["deaths"]) for row in many}) > 1


def test_every_trial_has_futures_of_its_own() -> None:
    seeds = {future_seed(*where) for where in ((1, 2, 3), (1, 3, 2), (2, 1, 3), (1, 23, 0), (12, 3, 0), (0, 0, 0))}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**64 for seed in seeds)
    assert future_seed(0, 0, 0) == 18_412_559_916_410_801_741  # as ever: stored figures rest on it


def test_an_engine_that_cannot_go_on_is_refused(past: Past) -> None:
    with pytest.raises(InputError, match="cannot go on from a day; allowed: batch, mesa"):
        next(iter(futures(past, "tests.ensemble.fake:simulate", (0,))))


# --- pasts ----------------------------------------------------------------------------------------------------------


def noisy(**changes: Any) -> Past:
    """Four days of a conflict in which red rings every day."""
    return past_of(small({"rules": {"ring": rule()}}, **changes), 0, 0, 4)


def test_equal_pasts_do_not_part() -> None:
    assert parting(noisy(), noisy(about="another text")) is None
    assert parting(noisy(), noisy(interventions={"late": on_day(5, event="note")})) is None


def test_pasts_part_where_the_first_event_differs() -> None:
    other = noisy(interventions={"early": on_day(3, event="note")})
    assert parting(noisy(), other) == "day 3: note (intervention, by red) instead of note (ring, by red)"
    shorter = replace(noisy(), events=noisy().events[:2])
    assert parting(shorter, noisy()) == "day 2: note (ring, by red) instead of nothing"


def test_pasts_part_where_a_series_differs() -> None:
    assert parting(noisy(), noisy(agreement={"integrity": 0.7})) == "day 1: integrity is 0.7 instead of 0.8"


def test_a_hazard_and_an_hour_alone_are_no_other_past() -> None:
    assert parting(noisy(), noisy(rules={"ring": {"probability": 0.9999999}})) is None


# --- options --------------------------------------------------------------------------------------------------------


def option(folder: Path, text: str, name: str = "option.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def late(results: Results, tmp_path: Path) -> Path:
    """The event of the scenario's first rule, put in by hand on day 15."""
    return option(tmp_path, intervention(results, results.scenario.origin + dt.timedelta(14)), "late.yaml")


def intervention(results: Results, on: dt.date) -> str:
    rule = next(iter(results.scenario.rules.values()))
    what = f"on: {on}, event: {rule.event}, actor: {rule.actor}, target: {rule.target}"
    return f"interventions:\n  by_hand: {{{what}}}\n"


def test_an_option_that_changes_nothing_makes_no_difference(results: Results, tmp_path: Path) -> None:
    found = branch(results, 1, 10, [option(tmp_path, "about: the same in other words\n")], trials=20)
    assert found.options == [AS_IT_IS, "option"]
    pd.testing.assert_frame_equal(found.of("option").drop(columns="option"), found.of(AS_IT_IS).drop(columns="option"))
    made = found.differences("option")
    assert (made["difference"] == 0).all() and made["variance_ratio"].isna().all()
    assert (made["mc_low"] < 0).all() and (made["mc_high"] > 0).all()


def test_options_are_laid_over_the_scenario_of_the_results(results: Results, late: Path) -> None:
    changed = read_option(results, late)
    assert "by_hand" in changed.interventions and "by_hand" not in results.scenario.interventions
    assert changed.rules == results.scenario.rules
    assert changed.ensemble == results.scenario.ensemble


def test_futures_are_paired_and_compared(results: Results, late: Path) -> None:
    found = branch(results, 1, 10, [late], trials=25)
    assert list(found.trials.columns[:4]) == ["option", "set", "trial", "future"]
    assert [len(found.of(name)) for name in found.options] == [25, 25]
    before, after = found.of(AS_IT_IS), found.of("late")
    for name, made in found.differences("late").iterrows():
        shares = [table[f"{name}_day"].notna().mean() for table in (after, before)]
        assert made["difference"] == pytest.approx(shares[0] - shares[1])
        assert found.outcomes("late").loc[name, "probability"] == pytest.approx(shares[0])
    assert not before["deaths"].equals(after["deaths"])
    pd.testing.assert_frame_equal(branch(results, 1, 10, [late], trials=25).trials, found.trials)


def test_all_futures_share_the_past(results: Results) -> None:
    for day in (0, 10, 29):
        found = branch(results, 2, day, trials=6).trials
        assert found["regime_at_origin"].nunique() == 1
        assert (found["observed_days"] == 30).all()
        original = results.trials[results.trials["trial"] == 2].iloc[0]
        for name in results.scenario.outcomes:
            came = original[f"{name}_day"]
            if not pd.isna(came) and came <= day:
                assert (found[f"{name}_day"] == came).all()


def refusals(results: Results) -> Iterator[tuple[str, type[Exception], str]]:
    early = intervention(results, results.scenario.origin)
    yield early, InputError, r"changes the past, day 1: .*; date what it changes after day 10"
    yield "rules:\n  no_such:\n    rat: 1\n", ScenarioError, r"wrong\.yaml:3:5: rules\.no_such\.rat"
    yield "horizon_days: 31\n", InputError, "horizon_days is 31, but 30 in the results"
    yield f"extends: builtin:{SMALL}\norigin: 2031-01-01\n", (InputError, ScenarioError), "origin"


def test_options_that_cannot_be_are_refused(results: Results, tmp_path: Path) -> None:
    for text, kind, message in refusals(results):
        with pytest.raises(kind, match=message):
            branch(results, 1, 10, [option(tmp_path, text, "wrong.yaml")], trials=2)


def test_an_option_that_extends_is_taken_whole(results: Results, tmp_path: Path) -> None:
    whole = option(tmp_path, f"extends: builtin:{SMALL}\nhorizon_days: 30\nabout: an option of its own\n")
    assert read_option(results, whole).about == "an option of its own"
    assert (branch(results, 1, 10, [whole], trials=5).differences("option")["difference"] == 0).all()


def test_two_options_need_two_names(results: Results, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    twice = [option(tmp_path, "about: a\n"), option(tmp_path / "b", "about: b\n")]
    with pytest.raises(InputError, match="two options are called option"):
        branch(results, 1, 10, twice, trials=2)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"day": 30}, r"day 30: no future begins after it; allowed: 0 .* to 29"),
        ({"day": -1}, "day -1"),
        ({"trial": 4}, "trial 4: there is none; allowed: 0 to 3"),
        ({"set_index": 1}, "set 1: there is none"),
        ({"trials": 0}, "trials: 0 is not allowed"),
    ],
)
def test_numbers_that_cannot_be_are_refused(asked: dict[str, Any], message: str, results: Results) -> None:
    with pytest.raises(InputError, match=message):
        branch(results, **{"trial": 1, "day": 10, "trials": 2, **asked})


def test_the_past_is_that_of_the_stored_seed_and_set(tmp_path: Path) -> None:
    made = run(
        load(SMALL), trials=2, sets=2, seed=9, days=12, workers=1, progress=False, out=tmp_path / "r", engine="mesa"
    )
    found = branch(made, 1, 4, set_index=1, trials=3)
    ready = prepare(made.scenario, 9, 1)
    expected = [by_hand(ready, 1, 4, future, future_seed(9, 1, 1)).row["deaths"] for future in range(3)]
    assert found.trials["deaths"].tolist() == expected
