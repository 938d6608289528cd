from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.ensemble.plan import MOST_CHUNKS, Plan, chunk_size
from sim.errors import InputError
from sim.scenario.schema import Ensemble, Scenario


def planned(sets: int, trials: int) -> Plan:
    return Plan(sets, trials, chunk_size(sets * trials))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 400))
def test_chunks_hold_every_trial_once_and_in_order(sets: int, trials: int) -> None:
    chunks = planned(sets, trials).chunks()
    addresses = [(segment.set, trial) for chunk in chunks for segment in chunk.segments for trial in segment.trials]
    assert addresses == [(index, trial) for index in range(sets) for trial in range(trials)]
    assert sum(map(len, chunks)) == sets * trials
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 400), st.data())
def test_a_trial_is_in_the_chunk_that_says_so(sets: int, trials: int, data: st.DataObject) -> None:
    plan = planned(sets, trials)
    index, trial = data.draw(st.integers(0, sets - 1)), data.draw(st.integers(0, trials - 1))
    chunk = plan.chunks()[plan.chunk_of(index, trial)]
    assert any(segment.set == index and trial in segment.trials for segment in chunk.segments)


@pytest.mark.parametrize(("total", "chunks"), [(1, 1), (10, 1), (1000, 100), (1_000_000, 100), (1_000_001, 100)])
def test_files_do_not_grow_with_trials(total: int, chunks: int) -> None:
    assert len(planned(1, total).chunks()) == chunks <= MOST_CHUNKS


def test_many_small_sets_share_chunks() -> None:
    assert len(planned(5000, 2).chunks()) == 100


def test_events_are_trials_of_the_first_set_or_pairs(scenario: Scenario) -> None:
    asked = scenario.model_copy(update={"ensemble": Ensemble(trials=5, sets=3)})
    assert Plan.of(asked, [4, 0, (2, 1), 9, (3, 0)]).events == ((0, 0), (0, 4), (2, 1))


def test_events_of_a_negative_trial_are_refused(scenario: Scenario) -> None:
    with pytest.raises(InputError, match="count from 0"):
        Plan.of(scenario, [-1])
