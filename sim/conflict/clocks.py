"""Clocks decide who acts: each rule whose gates hold rings with probability 1 - exp(-hazard), and then acts in ring
order.

All clocks of a phase read the state as it stood when the phase began; what rings is applied in order of ring time over
all actors, and its gates are tested again, because an earlier ring may have changed the world.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from math import exp, log

from sim.conflict.events import happen
from sim.conflict.perceive import Context, gates_hold, ratio_product
from sim.conflict.state import (
    B_RULES,
    B_RULES_END,
    BLOCK,
    EACH_PLACE,
    EACH_POST,
    NO_ITEMS,
    PICK_PLACE,
    PICK_POST,
    R_CHOICE,
    R_EVENT,
    R_GATES,
    R_GATES_END,
    R_ITEMS,
    R_PARTY,
    R_RATIOS,
    R_RATIOS_END,
    R_STREAM,
    R_TARGET,
    R_WEIGHTS,
    R_WEIGHTS_END,
    R_WHERE,
    R_WHERE_END,
    RINGS,
    RULE,
    State,
    Tables,
)
from sim.draws import Address, uniform

CLOCK_SLOT, PICK_SLOT = 0, 1
RING_TIME, RING_RULE, RING_ITEM, RING_HAZARD, RING = range(5)


def item_context(c: Tables, rule: int, item: int) -> Context:
    """Who acts on whom, and at which item."""
    row = rule * RULE
    kind = c.rules[row + R_ITEMS]
    place = -1
    post = -1
    if item >= 0:
        if kind == EACH_POST or kind == PICK_POST:
            post = item
            place = c.post_place[item]
        else:
            place = item
    return Context(c.rules[row + R_PARTY], c.rules[row + R_TARGET], place, post)


def number_of_items(c: Tables, rule: int) -> int:
    """How many items the rule looks at."""
    kind = c.rules[rule * RULE + R_ITEMS]
    return c.n_places if kind == EACH_PLACE or kind == PICK_PLACE else c.n_posts


def hazard(s: State, c: Tables, rule: int, of: Context) -> float:
    """The hazard a day of one of the rule's clocks, whose gates hold."""
    row = rule * RULE
    return c.pace[rule] * ratio_product(s, c, c.rules[row + R_RATIOS], c.rules[row + R_RATIOS_END], of)


def begin_phase(s: State, c: Tables) -> None:
    """Forget the last phase's rings and choices."""
    s[RINGS] = 0.0
    for choice in range(c.chosen, c.chosen + c.n_rules):
        s[choice] = 0.0


def ask(s: State, c: Tables, at: Address, day: int, block: int, asked: int) -> None:
    """Let the clocks ring of those of a block's rules, a bit each, that are asked."""
    first = c.blocks[block * BLOCK + B_RULES]
    for rule in range(first, c.blocks[block * BLOCK + B_RULES_END]):
        if (asked >> (rule - first)) & 1 != 0:
            ring(s, c, at, day, rule)


def ring(s: State, c: Tables, at: Address, day: int, rule: int) -> None:
    """Let the clocks of a rule whose gates hold ring, and note those that do."""
    row = rule * RULE
    if s[c.enabled + rule] == 0.0:
        return
    kind = c.rules[row + R_ITEMS]
    if kind == EACH_PLACE or kind == EACH_POST:
        for item in range(number_of_items(c, rule)):
            of = item_context(c, rule, item)
            if gates_hold(s, c, c.rules[row + R_WHERE], c.rules[row + R_WHERE_END], of):
                ring_clock(s, c, at, day, rule, item, c.clocks[c.rules[row + R_STREAM] + item])
    else:
        ring_clock(s, c, at, day, rule, -1, c.clocks[c.rules[row + R_STREAM]])


def ring_clock(s: State, c: Tables, at: Address, day: int, rule: int, item: int, stream: int) -> None:
    """Let one clock ring: at time -log(u) / hazard of the day, if that is less than a day."""
    h = hazard(s, c, rule, item_context(c, rule, item))
    u = uniform(at, day, stream, CLOCK_SLOT)
    # exp(-h) is at least 1 - h: most silent clocks are told without an exponential
    if h <= 0.0 or u <= 1.0 - h or u <= exp(-h):
        return
    kind = c.rules[rule * RULE + R_ITEMS]
    if kind == PICK_PLACE or kind == PICK_POST:
        item = pick(s, c, rule, uniform(at, day, stream, PICK_SLOT))
        if item < 0:
            return
    note(s, c, -log(u) / h, rule, item, h)


def weight(s: State, c: Tables, rule: int, item: int) -> float:
    """How likely the item is to be picked, relative to the others; 0 where it is not eligible."""
    row = rule * RULE
    of = item_context(c, rule, item)
    if not gates_hold(s, c, c.rules[row + R_WHERE], c.rules[row + R_WHERE_END], of):
        return 0.0
    return ratio_product(s, c, c.rules[row + R_WEIGHTS], c.rules[row + R_WEIGHTS_END], of)


def pick(s: State, c: Tables, rule: int, u: float) -> int:
    """The item that a uniform number falls on, by weight; -1 where none is eligible."""
    total = 0.0
    last = -1
    for item in range(number_of_items(c, rule)):
        w = weight(s, c, rule, item)
        s[c.weights + item] = w
        if w > 0.0:
            total += w
            last = item
    left = u * total
    for item in range(last):
        left -= s[c.weights + item]
        if left < 0.0:
            return item
    return last


def note(s: State, c: Tables, time: float, rule: int, item: int, h: float) -> None:
    """Insert a ring into the phase's list, kept in order of time (ties: the rule and item that come first)."""
    place = int(s[RINGS])
    while place > 0:
        before = c.rings + (place - 1) * RING
        tied = s[before + RING_TIME] == time  # an engine may ask rules in another order
        if s[before + RING_TIME] < time or (tied and s[before + RING_RULE] <= rule):
            break
        to = c.rings + place * RING
        for k in range(RING):
            s[to + k] = s[to - RING + k]
        place -= 1
    to = c.rings + place * RING
    s[to + RING_TIME] = time
    s[to + RING_RULE] = float(rule)
    s[to + RING_ITEM] = float(item)
    s[to + RING_HAZARD] = h
    s[RINGS] += 1.0


def still_holds(s: State, c: Tables, rule: int, of: Context) -> bool:
    """Whether a ring may still act: its rule, its gates and its choice, as the world now stands."""
    row = rule * RULE
    choice = c.rules[row + R_CHOICE]
    if s[c.enabled + rule] == 0.0 or (choice > 0 and s[c.chosen + choice - 1] != 0.0):
        return False
    if not gates_hold(s, c, c.rules[row + R_GATES], c.rules[row + R_GATES_END], of):
        return False
    if c.rules[row + R_ITEMS] == NO_ITEMS:
        return True
    return gates_hold(s, c, c.rules[row + R_WHERE], c.rules[row + R_WHERE_END], of)


def settle(s: State, c: Tables, at: Address, day: int, phase: int, log_rows: MutableSequence[float]) -> None:
    """Apply the phase's rings in order; what no longer holds is logged void."""
    for k in range(int(s[RINGS])):
        row = c.rings + k * RING
        rule = int(s[row + RING_RULE])
        item = int(s[row + RING_ITEM])
        of = item_context(c, rule, item)
        acts = still_holds(s, c, rule, of)
        choice = c.rules[rule * RULE + R_CHOICE]
        if acts and choice > 0:
            s[c.chosen + choice - 1] = 1.0
        clock = c.rules[rule * RULE + R_STREAM]
        kind = c.rules[rule * RULE + R_ITEMS]
        if kind == EACH_PLACE or kind == EACH_POST:
            clock += item
        happen(s, c, at, day, phase, s[row + RING_TIME], s[row + RING_HAZARD], rule, c.rules[rule * RULE + R_EVENT], of,
               c.clocks[clock], -1, not acts, log_rows)  # fmt: skip
