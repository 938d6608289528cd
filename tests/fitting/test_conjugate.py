"""Counts from dated events: the record of Idlib in numbers, the mechanism on invented records, laws and draws."""

from __future__ import annotations

import csv
import datetime as dt

import numpy as np
import pytest

from sim.errors import InputError
from sim.fitting.conjugate import (
    ARTICLE_RULES,
    COUNTED,
    SPELLS,
    Count,
    Counted,
    Record,
    counts,
    draws,
    updated,
)
from sim.scenario import load
from sim.scenario.laws import Beta, Gamma
from sim.scenario.numbers import uncertain
from sim.scenario.schema import Intervention, Scenario
from tests import needs
from tests.small import small

ORIGIN = dt.date(2020, 2, 10)
DAY = dt.date(2019, 1, 1)


@pytest.fixture(scope="module")
def idlib() -> Scenario:
    return load("idlib-2020-02-11")


def short(path: str) -> str:
    return path.removeprefix("parameters.").removesuffix(".value").removeprefix("rules.").removesuffix(".rate")


# --- Idlib -----------------------------------------------------------------------------------------------------------

RECORD = {
    "hit_offensive": (8, 155), "hit_blocking": (2, 12), "hit_calm": (2, 345), "lethal_blocking": (2, 2),
    "lethal_fenced": (1, 10), "aircraft": (1, 10), "retaliation": (3, 3), "retaliation_nonfatal": (1, 9),
    "set_post": (5, 62), "deal_at_summit": (2, 4), "fragile_lower": (4, 4),
    "fragile_leader": (0, 2), "break_rate": (4, 6), "infighting": (3, 477),
}  # fmt: skip


def test_the_record_up_to_the_article(idlib: Scenario) -> None:
    assert {short(count.path): (count.k, count.n) for count in counts(idlib, ORIGIN)} == RECORD


def test_what_depends_on_heavy_fighting_is_counted_beside_deaths(idlib: Scenario) -> None:
    """Ten dead a day throughout: every day with no leader-level truce counts, with every meeting and truce on them."""
    first, last = dt.date(2015, 12, 1), ORIGIN
    deaths = {first + dt.timedelta(k): 10.0 for k in range((last - first).days + 1)}
    found = {short(count.path): count for count in counts(idlib, ORIGIN, deaths=deaths)}
    assert found["summit_rate"].events[-2:] == ("d2019_08_27_moscow", "d2020_01_08_istanbul")
    assert found["truce_rate"].n % 2 == 0, "two rules share the rate"
    calm = counts(idlib, ORIGIN, deaths=dict.fromkeys(deaths, 1.0))
    assert {(it.k, it.n) for it in calm if short(it.path) in ("summit_rate", "truce_rate")} == {(0, 0)}


def test_days_of_offensives_and_of_calm_are_all_days(idlib: Scenario) -> None:
    days = sum(RECORD[name][1] for name in ("hit_offensive", "hit_blocking", "hit_calm"))
    assert days == (ORIGIN - dt.date(2018, 9, 17)).days + 1


def test_every_hit_is_counted_once(idlib: Scenario) -> None:
    by_name = {short(count.path): set(count.events) for count in counts(idlib, ORIGIN)}
    hits = [by_name[name] for name in ("hit_offensive", "hit_blocking", "hit_calm")]
    everywhere = set.union(*hits)
    assert len(everywhere) == sum(map(len, hits)) == 12
    assert by_name["retaliation"] | by_name["retaliation_nonfatal"] == everywhere
    assert by_name["lethal_blocking"] | by_name["lethal_fenced"] == everywhere


def test_nothing_that_came_later_is_counted(idlib: Scenario) -> None:
    assert Record.of(idlib, dt.date(2024, 12, 1)).events.keys() == Record.of(idlib, ORIGIN).events.keys()
    early = {short(count.path): count for count in counts(idlib, dt.date(2019, 6, 26))}
    assert (early["retaliation"].k, early["retaliation"].n) == (0, 0)
    assert (early["hit_blocking"].n, early["hit_offensive"].k) == (0, 4)


FIRST_ORIGIN = dt.date(2018, 9, 23)  # of the back-test
UNSEEN = {"hit_offensive", "hit_blocking", "hit_calm", "set_post", "break_rate"}
NO_CASE = {"lethal_blocking", "lethal_fenced", "aircraft", "retaliation", "retaliation_nonfatal", "fragile_lower",
           "fragile_leader"}  # fmt: skip


def test_what_was_not_seen_yet_is_no_count_and_not_what_later_days_say(idlib: Scenario) -> None:
    """At the first origin of the back-test: of five rates there were seven days or none, of seven shares no case."""
    known = uncertain(idlib)
    early = {short(count.path): count for count in counts(idlib, FIRST_ORIGIN)}
    assert {name for name, count in early.items() if count.how == "assumed"} == UNSEEN | NO_CASE
    assert {early[name].n for name in UNSEEN} == {0, 7} and {early[name].n for name in NO_CASE} == {0}
    for name in UNSEEN:
        days = 3.3 if name == "break_rate" else 100
        law = early[name].law()
        assert isinstance(law, Gamma) and law.shape == 0.5 and law.scale == pytest.approx(2 / days)
        assert law != known[early[name].path]
        assert early[name].evidence().startswith(f"assumed, once in {days} days; nothing to count yet, 0 in ")
    for name in NO_CASE:
        assert early[name].law() == Beta(0.5, 0.5), "what Jeffreys' rule says of no case"
        assert early[name].evidence().startswith("assumed, any share; nothing to count yet, 0 of 0, 2018-09-17 to ")
    late = counts(idlib, ORIGIN)
    assert {count.how for count in late} == {"conjugate"} and not any("assumed" in it.evidence() for it in late)


def test_the_day_of_the_origin_does_not_matter(idlib: Scenario) -> None:
    assert counts(load("sochi-2018-09-17"), ORIGIN) == counts(idlib, ORIGIN)


def test_the_article_alone(idlib: Scenario) -> None:
    alone = counts(idlib, ORIGIN, article_only=True)
    assert {count.rule for count in alone} <= ARTICLE_RULES
    assert {short(count.path) for count in alone} == {
        "hit_offensive", "hit_blocking", "hit_calm", "lethal_blocking", "lethal_fenced", "retaliation", "set_post"
    }  # fmt: skip
    assert [count for count in counts(idlib, ORIGIN) if count.rule in ARTICLE_RULES] == alone


def test_numbers_that_are_certain_are_not_counted() -> None:
    paths = {count.path for count in counts(load("article-only-rules"), ORIGIN)}
    assert "parameters.aircraft.value" not in paths and "parameters.retaliation.value" in paths


@pytest.mark.data
def test_truces_that_silenced_the_guns(idlib: Scenario) -> None:
    with needs.shared("data/idlib_box_daily.csv").open(encoding="utf-8") as file:
        deaths = {dt.date.fromisoformat(row["date"]): float(row["best"]) for row in csv.DictReader(file)}
    counted = {short(count.path): (count.k, count.n) for count in counts(idlib, ORIGIN, deaths=deaths)}
    assert (counted["silence_lower"], counted["silence_leader"]) == ((3, 4), (2, 2))


def test_too_early_a_day_is_refused(idlib: Scenario) -> None:
    with pytest.raises(InputError, match="nothing is counted before 2017-05-06; choose a later day"):
        counts(idlib, dt.date(2017, 5, 6))
    assert counts(small(), dt.date(2017, 5, 6)) == [], "of another conflict nothing is counted, on whatever day"


def test_every_state_that_is_named_is_defined() -> None:
    named = {name for it in COUNTED for name in (*it.during, *it.outside)}
    assert named == set(SPELLS)
    assert len({it.path for it in COUNTED}) == len(COUNTED)


# --- the mechanism ---------------------------------------------------------------------------------------------------


def record(*dated: tuple[int, str], until: int = 100, deaths: dict[int, float] | None = None) -> Record:
    """An invented record: events by the day of 2019 they happened on."""
    events = {f"e{n}": Intervention(on=DAY + dt.timedelta(day), event=event) for n, (day, event) in enumerate(dated)}
    series = None if deaths is None else {DAY + dt.timedelta(day): number for day, number in deaths.items()}
    return Record(events, DAY + dt.timedelta(until), series)


def found(it: Counted, made: Record) -> tuple[int, int]:
    count = made.count(it)
    return count.k, count.n


HITS = Counted("x", "R4", "", ("hit_post",), since=DAY, during=("offensive",))


def test_days_run_from_the_beginning_to_the_eve_of_the_end() -> None:
    assert found(HITS, record((10, "offensive"), (10, "hit_post"), (15, "halt"), (15, "hit_post"))) == (1, 5)
    assert found(HITS, record((10, "offensive"), (12, "offensive"), until=19)) == (0, 10)


def test_what_ends_a_state_belongs_to_it_if_asked() -> None:
    ends = Counted("x", "R18", "", ("truce_breaks",), since=DAY, during=("leader_truce",), closing=True)
    assert found(ends, record((10, "agreement_in_force"), (15, "truce_breaks"))) == (1, 5)


def test_heavy_fighting_is_that_of_the_seven_days_before_not_of_the_day_itself() -> None:
    heavy = Counted("x", "R16", "", ("leader_meeting",), since=DAY, least_week=50)
    met = {day: record((day, "leader_meeting"), until=day, deaths={20: 50.0}) for day in (20, 21, 27, 28)}
    assert {day: found(heavy, made) for day, made in met.items()} == {20: (0, 0), 21: (1, 1), 27: (1, 7), 28: (0, 7)}


def test_short_truces_are_at_risk_from_their_third_day() -> None:
    breaks = next(it for it in COUNTED if short(it.path) == "break_rate")
    dated = [(10, "joint_truce"), (13, "truce_breaks"), (20, "joint_truce"), (60, "truce_breaks")]
    assert record(*dated).spells["short_truce"][0].begin == DAY + dt.timedelta(11)
    assert len(record(*dated).spells["short_truce"]) == 1
    assert found(breaks, record(*((day + 365, event) for day, event in dated), until=500)) == (1, 2)


def test_events_close_together_are_one_and_so_are_their_days() -> None:
    apart = Counted("x", "R21", "", ("infighting",), since=DAY, apart=10)
    assert found(apart, record((20, "infighting"), (25, "infighting"), (40, "infighting"), until=50)) == (
        2,
        51 - 14 - 9,
    )


def test_chances_that_are_not_over_are_not_counted() -> None:
    answered = Counted("x", "R6", "", ("hit_post",), since=DAY, success="retaliate within 1")
    dated = [(10, "hit_post"), (11, "retaliate"), (20, "hit_post"), (23, "retaliate"), (30, "hit_post")]
    assert found(answered, record(*dated, until=30)) == (1, 2)
    assert found(answered, record(*dated, until=31)) == (1, 3)


@pytest.mark.parametrize(("first", "silent"), [(2.0, (1, 1)), (2.6, (0, 1))])
def test_silence_is_a_quarter_of_the_fortnight_before(first: float, silent: tuple[int, int]) -> None:
    quiet = Counted("x", "R18", "", ("joint_truce",), since=DAY, success="silenced")
    series = {day: 10.0 if day < 20 else first for day in range(40)}
    assert found(quiet, record((20, "joint_truce"), deaths=series)) == silent
    assert found(quiet, record((20, "joint_truce"), until=21, deaths=series)) == (0, 0)
    assert found(quiet, record((38, "joint_truce"), deaths=series)) == (0, 0), "the series ends too early"


# --- laws and draws --------------------------------------------------------------------------------------------------


def count(kind: str, k: int, n: int) -> Count:
    return Count("parameters.x.value", kind, k, n, "R4", "hits a day", DAY, ORIGIN, ())


def test_laws_are_those_of_jeffreys() -> None:
    assert count("gamma", 2, 12).law() == Gamma(2.5, 1 / 12)
    assert count("beta", 3, 3).law() == Beta(3.5, 0.5)
    assert updated([count("gamma", 2, 12)]) == [("parameters.x.value", Gamma(2.5, 1 / 12))]
    assert count("gamma", 2, 12).evidence() == "2 in 12 days, 2019-01-01 to 2020-02-10: hits a day"
    assert count("beta", 1, 9).evidence().startswith("1 of 9, ")


def test_a_quiet_day_raises_no_rate_and_the_first_event_ends_what_was_assumed() -> None:
    means = [law.shape * law.scale for n in range(120) if isinstance(law := count("gamma", 0, n).law(), Gamma)]
    assert len(means) == 120 and means[0] == means[50] == 0.01 > means[51]
    assert means == sorted(means, reverse=True)
    assert count("gamma", 1, 3).law() == Gamma(1.5, 1 / 3) and count("gamma", 1, 0).law() == Gamma(1.5, 1.0)
    assert [count("gamma", 0, n).how for n in (49, 50)] == ["assumed", "conjugate"]
    assert [count("beta", 0, n).how for n in (0, 1)] == ["assumed", "conjugate"]


def test_draws_have_the_quantiles_of_their_laws(idlib: Scenario) -> None:
    updates = updated(counts(idlib, ORIGIN))
    drawn = draws(updates, 200, 7)
    assert drawn.shape == (200, len(updates))
    for (_, law), column in zip(updates, drawn.T, strict=True):
        assert np.sort(column) == pytest.approx([law.ppf((k + 0.5) / 200) for k in range(200)])
    ranks = drawn.argsort(axis=0).argsort(axis=0)
    assert np.abs(np.corrcoef(ranks.T) - np.eye(len(updates))).max() < 0.3, "columns are independent"
    assert (draws(updates[:1], 200, 7)[:, 0] == drawn[:, 0]).all(), "other columns move none"
    assert (draws(updates, 200, 8) != drawn).any()
    assert draws([], 5, 1).shape == (5, 0)
