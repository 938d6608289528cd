"""Rates and shares of single rules, counted from the dated chronology and updated from Jeffreys' priors.

`counts` walks through a scenario's chronology and finds, for each parameter of COUNTED, how often something happened
and in how many days, or out of how many chances, it could have. `updated` turns k events in T days into
Gamma(k + 1/2, 1/T), and k of n chances into Beta(k + 1/2, n - k + 1/2). Before there is a chance, an event or a number
of days, there is nothing but what is assumed (UNSEEN_DAYS), and it is called so. What counts as what stands in
COUNTED, in data; the counting is one mechanism for all of them. Days are those on which a state of the chronology held
(SPELLS): from the event that began it to the eve of the one that ended it. Events known only afterwards are never
counted.

Two spans. Fire on Turkish troops, replies and truces are counted from Sochi on: with it the posts stand as they are,
and the record of hits begins to be kept. What needs more time (rivals, summits) says since when.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sim.analysis.intervals import Floats
from sim.errors import InputError
from sim.scenario.laws import Beta, Distribution, Gamma
from sim.scenario.numbers import uncertain
from sim.scenario.points import shuffled
from sim.scenario.schema import Intervention, Scenario

SOCHI = dt.date(2018, 9, 17)
ASTANA = dt.date(2017, 5, 6)
RECORDED = dt.date(2016, 1, 1)
ANNOUNCED = dt.date(2018, 9, 4)  # the offensive that Sochi called off begins with air strikes
ARTICLE_RULES = frozenset({"R1", "R4", "R5", "R6", "R8", "R10", "R11", "R12", "R13", "R15", "R19", "R22", "R23", "R24"})
# A truce that ends within a week is of the short kind: by the narrative none of twelve spells ended on days 8 to 45.
SHORT_DAYS = 7
# Deaths a day of a truce's first three days against the fourteen before; the record has a half once, else a fifth.
SILENCE = 0.25
BEFORE_DAYS, FIRST_DAYS = 14, 3
JEFFREYS = 0.5
# Jeffreys' prior of a rate is no law until there were days at risk, and what the scenario says of it was counted from
# later days. So what has never happened is believed to come once in a hundred days, as half an event in fifty days
# would have it (90 %: from once in 26 days to once in seventy years). The number is assumed, from what rules are for:
# what comes every week is part of the day's fighting, what comes once in years no part of a run of some months. Fewer
# days than these without an event leave it as it is: by Jeffreys' rule the first quiet day would make it fiftyfold.
UNSEEN_DAYS = 50.0
SHORT_TRUCE = 3.3  # days that a truce of the short kind lasts by definition (DOMAIN 2.1)
WEEK = 7

LOWER = ("unilateral_truce", "joint_truce")
TRUCE_ENDS = ("truce_breaks", "rebel_offensive", "repudiate")
ATTACKS = ("offensive", "air_support_on")


@dataclass(frozen=True)
class Spell:
    """A state of the chronology: on from the first of `begins` to the eve of the next of `ends`.

    Events at the posts or places of `but` do not begin it. `after` leaves out that many days at the beginning of each
    spell; `within` keeps only spells that ended within so many days.
    """

    begins: tuple[str, ...]
    ends: tuple[str, ...]
    but: tuple[str, ...] = ()
    after: int = 0
    within: int | None = None


SPELLS = {
    "offensive": Spell(ATTACKS, ("halt", "agreement_in_force", *LOWER)),
    "blocking": Spell(("set_post",), ("halt", "agreement_in_force"), but=("maar_hattat",)),  # an observation post since
    "valued": Spell(("offensive",), ("halt", "agreement_in_force", *LOWER), but=("north_hama",)),
    "leader_truce": Spell(("agreement_in_force",), TRUCE_ENDS),
    "lower_truce": Spell(LOWER, (*TRUCE_ENDS, "agreement_in_force"), after=1),
    "short_truce": Spell(LOWER, TRUCE_ENDS, after=1, within=SHORT_DAYS),
    "lull": Spell(("joint_truce", "agreement_in_force", "halt"), (*ATTACKS, *TRUCE_ENDS), after=14),
}


@dataclass(frozen=True)
class Counted:
    """What a parameter is counted from: `events` while all of `during` and none of `outside` holds, since a day.

    With `success` each event is a chance: `marked:NAME` (a mark is not zero), `silenced` (deaths fell), or
    `EVENT, EVENT within DAYS`. Without it the events are divided by the days. `fatal` says whether they killed, where
    that matters; events less than `apart` days after one of their kind, and those days, are left out.
    """

    path: str
    rule: str
    words: str
    events: tuple[str, ...]
    since: dt.date = SOCHI
    during: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    fatal: bool | None = None
    success: str = ""
    apart: int = 0
    closing: bool = False  # what happens on the day a state ended belongs to it: it may have ended it
    least_week: float = 0.0  # deaths in the seven days before
    rules: int = 1  # so many rules share the rate
    unseen: float = UNSEEN_DAYS  # days for which half an event is assumed until there is more to count

    @property
    def needs_deaths(self) -> bool:
        """Whether it can only be counted beside recorded deaths."""
        return self.success == "silenced" or self.least_week > 0.0


HIT = ("hit_post",)
COUNTED = (
    Counted("parameters.hit_offensive.value", "R4", "hits a day of an offensive, without blocking posts", HIT,
            during=("offensive",), outside=("blocking",)),
    Counted("parameters.hit_blocking.value", "R4", "hits a day of an offensive with blocking posts in its path", HIT,
            during=("offensive", "blocking")),
    Counted("parameters.hit_calm.value", "R4", "hits a day outside offensives", HIT, outside=("offensive",)),
    Counted("parameters.lethal_blocking.value", "R5", "hits with blocking posts in the path that killed", HIT,
            during=("offensive", "blocking"), success="marked:killed"),
    Counted("parameters.lethal_fenced.value", "R5", "other hits that killed", HIT, outside=("blocking",),
            success="marked:killed"),
    Counted("parameters.aircraft.value", "R14", "hits in an offensive with Russian aircraft involved", HIT,
            during=("offensive",), success="marked:aircraft"),
    Counted("parameters.retaliation.value", "R6", "fatal hits answered by the next day", HIT, fatal=True,
            success="retaliate within 1"),
    Counted("parameters.retaliation_nonfatal.value", "R7", "hits that killed nobody answered by the next day", HIT,
            fatal=False, success="retaliate within 1"),
    Counted("rules.set_post.rate", "R11", "blocking posts set a day of an offensive beyond northern Hama",
            ("set_post",), during=("valued",)),
    Counted("parameters.summit_rate.value", "R16", "meetings of the presidents a day with fifty dead in a week",
            ("leader_meeting", "sign_agreement"), since=ASTANA, outside=("leader_truce",), least_week=50),
    Counted("parameters.truce_rate.value", "R18", "lower-level truces a day with fifty dead in a week, by either rule",
            LOWER, since=RECORDED, outside=("leader_truce", "lower_truce"), least_week=50, rules=2),
    Counted("parameters.deal_at_summit.value", "R16", "meetings of the presidents that led to a deal within a week",
            ("leader_meeting", "sign_agreement"), since=ANNOUNCED, success="agreement_in_force within 7"),
    Counted("parameters.fragile_lower.value", "R18", "lower-level truces that broke within a week", LOWER,
            success=f"truce_breaks within {SHORT_DAYS}"),
    Counted("parameters.fragile_leader.value", "R18", "leader-level truces that broke within a week",
            ("agreement_in_force",), success=f"truce_breaks within {SHORT_DAYS}"),
    Counted("parameters.silence_lower.value", "R18", "lower-level truces that cut deaths by three quarters at once",
            LOWER, success="silenced"),
    Counted("parameters.silence_leader.value", "R18", "leader-level truces that cut deaths by three quarters at once",
            ("agreement_in_force",), success="silenced"),
    Counted("parameters.break_rate.value", "R18", "ends of short truces a day from their third day on",
            ("truce_breaks",), during=("short_truce",), closing=True, unseen=SHORT_TRUCE / 2),
    Counted("rules.infighting.rate", "R21", "outbreaks of fighting among rebels a day of a lull", ("infighting",),
            since=ASTANA, during=("lull",), apart=60),
)  # fmt: skip


@dataclass(frozen=True)
class Count:
    """`k` events in `n` days (kind `gamma`), or `k` of `n` chances (kind `beta`), with the ids of the events.

    Where there was nothing to count, half an event in `unseen` days is assumed. `first` and `last` are the days of the
    span that was searched; `rule` the number in the domain study.
    """

    path: str
    kind: str
    k: int
    n: int
    rule: str
    words: str
    first: dt.date
    last: dt.date
    events: tuple[str, ...]
    unseen: float = UNSEEN_DAYS

    @property
    def empty(self) -> bool:
        """Whether nothing was counted yet that could say more than what is assumed."""
        return self.k == 0 and self.n < (self.unseen if self.kind == "gamma" else 1)

    @property
    def how(self) -> str:
        """How its number is estimated, a key of `sim.scenario.posterior.HOW`."""
        return "assumed" if self.empty else "conjugate"

    def law(self) -> Distribution:
        """What is believed after the count, and as long as nothing was counted."""
        if self.kind == "gamma":
            return Gamma(self.k + JEFFREYS, 1.0 / (self.unseen if self.empty else max(self.n, 1)))
        return Beta(self.k + JEFFREYS, self.n - self.k + JEFFREYS)

    def evidence(self) -> str:
        """The count in one line, or that there is none."""
        per = f"in {self.n} days" if self.kind == "gamma" else f"of {self.n}"
        said = f"{self.k} {per}, {self.first} to {self.last}: {self.words}"
        return f"assumed, {self._assumed()}; nothing to count yet, {said}" if self.empty else said

    def _assumed(self) -> str:
        if self.kind == "beta":
            return "any share"
        return f"once in {self.unseen / JEFFREYS:g} days"


Update = tuple[str, Distribution]  # path, law


def counts(
    scenario: Scenario, until: dt.date, article_only: bool = False, deaths: Mapping[dt.date, float] | None = None
) -> list[Count]:
    """The counts up to and with a day, of the parameters that are uncertain in the scenario.

    `article_only` keeps those of rules that the article itself supports (DOMAIN 7.4 and 7.10). `deaths` by day are
    needed to see whether a truce silenced the guns, and on which days the fighting was heavy; without them those
    counts are left out. Raises InputError for a day before anything could be counted, where there is something.
    """
    known = uncertain(scenario)
    wanted = [it for it in COUNTED if it.path in known and (not article_only or it.rule in ARTICLE_RULES)]
    if wanted and until <= ASTANA:
        raise InputError(f"until {until}: nothing is counted before {ASTANA}; choose a later day")
    record = Record.of(scenario, until, deaths)
    return [record.count(it) for it in wanted if deaths is not None or not it.needs_deaths]


def updated(counted: Iterable[Count]) -> list[Update]:
    """Path and law of each count."""
    return [(count.path, count.law()) for count in counted]


def draws(updates: Sequence[Update], rows: int, seed: int) -> Floats:
    """Draws of shape (rows, updates), independent between columns: a Latin hypercube addressed by seed and path.

    Each column has one draw in each of `rows` slices of equal probability, in its middle.
    """
    columns = [
        [law.ppf((place + 0.5) / rows) for place in shuffled(rows, f"conjugate {path}", seed).tolist()]
        for path, law in updates
    ]
    return np.array(columns, dtype=np.float64).reshape(len(columns), rows).T


# --- the record ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interval:
    """Days from `begin` to the eve of `end`; open at the day after the record where it had not ended."""

    begin: dt.date
    end: dt.date
    ended: bool


@dataclass(frozen=True)
class Record:
    """Dated events by id up to and with a day, in order of day, and deaths by day where they are known."""

    events: dict[str, Intervention]
    until: dt.date
    deaths: Mapping[dt.date, float] | None = None

    @classmethod
    def of(cls, scenario: Scenario, until: dt.date, deaths: Mapping[dt.date, float] | None = None) -> Record:
        """What a scenario's chronology has up to a day; what was known only afterwards is left out."""
        dated = {**scenario.history.events, **scenario.afterwards}
        known = {name: it for name, it in dated.items() if not it.known_afterwards and _day(it) <= until}
        return cls(dict(sorted(known.items(), key=lambda item: _day(item[1]))), until, deaths)

    def count(self, it: Counted) -> Count:
        """The count of one parameter."""
        chosen = self._chosen(it)
        ids = tuple(chosen)
        count = Count(it.path, "gamma", len(chosen), 0, it.rule, it.words, it.since, self.until, ids, it.unseen)
        if not it.success:
            return replace(count, n=self._days(it) * it.rules)
        succeeded = _success(it.success)
        verdicts = {name: succeeded(self, event) for name, event in chosen.items()}
        judged = {name: verdict for name, verdict in verdicts.items() if verdict is not None}
        return replace(count, kind="beta", k=sum(judged.values()), n=len(judged), events=tuple(judged))

    def _chosen(self, it: Counted) -> dict[str, Intervention]:
        """The events of the kinds, states and span asked for."""
        kept: dict[str, Intervention] = {}
        for name, event in self.events.items():
            day = _day(event)
            if event.event not in it.events or day < it.since or not self._counts(it, day):
                continue
            fatal = event.marks.get("killed", 0.0) > 0.0
            if it.fatal in (None, fatal) and not any(_near(day, other, it.apart) for other in kept.values()):
                kept[name] = event
        return _one_a_day(kept) if "sign_agreement" in it.events else kept

    def _days(self, it: Counted) -> int:
        """On how many days the states held in which it could happen."""
        return sum(self._holds(it, day) for day in _days(it.since, self.until) if not self._too_near(it, day))

    def _too_near(self, it: Counted, day: dt.date) -> bool:
        return any(e.event in it.events and _day(e) < day and _near(day, e, it.apart) for e in self.events.values())

    def _counts(self, it: Counted, day: dt.date) -> bool:
        """Whether an event of a day counts: the states hold, or ended by it."""
        ended = it.closing and any(day == spell.end for name in it.during for spell in self.spells[name])
        return self._holds(it, day) or (ended and self._holds(it, day - dt.timedelta(1)))

    def _holds(self, it: Counted, day: dt.date) -> bool:
        """Whether all states hold in which something counts, and none of the others."""
        inside = all(_covers(self.spells[name], day) for name in it.during) and self._week(it, day) >= it.least_week
        return inside and not any(_covers(self.spells[name], day) for name in it.outside)

    def _week(self, it: Counted, day: dt.date) -> float:
        """Deaths in the seven days before a day; only where they are asked for."""
        if not it.least_week or self.deaths is None:
            return 0.0
        return sum(self.deaths.get(day - dt.timedelta(back), 0.0) for back in range(1, WEEK + 1))

    @cached_property
    def spells(self) -> dict[str, list[Interval]]:
        """The intervals on which each state of SPELLS held."""
        return {name: self._intervals(spell) for name, spell in SPELLS.items()}

    def _intervals(self, spell: Spell) -> list[Interval]:
        found, begun = list[Interval](), None
        for event in self.events.values():
            if event.event in spell.ends and begun is not None and _day(event) > begun:
                found, begun = [*found, Interval(begun, _day(event), ended=True)], None
            if event.event in spell.begins and not {event.post, event.place} & set(spell.but):
                begun = begun or _day(event)
        if begun is not None:
            found.append(Interval(begun, self.until + dt.timedelta(1), ended=False))
        if spell.within is not None:
            found = [it for it in found if it.ended and (it.end - it.begin).days <= spell.within]
        later = [replace(it, begin=it.begin + dt.timedelta(spell.after)) for it in found]
        return [it for it in later if it.begin < it.end]


def _day(event: Intervention) -> dt.date:
    return event.on or dt.date.min


def _days(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    return (first + dt.timedelta(k) for k in range((last - first).days + 1))


def _near(day: dt.date, event: Intervention, apart: int) -> bool:
    return abs((day - _day(event)).days) < apart


def _covers(intervals: Iterable[Interval], day: dt.date) -> bool:
    return any(it.begin <= day < it.end for it in intervals)


def _one_a_day(events: Mapping[str, Intervention]) -> dict[str, Intervention]:
    """A meeting and what is signed at it are one."""
    first: dict[dt.date, str] = {}
    for name, event in events.items():
        first.setdefault(_day(event), name)
    return {name: events[name] for name in first.values()}


# --- what makes a chance a success -----------------------------------------------------------------------------------

Verdict = Callable[[Record, Intervention], bool | None]  # None: it cannot be known yet


def _success(text: str) -> Verdict:
    if text == "silenced":
        return _silenced
    if text.startswith("marked:"):
        mark = text.removeprefix("marked:")
        return lambda record, event: event.marks.get(mark, 0.0) > 0.0
    kind, _, days = text.partition(" within ")
    return lambda record, event: _followed(record, event, kind, int(days))


def _followed(record: Record, event: Intervention, kind: str, days: int) -> bool | None:
    """Whether an event of a kind came within some days; unknown while they are not over."""
    waits = [(_day(other) - _day(event)).days for other in record.events.values() if other.event == kind]
    if any(0 <= wait <= days for wait in waits):
        return True
    return False if (record.until - _day(event)).days >= days else None


def _silenced(record: Record, event: Intervention) -> bool | None:
    """Whether a truce's first three days had a quarter of the deaths a day of the fortnight before, or less."""
    begin, deaths = _day(event), record.deaths or {}
    before = _mean(deaths, begin - dt.timedelta(BEFORE_DAYS), BEFORE_DAYS)
    first = _mean(deaths, begin, FIRST_DAYS)
    if before is None or first is None or (record.until - begin).days < FIRST_DAYS - 1:
        return None
    return first <= SILENCE * before


def _mean(deaths: Mapping[dt.date, float], begin: dt.date, days: int) -> float | None:
    """Deaths a day; None where the series does not reach over all of the days."""
    if not deaths or begin < min(deaths) or begin + dt.timedelta(days - 1) > max(deaths):
        return None
    return sum(deaths.get(day, 0.0) for day in _days(begin, begin + dt.timedelta(days - 1))) / days
