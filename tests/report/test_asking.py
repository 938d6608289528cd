"""What is reported on, what is compared with it, and what is run because it is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.ensemble import Results, run
from sim.ensemble.comparing import DEFAULT_SETS, Comparison
from sim.errors import InputError
from sim.report.asking import asked, material
from sim.report.counterfactuals import counterfactuals

PLAN = {"sets": 3, "trials": 2, "engine": "mesa", "workers": 1}


def test_counterfactuals_extend_the_scenario_and_start_on_its_day(folder: Path) -> None:
    same, elsewhere = counterfactuals(str(folder / "fence.yaml"))
    assert (same, elsewhere) == ([str(folder / "calm.yaml")], [str(folder / "late.yaml")])


def test_the_article_s_counterfactuals_are_the_shipped_ones() -> None:
    same, elsewhere = counterfactuals("builtin:idlib-2020-02-11")
    assert same == counterfactuals("idlib-2020-02-11")[0]
    assert "builtin:third-party-monitors" in same and len(same) >= 8
    assert elsewhere == ["builtin:no-blocking-posts"]


def test_a_scenario_that_nothing_extends_has_none(folder: Path) -> None:
    with pytest.raises(InputError, match="no scenario beside it extends it"):
        counterfactuals(str(folder / "calm.yaml"))


def test_a_scenario_is_run_with_sets_and_not_run_twice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = str(folder / "calm.yaml")
    first = material(asked([source], [], False, None, {"engine": "mesa", "workers": 1, "trials": 1}), progress=False)
    assert first.comparison is None and first.results.manifest.plan.sets == DEFAULT_SETS
    made = (first.results.folder / "manifest.json").read_bytes()
    again = material(asked([source], [], False, None, {"engine": "mesa", "workers": 1, "trials": 1}), progress=False)
    assert again.results.folder == first.results.folder and again.results.folder.parts[0] == "results"
    assert (again.results.folder / "manifest.json").read_bytes() == made
    assert first.command[1] == f"ceasefire report {source} --sets {DEFAULT_SETS} --trials 1 --seed 0 --days 12"


def test_with_counterfactuals_all_are_compared_and_the_others_named(folder: Path, tmp_path: Path) -> None:
    wanted = asked([str(folder / "fence.yaml")], [], True, tmp_path / "runs", PLAN)
    found = material(wanted, progress=False)
    assert found.comparison is not None
    assert found.comparison.names == ['The fence <i>& "co"</i>', "Without raids"]
    assert "A day later" in found.left_out[0] and "another day" in found.left_out[0]
    assert found.results.scenario.name == found.comparison.base
    assert found.command[1].endswith("fence.yaml --counterfactuals --sets 3 --trials 2 --seed 0 --days 12")


def test_results_can_be_compared_with_a_scenario(folder: Path, tmp_path: Path) -> None:
    base = run(folder / "fence.yaml", out=tmp_path / "base", progress=False, **PLAN)
    wanted = asked([str(base.folder)], [str(folder / "calm.yaml")], False, tmp_path / "runs", {"engine": "mesa"})
    found = material(wanted, progress=False)
    assert found.comparison is not None and found.comparison.plan.sets == 3
    assert found.results.folder == base.folder


def test_a_stored_comparison_is_enough(comparison: Comparison, folder: Path) -> None:
    found = material(asked([str(folder / "study")], [], False, None, {}))
    assert found.comparison is not None and found.comparison.names == comparison.names
    assert isinstance(found.results, Results)


def test_what_cannot_be_reported_on_is_refused(folder: Path, comparison: Comparison, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="takes results, a scenario, or the folder of one comparison"):
        asked([], [], False, None, {})
    base = comparison.results[comparison.base].folder
    with pytest.raises(InputError, match="--counterfactuals: takes a scenario"):
        asked([str(base)], [], True, None, {})
    other = tmp_path / "other"
    shutil.copytree(comparison.results["Without raids"].folder, other)
    with pytest.raises(InputError, match="is not the base of the comparison"):
        material(asked([str(other), str(folder / "study")], [], False, None, {}))
