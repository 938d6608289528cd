"""From a list of events to the daily series, with a count of every event that was left out and why.

An event is left out for the first of these that applies: country, area, sides, type, precision of place, precision of
date, dates, an id that was counted already. Deaths of an event of several days stand on its first day (`start`), or are
laid evenly over its days in whole numbers (`even`: after k of n days the share k/n of them, rounded down, has died).
An event is counted once, on its first day in the span.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sim.errors import InputError
from sim.history.areas import Area
from sim.history.series import Day, Series

Spread = Literal["start", "even"]
REASONS = ("country", "no coordinates", "area", "sides", "type", "place precision", "date precision", "dates", "twice")
SHOWN = 5  # of the pairs of sides that an error names


class Event(NamedTuple):
    """One event. What its file does not tell is None: the country, the precision of place and date, the subdistrict."""

    id: str
    first: dt.date
    last: dt.date
    latitude: float
    longitude: float
    code: str | None
    country: str | None
    sides: tuple[str, str]
    type: str
    where: int | None
    when: int | None
    best: int
    low: int
    high: int


@dataclass(frozen=True)
class Wanted:
    """Which events count, and how.

    `countries` and `sides`: all where empty; an event's two sides are one of each set of names, in either order.
    `where`, `when`: allowed precisions of place and date. `start`, `end`: the span, else that of the file.
    """

    area: Area
    types: frozenset[str]
    where: frozenset[int]
    when: frozenset[int]
    countries: frozenset[str] = frozenset()
    sides: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    start: dt.date | None = None
    end: dt.date | None = None
    spread: Spread = "start"

    def __post_init__(self) -> None:
        """InputError for a span that ends before it begins."""
        if self.start and self.end and self.start > self.end:
            raise InputError(f"--from {self.start} lies after --to {self.end}; put the earlier day first")


@dataclass
class Tally:
    """So many events with so many deaths (best estimate)."""

    events: int = 0
    deaths: int = 0

    def add(self, deaths: int, events: int = 1) -> None:
        """Count."""
        self.events += events
        self.deaths += deaths


@dataclass
class Imported:
    """What an import counted: events and deaths read, left out by reason, and kept; `series` is the result.

    `several_days` are the kept events that last longer than a day; `first` and `last` the first days of the file's
    earliest and latest event.
    """

    read: Tally = field(default_factory=Tally)
    dropped: dict[str, Tally] = field(default_factory=lambda: {reason: Tally() for reason in REASONS})
    kept: Tally = field(default_factory=Tally)
    several_days: Tally = field(default_factory=Tally)
    first: dt.date = dt.date.max
    last: dt.date = dt.date.min
    series: Series = field(default_factory=lambda: Series(dt.date.min, ()))


def daily_series(events: Iterable[Event], wanted: Wanted) -> Imported:
    """The daily series of the events that are wanted.

    InputError where none is left, and where the span asked for goes beyond the days that the events cover: what lies
    there would be zeros that nobody recorded.
    """
    found, by_day, seen, pairs = Imported(), dict[dt.date, list[int]](), set[str](), Counter[tuple[str, str]]()
    for event in events:
        found.read.add(event.best)
        found.first, found.last = min(found.first, event.first), max(found.last, event.first)
        reason = why_not(event, wanted) or ("twice" if event.id in seen else None)
        if reason is not None:
            found.dropped[reason].add(event.best)
            if reason == "sides":
                pairs[event.sides] += 1
            continue
        seen.add(event.id)
        _lay_down(event, wanted, by_day, found)
    start, end = _span(found, wanted)
    if not found.kept.events:
        raise InputError(_nothing_left(found, pairs))
    found.series = _series(by_day, start, end)
    _leave_out_after(end, by_day, found)
    return found


def why_not(event: Event, wanted: Wanted) -> str | None:
    """Why an event is left out; None if it counts."""
    if wanted.countries and event.country is not None and event.country not in wanted.countries:
        return "country"
    if event.latitude != event.latitude or event.longitude != event.longitude:
        return "no coordinates"
    if not wanted.area.holds(event.latitude, event.longitude, event.code):
        return "area"
    if not _between(event.sides, wanted.sides):
        return "sides"
    if event.type not in wanted.types:
        return "type"
    if event.where is not None and event.where not in wanted.where:
        return "place precision"
    if event.when is not None and event.when not in wanted.when:
        return "date precision"
    last = event.last if wanted.spread == "even" else event.first
    if (wanted.start and last < wanted.start) or (wanted.end and event.first > wanted.end):
        return "dates"
    return None


def _between(sides: tuple[str, str], wanted: tuple[frozenset[str], frozenset[str]]) -> bool:
    (a, b), (one, two) = sides, wanted
    return ((not one or a in one) and (not two or b in two)) or ((not one or b in one) and (not two or a in two))


# --- days ------------------------------------------------------------------------------------------------------------


def shares(deaths: int, days: int) -> Iterator[int]:
    """Deaths of an event by day, whole and evenly laid: after k of n days the share k/n of them, rounded down."""
    for k in range(days):
        yield deaths * (k + 1) // days - deaths * k // days


def _lay_down(event: Event, wanted: Wanted, by_day: dict[dt.date, list[int]], found: Imported) -> None:
    """Enter an event into the days of the span; what lies outside it is left out for its dates."""
    days = (event.last - event.first).days + 1
    if days > 1:
        found.several_days.add(event.best)
    found.kept.add(0)
    counted = False
    spread = days if wanted.spread == "even" else 1
    for k, deaths in enumerate(zip(*(shares(n, spread) for n in (event.best, event.low, event.high)), strict=True)):
        day = event.first + dt.timedelta(k)
        if (wanted.start and day < wanted.start) or (wanted.end and day > wanted.end):
            found.dropped["dates"].add(deaths[0], 0)
            continue
        found.kept.add(deaths[0], 0)
        row = by_day.setdefault(day, [0, 0, 0, 0])
        row[:] = [now + more for now, more in zip(row, (int(not counted), *deaths), strict=True)]
        counted = True


def _leave_out_after(end: dt.date, by_day: Mapping[dt.date, list[int]], found: Imported) -> None:
    """Deaths laid on days after the file's last event, where nothing else is recorded any more."""
    late = sum(row[1] for day, row in by_day.items() if day > end)
    found.dropped["dates"].add(late, 0)
    found.kept.add(-late, 0)


def _series(by_day: Mapping[dt.date, list[int]], start: dt.date, end: dt.date) -> Series:
    days = (start + dt.timedelta(k) for k in range((end - start).days + 1))
    return Series(start, tuple(Day(*by_day.get(day, (0, 0, 0, 0))) for day in days))


def _span(found: Imported, wanted: Wanted) -> tuple[dt.date, dt.date]:
    if not found.read.events:
        raise InputError("the file has a heading and no events; fetch it anew")
    start, end = wanted.start or found.first, wanted.end or found.last
    if start < found.first or end > found.last:
        raise InputError(
            f"--from {start} --to {end}: the file's events begin on {found.first} and end on {found.last}; outside "
            "these days zeros would be invented; choose days within them, or a file that covers more"
        )
    return start, end


def _nothing_left(found: Imported, pairs: Counter[tuple[str, str]]) -> str:
    dropped = sorted(found.dropped.items(), key=lambda item: -item[1].events)
    reasons = ", ".join(f"{tally.events:,} for {reason}" for reason, tally in dropped if tally.events)
    message = f"none of {found.read.events:,} events is left: {reasons}; widen what is asked for"
    if pairs:
        common = "; ".join(f"{a} - {b} ({n:,})" for (a, b), n in pairs.most_common(SHOWN))
        message += f" (sides in the area: {common}; see --side-a, --side-b, --all-sides)"
    return message
