"""Synthetic results, shaped like the real ones and plausible to the eye; nothing here is an estimate of anything."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from sim.scenario.schema import Scenario
from sim.trajectory import Event, Trajectory

mpl.use("agg")

SETS, TRIALS, HORIZON = 40, 50, 180
PLACES = {
    "north_hama": "North Hama", "khan_shaykhun_maarat": "Khan Shaykhun–Maarat", "saraqib_m5": "Saraqib–M5",
    "idlib_core": "Idlib core", "west_aleppo": "West Aleppo",
    "jabal_zawiya_m4": "Jabal Zawiya–M4", "latakia": "Latakia",
}  # fmt: skip
ACTORS = {
    "turkey": "Turkey",
    "russia": "Russia",
    "syria": "Syrian government",
    "iran": "Iran and militias",
    "rebels": "Rebels",
}
LADDER = {
    -3: "implemented cooperation", -2: "formal agreement in force", -1: "truce or leader talks", 0: "routine",
    1: "words", 2: "posture", 3: "coercive positioning", 4: "local fire", 5: "severe fire or ultimatum", 6: "offensive",
    7: "direct lethal state-to-state incident", 8: "sustained direct campaign", 9: "Turkish–Russian clash",
}  # fmt: skip


@dataclass
class Synthetic:
    trials: pd.DataFrame
    daily: pd.DataFrame
    scenario: Scenario
    manifest: dict[str, Any]
    one: Trajectory

    def trajectory(self, trial: int) -> Trajectory:
        return self.one


def make_scenario() -> Scenario:
    kind = {"rebels": "coalition", "iran": "client"}
    events = {
        "offensive": {"rung": 6, "told": "{by} opens an offensive towards {place}"},
        "hit_post": {
            "rung": {"default": 4, "killed": 7},
            "told": "{by} hits the post {post}, {killed} soldiers killed",
        },
        "retaliate": {"rung": {"default": 5, "killed": 7}, "told": "{by} fires back at {against}, {killed} killed"},
        "operation": {"rung": 8, "told": "{by} begins a ground operation"},
        "talks": {"rung": 0, "told": "{by} and {against} hold talks"},
        "agreement_in_force": {"rung": -2, "told": "a new agreement between {by} and {against} enters into force"},
        "joint_patrol": {"rung": -3, "name": "joint patrol"},
        "protest": {"rung": 1, "told": "{by} protests to {against}"},
        "fray": {"name": "the truce frays"},
    }
    return Scenario.model_validate(
        {
            "name": "idlib-2020-02-11",
            "about": "synthetic",
            "origin": dt.date(2020, 2, 11),
            "horizon_days": HORIZON,
            "actors": {
                id_: {"name": name, "kind": kind.get(id_, "state")}
                | ({"factions": {"nlf": {"name": "NLF"}, "hts": {"name": "HTS"}}} if id_ == "rebels" else {})
                for id_, name in ACTORS.items()
            },
            "places": {
                id_: {"name": name, "lat": 35.4 + 0.13 * k, "lon": 36.2 + 0.15 * (k % 3), "control": "rebels",
                      "neighbours": [list(PLACES)[k - 1]] if k else []}
                for k, (id_, name) in enumerate(PLACES.items())
            },
            "posts": {"taftanaz": {"name": "at Taftanaz", "owner": "turkey", "place": "idlib_core"}},
            "agreement": {"name": "Sochi", "parties": ["turkey", "russia"]},
            "fighting": {"between": ["syria", "rebels"], "regimes": {"quiet": {"mean": 1, "size": 1}}},
            "ladder": LADDER,
            "events": events,
            "rules": {
                "hit_post": {"actor": "syria", "target": "turkey", "event": "hit_post", "rate": 0.1},
                "retaliate": {"actor": "turkey", "target": "syria", "event": "retaliate", "rate": 0.1},
            },
            "afterwards": {
                "war": {"on": dt.date(2020, 2, 27), "event": "operation", "actor": "turkey", "known_afterwards": True},
                "deal": {"on": dt.date(2020, 3, 6), "event": "agreement_in_force", "known_afterwards": True},
                "words": {"on": dt.date(2020, 3, 7), "event": "protest", "known_afterwards": True},
                "late": {"on": dt.date(2021, 3, 7), "event": "operation", "known_afterwards": True},
            },
            "outcomes": {
                "broken": {"any": ["direct_war", "repudiated"], "headline": True, "before": "new_agreement",
                           "about": "the 2018 agreement is blown up before a new one is in force"},
                "direct_war": {"count": "deaths", "at_least": 1, "about": "sustained fire between two armies"},
                "repudiated": {"count": "deaths", "at_least": 1},
                "new_agreement": {"count": "event.agreement_in_force", "at_least": 1},
                "clash_acknowledged": {"count": "deaths", "at_least": 1},
            },
        }
    )  # fmt: skip


def make_trials(rng: np.random.Generator) -> pd.DataFrame:
    n = SETS * TRIALS
    factor = np.repeat(np.exp(rng.normal(0, 0.7, SETS)), TRIALS)
    war = np.ceil(30 * rng.weibull(0.8, n) / factor)
    agreement = np.ceil(60 * rng.weibull(0.9, n))
    repudiated = np.ceil(rng.exponential(1500, n))
    broken = np.minimum(war, repudiated)
    broken = np.where(broken < agreement, broken, np.nan)
    days = {"broken": broken, "direct_war": war, "repudiated": repudiated, "new_agreement": agreement}
    days["clash_acknowledged"] = np.ceil(rng.exponential(9000, n))
    frame = pd.DataFrame({"set": np.repeat(np.arange(SETS), TRIALS), "trial": np.tile(np.arange(TRIALS), SETS)})
    for name, day in days.items():
        frame[f"{name}_day"] = pd.array(np.where(day <= HORIZON, day, np.nan), dtype="Float64").astype("Int64")
    frame["breakdown_day"] = frame["broken_day"]
    frame["observed_days"] = frame["breakdown_day"].fillna(HORIZON).astype(int)
    frame["deaths"] = np.round(rng.lognormal(7, 0.5, n)).astype(int)
    frame["displaced"] = np.round(700 + 400 * rng.beta(2, 3, n))
    frame["first_mover_rule"] = rng.choice(["hit_post", "retaliate", None], n)
    frame["crossing_rule"] = np.where(frame["breakdown_day"].notna(), "retaliate", None)
    for k, place in enumerate(PLACES):
        frame[f"taken.{place}"] = np.where(rng.random(n) < 1 / (1 + k), 1.0, 0.4)
    names = list(ACTORS)
    for a in range(5):
        for b in range(a + 1, 5):
            high = 8 if {names[a], names[b]} in ({"turkey", "syria"}, {"syria", "rebels"}) else 4
            frame[f"peak_rung.{names[a]}.{names[b]}"] = np.minimum(9, rng.poisson(high * 0.7, n))
    frame["error"] = None
    frame.loc[7, "error"] = "RunError: synthetic"
    return frame


def make_daily(rng: np.random.Generator) -> pd.DataFrame:
    day = np.arange(1, HORIZON + 1)
    level = 25 * np.exp(-day / 40)[None, :] * np.exp(rng.normal(0, 0.6, (400, 1))) + 2
    series = {"deaths": rng.negative_binomial(1, 1 / (1 + level)).astype(float)}
    flow = 25 * np.exp(-day / 18)[None, :] * np.exp(rng.normal(0, 0.5, (400, 1)))
    series["displaced"] = 690 + np.cumsum(flow, axis=1)
    series["deaths_7d"] = 7 * series["deaths"]
    series["rung"] = np.minimum(9, rng.poisson(4, (400, HORIZON))).astype(float)
    for k, place in enumerate(PLACES):
        pace = np.exp(rng.normal(-4.5 - 0.35 * abs(k - 2), 1, (400, 1)))
        series[f"taken.{place}"] = np.minimum(1, (k < 3) * 0.5 + pace * day[None, :])
    parts = []
    for name, values in series.items():
        q = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
        parts.append(pd.DataFrame({"series": name, "day": day, "n": 400, "mean": values.mean(axis=0), "q05": q[0],
                                   "q25": q[1], "q50": q[2], "q75": q[3], "q95": q[4]}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _event(
    day: int, event: str, by: str | None = None, against: str | None = None, place: str | None = None,
    post: str | None = None, void: bool = False, marks: dict[str, float] | None = None,
) -> Event:  # fmt: skip
    return Event(day, "initiative", 0.5, event, event, by, against, place, post, void, marks or {})


def make_trajectory() -> Trajectory:
    events = [
        _event(1, "protest", "turkey", "syria"),
        _event(2, "talks", "russia", "turkey"),
        _event(3, "offensive", "syria", "rebels", "saraqib_m5"),
        _event(4, "hit_post", "syria", "turkey", post="taftanaz", marks={"killed": 5}),
        _event(4, "retaliate", "turkey", "syria", marks={"killed": 14}),
        _event(5, "fray"),
        _event(9, "hit_post", "syria", "turkey", post="taftanaz", marks={"killed": 0}),
        _event(9, "hit_post", "syria", "turkey", post="taftanaz", marks={"killed": 0}, void=True),
        _event(12, "hit_post", "syria", "turkey", post="taftanaz", marks={"killed": 33}),
        _event(12, "retaliate", "turkey", "syria", marks={"killed": 60}),
        _event(13, "operation", "turkey", "syria"),
        _event(14, "retaliate", "turkey", "syria", marks={"killed": 40}),
        _event(20, "talks", "russia", "turkey"),
        _event(24, "agreement_in_force", "russia", "turkey"),
        _event(31, "joint_patrol", "russia", "turkey"),
        _event(95, "hit_post", "hts", "turkey", post="taftanaz", marks={"killed": 2}),
        _event(140, "protest", "turkey", "syria"),
    ]
    rung = np.interp(np.arange(1, HORIZON + 1), [1, 2, 3, 4, 12, 13, 23, 24, 60, 94, 95, 180],
                     [4, 4, 6, 7, 7, 8, 8, -2, -2, -1, 7, 1])  # fmt: skip
    day = np.arange(1, HORIZON + 1)
    daily = {
        "rung": rung.tolist(),
        "rung.turkey.syria": rung.clip(0).tolist(),
        "rung.turkey.iran": [0.0] * HORIZON,
        "rung.turkey.russia": np.minimum(rung, 1).tolist(),
    } | {f"taken.{place}": np.clip((day - 5 * k) / 60, 0, 1).tolist() for k, place in enumerate(PLACES)}
    return Trajectory({"breakdown_day": 15, "direct_war_day": 15}, daily, events)


def make_ghost() -> Trajectory:
    """The trial without its replies: it parts on day 4 and never ends."""
    events = [event for event in make_trajectory().events if event.rule != "retaliate"]
    return Trajectory({"breakdown_day": None}, {"rung": [3.0] * HORIZON}, events)


def make_results() -> Synthetic:
    rng = np.random.default_rng(11)
    manifest = {"seed": 0, "sets": SETS, "trials": TRIALS, "version": "0.1.0"}
    return Synthetic(make_trials(rng), make_daily(rng), make_scenario(), manifest, make_trajectory())


@pytest.fixture(scope="session")
def results() -> Synthetic:
    return make_results()


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that is lived again without a rule is the ghost above."""
    monkeypatch.setattr("sim.plots.single.rerun", lambda scenario, engine, trial: make_ghost())
