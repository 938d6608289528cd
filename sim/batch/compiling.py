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

from sim.batch.translating import digest, sources, translate

KERNEL = '''
@intrinsic
def pointer(typing, array):
    """Where an array's numbers begin: indexing it neither wraps round nor counts references."""

    def generate(context, builder, signature, arguments):
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def skip(typing, numbers, n):
    """The same, `n` numbers further on."""

    def generate(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return numbers(numbers, types.int64), generate


@njit(nogil=True, cache=True, error_model="numpy", _nrt=False, no_rewrites=True)
def run_trials(
    ints, reals, origin, regimes, fragile, low, high, set_index, trials, days, watched,
    last, began, status, daily, logs, log_of,
):
    """Run trials to their end: the last state, the regime at the origin, watched numbers day by day, logs of some.

    `trials` (n,); `last` (n, states); `began` and `status` (n,); `daily` (n, days, watched), nan after a trial's end;
    `logs` (kept, rows), and `log_of` (n,) the row of each trial in it, -1 where its events are not kept.
    """
    ci = pointer(ints)
    cf = pointer(reals)
    states = pointer(last)
    numbers = pointer(daily)
    for k in range(len(trials)):
        s = skip(states, k * last.shape[1])
        for i in range(last.shape[1]):
            s[i] = origin[i]
        at = Address(low, high, set_index, trials[k])
        begin(s, ci, cf, at, regimes, fragile)
        began[k] = s[REGIME]
        log = logs[log_of[k]] if log_of[k] >= 0 else logs[0][:0]
        for today in range(days):
            seen = (k * days + today) * len(watched)
            if s[ENDED] != 0.0:
                for j in range(len(watched)):
                    numbers[seen + j] = nan
                continue
            day(s, ci, cf, at, log)
            for j in range(len(watched)):
                numbers[seen + j] = s[watched[j]]
        status[k] = outcome_of_trial(s, ci, cf)
        if log_of[k] >= 0 and s[LOGGED] * (L_MARKS + ci[N_MARKS]) > logs.shape[1]:
            status[k] = LOG_FULL
'''


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
            module.run_trials.compile(_signature())
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


def _signature() -> tuple[Any, ...]:
    """The types of `run_trials`'s arguments, so that it is compiled before it is called."""
    from numba import float64, int64

    ints, reals, table, cube = int64[::1], float64[::1], float64[:, ::1], float64[:, :, ::1]
    numbers = (ints, reals, reals, reals, float64, *[int64] * 3, ints, int64, ints)
    return (*numbers, table, reals, ints, cube, table, ints)
