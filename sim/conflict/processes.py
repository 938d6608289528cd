"""What goes on every day whoever acts: ageing, the day's deaths, people leaving their homes."""

from __future__ import annotations

from collections.abc import MutableSequence

from sim.conflict.effects import answer, count_overdue, offer
from sim.conflict.events import write
from sim.conflict.perceive import Context, ratio_product
from sim.conflict.state import (
    ATTACKS,
    CALM_DAYS,
    D_BASE,
    D_LENGTH,
    DAILY,
    DAY,
    DEADLINE_LINGERS,
    DEATHS,
    DEATHS_7D,
    DEATHS_TOTAL,
    DECAY,
    DISPLACED,
    DISPLACEMENT_EVENT,
    DRIFTS_UP_TO,
    EXCITATION,
    EXCITATION_FACTOR,
    EXCITATION_SHARE,
    FIGHTING_EVENT,
    LEAVE_RATE,
    LEAVE_SIGMA,
    NEVER,
    NEWLY_DISPLACED,
    NO_DEADLINE,
    NO_RULE,
    NO_TRUCE,
    OBSERVED_DAYS,
    OFFERS,
    PASSED,
    PATRON_KILLED,
    PENDING,
    PER_THOUSAND,
    PLACES_LOST,
    PLACES_LOST_BEFORE,
    POSTS_ENCIRCLED,
    POSTS_ENCIRCLED_BEFORE,
    PRESSED_HIGH,
    PRESSED_LOW,
    PROVOCATIONS,
    REGIME,
    RETURN_AFTER,
    RETURN_RATE,
    SPILL,
    TOP_REGIME_DAYS,
    TRUCE,
    TRUCE_AGE,
    TRUCE_DEATHS_7D,
    TRUCE_DOUBLINGS,
    State,
    Tables,
    doublings,
)
from sim.draws import Address, lognormal, negative_binomial, uniform

LARGEST_MEAN = 10_000.0  # deaths a day: no ratio takes the mean beyond it
FIGHTING_STREAM, REGIME_STREAM, FRAGILE_STREAM, DISPLACEMENT_STREAMS = range(4)


def forget_yesterday(s: State, c: Tables) -> None:
    """Set to zero what is counted day by day."""
    pairs = c.n_parties * c.n_parties
    for k in range(c.fired, c.fired + pairs):
        s[k] = 0.0
    for k in range(c.killed, c.killed + pairs):
        s[k] = 0.0
    for k in range(c.tally, c.marks):
        s[k] = 0.0
    s[PATRON_KILLED] = 0.0
    s[PLACES_LOST_BEFORE] = s[PLACES_LOST]
    s[POSTS_ENCIRCLED_BEFORE] = s[POSTS_ENCIRCLED]


def grow_older(s: State, c: Tables) -> None:
    """Decay, ageing and expiry, one day's worth."""
    for k in range(len(c.decays) // DECAY):
        base = c.decays[k * DECAY + D_BASE]
        factor = c.decay_reals[2 * k]
        rest = c.decay_reals[2 * k + 1]
        for at in range(base, base + c.decays[k * DECAY + D_LENGTH]):
            s[at] = rest + (s[at] - rest) * factor
    drift_rungs(s, c)
    for k in range(len(c.since_used)):
        at = c.since + c.since_used[k]
        s[at] = min(s[at] + 1.0, NEVER)
    if s[TRUCE] != NO_TRUCE:
        s[TRUCE_AGE] += 1.0
        s[TRUCE_DOUBLINGS] = doublings(s[TRUCE_AGE])
    expire(s, c)
    s[TOP_REGIME_DAYS] = 0.0 if s[REGIME] == c.n_regimes - 1 else s[TOP_REGIME_DAYS] + 1.0
    s[CALM_DAYS] = s[CALM_DAYS] + 1.0 if s[REGIME] == 0.0 else 0.0


def drift_rungs(s: State, c: Tables) -> None:
    """Rungs drift toward routine, but those of an offensive and above only come down by a deal or its end."""
    factor = c.decay_reals[len(c.decay_reals) - 1]
    for dyad in range(c.n_dyads):
        if s[c.rung + dyad] <= c.limits[DRIFTS_UP_TO]:
            s[c.rung + dyad] *= factor


def expire(s: State, c: Tables) -> None:
    """Provocations, offers, deadlines and terms come nearer to their end."""
    if s[PROVOCATIONS] > 0.0:
        for pair in range(c.n_parties * c.n_parties):
            if s[c.provoked_left + pair] > 0.0:
                s[c.provoked_left + pair] -= 1.0
                if s[c.provoked_left + pair] <= 0.0:
                    answer(s, c, pair)
    if s[OFFERS] > 0.0:
        for pair in range(c.n_parties * c.n_parties):
            if s[c.offer_left + pair] > 0.0:
                left = s[c.offer_left + pair] - 1.0
                offer(s, c, pair, s[c.offered + pair] if left > 0.0 else 0.0, left)
    for party in range(c.n_parties):
        if s[c.deadline + party] != NO_DEADLINE:
            pass_deadline(s, c, party)
    for term in range(c.n_terms):
        s[c.due_left + term] -= 1.0
    count_overdue(s, c)


def pass_deadline(s: State, c: Tables, party: int) -> None:
    """A pending deadline comes nearer and passes; a passed one is forgotten after some days."""
    if s[c.deadline + party] == PENDING:
        s[c.deadline_left + party] -= 1.0
        if s[c.deadline_left + party] < 0.0:
            s[c.deadline + party] = float(PASSED)
            s[c.deadline_age + party] = 0.0
    elif s[c.deadline_age + party] + 1.0 >= c.limits[DEADLINE_LINGERS]:
        s[c.deadline + party] = float(NO_DEADLINE)
        s[c.deadline_left + party] = 0.0
    else:
        s[c.deadline_age + party] += 1.0


def usual_deaths(s: State, c: Tables) -> float:
    """Mean deaths of a day in this regime: its own, times the scenario's ratios."""
    of = Context(c.side_one, c.side_two, -1, -1)
    return c.regimes[2 * int(s[REGIME])] * ratio_product(s, c, c.fighting_ratios[0], c.fighting_ratios[1], of)


def mean_deaths(s: State, c: Tables) -> float:
    """Mean deaths of the day: the usual ones, more after bad days of the same regime, fewer after good ones."""
    share = c.shares[EXCITATION_SHARE]
    return min(usual_deaths(s, c) * (1.0 - share + share * s[EXCITATION]), LARGEST_MEAN)


def fight(s: State, c: Tables, at: Address, day: int, log_rows: MutableSequence[float]) -> None:
    """The day's deaths: negative binomial around the mean, with the regime's size."""
    u = uniform(at, day, c.streams[FIGHTING_STREAM], 0)
    mean = mean_deaths(s, c)
    deaths = negative_binomial(u, mean, c.regimes[2 * int(s[REGIME]) + 1])
    bury(s, c, deaths)
    if c.n_marks > 0:
        s[c.marks] = deaths
    of = Context(c.side_one, c.side_two, -1, -1)
    write(s, c, log_rows, day, DAILY, 0.0, NO_RULE, FIGHTING_EVENT, of, False, mean, 1)


def bury(s: State, c: Tables, deaths: float) -> None:
    """Enter a day's deaths: today's, of the last seven days, of those under the truce, in the memory and in all."""
    s[DEATHS] = deaths
    s[c.recent + int(s[DAY]) % OBSERVED_DAYS] = deaths
    s[DEATHS_7D] = 0.0
    for k in range(OBSERVED_DAYS):  # summed anew: shares of a weekly sum would leave rounding errors behind
        s[DEATHS_7D] += s[c.recent + k]
    if s[TRUCE] != NO_TRUCE:
        s[TRUCE_DEATHS_7D] = 0.0
        for back in range(min(OBSERVED_DAYS, int(s[TRUCE_AGE]) + 1)):
            s[TRUCE_DEATHS_7D] += s[c.recent + (int(s[DAY]) - back) % OBSERVED_DAYS]
    usual = usual_deaths(s, c)
    if usual > 0.0:
        kept = c.shares[EXCITATION_FACTOR]
        s[EXCITATION] = kept * s[EXCITATION] + (1.0 - kept) * deaths / usual
    s[DEATHS_TOTAL] += deaths


def displace(s: State, c: Tables, at: Address, day: int, dice: bool, log_rows: MutableSequence[float]) -> None:
    """People leave sectors under attack and next to one, by share of those still exposed; long calm lets some
    return.
    """
    s[NEWLY_DISPLACED] = 0.0
    if s[ATTACKS] > 0.0 and c.shares[LEAVE_RATE] > 0.0:
        for place in range(c.n_places):
            nearness = nearness_of_attack(s, c, place)
            if nearness > 0.0 and s[c.exposed + place] > 0.0:
                noise = 1.0
                if dice and c.shares[LEAVE_SIGMA] > 0.0:
                    noise = lognormal(
                        uniform(at, day, c.streams[DISPLACEMENT_STREAMS + place], 0), 1.0, c.shares[LEAVE_SIGMA]
                    )
                share = min(1.0, c.shares[LEAVE_RATE] * nearness * noise)
                leave(s, c, place, share * s[c.exposed + place])
                if c.n_marks > 0:
                    s[c.marks] = share
                write(
                    s,
                    c,
                    log_rows,
                    day,
                    DAILY,
                    0.0,
                    NO_RULE,
                    DISPLACEMENT_EVENT,
                    Context(c.side_one, c.side_two, place, -1),
                    False,
                    0.0,
                    1,
                )
    elif s[CALM_DAYS] >= c.shares[RETURN_AFTER] and c.shares[RETURN_RATE] > 0.0:
        for place in range(c.n_places):
            leave(s, c, place, -c.shares[RETURN_RATE] * s[c.left + place])
    press(s, c)


def press(s: State, c: Tables) -> None:
    """Displacement adds to a quantity of an actor, per thousand people newly displaced, within its bounds."""
    if c.presses_at >= 0 and s[NEWLY_DISPLACED] > 0.0:
        pressed = s[c.presses_at] + c.shares[PER_THOUSAND] * s[NEWLY_DISPLACED]
        s[c.presses_at] = min(max(pressed, c.shares[PRESSED_LOW]), c.shares[PRESSED_HIGH])


def nearness_of_attack(s: State, c: Tables, place: int) -> float:
    """1 where the place is under attack, the spill where a neighbour is, else 0."""
    if s[c.under_attack + place] != 0.0:
        return 1.0
    for k in range(c.neighbours_at[place], c.neighbours_at[place + 1]):
        if s[c.under_attack + c.neighbours[k]] != 0.0:
            return c.shares[SPILL]
    return 0.0


def leave(s: State, c: Tables, place: int, people: float) -> None:
    """Move people (thousand) out of a place, or back if negative."""
    s[c.exposed + place] -= people
    s[c.left + place] += people
    s[DISPLACED] += people
    s[NEWLY_DISPLACED] += people
