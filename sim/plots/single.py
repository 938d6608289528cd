"""Figures of single trials: one on the ladder, one beside its ghost, and a wall of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, combinations, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.outcomes import usable
from sim.ensemble.results import rerun
from sim.errors import InputError, ResultsError, did_you_mean
from sim.plots import ghost, ladder, wall
from sim.plots.choosing import Telling, choose, tell
from sim.plots.style import in_words
from sim.plots.view import Figure, View, dyad_name
from sim.scenario.schema import Scenario
from sim.trajectory import Event, Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BRICKS = 25  # trials on a wall
TRIED = 12  # rules that may be switched off in search of the one that decided


def _ladder(view: View) -> pd.DataFrame:
    trajectory = view.results.trajectory(view.chosen)
    names = {"rung": ladder.ANY} | {
        f"rung.{a}.{b}": dyad_name(view, a, b) for a, b in moving(view.scenario, trajectory.daily)
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


def _wall(view: View) -> pd.DataFrame:
    """The highest rung by day of the first trials of the first parameter set."""
    used = usable(view.results.trials)
    trials = used.loc[used["set"] == used["set"].min(), "trial"].sort_values().head(BRICKS)
    parts = []
    for trial in map(int, trials):
        lived = view.results.trajectory(trial)
        line = _line("", lived.daily["rung"]).drop(columns=["kind", "dyad"])
        parts.append(line.assign(trial=trial, came=lived.row.get(view.column)))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(came=frame["came"].astype("Float64").astype("Int64"))[["trial", "day", "rung", "came"]]


def _draw_wall(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    steps = [*view.scenario.ladder, int(np.floor(data["rung"].min())), int(np.ceil(data["rung"].max()))]
    title = f"{data['trial'].nunique()} trials of one parameter set: highest rung of any dyad, by day"
    return wall.wall(data, ax, title, view.event, view.days, (min(steps), max(steps)))


def _ghost(view: View) -> pd.DataFrame:
    """The highest rung by day of a trial and of its ghost, with the day on which they part."""
    trial = _haunted(view)
    before = view.results.trajectory(trial)
    rule, after = _without(view, trial, view.without) if view.without else _decisive(view, trial, before)
    parts = []
    for course, lived in ((ghost.AS_IT_WAS, before), (ghost.GHOST, after)):
        line = _line("", lived.daily["rung"]).drop(columns=["kind", "dyad"])
        parts.append(line.assign(course=course, came=lived.row.get(view.column)))
    frame = pd.concat(parts, ignore_index=True)
    whole = {name: frame[name].astype("Float64").astype("Int64") for name in ("came",)}
    parted = pd.array([part_day(before.events, after.events)] * len(frame), dtype="Int64")
    return frame.assign(trial=trial, without=rule, parted=parted, **whole)[
        ["trial", "without", "course", "day", "rung", "parted", "came"]
    ]


def _haunted(view: View) -> int:
    """The trial asked for, or the first of set 0 in which the outcome came by a rule."""
    if view.trial is not None:
        return view.trial
    used = usable(view.results.trials)
    ended = used[(used["set"] == 0) & used[view.column].notna()]
    if "crossing_rule" in ended:
        by_rule = ended[ended["crossing_rule"].isin(list(view.scenario.rules))]
        ended = by_rule if len(by_rule) else ended
    return int(ended["trial"].iloc[0]) if len(ended) else view.chosen


def _decisive(view: View, trial: int, lived: Trajectory) -> tuple[str, Trajectory]:
    """The rule nearest to the outcome without which it would not have come in this trial; else the nearest of all.

    At most `TRIED` rules are tried, those of the events up to the outcome's day, the latest first.
    """
    day = lived.row.get(view.column) or view.horizon
    rang = [event.rule for event in reversed(lived.events) if not event.void and event.day <= day]
    rules = [rule for rule in dict.fromkeys(rang) if rule in view.scenario.rules][:TRIED]
    if not rules:
        raise ResultsError("no rule made an event in this trial before its end; choose another with --trial")
    first = _without(view, trial, rules[0])
    if lived.row.get(view.column) is None:
        return first
    others = (_without(view, trial, rule) for rule in rules[1:])
    return next((ghost for ghost in chain([first], others) if ghost[1].row.get(view.column) is None), first)


def _without(view: View, trial: int, rule: str) -> tuple[str, Trajectory]:
    """A rule and the trial lived again without it."""
    if rule not in view.scenario.rules:
        raise InputError(f"there is no rule `{rule}`{did_you_mean(rule, view.scenario.rules)}")
    return rule, rerun(switched_off(view.scenario, rule), engine_of(view), trial)


def switched_off(scenario: Scenario, rule: str) -> Scenario:
    """The scenario with one rule off."""
    off = scenario.rules[rule].model_copy(update={"enabled": False})
    return scenario.model_copy(update={"rules": {**scenario.rules, rule: off}})


def engine_of(view: View) -> str | None:
    """The engine that ran the results; None (whatever is there) where they do not say."""
    return getattr(view.results.manifest, "engine", None)


def part_day(before: Sequence[Event], after: Sequence[Event]) -> int | None:
    """The first day on which two lists of events differ, whatever their hours and hazards; None where they do not."""
    for one, other in zip_longest(before, after):
        if one is None or other is None or _deed(one) != _deed(other):
            return min(event.day for event in (one, other) if event is not None)
    return None


def _deed(event: Event) -> tuple[Any, ...]:
    return (event.day, event.rule, event.event, event.by, event.against, event.place, event.post, event.void,
            tuple(event.marks.items()))  # fmt: skip


def _draw_ghost(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    title = f"Trial {data['trial'].iloc[0]} and its ghost: the same luck without the rule {data['without'].iloc[0]}"
    return ghost.ghost(data, ax, dict(view.scenario.ladder), title, view.days, view.event)


FIGURES: dict[str, Figure] = {
    "ladder": Figure(
        ladder.ladder, "one trial on the ladder of escalation, its main events named", _ladder, _draw_ladder,
        lambda view: f"Trial {view.chosen}: highest rung of any dyad at each day's end, and its main events.",
        ladder.height_mm,
    ),
    "ghost": Figure(
        ghost.ghost, "one trial and its ghost: the same trial with one rule off, and where they part", _ghost,
        _draw_ghost,
        lambda _: (
            "The trial as it was, and lived again with the same luck without one rule; only what the rule touches "
            "draws other numbers. One trial shows what may happen, not how often: for that, compare the ensembles."
        ),
        lambda _, width: 112.0 if width < 136 else 95.0,
    ),
    "wall": Figure(
        wall.wall, "a wall of 25 single trials, each on its own small ladder", _wall, _draw_wall,
        lambda view: (
            "The first trials of the first parameter set: they differ by chance alone. The line is the highest rung of "
            f"any dyad at each day's end; the dashes mark the day of {view.event}."
        ),
        wall.wall_height,
    ),
}  # fmt: skip
