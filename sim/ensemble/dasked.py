"""The same chunks on Dask: workers compute them and send the files back, and the parent alone writes to the folder."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import pickle
import platform
import sys
import threading
from asyncio import CancelledError
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tqdm import tqdm

from sim import __version__
from sim.ensemble import manifest, tables
from sim.ensemble.engines import find_block_engine
from sim.ensemble.manifest import Done
from sim.ensemble.plan import Chunk
from sim.ensemble.worker import GO_ON, Job, Worker
from sim.errors import CeasefireError, InputError, RunError

if TYPE_CHECKING:
    import distributed

LOCAL = "local"
CONNECT_SECONDS = 10
PATIENCE_SECONDS = 5
CHUNKS_A_THREAD = 2  # one to compute, one to follow; more would only wait, and be lost with their worker

_DEAF_TO_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"  # the parent alone answers it

Program = Mapping[str, str]
Files = dict[str, bytes]


@contextmanager
def connected(address: str, workers: int | None, processes: int) -> Iterator[Cluster]:
    """The cluster at `address`, or for `local` a new one of `processes` processes here.

    Raises InputError where Dask is not installed, nothing answers within `CONNECT_SECONDS`, or a worker's program is
    not ours.
    """
    if workers is not None and address != LOCAL:
        raise InputError(f"workers: the cluster at {address} has its own; leave --workers out, or take --dask {LOCAL}")
    with ExitStack() as stack:
        client = _client(_started(stack, processes) if address == LOCAL else address, address)
        stack.callback(_close, client)
        cluster = Cluster(client, address)
        cluster.check()
        yield cluster


def _started(stack: ExitStack, processes: int) -> distributed.LocalCluster:
    """A cluster on this machine alone, which ends with the stack."""
    dask = _dask()
    try:
        made = dask.LocalCluster(
            n_workers=processes,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            preload=[_DEAF_TO_CTRL_C],
        )
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"--dask {LOCAL}: no worker process could be started ({_short(error)}). If a program of your own called "
            "run(): save it in a file, with the call under `if __name__ == '__main__':`"
        ) from error
    return stack.enter_context(made)


def _client(where: Any, address: str) -> distributed.Client:
    dask = _dask()
    try:
        if isinstance(where, str):
            where = where if "://" in where else f"tcp://{where}"
            _knock(where)
        return dask.Client(where, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, NotImplementedError, ImportError, OverflowError) as error:
        raise InputError(
            f"--dask {address}: no Dask scheduler answers there ({_short(error)}); "
            f"give its address, such as tcp://HOST:8786, or `{LOCAL}`"
        ) from error


def _knock(address: str) -> None:
    """OSError or ValueError unless something at the address greets as Dask does.

    A client would wait without end for what accepts a connection and says nothing, and one that stumbles over its
    address is not rid of its threads.
    """
    from distributed.comm import connect, get_address_host_port

    get_address_host_port(address, strict=True)
    security = _dask().Security().get_connection_args("client")

    async def greeted() -> None:
        comm = await asyncio.wait_for(connect(address, CONNECT_SECONDS - 1, **security), CONNECT_SECONDS)
        await comm.close()

    # In a thread of its own, since a notebook has an event loop in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(greeted())).result()


def _dask() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError(
            f"--dask needs Dask, which cannot be imported ({error}); install it with `pip install 'ceasefire[dask]'`"
        ) from error
    return distributed


def _close(client: distributed.Client) -> None:
    """Part from the scheduler, which may be gone."""
    with suppress(OSError, CancelledError):
        client.close(timeout=CONNECT_SECONDS)


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


class Cluster:
    """A Dask cluster to which we are connected; workers may come and go."""

    def __init__(self, client: distributed.Client, address: str) -> None:
        self.client = client
        self.address = address

    @property
    def threads(self) -> int:
        """Chunks that can be computed at a time."""
        return sum(self.client.nthreads().values())

    def check(self) -> None:
        """InputError unless every worker that is there has our program."""
        ours = program()
        for worker, theirs in self.client.run(program, on_error="return").items():
            if isinstance(theirs, OSError):
                continue  # it died meanwhile; every chunk checks again
            if isinstance(theirs, BaseException):
                raise InputError(f"worker {worker} cannot load this program ({_short(theirs)}); {_SAME}")
            refuse_other(theirs, ours, worker)

    def compute(self, job: Job, todo: Iterable[Chunk]) -> Iterator[tuple[Chunk, Done]]:
        """Chunks as they get done, their files stored; a chunk whose worker died is computed again by another.

        Only some are handed out at a time. Raises RunError if the scheduler is gone or a chunk cannot be computed.
        """
        token, ours, waiting = uuid4().hex, program(), iter(todo)
        # A task, not scattered data: should the last worker that holds the scenario die, Dask makes it again.
        sent = self.client.submit(bytes, _packed(job), key=f"scenario-{token}")
        running: dict[distributed.Future, Chunk] = {}
        try:
            while True:
                for chunk in islice(waiting, max(0, CHUNKS_A_THREAD * max(1, self.threads) - len(running))):
                    key = f"chunk-{chunk.number}-{token}"
                    running[self.client.submit(compute, token, sent, ours, chunk, key=key)] = chunk
                if not running:
                    return
                for future in self._finished(running):
                    done, files = future.result()
                    yield running.pop(future), _stored(job.folder, done, files)
        except CeasefireError:
            raise
        except (Exception, CancelledError) as error:
            raise self._explained(error) from error
        finally:
            self._forget(token, [sent, *running])

    def _finished(self, running: Iterable[distributed.Future]) -> set[distributed.Future]:
        """Those that are done, once one is; says so while there is no worker to do them."""
        futures, told = list(running), False
        while True:
            try:
                with self.client.as_current():
                    return set(_dask().wait(futures, PATIENCE_SECONDS, "FIRST_COMPLETED").done)
            except TimeoutError:
                if not told and not self.threads:
                    tqdm.write(f"no worker at {self.address}; waiting for one (Ctrl-C stops)", file=sys.stderr)
                    told = True

    def _explained(self, error: BaseException) -> RunError:
        """What Dask says, in our words."""
        gone = isinstance(error, CancelledError) or self.client.status != "running"
        what = "the scheduler is gone" if gone else "a chunk could not be computed"
        return RunError(f"--dask {self.address}: {what} ({_short(error)}); {GO_ON}")

    def _forget(self, token: str, futures: list[distributed.Future]) -> None:
        """Have the workers drop what they still do for this run, if they can be reached."""
        if self.client.status != "running":
            return
        with suppress(Exception, CancelledError):
            self.client.cancel(futures)
            self.client.run(forget, token, on_error="ignore")


def _packed(job: Job) -> bytes:
    """A job without its folder, which is the parent's own."""
    return pickle.dumps(replace(job, folder=Path()))


def _stored(folder: Path, done: Done, files: Files) -> Done:
    """Write a chunk's files into the results folder, each in one step; RunError where that is full or read-only."""
    try:
        return replace(done, files={name: _write(folder / name, data) for name, data in files.items()})
    except OSError as error:
        raise RunError(f"{folder}: cannot write there: {error}; {GO_ON}") from error


def _write(path: Path, data: bytes) -> str:
    return tables.replace(path, lambda to: to.write_bytes(data))


# --- one program ----------------------------------------------------------------------------------------------------

_STORING = ("columns.py", "dasked.py", "engines.py", "plan.py", "sketch.py", "tables.py", "worker.py")
_SAME = "install the same versions on every worker as here, then start the workers again"


def program() -> Program:
    """What decides the bytes of a result: Python, our sources, and the libraries that take part, with versions."""
    return {
        "code": f"{__version__} ({manifest.code_digest()[:16]}/{_storing_digest()[:16]})",
        "python": ".".join(platform.python_version_tuple()[:2]),
        **manifest.library_versions(),
    }


@cache
def _storing_digest() -> str:
    """sha256 over the sources that decide what is stored of a trial, and how."""
    total = hashlib.sha256()
    for name in _STORING:
        total.update(name.encode() + b"\0" + Path(__file__).with_name(name).read_bytes() + b"\0")
    return total.hexdigest()


def refuse_other(theirs: Program, ours: Program, worker: str) -> None:
    """InputError that names every difference between a worker's program and the parent's."""
    names = [name for name in dict.fromkeys([*ours, *theirs]) if ours.get(name) != theirs.get(name)]
    if names:
        listed = "; ".join(f"{name}: {theirs.get(name, 'none')} there, {ours.get(name, 'none')} here" for name in names)
        raise InputError(f"worker {worker} has another program: {listed}. To get the same results, {_SAME}")


# --- in a worker ----------------------------------------------------------------------------------------------------

_MOST_JOBS = 4

_jobs: dict[str, tuple[Job, threading.Event]] = {}
_jobs_lock = threading.Lock()
_one_at_a_time = threading.Lock()


def compute(token: str, packed: bytes, expected: Program, chunk: Chunk) -> tuple[Done, Files]:
    """Compute a chunk of the run `token`; returns its files' contents by name.

    Checks the program before it unpacks the scenario: this worker may have come after the parent's check.
    """
    refuse_other(program(), expected, platform.node())
    job, stop = _job(token, packed)
    with TemporaryDirectory(prefix="ceasefire-") as folder, ExitStack() as stack:
        if find_block_engine(job.engine) is None:
            # Only the compiled engine gains from threads, and only it is known to be safe in them.
            stack.enter_context(_one_at_a_time)
        done = Worker(replace(job, folder=Path(folder)), stop).compute(chunk)
        return done, {name: (Path(folder) / name).read_bytes() for name in done.files}


def _job(token: str, packed: bytes) -> tuple[Job, threading.Event]:
    """The run's job, unpacked once in each worker, with its sign to stop."""
    with _jobs_lock:
        if token not in _jobs:
            while len(_jobs) >= _MOST_JOBS:  # runs whose parent was killed
                del _jobs[next(iter(_jobs))]
            _jobs[token] = pickle.loads(packed), threading.Event()
        return _jobs[token]


def forget(token: str) -> None:
    """Drop a run; what is being computed for it stops."""
    with _jobs_lock:
        _, stop = _jobs.pop(token, (None, None))
    if stop is not None:
        stop.set()
