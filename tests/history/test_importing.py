from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.history.areas import Box
from sim.history.importing import Event, Imported, Spread, Tally, Wanted, daily_series, shares
from sim.history.series import Day

D = [dt.date(2030, 5, 1) + dt.timedelta(k) for k in range(40)]
EVENT = Event("0", D[0], D[0], 1.5, 2.5, None, "Amber", ("Redland", "the Band"), "1", 1, 1, 4, 3, 6)
WANTED = Wanted(Box(1, 2, 2, 3), frozenset("123"), frozenset({1, 2}), frozenset({1, 2, 3}), frozenset({"Amber"}),
                (frozenset({"Redland"}), frozenset({"the Band", "Civilians"})))  # fmt: skip
FIRST, LAST = EVENT._replace(id="first"), EVENT._replace(id="last", first=D[3], last=D[3])


def counted(*events: Event, wanted: Wanted = WANTED) -> Imported:
    """Events between two others that always count, four days apart."""
    return daily_series([FIRST, *events, LAST], wanted)


def test_every_day_has_a_row_and_days_add_up() -> None:
    found = counted(EVENT._replace(best=10))
    assert found.series.start == D[0]
    assert found.series.days == (Day(2, 14, 6, 12), Day(0, 0, 0, 0), Day(0, 0, 0, 0), Day(1, 4, 3, 6))
    assert (found.read, found.kept) == (Tally(3, 18), Tally(3, 18))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"country": "Beryl"}, "country"),
        ({"latitude": float("nan")}, "no coordinates"),
        ({"longitude": 3.01}, "area"),
        ({"sides": ("Redland", "Blueland")}, "sides"),
        ({"sides": ("the Band", "Civilians")}, "sides"),
        ({"type": "4"}, "type"),
        ({"where": 3}, "place precision"),
        ({"when": 4}, "date precision"),
        ({"first": D[9], "last": D[9]}, "dates"),
        ({"id": "first"}, "twice"),
    ],
)
def test_each_reason_to_leave_an_event_out_is_counted_alone(change: dict[str, Any], reason: str) -> None:
    wanted = replace(WANTED, start=D[0], end=D[3])
    found = counted(EVENT._replace(best=7)._replace(**change), wanted=wanted)
    assert {why: tally for why, tally in found.dropped.items() if tally != Tally()} == {reason: Tally(1, 7)}
    assert found.kept == Tally(2, 8)


@pytest.mark.parametrize(
    "change",
    [{"sides": ("Civilians", "Redland")}, {"where": None}, {"when": None}, {"country": None}, {"latitude": 2.0}],
)
def test_what_the_file_does_not_tell_and_the_order_of_sides_leave_nothing_out(change: dict[str, Any]) -> None:
    assert counted(EVENT._replace(**change)).kept == Tally(3, 12)


def test_an_event_of_several_days_stands_whole_on_its_first() -> None:
    found = counted(EVENT._replace(last=D[30], best=10))
    assert [day.best for day in found.series.days] == [14, 0, 0, 4]
    assert found.several_days == Tally(1, 10)


def test_or_is_laid_over_its_days_and_counted_once() -> None:
    found = counted(EVENT._replace(last=D[2], best=10, low=2, high=11), wanted=replace(WANTED, spread="even"))
    assert found.series.days == (Day(2, 7, 3, 9), Day(0, 3, 1, 4), Day(0, 4, 1, 4), Day(1, 4, 3, 6))


def test_what_is_laid_outside_the_span_is_left_out_for_its_dates() -> None:
    wanted = replace(WANTED, spread="even", start=D[1], end=D[2])
    found = counted(EVENT._replace(last=D[4], best=10), wanted=wanted)
    assert [tuple(day)[:2] for day in found.series.days] == [(1, 2), (0, 2)]
    assert found.kept == Tally(1, 4)
    assert found.dropped["dates"] == Tally(2, 14)


def test_what_stands_on_a_day_before_the_span_is_left_out_whole() -> None:
    found = counted(EVENT._replace(last=D[2], best=10), wanted=replace(WANTED, start=D[1]))
    assert (found.kept, found.dropped["dates"]) == (Tally(1, 4), Tally(2, 14))


def test_nothing_is_laid_after_the_last_event_of_the_file() -> None:
    found = counted(EVENT._replace(last=D[9], best=10), wanted=replace(WANTED, spread="even"))
    assert len(found.series.days) == 4
    assert found.kept.deaths == sum(day.best for day in found.series.days) == 12
    assert found.dropped["dates"] == Tally(0, 6)


@given(st.integers(0, 500), st.integers(1, 60))
def test_shares_are_whole_even_and_lose_nobody(deaths: int, days: int) -> None:
    laid = list(shares(deaths, days))
    assert (len(laid), sum(laid)) == (days, deaths)
    assert max(laid) - min(laid) <= 1


events = st.builds(
    lambda id, first, length, where, best: EVENT._replace(
        id=str(id), first=D[first], last=D[first + length], where=where, best=best
    ),
    st.integers(0, 20), st.integers(0, 20), st.integers(0, 15), st.integers(1, 3), st.integers(0, 30),
)  # fmt: skip


@given(st.lists(events, max_size=30), st.sampled_from(["start", "even"]))
def test_what_is_read_is_kept_or_left_out_for_a_reason(made: list[Event], spread: Spread) -> None:
    found = counted(*made, wanted=replace(WANTED, spread=spread, start=D[0], end=D[3]))
    left_out = [*found.dropped.values()]
    assert found.read.events == found.kept.events + sum(tally.events for tally in left_out)
    assert found.read.deaths == found.kept.deaths + sum(tally.deaths for tally in left_out)
    assert found.kept == Tally(
        sum(day.events for day in found.series.days), sum(int(day.best) for day in found.series.days)
    )


def test_a_span_that_the_file_does_not_cover_is_refused() -> None:
    for wanted in (replace(WANTED, start=dt.date(2030, 4, 30)), replace(WANTED, end=D[4])):
        with pytest.raises(
            InputError, match="begin on 2030-05-01 and end on 2030-05-04; outside these days zeros would"
        ):
            counted(wanted=wanted)


def test_rows_elsewhere_show_how_far_the_file_reaches() -> None:
    elsewhere = EVENT._replace(id="else", country="Beryl", first=D[8], last=D[8])
    assert len(counted(elsewhere).series.days) == 9


def test_a_span_must_not_end_before_it_begins() -> None:
    with pytest.raises(InputError, match="--from 2030-05-02 lies after --to 2030-05-01"):
        replace(WANTED, start=D[1], end=D[0])


def test_nothing_left_is_an_error_that_says_why_and_who_is_there() -> None:
    with pytest.raises(InputError) as error:
        counted(wanted=replace(WANTED, sides=(frozenset({"Blueland"}), frozenset())))
    assert "none of 2 events is left: 2 for sides" in str(error.value)
    assert "Redland - the Band (2); see --side-a, --side-b, --all-sides" in str(error.value)


def test_a_file_without_events_is_an_error() -> None:
    with pytest.raises(InputError, match="no events"):
        daily_series([], WANTED)
