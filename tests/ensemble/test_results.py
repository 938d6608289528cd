from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.bins import RELATIVE_ERROR
from sim.ensemble import Results, run
from sim.errors import InputError, ResultsError
from sim.scenario.schema import Scenario
from tests.ensemble import fake

FAKE = "tests.ensemble.fake:"


@pytest.fixture
def results(scenario: Scenario, tmp_path: Path) -> Results:
    return run(
        scenario, trials=40, sets=2, seed=5, workers=1, progress=False,
        out=tmp_path / "r", events=(0, (1, 4)), engine=FAKE + "simulate",
    )  # fmt: skip


def test_daily_summarises_every_series_on_every_day(results: Results) -> None:
    scenario = results.scenario
    trials = [fake.trajectory(scenario, 5, s, t) for s in range(2) for t in range(40)]
    daily = results.daily.set_index(["series", "day"])
    assert len(daily) == 2 * scenario.horizon_days
    for series in ("deaths", "tension.north"):
        for day in range(1, scenario.horizon_days + 1):
            values = np.array([trial.daily[series][day - 1] for trial in trials])
            row = daily.loc[(series, day)]
            assert row["n"] == 80
            assert row["mean"] == pytest.approx(values.mean(), rel=1e-14)
            assert row["sd"] == pytest.approx(values.std(), rel=1e-9)
            for q in (5, 25, 50, 75, 95):
                exact = np.quantile(values, q / 100, method="inverted_cdf")
                # deaths here are small whole numbers, and those are exact
                assert row[f"q{q:02d}"] == pytest.approx(exact, rel=0 if series == "deaths" else RELATIVE_ERROR)


def test_daily_is_the_same_from_its_parts(results: Results, tmp_path: Path) -> None:
    stored = Results.open(tmp_path / "r").daily
    (tmp_path / "r" / "daily.parquet").unlink()
    pd.testing.assert_frame_equal(Results.open(tmp_path / "r").daily, stored, check_exact=True)


@pytest.mark.parametrize("address", [(0, 0), (4, 1), (7, 0), (39, 1)])
def test_events_come_from_the_log_or_from_running_again(results: Results, address: tuple[int, int]) -> None:
    trial, set_index = address
    found = results.events(trial, set_index)
    expected = fake.trajectory(results.scenario, 5, set_index, trial).events
    assert found["rule"].tolist() == [event.rule for event in expected]
    assert found["day"].tolist() == [event.day for event in expected]
    assert [json.loads(marks) for marks in found["marks"]] == [event.marks for event in expected]
    assert found["order"].tolist() == list(range(len(expected)))


def test_only_the_logs_asked_for_are_stored(results: Results) -> None:
    stored = pd.concat(map(pd.read_parquet, sorted((results.folder / "events").iterdir())))
    assert sorted(set(zip(stored["set"], stored["trial"], strict=True))) == [(0, 0), (1, 4)]


def test_a_trial_runs_again_alone(results: Results) -> None:
    assert results.trajectory(17, 1) == fake.trajectory(results.scenario, 5, 1, 17)


def test_a_trial_that_comes_out_differently_is_not_passed_off(results: Results) -> None:
    results.manifest.engine = FAKE + "other"
    with pytest.raises(ResultsError, match="trial 17 of set 1 comes out differently now"):
        results.trajectory(17, 1)


@pytest.mark.parametrize(("trial", "set_index", "said"), [(40, 0, "trial 40"), (-1, 0, "trial -1"), (0, 2, "set 2")])
def test_a_trial_that_was_not_planned_is_an_input_error(
    results: Results, trial: int, set_index: int, said: str
) -> None:
    with pytest.raises(InputError, match=f"{said}: there is none; allowed: 0 to"):
        results.trajectory(trial, set_index)


def test_the_scenario_comes_back_whole(results: Results) -> None:
    assert results.scenario.ensemble.sets == 2
    assert list(results.scenario.rules) == ["raid", "patrol"]


def test_an_edited_scenario_is_not_passed_off(results: Results) -> None:
    path = results.folder / "scenario.resolved.yaml"
    path.write_text(path.read_text().replace("rate: 0.1", "rate: 0.3"))
    with pytest.raises(ResultsError, match="was edited afterwards"):
        _ = Results.open(results.folder).scenario


def test_outcomes_are_those_of_the_scenario(results: Results) -> None:
    table = results.outcomes()
    assert list(table.index) == ["broken", "calm"]
    assert table.loc["broken", "count"] == results.trials["broken_day"].notna().sum()
    assert table["range_low"].notna().all()


def test_a_folder_without_a_manifest_is_no_results_folder(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="not a results folder"):
        Results.open(tmp_path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda said: {**said, "layout": 99},
        lambda said: {name: value for name, value in said.items() if name != "plan"},
        lambda said: {**said, "surprise": 1},
        lambda said: [],
    ],
)
def test_a_manifest_of_another_shape_is_refused(results: Results, spoil: Callable[[dict[str, object]], object]) -> None:
    path = results.folder / "manifest.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(ResultsError, match="cannot be read"):
        Results.open(results.folder)


def test_results_name_themselves(results: Results) -> None:
    assert "fence, 2 sets x 40 trials" in repr(results)
