"""The beginning of a trial: what the history leaves open at the origin is drawn."""

from __future__ import annotations

from sim.conflict.ground import end_attacks
from sim.conflict.processes import FRAGILE_STREAM, REGIME_STREAM
from sim.conflict.state import (
    CALM_DAYS,
    EXCITATION,
    FRAGILE,
    NO_TRUCE,
    REGIME,
    TOP_REGIME_DAYS,
    TRUCE,
    Reals,
    State,
    Tables,
)
from sim.draws import Address, uniform


def begin(s: State, c: Tables, at: Address, regimes: Reals, fragile: float) -> None:
    """Draw the regime from its filtered probabilities, and whether a truce in force is of the fragile kind.

    `regimes`: the probabilities of the regimes, then what each would remember. Attacks are over where the
    fighting is found to have died down since the dated past had it.
    """
    u = uniform(at, 0, c.streams[REGIME_STREAM], 0)
    regime = 0
    below = regimes[0]
    while u > below and regime < c.n_regimes - 1:
        regime += 1
        below += regimes[regime]
    if regime < s[REGIME]:
        end_attacks(s, c, -1)
    s[REGIME] = float(regime)
    s[EXCITATION] = regimes[c.n_regimes + regime]
    if regime == c.n_regimes - 1:
        s[TOP_REGIME_DAYS] = 0.0
    if regime > 0:
        s[CALM_DAYS] = 0.0
    if s[TRUCE] != NO_TRUCE:
        s[FRAGILE] = 1.0 if uniform(at, 0, c.streams[FRAGILE_STREAM], 0) < fragile else 0.0
