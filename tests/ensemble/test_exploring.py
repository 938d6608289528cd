from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.analysis.sensitivity import problem, salib, sobol_table
from sim.ensemble.cells import Cell, Design, run_cells
from sim.ensemble.designs import Study, studying
from sim.ensemble.exploring import ALL_OTHERS, Question, discover, morris, sobol, split
from sim.errors import InputError
from sim.scenario.numbers import values_of_set
from tests.ensemble.studied import PARAMETERS, TRIALS, X1, X2, X3, fence, named

ROOT = Path(__file__).parents[2]


def asked(folder: Path, engine: str, **more: Any) -> Question:
    return Question.of(fence(folder), engine=named(engine), workers=1, progress=False, **more)


# --- oracles ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_sobol_indices_of_ishigami_by_way_of_trials(tmp_path: Path) -> None:
    """As from the function itself at the same points, but for what fifty trials round away; near the closed form."""
    question = asked(tmp_path, "ishigami", seed=2)
    table = sobol(question, samples=512, trials=TRIALS, top=3, out=tmp_path / "study")["sobol"].set_index("parameter")
    points = salib("sample.sobol").sample(problem([X1, X2, X3]), 512, calc_second_order=False, seed=2)
    x = np.pi * (2 * points - 1)
    exact = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    direct = sobol_table(exact, [X1, X2, X3], {}, 2).set_index("parameter").loc[table.index]
    for column in ("first", "first_low", "first_high", "total", "total_low", "total_high"):
        assert table[column].to_numpy() == pytest.approx(direct[column].to_numpy(), abs=0.01)
    for name, first, total in ((X1, 0.3139, 0.5576), (X2, 0.4424, 0.4424), (X3, 0.0, 0.2437)):
        assert table.loc[name, "first"] == pytest.approx(first, abs=0.04)
        assert table.loc[name, "total"] == pytest.approx(total, abs=0.04)
    assert table.loc[X1, "basis"] == "assumed"
    assert "morris" not in Study.open(tmp_path / "study")


def test_all_but_the_top_are_one_group(tmp_path: Path) -> None:
    study = sobol(asked(tmp_path, "linear"), samples=64, trials=TRIALS, top=1, out=tmp_path / "study")
    table = study["sobol"].set_index("parameter")
    assert list(table.index) == [X1, ALL_OTHERS]
    assert table.loc[X1, "first"] == pytest.approx(1, abs=0.05) and table.loc[ALL_OTHERS, "total"] == 0
    assert study["morris"]["parameter"].iloc[0] == X1


def test_morris_finds_the_slope_over_the_range(tmp_path: Path) -> None:
    """0.5 + 0.4 x1 / pi over 90 % of a range of 2 pi: 0.72, to the nearest of fifty trials."""
    table = morris(asked(tmp_path, "linear"), samples=6, trials=TRIALS, out=tmp_path / "study")["morris"]
    assert table["parameter"].iloc[0] == X1
    assert table["mu"].iloc[0] == table["mu_star"].iloc[0] == pytest.approx(0.72, abs=0.04)
    assert table["mu_star"].iloc[1:].tolist() == [0, 0]


def test_an_engine_sees_the_point_and_the_luck_of_set_0(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    design = Design(
        (scenario,), (Cell(values=(0.5 * np.pi, 0.0, 0.0)),), TRIALS, named("linear"), ("broken_day",), (X1, X2, X3)
    )
    rows = design.rows([0])
    assert (rows["set"] == 0).all() and rows["trial"].tolist() == list(range(TRIALS))
    assert rows["broken_day"].notna().mean() == 0.7


def test_the_split_of_sets_that_differ_by_60_points(tmp_path: Path) -> None:
    """p is 0.2 or 0.8: exactly 0.09 of 0.25 lie between sets; 40 sets of 50 trials estimate it unbiased."""
    question = asked(tmp_path, "half")
    row = split(question, sets=40, trials=TRIALS, out=tmp_path / "study")["split"].set_index("outcome").loc["broken"]
    between = (50 * 0.09 * 40 / 39 - 0.16 * 50 / 49) / 50
    assert row["parameters"] == pytest.approx(between / (between + 0.16 * 50 / 49))
    assert row["parameters_low"] < row["parameters"] < row["parameters_high"]
    assert row["chance"] == pytest.approx(1 - row["parameters"])


def test_a_box_is_found_where_the_trials_break(tmp_path: Path) -> None:
    study = discover(asked(tmp_path, "linear"), sets=80, trials=TRIALS, out=tmp_path / "study")
    best = study["boxes"][study["boxes"]["box"] == 1]
    assert best["parameter"].tolist() == [X1] and best["density"].iloc[0] > 0.7 and best["low"].iloc[0] > 0.5
    shares = study["shares"]["count"] / study["shares"]["trials"]
    assert study["values"][X1].corr(shares) > 0.99
    assert study["values"][X1].iloc[3] == values_of_set(fence(tmp_path), 3, 0)[X1]


# --- stopped and gone on with -----------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_is_done_and_resume_ends_as_unbroken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.ensemble.cells.BLOCK_TRIALS", 2 * TRIALS)
    question = asked(tmp_path, "stopping")
    with pytest.raises(KeyboardInterrupt):
        split(question, sets=20, trials=TRIALS, out="stopped")
    halfway = Study.open("stopped")
    assert halfway.record.status == "interrupted" and len(halfway.record.blocks) == 3
    Path("go").touch()
    began = {path: path.stat().st_mtime_ns for path in Path("stopped/blocks").iterdir()}
    resumed = split(question, sets=20, trials=TRIALS, out="stopped", resume=True)
    unbroken = split(question, sets=20, trials=TRIALS, out="unbroken")
    pd.testing.assert_frame_equal(resumed["split"], unbroken["split"])
    assert resumed.record.blocks == unbroken.record.blocks
    assert {path: path.stat().st_mtime_ns for path in began} == began


def test_an_altered_block_is_computed_again_and_stands_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.ensemble.cells.BLOCK_TRIALS", 2 * TRIALS)
    scenario = fence(tmp_path)
    design = Design((scenario,), tuple(Cell(set=k) for k in range(8)), TRIALS, named("half"), ("broken_day",))
    found = []
    for resume in (False, True):
        with studying(tmp_path / "study", "split", scenario, {}, resume) as study:
            found.append(run_cells(study, "sets", design, 1, progress=False))
        next((tmp_path / "study" / "blocks").glob("sets-00001.*")).write_bytes(b"")
    pd.testing.assert_frame_equal(*found)
    assert found[1]["cell"].is_monotonic_increasing


KILLED = """
from pathlib import Path
from sim.ensemble.exploring import Question, split
from tests.ensemble.studied import fence, named
question = Question.of(fence(Path(".")), engine=named("slow"), workers=1, progress=False)
split(question, sets=60, trials=50, out="killed")
"""


@pytest.mark.slow
def test_killed_at_any_moment_and_resumed_it_equals_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", KILLED], cwd=tmp_path, env=environment)
    until = time.monotonic() + 60
    while len(list(Path("killed/blocks").glob("sets-*"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    question = asked(tmp_path, "slow")
    assert 1 <= len(Study.open("killed").record.blocks) < 6  # a block is recorded after it is stored
    resumed = split(question, sets=60, trials=TRIALS, out="killed", resume=True)
    unbroken = split(question, sets=60, trials=TRIALS, out="unbroken")
    pd.testing.assert_frame_equal(resumed["split"], unbroken["split"])
    assert resumed.record.blocks == unbroken.record.blocks


@pytest.mark.slow
def test_workers_change_nothing(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    design = Design((scenario,), tuple(Cell(set=k) for k in range(30)), TRIALS, named("half"), ("broken_day",))
    tables = []
    for workers in (1, 2):
        with studying(tmp_path / f"by-{workers}", "split", scenario, {}, False) as study:
            tables.append(run_cells(study, "sets", design, workers, progress=False))
    pd.testing.assert_frame_equal(*tables)


# --- refused ----------------------------------------------------------------------------------------------------------


def test_wrong_questions_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    for more, said in (
        ({"day": 9}, "day: 9 is after the last day, 5"),
        ({"outcome": "peace"}, "there is no `peace`; allowed: broken, calm"),
        ({"seed": -1}, "seed: -1 is not allowed"),
    ):
        with pytest.raises(InputError, match=said):
            asked(tmp_path, "half", **more)
    question = asked(tmp_path, "half")
    with pytest.raises(InputError, match="takes a power of two"):
        sobol(question, samples=100, out=tmp_path / "study")
    with pytest.raises(InputError, match="samples: 1 is not allowed"):
        morris(question, samples=1, out=tmp_path / "study")
    with pytest.raises(InputError, match="sets: 12 is not allowed; it is a whole number of at least 40"):
        discover(question, sets=12, out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_scenario_without_distributions_has_nothing_to_vary(tmp_path: Path) -> None:
    plain = fence(
        tmp_path, PARAMETERS.replace("{dist: uniform, low: -3.141592653589793, high: 3.141592653589793}", "1")
    )
    for method in (morris, sobol, split, discover):
        with pytest.raises(InputError, match="has no distribution, so there is nothing to vary"):
            method(Question.of(plain, engine=named("half")), out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_without_salib_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "SALib"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "SALib", None)
    with pytest.raises(InputError, match=r'pip install "ceasefire\[sensitivity\]"'):
        morris(asked(tmp_path, "half"), out=tmp_path / "study")
    assert not (tmp_path / "study").exists()
