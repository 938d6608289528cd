"""The pace of the rules that move the fighting: what exposes them, what is counted, what follows for rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.conflict import state as st
from sim.fitting.moves import Move, Moved, counted, exposures, fit_moves, log_evidence, moved, moving_rules
from sim.scenario.compiling import Compiled, compile_scenario
from sim.scenario.laws import Gamma, LogNormal
from sim.scenario.numbers import fix
from tests.fitting.small import FREE
from tests.small import small

OPEN, STORM, TIRE = Move("open", 0, 1), Move("storm", 0, 1), Move("tire", 1, 0)


def compiled(heat: float = 1.5, **changes: Any) -> Compiled:
    return compile_scenario(fix(small(FREE, changes), {"parameters.heat.value": heat}))


# --- which rules ----------------------------------------------------------------------------------------------------


def test_the_rules_that_move_are_those_named_whose_rate_is_uncertain() -> None:
    assert moving_rules(small(FREE)) == [OPEN, STORM, TIRE]
    assert moving_rules(small(FREE, rules={"storm": {"rate": 0.01}})) == [OPEN, TIRE]
    assert moving_rules(small(FREE, fighting={"drift": None})) == []
    assert OPEN.path == "rules.open.rate"


# --- exposures ------------------------------------------------------------------------------------------------------


def test_an_exposure_is_the_product_of_the_ratios_in_the_regime_that_the_rule_starts_from() -> None:
    """Anger 2 and its ratio 1.5; the rest have no ratio. The state's own regime does not matter, and it stays."""
    c = compiled()
    for regime in (0.0, 1.0):
        state = list(c.initial)
        state[st.REGIME] = regime
        before = list(state)
        assert exposures([OPEN, STORM, TIRE], c, state) == pytest.approx([1.5**2, 1.0, 1.0])
        assert state == before


def test_a_rule_whose_gates_are_shut_or_that_is_switched_off_is_not_exposed() -> None:
    c = compiled()
    state = list(c.initial)
    state[st.TRUCE] = st.LOWER
    assert exposures([OPEN, STORM, TIRE], c, state) == [0.0, 1.0, 1.0]
    off = compiled(rules={"storm": {"enabled": False}})
    assert exposures([STORM, TIRE], off, list(off.initial)) == [0.0, 1.0]


def test_an_attack_goes_on_in_the_highest_regime_and_none_below_it() -> None:
    """`tire` asks for an attack, which the war has and the quiet has not, whatever the state itself holds."""
    c = compiled()
    none, one = list(c.initial), list(c.initial)
    one[st.ATTACKS] = one[c.tables.under_attack] = 1.0
    assert exposures([TIRE], c, none) == exposures([TIRE], c, one) == [1.0]
    calm = compiled(rules={"storm": {"when": {"attacks": {"at_least": 1}}}})
    assert exposures([STORM], calm, one) == [0.0]


# --- what is counted ------------------------------------------------------------------------------------------------

PATHS = np.array([[0, 0], [1, 0], [1, 0], [0, 1], [1, 1]])  # two paths of five days
NOT_PULLED = [False] * 5


def test_moves_and_days_at_risk_of_two_paths_by_hand() -> None:
    seen = moved([OPEN, TIRE], PATHS, NOT_PULLED)
    assert seen.made.T.tolist() == [[0, 0.5, 0, 0.5, 0.5], [0, 0, 0, 0.5, 0]]
    assert seen.here.T.tolist() == [[0, 1, 0.5, 0.5, 0.5], [0, 0, 0.5, 0.5, 0.5]]


def test_moves_down_in_the_first_days_of_a_truce_are_the_truces() -> None:
    """It pulls on days 3 and 4: the move down of day 3 is no rule's, neither day puts one at risk, moves up stay."""
    seen = moved([OPEN, TIRE], PATHS, [False, False, False, True, True])
    assert seen.made.T.tolist() == [[0, 0.5, 0, 0.5, 0.5], [0, 0, 0, 0, 0]]
    assert seen.here.T.tolist() == [[0, 1, 0.5, 0.5, 0.5], [0, 0, 0.5, 0, 0]]


def test_without_moves_there_is_nothing_to_see() -> None:
    seen = moved([], PATHS, NOT_PULLED)
    assert seen.made.shape == seen.here.shape == (5, 0)


def test_a_move_is_shared_by_exposure_and_days_are_weighted_by_it() -> None:
    """On day 1 `open` is three times as exposed as `storm`, on day 3 shut, on day 4 both are: that move is nobody's."""
    exposed = np.array([[1, 1, 1], [3, 1, 1], [1, 1, 2], [0, 2, 1], [0, 0, 1]], float)
    made, at_risk = counted([OPEN, STORM, TIRE], moved([OPEN, STORM, TIRE], PATHS, NOT_PULLED), exposed)
    assert made == pytest.approx([0.5 * 0.75, 0.5 * 0.25 + 0.5, 0.5])
    assert at_risk == pytest.approx([3 + 0.5, 1 + 0.5 + 1, 0.5 * (2 + 1 + 1)])


# --- what follows ---------------------------------------------------------------------------------------------------


def seen_of(made: list[float], here: list[float]) -> Moved:
    return Moved(np.array(made, float)[:, None], np.array(here, float)[:, None])


def test_the_posterior_of_a_gamma_is_the_exact_gamma() -> None:
    """Shape 2 and scale 1/100, five moves in 150 weighted days: shape 7, rate 250, at every row's quantile."""
    seen = seen_of([0] + [1] * 5 + [0] * 45, [1] * 51)
    exposed = np.full((51, 1), 150 / 51)
    prior = Gamma(2.0, 0.01)
    drawn = np.array([fit_moves([prior], [OPEN], seen, exposed, row, 0)[OPEN.path] for row in range(400)])
    exact = stats.gamma(7, scale=1 / 250)
    assert drawn.std() == pytest.approx(exact.std(), rel=0.15)
    assert stats.kstest(drawn, exact.cdf).pvalue > 0.001
    assert drawn[7] == fit_moves([prior], [OPEN], seen, exposed, 7, 0)[OPEN.path]
    assert drawn[7] != fit_moves([prior], [OPEN], seen, exposed, 7, 1)[OPEN.path]


def test_a_rule_that_was_never_exposed_keeps_its_prior() -> None:
    prior = LogNormal(0.05, 0.6)
    nothing = seen_of([0, 0, 0], [0, 0, 0])
    drawn = [fit_moves([prior], [TIRE], nothing, np.ones((3, 1)), row, 0)[TIRE.path] for row in range(400)]
    assert stats.kstest(drawn, stats.lognorm(0.6, scale=0.05).cdf).pvalue > 0.001


def test_evidence_is_the_integral_over_the_prior() -> None:
    """A gamma prior: moves' exposures x b^a Gamma(a + n) / (Gamma(a) (b + T)^(a + n)); differences count."""
    made, here = [0, 1, 0, 1, 0], [1, 1, 1, 1, 1]
    prior = Gamma(2.0, 0.01)

    def exact(exposed: list[float]) -> float:
        time, n = sum(exposed), 2
        return float(np.log(exposed[1] * exposed[3]) - (2 + n) * np.log(100 + time))

    def told(exposed: list[float]) -> float:
        return log_evidence([prior], [OPEN], seen_of(made, here), np.array(exposed, float)[:, None])

    one, other = [1, 1, 1, 1, 1], [2, 9, 0.5, 30, 40]
    assert told(other) - told(one) == pytest.approx(exact(other) - exact(one), abs=1e-3)


def test_rules_that_make_the_same_move_explain_it_once() -> None:
    """Two open rules, two moves, exposures tripled on the days of moves: against the integral over both rates."""
    prior = Gamma(4.0, 0.005)
    rates = np.array([prior.ppf(float(u)) for u in (np.arange(400) + 0.5) / 400])
    both = rates[:, None] + rates

    def exact(high: float) -> float:
        return float(np.log(np.mean((high * both) ** 2 * np.exp(-(3 + 2 * high) * both))))

    def told(high: float) -> float:
        exposed = np.repeat(np.array([1, high, 1, high, 1], float)[:, None], 2, axis=1)
        seen = Moved(np.repeat([[0.0], [1], [0], [1], [0]], 2, axis=1), np.ones((5, 2)))
        return log_evidence([prior, prior], [OPEN, STORM], seen, exposed)

    assert told(3.0) - told(1.0) == pytest.approx(exact(3.0) - exact(1.0), abs=0.02)


def test_a_move_that_no_rule_could_have_made_is_hardly_explained() -> None:
    """An exposure that falls to nothing on the day of a move makes the evidence fall, to a floor and never up again."""
    seen = seen_of([0, 1, 0, 1, 0], [1] * 5)
    open_, narrow, shut = (
        log_evidence([Gamma(2.0, 0.01)], [OPEN], seen, np.array([[1.0], [e], [1], [e], [1]])) for e in (1.0, 0.01, 0.0)
    )
    assert open_ > narrow > shut
    assert open_ - shut == pytest.approx(2 * np.log(1e3), abs=0.2)


def test_evidence_prefers_exposures_that_are_high_when_moves_are_made() -> None:
    seen = seen_of([0, 1, 0, 0, 1, 0, 0, 0], [1] * 8)
    right, flat, wrong = (
        log_evidence([LogNormal(0.3, 1.0)], [OPEN], seen, np.array(days, float)[:, None])
        for days in ([1, 4, 1, 1, 4, 1, 1, 1], [1.75] * 8, [4, 1, 1, 1, 1, 4, 1, 1])
    )
    assert right > flat > wrong


@pytest.mark.statistical
def test_a_known_rate_is_recovered_from_the_moves_it_makes() -> None:
    """Twenty records of 1,500 days; 20 draws of each lie about the truth: false alarm below 1e-4, seed fixed."""
    truth, dice = 0.03, np.random.default_rng(17)
    shares = []
    for record in range(20):
        exposed = dice.lognormal(0.0, 0.7, 1500)
        path = np.zeros(1500, np.int64)
        for day in range(1, 1500):
            rate = truth * exposed[day] if path[day - 1] == 0 else 0.05
            path[day] = path[day - 1] if dice.random() > -np.expm1(-rate) else 1 - path[day - 1]
        seen = moved([OPEN], path[:, None], [False] * 1500)
        drawn = [
            fit_moves([LogNormal(0.05, 1.0)], [OPEN], seen, exposed[:, None], row, record)[OPEN.path]
            for row in range(20)
        ]
        assert np.std(drawn) < 0.012
        shares.append(np.mean(np.array(drawn) < truth))
    assert abs(np.mean(shares) - 0.5) < 4 * (1 / 12 / 20) ** 0.5
