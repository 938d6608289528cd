"""The Python page works as written: every block, one after another; and it names what there is."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim import Results, Scenario
from sim.face import Answers

PAGE = (Path(__file__).parents[1] / "docs/reference/python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.slow
def test_every_block_runs(tmp_path: Path) -> None:
    script = "\n".join(['import matplotlib; matplotlib.use("agg")', *BLOCKS]).replace(".run(", ".run(workers=1, ")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "after 60 days" in done.stdout and "breakdown (headline)" in done.stdout
    assert list(tmp_path.iterdir()) == []


def public(kind: type) -> set[str]:
    """Methods and properties that a class adds to what it extends."""
    return {name for name in vars(kind) if not name.startswith("_") and name not in ("model_config", "of", "scenario")}


@pytest.mark.parametrize("kind", [Scenario, Answers, Results])
def test_every_method_is_explained(kind: type) -> None:
    assert {name for name in public(kind) if not re.search(rf"`?\b{name}\b[`(]", PAGE)} == set()


def test_every_name_of_the_package_and_argument_of_run_is_explained() -> None:
    explained = set(re.findall(r"`(\w+)", PAGE))
    assert set(sim.__all__) - {"__version__"} <= explained
    assert set(inspect.signature(Scenario.run).parameters) - {"self"} <= explained
