"""Tables of the state: every number of the state vector, what a scenario declares, and what it all is at the origin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from sim.conflict import state as st
from sim.documenting.subject import Subject
from sim.documenting.wording import basis, listed, number, table
from sim.history.driving import BY_NUMBER
from sim.scenario.compiling import Compiled
from sim.scenario.layout import DEADLINES, HERE, STATUSES
from sim.scenario.vocabulary import PERCEPTIONS

# what rules cannot read by name; the vocabulary says the rest
WORLD_ONLY = {
    "day": "today: 1 is the origin day, the eve of the origin is 0",
    "stored_regime": "the regime that the last truce interrupted, for `regime: restore`",
    "deaths": "deaths of the day between the two sides",
    "excitation": "past daily deaths as multiples of the usual ones, exponentially weighted since the regime began",
    "deaths_total": "deaths since the origin",
    "peak_rung": "highest rung of any event since the origin",
    "worst_level": "worst level since the origin: 0 hold, 1 fray, 2 collapse",
    "level": "level of the day, the same code",
    "first_rule": "rule of the first move of the trial, plus one; 0 none yet",
    "first_party": "its party, plus one",
    "logged": "events written to the log",
    "rings": "clocks that rang in this phase",
    "places_lost_before": "sectors lost, yesterday",
    "places_lost_today": "net change of the sectors lost, today",
    "posts_encircled_before": "posts encircled, yesterday",
    "posts_encircled_today": "posts newly encircled, today",
    "patron_killed": "soldiers of a patron state killed by another state today",
    "provocations": "provocations that stand unanswered",
    "offers": "offers that are pending",
    "ended": "1 once an outcome that ends the trial has come true",
}
# section: whose it is, and its meaning where it is not that of a perception of the same name
SECTIONS = {
    "restraint": ("party", ""), "bound": ("party", "1 if bound by the agreement (`party`)"), "deadline": ("party", ""),
    "deadline_left": ("party", ""), "deadline_age": ("party", "days since its ultimatum passed"),
    "lost": ("party", "own soldiers killed since the origin"),
    "provoked": ("ordered pair", ""), "provoked_fatal": ("ordered pair", ""), "provoked_dead": ("ordered pair", ""),
    "provoked_left": ("ordered pair", "days until the provocation is let pass"),
    "offered": ("ordered pair", "level of the first's pending offer to the second"),
    "offer_left": ("ordered pair", "days until the offer lapses"),
    "fired": ("ordered pair", "1 if the first fired on the second today"),
    "killed": ("ordered pair", "soldiers of the second killed by the first today"),
    "rung": ("dyad", ""), "hostility_fast": ("dyad", ""), "hostility_slow": ("dyad", ""),
    "dyad_peak": ("dyad", "highest rung since the origin"),
    "control": ("sector", ""), "front": ("sector", ""), "under_attack": ("sector", ""), "taken": ("sector", ""),
    "exposed": ("sector", ""), "value": ("sector", ""), "population": ("sector", ""), "retakable": ("sector", ""),
    "left": ("sector", "people who have left the sector, thousand"),
    "here": ("sector and status", "posts in the sector that are free, blocking, encircled"),
    "status": ("post", "absent, free, blocking, encircled or evacuated (`post`)"), "owner": ("post", ""),
    "due_left": ("term", "days until the term is due; below zero it is past"),
    "met": ("term", "1 once the term is met"),
    "since": ("event type", "days since it last happened; 9999 never"),
    "happened": ("event type", "times it has happened since the beginning of the history (`count`)"),
    "last_rule": ("event type", "rule that made it last, plus one; -1 none"),
    "last_party": ("event type", "party that made it last, plus one"),
    "enabled": ("rule", "1 if the rule is switched on"),
    "tally": ("event counted by an outcome", "times it happened today"),
    "marks": ("mark", "marks of the event that is happening"),
    "fired_already": ("intervention", "1 once it has happened"),
    "outcome_day": ("outcome", "day on which it came true; 0 not yet"),
    "outcome_rule": ("outcome", "rule of the crossing event, plus one; 0 the exchange of fire, -1 an intervention"),
    "outcome_party": ("outcome", "party of the crossing event, plus one"),
    "node_now": ("part of a condition", "1 if it holds this evening"),
    "node_before": ("part of a condition", "the same, the evening before"),
    "node_rule": ("part of a condition", "whom it would be credited to: rule"),
    "node_party": ("part of a condition", "and party"),
    "gauge_at": ("gauge", "sum and number of days in the window, today's place in it, and the window day by day"),
    "recent": ("world", "deaths of each of the last seven days"),
    "weights": ("scratch", "weights of the items that a rule picks from"),
    "rings": ("scratch", "time, rule, item and hazard of each ring of the phase"),
    "chosen": ("scratch", "choices already taken in the phase"),
}  # fmt: skip
FAR = 1e9
DRAWN = ("regime", "excitation", "truce")  # told first: they differ between trials, or have words
OF = {"actor": "party", "place": "sector"}
BOOKKEEPING = ("deadline_age", "value", "population", "here", "owner", "last_rule", "last_party", "enabled")


def state(subject: Subject) -> str:
    """Every part of the state vector: name, whose, how many numbers, range, meaning. Declared quantities have a table
    of their own.
    """
    rows = [(f"`{name}`", "world", 1, _range(name), _about(name)) for name in world_names()]
    rows += [
        (f"`{name}`", SECTIONS[name][0], size, _range(name), SECTIONS[name][1] or _about(name))
        for name, size in sections(subject.compiled)
        if not name.startswith("quantity ")
    ]
    return table(("variable", "of each", "numbers", "range", "meaning"), rows)


def quantities(subject: Subject) -> str:
    """The state variables that the scenario declares itself."""
    rows = []
    for name, it in subject.scenario.quantities.items():
        initial = it.initial if isinstance(it.initial, dict) else {"": it.initial}
        starts = listed(f"{who} {number(value)}".strip() for who, value in initial.items())
        life = "stays" if it.half_life_days is None else number(it.half_life_days)
        of, bounds = OF.get(it.of, it.of), span(it.low, it.high)
        rows.append((f"`{name}`", of, bounds, starts, life, f"{it.rest:g}", it.about, basis(it.basis)))
    header = ("quantity", "of each", "range", "at the beginning of the history", "half-life, days", "rests at", "what",
              "basis")  # fmt: skip
    return table(header, rows)


def world_names() -> list[str]:
    """The names of the world's numbers in the order of their addresses, from `sim.conflict.state` itself."""
    numbers = (name for name, value in vars(st).items() if name.isupper() and isinstance(value, int))
    return [name.lower() for name in takewhile(lambda name: name != "WORLD", numbers)]


def sections(compiled: Compiled) -> Iterator[tuple[str, int]]:
    """The sections of the state after the world's numbers: name and size, in the order of their addresses."""
    ends = [*list(compiled.layout.at.values())[1:], compiled.tables.n_state]
    for (name, begin), end in zip(compiled.layout.at.items(), ends, strict=True):
        yield name, end - begin


def _about(name: str) -> str:
    return PERCEPTIONS[name].about if name in PERCEPTIONS else WORLD_ONLY[name]


def _range(name: str) -> str:
    if name not in PERCEPTIONS:
        return "-"
    word = PERCEPTIONS[name]
    if word.names:
        return {"regime": "regimes", "level": "none, lower, leader", "deadline": listed(DEADLINES),
                "party": "parties"}.get(word.names, word.names)  # fmt: skip
    return span(word.low, word.high)


def span(low: float, high: float) -> str:
    """A range as one reads it; a bound so far away that it is none is left out."""
    ends = ["" if abs(bound) >= FAR else f"{bound:g}" for bound in (low, high)]
    return "..".join(ends) if any(ends) else "any"


def initial(subject: Subject) -> str:
    """All that is not zero, not never and not a copy of the scenario in the driven state at the origin."""
    s, compiled = subject.origin.state, subject.compiled
    regimes = zip(compiled.names.regimes, subject.origin.regimes, strict=True)
    memory = zip(compiled.names.regimes, subject.origin.memory, strict=True)
    rows = [
        ("`regime`, filtered; one is drawn for each trial", listed(f"{name} {p:.3f}" for name, p in regimes)),
        ("`excitation` of the regime that is drawn", listed(f"{name} {m:.2f}" for name, m in memory)),
        ("`truce`", BY_NUMBER[int(s[st.TRUCE])]),
        ("probability that it is `fragile`", f"{subject.origin.fragile:.3g}"),
    ]
    others = [(k, name) for k, name in enumerate(world_names()) if name not in DRAWN]
    rows += [(f"`{name}`", f"{s[k]:.4g}") for k, name in others if s[k]]
    for name, _ in sections(compiled):
        if name not in BOOKKEEPING and (told := listed(_values(compiled, name, s))) != "-":
            rows.append((f"`{name.removeprefix('quantity ')}`", told))
    return table(("variable", "value on the eve of the origin"), rows)


def _values(compiled: Compiled, name: str, s: Sequence[float]) -> Iterator[str]:
    """The values of a section that say something, each with whose it is."""
    begin, read = compiled.layout.at[name], compiled.tables.since_used
    for k, item in enumerate(_items(compiled, name)):
        value = s[begin + k]
        if (k in read and value < st.NEVER) if name == "since" else value:
            yield f"{item} {_value(compiled, name, value)}".strip()


def _items(compiled: Compiled, name: str) -> Sequence[str]:
    """What the numbers of a section belong to, by name; nothing for what a trial builds up itself."""
    names = compiled.names
    if name.startswith("quantity "):
        of = compiled.layout.quantities[name.removeprefix("quantity ")][0]
        return {"world": [""], "actor": names.parties, "place": names.places,
                "dyad": [f"{a}-{b}" for a, b in names.dyads]}[of]  # fmt: skip
    return {
        "party": names.parties, "dyad": [f"{a}-{b}" for a, b in names.dyads], "sector": names.places,
        "ordered pair": [f"{a} to {b}" for a in names.parties for b in names.parties], "post": names.posts,
        "term": names.terms, "event type": names.events,
        "sector and status": [f"{place} {status}" for status in HERE for place in names.places],
    }.get(SECTIONS[name][0], ())  # fmt: skip


def _value(compiled: Compiled, name: str, value: float) -> str:
    """A value in the words that scenarios use for it."""
    if name == "control":
        return compiled.names.parties[int(value)]
    words = {"status": STATUSES, "deadline": DEADLINES}.get(name)
    if words:
        return {number: word for word, number in words.items()}[int(value)]
    return f"{value:.4g}"
