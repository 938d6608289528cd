"""What the README shows works as shown: every command, the scenario, the notebook cell."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCK.findall(README) if found == language]


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line]


def shown(program: str) -> list[str]:
    return [line for line in commands() if line.split()[0] == program]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with the README's scenario in it, under the name that the text before it gives."""
    [text] = blocks("yaml")
    name = re.findall(r"Save this as `([\w.-]+)`", README)
    (tmp_path / name[0]).write_text(text, encoding="utf-8")
    return tmp_path


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=1200, check=False)


def test_every_command_is_one_that_is_tested_here() -> None:
    assert set(commands()) == {*shown("ceasefire"), *shown("pip")}
    assert shown("ceasefire")
    assert shown("pip")


@pytest.mark.parametrize("line", shown("ceasefire"))
@pytest.mark.slow
def test_command(line: str, folder: Path) -> None:
    done = run([sys.executable, "-m", "sim", *line.split()[1:]], folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("line", shown("pip"))
def test_installs_name_extras_that_exist(line: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.findall(r"\[([\w,]+)\]", line)
    assert {name for group in extras for name in group.split(",")} <= set(project["optional-dependencies"])


def test_the_scenario_is_short_and_says_what_it_asks() -> None:
    [text] = blocks("yaml")
    lines = text.splitlines()
    assert len(lines) <= 10
    assert all(line.startswith("# ") for line in lines[:3])


@pytest.mark.slow
def test_the_cell_runs(folder: Path) -> None:
    [cell] = blocks("python")
    assert len(cell.splitlines()) <= 10
    done = run([sys.executable, "-W", "error", "-c", f"import matplotlib; matplotlib.use('agg')\n{cell}"], folder)
    assert done.returncode == 0, done.stderr
    assert "probability" in done.stdout


@pytest.mark.parametrize("said", ["not a forecast", "not a warning system", "planning", "assumptions", "hand", "ended",
                                  "property of the model", "still going on", "sectors"])  # fmt: skip
def test_the_plain_statements_stand(said: str) -> None:
    caution = README.split("## What it is not")[1].split("\n## ")[0]
    assert said in " ".join(caution.split())
