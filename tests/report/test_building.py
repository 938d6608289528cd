"""The content of a report, without a browser: numbers as they are stored, sentences that say what they mean."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.ensemble.ablating import ablate
from sim.ensemble.comparing import Comparison
from sim.ensemble.designs import Study
from sim.ensemble.exploring import Question
from sim.ensemble.results import Results
from sim.errors import InputError, ResultsError
from sim.report import Material, build, wording
from sim.report.building import compared
from sim.report.content import Page
from sim.report.scenario_parts import assumptions, definitions, evidence
from sim.report.stories import NO_STORY, told
from tests.small import small

ROOT = Path(__file__).parents[2]


def row(**changes: Any) -> dict[str, Any]:
    made = {
        "count": 650.0, "probability": 0.65, "mc_low": 0.6, "mc_high": 0.7, "range_low": 0.2, "range_high": 0.9,
        "difference": -0.2, "before": 0.65, "after": 0.45, "pairs": 1000, "gained": 20, "lost": 220, "basis": "assumed",
        "redefined": False,
    }  # fmt: skip
    return made | changes


NOTHING = pd.DataFrame({"clearly": [], "stands_out": [], "parameter": []})


def test_an_answer_has_both_ranges_and_says_which_of_them_trials_narrow() -> None:
    said = wording.answer(row(), 1000, 20, "the fence falls.", 180, small().origin)
    assert said[0] == "In 650 of 1,000 trials (65 %), the fence falls, within 180 days of 1 May 2030."
    assert "between 60 and 70 %" in said[1] and "More trials narrow it" in said[1]
    assert "from 20 to 90 %" in said[2] and "No number of trials narrows that" in said[2]


def test_without_sets_an_answer_says_so() -> None:
    said = wording.answer(row(range_low=np.nan, range_high=np.nan), 1000, 1, "it falls", 10, small().origin)
    assert "parameter uncertainty is not included" in said[2]
    assert wording.point_ranges(row(mc_low=-0.1, mc_high=0.0, range_low=np.nan)) == (
        "chance −10.0 to 0.0; parameter uncertainty not included"
    )


def test_when_it_came_and_that_it_never_did() -> None:
    assert wording.timing(pd.Series([10, 20, None, 30], dtype="Int64")) == (
        "Where it came, it came on day 20 in the median (day 11 to 29 in nine of ten)."
    )
    assert wording.timing(pd.Series([None, None], dtype="Int64")) == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mc_low": -0.3, "mc_high": 0.1}, "Chance alone could have made this difference."),
        ({"mc_low": -0.3, "mc_high": -0.1, "range_low": -0.4, "range_high": 0.1}, "Its sign changes across parameter"),
        ({"mc_low": -0.3, "mc_high": -0.1, "range_low": -0.4, "range_high": -0.1}, "Its sign holds"),
        ({"mc_low": -0.3, "mc_high": -0.1, "range_low": np.nan}, "Here parameter uncertainty not included."),
    ],
)
def test_whether_a_sign_can_be_relied_on(changes: dict[str, float], expected: str) -> None:
    assert wording.sign(row(**changes), NOTHING).startswith(expected)


def test_a_finding_names_what_moves_it() -> None:
    fifths = pd.DataFrame(
        {
            "parameter": "parameters.zeal.value", "basis": "assumed", "fifth": range(1, 6), "value": np.arange(5) / 4,
            "difference": np.linspace(-0.4, 0.2, 5), "mc_low": -0.5, "mc_high": 0.3, "clearly": [False] * 4 + [True],
            "stands_out": True,
        }
    )  # fmt: skip
    said = wording.finding(row(mc_low=-0.3, mc_high=-0.1, range_low=-0.3, range_high=-0.1), fifths, "broken")
    assert said[0] == (
        "45 % instead of 65 %: −20.0 percentage points (chance −30.0 to −10.0, assumptions −30.0 to −10.0)."
    )
    assert said[1] == "Of 1,000 paired trials, 20 gained it and 220 lost it."
    assert said[-2] == "Its sign changes within the range of Zeal."
    assert said[-1].startswith(
        "Of single numbers it moves most with Zeal (assumed): −40.0 (−50.0 to +30.0) points where that is lowest"
    )


def test_failed_and_missing_trials_are_named(comparison: Comparison) -> None:
    manifest = comparison.results[comparison.base].manifest
    assert wording.gaps(0, manifest) == []
    short = replace(manifest, chunks=dict(list(manifest.chunks.items())[:1]))
    assert wording.gaps(3, short) == [
        "3 trials failed and are left out.", "This run is not finished: 10 of 120 trials are there."
    ]  # fmt: skip


def test_without_one_trial_there_is_nothing_to_report(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    results = Results.open(comparison.results[comparison.base].folder)
    monkeypatch.setitem(vars(results), "trials", results.trials.assign(error="RunError"))
    with pytest.raises(ResultsError, match="nothing to report on"):
        build(Material(results))


def test_another_definition_is_named() -> None:
    said = " ".join(wording.finding(row(redefined=True, basis=""), NOTHING, "broken"))
    assert "Here broken is defined differently" in said and "the structure of the scenario" in said


def test_the_caution_is_the_readme_s() -> None:
    [part] = re.findall(
        r"^## What it is not\n\n(.*?)^Real people", (ROOT / "README.md").read_text("utf-8"), re.M | re.S
    )
    bullets = [" ".join(text.split()).replace("`", "") for text in re.split(r"^- ", part, flags=re.M)[1:]]
    assert wording.caution() == bullets


def test_numbers_on_the_page_are_those_that_are_stored(comparison: Comparison, page: Page) -> None:
    table = comparison.results[comparison.base].outcomes()
    assert [cells[:2] for cells in page.outcomes.rows] == [
        ("Broken (headline)", f"{table.loc['broken', 'count']}"),
        ("Repudiated", f"{table.loc['repudiated', 'count']}"),
        ("New agreement", f"{table.loc['new_agreement', 'count']}"),
    ]
    by_day = {cells[0]: cells for cells in page.pictures.tables[0].rows}
    assert list(by_day) == ["Day 7", "Day 12"]
    assert by_day["Day 12"][2] == page.outcomes.rows[0][2]
    [finding] = page.findings
    assert finding.name == "Without raids" and finding.sentences[0].startswith("0 % instead of")
    assert page.differences is not None
    assert page.differences.tables[1].rows == [
        ("Without raids", "rules.raid.enabled", "rule off", "true", "false", "assumed")
    ]
    assert page.digests == [it.manifest.digest for it in comparison.results.values()]


def test_a_stored_comparison_is_the_one_that_was_made(comparison: Comparison, folder: Path) -> None:
    again = compared(Study.open(folder / "study"))
    assert again.names == comparison.names and again.plan == comparison.plan
    pd.testing.assert_frame_equal(again.outcomes, comparison.outcomes, check_dtype=False)
    assert again.results[again.base].manifest.digest == comparison.results[comparison.base].manifest.digest


def test_a_comparison_of_results_elsewhere_is_refused(comparison: Comparison, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "study.json").write_bytes((folder / "study" / "study.json").read_bytes())
    for file in (folder / "study").iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="are not in it; name their folders instead"):
        compared(Study.open(tmp_path))


def test_stories_are_a_broken_trial_and_one_that_held(comparison: Comparison) -> None:
    results = comparison.results[comparison.base]
    broken, held = told(results)
    days = results.trials.query("set == 0").set_index("trial")["breakdown_day"]
    assert pd.notna(days[broken.trial]) and pd.isna(days[held.trial])
    assert "Outcome: broken (headline)" in [event for day in broken.days for event in day.events]
    assert "North raids South" in [event for day in broken.days for event in day.events]
    assert broken.end.startswith(f"After 12 days: breakdown on day {days[broken.trial]}")


def test_trials_that_cannot_be_lived_again_are_not_told(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Results, trial: int, set: int = 0) -> None:
        raise ResultsError("another program")

    monkeypatch.setattr(Results, "trajectory", refuse)
    page = build(Material(comparison.results[comparison.base]))
    assert page.stories == [] and page.stories_note == NO_STORY and page.story_pictures == []
    assert "wall" not in [it.name for it in page.pictures.pictures]
    assert page.differences is None and page.findings == []


@pytest.mark.slow
def test_a_study_adds_its_pictures_to_what_it_rests_on(comparison: Comparison, folder: Path, tmp_path: Path) -> None:
    asked = Question.of(folder / "fence.yaml", engine="mesa", workers=1, progress=False)
    study = ablate(asked, sets=2, trials=2, out=tmp_path / "ablation")
    page = build(Material(comparison.results[comparison.base], studies=[study]))
    assert [it.name for it in page.rests.pictures] == ["tornado"]
    assert "switched off" in page.rests.pictures[0].caption


def test_the_evidence_is_counted_by_grade_and_the_weakest_comes_first(comparison: Comparison) -> None:
    scenario = comparison.results[comparison.base].scenario
    assert evidence(scenario).tables[0].rows == [
        ("coded", "counted from dated events", "1", "0"), ("assumed", "a range that somebody chose", "1", "1")
    ]  # fmt: skip
    rules = assumptions(scenario).tables[1].rows
    assert [cells[0] for cells in rules] == ["Raid", "Deal"]
    assert rules[0][2:] == ("$zeal a day", "North raids.", "assumed (tests)")
    meanings = dict(definitions(scenario))
    assert meanings["Broken (headline)"] == "North raids twice; not if new agreement comes first"
    assert "Paired difference" in meanings
