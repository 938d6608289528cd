from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.ensemble import run
from sim.ensemble.ablating import without
from sim.ensemble.comparing import Comparison, compare
from sim.ensemble.designs import Study
from sim.ensemble.results import Results
from sim.errors import InputError
from sim.scenario import Scenario
from tests.ensemble.studied import TRIALS, X1, X2, X3, fence, named

OTHER = "fence, raid off"


def raid_off(scenario: Scenario) -> Scenario:
    return without(scenario, "raid").model_copy(update={"name": OTHER})


def compared(folder: Path, engine: str = "raided", **more: Any) -> Comparison:
    scenario = fence(folder)
    options: dict[str, Any] = {"sets": 20, "trials": 8, "engine": named(engine), "workers": 1, "progress": False}
    return compare(scenario, raid_off(scenario), **(options | {"out": folder / "study"} | more))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return compared(tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return compared(tmp_path_factory.mktemp("turned"), "turning", sets=40, trials=TRIALS, seed=4)


# --- what differs ----------------------------------------------------------------------------------------------------


def test_the_difference_is_the_one_built_in(found: Comparison) -> None:
    rows = found.outcomes.set_index("outcome")
    broken = rows.loc["broken"]
    assert (broken["before"], broken["after"], broken["difference"]) == (0.5, 0.25, -0.25)
    assert (broken["gained"], broken["lost"], broken["pairs"]) == (40, 80, 160)
    assert broken["mc_low"] < -0.25 < broken["mc_high"] < 0
    assert broken["range_low"] == broken["range_high"] == pytest.approx(-0.25)
    assert rows.loc["calm", "difference"] == 0.25
    assert rows["headline"].tolist() == [True, False] and not rows["redefined"].any() and not rows["decided"].any()
    assert (found.base, found.names, found.headline) == ("fence", ["fence", OTHER], "broken")


def test_the_input_that_differs_is_named_with_both_values(found: Comparison) -> None:
    assert found.inputs.to_dict("records") == [
        {"key": "rules.raid.enabled", "kind": "rule off", "basis": "assumed", "fence": "true", OTHER: "false"}
    ]


def test_pairs_save_what_their_luck_has_in_common(tmp_path: Path) -> None:
    """x1 moves only the other side: the base does not vary between sets, so pairing saves nothing; alike, no end."""
    row = compared(tmp_path, "turning", sets=8, trials=TRIALS).outcomes.iloc[0]
    assert row["variance_ratio"] == pytest.approx(1)


def test_what_the_difference_rests_on_and_where_its_sign_changes(turned: Comparison) -> None:
    table = turned.rests_on[turned.rests_on["outcome"] == "broken"]
    assert set(table["parameter"]) == {X1, X2, X3}
    first = table[table["parameter"] == X1]
    assert table["parameter"].iloc[0] == X1 and bool(first["stands_out"].all())
    assert not table[table["parameter"] != X1]["stands_out"].any()
    assert first["difference"].to_numpy() == pytest.approx(0.4 * first["value"].to_numpy() / np.pi, abs=0.06)
    whole = turned.outcomes.iloc[0]["difference"]
    assert first["sign_changes"].tolist() == (first["difference"] * whole < 0).tolist()
    assert first["clearly"].iloc[0] != first["clearly"].iloc[4]
    assert dict(zip(table["parameter"], table["basis"], strict=True)) == {X1: "assumed", X2: "coded", X3: ""}


def test_numbers_whose_distribution_is_what_differs_are_not_what_it_rests_on(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    scenario = fence(tmp_path / "base")
    wider = fence(tmp_path, (Path(tmp_path / "base" / "fence.yaml").read_text().split("parameters:")[1]).join(
        ["parameters:", ""]).replace("low: -3.141592653589793", "low: -3", 1), name="wider")  # fmt: skip
    found = compare(scenario, wider, sets=20, trials=10, engine=named("half"), workers=1, progress=False,
                    out=tmp_path / "study")  # fmt: skip
    assert set(found.rests_on["parameter"]) == {X2, X3}


def test_one_set_has_no_range_and_rests_on_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, sets=1)
    assert found.rests_on.empty and np.isnan(found.outcomes["range_low"]).all()
    assert found.outcomes.iloc[0]["difference"] == -0.25


def test_a_redefined_outcome_is_marked(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    broken = scenario.outcomes["broken"].model_copy(update={"at_least": 2.0})
    other = scenario.model_copy(update={"name": "twice", "outcomes": {**scenario.outcomes, "broken": broken}})
    found = compare(
        scenario, other, sets=2, trials=8, engine=named("half"), workers=1, progress=False, out=tmp_path / "s"
    )
    assert found.outcomes["redefined"].tolist() == [True, False]


# --- trials that tipped -----------------------------------------------------------------------------------------------


def test_examples_are_told_to_the_day_where_they_part(found: Comparison) -> None:
    assert found.tipped[["direction", "day"]].to_numpy().tolist() == [["lost", 3], ["lost", 3], ["gained", 3]]
    told = found.tipped["told"].iloc[0].splitlines()
    assert told == [
        "day 1, 2021-03-01: in both",
        "  - South: patrol (North)",
        "day 3, 2021-03-03: here they part",
        "  fence",
        "    - North: raid (South) [killed 2]",
        "    => breakdown on day 3",
        f"  {OTHER}",
        "    - nothing of the kind",
        "    => no breakdown",
    ]
    assert found.tipped["parting"].iloc[0] == f"fence: North: raid (South) [killed 2] / {OTHER}: nothing of the kind"


def test_no_examples_are_told_if_none_are_asked_for(tmp_path: Path) -> None:
    assert compared(tmp_path, examples=0).tipped.empty


# --- plans and folders -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_scenario_of_one_set_gets_128_and_fewer_trials_in_each(tmp_path: Path) -> None:
    found = compared(tmp_path, sets=None, trials=None, examples=0)
    assert (found.plan.sets, found.plan.trials) == (128, 8)


def test_the_study_keeps_tables_and_results(found: Comparison) -> None:
    assert found.study is not None
    study = Study.open(found.study.folder)
    assert study.kind == "comparison" and study.complete
    for name in Comparison.TABLES:
        assert len(study[name]) == len(getattr(found, name))
    pd.testing.assert_frame_equal(study["outcomes"], found.outcomes, check_dtype=False)
    runs = sorted(path.name for path in (found.study.folder / "runs").iterdir())
    assert runs == ["fence", "fence-raid-off"]
    assert Results.open(found.study.folder / "runs" / "fence").complete


def test_stored_results_take_part_as_they_are_and_nothing_is_written(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    plan: dict[str, Any] = {"sets": 2, "trials": 8, "engine": named("raided"), "workers": 1, "progress": False}
    one = run(scenario, out=tmp_path / "one", **plan)
    other = run(raid_off(scenario), out=tmp_path / "other", **plan)
    before = sorted(tmp_path.rglob("*"))
    found = compare(one, str(other.folder))
    assert found.study is None and found.outcomes.iloc[0]["difference"] == -0.25
    assert sorted(tmp_path.rglob("*")) == before


def test_results_give_the_plan_to_a_scenario(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    one = run(
        scenario, sets=3, trials=10, seed=9, out=tmp_path / "one", engine=named("raided"), workers=1, progress=False
    )
    found = compare(raid_off(scenario), one, engine=named("raided"), workers=1, progress=False, out=tmp_path / "study")
    assert (found.plan.seed, found.plan.sets, found.plan.trials) == (9, 3, 10)


def test_resume_goes_on_and_refuses_another_question(tmp_path: Path) -> None:
    first = compared(tmp_path, sets=2)
    again = compared(tmp_path, sets=2, resume=True)
    pd.testing.assert_frame_equal(first.outcomes, again.outcomes)
    with pytest.raises(InputError, match="trials: 8 there, 12 here"):
        compared(tmp_path, sets=2, resume=True, trials=12)
    with pytest.raises(InputError, match="add --resume"):
        compared(tmp_path)


def test_one_scenario_and_a_change_are_two_sides(tmp_path: Path) -> None:
    fence(tmp_path)
    found = compare(str(tmp_path / "fence.yaml"), without=["raid"], sets=2, trials=8, engine=named("raided"), workers=1,
                    progress=False, out=tmp_path / "study")  # fmt: skip
    assert [results.scenario.name for results in found.results.values()] == found.names
    assert found.names == ["fence", "fence, without raid"] and found.outcomes.iloc[0]["difference"] == -0.25


def test_three_are_each_compared_with_the_first(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    same = scenario.model_copy(update={"name": "fence"})
    found = compare(scenario, raid_off(scenario), same, sets=2, trials=8, engine=named("raided"), workers=1,
                    progress=False, out=tmp_path / "study")  # fmt: skip
    assert found.names == ["fence", OTHER, "fence (2)"]
    broken = found.outcomes[found.outcomes["outcome"] == "broken"].set_index("scenario")["difference"]
    assert broken.to_dict() == {OTHER: -0.25, "fence (2)": 0.0}


# --- what cannot be paired -------------------------------------------------------------------------------------------


def test_what_cannot_be_paired_is_refused_with_a_remedy(tmp_path: Path) -> None:
    import datetime as dt

    scenario = fence(tmp_path)
    later = scenario.model_copy(update={"name": "later", "origin": dt.date(2021, 3, 2)})
    longer = scenario.model_copy(update={"name": "longer", "horizon_days": 9})
    strange = scenario.model_copy(update={"name": "strange", "outcomes": {"war": scenario.outcomes["broken"]}})
    for other, said in (
        (later, "later: starts on 2021-03-02, but fence on 2021-03-01; trials of different origins are not pairs"),
        (longer, "longer: runs for 9 days, but fence for 5; give both one horizon with --days"),
        (strange, "strange: has no outcome in common with fence"),
    ):
        with pytest.raises(InputError, match=said):
            compare(scenario, other, out=tmp_path / "study")
    with pytest.raises(InputError, match="takes two scenarios"):
        compare(scenario, out=tmp_path / "study")
    assert not (tmp_path / "study").exists()
    same = compare(scenario, longer, days=4, sets=2, trials=4, engine=named("half"), workers=1, progress=False,
                   out=tmp_path / "study")  # fmt: skip
    assert same.plan.days == 4


def test_results_of_other_plans_are_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    options: dict[str, Any] = {"engine": named("half"), "workers": 1, "progress": False}
    one = run(scenario, sets=2, trials=10, out=tmp_path / "one", **options)
    other = run(scenario, sets=4, trials=10, seed=3, out=tmp_path / "other", **options)
    with pytest.raises(
        InputError, match=r"seed 3 \(not 0\), sets 4 \(not 2\).*\n.*--seed 0 --sets 2 --trials 10 --days 5"
    ):
        compare(one, other)
    with pytest.raises(InputError, match=r"sets 2 \(not 64\)"):
        compare(one, one, sets=64)
    with pytest.raises(InputError, match="stored results cannot be changed"):
        compare(one, other, without=["raid"])


def test_results_of_another_program_are_refused(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    options: dict[str, Any] = {"sets": 2, "trials": 8, "engine": named("half"), "workers": 1, "progress": False}
    one, other = (run(scenario, out=tmp_path / name, **options) for name in ("one", "other"))
    other.manifest.code["digest"] = "older"
    for sides in ((one, other), (other, scenario)):
        with pytest.raises(
            InputError, match="was run by another version of this program, so their trials are not pairs"
        ):
            compare(*sides, out=tmp_path / "study")
    assert not (tmp_path / "study").exists()
