"""A back-test from the question to its folder."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.analysis.baselines import FORECASTERS
from sim.backtesting import running
from sim.backtesting.forecasting import Counts
from sim.backtesting.running import Backtest, backtest
from sim.backtesting.storing import NAME
from sim.errors import InputError, ResultsError
from sim.plots import figure_data
from sim.plots.opening import of_backtest
from sim.scenario.posterior import Estimate, Posterior, write
from tests import needs
from tests.backtesting import made
from tests.backtesting.made import FakeFit, plan

pytestmark = needs.numba
OURS = ["model", "null_model", "article_only"]
TABLES = ["coverage", "each", "fans", "folds", "scores", "simulated_spells", "skill", "spells", "truces"]


@pytest.fixture(scope="module")
def done(river: Path, record: Path, tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    return backtest(plan(river), record, tmp_path_factory.mktemp("done") / "out", 1, progress=False)


def bits(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.rglob("*")) if file.suffix in (".csv", ".npz")}


def test_every_forecaster_is_scored_on_the_same_weeks(done: Backtest) -> None:
    scores = done.tables["scores"]
    assert list(scores["forecaster"].unique()) == [*OURS, *FORECASTERS]
    assert set(scores["horizon"]) == {1, 4} and set(scores["n"]) == {36}
    assert scores[["rps", "brier_collapse", "crps", "log_score", "coverage_90"]].notna().all(axis=None)
    each = done.tables["each"]
    origins = each.groupby(["forecaster", "horizon"])["origin"].apply(tuple).unique()
    assert len(origins) == 1 and list(origins[0]) == done.plan.origins


def test_the_folder_has_what_was_asked_and_every_table(done: Backtest) -> None:
    assert sorted(file.stem for file in done.folder.glob("*.csv")) == TABLES
    said = json.loads((done.folder / NAME).read_text(encoding="utf-8"))
    assert (said["status"], said["scenario"], sorted(said["tables"])) == ("done", "river", [f"{t}.csv" for t in TABLES])
    assert said["question"]["from"] == "2021-08-02" and said["question"]["data"] == "record.csv"
    assert said["forecasters"]["model"] == {"scenario": "river", "history_from": "2021-06-01", "learnt_until": []}
    opened = of_backtest(done.folder)
    assert opened.scenario.name == "river" and len(opened["each"]) == len(done.tables["each"])


def test_fans_reach_every_week_of_our_forecasters(done: Backtest) -> None:
    fans = done.tables["fans"]
    assert list(fans["forecaster"].unique()) == OURS and sorted(fans["week"].unique()) == [1, 2, 3, 4]
    assert (fans["low_90"] <= fans["median"]).all() and (fans["median"] <= fans["high_90"]).all()


def test_single_days_are_shown_and_those_outside_named(done: Backtest) -> None:
    days = done.tables["folds"]
    assert list(days["fold"].unique()) == ["idlib-2019-08-31", "idlib-2020-01-12"]
    assert set(days["forecaster"]) == {*OURS, *FORECASTERS}
    assert done.notes[-1].startswith("Not in the record: moscow-2020-03-06 (the record ends on 2022-09-26)")
    wide = days[(days["fold"] == "idlib-2019-08-31") & (days["horizon"] == 1)].set_index("forecaster")
    assert str(wide.loc["model", "origin"]) == "2021-10-14" and wide.loc["model", "known_afterwards"]
    assert wide.loc["model", "hold"] > wide.loc["null_model", "hold"]  # the truce of the day
    last = days[(days["fold"] == "idlib-2020-01-12") & (days["forecaster"] == "model")].set_index("horizon")
    assert last.loc[1, "level"] and not last.loc[4, "level"] and np.isnan(last.loc[4, "observed"])


def test_truces_of_the_whole_record_stand_beside_those_of_free_courses(
    river: Path, record: Path, tmp_path: Path
) -> None:
    asked = plan(river, overrides=made.OFFERS, alignments=1, horizons=(7,))
    found = backtest(asked, record, tmp_path / "out", 1, progress=False)
    days = ["2021-08-10", "2021-10-15", "2022-03-01"]  # the last after all origins
    assert all([str(day) for day in found.tables[name]["first"]] == days for name in ("spells", "truces"))
    free = found.tables["simulated_spells"]
    assert list(free) == ["set", "course", "first", "level", "days", "ended"] and free["ended"].any()
    said = json.loads((found.folder / NAME).read_text(encoding="utf-8"))["courses"]
    assert said == {"n": 24, "from": "2020-01-29", "to": "2022-09-26"}
    gone = pd.to_datetime(free["first"]) + pd.to_timedelta(free["days"], unit="D")
    assert gone.max() == pd.Timestamp("2022-09-27") and set(free["course"]) <= set(range(24))
    assert figure_data("spells", of_backtest(found.folder))["simulated_n"].iloc[0] == len(free)


def test_numbers_of_free_courses_are_those_of_the_first_origin(river: Path, record: Path, tmp_path: Path) -> None:
    """A longer back-test, of which later fits are others, has the same free courses."""

    class Growing(FakeFit):
        def rows_until(self, until: dt.date) -> list[dict[str, float]]:
            return [{"fighting.regimes.war.mean": float((until - made.FIRST).days) / 20}] * self.n

    asked = plan(river, parameters="expanding", alignments=1, horizons=(7,), overrides=made.OFFERS)
    found = [
        backtest(it, record, tmp_path / str(it.last), 1, progress=False, fitter=Growing).tables["simulated_spells"]
        for it in (asked, replace(asked, last=asked.first))
    ]
    assert len(found[0])
    pd.testing.assert_frame_equal(*found)


def test_any_number_of_workers_gives_the_same_files(done: Backtest, river: Path, record: Path, tmp_path: Path) -> None:
    again = backtest(plan(river), record, tmp_path / "out", 3, progress=False)
    assert bits(again.folder) == bits(done.folder)


def test_another_seed_gives_other_forecasts_and_the_same_baselines(
    done: Backtest, river: Path, record: Path, tmp_path: Path
) -> None:
    other = backtest(plan(river, seed=1), record, tmp_path / "out", 1, progress=False).tables["scores"]
    usual = done.tables["scores"].set_index(["forecaster", "horizon"])["rps"]
    rps = other.set_index(["forecaster", "horizon"])["rps"]
    assert rps["model", 1] != usual["model", 1] and rps["table", 1] == usual["table", 1]


# --- numbers that are fitted ----------------------------------------------------------------------------------------


def test_numbers_are_fitted_on_what_was_known(river: Path, record: Path, tmp_path: Path) -> None:
    FakeFit.asked.clear()
    first = made.ORIGINS[0]
    asked = plan(river, parameters="expanding", alignments=1)
    found = backtest(asked, record, tmp_path / "out", 1, progress=False, fitter=FakeFit)
    assert found.notes[0] == "Numbers are fitted every 28 days to all data up to then (expanding)."
    said = json.loads((found.folder / NAME).read_text(encoding="utf-8"))["forecasters"]["model"]["learnt_until"]
    assert said == [str(first + dt.timedelta(28 * k)) for k in range(5)]
    fitted_until = {until for name, until, _ in FakeFit.asked if name == "river"}
    assert {first + dt.timedelta(28 * k) for k in range(5)} <= fitted_until
    assert all(known == (until - made.FIRST).days + 1 for _, until, known in FakeFit.asked)


def test_frozen_numbers_are_fitted_once_and_baselines_with_them(river: Path, record: Path, tmp_path: Path) -> None:
    FakeFit.asked.clear()
    found = backtest(plan(river, parameters="frozen"), record, tmp_path / "out", 1, progress=False, fitter=FakeFit)
    assert {until for _, until, _ in FakeFit.asked} == {made.ORIGINS[0]}
    assert found.notes[0] == "Numbers are fitted to data up to 2021-08-02, for every origin (frozen)."
    free = backtest(plan(river), record, tmp_path / "free", 1, progress=False).tables["scores"]
    rps = [t.set_index(["forecaster", "horizon"])["rps"] for t in (found.tables["scores"], free)]
    assert rps[0]["climatology", 1] != rps[1]["climatology", 1] and rps[0]["recent", 1] == rps[1]["recent", 1]


def test_a_day_too_early_for_a_fit_is_named_and_not_forecast(river: Path, record: Path, tmp_path: Path) -> None:
    class Late(FakeFit):
        def rows_until(self, until: dt.date) -> list[dict[str, float]]:
            if until < dt.date(2022, 1, 1):
                raise InputError("too few days")
            return super().rows_until(until)

    late = replace(plan(river, parameters="frozen"), first=dt.date(2022, 2, 1), last=dt.date(2022, 5, 1))
    found = backtest(late, record, tmp_path / "out", 1, progress=False, fitter=Late)
    assert list(found.tables["folds"]["fold"].unique()) == ["idlib-2020-01-12"]
    assert "Not in the record: idlib-2019-08-31 (too few days)." in found.notes


@pytest.mark.slow
def test_the_fast_fit_fits(river: Path, record: Path, tmp_path: Path) -> None:
    """The real fit, frozen: the model's numbers and those of the null model, which has no rules."""
    asked = plan(river, parameters="frozen", sets=2, alignments=1, horizons=(7,))
    found = backtest(asked, record, tmp_path / "out", 1, progress=False)
    assert list(found.tables["scores"]["forecaster"])[:3] == OURS


# --- others beside the model ----------------------------------------------------------------------------------------


def test_rules_off_are_told_apart(river: Path, record: Path, tmp_path: Path) -> None:
    asked = plan(river, ablations=True, alignments=1, horizons=(7,), without=("shell",))
    found = backtest(asked, record, tmp_path / "out", 1, progress=False)
    table = found.tables["ablations"]
    rules = ["fray", "fray_in_truce", "open", "tire", "rest", "breaks"]
    assert list(table["forecaster"].unique()) == [f"without_{rule}" for rule in rules]
    assert set(table["reference"]) == {"model"} and not any("without" in n for n in found.tables["each"]["forecaster"])
    rps = table[table["measure"] == "rps"].set_index("forecaster")["difference"]
    assert rps["without_tire"] != 0


def test_another_scenario_beside_it(river: Path, record: Path, tmp_path: Path) -> None:
    asked = plan(river, alignments=1, horizons=(7,), also={"twin": str(river)})
    scores = backtest(asked, record, tmp_path / "out", 1, progress=False).tables["scores"].set_index("forecaster")
    assert scores.loc["twin", "crps"] == scores.loc["model", "crps"] != scores.loc["null_model", "crps"]


# --- stopped, and wrong ---------------------------------------------------------------------------------------------


def stopping(at: int) -> Callable[..., Counts]:
    """Simulates as usual, and is interrupted at one of the forecasters."""
    usual, count = running.weekly_deaths, iter(range(100))

    def simulate(*asked: Any, **more: Any) -> Counts:
        if next(count) == at:
            raise KeyboardInterrupt
        return usual(*asked, **more)

    return simulate


def test_a_back_test_that_was_stopped_goes_on_with_the_next_forecaster(
    done: Backtest, river: Path, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(running, "weekly_deaths", stopping(2))
        with pytest.raises(KeyboardInterrupt, match="out"):
            backtest(plan(river), record, out, 1, progress=False)
    assert json.loads((out / NAME).read_text(encoding="utf-8"))["status"] == "interrupted"
    assert sorted(file.stem for file in out.rglob("*.npz")) == ["model", "null_model"] and not list(out.glob("*.csv"))
    with pytest.raises(ResultsError, match="add --resume"):
        backtest(plan(river), record, out, 1, progress=False)
    with pytest.raises(ResultsError, match=r"asked otherwise \(trials\)"):
        backtest(plan(river, trials=25), record, out, 1, resume=True, progress=False)
    stamps = {file.name: file.stat().st_mtime_ns for file in out.rglob("*.npz")}
    again = backtest(plan(river), record, out, 1, resume=True, progress=False)
    assert all((out / "forecasts" / name).stat().st_mtime_ns == stamp for name, stamp in stamps.items())
    assert bits(again.folder) == bits(done.folder)


def test_free_courses_that_are_stored_are_not_run_again(
    river: Path, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*asked: Any, **more: Any) -> Any:
        raise KeyboardInterrupt

    def once(resume: bool = True) -> dict[str, bytes]:
        return bits(backtest(asked, record, out, 1, resume, progress=False).folder)

    asked, out = plan(river, overrides=made.OFFERS, alignments=1, horizons=(7,)), tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(running, "simulated_spells", interrupted)
        with pytest.raises(KeyboardInterrupt, match="out"):
            once(resume=False)
        assert not list(out.glob("*.csv"))
        patch.undo()
        usual = once()
        patch.setattr(running, "simulated_spells", interrupted)
        assert once() == usual
    (out / "simulated_spells.csv").write_text("no", encoding="utf-8")
    assert once() == usual


def test_forecasts_that_were_altered_are_made_again(done: Backtest, river: Path, record: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    backtest(plan(river), record, out, 1, progress=False)
    (out / "forecasts" / "model.npz").write_bytes(b"no")
    gone_on = backtest(plan(river), record, out, 1, resume=True, progress=False)
    assert bits(gone_on.folder) == bits(done.folder)
    stored, fresh = (it.tables["simulated_spells"] for it in (gone_on, done))
    pd.testing.assert_frame_equal(stored, fresh, check_dtype=False)


def test_wrong_input_writes_nothing(river: Path, record: Path, tmp_path: Path) -> None:
    out, short = tmp_path / "out", made.write_record(tmp_path / "short.csv", [1.0] * 685)
    late = made.scenario_file(tmp_path)
    late.write_text(
        late.read_text(encoding="utf-8").replace("2020-01-01: {about", "2021-05-01: {about"), encoding="utf-8"
    )
    first = made.FIRST + dt.timedelta(100)
    for asked, file, words in (
        (plan(river), short, "the record ends on 2021-11-15"),
        (plan(river, trials=0), record, "trials: 0"),
        (replace(plan(river), first=first), record, "weeks to learn from"),
        (
            replace(plan(late), first=dt.date(2021, 5, 10)),
            record,
            "--from 2021-05-10: no opening of SCENARIO=.* allowed is 2021-05-28",
        ),
        (plan(river, also={"markov": str(river)}), record, "also: 'markov' is not allowed"),
        (plan(river, overrides={"fighting.drift": "null"}), record, "no `fighting.drift`"),
    ):
        with pytest.raises(InputError, match=words):
            backtest(asked, file, out, 1, progress=False)
    with pytest.raises(InputError, match="workers: 0"):
        backtest(plan(river), record, out, 0, progress=False)
    assert not out.exists()


@pytest.mark.parametrize(("last", "late"), [("2021-08-01", False), ("2021-09-30", True)])
def test_hindsight_of_a_posterior_is_said(river: Path, record: Path, tmp_path: Path, last: str, late: bool) -> None:
    scenario = made.scenario_file(tmp_path)
    made_by = {"command": "ceasefire calibrate", "version": "0", "scenario": "river", "data": {"record.csv": "0"},
               "span": f"2020-01-01 to {last}", "seed": 0, "rows": 4, "seconds": 1.0}  # fmt: skip
    rows = np.array([[0.9], [1.0], [1.05], [1.1]])
    estimates = (Estimate("fighting.regimes.quiet.mean", "likelihood", "the record"),)
    (tmp_path / "posteriors").mkdir()
    (tmp_path / "posteriors" / "x.yaml").write_text(write(Posterior("x", made_by, estimates, rows)), encoding="utf-8")
    scenario.write_text(scenario.read_text(encoding="utf-8") + "posterior: posteriors/x.yaml\n", encoding="utf-8")
    found = backtest(plan(scenario, alignments=1, horizons=(7,)), record, tmp_path / "out", 1, progress=False)
    assert f"posterior (data 2020-01-01 to {last})" in found.notes[0] and ("hindsight" in found.notes[0]) is late


# --- the real record ------------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.slow
def test_the_real_record_is_scored_as_it_is_known_to_be(tmp_path: Path) -> None:
    """Baselines as in docs/explanation/scoring.md; the model beats them at one week."""
    file = needs.shared("data/idlib_box_daily.csv")
    asked = replace(
        plan(Path("builtin:idlib-2020-02-11")), first=dt.date(2018, 9, 23), last=dt.date(2020, 2, 9), alignments=7,
        sets=4, trials=40, horizons=(7, 14),
    )  # fmt: skip
    scores = backtest(asked, file, tmp_path / "out", 2, progress=False).tables["scores"]
    assert isinstance(scores, pd.DataFrame)
    at = scores.set_index(["forecaster", "horizon"])
    assert list(at.loc[("markov", 1), ["n", "rps"]].round(3)) == [499, 0.241]
    assert at.loc[("model", 1), "rps"] < 0.23 and at.loc[("model", 1), "crps"] < 38


@pytest.mark.slow
def test_a_record_that_goes_on_after_the_article_is_scored_as_well(tmp_path: Path) -> None:
    """Invented deaths to the end of 2020, the last days missing: later origins are driven by what happened by then."""
    days = np.random.default_rng(1).negative_binomial(0.6, 0.06, 1092).astype(float).tolist()
    file = tmp_path / "later.csv"
    first = dt.date(2018, 1, 1)
    rows = [f"{first + dt.timedelta(k)},{n:g}" for k, n in enumerate(days)]
    file.write_text("\n".join(["date,best", *rows, "2020-12-31,4"]) + "\n", encoding="utf-8")
    asked = replace(
        plan(Path("builtin:idlib-2020-02-11")), first=dt.date(2020, 3, 10), last=dt.date(2020, 12, 1), alignments=1,
        sets=2, trials=6,
    )  # fmt: skip
    found = backtest(asked, file, tmp_path / "out", 1, progress=False)
    assert found.notes[0] == "The record has no 2020-12-28; it is used up to the day before."
    scores = found.tables["scores"].set_index(["forecaster", "horizon"])
    assert (scores.loc[("model", 1), "n"], scores.loc[("model", 4), "n"]) == (39, 38)
    states = found.tables["folds"]
    assert list(states["fold"].unique())[-1] == "moscow-2020-03-06" and states["level"].iloc[-1] != ""
    late = states.set_index("fold")["known_afterwards"]
    assert late["moscow-2020-03-06"].all() and not late["sochi-2018-09-17"].any()
