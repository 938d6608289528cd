"""From results, a comparison and studies to the content of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis.outcomes import sample, usable
from sim.analysis.survival import survival_curve
from sim.ensemble.comparing import Comparison, Plan
from sim.ensemble.designs import Study
from sim.ensemble.results import Results
from sim.errors import InputError, ResultsError
from sim.plots import figures_of
from sim.plots.differences import forest, forest_height
from sim.plots.rows import signed
from sim.plots.studied import forest_table
from sim.plots.style import in_words, percent
from sim.plots.view import headline, source
from sim.report import wording
from sim.report.content import Finding, Page, Picture, Section, Table
from sim.report.picturing import drawn, picture
from sim.report.scenario_parts import assumptions, definitions, evidence
from sim.report.stories import NO_STORY, told
from sim.scenario import digest

if TYPE_CHECKING:
    import pandas as pd

FIGURES = ("outcomes", "survival", "incidence", "dots", "flow", "fans", "map", "wall", "running")
DAYS = (7, 14, 30, 60, 90, 120, 180, 365)
SHARE_HEAD = ("Share", "Chance (95 %)", "Assumptions (5–95 %)")
BY_FIFTH = ("difference", "clearly", "sign_changes")
NOTHING_STANDS_OUT = (
    "No single uncertain number moves a difference above more than luck would, as far as these parameter sets can tell."
)
CLIP = 80  # letters of a value


@dataclass(frozen=True)
class Material:
    """What a report is made from: results, what they are compared with, studies, and the command that asks for it."""

    results: Results
    comparison: Comparison | None = None
    studies: list[Study] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def compared(study: Study) -> Comparison:
    """A stored comparison as it was made; InputError where it was made from results stored elsewhere."""
    runs = [Results.open(folder) for folder in sorted((study.folder / "runs").glob("*/"))]
    by_name = {results.scenario.name: results for results in runs}
    names = [study.scenario.name, *dict.fromkeys(study["outcomes"]["scenario"])]
    missing = [name for name in names if name not in by_name]
    if missing:
        raise InputError(
            f"{study.folder}: the results of {missing[0]} are not in it; name their folders instead: "
            "ceasefire report RESULTS --compare RESULTS"
        )
    asked = study.record.question
    plan = Plan(*(int(asked[name]) for name in ("seed", "sets", "trials", "days")))
    inputs, outcomes, rests_on, tipped = (study[name] for name in Comparison.TABLES)
    results = {name: by_name[name] for name in names}
    return Comparison(names, plan, results, inputs, outcomes, rests_on, tipped, study)


def build(material: Material) -> Page:
    """The content of a report."""
    results = material.results
    scenario, trials = results.scenario, usable(results.trials)
    name = headline(scenario)
    table = results.outcomes()
    about = scenario.outcomes[name].about or in_words(name)
    size = sample(results.trials)
    if not size.trials:
        raise ResultsError(f"{results.folder}: there is nothing to report on, for no trial came to its end")
    within = (scenario.horizon_days, scenario.origin)
    said = wording.answer(table.loc[name].to_dict(), size.trials, size.sets, about, *within)
    when = wording.timing(trials["breakdown_day"])
    comparison = material.comparison
    stories = told(results)
    return Page(
        title=f"{scenario.name}: a report",
        scenario=scenario.name,
        question=f"Does it come to this within {scenario.horizon_days} days of {wording.date(scenario.origin)}: "
        f"{about.strip().rstrip('.')}?",
        about=" ".join(scenario.about.split()),
        answer=[*said, *([when] if when else []), *wording.gaps(size.left_out, results.manifest)],
        outcomes=_outcome_table(table, scenario.outcomes, scenario.horizon_days),
        pictures=Section("Pictures", pictures=_pictures(results), tables=[_by_day(results)]),
        findings=_findings(comparison) if comparison else [],
        differences=_differences(comparison, material.left_out) if comparison else None,
        rests=_rests(material),
        assumptions=assumptions(scenario),
        definitions=definitions(scenario),
        stories=stories,
        stories_note=_stories_note(bool(stories)),
        story_pictures=_story_pictures(results, stories[0].trial) if stories else [],
        reproduce=material.command or _command(results),
        provenance=_provenance(results),
        caution=wording.caution(),
        sources=list(scenario.sources.items()),
        digests=[digest(it.scenario) for it in (comparison.results.values() if comparison else [results])],
    )


# --- the answer ------------------------------------------------------------------------------------------------------


def _outcome_table(table: pd.DataFrame, outcomes: Any, horizon: int) -> Table:
    """The outcomes with both ranges, the headline first."""
    names = sorted(outcomes, key=lambda name: not outcomes[name].headline)
    rows = [
        (in_words(name) + " (headline)" * outcomes[name].headline, f"{table.loc[name, 'count']:,.0f}",
         *_share(table.loc[name].to_dict()))
        for name in names
    ]  # fmt: skip
    header = ("Outcome", "Trials", *SHARE_HEAD)
    return Table("outcomes", f"How often each outcome came within {horizon} days", header, rows, (1, 2, 3, 4))


def _share(row: wording.Row) -> tuple[str, str, str]:
    """A share and its two ranges, as cells."""
    chance = f"{percent(row['mc_low'])}–{percent(row['mc_high'])} %"
    if np.isnan(row["range_low"]):
        return f"{percent(row['probability'])} %", chance, "not included"
    return f"{percent(row['probability'])} %", chance, f"{percent(row['range_low'])}–{percent(row['range_high'])} %"


def _by_day(results: Results) -> Table:
    """By some days: in what share of trials the headline has come."""
    curve = survival_curve(results.trials)
    horizon = results.scenario.horizon_days
    shown = curve[curve["day"].isin({day for day in DAYS if day < horizon} | {horizon})]
    rows = []
    for row in shown.to_dict("records"):
        came = {
            "probability": 1 - row["survival"], "mc_low": 1 - row["mc_high"], "mc_high": 1 - row["mc_low"],
            "range_low": 1 - row["range_high"], "range_high": 1 - row["range_low"],
        }  # fmt: skip
        rows.append((f"Day {row['day']}", f"{row['at_risk']:,}", *_share(came)))
    event = in_words(headline(results.scenario)).lower()
    header = ("By the end of", "Trials at risk", *SHARE_HEAD)
    return Table("by-day", f"Share of trials in which {event} has come, by day", header, rows, (1, 2, 3, 4))


def _pictures(results: Results) -> list[Picture]:
    return [found for name in FIGURES if (found := picture(name, results)) is not None]


def _story_pictures(results: Results, trial: int) -> list[Picture]:
    found = (picture(name, results, trial=trial) for name in ("ladder", "ghost"))
    return [one for one in found if one is not None]


def _stories_note(there: bool) -> str:
    if not there:
        return NO_STORY
    return (
        "Single trials, told day by day; days on which nothing but the daily fighting happened are left out. A trial "
        "is one way the dice may fall, not what happened. Casualties in it are simulated."
    )


# --- differences -----------------------------------------------------------------------------------------------------


def _of_headline(comparison: Comparison) -> pd.DataFrame:
    """The headline's differences, the largest first."""
    rows = comparison.outcomes[comparison.outcomes["outcome"] == comparison.headline]
    order = rows["difference"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def _findings(comparison: Comparison) -> list[Finding]:
    name = in_words(comparison.headline).lower()
    rests = comparison.rests_on
    return [
        Finding(
            str(row["scenario"]),
            wording.finding(_plain(row), _rests_of(rests, row["scenario"], comparison.headline), name),
        )
        for row in _of_headline(comparison).to_dict("records")
    ]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items()}


def _rests_of(rests: pd.DataFrame, scenario: str, outcome: str) -> pd.DataFrame:
    return rests[(rests["scenario"] == scenario) & (rests["outcome"] == outcome)]


def _differences(comparison: Comparison, left_out: list[str]) -> Section:
    base, name = comparison.base, in_words(comparison.headline).lower()
    rows = forest_table(comparison.outcomes, comparison.rests_on, comparison.headline)
    said = (
        f"Paired differences in the share of trials with {name} to {base}: the same trials with the same luck. Rows by "
        "the weakest grade of evidence among what differs; hollow where the sign changes. "
    )
    pictures = [
        drawn("forest", forest_height(rows), source(comparison.results[base]), said,
              lambda ax: forest(rows, ax, f"{in_words(comparison.headline)}: difference to {base}"))
    ]  # fmt: skip
    same = (
        f"Each scenario below changes something about {base} and is run with the same trials: trial 7 of set 3 has "
        "the same luck and the same values in all of them. A difference is a property of the model; it does not show "
        "what anybody caused."
    )
    tables = [_difference_table(comparison), _input_table(comparison), *_tipped_table(comparison)]
    return Section("What the changes make of it", [same, *left_out], pictures, tables)


def _difference_table(comparison: Comparison) -> Table:
    rows = []
    for row in _of_headline(comparison).to_dict("records"):
        across = "not included"
        if not np.isnan(row["range_low"]):
            across = f"{signed(row['range_low'], 1)} to {signed(row['range_high'], 1)}"
        rows.append(
            (str(row["scenario"]), f"{percent(row['after'])} %", signed(row["difference"], 1),
             f"{signed(row['mc_low'], 1)} to {signed(row['mc_high'], 1)}", across, f"{row['gained']:,.0f}",
             f"{row['lost']:,.0f}", str(row["basis"]) or "by construction")
        )  # fmt: skip
    before = percent(_of_headline(comparison)["before"].iloc[0])
    header = ("Scenario", "Share", "Difference (points)", "Chance (95 %)", "Assumptions (5–95 %)", "Gained it (trials)",
              "Lost it (trials)", "Weakest evidence")  # fmt: skip
    caption = f"Share of trials with {in_words(comparison.headline).lower()}, and difference to {before} % of the base"
    return Table("differences", caption, header, rows, (1, 2, 3, 4, 5, 6))


def _input_table(comparison: Comparison) -> Table:
    """What each scenario changes."""
    base = comparison.base
    rows = [
        (name, str(row["key"]), str(row["kind"]), _clip(row[base]), _clip(row[name]), str(row["basis"]) or "none")
        for name in comparison.names[1:]
        for row in comparison.inputs.to_dict("records")
        if row[name] != row[base]
    ]
    header = ("Scenario", "Key", "Kind", "In the base", "Here", "Basis")
    return Table("inputs", "What each scenario changes", header, rows)


def _tipped_table(comparison: Comparison) -> Iterator[Table]:
    rows = [
        (str(row["scenario"]), f"trial {row['trial']} of set {row['set']}", str(row["direction"]), str(row["parting"]))
        for row in comparison.tipped.to_dict("records")
    ]
    if rows:
        header = ("Scenario", "Trial", "What it did", "Where it parts from the base")
        yield Table("tipped", "Examples of trials that tipped", header, rows)


def _clip(value: object) -> str:
    text = str(value)
    return text if len(text) <= CLIP else text[: CLIP - 1] + "…"


# --- what it rests on ------------------------------------------------------------------------------------------------


def _rests(material: Material) -> Section:
    section = evidence(material.results.scenario)
    pictures = [
        found for study in material.studies for name in figures_of(study) if (found := picture(name, study)) is not None
    ]
    by_fifth = list(_rests_tables(material.comparison)) if material.comparison else []
    said = [] if by_fifth or material.comparison is None else [NOTHING_STANDS_OUT]
    return Section("What it rests on", [*section.paragraphs, *said], pictures, [*section.tables, *by_fifth])


def _rests_tables(comparison: Comparison) -> Iterator[Table]:
    """For each scenario the parameters that move its difference more than luck does, by fifths."""
    rests = comparison.rests_on
    if not len(rests):
        return
    shown = rests[(rests["outcome"] == comparison.headline) & rests["stands_out"].astype(bool)]
    rows = []
    for (scenario, parameter), fifths in shown.groupby(["scenario", "parameter"], sort=False):
        points = [
            signed(float(value), 1) + ("!" if clear else "*" if turned else "")
            for value, clear, turned in zip(*(fifths[name] for name in BY_FIFTH), strict=True)
        ]
        rows.append((str(scenario), str(parameter), str(fifths["basis"].iloc[0]), *points))
    header = ("Scenario", "Parameter", "Basis", *(f"Fifth {k}" for k in range(1, 6)))
    caption = (
        "Difference in points by fifths of a parameter's values, lowest first, where it moves the difference more than "
        "luck would; * the other sign than the whole, ! and clearly so"
    )
    if rows:
        yield Table("rests-on", caption, header, rows, (3, 4, 5, 6, 7))


# --- where it comes from ---------------------------------------------------------------------------------------------


def _command(results: Results) -> list[str]:
    plan = results.manifest.plan
    again = f"--sets {plan.sets} --trials {plan.trials} --seed {results.manifest.seed}"
    return [f"ceasefire run {Path(results.folder.name) / 'scenario.resolved.yaml'} {again}"]


def _provenance(results: Results) -> Table:
    manifest = results.manifest
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    rows = [
        ("Scenario", results.scenario.name),
        ("Digest of the scenario", manifest.digest),
        ("Seed", str(manifest.seed)),
        ("Parameter sets", f"{manifest.plan.sets:,}"),
        ("Trials in each set", f"{manifest.plan.trials:,}"),
        ("Days from the origin", f"{results.scenario.horizon_days} from {wording.date(results.scenario.origin)}"),
        ("Engine", manifest.engine),
        ("Program", f"ceasefire {manifest.code['version']}"),
        ("Digest of the program", manifest.code["digest"]),
        ("Python and libraries", f"Python {manifest.python}, {libraries}"),
    ]
    return Table("provenance", "Seed and versions", ("What", "Value"), rows)
