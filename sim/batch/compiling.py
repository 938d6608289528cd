"""Compiles the kernel once for each version of the conflict's sources, and keeps it on disk.

The cache lies in the user's cache folder (or `CEASEFIRE_CACHE`), never in the installation, so that a read-only install
and many users of one machine work alike. Files are written under a temporary name and renamed.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from sim.batch.kernel import KERNEL
from sim.batch.translating import digest, sources, translate


def cache_folder() -> Path:
    """Where compiled kernels are kept: `CEASEFIRE_CACHE`, the user's cache folder, or else the temporary one."""
    asked = os.environ.get("CEASEFIRE_CACHE")
    base = Path(asked) if asked else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ceasefire"
    try:
        base.mkdir(parents=True, exist_ok=True)
        if os.access(base, os.W_OK):
            return base
    except OSError:
        pass  # a home that cannot be written to: the temporary folder serves, for this user alone
    return _private_folder()


def _private_folder() -> Path:
    """A temporary folder of this user; a new one where somebody else has taken its name, since code is run from it."""
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    private = Path(tempfile.gettempdir()) / f"ceasefire-{user}"
    private.mkdir(mode=0o700, exist_ok=True)
    own = not hasattr(os, "getuid") or private.lstat().st_uid == os.getuid()
    return private if own and not private.is_symlink() else Path(tempfile.mkdtemp(prefix="ceasefire-"))


def write_module(sources: Sequence[str], make: Callable[[], str]) -> Path:
    """The generated module's file, made if there is none of these sources, this Python and this numba yet."""
    path = cache_folder() / f"kernel_{digest([*sources, sys.version, _numba_version()])}.py"
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w") as file:
            file.write(make())
        os.utime(temporary, (0, 0))  # numba's cache asks for the date: two processes that write alike must agree
        Path(temporary).replace(path)
    return path


def _numba_version() -> str:
    import numba

    return str(numba.__version__)


@cache
def kernels() -> ModuleType:
    """The module of compiled functions; says so when they have to be compiled first."""
    path = write_module([KERNEL, *sources()], lambda: translate(KERNEL))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load the generated module {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    with _alone(path):
        if not any((path.parent / "__pycache__").glob(f"{path.stem}.run_trials-*.nbi")):
            print("ceasefire: compiling the engine, once for this version (about ten seconds) ...", file=sys.stderr)
        with _no_garbage():
            for name, signature in _signatures().items():
                getattr(module, name).compile(signature)
    return module


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Leave the compiler's millions of small objects unsearched for cycles: the search takes a seventh of its time."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock while compiling, so that processes that start together compile once and not each for itself."""
    if os.name != "posix":
        yield
        return
    import fcntl

    with path.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _signatures() -> dict[str, tuple[Any, ...]]:
    """The types of the arguments of what is called from Python, so that it is compiled before it is called."""
    from numba import boolean, float64, int32, int64

    ints, reals, table, cube = int64[::1], float64[::1], float64[:, ::1], float64[:, :, ::1]
    numbers = (ints, reals, reals, reals, float64, *[int64] * 3, ints, int64, ints, ints)
    bits, columns, flags = int64[:, :, ::1], int32[:, ::1], boolean[:, ::1]
    return {
        "run_trials": (*numbers, table, reals, ints, cube, table, ints),
        "find_new_bins": (bits, columns, flags),
        "tally": (cube, bits, columns, ints, ints, int32[::1], int64[:, ::1], table, table, flags, cube),
    }
