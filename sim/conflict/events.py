"""What happens in an event: its marks are drawn, its effects change the state, and it is counted and logged.

Events, beside daily decay, are the only way the state changes.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from math import exp

from sim.conflict.effects import take_effect
from sim.conflict.perceive import Context, gates_hold, locate, ratio_product
from sim.conflict.state import (
    C_GATES,
    C_GATES_END,
    C_LAW,
    C_RATIOS,
    C_RATIOS_END,
    C_SCALE,
    C_SCALE_SCOPE,
    C_SIZES,
    C_SIZES_END,
    C_WHOLE,
    CASE,
    CASE_A,
    CASE_B,
    CASE_HAZARD,
    CASE_LEAST,
    CASE_MOST,
    CASE_REALS,
    DAY,
    E_EFFECTS,
    E_EFFECTS_END,
    E_MARKS,
    E_MARKS_END,
    E_RUNG,
    E_TALLIES,
    E_TALLIES_END,
    EVENT,
    FIRST_MOVE,
    FIRST_PARTY,
    FIRST_RULE,
    L_DAY,
    L_EVENT,
    L_HAZARD,
    L_MARKS,
    L_PARTY,
    L_PHASE,
    L_PLACE,
    L_POST,
    L_RULE,
    L_TARGET,
    L_TIME,
    L_VOID,
    LOGGED,
    LOGNORMAL,
    M_CASES,
    M_CASES_END,
    M_RUNG,
    MARK,
    NEGATIVE_BINOMIAL,
    NO_RULE,
    NO_RUNG,
    PEAK_RUNG,
    POISSON,
    UNIFORM,
    State,
    Tables,
)
from sim.draws import Address, lognormal, negative_binomial, poisson, uniform

MARK_SLOTS = 2  # marks take two slots each, after those of the clock and the pick


def happen(
    s: State, c: Tables, at: Address, day: int, phase: int, time: float, h: float, rule: int, event: int, of: Context,
    stream: int, given: int, void: bool, log_rows: MutableSequence[float],
) -> None:  # fmt: skip
    """Make one event happen, or log it as void; `given` is where its given marks stand (-1: all are drawn)."""
    row = event * EVENT
    first = c.events[row + E_MARKS]
    marks = c.events[row + E_MARKS_END] - first
    for k in range(marks):
        s[c.marks + k] = 0.0
    rung = NO_RUNG
    if not void:
        for k in range(marks):
            s[c.marks + k] = mark_value(s, c, at, day, first + k, k, of, stream, given)
        for effect in range(c.events[row + E_EFFECTS], c.events[row + E_EFFECTS_END]):
            take_effect(s, c, effect, of)
        rung = rung_of(s, c, event)
        climb(s, c, rung, of)
        count(s, c, event, rule, rung, of)
    write(s, c, log_rows, day, phase, time, rule, event, of, void, h, marks)


def mark_value(
    s: State, c: Tables, at: Address, day: int, mark: int, position: int, of: Context, stream: int, given: int
) -> float:
    """One mark: as given, or drawn by the first case whose gates hold (0 where none does)."""
    if given >= 0 and c.given[given + 2 * position + 1] != 0.0:
        return c.given[given + 2 * position]
    if stream < 0:  # the past: nothing is drawn
        return 0.0
    for case in range(c.mark_rows[mark * MARK + M_CASES], c.mark_rows[mark * MARK + M_CASES_END]):
        row = case * CASE
        if gates_hold(s, c, c.cases[row + C_GATES], c.cases[row + C_GATES_END], of):
            slot = 2 + MARK_SLOTS * position
            h = c.case_reals[case * CASE_REALS + CASE_HAZARD]
            h *= ratio_product(s, c, c.cases[row + C_RATIOS], c.cases[row + C_RATIOS_END], of)
            u = uniform(at, day, stream, slot)
            if h <= 0.0 or u <= exp(-h):
                return 0.0
            return size(s, c, case, of, uniform(at, day, stream, slot + 1))
    return 0.0


def size(s: State, c: Tables, case: int, of: Context, u: float) -> float:
    """How large a mark is, by the case's law; scale and ratios multiply its location."""
    row = case * CASE
    reals = case * CASE_REALS
    factor = ratio_product(s, c, c.cases[row + C_SIZES], c.cases[row + C_SIZES_END], of)
    if c.cases[row + C_SCALE] >= 0:
        factor *= s[locate(c, c.cases[row + C_SCALE], c.cases[row + C_SCALE_SCOPE], of)]
    a = c.case_reals[reals + CASE_A] * factor
    b = c.case_reals[reals + CASE_B]
    law = c.cases[row + C_LAW]
    value = a
    if law == UNIFORM:
        value = a + (b * factor - a) * u
    elif law == LOGNORMAL:
        value = lognormal(u, a, b)
    elif law == POISSON:
        value = poisson(u, a)
    elif law == NEGATIVE_BINOMIAL:
        value = negative_binomial(u, a, b)
    value = min(max(value, c.case_reals[reals + CASE_LEAST]), c.case_reals[reals + CASE_MOST])
    if c.cases[row + C_WHOLE] != 0:
        value = float(int(value + 0.5))
    return value


def rung_of(s: State, c: Tables, event: int) -> int:
    """The rung the event stands for: its own, or the highest of the marks that happened."""
    row = event * EVENT
    rung = c.events[row + E_RUNG]
    first = c.events[row + E_MARKS]
    for mark in range(first, c.events[row + E_MARKS_END]):
        if s[c.marks + mark - first] != 0.0:
            rung = max(rung, c.mark_rows[mark * MARK + M_RUNG])
    return rung


def climb(s: State, c: Tables, rung: int, of: Context) -> None:
    """Raise the dyad's rung and hostility; a rung below zero sets it."""
    dyad = c.dyad_of[of.by * c.n_parties + of.against]
    if rung == NO_RUNG or dyad < 0:
        return
    if rung > s[c.rung + dyad] or rung < 0:
        s[c.rung + dyad] = float(rung)
    if rung > 0:
        s[c.hostility_fast + dyad] += rung
        s[c.hostility_slow + dyad] += rung
    if rung > s[c.dyad_peak + dyad]:
        s[c.dyad_peak + dyad] = float(rung)
    if rung > s[PEAK_RUNG]:
        s[PEAK_RUNG] = float(rung)


def count(s: State, c: Tables, event: int, rule: int, rung: int, of: Context) -> None:
    """Count the event: when it last happened, how often, by whom; and who moved first."""
    s[c.since + event] = 0.0
    s[c.happened + event] += 1.0
    s[c.last_rule + event] = rule + 1.0 if rule != NO_RULE else -1.0
    s[c.last_party + event] = of.by + 1.0
    for k in range(c.events[event * EVENT + E_TALLIES], c.events[event * EVENT + E_TALLIES_END]):
        party = c.tallies[2 * k]
        if party < 0 or party == of.by or party == c.agent_of[of.by]:
            s[c.tallies[2 * k + 1]] += 1.0
    blames_somebody = rule != NO_RULE and of.by < c.n_parties - 1
    if blames_somebody and s[DAY] >= 1.0 and s[FIRST_RULE] == 0.0 and rung >= c.limits[FIRST_MOVE]:
        s[FIRST_RULE] = rule + 1.0
        s[FIRST_PARTY] = of.by + 1.0


def write(
    s: State, c: Tables, log_rows: MutableSequence[float], day: int, phase: int, time: float, rule: int, event: int,
    of: Context, void: bool, h: float, marks: int,
) -> None:  # fmt: skip
    """Write the event to the log, if there is room; the count of rows goes on, so that a short log is noticed."""
    width = L_MARKS + c.n_marks
    at = int(s[LOGGED]) * width
    s[LOGGED] += 1.0
    if at + width > len(log_rows):
        return
    log_rows[at + L_DAY] = float(day)
    log_rows[at + L_PHASE] = float(phase)
    log_rows[at + L_TIME] = time
    log_rows[at + L_RULE] = float(rule)
    log_rows[at + L_EVENT] = float(event)
    log_rows[at + L_PARTY] = float(of.by)
    log_rows[at + L_TARGET] = float(of.against)
    log_rows[at + L_PLACE] = float(of.place)
    log_rows[at + L_POST] = float(of.post)
    log_rows[at + L_VOID] = 1.0 if void else 0.0
    log_rows[at + L_HAZARD] = h
    for k in range(c.n_marks):
        log_rows[at + L_MARKS + k] = s[c.marks + k] if k < marks else 0.0
