"""Which rules are asked together, and what they gate on: each condition once, with the rules that it shuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from sim.conflict import state as st


class Gate(NamedTuple):
    """A gate as compiled: address, scope and kind; low and high, or the mask in low."""

    address: int
    scope: int
    kind: int
    low: float
    high: float


SHUT = Gate(st.DAY, st.FIXED, st.WITHIN, inf, -inf)  # what asks for an item that the rule has not got yet


@dataclass
class Asking:
    """The tables of `sim.conflict.state.Tables` by these names."""

    blocks: list[int] = field(default_factory=list)
    phases: list[int] = field(default_factory=list)
    conditions: list[int] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)


def rules_asked(rules: Sequence[Sequence[Gate]], n_initiative: int) -> Asking:
    """The blocks of rules, those of the initiative first, given the gates of each rule."""
    made = Asking(phases=[0])
    for first, end in ((0, n_initiative), (n_initiative, len(rules))):
        for begin in range(first, end, st.RULES_A_BLOCK):
            _add_block(made, rules, begin, min(begin + st.RULES_A_BLOCK, end))
        made.phases.append(len(made.blocks) // st.BLOCK)
    return made


def _add_block(made: Asking, rules: Sequence[Sequence[Gate]], first: int, end: int) -> None:
    shuts: dict[Gate, int] = {}
    for rule in range(first, end):
        for gate in rules[rule]:
            fixed = gate if gate.scope == st.FIXED else SHUT
            shuts[fixed] = shuts.get(fixed, 0) | 1 << (rule - first)
    begin = len(made.conditions) // st.CONDITION
    masks = sum(gate.kind == st.AMONG for gate in shuts)
    made.blocks += [first, end, begin, begin + len(shuts) - masks, begin + len(shuts)]
    for gate in sorted(shuts, key=lambda gate: gate.kind == st.AMONG):  # ranges before masks
        made.conditions += [gate.address, int(gate.kind == st.OUTSIDE), shuts[gate]]
        made.bounds += [gate.low, gate.high]
