"""What a trial was: its row of results, its daily series, its events. Both engines return it.

`Decoder` reads the numbers of an engine back into names; it holds no state and calls no engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sim.conflict import state as st
from sim.scenario.compiling import Compiled
from sim.scenario.layout import EXCHANGE, WORLD
from sim.scenario.schema import Scenario

LEVEL_NAMES = ("hold", "fray", "collapse")
PHASES = ("due", "initiative", "reaction", "daily")
FIGHTING, DISPLACEMENT, INTERVENTION = "fighting", "displacement", "intervention"
EFFECTIVE_AFTER = 14  # days: a new agreement is effective if seven-day deaths are below those of fray by then
NEW_AGREEMENT, REBEL_INITIATED = "new_agreement", "rebel_initiated"
DAILY_WORLD = ("deaths_7d", "displaced", "regime", "truce", "integrity", "posts_encircled", "places_lost")


@dataclass(frozen=True)
class Factor:
    """One factor of a hazard: a perception, its value that day, and the ratio it stands for."""

    perception: str
    value: float
    ratio: float


@dataclass(frozen=True)
class Event:
    """One event of a trial. `day` 1 is the origin day; `void` means that it rang but its gates no longer held."""

    day: int
    phase: str
    time: float
    rule: str
    event: str
    by: str | None
    against: str | None
    place: str | None
    post: str | None
    void: bool
    marks: dict[str, float]
    hazard: float = 0.0
    factors: tuple[Factor, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Trajectory:
    """One trial: `row` for the table of trials, `daily` series of one value a day, `events` in order (if kept)."""

    row: dict[str, Any]
    daily: dict[str, list[float]]
    events: list[Event]


@dataclass(frozen=True)
class Block:
    """Many trials at once: rows, daily series as one array (trials, series, days), the events that are kept.

    `events` is by position in the block. Engines that run many trials at a time return these, so that no number of a
    million trials has to become a Python object.
    """

    rows: list[dict[str, Any]]
    series: tuple[str, ...]
    daily: Any
    events: dict[int, list[Event]]


class Decoder:
    """Reads states and logs of a compiled scenario back into names."""

    def __init__(self, scenario: Scenario, compiled: Compiled) -> None:
        self.scenario, self.compiled = scenario, compiled
        self.tables, self.names, self.layout = compiled.tables, compiled.names, compiled.layout

    @property
    def log_width(self) -> int:
        """Numbers in a row of the log."""
        return st.L_MARKS + self.tables.n_marks

    # --- daily series ------------------------------------------------------------------------------------------------

    @cached_property
    def _read(self) -> set[int]:
        """Addresses that some rule's gate or ratio reads: a party's quantity that none reads is no series."""
        c = self.tables
        gates = {c.gates[k * st.GATE + st.G_BASE] for k in range(len(c.gates) // st.GATE)}
        return gates | {c.ratios[k * st.RATIO + st.Q_BASE] for k in range(len(c.ratios) // st.RATIO)}

    @cached_property
    def series(self) -> dict[str, int]:
        """Name of each daily series that is read straight from the state, with its address."""
        at, names = self.layout.at, self.names
        series = {"deaths": st.DEATHS} | {name: WORLD[name] for name in DAILY_WORLD}
        for quantity, (of, base, _) in self.layout.quantities.items():
            if of == "world":
                series[quantity] = base
            if of == "actor":
                read = ((k, party) for k, party in enumerate(names.parties[:-1]) if base + k in self._read)
                series |= {f"{quantity}.{party}": base + k for k, party in read}
        series |= {f"taken.{place}": at["taken"] + k for k, place in enumerate(names.places)}
        agents = set(names.agents)
        series |= {f"rung.{a}.{b}": at["rung"] + k for k, (a, b) in enumerate(names.dyads) if {a, b} <= agents}
        return series

    def series_names(self) -> list[str]:
        """All daily series, in order."""
        return [*self.series, "rung"]

    def today(self, s: Sequence[float]) -> list[float]:
        """The daily series' values of one state, in the order of `series_names`."""
        values = [s[address] for address in self.series.values()]
        return [*values, max((values[k] for k in self.rung_columns), default=0.0)]

    @cached_property
    def rung_columns(self) -> list[int]:
        """Positions of the dyads' rungs among the series; their maximum is the series `rung`."""
        return [k for k, name in enumerate(self.series) if name.startswith("rung.")]

    # --- events
    # --------------------------------------------------------------------------------------------------------

    def events(self, log: Sequence[float], rows: int) -> list[Event]:
        """The first `rows` rows of a log as events."""
        width = self.log_width
        return [self._event(log[k * width : (k + 1) * width]) for k in range(rows)]

    def _event(self, row: Sequence[float]) -> Event:
        number, rule = int(row[st.L_EVENT]), int(row[st.L_RULE])
        own = {st.FIGHTING_EVENT: (FIGHTING, "deaths"), st.DISPLACEMENT_EVENT: (DISPLACEMENT, "share")}.get(number)
        name = own[0] if own else self.names.events[number]
        marks = [own[1]] if own else self.names.marks[name]
        by, against = self._party(row[st.L_PARTY]), self._party(row[st.L_TARGET])
        maker = own[0] if own else INTERVENTION
        return Event(
            day=int(row[st.L_DAY]), phase=PHASES[int(row[st.L_PHASE])], time=row[st.L_TIME],
            rule=self.names.rules[rule] if rule >= 0 else maker, event=name, by=by, against=against,
            place=self.names.places[int(row[st.L_PLACE])] if row[st.L_PLACE] >= 0 else None,
            post=self.names.posts[int(row[st.L_POST])] if row[st.L_POST] >= 0 else None,
            void=bool(row[st.L_VOID]), marks={m: row[st.L_MARKS + k] for k, m in enumerate(marks)},
            hazard=row[st.L_HAZARD],
        )  # fmt: skip

    def _party(self, number: float) -> str | None:
        name = self.names.parties[int(number)]
        return None if name == EXCHANGE else name

    # --- the row
    # ---------------------------------------------------------------------------------------------------------

    def row(
        self, s: Sequence[float], origin: Sequence[float], began: float, deaths_7d: Sequence[float]
    ) -> dict[str, Any]:
        """The results of a trial: from its last state, the driven state at the origin, the regime that it began in, and
        the seven-day deaths of each day.
        """
        c, names = self.tables, self.names
        outcomes = {name: _day(s[c.outcome_day + k]) for k, name in enumerate(names.outcomes)}
        headline = names.outcomes[c.headline]
        known = set(self.scenario.outcomes)
        row: dict[str, Any] = {
            "breakdown_day": outcomes[headline],
            "observed_days": int(s[st.DAY]),
            "collapse_day": outcomes["collapse"],
            "worst_level": LEVEL_NAMES[int(s[st.WORST_LEVEL])],
            "terminal_status": LEVEL_NAMES[int(s[st.LEVEL])],
            "first_mover_actor": self._who(s[st.FIRST_PARTY]) if s[st.FIRST_PARTY] else None,
            "first_mover_rule": self._rule(s[st.FIRST_RULE]) if s[st.FIRST_PARTY] else None,
            "crossing_actor": self._who(s[c.outcome_party + c.headline]) if outcomes[headline] else None,
            "crossing_rule": self._crossing_rule(s) if outcomes[headline] else None,
        }
        row |= {f"{name}_day": day for name, day in outcomes.items() if name in known}
        row |= {
            "agreement_effective": _effective(
                outcomes.get(NEW_AGREEMENT), deaths_7d, self.scenario.defaults.fray_deaths
            ),
            "rebel_initiated": outcomes.get(REBEL_INITIATED) is not None if REBEL_INITIATED in outcomes else None,
            "deaths": s[st.DEATHS_TOTAL],
        }
        row |= {f"deaths_{agent}": s[c.lost + names.party(agent)] for agent in names.agents}
        row |= {
            "displaced": s[st.DISPLACED],
            "places_lost": int(s[st.PLACES_LOST] - origin[st.PLACES_LOST]),
            "posts_encircled": int(s[st.POSTS_ENCIRCLED]),
            "peak_rung": int(s[st.PEAK_RUNG]),
        }
        row |= {f"peak_rung.{a}.{b}": int(s[c.dyad_peak + k]) for k, (a, b) in self._agent_dyads()}
        row |= {
            "regime_at_origin": names.regimes[int(began)],
            "error": None,
        }
        return row

    def _agent_dyads(self) -> list[tuple[int, tuple[str, str]]]:
        agents = set(self.names.agents)
        return [(k, pair) for k, pair in enumerate(self.names.dyads) if set(pair) <= agents]

    def empty_row(self, error: str) -> dict[str, Any]:
        """The row of a trial that failed: its error, and nothing else."""
        zeros = [0.0] * self.tables.n_state
        row = self.row(zeros, zeros, 0.0, [])
        return dict.fromkeys(row) | {"error": error}

    def _who(self, number: float) -> str:
        return self.names.parties[int(number) - 1]

    def _rule(self, number: float) -> str:
        return self.names.rules[int(number) - 1]

    def _crossing_rule(self, s: Sequence[float]) -> str:
        c = self.tables
        rule = s[c.outcome_rule + c.headline]
        if rule > 0.0:
            return self._rule(rule)
        return INTERVENTION if rule < 0.0 else FIGHTING


def _day(number: float) -> int | None:
    return int(number) if number > 0.0 else None


def _effective(agreed: int | None, deaths_7d: Sequence[float], fray: float) -> bool | None:
    """Whether deaths were below `fray` a fortnight into a new agreement; None without one, or if it ends first."""
    if agreed is None or agreed + EFFECTIVE_AFTER > len(deaths_7d):
        return None
    return deaths_7d[agreed + EFFECTIVE_AFTER - 1] < fray
