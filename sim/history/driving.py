"""From the history to the state at the origin: the dated past is lived through without dice, what it leaves open is
sampled.

`origin_of(fixed, compiled)` drives the state day by day: the chronology's events take effect, the recorded deaths are
entered, people leave as they would on a median day (corrected to the cited totals). The regime at the origin is not
taken from the chronology but filtered from the deaths; `begin_trial` samples it, and whether the truce is of the
fragile kind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.conflict import state as st
from sim.conflict.beginning import begin
from sim.conflict.effects import end_truce
from sim.conflict.events import happen
from sim.conflict.ground import survey
from sim.conflict.perceive import Context
from sim.conflict.processes import bury, displace, forget_yesterday, grow_older
from sim.draws import Address, address
from sim.history.contradictions import Disagreement, disagreements
from sim.history.emissions import Observation
from sim.history.filtering import Floats, follow
from sim.history.markov import Chain, chain
from sim.history.truce import WEEK, Truce, fragile_probability, truce_is_dead
from sim.scenario.compiling import Compiled, Past
from sim.scenario.layout import LEVELS
from sim.scenario.schema import Fighting, Scenario

NOWHERE = address(0)  # the past draws nothing
BY_NUMBER = {number: name for name, number in LEVELS.items()}


@dataclass(frozen=True)
class Origin:
    """The state on the eve of the origin, and what is uncertain in it.

    `state` is the driven state; `regimes` the filtered probabilities, from low to high, and `memory` what each of them
    would remember of past deaths; `fragile` the probability that a truce in force is of the fragile kind;
    `disagreements` what chronology and deaths contradict each other about.
    """

    state: list[float]
    regimes: list[float]
    memory: list[float]
    fragile: float
    disagreements: list[Disagreement]

    @property
    def beginnings(self) -> list[float]:
        """What a trial draws its regime from: probabilities, then memories."""
        return self.regimes + self.memory


def origin_of(fixed: Scenario, compiled: Compiled, truces_die_by_deaths: bool = False) -> Origin:
    """Drive the state to the eve of the origin, as `lived_days` does. The scenario's numbers must be plain."""
    s, truces = list(compiled.initial), []
    for truce, state in lived_days(fixed, compiled, truces_die_by_deaths):
        s = state
        truces.append(truce)
    begin_counting(s, compiled.tables)
    regimes, memory, path, observed = _filtered(fixed, compiled, truces, s)
    return Origin(s, regimes, memory, fragile_of(fixed, s), _contradictions(fixed, compiled, path, observed))


def begin_trial(origin: Origin, compiled: Compiled, at: Address) -> list[float]:
    """The state at the origin for one trial: regime and kind of truce are drawn, all else is as driven."""
    s = list(origin.state)
    begin(s, compiled.tables, at, origin.beginnings, origin.fragile)
    return s


# --- the past, day by day -------------------------------------------------------------------------------------------


def lived_days(
    fixed: Scenario, compiled: Compiled, truces_die_by_deaths: bool = False
) -> Iterator[tuple[Truce, list[float]]]:
    """The truce under which each day of the history was lived, and the state at its end; one list, changed daily.

    Truces end as the chronology has it, or by `truce_is_dead`: then what the chronology dates as their breaking, which
    those chose who knew what followed, is left out, and happens on the day on which they are dead; an attack of the
    past opens in spite of a truce.
    """
    s, c = list(compiled.initial), compiled.tables
    survey(s, c)
    deaths, ends = _daily(fixed), _truce_ends(c)
    past = [event for event in compiled.past if not (truces_die_by_deaths and event.event in ends)]
    for day in range(int(s[st.DAY]) + 1, 1):
        today = fixed.origin + dt.timedelta(day - 1)
        _live_through(s, fixed, compiled, day, deaths.get(today, 0.0), past, truces_die_by_deaths)
        truce = truce_of(s)
        if truces_die_by_deaths and s[st.TRUCE] != st.NO_TRUCE and truce_is_dead([s[st.TRUCE_DEATHS_7D]]):
            for event in ends[:1]:
                _take_place(s, c, Past("", day, event, c.side_one, c.side_two, -1, -1, -1))
            end_truce(s)
        yield truce, s


def _truce_ends(c: st.Tables) -> list[int]:
    """The event types that are the mere end of a truce."""
    return [event for event in range(len(c.events) // st.EVENT) if _breaks_a_truce(c, event)]


def _breaks_a_truce(c: st.Tables, event: int) -> bool:
    """Whether an event type is the mere end of a truce: none stands after it, and the fighting is as before it."""
    verbs = {verb for verb, _ in _verbs(c, event)}
    return st.END_TRUCE in verbs and st.RESTORE_REGIME in verbs


def _take_place(s: list[float], c: st.Tables, past: Past) -> None:
    of = Context(past.by, past.against, past.place, past.post)
    happen(s, c, NOWHERE, 0, st.DUE, 0.0, 0.0, st.NO_RULE, past.event, of, -1, past.given, False, [])


def _live_through(
    s: list[float], fixed: Scenario, compiled: Compiled, day: int, deaths: float, events: Sequence[Past], held: bool
) -> None:
    """One day of the past; `held`: no event of it ends a truce."""
    c = compiled.tables
    s[st.DAY] = float(day)
    forget_yesterday(s, c)
    grow_older(s, c)
    for past in events:
        if past.day == day:
            truce = s[st.TRUCE : st.FRAGILE + 1]
            _take_place(s, c, past)
            if held and s[st.TRUCE] == st.NO_TRUCE:
                s[st.TRUCE : st.FRAGILE + 1] = truce
    bury(s, c, deaths)
    displace(s, c, NOWHERE, 0, False, [])
    cited = fixed.history.displaced.get(fixed.origin + dt.timedelta(day - 1))
    if cited is not None:
        _correct_displaced(s, c, cited)


def _correct_displaced(s: list[float], c: st.Tables, cited: float) -> None:
    """Scale how many have left, sector by sector, so that their sum is the cited total (thousand)."""
    places = range(c.n_places)
    all_people = [s[c.exposed + k] + s[c.left + k] for k in places]
    left = sum(s[c.left + k] for k in places)
    weights = [s[c.left + k] if left > 0.0 else all_people[k] for k in places]
    total = sum(weights)
    for k in places:
        gone = min(all_people[k], cited * weights[k] / total) if total > 0.0 else 0.0
        s[c.left + k], s[c.exposed + k] = gone, all_people[k] - gone
    s[st.NEWLY_DISPLACED] = max(0.0, cited - s[st.DISPLACED])
    s[st.DISPLACED] = cited


def begin_counting(s: list[float], c: st.Tables) -> None:
    """What counts from the origin on starts at zero."""
    for k in (st.DEATHS_TOTAL, st.PEAK_RUNG, st.FIRST_RULE, st.FIRST_PARTY, st.LOGGED, st.PATRON_KILLED):
        s[k] = 0.0
    for party in range(c.n_parties):
        s[c.lost + party] = 0.0
    for dyad in range(c.n_dyads):
        s[c.dyad_peak + dyad] = 0.0


def _daily(fixed: Scenario) -> dict[dt.date, float]:
    """Deaths by day: the recorded ones, or weekly sums spread evenly."""
    if fixed.history.daily_deaths:
        return dict(fixed.history.daily_deaths)
    days = {}
    for last, deaths in fixed.history.weekly_deaths.items():
        for back in range(WEEK):
            days[last - dt.timedelta(back)] = deaths / WEEK
    return days


# --- what is uncertain ----------------------------------------------------------------------------------------------


def observations(fixed: Scenario) -> tuple[dt.date, list[Observation]]:
    """The first day observed, and the observations in order up to the eve of the origin."""
    history = fixed.history
    eve = fixed.origin - dt.timedelta(1)
    if history.daily_deaths:
        first = min(history.daily_deaths)
        days = (first + dt.timedelta(k) for k in range((eve - first).days + 1))
        return first, [Observation(history.daily_deaths.get(day)) for day in days]
    if not history.weekly_deaths:
        return fixed.origin, []
    first = min(history.weekly_deaths) - dt.timedelta(WEEK - 1)
    return first, list(_weeks(first, eve, history.weekly_deaths))


def _weeks(first: dt.date, eve: dt.date, weekly: Mapping[dt.date, float]) -> Iterator[Observation]:
    """Weekly sums in order; days that none of them covers stand as days without record."""
    day = first
    while day <= eve:
        last = day + dt.timedelta(WEEK - 1)
        if last in weekly:
            yield Observation(weekly[last], WEEK)
            day = last + dt.timedelta(1)
        else:
            yield Observation(None)
            day += dt.timedelta(1)


def truce_of(s: list[float]) -> Truce:
    """The truce in force in a driven state, as the filter takes it."""
    return Truce(BY_NUMBER[int(s[st.TRUCE])], int(s[st.TRUCE_AGE]), s[st.OVERDUE] > 0.0)


def chain_of(fighting: Fighting) -> Chain | None:
    """The hidden chain of a scenario's fighting; None where it has no drift.

    Its numbers must be plain, or arrays (n,) for many chains at once.
    """
    if fighting.drift is None:
        return None
    drift: Any = fighting.drift
    regimes: Any = {name: (regime.mean, regime.size) for name, regime in fighting.regimes.items()}
    excitation: Any = (fighting.excitation.share, fighting.excitation.half_life_days)
    lost: Any = fighting.reporting.lost
    ratios = {"overdue_ratio": drift.overdue_ratio, "age_ratio": drift.age_ratio}
    return chain(regimes, drift.rates, drift.truce_down, drift.truce_ratio, excitation=excitation, lost=lost, **ratios)


def _filtered(
    fixed: Scenario, compiled: Compiled, truces: list[Truce], s: list[float]
) -> tuple[list[float], list[float], Floats | None, Any]:
    """Probabilities and memory of the regimes at the origin, the filter's path, and what it observed.

    Without a drift, or without observed deaths, they are the driven regime and memory.
    """
    first, observed = observations(fixed)
    hidden, regimes = chain_of(fixed.fighting), range(compiled.tables.n_regimes)
    if hidden is None or not observed:
        return [float(k == s[st.REGIME]) for k in regimes], [s[st.EXCITATION] for _ in regimes], None, (first, observed)
    path = follow(observed, hidden, _truces_from(fixed, compiled, truces, first))
    last = path.regimes[-1].tolist(), path.memory[-1].tolist()
    return *last, path.regimes[: len(observed)], (first, observed)


def _truces_from(fixed: Scenario, compiled: Compiled, truces: list[Truce], first: dt.date) -> list[Truce]:
    """One entry a day from the first day observed on; before the history began, none stood."""
    skipped = (compiled.start - first).days
    return [Truce()] * skipped + truces if skipped >= 0 else truces[-skipped:]


def fragile_of(fixed: Scenario, s: list[float]) -> float:
    """The probability that a truce in force is of the fragile kind."""
    drift = fixed.fighting.drift
    level = BY_NUMBER[int(s[st.TRUCE])]
    if drift is None or level not in drift.fragile:
        return s[st.FRAGILE]  # as the chronology has it
    prior: Any = drift.fragile[level]
    days: Any = drift.fragile_days
    return fragile_probability(prior, days, s[st.TRUCE_AGE])


def _contradictions(fixed: Scenario, compiled: Compiled, path: Floats | None, observed: Any) -> list[Disagreement]:
    """Offensives and truces of the chronology held against the deaths."""
    if path is None:
        return []
    c, top = compiled.tables, compiled.tables.n_regimes - 1
    offensives, truces = {}, {}
    for past in compiled.past:
        on = fixed.origin + dt.timedelta(past.day - 1)
        verbs = _verbs(c, past.event)
        if (st.TO_REGIME, top) in verbs and on >= observed[0]:
            offensives[past.name] = on
        if any(verb == st.BEGIN_TRUCE for verb, _ in verbs) and on >= observed[0]:
            truces[past.name] = (on, _broken(fixed, compiled, past.day))
    return disagreements(observed[0], observed[1], path, offensives, truces)


def _verbs(c: st.Tables, event: int) -> set[tuple[int, int]]:
    first, end = c.events[event * st.EVENT + st.E_EFFECTS], c.events[event * st.EVENT + st.E_EFFECTS_END]
    return {(c.effects[k * st.EFFECT + st.F_VERB], c.effects[k * st.EFFECT + st.F_ARGUMENT]) for k in range(first, end)}


def _broken(fixed: Scenario, compiled: Compiled, begun: int) -> dt.date | None:
    """The day on which the chronology ends or replaces a truce; None while it stands."""
    for past in compiled.past:
        ends = any(verb in (st.END_TRUCE, st.BEGIN_TRUCE) for verb, _ in _verbs(compiled.tables, past.event))
        if past.day > begun and ends:
            return fixed.origin + dt.timedelta(past.day - 1)
    return None
