"""The commands over ensembles: `run --precision`, `sweep`, `branch`."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

from sim.ensemble import run
from sim.scenario import load
from tests.commands import Call, fine, refused

FAKE = ("--engine", "tests.ensemble.fake:simulate", "--workers", 1)


# --- run --precision ------------------------------------------------------------------------------------------------


def test_precision_is_said_in_the_table(call: Call) -> None:
    said = fine(call("run", "fence.yaml", *FAKE, "--precision", 0.1, "--out", "r", "--no-plots"))
    (line,) = [line for line in said.splitlines() if "valid at every look" in line]
    assert line.startswith("broken: ")
    assert "asked for ±10 %, reached ±" in line


def test_precision_is_said_in_json(call: Call) -> None:
    said = json.loads(fine(call("run", "fence.yaml", *FAKE, "--precision", 0.1, "--out", "r", "--json")))
    found = said["precision"]
    assert (found["asked"], found["reached"], found["level"]) == (0.1, True, 0.95)
    assert found["half_width"] == pytest.approx((found["high"] - found["low"]) / 2) and found["half_width"] <= 0.1
    assert found["low"] < said["outcomes"]["broken"]["probability"] < found["high"]
    assert said["trials"] == len(pd.read_parquet("r/trials")) < 1000
    assert "precision" not in json.loads(fine(call("run", "fence.yaml", *FAKE, "--trials", 4, "--json")))


def test_a_precision_that_is_not_reached_is_said(call: Call) -> None:
    said = fine(call("run", "fence.yaml", *FAKE, "--precision", 0.01, "--trials", 50, "--out", "r", "--no-plots"))
    assert "only ±" in said and "more trials or sets would take it further" in said


def test_a_precision_that_is_none_is_refused(call: Call) -> None:
    assert "precision: 2.0 is not allowed" in refused(call("run", "fence.yaml", *FAKE, "--precision", 2))


# --- sweep ----------------------------------------------------------------------------------------------------------

SWEEP = ("sweep", "fence.yaml", *FAKE, "--trials", 6, "--vary", "rules.raid.enabled=true,false", "--out", "s")


def test_sweep_prints_a_row_for_each_cell(call: Call) -> None:
    lines = fine(call(*SWEEP, "--vary", "horizon_days=5,7")).splitlines()
    assert lines[0] == "fence: 4 cells by rules.raid.enabled, horizon_days, all with the same luck"
    assert lines[2].split()[:3] == ["rules.raid.enabled", "horizon_days", "outcome"]
    assert [line.split()[:3] for line in lines[3:7]] == [
        ["true", "5", "broken"], ["true", "7", "broken"], ["false", "5", "broken"], ["false", "7", "broken"],
    ]  # fmt: skip
    assert lines[-1] == "results: s"


def test_sweep_prints_another_outcome_when_asked(call: Call) -> None:
    assert "calm" in fine(call(*SWEEP, "--outcome", "calm"))
    assert "cell 0 has no outcome war; there are: broken, calm" in call(*SWEEP, "--outcome", "war", "--resume").stderr


def test_sweep_prints_json(call: Call) -> None:
    Path("cells.yaml").write_text("- {horizon_days: 4}\n- {rules.patrol.rate: 0.2}\n")
    said = json.loads(fine(call(*SWEEP[:-4], "--list", "cells.yaml", "--out", "s", "--json")))
    assert said["keys"] == ["horizon_days", "rules.patrol.rate"]
    assert [cell["settings"] for cell in said["cells"]] == [
        {"horizon_days": 4.0, "rules.patrol.rate": None},
        {"horizon_days": None, "rules.patrol.rate": 0.2},
    ]
    assert said["cells"][1]["outcomes"]["broken"]["count"] <= 6
    assert said["cells"][1]["results"] == "s/cells/0001"


def test_sweep_says_what_is_wrong(call: Call) -> None:
    assert "nothing is varied" in refused(call("sweep", "fence.yaml"))
    assert "--resume needs --out" in refused(call("sweep", "fence.yaml", "--vary", "horizon_days=1", "--resume"))
    assert "did you mean `raid`" in refused(call("sweep", "fence.yaml", "--vary", "rules.rad.rate=0.1"))


# --- branch ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def border(call: Call) -> Path:
    """Four stored trials of a shipped scenario, and an option for what comes after."""
    scenario = load("invented-border")
    run(scenario, trials=4, days=30, workers=1, progress=False, out="b", engine="mesa")
    rule = next(iter(scenario.rules.values()))
    when = scenario.origin + dt.timedelta(14)
    what = f"{{on: {when}, event: {rule.event}, actor: {rule.actor}, target: {rule.target}}}"
    Path("option.yaml").write_text(f"interventions:\n  by_hand: {what}\n")
    return Path("b")


def test_branch_prints_options_and_differences(call: Call, border: Path) -> None:
    words = ("branch", border, "--trial", 1, "--day", 10, "--option", "option.yaml", "--trials", 12)
    lines = fine(call(*words, "--out", "futures.csv")).splitlines()
    scenario = load("invented-border")
    evening = scenario.origin + dt.timedelta(9)
    assert lines[0].endswith(f"12 futures of trial 1 of set 0, from the evening of day 10 ({evening}) to day 30")
    assert lines[2].split()[:4] == ["outcome", "option", "futures", "probability"]
    assert lines[-1] == "futures: futures.csv"
    stored = pd.read_csv("futures.csv")
    assert len(stored) == 24
    said = json.loads(fine(call(*words, "--json")))
    assert list(said["options"]) == ["as it is", "option"]
    assert said["options"]["as it is"]["differences"] is None
    headline = next(name for name, outcome in scenario.outcomes.items() if outcome.headline)
    assert set(said["options"]["option"]["differences"][headline]) == {
        "difference", "mc_low", "mc_high", "gained", "lost", "variance_ratio",
    }  # fmt: skip
    count = stored.loc[stored["option"] == "as it is", f"{headline}_day"].notna().sum()
    assert said["options"]["as it is"]["outcomes"][headline]["count"] == count


def test_branch_says_what_is_wrong(call: Call, border: Path) -> None:
    assert "day 30: no future begins after it" in refused(call("branch", border, "--trial", 1, "--day", 30))
    words = ("branch", border, "--trial", 1, "--day", 20, "--option", "option.yaml")
    assert "option.yaml: changes the past, day 15" in refused(call(*words))
    assert ".csv or .parquet" in refused(call("branch", border, "--trial", 1, "--day", 3, "--out", "x.txt"))
    assert "not a results folder" in refused(call("branch", "nowhere", "--trial", 1, "--day", 3))
