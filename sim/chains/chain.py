"""The chain of a trial: its end, the events that stand on it, and what each rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.chains.recording import Record
from sim.chains.tracing import Read, Tracer
from sim.conflict import state as st
from sim.draws import address
from sim.history.driving import begin_trial
from sim.preparing import Prepared, prepared
from sim.scenario.schema import Scenario
from sim.trajectory import DISPLACEMENT, FIGHTING, INTERVENTION, NEW_AGREEMENT, REBEL_INITIATED, Event, Trajectory

OTHER_ENDS = (NEW_AGREEMENT, REBEL_INITIATED)  # what may end a truce instead of the headline


@dataclass(frozen=True)
class Because:
    """Why an event stands on a chain: it `added` to a count, or `opened` or `raised` what is read under a name.

    `link` is its position among the chain's links.
    """

    how: str
    what: str
    link: int


@dataclass(frozen=True)
class Link:
    """An event on a chain, the links it rests on, and the perceptions it read that no event of the trial had moved."""

    event: Event
    because: tuple[Because, ...]
    origin: tuple[str, ...]


@dataclass(frozen=True)
class Chain:
    """The chain of one trial: how it ended (None: it did not), what crossed the line, and all links in order.

    `through` is the outcome that made the end come true, where the end is one of several outcomes (war or word); `day`
    the day that the end is dated to, and `evening` the one on which its condition held (later, where it is dated back).
    """

    set_index: int
    trial: int
    end: str | None
    through: str | None
    day: int | None
    evening: int | None
    crossed: tuple[Because, ...]
    links: tuple[Link, ...]

    @property
    def events(self) -> list[Event]:
        """The events on the chain, in order of time."""
        return [link.event for link in self.links]

    @property
    def rules(self) -> list[str]:
        """The rules whose events stand on the chain, by the first of each; the daily processes are none."""
        return list(dict.fromkeys(self._makers()))

    @property
    def last_rule(self) -> str | None:
        """The rule whose event stands last on the chain."""
        makers = self._makers()
        return makers[-1] if makers else None

    def _makers(self) -> list[str]:
        return [maker(event) for event in self.events if event.rule not in (FIGHTING, DISPLACEMENT)]


def chain_of(scenario: Scenario, set_index: int, trial: int, lived: Trajectory | None = None) -> Chain:
    """The chain of one trial of a scenario under its own seed; `lived` is the trial if it was run already."""
    ready = prepared(scenario, scenario.ensemble.seed, set_index)
    if lived is None:
        from sim.model import CeasefireModel

        lived = CeasefireModel(ready, trial=trial, collect=False).run()
    return trace(ready, lived)


def trace(ready: Prepared, trajectory: Trajectory) -> Chain:
    """The chain of a trial that was run with its events, by whichever engine."""
    row = trajectory.row
    end = end_of(ready.scenario, row)
    if end is None:
        return Chain(ready.set_index, row["trial"], None, None, None, None, (), ())
    at = address(ready.seed, ready.set_index, row["trial"])
    record = Record(ready, begin_trial(ready.origin, ready.compiled, at), trajectory, end)
    return _built(ready, record, row, end)


def ends_of(scenario: Scenario) -> list[str]:
    """The outcomes that can end a trial: the headline, what voids it or stops the trial, the other ends there are."""
    headline = next(name for name, outcome in scenario.outcomes.items() if outcome.headline)
    before = scenario.outcomes[headline].before or []
    voids = [before] if isinstance(before, str) else before
    others = (name for name in OTHER_ENDS if name in scenario.outcomes)
    return list(dict.fromkeys([headline, *voids, *scenario.ends_when, *others]))


def end_of(scenario: Scenario, row: Mapping[str, Any]) -> str | None:
    """How a trial ended: by the headline where it came true, else by the first of the other ends; None if by none."""
    headline, *others = ends_of(scenario)
    if row[f"{headline}_day"] is not None:
        return headline
    dated = [(row[f"{name}_day"], name) for name in others if row[f"{name}_day"] is not None]
    return min(dated)[1] if dated else None


def maker(event: Event) -> str:
    """What made an event: its rule, or the intervention, under the name of its event type."""
    if event.rule != INTERVENTION or event.event.startswith(f"{INTERVENTION} "):
        return event.rule if event.rule != INTERVENTION else event.event
    return f"{INTERVENTION} {event.event}"


# --- all that is reached from the end -------------------------------------------------------------------------------


def _built(ready: Prepared, record: Record, row: Mapping[str, Any], end: str) -> Chain:
    """The chain from what crossed the line back to the origin, its links in order of time."""
    tracer, outcome = Tracer(ready, record), ready.compiled.names.outcomes.index(end)
    crossing = list(dict.fromkeys(tracer.crossing(outcome)))
    reads = _reached(tracer, crossing)
    position = {number: k for k, number in enumerate(reads)}
    links = (Link(record.events[n], _because(found, position), _standing(found)) for n, found in reads.items())
    day, evening = int(row[f"{end}_day"]), int(record.evening[outcome][st.DAY])
    crossed = _because(crossing, position)
    return Chain(ready.set_index, row["trial"], end, tracer.through(outcome), day, evening, crossed, tuple(links))


def _reached(tracer: Tracer, crossing: Iterable[Read]) -> dict[int, list[Read]]:
    """What was read by each event that is reached from the crossing, by number of the event."""
    reads: dict[int, list[Read]] = {}
    waiting = [read.by for read in crossing if read.by is not None]
    while waiting:
        number = waiting.pop()
        if number not in reads:
            reads[number] = list(dict.fromkeys(tracer.reads(number)))
            waiting += [read.by for read in reads[number] if read.by is not None]
    return dict(sorted(reads.items()))


def _because(found: Iterable[Read], position: Mapping[int, int]) -> tuple[Because, ...]:
    return tuple(Because(read.how, read.what, position[read.by]) for read in found if read.by is not None)


def _standing(found: Iterable[Read]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read.what for read in found if read.by is None))
