from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.ensemble.designs import Study
from tests.commands import Call, fine, refused
from tests.ensemble.studied import PARAMETERS, X1, named


@pytest.fixture
def files(call: Call) -> Call:
    """The call, with a scenario that has distributions."""
    path = Path("fence.yaml")
    path.write_text(path.read_text(encoding="utf-8") + PARAMETERS, encoding="utf-8")
    return call


def by(engine: str) -> tuple[str, ...]:
    return ("--workers", "1", "--engine", named(engine), "--out", "study")


def test_a_screening_is_the_default(files: Call) -> None:
    said = fine(files("sensitivity", "fence.yaml", "--samples", 6, "--trials", 50, *by("linear"))).splitlines()
    assert said[0] == "fence: broken by day 5; samples 6, trials 50, seed 0, 5 days from 2021-03-01"
    assert said[3].split()[:3] == [X1, "assumed", "+72.0"]
    assert said[-1] == "study: study" and Study.open("study").kind == "morris"


def test_sobol_names_what_is_left_as_a_group(files: Call) -> None:
    said = fine(
        files("sensitivity", "fence.yaml", "--sobol", "--samples", 32, "--trials", 20, "--top", 1, *by("linear"))
    )
    assert [line.split("  ")[0] for line in said.splitlines()[3:5]] == [X1, "all others"]


def test_ablation_prints_paired_differences(files: Call) -> None:
    said = fine(
        files("sensitivity", "fence.yaml", "--ablate", "--sets", 10, "--trials", 20, *by("raided"))
    ).splitlines()
    assert said[3].split()[:3] == ["raid", "assumed", "-25.0"] and said[3].split()[-2:] == ["50", "100"]
    assert said[4].split()[:3] == ["patrol", "assumed", "+0.0"]
    assert "which is 50.0 % (" in said[5] and said[5].endswith("50-50) with every rule on.")


def test_the_split_says_what_was_always_or_never_so(files: Call) -> None:
    said = fine(files("sensitivity", "fence.yaml", "--split", "--sets", 20, "--trials", 50, "--day", 2, *by("half")))
    assert "Always or never: broken." in said


def test_a_discovery_prints_boxes_or_says_that_there_are_none(files: Call) -> None:
    asked = ("sensitivity", "fence.yaml", "--discover", "--sets", 80, "--trials", 20)
    said = fine(files(*asked, *by("linear")))
    assert f"{X1} > " in said and "measured in the other" in said
    flat = fine(files(*asked, *by("flat")[:-1], "flat"))
    assert "No box: no cut of the parameters predicts broken better than none: 50.0 % (" in flat


def test_json_has_the_rows_of_the_table(files: Call) -> None:
    asked = ("sensitivity", "fence.yaml", "--ablate", "--sets", 10, "--trials", 20, "--outcome", "calm", "--json")
    said = json.loads(fine(files(*asked, *by("raided"))))
    assert (said["kind"], said["outcome"], said["day"], said["sets"], said["study"]) == (
        "ablation",
        "calm",
        5,
        10,
        "study",
    )
    assert (said["ablation"][0]["rule"], said["ablation"][0]["difference"]) == ("raid", 0.25)


def test_numbers_of_another_method_and_wrong_ones_are_refused(files: Call) -> None:
    refusals = {
        ("--ablate", "--samples", 8): "--samples means nothing with --ablate, which takes --sets, --trials",
        ("--top", 3): "--top means nothing with --morris",
        ("--sobol", "--samples", 7): "takes a power of two",
        ("--day", 77): "day: 77 is after the last day, 5",
        ("--outcome", "peace"): "there is no `peace`; allowed: broken, calm",
        ("--resume",): "--resume needs --out",
    }
    for words, said in refusals.items():
        assert said in refused(files("sensitivity", "fence.yaml", *words))
    assert not Path("results").exists()


def test_ctrl_c_says_how_to_go_on_and_resume_does(files: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.ensemble.cells.BLOCK_TRIALS", 50)
    asked = ("sensitivity", "fence.yaml", "--split", "--sets", 20, "--trials", 50, *by("stopping"))
    stopped = files(*asked)
    assert stopped.exit_code == 130 and "the same command with --out study --resume" in stopped.stderr
    assert len(Study.open("study").record.blocks) == 7
    Path("go").touch()
    assert "study: study" in fine(files(*asked, "--resume"))
    assert "add --resume" in refused(files(*asked))


def test_definitions_are_compared_with_the_declared_one(files: Call) -> None:
    """The engine knows nothing of the other reading, which therefore never comes."""
    path = Path("fence.yaml")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("at_least: 1, headline", "at_least: 1, also: [{at_least: 2}], headline"), encoding="utf-8"
    )
    said = fine(
        files("sensitivity", "fence.yaml", "--definitions", "--sets", 10, "--trials", 20, *by("flat"))
    ).splitlines()
    assert said[3].startswith("     50.0 %") and said[3].endswith("as declared") and "+0.0" in said[3]
    assert (
        said[4].startswith("      0.0 %") and said[4].endswith("broken, event.raid: at_least 2") and "-50.0" in said[4]
    )
