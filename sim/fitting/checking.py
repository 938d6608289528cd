"""Prior and posterior predictive checks: does an ensemble of free runs cover what was observed, pattern by pattern?

`predictive_check` runs the course from Sochi on and the dated truces, computes the numbers of
`sim.analysis.pattern_table` of each trial and of the record, and asks whether the record lies within the central 90 %
of the trials. `table` puts a check under the priors beside one under the posterior.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis.chronicle import EVENTS, LAST, Chronicle, Wave, coded, joined
from sim.analysis.intervals import Floats
from sim.analysis.pattern_table import MEASURES, abc_summaries
from sim.analysis.patterns import AUGUST_2, AUGUST_31, COURSE, JANUARY_12, Measure, values
from sim.analysis.spells import begun_levels
from sim.batch.engine import CHUNK, run_arrays
from sim.conflict import state as st
from sim.errors import InputError
from sim.history.series import Series
from sim.preparing import Prepared, prepare
from sim.scenario.layout import WORLD
from sim.scenario.loading import load
from sim.scenario.schema import Scenario
from sim.trajectory import Decoder

ACKNOWLEDGED_RUNG = 9
CLIENT, PATRON, OTHER_PATRON = "syria", "turkey", "russia"
LEVELS = {"low_90": 0.05, "low_50": 0.25, "median": 0.5, "high_50": 0.75, "high_90": 0.95}
FEW_TRIALS = 20  # a number that fewer trials define has no interval


@dataclass(frozen=True)
class Run:
    """A shipped scenario that is run, its first day, and for how many days."""

    source: str
    first: dt.date
    days: int


RUNS = {
    COURSE: Run("builtin:sochi-2018-09-17", dt.date(2018, 9, 17), (LAST - dt.date(2018, 9, 17)).days + 1),
    AUGUST_2: Run("builtin:idlib-2019-08-01", dt.date(2019, 8, 1), 28),
    AUGUST_31: Run("builtin:idlib-2019-08-31", dt.date(2019, 8, 31), 28),
    JANUARY_12: Run("builtin:idlib-2020-01-12", dt.date(2020, 1, 12), 28),
}
# displaced people were counted anew from these days on; the scenario whose history cites the totals
WAVES = {dt.date(2019, 4, 30): "builtin:idlib-2019-08-31", dt.date(2019, 11, 30): "builtin:idlib-2020-02-11"}


def shipped(overrides: Mapping[str, str] | None = None) -> dict[str, Scenario]:
    """The scenarios of all runs, changed as `--set` would."""
    return {name: load(run.source, overrides) for name, run in RUNS.items()}


# --- the record -------------------------------------------------------------------------------------------------------


def recorded(scenario: Scenario, series: Series | None, first: dt.date, days: int) -> Chronicle:
    """The recorded course, nothing after the last day of evidence; without a series deaths are not known.

    InputError for a scenario whose chronology has no event in these days.
    """
    last = min(LAST, first + dt.timedelta(days - 1))
    dated = [it.on for it in (*scenario.history.events.values(), *scenario.afterwards.values()) if it.on is not None]
    if not any(first <= day <= last for day in dated):
        raise InputError(
            f"{scenario.name}: its chronology has no event from {first} to {last}, so there is no recorded course to "
            "hold anything against; write what happened under history.events, or ask for days that it has"
        )
    return coded(scenario, series, first, days, _waves())


@cache
def _waves() -> list[Wave]:
    return [(eve, load(source).history.displaced) for eve, source in WAVES.items()]


# --- the simulated courses --------------------------------------------------------------------------------------------


class Watching(Decoder):
    """A decoder whose daily series are the numbers that patterns read, and no others."""

    @cached_property
    def series(self) -> dict[str, int]:
        """Name and address of each."""
        c, names = self.tables, self.names
        party = {name: names.party(name) for name in (CLIENT, PATRON) if name in names.parties}
        missing = {event for types in EVENTS.values() for event in types} - set(names.events)
        if missing or len(party) < 2 or names.dyad(PATRON, OTHER_PATRON) < 0:
            lacks = ", ".join(sorted(missing)) or f"{CLIENT}, {PATRON} and {OTHER_PATRON}"
            raise InputError(
                f"{self.scenario.name}: has no {lacks}; the patterns are those of the Idlib model: "
                "use a scenario that extends models/idlib.yaml"
            )
        watched = {"deaths": st.DEATHS, "truce": WORLD["truce"], "age": WORLD["truce_age"], "moved": st.NEWLY_DISPLACED}
        watched["killed"] = c.killed + party[CLIENT] * c.n_parties + party[PATRON]
        watched["rung.patrons"] = c.rung + names.dyad(PATRON, OTHER_PATRON)
        return watched | {it: c.happened + names.events.index(it) for types in EVENTS.values() for it in types}


def simulated(scenario: Scenario, days: int, *, sets: int, trials: int, seed: int) -> Chronicle:
    """Free courses of `days` days: `trials` of each of `sets` parameter sets, one set after another."""
    ensemble = scenario.ensemble.model_copy(update={"sets": sets, "trials": trials, "seed": seed})
    longer = scenario.model_copy(update={"horizon_days": days, "ensemble": ensemble})
    return joined(courses(prepare(longer, seed, k), trials) for k in range(sets))


def courses(ready: Prepared, trials: int) -> Chronicle:
    """The first `trials` courses of one parameter set, over the horizon of its scenario."""
    watching = Watching(ready.scenario, ready.compiled)
    ready = replace(ready, decoder=watching)
    chunks = [np.arange(k, min(k + CHUNK, trials)) for k in range(0, trials, CHUNK)]
    return joined(_read(run_arrays(ready, chunk).numbers, list(watching.series), ready) for chunk in chunks)


def _read(numbers: Floats, names: Sequence[str], ready: Prepared) -> Chronicle:
    """The chronicle of numbers (trials, days, watched) of each evening."""
    at = {name: numbers[:, :, k] for k, name in enumerate(names)}
    eve = ready.origin.state
    addresses = ready.decoder.series
    counts = {
        name: np.sum([np.diff(at[it], axis=1, prepend=eve[addresses[it]]) for it in types], axis=0)
        for name, types in EVENTS.items()
    }
    begun = begun_levels(at["truce"], at["age"])
    fired = np.where(np.isnan(at["rung.patrons"]), np.nan, at["rung.patrons"] >= ACKNOWLEDGED_RUNG)
    killed = np.where(counts["hits"] > 0, at["killed"], counts["hits"] * 0.0)
    return Chronicle(deaths=at["deaths"], begun=begun, killed=killed, moved=at["moved"], acknowledged=fired, **counts)


# --- what ABC is given ------------------------------------------------------------------------------------------------


def abc_observed(scenario: Scenario, record: Series) -> Floats:
    """The summaries `ABC_NAMES` of the recorded course (summaries,)."""
    run = RUNS[COURSE]
    return abc_summaries(recorded(scenario, record, run.first, run.days)).ravel()


def abc_simulated(ready: Prepared, trials: int) -> Floats:
    """The same of free courses (trials, summaries); `ready` is a scenario over as many days as the record (`RUNS`)."""
    return abc_summaries(courses(ready, trials))


# --- the check --------------------------------------------------------------------------------------------------------


def predictive_check(
    scenarios: Mapping[str, Scenario], record: Series | None, *, sets: int = 40, trials: int = 25, seed: int = 0
) -> pd.DataFrame:
    """One row a number: pattern, run, name, unit, observed, n, low_90, low_50, median, high_50, high_90, defined (share
    of trials), covered (None: cannot be said), note.

    `scenarios` by run (`shipped()`, or some of them); runs that are not given are left out. Without a record numbers
    that rest on deaths have no observed value.
    """
    unknown = set(scenarios) - set(RUNS)
    if unknown:
        raise InputError(f"unknown run {', '.join(sorted(unknown))}; allowed: {', '.join(RUNS)}")
    seen, made = {}, {}
    for name, scenario in scenarios.items():
        run = RUNS[name]
        seen[name] = recorded(scenario, record, run.first, run.days)
        made[name] = simulated(scenario, run.days, sets=sets, trials=trials, seed=seed)
    rows = [row for it in MEASURES if it.run in seen for row in _rows(it, seen[it.run], made[it.run])]
    return pd.DataFrame(rows)


def _rows(measure: Measure, seen: Chronicle, made: Chronicle) -> list[dict[str, object]]:
    observed, n = values(measure, seen)
    drawn, _ = values(measure, made)
    return [
        {"pattern": measure.pattern, "run": measure.run, "name": it.name, "unit": it.unit}
        | {"observed": observed[0, k], "n": int(n[0, k])}
        | held(float(observed[0, k]), drawn[:, k], measure.minority, it.note)
        for k, it in enumerate(measure.numbers)
    ]


def held(observed: float, drawn: Floats, minority: bool, note: str) -> dict[str, object]:
    """Quantiles of the trials that define a number, and whether they cover what was observed."""
    known = drawn[~np.isnan(drawn)]
    defined = len(known) / len(drawn)
    if len(known) < FEW_TRIALS:
        bounds, covered, share = np.full(len(LEVELS), np.nan), None, np.nan
    else:
        bounds, share = np.quantile(known, list(LEVELS.values())), float(known.mean())
        inside = bool(bounds[0] <= observed <= bounds[-1])
        covered = bool(0.0 < share < 0.5) if minority else None if np.isnan(observed) else inside
    said = ["not observed" if np.isnan(observed) else "", _of_trials(drawn), note]
    return dict(zip(LEVELS, bounds.tolist(), strict=True)) | {
        "defined": defined, "covered": covered, "note": "; ".join(it for it in said if it),
    }  # fmt: skip


def _of_trials(drawn: Floats) -> str:
    """Of what happens or does not in every trial, how often it does: quantiles hide that."""
    return f"in {100 * drawn.mean():.1f} % of trials" if np.isin(drawn, (0.0, 1.0)).all() else ""


# --- both checks in one table -----------------------------------------------------------------------------------------

KEY = ["pattern", "run", "name"]
SAME = [*KEY, "unit", "observed", "n"]


def table(prior: pd.DataFrame, posterior: pd.DataFrame) -> pd.DataFrame:
    """Both checks, row by row: what is the same once, the rest as `prior_...` and `posterior_...`.

    A note that says in how many trials something happens says it of both.
    """
    if not prior[KEY].equals(posterior[KEY]):
        raise InputError("the two checks are not of the same runs; give both the same scenarios")
    parts = [prior[SAME]]
    for name, check in (("prior", prior), ("posterior", posterior)):
        parts.append(check[[*LEVELS, "defined", "covered"]].add_prefix(f"{name}_"))
    said = []
    for before, after in zip(prior["note"], posterior["note"], strict=True):
        clauses = [("prior", it) for it in before.split("; ")] + [("posterior", it) for it in after.split("; ")]
        shares = [f"{side} {it}" for side, it in clauses if it.startswith("in ") and it.endswith(" % of trials")]
        others = [it for side, it in clauses if side == "prior" and f"prior {it}" not in shares]
        said.append("; ".join(filter(None, [*others, "; ".join(shares).replace(" of trials; ", "; ")])))
    return pd.concat([*parts, pd.DataFrame({"note": said}, index=prior.index)], axis=1)


def cells(check: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a check, or of a table of two, as text."""
    sides = _sides(check)
    header = ["pattern", "run", "number", "unit", "observed", "n"]
    header += [f"{side}{it}".replace("_", " ") for side in sides for it in ("median", "50 %", "90 %", "covered")]
    return header, [_texts(row, sides) for row in check.to_dict("records")]


def notes(check: pd.DataFrame) -> list[str]:
    """What must be said about single numbers, a line each; numbers that only some trials define are among them."""
    lines = []
    for row in check.to_dict("records"):
        shares = {side: float(row[f"{side}defined"]) for side in _sides(check)}
        said = [
            f"{side}defined in {100 * it:.0f} % of trials".replace("_", " ") for side, it in shares.items() if it < 1
        ]
        said += [str(row["note"])] if row["note"] else []
        lines += [f"{row['pattern']} {row['name']} ({row['run']}): {'; '.join(said)}"] if said else []
    return lines


def _sides(check: pd.DataFrame) -> list[str]:
    return [""] if "median" in check else ["prior_", "posterior_"]


def _texts(row: Mapping[Hashable, Any], sides: Sequence[str]) -> list[str]:
    texts = [str(row[it]) for it in (*KEY, "unit")] + [_text(row["observed"]), str(row["n"])]
    for side in sides:
        bounds = [f"{_text(row[f'{side}low_{w}'])} to {_text(row[f'{side}high_{w}'])}" for w in (50, 90)]
        covered = row[f"{side}covered"]
        texts += [_text(row[f"{side}median"]), *bounds, "-" if covered is None else "yes" if covered else "NO"]
    return texts


def _text(number: float) -> str:
    return "-" if np.isnan(number) else f"{number:.0f}" if abs(number) >= 1000 else f"{number:.3g}"
