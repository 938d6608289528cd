"""An invented conflict whose record the model itself made, and numbers that somebody else fitted to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sim.analysis.forecasts import Record
from sim.backtesting.planning import Plan
from sim.batch.engine import simulate
from sim.scenario import load
from sim.scenario.schema import Scenario

# Quiet, skirmishes and war; truces hold the fighting down and break; a post is shelled. Dated: two truces, the end of
# the first as told by those who knew the sequel, an attack in the second, and a truce that nobody could know of.
SCENARIO = """
name: river
about: Two states and a river, for tests of back-tests.
origin: 2022-09-01
horizon_days: 30
history:
  start: 2022-06-01
  openings:
    2020-01-01: {about: the first day of the record}
    2021-06-01: {about: the same with less trust, agreement: {integrity: 0.5}}
    2022-06-01: {about: late}
  events:
    t1: {on: 2021-08-10, event: truce, actor: north, target: south}
    t1_ends: {on: 2021-08-20, event: truce_breaks, actor: north, target: south}
    t2: {on: 2021-10-15, event: truce, actor: north, target: south}
    t2_attack: {on: 2021-10-18, event: attack, actor: north, target: south}
    t3: {on: 2022-03-01, event: truce, actor: north, target: south}
actors:
  north: {name: North, kind: state}
  south: {name: South, kind: state}
places:
  bank: {name: Bank, lat: 1, lon: 1, control: south, open_to: [north], population: 50, exposed: 10}
posts:
  ford: {name: Ford, owner: south, place: bank}
agreement: {name: the river, parties: [north, south], integrity: 0.8}
fighting:
  between: [north, south]
  regimes:
    quiet: {mean: {dist: uniform, low: 0.8, high: 1.2}, size: 0.6}
    skirmish: {mean: 7, size: 0.9}
    war: {mean: {dist: uniform, low: 20, high: 30}, size: 1.2}
  excitation: {share: 0.2, half_life_days: 2}
  drift:
    rates:
      quiet: {skirmish: {dist: uniform, low: 0.02, high: 0.04}}
      skirmish: {quiet: 0.03, war: 0.04}
      war: {skirmish: 0.05}
    truce_down: {lower: {war: 0.5, skirmish: 0.5}}
    truce_ratio: {lower: 0.2}
    fragile: {lower: 0.5}
    fragile_days: 10
ladder: {0: calm, 4: raid}
events:
  up: {effects: [{regime: up}]}
  down: {effects: [{regime: down}]}
  attack: {effects: [{attack: true}, {truce: none, when: {truce: {is_not: none}}}, {add: integrity, by: -0.1}]}
  truce: {effects: [{truce: lower}, {regime: down}]}
  truce_breaks: {effects: [{truce: none}, {regime: restore}, {add: integrity, by: -0.2}]}
  shell: {effects: [{fire: true}], rung: 4}
rules:
  fray: {event: up, when: {regime: quiet, truce: none}, rate: {dist: uniform, low: 0.02, high: 0.04}}
  fray_in_truce: {event: up, when: {regime: quiet, truce: lower}, rate: 0.006}
  open: {event: up, when: {regime: skirmish, truce: none}, rate: 0.04}
  tire: {event: down, when: {regime: war}, rate: 0.05}
  rest: {event: down, when: {regime: skirmish}, rate: 0.03}
  breaks: {event: truce_breaks, actor: north, target: south, when: {fragile: true}, rate: 0.1}
  shell: {event: shell, actor: north, target: south, pick: post, where: {post: free}, when: {regime: war}, rate: 0.2}
interventions:
  sign: {on: 2022-09-01, event: truce, actor: north, target: south}
outcomes:
  broken: {count: deaths, window_days: 7, at_least: 100, headline: true}
"""
# An agreement on a day; a day on which nothing is dated; a day after the record. Another day is not in the folder.
AGREED = "interventions: {sign: null, t: {on: 2021-10-15, event: truce, actor: north, target: south}}"
NOTHING = "interventions: {sign: null}"
FOLDS = (
    ("idlib-2019-08-31", dt.date(2021, 10, 15), f"history: {{start: 2021-06-01}}\n{AGREED}"),
    ("idlib-2020-01-12", dt.date(2022, 9, 14), NOTHING),
    ("moscow-2020-03-06", dt.date(2022, 12, 1), NOTHING),
)
# Truces that nobody dated, of which free courses would have none; and an end of them.
OFFERS = {
    "rules.offer": (
        "{event: truce, actor: north, target: south, when: {truce: none, deaths_7d: {at_least: 50}}, rate: 0.1}"
    ),
    "rules.leave": "{event: truce_breaks, actor: north, target: south, when: {truce: lower}, rate: 0.02}",
}
FIRST = dt.date(2020, 1, 1)
DAYS = 1000
ORIGINS = dt.date(2021, 8, 2), dt.date(2021, 11, 30)  # of the back-tests: two truces and an attack


def scenario_file(folder: Path) -> Path:
    """The scenario in a folder, and beside it one that forecasts with fewer rules."""
    file = folder / "river.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    fewer = "extends: river.yaml\nname: fewer\nrules: {shell: {enabled: false}, breaks: {enabled: false}}\n"
    (folder / "article-only-rules.yaml").write_text(fewer, encoding="utf-8")
    for name, day, more in FOLDS:
        text = f"extends: river.yaml\nname: {name}\norigin: {day}\n{more}\n"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return file


def deaths(scenario: Path) -> list[float]:
    """Deaths a day that the model makes from its first opening on, without a history or a date."""
    begun = {"origin": str(FIRST), "history": "null", "interventions": "null", "horizon_days": str(DAYS)}
    made = next(iter(simulate(load(scenario, begun), 4, 0, [0])))
    return list(made.daily["deaths"])


def write_record(file: Path, days: list[float]) -> Path:
    """Deaths a day from `FIRST` on as a file."""
    rows = [f"{FIRST + dt.timedelta(k)},1,{number:g},{number:g},{number:g}" for k, number in enumerate(days)]
    file.write_text("\n".join(["date,events,best,low,high", *rows]) + "\n", encoding="utf-8")
    return file


def plan(scenario: Path, **changes: Any) -> Plan:
    """A small back-test of it."""
    usual = Plan(str(scenario), *ORIGINS, alignments=2, trials=24, sets=4, parameters="scenario", horizons=(7, 28))
    return replace(usual, **changes)


class FakeFit:
    """Gives each row the mean of what is known as that of the quiet regime, and remembers what it was asked."""

    asked: ClassVar[list[tuple[str, dt.date, int]]] = []

    def __init__(self, scenario: Scenario, record: Record, rows: int, seed: int) -> None:
        self.scenario, self.record, self.n = scenario, record, rows
        assert record.first == scenario.history.start and scenario.posterior is None

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        assert until < self.scenario.origin  # what is fitted to has been lived through
        known = self.record.until(until)
        FakeFit.asked.append((self.scenario.name, until, len(known)))
        return [self._row(float(np.mean(known)), k) for k in range(self.n)]

    def _row(self, mean: float, k: int) -> dict[str, float]:
        return {"fighting.regimes.quiet.mean": 0.5 + mean / 100 + k / 100}
