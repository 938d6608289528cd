"""Every figure by name, with one face: `draw` it, get the data behind it, and its caption.

A figure is its data (one tidy table, what is written beside the picture as CSV) and a function that draws that table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sim.analysis.distributions import ecdf as ecdf_of
from sim.analysis.distributions import histogram as histogram_of
from sim.analysis.distributions import hundred, quantiles
from sim.analysis.outcomes import day_column, outcome_table, sample, table, usable
from sim.analysis.survival import survival_curve
from sim.errors import InputError, ResultsError, did_you_mean
from sim.plots import distributions, fans, ground, ladder, outcomes, survival
from sim.plots.choosing import Telling, choose, tell
from sim.plots.results import Results, seed_and_version
from sim.plots.style import DOUBLE_MM, capital, day_label, figure_of, in_words, new_axes, percent, source_line
from sim.scenario.schema import Scenario
from sim.telling import party_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTE = "Simulated: a model of a past conflict, not a forecast."


class View(NamedTuple):
    """What is asked of a figure: results, and the outcome or trial where it has one (None: headline, first trial)."""

    results: Results
    outcome: str | None = None
    trial: int | None = None

    @property
    def scenario(self) -> Scenario:
        """The scenario that was run."""
        return self.results.scenario

    @property
    def horizon(self) -> int:
        """Days that were simulated."""
        return self.scenario.horizon_days

    @property
    def event(self) -> str:
        """The outcome in words."""
        return in_words(self.outcome).lower() if self.outcome else "breakdown"

    @property
    def column(self) -> str:
        """The column with the outcome's day; ResultsError if there is none."""
        return day_column(self.results.trials, self.outcome)

    @property
    def days(self) -> str:
        """The label of the time axis."""
        return day_label(self.scenario.origin)

    @property
    def chosen(self) -> int:
        """The trial asked for, or the first that did not fail."""
        if self.trial is not None:
            return self.trial
        used = usable(self.results.trials)
        return int(used["trial"].iloc[0]) if len(used) else 0


@dataclass(frozen=True)
class Figure:
    """A picture: `data` gives its table, `picture` draws it; `height_mm` suits a table at a printed width in mm."""

    function: Callable[..., Any]
    description: str
    data: Callable[[View], pd.DataFrame]
    picture: Callable[[pd.DataFrame, Axes, View], Axes]
    definition: Callable[[View], str]
    height_mm: Callable[[pd.DataFrame, float], float]
    of_outcome: bool = False


def draw(
    name: str, results: Results, ax: Axes | None = None, outcome: str | None = None, trial: int | None = None,
    width_mm: float = DOUBLE_MM,
) -> Axes:  # fmt: skip
    """Draw a figure; without `ax` on a new figure `width_mm` wide, with its source line.

    Raises InputError for an unknown figure, ResultsError for an outcome or series that the results do not have.
    """
    figure, view = find(name), View(results, outcome, trial)
    data = figure_data(name, results, outcome, trial)
    if ax is not None:
        return figure.picture(data, ax, view)
    drawn = figure.picture(data, new_axes(width_mm, figure.height_mm(data, width_mm)), view)
    source_line(figure_of(drawn), source(results))
    return drawn


def figure_data(name: str, results: Results, outcome: str | None = None, trial: int | None = None) -> pd.DataFrame:
    """The table that a figure draws; ResultsError where no trial can be used."""
    if not sample(results.trials).trials:
        raise ResultsError("there is nothing to show: no trial came to its end")
    return find(name).data(View(results, outcome, trial))


def caption(name: str, results: Results, outcome: str | None = None, trial: int | None = None) -> str:
    """What is shown and defined how, the probability with both ranges where it is about one, and what it rests on."""
    figure, view = find(name), View(results, outcome, trial)
    parts = [figure.definition(view)]
    if figure.of_outcome:
        parts.append(f"{_definition(view)} {_both_ranges(view)}")
    return " ".join([*parts, source(results)])


def find(name: str) -> Figure:
    """The figure of that name; InputError names those there are."""
    if name not in FIGURES:
        raise InputError(f"unknown figure `{name}`; allowed: {', '.join(FIGURES)}{did_you_mean(name, FIGURES)}")
    return FIGURES[name]


def source(results: Results) -> str:
    """Scenario, trials, sets, seed, version and what the data are, as the line below a figure says it."""
    trials, sets, left_out = sample(results.trials)
    seed, version = seed_and_version(results)
    failed = f" ({left_out} failed, left out)" if left_out else ""
    of_sets = f"{sets} parameter sets" if sets > 1 else "1 parameter set (parameter uncertainty not included)"
    return f"{results.scenario.name}: {trials:,} trials{failed}, {of_sets}, seed {seed}, ceasefire {version}. {NOTE}"


# --- what the figures show --------------------------------------------------------------------------------------------


def _definition(view: View) -> str:
    name = view.outcome or _headline(view.scenario)
    about = view.scenario.outcomes[name].about if name in view.scenario.outcomes else ""
    return f"{view.event.capitalize()} ({name}): {about.strip().rstrip('.')}." if about else f"Outcome: {name}."


def _headline(scenario: Scenario) -> str:
    return next((name for name, outcome in scenario.outcomes.items() if outcome.headline), "breakdown")


def _both_ranges(view: View) -> str:
    used = usable(view.results.trials)
    return in_both_ranges(table({"it": used[view.column].notna()}, used["set"]).iloc[0], view.horizon)


def in_both_ranges(row: pd.Series[Any], horizon: int) -> str:
    """A probability as a sentence with both its ranges."""
    low, high = percent(row["mc_low"]), percent(row["mc_high"])
    text = f"It came in {percent(row['probability'])} % of trials within {horizon} days (chance {low}–{high} %, "
    if np.isnan(row["range_low"]):
        return text + "parameter uncertainty not included)."
    return text + f"assumptions {percent(row['range_low'])}–{percent(row['range_high'])} %)."


def _outcomes(view: View) -> pd.DataFrame:
    known = view.scenario.outcomes  # the headline on top
    names = [
        name
        for name in sorted(known, key=lambda name: not known[name].headline)
        if f"{name}_day" in view.results.trials
    ]
    return outcome_table(view.results.trials, names)


def _draw_outcomes(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    names = {
        name: in_words(name) + " (headline)" * outcome.headline for name, outcome in view.scenario.outcomes.items()
    }
    return outcomes.outcomes(data, ax, names, horizon=view.horizon)


def _draw_survival(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    return survival.survival(data, ax, view.event, x=view.days)


def _draw_dots(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    used = usable(view.results.trials)
    row = table({"it": used[view.column].notna()}, used["set"]).iloc[0]
    note = f"chance {percent(row['mc_low'])}–{percent(row['mc_high'])} %"
    if not np.isnan(row["range_low"]):
        note += f", assumptions {percent(row['range_low'])}–{percent(row['range_high'])} %"
    return distributions.dots(data, view.horizon, ax, view.event, x=view.days, note=note)


class Measure(NamedTuple):
    """Something that is distributed over trials: its column, its name with unit, and a title."""

    column: Callable[[View], str]
    label: Callable[[View], str]
    title: Callable[[View], str]


MEASURES = {
    "deaths": Measure(
        lambda _: "deaths", lambda _: "Deaths (people)", lambda view: f"Deaths within {view.horizon} days"
    ),
    "displaced": Measure(
        lambda _: "displaced",
        lambda _: "Displaced people (thousand)",
        lambda view: f"People displaced on day {view.horizon}",
    ),
    "day": Measure(
        lambda view: view.column, lambda view: view.days, lambda view: f"Day of {view.event}"
    ),
}  # fmt: skip


def _ecdf(measure: Measure) -> Figure:
    def picture(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
        of_days = measure is MEASURES["day"]
        title = f"{measure.title(view)}, cumulative"
        drawn = distributions.ecdf(data, ax, measure.label(view), title, view.horizon if of_days else None)
        if of_days:
            drawn.set_xlim(0, view.horizon)
        return drawn

    return Figure(
        distributions.ecdf,
        f"cumulative distribution of {_what(measure)} over trials",
        lambda view: ecdf_of(view.results.trials, measure.column(view)),
        picture,
        lambda view: f"{measure.title(view)}: share of trials at or below each value.",
        _flat(0.75, 12),
        measure is MEASURES["day"],
    )


def _histogram(measure: Measure) -> Figure:
    def picture(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
        column = measure.column(view)
        median = float(quantiles(view.results.trials, column, [0.5])["value"].iloc[0])
        return distributions.histogram(data, ax, measure.label(view), measure.title(view), median)

    return Figure(
        distributions.histogram,
        f"histogram of {_what(measure)} over trials",
        lambda view: histogram_of(view.results.trials, measure.column(view), first=float(measure is MEASURES["day"])),
        picture,
        lambda view: (
            f"{measure.title(view)}: share of trials by bins, with 95 % Monte Carlo intervals; the line is the median."
        ),
        _flat(0.62),
        measure is MEASURES["day"],
    )


def _what(measure: Measure) -> str:
    return next("the day of breakdown" if name == "day" else name for name, it in MEASURES.items() if it is measure)


def _fan(series: str, label: str, title: str) -> Figure:
    def data(view: View) -> pd.DataFrame:
        return _series(view, [series])[["day", "n", "mean", "q05", "q25", "q50", "q75", "q95"]]

    return Figure(
        fans.fan,
        f"{title[0].lower()}{title[1:]} as a fan: median, mean, 50 % and 90 % of trials by day",
        data,
        lambda frame, ax, view: fans.fan(frame, ax, label, f"{title} over all trials", view.days),
        lambda _: f"{title}: median and mean over trials, and the middle 50 % and 90 % of trials, each day by itself.",
        _flat(0.6),
    )


def _series(view: View, names: Sequence[str]) -> pd.DataFrame:
    daily = view.results.daily
    missing = set(names) - set(daily["series"])
    if missing:
        raise ResultsError(f"no daily series {', '.join(sorted(missing))} in these results")
    return daily[daily["series"].isin(list(names))].sort_values(["series", "day"]).reset_index(drop=True)


def _sectors(view: View) -> pd.DataFrame:
    """Mean over trials, or one trial where one is asked for."""
    places = [(id_, place.name) for id_, place in view.scenario.places.items()]
    if view.trial is not None:
        daily = view.results.trajectory(view.trial).daily
        return ground.taken_table([(id_, name, daily[f"taken.{id_}"]) for id_, name in places])
    frame = _series(view, [f"taken.{id_}" for id_, _ in places])
    by = {str(series): part["mean"].to_numpy(float) for series, part in frame.groupby("series")}
    return ground.taken_table([(id_, name, by[f"taken.{id_}"]) for id_, name in places])


def _side(view: View) -> str:
    """Who advances: the first side of the fighting."""
    return party_name(view.scenario, view.scenario.fighting.between[0])


def _draw_sectors(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    side = _side(view)
    whose = "mean over trials" if view.trial is None else f"trial {view.trial}"
    return ground.sectors(data, ax, side, f"{capital(side)}: share of each sector held, {whose}", view.days)


def _dyads(view: View) -> pd.DataFrame:
    """For each dyad and rung from 1 up: in how many trials the dyad's peak was this rung or higher."""
    used = usable(view.results.trials)
    rungs = sorted((rung for rung in view.scenario.ladder if rung >= 1), reverse=True)
    parts = []
    for (a, b), column in dyad_columns(view.scenario, list(map(str, used))).items():
        frame = table({str(rung): used[column] >= rung for rung in rungs}, used["set"])
        frame.insert(0, "dyad", _pair(view, a, b))
        frame.insert(1, "rung", rungs)
        parts.append(frame)
    if not parts:
        raise ResultsError("these results have no peak rung by dyad (columns `peak_rung.A.B`)")
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(rung=frame["rung"].astype(int))


def _pair(view: View, a: str, b: str) -> str:
    return " – ".join(capital(party_name(view.scenario, party)) for party in (a, b))


def dyad_columns(scenario: Scenario, columns: Sequence[str]) -> dict[tuple[str, str], str]:
    """The columns with the peak rung of each pair of agents."""
    known = set(columns)
    return {
        (a, b): name
        for pair in combinations(scenario.actors, 2)
        for a, b in (pair, pair[::-1])
        for name in (f"peak_rung.{a}.{b}", f"peak_rung_{a}_{b}")
        if name in known
    }


def _ladder(view: View) -> pd.DataFrame:
    trajectory = view.results.trajectory(view.chosen)
    names = {"rung": ladder.ANY} | {
        f"rung.{a}.{b}": _pair(view, a, b) for a, b in moving(view.scenario, trajectory.daily)
    }
    lines = [_line(name, trajectory.daily[series]) for series, name in names.items()]
    chosen = choose(tell(trajectory, view.scenario), marked=frozenset(_came(view).values()))
    points = pd.DataFrame([told._asdict() for told in chosen], columns=list(Telling._fields)).drop(columns="turns")
    points.insert(0, "kind", "event")
    points.insert(1, "number", np.arange(1, len(points) + 1))
    return pd.concat([*lines, points], ignore_index=True).astype({"number": "Int64", "day": int})


def _line(dyad: str, values: Sequence[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"kind": "rung", "day": np.arange(1, len(values) + 1), "dyad": dyad, "rung": np.asarray(values, float)}
    )


def moving(scenario: Scenario, daily: Mapping[str, Sequence[float]]) -> list[tuple[str, str]]:
    """Three dyads whose rung moves: who fights, the first two who agreed, and who else climbs highest for longest."""
    top = np.asarray(daily["rung"])
    values = {(a, b): np.asarray(daily.get(f"rung.{a}.{b}", (0.0,))) for a, b in combinations(scenario.actors, 2)}
    central = [set(scenario.fighting.between), set(scenario.agreement.parties[:2])]
    ranked = sorted(
        (pair for pair, series in values.items() if np.ptp(series) > 0),
        key=lambda pair: (set(pair) not in central, -values[pair].max(), -int((values[pair] == top).sum())),
    )
    return sorted(ranked[:3], key=list(values).index)


def _came(view: View) -> dict[str, int]:
    """The outcomes that came in the chosen trial, after the origin day, with their days, in order."""
    row = view.results.trajectory(view.chosen).row
    days = {name: row.get(f"{name}_day") for name in view.scenario.outcomes}
    return dict(sorted(((name, int(day)) for name, day in days.items() if day and day > 1), key=lambda it: it[1]))


def _draw_ladder(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    day = view.results.trajectory(view.chosen).row.get(view.column)
    rungs = dict(view.scenario.ladder)
    title = f"Trial {view.chosen} on the ladder, its main events numbered"
    came = ", ".join(f"{in_words(name).lower()} day {day}" for name, day in _came(view).items())
    also = f"Outcomes: {came}" if came else ""
    return ladder.ladder(data, ax, rungs, title, view.days, None if day is None else int(day), view.event, also)


def _flat(ratio: float, more: float = 6.0) -> Callable[[pd.DataFrame, float], float]:
    """Height as a share of the width, held between what one column needs and what two can bear."""
    return lambda _, width: min(max(ratio * width, 62.0), 85.0) + more


def _rows(base: float, each: float) -> Callable[[pd.DataFrame, float], float]:
    return lambda data, _: base + each * len(data)


FIGURES: dict[str, Figure] = {
    "outcomes": Figure(
        outcomes.outcomes, "probability of each outcome, with both ranges", _outcomes, _draw_outcomes,
        lambda view: f"Share of trials in which each outcome came within {view.horizon} days.", _rows(36, 6.5),
    ),
    "survival": Figure(
        survival.survival, "time to an outcome as a survival curve, with trials at risk",
        lambda view: survival_curve(view.results.trials, view.outcome), _draw_survival,
        lambda view: f"Kaplan-Meier estimate of the share of trials without {view.event}, by day; 95 % log-log band.",
        _flat(0.75, 14), True,
    ),
    "dots": Figure(
        distributions.dots, "a hundred dots, each one percent of trials, on the day of an outcome",
        lambda view: hundred(view.results.trials, view.column), _draw_dots,
        lambda view: f"Each dot stands for one percent of trials, on its day of {view.event}.",
        lambda _, width: 32 + 0.22 * width, True,
    ),
    "ladder": Figure(
        ladder.ladder, "one trial on the ladder of escalation, its main events named", _ladder, _draw_ladder,
        lambda view: f"Trial {view.chosen}: highest rung of any dyad at each day's end, and its main events.",
        ladder.height_mm,
    ),
    "daily-deaths": _fan("deaths", "Deaths a day (people)", "Daily deaths"),
    "daily-displaced": _fan("displaced", "Displaced people (thousand)", "People displaced"),
    "sectors": Figure(
        ground.sectors, "who holds the sectors over time, as the mean over trials or in one trial", _sectors,
        _draw_sectors, lambda view: f"Share of each sector held by {_side(view)}.",
        lambda data, _: 28 + 7.5 * data["place"].nunique(),
    ),
    "dyads": Figure(
        ground.dyads, "how high each dyad climbed: share of trials by peak rung", _dyads,
        lambda data, ax, view: ground.dyads(data, ax, dict(view.scenario.ladder)),
        lambda view: "Share of trials in which a dyad's highest rung since the origin was this one or higher.",
        lambda data, _: 45 + 6.5 * data["rung"].nunique(),
    ),
    **{f"{name}-ecdf": _ecdf(measure) for name, measure in MEASURES.items()},
    **{f"{name}-histogram": _histogram(measure) for name, measure in MEASURES.items()},
}  # fmt: skip
