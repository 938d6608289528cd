"""The Python face: short to write, equal to the long way, and nothing heavy before it is needed."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import sim
import sim.ensemble
import sim.scenario
from sim.analysis.conditional import selected
from sim.analysis.outcomes import outcome_table
from sim.analysis.survival import survival_curve
from sim.errors import InputError, ResultsError, ScenarioError
from sim.face import METHODS, Given, Results, Scenario, Story
from tests.ensemble.fake import SCENARIO

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def fence(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    file = tmp_path_factory.mktemp("scenarios") / "fence.yaml"
    file.write_text(SCENARIO.replace("rate: 0.1", "rate: {dist: uniform, low: 0.05, high: 0.4}"), encoding="utf-8")
    return sim.load(file)


@pytest.fixture(scope="module")
def results(fence: Scenario) -> Results:
    return fence.run(trials=20, sets=3, workers=1, engine="mesa", progress=False)


# --- the scenario -----------------------------------------------------------------------------------------------------


def test_it_is_the_scenario_with_verbs() -> None:
    plain, faced = sim.scenario.load("idlib-2020-02-11"), sim.load("idlib-2020-02-11")
    assert isinstance(faced, sim.scenario.Scenario)
    assert sim.scenario.digest(faced) == sim.scenario.digest(plain)
    assert sim.scenario.to_yaml(faced) == sim.scenario.to_yaml(plain)


def test_it_survives_the_way_to_a_worker(fence: Scenario) -> None:
    assert pickle.loads(pickle.dumps(fence)) == fence


@pytest.mark.parametrize(
    "change",
    ["rules.patrol.rate=0.25", *({"rules.patrol.rate": value} for value in (0.25, "0.25", np.float64(0.25)))],
)
def test_set_gives_another_scenario_and_leaves_this_one(fence: Scenario, change: str | dict[str, object]) -> None:
    changed = fence.set(change)
    assert changed.rules["patrol"].rate == 0.25
    assert fence.rules["patrol"].rate == 0.5


def test_set_takes_maps_lists_and_nothing_and_adds_up(fence: Scenario) -> None:
    law = {"dist": "triangular", "low": 1e-07, "mode": 0.2, "high": 0.5}
    changed = fence.set("ensemble.trials=7", {"horizon_days": 3}).set({"rules.raid.rate": law, "rules.patrol": None})
    assert (changed.ensemble.trials, changed.horizon_days) == (7, 3)
    assert "patrol" not in changed.rules
    assert "triangular" in sim.scenario.to_yaml(changed) and "1.0e-07" in sim.scenario.to_yaml(changed)


def test_a_changed_scenario_is_the_one_that_load_makes(fence: Scenario, tmp_path: Path) -> None:
    file = tmp_path / "fence.yaml"
    file.write_text(sim.scenario.to_yaml(fence), encoding="utf-8")
    long = sim.scenario.load(file, {"rules.patrol.rate": "0.3"}, without=["raid"])
    assert sim.scenario.digest(fence.set("rules.patrol.rate=0.3").without("raid")) == sim.scenario.digest(long)


def test_without_switches_rules_off(fence: Scenario) -> None:
    assert not fence.without("raid").rules["raid"].enabled
    assert [rule.enabled for rule in fence.without("raid", "patrol").rules.values()] == [False, False]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("rules.patrol.rte=1", "unknown key.*did you mean `rate`"),
        ("rules.patrol.rate", "is no change; write PATH=VALUE"),
        ("=3", "is no change"),
        ({"rules.patrol.rate": -1}, "rules.patrol.rate"),
        ({"horizon_days": [1]}, "horizon_days"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(fence: Scenario, change: str | dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fence.set(change)


def test_a_fault_elsewhere_names_the_scenario_and_no_temporary_file(fence: Scenario) -> None:
    with pytest.raises(ScenarioError) as caught:
        fence.set("sources=null")
    assert "fence (resolved)" in str(caught.value)
    assert "ceasefire-" not in str(caught.value)


def test_an_unknown_rule_or_scenario_is_refused(fence: Scenario) -> None:
    with pytest.raises(InputError, match="there is no rule `nope`"):
        fence.without("nope")
    with pytest.raises(InputError, match="idlib-2020-02-11"):
        sim.load("idlib-2020-02-12")


def test_how_a_scenario_shows_itself(fence: Scenario) -> None:
    assert repr(fence) == "Scenario('fence': 5 days from 2021-03-01, 2 rules)"
    assert "Two states and a fence" in str(fence)
    assert fence.set({"about": "a <b> c"})._repr_html_().count("<b>") == 0


# --- running ----------------------------------------------------------------------------------------------------------


def test_a_run_is_the_run_of_the_ensemble(fence: Scenario, results: Results, tmp_path: Path) -> None:
    long = sim.ensemble.run(
        fence, trials=20, sets=3, workers=1, engine="mesa", progress=False, out=tmp_path / "out"
    )  # fmt: skip
    pd.testing.assert_frame_equal(results.trials, long.trials)
    assert isinstance(results, sim.ensemble.Results)


def test_what_is_kept_nowhere_goes_with_its_object(fence: Scenario) -> None:
    made = fence.run(trials=2, workers=1, engine="mesa", progress=False)
    folder = made.folder
    assert (folder / "manifest.json").is_file()
    del made
    gc.collect()
    assert not folder.exists()


def test_a_story_or_selection_keeps_what_it_came_from(fence: Scenario) -> None:
    part = fence.run(trials=2, workers=1, engine="mesa", progress=False).given("trial = 1")
    gc.collect()
    assert part.results.folder.exists()


def test_save_keeps_them(fence: Scenario, tmp_path: Path) -> None:
    kept = fence.run(trials=2, workers=1, engine="mesa", progress=False).save(tmp_path / "kept")
    gc.collect()
    pd.testing.assert_frame_equal(sim.open(tmp_path / "kept").trials, kept.trials)
    with pytest.raises(ResultsError, match="exists already"):
        kept.save(tmp_path / "kept")


def test_out_and_resume_are_those_of_the_command_line(fence: Scenario, tmp_path: Path) -> None:
    first = fence.run(trials=3, out=tmp_path / "mine", workers=1, engine="mesa", progress=False)
    again = fence.run(trials=3, out=tmp_path / "mine", resume=True, workers=1, engine="mesa", progress=False)
    assert first.folder == again.folder == tmp_path / "mine"
    with pytest.raises(InputError, match="without `out`"):
        fence.run(trials=3, resume=True)


def test_a_run_that_is_refused_leaves_nothing(fence: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(InputError, match="trials: 0"):
        fence.run(trials=0, workers=1, engine="mesa", progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("asked", "bar"), [(True, True), (False, False), (None, False)])
def test_progress_is_shown_where_somebody_watches(
    fence: Scenario, asked: bool | None, bar: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    fence.run(trials=2, workers=1, engine="mesa", progress=asked)
    assert ("fence" in capsys.readouterr().err) is bar


def test_in_a_notebook_somebody_watches(
    fence: Scenario, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    fence.run(trials=2, workers=1, engine="mesa")
    assert "fence" in capsys.readouterr().err


# --- answers ----------------------------------------------------------------------------------------------------------


def test_answers_are_those_of_the_analysis(results: Results) -> None:
    names = list(results.scenario.outcomes)
    pd.testing.assert_frame_equal(results.outcomes(), outcome_table(results.trials, names))
    pd.testing.assert_frame_equal(results.survival(), survival_curve(results.trials))
    pd.testing.assert_frame_equal(results.survival("calm"), survival_curve(results.trials, "calm"))
    assert results.hazard(width=5)["day_to"].tolist() == [5]
    assert results.restricted_mean().horizon == 5
    assert results.incidence(["broken", "calm"]).groupby("end")["day"].max().tolist() == [5, 5]
    assert set(results.levels()["variable"]) == {"worst_level", "terminal_status"}
    assert results.first_movers()["count"].sum() == results.crossings()["count"].sum() == 60


def test_incidence_without_competing_ends_says_so(results: Results) -> None:
    with pytest.raises(InputError, match="0 ends"):
        results.incidence()


def test_given_answers_among_some(results: Results) -> None:
    part = results.given("broken_day <= 3")
    assert isinstance(part, Given)
    assert repr(part).startswith("Given('broken_day <= 3': ")
    pd.testing.assert_frame_equal(part.trials, selected(results.trials, "broken_day <= 3"))
    assert part.outcomes().loc["broken", "probability"] == 1
    assert part.outcomes()["of"].unique().tolist() == [len(part.trials)] == part.share["count"].tolist()
    assert part.survival()["at_risk"].iloc[0] == len(part.trials)
    assert "broken_day <= 3" in str(part) and "broken_day &lt;= 3" in part._repr_html_()
    with pytest.raises(InputError, match="no column `talks_day`"):
        results.given("talks_day <= 3")


def test_given_what_never_holds_there_are_answers_all_the_same(results: Results) -> None:
    none = results.given("trial > 99")
    assert len(none.trials) == 0 and "0.0 % - 100.0 %" in str(none)
    assert none.outcomes()["probability"].isna().all()
    assert none.survival()["at_risk"].tolist() == [0]
    assert none.hazard().empty and none.first_movers().empty and none.crossings().empty
    assert none.levels()["count"].sum() == 0
    assert none.incidence(["broken"])["mc_high"].unique().tolist() == [1]
    assert (none.restricted_mean().mc_low, none.restricted_mean().mc_high) == (0, 5)


def test_sql_is_a_method(results: Results) -> None:
    assert results.sql("select count(*) as n from trials")["n"].tolist() == [60]


def test_results_show_both_ranges(results: Results) -> None:
    html = results._repr_html_()
    assert html.startswith("<table><caption>fence: 60 trials (3 parameter sets x 20), seed 0, 5 days from 2021-03-01")
    assert "broken (headline)" in html and "chance (95 %)" in html and "assumptions (5-95 %)" in html
    assert "broken (headline)" in str(results)
    assert repr(results).startswith("Results(") and "\n" not in repr(results)


def test_an_unfinished_run_says_so(results: Results) -> None:
    part = Results.open(results.folder)
    part.manifest.chunks.popitem()
    assert "not finished: " in part._repr_html_()


# --- trials -----------------------------------------------------------------------------------------------------------


def test_a_trial_is_told_and_looked_at(results: Results) -> None:
    trial = results.trial(4, set=1)
    told = trial.tell()
    assert isinstance(told, Story) and repr(told) == told
    assert told.splitlines()[-1].startswith("after 5 days")
    assert "hazard" in trial.tell(why=True) and "hazard" not in told
    assert (trial.row["set"], trial.row["trial"]) == (1, 4)
    stored = results.trials.query("set == 1 and trial == 4").iloc[0]
    assert trial.row["deaths"] == stored["deaths"]
    assert trial.daily.index.tolist() == [1, 2, 3, 4, 5] and "deaths" in trial.daily
    pd.testing.assert_frame_equal(trial.events, results.events(4, 1))
    assert repr(trial) == "Trial(4 of set 1, fence)"
    with pytest.raises(InputError, match="trial 20: there is none"):
        results.trial(20)


def test_a_trial_of_a_scenario_is_that_of_its_ensemble(fence: Scenario, results: Results) -> None:
    again = fence.set("ensemble.sets=3").trial(4, set=1)
    assert again.tell() == results.trial(4, set=1).tell()
    for number, index in ((-1, 0), (0, -1), (0, 1)):
        with pytest.raises(InputError, match="both count from 0, and the sets are 1"):
            fence.trial(number, index)


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_pictures_by_name(results: Results) -> None:
    mpl.use("agg")
    import matplotlib.pyplot as plt

    axes = [results.plot.survival(outcome="broken"), results.plot.daily_deaths(), results.plot("outcomes")]
    assert all(ax.get_title(loc="left") or ax.get_title() or ax.figure.texts for ax in axes)
    _, own = plt.subplots()
    assert results.plot.survival(ax=own) is own
    plt.close("all")


def test_pictures_of_some_trials_say_of_which(results: Results) -> None:
    mpl.use("agg")
    import matplotlib.pyplot as plt

    part = results.given("broken_day <= 3")
    drawn = part.plot.survival()
    texts = " ".join(text.get_text().replace("\n", " ") for text in drawn.figure.findobj(mpl.text.Text))
    assert "fence, given broken_day <= 3" in texts and f"{len(part.trials)} trials" in texts
    assert part.plot("ladder", trial=int(part.trials["trial"].iloc[0]))
    with pytest.raises(ResultsError, match="summed up over all trials"):
        part.plot.daily_deaths()
    plt.close("all")


def test_plot_lists_its_figures_and_refuses_others(results: Results) -> None:
    assert "survival" in repr(results.plot) and "daily_deaths" in dir(results.plot)
    with pytest.raises(AttributeError, match="no figure `survivall`; there are: .*survival"):
        _ = results.plot.survivall
    with pytest.raises(InputError, match="did you mean `survival`"):
        results.plot("survivall")


# --- the package ------------------------------------------------------------------------------------------------------


def test_names_are_sorted_and_there() -> None:
    assert sim.__all__ == sorted(sim.__all__, key=lambda name: (not name[0].isupper(), name))
    for name in sim.__all__:
        assert getattr(sim, name) is not None
    assert set(sim.__all__) <= set(dir(sim))
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        getattr(sim, "lo" + "de")


def test_shipped_scenarios_are_listed() -> None:
    assert "idlib-2020-02-11" in sim.builtin_names()


def test_loading_a_scenario_needs_no_pandas_and_no_matplotlib() -> None:
    code = "import sim; sim.load('idlib-2020-02-11'); import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"pandas", "matplotlib", "duckdb"} & set(done.stdout.split()) == set()


# --- comparing --------------------------------------------------------------------------------------------------------


def test_scenarios_are_compared_in_passing(fence: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    calm = fence.without("raid").set("name=calm fence")
    found = fence.compare(calm, trials=10, sets=3, workers=1, engine="mesa", progress=False)
    assert found.names == ["fence", "calm fence"]
    row = found.outcomes.set_index("outcome").loc["broken"]
    assert row["after"] == 0 and row["difference"] == -row["before"] < 0
    folders = [it.folder for it in found.results.values()]
    assert all(folder.is_dir() for folder in folders) and list(tmp_path.iterdir()) == []
    del found
    gc.collect()
    assert not any(folder.exists() for folder in folders)


def test_results_are_compared_with_results_and_with_scenarios(fence: Scenario, results: Results) -> None:
    calm = fence.without("raid").set("name=calm fence")
    other = calm.run(trials=20, sets=3, workers=1, engine="mesa", progress=False)
    stored = results.compare(other)
    ran = results.compare(calm, workers=1, engine="mesa", progress=False)
    pd.testing.assert_frame_equal(stored.outcomes, ran.outcomes)


def test_a_study_in_passing_and_one_that_stays(fence: Scenario, tmp_path: Path) -> None:
    study = fence.sensitivity("ablate", sets=2, trials=4, workers=1, engine="mesa", progress=False)
    assert set(study["ablation"]["rule"]) == {"raid", "patrol"}
    folder = study.folder
    del study
    gc.collect()
    assert not folder.exists()
    kept = fence.sensitivity(
        "ablate", sets=2, trials=4, workers=1, engine="mesa", progress=False, out=tmp_path / "study", outcome="calm"
    )
    assert kept.folder == tmp_path / "study"


def test_sensitivity_says_what_is_allowed(fence: Scenario) -> None:
    with pytest.raises(InputError, match="there is no method `moris`; allowed: morris.*did you mean `morris`"):
        fence.sensitivity("moris")
    with pytest.raises(InputError, match="`ablate` takes no `samples`; allowed: sets, trials"):
        fence.sensitivity("ablate", samples=3)
    with pytest.raises(InputError, match="no other reading is named"):
        fence.sensitivity("definitions", progress=False)


def test_the_methods_are_those_of_the_command_line() -> None:
    from sim.cli.sensitivity import METHODS as COMMANDS

    assert list(METHODS) and set(METHODS) == set(COMMANDS)
