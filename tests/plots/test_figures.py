"""Every figure: what is in the data is what is drawn, labels carry units, and nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MplFigure
from matplotlib.patches import Polygon

from sim.errors import InputError, ResultsError
from sim.plots import DOUBLE_MM, FIGURES, SINGLE_MM, caption, draw, figure_data, figure_of, new_axes, save
from sim.plots.distributions import stacks
from sim.plots.flow import lumped
from sim.plots.ladder import spread
from sim.plots.overall import afterwards_of
from sim.plots.sectormap import cells
from sim.plots.single import moving, part_day, switched_off
from sim.plots.style import columns_within, percent

UNITS = {
    "outcomes": ("Trials (%)", None),
    "survival": ("Day (1 = 11 Feb 2020)", "Trials without breakdown (%)"),
    "incidence": ("Day (1 = 11 Feb 2020)", "Trials that ended so (%)"),
    "dots": ("Day (1 = 11 Feb 2020)", None),
    "flow": (None, None),
    "running": ("Trials so far", "Trials (%)"),
    "ghost": ("Day (1 = 11 Feb 2020)", "Highest rung of any dyad"),
    "wall": ("Day (1 = 11 Feb 2020)", "Rung"),
    "map": (None, None),
    "fans": ("Day (1 = 11 Feb 2020)", None),
    "ladder": ("Day (1 = 11 Feb 2020)", "Rung of the ladder"),
    "daily-deaths": ("Day (1 = 11 Feb 2020)", "Deaths a day (people)"),
    "daily-displaced": ("Day (1 = 11 Feb 2020)", "Displaced people (thousand)"),
    "sectors": ("Day (1 = 11 Feb 2020)", None),
    "dyads": (None, "Rung of the ladder"),
    "deaths-ecdf": ("Deaths (people)", "Trials at or below (%)"),
    "displaced-ecdf": ("Displaced people (thousand)", "Trials at or below (%)"),
    "day-ecdf": ("Day (1 = 11 Feb 2020)", "Trials at or below (%)"),
    "deaths-histogram": ("Deaths (people)", "Trials (%), bins of 500"),
    "displaced-histogram": ("Displaced people (thousand)", "Trials (%), bins of 20"),
    "day-histogram": ("Day (1 = 11 Feb 2020)", "Trials (%), bins of 10"),
}


def test_every_figure_has_its_labels_tested() -> None:
    assert set(UNITS) == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_title_labels_and_source(name: str, results: Any) -> None:
    ax = draw(name, results, width_mm=SINGLE_MM)
    assert isinstance(ax, Axes)
    assert ax.get_title()
    for label, expected in zip((ax.get_xlabel(), ax.get_ylabel()), UNITS[name], strict=True):
        assert label == (expected or "")
    foot = " ".join(" ".join(text.get_text().split()) for text in figure_of(ax).texts)
    for part in ("idlib-2020-02-11", "1,999 trials (1 failed, left out)", "40 parameter sets", "seed 0", "0.1.0"):
        assert part in foot


@pytest.mark.parametrize("width", [SINGLE_MM, DOUBLE_MM])
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_clipped_at_either_width(name: str, width: float, results: Any) -> None:
    """All that is drawn lies inside the figure, and everything but the foot above the foot."""
    ax = draw(name, results, width_mm=width)
    figure = figure_of(ax)
    figure.draw_without_rendering()
    drawn, renderer = figure.get_tightbbox(), figure._get_renderer()
    across, up = figure.get_size_inches()
    assert drawn.x0 >= 0 and drawn.x1 <= across and drawn.y0 >= 0 and drawn.y1 <= up
    foot = max(text.get_window_extent(renderer).y1 for text in figure.texts)
    assert min(part.get_tightbbox(renderer).y0 for part in figure.axes) >= foot - 2
    assert ax.get_position().width > 0.5 or name in ("dots", "outcomes", "map")


@pytest.mark.parametrize("name", FIGURES)
def test_a_notebook_shows_the_whole_figure(name: str, results: Any) -> None:
    """A notebook cuts a figure down to what takes part in the layout; the foot must be in it."""
    figure = figure_of(draw(name, results))
    figure.draw_without_rendering()
    shown, renderer = figure.get_tightbbox(), figure._get_renderer()
    assert figure.texts
    for text in figure.texts:
        extent = text.get_window_extent(renderer)
        assert shown.y0 * figure.dpi <= extent.y0 + 0.5 and shown.x1 * figure.dpi >= extent.x1 - 0.5


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_files_are_the_same_every_time(kind: str, results: Any, tmp_path: Any) -> None:
    files = [save(figure_of(draw("survival", results)), tmp_path / f"{n}.{kind}").read_bytes() for n in (1, 2)]
    assert files[0] == files[1]


def test_a_given_axes_is_drawn_on_and_returned(results: Any) -> None:
    figure = MplFigure(layout="constrained")
    left, right = figure.subplots(1, 2)
    assert draw("survival", results, ax=left) is left
    assert not right.has_data()
    assert figure.texts == []


def test_nothing_global_changes(results: Any) -> None:
    before = dict(mpl.rcParams)
    for name in FIGURES:
        draw(name, results)
    assert dict(mpl.rcParams) == before


def test_importing_plots_loads_neither_pyplot_nor_a_window() -> None:
    code = "import sys, sim.plots; sys.exit('matplotlib.pyplot' in sys.modules or 'matplotlib.figure' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- data in, data drawn ----------------------------------------------------------------------------------------------


def test_outcomes_draw_dot_chance_and_range(results: Any) -> None:
    table, ax = figure_data("outcomes", results), draw("outcomes", results)
    dots = next(line for line in ax.lines if line.get_label() == "_probability")
    assert list(dots.get_xdata()) == table["probability"].tolist()
    for label, low, high in (("_chance", "mc_low", "mc_high"), ("_range", "range_low", "range_high")):
        bars = next(bars for bars in ax.collections if bars.get_label() == label)
        drawn = [[segment[0][0], segment[1][0]] for segment in bars.get_segments()]
        assert np.allclose(drawn, table[[low, high]])
    assert ax.get_yticklabels()[0].get_text() == "Broken (headline)"
    assert len(ax.texts) == len(table) + 1


def test_survival_draws_curve_band_range_and_trials_at_risk(results: Any) -> None:
    curve, ax = figure_data("survival", results), draw("survival", results)
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines["all trials"].get_ydata()) == curve["survival"].tolist()
    assert list(lines["assumptions (5–95 % across parameter sets)"].get_ydata()) == curve["range_low"].tolist()
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(curve["mc_low"].min())
    shown = [text.get_text() for text in ax.texts]
    assert shown[0] == "1,999" and shown[-1] == "Trials at risk"
    assert shown[-2] == f"{curve['at_risk'].iloc[-1]:,}"


def test_without_sets_a_figure_says_so(results: Any) -> None:
    one = replace(results, trials=results.trials[results.trials["set"] == 0])
    for name in ("outcomes", "survival", "deaths-ecdf"):
        legend = draw(name, one).get_legend()
        assert legend is not None
        assert "parameter uncertainty not included" in [text.get_text() for text in legend.get_texts()]
    assert "parameter uncertainty not included" in caption("dots", one)


def test_the_dots_are_a_hundred_and_stand_on_their_days(results: Any) -> None:
    data, ax = figure_data("dots", results), draw("dots", results)
    inside, outside = (part.get_offsets() for part in ax.collections)
    assert len(inside) + len(outside) == 100
    assert len(outside) == data["day"].isna().sum()
    span = 180 / 40
    assert np.all(np.abs(np.sort(np.asarray(inside)[:, 0]) - (data["day"].dropna() - 0.5)) <= span / 2)
    assert np.asarray(outside)[:, 0].min() > 180


def test_stacked_dots_do_not_touch() -> None:
    across, up = stacks(np.array([1.0, 2.0, 4.0, 5.0, 180.0]), 180)
    assert across == [2.25, 2.25, 2.25, 2.25, 177.75] or across == [2.25, 2.25, 2.25, 6.75, 177.75]
    assert len(set(zip(across, up, strict=True))) == 5


def test_the_ladder_draws_the_line_and_its_events(results: Any) -> None:
    data, ax = figure_data("ladder", results), draw("ladder", results)
    line = data[data["kind"] == "rung"]
    drawn = {str(part.get_label()): list(part.get_ydata()) for part in ax.lines}
    assert list(line["dyad"].unique()) == ["highest of any dyad", "Turkey – Russia", "Turkey – Syrian government"]
    for name, rows in line.groupby("dyad"):
        assert drawn[str(name)] == rows["rung"].tolist()
    events = data[data["kind"] == "event"]
    points = [(int(p.get_xdata()[0]), int(p.get_ydata()[0])) for p in ax.lines if p.get_label() == "_event"]
    assert sorted(points) == sorted(zip(events["day"], events["rung"].astype(int), strict=True))
    marked = next(p for p in ax.lines if p.get_label() == "breakdown, day 15")
    assert list(marked.get_xdata()) == [15, 15]
    assert "Outcomes: direct war day 15" in figure_of(ax).texts[0].get_text() + figure_of(ax).texts[1].get_text()
    foot = "\n".join(text.get_text() for text in figure_of(ax).texts)
    for row in events.itertuples():
        assert f"{row.number}  Day {row.day}: {row.text}" in " ".join(foot.split("\n     "))
    assert ax.get_yticklabels()[0].get_text().startswith("implemented")


@pytest.mark.parametrize("width", [SINGLE_MM, DOUBLE_MM])
def test_discs_do_not_touch(width: float, results: Any) -> None:
    ax = draw("ladder", results, width_mm=width)
    figure_of(ax).draw_without_rendering()
    discs = [line for line in ax.lines if line.get_label() == "_disc"]
    centres = np.array([ax.transData.transform((d.get_xdata()[0], d.get_ydata()[0])) for d in discs])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2) / figure_of(ax).dpi * 72
    assert len(discs) == 12
    assert apart[np.triu_indices(len(discs), 1)].min() >= discs[0].get_markersize()


def test_the_ladder_shows_who_fights_who_agreed_and_who_is_highest(results: Any) -> None:
    steps = {"syria.rebels": 1.0, "turkey.russia": 2.0, "russia.rebels": 4.0, "turkey.syria": 9.0, "turkey.iran": 0.0}
    daily = {f"rung.{pair}": [0.0, step, 0.0] for pair, step in steps.items()} | {"rung": [0.0, 9.0, 0.0]}
    assert moving(results.scenario, daily) == [("turkey", "russia"), ("turkey", "syria"), ("syria", "rebels")]
    assert moving(results.scenario, {"rung": [0.0, 0.0]}) == []


def test_legends_take_the_columns_for_which_there_is_room() -> None:
    labels = ["Turkey", "Syrian government", "Rebels"]
    assert [columns_within(labels, width) for width in (60, 150, 400)] == [1, 2, 3]
    assert columns_within([], 100) == 1


def test_discs_keep_their_distance_and_order() -> None:
    places = spread(np.array([10.0, 11.0, 12.0, 100.0]), 10, 200)
    assert np.diff(places)[:2] == pytest.approx([10, 10])
    assert places[1] == pytest.approx(15)  # 5 is the leftmost place, 11 would push the first out
    assert places[3] == 100
    assert np.diff(spread(np.zeros(30), 10, 200)).min() > 0


@pytest.mark.parametrize(("name", "series"), [("daily-deaths", "deaths"), ("daily-displaced", "displaced")])
def test_fans_draw_the_daily_quantiles(name: str, series: str, results: Any) -> None:
    ax = draw(name, results)
    rows = results.daily[results.daily["series"] == series]
    lines = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert lines == {"median": rows["q50"].tolist(), "mean": rows["mean"].tolist()}
    for band, low, high in zip(ax.collections, ("q05", "q25"), ("q95", "q75"), strict=True):
        heights = band.get_paths()[0].vertices[:, 1]
        assert (heights.min(), heights.max()) == (rows[low].min(), rows[high].max())


@pytest.mark.parametrize("trial", [None, 0])
def test_sectors_are_the_mean_or_one_trial(trial: int | None, results: Any) -> None:
    ax = draw("sectors", results, trial=trial)
    drawn = np.asarray(ax.collections[0].get_array()).reshape(7, 180)
    if trial is None:
        rows = results.daily[results.daily["series"] == "taken.latakia"]
        assert np.allclose(drawn[6], rows["mean"])
        assert "mean over trials" in ax.get_title()
    else:
        assert np.allclose(drawn[6], results.one.daily["taken.latakia"])
        assert "trial 0" in ax.get_title()
    assert [label.get_text() for label in ax.get_yticklabels()][6] == "Latakia"


def test_dyads_count_the_trials_that_came_so_far(results: Any) -> None:
    ax, used = draw("dyads", results), results.trials[results.trials["error"].isna()]
    drawn = np.asarray(ax.collections[0].get_array()).reshape(9, 10)
    assert drawn[8, 0] == pytest.approx((used["peak_rung.turkey.russia"] >= 9).mean())
    assert drawn[0, 1] == pytest.approx((used["peak_rung.turkey.syria"] >= 1).mean())
    assert ax.get_xticklabels()[1].get_text() == "Turkey – Syrian government"


def test_histograms_draw_the_bins_and_the_rest(results: Any) -> None:
    data, ax = figure_data("day-histogram", results), draw("day-histogram", results)
    assert [bar.get_height() for bar in ax.patches] == data["probability"].tolist()
    assert ax.patches[0].get_x() == 1
    assert "did not happen: 35 %" in [text.get_text() for text in ax.texts]


def test_an_ecdf_draws_its_steps(results: Any) -> None:
    data, ax = figure_data("deaths-ecdf", results), draw("deaths-ecdf", results)
    line = next(line for line in ax.lines if line.get_label() == "all trials")
    assert list(line.get_ydata())[1:-1] == data["probability"].tolist()
    assert list(line.get_xdata())[1:-1] == data["value"].tolist()


# --- the uniform face -------------------------------------------------------------------------------------------------


def test_captions_say_what_where_and_how_sure(results: Any) -> None:
    text = caption("survival", results)
    assert "95 % log-log band" in text
    assert "the 2018 agreement is blown up before a new one is in force" in text
    assert "65 % of trials within 180 days (chance 60–69 %, assumptions 43–81 %)" in text
    assert "seed 0, ceasefire 0.1.0" in text
    assert "Direct war (direct_war): sustained fire" in caption("survival", results, outcome="direct_war")


@pytest.mark.parametrize("name", ["survival", "dots", "day-ecdf", "day-histogram", "ladder"])
def test_another_outcome(name: str, results: Any) -> None:
    assert "direct war" in draw(name, results, outcome="direct_war").get_title() or name == "ladder"
    assert isinstance(figure_data(name, results, outcome="direct_war"), pd.DataFrame)


def test_data_at_hand_are_not_gathered_again(results: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = figure_data("wall", results)
    monkeypatch.setattr(type(results), "trajectory", None)
    assert draw("wall", results, data=data).get_title().startswith("25 trials")


def test_an_unknown_figure_or_outcome_is_named(results: Any) -> None:
    with pytest.raises(InputError, match="unknown figure `surviva`; allowed: outcomes.*did you mean `survival`"):
        draw("surviva", results)
    with pytest.raises(ResultsError, match="no outcome `peace`"):
        draw("dots", results, outcome="peace")


def test_without_a_usable_trial_there_is_nothing_to_show(results: Any) -> None:
    failed = replace(results, trials=results.trials.assign(error="RunError"))
    for name in FIGURES:
        with pytest.raises(ResultsError, match="no trial came to its end"):
            draw(name, failed)


@pytest.mark.parametrize("name", [name for name, figure in FIGURES.items() if figure.of_outcome])
@pytest.mark.parametrize("day", [pd.NA, 1, 180])
def test_what_never_or_always_happens_is_drawn(name: str, day: Any, results: Any) -> None:
    trials = results.trials.assign(breakdown_day=pd.array([day] * len(results.trials), dtype="Int64"))
    ax = draw(name, replace(results, trials=trials), width_mm=SINGLE_MM)
    assert ax.get_title()
    assert "% of trials within 180 days" in caption(name, replace(results, trials=trials))


def test_missing_series_are_named(results: Any) -> None:
    bare = replace(results, trials=results.trials[["set", "trial", "error"]], daily=results.daily[:0])
    with pytest.raises(ResultsError, match="no daily series deaths"):
        draw("daily-deaths", bare)
    with pytest.raises(ResultsError, match="peak rung by dyad"):
        draw("dyads", bare)


def test_a_bare_figure_is_made_outside_a_notebook() -> None:
    figure = figure_of(new_axes(89, 60))
    assert type(figure) is MplFigure
    assert figure.get_size_inches() * 25.4 == pytest.approx((89, 60))


# --- ends, walls, ghosts, maps ----------------------------------------------------------------------------------------


def test_incidence_draws_each_end_with_both_ranges_and_what_happened(results: Any) -> None:
    data, ax = figure_data("incidence", results), draw("incidence", results)
    lines = {str(line.get_label()): line for line in ax.lines}
    for end, rows in data.groupby("end"):
        assert list(lines[str(end).replace("_", " ").capitalize()].get_ydata()) == rows["incidence"].tolist()
    last = data[data["day"] == 180]
    for label, low, high in (("_range", "range_low", "range_high"), ("_chance", "mc_low", "mc_high")):
        bars = [bars.get_segments()[0][:, 1] for bars in ax.collections if bars.get_label() == label]
        assert np.allclose(np.sort([bar[0] for bar in bars]), np.sort(last[low]))
        assert np.allclose(np.sort([bar[1] for bar in bars]), np.sort(last[high]))
    ticks = [line for line in ax.lines if line.get_label() == "_known"]
    assert [list(tick.get_xdata()) for tick in ticks] == [[17], [25]]
    assert {tick.get_markerfacecolor() for tick in ticks} == {"none"}
    assert "known afterwards" in " ".join(text.get_text() for text in ax.get_legend().get_texts())


def test_only_what_an_outcome_counts_has_words_and_words_alone_are_no_step(results: Any) -> None:
    assert [(known.day, known.text) for known in afterwards_of(results.scenario)] == [
        (17, ""), (25, "6 Mar: agreement in force"), (391, ""),
    ]  # fmt: skip


def test_without_an_end_there_is_no_incidence(results: Any) -> None:
    bare = replace(
        results, trials=results.trials.drop(columns=["direct_war_day", "repudiated_day", "new_agreement_day"])
    )
    for name in ("incidence", "flow"):
        with pytest.raises(ResultsError, match="none of the competing ends direct_war"):
            draw(name, bare)


def test_the_flow_counts_out_of_a_thousand(results: Any) -> None:
    data, ax = figure_data("flow", results), draw("flow", results)
    assert data["count"].sum() == 1999
    words = [text.get_text() for text in ax.texts]
    expected = 1000 * data.loc[data["first move"] == "hit_post", "count"].sum() / 1999
    assert f"Hit post  {expected:.0f}" in words
    heights = [np.ptp(band.get_paths()[0].vertices[:, 1]) for band in ax.collections if band.get_label() == "_block"]
    assert sum(heights) == pytest.approx(2000)


def test_rare_ways_are_lumped_together() -> None:
    table = pd.DataFrame({"a": list("uvwx"), "b": ["end"] * 4, "count": [5, 4, 2, 1]})
    kept = lumped(table, ["a", "b"], 2)
    assert dict(zip(kept["a"], kept["count"], strict=True)) == {"u": 5, "v": 4, "other": 3}
    assert list(lumped(table, ["a", "b"], 3)["a"]) == list("uvwx")


def test_running_ends_at_the_whole_estimate(results: Any) -> None:
    data, ax = figure_data("running", results), draw("running", results)
    line = next(line for line in ax.lines if line.get_label() == "estimate so far")
    assert list(line.get_ydata()) == data["probability"].tolist()
    whole = figure_data("outcomes", results).loc["broken"]
    assert data.iloc[-1].to_dict() == pytest.approx({"trials": 1999, **whole.to_dict()})


def test_the_wall_draws_25_trials_of_one_set(results: Any) -> None:
    data, ax = figure_data("wall", results), draw("wall", results)
    assert data["trial"].nunique() == 25
    assert set(data["came"].dropna()) == {15}
    ladders = [line for line in ax.lines if line.get_color() == "#0072B2"]
    assert len(ladders) == 25
    first = data[data["trial"] == data["trial"].iloc[0]]
    rungs = np.asarray(ladders[0].get_ydata()) * 12 - 3
    assert rungs == pytest.approx(first["rung"])


def test_the_ghost_parts_where_the_events_do(results: Any) -> None:
    data, ax = figure_data("ghost", results), draw("ghost", results)
    assert set(data["without"]) == {"retaliate"} and set(data["parted"]) == {4}
    lines = {str(line.get_label()): line for line in ax.lines}
    assert list(lines["they part, day 4"].get_xdata()) == [4, 4]
    assert list(lines["its ghost, without retaliate"].get_ydata()) == [3.0] * 180
    assert "breakdown of the trial, day 15" in lines and not any("of the ghost" in name for name in lines)


def test_the_ghost_lacks_the_rule_that_was_asked_for(results: Any) -> None:
    assert set(figure_data("ghost", results, without="hit_post")["without"]) == {"hit_post"}
    with pytest.raises(InputError, match="there is no rule `retaliat`; did you mean `retaliate`"):
        draw("ghost", results, without="retaliat")
    off = switched_off(results.scenario, "hit_post").rules
    assert not off["hit_post"].enabled and off["retaliate"].enabled


def test_the_ghost_prefers_the_rule_that_decided(results: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the rules before the end, the latest first, it takes the one without which the end does not come."""
    still = {"breakdown_day": 15}

    def live(scenario: Any, engine: Any, trial: int) -> Any:
        off = next(name for name, rule in scenario.rules.items() if not rule.enabled)
        return replace(results.one, row={"breakdown_day": None} if off == "hit_post" else still)

    monkeypatch.setattr("sim.plots.single.rerun", live)
    assert set(figure_data("ghost", results)["without"]) == {"hit_post"}


def test_lists_of_events_part_on_the_first_day_that_differs(results: Any) -> None:
    events = results.one.events
    later = [replace(event, time=0.9, hazard=0.5) for event in events]
    assert part_day(events, later) is None
    assert part_day(events, events[:-1]) == 140
    assert part_day(events[1:], events) == 1


def test_the_map_shows_the_share_of_trials_that_lost_each_sector(results: Any) -> None:
    data, ax = figure_data("map", results), draw("map", results)
    used = results.trials[results.trials["error"].isna()]
    shares = [float((used[f"taken.{place}"] >= 0.5).mean()) for place in data["place_id"]]
    assert data["probability"].tolist() == pytest.approx(shares)
    badges = [text.get_text() for text in ax.texts]
    assert f"2\n{percent(shares[1])} %" in badges
    foot = "\n".join(text.get_text() for text in figure_of(ax).texts)
    assert all(f"{k + 1}  {name}" in foot for k, name in enumerate(data["place"]))
    cells = [patch for patch in ax.patches if isinstance(patch, Polygon)]
    assert len([cell for cell in cells if not cell.get_hatch()]) == 7
    assert len([cell for cell in cells if cell.get_hatch()]) == data["lost_before"].sum()


def test_without_sectors_there_is_no_map(results: Any) -> None:
    bare = replace(results, scenario=results.scenario.model_copy(update={"places": {}}))
    for name in ("map", "sectors"):
        with pytest.raises(ResultsError, match="idlib-2020-02-11 has no sectors"):
            draw(name, bare)


def test_cells_of_a_map_hold_what_is_nearest() -> None:
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 30.0]])
    left, right, far = cells(points, reach=8.0)
    assert left[:, 0].max() == pytest.approx(5) and right[:, 0].min() == pytest.approx(5)
    assert np.linalg.norm(far - points[2], axis=1).max() == pytest.approx(8)
    for cell, point in zip((left, right, far), points, strict=True):
        away = np.linalg.norm(cell[:, None] - points[None], axis=2)
        assert np.all(np.linalg.norm(cell - point, axis=1) <= away.min(axis=1) + 1e-9)


def test_small_fans_draw_each_series_at_its_own_scale(results: Any) -> None:
    data, ax = figure_data("fans", results), draw("fans", results)
    assert list(data["series"].unique()) == ["deaths_7d", "displaced", "rung"]
    for panel, (_, rows) in zip(ax.child_axes, data.groupby("series"), strict=True):
        lines = {line.get_label(): list(line.get_ydata()) for line in panel.lines}
        assert lines == {"median": rows["q50"].tolist(), "mean": rows["mean"].tolist()}
        assert "(" in panel.get_title(loc="left") or "rung" in panel.get_title(loc="left")
