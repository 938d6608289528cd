"""The pace of the rules that move the fighting between its regimes, fitted to the moves that the record shows.

`fighting.drift.rules` names them. On each day of the past a rule would have rung with its rate times the ratios as the
driven state had them on that day: that product is its exposure. Given a path of regimes drawn from the record, the
moves that a rule can have made and its exposure in the regime they start from make the likelihood of its rate, of the
form rate**moves x exp(-rate x exposure); its law in the scenario is the prior. Moves down in a truce's first days are
left out: in a free run the truce makes them. So the rules of a free run move the regimes as often as the record does,
whatever their ratios, and the ratios themselves keep what is assumed of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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

HARDLY = 1e-3  # exposure that a move is taken to have had where its rule was shut: a thousandth of an open one's
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


@dataclass(frozen=True)
class Moved:
    """What paths of regimes show by day: `made` (days, moves) and `here` (days, moves), in the regime it starts from.

    Shares of the paths, or 0 and 1 where it is one path.
    """

    made: Floats
    here: Floats


def moved(moves: Sequence[Move], paths: Ints, pulled: Sequence[bool]) -> Moved:
    """What paths (days, n) of regimes show, on average; the first day has no yesterday and shows nothing.

    On days on which a new truce pulled the regimes down (`pulled`), moves down were the truce's doing: they are no
    rule's, and show nothing of one.
    """
    before, after = paths[:-1], paths[1:]
    by_itself = ~np.array(pulled, dtype=bool)[1:, None]
    made, here = np.zeros((2, len(paths), len(moves)))
    for k, move in enumerate(moves):
        there = before == move.before
        if move.after < move.before:
            there = there & by_itself
        made[1:, k], here[1:, k] = (there & (after == move.after)).mean(axis=1), there.mean(axis=1)
    return Moved(made, here)


def counted(moves: Sequence[Move], seen: Moved, exposed: Floats) -> tuple[Floats, Floats]:
    """Moves made and weighted days at risk (moves,) given exposures (days, moves).

    A move that several rules could have made on its day is shared among them by exposure.
    """
    shared = np.zeros_like(exposed)
    for alike in _alike(moves):
        able = exposed[:, alike]
        total = able.sum(axis=1, keepdims=True)
        shared[:, alike] = np.divide(able, total, out=np.zeros_like(able), where=total > 0.0)
    return (seen.made * shared).sum(axis=0), (seen.here * exposed).sum(axis=0)


def _alike(moves: Sequence[Move]) -> list[list[int]]:
    """Positions of the rules that make the same move, move by move."""
    ends = dict.fromkeys((move.before, move.after) for move in moves)
    return [[k for k, move in enumerate(moves) if (move.before, move.after) == end] for end in ends]


def log_evidence(priors: Sequence[Distribution], moves: Sequence[Move], seen: Moved, exposed: Floats) -> float:
    """How well exposures (days, moves) explain on which days moves were made, whatever the rates; a log likelihood.

    Of rules that make the same move it is the sum of their exposures that explains one. A move that all of them were
    shut to counts as hardly explained (HARDLY).
    """
    able = np.maximum(exposed, HARDLY)
    made, _ = counted(moves, seen, able)
    _, at_risk = counted(moves, seen, exposed)
    rates = _tables(tuple(priors))
    logs = _NORMAL + made[:, None] * np.log(rates) - rates * at_risk[:, None]
    which = sum(float((seen.made[:, alike[0]] * np.log(able[:, alike].sum(axis=1))).sum()) for alike in _alike(moves))
    return float(special.logsumexp(logs, axis=1).sum()) + which


def fit_moves(
    priors: Sequence[Distribution], moves: Sequence[Move], seen: Moved, exposed: Floats, row: int, seed: int
) -> dict[str, float]:
    """One draw of each rate, by path: its prior, tabulated by normal scores, times the likelihood of the counts."""
    made, at_risk = counted(moves, seen, exposed)
    drawn = {}
    for k, (move, rates) in enumerate(zip(moves, _tables(tuple(priors)), strict=True)):
        logs = _NORMAL + made[k] * np.log(rates) - rates * at_risk[k]
        below = np.cumsum(np.exp(logs - logs.max()))
        u = float(uniforms(seed, ("moves", move.rule), [row], 1)[0, 0])
        drawn[move.path] = float(np.interp(u, below / below[-1], rates))
    return drawn


_NORMAL = -0.5 * SCORES**2


@lru_cache(maxsize=8)
def _tables(priors: tuple[Distribution, ...]) -> Floats:
    """Quantiles (moves, scores) of the rates' priors, above zero."""
    shares = special.ndtr(SCORES)
    return np.maximum([[law.ppf(float(u)) for u in shares] for law in priors], 1e-300)
