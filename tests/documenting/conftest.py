"""The flagship scenario on the eve of its origin, made once."""

from __future__ import annotations

import pytest

from sim.documenting.subject import Subject, subject


@pytest.fixture(scope="session")
def flagship() -> Subject:
    """The flagship, compiled and driven."""
    return subject("idlib-2020-02-11")
