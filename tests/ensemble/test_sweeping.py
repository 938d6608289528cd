from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.ensemble import Results, run
from sim.ensemble.sweeping import MOST_CELLS, Axis, Cell, Sweep, crossed, read_grid, read_list, sweep, varied
from sim.errors import InputError, ResultsError, ScenarioError

FAKE = "tests.ensemble.fake:"
RAIDS, DAYS = "rules.raid.enabled=true,false", "horizon_days=5,7"


def swept(source: Path, out: Path, *axes: Axis, engine: str = "simulate", **asked: Any) -> Sweep:
    wanted = {"trials": 12, "sets": 2, "seed": 5, "workers": 1, "progress": False, **asked}
    return sweep(source, axes or [varied(RAIDS), varied(DAYS)], out=out, engine=FAKE + engine, **wanted)


def settings(cells: list[Cell]) -> list[dict[str, str]]:
    return [{setting.key: setting.text for setting in cell} for cell in cells]


def written(folder: Path, text: str, name: str = "sweep.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# --- what is varied -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a.b=1,2.5, x", ["1", "2.5", "x"]),
        ("a.b={dist: uniform, low: 1, high: 2},3", ["{dist: uniform, low: 1, high: 2}", "3"]),
        ("a.b=[x, [y, z]],[q]", ["[x, [y, z]]", "[q]"]),
        ("a.b='one, two',\"three, four\"", ["'one, two'", '"three, four"']),
        ("a.b=x=y", ["x=y"]),
    ],
)
def test_values_are_parted_by_commas_outside_brackets_and_quotes(text: str, values: list[str]) -> None:
    assert settings(list(varied(text))) == [{"a.b": value} for value in values]


@pytest.mark.parametrize("text", ["a.b", "=1", "a.b=", "a.b=1,,2"])
def test_what_is_no_list_of_values_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is not path\.to\.key=VALUE,VALUE"):
        varied(text)


def test_axes_are_crossed_and_the_last_varies_fastest(tmp_path: Path) -> None:
    grid = read_grid(written(tmp_path, "c.d: [x, {dist: uniform, low: 1.0, high: 2.0}]\n"))
    assert settings(crossed([varied("a=1,2"), *grid]))[:3] == [
        {"a": "1", "c.d": "x"},
        {"a": "1", "c.d": "dist: uniform\nlow: 1.0\nhigh: 2.0"},
        {"a": "2", "c.d": "x"},
    ]


def test_a_list_keeps_its_cells(tmp_path: Path) -> None:
    cells = read_list(written(tmp_path, "- {a: 1, b: 2}\n- {a: 3}\n"))
    assert settings(crossed([cells])) == [{"a": "1", "b": "2"}, {"a": "3"}]
    assert len(crossed([cells, varied("c=1,2,3")])) == 6


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([], "nothing is varied"),
        ([varied("a=1"), varied("a=2")], "--vary a=2: a is varied twice"),
        ([varied(f"{name}=" + ",".join("1" * 30)) for name in "abc"], f"27,000 cells; allowed: {MOST_CELLS:,}"),
    ],
)
def test_sweeps_that_cannot_be_are_refused(axes: list[Axis], message: str) -> None:
    with pytest.raises(InputError, match=message):
        crossed(axes)


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (read_grid, "[1, 2]", "1:1: is no grid"),
        (read_grid, "a: [1]\nb: 2\n", "2:4: b: is not a list of values"),
        (read_grid, "a: [1\n", "sweep.yaml:"),
        (read_list, "a: [1]\n", "is no list of cells"),
        (read_list, "- {a: 1}\n- 7\n", "2:3: is not a map"),
    ],
)
def test_files_that_are_wrong_say_where(reader: Any, text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=message):
        reader(written(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_grid(tmp_path / "none.yaml")


# --- what it leaves -------------------------------------------------------------------------------------------------


def test_each_cell_is_the_run_that_it_names(scenario_file: Path, tmp_path: Path) -> None:
    found = swept(scenario_file, tmp_path / "s")
    alone = run(
        found.results(3).scenario, trials=12, sets=2, seed=5, workers=1, progress=False, out=tmp_path / "alone",
        engine=FAKE + "simulate",
    )  # fmt: skip
    assert not alone.scenario.rules["raid"].enabled and alone.scenario.horizon_days == 7
    pd.testing.assert_frame_equal(found.results(3).trials, alone.trials)


def test_rows_are_labelled_with_what_was_varied(scenario_file: Path, tmp_path: Path) -> None:
    found = swept(scenario_file, tmp_path / "s")
    assert found.keys == ["rules.raid.enabled", "horizon_days"]
    assert found.cells.to_dict("list") == {
        "cell": [0, 1, 2, 3],
        "rules.raid.enabled": ["true", "true", "false", "false"],
        "horizon_days": [5, 7, 5, 7],
    }
    trials = found.trials
    assert list(trials.columns[:5]) == ["cell", "rules.raid.enabled", "horizon_days", "set", "trial"]
    assert len(trials) == 4 * 24
    assert (trials["observed_days"] == trials["horizon_days"]).all()
    assert trials.loc[trials["rules.raid.enabled"] == "false", "breakdown_day"].isna().all()
    outcomes = found.outcomes()
    assert outcomes.loc[outcomes["outcome"] == "broken", "cell"].tolist() == [0, 1, 2, 3]
    assert outcomes.loc[(outcomes["cell"] == 2) & (outcomes["outcome"] == "broken"), "count"].item() == 0


def test_cells_are_paired_by_one_seed(scenario_file: Path, tmp_path: Path) -> None:
    found = swept(scenario_file, tmp_path / "s", varied("rules.patrol.rate=0.1,0.9"))
    assert {results.manifest.seed for _, results in found.begun()} == {5}
    pd.testing.assert_frame_equal(found.results(0).trials, found.results(1).trials)


def test_a_cell_that_leaves_a_key_alone_has_no_label(scenario_file: Path, tmp_path: Path) -> None:
    axis = read_list(written(tmp_path, "- {horizon_days: 4}\n- {rules.raid.rate: 0.2}\n"))
    cells = swept(scenario_file, tmp_path / "s", axis).cells
    assert cells["horizon_days"].isna().tolist() == [False, True]


def test_it_opens_again(scenario_file: Path, tmp_path: Path) -> None:
    made = swept(scenario_file, tmp_path / "s")
    found = Sweep.open(tmp_path / "s")
    assert found.complete
    assert (len(found), repr(found)) == (4, repr(made))
    pd.testing.assert_frame_equal(found.trials, made.trials)
    assert (tmp_path / "s" / "cells.parquet").exists() or (tmp_path / "s" / "cells.csv").exists()
    with pytest.raises(InputError, match="cell 4: there is none; allowed: 0 to 3"):
        found.results(4)


def test_a_folder_that_is_no_sweep_is_refused(scenario_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"not the folder of a sweep \(it has no sweep.json\)"):
        Sweep.open(tmp_path)
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(ResultsError, match="cannot be read"):
        Sweep.open(tmp_path)


# --- going on -------------------------------------------------------------------------------------------------------


def test_stopped_by_hand_it_goes_on(scenario_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        swept(scenario_file, tmp_path / "s", trials=40, sets=1, engine="interrupted")
    stopped = Sweep.open(tmp_path / "s")
    assert not stopped.complete
    assert [cell for cell, _ in stopped.begun()] == [0]
    Path("go").touch()
    went_on = swept(scenario_file, tmp_path / "s", trials=40, sets=1, engine="interrupted", resume=True)
    whole = swept(scenario_file, tmp_path / "whole", trials=40, sets=1, engine="interrupted")
    assert went_on.complete
    pd.testing.assert_frame_equal(went_on.trials, whole.trials)


def test_a_finished_one_is_left_alone(scenario_file: Path, tmp_path: Path) -> None:
    swept(scenario_file, tmp_path / "s")
    log = (tmp_path / "s" / "cells" / "0002" / "log.txt").read_text()
    swept(scenario_file, tmp_path / "s", resume=True)
    assert (tmp_path / "s" / "cells" / "0002" / "log.txt").read_text() == log


def test_another_sweep_is_refused(scenario_file: Path, tmp_path: Path) -> None:
    swept(scenario_file, tmp_path / "s")
    for change, message in [
        ({"trials": 13}, "asked.trials: 12 there, 13 here"),
        ({"axes": [varied("rules.raid.enabled=true,false"), varied("horizon_days=5,8")]}, "settings.horizon_days: 7"),
        ({"axes": [varied("horizon_days=5,8")]}, "cells: 4 there, 2 here"),
        ({"overrides": {"rules.patrol.rate": "0.4"}}, r"cells\.0\.digest"),
    ]:
        axes = change.pop("axes", ())
        with pytest.raises(ResultsError, match=message):
            swept(scenario_file, tmp_path / "s", *axes, resume=True, **change)
    with pytest.raises(ResultsError, match="add --resume"):
        swept(scenario_file, tmp_path / "s")


def test_a_run_in_the_folder_is_refused(scenario_file: Path, tmp_path: Path) -> None:
    run(scenario_file, trials=2, workers=1, progress=False, out=tmp_path / "r", engine=FAKE + "simulate")
    with pytest.raises(ResultsError, match="holds a single run"):
        swept(scenario_file, tmp_path / "r", resume=True)
    assert Results.open(tmp_path / "r").complete


# --- what is wrong is said before anything is written ---------------------------------------------------------------


def test_problems_name_the_place_of_the_value(scenario_file: Path, tmp_path: Path) -> None:
    grid = read_grid(written(tmp_path, "rules.patrol.rate: [0.5, -1]\n", "grid.yaml"))
    with pytest.raises(ScenarioError) as caught:
        swept(scenario_file, tmp_path / "s", varied("rules.raids.rate=0.1,0.2"), *grid)
    said = str(caught.value)
    assert "--vary rules.raids.rate=0.1: rules.raids.rate: rules has no `raids`; did you mean `raid`?" in said
    assert "--vary rules.raids.rate=0.2" in said
    assert f"{tmp_path / 'grid.yaml'}:1:26: rules.patrol.rate: -1" in said
    assert not (tmp_path / "s").exists()


def test_wrong_numbers_leave_nothing(scenario_file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="workers"):
        swept(scenario_file, tmp_path / "s", workers=0)
    assert not (tmp_path / "s").exists()


def test_what_was_asked_is_written_down(scenario_file: Path, tmp_path: Path) -> None:
    swept(scenario_file, tmp_path / "s")
    said = json.loads((tmp_path / "s" / "sweep.json").read_text())
    assert said["asked"] == {"trials": 12, "sets": 2, "seed": 5, "days": None, "precision": None}
    assert said["cells"][1]["settings"] == {"rules.raid.enabled": "true", "horizon_days": "7"}
    assert said["cells"][1]["folder"] == "cells/0001"
