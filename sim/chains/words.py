"""A chain in words, without blame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from sim.chains.chain import Because, Chain, Link
from sim.chains.tracing import ADDED, OPENED, RAISED
from sim.scenario.schema import Scenario
from sim.telling import sentence
from sim.trajectory import DISPLACEMENT, FIGHTING, INTERVENTION, Event

CAUTION = "An event stands here because a later one read what it had changed: a fact about this trial, not about blame."


def why_lines(scenario: Scenario, chain: Chain) -> Iterator[str]:
    """A chain in words, from the origin to the end; each event with a number, and with the numbers it rests on."""
    if chain.end is None:
        yield "why: this trial has no end to explain; none of its outcomes that end a trial came true"
        return
    end = chain.end.replace("_", " ") + (f" ({chain.through.replace('_', ' ')})" if chain.through else "")
    later = f" (known on day {chain.evening})" if chain.evening != chain.day else ""
    yield f"why {end} on day {chain.day}{later}: {len(chain.links)} events stand on the chain"
    for _, group in groupby(enumerate(chain.links), key=lambda pair: -1 if pair[1].event.rule == FIGHTING else pair[0]):
        yield from _links(scenario, list(group))
    yield f"    end {end}: {_because(chain.crossed)}"
    yield CAUTION


def _links(scenario: Scenario, numbered: list[tuple[int, Link]]) -> Iterator[str]:
    """One event with what it rests on; days of fighting in a row as one."""
    first, link = numbered[0]
    if link.event.rule == FIGHTING:
        killed = sum(one.event.marks["deaths"] for _, one in numbered)
        last, until = numbered[-1][0], numbered[-1][1].event.day
        days = f"day {link.event.day}" if until == link.event.day else f"days {link.event.day}-{until}"
        number = f"{first + 1}" if first == last else f"{first + 1}-{last + 1}"
        yield f"  {number:>5} {days}: the fighting, {killed:.0f} killed"
        link = numbered[-1][1]
    else:
        yield f"  {first + 1:>5} day {link.event.day}: {_told(scenario, link.event)}  [{link.event.rule}]"
    if link.because:
        yield f"        {_because(link.because)}"
    elif link.event.rule == INTERVENTION:
        yield "        an intervention of the scenario"
    else:
        yield "        all that it read stood so at the origin, or came with the days"


def _told(scenario: Scenario, event: Event) -> str:
    if event.event == DISPLACEMENT and event.place is not None:
        return f"people leave {scenario.places[event.place].name}"
    return sentence(scenario, event)


def _because(reasons: Iterable[Because]) -> str:
    """Reasons in words, those of one kind and name together: `opened 3 (truce); added 5, 7 (killed.a.b)`."""
    named: dict[tuple[str, str], list[int]] = {}
    for reason in reasons:
        named.setdefault((reason.how, reason.what), []).append(reason.link + 1)
    spoken = {ADDED: "added to by", OPENED: "opened by", RAISED: "raised by"}
    return "; ".join(
        f"{what} {spoken[how]} {', '.join(map(str, sorted(numbers)))}" for (how, what), numbers in named.items()
    )
