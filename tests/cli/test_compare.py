from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.ensemble.designs import Study
from tests.commands import Call, fine, refused
from tests.ensemble.studied import PARAMETERS, named

PLAN = ("--sets", 20, "--trials", 8, "--workers", 1, "--engine", named("raided"))
OFF = "extends: fence.yaml\nname: raid off\nrules: {raid: {enabled: false}}\n"


@pytest.fixture
def files(call: Call) -> Call:
    """The call, with a base and another scenario in its folder."""
    path = Path("fence.yaml")
    path.write_text(path.read_text(encoding="utf-8") + PARAMETERS, encoding="utf-8")
    Path("off.yaml").write_text(OFF, encoding="utf-8")
    return call


def test_it_prints_input_outcomes_what_they_rest_on_and_a_tipped_trial(files: Call) -> None:
    said = fine(files("compare", "fence.yaml", "off.yaml", *PLAN, "--out", "study")).splitlines()
    assert said[0] == "raid off: compared with fence"
    assert said[1] == "160 pairs of trials (20 parameter sets x 8), seed 0, 5 days from 2021-03-01"
    assert "rules.raid.enabled  rule off  true   false" in said
    [broken] = [line for line in said if line.startswith("broken (headline)")]
    words = broken.split()
    assert (words[2:4], words[6:8], words[10]) == (["50.0", "%"], ["25.0", "%"], "-25.0")
    assert words[4].startswith("(") and words[5] == "50-50)"
    assert "None moves it more than luck moves the highest of 3: more sets would tell (--sets)." in said
    assert "trial 0 of set 0: it went with raid off" in said
    assert said[-1] == "study: study"


def test_one_scenario_and_a_change_are_compared(files: Call) -> None:
    said = fine(files("compare", "fence.yaml", "--without", "raid", *PLAN, "--out", "study"))
    assert said.startswith("fence, without raid: compared with fence\n") and "-25.0" in said


def test_json_has_the_promised_keys(files: Call) -> None:
    said = json.loads(fine(files("compare", "fence.yaml", "off.yaml", *PLAN, "--out", "study", "--json")))
    outcome = said["comparisons"]["raid off"]["outcomes"]["broken"]
    assert outcome["difference"] == -0.25 and {"mc_low", "mc_high", "variance_ratio", "range_low"} <= set(outcome)
    assert said["outcomes"]["broken"] == outcome
    assert (said["base"], said["sets"], said["trials"], said["seed"], said["study"]) == ("fence", 20, 8, 0, "study")
    assert len(said["comparisons"]["raid off"]["rests_on"]) == 2 * 3 * 5
    assert said["comparisons"]["raid off"]["tipped"][0]["direction"] == "lost"
    assert said["inputs"][0]["key"] == "rules.raid.enabled"


def test_json_of_one_set_has_null_for_the_range(files: Call) -> None:
    asked = ("--sets", 1, "--trials", 20, "--workers", 1, "--engine", named("raided"), "--out", "study")
    said = json.loads(fine(files("compare", "fence.yaml", "off.yaml", *asked, "--json")))
    assert said["comparisons"]["raid off"]["outcomes"]["broken"]["range_low"] is None
    again = fine(files("compare", "study/runs/fence", "study/runs/raid-off"))
    assert "Parameter uncertainty not included" in again and "not included" in again


def test_refusals_write_nothing(files: Call) -> None:
    Path("late.yaml").write_text("extends: fence.yaml\nname: late\norigin: 2021-03-05\n", encoding="utf-8")
    assert "trials of different origins are not pairs" in refused(files("compare", "fence.yaml", "late.yaml"))
    assert "takes two scenarios" in refused(files("compare", "fence.yaml"))
    assert "--resume needs --out" in refused(files("compare", "fence.yaml", "off.yaml", "--resume"))
    assert "sets: 0 is not allowed" in refused(files("compare", "fence.yaml", "off.yaml", "--sets", 0))
    assert not Path("results").exists()


def test_ctrl_c_says_how_to_go_on(files: Call) -> None:
    asked = ("--sets", 8, "--trials", 20, "--workers", 1, "--engine", named("stopping"))
    stopped = files("compare", "fence.yaml", "off.yaml", *asked)
    [folder] = Path("results").iterdir()
    assert stopped.exit_code == 130 and f"the same command with --out {folder} --resume" in stopped.stderr
    assert Study.open(folder).record.status == "interrupted"
    Path("go").touch()
    assert f"study: {folder}" in fine(files("compare", "fence.yaml", "off.yaml", *asked, "--out", folder, "--resume"))
