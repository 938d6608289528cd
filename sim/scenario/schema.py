"""The shape of a scenario file, one class per section; nothing here reads a file or knows an engine.

Keys in YAML are the attribute names below. Every collection is a map by id. A leaf typed `Number` may be written as
a number, as a distribution (`{dist: uniform, low: 1, high: 2}`) or as a shared parameter (`$name`); leaves typed `int`
or `float` are structural and refuse distributions.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from sim.scenario.numbers import Number, is_distribution
from sim.scenario.posterior import Posterior

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _day(value: object) -> object:
    """A date written in quotes is a date too."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _one_or_by_id(value: object) -> str:
    return "by id" if isinstance(value, dict) and not is_distribution(value) else "number"


MOST_DAYS = 4000  # of a horizon
Day = Annotated[dt.date, BeforeValidator(_day)]
NumberOrMap = Annotated[
    Annotated[Number, Tag("number")] | Annotated[dict[Id, Number], Tag("by id")],
    Discriminator(_one_or_by_id),
]


class Section(BaseModel):
    """A part of a scenario: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Basis(Section):
    """Where a number or rule comes from: exactly one of the four grades, listing keys of `sources`."""

    fitted: list[str] | None = None
    coded: list[str] | None = None
    published: list[str] | None = None
    assumed: list[str] | None = None
    n: int | None = Field(None, ge=0, description="events counted, for `coded`")
    span: str | None = Field(None, description="dates of the data, for `fitted`")
    note: str | None = None

    @property
    def grade(self) -> str:
        """`fitted`, `coded`, `published` or `assumed`."""
        return next(g for g in ("fitted", "coded", "published", "assumed") if getattr(self, g) is not None)

    @model_validator(mode="after")
    def _exactly_one_grade(self) -> Basis:
        grades = [g for g in ("fitted", "coded", "published", "assumed") if getattr(self, g) is not None]
        if len(grades) != 1:
            raise ValueError(
                f"a basis has exactly one of fitted, coded, published, assumed; found {' and '.join(grades) or 'none'}"
            )
        return self


class Faction(Section):
    """A part of an actor that decides for itself and never merges with its siblings."""

    name: str
    about: str = ""


class Actor(Section):
    """One agent: a state, a coalition of factions, or a client. Actors and factions together are the `parties`."""

    name: str
    kind: Literal["state", "coalition", "client"]
    factions: dict[Id, Faction] = {}
    about: str = ""


class Relation(Section):
    """A patron and its client. `restraint` (0-1) is the product of the patron's control and its wish to hold back."""

    patron: Id
    client: Id
    restraint: Number
    basis: Basis | None = None


class Place(Section):
    """A sector: a node of the map. `open_to` lists sides whose territory outside the map borders it."""

    name: str
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    population: Number = Field(0.0, description="thousand people")
    exposed: Number = Field(0.0, description="thousand people who may have to leave, before any left")
    control: Id = Field(description="one of fighting.between")
    taken: float = Field(0.0, ge=0, le=1, description="share held by the first side of fighting.between")
    value: float = Field(1.0, ge=0, description="how much the sides care about it; readable as `value`")
    neighbours: list[Id] = []
    open_to: list[Id] = []
    basis: Basis | None = None


Status = Literal["absent", "free", "blocking", "encircled", "evacuated"]


class Post(Section):
    """A post of `owner` in a sector; encircled once the share of the sector taken reaches `depth`."""

    name: str
    owner: Id
    place: Id
    status: Status = "free"
    depth: float = Field(0.5, ge=0, le=1)
    source: str | None = None


class Term(Section):
    """An obligation of the agreement: overdue when unmet after `due` (or `due_in_days` after it takes effect)."""

    about: str = ""
    due: Day | None = None
    due_in_days: int | None = Field(None, ge=0)
    met: bool = False


Level = Literal["none", "lower", "leader"]


class Agreement(Section):
    """The agreement that stands at the beginning of the history."""

    name: str
    parties: list[Id] = Field(description="who is bound; readable as `party`")
    signed: Day | None = None
    level: Level = Field("none", description="level of the truce in force at the start")
    integrity: Number = 1.0
    terms: dict[Id, Term] = {}
    basis: Basis | None = None


class Regime(Section):
    """A level of fighting: deaths a day are negative binomial with this mean and size."""

    mean: Number
    size: Number
    basis: Basis | None = None


class Excitation(Section):
    """Share of the daily mean that comes from the recent past, and how long the past is remembered."""

    share: Number = 0.0
    half_life_days: Number = 2.0
    basis: Basis | None = None


class Drift(Section):
    """Daily hazard matrix of the filter before the origin: `from: {to: rate}` over the regimes, without a truce."""

    rates: dict[Id, dict[Id, Number]]
    truce_down: dict[Level, dict[Id, Number]] = Field(
        {}, description="level: {from: probability of one step down on each of the first three days of a truce}"
    )
    truce_ratio: dict[Level, Number] = Field(
        {}, description="level: hazard ratio on upward rates while such a truce is alive"
    )
    age_ratio: Number = Field(1.0, description="a further one for each time that the truce's age has doubled")
    overdue_ratio: Number = Field(1.0, description="a further one while a term of the agreement is overdue")
    rules: dict[Id, dict[Id, list[Id]]] = Field(
        {}, description="from: {to: rules that make this move in a free run}; `ceasefire calibrate` fits their rates"
    )
    fragile: dict[Level, Number] = Field(
        {}, description="level: prior probability that a truce in force at the origin is of the fragile kind"
    )
    fragile_days: Number = Field(
        3.3, description="mean life of a fragile truce in days; one that is older is less likely to be fragile"
    )
    basis: Basis | None = None


class Reporting(Section):
    """What of the deaths reaches the record, against which a forecast is scored; the state itself loses nothing."""

    lost: Number = Field(0.0, description="probability that a day's deaths are missing from the record")
    basis: Basis | None = None


class Fighting(Section):
    """The fighting between two sides: what its regimes mean in deaths a day.

    `ratios` multiply the mean (as in rules). Regimes are listed from low to high; the last is the offensive.
    """

    between: tuple[Id, Id] = Field(strict=False)
    regimes: dict[Id, Regime]
    excitation: Excitation = Excitation()
    reporting: Reporting = Reporting()
    ratios: dict[str, Number] = {}
    drift: Drift | None = None
    basis: Basis | None = None


class Presses(Section):
    """Displacement adds to a quantity of an actor, per thousand people newly displaced."""

    actor: Id
    quantity: Id
    per_thousand: Number


class Displacement(Section):
    """People leave sectors by share of those still exposed, so that the total saturates."""

    rate: Number = Field(0.0, description="share of the exposed who leave a sector under attack, a day")
    spill: Number = Field(0.0, description="the same for the neighbours of a sector under attack, as a share of `rate`")
    sigma: Number = Field(0.0, description="sigma of the day's log-normal noise (median 1)")
    return_rate: Number = Field(
        0.0, description="share of the displaced who return a day, after `return_after_days` of the lowest regime"
    )
    return_after_days: int = Field(21, ge=0)
    presses: Presses | None = None
    basis: Basis | None = None


class Quantity(Section):
    """A number the scenario itself declares: something rules read and effects write."""

    of: Literal["world", "actor", "dyad", "place"] = "world"
    initial: NumberOrMap = Field(0.0, description="one number, or by party / place id")
    half_life_days: Number | None = Field(None, description="None: it stays until an event changes it")
    rest: float = Field(0.0, description="what it decays to")
    low: float = -1e9
    high: float = 1e9
    about: str = ""
    basis: Basis | None = None


class Bounds(Section):
    """A gate on a number: all the bounds given must hold. Bounds may be enumeration names (`below: offensive`)."""

    below: float | str | None = None
    at_least: float | str | None = None
    above: float | str | None = None
    at_most: float | str | None = None
    is_not: float | str | list[str] | None = None


Gate = bool | float | str | list[str] | Bounds
Gates = dict[str, Gate]


class Size(Section):
    """How large a mark is when it happens, rounded to a whole number of at least `at_least` unless `whole: false`.

    `scale` names a perception or mark that multiplies the size; `ratios` multiply it as they do hazards.
    """

    law: Literal["constant", "uniform", "lognormal", "poisson", "negative_binomial"] = "constant"
    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    median: Number | None = None
    sigma: Number | None = None
    mean: Number | None = None
    size: Number | None = None
    scale: str | None = None
    ratios: dict[str, Number] = {}
    whole: bool = True
    at_least: float = 1.0
    at_most: float = 10_000.0


class Case(Section):
    """One case of a mark: the first whose gates hold decides; the mark is its size with its probability, else 0."""

    when: Gates = {}
    probability: Number = 1.0
    ratios: dict[str, Number] = Field(
        {}, description="multiply the odds-free probability through its hazard: 1-(1-p)**ratio"
    )
    size: Size | float = 1.0
    basis: Basis | None = None


class Effect(Section):
    """One change an event makes: exactly one verb, its arguments, and optional gates."""

    when: Gates = {}
    # verbs on quantities (built-in: integrity, restraint; else declared)
    add: str | None = None
    set: str | None = None
    multiply: str | None = None
    by: Number | str | None = Field(None, description="amount for add/multiply: a number or a mark's name")
    to: Number | str | None = Field(None, description="value for set")
    times: Number | None = Field(None, description="multiplies `by` where `by` names a mark")
    of: str | None = Field(
        None,
        description="self (default), target, patron, everyone or a party id; a place quantity is of the item",
    )
    # verbs of fire
    fire: bool | None = Field(None, description="the actor fired on the target today")
    kill: str | None = Field(None, description="mark: soldiers of the target killed by the actor")
    provoke: str | bool | None = Field(None, description="mark that counts the dead, or true for none")
    blame: str | None = Field(None, description="who the provocation is pinned on; default the actor")
    answer: bool | None = Field(None, description="the target's provocation of the actor is answered")
    expires_days: int | None = Field(None, ge=1)
    # verbs of fighting and ground
    regime: str | None = Field(None, description="a regime, or up, down, restore")
    attack: bool | None = Field(
        None, description="true: the item's sector comes under attack; false: attacks end everywhere, or at the item"
    )
    advance: Number | str | None = Field(None, description="add to the share of the sector taken by the first side")
    retake: Number | str | None = Field(None, description="the opposite")
    post: Status | None = Field(
        None, description="status of the item post; without a post item: of all posts of the actor that are encircled"
    )
    # verbs of deals
    truce: Level | None = Field(None, description="a truce of this level begins (none: it ends)")
    fragile: str | bool | None = Field(
        None, description="with truce: mark or truth value; a fragile truce is readable as `fragile`"
    )
    offer: Level | None = None
    accept: bool | None = None
    deadline: int | None = Field(None, ge=1, description="days from today; kept by the actor")
    until: Day | None = Field(None, description="alternative to deadline, a date")
    clear_deadline: bool | None = None
    meet: Id | None = Field(None, description="a term of the agreement is met")
    renew_terms: int | None = Field(None, ge=0, description="all unmet terms fall due this many days from today")
    join: str | None = Field(None, description="self, target or a party id becomes bound by the agreement")
    # verbs on rules
    disable: list[str] | None = None
    enable: list[str] | None = None


class EventType(Section):
    """What can happen. `rung` is a number, or `{default: 4, killed: 7}`: the highest whose mark is not zero."""

    name: str = ""
    rung: int | dict[str, int] | None = None
    marks: dict[Id, list[Case]] = {}
    effects: list[Effect] = []
    told: str | None = Field(
        None, description="a sentence for tellings: {by}, {against}, {place}, {post} and mark names in braces"
    )
    basis: Basis | None = None


class Rule(Section):
    """A clock of one party (or of the exchange of fire itself, when `actor` is left out) that makes one event.

    Pace: `rate` a day, or `probability` within `within_days`.
    """

    about: str = ""
    rule: str | None = Field(None, description="number in the domain study, R1-R27")
    anchor: str | None = Field(None, description="sentence of the article, A1-A13")
    actor: Id | None = None
    target: Id | None = None
    event: Id
    phase: Literal["initiative", "reaction"] = "initiative"
    rate: Number | None = None
    probability: Number | None = None
    within_days: int = Field(1, ge=1)
    when: Gates = {}
    ratios: dict[str, Number] = {}
    for_each: Literal["post", "place"] | None = None
    pick: Literal["post", "place"] | None = None
    weights: dict[str, Number] = Field({}, description="with pick: factor per unit of a perception of the item")
    where: Gates = Field({}, description="gates on the item, with for_each or pick")
    choice: str | None = None
    enabled: bool = True
    basis: Basis | None = None


class Intervention(Section):
    """Something the scenario makes happen: on a date, or on the first day its gates hold.

    Dice are thrown only for marks that are not given.
    """

    about: str = ""
    on: Day | None = None
    when: Gates = {}
    event: Id | None = None
    actor: Id | None = None
    target: Id | None = None
    place: Id | None = None
    post: Id | None = None
    marks: dict[Id, float] = {}
    effects: list[Effect] = []
    known_afterwards: bool = False
    source: str | None = None


class Condition(Section):
    """A condition on a trial or a recorded series, tested at the end of each day from the origin on."""

    all: list[Condition | str] | None = None
    any: list[Condition | str] | None = None
    negate: Condition | str | None = Field(None, alias="not")
    count: str | None = Field(
        None,
        description="deaths, fire.A.B, mutual_fire.A.B, killed.A.B, killed_between.A.B, event.NAME, event.NAME.A, "
        "places_lost, posts_encircled",
    )
    window_days: int | None = Field(None, ge=1, description="None: since the origin")
    at_least: float | None = None
    days_at_least: int | None = None
    state: str | None = Field(
        None, description="a perception of the world, or with a named party: integrity, turkey.pressure"
    )
    below: float | None = None
    above: float | None = None
    also: list[dict[str, int | float | str | None]] = Field(
        [],
        description="other readings, by the keys they replace: [{at_least: 10}, {at_least: 50}]; a run ignores them, "
        "`ceasefire sensitivity --definitions` shows what depends on them",
    )


class Outcome(Condition):
    """A named condition. `before`: it counts only if none of these happened on an earlier or the same day."""

    about: str = ""
    before: str | list[str] | None = None
    headline: bool = False
    backdate_to: float | None = Field(
        None, description="with count and window: date it to the first day of the window with at least this many"
    )
    basis: Basis | None = None


class Parameter(Section):
    """A number shared by name (`$name`)."""

    value: Number
    about: str = ""
    basis: Basis | None = None


class OpeningPlace(Section):
    """A sector on the day a history begins; what is left out is as in `places`."""

    control: Id | None = None
    taken: float | None = Field(None, ge=0, le=1)
    exposed: Number | None = None


class OpeningPost(Section):
    """A post on the day a history begins."""

    status: Status


class OpeningQuantity(Section):
    """A declared quantity on the day a history begins."""

    initial: NumberOrMap


class OpeningTerm(Section):
    """A term of the agreement on the day a history begins."""

    met: bool


class OpeningAgreement(Section):
    """The agreement on the day a history begins."""

    integrity: Number | None = None
    level: Level | None = None
    terms: dict[Id, OpeningTerm] = {}


class Opening(Section):
    """The state of the world on a day on which a history may begin, where it differs from that of the file."""

    about: str = ""
    places: dict[Id, OpeningPlace] = {}
    posts: dict[Id, OpeningPost] = {}
    quantities: dict[Id, OpeningQuantity] = {}
    agreement: OpeningAgreement = OpeningAgreement()
    basis: Basis | None = None


class History(Section):
    """What drove the state before the origin.

    `chronology` names a file of dated events, `deaths` a CSV; without one, `weekly_deaths` serve.
    """

    chronology: str | None = Field(None, description="path of a chronology file, or builtin:NAME")
    start: Day | None = Field(None, description="first day that drives the state; default 60 days before the origin")
    deaths: str | None = Field(None, description="CSV with date,best; inside the scenario's folder tree")
    weekly_deaths: dict[Day, float] = Field({}, description="last day of the week: deaths in the seven days up to it")
    daily_deaths: dict[Day, float] = Field(
        {}, description="by day, from the start to the eve of the origin; filled from `deaths`"
    )
    displaced: dict[Day, float] = Field({}, description="cited totals, thousand people")
    omit: list[str] = Field([], description="ids of chronology events that are left out")
    events: dict[Id, Intervention] = Field({}, description="further dated events")
    openings: dict[Day, Opening] = Field(
        {},
        description="the state of the world by day, for files laid over this one whose history starts on it; "
        "empty once that is done",
    )
    basis: Basis | None = None


class Defaults(Section):
    """Numbers that hold wherever nothing nearer says otherwise."""

    hostility_fast_half_life_days: float = 2.0
    hostility_slow_half_life_days: float = 30.0
    rung_half_life_days: float = 20.0
    rung_drifts_up_to: int = Field(5, description="higher rungs stay until a deal or the end of the attack")
    provocation_expires_days: int = 2
    offer_expires_days: int = 3
    deadline_lingers_days: int = Field(7, description="how long a passed deadline is readable as `passed`")
    first_move_rung: int = Field(4, description="the first rule event at or above it names the first mover")
    fray_deaths: float = 35.0
    collapse_deaths: float = 100.0
    collapse_backdate_to: float = 10.0
    basis: Basis | None = None


class Ensemble(Section):
    """How many trials, for how many parameter sets, from which seed."""

    trials: int = Field(1000, ge=1)
    sets: int = Field(1, ge=1, description="1: every distribution stands at its median")
    seed: int = Field(0, ge=0, lt=2**64)
    precision: float | None = None


class Scenario(Section):
    """A whole scenario after inheritance; the attributes are the sections of the file."""

    name: str
    about: str
    origin: Day
    horizon_days: int = Field(180, ge=1, le=MOST_DAYS)
    ends_when: list[str] = Field([], description="outcomes that end a trial on the evening they come true")
    history: History = History()
    actors: dict[Id, Actor]
    relations: dict[Id, Relation] = {}
    places: dict[Id, Place] = {}
    posts: dict[Id, Post] = {}
    agreement: Agreement
    fighting: Fighting
    displacement: Displacement = Displacement()
    ladder: dict[int, str] = {}
    quantities: dict[Id, Quantity] = {}
    events: dict[Id, EventType]
    rules: dict[Id, Rule]
    interventions: dict[Id, Intervention] = {}
    afterwards: dict[Id, Intervention] = Field(
        {},
        description="dated events on or after the origin, never read by the model; filled from `history`",
    )
    outcomes: dict[Id, Outcome]
    parameters: dict[Id, Parameter] = {}
    posterior: Posterior | None = Field(
        None, description="file of joint draws of the uncertain numbers: builtin:NAME, or a path; read in whole"
    )
    ensemble: Ensemble = Ensemble()
    defaults: Defaults = Defaults()
    sources: dict[str, str] = {}
