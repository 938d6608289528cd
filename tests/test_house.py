"""The house keeps its own rules: what lies where, what is written once, what may not be in a tracked file."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import sim
from sim.documenting import rules_page
from sim.scenario import load

ROOT = Path(__file__).parents[1]

TOP = {
    ".ci", ".gitignore", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "docs", "notebooks", "pyproject.toml", "scenarios", "sim", "tests",
}  # fmt: skip

# Written in pieces, so that this file is not what it looks for.
MACHINE_PATHS = re.compile(
    "|".join(["/(farm|work)" + "/", "/tmp" + "/", "/home" + "/", "/Users" + "/", r"[A-Z]:\\" + "Users"])
)
REGISTRIES = re.compile("|".join([r"pypi\." + "org", "python" + "hosted", "--(extra-)?index" + "-url"]))

HEAVY = {
    "PIL", "SALib", "duckdb", "jinja2", "llvmlite", "matplotlib", "mesa", "numba", "numpy", "pandas", "pyarrow",
    "pydantic", "scipy", "sklearn", "yaml",
}  # fmt: skip
DISTRIBUTION = {"PIL": "pillow", "pydantic_core": "pydantic", "sklearn": "scikit-learn", "yaml": "pyyaml"}


MADE = {line.strip("/\n") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if "*" not in line}


def tracked() -> list[Path]:
    """Files that git has or would take, relative to the root; of an unpacked archive, all that nobody made since."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        return [path for path in found if not MADE & set(path.parts) and path.suffix != ".pyc"]
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in names.split("\0") if name and (ROOT / name).is_file()]


def texts() -> dict[Path, str]:
    readable = {}
    for path in tracked():
        try:
            readable[path] = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return readable


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def modules() -> list[Path]:
    return sorted((ROOT / "sim").rglob("*.py"))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(lines: list[str]) -> set[str]:
    """Distribution names of requirement lines, our own extras left out."""
    names = {canonical(re.split(r"[^\w.-]", line)[0]) for line in lines}
    return names - {"ceasefire"}


def test_the_top_level_is_exactly_this() -> None:
    assert {path.parts[0] for path in tracked()} == TOP


def test_ci_is_one_executable_script() -> None:
    assert [path.name for path in (ROOT / ".ci").iterdir()] == ["run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_no_path_of_a_machine_in_a_tracked_file() -> None:
    assert lines_with(MACHINE_PATHS) == []


def test_no_host_of_a_registry_in_a_tracked_file() -> None:
    assert lines_with(REGISTRIES) == []


def test_no_fetched_data_in_the_repository() -> None:
    fetched = re.compile(
        r"(ucdp|ged|acled|_daily|subdistrict|syr_adm).*\.(csv|gz|parquet|geojson|zip|json)$", re.IGNORECASE
    )
    assert [str(path) for path in tracked() if fetched.search(path.name)] == []


SAMPLE = Path("docs/sample-report.html")  # one page with all of its pictures inside


def test_no_file_is_large() -> None:
    most = {SAMPLE: 1_500_000}
    assert [str(path) for path in tracked() if (ROOT / path).stat().st_size > most.get(path, 1_000_000)] == []


def test_machine_path_pattern_finds_one() -> None:
    assert MACHINE_PATHS.search("open('/home" + "/someone/x')")
    assert not MACHINE_PATHS.search("a path/to/work and https://host/work")


def test_the_citation_is_valid_and_leaves_the_version_to_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors", "type", "license"} <= set(citation)
    assert citation["license"] == project()["project"]["license"]
    assert all("name" in author or "family-names" in author for author in citation["authors"])
    assert "version" not in citation


def test_the_version_stands_in_one_place() -> None:
    assert project()["project"]["dynamic"] == ["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", sim.__version__)
    assigned = [path for path in modules() if re.search(r"^__version__\s*[:=]", path.read_text(encoding="utf-8"), re.M)]
    assert assigned == [ROOT / "sim" / "__init__.py"]


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert newest is not None
    assert newest[1] == sim.__version__


def order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as ruff sorts them."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)


def exported(path: Path) -> list[str] | None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def bound(path: Path) -> set[str]:
    """Names that a module defines, imports or offers lazily at its top level."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize("path", [p for p in modules() if exported(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_exports_are_sorted_and_exist(path: Path) -> None:
    names = exported(path) or []
    assert names == sorted(names, key=order)
    assert len(names) == len(set(names))
    submodules = {sibling.stem for sibling in path.parent.glob("*")} if path.name == "__init__.py" else set()
    assert set(names) <= bound(path) | submodules


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {name.split(".")[0] for name in out.split()}


def test_importing_sim_loads_nothing_heavy() -> None:
    assert loaded_by("import sim") & HEAVY == set()


def test_the_heavy_list_names_what_it_means() -> None:
    assert "numpy" in loaded_by("import numpy") & HEAVY


def test_whatever_sim_imports_is_declared() -> None:
    declared = required(project()["project"]["dependencies"])
    for extra in project()["project"]["optional-dependencies"].values():
        declared |= required(extra)
    used = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                used.add(node.module.split(".")[0])
    foreign = used - set(sys.stdlib_module_names) - {"sim"}
    assert {canonical(DISTRIBUTION.get(name, name)) for name in foreign} <= declared


def test_constraints_pin_exactly_what_make_installs() -> None:
    lines = (ROOT / "tests" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    pinned = {canonical(line.split("==")[0]) for line in pins}
    extras = project()["project"]["optional-dependencies"]
    wanted = required(project()["project"]["dependencies"] + extras["fast"] + extras["notebooks"] + extras["test"])
    assert wanted <= pinned


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("target", ["demo", "test", "bench", "lint"])
def test_make_knows_the_target(target: str) -> None:
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def links(page: Path) -> set[Path]:
    """Files of ours that a page links to."""
    return {(page.parent / target).resolve() for target in LINK.findall(page.read_text(encoding="utf-8"))}


def pages() -> list[Path]:
    return [ROOT / path for path in tracked() if path.suffix == ".md"]


def test_links_between_pages_lead_somewhere() -> None:
    assert [(page.name, str(link)) for page in pages() for link in links(page) if not link.exists()] == []


def test_every_page_of_the_documentation_is_reached_from_its_index() -> None:
    index = ROOT / "docs" / "README.md"
    reached, ahead = {index}, [index]
    while ahead:
        new = {link for link in links(ahead.pop()) if link.suffix == ".md" and link.exists()} - reached
        reached |= new
        ahead += new
    assert {page for page in pages() if page.is_relative_to(ROOT / "docs")} <= reached


def test_the_page_of_rules_is_the_models() -> None:
    page = (ROOT / "docs" / "explanation" / "rules.md").read_text(encoding="utf-8")
    remedy = "make it again: python -m sim.documenting > docs/explanation/rules.md"
    assert page == rules_page(load("idlib-2020-02-11")), remedy
