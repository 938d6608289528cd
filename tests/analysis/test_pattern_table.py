"""What ABC is given: defined in every course, cheap, and moved by what it is to find out."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given, settings

from sim.analysis.chronicle import Chronicle
from sim.analysis.pattern_table import ABC_NAMES, abc_summaries
from tests.analysis.courses import course
from tests.analysis.test_patterns import some_courses


def by_name(chronicle: Chronicle) -> dict[str, float]:
    found = abc_summaries(chronicle)
    assert found.shape == (1, len(ABC_NAMES))
    return dict(zip(ABC_NAMES, found[0].tolist(), strict=True))


@settings(max_examples=40)
@given(some_courses())
def test_summaries_are_finite_in_every_course(courses: Chronicle) -> None:
    found = abc_summaries(courses)
    assert found.shape == (len(courses.deaths), len(ABC_NAMES)) and np.isfinite(found).all()


def test_summaries_of_a_still_course_are_those_of_nothing() -> None:
    found = by_name(course(70))
    assert {name for name, value in found.items() if value} == {"zero_days"} and found["zero_days"] == 1


def test_summaries_by_hand() -> None:
    """Ten weeks: hold, collapse, fray, hold again, so one step of nine each; the truce is dead on its first day."""
    deaths = np.kron([0, 140, 70, 0, 0, 0, 0, 0, 0, 0], np.ones(7)) / 7
    found = by_name(course(70, deaths=deaths, begun={10: 1}, moved={5: 7.0}, hits={3: 1, 4: 1}, killed={4: 2}))
    for step in ("hold_to_collapse", "collapse_to_fray", "fray_to_hold"):
        assert found[f"share_{step}"] == 1 / 9
    assert found["share_hold_to_fray"] == found["share_fray_to_collapse"] == 0
    assert (found["weeks_fray"], found["weeks_collapse"], found["zero_days"]) == (0.1, 0.1, 0.8)
    logged = {"mean_deaths": 3.0, "high_day": 20.0, "lower_truces": 1.0, "leader_deals": 0.0, "peak_week": 1.0,
              "fatal_hit_days": 1.0, "other_hit_days": 1.0, "first_truce": 0.0}  # fmt: skip
    for name, value in logged.items():
        assert np.isclose(np.expm1(found[name]), value), name


def test_two_hundred_courses_of_the_whole_span_take_well_under_a_second() -> None:
    dice = np.random.default_rng(0)
    one = course(512, begun={0: 2, 100: 1, 300: 2})
    many = Chronicle(**{name: np.repeat(series, 200, axis=0) for name, series in vars(one).items()})
    many.deaths[:] = dice.poisson(6.0, many.deaths.shape)
    begun = time.perf_counter()
    abc_summaries(many)
    assert time.perf_counter() - begun < 0.5
