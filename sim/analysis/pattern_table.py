"""Which numbers stand for which pattern, from which run; and those of them that ABC is given.

`MEASURES` is the table of DOMAIN 7.7, P1 to P13. What the domain study knows only from after 10 February 2020 has no
observed value here and says so: the zeros and the dispersion after Moscow, all retaliation and shrinking gaps of
February 2020 after the 10th, the peak of 37 to 50 thousand displaced a day and the saturation after it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.analysis.chronicle import Chronicle
from sim.analysis.intervals import Floats
from sim.analysis.patterns import (
    AUGUST_2,
    AUGUST_31,
    COURSE,
    JANUARY_12,
    Counted,
    Measure,
    Number,
    acknowledged,
    after_leader,
    after_lower,
    displaced,
    fatal_gaps,
    high_day,
    hit_size,
    infighting,
    leader_falls,
    level_shares,
    lower_falls,
    militia,
    nothing,
    rebel_end,
    replies,
    spell_shape,
    spread,
    steps,
    transitions,
    values,
)
from sim.analysis.scores import LEVELS

ZEROS = {"hold": "two thirds after Moscow are known afterwards and not used"}
NO_EVENTS = "not simulated: the model kills by the day; UCDP's events have a median of 2 and a 99 % quantile of 52"
ONE = "one deal: that of 31 August 2019"
EIGHT = "eight of eight is known afterwards"
TO_ONE = "from 7 days to 1 is known afterwards"
PEAK = "37 to 50 is known afterwards, and so is the saturation"
GAP = "two counts of new movements, which name many people twice; none ran from September to November 2019"
MINORITY = (
    "to be seen in some trials and in a minority; in Idlib in 2017, before this span, and known afterwards in 2024"
)
SHARE, A_DAY, DAYS, RATIO = "share", "deaths a day", "days", "ratio"


def _of(
    pattern: str, of: Callable[[Chronicle], Counted], *numbers: Number, run: str = COURSE, minority: bool = False
) -> Measure:
    return Measure(pattern, run, numbers, of, minority)


def _lower(run: str, what: str) -> Measure:
    later = Number("days_5_to_14", A_DAY, f"deaths a day on days 5 to 14 after it began, of the {what}")
    return _of("P5", after_lower, _first_days(what), later, run=run)


def _leader(run: str, what: str) -> Measure:
    later = Number("first_14_days", A_DAY, f"deaths a day within fourteen days of the {what}")
    return _of("P6", after_leader, _first_days(what), later, run=run)


def _first_days(what: str) -> Number:
    return Number("first_3_days", A_DAY, f"deaths a day on the first three days of the {what}")


MEASURES = (
    _of(
        "P1",
        transitions,
        *(
            Number(f"{a}_to_{b}", SHARE, f"weeks of {b} among those that follow a week of {a}")
            for a in LEVELS
            for b in LEVELS
        ),
    ),
    _of("P1", level_shares, *(Number(f"weeks_{a}", SHARE, f"weeks of {a} among all weeks") for a in LEVELS)),
    _of(
        "P2",
        spread,
        *(Number(f"dispersion_{a}", RATIO, f"variance over mean of daily deaths in weeks of {a}") for a in LEVELS),
        *(Number(f"zero_days_{a}", SHARE, f"days without deaths in weeks of {a}", ZEROS.get(a, "")) for a in LEVELS),
    ),
    _of("P3", nothing, Number("event_size", "deaths", "the median size of an event", NO_EVENTS)),
    _of("P3", high_day, Number("high_day", "deaths", "deaths that 99 % of days do not exceed")),
    _of("P3", hit_size, Number("fatal_hit_size", "soldiers", "median killed on a day with a fatal hit on a post")),
    _of(
        "P4",
        spell_shape,
        Number("weibull_shape", "shape", "of how long truces last; below 1 the old ones are the safer"),
        Number("short_truces", SHARE, "truces that last up to seven days"),
        Number("middling_truces", SHARE, "truces that last 8 to 45 days; the record has none"),
        Number("first_truce", DAYS, "the truce of September 2018, until it is dead by the rule of deaths"),
        Number("longest_truce", DAYS, "the longest truce, until it is dead by the rule of deaths"),
        Number("lower_truces", "truces", "lower-level truces"),
        Number("leader_deals", "truces", "leader-level deals, the first included"),
    ),
    _of(
        "P5",
        lower_falls,
        Number("lower_fall", RATIO, "deaths on the first three days of lower-level truces over the fortnight before"),
        Number("lower_return", RATIO, "deaths on days 5 to 14 of such truces over the fortnight before"),
    ),
    _lower(AUGUST_2, "truce of 2 August 2019"),
    _lower(JANUARY_12, "truce of 12 January 2020"),
    _of(
        "P6",
        leader_falls,
        Number("leader_fall", RATIO, "deaths in the fortnight after leader-level deals over the fortnight before", ONE),
    ),
    _leader(COURSE, "memorandum of 17 September 2018"),
    _leader(AUGUST_31, "truce of 31 August 2019"),
    _of(
        "P7",
        replies,
        Number("fatal_answered", SHARE, "days of fatal hits on posts answered within two days", EIGHT),
        Number("other_answered", SHARE, "days of other hits on posts answered within two days"),
        Number("fatal_hit_days", DAYS, "days of fatal hits on posts"),
        Number("other_hit_days", DAYS, "days of other hits on posts"),
    ),
    _of(
        "P8",
        fatal_gaps,
        Number(
            "gap_ratio", RATIO, "last gap between days of fatal hits over the first; below 1 they come faster", TO_ONE
        ),
        Number("last_gap", DAYS, "from the last but one day of a fatal hit to the last"),
    ),
    _of(
        "P9",
        displaced,
        Number("peak_week", "thousand a day", "newly displaced, highest mean of a week", PEAK),
        Number("displaced", "thousand", "all who were newly displaced", GAP),
    ),
    _of("P10", acknowledged, Number("acknowledged", SHARE, "courses with acknowledged Turkish-Russian fire")),
    _of("P11", militia, Number("militia_fire", "events", "fire of Iran-backed militias on Turkish troops")),
    _of(
        "P12",
        infighting,
        Number("infighting", "events", "large outbreaks of fighting among rebels"),
        Number("in_a_lull", SHARE, "such outbreaks that follow a fortnight below the deaths of a fray"),
    ),
    _of(
        "P13",
        rebel_end,
        Number("rebel_end", SHARE, "courses in which a rebel offensive ends a truce", MINORITY),
        minority=True,
    ),
)

# --- what ABC is given: defined in every course, and moved by what it is to find out ---------------------------------

LOGGED = ("high_day", "first_truce", "lower_truces", "leader_deals", "fatal_hit_days", "other_hit_days", "peak_week")
STEPS = tuple(f"share_{a}_to_{b}" for a in LEVELS for b in LEVELS if a != b)
OF_ALL = ("mean_deaths", "dispersion", "zero_days")
ABC_NAMES = (*STEPS, "weeks_fray", "weeks_collapse", *OF_ALL, *LOGGED)


def abc_summaries(chronicle: Chronicle) -> Floats:
    """The summaries `ABC_NAMES` of each course (courses, summaries); of the recorded course, the observed vector.

    Off-diagonal weekly steps as shares of all steps, shares of weeks, mean and variance over mean of all daily deaths
    and the share of days without, then counts and sizes; all but shares as logarithms of one plus the number. The first
    truce of a course without any lasted for no days. Patterns that rest on something rare (answers to fatal hits, falls
    in deaths) are left to conjugate updates and to the check, and so are all who were displaced: the record's counts
    name many people twice.
    """
    counts = steps(chronicle)
    shares = counts / np.maximum(counts.sum(axis=(1, 2), keepdims=True), 1.0)
    off = np.column_stack([shares[:, a, b] for a in range(len(LEVELS)) for b in range(len(LEVELS)) if a != b])
    named = _named(chronicle, (level_shares, high_day, spell_shape, replies, displaced))
    rest = [
        named["weeks_fray"],
        named["weeks_collapse"],
        *_of_all(chronicle),
        *(np.log1p(np.nan_to_num(named[it])) for it in LOGGED),
    ]
    return np.column_stack([off, *rest])


def _of_all(chronicle: Chronicle) -> tuple[Floats, Floats, Floats]:
    deaths = chronicle.deaths
    n = (~np.isnan(deaths)).sum(axis=1)
    mean = np.nansum(deaths, axis=1) / np.maximum(n, 1)
    variance = np.nansum((deaths - mean[:, None]) ** 2, axis=1) / np.maximum(n - 1, 1)
    return np.log1p(mean), np.log1p(variance / np.maximum(mean, 1e-9)), (deaths == 0).sum(axis=1) / np.maximum(n, 1)


def _named(chronicle: Chronicle, of: tuple[object, ...]) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for measure in MEASURES:
        if measure.of in of and measure.run == COURSE:
            number, _ = values(measure, chronicle)
            found |= {it.name: number[:, k] for k, it in enumerate(measure.numbers)}
    return found
