"""Threads, chunks and company change no bit of a trial."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sim.batch import engine
from sim.batch.engine import Arrays, run_arrays, simulate, simulate_blocks
from sim.conflict import state as st
from sim.model import CeasefireModel
from sim.preparing import Prepared, prepare, prepared
from sim.scenario import load
from tests.small import rule, small

pytest.importorskip("numba", reason="the compiled engine needs the extra `fast`")

FLAGSHIP = "idlib-2020-02-11"
TRIALS = range(24)


@pytest.fixture(scope="module")
def ready() -> Prepared:
    return prepare(load(FLAGSHIP))


def run(ready: Prepared, trials: list[int]) -> Arrays:
    return run_arrays(ready, np.array(trials, dtype=np.int64), range(len(trials)))


def bits(arrays: Arrays) -> list[tuple[bytes, ...]]:
    """Everything that the kernel has written, trial by trial."""
    parts = (arrays.last, arrays.began, arrays.daily, arrays.logs)
    return [tuple(part[k].tobytes() for part in parts) for k in range(len(arrays.last))]


def test_threads_change_no_bit(ready: Prepared) -> None:
    together = bits(run(ready, list(TRIALS)))
    shares = [*([t] for t in TRIALS[:6]), list(TRIALS[6:9]), list(TRIALS[9:])]
    with ThreadPoolExecutor(4) as threads:
        apart = [trial for arrays in threads.map(lambda share: run(ready, share), shares) for trial in bits(arrays)]
    assert apart == together


def test_threads_with_scenarios_of_their_own_do_not_meet() -> None:
    """The kernel lets other threads run, and what is made ready last belongs to all of them."""
    scenarios = {name: load(name) for name in (FLAGSHIP, "sochi-2018-09-17", "moscow-2020-03-06")}
    alone = {name: [t.row for t in simulate(scenario, 2, 0, range(3))] for name, scenario in scenarios.items()}

    def again(name: str) -> bool:
        return [t.row for t in simulate(scenarios[name], 2, 0, range(3))] == alone[name]

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(again, list(scenarios) * 4))


def test_what_was_made_ready_last_is_made_once_and_for_itself_alone() -> None:
    one, two = small(), small(horizon_days=3)
    assert prepared(one, 0, 0) is prepared(one, 0, 0)
    assert prepared(one, 0, 0).scenario.horizon_days == 10
    assert prepared(two, 0, 0).scenario.horizon_days == 3
    assert (prepared(two, 1, 0).seed, prepared(two, 1, 2).set_index) == (1, 2)


@pytest.mark.parametrize("chunk", [1, 5, 24, 1000])
def test_the_size_of_chunks_changes_no_bit(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load(FLAGSHIP)
    whole = list(simulate(scenario, 0, 0, TRIALS, [3, 20]))
    monkeypatch.setattr(engine, "CHUNK", chunk)
    assert list(simulate(scenario, 0, 0, TRIALS, [3, 20])) == whole
    assert len(list(simulate_blocks(scenario, 0, 0, TRIALS))) == -(-len(TRIALS) // chunk)


def test_a_trial_alone_is_the_trial_among_many_in_any_order(ready: Prepared) -> None:
    among = dict(zip(TRIALS, bits(run(ready, list(TRIALS))), strict=True))
    for trial in (0, 7, 23):
        assert bits(run(ready, [trial])) == [among[trial]]
    backwards = list(reversed(TRIALS))
    assert bits(run(ready, backwards)) == [among[trial] for trial in backwards]


def test_keeping_events_changes_no_bit(ready: Prepared) -> None:
    trials = np.arange(6)
    with_log, without = run_arrays(ready, trials, [1, 4]), run_arrays(ready, trials)
    assert with_log.last.tobytes() == without.last.tobytes()
    assert with_log.daily.tobytes() == without.daily.tobytes()
    assert len(with_log.logs) == 2


def test_different_trials_sets_and_seeds_are_different(ready: Prepared) -> None:
    assert len(set(bits(run(ready, list(TRIALS))))) == len(TRIALS)
    scenario = load(FLAGSHIP)
    deaths = {next(simulate(scenario, seed, 0, [0])).row["deaths"] for seed in (0, 1, 2**32, 2**64 - 1)}
    assert len(deaths) == 4


def test_a_trial_with_more_events_than_usual_keeps_them_all() -> None:
    busy = small(rules={f"r{k}": rule(for_each="post") for k in range(60)})
    first, second = simulate(busy, 0, 0, [0, 1], [1])
    assert first.events == []
    assert len(second.events) == 10 * (120 + 1) > engine.LOG_ROWS_A_DAY * 10
    assert second == CeasefireModel(busy, trial=1).run()


def test_a_rung_below_zero_stays_below_zero_in_the_daily_series() -> None:
    nobody = {"actors": {"band": None}, "relations": {"sponsor": None}, "fighting": {"between": ("red", "blue")}}
    nowhere = {"places": {"field": None, "wood": None}, "posts": {"tower": None, "gate": None}}
    below = small(nobody, nowhere, events={"note": {"rung": -2}}, rules={"note": rule()})
    (run_,) = simulate(below, 0, 0, [0])
    assert run_.daily["rung"] == [-2.0] * 10


def test_the_arrays_are_as_they_are_described(ready: Prepared) -> None:
    out = run_arrays(ready, np.arange(3), [2])
    days, c = ready.scenario.horizon_days, ready.compiled.tables
    assert out.last.shape == (3, c.n_state)
    assert out.daily.shape == (3, len(ready.decoder.series_names()), days)
    assert list(out.last[:, st.DAY]) == [days] * 3
    assert list(out.log_of) == [-1, -1, 0]
    block = out.block([0, 1, 2])
    assert block.columns["trial"].values.tolist() == [0, 1, 2]
    assert list(block.events) == [2]
    assert block.daily.shape == (3, len(block.series), days)
