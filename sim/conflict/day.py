"""A day of the conflict, from morning to evening."""

from __future__ import annotations

from collections.abc import MutableSequence

from sim.conflict.clocks import ask, begin_phase, settle
from sim.conflict.events import happen
from sim.conflict.outcomes import judge
from sim.conflict.perceive import Context, gates_hold, open_rules
from sim.conflict.processes import displace, fight, forget_yesterday, grow_older
from sim.conflict.state import (
    DAY,
    DONE,
    DUE,
    I_DAY,
    I_EVENT,
    I_GATES,
    I_GATES_END,
    I_GIVEN,
    I_PARTY,
    I_PLACE,
    I_POST,
    I_STREAM,
    I_TARGET,
    INITIATIVE,
    INTERVENTION,
    NO_DATE,
    NO_RULE,
    NOT_FINITE,
    REACTION,
    WITH_LAST,
    State,
    Tables,
)
from sim.draws import Address


def day(s: State, c: Tables, at: Address, log: MutableSequence[float]) -> None:
    """Live through one day: what is due, the initiative, the reaction, the daily processes, the outcomes."""
    today = open_day(s, c, at, log)
    for phase in (INITIATIVE, REACTION):
        begin_phase(s, c)
        for block in range(c.phases[phase - INITIATIVE], c.phases[phase - INITIATIVE + 1]):
            ask(s, c, at, today, block, open_rules(s, c, block))
        settle(s, c, at, today, phase, log)
    close_day(s, c, at, today, log)


def outcome_of_trial(s: State, c: Tables) -> int:
    """Whether the state of a trial at its end can be believed: DONE, or NOT_FINITE where a number overflowed."""
    for k in range(c.weights):  # all but scratch
        if s[k] - s[k] != 0.0:  # infinity and nan: every other number less itself is nothing
            return NOT_FINITE
    return DONE


def open_day(s: State, c: Tables, at: Address, log: MutableSequence[float]) -> int:
    """Morning: everything is a day older, and what is due happens."""
    s[DAY] += 1.0
    today = int(s[DAY])
    forget_yesterday(s, c)
    grow_older(s, c)
    intervene(s, c, at, today, log)
    return today


def close_day(s: State, c: Tables, at: Address, today: int, log: MutableSequence[float]) -> None:
    """Evening: the day's deaths and displaced people, then what has come true."""
    fight(s, c, at, today, log)
    displace(s, c, at, today, True, log)
    judge(s, c)


def intervene(s: State, c: Tables, at: Address, today: int, log: MutableSequence[float]) -> None:
    """Make the scenario's interventions happen: on their date, or once on the first day that their gates hold."""
    last = False  # whether the row before has just happened
    for k in range(c.n_interventions):
        row = k * INTERVENTION
        date = c.interventions[row + I_DAY]
        due = last if date == WITH_LAST else s[c.fired_already + k] == 0.0 and (date == NO_DATE or date == today)
        last = False
        if not due:
            continue
        of = Context(c.interventions[row + I_PARTY], c.interventions[row + I_TARGET],
                     c.interventions[row + I_PLACE], c.interventions[row + I_POST])  # fmt: skip
        if gates_hold(s, c, c.interventions[row + I_GATES], c.interventions[row + I_GATES_END], of):
            s[c.fired_already + k] = 1.0
            last = True
            happen(s, c, at, today, DUE, 0.0, 0.0, NO_RULE, c.interventions[row + I_EVENT], of,
                   c.interventions[row + I_STREAM], c.interventions[row + I_GIVEN], False, log)  # fmt: skip
