"""Fixtures of several folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import main
from tests.commands import Call
from tests.ensemble.fake import SCENARIO


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the command in an empty folder with `fence.yaml` in it."""
    monkeypatch.chdir(tmp_path)
    Path("fence.yaml").write_text(SCENARIO, encoding="utf-8")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
