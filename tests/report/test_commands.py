"""`ceasefire report` and `ceasefire explorer`: files written, and what is refused with nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.ensemble.comparing import Comparison
from tests.commands import Call, fine, refused
from tests.ensemble.fake import SCENARIO

QUICK = ("--engine", "mesa", "--workers", 1, "--sets", 2, "--trials", 3)


@pytest.mark.slow
def test_a_report_is_written_where_it_is_asked_for(call: Call, comparison: Comparison) -> None:
    folder = comparison.results[comparison.base].folder
    assert fine(call("report", folder, "--out", "deep/page.html")) == "deep/page.html\n"
    assert "<title>The fence &lt;i&gt;&amp;" in Path("deep/page.html").read_text("utf-8")
    assert fine(call("report", folder)) == "report-the-fence-i-co-i.html\n"


@pytest.mark.slow
def test_one_command_runs_and_reports(call: Call) -> None:
    Path("other.yaml").write_text("extends: fence.yaml\nname: other\nrules: {raid: {enabled: false}}\n")
    fine(call("report", "fence.yaml", "--counterfactuals", *QUICK, "--runs", "runs", "--out", "page.html"))
    page = Path("page.html").read_text("utf-8")
    assert "other" in page and "ceasefire report fence.yaml --counterfactuals --sets 2 --trials 3" in page
    assert Path("runs/study.json").exists()


def test_what_is_wrong_is_said_and_nothing_written(call: Call) -> None:
    assert "is not the name of an .html file" in refused(call("report", "fence.yaml", "--out", "page.pdf"))
    assert "no such file" in refused(call("report", "nowhere.yaml"))
    assert "no scenario beside it extends it" in refused(call("report", "fence.yaml", "--counterfactuals"))
    assert sorted(path.name for path in Path().iterdir()) == ["fence.yaml"]


def test_a_file_that_cannot_be_written_is_an_error(call: Call, comparison: Comparison) -> None:
    Path("taken").write_text("", encoding="utf-8")
    folder = comparison.results[comparison.base].folder
    assert "cannot be written" in refused(call("report", folder, "--out", "taken/page.html"))


@pytest.mark.slow
def test_an_explorer_is_made_of_a_scenario_or_of_its_sweep(call: Call) -> None:
    vary = ("--vary", "rules.raid.rate=0.1,0.3", "--vary", "rules.patrol.enabled=true,false")
    said = fine(call("explorer", "fence.yaml", *vary, *QUICK, "--runs", "swept", "--out", "one.html"))
    assert said.startswith("one.html (") and said.endswith(" kB)\n")
    fine(call("explorer", "swept", "--out", "two.html"))
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


def test_what_an_explorer_cannot_show_is_refused(call: Call) -> None:
    assert "--vary is missing" in refused(call("explorer", "fence.yaml"))
    assert "is not the name of an .html file" in refused(call("explorer", "fence.yaml", "--out", "page.pdf"))
    Path("empty").mkdir()
    assert "not the folder of a sweep" in refused(call("explorer", "empty"))
    assert Path("fence.yaml").read_text("utf-8") == SCENARIO


@pytest.mark.slow
def test_a_stored_sweep_is_shown_as_it_is(call: Call) -> None:
    fine(call("sweep", "fence.yaml", "--vary", "rules.raid.rate=0.1,0.3", *QUICK, "--out", "swept"))
    assert "a stored sweep is shown as it is" in refused(call("explorer", "swept", "--trials", 5))
