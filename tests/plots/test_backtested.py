"""Figures of evidence: from a back-test's folder and a posterior, what is in the tables is what is drawn."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from sim.analysis.baselines import baseline_forecasts
from sim.analysis.forecasts import Forecast, origins, record
from sim.analysis.learnt import against_prior, correlations
from sim.analysis.scores import central_interval
from sim.analysis.scoring import mean_scores, score_each, skill
from sim.cli import main
from sim.ensemble.tables import sha256
from sim.errors import InputError, ResultsError
from sim.plots import DOUBLE_MM, SINGLE_MM, caption, draw, evidence, figure_data, figure_of, figures_of
from sim.plots.backtested import EVIDENCE, forecaster
from sim.plots.opening import Asked, Evidence, of_posterior
from sim.plots.posteriors import strongest
from sim.plots.style import parameter_name, parameter_unit
from sim.scenario.laws import Beta, Gamma, Uniform
from sim.scenario.posterior import Estimate, Posterior, write
from tests.plots.conftest import make_scenario

FIRST = dt.date(2018, 1, 1)
AS = {"table": "model", "markov": "null_model", "climatology": "article_only"}
BASELINES = ("climatology", "persistence", "markov", "table", "recent", "table_c", "zero")
PRIORS = {
    "rules.fray.rate": Gamma(2.0, 0.02), "parameters.spiral.value": Uniform(1.0, 3.0),
    "fighting.regimes.quiet.mean": Uniform(1.0, 3.0), "parameters.retaliation.value": Beta(3.5, 0.5),
}  # fmt: skip


def course(days: int) -> pd.Series[float]:
    """Deaths a day that come in waves of some weeks, by date."""
    rng = np.random.default_rng(4)
    level = np.exp(1.6 + 1.4 * np.sin(np.arange(days) / 40.0))
    return pd.Series(rng.poisson(level).astype(float), pd.date_range(FIRST, periods=days))


def fan_rows(made: list[Forecast], deaths: pd.Series[float]) -> pd.DataFrame:
    seen, rows = record(deaths), []
    for it in made:
        (low90, high90), (low50, high50) = (central_interval(it.deaths, share) for share in (0.9, 0.5))
        median = central_interval(it.deaths, 0.0)[0]
        rows.append([it.forecaster, it.origin, it.horizon, low90, low50, median, high50, high90,
                     seen.week(it.origin, it.horizon)])  # fmt: skip
    names = ["forecaster", "origin", "week", "low_90", "low_50", "median", "high_50", "high_90", "observed"]
    return pd.DataFrame(rows, columns=names)


def spell_rows(rng: np.random.Generator, n: int, mean: dict[str, float]) -> pd.DataFrame:
    parts = [pd.DataFrame({"level": level, "days": rng.exponential(days, n).round()}) for level, days in mean.items()]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(ended=table["days"] < 180, days=table["days"].clip(upper=180))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A back-test of simple baselines under other names, on a series of our own."""
    deaths, path = course(7 * 90), tmp_path_factory.mktemp("backtest")
    days = origins(FIRST + dt.timedelta(7 * 40), FIRST + dt.timedelta(7 * 88), alignments=2)
    simple = baseline_forecasts(deaths, days, range(1, 9), BASELINES)
    made = simple + [replace(it, forecaster=AS[it.forecaster]) for it in simple if it.forecaster in AS]
    each = score_each([it for it in made if it.horizon in (1, 2, 4, 8)], deaths)
    rng = np.random.default_rng(2)
    tables = {
        "each": each, "scores": mean_scores(each), "skill": skill(each, list(AS.values())),
        "fans": fan_rows([it for it in made if it.forecaster in AS.values()], deaths),
        "truces": pd.DataFrame({
            "level": ["leader", "lower", "lower"], "first": ["2019-01-05", "2019-06-01", "2010-01-01"],
            "last": ["2019-03-01", "2019-06-04", "2010-02-01"],
        }),
        "spells": spell_rows(rng, 6, {"leader": 150.0, "lower": 10.0}),
        "simulated_spells": spell_rows(rng, 80, {"leader": 150.0, "lower": 10.0}),
    }  # fmt: skip
    for name, table in tables.items():
        table.to_csv(path / f"{name}.csv", index=False)
    question = {"seed": 7, "trials": 300, "from": "2018-10-08", "to": "2019-09-09", "data": ["a/series.csv"]}
    files = {file.name: sha256(file) for file in sorted(path.glob("*.csv"))}
    said = {"scenario": "idlib-2020-02-11", "question": question, "code": {"version": "0.1.0"}, "tables": files}
    (path / "backtest.json").write_text(json.dumps(said))
    return path


def make_posterior() -> Posterior:
    """Two numbers tied to each other, one learnt by counting, one that kept its prior."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=(400, 3))
    kept = [PRIORS["parameters.retaliation.value"].ppf(float(u)) for u in rng.random(400)]
    tied = 2.0 + 0.1 * (0.9 * z[:, 0] + 0.4 * z[:, 1])
    columns: list[Any] = [0.03 * np.exp(0.2 * z[:, 0]), tied, 1.5 + 0.1 * z[:, 2], kept]
    how = ("likelihood", "abc", "conjugate", "prior")
    estimates = tuple(Estimate(path, it, "series, n 90") for path, it in zip(PRIORS, how, strict=True))
    made: dict[str, object] = {"seed": 7, "version": "0.1.0", "data": "series.csv", "span": "2018-01-01 to 2019-01-01"}
    return Posterior("synthetic", made, estimates, np.column_stack(columns))


@pytest.fixture(scope="session")
def sources(folder: Path) -> dict[str, Evidence]:
    posterior, scenario = make_posterior(), make_scenario()
    grades = {"parameters.retaliation.value": "coded"}
    tables = {
        "posterior": lambda: against_prior(posterior, PRIORS, grades),
        "correlations": lambda: correlations(posterior),
    }
    asked = Asked(scenario.name, {"seed": 7, "draws": 400, **posterior.made}, {"version": "0.1.0"})
    learnt = Evidence("posterior", asked, tables, "synthetic", lambda: scenario)
    backtest = evidence(folder)
    assert backtest is not None
    return {name: learnt if name in tables else backtest for name in EVIDENCE}


def panels(ax: Any) -> list[Any]:
    return list(ax.child_axes)


def labelled(ax: Any, label: str) -> Any:
    parts = [*ax.lines, *ax.collections, *ax.patches]
    return next(part for part in parts if part.get_label() == label)


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [SINGLE_MM, DOUBLE_MM])
@pytest.mark.parametrize("name", EVIDENCE)
def test_a_figure_has_title_and_source_and_nothing_is_clipped(
    name: str, width: float, sources: dict[str, Evidence]
) -> None:
    ax = draw(name, sources[name], width_mm=width)
    assert ax.get_title()
    figure = figure_of(ax)
    figure.draw_without_rendering()
    box, (across, up) = figure.get_tightbbox(), figure.get_size_inches()
    assert box.x0 >= 0 and box.x1 <= across and box.y0 >= 0 and box.y1 <= up
    foot = " ".join(" ".join(text.get_text() for text in figure.texts).split())
    for part in ("idlib-2020-02-11", "seed 7", "ceasefire 0.1.0", "2018-", "Deaths recorded in series.csv"):
        assert part in foot
    assert foot in caption(name, sources[name])
    assert not figure_data(name, sources[name]).empty


@pytest.mark.parametrize("width", [SINGLE_MM, DOUBLE_MM])
@pytest.mark.parametrize("name", EVIDENCE)
def test_no_panel_runs_into_another_or_into_the_title(name: str, width: float, sources: dict[str, Evidence]) -> None:
    ax = draw(name, sources[name], width_mm=width)
    figure_of(ax).draw_without_rendering()
    boxes = [panel.get_tightbbox() for panel in panels(ax)]
    for k, box in enumerate(boxes):
        assert box.y1 <= ax.title.get_window_extent().y0 + 1
        for other in boxes[k + 1 :]:
            assert (
                min(box.x1, other.x1) - max(box.x0, other.x0) < 1 or min(box.y1, other.y1) - max(box.y0, other.y0) < 1
            )


def test_a_folder_draws_what_it_has_tables_for(folder: Path, sources: dict[str, Evidence], tmp_path: Path) -> None:
    assert figures_of(sources["skill"]) == ["skill", "reliability", "pit", "forecasts", "spells"]
    assert evidence(tmp_path) is None
    manifest = tmp_path / "backtest.json"
    manifest.write_text('{"scenario": "x", "code": {"version": "1"}, "question": {}, "tables": {"each.csv": "0"}}')
    broken = evidence(tmp_path)
    assert broken is not None and figures_of(broken) == ["reliability", "pit"]
    with pytest.raises(ResultsError, match="missing or altered"):
        draw("pit", broken)
    with pytest.raises(ResultsError, match="has no table `fans`; there are: each"):
        broken["fans"]
    manifest.write_text("[]")
    with pytest.raises(ResultsError, match="cannot be read"):
        evidence(tmp_path)


def test_the_command_draws_from_the_folder(folder: Path, tmp_path: Path) -> None:
    listed = CliRunner().invoke(main, ["plot", str(folder)])
    assert listed.exit_code == 0 and "reliability" in listed.output and "survival" not in listed.output
    out = tmp_path / "skill.svg"
    done = CliRunner().invoke(main, ["plot", str(folder), "--figure", "skill", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert set(pd.read_csv(out.with_suffix(".csv"))["forecaster"]) == set(AS.values())
    assert "below zero is better" in out.with_suffix(".txt").read_text()


def test_the_posterior_of_a_scenario_stands_beside_its_own_priors(tmp_path: Path) -> None:
    scenario = make_scenario()
    with pytest.raises(InputError, match="idlib-2020-02-11 names no posterior"):
        of_posterior(scenario)
    path = tmp_path / "mine.yaml"
    written = tmp_path / "learnt.yaml"
    rate = Posterior(
        "x", {"seed": 1}, (Estimate("rules.talks.rate", "abc", "n 3"),), np.linspace(0.1, 0.12, 50)[:, None]
    )
    written.write_text(write(rate))
    path.write_text("extends: builtin:idlib-2020-02-11\nposterior: learnt.yaml\n")
    drawn = evidence(path)
    assert drawn is not None and figures_of(drawn) == ["posterior", "correlations"]
    shipped = [evidence(Path(name)) for name in ("builtin:idlib-2020-02-11", "idlib-2020-02-11")]
    assert all(it is not None and "posterior" in figures_of(it) for it in shipped)
    row = drawn["posterior"].iloc[0]
    assert row["basis"] == "fitted" and row["prior_high"] > 0.2 > row["high"]


# --- one by one -------------------------------------------------------------------------------------------------------


def test_skill_draws_difference_and_interval_of_each_forecaster(sources: dict[str, Evidence]) -> None:
    table, ax = figure_data("skill", sources["skill"]), draw("skill", sources["skill"])
    assert panels(ax)[0].get_title("left") == "RPS of hold, fray, collapse"
    for panel, measure in zip(panels(ax), ("rps", "brier_collapse", "crps"), strict=True):
        marks = {line.get_label(): line for line in panel.lines if line.get_label() in AS.values()}
        looks = [(line.get_marker(), line.get_color()) for line in marks.values()]
        assert [len(set(each)) for each in zip(*looks, strict=True)] == [3, 3]
        for name, line in marks.items():
            rows = table[(table["measure"] == measure) & (table["forecaster"] == name)].sort_values("horizon")
            assert list(line.get_ydata()) == rows["difference"].tolist()
            bars = labelled(panel, f"_{name}").get_segments()
            assert np.allclose([[bar[0][1], bar[1][1]] for bar in bars], rows[["low", "high"]])
        assert "below zero: better" in panel.get_ylabel()
        words = [text.get_text() for text in panel.texts]
        shown = table[table["measure"] == measure]
        assert str(int(shown["n"].iloc[0])) in words and set(shown["best"]) < set(words)
    with pytest.raises(ResultsError, match="no scores of model, article_only, null_model"):
        draw("skill", _with(sources["skill"], "skill", table.assign(forecaster="logit")))


def test_few_weeks_have_no_bars_and_the_caption_says_why(sources: dict[str, Evidence]) -> None:
    table, source = figure_data("skill", sources["skill"]), sources["skill"]
    assert "There is none" not in caption("skill", source) and "n / 7 different weeks" in caption("skill", source)
    part = table.assign(low=table["low"].where(table["horizon"] < 8), high=table["high"].where(table["horizon"] < 8))
    some = _with(source, "skill", part)
    assert "There is none where fewer than 36 weeks" in caption("skill", some)
    assert all(len(labelled(panel, "_model").get_segments()) == 3 for panel in panels(draw("skill", some)))
    none = _with(source, "skill", table.assign(low=np.nan, high=np.nan))
    ax = draw("skill", none)
    assert all(not len(labelled(panel, "_model").get_segments()) for panel in panels(ax))
    assert "No bars of block bootstraps: fewer than 36 weeks" in caption("skill", none)
    assert not any("bootstraps" in text.get_text() for text in ax.get_legend().get_texts())


def test_captions_and_sources_say_what_was_used(sources: dict[str, Evidence]) -> None:
    source = sources["skill"]
    question = {**source.record.question, "alignments": 1, "every": 7, "sets": 400}
    few = replace(source, record=replace(source.record, question=question))
    assert "n: forecasts, each of a different week." in caption("skill", few)
    assert "300 sets, 300 trials" in caption("skill", few)


@pytest.mark.parametrize("width", [SINGLE_MM, 140.0, DOUBLE_MM])
@pytest.mark.parametrize("horizons", [4, 7])
def test_baselines_do_not_run_into_one_another(sources: dict[str, Evidence], width: float, horizons: int) -> None:
    table = figure_data("skill", sources["skill"]).assign(best="persistence")
    first = table[table["horizon"] == 1]
    more = pd.concat([first.assign(horizon=k + 1) for k in range(horizons)], ignore_index=True)
    ax = draw("skill", sources["skill"], data=more, width_mm=width)
    figure_of(ax).draw_without_rendering()
    legend = ax.get_legend().get_window_extent()
    for panel in panels(ax):
        boxes = [text.get_window_extent() for text in panel.texts if text.get_text() == "persistence"]
        assert len(boxes) == horizons and all(box.y0 >= legend.y1 for box in boxes)
        for k, box in enumerate(boxes):
            for other in boxes[k + 1 :]:
                assert abs(box.y0 - other.y0) > 5 or box.x1 + 2 < other.x0 or other.x1 + 2 < box.x0


def test_reliability_sets_apart_what_lies_outside_its_bar(sources: dict[str, Evidence]) -> None:
    table = pd.DataFrame({
        "horizon": 1, "bin_low": [0.0, 0.5], "bin_high": [0.5, 1.0], "n": [60, 1], "forecast": [0.2, 0.8],
        "observed": [0.5, 0.7], "bar_low": [0.1, 0.6], "bar_high": [0.3, 1.0],
    })  # fmt: skip
    panel = panels(draw("reliability", sources["reliability"], data=table))[0]
    places = {part.get_label(): part.get_offsets().tolist() for part in panel.collections}
    assert places["observed"] == [[0.8, 0.7]] and places["observed, outside the bar"] == [[0.2, 0.5]]
    assert [text.get_text() for text in panel.texts] == ["60", "1", "n"]
    small, large = (labelled(panel, name).get_sizes()[0] for name in ("observed", "observed, outside the bar"))
    assert small < large


def test_pit_has_a_step_for_each_bin_and_the_coverage_beneath(sources: dict[str, Evidence]) -> None:
    table, ax = figure_data("pit", sources["pit"]), draw("pit", sources["pit"])
    assert len(panels(ax)) == 4
    for panel, (_, rows) in zip(panels(ax), table.groupby("horizon"), strict=True):
        assert labelled(panel, "_share").get_data().values.tolist() == rows["share"].tolist()
        assert rows["share"].sum() == pytest.approx(1)
        odd = (rows["share"] < rows["band_low"] - 1e-9) | (rows["share"] > rows["band_high"] + 1e-9)
        assert sum(bar.get_width() == pytest.approx(0.1) and bar.get_x() < 1 for bar in panel.patches
                   if bar.get_label() == "_nolegend_") == odd.sum()  # fmt: skip
        assert any("in the 90 %" in text.get_text() for text in panel.texts)
    each = sources["pit"]["each"]
    model = each[(each["forecaster"] == "model") & (each["horizon"] == 1)]
    assert table["coverage_90"].iloc[0] == pytest.approx(model["coverage_90"].mean())


def test_fans_do_not_overlap_and_misses_are_hollow(sources: dict[str, Evidence]) -> None:
    table = figure_data("forecasts", sources["forecasts"])
    table = table[table["origin"] < table["origin"].max() - pd.Timedelta(days=21)]  # the last fan has later weeks
    ax = draw("forecasts", sources["forecasts"], data=table)
    assert set(table["forecaster"]) == {"model"}
    assert len({day.weekday() for day in table["origin"]}) == 1
    paths, one, four = panels(ax)
    fans = [line for line in paths.lines if line.get_label() == "_median"]
    ends = [(line.get_xdata()[0], line.get_xdata()[-1]) for line in fans]
    assert len(fans) > 3 and all(before[1] < after[0] for before, after in pairwise(ends))
    for panel, week in ((one, 1), (four, 4)):
        rows = table[(table["week"] == week) & table["observed"].notna()]
        missed = rows[(rows["observed"] < rows["low_90"]) | (rows["observed"] > rows["high_90"])]
        hollow = [line for line in panel.lines if line.get_label() == "recorded, outside the 90 %"]
        assert sum(len(line.get_xdata()) for line in hollow) == len(missed)
    under = table[((table["origin"] - table["origin"].min()).dt.days % 56 == 0) & table["observed"].notna()]
    drawn = {
        label: sorted(
            (round(x), y) for line in paths.lines if line.get_label() == label
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
        )
        for label in ("recorded", "recorded, outside the 90 %")
    }  # fmt: skip
    out = (under["observed"] < under["low_90"]) | (under["observed"] > under["high_90"])
    assert out.any() and under["ends"].max() > table["origin"].max() + pd.Timedelta(days=7)
    for label, rows in (("recorded", under[~out]), ("recorded, outside the 90 %", under[out])):
        days = (rows["ends"] - pd.Timestamp("1970-01-01")).dt.days
        assert drawn[label] == sorted(zip(days.tolist(), rows["observed"].tolist(), strict=True))
    strips = [patch.get_label() for patch in one.patches]
    assert strips.count("_leader") == 1 and strips.count("_lower") == 1  # the truce of 2010 lies outside


@pytest.mark.parametrize("width", [SINGLE_MM, DOUBLE_MM])
@pytest.mark.parametrize("weeks", [3, 9, 49])
def test_dates_have_their_year(sources: dict[str, Evidence], weeks: int, width: float) -> None:
    """Of spans within a year, and of one that goes on into the next: the year stands once in each."""
    table = figure_data("forecasts", sources["forecasts"])
    table = table[table["origin"] < table["origin"].min() + pd.Timedelta(days=7 * weeks)]
    for panel in panels(draw("forecasts", sources["forecasts"], data=table, width_mm=width)):
        years = [text.get_text().split("\n")[1] for text in panel.get_xticklabels() if "\n" in text.get_text()]
        assert years[0] in ("2018", "2019") and len(set(years)) == len(years)
        assert years[-1] == str(table["ends"].max().year)


def test_spells_show_record_and_simulation(sources: dict[str, Evidence]) -> None:
    table, ax = figure_data("spells", sources["spells"]), draw("spells", sources["spells"])
    for panel, (_, rows) in zip(panels(ax), table.groupby("level"), strict=True):
        for label, column in (("_recorded", "survival"), ("_simulated", "simulated")):
            assert np.allclose(labelled(panel, label).get_ydata(), rows[column], equal_nan=True)
        assert f"{rows['n'].iloc[0]} recorded" in panel.get_title("left")
        cut = rows[rows["censored"] > 0]
        assert labelled(panel, "_censored").get_xdata().tolist() == cut["day"].tolist()
        assert ("ended)" in panel.get_title("left")) is bool(len(cut))
    assert table["censored"].any() and "free courses" in caption("spells", sources["spells"])


def test_a_level_that_was_never_simulated_is_drawn_as_recorded(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "few")
    file = tmp_path / "few" / "simulated_spells.csv"
    simulated = pd.read_csv(file)
    simulated[simulated["level"] == "lower"].to_csv(file, index=False)
    said = json.loads((tmp_path / "few" / "backtest.json").read_text())
    said["tables"][file.name] = sha256(file)
    (tmp_path / "few" / "backtest.json").write_text(json.dumps(said))
    few = evidence(tmp_path / "few")
    assert few is not None
    leader, _ = panels(draw("spells", few))
    assert leader.get_title("left").endswith("none simulated")
    assert np.isnan(labelled(leader, "_simulated").get_ydata()).all()


def test_the_most_learnt_stands_first_and_what_kept_its_prior_is_grey(sources: dict[str, Evidence]) -> None:
    table, ax = figure_data("posterior", sources["posterior"]), draw("posterior", sources["posterior"])
    names = list(dict.fromkeys(table["parameter"]))
    assert [panel.get_title("left") for panel in panels(ax)] == [parameter_name(name) for name in names]
    assert names[-1] == "parameters.retaliation.value"
    words = [panel.texts[0].get_text() for panel in panels(ax)]
    assert words[-1] == "prior kept, coded" and words[0].startswith(("ABC, fitted", "likelihood, fitted"))
    for panel, name in zip(panels(ax), names, strict=True):
        rows = table[table["parameter"] == name]
        assert labelled(panel, "_prior").get_data().values.tolist() == rows["prior"].tolist()
        assert labelled(panel, "_posterior").get_data().values.tolist() == rows["posterior"].tolist()
        segment = labelled(panel, "_bar").get_segments()[0]
        assert [segment[0][0], segment[1][0]] == [rows["low"].iloc[0], rows["high"].iloc[0]]


def test_a_correlation_is_written_where_its_interval_leaves_out_none(sources: dict[str, Evidence]) -> None:
    table, ax = figure_data("correlations", sources["correlations"]), draw("correlations", sources["correlations"])
    first = table.iloc[0]
    assert {first["one"], first["other"]} == {"rules.fray.rate", "parameters.spiral.value"}
    assert len(table) == 3  # what kept its prior is left out
    words = [text.get_text() for text in ax.texts]
    assert f"+{first['rho']:.2f}".replace("0.", ".") in words
    clear = (table["low"] > 0) | (table["high"] < 0)
    assert words.count("·") == (~clear).sum()
    assert strongest(table, 2) == [first["one"], first["other"]]


def test_whose_forecasts_are_shown() -> None:
    def chosen(*names: str) -> str:
        return forecaster(pd.DataFrame({"forecaster": names}))

    assert chosen("markov", "null_model", "model") == "model"
    assert chosen("markov", "null_model") == "null_model"
    assert chosen("markov", "table") == "markov"


def test_names_of_numbers_read_in_words() -> None:
    names = {
        "events.operation_strike.marks.killed.0.size.median": "Operation strike: killed, median",
        "fighting.regimes.quiet.size": "Fighting: quiet, size",
        "rules.advance.ratios.here.blocking": "Advance: ratio, here, blocking",
        "agreement.integrity": "Agreement: integrity",
    }
    assert {path: parameter_name(path) for path in names} == names
    units = [
        parameter_unit(path) for path in ("rules.fray.rate", "fighting.regimes.quiet.mean", "parameters.spiral.value")
    ]
    assert units == ["a day", "deaths a day", ""]


def _with(given: Evidence, name: str, table: pd.DataFrame) -> Evidence:
    return replace(given, tables={**given.tables, name: lambda: table})
