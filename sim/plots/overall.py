"""Figures over all trials: how often each outcome came, when, how trials end, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.analysis.distributions import hundred
from sim.analysis.incidence import COMPETING, competing_ends, cumulative_incidence
from sim.analysis.outcomes import end_table, first_end, outcome_table, table, usable
from sim.analysis.running import running_estimate
from sim.analysis.survival import survival_curve
from sim.errors import ResultsError
from sim.plots import distributions, incidence, outcomes, survival
from sim.plots import flow as flows
from sim.plots.choosing import rung_of
from sim.plots.incidence import Known
from sim.plots.style import in_words, percent
from sim.plots.view import Figure, View, flat, rows
from sim.scenario.schema import Condition, Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_RUNG, DEAL_RUNG = 8, -2  # what happened afterwards is shown from this rung up, and from this one down


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


def _ends(view: View) -> list[str]:
    ends = [end for end in competing_ends(list(view.scenario.outcomes)) if f"{end}_day" in view.results.trials]
    if not ends:
        raise ResultsError(f"these results have none of the competing ends {', '.join(COMPETING)}")
    return ends


def _incidence(view: View) -> pd.DataFrame:
    return cumulative_incidence(view.results.trials, _ends(view), view.horizon)


def _draw_incidence(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    title = f"How the trials end within {view.horizon} days"
    return incidence.incidence(data, ax, title, view.days, afterwards_of(view.scenario))


def afterwards_of(scenario: Scenario) -> list[Known]:
    """Great steps up and deals after the origin, by day; the first of each kind that an outcome counts has words."""
    known: list[Known] = []
    seen: set[str] = set()
    counted = set(_counted(scenario.outcomes.values()))
    for what in scenario.afterwards.values():
        kind = scenario.events.get(what.event or "")
        if what.on is None or kind is None or what.event is None or what.on < scenario.origin:
            continue
        rung = rung_of(kind, what.marks) or 0
        if DEAL_RUNG < rung < SHOWN_RUNG:
            continue
        words = kind.name or what.event.replace("_", " ")
        named = what.event in counted and what.event not in seen
        text = f"{what.on.day} {what.on:%b}: {words}" if named else ""
        seen.add(what.event)
        known.append(Known((what.on - scenario.origin).days + 1, text))
    return sorted(known)


def _counted(conditions: Iterable[Condition | str]) -> Iterator[str]:
    """The events that conditions count."""
    for condition in conditions:
        if isinstance(condition, Condition):
            what, _, event = (condition.count or "").partition(".")
            yield from [event.partition(".")[0]] if what == "event" else []
            inner = [*(condition.all or ()), *(condition.any or ()), *([condition.negate] if condition.negate else [])]
            yield from _counted(inner)


def _flow(view: View) -> pd.DataFrame:
    """From the rule that moved first to the end that came first; `neither` where none came."""
    used = usable(view.results.trials)
    first = used["first_mover_rule"].astype(object).where(used["first_mover_rule"].notna(), "nobody")
    frame = pd.DataFrame({"first move": first, "first end": first_end(used, _ends(view))})
    return frame.groupby(["first move", "first end"], as_index=False).size().rename(columns={"size": "count"})


def _ends_told(view: View) -> str:
    """The first ends with both ranges, as words for a caption."""
    shares = end_table(view.results.trials, _ends(view))
    parts = []
    for name, row in shares.iterrows():
        across = ""
        if not np.isnan(row["range_low"]):
            across = f", assumptions {percent(row['range_low'])}–{percent(row['range_high'])} %"
        chance = f"chance {percent(row['mc_low'])}–{percent(row['mc_high'])} %"
        parts.append(f"{in_words(str(name)).lower()} {percent(row['probability'])} % ({chance}{across})")
    without = "" if shares["range_low"].notna().any() else " Parameter uncertainty not included."
    return f"First ends: {'; '.join(parts)}.{without}"


FIGURES: dict[str, Figure] = {
    "outcomes": Figure(
        outcomes.outcomes, "probability of each outcome, with both ranges", _outcomes, _draw_outcomes,
        lambda view: f"Share of trials in which each outcome came within {view.horizon} days.", rows(36, 6.5),
    ),
    "survival": Figure(
        survival.survival, "time to an outcome as a survival curve, with trials at risk",
        lambda view: survival_curve(view.results.trials, view.outcome), _draw_survival,
        lambda view: f"Kaplan-Meier estimate of the share of trials without {view.event}, by day; 95 % log-log band.",
        flat(0.75, 14), True,
    ),
    "incidence": Figure(
        incidence.incidence, "how trials end: cumulative incidence of each competing end, and what happened",
        _incidence, _draw_incidence,
        lambda view: (
            "Aalen-Johansen estimate of the share of trials that have come to each end; the first end counts. Hollow "
            "ticks are dated events after the origin, known afterwards: nothing in the model is fitted to them. "
            + _ends_told(view)
        ),
        flat(0.8, 22),
    ),
    "dots": Figure(
        distributions.dots, "a hundred dots, each one percent of trials, on the day of an outcome",
        lambda view: hundred(view.results.trials, view.column), _draw_dots,
        lambda view: f"Each dot stands for one percent of trials, on its day of {view.event}.",
        lambda _, width: 32 + 0.22 * width, True,
    ),
    "flow": Figure(
        flows.flow, "from the rule that moved first to the end that came first, of 1,000 trials",
        _flow, lambda data, ax, view: flows.flow(data, ax),
        lambda view: (
            "Of 1,000 trials, how many went from which first move (the first event of a rule at rung "
            f"{view.scenario.defaults.first_move_rung} or higher) to which first end. Counts: a first move stands "
            "before its end, and need not have caused it. " + _ends_told(view)
        ),
        lambda _, width: 85.0 if width < 136 else 100.0,
    ),
    "running": Figure(
        incidence.running, "the estimate of an outcome as trials come in, with its interval",
        lambda view: running_estimate(view.results.trials, view.outcome),
        lambda data, ax, view: incidence.running(data, ax, event=view.event),
        lambda view: (
            f"Share of trials with {view.event} from the first trials of every parameter set, for growing numbers; the "
            "chance interval narrows, the range across sets does not."
        ),
        flat(0.62), True,
    ),
}  # fmt: skip
