"""Tables of who and what a scenario holds: parties, patrons, sectors, posts, the ladder."""

from __future__ import annotations

from collections import Counter

from sim.documenting.subject import Subject
from sim.documenting.wording import basis, listed, number, table
from sim.scenario.numbers import uncertain


def kinds(subject: Subject) -> str:
    """How many entities of each kind there are, and how they are linked."""
    s, names = subject.scenario, subject.compiled.names
    between = " and ".join(s.fighting.between)
    rows = [
        ("actor", len(s.actors), "one agent each; lets its own rules ring"),
        ("faction", len(names.factions), "part of an actor that decides for itself; acts and is acted on, as an actor"),
        ("exchange of fire", 1, f"what nobody does alone; deaths a day between {between}"),
        ("dyad", len(names.dyads), "two actors, or two factions of one; carries a rung"),
        ("patron and client", len(s.relations), "one number, the restraint of the patron upon the client"),
        ("sector", len(s.places), f"node of a graph; held by one of {between}, taken by shares"),
        ("post", len(s.posts), "position of a state in a sector; encircled when the share taken reaches its depth"),
        ("agreement", 1, f"{s.agreement.name}, with {len(s.agreement.terms)} terms"),
        ("event type", len(s.events), "what can happen, with marks drawn when it does and effects on the state"),
        ("rule", len(s.rules), f"clock of a party; {sum(rule.enabled for rule in s.rules.values())} are switched on"),
        ("outcome", len(names.outcomes), "condition tested every evening"),
        ("uncertain number", len(uncertain(s)), "one value for each parameter set"),
    ]
    return table(("kind", "how many", "what"), rows)


def parties(subject: Subject) -> str:
    """Actors with their factions."""
    rows: list[tuple[str, str, str]] = []
    for name, actor in subject.scenario.actors.items():
        rows.append((f"`{name}`", actor.kind, actor.about))
        rows += [(f"`{part}`", f"faction of `{name}`", faction.about) for part, faction in actor.factions.items()]
    return table(("party", "kind", "what"), rows)


def relations(subject: Subject) -> str:
    """Patrons and clients."""
    rows = [
        (f"`{it.patron}`", f"`{it.client}`", number(it.restraint), basis(it.basis))
        for it in subject.scenario.relations.values()
    ]
    return table(("patron", "client", "restraint at the start", "basis"), rows)


def places(subject: Subject) -> str:
    """Sectors as they stand at the beginning of the history."""
    posts = Counter(post.place for post in subject.scenario.posts.values())
    rows = [
        (f"`{name}`", it.control, f"{it.taken:g}", number(it.population), number(it.exposed), f"{it.value:g}",
         listed(it.neighbours), listed(it.open_to), posts[name])
        for name, it in subject.scenario.places.items()
    ]  # fmt: skip
    header = ("sector", "held by", "share taken", "people, thousand", "exposed, thousand", "value", "neighbours",
              "open to", "posts")  # fmt: skip
    return table(header, rows)


def posts(subject: Subject) -> str:
    """Posts by sector, each with its depth."""
    rows = []
    for place in subject.scenario.places:
        here = [(name, post) for name, post in subject.scenario.posts.items() if post.place == place]
        told = listed(f"{name} {post.depth:g}" + f" ({post.status})" * (post.status != "free") for name, post in here)
        rows.append((f"`{place}`", told))
    return table(("sector", "posts with their depth, and status at the beginning of the history where not free"), rows)


def terms(subject: Subject) -> str:
    """Obligations of the agreement."""
    agreement = subject.scenario.agreement
    rows = [(f"`{name}`", it.about, it.due or "-", "yes" if it.met else "no") for name, it in agreement.terms.items()]
    return table(("term", "what", "due", "met at the beginning of the history"), rows)


def ladder(subject: Subject) -> str:
    """Rungs, and the event types that stand for them."""
    rows = []
    for rung, meaning in subject.scenario.ladder.items():
        events = [
            name
            for name, event in subject.scenario.events.items()
            if rung in (event.rung.values() if isinstance(event.rung, dict) else [event.rung])
        ]
        rows.append((rung, meaning, listed(f"`{name}`" for name in events)))
    return table(("rung", "name", "event types"), rows)
