"""How gates, hazard ratios and weights read the state."""

from __future__ import annotations

from math import exp
from typing import NamedTuple

from sim.conflict.state import (
    A_ADDRESS,
    A_OUTSIDE,
    A_RULES,
    AGAINST,
    AMONG,
    B_MASKS_END,
    B_RANGES,
    B_RANGES_END,
    BLOCK,
    BY,
    CONDITION,
    DYAD,
    FIXED,
    G_BASE,
    G_KIND,
    G_SCOPE,
    GATE,
    LARGEST_BIT,
    ORDERED,
    OUTSIDE,
    PLACE,
    POST,
    Q_BASE,
    Q_SCOPE,
    RATIO,
    REVERSED,
    State,
    Tables,
)

LARGEST_LOG = 60.0  # summed log ratios are clamped: exp of more overflows in Python and is infinite in numba


class Context(NamedTuple):
    """Who acts on whom, and where; -1 where there is no item."""

    by: int
    against: int
    place: int
    post: int


def locate(c: Tables, base: int, scope: int, of: Context) -> int:
    """The address that a base and a scope mean in a context."""
    if scope == FIXED:
        return base
    if scope == PLACE:
        return base + of.place
    if scope == POST:
        return base + of.post
    if scope == BY:
        return base + of.by
    if scope == AGAINST:
        return base + of.against
    if scope == ORDERED:
        return base + of.by * c.n_parties + of.against
    if scope == REVERSED:
        return base + of.against * c.n_parties + of.by
    if scope == DYAD:
        return base + max(0, c.dyad_of[of.by * c.n_parties + of.against])
    return base + c.patron_of[of.by]


def among(mask: float, value: float) -> bool:
    """Whether a value is one of the whole numbers whose bits stand in a mask."""
    if not 0.0 <= value <= LARGEST_BIT or value != int(value):
        return False
    return (int(mask) >> int(value)) & 1 != 0


def gates_hold(s: State, c: Tables, first: int, end: int, of: Context) -> bool:
    """Whether all gates from `first` to `end` hold."""
    for gate in range(first, end):
        row = gate * GATE
        base = c.gates[row + G_BASE]
        scope = c.gates[row + G_SCOPE]
        if scope != FIXED:
            if (scope == PLACE and of.place < 0) or (scope == POST and of.post < 0):
                return False  # the record does not say where: what depends on the place is not known to hold
            base = locate(c, base, scope, of)
        value = s[base]
        kind = c.gates[row + G_KIND]
        if kind == AMONG:
            if not among(c.bounds[2 * gate], value):
                return False
        elif (c.bounds[2 * gate] <= value <= c.bounds[2 * gate + 1]) == (kind == OUTSIDE):
            return False
    return True


def open_rules(s: State, c: Tables, block: int) -> int:
    """The rules of a block whose gates hold, a bit each.

    Each condition is tested once for all rules that share it, without a branch: which gates are shut is what a
    processor guesses worst.
    """
    row = block * BLOCK
    shut = 0
    for k in range(c.blocks[row + B_RANGES], c.blocks[row + B_RANGES_END]):
        value = s[c.conditions[k * CONDITION + A_ADDRESS]]
        low = c.condition_bounds[2 * k]
        high = c.condition_bounds[2 * k + 1]
        holds = int((low <= value) & (value <= high)) ^ c.conditions[k * CONDITION + A_OUTSIDE]
        shut |= (holds - 1) & c.conditions[k * CONDITION + A_RULES]
    for k in range(c.blocks[row + B_RANGES_END], c.blocks[row + B_MASKS_END]):
        if not among(c.condition_bounds[2 * k], s[c.conditions[k * CONDITION + A_ADDRESS]]):
            shut |= c.conditions[k * CONDITION + A_RULES]
    return ~shut


def ratio_product(s: State, c: Tables, first: int, end: int, of: Context) -> float:
    """The product of ratio ** perception from `first` to `end`."""
    if first == end:
        return 1.0
    total = 0.0
    for ratio in range(first, end):
        row = ratio * RATIO
        base = c.ratios[row + Q_BASE]
        scope = c.ratios[row + Q_SCOPE]
        total += c.logs[ratio] * (s[base] if scope == FIXED else s[locate(c, base, scope, of)])
    if total == 0.0:
        return 1.0
    return exp(min(max(total, -LARGEST_LOG), LARGEST_LOG))
