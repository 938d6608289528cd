"""What goes on every day: ageing, deaths, displacement."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.conflict import state as st
from sim.conflict.effects import begin_truce, change_regime, end_truce
from sim.conflict.processes import bury, mean_deaths
from sim.draws import address
from sim.history.driving import begin_trial
from sim.model import CeasefireModel
from tests.small import ORIGIN, done, look, on_day, played, ready, rule, told, total

FALSE_ALARM = 1e-6

# --- ageing ---------------------------------------------------------------------------------------------------------


def test_a_quantity_decays_to_its_rest_by_its_half_life() -> None:
    quantities = {"fast": {"initial": 9.0, "half_life_days": 1.0, "rest": 1.0}, "still": {"initial": 9.0}}
    start = {"history": {"start": None}, "origin": ORIGIN}
    prepared = ready(quantities=quantities, history={"start": ORIGIN.replace(day=30, month=4)})
    assert start
    model = CeasefireModel(prepared)
    seen = []
    for _ in range(3):
        model.step()
        seen.append((look(model, "fast"), look(model, "still")))
    assert seen == [(3.0, 9.0), (2.0, 9.0), (1.5, 9.0)]  # 9, 5 on the eve, then 3, 2, 1.5


def test_a_quantity_of_everybody_decays_for_everybody() -> None:
    quantities = {"mood": {"of": "actor", "initial": 8.0, "half_life_days": 1.0}}
    model = played(1, quantities=quantities)
    assert [look(model, f"{party}.mood") for party in ("red", "blue", "band", "doves", "hawks")] == [2.0] * 5


@pytest.mark.parametrize(("rung", "after"), [(4, 2.0), (5, 2.5), (6, 6.0), (-3, -1.5)])
def test_rungs_drift_toward_routine_unless_they_are_high(rung: int, after: float) -> None:
    acts = {"act": on_day(1, event="clash")}
    model = played(2, events={"clash": {"rung": rung}}, interventions=acts, defaults={"rung_half_life_days": 1.0})
    assert look(model, "rung.red.blue") == after


# --- deaths ---------------------------------------------------------------------------------------------------------

WAR = {"fighting": {"regimes": {"quiet": {"mean": 1.8, "size": 0.47}, "war": {"mean": 25.0, "size": 1.24}}}}


def deaths(regime: str, trials: int, days: int = 1, **changes: Any) -> np.ndarray[Any, Any]:
    """Deaths by trial and day in a regime."""
    prepared = ready(WAR, changes, interventions={"act": on_day(1, effects=[{"regime": regime}])}, horizon_days=days)
    return np.array(
        [CeasefireModel(prepared, trial=trial, collect=False).run().daily["deaths"] for trial in range(trials)]
    )


@pytest.mark.statistical
@pytest.mark.parametrize(("regime", "mean", "size"), [("quiet", 1.8, 0.47), ("war", 25.0, 1.24)])
def test_deaths_have_the_mean_and_dispersion_of_the_regime(regime: str, mean: float, size: float) -> None:
    """Two thousand days against the negative binomial: its quintiles (chi-square), its mean (5 standard errors)."""
    found = deaths(regime, 1000, days=2).ravel()
    law = stats.nbinom(size, size / (size + mean))
    edges = sorted({law.ppf(p) for p in (0.2, 0.4, 0.6, 0.8)})
    seen = np.histogram(found, [-1, *[e + 0.5 for e in edges], np.inf])[0]
    wanted = np.diff([0.0, *law.cdf(edges), 1.0]) * len(found)
    assert stats.chisquare(seen, wanted).pvalue > FALSE_ALARM
    assert abs(found.mean() - mean) < 5 * law.std() / len(found) ** 0.5


@pytest.mark.statistical
def test_excitation_keeps_the_mean_and_ties_the_days_together() -> None:
    """With a share of 0.5, bad days follow bad days; the mean stays (from day 15 on, within 5 standard errors)."""
    excitation = {"excitation": {"share": 0.5, "half_life_days": 1.0}}
    tied = deaths("war", 150, days=40, fighting=excitation)[:, 15:]
    free = deaths("war", 150, days=40)[:, 15:]

    def lag_one(x: np.ndarray[Any, Any]) -> float:
        return float(np.corrcoef(x[:, :-1].ravel(), x[:, 1:].ravel())[0, 1])

    assert lag_one(tied) > 0.15 > 0.08 > abs(lag_one(free))
    spread = tied.mean(axis=1).std() / len(tied) ** 0.5
    assert abs(tied.mean() - 25.0) < 5 * spread


def test_the_mean_is_the_regimes_mixed_with_the_recent_past_times_the_ratios() -> None:
    fighting = {"excitation": {"share": 0.25, "half_life_days": 1.0}, "ratios": {"rain": 3.0}}
    prepared = ready(WAR, fighting=fighting, quantities={"rain": {"initial": 2.0}})
    s, c = begin_trial(prepared.origin, prepared.compiled, address(0)), prepared.compiled.tables
    s[st.EXCITATION] = 1.0
    assert mean_deaths(s, c) == pytest.approx(1.8 * 9)
    bury(s, c, 81.0)
    assert s[st.EXCITATION] == pytest.approx(3.0)  # half of the way from 1 to 81 / (1.8 x 9) = 5 in one day
    assert mean_deaths(s, c) == pytest.approx(1.8 * 9 * (0.75 + 0.25 * 3.0))


def test_a_new_regime_begins_without_memory_of_the_last() -> None:
    prepared = ready(WAR, fighting={"excitation": {"share": 0.25, "half_life_days": 1.0}})
    s, c = begin_trial(prepared.origin, prepared.compiled, address(0)), prepared.compiled.tables
    bury(s, c, 81.0)
    change_regime(s, c, st.TO_REGIME, int(s[st.REGIME]))
    assert s[st.EXCITATION] > 20.0  # the same regime goes on
    change_regime(s, c, st.RAISE_REGIME, 0)
    assert s[st.EXCITATION] == 1.0
    assert mean_deaths(s, c) == pytest.approx(c.regimes[2 * int(s[st.REGIME])])


def test_deaths_of_seven_days_look_back_over_the_origin_and_no_further() -> None:
    history = {
        "start": ORIGIN.replace(month=4, day=20),
        "daily_deaths": {ORIGIN.replace(month=4, day=30): 5.0, ORIGIN.replace(month=4, day=25): 3.0},
    }
    prepared = ready(history=history)
    assert prepared.origin.state[st.DEATHS_7D] == 8.0
    daily = CeasefireModel(prepared).run().daily
    assert daily["deaths_7d"] == [8.0, 5.0, 5.0, 5.0, 5.0, 5.0, 0.0, 0.0, 0.0, 0.0]


def test_deaths_under_a_truce_are_those_of_its_last_seven_days() -> None:
    """Ninety a day before it; 1, 2, 4 ... on its days; on the eighth the first is a week ago; none when it is over."""
    prepared = ready(WAR)
    s, c = begin_trial(prepared.origin, prepared.compiled, address(0)), prepared.compiled.tables
    for day in range(1, 8):
        s[st.DAY] = float(day)
        bury(s, c, 90.0)
    assert s[st.TRUCE_DEATHS_7D] == 0.0
    begin_truce(s, c, st.LOWER, 0.0)
    for age in range(9):
        s[st.DAY], s[st.TRUCE_AGE] = 8.0 + age, float(age)
        bury(s, c, 2.0**age)
        assert s[st.TRUCE_DEATHS_7D] == sum(2.0**k for k in range(max(0, age - 6), age + 1))
    assert s[st.DEATHS_7D] == s[st.TRUCE_DEATHS_7D]
    begin_truce(s, c, st.LEADER, 0.0)
    assert s[st.TRUCE_DEATHS_7D] == 0.0
    bury(s, c, 3.0)
    assert s[st.TRUCE_DEATHS_7D] == 3.0
    end_truce(s)
    assert s[st.TRUCE_DEATHS_7D] == 0.0


def test_shares_of_weekly_sums_leave_nothing_behind() -> None:
    history = {"start": ORIGIN.replace(month=4, day=1), "weekly_deaths": {ORIGIN.replace(month=4, day=23): 20.0}}
    assert ready(history=history).origin.state[st.DEATHS_7D] == 0.0


# --- displacement ---------------------------------------------------------------------------------------------------

FLIGHT: dict[str, Any] = {"displacement": {"rate": 0.25}}


def people(model: CeasefireModel) -> float:
    return total(model, "exposed") + total(model, "left")


def attacked(days: int, *layers: dict[str, Any], **changes: Any) -> CeasefireModel:
    acts = {"act": on_day(1, effects=[{"attack": True}], target="band", place="field")}
    return played(days, FLIGHT, *layers, interventions=acts, horizon_days=400, **changes)


def test_a_share_of_the_exposed_leaves_a_sector_under_attack_each_day() -> None:
    seen = [
        (look(m, "displaced"), look(m, "newly_displaced"), look(m, "exposed", place="field"))
        for m in map(attacked, (1, 2, 3))
    ]
    assert seen == [(10.0, 10.0, 30.0), (17.5, 7.5, 22.5), (23.125, 5.625, 16.875)]


def test_neighbours_of_an_attacked_sector_leave_by_the_spill() -> None:
    model = attacked(1, {"displacement": {"spill": 0.4}})
    assert [look(model, "exposed", place=place) for place in ("field", "wood")] == [30.0, 18.0]
    assert look(model, "displaced") == 12.0


def test_displacement_saturates_and_loses_nobody() -> None:
    model = attacked(300, {"displacement": {"spill": 0.4, "sigma": 1.0}})
    assert 59.9 < look(model, "displaced") <= 60.0 + 1e-9
    assert people(model) == pytest.approx(60.0)
    assert all(look(model, "exposed", place=place) >= 0.0 for place in ("field", "wood"))


def test_no_more_leave_than_are_there() -> None:
    model = attacked(3, {"displacement": {"rate": 1.0, "sigma": 2.0}})
    assert 0.0 <= look(model, "exposed", place="field") < 40.0
    assert people(model) == pytest.approx(60.0)


@pytest.mark.statistical
def test_the_noise_of_displacement_has_median_one() -> None:
    """Half the days see more than the rate; false alarm 1e-6."""
    model = attacked(400, {"displacement": {"rate": 0.001, "sigma": 1.0}})
    shares = [e.marks["share"] for e in model.events() if e.event == "displacement"]
    assert len(shares) == 400
    assert stats.binomtest(sum(share > 0.001 for share in shares), 400, 0.5).pvalue > FALSE_ALARM


def test_after_long_calm_people_return() -> None:
    acts = {
        "go": on_day(1, effects=[{"attack": True}], target="band", place="field"),
        "stop": on_day(2, effects=[{"attack": False}]),
    }
    changes: dict[str, Any] = {
        "displacement": {"rate": 0.25, "return_rate": 0.5, "return_after_days": 5},
        "interventions": acts,
    }
    seen = [look(played(day, **changes), "displaced") for day in range(1, 8)]
    assert seen == [10.0, 10.0, 10.0, 5.0, 2.5, 1.25, 0.625]  # calm since the eve of the origin
    model = played(7, **changes)
    assert people(model) == pytest.approx(60.0)
    assert look(model, "newly_displaced") == -0.625


def test_the_displaced_press_on_a_quantity_within_its_bounds() -> None:
    press = {
        "quantities": {"mood": {"of": "actor", "low": 0.0, "high": 1.5}},
        "displacement": {"presses": {"actor": "blue", "quantity": "mood", "per_thousand": 0.1}},
    }
    assert [look(attacked(day, press), "blue.mood") for day in (1, 2)] == [1.0, 1.5]
    assert look(attacked(2, press), "red.mood") == 0.0


def test_nobody_leaves_without_an_attack() -> None:
    model = played(5, FLIGHT)
    assert look(model, "displaced") == 0.0
    assert [e for e in model.events() if e.event == "displacement"] == []


def test_rules_see_yesterdays_displacement() -> None:
    rules = {"note": rule(when={"newly_displaced": {"above": 0.0}})}
    assert told(attacked(2, rules=rules).events())[1:] == ["2 note red>blue"]


def test_dead_soldiers_are_no_deaths_of_the_fighting() -> None:
    model = done({"fire": True})
    assert model.state[st.DEATHS_TOTAL] == 0.0
