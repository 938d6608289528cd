r"""Why a trial ended as it did: the chain of events from the first that mattered to the one that crossed the line.

    chain = chain_of(load("idlib-2020-02-11"), 0, 17)
    print(*why_lines(scenario, chain), sep="\n")

The trial is lived through again from its events, and the state before each is held against the state after it, so that
it is known who changed which number. From what the end counted, the chain goes back: an event stands on it if it
*added* to what the end counts, *opened* a gate of a later event on the chain (the last event before which the gate was
closed), or *raised* its hazard (the last event that moved a perception so that its ratio grew). It stops at what stood
open already at the origin. Not followed are what only held an event back, what chose its place (`weights`), what set
the size of its marks, and the passing of days.

A chain is a fact about one trial of a model. It says what stood before the end and was read on the way there; it does
not say that without an event on it the end would have stayed away (an ablation asks that), nor who is to blame.
"""

from __future__ import annotations

from sim.chains.chain import Because, Chain, Link, chain_of, end_of, ends_of, maker, trace
from sim.chains.tracing import ADDED, OPENED, RAISED
from sim.chains.words import why_lines

__all__ = [
    "ADDED",
    "OPENED",
    "RAISED",
    "Because",
    "Chain",
    "Link",
    "chain_of",
    "end_of",
    "ends_of",
    "maker",
    "trace",
    "why_lines",
]
