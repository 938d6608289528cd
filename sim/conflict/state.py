"""What the state vector holds, and the tables a scenario is compiled to.

The state is one flat sequence of floats: the world's numbers at the fixed addresses below, then sections (by party,
by pair of parties, by dyad, by place, by post ...) that begin where `Tables` says. The tables are flat sequences too,
so that plain Python reads lists and the compiled engine arrays, by the same code.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

State = MutableSequence[float]
Ints = Sequence[int]
Reals = Sequence[float]

# --- the world's numbers -----------------------------------------------------------------------------------------
DAY = 0  # 1 is the origin day
REGIME = 1
STORED_REGIME = 2  # the regime that the last truce interrupted
TOP_REGIME_DAYS = 3  # days since the highest regime was left
CALM_DAYS = 4  # days in the lowest regime in a row
DEATHS = 5  # today
DEATHS_7D = 6
EXCITATION = 7  # past daily deaths as multiples of the regime's mean, exponentially weighted since the regime began
TRUCE = 8  # 0 none, 1 lower level, 2 leader level
TRUCE_AGE = 9
TRUCE_DOUBLINGS = 10  # of its age
TRUCE_DEATHS_7D = 11  # of the last seven days, those since it began
FRAGILE = 12
INTEGRITY = 13
OVERDUE = 14
DISPLACED = 15  # thousand
NEWLY_DISPLACED = 16
PLACES_LOST = 17
POSTS_ENCIRCLED = 18
POSTS_BLOCKING = 19
ATTACKS = 20
DEATHS_TOTAL = 21  # since the origin
PEAK_RUNG = 22  # since the origin
WORST_LEVEL = 23  # 0 hold, 1 fray, 2 collapse
LEVEL = 24  # today's
FIRST_RULE = 25  # first rule event at or above the scenario's first-move rung: rule + 1, and its party + 1
FIRST_PARTY = 26
LOGGED = 27  # rows written to the log
RINGS = 28  # clocks that rang in this phase
PLACES_LOST_BEFORE = 29  # yesterday, so that a day's change can be counted
PLACES_LOST_TODAY = 30
POSTS_ENCIRCLED_BEFORE = 31
POSTS_ENCIRCLED_TODAY = 32
PATRON_KILLED = 33  # soldiers of a patron state killed by another state today
PROVOCATIONS = 34  # how many stand unanswered, and how many offers are pending: without one, none needs ageing
OFFERS = 35
ENDED = 36  # 1 once an outcome that ends the trial has come true
WORLD = 37

# --- scopes: what is added to a base address -----------------------------------------------------------------------
FIXED, PLACE, POST, BY, AGAINST, ORDERED, REVERSED, DYAD, PATRON = range(9)

# --- kinds of gate -------------------------------------------------------------------------------------------------
WITHIN, OUTSIDE, AMONG = range(3)  # low <= x <= high; not so; bit x of a mask
LARGEST_BIT = 51  # of a mask, which is kept in a float

# --- post statuses, truce and offer levels, deadline states ------------------------------------------------------
ABSENT, FREE, BLOCKING, ENCIRCLED, EVACUATED = range(5)
NO_TRUCE, LOWER, LEADER = range(3)
NO_DEADLINE, PENDING, PASSED = range(3)

# --- columns of the tables -------------------------------------------------------------------------------------------
# a rule: who, what, whom; phase; items (0 none, 1 for each place, 2 for each post, 3 pick a place, 4 pick a post);
# spans in gates and ratios; choice (0 none); where its clocks' streams begin
# (a stream for each clock: one, or one an item)
(R_PARTY, R_TARGET, R_EVENT, R_PHASE, R_ITEMS, R_GATES, R_GATES_END, R_RATIOS, R_RATIOS_END, R_WHERE, R_WHERE_END,
 R_WEIGHTS, R_WEIGHTS_END, R_CHOICE, R_STREAM, RULE) = range(16)  # fmt: skip
NO_ITEMS, EACH_PLACE, EACH_POST, PICK_PLACE, PICK_POST = range(5)
# a block of rules that are asked together: span of rules; their conditions: ranges, then masks
B_RULES, B_RULES_END, B_RANGES, B_RANGES_END, B_MASKS_END, BLOCK = range(6)
RULES_A_BLOCK = 62  # a bit each in a signed integer
# a condition: address, 1 for outside of the range, bits of the block's rules that it shuts when it does not hold
A_ADDRESS, A_OUTSIDE, A_RULES, CONDITION = range(4)
# a gate: address, scope, kind; bounds in `bounds` (low, high), the mask in low
G_BASE, G_SCOPE, G_KIND, GATE = range(4)
# a ratio: address, scope; its logarithm in `logs`
Q_BASE, Q_SCOPE, RATIO = range(3)
# an event type: spans of marks and effects, its own rung, span of tallies
E_MARKS, E_MARKS_END, E_EFFECTS, E_EFFECTS_END, E_RUNG, E_TALLIES, E_TALLIES_END, EVENT = range(8)
# a mark: span of cases; the rung it stands for (NO_RUNG: none)
M_CASES, M_CASES_END, M_RUNG, MARK = range(4)
NO_RUNG = -99
# a case: spans of gates, ratios of the probability, ratios of the size; law; scale address, scope; whole
C_GATES, C_GATES_END, C_RATIOS, C_RATIOS_END, C_SIZES, C_SIZES_END, C_LAW, C_SCALE, C_SCALE_SCOPE, C_WHOLE, CASE = (
    range(11)
)
# its numbers: hazard of the probability, two parameters of the law, least, most
CASE_HAZARD, CASE_A, CASE_B, CASE_LEAST, CASE_MOST, CASE_REALS = range(6)
CONSTANT, UNIFORM, LOGNORMAL, POISSON, NEGATIVE_BINOMIAL = range(5)
# an effect: verb, span of gates, address, scope, mark whose value is the amount (-1: the number alone), an argument
F_VERB, F_GATES, F_GATES_END, F_BASE, F_SCOPE, F_MARK, F_ARGUMENT, EFFECT = range(8)
# its numbers: amount; low and high of a quantity, or the days after which a provocation expires (in low)
EFFECT_AMOUNT, EFFECT_LOW, EFFECT_HIGH, EFFECT_REALS = range(4)
(ADD, SET, MULTIPLY, FIRE, KILL, PROVOKE, ANSWER, TO_REGIME, RAISE_REGIME, LOWER_REGIME, RESTORE_REGIME, ATTACK,
 END_ATTACK, ADVANCE, RETAKE, SET_POST, BEGIN_TRUCE, END_TRUCE, OFFER, ACCEPT, SET_DEADLINE, DEADLINE_ON,
 CLEAR_DEADLINE, MEET, RENEW_TERMS, JOIN, SWITCH) = range(27)  # fmt: skip
# an intervention: day (NO_DATE: whenever its gates hold; WITH_LAST: when the row before it happens), span of gates,
# event, who, whom, place, post, where its given marks begin (-1: none)
(I_DAY, I_GATES, I_GATES_END, I_EVENT, I_PARTY, I_TARGET, I_PLACE, I_POST, I_GIVEN, I_STREAM,
 INTERVENTION) = range(11)  # fmt: skip
# a gauge: how to read the counter (kind, two addresses), window (0: since the origin), place of its ring
U_KIND, U_A, U_B, U_WINDOW, U_RING, GAUGE = range(6)
ONE, BOTH, SUM = range(3)  # s[a]; 1 if s[a] and s[b]; s[a] + s[b]
# a gauge in the state: sum, days not zero, today's place in the ring, then the ring
GAUGE_SUM, GAUGE_DAYS, GAUGE_TURN, GAUGE_RING = range(4)
# a condition node: kind, what it reads (gauge, address, outcome), span of children, the event type that is credited
# with it (-1: the exchange of fire)
N_KIND, N_WHAT, N_CHILDREN, N_CHILDREN_END, N_CREDIT, NODE = range(6)
N_SUM, N_DAYS, N_STATE, N_OUTCOME, N_ALL, N_ANY, N_NOT = range(7)
# an outcome: span of its nodes (the last is the root), of the outcomes that void it; gauge to backdate by (-1: none)
O_NODES, O_NODES_END, O_BEFORE, O_BEFORE_END, O_BACKDATE, OUTCOME = range(6)
# a decay: address, length; factor and rest in `decay_reals`
D_BASE, D_LENGTH, DECAY = range(3)

# --- how a trial came out: done; more happened than its log has room for; a number overflowed
DONE, LOG_FULL, NOT_FINITE = range(3)

# --- a row of the log -------------------------------------------------------------------------------------------------
(L_DAY, L_PHASE, L_TIME, L_RULE, L_EVENT, L_PARTY, L_TARGET, L_PLACE, L_POST, L_VOID, L_HAZARD,
 L_MARKS) = range(12)  # fmt: skip
DUE, INITIATIVE, REACTION, DAILY = range(4)  # phases; DUE is the morning, DAILY the evening
# rule and event numbers below zero: things that no rule makes
NO_RULE = -1
NO_DATE, WITH_LAST = -99999, -99998
NEVER = 9999.0  # days since what has not happened
FIGHTING_EVENT, DISPLACEMENT_EVENT = -1, -2
# gauges that every scenario has: deaths, soldiers of a patron killed by a state, sectors changed, in seven days
DEATHS_GAUGE, PATRON_GAUGE, PLACES_GAUGE = range(3)
OBSERVED_DAYS = 7


class Tables(NamedTuple):
    """A compiled scenario. Integers say how many there are and where a section of the state begins; the rest are
    tables.
    """

    # how many
    n_parties: int  # the exchange of fire is the last
    n_dyads: int
    n_places: int
    n_posts: int
    n_regimes: int
    n_rules: int
    n_interventions: int
    n_outcomes: int
    n_gauges: int
    n_marks: int  # most marks of any event type
    n_terms: int
    headline: int
    side_one: int
    side_two: int
    # sections of the state by party
    restraint: int
    bound: int
    deadline: int
    deadline_left: int
    deadline_age: int
    lost: int  # soldiers killed, by agent, since the origin
    # by ordered pair (first * n_parties + second)
    provoked: int  # 1 while the first has an unanswered provocation by the second
    provoked_fatal: int
    provoked_dead: int
    provoked_left: int
    offered: int  # level of the first's pending offer to the second
    offer_left: int
    fired: int  # today
    killed: int  # today
    # by dyad
    rung: int
    hostility_fast: int
    hostility_slow: int
    dyad_peak: int
    # by place
    control: int
    taken: int
    under_attack: int
    front: int
    retakable: int
    exposed: int
    left: int  # thousand people who left the place
    here: int  # posts here that are free, blocking, encircled: three blocks
    # by post
    status: int
    owner: int
    # by event type
    since: int
    happened: int
    last_rule: int
    last_party: int
    # by term: days left, met
    due_left: int
    met: int
    # by rule, intervention, outcome, node, gauge
    enabled: int
    fired_already: int  # interventions that have happened
    outcome_day: int
    outcome_rule: int  # who crossed it: rule + 1 (0: the exchange of fire, -1: an intervention), party + 1
    outcome_party: int
    node_now: int
    node_before: int
    node_rule: int
    node_party: int
    gauge_at: int
    tally: int  # counters of events by type and party, today
    marks: int  # the marks of the event that is happening
    recent: int  # deaths of the last seven days, a ring
    weights: int  # scratch from here on: weights of the items that a rule picks from
    rings: int  # scratch: time, clock, hazard of each ring of the phase
    chosen: int  # scratch: choices already taken in the phase
    n_state: int
    # numbers of the day
    shares: Reals  # by the names below
    limits: Reals  # by the names below
    presses_at: int
    # who and where
    dyad_of: Ints  # ordered pair -> dyad (-1: none)
    agent_of: Ints  # party -> its agent
    patron_of: Ints  # party -> its patron (or the exchange)
    killed_pairs: Ints  # ordered pairs whose killed count as a patron's soldiers killed by a state
    neighbours: Ints
    neighbours_at: Ints  # n_places + 1
    open_to: Ints  # bit 0: to side one, bit 1: to side two
    control_at_start: Ints
    post_place: Ints
    post_depth: Reals
    regimes: Reals  # mean, size
    fighting_ratios: Ints  # span in ratios
    # what may happen
    rules: Ints
    pace: Reals  # base hazard a day
    clocks: Ints  # streams: rule by rule, then item by item
    gates: Ints
    bounds: Reals
    ratios: Ints
    logs: Reals
    events: Ints
    mark_rows: Ints
    cases: Ints
    case_reals: Reals
    effects: Ints
    effect_reals: Reals
    tallies: Ints  # party (-1: any), address
    interventions: Ints
    given: Reals  # value and whether given, mark by mark
    streams: Ints  # fighting, regime at origin, fragile at origin, then displacement by place
    # rules in order, in blocks; which blocks belong to the initiative, which to the reaction
    blocks: Ints
    phases: Ints
    conditions: Ints  # block by block, what its rules gate on
    condition_bounds: Reals  # low and high, or the mask in low
    # what is counted
    since_used: Ints  # event types whose `since` is read
    decays: Ints
    decay_reals: Reals
    gauges: Ints
    nodes: Ints
    node_reals: Reals  # least and most, both included
    children: Ints
    outcomes: Ints
    endings: Ints  # the outcomes that end a trial
    voided_by: Ints
    backdates: Reals


# positions in `shares` and `limits`
(EXCITATION_SHARE, EXCITATION_FACTOR, LEAVE_RATE, SPILL, LEAVE_SIGMA, RETURN_RATE, RETURN_AFTER,
 PER_THOUSAND, PRESSED_LOW, PRESSED_HIGH) = range(10)  # fmt: skip
(DEADLINE_LINGERS, DRIFTS_UP_TO, FIRST_MOVE, FRAY, COLLAPSE) = range(5)


def doublings(age: float) -> float:
    """How often the age of a truce, 0 on its first day, has doubled: floor(log2(1 + age)), exactly."""
    times, reached = 0.0, 2.0
    while reached <= age + 1.0:
        times += 1.0
        reached *= 2.0
    return times
