"""Three regimes with the numbers of DOMAIN 7.11."""

from __future__ import annotations

from sim.history.markov import Chain, chain

REGIMES = {"quiet": (1.8, 0.47), "sporadic": (8.3, 0.69), "offensive": (25.0, 1.24)}
RATES = {
    "quiet": {"sporadic": 0.031, "offensive": 0.003},
    "sporadic": {"offensive": 0.036, "quiet": 0.022},
    "offensive": {"sporadic": 0.026, "quiet": 0.003},
}
DOWN = {"leader": {"offensive": 0.74, "sporadic": 0.84}, "lower": {"offensive": 0.28, "sporadic": 0.22}}
IDLIB = chain(REGIMES, RATES, DOWN, {"leader": 0.27})  # DOMAIN 7.11


def idlib(excitation: tuple[float, float] = (0.0, 1.0), lost: float = 0.0) -> Chain:
    return chain(REGIMES, RATES, DOWN, {"leader": 0.27}, 2.5, excitation, lost)
