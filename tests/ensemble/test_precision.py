"""Runs to a precision. Coverage is claimed at every look; the false-alarm rate of each claim stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.analysis.intervals import wilson
from sim.ensemble import Results, columns, precision, running
from sim.ensemble.plan import Chunk, Plan
from sim.ensemble.precision import LEVEL, OneSet, OverSets, hits_by_set
from sim.errors import InputError, ResultsError
from sim.scenario.points import sobol_points
from sim.scenario.schema import Scenario
from tests.ensemble.test_running import contents, fake_run, said

RUNS = 400
# Of 400 runs at a true rate of 5 %, more than this many miss with probability below 0.001: the false-alarm rate here.
MOST_MISSES = int(stats.binom.isf(0.001, RUNS, 1 - LEVEL))


# --- the interval of one set ----------------------------------------------------------------------------------------


def looks(trials: int) -> list[int]:
    """Trials at each look of a plan of so many."""
    return np.cumsum([len(chunk) for chunk in Plan(1, trials, 25, precision=0.02).chunks()]).tolist()


def ever_missed(p: float, trials: int, seed: int, fixed: bool = False) -> int:
    """Of `RUNS` runs looked at after each chunk, how many showed an interval without `p` at some look."""
    dice, missed, at = np.random.default_rng(seed), 0, looks(trials)
    for _ in range(RUNS):
        hits = np.cumsum(dice.random(trials) < p)[np.array(at) - 1].tolist()
        missed += any(not holds(h, n, p, fixed) for h, n in zip(hits, at, strict=True))
    return missed


def holds(hits: int, trials: int, p: float, fixed: bool) -> bool:
    if fixed:
        low, high = wilson(hits / trials, trials, float(stats.norm.ppf(0.5 + LEVEL / 2)))
    else:
        low, high = one_set(hits, trials)
    return low <= p <= high


def one_set(hits: int, trials: int, aim: float = 0.02) -> tuple[float, float]:
    sequence = OneSet(aim)
    sequence.add([(hits, trials)])
    return sequence.interval()


@pytest.mark.statistical
@pytest.mark.parametrize("p", [0.003, 0.1, 0.5, 0.9])
def test_one_set_holds_the_truth_at_every_look(p: float) -> None:
    assert ever_missed(p, 3000, seed=11) <= MOST_MISSES


@pytest.mark.statistical
@pytest.mark.parametrize("p", [0.1, 0.5])
def test_an_ordinary_interval_looked_at_again_and_again_does_not(p: float) -> None:
    """The negative control: the same looks at an interval that is right at one of them."""
    assert ever_missed(p, 3000, seed=11, fixed=True) > 2 * MOST_MISSES


@pytest.mark.parametrize(("hits", "trials"), [(0, 40), (1, 40), (2, 40), (20, 40), (39, 40), (40, 40), (700, 9000)])
@pytest.mark.parametrize("aim", [0.3, 0.02, 0.001])
def test_what_is_not_refused_is_one_interval_and_the_one_given(hits: int, trials: int, aim: float) -> None:
    sequence = OneSet(aim)
    sequence.add([(hits, trials)])
    low, high = sequence.interval()
    grid = np.linspace(0, 1, 4001)[1:-1]
    kept = np.array([not sequence._refused(p, hits, trials - hits) for p in grid])
    assert np.array_equal(kept, (grid >= low) & (grid <= high))
    assert low <= hits / trials <= high


def test_the_martingale_has_mean_one() -> None:
    """Sum over all counts of 12 trials of their probability times the evidence against the true p."""
    sequence, p, n = OneSet(0.1), 0.3, 12
    evidence = []
    for hits in range(n + 1):
        low, high = 0.0, 50.0  # the threshold at which p is just refused is the logarithm of the evidence
        for _ in range(80):
            sequence.least = (low + high) / 2 - 25
            refused = sequence._refused(p, hits, n - hits)
            low, high = ((low + high) / 2, high) if refused else (low, (low + high) / 2)
        evidence.append(np.exp(sequence.least))
    assert np.dot(stats.binom.pmf(range(n + 1), n, p), evidence) == pytest.approx(1.0)


def test_hits_and_misses_are_alike() -> None:
    low, high = one_set(37, 400)
    assert one_set(363, 400) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize("p", [0.03, 0.2, 0.5])
def test_it_takes_less_than_three_times_the_trials_of_a_fixed_number(p: float) -> None:
    fixed = 1.96**2 * p * (1 - p) / 0.01**2
    trials = int(2.8 * fixed)
    low, high = one_set(round(p * trials), trials, aim=0.01)
    assert (high - low) / 2 <= 0.01


def test_before_the_first_trial_anything_is_possible() -> None:
    assert OneSet(0.1).interval() == OverSets(0.1).interval() == (0.0, 1.0)


# --- the interval over sets -----------------------------------------------------------------------------------------


def ever_missed_sets(shares: np.ndarray, truth: float, aim: float = 0.03) -> int:
    """Of runs (rows of shares by set), how many showed an interval without the truth after some set."""
    missed = 0
    for row in shares:
        sequence = OverSets(aim)
        missed += any(not low <= truth <= high for low, high in after_each(sequence, row))
    return missed


def after_each(sequence: OverSets, shares: np.ndarray) -> Iterator[tuple[float, float]]:
    for share in shares:
        sequence.add([(round(20 * float(share)), 20)])
        yield sequence.interval()


@pytest.mark.statistical
@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (0.2, 1.8), (20.0, 20.0), (0.05, 0.95)])
def test_sets_hold_the_truth_at_every_look(a: float, b: float) -> None:
    dice = np.random.default_rng(12)
    shares = dice.binomial(20, dice.beta(a, b, (RUNS, 300))) / 20
    assert ever_missed_sets(shares, a / (a + b)) <= MOST_MISSES


@pytest.mark.statistical
def test_points_of_sobol_sequences_hold_the_truth_too() -> None:
    names, dice = tuple(f"run_{k}" for k in range(RUNS)), np.random.default_rng(13)
    points = np.array([sobol_points(names, index, 5) for index in range(300)]).T
    assert ever_missed_sets(dice.binomial(20, points**2) / 20, 1 / 3) <= MOST_MISSES


def test_a_bound_without_spread_would_miss() -> None:
    """The negative control: what the sets spent is what keeps the truth inside."""
    dice, missed = np.random.default_rng(12), 0
    for row in dice.beta(0.2, 1.8, (RUNS, 300)):
        sequence = OverSets(0.03)
        for share in row:
            sequence.add([(round(20 * share), 20)])
        half = 1.0 / sequence.bets
        missed += abs(sequence.won / sequence.bets - 0.1) > half
    assert missed > MOST_MISSES


def test_sets_reach_the_width_they_aim_at_as_told() -> None:
    """Were the variance v known: log(2/alpha) / (b w + v (log(1 - b) + b)) sets, for the bet b = w / (v + w)."""
    dice, w, v = np.random.default_rng(3), 0.02, 1 / 12
    bet = w / (v + w)
    sequence, needed = OverSets(w), np.log(40) / (bet * w + v * (np.log1p(-bet) + bet))
    sequence.add((round(1000 * share), 1000) for share in dice.random(int(1.1 * needed)))
    low, high = sequence.interval()
    assert (high - low) / 2 <= 0.02


def test_a_set_without_trials_says_nothing() -> None:
    one, two = OverSets(0.1), OverSets(0.1)
    one.add([(1, 4), (3, 4)])
    two.add([(1, 4), (0, 0), (3, 4)])
    assert one.interval() == two.interval()


def test_failed_trials_are_left_out() -> None:
    table = columns.of_rows(
        [
            {"set": 0, "trial": 0, "breakdown_day": 3, "error": None},
            {"set": 0, "trial": 1, "breakdown_day": None, "error": None},
            {"set": 1, "trial": 0, "breakdown_day": None, "error": "broke"},
            {"set": 1, "trial": 1, "breakdown_day": 1, "error": None},
        ]
    )
    assert list(hits_by_set(table)) == [(1, 2), (1, 1)]
    assert list(hits_by_set(columns.of_rows([{"set": 0, "trial": 0, "error": "broke"}]))) == []


# --- the plan -------------------------------------------------------------------------------------------------------


def test_chunks_grow_and_hold_every_trial_once() -> None:
    chunks = Plan(1, 100_000, 10, precision=0.01).chunks()
    sizes = [len(chunk) for chunk in chunks]
    assert sum(sizes) == 100_000
    assert sizes[:-1] == sorted(sizes[:-1])
    assert sizes[:2] == [10, 10]
    before = np.cumsum([0, *sizes])
    assert all(size <= max(10, 0.1 * seen + 1) for size, seen in zip(sizes, before, strict=False))
    assert len(sizes) < 110


def test_chunks_of_several_sets_are_whole_sets() -> None:
    plan = Plan(50, 7, 10, precision=0.01)
    for chunk in plan.chunks():
        assert all((segment.first, segment.last) == (0, 6) for segment in chunk.segments)
    assert [plan.chunk_of(index, 3) for index in (0, 1, 2, 3)] == [0, 0, 1, 1]


def test_a_stopped_plan_begins_as_the_whole_one() -> None:
    for plan in (Plan(1, 1000, 10, precision=0.1), Plan(100, 7, 10, precision=0.1)):
        stopped = plan.stopped_at(plan.chunks()[4])
        assert stopped.chunks() == plan.chunks()[:5]
        assert stopped.asked() == plan


# --- runs -----------------------------------------------------------------------------------------------------------

TO = {"trials": None, "sets": 1, "precision": 0.1}


def to_precision(scenario: Scenario, out: Path, **asked: Any) -> Results:
    return fake_run(scenario, out, **{**TO, **asked})


def test_it_stops_at_the_first_look_that_is_narrow_enough(scenario: Scenario, tmp_path: Path) -> None:
    results = to_precision(scenario, tmp_path / "r")
    plan, achieved = results.manifest.plan, results.manifest.precision
    assert achieved is not None
    assert achieved.reached and achieved.half_width <= 0.1
    assert results.complete and results.manifest.status == "done"
    assert len(results.trials) == plan.trials < plan.asked().trials == precision.MOST_TRIALS
    chunks = plan.chunks()
    assert achieved.looks == len(chunks)
    for chunk, narrow in ((chunks[-1], True), (chunks[-2], False)):
        seen = results.trials.head(chunk.segments[-1].last + 1)
        low, high = one_set(int(seen["breakdown_day"].notna().sum()), len(seen), aim=0.1)
        assert ((high - low) / 2 <= 0.1) is narrow
    assert (achieved.low, achieved.high) == one_set(
        int(results.trials["breakdown_day"].notna().sum()), plan.trials, 0.1
    )


def test_the_manifest_says_it_and_can_be_read_again(scenario: Scenario, tmp_path: Path) -> None:
    results = to_precision(scenario, tmp_path / "r")
    found = said(tmp_path / "r")
    assert found["plan"]["precision"] == 0.1 and found["plan"]["most"] == precision.MOST_TRIALS
    assert Results.open(tmp_path / "r").manifest == results.manifest


def test_chunks_that_come_out_of_order_change_nothing(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_precision(scenario, tmp_path / "one")

    def shuffled(job: Any, todo: list[Chunk], *_: Any) -> Iterator[Any]:
        order = [chunk for k in range(0, len(todo), 4) for chunk in reversed(todo[k : k + 4])]
        return running._one_after_another(job, order)

    monkeypatch.setattr(running, "_computed", shuffled)
    to_precision(scenario, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_two_processes_stop_at_the_same_trial(scenario: Scenario, tmp_path: Path) -> None:
    to_precision(scenario, tmp_path / "one")
    to_precision(scenario, tmp_path / "two", workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_stopped_by_hand_it_goes_on_to_the_same_trial(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        to_precision(scenario, tmp_path / "broken", engine="interrupted")
    assert Results.open(tmp_path / "broken").manifest.precision is None
    Path("go").touch()
    broken = to_precision(scenario, tmp_path / "broken", engine="interrupted", resume=True)
    whole = to_precision(scenario, tmp_path / "whole", engine="interrupted")
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")
    assert broken.manifest.precision == whole.manifest.precision


def test_a_damaged_chunk_is_computed_again(scenario: Scenario, tmp_path: Path) -> None:
    to_precision(scenario, tmp_path / "r")
    before = contents(tmp_path / "r")
    (tmp_path / "r" / "trials" / "part-00002.parquet").unlink()
    again = to_precision(scenario, tmp_path / "r", resume=True)
    assert contents(tmp_path / "r") == before
    assert again.complete and again.manifest.plan.most == precision.MOST_TRIALS


def test_another_precision_is_refused(scenario: Scenario, tmp_path: Path) -> None:
    to_precision(scenario, tmp_path / "r")
    with pytest.raises(ResultsError, match=r"plan\.precision: 0\.1 there, 0\.09 here"):
        to_precision(scenario, tmp_path / "r", precision=0.09, resume=True)


def test_trials_is_the_most_of_one_set(scenario: Scenario, tmp_path: Path) -> None:
    results = to_precision(scenario, tmp_path / "r", trials=50)
    assert len(results.trials) == 50
    assert results.complete
    achieved = results.manifest.precision
    assert achieved is not None and not achieved.reached and achieved.half_width > 0.1


def test_several_sets_stop_after_a_whole_one(scenario: Scenario, tmp_path: Path) -> None:
    results = to_precision(scenario, tmp_path / "r", sets=5000, trials=4, precision=0.1)
    plan, achieved = results.manifest.plan, results.manifest.precision
    assert achieved is not None and achieved.reached
    assert 2 <= plan.sets < 5000 == plan.asked().sets
    assert results.trials.groupby("set").size().tolist() == [4] * plan.sets
    assert results.outcomes().loc["broken", "probability"] == pytest.approx(
        (achieved.low + achieved.high) / 2, abs=0.05
    )


def test_it_takes_what_the_scenario_says(scenario: Scenario, tmp_path: Path) -> None:
    ensemble = scenario.ensemble.model_copy(update={"precision": 0.1, "trials": 5000})
    asked = scenario.model_copy(update={"ensemble": ensemble})
    results = to_precision(asked, tmp_path / "r", precision=None)
    assert (results.manifest.plan.precision, results.manifest.plan.most) == (0.1, 5000)


def test_a_trial_beyond_the_stop_has_no_events(scenario: Scenario, tmp_path: Path) -> None:
    results = to_precision(scenario, tmp_path / "r", events=(0, 100_000))
    assert len(results.events(0))
    with pytest.raises(InputError, match="trial 100000"):
        results.events(100_000)


@pytest.mark.parametrize("wrong", [0.0, -0.1, 0.5, 2.0, float("nan")])
def test_a_precision_that_is_none_is_refused_before_anything_is_written(
    wrong: float, scenario: Scenario, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="precision"):
        to_precision(scenario, tmp_path / "r", precision=wrong)
    assert not (tmp_path / "r").exists()
