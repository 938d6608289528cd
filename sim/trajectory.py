"""What a trial was: its row of results, its daily series, its events. Both engines return it.

`Decoder` reads the numbers of an engine back into names; it holds no state and calls no engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


class Status(IntEnum):
    """How a trial came out; `said` words the remedy."""

    DONE = st.DONE
    LOG_FULL = st.LOG_FULL
    NOT_FINITE = st.NOT_FINITE

    @property
    def said(self) -> str:
        """What a row says of such a trial."""
        return {
            Status.DONE: "",
            Status.LOG_FULL: "more events happened than the log has room for: run the trial with a longer one",
            Status.NOT_FINITE: "a number of the state is no longer finite: look for a quantity without bounds that "
            "feeds itself, or for a hazard ratio too large for its perception",
        }[self]


@dataclass(frozen=True)
class Column:
    """A column of a table: whole numbers, truths or reals; of text, the positions of each in `words`.

    `null` is true where there is nothing; None where nothing is missing.
    """

    values: NDArray[Any]
    null: NDArray[np.bool_] | None = None
    words: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def item(self, k: int) -> Any:
        """One value as a plain object, None where there is nothing."""
        if self.null is not None and self.null[k]:
            return None
        value = self.values[k].item()
        return value if self.words is None else self.words[value]


@dataclass(frozen=True)
class Block:
    """Many trials at once: a table with a row each, daily series as one array (trials, series, days), kept events.

    `events` is by position in the block. Engines that run many trials at a time return these, so that no number of a
    million trials has to become a Python object.
    """

    columns: dict[str, Column]
    series: tuple[str, ...]
    daily: NDArray[np.float64]
    events: dict[int, list[Event]]

    def row(self, k: int) -> dict[str, Any]:
        """One trial's row, as a plain dict."""
        return {name: column.item(k) for name, column in self.columns.items()}


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
        columns = self.columns(np.array([s]), origin, np.array([began]), np.array([deaths_7d]))
        return {name: column.item(0) for name, column in columns.items()}

    def columns(
        self, s: NDArray[np.float64], origin: Sequence[float], began: NDArray[np.float64], week: NDArray[np.float64]
    ) -> dict[str, Column]:
        """The same of many trials: last states (trials, states), regimes (trials,), seven-day deaths (trials, days)."""
        c, names = self.tables, self.names
        outcomes = {name: _days(s[:, c.outcome_day + k]) for k, name in enumerate(names.outcomes)}
        agreed, initiated = outcomes.get(NEW_AGREEMENT), outcomes.get(REBEL_INITIATED)
        first, crossed = s[:, st.FIRST_PARTY], outcomes[names.outcomes[c.headline]]
        columns = {
            "breakdown_day": crossed,
            "observed_days": _whole(s[:, st.DAY]),
            "collapse_day": outcomes["collapse"],
            "worst_level": _words(s[:, st.WORST_LEVEL], LEVEL_NAMES),
            "terminal_status": _words(s[:, st.LEVEL], LEVEL_NAMES),
            "first_mover_actor": _words(first - 1, names.parties, first == 0),
            "first_mover_rule": _words(s[:, st.FIRST_RULE] - 1, names.rules, first == 0),
            "crossing_actor": _words(s[:, c.outcome_party + c.headline] - 1, names.parties, crossed.null),
            "crossing_rule": self._crossing_rule(s[:, c.outcome_rule + c.headline], crossed.null),
        }
        columns |= {f"{name}_day": day for name, day in outcomes.items() if name in self.scenario.outcomes}
        columns |= {
            "agreement_effective": _effective(agreed, week, self.scenario.defaults.fray_deaths, len(s)),
            "rebel_initiated": _nothing(bool, len(s)) if initiated is None else Column(~_missing(initiated)),
            "deaths": _real(s[:, st.DEATHS_TOTAL]),
        }
        columns |= {f"deaths_{agent}": _real(s[:, c.lost + names.party(agent)]) for agent in names.agents}
        columns |= {
            "displaced": _real(s[:, st.DISPLACED]),
            "places_lost": _whole(s[:, st.PLACES_LOST] - origin[st.PLACES_LOST]),
            "posts_encircled": _whole(s[:, st.POSTS_ENCIRCLED]),
            "peak_rung": _whole(s[:, st.PEAK_RUNG]),
        }
        taken = self.layout.at["taken"]
        columns |= {f"taken.{place}": _real(s[:, taken + k]) for k, place in enumerate(names.places)}
        columns |= {f"peak_rung.{a}.{b}": _whole(s[:, c.dyad_peak + k]) for k, (a, b) in self._agent_dyads()}
        return columns | {"regime_at_origin": _words(began, names.regimes), "error": _nothing(int, len(s), words=())}

    def _agent_dyads(self) -> list[tuple[int, tuple[str, str]]]:
        agents = set(self.names.agents)
        return [(k, pair) for k, pair in enumerate(self.names.dyads) if set(pair) <= agents]

    def empty_row(self, error: str) -> dict[str, Any]:
        """The row of a trial that failed: its error, and nothing else."""
        zeros = [0.0] * self.tables.n_state
        row = self.row(zeros, zeros, 0.0, [])
        return dict.fromkeys(row) | {"error": error}

    def _crossing_rule(self, rules: NDArray[np.float64], null: NDArray[np.bool_] | None) -> Column:
        """Rules count from 1; a negative number is an intervention, none the fighting itself."""
        words = (*self.names.rules, INTERVENTION, FIGHTING)
        other = np.where(rules < 0.0, len(words) - 2, len(words) - 1)
        return _words(np.where(rules > 0.0, rules - 1, other), words, null)


def with_errors(columns: Mapping[str, Column], errors: Mapping[int, str]) -> dict[str, Column]:
    """The table with some trials failed, by position: nothing is left of them but their address and their error."""
    if not errors:
        return dict(columns)
    failed = np.zeros(len(columns["error"]), dtype=np.bool_)
    failed[list(errors)] = True
    said = tuple(dict.fromkeys(errors.values()))
    codes = np.array([said.index(errors[k]) if k in errors else 0 for k in range(len(failed))])
    kept = {name: columns[name] for name in ("set", "trial") if name in columns}
    blank = {name: Column(it.values, _missing(it) | failed, it.words) for name, it in columns.items()}
    return blank | kept | {"error": Column(codes, ~failed, said)}


def _real(numbers: NDArray[np.float64]) -> Column:
    """A copy, since a view would keep the states of all trials in memory."""
    return Column(numbers.copy())


def _whole(numbers: NDArray[np.float64], null: NDArray[np.bool_] | None = None) -> Column:
    return Column(numbers.astype(np.int64), null)


def _days(numbers: NDArray[np.float64]) -> Column:
    """Days count from 1; 0 is never."""
    return _whole(numbers, ~(numbers > 0.0))


def _words(positions: NDArray[Any], words: Sequence[str], null: NDArray[np.bool_] | None = None) -> Column:
    return Column(positions.astype(np.int64), null, tuple(words))


def _nothing(kind: type, n: int, words: tuple[str, ...] | None = None) -> Column:
    return Column(np.zeros(n, dtype=kind), np.ones(n, dtype=np.bool_), words)


def _missing(column: Column) -> NDArray[np.bool_]:
    return np.zeros(len(column), dtype=np.bool_) if column.null is None else column.null


def _effective(agreed: Column | None, week: NDArray[np.float64], fray: float, n: int) -> Column:
    """Whether deaths were below `fray` a fortnight into a new agreement; null without one, or if the trial ends first.

    `week` are the seven-day deaths, (n, days), NaN after a trial's last day.
    """
    days = week.shape[1]
    if agreed is None or days == 0:
        return _nothing(bool, n)
    last = agreed.values + EFFECTIVE_AFTER - 1
    found = week[np.arange(n), np.minimum(last, days - 1)]
    return Column(found < fray, _missing(agreed) | (last >= days) | np.isnan(found))
