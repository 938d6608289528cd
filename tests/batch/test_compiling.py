"""The cache of compiled kernels: keyed by all sources, private where it must be, safe for two who come at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from sim.batch import compiling
from sim.batch.compiling import cache_folder, kernels, write_module
from sim.batch.engine import run_arrays
from sim.batch.kernel import KERNEL
from sim.batch.translating import translate
from sim.preparing import prepare
from tests.small import small

pytest.importorskip("numba", reason="the compiled engine needs the extra `fast`")

ROW = """
from sim.batch.engine import simulate
from sim.scenario import load
print(*[run.row for run in simulate(load("idlib-2020-02-11"), 0, 0, range(3))])
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CEASEFIRE_CACHE", str(folder))
    return folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files, and a cache that cannot be: where it should stand there is a file."""
    (tmp_path / "home").write_text("not a folder")
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("CEASEFIRE_CACHE", str(tmp_path / "home" / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


# --- where ----------------------------------------------------------------------------------------------------------


def test_the_cache_is_where_it_is_asked_for(cache: Path) -> None:
    assert cache_folder() == cache
    assert cache.is_dir()


def test_without_being_asked_it_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CEASEFIRE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "ceasefire"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert cache_folder() == tmp_path / "home" / ".cache" / "ceasefire"


def written(number: int) -> Path:
    return write_module([f"source {number}"], lambda: f"x = {number}\n")


def test_it_is_never_in_the_installation() -> None:
    assert Path(compiling.__file__).parent not in Path(kernels().__file__ or "").parents


def test_where_nothing_can_be_written_a_private_temporary_folder_serves(temporary: Path) -> None:
    folder = cache_folder()
    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert cache_folder() == folder
    assert written(1).parent == folder


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="file owners are of POSIX")
def test_a_folder_that_somebody_else_owns_is_not_trusted(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary / "ceasefire-4242").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    folder = cache_folder()
    assert folder.parent == temporary
    assert folder != temporary / "ceasefire-4242"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="symbolic links need rights elsewhere")
def test_a_link_in_its_place_is_not_followed(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (temporary / f"ceasefire-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    assert cache_folder().resolve().parent == temporary.resolve()


# --- what -----------------------------------------------------------------------------------------------------------


def test_a_module_is_named_by_its_source(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = written(1), written(2)
    assert one != two
    assert (one.read_text(), two.read_text()) == ("x = 1\n", "x = 2\n")
    assert written(1) == one
    monkeypatch.setattr(compiling, "_numba_version", lambda: "another")
    assert written(1) != one


def test_nothing_half_written_is_left_behind(cache: Path) -> None:
    written(1)
    assert [path.suffix for path in cache.iterdir()] == [".py"]


def test_who_writes_second_leaves_the_same_file_and_date(cache: Path) -> None:
    """The compiler's own cache looks at size and date."""
    path = written(1)
    before = path.stat()
    path.unlink()
    assert written(1) == path
    assert (path.stat().st_mtime, path.stat().st_size) == (before.st_mtime, before.st_size)


def test_what_is_there_is_not_made_again(cache: Path) -> None:
    path = written(1)
    assert write_module(["source 1"], lambda: "x = 2\n") == path
    assert path.read_text() == "x = 1\n"


def test_the_kernel_is_that_of_the_sources_as_they_are() -> None:
    assert Path(kernels().__file__ or "").read_text() == translate(KERNEL)
    assert kernels() is kernels()


def test_a_run_finds_the_kernel_compiled_for_its_arguments() -> None:
    """With other types than those foreseen it would be compiled a second time, and not be said."""
    ready = prepare(small())
    run_arrays(ready, np.arange(2))
    run_arrays(ready, np.arange(2), [1])
    assert len(kernels().run_trials.signatures) == 1


# --- two at once ----------------------------------------------------------------------------------------------------


def start(cache: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"CEASEFIRE_CACHE": str(cache)}
    command = [sys.executable, "-c", ROW]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_of_two_processes_that_start_together_one_compiles_and_both_run(tmp_path: Path) -> None:
    both = [start(tmp_path), start(tmp_path)]
    said = [process.communicate(timeout=600) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0] != ""
    assert sum("compiling the engine" in errors for _, errors in said) == 1
    third = start(tmp_path)
    row, errors = third.communicate(timeout=120)
    assert (row, errors) == (said[0][0], "")
    assert len(list(tmp_path.glob("kernel_*.py"))) == 1
    assert not list(tmp_path.rglob("*.tmp"))
