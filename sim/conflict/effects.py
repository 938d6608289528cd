"""What an event does to the state: one verb at a time."""

from __future__ import annotations

from sim.conflict.ground import advance, end_attacks, retake, set_post, survey
from sim.conflict.perceive import Context, gates_hold, locate
from sim.conflict.state import (
    ACCEPT,
    ADD,
    ADVANCE,
    ANSWER,
    ATTACK,
    ATTACKS,
    BEGIN_TRUCE,
    CALM_DAYS,
    CLEAR_DEADLINE,
    DAY,
    DEADLINE_ON,
    EFFECT,
    EFFECT_AMOUNT,
    EFFECT_HIGH,
    EFFECT_LOW,
    EFFECT_REALS,
    END_ATTACK,
    END_TRUCE,
    EXCITATION,
    F_ARGUMENT,
    F_BASE,
    F_GATES,
    F_GATES_END,
    F_MARK,
    F_SCOPE,
    F_VERB,
    FIRE,
    FRAGILE,
    JOIN,
    KILL,
    LEADER,
    LOWER_REGIME,
    MEET,
    MULTIPLY,
    NO_DEADLINE,
    NO_TRUCE,
    OFFER,
    OFFERS,
    OVERDUE,
    PATRON_KILLED,
    PENDING,
    PLACE,
    PROVOCATIONS,
    PROVOKE,
    RAISE_REGIME,
    REGIME,
    RENEW_TERMS,
    RESTORE_REGIME,
    RETAKE,
    SET_POST,
    STORED_REGIME,
    TO_REGIME,
    TOP_REGIME_DAYS,
    TRUCE,
    TRUCE_AGE,
    TRUCE_DEATHS_7D,
    TRUCE_DOUBLINGS,
    State,
    Tables,
)

LOWER_TRUCE_RUNG = 3.0  # below local fire: what a truce without leaders leaves of the rungs
LEADER_TRUCE_RUNG = 0.0


def take_effect(s: State, c: Tables, effect: int, of: Context) -> None:
    """Apply one effect of an event, if its gates hold."""
    row = effect * EFFECT
    if not gates_hold(s, c, c.effects[row + F_GATES], c.effects[row + F_GATES_END], of):
        return
    verb = c.effects[row + F_VERB]
    mark = c.effects[row + F_MARK]
    argument = c.effects[row + F_ARGUMENT]
    amount = c.effect_reals[effect * EFFECT_REALS + EFFECT_AMOUNT]
    if mark >= 0:
        amount *= s[c.marks + mark]
    if verb <= MULTIPLY:
        change_quantity(s, c, effect, of, verb, amount)
    elif verb <= ANSWER:
        exchange_fire(s, c, of, verb, argument, amount, c.effect_reals[effect * EFFECT_REALS + EFFECT_LOW])
    elif verb <= RESTORE_REGIME:
        change_regime(s, c, verb, argument)
    elif verb <= SET_POST:
        change_ground(s, c, of, verb, argument, amount)
    elif verb <= CLEAR_DEADLINE:
        deal(s, c, of, verb, argument, amount)
    elif verb <= JOIN:
        change_agreement(s, c, of, verb, argument)
    else:
        s[c.enabled + argument] = amount


def change_quantity(s: State, c: Tables, effect: int, of: Context, verb: int, amount: float) -> None:
    """Add to, set or multiply a number of the state, within its bounds."""
    base = c.effects[effect * EFFECT + F_BASE]
    scope = c.effects[effect * EFFECT + F_SCOPE]
    if scope == PLACE and of.place < 0:
        return  # an event of the history that does not say where
    to = locate(c, base, scope, of)
    value = amount
    if verb == ADD:
        value = s[to] + amount
    elif verb == MULTIPLY:
        value = s[to] * amount
    low = c.effect_reals[effect * EFFECT_REALS + EFFECT_LOW]
    s[to] = min(max(value, low), c.effect_reals[effect * EFFECT_REALS + EFFECT_HIGH])


def exchange_fire(s: State, c: Tables, of: Context, verb: int, argument: int, amount: float, days: float) -> None:
    """Fire, soldiers killed, a provocation, an answer: kept by agent, provocations by party and by agent."""
    by = c.agent_of[of.by]
    against = c.agent_of[of.against]
    pair = by * c.n_parties + against
    if verb == FIRE:
        s[c.fired + pair] = 1.0
    elif verb == KILL:
        s[c.killed + pair] += amount
        s[c.lost + against] += amount
        if c.killed_pairs[pair] != 0:
            s[PATRON_KILLED] += amount
    elif verb == PROVOKE:
        blamed = of.by
        if argument >= 0:
            blamed = argument
        elif argument == -2:  # the actor's patron is blamed
            blamed = c.patron_of[of.by]
        provoke(s, c, of.against, blamed, amount, days)
        if c.agent_of[blamed] != blamed:
            provoke(s, c, of.against, c.agent_of[blamed], amount, days)
    else:
        answer(s, c, of.by * c.n_parties + against)
        for party in range(c.n_parties):  # an answer to a coalition is one to all its factions
            if party == of.against or c.agent_of[party] == of.against:
                answer(s, c, of.by * c.n_parties + party)


def provoke(s: State, c: Tables, victim: int, offender: int, dead: float, days: float) -> None:
    """Leave an unanswered provocation of the victim by the offender; another one adds its dead."""
    pair = victim * c.n_parties + offender
    s[PROVOCATIONS] += 1.0 - s[c.provoked + pair]
    s[c.provoked + pair] = 1.0
    s[c.provoked_dead + pair] += dead
    s[c.provoked_fatal + pair] = 1.0 if s[c.provoked_dead + pair] > 0.0 else 0.0
    s[c.provoked_left + pair] = max(days, s[c.provoked_left + pair])


def answer(s: State, c: Tables, pair: int) -> None:
    """The provocation no longer stands: answered, or let pass."""
    s[PROVOCATIONS] -= s[c.provoked + pair]
    s[c.provoked + pair] = 0.0
    s[c.provoked_dead + pair] = 0.0
    s[c.provoked_fatal + pair] = 0.0
    s[c.provoked_left + pair] = 0.0


def change_regime(s: State, c: Tables, verb: int, argument: int) -> None:
    """Move the latent regime of fighting; a new one begins without memory of the last."""
    before = s[REGIME]
    if verb == TO_REGIME:
        s[REGIME] = float(argument)
    elif verb == RAISE_REGIME:
        s[REGIME] = min(s[REGIME] + 1.0, c.n_regimes - 1.0)
    elif verb == LOWER_REGIME:
        s[REGIME] = max(s[REGIME] - 1.0, 0.0)
    else:
        s[REGIME] = max(s[REGIME], s[STORED_REGIME])
    if s[REGIME] != before:
        s[EXCITATION] = 1.0
    if s[REGIME] == c.n_regimes - 1:
        s[TOP_REGIME_DAYS] = 0.0
    if s[REGIME] > 0.0:
        s[CALM_DAYS] = 0.0


def change_ground(s: State, c: Tables, of: Context, verb: int, argument: int, amount: float) -> None:
    """Attacks begin and end, ground is taken and retaken, posts change status."""
    if verb == ATTACK and of.place >= 0:
        s[ATTACKS] += 1.0 - s[c.under_attack + of.place]
        s[c.under_attack + of.place] = 1.0
    elif verb == END_ATTACK:
        end_attacks(s, c, of.place)
    elif verb == ADVANCE and of.place >= 0:
        advance(s, c, of.place, amount)
    elif verb == RETAKE and of.place >= 0:
        retake(s, c, of.place, amount)
    elif verb == SET_POST:
        set_post(s, c, of.by, of.post, argument)
    survey(s, c)


def deal(s: State, c: Tables, of: Context, verb: int, argument: int, amount: float) -> None:
    """Truces, offers and deadlines."""
    if verb == BEGIN_TRUCE:
        begin_truce(s, c, argument, amount)
    elif verb == END_TRUCE:
        end_truce(s)
    elif verb == OFFER:
        offer(s, c, of.by * c.n_parties + of.against, float(argument), amount)
    elif verb == ACCEPT:
        offer(s, c, of.by * c.n_parties + of.against, 0.0, 0.0)
        offer(s, c, of.against * c.n_parties + of.by, 0.0, 0.0)
    elif verb == CLEAR_DEADLINE:
        issuer = argument if argument >= 0 else of.by if argument == -1 else of.against
        s[c.deadline + issuer] = float(NO_DEADLINE)
        s[c.deadline_left + issuer] = 0.0
        s[c.deadline_age + issuer] = 0.0
    else:
        s[c.deadline + of.by] = float(PENDING)
        s[c.deadline_left + of.by] = amount - s[DAY] if verb == DEADLINE_ON else amount
        s[c.deadline_age + of.by] = 0.0


def offer(s: State, c: Tables, pair: int, level: float, days: float) -> None:
    """Put an offer on the table for some days; for none, take it off."""
    if s[c.offer_left + pair] > 0.0:
        s[OFFERS] -= 1.0
    if days > 0.0:
        s[OFFERS] += 1.0
    s[c.offered + pair] = level
    s[c.offer_left + pair] = days


def end_truce(s: State) -> None:
    """No truce stands."""
    s[TRUCE] = float(NO_TRUCE)
    s[TRUCE_AGE] = 0.0
    s[TRUCE_DOUBLINGS] = 0.0
    s[TRUCE_DEATHS_7D] = 0.0
    s[FRAGILE] = 0.0


def begin_truce(s: State, c: Tables, level: int, fragile: float) -> None:
    """A truce begins: the regime it interrupts is stored, and the rungs above it come down."""
    if s[TRUCE] == NO_TRUCE:
        s[STORED_REGIME] = s[REGIME]
    s[TRUCE] = float(level)
    s[TRUCE_AGE] = 0.0
    s[TRUCE_DOUBLINGS] = 0.0
    s[TRUCE_DEATHS_7D] = 0.0
    s[FRAGILE] = 1.0 if fragile > 0.0 else 0.0
    ceiling = LEADER_TRUCE_RUNG if level == LEADER else LOWER_TRUCE_RUNG
    for dyad in range(c.n_dyads):
        s[c.rung + dyad] = min(s[c.rung + dyad], ceiling)


def change_agreement(s: State, c: Tables, of: Context, verb: int, argument: int) -> None:
    """Terms are met or renewed; a party becomes bound."""
    if verb == MEET:
        s[c.met + argument] = 1.0
    elif verb == RENEW_TERMS:
        for term in range(c.n_terms):
            s[c.due_left + term] = float(argument)
    elif argument >= 0:
        s[c.bound + argument] = 1.0
    else:
        s[c.bound + (of.by if argument == -1 else of.against)] = 1.0
    count_overdue(s, c)


def count_overdue(s: State, c: Tables) -> None:
    """How many terms are unmet after their date."""
    overdue = 0.0
    for term in range(c.n_terms):
        if s[c.met + term] == 0.0 and s[c.due_left + term] < 0.0:
            overdue += 1.0
    s[OVERDUE] = overdue
