"""Code of a user's own is checked against our types: what is right passes mypy --strict, what is wrong does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RIGHT = """
from __future__ import annotations

from pathlib import Path

import pandas as pd

import sim
from sim import Results, Scenario, builtin_names, load


def probabilities(results: Results) -> list[float]:
    return list(results.outcomes()["probability"])


def run(scenario: Scenario, out: Path) -> Results:
    changed = scenario.set({"rules.retaliation.probability": 0.5}, "ensemble.trials=10").without("shelling")
    return changed.run(trials=10_000, sets=2, out=out, events=[0, (1, 17)], progress=True)


names: list[str] = builtin_names()
idlib: Scenario = load("idlib-2020-02-11")
results: Results = idlib.run(10)
kept: Results = results.save("kept")
opened: Results = sim.open("kept")
survival: pd.DataFrame = results.survival("direct_war")
answer: pd.DataFrame = results.sql("select count(*) from trials")
some: pd.DataFrame = results.given("new_agreement_day <= 10").outcomes()
days: float = results.restricted_mean().days
story: str = results.trial(17).tell(why=True)
results.plot.survival()
results.plot("outcomes", width_mm=89.0)
tipped: pd.DataFrame = idlib.compare(idlib.without("shelling"), trials=10).tipped
"""
WRONG = """
import sim
from sim import lode

results = sim.load("idlib-2020-02-11").run(trials="many")
results.survivall()
sim.load(3)
results.trial("17")
results.outcomes(3)
"""


def check(text: str, folder: Path) -> list[str]:
    """What mypy --strict says of a file of its own, outside of our tree, with no configuration of ours."""
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    command = [
        sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", "--no-error-summary",
        f"--cache-dir={folder / 'cache'}", str(file),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [line.removeprefix(f"{file}:") for line in (done.stdout + done.stderr).splitlines() if "error:" in line]


@pytest.mark.slow
def test_right_and_wrong(tmp_path: Path) -> None:
    assert check(RIGHT, tmp_path) == []
    said = check(WRONG, tmp_path)
    assert [int(line.partition(":")[0]) for line in said] == [3, 5, 6, 7, 8, 9]
    assert "lode" in said[0]
    assert (ROOT / "sim" / "py.typed").is_file()
