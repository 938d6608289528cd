from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli.why import chain_lines, chains_lines
from sim.ensemble import Results, run
from tests.ensemble.test_chaining import QUARREL, SETS, TRIALS
from tests.small import small


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    out = tmp_path_factory.mktemp("why") / "run"
    return run(small(QUARREL), out=out, engine="mesa", workers=1, progress=False)


def test_the_chain_of_a_trial_is_told_below_the_trial(results: Results) -> None:
    ended = results.trials[results.trials["end_day"].notna()].iloc[0]
    where = int(ended["set"]), int(ended["trial"])
    lines = list(chain_lines(results.scenario, *where, results.trajectory(where[1], where[0])))
    assert lines[:2] == ["", f"why end on day {ended['end_day']}: 2 events stand on the chain"]
    assert "provoked opened by 1" in lines[-3]


def test_the_chains_of_many_are_counted_with_both_ranges(results: Results) -> None:
    lines = list(chains_lines(results, progress=False))
    ended = int(results.trials["end_day"].notna().sum())
    assert lines[0] == f"Of {SETS * TRIALS} trials, the first of each parameter set, {ended} came to an end."
    [header] = [line for line in lines if line.startswith("rule on the chain")]
    assert header.split("  ")[-1] == "assumptions (5-95 %)"
    [spark] = [line for line in lines if line.startswith("spark ") and ">" not in line]
    assert spark.split()[1:3] == [str(ended), "1000"]
    assert any(line.startswith("spark > reply > end") for line in lines)
    assert not any("not included" in line for line in lines)


def test_without_sets_it_says_so(tmp_path: Path) -> None:
    one = run(small(QUARREL), out=tmp_path / "run", sets=1, engine="mesa", workers=1, progress=False)
    lines = list(chains_lines(one, progress=False))
    assert sum("not included" in line for line in lines) > 2
    assert lines[-2].startswith("\nParameter uncertainty not included")


def test_where_nothing_ended_there_are_no_shares(tmp_path: Path) -> None:
    silent = small(QUARREL, rules={"reply": {"enabled": False}})
    calm = run(silent, out=tmp_path / "run", sets=1, engine="mesa", workers=1, progress=False)
    lines = list(chains_lines(calm, progress=False))
    assert not any(line.startswith("rule on the chain") for line in lines)
    assert lines[0].endswith(", 0 came to an end.")
    assert any(line.startswith("spark > none > no end") for line in lines)
