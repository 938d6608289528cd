"""The fetched data beside the project, for tests that are skipped where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


def real(name: str) -> Path:
    """A file below ../shared; the test is skipped where it is not there."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"../shared/{name} is not here; it is fetched, never shipped")
    return path
