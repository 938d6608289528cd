"""Each pattern's numbers, counted by hand on short courses; what holds of all of them; and the real record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sim.analysis import patterns as of
from sim.analysis.chronicle import LEADER, LOWER, Chronicle, coded, joined
from sim.analysis.pattern_table import MEASURES
from sim.history.series import read_series
from sim.scenario import load
from tests import needs
from tests.analysis.courses import course

SOCHI = dt.date(2018, 9, 17)


def one(measure: Callable[[Chronicle], of.Counted], chronicle: Chronicle) -> list[float]:
    """The numbers of one course as `values` gives them; None for nan, so that they compare."""
    number, n = measure(chronicle)
    assert number.shape == n.shape == (1, number.shape[1])
    return [None if n[0, k] <= 0 or np.isnan(it) else float(it) for k, it in enumerate(number[0])]


def weeks(*deaths: float) -> Chronicle:
    """A course whose weeks have these deaths, all on their first day."""
    return course(7 * len(deaths), deaths=np.kron(deaths, [1, 0, 0, 0, 0, 0, 0]))


# --- P1 to P3 ---------------------------------------------------------------------------------------------------------


def test_levels_begin_at_35_and_100() -> None:
    assert of.week_levels(weeks(0, 34, 35, 99, 100)).tolist() == [[0, 0, 1, 1, 2]]


def test_the_weekly_matrix_by_hand() -> None:
    """Six steps from hold: four stay, one frays, one collapses. Two steps from elsewhere are too few for a share."""
    steps = of.steps(weeks(0, 0, 0, 40, 0, 0, 0, 200, 200))
    assert steps[0].tolist() == [[4, 1, 1], [1, 0, 0], [0, 0, 1]]
    shares = one(of.transitions, weeks(0, 0, 0, 40, 0, 0, 0, 200, 200))
    assert shares == [pytest.approx(4 / 6), pytest.approx(1 / 6), pytest.approx(1 / 6), *[None] * 6]


def test_a_week_with_an_unknown_day_is_in_no_step() -> None:
    holed = weeks(0, 0, 0, 0)
    holed.deaths[0, 9] = np.nan
    assert of.steps(holed).sum() == 1.0
    assert one(of.level_shares, holed) == [1.0, 0.0, 0.0]


def test_days_after_the_last_whole_week_are_left_out() -> None:
    assert one(of.level_shares, course(13, deaths={7: 500.0})) == [1.0, 0.0, 0.0]


def test_spread_by_hand() -> None:
    """Four holding weeks of 0 and 4 by turns: mean 2, variance 4 x 28/27, half of the days without deaths."""
    even = course(28, deaths=[0, 4] * 14)
    assert one(of.spread, even) == [pytest.approx(4 * 28 / 27 / 2), None, None, 0.5, None, None]
    assert one(of.spread, course(27, deaths=[0, 4] * 13 + [0])) == [None] * 6


def test_the_high_day_is_the_least_that_99_percent_do_not_exceed() -> None:
    assert one(of.high_day, course(200, deaths=np.arange(200))) == [197.0]
    assert one(of.high_day, course(4, deaths=[1, 2, 3, np.nan])) == [3.0]


def test_the_median_of_fatal_hits() -> None:
    hits = {1: 1, 3: 2, 5: 1, 6: 1}
    assert one(of.hit_size, course(8, hits=hits, killed={1: 2, 3: 9})) == [5.5]
    assert one(of.hit_size, course(8, hits=hits, killed={1: 2, 3: 9, 5: 4})) == [4.0]
    assert one(of.hit_size, course(8, hits=hits)) == [None]


# --- P4 to P6 ---------------------------------------------------------------------------------------------------------


def test_truces_by_hand() -> None:
    """Dead after 2, 3, 20 and, censored, 60 days: two of four short, one middling, and the first lasted two days."""
    begun = {0: LEADER, 10: LOWER, 20: LOWER, 50: LEADER}
    found = one(of.spell_shape, course(110, begun=begun, deaths={2: 100, 13: 100, 40: 100}))
    assert found[0] is not None and found[1:] == [0.5, 0.25, 2.0, 60.0, 2.0, 2.0]


def test_truces_that_may_still_be_short_decide_nothing() -> None:
    found = one(of.spell_shape, course(60, begun={0: LEADER, 10: LOWER, 55: LOWER}, deaths={2: 100, 13: 100}))
    assert found[:3] == [None, None, None] and found[4] == 5.0


def test_without_known_deaths_no_truce_has_a_length() -> None:
    found = one(of.spell_shape, course(60, begun={0: LEADER, 10: LOWER}, deaths=[np.nan] * 60))
    assert found == [None, None, None, None, None, 1.0, 1.0]


def test_falls_by_hand() -> None:
    """10 a day before, 1 at once, then 20: a tenth, and twice."""
    deaths = [10.0] * 14 + [1.0] * 4 + [20.0] * 10
    assert one(of.lower_falls, course(28, begun={14: LOWER}, deaths=deaths)) == pytest.approx([0.1, 2.0])
    assert one(of.leader_falls, course(28, begun={14: LEADER}, deaths=deaths)) == pytest.approx([204 / 14 / 10])
    assert one(of.leader_falls, course(28, begun={14: LOWER}, deaths=deaths)) == [None]


def test_truces_at_the_ends_of_a_course_have_no_fall() -> None:
    deaths = [10.0] * 40
    assert one(of.lower_falls, course(40, begun={13: LOWER}, deaths=deaths)) == [None, None]
    assert one(of.lower_falls, course(40, begun={30: LOWER}, deaths=deaths)) == [1.0, None]
    assert one(of.lower_falls, course(40, begun={14: LOWER})) == [None, None]


def test_falls_of_several_truces_are_of_their_sums() -> None:
    """(0 + 6) over (2 + 4), not the mean of 0 and 1.5."""
    deaths = [2.0] * 14 + [0.0] * 14 + [4.0] * 14 + [6.0] * 14
    assert one(of.lower_falls, course(56, begun={14: LOWER, 42: LOWER}, deaths=deaths))[0] == pytest.approx(1.0)


def test_deaths_after_the_first_truce() -> None:
    deaths = [9.0, *range(14), 50.0]
    chronicle = course(16, begun={1: LOWER, 3: LEADER}, deaths=deaths)
    assert one(of.after_lower, chronicle) == [1.0, 8.5]
    assert one(of.after_leader, chronicle) == [1.0, 6.5]
    assert one(of.after_leader, course(14, begun={1: LEADER})) == [0.0, None]
    assert one(of.after_leader, course(16)) == [None, None]


# --- P7, P8 -----------------------------------------------------------------------------------------------------------


def test_replies_by_hand() -> None:
    """Fatal on 0 (answered on 2) and 10 (not); others on 20 (answered) and 30 (not)."""
    chronicle = course(40, hits={0: 1, 10: 1, 20: 1, 30: 1}, killed={0: 3, 10: 1}, replies={2: 1, 13: 1, 20: 1})
    assert one(of.replies, chronicle) == [0.5, 0.5, 2.0, 2.0]


def test_hits_beside_a_fatal_one_and_at_the_end_are_not_asked_for_their_answer() -> None:
    beside = course(40, hits={8: 1, 10: 1, 12: 1}, killed={10: 1}, replies={10: 1})
    assert one(of.replies, beside) == [1.0, None, 1.0, 2.0]
    assert one(of.replies, course(40, hits={37: 1, 38: 1})) == [None, 0.0, 0.0, 2.0]
    assert one(of.replies, course(40, hits={39: 1}, killed={39: 1}, replies={39: 1}))[0] == 1.0
    assert one(of.replies, course(40, hits={39: 1}, killed={39: 1}))[0] is None


def test_the_dead_of_other_days_are_not_of_hits() -> None:
    assert one(of.replies, course(9, hits={1: 1}, killed={5: 4}))[2:] == [0.0, 1.0]


def test_gaps_by_hand() -> None:
    """Gaps 10, 4, 4, 1: the last is a tenth of the first."""
    days = {0: 1.0, 10: 1.0, 14: 1.0, 18: 1.0, 19: 1.0}
    assert one(of.fatal_gaps, course(30, hits=days, killed=days)) == [0.1, 1.0]
    assert one(of.fatal_gaps, course(30, hits={1: 1, 5: 1}, killed={1: 1, 5: 1})) == [None, 4.0]
    assert one(of.fatal_gaps, course(30, hits={1: 1}, killed={1: 1})) == [None, None]


def test_gaps_of_two_courses_do_not_mix() -> None:
    a, b = course(9, hits={0: 1, 8: 1}, killed={0: 1, 8: 1}), course(9, hits={3: 1, 4: 1}, killed={3: 1, 4: 1})
    assert of.fatal_gaps(joined([a, b]))[0][:, 1].tolist() == [8.0, 1.0]


# --- P9 to P13 --------------------------------------------------------------------------------------------------------


def test_displacement_by_hand() -> None:
    assert one(of.displaced, course(20, moved={3: 7.0, 9: 14.0, 10: 7.0})) == pytest.approx([3.0, 28.0])
    assert one(of.displaced, course(20, moved=[np.nan] * 20)) == [None, None]


def test_what_ever_happened() -> None:
    assert one(of.acknowledged, course(9)) == [0.0]
    assert one(of.acknowledged, course(9, acknowledged={4: 1, 5: 1})) == [1.0]
    assert one(of.rebel_end, course(9, rebel_offensives={0: 2})) == [1.0]
    assert one(of.militia, course(9, militia_fire={0: 2, 4: 1})) == [3.0]


def test_infighting_in_lulls() -> None:
    """A lull has fewer than 70 deaths in the fortnight before: 60 before day 20, 130 before day 40."""
    chronicle = course(60, infighting={3: 1, 20: 1, 40: 1}, deaths={10: 60, 30: 130, 40: 900})
    assert one(of.infighting, chronicle) == [3.0, 0.5]


# --- of all -----------------------------------------------------------------------------------------------------------


@some.composite
def some_courses(draw: some.DrawFn) -> Chronicle:
    """Up to four courses of forty to ninety days."""
    dice = np.random.default_rng(draw(some.integers(0, 2**32)))
    n, days = draw(some.integers(1, 4)), draw(some.integers(40, 90))
    heat = draw(some.sampled_from([0.0, 1.0, 8.0, 30.0]))
    rare = draw(some.sampled_from([0.0, 0.03, 0.3]))
    made = {it.name: (dice.random((n, days)) < rare).astype(float) for it in fields(Chronicle)}
    made["deaths"] = dice.poisson(heat * dice.random((n, days)) * 2).astype(float)
    made["begun"] *= dice.integers(1, 3, (n, days))
    return Chronicle(**made)


def numbers(chronicle: Chronicle) -> np.ndarray:
    return np.concatenate([of.values(it, chronicle)[0] for it in MEASURES], axis=1)


@settings(max_examples=60)
@given(some_courses())
def test_a_course_is_alone_what_it_is_among_others(courses: Chronicle) -> None:
    singles = [
        Chronicle(**{it.name: getattr(courses, it.name)[k : k + 1] for it in fields(Chronicle)})
        for k in range(len(courses.deaths))
    ]
    apart = np.concatenate([numbers(single) for single in singles])
    np.testing.assert_allclose(numbers(courses), apart, rtol=1e-9, equal_nan=True)


@settings(max_examples=60)
@given(some_courses(), some.integers(1, 30))
def test_what_comes_after_the_end_of_a_course_is_nothing(courses: Chronicle, more: int) -> None:
    longer = replace(
        courses,
        **{it.name: np.pad(getattr(courses, it.name), ((0, 0), (0, more)), constant_values=np.nan)
           for it in fields(Chronicle)},
    )  # fmt: skip
    np.testing.assert_allclose(numbers(longer), numbers(courses), rtol=1e-9, equal_nan=True)


@settings(max_examples=60)
@given(some_courses())
def test_shares_are_shares_and_rows_add_up_to_one(courses: Chronicle) -> None:
    units = [it.unit for measure in MEASURES for it in measure.numbers]
    found = numbers(courses)
    shares = found[:, [k for k, unit in enumerate(units) if unit == "share"]]
    assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
    assert (np.nan_to_num(found) >= 0).all()
    rows = np.nansum(found[:, :9].reshape(-1, 3, 3), axis=2)
    assert (np.isclose(rows, 1) | (rows == 0)).all()


def test_names_are_unique_within_a_pattern_and_every_pattern_is_there() -> None:
    keys = [(it.pattern, it.run, number.name) for it in MEASURES for number in it.numbers]
    assert len(set(keys)) == len(keys)
    assert {pattern for pattern, _, _ in keys} == {f"P{k}" for k in range(1, 14)}


# --- the real record --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> Chronicle:
    series = read_series(needs.shared("data/idlib_box_daily.csv"))
    return coded(load("builtin:sochi-2018-09-17"), series, SOCHI, 512)


def between(real: Chronicle, first: str, last: str) -> np.ndarray:
    days = [(dt.date.fromisoformat(day) - SOCHI).days for day in (first, last)]
    return real.deaths[0, days[0] : days[1] + 1]


@pytest.mark.data
def test_the_falls_of_domain_2_1(real: Chronicle) -> None:
    """S06: 0.3 and 1.1 a day. S07, S08, S09, S11: 15.3, 4.3, 1.0, 1.0 at once after 31.1, 33.4, 25.6, 9.5; S10: 2.4
    after 46.1 within a fortnight.
    """
    assert one(of.after_leader, real) == pytest.approx([0.3, 1.1], abs=0.05)
    assert one(of.lower_falls, real)[0] == pytest.approx(
        (15.3 + 4.3 + 1.0 + 1.0) / (31.1 + 33.4 + 25.6 + 9.5), abs=2e-3
    )
    assert one(of.leader_falls, real) == pytest.approx([2.4 / 46.1], abs=2e-3)
    assert one(of.lower_falls, real)[1] > 1


@pytest.mark.data
def test_the_truces_of_domain_2_by_the_rule(real: Chronicle) -> None:
    """Sochi 226 days, 0, 3, 4, 75 and 3; bimodal, and safer with age."""
    found = of.spells(real.begun, real.deaths)
    assert found.days.tolist() == [226, 0, 3, 4, 75, 3] and found.ended.all()
    shape, short, middling, first, longest, lower, leader = one(of.spell_shape, real)
    assert shape < 1
    assert (short, middling, first, longest, lower, leader) == (pytest.approx(4 / 6), 0, 226, 226, 4, 2)


@pytest.mark.data
def test_the_dispersion_and_the_zeros_of_domain_7_7(real: Chronicle) -> None:
    """Variance over mean 15 to 36 by phase, 2 % days without deaths in the first offensive."""
    first = between(real, "2019-04-30", "2019-08-30")
    assert (first == 0).mean() == pytest.approx(0.02, abs=0.005)
    assert first.mean() == pytest.approx(30.8, abs=0.3)
    assert 15 < first.var(ddof=1) / first.mean() < 36
    assert 15 < one(of.spread, real)[2] < 36


@pytest.mark.data
def test_the_weeks_since_sochi(real: Chronicle) -> None:
    assert of.steps(real).sum() == 72
    assert one(of.transitions, real)[2] == 0  # no week that held was followed by one that collapsed


def test_the_answers_of_domain_7_10() -> None:
    """Three of three fatal hits answered, and one of nine others; the gap before the last fatal day was a week."""
    chronicle = coded(load("builtin:sochi-2018-09-17"), None, SOCHI, 512)
    assert one(of.replies, chronicle) == [1.0, pytest.approx(1 / 9), 3.0, 9.0]
    assert one(of.fatal_gaps, chronicle) == [7 / 221, 7.0]
