"""Run an ensemble: plan it, share the chunks among workers, store them, and go on where a run was stopped.

Workers are threads where the engine is compiled, since that lets go of Python's lock while it runs, and processes
where it is written in Python, or where parameter sets of few trials each make for more Python than compiled work.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from sim.ensemble import columns, tables, worker
from sim.ensemble import manifest as manifests
from sim.ensemble.engines import SMALLEST_CHUNKS, default_engine, find_block_engine, find_engine
from sim.ensemble.lock import locked
from sim.ensemble.manifest import Done, Manifest, Status
from sim.ensemble.plan import SMALLEST_CHUNK, Asked, Chunk, Plan
from sim.ensemble.precision import MOST_TRIALS, Watch, checked
from sim.ensemble.results import Results
from sim.ensemble.worker import GO_ON, Job, Stop, Worker
from sim.errors import CeasefireError, InputError, ResultsError, RunError
from sim.scenario import load, to_yaml
from sim.scenario.schema import Ensemble, Scenario

if TYPE_CHECKING:
    from sim.ensemble.dasked import Cluster

LOG = "log.txt"


def run(
    scenario: Scenario | str | Path,
    *,
    trials: int | None = None,
    sets: int | None = None,
    seed: int | None = None,
    days: int | None = None,
    workers: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    events: Iterable[Asked] = (0, 1, 2),
    progress: bool = True,
    engine: str | None = None,
    dask: str | None = None,
    precision: float | None = None,
) -> Results:
    """Run `sets` parameter sets of `trials` trials each and store them in the folder `out`.

    What is None is taken from the scenario; `days` is the horizon; `events` names trials of set 0, or (set, trial),
    whose event lists are stored. `workers` share the work (None: one for each processor) and change no result: threads
    of the compiled engine, processes of others. Nor does `dask`, the address of a Dask scheduler whose workers take
    their place, or `local` for a Dask cluster of `workers` processes here. A folder that was stopped goes on with
    `resume=True`. KeyboardInterrupt leaves such a folder behind.

    With `precision` the run ends once the interval of the headline's probability, valid however often it is looked at
    (`sim.ensemble.precision`), is at most that wide to either side. `trials` is then the most trials of a single set;
    of several sets, `sets` is the most sets and `trials` how many each has. What is not given is a million in all.

    Raises InputError for wrong arguments, ResultsError for a folder that exists or does not fit, RunError if the
    workers die or the disk is full.
    """
    asked = _as_asked(scenario, trials, sets, seed, days, precision)
    engine = engine or default_engine()
    find_engine(engine)
    folder = Path(out) if out is not None else default_folder(asked)
    plan = Plan.of(asked, events, SMALLEST_CHUNKS.get(engine, SMALLEST_CHUNK))
    processes = _how_many(workers, plan)
    with (
        _connected(dask, workers, processes) as cluster,
        _opened(folder, asked, Manifest.begin(asked, plan, engine), resume) as manifest,
    ):
        if not (manifest.complete and manifest.status == "done"):
            job = Job(asked, engine, folder.absolute(), manifest.tables, plan.events)
            _run_all(folder, manifest, job, cluster.threads if cluster else processes, progress, cluster)
    return Results(folder, manifest, asked)


@contextmanager
def _connected(address: str | None, workers: int | None, processes: int) -> Iterator[Cluster | None]:
    """The Dask cluster that is asked for, if one is; only then is anything of it imported."""
    if address is None:
        yield None
        return
    from sim.ensemble import dasked

    with dasked.connected(address, workers, processes) as cluster:
        yield cluster


def _as_asked(
    source: Scenario | str | Path,
    trials: int | None,
    sets: int | None,
    seed: int | None,
    days: int | None,
    precision: float | None = None,
) -> Scenario:
    """The scenario with what was asked filled in; validated as the file would have been."""
    scenario = source if isinstance(source, Scenario) else load(source)
    asked = {"trials": trials, "sets": sets, "seed": seed}
    for name, value, least in [("trials", trials, 1), ("sets", sets, 1), ("seed", seed, 0), ("days", days, 1)]:
        if value is not None and not least <= value < 2**64:
            raise InputError(f"{name}: {value} is not allowed; it is a whole number of at least {least}")
    ensemble = scenario.ensemble.model_copy(update={name: v for name, v in asked.items() if v is not None})
    if precision is not None:
        ensemble = _at_most(ensemble.model_copy(update={"precision": precision}), trials, sets)
    if ensemble.precision is not None:
        checked(ensemble.precision)
    horizon = scenario.horizon_days if days is None else days
    return scenario.model_copy(update={"ensemble": ensemble, "horizon_days": horizon})


def _at_most(ensemble: Ensemble, trials: int | None, sets: int | None) -> Ensemble:
    """The ensemble of a run to a precision, in which what was not asked for is only bounded."""
    if ensemble.sets == 1:
        return ensemble if trials is not None else ensemble.model_copy(update={"trials": MOST_TRIALS})
    most = max(2, MOST_TRIALS // ensemble.trials)
    return ensemble if sets is not None else ensemble.model_copy(update={"sets": most})


def default_folder(scenario: Scenario) -> Path:
    """`results/NAME-TIME` under the current folder."""
    name = "-".join("".join(c if c.isalnum() else " " for c in scenario.name.lower()).split())
    return Path("results") / f"{name}-{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}"


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _how_many(workers: int | None, plan: Plan) -> int:
    if workers is not None and workers < 1:
        raise InputError(f"workers: {workers} is not allowed; it is a whole number of at least 1")
    if workers is None and not _can_spawn():
        return 1
    return max(1, min(workers or processors(), len(plan.chunks())))


def _can_spawn() -> bool:
    """Whether a new process could import the main module; it cannot when that was typed or piped in."""
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    return getattr(main, "__spec__", None) is not None or file is None or Path(file).exists()


# --- the folder -----------------------------------------------------------------------------------------------------


@contextmanager
def _opened(folder: Path, scenario: Scenario, fresh: Manifest, resume: bool) -> Iterator[Manifest]:
    """The folder's manifest while we hold the folder; a folder that we made and that got nothing is removed."""
    made, above = not folder.exists(), [parent for parent in folder.parents if not parent.exists()]
    if not made and not resume:
        _refuse_used(folder)
    with _writing(folder, ResultsError, "choose another with --out"):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            manifest = _begun(folder, scenario, fresh)
            try:
                yield manifest
            except InputError:
                if made and not manifest.chunks:
                    shutil.rmtree(folder)
                    _remove_empty(above)
                raise


@contextmanager
def _writing(folder: Path, kind: type[CeasefireError], remedy: str) -> Iterator[None]:
    """What the system refuses becomes an error of ours."""
    try:
        yield
    except OSError as error:
        raise kind(f"{folder}: cannot write there: {error}; {remedy}") from error


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, inner first, as long as nothing is in them."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _refuse_used(folder: Path) -> None:
    if not folder.is_dir():
        raise ResultsError(f"{folder}: is a file; choose another folder with --out")
    if (folder / manifests.NAME).exists():
        raise ResultsError(
            f"{folder}: holds results already; add --resume to go on with that run, or choose another with --out"
        )
    if any(folder.iterdir()):
        raise ResultsError(f"{folder}: is not empty and holds no results; choose another with --out")


def _begun(folder: Path, scenario: Scenario, fresh: Manifest) -> Manifest:
    """The manifest to go on with: the stored one less its damaged chunks, or a fresh one."""
    if not (folder / manifests.NAME).exists():
        tables.replace_text(folder / manifests.SCENARIO, to_yaml(scenario))
        fresh.write(folder)
        return fresh
    _clear_away(folder)
    stored = Manifest.read(folder)
    differing = manifests.differences(stored, fresh, folder, scenario)
    if differing:
        listed = "".join(f"\n  {line}" for line in differing)
        raise ResultsError(f"{folder}: holds another run and cannot go on with this one:{listed}\n" + _REMEDY)
    if stored.tables == "parquet" and fresh.tables == "csv":
        raise ResultsError(f"{folder}: was begun in Parquet; install pyarrow (`pip install ceasefire[fast]`) to go on")
    stored.python, stored.platform, stored.libraries = fresh.python, fresh.platform, fresh.libraries
    for number, names in _damaged(folder, stored).items():
        del stored.chunks[number]
        log(folder, f"chunk {number} is computed again: {', '.join(names)} missing or altered")
    return stored


_REMEDY = "Ask for the same as there, or choose another folder with --out."


def _clear_away(folder: Path) -> None:
    """Remove what a killed run left half written; we hold the folder, so nobody else is writing."""
    for left in folder.rglob(".*.tmp"):
        left.unlink(missing_ok=True)


def _damaged(folder: Path, manifest: Manifest) -> dict[int, list[str]]:
    """Chunks of which a file is missing or no longer what was written."""
    found = {}
    for number, done in manifest.chunks.items():
        names = [name for name, digest in done.files.items() if not _intact(folder / name, digest)]
        if names:
            found[number] = names
    return found


def _intact(path: Path, digest: str) -> bool:
    return path.is_file() and tables.sha256(path) == digest


def log(folder: Path, line: str) -> None:
    """Append a line with the time to the folder's log."""
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(f"{manifests.now()} {line}\n")


# --- the work -------------------------------------------------------------------------------------------------------


def _run_all(folder: Path, manifest: Manifest, job: Job, workers: int, progress: bool, cluster: Cluster | None) -> None:
    """Compute what is missing; the manifest says how it ended, whichever way it ended."""
    todo = [chunk for chunk in manifest.plan.chunks() if chunk.number not in manifest.chunks]
    watch = Watch(folder, manifest) if manifest.plan.precision is not None else None
    before, started = manifest.wall_seconds, time.perf_counter()
    manifest.workers, manifest.status = workers, "running"
    status: Status = "failed"
    try:
        with _writing(folder, RunError, GO_ON):
            log(folder, f"started: {_left(manifest)}, engine {job.engine}, {workers} workers")
            _store(folder, manifest, _computed(job, todo, workers, cluster), progress, watch)
            if watch is not None:
                watch.close()
            _finish(Results(folder, manifest, job.scenario))
        status = "done"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        manifest.wall_seconds = round(before + time.perf_counter() - started, 3)
        manifest.status, manifest.finished = status, manifests.now()
        # On a full disk the older manifest stands; what matters is the error that is on its way.
        with suppress(OSError):
            manifest.write(folder)
            log(folder, f"{status}: {manifest.trials_done} of {manifest.plan.total} trials, {manifest.failed} failed")


def _left(manifest: Manifest) -> str:
    most = "at most " if manifest.plan.precision is not None else ""
    return f"{most}{manifest.plan.total - manifest.trials_done} of {manifest.plan.total} trials to do"


def _finish(results: Results) -> None:
    """Write the table of daily summaries for other tools, and the failures into the log."""
    _clear_away(results.folder)
    results.manifest.daily = columns.write(results.daily_columns(), results.folder / results.daily_file)
    for failure in results.failed():
        log(results.folder, f"trial {failure.trial} of set {failure.set} failed: {failure.error}")


def _store(
    folder: Path, manifest: Manifest, computed: Iterator[tuple[Chunk, Done]], progress: bool, watch: Watch | None
) -> None:
    """Note the chunks as they get done, until there are no more or what is there is enough."""
    if watch is not None and watch.enough():
        return
    bar = tqdm(
        total=manifest.plan.total,
        initial=manifest.trials_done,
        desc=manifest.scenario,
        unit="trial",
        file=sys.stderr,
        disable=not progress,
        mininterval=0.2 if sys.stderr.isatty() else 5,
    )
    with bar:
        for chunk, done in computed:
            manifest.chunks[chunk.number] = done
            manifest.write(folder)
            bar.update(len(chunk))
            if watch is not None:
                bar.set_postfix_str(f"half-width {watch.half_width:.4f}", refresh=False)
                if watch.enough():
                    break
    if isinstance(computed, Generator):
        computed.close()  # what is still being computed is not needed


def _computed(job: Job, todo: Iterable[Chunk], workers: int, cluster: Cluster | None) -> Iterator[tuple[Chunk, Done]]:
    if cluster is not None:
        return cluster.compute(job, todo)
    if workers == 1:
        return _one_after_another(job, todo)
    return _in_threads(job, todo, workers) if _gain_from_threads(job, workers) else _in_processes(job, todo, workers)


SET_WORTH = 60  # trials of the compiled engine that take as long as making a parameter set ready, which is Python


def _gain_from_threads(job: Job, workers: int) -> bool:
    """Whether threads would mostly run compiled code, and not wait for each other to make parameter sets ready."""
    asked = job.scenario.ensemble
    return find_block_engine(job.engine) is not None and (asked.sets == 1 or asked.trials >= SET_WORTH * (workers - 1))


def _one_after_another(job: Job, todo: Iterable[Chunk]) -> Iterator[tuple[Chunk, Done]]:
    single = Worker(job, threading.Event())
    for chunk in todo:
        yield chunk, single.compute(chunk)


def _in_threads(job: Job, todo: Iterable[Chunk], workers: int) -> Iterator[tuple[Chunk, Done]]:
    stop = threading.Event()
    return _shared(ThreadPoolExecutor(workers), Worker(job, stop).compute, stop, todo, workers)


def _in_processes(job: Job, todo: Iterable[Chunk], workers: int) -> Iterator[tuple[Chunk, Done]]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, worker.initialise, (job, stop))
    return _shared(pool, worker.compute, stop, todo, workers)


def _shared(
    pool: Executor, compute: Callable[[Chunk], Done], stop: Stop, todo: Iterable[Chunk], workers: int
) -> Iterator[tuple[Chunk, Done]]:
    """Chunks as they get done; few are handed out at a time, so that a stop has little to wait for."""
    waiting = iter(todo)
    running: dict[Future[Done], Chunk] = {}
    try:
        while True:
            with _deaf_to_ctrl_c():
                running |= {pool.submit(compute, c): c for c in islice(waiting, 2 * workers - len(running))}
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
    except BrokenExecutor as error:
        raise RunError(_BROKEN) from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started in here does not hear Ctrl-C, from its first moment on; only the parent answers it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


_BROKEN = (
    "a worker process died (out of memory, or killed); what was done is stored: go on with --resume. "
    "If a script of your own called run(): put the call under `if __name__ == '__main__':`, or say workers=1"
)
