"""One drive through the history gives the state at every origin, and truces die by the rule of the day."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.forecasts import Record
from sim.analysis.truces import announced, standing
from sim.backtesting.cases import Case, null_model
from sim.backtesting.driving import Lived, filtered, live, snapshots
from sim.backtesting.recorded import read_record
from sim.conflict import state as st
from sim.history.driving import origin_of
from sim.scenario.compiling import compile_scenario
from sim.scenario.numbers import fix, values_of_set
from sim.scenario.schema import Scenario
from tests import needs
from tests.backtesting import made

FIRST, LAST = made.ORIGINS
DAYS = [FIRST + dt.timedelta(k) for k in range((LAST - FIRST).days + 1)]


def begun(river: Path, record: Record) -> Scenario:
    return Case("model", str(river)).begun(record, FIRST, LAST, 28)


def lived(scenario: Scenario, k: int = 0) -> Lived:
    fixed = fix(scenario, values_of_set(scenario, k, 1))
    return live(fixed, compile_scenario(fixed), DAYS)


def as_of(scenario: Scenario, last: dt.date) -> Scenario:
    return scenario.model_copy(update={"origin": last + dt.timedelta(1)})


@pytest.mark.parametrize("day", [FIRST, dt.date(2021, 8, 12), dt.date(2021, 10, 17), dt.date(2021, 11, 3), LAST])
def test_a_snapshot_is_the_origin_of_the_same_scenario_that_begins_the_day_after(
    river: Path, record: Path, day: dt.date
) -> None:
    scenario = begun(river, read_record(record).record)
    fixed = fix(scenario)
    found = snapshots(fixed, compile_scenario(fixed), DAYS)[day]
    other = fix(as_of(scenario, day))
    compiled = compile_scenario(other)
    due = origin_of(other, compiled, truces_die_by_deaths=True)
    assert len(found.state) == len(due.state)
    ring = slice(compiled.tables.recent, compiled.tables.recent + st.OBSERVED_DAYS)
    assert found.state[ring] == due.state[ring] and any(found.state[ring])
    assert found.state == due.state
    assert found.regimes == pytest.approx(due.regimes, rel=1e-12) and found.memory == pytest.approx(due.memory)
    assert found.fragile == due.fragile


@pytest.mark.parametrize(
    ("path", "value"),
    [("reporting.lost", "0.2"), ("drift.age_ratio", "0.5"), ("drift.overdue_ratio", "3"), ("excitation.share", "0.8")],
)
def test_nothing_of_a_chain_is_left_out_where_many_are_filtered(
    river: Path, record: Path, path: str, value: str
) -> None:
    """A truce is in its third week on the day, with a term overdue; each number moves what the filter says of it."""
    day, term = dt.date(2021, 8, 12), {"agreement.terms.guns": "{due: 2021-01-15}"}

    def regimes(overrides: dict[str, str]) -> tuple[list[float], list[float]]:
        case = Case("model", str(river), {**term, **overrides})
        fixed = fix(case.begun(read_record(record).record, FIRST, LAST, 28))
        due = origin_of(other := fix(as_of(fixed, day)), compile_scenario(other), truces_die_by_deaths=True)
        return snapshots(fixed, compile_scenario(fixed), DAYS)[day].regimes, due.regimes

    found, due = regimes({f"fighting.{path}": value})
    assert found == pytest.approx(due, rel=1e-12)
    assert found != pytest.approx(regimes({})[0], rel=1e-6)


def test_many_sets_are_filtered_as_each_alone(river: Path, record: Path) -> None:
    scenario = begun(river, read_record(record).record)
    many = [lived(scenario, k) for k in range(3)]
    for one, found in zip(many, filtered(many), strict=True):
        [alone] = filtered([one])
        assert found.keys() == alone.keys() == set(DAYS)
        assert all(found[day].regimes == pytest.approx(alone[day].regimes, rel=1e-9) for day in DAYS)
    assert filtered(many)[0][LAST].regimes != filtered(many)[1][LAST].regimes


def test_sets_with_other_truces_are_filtered_apart(river: Path, record: Path) -> None:
    """The null model has none; together with it the model is filtered as before."""
    known = read_record(record).record
    model = lived(begun(river, known))
    null = lived(null_model(Case("model", str(river))).begun(known, FIRST, LAST, 28))
    assert {truce.level for truce in model.truces} == {"none", "lower"} and {t.level for t in null.truces} == {"none"}
    together, alone = filtered([model, null]), [filtered([model])[0], filtered([null])[0]]
    assert all(one[LAST].regimes == other[LAST].regimes for one, other in zip(together, alone, strict=True))


def stood(scenario: Scenario, record: Record) -> list[tuple[str, int]]:
    """The truce under which each day of the history was lived, by `analysis.truces`, which tells it of the evening."""
    first = scenario.history.start
    assert first is not None
    truces = [it for it in announced(scenario) if it.on >= first]
    every = standing(truces, record.first, record.deaths)
    days = (scenario.origin - first).days
    evenings = [tuple(it) for it in every[(first - record.first).days :][:days]]
    ended = [now[0] == "none" != before[0] for before, now in pairwise([("none", 0), *evenings])]
    ages = [0, *(age + 1 for _, age in evenings)]
    levels = ["none", *(level for level, _ in evenings)]
    return [(levels[k], ages[k]) if gone else now for k, (now, gone) in enumerate(zip(evenings, ended, strict=True))]


def test_truces_are_those_that_could_be_seen_on_the_day(river: Path, record: Path) -> None:
    """Neither the end that the sequel taught nor an attack ends one: only a hundred deaths in seven days of it do."""
    known = read_record(record).record
    scenario = begun(river, known)
    truces = [(truce.level, truce.age) for truce in lived(scenario).truces]
    assert truces == stood(scenario, known)
    calm = Record(known.first, np.minimum(known.deaths, 5.0))
    scenario = begun(river, calm)
    truces = [(truce.level, truce.age) for truce in lived(scenario).truces]
    assert truces == stood(scenario, calm)
    told_to_end, attacked = dt.date(2021, 8, 25), dt.date(2021, 10, 18)
    assert scenario.history.start is not None
    at = [truces[(day - scenario.history.start).days] for day in (told_to_end, attacked)]
    assert at == [("lower", 15), ("lower", 3)]


def test_a_dead_truce_does_what_the_end_of_one_does_whatever_the_chronology_says_later(
    river: Path, record: Path
) -> None:
    """Trust is lost on the day of the rule, with the dated end left out or there."""
    known = read_record(record).record
    scenario = begun(river, known)
    events = {name: it for name, it in scenario.history.events.items() if name != "t1_ends"}
    untold = scenario.model_copy(update={"history": scenario.history.model_copy(update={"events": events})})
    one, other = lived(scenario), lived(untold)
    assert one.states == other.states
    ends = [k for k, (now, then) in enumerate(pairwise(one.truces)) if now.level == "lower" and then.age == 0]
    dead = ends[0]
    day = (scenario.history.start or FIRST) + dt.timedelta(dead)
    before, after = one.states[day - dt.timedelta(1)], one.states[day]
    assert after[st.INTEGRITY] == pytest.approx(before[st.INTEGRITY] - 0.2)


@pytest.mark.data
@pytest.mark.parametrize("first", [dt.date(2016, 3, 1), dt.date(2018, 9, 23)])
def test_truces_of_the_real_record(first: dt.date) -> None:
    known = read_record(needs.shared("data/idlib_box_daily.csv")).record
    last = dt.date(2020, 2, 9)
    scenario = Case("model", "builtin:idlib-2020-02-11").begun(known, first, last, 56)
    fixed = fix(scenario)
    found = live(fixed, compile_scenario(fixed), [last])
    truces = [(truce.level, truce.age) for truce in found.truces]
    assert truces == stood(scenario, known) and {level for level, _ in truces} == {"none", "lower", "leader"}


def test_days_without_record_teach_the_filter_nothing(river: Path, record: Path) -> None:
    """A history of which some days are not recorded is followed all the same."""
    known = read_record(record).record
    scenario = begun(river, known)
    days = {day: n for day, n in scenario.history.daily_deaths.items() if day.day != 15}
    history = scenario.history.model_copy(update={"daily_deaths": days})
    some = lived(scenario.model_copy(update={"history": history}))
    assert filtered([some])[0][LAST].regimes != filtered([lived(scenario)])[0][LAST].regimes
    assert sum(filtered([some])[0][LAST].regimes) == pytest.approx(1.0)
