"""The pages with made tables are those of the model, and use every table that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.documenting.__main__ import main
from sim.documenting.filling import MARKED
from sim.documenting.tables import PAGES, TABLES, made

ROOT = Path(__file__).parents[2]
ELEMENTS = ["1. Purpose and patterns", "2. Entities, state variables, and scales", "3. Process overview and scheduling",
            "4. Design concepts", "5. Initialization", "6. Input data", "7. Submodels"]  # fmt: skip
CONCEPTS = ["Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing",
            "Interaction", "Stochasticity", "Collectives", "Observation"]  # fmt: skip


def text(name: str) -> str:
    return (ROOT / PAGES[name]).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_is_the_models(name: str) -> None:
    assert text(name) == made(ROOT / PAGES[name]), f"make it again: python -m sim.documenting {name}"


def test_every_table_is_on_a_page() -> None:
    used = {found.group(2) for name in PAGES for found in MARKED.finditer(text(name))}
    assert used == set(TABLES)


def test_the_odd_has_its_seven_elements_in_order() -> None:
    headings = [line.removeprefix("## ") for line in text("odd").splitlines() if line.startswith("## ")]
    assert headings == [*ELEMENTS, "Sources"]


def test_the_odd_has_all_eleven_concepts_in_order() -> None:
    part = text("odd").split("## 4. Design concepts")[1].split("## 5.")[0]
    assert [line.split("**")[1].rstrip(".") for line in part.splitlines() if line.startswith("**")] == CONCEPTS


def test_the_command_prints_rules_and_refuses_what_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == (ROOT / "docs/explanation/rules.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["odd"]) == 2
    assert main(["builtin:nothing"]) == 2
    assert "root of the source tree" in capsys.readouterr().err
