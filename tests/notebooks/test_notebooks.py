"""Every notebook is committed clean, folds its answers away, and runs from its first cell to its last."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS_PER_CELL = 90  # alone on two cores it is under ten; a busy machine may take several times as long

every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def source(path: Path, kind: str) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


def seconds(cell: Any) -> float:
    """How long a cell ran, from the times that its kernel reported."""
    times = cell.metadata.execution
    begun, ended = (dt.datetime.fromisoformat(times[key]) for key in ("iopub.execute_input", "shell.execute_reply"))
    return (ended - begun).total_seconds()


def test_the_course_is_whole() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {
        "00-lesson",
        "01-first-run",
        "02-the-ladder-and-the-rules",
        "03-chance-and-uncertainty",
        "04-counterfactuals",
        "05-sensitivity",
        "06-your-own-conflict",
        "07-fit-and-score",
    }


@every
def test_is_valid_and_clean(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells if cell.outputs] == []
    assert {cell.execution_count for cell in cells} == {None}
    assert "kernelspec" in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"


@every
def test_has_questions_with_folded_answers(path: Path) -> None:
    text = "\n".join(source(path, "markdown"))
    questions = re.findall(r"\*\*Question", text)
    folded = re.findall(r"<details>\s*<summary>.+?</summary>(.+?)</details>", text, re.S)
    assert len(questions) >= 3
    assert len(folded) == len(questions)
    assert all(len(answer.split()) > 10 for answer in folded)


@every
def test_cells_fit_on_a_slide(path: Path) -> None:
    assert [code for code in source(path, "code") if len(code.splitlines()) > 15] == []


@every
def test_the_first_cell_installs_what_is_missing(path: Path) -> None:
    first = source(path, "code")[0]
    (line,) = re.findall(r'%pip install --quiet "(.+)"', first)
    assert 'find_spec("sim") is None' in first
    wanted = Requirement(line.replace("{HOME}", ROOT.as_uri()))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert wanted.name == project["name"]
    assert wanted.extras <= set(project["optional-dependencies"])


@every
def test_sliders_have_a_picture_without_them(path: Path) -> None:
    sliders = [code for code in source(path, "code") if "ipywidgets" in code]
    assert all("except ImportError:" in code for code in sliders)


@every
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", "\n".join(source(path, "markdown")))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@every
def test_says_what_it_is_not(path: Path) -> None:
    text = " ".join("\n".join(source(path, "markdown")).split())
    assert "no forecast" in text or "forecast about living people" in text


@pytest.mark.slow
@every
def test_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "ignore:::ipykernel")
    monkeypatch.delenv("MPLBACKEND", raising=False)  # a notebook shows pictures in itself, whatever the tests draw with
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    client = NotebookClient(read(path), timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    notebook = client.execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [output for cell in cells for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert [output.text for output in shown if output.get("name") == "stderr" and "Warning" in output.text] == []
    assert max(seconds(cell) for cell in cells) < SECONDS_PER_CELL
