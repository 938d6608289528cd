"""What `ceasefire data` prints: what an import counted and left out, and the verdict on a recorded series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.common import columns
from sim.history.series import ESTIMATES, digest

if TYPE_CHECKING:
    from sim.history.importing import Imported, Wanted
    from sim.history.recording import Collapse, Recorded
    from sim.history.series import Series

SPREAD = {
    "start": "Each stands whole on its first day.",
    "even": "The deaths of each are laid evenly over its days, in whole numbers.",
}
WORDS = {"patron_killed": "patron soldiers killed by a state", "places_lost": "places lost"}


# --- imports ---------------------------------------------------------------------------------------------------------


def import_lines(file: Path, found: Imported, wanted: Wanted, notes: Sequence[str], out: Path) -> Iterator[str]:
    """What was counted and what was left out, as a table; where the series is, and its checksum."""
    yield f"{file}: {found.read.events:,} events, {found.first} to {found.last}"
    yield from (f"  {line}" for line in _rules(wanted))
    yield ""
    tallies = {"read": found.read, **{f"left out: {why}": tally for why, tally in found.dropped.items()}}
    tallies = {name: tally for name, tally in tallies.items() if tally.events or tally.deaths}
    rows = [
        (name, f"{tally.events:,}", f"{tally.deaths:,}") for name, tally in (*tallies.items(), ("kept", found.kept))
    ]
    yield from columns(("", "events", "deaths (best)"), rows)
    yield ""
    if found.several_days.events:
        several = found.several_days
        yield f"{several.events:,} of those kept last several days ({several.deaths:,} deaths). {SPREAD[wanted.spread]}"
    yield from notes
    series = found.series
    yield f"{out}: {len(series.days):,} days, {series.start} to {series.end}, sha256 {digest(series)}"


def _rules(wanted: Wanted) -> Iterator[str]:
    one, two = (" or ".join(sorted(names)) or "anyone" for names in wanted.sides)
    yield f"where: {wanted.area}; country: {' or '.join(sorted(wanted.countries)) or 'any'}"
    yield f"who: {one} against {two}; types: {_listed(wanted.types)}"
    yield f"precision of place: {_listed(wanted.where)}; of date: {_listed(wanted.when)}"


def _listed(values: Iterable[object]) -> str:
    return ", ".join(sorted(str(value) for value in values))


def import_object(file: Path, found: Imported, wanted: Wanted, notes: Sequence[str], out: Path) -> dict[str, Any]:
    """The same as an object."""
    return {
        "file": str(file),
        "first": str(found.first),
        "last": str(found.last),
        "area": str(wanted.area),
        "countries": sorted(wanted.countries),
        "sides": [sorted(names) for names in wanted.sides],
        "types": sorted(wanted.types),
        "place_precision": sorted(wanted.where),
        "date_precision": sorted(wanted.when),
        "spread": wanted.spread,
        "read": asdict(found.read),
        "dropped": {reason: asdict(tally) for reason, tally in found.dropped.items()},
        "kept": asdict(found.kept),
        "several_days": asdict(found.several_days),
        "notes": list(notes),
        "series": {"file": str(out), **_series_object(found.series)},
    }


def _series_object(series: Series) -> dict[str, Any]:
    sums = {name: sum(getattr(day, name) for day in series.days) for name in ("events", *ESTIMATES)}
    span = {"start": str(series.start), "end": str(series.end), "days": len(series.days)}
    return {**span, **sums, "sha256": digest(series)}


# --- verdicts --------------------------------------------------------------------------------------------------------


def verdict_lines(file: Path, found: Recorded, estimate: str) -> Iterator[str]:
    """What became of the truce, for people."""
    yield f"{file}: {found.start} to {found.end}, {len(found.levels)} days, {found.deaths:g} deaths ({estimate})"
    yield ""
    fray = found.first("fray")
    yield f"worst level: {found.worst}; on the last day: {found.terminal}"
    yield f"first evening at fray or worse: {'none' if fray is None else f'{fray} (day {found.day_of(fray)})'}"
    yield ""
    rows = [_collapse_row(collapse) for collapse in found.collapses]
    yield from columns(("collapse at", "date", "day", "days stood"), rows)
    yield ""
    yield f"The first row is the definition, the others vary it. Day 1 is {found.start}, and windows begin on it."
    yield from (f"Left out, since not recorded: {WORDS[kind]} (--record)." for kind in found.left_out)


def _collapse_row(collapse: Collapse) -> tuple[str, ...]:
    name = f"{collapse.at_least:g} deaths in 7 days"
    if collapse.date is None:
        return name, "none", "-", "-"
    return name, str(collapse.date), str(collapse.day), str(collapse.days)


def verdict_object(file: Path, found: Recorded, estimate: str, sha256: str) -> dict[str, Any]:
    """The same as an object; null is what did not come."""
    fray = found.first("fray")
    return {
        "file": str(file),
        "sha256": sha256,
        "start": str(found.start),
        "end": str(found.end),
        "days": len(found.levels),
        "estimate": estimate,
        "deaths": found.deaths,
        "worst_level": found.worst,
        "terminal_status": found.terminal,
        "fray_date": None if fray is None else str(fray),
        "fray_day": None if fray is None else found.day_of(fray),
        "collapse": _collapse_object(found.collapses[0]),
        "other_readings": [_collapse_object(collapse) for collapse in found.collapses[1:]],
        "left_out": list(found.left_out),
    }


def _collapse_object(collapse: Collapse) -> dict[str, Any]:
    return {**collapse._asdict(), "date": None if collapse.date is None else str(collapse.date)}
