"""The pace of the rules that move the fighting between its regimes, fitted to the moves that the record shows.

`fighting.drift.rules` names them. On each day of the past a rule would have rung with its rate times the ratios as the
driven state had them on that day: that product is its exposure. Given a path of regimes drawn from the record, the
moves that a rule can have made and its exposure in the regime they start from make the likelihood of its rate, of the
form rate**moves x exp(-rate x exposure); its law in the scenario is the prior. So the rules of a free run move the
regimes as often as the record does, whatever their ratios, and the ratios themselves keep what is assumed of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.analysis.dice import uniforms
from sim.conflict import state as st
from sim.conflict.clocks import item_context
from sim.conflict.ground import end_attacks
from sim.conflict.perceive import gates_hold, ratio_product
from sim.scenario.compiling import Compiled
from sim.scenario.laws import Distribution
from sim.scenario.numbers import uncertain
from sim.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SCORES = np.linspace(-5.0, 5.0, 1001)  # normal scores at which a rate's posterior is tabulated


@dataclass(frozen=True)
class Move:
    """A rule that moves the fighting from one regime to another, and the path of its rate in the scenario."""

    rule: str
    before: int
    after: int

    @property
    def path(self) -> str:
        """Where its rate stands."""
        return f"rules.{self.rule}.rate"


def moving_rules(scenario: Scenario) -> list[Move]:
    """The moves that `fighting.drift.rules` names and whose rate is uncertain."""
    drift, known = scenario.fighting.drift, uncertain(scenario)
    if drift is None:
        return []
    names = list(scenario.fighting.regimes)
    every = [
        Move(rule, names.index(before), names.index(after))
        for before, ways in drift.rules.items()
        for after, rules in ways.items()
        for rule in rules
    ]
    return [move for move in every if move.path in known]


def exposures(moves: Sequence[Move], compiled: Compiled, state: Sequence[float]) -> list[float]:
    """What each rule's rate would have been multiplied by in a driven state, were its regime the one; 0 if shut."""
    return [_exposure(move, compiled, list(state)) for move in moves]


def _exposure(move: Move, compiled: Compiled, s: list[float]) -> float:
    c, rule = compiled.tables, compiled.names.rules.index(move.rule)
    _put_in(s, c, move.before)
    row, of = rule * st.RULE, item_context(c, rule, -1)
    if s[c.enabled + rule] == 0.0 or not gates_hold(s, c, c.rules[row + st.R_GATES], c.rules[row + st.R_GATES_END], of):
        return 0.0
    return ratio_product(s, c, c.rules[row + st.R_RATIOS], c.rules[row + st.R_RATIOS_END], of)


def _put_in(s: list[float], c: st.Tables, regime: int) -> None:
    """The state as it would be in this regime: an attack goes on in an offensive, and none below it."""
    s[st.REGIME] = float(regime)
    if regime < c.n_regimes - 1:
        end_attacks(s, c, -1)
    else:
        s[st.ATTACKS] = max(1.0, s[st.ATTACKS])


def fit_moves(
    scenario: Scenario, moves: Sequence[Move], path: Ints, exposed: Floats, row: int, seed: int
) -> dict[str, float]:
    """One draw of each rate, by path, given the regimes (days,) of the past and exposures (days, moves) of each day."""
    known = uncertain(scenario)
    made, at_risk = _counted(moves, path, exposed)
    return {
        move.path: _rate(known[move.path], made[k], at_risk[k], seed, move.rule, row) for k, move in enumerate(moves)
    }


def _counted(moves: Sequence[Move], path: Ints, exposed: Floats) -> tuple[Floats, Floats]:
    """Moves made and days at risk, weighted, by rule; a move that several could have made is shared among them."""
    before, after = path[:-1], path[1:]
    today = exposed[1:]
    from_here = np.array([before == move.before for move in moves]).T
    goes_there = np.array([(before == move.before) & (after == move.after) for move in moves]).T
    able = np.where(goes_there, today, 0.0)
    shared = np.zeros_like(able)
    for ends in {(move.before, move.after) for move in moves}:
        alike = [k for k, move in enumerate(moves) if (move.before, move.after) == ends]
        total = able[:, alike].sum(axis=1, keepdims=True)
        shared[:, alike] = np.divide(able[:, alike], total, out=np.zeros_like(able[:, alike]), where=total > 0.0)
    return shared.sum(axis=0), (from_here * today).sum(axis=0)


def _rate(prior: Distribution, made: float, at_risk: float, seed: int, rule: str, row: int) -> float:
    """A draw of a rate: its prior, tabulated by normal scores, times the likelihood of what was counted."""
    rates = np.array([prior.ppf(float(u)) for u in special.ndtr(SCORES)])
    logs = -0.5 * SCORES**2 + made * np.log(np.maximum(rates, 1e-300)) - rates * at_risk
    below = np.cumsum(np.exp(logs - logs.max()))
    u = float(uniforms(seed, ("moves", rule), [row], 1)[0, 0])
    return float(np.interp(u, below / below[-1], rates))
