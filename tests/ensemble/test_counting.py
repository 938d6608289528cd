from __future__ import annotations

from pathlib import Path

from sim.ensemble import columns, run
from sim.ensemble.counting import Counts, count
from sim.scenario.schema import Scenario

ROWS = [
    {"set": 0, "trial": 0, "war_day": 3, "truce_day": 1, "error": None},
    {"set": 0, "trial": 1, "war_day": None, "truce_day": 1, "error": None},
    {"set": 1, "trial": 0, "war_day": 1, "truce_day": 1, "error": None},
    {"set": 1, "trial": 1, "war_day": None, "truce_day": None, "error": "broke"},
]


def counted(*parts: list[dict[str, object]]) -> Counts:
    return count(map(columns.of_rows, parts), ["war", "truce"], sets=3)


def test_outcomes_are_counted_by_set_and_failed_trials_left_out() -> None:
    found = counted(ROWS)
    assert found.ended.tolist() == [2, 1, 0]
    assert found.hits.tolist() == [[1, 1, 0], [2, 1, 0]]


def test_chunks_add_up() -> None:
    whole, parted = counted(ROWS), counted(ROWS[:1], ROWS[1:])
    assert (whole.ended == parted.ended).all() and (whole.hits == parted.hits).all()
    assert (whole.at_once == parted.at_once).all()


def test_the_origin_settles_what_came_on_the_first_day_of_every_trial_that_ended() -> None:
    assert [counted(ROWS).settled(name) for name in ("war", "truce")] == [False, True]
    assert not counted(ROWS[3:]).settled("truce")


def test_a_table_without_an_error_has_no_failures() -> None:
    assert counted([{"set": 0, "trial": 0, "war_day": 2}]).ended.tolist() == [1, 0, 0]


def test_the_counts_of_results_are_those_of_their_table(scenario: Scenario, tmp_path: Path) -> None:
    engine = "tests.ensemble.fake:failing"
    results = run(scenario, trials=40, sets=2, workers=1, progress=False, out=tmp_path / "r", engine=engine)
    trials = results.trials[results.trials["error"].isna()]
    assert results.counts.outcomes == tuple(scenario.outcomes)
    assert results.counts.ended.tolist() == trials.groupby("set").size().tolist()
    for name, hits in zip(results.counts.outcomes, results.counts.hits, strict=True):
        assert hits.tolist() == trials.groupby("set")[f"{name}_day"].count().tolist()
