"""Forecasts are simulated from what was known at their origin, the same bits however the work is shared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.forecasts import Record
from sim.backtesting.cases import Case, null_model, without_rule
from sim.backtesting.forecasting import Counts, weekly_deaths
from sim.backtesting.parameters import Brought, Fitted, Row
from sim.backtesting.recorded import read_record
from sim.scenario.numbers import fix
from sim.scenario.schema import EventType, Intervention, Rule
from tests import needs
from tests.backtesting import made

pytestmark = needs.numba
FIRST, LAST = made.ORIGINS
ORIGINS = [FIRST + dt.timedelta(7 * k) for k in range(12)]


def known(file: Path) -> Record:
    return read_record(file).record


def forecast(
    case: Case, record: Record, origins: Sequence[dt.date] = ORIGINS, sets: int = 3, trials: int = 20, workers: int = 1,
    last: dt.date = LAST,
) -> Counts:  # fmt: skip
    scenario = case.begun(record, FIRST, last, 28)
    return weekly_deaths(scenario, Brought(sets), origins, trials, 5, workers, case.finish)


@pytest.fixture(scope="module")
def model(river: Path) -> Case:
    return Case("model", str(river))


def test_every_origin_and_trial_has_its_weeks(model: Case, record: Path) -> None:
    found = forecast(model, known(record))
    assert found.shape == (12, 20, 4) and found.min() >= 0
    assert len({origin.tobytes() for origin in found}) == 12  # each has luck of its own
    assert 5 < found.mean() < 200


def test_workers_change_no_bit(model: Case, record: Path) -> None:
    one, four = (forecast(model, known(record), workers=n) for n in (1, 4))
    assert one.tobytes() == four.tobytes()


def test_an_origin_is_forecast_the_same_alone_and_among_others(model: Case, record: Path) -> None:
    alone = forecast(model, known(record), [ORIGINS[4]])
    assert alone[0].tobytes() == forecast(model, known(record))[4].tobytes()


def test_nothing_after_an_origin_is_used(model: Case, river: Path, record: Path) -> None:
    """Another record and another chronology from the day after an origin on leave its forecast as it is, bit by bit."""
    day = ORIGINS[6]
    usual = known(record)
    after = (day - usual.first).days + 1
    other = Record(usual.first, np.concatenate([usual.deaths[:after], usual.deaths[after:] * 3 + 20]))
    as_known = forecast(model, usual)
    as_other = forecast(model, other)
    assert as_known[:7].tobytes() == as_other[:7].tobytes()
    assert as_known[7:].tobytes() != as_other[7:].tobytes()
    scenario = model.begun(usual, FIRST, LAST, 28)
    before = {name: it for name, it in scenario.history.events.items() if it.on is not None and it.on <= day}
    truce = Intervention(on=day + dt.timedelta(1), event="truce", actor="south", target="north")
    for events in (before, {**before, "x": truce}):
        changed = scenario.model_copy(update={"history": scenario.history.model_copy(update={"events": events})})
        found = weekly_deaths(changed, Brought(3), ORIGINS[:7], 20, 5)
        assert found.tobytes() == as_known[:7].tobytes()


def test_a_later_end_of_the_back_test_changes_nothing_before(model: Case, record: Path) -> None:
    late = forecast(model, known(record), last=LAST + dt.timedelta(100))
    assert late.tobytes() == forecast(model, known(record)).tobytes()


def test_a_rule_that_never_applies_is_not_missed_and_another_is(model: Case, record: Path) -> None:
    """Common luck: trials differ only where the rule would have acted."""
    usual = forecast(model, known(record))
    assert forecast(without_rule(model, "shell"), known(record)).tobytes() == usual.tobytes()
    open_ = forecast(without_rule(model, "open"), known(record))
    same = (open_ == usual).mean()
    assert 0.3 < same < 1.0 and open_.mean() < usual.mean()


# --- the null model -------------------------------------------------------------------------------------------------


def test_the_null_model_ignores_truces_and_posts_and_whoever_acts(model: Case, record: Path) -> None:
    null = null_model(model)
    scenario = null.begun(known(record), FIRST, LAST, 28)
    assert not scenario.rules and not scenario.history.events and not scenario.interventions
    usual = forecast(null, known(record))
    said = {
        "history.events.x": f"{{on: {FIRST}, event: truce, actor: north, target: south}}",
        "history.events.y": f"{{on: {FIRST}, event: shell, actor: north, target: south, post: ford}}",
        "posts.ford.status": "encircled", "rules.fray.rate": "0.9", "fighting.drift.truce_ratio.lower": "9",
    }  # fmt: skip
    other = Case("model", model.source, said)
    assert forecast(other, known(record)).tobytes() != forecast(model, known(record)).tobytes()
    assert forecast(null_model(other), known(record)).tobytes() == usual.tobytes()


def test_the_null_model_drifts_by_the_rates_of_the_chain(model: Case, record: Path) -> None:
    case = null_model(model)
    fixed = case.finish(fix(case.begun(known(record), FIRST, LAST, 28)))
    rates = {(rule.when["regime"], rule.event): rule.rate for rule in fixed.rules.values()}
    assert rates == {
        ("quiet", "drift_to_skirmish"): 0.03, ("skirmish", "drift_to_quiet"): 0.03,
        ("skirmish", "drift_to_war"): 0.04, ("war", "drift_to_skirmish"): 0.05,
    }  # fmt: skip
    assert isinstance(fixed.rules["drift_from_war_to_skirmish"], Rule)
    assert isinstance(fixed.events["drift_to_war"], EventType)


@pytest.mark.statistical
def test_the_null_model_comes_to_the_means_of_its_chain(model: Case, record: Path) -> None:
    """In the long run 1, 7 and 25 deaths a day at 36, 36 and 29 %: false alarm below one in ten thousand."""
    case = null_model(model)
    scenario = case.begun(known(record), FIRST, LAST, 364)
    found = weekly_deaths(scenario, Brought(1), ORIGINS[:2], 500, 5, 1, case.finish)
    quiet, skirmish, war = np.array([1, 1, 0.04 / 0.05]) / 2.8
    due = 7 * (quiet * 1.0 + skirmish * 7 + war * 25)
    weeks = found[:, :, 26:].mean(axis=2).ravel()
    assert abs(weeks.mean() - due) < 4 * weeks.std() / len(weeks) ** 0.5


# --- numbers --------------------------------------------------------------------------------------------------------


class Two:
    """Two sets, of which each has its own mean of quiet days."""

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        return [{"fighting.regimes.quiet.mean": mean} for mean in (0.8, 50.0)]


def test_each_set_has_its_part_of_the_trials_and_its_numbers(model: Case, record: Path) -> None:
    scenario = model.begun(known(record), FIRST, LAST, 28)
    found = weekly_deaths(scenario, Fitted(Two, scenario, FIRST), ORIGINS, 20, 5)
    low, high = found[:, :10].mean(), found[:, 10:].mean()
    assert high > 1.5 * low


def test_one_set_stands_at_the_medians(model: Case, record: Path) -> None:
    middle: Row = {"fighting.regimes.quiet.mean": 1.0, "fighting.regimes.war.mean": 25.0, "rules.fray.rate": 0.03}

    class One:
        def rows_until(self, until: dt.date) -> list[dict[str, float]]:
            return [dict(middle)]

    scenario = model.begun(known(record), FIRST, LAST, 28)
    fitted = weekly_deaths(scenario, Fitted(One, scenario, FIRST), ORIGINS, 20, 5)
    assert fitted.tobytes() == forecast(model, known(record), sets=1).tobytes()


def test_fewer_trials_than_sets_take_the_first_sets(model: Case, record: Path) -> None:
    assert forecast(model, known(record), sets=30, trials=4).shape == (12, 4, 4)
