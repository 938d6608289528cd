"""Figures of sectors and dyads: who holds which sector, which are lost, and how high each dyad climbed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from sim.analysis.losses import MOST, loss_table
from sim.analysis.outcomes import table, usable
from sim.errors import ResultsError
from sim.plots import ground, sectormap
from sim.plots.style import capital
from sim.plots.view import Figure, View, attacker, daily_series, dyad_name
from sim.scenario.schema import Place, Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _sectors(view: View) -> pd.DataFrame:
    """Mean over trials, or one trial where one is asked for."""
    places = [(id_, place.name) for id_, place in _places(view).items()]
    if view.trial is not None:
        daily = view.results.trajectory(view.trial).daily
        return ground.taken_table([(id_, name, daily[f"taken.{id_}"]) for id_, name in places])
    frame = daily_series(view, [f"taken.{id_}" for id_, _ in places])
    by = {str(name): part["mean"].to_numpy(float) for name, part in frame.groupby("series")}
    return ground.taken_table([(id_, name, by[f"taken.{id_}"]) for id_, name in places])


def _places(view: View) -> dict[str, Place]:
    """The sectors; ResultsError where the scenario has none."""
    if not view.scenario.places:
        raise ResultsError(f"{view.scenario.name} has no sectors")
    return view.scenario.places


def _draw_sectors(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    side = attacker(view)
    whose = "mean over trials" if view.trial is None else f"trial {view.trial}"
    return ground.sectors(data, ax, side, f"{capital(side)}: share of each sector held, {whose}", view.days)


def _dyads(view: View) -> pd.DataFrame:
    """For each dyad and rung from 1 up: in how many trials the dyad's peak was this rung or higher."""
    used = usable(view.results.trials)
    rungs = sorted((rung for rung in view.scenario.ladder if rung >= 1), reverse=True)
    parts = []
    for (a, b), column in dyad_columns(view.scenario, list(map(str, used))).items():
        frame = table({str(rung): used[column] >= rung for rung in rungs}, used["set"])
        frame.insert(0, "dyad", dyad_name(view, a, b))
        frame.insert(1, "rung", rungs)
        parts.append(frame)
    if not parts:
        raise ResultsError("these results have no peak rung by dyad (columns `peak_rung.A.B`)")
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(rung=frame["rung"].astype(int))


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


def _map(view: View) -> pd.DataFrame:
    """Each sector's place and how probable it is that it is lost; `lost_before` where nearly all trials begin so."""
    places = _places(view)
    losses = loss_table(view.results.trials, places)
    daily = daily_series(view, [f"taken.{name}" for name in places])
    first = daily[daily["day"] == 1].set_index("series")["q05"]
    about = pd.DataFrame(
        [(name, it.name, it.lat, it.lon, first[f"taken.{name}"] >= MOST) for name, it in places.items()],
        columns=["place_id", "place", "lat", "lon", "lost_before"],
    )
    return about.join(losses, on="place_id")


def _draw_map(data: pd.DataFrame, ax: Axes, view: View) -> Axes:
    title = f"Sectors held for the most part by {attacker(view)} on day {view.horizon}"
    return sectormap.sector_map(data, ax, title, {name: it.neighbours for name, it in view.scenario.places.items()})


FIGURES: dict[str, Figure] = {
    "sectors": Figure(
        ground.sectors, "who holds the sectors over time, as the mean over trials or in one trial", _sectors,
        _draw_sectors, lambda view: f"Share of each sector held by {attacker(view)}.",
        lambda data, _: 28 + 7.5 * data["place"].nunique(),
    ),
    "map": Figure(
        sectormap.sector_map, "map of the sectors with the probability that each is lost", _map, _draw_map,
        lambda view: (
            f"Share of trials in which {attacker(view)} holds half of the sector or more on the trial's last day; in "
            "brackets the 95 % Monte Carlo interval, after it the 5-95 % range across parameter sets. Cells are drawn "
            "around one point for each sector; they are no borders and show no position."
        ),
        lambda data, width: (0.85 * width if width < 136 else 105.0) + 4 * len(data),
    ),
    "dyads": Figure(
        ground.dyads, "how high each dyad climbed: share of trials by peak rung", _dyads,
        lambda data, ax, view: ground.dyads(data, ax, dict(view.scenario.ladder)),
        lambda view: "Share of trials in which a dyad's highest rung since the origin was this one or higher.",
        lambda data, _: 45 + 6.5 * data["rung"].nunique(),
    ),
}  # fmt: skip
