from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sim import __version__
from sim.cli import COMMANDS
from sim.cli.common import columns
from sim.ensemble import Results
from tests import needs
from tests.commands import Call, fine, refused
from tests.ensemble.fake import SCENARIO, hear_ctrl_c

ROOT = Path(__file__).parents[1]
FAKE = "tests.ensemble.fake:"


@pytest.fixture
def stored(call: Call) -> Path:
    """A small stored ensemble."""
    run = ("run", "fence.yaml", "--trials", 6, "--sets", 2, "--seed", 4, "--workers", 1, "--out", "r", "--no-plots")
    assert call(*run).exit_code == 0
    return Path("r")


def files() -> set[str]:
    return {path.name for path in Path().iterdir()}


# --- help -----------------------------------------------------------------------------------------------------------


def test_help_begins_with_what_is_learnt_first(call: Call) -> None:
    said = fine(call("--help")).split("Commands:")[1]
    names = re.findall(r"^  (\w+)", said, re.M)
    assert names == list(COMMANDS)
    assert [name for name in names if name != "compare"][:4] == ["new", "check", "run", "plot"]
    assert "compare" not in names or names.index("compare") == 3
    assert "..." not in said


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(call: Call, command: str) -> None:
    assert "Usage: " in fine(call(command, "--help"))


def test_run_says_what_trials_means(call: Call) -> None:
    assert "sets times trials" in " ".join(fine(call("run", "--help")).split())


def test_version(call: Call) -> None:
    assert fine(call("--version")) == f"ceasefire, version {__version__}\n"


def test_the_command_line_loads_no_table_plot_or_model_library() -> None:
    program = (
        "import sys, sim.cli; print(sorted({'pandas', 'matplotlib', 'mesa', 'scipy', 'numba'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stdout == "[]\n"


def test_run_loads_no_table_plot_model_or_cluster_library(call: Call) -> None:
    words = ["run", "fence.yaml", "--trials", "30", "--workers", "1", "--no-plots", "--engine", FAKE + "simulate"]
    program = (
        f"import sys; from sim.cli import main; main({words}, standalone_mode=False);"
        "print(sorted({'pandas', 'matplotlib', 'mesa', 'scipy', 'distributed', 'asyncio'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ended.stdout.splitlines()[-1] == "[]"


def test_a_command_imports_no_other_command() -> None:
    program = "import sys, sim.cli; sim.cli.command('run'); print(*sorted(m for m in sys.modules if 'sim.cli.' in m))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stdout.split() == ["sim.cli.common", "sim.cli.outcomes", "sim.cli.running"]


def test_a_command_that_there_is_not_is_refused(call: Call) -> None:
    assert "No such command 'rum'" in refused(call("rum"))


@pytest.mark.parametrize("module", ["sim", "sim.cli"])
def test_it_runs_as_a_module(module: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", module, "--version"], capture_output=True, text=True, cwd=tmp_path, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ended.stdout.startswith("ceasefire, version")


# --- run ------------------------------------------------------------------------------------------------------------


def test_run_prints_outcomes_with_both_ranges_and_where_they_are(call: Call) -> None:
    said = fine(call("run", "fence.yaml", "--trials", 6, "--sets", 2, "--workers", 1, "--out", "r", "--no-plots"))
    lines = said.splitlines()
    assert lines[0] == "fence: 12 trials (2 parameter sets x 6), seed 0, 5 days from 2021-03-01"
    assert lines[2].split() == ["outcome", "trials", "probability", "chance", "(95", "%)", "assumptions", "(5-95", "%)"]
    assert any(line.startswith("broken (headline)") and line.count("%") == 5 for line in lines)
    assert lines[-1] == "results: r"
    assert len(Results.open("r").trials) == 12


def test_without_sets_it_says_what_is_not_included(call: Call) -> None:
    said = fine(call("run", "fence.yaml", "--trials", 6, "--workers", 1, "--out", "r", "--no-plots"))
    assert "Parameter uncertainty not included" in said
    assert "not included" in next(line for line in said.splitlines() if line.startswith("broken"))


def test_an_outcome_that_the_origin_decides_is_not_shown(call: Call) -> None:
    said = fine(call("run", "fence.yaml", "--set", "rules.raid.rate=0.0", "--trials", 4, "--workers", 1, "--no-plots"))
    assert "since the origin already decides it: calm" in said
    assert not any(line.startswith("calm") for line in said.splitlines())


def test_progress_is_on_stderr(call: Call) -> None:
    done = call("run", "fence.yaml", "--trials", 6, "--workers", 1, "--out", "r", "--no-plots")
    assert "6/6" in done.stderr
    assert "6/6" not in done.stdout


@pytest.mark.parametrize("sets", [1, 3])
def test_json_has_the_documented_shape(call: Call, sets: int) -> None:
    words = ("run", "fence.yaml", "--trials", 8, "--sets", sets, "--seed", 2, "--workers", 1, "--out", "r", "--json")
    said: dict[str, Any] = json.loads(fine(call(*words)))
    assert (said["scenario"], said["seed"], said["sets"], said["trials"]) == ("fence", 2, sets, 8)
    assert said["results"] == "r"
    assert set(said["outcomes"]) == {"broken", "calm"}
    row = said["outcomes"]["broken"]
    assert set(row) == {"count", "probability", "mc_low", "mc_high", "range_low", "range_high"}
    assert isinstance(row["count"], int)
    assert row["probability"] == pytest.approx(row["count"] / (8 * sets))
    assert (row["range_low"] is None) == (sets == 1)
    assert not Path("r/plots").exists()


def test_seed_and_options_reach_the_run(call: Call) -> None:
    words = ("--trials", 4, "--seed", 7, "--days", 3, "--events", "1,0:2", "--workers", 1, "--out", "r", "--no-plots")
    fine(call("run", "fence.yaml", "--set", "rules.raid.rate=0.7", "--without", "patrol", *words))
    results = Results.open("r")
    assert (results.manifest.seed, results.scenario.horizon_days) == (7, 3)
    assert results.manifest.plan.events == ((0, 1), (0, 2))
    assert results.scenario.rules["raid"].rate == 0.7
    assert not results.scenario.rules["patrol"].enabled


def test_the_same_seed_gives_the_same_whatever_the_workers(call: Call) -> None:
    common = ("run", "fence.yaml", "--trials", 30, "--json", "--engine", FAKE + "simulate")
    one = json.loads(fine(call(*common, "--workers", 1, "--out", "one")))
    two = json.loads(fine(call(*common, "--workers", 2, "--out", "two")))
    assert one["outcomes"] == two["outcomes"]


def test_a_folder_with_results_is_refused_and_resumed(call: Call, stored: Path) -> None:
    again = (
        "run",
        "fence.yaml",
        "--trials",
        6,
        "--sets",
        2,
        "--seed",
        4,
        "--workers",
        1,
        "--no-plots",
        "--out",
        stored,
    )
    assert "add --resume" in refused(call(*again))
    assert "12 trials" in fine(call(*again, "--resume"))
    assert "seed: 4 there, 5 here" in refused(call(*again, "--resume", "--seed", 5))


def test_trials_that_fail_are_told(call: Call) -> None:
    words = ("run", "fence.yaml", "--trials", 20, "--workers", 1, "--out", "r", "--no-plots", "--engine")
    done = call(*words, FAKE + "failing")
    assert done.exit_code == 0
    assert "2 of 20 trials failed; the first is trial 3 of set 0: ZeroDivisionError" in done.stderr


def test_if_all_trials_fail_the_run_failed(call: Call) -> None:
    words = ("run", "fence.yaml", "--trials", 3, "--workers", 1, "--out", "r", "--engine", FAKE + "hopeless")
    assert "3 of 3 trials failed" in refused(call(*words), code=1)


def test_ctrl_c_says_how_to_go_on(call: Call) -> None:
    words = ("run", "fence.yaml", "--trials", 40, "--workers", 1, "--out", "r", "--engine", FAKE + "interrupted")
    said = refused(call(*words), code=130)
    assert "20 of 40 trials are stored in r; to go on, give the same command with --out r --resume" in said
    Path("go").touch()
    assert "40 trials" in fine(call(*words, "--resume", "--no-plots"))


@needs.posix_signals
def test_ctrl_c_in_a_terminal_stops_workers_without_noise(call: Call) -> None:
    command = [sys.executable, "-m", "sim", "run", "fence.yaml", "--trials", "4000", "--workers", "2", "--out", "r"]
    with subprocess.Popen(
        [*command, "--engine", FAKE + "slow"], env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=hear_ctrl_c,
    ) as process:  # fmt: skip
        for _ in range(600):
            if Path("r/trials").is_dir() and any(Path("r/trials").glob("part-*")):
                break
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "--out r --resume" in err
    assert "Traceback" not in err
    assert Results.open("r").manifest.status == "interrupted"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.yaml"], "missing.yaml"),
        (["fence.yaml", "--set", "rules.raid.rte=1"], "rte"),
        (["fence.yaml", "--set", "nonsense"], "'nonsense' is not path.to.key=VALUE"),
        (["fence.yaml", "--without", "rai"], "rai"),
        (["fence.yaml", "--trials", "0"], "trials: 0 is not allowed"),
        (["fence.yaml", "--trials", "many"], "'many' is not a valid integer"),
        (["fence.yaml", "--seed", "-1"], "seed: -1 is not allowed"),
        (["fence.yaml", "--workers", "0"], "workers: 0 is not allowed"),
        (["fence.yaml", "--events", "a"], "'a' is not a list such as 0,17"),
        (["fence.yaml", "--events", "-3"], "count from 0"),
        (["fence.yaml", "--engine", "steam"], "no 'steam'; allowed: batch, mesa"),
        (["fence.yaml", "--resume"], "--resume needs --out"),
        (["fence.yaml", "--out", "fence.yaml"], "is a file"),
        ([], "Missing argument"),
    ],
)
def test_wrong_input_ends_with_2_and_writes_nothing(call: Call, words: list[str], said: str) -> None:
    assert said in refused(call("run", *words))
    assert files() == {"fence.yaml"}


@pytest.mark.slow
def test_run_draws_the_pictures_it_can(call: Call) -> None:
    said = fine(call("run", "invented-border", "--trials", 10, "--days", 30, "--workers", 1, "--out", "r"))
    assert "pictures: r/plots (outcomes, survival" in said.replace("\\", "/")
    for name in ("outcomes", "survival", "ladder", "daily-deaths"):
        for suffix in ("png", "csv", "txt"):
            assert Path(f"r/plots/{name}.{suffix}").stat().st_size > 0


@pytest.mark.slow
def test_demo_runs_the_article_and_shows_again_what_it_has(call: Call) -> None:
    first = fine(call("demo", "--sets", 2, "--trials", 2, "--workers", 1))
    assert "4 trials (2 parameter sets x 2)" in first
    started = time.perf_counter()
    assert fine(call("demo", "--sets", 2, "--trials", 2, "--workers", 1)) == first
    assert len(list(Path("results").iterdir())) == 1
    assert time.perf_counter() - started < 60


# --- scenarios ------------------------------------------------------------------------------------------------------


def test_new_writes_a_scenario_that_is_ok(call: Call) -> None:
    assert "ceasefire run my-question.yaml" in fine(call("new", "my-question"))
    assert fine(call("check", "my-question.yaml")) == "ok\n"


def test_new_overwrites_nothing(call: Call) -> None:
    assert "exists already" in refused(call("new", "fence.yaml"))
    assert Path("fence.yaml").read_text() == SCENARIO


def test_new_in_no_folder(call: Call) -> None:
    assert "cannot be written" in refused(call("new", "no/such/folder/x.yaml"))


def test_check_is_ok_or_says_every_error_of_every_file(call: Call) -> None:
    assert fine(call("check", "fence.yaml")) == "ok\n"
    Path("deep").mkdir()
    Path("deep/one.yaml").write_text(SCENARIO.replace("horizon_days: 5", "horizon_days: 0"))
    Path("deep/two.yaml").write_text(SCENARIO.replace("actor: north", "actor: nort"))
    said = refused(call("check", "."))
    assert "deep/one.yaml:5:" in said.replace("\\", "/")
    assert "deep/two.yaml:" in said.replace("\\", "/")
    assert "north" in said


def test_check_of_a_folder_leaves_out_what_is_no_scenario_of_its_own(call: Call) -> None:
    Path("events.yaml").write_text("about: dated events\nevents: {}\n")
    Path("posterior.yaml").write_text("about: draws\nmade: {}\nestimates: []\nrows: []\n")
    Path("base.yaml").write_text("template: true\nname: base\n")
    assert fine(call("check", ".")) == "ok\n"
    assert "only meant to be extended" in refused(call("check", "base.yaml"))


def test_check_of_a_folder_without_scenarios(call: Call) -> None:
    Path("empty").mkdir()
    assert "there is no scenario in this folder" in refused(call("check", "empty"))


def test_check_sources_lists_what_has_no_basis(call: Call) -> None:
    said = fine(call("check", "fence.yaml", "--sources"))
    assert "fighting.regimes.quiet: has no basis" in said
    assert "rules.raid" not in said


def test_schema_is_a_json_schema(call: Call) -> None:
    assert "rules" in json.loads(fine(call("schema")))["properties"]


def test_show_a_scenario(call: Call) -> None:
    said = fine(call("show", "fence.yaml"))
    assert said.startswith("fence: Two states and a fence")
    assert "raid    R1   north  raid    0.1 a day  assumed" in said
    assert "broken (headline)" in said
    assert "State at the origin, 2021-03-01" in said


def test_show_takes_changes(call: Call) -> None:
    said = fine(call("show", "fence.yaml", "--without", "raid", "--set", "rules.patrol.when={rung: {at_least: 2}}"))
    assert next(line for line in said.splitlines() if line.startswith("raid ")).split()[4] == "off"
    assert "rung >= 2" in said


def test_show_a_trial_of_a_scenario(call: Call) -> None:
    said = fine(call("show", "fence.yaml", "--set", "rules.raid.rate=5", "--trial", 3, "--why"))
    assert said.startswith("fence, trial 3 of set 0, seed 0")
    assert "rule raid (R1), hazard 5 a day" in said


def test_show_results_and_a_trial_of_them(call: Call, stored: Path) -> None:
    assert "broken (headline)" in fine(call("show", stored))
    told = fine(call("show", stored, "--trial", 2, "--set-index", 1))
    assert told.startswith("fence, trial 2 of set 1, seed 4")
    assert "after 5 days" in told
    assert "hazard" not in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere"),
        (["."], "not a results folder"),
        (["r", "--trial", "6"], "trial 6: there is none; allowed: 0 to 5"),
        (["r", "--trial", "0", "--set-index", "2"], "set 2: there is none"),
        (["fence.yaml", "--trial", "-1"], "trial -1"),
        (["fence.yaml", "--trial", "0", "--set-index", "1"], "set 1"),
        (["fence.yaml", "--why"], "--why needs --trial"),
        (["r", "--without", "raid"], "see `ceasefire replay`"),
    ],
)
def test_show_what_there_is_not(call: Call, stored: Path, words: list[str], said: str) -> None:
    assert said in refused(call("show", *words))


def test_show_of_a_run_that_was_stopped_says_so(call: Call) -> None:
    call("run", "fence.yaml", "--trials", 40, "--workers", 1, "--out", "r", "--engine", FAKE + "interrupted")
    assert "not finished: 20 trials are there" in fine(call("show", "r"))


def test_an_altered_chunk_is_noticed(call: Call, stored: Path) -> None:
    part = next(stored.glob("trials/part-*"))
    part.write_bytes(part.read_bytes()[:-1])
    assert "missing or altered; run again with --resume" in refused(call("show", stored))


# --- replay and plot ------------------------------------------------------------------------------------------------


def test_replay_with_a_rule_off_shows_both_lists(call: Call) -> None:
    words = ("--trials", 2, "--workers", 1, "--no-plots", "--out", "r")
    fine(call("run", "fence.yaml", "--set", "rules.raid.rate=5", *words))
    said = fine(call("replay", "r", "--trial", 1, "--without", "raid"))
    lines = said.splitlines()
    assert lines[0] == "fence, trial 1 of set 0; changed: without raid"
    assert lines[1].startswith("they part on day ")
    assert lines[3].split() == ["day", "as", "it", "was", "with", "the", "change"]
    raids = [line for line in lines if "north > south: raid" in line]
    assert raids
    assert all("  <" in line for line in raids)
    assert any(line.split() == ["broken_day", "1", "-"] for line in lines)


def test_replay_with_nothing_changed_is_the_same(call: Call, stored: Path) -> None:
    said = fine(call("replay", stored, "--trial", 3, "--set-index", 1))
    assert "changed: nothing\nboth run alike" in said
    assert "result" not in said


def test_replay_with_a_value_changed(call: Call, stored: Path) -> None:
    said = fine(call("replay", stored, "--trial", 0, "--set", "rules.raid.rate=9"))
    assert "changed: rules.raid.rate = 9" in said
    assert any("  >  north > south: raid" in line for line in said.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["r"], "Missing option '--trial'"),
        (["r", "--trial", "99"], "trial 99: there is none"),
        (["r", "--trial", "0", "--without", "rade"], "raid"),
        (["nowhere", "--trial", "0"], "not a results folder"),
    ],
)
def test_replay_of_what_there_is_not(call: Call, stored: Path, words: list[str], said: str) -> None:
    assert said in refused(call("replay", *words))


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png"])
def test_plot_writes_picture_data_and_caption(call: Call, stored: Path, suffix: str) -> None:
    out = Path("pictures") / f"s.{suffix}"
    said = fine(call("plot", stored, "--figure", "survival", "--outcome", "calm", "--width", "89mm", "--out", out))
    assert said.splitlines() == [str(out), str(out.with_suffix(".csv")), str(out.with_suffix(".txt"))]
    assert out.stat().st_size > 1000
    assert len(out.with_suffix(".csv").read_text().splitlines()) > 1
    assert "12 trials, 2 parameter sets, seed 4" in out.with_suffix(".txt").read_text()


def test_the_width_is_that_of_the_picture(call: Call, stored: Path) -> None:
    fine(call("plot", stored, "--figure", "outcomes", "--width", "8.9cm", "--out", "o.svg"))
    assert 'width="252.2' in Path("o.svg").read_text()


def test_plot_without_figure_lists_them(call: Call, stored: Path) -> None:
    said = fine(call("plot", stored))
    assert "survival" in said
    assert files() == {"fence.yaml", "r"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["r", "--figure", "survivl", "--out", "f.pdf"], "did you mean `survival`?"),
        (["r", "--figure", "survival", "--out", "f.gif"], "allowed: .pdf, .svg, .png"),
        (["r", "--figure", "survival"], "--out is missing"),
        (["r", "--figure", "survival", "--outcome", "peace", "--out", "f.pdf"], "no outcome `peace`"),
        (["r", "--figure", "survival", "--width", "wide", "--out", "f.pdf"], "'wide' is not a width"),
        (["r", "--figure", "survival", "--width", "1mm", "--out", "f.pdf"], "'1mm' is not a width"),
        (["fence.yaml", "--figure", "survival", "--out", "f.pdf"], "names no posterior to draw"),
        (["none", "--figure", "survival", "--out", "f.pdf"], "none: there is no such file or folder"),
        (["builtin:none"], "nothing is shipped as `builtin:none`"),
        (["builtin:idlib-2020-02-11", "--figure", "fans", "--out", "f.pdf"], "allowed: posterior, correlations"),
    ],
)
def test_plot_of_what_there_is_not_writes_nothing(call: Call, stored: Path, words: list[str], said: str) -> None:
    assert said in refused(call("plot", *words))
    assert files() == {"fence.yaml", "r"}


def test_columns_are_aligned_numbers_to_the_right() -> None:
    assert list(columns(("name", "n"), [("long name", "5"), ("b", "10")])) == [
        "name        n",
        "long name   5",
        "b          10",
    ]


def test_plot_draws_from_the_folder_of_a_study(call: Call) -> None:
    small = ("--engine", "mesa", "--workers", 1, "--sets", 2, "--trials", 2)
    fine(call("sensitivity", "fence.yaml", "--ablate", *small, "--out", "s"))
    assert fine(call("plot", "s")).splitlines()[1].startswith("tornado")
    assert "t.csv" in fine(call("plot", "s", "--figure", "tornado", "--out", "t.svg"))
    assert "has no figure `survival`" in refused(call("plot", "s", "--figure", "survival", "--out", "t.svg"))
