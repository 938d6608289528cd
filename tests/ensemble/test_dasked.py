"""A real scheduler and real worker processes, on loopback alone; every process ends with its test, or by itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sim.ensemble import Plan, Results, dasked, manifest, run
from sim.ensemble.plan import Chunk
from sim.ensemble.worker import Job
from sim.errors import InputError, RunError
from sim.scenario.schema import Scenario
from tests.ensemble.fake import SCENARIO, hear_ctrl_c

pytest.importorskip("distributed")

FAKE = "tests.ensemble.fake:"
ROOT = Path(__file__).parents[2]
LIFE = "120"  # seconds after which a process without work, or without a scheduler, ends by itself


@dataclass
class Machines:
    """A scheduler and workers, each a process of its own."""

    folder: Path
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        file = self.folder / "scheduler.json"
        wait_until(lambda: file.exists() and file.read_text().endswith("}"))  # it is not written in one step
        return str(json.loads(file.read_text())["address"])

    def begin(self, workers: int) -> Machines:
        self.scheduler = self._start("scheduler", "--port", "0", "--idle-timeout", LIFE, "--scheduler-file",
                                     str(self.folder / "scheduler.json"))  # fmt: skip
        for _ in range(workers):
            self.add_worker()
        return self

    def add_worker(self, source: Path = ROOT) -> None:
        options = ["--nthreads", "1", "--no-nanny", "--death-timeout", LIFE, "--local-directory", str(self.folder)]
        self.workers.append(self._start("worker", self.address, *options, source=source))

    def _start(self, what: str, *options: str, source: Path = ROOT) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", what, *options]
        command += ["--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        environment = {**os.environ, "PYTHONPATH": str(source)}
        with (self.folder / "machines.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log)

    def end(self) -> None:
        for process in [*self.workers, self.scheduler]:
            if process is not None:
                process.kill()
                process.wait()


def wait_until(happened: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"did not happen in {seconds} seconds"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A scheduler and two workers that no test may harm."""
    machines = Machines(tmp_path_factory.mktemp("shared"))
    try:
        wait_for_workers(machines.begin(2), 2)
        yield machines
    finally:
        machines.end()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """Machines of the test's own."""
    (tmp_path / "machines").mkdir()
    made = Machines(tmp_path / "machines")
    try:
        yield made
    finally:
        made.end()


def wait_for_workers(machines: Machines, number: int) -> None:
    with dasked.connected(machines.address, None, 1) as cluster:
        wait_until(lambda: cluster.threads >= number)


def fake_run(scenario: Scenario, out: Path, engine: str = "simulate", **asked: Any) -> Results:
    wanted: dict[str, Any] = {"trials": 100, "sets": 2, "seed": 5, "progress": False, **asked}
    return run(scenario, out=out, engine=FAKE + engine, **wanted)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but those that say when, and by how many workers, it was made."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "log.txt")
    }


def stored(folder: Path) -> int:
    return len(Results.open(folder).manifest.chunks) if (folder / "manifest.json").exists() else 0


def status(folder: Path) -> str:
    return Results.open(folder).manifest.status


# --- the same results -----------------------------------------------------------------------------------------------


def test_results_are_those_of_a_local_run_byte_for_byte(scenario: Scenario, tmp_path: Path, shared: Machines) -> None:
    there = fake_run(scenario, tmp_path / "there", dask=shared.address)
    here = fake_run(scenario, tmp_path / "here", workers=1)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert len(contents(tmp_path / "here")) > 60
    assert [d.files for d in there.manifest.chunks.values()] != []
    assert {n: d.files for n, d in there.manifest.chunks.items()} == {
        n: d.files for n, d in here.manifest.chunks.items()
    }
    assert (there.manifest.status, there.manifest.workers) == ("done", 2)


@pytest.mark.slow
@pytest.mark.parametrize("sets", [1, 400])
def test_a_run_to_a_precision_stops_where_a_local_one_does(
    scenario: Scenario, tmp_path: Path, shared: Machines, sets: int
) -> None:
    asked = {"precision": 0.06, "sets": sets, "trials": 2000 if sets == 1 else 4}
    there = fake_run(scenario, tmp_path / "there", dask=shared.address, **asked)
    here = fake_run(scenario, tmp_path / "here", workers=1, **asked)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert there.manifest.plan == here.manifest.plan
    assert there.manifest.precision == here.manifest.precision is not None
    assert there.manifest.precision.reached and there.manifest.plan.most is not None


def test_a_trial_that_fails_on_a_worker_is_a_row(scenario: Scenario, tmp_path: Path, shared: Machines) -> None:
    fake_run(scenario, tmp_path / "there", "failing", dask=shared.address)
    fake_run(scenario, tmp_path / "here", "failing", workers=1)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_an_engine_that_refuses_on_a_worker_leaves_no_folder(
    scenario: Scenario, tmp_path: Path, shared: Machines
) -> None:
    with pytest.raises(InputError, match="cannot be compiled"):
        fake_run(scenario, tmp_path / "r", "refusing", dask=shared.address)
    assert not (tmp_path / "r").exists()


def test_few_chunks_are_handed_out_at_a_time(scenario: Scenario, tmp_path: Path, shared: Machines) -> None:
    handed = []

    def todo() -> Iterator[Chunk]:
        for chunk in Plan(1, 200, 10).chunks():
            handed.append(chunk.number)
            yield chunk

    job = Job(scenario, FAKE + "simulate", tmp_path, "csv", ())
    with dasked.connected(shared.address, None, 1) as cluster:
        for number, _ in enumerate(cluster.compute(job, todo())):
            assert len(handed) - number <= 2 * dasked.CHUNKS_A_THREAD
    assert sorted(handed) == list(range(20))


@pytest.mark.slow
def test_a_cluster_of_our_own_with_the_real_engine(scenario_file: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sim",
        "run",
        str(scenario_file),
        "--trials",
        "600",
        "--no-plots",
        "--workers",
        "2",
    ]
    for name, more in (("there", ["--dask", "local"]), ("here", [])):
        asked = [*command, *more, "--no-plots", "--out", str(tmp_path / name)]
        ended = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
        assert ended.returncode == 0, ended.stderr
        assert "600/600" in ended.stderr
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


# --- machines that go -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_workers_that_are_killed_lose_nothing(scenario: Scenario, tmp_path: Path, machines: Machines) -> None:
    """First one of two, then the other, with all that Dask kept in it; a third, which comes late, ends the work."""
    wait_for_workers(machines.begin(2), 2)

    def kill() -> list[int]:
        seen = []
        for worker in machines.workers[:2]:
            before = stored(tmp_path / "r")
            wait_until(lambda least=before + 3: stored(tmp_path / "r") >= least)
            worker.send_signal(signal.SIGKILL)
            seen.append(stored(tmp_path / "r"))
        machines.add_worker()
        return seen

    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill)
        results = fake_run(scenario, tmp_path / "r", "slow", dask=machines.address)
        seen = killing.result()
    assert 3 <= seen[0] < seen[1] < 20, "the workers were not killed in the middle"
    assert results.complete
    fake_run(scenario, tmp_path / "here", workers=1)
    assert contents(tmp_path / "r") == contents(tmp_path / "here")


@pytest.mark.slow
def test_a_scheduler_that_goes_is_a_clear_error_and_resume_goes_on(
    scenario: Scenario, tmp_path: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_workers(machines.begin(1), 1)

    def kill() -> float:
        wait_until(lambda: stored(tmp_path / "r") >= 3)
        assert machines.scheduler is not None
        machines.scheduler.send_signal(signal.SIGKILL)
        return time.monotonic()

    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill)
        with pytest.raises(RunError, match=r"the scheduler is gone .*--resume"):
            fake_run(scenario, tmp_path / "r", "slow", dask=machines.address)
        assert time.monotonic() - killing.result() < 30
    assert status(tmp_path / "r") == "failed"
    assert 3 <= stored(tmp_path / "r") < 20
    fake_run(scenario, tmp_path / "r", "slow", workers=2, resume=True)
    fake_run(scenario, tmp_path / "here", workers=1)
    assert contents(tmp_path / "r") == contents(tmp_path / "here")


STOPPED = f"""
import sys
from sim.ensemble import run
if __name__ == "__main__":
    scenario, out, dask = sys.argv[1:]
    try:
        run(scenario, trials=200, seed=5, out=out, dask=dask, progress=False, engine="{FAKE}slow",
            workers=2 if dask == "local" else None)
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.slow
@pytest.mark.parametrize("local", [True, False])
def test_ctrl_c_leaves_a_folder_that_goes_on(
    scenario: Scenario, scenario_file: Path, tmp_path: Path, shared: Machines, local: bool
) -> None:
    (tmp_path / "stopped.py").write_text(STOPPED)
    where = dasked.LOCAL if local else shared.address
    command = [sys.executable, str(tmp_path / "stopped.py"), str(scenario_file), str(tmp_path / "r"), where]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=hear_ctrl_c
    ) as process:
        try:
            wait_until(lambda: stored(tmp_path / "r") >= 2)
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the parent and all it started
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, said) == (130, "")
    assert status(tmp_path / "r") == "interrupted"
    fake_run(scenario, tmp_path / "r", sets=1, trials=200, engine="slow", dask=shared.address, resume=True)
    fake_run(scenario, tmp_path / "here", sets=1, trials=200, workers=1)
    assert contents(tmp_path / "r") == contents(tmp_path / "here")


@pytest.mark.slow
def test_a_run_waits_for_workers_that_are_still_to_come(
    scenario: Scenario,
    tmp_path: Path,
    machines: Machines,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dasked, "PATIENCE_SECONDS", 0.5)
    machines.begin(0)

    def come() -> None:
        wait_until((tmp_path / "r" / "manifest.json").exists)
        time.sleep(1)
        machines.add_worker()

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(come)
        assert fake_run(scenario, tmp_path / "r", dask=machines.address).complete
        coming.result()
    assert capsys.readouterr().err.count(f"no worker at {machines.address}; waiting for one") == 1


@pytest.mark.slow
def test_a_chunk_that_kills_every_worker_is_given_up(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"a chunk could not be computed \(KilledWorker: .*--resume"):
        fake_run(scenario, tmp_path / "r", "dying", trials=40, sets=1, dask=dasked.LOCAL, workers=2)
    found = Results.open(tmp_path / "r")
    assert found.manifest.status == "failed"
    # chunk 2 holds the trial that kills; how many of the other three arrive before the end is the workers' race
    assert set(found.manifest.chunks) <= {0, 1, 3}
    whole = fake_run(scenario, tmp_path / "here", trials=40, sets=1, workers=1).trials
    same = whole[whole["trial"].isin(found.trials["trial"])].reset_index(drop=True)
    assert same.equals(found.trials.reset_index(drop=True))


def test_a_disk_that_is_full_is_a_clear_error(
    scenario: Scenario, tmp_path: Path, shared: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = dasked._write, []

    def full(path: Path, data: bytes) -> str:
        written.append(path)
        if len(written) > 10:
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(dasked, "_write", full)
    with pytest.raises(RunError, match="No space left on device; what is stored is safe.*--resume"):
        fake_run(scenario, tmp_path / "r", dask=shared.address)
    monkeypatch.undo()
    assert 0 < stored(tmp_path / "r") < 20
    fake_run(scenario, tmp_path / "r", dask=shared.address, resume=True)
    fake_run(scenario, tmp_path / "here", workers=1)
    assert contents(tmp_path / "r") == contents(tmp_path / "here")


# --- what is refused ------------------------------------------------------------------------------------------------


def test_a_worker_with_another_program_is_refused(scenario: Scenario, tmp_path: Path, machines: Machines) -> None:
    shutil.copytree(ROOT / "sim", tmp_path / "other" / "sim")
    shutil.copytree(ROOT / "scenarios", tmp_path / "other" / "scenarios")
    with (tmp_path / "other" / "sim" / "draws.py").open("a") as file:
        file.write("# edited\n")
    machines.begin(0).add_worker(tmp_path / "other")
    wait_until(lambda: "Starting established connection" in (machines.folder / "machines.log").read_text())
    with pytest.raises(InputError, match=r"worker tcp://127.* another program: code: .* there, .* here\. .* versions"):
        fake_run(scenario, tmp_path / "r", dask=machines.address)
    assert not (tmp_path / "r").exists()


def test_a_worker_that_comes_late_is_checked_before_it_unpacks_anything() -> None:
    with pytest.raises(InputError, match="numpy: .* there, 0 here"):
        dasked.compute("run", b"no pickle", {**dasked.program(), "numpy": "0"}, Chunk(0, ()))


def test_the_program_is_the_code_that_computes_and_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    before = dasked.program()
    monkeypatch.setattr(manifest, "code_digest", lambda: "f" * 64)
    assert {name for name, value in dasked.program().items() if value != before[name]} == {"code"}
    assert {"python", "numpy", "numba", "pyarrow"} <= before.keys()


def test_an_address_where_nothing_answers_is_refused(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dasked, "CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        taken = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(InputError, match=rf"--dask {taken}: no Dask scheduler answers there .*tcp://HOST:8786"):
            fake_run(scenario, tmp_path / "r", dask=taken)
    with pytest.raises(InputError, match="no Dask scheduler answers there"):
        fake_run(scenario, tmp_path / "r", dask=taken)
    assert time.monotonic() - began < 15
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("address", ["", "here", "127.0.0.1", "127.0.0.1:port", "smoke://127.0.0.1:8786", "tcp://"])
def test_an_address_that_is_none_is_refused(scenario: Scenario, tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="no Dask scheduler answers there"):
        fake_run(scenario, tmp_path / "r", dask=address)
    assert not (tmp_path / "r").exists()


def test_workers_are_the_clusters_own(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has its own; leave --workers out, or take --dask local"):
        fake_run(scenario, tmp_path / "r", dask="tcp://127.0.0.1:9", workers=2)


@pytest.mark.parametrize("address", ["local", "tcp://127.0.0.1:9"])
def test_without_dask_the_error_names_the_extra(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'ceasefire\[dask\]'"):
        fake_run(scenario, tmp_path / "r", dask=address)
    assert not (tmp_path / "r").exists()


def test_dask_is_imported_only_when_asked() -> None:
    program = "import sys, sim.ensemble, sim.cli; print({'dask', 'distributed', 'tornado'} & sys.modules.keys())"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"


def test_a_scenario_sent_is_the_scenario_had() -> None:
    from sim.scenario import load

    assert "fence" in SCENARIO
    job = Job(load("idlib-2020-02-11"), "batch", ROOT, "parquet", ((0, 1),))
    token = "a run"
    unpacked, stop = dasked._job(token, dasked._packed(job))
    assert (unpacked.scenario, unpacked.engine, unpacked.events) == (job.scenario, job.engine, job.events)
    assert dasked._job(token, b"")[0] is unpacked
    dasked.forget(token)
    assert stop.is_set()
    assert token not in dasked._jobs
