"""Every word that a scenario file may use: perceptions, counters, verbs, and the names of states.

One list for the checker, the error messages and the reference page; what a word does is in `sim.conflict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

LEVELS = ("none", "lower", "leader")
STATUSES = ("absent", "free", "blocking", "encircled", "evacuated")
DEADLINES = ("none", "pending", "passed")


@dataclass(frozen=True)
class Perception:
    """A number that rules can read: whose it is, what it means, its range, and the kind of names its values have."""

    of: str
    about: str
    low: float = 0.0
    high: float = inf
    names: str = ""


PERCEPTIONS: dict[str, Perception] = {
    "regime": Perception("world", "index of the latent regime of fighting", names="regime"),
    "top_regime_days": Perception("world", "days since the highest regime was left; 0 in it"),
    "calm_days": Perception("world", "days in the lowest regime in a row"),
    "deaths_7d": Perception("world", "observed deaths in the last seven days"),
    "truce": Perception("world", "level of the truce in force", high=2, names="level"),
    "truce_age": Perception("world", "age of the truce in days"),
    "truce_doublings": Perception("world", "how often the truce's age has doubled: whole part of log2(1 + age)"),
    "truce_deaths_7d": Perception("world", "observed deaths of the last seven days, those since the truce began"),
    "fragile": Perception("world", "whether the truce is of the fragile kind", high=1),
    "integrity": Perception("world", "integrity of the agreement", high=1),
    "overdue": Perception("world", "terms unmet after their date"),
    "displaced": Perception("world", "displaced people, thousand"),
    "newly_displaced": Perception("world", "displaced yesterday, thousand"),
    "places_lost": Perception("world", "sectors held by the first side that were the second's at the start"),
    "posts_encircled": Perception("world", "posts that are encircled"),
    "posts_blocking": Perception("world", "posts that block"),
    "attacks": Perception("world", "sectors under attack"),
    "restraint": Perception("actor", "restraint of its patron upon it; 0 without one", high=1),
    "party": Perception("actor", "1 if bound by the agreement", high=1),
    "deadline": Perception("actor", "the ultimatum it has issued", high=2, names="deadline"),
    "deadline_left": Perception("actor", "days left of the ultimatum it has issued", low=-inf),
    "rung": Perception("dyad", "rung of the dyad on the ladder", low=-inf),
    "hostility_fast": Perception("dyad", "hostility with a short memory"),
    "hostility_slow": Perception("dyad", "hostility with a long memory"),
    "provoked": Perception("ordered", "1 if a provocation by the target is unanswered", high=1),
    "provoked_fatal": Perception("ordered", "1 if one with dead is unanswered", high=1),
    "provoked_dead": Perception("ordered", "dead of the unanswered provocation"),
    "offered": Perception("ordered", "level of the target's pending offer to the actor", high=2, names="level"),
    "control": Perception("place", "who holds the sector", names="party"),
    "front": Perception("place", "1 if the first side can reach it and does not hold it", high=1),
    "under_attack": Perception("place", "1 if the sector is under attack", high=1),
    "taken": Perception("place", "share of the sector taken by the first side", high=1),
    "exposed": Perception("place", "people who may still leave, thousand"),
    "value": Perception("place", "how much the sides care about the sector"),
    "population": Perception("place", "people, thousand"),
    "retakable": Perception("place", "1 if the second side lost some of it and can reach it", high=1),
    "here.free": Perception("place", "free posts in the sector"),
    "here.blocking": Perception("place", "blocking posts in the sector"),
    "here.encircled": Perception("place", "encircled posts in the sector"),
    "post": Perception("post", "status of the post", high=4, names="status"),
    "owner": Perception("post", "owner of the post", names="party"),
}
PREFIXES = {
    "since": "days since the event last happened; 9999 never, 0 the same day",
    "count": "times the event has happened since the history's start",
    "mark": "a mark drawn before, inside an event type",
    "place": "a perception of the named place: place.NAME.X",
    "target": "an actor perception of the target: target.X",
    "PARTY": "an actor perception of a named party: PARTY.X",
}
COUNTERS = {
    "deaths": "observed deaths",
    "fire": "days on which A fired on B: fire.A.B",
    "mutual_fire": "days on which both fired: mutual_fire.A.B",
    "killed": "soldiers of B killed by A: killed.A.B",
    "killed_between": "soldiers of both killed by the other: killed_between.A.B",
    "event": "times an event happened: event.NAME, or by one party: event.NAME.PARTY",
    "places_lost": "a day's net change of the sectors lost",
    "posts_encircled": "posts newly encircled",
}


@dataclass(frozen=True)
class Verb:
    """What an effect does; `takes` are the keys that may stand beside it, `needs` what the event must have."""

    about: str
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


VERBS: dict[str, Verb] = {
    "add": Verb("add to a quantity", ("by", "times", "of")),
    "set": Verb("set a quantity", ("to", "of")),
    "multiply": Verb("multiply a quantity", ("by", "times", "of")),
    "fire": Verb("the actor fired on the target today", (), ("actor", "target")),
    "kill": Verb("soldiers of the target killed", (), ("actor", "target")),
    "provoke": Verb("an unanswered provocation of the target", ("blame", "expires_days"), ("actor", "target")),
    "answer": Verb("the target's provocation of the actor is answered", (), ("actor", "target")),
    "regime": Verb("change the regime of fighting"),
    "attack": Verb("the item's sector comes under attack, or attacks end"),
    "advance": Verb("share of the item's sector taken by the first side", (), ("place",)),
    "retake": Verb("share of the item's sector taken back", (), ("place",)),
    "post": Verb("status of the item post"),
    "truce": Verb("a truce begins; none ends it", ("fragile",)),
    "offer": Verb("an offer from actor to target", ("expires_days",), ("actor", "target")),
    "accept": Verb("offers between the two are settled", (), ("actor", "target")),
    "deadline": Verb("the actor's ultimatum, days from today", (), ("actor",)),
    "until": Verb("the actor's ultimatum, a date", (), ("actor",)),
    "clear_deadline": Verb("the ultimatum of the actor, or of a named party, is over", ("of",), ("actor",)),
    "meet": Verb("a term of the agreement is met"),
    "renew_terms": Verb("unmet terms fall due so many days from today"),
    "join": Verb("becomes bound by the agreement"),
    "disable": Verb("switch rules off"),
    "enable": Verb("switch rules on"),
}
ARGUMENTS = ("by", "to", "times", "of", "blame", "expires_days", "fragile")
BUILT_IN_QUANTITIES = {"integrity": "world", "restraint": "actor"}
REGIME_MOVES = ("up", "down", "restore")
# words with a meaning of their own, which no party may take as its id
RESERVED = ("self", "target", "patron", "client", "everyone", "exchange", "here", "place", "mark", "since", "count")
