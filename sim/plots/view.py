"""What a figure is made of, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sim.analysis.outcomes import day_column, sample, table, usable
from sim.errors import ResultsError
from sim.plots.results import Results, seed_and_version
from sim.plots.style import capital, day_label, in_words, percent
from sim.scenario.schema import Scenario
from sim.telling import party_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTE = "Simulated: a model of a past conflict, not a forecast."


class View(NamedTuple):
    """What is asked of a figure: results, and the outcome, trial or rule where it has one.

    None stands for the headline, the first trial, and the rule nearest to the outcome that decided it.
    """

    results: Results
    outcome: str | None = None
    trial: int | None = None
    without: str | None = None

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


def source(results: Results) -> str:
    """Scenario, trials, sets, seed, version and what the data are, as the line below a figure says it."""
    trials, sets, left_out = sample(results.trials)
    seed, version = seed_and_version(results)
    failed = f" ({left_out} failed, left out)" if left_out else ""
    of_sets = f"{sets} parameter sets" if sets > 1 else "1 parameter set (parameter uncertainty not included)"
    return f"{results.scenario.name}: {trials:,} trials{failed}, {of_sets}, seed {seed}, ceasefire {version}. {NOTE}"


def definition(view: View) -> str:
    """The outcome that a figure is about, defined."""
    name = view.outcome or headline(view.scenario)
    about = view.scenario.outcomes[name].about if name in view.scenario.outcomes else ""
    return f"{view.event.capitalize()} ({name}): {about.strip().rstrip('.')}." if about else f"Outcome: {name}."


def headline(scenario: Scenario) -> str:
    """The id of the headline outcome."""
    return next((name for name, outcome in scenario.outcomes.items() if outcome.headline), "breakdown")


def both_ranges(view: View) -> str:
    """How probable the outcome is, as a sentence with both ranges."""
    used = usable(view.results.trials)
    return in_both_ranges(table({"it": used[view.column].notna()}, used["set"]).iloc[0], view.horizon)


def in_both_ranges(row: pd.Series[Any], horizon: int) -> str:
    """A probability as a sentence with both its ranges."""
    low, high = percent(row["mc_low"]), percent(row["mc_high"])
    text = f"It came in {percent(row['probability'])} % of trials within {horizon} days (chance {low}–{high} %, "
    if np.isnan(row["range_low"]):
        return text + "parameter uncertainty not included)."
    return text + f"assumptions {percent(row['range_low'])}–{percent(row['range_high'])} %)."


def daily_series(view: View, names: Sequence[str]) -> pd.DataFrame:
    """The daily summaries of some series; ResultsError names those that are missing."""
    daily = view.results.daily
    missing = set(names) - set(daily["series"])
    if missing:
        raise ResultsError(f"no daily series {', '.join(sorted(missing))} in these results")
    return daily[daily["series"].isin(list(names))].sort_values(["series", "day"]).reset_index(drop=True)


def dyad_name(view: View, a: str, b: str) -> str:
    """Two parties as the name of a dyad."""
    return " – ".join(capital(party_name(view.scenario, party)) for party in (a, b))


def attacker(view: View) -> str:
    """Who advances: the first side of the fighting."""
    return party_name(view.scenario, view.scenario.fighting.between[0])


def flat(ratio: float, more: float = 6.0) -> Callable[[pd.DataFrame, float], float]:
    """Height as a share of the width, held between what one column needs and what two can bear."""
    return lambda _, width: min(max(ratio * width, 62.0), 85.0) + more


def rows(base: float, each: float) -> Callable[[pd.DataFrame, float], float]:
    """Height of a figure with a row in mm for each row of its table."""
    return lambda data, _: base + each * len(data)
