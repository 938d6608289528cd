"""One run to a folder: a lock that the system lets go when its holder dies, however it dies."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sim.errors import ResultsError

NAME = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; ResultsError while another process holds it.

    The file says who holds it, for people. What counts is the system's lock on the file, so that the file of a
    process that was killed stands in nobody's way.
    """
    path = folder / NAME
    file = _open_current(path)
    try:
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "host": platform.node()}, file)
        file.flush()
        yield
    finally:
        # Unlink before unlocking: whoever waits on this file finds another one in its place, or none.
        with suppress(PermissionError):  # Windows keeps a file that is open
            path.unlink(missing_ok=True)
        file.close()


def _open_current(path: Path) -> IO[str]:
    """The locked file that stands at `path`; tries again when its last holder removed it in between."""
    while True:
        file = path.open("a+")
        if not _try_lock(file):
            holder = _holder(file)
            file.close()
            raise ResultsError(
                f"{path.parent}: another run is writing there ({holder}); wait for it, or choose another with --out"
            )
        if _same_file(file, path):
            return file
        file.close()


def _same_file(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        said = json.loads(file.read())
        return f"process {said['pid']} on {said['host']}"
    except (ValueError, KeyError, TypeError, OSError):
        return "a process that has not said its number"


def _try_lock(file: IO[str]) -> bool:
    """Whether the system gives us the file for ourselves; it takes it back when this process ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        return _try_lock_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_lock_windows(file: IO[str]) -> bool:
    from importlib import import_module

    msvcrt = import_module("msvcrt")
    try:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True
