"""Every notebook is committed clean, folds its answers away, and runs from its first cell to its last."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SECONDS_PER_CELL = 90  # alone on two cores it is under ten; a busy machine may take several times as long

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def source(path: Path, kind: str) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


def seconds(cell: Any) -> float:
    """How long a cell ran, from the times that its kernel reported."""
    times = cell.metadata.execution
    begun, ended = (dt.datetime.fromisoformat(times[key]) for key in ("iopub.execute_input", "shell.execute_reply"))
    return (ended - begun).total_seconds()


def test_is_valid_and_clean(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells if cell.outputs] == []
    assert {cell.execution_count for cell in cells} == {None}
    assert "kernelspec" in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"


def test_has_questions_with_folded_answers(path: Path) -> None:
    text = "\n".join(source(path, "markdown"))
    questions = re.findall(r"\*\*Question", text)
    folded = re.findall(r"<details>\s*<summary>.+?</summary>.+?</details>", text, re.S)
    assert len(questions) >= 3
    assert len(folded) == len(questions)


def test_cells_fit_on_a_slide(path: Path) -> None:
    assert [code for code in source(path, "code") if len(code.splitlines()) > 15] == []


@pytest.mark.slow
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
