"""In CI nothing is skipped, but for data that may not be shipped; elsewhere a skip is a skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import needs
from tests.conftest import refuse_skip


def skipped(reason: str) -> pytest.TestReport:
    why = (__file__, 1, f"Skipped: {reason}")
    return pytest.TestReport("some::test", ("some", 1, "test"), {}, "skipped", why, "setup")


@pytest.mark.parametrize(
    ("ci", "reason", "outcome"),
    [
        ("true", "no chromium", "failed"),
        ("true", f"{needs.FETCHED}: ../shared/x is absent", "skipped"),
        ("", "no chromium", "skipped"),
    ],
)
def test_a_skip_in_ci_fails_but_for_want_of_fetched_data(
    monkeypatch: pytest.MonkeyPatch, ci: str, reason: str, outcome: str
) -> None:
    monkeypatch.setenv("CI", ci)
    report = skipped(reason)
    refuse_skip(report)
    assert report.outcome == outcome
    assert reason in str(report.longrepr)


def test_what_passed_or_failed_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    report = pytest.TestReport("some::test", ("some", 1, "test"), {}, "passed", None, "call")
    refuse_skip(report)
    assert report.outcome == "passed"


def test_absent_data_skips_and_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "SHARED", tmp_path)
    with pytest.raises(pytest.skip.Exception, match=r"fetched data: \.\./shared/data/x\.csv is absent"):
        needs.shared("data/x.csv")
    (tmp_path / "x.csv").touch()
    assert needs.shared("x.csv") == tmp_path / "x.csv"
