"""Fixtures of several folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import main
from tests import needs
from tests.commands import Call
from tests.ensemble.fake import SCENARIO


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the command in an empty folder with `fence.yaml` in it."""
    monkeypatch.chdir(tmp_path)
    Path("fence.yaml").write_text(SCENARIO, encoding="utf-8")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """In CI a test that is skipped has failed: there all is installed that a test can need, but for fetched data."""
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a module that skips all of its tests."""
    report = yield
    refuse_skip(report)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a skip in CI a failure that repeats its reason."""
    if report.outcome != "skipped" or os.environ.get("CI") != "true":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if needs.FETCHED not in reason:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: in CI nothing is skipped; {reason}"
