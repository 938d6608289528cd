from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.ensemble import Results, columns, manifest, run, tables
from sim.ensemble import running as running_module
from sim.ensemble.worker import Job
from sim.errors import InputError, ResultsError, RunError
from sim.scenario import load
from sim.scenario.schema import Scenario
from tests import needs
from tests.ensemble import fake

FAKE = "tests.ensemble.fake:"
ROOT = Path(__file__).parents[2]


def fake_run(scenario: Scenario | Path, out: Path, engine: str = "simulate", **asked: Any) -> Results:
    wanted: dict[str, Any] = {"trials": 47, "sets": 2, "seed": 5, "workers": 1, "progress": False, **asked}
    return run(scenario, out=out, engine=FAKE + engine, **wanted)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file whose bytes the scenario and the seed decide."""
    parts = [path for part in ("trials", "daily", "events") for path in (folder / part).rglob("*.*")]
    fixed = [folder / "scenario.resolved.yaml", *folder.glob("daily.*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in [*parts, *fixed]}


def said(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return read


# --- what a run leaves ----------------------------------------------------------------------------------------------


def test_rows_are_those_of_the_engine_by_set_then_trial(scenario: Scenario, tmp_path: Path) -> None:
    results = fake_run(scenario, tmp_path / "r")
    expected = tables.frame([fake.trajectory(results.scenario, 5, s, t).row for s in range(2) for t in range(47)])
    pd.testing.assert_frame_equal(results.trials, expected, check_exact=True)


def test_the_folder_is_laid_out_as_documented(scenario: Scenario, tmp_path: Path) -> None:
    fake_run(scenario, tmp_path / "r", trials=10, sets=1)
    assert {path.relative_to(tmp_path / "r").as_posix() for path in (tmp_path / "r").rglob("*") if path.is_file()} == {
        "manifest.json",
        "scenario.resolved.yaml",
        "log.txt",
        "trials/part-00000.parquet",
        "daily/part-00000.parquet",
        "daily/bins/part-00000.parquet",
        "events/part-00000.parquet",
        "daily.parquet",
    }


def test_the_manifest_says_what_was_run_and_how_it_ended(scenario: Scenario, tmp_path: Path) -> None:
    fake_run(scenario, tmp_path / "r")
    found = said(tmp_path / "r")
    assert (found["scenario"], found["seed"], found["status"]) == ("fence", 5, "done")
    assert found["plan"] == {"sets": 2, "trials": 47, "chunk": 10, "events": [[0, 0], [0, 1], [0, 2]]}
    assert found["libraries"]["numpy"]
    assert found["code"]["version"]
    assert [chunk["status"] for chunk in found["chunks"]] == ["done"] * 10
    # A chunk may begin in one set and end in the next.
    assert found["chunks"][4]["first"] == {"set": 0, "trial": 40}
    assert found["chunks"][4]["last"] == {"set": 1, "trial": 2}
    for chunk in found["chunks"]:
        for name, digest in chunk["files"].items():
            assert tables.sha256(tmp_path / "r" / name) == digest


def test_workers_change_no_byte(scenario: Scenario, tmp_path: Path) -> None:
    fake_run(scenario, tmp_path / "one", workers=1)
    fake_run(scenario, tmp_path / "three", workers=3)
    assert contents(tmp_path / "one") == contents(tmp_path / "three")


@pytest.mark.slow
@needs.numba
def test_threads_and_processes_of_the_compiled_engine_change_no_byte(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"trials": 1700, "sets": 3, "seed": 5, "events": [0, (2, 1699)], "progress": False}
    shared: list[int] = []
    threads = running_module._in_threads
    monkeypatch.setattr(running_module, "_in_threads", lambda *given: (shared.append(1), threads(*given))[1])
    run(scenario, out=tmp_path / "one", workers=1, **asked)
    run(scenario, out=tmp_path / "threads", workers=3, **asked)
    assert shared == [1]
    monkeypatch.setattr(running_module, "SET_WORTH", 10_000)
    run(scenario, out=tmp_path / "processes", workers=2, **asked)
    assert shared == [1]
    assert contents(tmp_path / "one") == contents(tmp_path / "threads") == contents(tmp_path / "processes")


def test_threads_serve_where_the_engine_is_compiled_and_sets_are_worth_their_preparation(scenario: Scenario) -> None:
    def chosen(engine: str, sets: int, trials: int, workers: int) -> bool:
        asked = scenario.ensemble.model_copy(update={"sets": sets, "trials": trials})
        job = Job(scenario.model_copy(update={"ensemble": asked}), engine, Path(), "csv", ())
        return running_module._gain_from_threads(job, workers)

    assert chosen("batch", 1, 10, 8)
    assert chosen("batch", 1000, 60, 2)
    assert not chosen("batch", 1000, 10, 2)
    assert not chosen("batch", 1000, 60, 3)
    assert not chosen("mesa", 1, 1000, 2)


def test_what_is_not_asked_comes_from_the_scenario(scenario: Scenario, tmp_path: Path) -> None:
    named = scenario.model_copy(update={"ensemble": scenario.ensemble.model_copy(update={"trials": 3, "seed": 9})})
    results = run(named, out=tmp_path / "r", workers=1, progress=False, engine=FAKE + "simulate")
    assert (len(results.trials), results.manifest.seed) == (3, 9)


def test_days_set_the_horizon(scenario: Scenario, tmp_path: Path) -> None:
    results = fake_run(scenario, tmp_path / "r", days=3)
    assert results.scenario.horizon_days == 3
    assert results.trials["observed_days"].unique().tolist() == [3]
    assert results.daily["day"].max() == 3


def test_a_scenario_may_be_given_as_a_path(scenario_file: Path, tmp_path: Path) -> None:
    assert len(fake_run(scenario_file, tmp_path / "r", trials=2, sets=1).trials) == 2


def test_without_out_the_folder_is_named_after_scenario_and_time(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    results = run(scenario, trials=2, workers=1, progress=False, engine=FAKE + "simulate")
    assert results.folder.parent == Path("results")
    assert results.folder.name.startswith("fence-20")


def test_progress_goes_to_stderr(scenario: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_run(scenario, tmp_path / "r", progress=True)
    printed = capsys.readouterr()
    assert "94/94" in printed.err
    assert printed.out == ""


def test_csv_holds_the_same_as_parquet(scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = fake_run(scenario, tmp_path / "parquet")
    monkeypatch.setattr(tables, "best_format", lambda: "csv")
    csv = fake_run(scenario, tmp_path / "csv")
    assert {path.suffix for path in (tmp_path / "csv" / "trials").iterdir()} == {".csv"}
    pd.testing.assert_frame_equal(csv.trials, parquet.trials, check_exact=True)
    pd.testing.assert_frame_equal(csv.daily, parquet.daily, check_exact=True)
    pd.testing.assert_frame_equal(csv.events(1), parquet.events(1), check_exact=True)


def test_without_pyarrow_results_are_csv(scenario_file: Path, tmp_path: Path) -> None:
    program = f"""
import sys
sys.modules["pyarrow"] = None
from sim.ensemble import run
results = run({str(scenario_file)!r}, trials=12, out={str(tmp_path / "r")!r}, progress=False, engine="{FAKE}simulate")
print(len(results.trials), results.daily["n"].min(), len(results.events(0)))
"""
    ended = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.stderr == ""
    assert ended.stdout.startswith("12 12 ")
    assert {path.suffix for path in (tmp_path / "r" / "trials").iterdir()} == {".csv"}


def test_a_program_that_was_piped_in_runs_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "fence.yaml").write_text(fake.SCENARIO)
    program = f"""
from sim.ensemble import run
print(len(run({str(tmp_path / "fence.yaml")!r}, trials=30, out={str(tmp_path / "r")!r}, progress=False,
              engine="{FAKE}simulate").trials))
"""
    ended = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (ended.stdout, ended.stderr) == ("30\n", "")


# --- trials that fail -----------------------------------------------------------------------------------------------


def test_a_trial_that_fails_is_a_row_and_the_others_go_on(scenario: Scenario, tmp_path: Path) -> None:
    results = fake_run(scenario, tmp_path / "r", "failing", sets=1)
    failed = results.failures()
    assert failed["trial"].tolist() == [3, 13, 23, 33, 43]
    assert failed["error"].tolist()[0] == "ZeroDivisionError: trial 3 divides by zero"
    assert failed["deaths"].isna().all()
    sound = fake_run(scenario, tmp_path / "sound", sets=1).trials
    pd.testing.assert_frame_equal(
        results.trials.drop(failed.index)[list(sound)], sound.drop(failed.index), check_exact=True
    )
    assert results.manifest.failed == 5
    assert "trial 3 of set 0 failed: ZeroDivisionError" in (tmp_path / "r" / "log.txt").read_text()
    assert results.daily["n"].unique().tolist() == [42]


def test_all_trials_may_fail(scenario: Scenario, tmp_path: Path) -> None:
    results = fake_run(scenario, tmp_path / "r", "hopeless", trials=12, sets=1)
    assert len(results.failures()) == 12
    assert results.daily.empty
    assert (tmp_path / "r" / "trials" / "part-00001.parquet").exists()


def test_an_engine_that_forgets_a_trial_fails_the_run(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no result for trial 9 of set 0"):
        fake_run(scenario, tmp_path / "r", "lazy")
    assert said(tmp_path / "r")["status"] == "failed"


def test_an_engine_that_refuses_the_scenario_leaves_no_folder(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be compiled"):
        fake_run(scenario, tmp_path / "r", "refusing")
    assert not (tmp_path / "r").exists()


def test_a_worker_that_dies_is_reported_and_loses_only_its_chunk(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="a worker process died.*--resume.*__main__"):
        fake_run(scenario, tmp_path / "r", "dying", workers=2)
    assert said(tmp_path / "r")["status"] == "failed"


# --- wrong arguments and folders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"trials": 0}, "trials: 0 is not allowed"),
        ({"sets": -1}, "sets: -1 is not allowed"),
        ({"seed": -1}, "seed: -1 is not allowed"),
        ({"seed": 2**64}, "seed: .* is not allowed"),
        ({"days": 0}, "days: 0 is not allowed"),
        ({"workers": 0}, "workers: 0 is not allowed"),
        ({"events": [-1]}, "count from 0"),
        ({"engine": "steam"}, "no 'steam'; allowed: batch, mesa"),
        ({"engine": "tests.ensemble.fake:nothing"}, "cannot be imported"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_is_written(
    scenario: Scenario, tmp_path: Path, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        run(scenario, **{"trials": 2, "out": tmp_path / "r", "engine": FAKE + "simulate", "progress": False, **asked})
    assert not (tmp_path / "r").exists()


def test_seed_zero_is_a_seed(scenario: Scenario, tmp_path: Path) -> None:
    seeded = scenario.model_copy(update={"ensemble": scenario.ensemble.model_copy(update={"seed": 3})})
    assert fake_run(seeded, tmp_path / "r", seed=0).manifest.seed == 0


def test_a_folder_with_results_is_refused_without_resume(scenario: Scenario, tmp_path: Path) -> None:
    fake_run(scenario, tmp_path / "r")
    before = contents(tmp_path / "r")
    with pytest.raises(ResultsError, match=r"holds results already; add --resume .* --out"):
        fake_run(scenario, tmp_path / "r")
    assert contents(tmp_path / "r") == before


def test_a_folder_of_something_else_is_refused(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "photo").write_text("not ours")
    with pytest.raises(ResultsError, match="is not empty and holds no results"):
        fake_run(scenario, tmp_path)
    with pytest.raises(ResultsError, match="is a file"):
        fake_run(scenario, tmp_path / "photo")
    assert [path.name for path in tmp_path.iterdir() if path.name != "fence.yaml"] == ["photo"]


def test_an_empty_folder_will_do(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    assert fake_run(scenario, tmp_path / "r").complete


def edited(scenario_file: Path) -> Scenario:
    return load(scenario_file, {"rules.raid.rate": "0.2"})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"seed": 6}, "seed: 5 there, 6 here"),
        ({"trials": 48}, r"plan\.trials: 47 there, 48 here"),
        ({"sets": 3}, r"plan\.sets: 2 there, 3 here"),
        ({"days": 4}, r"horizon_days: 5 there, 4 here"),
        ({"events": [7]}, r"plan\.events: .* there, \(\(0, 7\),\) here"),
    ],
)
def test_a_folder_of_another_run_is_refused_and_told_apart(
    scenario: Scenario, tmp_path: Path, asked: dict[str, Any], message: str
) -> None:
    fake_run(scenario, tmp_path / "r")
    before = contents(tmp_path / "r"), said(tmp_path / "r")
    with pytest.raises(ResultsError, match=message):
        fake_run(scenario, tmp_path / "r", resume=True, **asked)
    assert (contents(tmp_path / "r"), said(tmp_path / "r")) == before


def test_a_folder_of_another_scenario_names_the_key(scenario: Scenario, scenario_file: Path, tmp_path: Path) -> None:
    fake_run(scenario, tmp_path / "r")
    with pytest.raises(ResultsError, match=r"rules\.raid\.rate: 0\.1 there, 0\.2 here\n.*another folder with --out"):
        fake_run(edited(scenario_file), tmp_path / "r", resume=True)


def test_a_folder_of_other_code_is_refused(scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_run(scenario, tmp_path / "r")
    monkeypatch.setattr(manifest, "code_digest", lambda: "f" * 64)
    with pytest.raises(ResultsError, match=r"code: .* there, .*\(ffffffff\) here"):
        fake_run(scenario, tmp_path / "r", resume=True)


def test_two_runs_in_one_folder_are_refused(scenario: Scenario, tmp_path: Path) -> None:
    from sim.ensemble.lock import locked

    (tmp_path / "r").mkdir()
    with locked(tmp_path / "r"), pytest.raises(ResultsError, match="another run is writing there"):
        fake_run(scenario, tmp_path / "r", resume=True)


# --- stopping and going on ------------------------------------------------------------------------------------------


def test_resume_of_a_whole_run_computes_nothing(scenario: Scenario, tmp_path: Path) -> None:
    fake_run(scenario, tmp_path / "r")
    before = said(tmp_path / "r")
    assert fake_run(scenario, tmp_path / "r", resume=True).complete
    assert said(tmp_path / "r") == before


def test_resume_of_nothing_begins(scenario: Scenario, tmp_path: Path) -> None:
    assert fake_run(scenario, tmp_path / "r", resume=True).complete


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [truncate, alter, Path.unlink])
@pytest.mark.parametrize("part", ["trials", "daily", "daily/bins", "events"])
def test_a_damaged_chunk_is_noticed_and_computed_again(
    scenario: Scenario, tmp_path: Path, damage: Callable[[Path], None], part: str
) -> None:
    fake_run(scenario, tmp_path / "r")
    before = contents(tmp_path / "r")
    damage(tmp_path / "r" / part / "part-00000.parquet")
    (tmp_path / "r" / "daily.parquet").unlink()
    readers: dict[str, Callable[[Results], object]] = {"trials": lambda r: r.trials, "events": lambda r: r.events(0)}
    with pytest.raises(ResultsError, match="missing or altered; run again with --resume"):
        readers.get(part, lambda r: r.daily)(Results.open(tmp_path / "r"))
    fake_run(scenario, tmp_path / "r", resume=True)
    assert contents(tmp_path / "r") == before
    assert "chunk 0 is computed again" in (tmp_path / "r" / "log.txt").read_text()


def test_ctrl_c_leaves_a_folder_that_goes_on(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fake_run(scenario, tmp_path / "r", "interrupted")
    stopped = Results.open(tmp_path / "r")
    assert (stopped.manifest.status, stopped.complete, len(stopped.trials)) == ("interrupted", False, 20)
    Path("go").touch()
    fake_run(scenario, tmp_path / "r", "interrupted", resume=True)
    fake_run(scenario, tmp_path / "unbroken")
    assert contents(tmp_path / "r") == contents(tmp_path / "unbroken")


KILLED = """
import sys
from sim.ensemble import run
if __name__ == "__main__":
    scenario, out, workers, resume = sys.argv[1:]
    run(scenario, trials=200, seed=5, workers=int(workers), out=out, resume=resume == "resume", progress=False,
        engine="tests.ensemble.fake:slow")
"""


def wait_for_chunks(folder: Path, number: int) -> None:
    for _ in range(600):
        if (folder / "manifest.json").exists() and len(Results.open(folder).manifest.chunks) >= number:
            return
        time.sleep(0.05)
    raise AssertionError("no chunk was stored in thirty seconds")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks into /proc for the workers")
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_any_moment_it_goes_on_to_the_same_rows(scenario_file: Path, tmp_path: Path, workers: int) -> None:
    program, folder = tmp_path / "killed.py", tmp_path / "r"
    program.write_text(KILLED)
    command = [sys.executable, str(program), str(scenario_file), str(folder), str(workers)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    with subprocess.Popen([*command, "begin"], env=environment) as process:
        wait_for_chunks(folder, 2)
        left = children(process.pid)
        process.send_signal(signal.SIGKILL)
    assert Results.open(folder).manifest.status == "running"
    subprocess.run([*command, "resume"], env=environment, check=True)
    run(
        scenario_file,
        out=tmp_path / "unbroken",
        trials=200,
        seed=5,
        workers=1,
        progress=False,
        engine=FAKE + "simulate",
    )
    assert contents(folder) == contents(tmp_path / "unbroken")
    assert not any(is_running(pid) for pid in left), "workers outlive their parent"


STOPPED = """
import signal, sys, time
from sim.ensemble import columns, run
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts tests in the background may have it ignored
    scenario, out, resume = sys.argv[1:]
    if resume == "begin":  # slow enough to be stopped midway, however fast the machine
        real = columns.write
        columns.write = lambda table, path: time.sleep(0.3) or real(table, path)
    run(scenario, trials=10_000, days=100, seed=5, workers=2, out=out, resume=resume == "resume", progress=False)
"""


@pytest.mark.slow
@needs.numba
@needs.posix_signals
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_threads_that_are_killed_or_stopped_go_on_to_the_same_bytes(
    scenario_file: Path, tmp_path: Path, sign: signal.Signals
) -> None:
    program, folder = tmp_path / "stopped.py", tmp_path / "r"
    program.write_text(STOPPED)
    command = [sys.executable, str(program), str(scenario_file), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*command, "begin"], env=environment, stderr=subprocess.DEVNULL) as process:
        wait_for_chunks(folder, 2)
        process.send_signal(sign)
        process.wait(timeout=30)
    stopped = Results.open(folder).manifest
    assert not stopped.complete
    assert stopped.status == ("running" if sign == signal.SIGKILL else "interrupted")
    subprocess.run([*command, "resume"], env=environment, check=True)
    run(scenario_file, out=tmp_path / "unbroken", trials=10_000, days=100, seed=5, workers=1, progress=False)
    assert contents(folder) == contents(tmp_path / "unbroken")


def test_a_disk_that_is_full_gives_a_clear_error_and_loses_nothing(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = columns.write, []

    def full(table: columns.Table, path: Path) -> str:
        written.append(path)
        if len(written) > 11:
            raise OSError(28, "No space left on device")
        return real(table, path)

    monkeypatch.setattr(columns, "write", full)
    with pytest.raises(RunError, match="No space left on device; what is stored is safe.*--resume"):
        fake_run(scenario, tmp_path / "r")
    monkeypatch.undo()
    assert 0 < len(Results.open(tmp_path / "r").trials) < 94
    assert not list((tmp_path / "r").rglob("*.tmp"))
    fake_run(scenario, tmp_path / "r", resume=True)
    fake_run(scenario, tmp_path / "unbroken")
    assert contents(tmp_path / "r") == contents(tmp_path / "unbroken")


def test_a_folder_that_cannot_be_made_is_a_clear_error(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="cannot write there.*--out"):
        fake_run(scenario, tmp_path / "file" / "r")


def test_parquet_begun_is_not_continued_in_csv(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_run(scenario, tmp_path / "r")
    monkeypatch.setattr(tables, "best_format", lambda: "csv")
    with pytest.raises(ResultsError, match=r"install pyarrow"):
        fake_run(scenario, tmp_path / "r", resume=True)


def test_a_manifest_that_cannot_be_read_is_a_clear_error(scenario: Scenario, tmp_path: Path) -> None:
    fake_run(scenario, tmp_path / "r")
    truncate(tmp_path / "r" / "manifest.json")
    with pytest.raises(ResultsError, match=r"manifest\.json: cannot be read"):
        fake_run(scenario, tmp_path / "r", resume=True)


def test_log_lines_are_appended(tmp_path: Path) -> None:
    running_module.log(tmp_path, "one")
    running_module.log(tmp_path, "two")
    assert [line.split(" ", 1)[1] for line in (tmp_path / "log.txt").read_text().splitlines()] == ["one", "two"]
    shutil.rmtree(tmp_path)
