"""What some tests need that a machine may lack: there they are skipped and say so; in CI that fails (`conftest`).

`make test` installs all that is a package. What is left: platforms for which numba has no wheel, systems without the
signals of POSIX, no browser, and the fetched data, which may not be shipped.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
FETCHED = "fetched data"  # the one thing that CI too may lack

# The model must also run where numba has no wheel (some Windows and Intel Macs, browsers). There nothing is compiled
# that these tests could look at; what they hold of both engines is still held of the reference engine.
numba = pytest.mark.skipif(
    find_spec("numba") is None,
    reason="there is no numba here (extra `fast`), so there is no compiled engine to test; the Mesa engine is tested",
)
# These tests kill or interrupt a process of their own; Windows has no signal that does so and leaves the parent be.
# That what was stored survives and is resumed is tested there by runs that fail by themselves.
posix_signals = pytest.mark.skipif(
    os.name != "posix", reason="kills and interrupts by SIGKILL and SIGINT, which only POSIX systems have"
)
engines = ["mesa", pytest.param("batch", marks=numba)]


def shared(name: str) -> Path:
    """A file below ../shared, such as `data/idlib_box_daily.csv`; the test is skipped where it is not there.

    Its licence or our rules keep it out of the repository, so a clone alone cannot have it; the same code is tested on
    made-up records everywhere.
    """
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{FETCHED}: ../shared/{name} is absent; it is fetched (docs/how-to/data.md), never committed")
    return path
