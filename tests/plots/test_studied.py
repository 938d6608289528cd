"""Figures of studies: what is in the tables is what is drawn, at both widths, and only from a study that has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.errors import InputError, ResultsError
from sim.plots import DOUBLE_MM, SINGLE_MM, caption, draw, figure_data, figure_of, figures_of
from sim.plots.rows import by_grade, signed
from sim.plots.studied import STUDIES, study_source
from sim.plots.style import parameter_name
from tests.plots.conftest import make_scenario

KINDS = {
    "comparison": ("outcomes", "rests_on"), "ablation": ("ablation",), "morris": ("morris",), "sobol": ("sobol",),
    "split": ("split",), "discovery": ("boxes", "values"), "definitions": ("definitions",),
}  # fmt: skip
OF = {
    "forest": "comparison", "tornado": "ablation", "morris": "morris", "sobol": "sobol", "split": "split",
    "boxes": "discovery", "definitions": "definitions",
}  # fmt: skip
LABELS = {
    "forest": "Difference in the share of trials (percentage points)",
    "tornado": "Difference in the share of trials (percentage points)",
    "morris": "Mean size of the effect, μ* (percentage points)",
    "sobol": "Share of variance (Sobol' index)",
    "split": "Share of the variance between trials (%)",
    "boxes": "Part of the parameter's range (percentile)",
    "definitions": "Trials (%)",
}


@dataclass
class FakeStudy:
    kind: str
    tables: dict[str, pd.DataFrame]
    scenario: Any = field(default_factory=make_scenario)
    record: Any = field(
        default_factory=lambda: SimpleNamespace(
            scenario="idlib-2020-02-11",
            question={"seed": 7, "sets": 64, "trials": 8, "outcome": "broken"},
            code={"version": "0.1.0"},
        )
    )

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def __contains__(self, name: object) -> bool:
        return name in self.tables


def difference(value: float, chance: float, across: float) -> dict[str, float]:
    return {
        "difference": value, "mc_low": value - chance, "mc_high": value + chance, "range_low": value - across,
        "range_high": value + across,
    }  # fmt: skip


def tables() -> dict[str, pd.DataFrame]:
    changes = [
        ("Posts of nobody's army", "", -0.3, 0.03, 0.2), ("A deal early", "assumed", -0.4, 0.05, 0.2),
        ("The ultimatum withdrawn", "coded", -0.05, 0.02, 0.1), ("Nothing at all", "assumed", 0.0, 0.01, 0.005),
    ]  # fmt: skip
    outcomes = [
        {"scenario": name, "outcome": outcome, "basis": basis, **difference(*numbers)}
        for outcome in ("broken", "direct_war")
        for name, basis, *numbers in changes
    ]
    rests = [{"scenario": "A deal early", "outcome": "broken", "parameter": "parameters.luck.value", "clearly": True}]
    rules = [f"rule_{k}" for k in range(25)]
    sizes = np.linspace(-0.2, 0.15, 25)
    ablation = [
        {"rule": rule, "about": "", "basis": "coded", "outcome": outcome, **difference(size, 0.01, 0.03)}
        for outcome in ("broken", "direct_war")
        for rule, size in zip(rules, sizes, strict=True)
    ]
    names = [f"parameters.{name}.value" for name in ("hit", "spiral", "leash", "memory")]
    total = np.array([0.5, 0.3, 0.1, 0.02])
    first = np.array([0.4, 0.1, -0.03, 0.0])
    sobol = {"parameter": names, "basis": ["coded", "assumed", "assumed", "fitted"]}
    for name, values in (("first", first), ("total", total)):
        sobol |= {name: values, f"{name}_low": values - 0.05, f"{name}_high": values + 0.05}
    morris = {"parameter": names, "basis": sobol["basis"], "mu": -total, "mu_star": total, "mu_star_low": total - 0.02,
              "mu_star_high": total + 0.02, "sigma": total / 2}  # fmt: skip
    split = [("broken", 0.2, 0.3, 0.2, 0.4, 0.7), ("direct_war", 0.2, 0.1, 0.05, 0.15, 0.9)]
    about = {"coverage": 0.6, "density": 0.8, "mc_low": 0.7, "mc_high": 0.9, "support": 0.4}
    boxes = [
        {"box": 1, "parameter": names[0], "low": 3.0, "high": np.nan, **about},
        {"box": 1, "parameter": names[1], "low": np.nan, "high": 6.0, **about},
        {"box": 2, "parameter": names[0], "low": np.nan, "high": 3.0, **about},
    ]
    declared = [("as declared", True, 0.6), ("two days", False, 0.7), ("four days", False, 0.5)]
    readings = [
        {"definition": name, "declared": flag, "probability": p, "mc_low": p - 0.1, "mc_high": p + 0.1,
         "range_low": p - 0.3, "range_high": p + 0.3}
        for name, flag, p in declared
    ]  # fmt: skip
    return {
        "outcomes": pd.DataFrame(outcomes), "rests_on": pd.DataFrame(rests), "ablation": pd.DataFrame(ablation),
        "sobol": pd.DataFrame(sobol), "morris": pd.DataFrame(morris), "boxes": pd.DataFrame(boxes),
        "split": pd.DataFrame(
            split, columns=["outcome", "total", "parameters", "parameters_low", "parameters_high", "chance"]
        ),
        "values": pd.DataFrame({name: np.arange(10.0) for name in names}), "definitions": pd.DataFrame(readings),
    }  # fmt: skip


@pytest.fixture(scope="module")
def studies() -> dict[str, FakeStudy]:
    made = tables()
    return {kind: FakeStudy(kind, {name: made[name] for name in names}) for kind, names in KINDS.items()}


def test_every_figure_of_a_study_is_tested() -> None:
    assert set(OF) == set(LABELS) == set(STUDIES)


@pytest.mark.parametrize("width", [SINGLE_MM, DOUBLE_MM])
@pytest.mark.parametrize("name", OF)
def test_a_figure_has_title_label_and_source_and_is_not_clipped(
    name: str, width: float, studies: dict[str, FakeStudy]
) -> None:
    ax = draw(name, studies[OF[name]], width_mm=width)
    assert ax.get_title() and ax.get_xlabel() == LABELS[name]
    figure = figure_of(ax)
    figure.draw_without_rendering()
    box, (across, up) = figure.get_tightbbox(), figure.get_size_inches()
    assert box.x0 >= 0 and box.x1 <= across and box.y0 >= 0 and box.y1 <= up
    assert ax.get_position().width > 0.3
    foot = " ".join(figure.texts[-1].get_text().split())
    for part in ("idlib-2020-02-11", "64 sets, 8 trials", "seed 7", "ceasefire 0.1.0", "not a forecast"):
        assert part in foot
    assert foot in caption(name, studies[OF[name]])
    assert foot not in caption(name, studies[OF[name]], signed=False)


def drawn(ax: Any, label: str) -> list[list[float]]:
    bars = next(bars for bars in ax.collections if bars.get_label() == label)
    return [[float(segment[0][0]), float(segment[1][0])] for segment in bars.get_segments()]


def test_a_forest_draws_both_ranges_by_grade_and_is_hollow_where_the_sign_changes(
    studies: dict[str, FakeStudy],
) -> None:
    data, ax = figure_data("forest", studies["comparison"]), draw("forest", studies["comparison"])
    ordered = by_grade(data)
    assert list(ordered["basis"]) == ["coded", "assumed", "assumed", ""]
    assert np.allclose(drawn(ax, "_chance"), ordered[["mc_low", "mc_high"]])
    assert np.allclose(drawn(ax, "_range"), ordered[["range_low", "range_high"]])
    dots = {line.get_label(): list(line.get_xdata()) for line in ax.lines if line.get_label() in ("_hollow", "_full")}
    assert dots == {"_hollow": [-0.05, -0.4, 0.0], "_full": [-0.3]}
    hollow = next(line for line in ax.lines if line.get_label() == "_hollow")
    assert hollow.get_markerfacecolor() == "white"
    words = [text.get_text() for text in ax.texts]
    assert "coded from dated events" in words and "by construction" in words
    assert "−40.0 (−45.0 to −35.0)" in words


def test_another_outcome_can_be_asked_for_and_one_that_is_not_there_cannot(studies: dict[str, FakeStudy]) -> None:
    assert set(figure_data("forest", studies["comparison"], outcome="direct_war")["outcome"]) == {"direct_war"}
    with pytest.raises(ResultsError, match="shares the outcome `peace`"):
        draw("forest", studies["comparison"], outcome="peace")
    with pytest.raises(ResultsError, match="no outcome `peace`; there are: broken, direct_war"):
        draw("tornado", studies["ablation"], outcome="peace")


def test_a_tornado_shows_the_largest_first_and_says_what_is_left_out(studies: dict[str, FakeStudy]) -> None:
    ax = draw("tornado", studies["ablation"])
    lengths = [bar.get_width() for bar in ax.patches if bar.get_height() == 0.62]
    assert len(lengths) == 20
    assert [abs(length) for length in lengths] == sorted(map(abs, lengths), reverse=True)
    assert "the 20 largest of 25" in ax.get_title()
    assert ax.get_yticklabels()[0].get_text() == "Rule 0 (coded)"


def test_negative_sobol_indices_are_drawn_as_they_are(studies: dict[str, FakeStudy]) -> None:
    table, ax = studies["sobol"]["sobol"], draw("sobol", studies["sobol"])
    widths = [bar.get_width() for bar in ax.containers[0]]
    assert widths == table["first"].tolist() and min(widths) < 0
    assert np.allclose(drawn(ax, "_first"), table[["first_low", "first_high"]])
    assert np.allclose(drawn(ax, "_total"), table[["total_low", "total_high"]])


def test_the_morris_plane_has_a_mark_for_each_parameter_by_its_grade(studies: dict[str, FakeStudy]) -> None:
    ax = draw("morris", studies["morris"])
    marks = {str(line.get_label()): list(line.get_xdata()) for line in ax.lines}
    assert marks["coded"] == [0.5] and marks["assumed"] == [0.3, 0.1] and marks["fitted"] == [0.02]
    assert len({line.get_marker() for line in ax.lines if line.get_label() in ("coded", "assumed", "fitted")}) == 3
    assert "Spiral" in [text.get_text() for text in ax.texts]


def test_a_split_adds_up(studies: dict[str, FakeStudy]) -> None:
    ax = draw("split", studies["split"])
    parameters, chance = ([bar.get_width() for bar in bars] for bars in ax.containers)
    assert parameters == [0.3, 0.1]
    assert [a + b for a, b in zip(parameters, chance, strict=True)] == pytest.approx([1, 1])


def test_boxes_stand_at_quantiles_and_keep_their_values(studies: dict[str, FakeStudy]) -> None:
    data, ax = figure_data("boxes", studies["discovery"]), draw("boxes", studies["discovery"])
    assert data["low"].tolist() == [0.4, 0.0, 0.0] and data["high"].tolist() == [1.0, 0.7, 0.4]
    assert data["low_value"].tolist()[0] == 3.0
    bars = [(bar.get_x(), round(bar.get_width(), 9)) for bars in ax.containers[:2] for bar in bars]
    assert bars == [(0.4, 0.6), (0.0, 0.7), (0.0, 0.4)]


def test_where_no_cut_helps_the_picture_says_so(studies: dict[str, FakeStudy]) -> None:
    nothing = studies["discovery"]["boxes"].iloc[:1].assign(parameter="", low=np.nan, high=np.nan)
    ax = draw("boxes", FakeStudy("discovery", {"boxes": nothing, "values": studies["discovery"]["values"]}))
    assert "no cut of any parameter's range predicts it" in [text.get_text() for text in ax.texts]


def test_the_declared_reading_is_full_and_the_others_are_hollow(studies: dict[str, FakeStudy]) -> None:
    ax = draw("definitions", studies["definitions"])
    dots = {line.get_label(): list(line.get_xdata()) for line in ax.lines if line.get_label() in ("_hollow", "_full")}
    assert dots == {"_full": [0.6], "_hollow": [0.7, 0.5]}
    assert figure_of(ax).texts[0].get_text() == "1  as declared\n2  two days\n3  four days"


def test_a_share_without_an_interval_says_so(studies: dict[str, FakeStudy]) -> None:
    table = studies["split"]["split"].assign(parameters=[-0.009, 0.3], parameters_low=[np.nan, 0.2])
    words = [text.get_text() for text in draw("split", FakeStudy("split", {"split": table})).texts]
    assert words == ["−0.9 % (no interval)", "30 %"]


def test_a_figure_is_drawn_only_from_what_it_is_of(studies: dict[str, FakeStudy], results: Any) -> None:
    with pytest.raises(InputError, match="drawn from a study"):
        draw("sobol", results)
    with pytest.raises(InputError, match=r"a study of this kind \(split\) has no figure `survival`; allowed: split"):
        draw("survival", studies["split"])
    assert figures_of(studies["discovery"]) == ["boxes"]
    assert "survival" in figures_of(results) and "sobol" not in figures_of(results)


def test_names_and_signs_read_well() -> None:
    assert parameter_name("parameters.hit_blocking.value") == "Hit blocking"
    assert parameter_name("rules.fray.rate") == "Fray: rate"
    assert [signed(value) for value in (0.05, -0.123, 0.0)] == ["+5", "−12.3", "0"]
    assert signed(-0.00004, 1) == "0.0"


@pytest.mark.parametrize(
    "data", ["a/series.csv", ["a/series.csv"], {"series.csv": "0ab"}, {"name": "series.csv", "sha256": "0ab"}]
)
def test_the_source_names_the_record_however_it_is_given(data: object) -> None:
    study = FakeStudy("back-test", {})
    study.record.question["data"] = data
    study.record.question["span"] = {"from": "2018-01-01", "to": "2019-01-01"}
    said = study_source(study)
    assert "back-test, 2018-01-01 to 2019-01-01, 8 sets" in said and "Deaths recorded in series.csv. " in said
