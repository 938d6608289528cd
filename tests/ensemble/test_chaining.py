"""Chains of stored trials: chosen evenly, run again only where they ended, the same by either engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.analysis.flow import chain_table, flow_table
from sim.chains import chain_of
from sim.ensemble import Results, run
from sim.ensemble.chaining import chains
from sim.errors import InputError, ResultsError
from sim.scenario.schema import Scenario
from tests.small import rule, small

TRIALS, SETS = 12, 3
QUARREL: dict[str, Any] = {
    "horizon_days": 6,
    "parameters": {"p": {"value": {"dist": "uniform", "low": 0.1, "high": 0.4}}},
    "events": {"spark": {"rung": 5, "effects": [{"provoke": True}]}, "reply": {"effects": [{"fire": True}]}},
    "rules": {
        "spark": rule("spark", probability="$p"),
        "reply": rule("reply", "blue", "red", phase="reaction", when={"provoked": True}, probability=0.7),
    },
    "outcomes": {"end": {"count": "fire.blue.red", "at_least": 1}},
    "ensemble": {"sets": SETS, "trials": TRIALS, "seed": 5},
}


@pytest.fixture(scope="module")
def quarrel() -> Scenario:
    return small(QUARREL)


@pytest.fixture(scope="module")
def results(quarrel: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Results:
    out = tmp_path_factory.mktemp("quarrel") / "run"
    return run(quarrel, out=out, engine="mesa", workers=1, progress=False)


@pytest.fixture(scope="module")
def found(results: Results) -> pd.DataFrame:
    return chains(results, progress=False)


def test_each_row_is_the_chain_of_its_trial(quarrel: Scenario, found: pd.DataFrame) -> None:
    assert len(found) == SETS * TRIALS
    for row in found.astype(object).where(found.notna(), None).to_dict("records"):
        chain = chain_of(quarrel, row["set"], row["trial"])
        assert (row["end"], row["day"]) == (chain.end, chain.day)
        assert row["rules"] == ", ".join(chain.rules)
        assert row["links"] == len(chain.links)


def test_what_ended_has_both_rules_and_what_did_not_has_none(found: pd.DataFrame) -> None:
    ended = found["end"].notna()
    assert 0 < ended.sum() < len(found)
    assert set(found.loc[ended, "rules"]) == {"spark, reply"}
    assert set(found.loc[~ended, "rules"]) == {""}
    assert set(found.loc[ended, "first_rule"]) == {"spark"} and set(found.loc[ended, "last_rule"]) == {"reply"}


def test_fewer_are_the_first_of_every_set(results: Results) -> None:
    few = chains(results, most=5, progress=False)
    assert few[["set", "trial"]].to_numpy().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]


def test_the_tables_of_what_was_found(found: pd.DataFrame) -> None:
    assert chain_table(found)["share"].tolist() == [1.0, 1.0]
    flow = flow_table(found)
    assert set(flow["end"]) == {"end", "no end"}
    assert flow["count"].sum() == len(found)


def test_none_is_refused(results: Results) -> None:
    with pytest.raises(InputError, match="0 trials are not allowed"):
        chains(results, most=0, progress=False)


def test_a_trial_that_comes_out_differently_is_refused(results: Results) -> None:
    other = Results.open(results.folder)
    changed = other.trials.copy()
    changed.loc[changed["end_day"].notna(), "end_day"] += 1
    other.__dict__["trials"] = changed
    with pytest.raises(ResultsError, match="comes out differently now"):
        chains(other, progress=False)


@pytest.mark.slow
def test_the_compiled_engine_gives_the_same_chains(quarrel: Scenario, found: pd.DataFrame, tmp_path: Path) -> None:
    compiled = run(quarrel, out=tmp_path / "run", engine="batch", workers=1, progress=False)
    pd.testing.assert_frame_equal(chains(compiled, progress=False), found)
