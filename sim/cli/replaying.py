"""`ceasefire replay`: one trial again with something changed, beside what it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import changes, columns, loaded, opened, print_lines, set_index_option, trial_of

if TYPE_CHECKING:
    from sim.trajectory import Event, Trajectory


@click.command(short_help="Run one trial again with something changed.")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--trial", type=int, required=True, help="The trial to run again.")
@set_index_option
@changes
def replay(results: Path, trial: int, set_index: int, overrides: dict[str, str], without: Sequence[str]) -> None:
    """Run one trial of RESULTS again with something changed; both event lists side by side, to where they part.

    The change moves only the luck of what it touches: everything else draws the same numbers.
    """
    from sim.ensemble.manifest import SCENARIO

    stored = opened(results)
    before = stored.trajectory(trial, set_index)
    changed = loaded(str(results / SCENARIO), overrides, without)
    after = trial_of(changed, stored.manifest.engine, trial, set_index)
    what = [f"{key} = {value}" for key, value in overrides.items()] + [f"without {rule}" for rule in without]
    click.echo(f"{stored.scenario.name}, trial {trial} of set {set_index}; changed: {', '.join(what) or 'nothing'}")
    print_lines(side_by_side(before, after))


@dataclass(frozen=True)
class Line:
    """One line of two event lists beside each other; a side that has no such event is empty."""

    day: int
    before: str
    after: str

    @property
    def mark(self) -> str:
        """Whether both lists have it, or which one."""
        return " " if self.before == self.after else "<" if not self.after else ">" if not self.before else "|"


def side_by_side(before: Trajectory, after: Trajectory) -> Iterator[str]:
    """Two trials as tables: their events by day, marked where they differ, then the results that differ."""
    parted = next((line.day for line in _paired(before.events, after.events) if line.mark != " "), None)
    yield "both run alike" if parted is None else f"they part on day {parted}"
    yield ""
    rows = [
        (str(line.day), line.before, line.mark, line.after)
        for line in _paired(_acts(before.events), _acts(after.events))
    ]
    yield from columns(("day", "as it was", "", "with the change"), rows)
    yield ""
    both = [(name, value, after.row.get(name)) for name, value in before.row.items()]
    results = [(name, _cell(one), _cell(other)) for name, one, other in both if one != other]
    if results:
        yield from columns(("result", "as it was", "with the change"), results)


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _paired(before: Sequence[Event], after: Sequence[Event]) -> Iterator[Line]:
    left, right = (_by_day(events) for events in (before, after))
    for day in sorted(left.keys() | right.keys()):
        ours, theirs = left.get(day, []), right.get(day, [])
        for _, i, j, k, m in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
            yield from (Line(day, one, other) for one, other in zip_longest(ours[i:j], theirs[k:m], fillvalue=""))


def _acts(events: Sequence[Event]) -> list[Event]:
    """The events without the fighting and displacement of every day."""
    from sim.trajectory import DISPLACEMENT, FIGHTING

    return [event for event in events if event.event not in (FIGHTING, DISPLACEMENT)]


def _by_day(events: Sequence[Event]) -> dict[int, list[str]]:
    days = groupby(events, key=lambda event: event.day)
    return {day: [_event(event) for event in found] for day, found in days}


def _event(event: Event) -> str:
    """An event in a line: when, by which rule, who to whom, where, with which marks."""
    who = f"{event.by or 'exchange'} > {event.against}" if event.against else event.by or "exchange"
    where = f" at {event.post or event.place}" if event.post or event.place else ""
    marks = "".join(f", {name} {value:g}" for name, value in event.marks.items() if value)
    rule = "" if event.rule == event.event else f" ({event.rule})"
    return f"{who}: {event.event}{rule}{where}{marks}" + (" [void]" if event.void else "")
