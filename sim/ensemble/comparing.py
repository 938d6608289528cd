"""The same trials of two or more scenarios, pair by pair: what differs, what it rests on, and trials that tipped.

The first scenario is the base; each other one is compared with it. Scenarios are run with one seed and one plan, so
that trial 7 of set 3 has the same luck and the same values in all of them; stored results take part as they are, if
they can be paired. Studies are stored with the results they ran below `runs/`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.ensemble.designs import Study, slug, studying, whole
from sim.ensemble.evidence import GRADES, grades, headline, input_differences
from sim.ensemble.manifest import NAME as MANIFEST
from sim.ensemble.manifest import code_digest
from sim.ensemble.parting import tell_parting
from sim.ensemble.results import Results
from sim.ensemble.running import run
from sim.errors import InputError, RunError
from sim.scenario import digest, load
from sim.scenario.numbers import uncertain, values_of_set
from sim.scenario.schema import Scenario
from sim.scenario.writing import plain

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_SETS = 128
LEAST_TRIALS = 8
LONGEST_CHANGE = 60

Source = str | Path | Scenario | Results


@dataclass(frozen=True)
class Plan:
    """What all sides share: the seed, how many sets of how many trials, and the horizon."""

    seed: int
    sets: int
    trials: int
    days: int


@dataclass(frozen=True)
class Side:
    """One scenario of a comparison; `results` once it has them."""

    name: str
    scenario: Scenario
    results: Results | None = None


@dataclass(frozen=True)
class Comparison:
    """What a comparison found; the first name is the base, each row of a table is about another one.

    `inputs`: key, kind, basis, a column for each scenario. `outcomes`: scenario, outcome, headline, redefined (defined
    differently there), decided (came on day 1 in every trial of both), basis (the weakest of what differs), before,
    after, difference, mc_low, mc_high, range_low, range_high, gained, lost, pairs, variance_ratio. `rests_on`:
    `sim.analysis.comparison.rests_on` by scenario and outcome. `tipped`: scenario, outcome, set, trial, direction, day,
    parting, told.
    """

    names: list[str]
    plan: Plan
    results: dict[str, Results]
    inputs: pd.DataFrame
    outcomes: pd.DataFrame
    rests_on: pd.DataFrame
    tipped: pd.DataFrame
    study: Study | None = None

    @property
    def base(self) -> str:
        """What the others are compared with."""
        return self.names[0]

    @property
    def headline(self) -> str:
        """The headline outcome of the base."""
        return headline(self.results[self.base].scenario)

    TABLES = ("inputs", "outcomes", "rests_on", "tipped")


def compare(
    *sources: Source,
    trials: int | None = None,
    sets: int | None = None,
    seed: int | None = None,
    days: int | None = None,
    engine: str | None = None,
    workers: int | None = None,
    overrides: Mapping[str, str] | None = None,
    without: Iterable[str] = (),
    examples: int = 3,
    out: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
) -> Comparison:
    """Compare scenarios or results folders with the first of them, trial by trial.

    What is None is taken from stored results, else from the first scenario; a scenario with one set is run with
    `DEFAULT_SETS`, since what a difference rests on needs sets, and with so many fewer trials in each. `overrides` and
    `without` change every scenario, or where there is only one source make of it the other side. A study is stored in
    `out` (by default under `results/`) unless all sources are results and `out` is None.

    Raises InputError for what cannot be paired, with the reason and the remedy; nothing is then run or written.
    """
    sides = _sides(sources, dict(overrides or {}), list(without))
    plan = _plan(sides, trials, sets, seed, days)
    _pairable(sides, plan, days is not None)
    if out is None and all(side.results is not None for side in sides):
        return _compared(sides, plan, examples)
    folder = Path(out) if out is not None else _default_folder(sides)
    question = {
        "scenarios": {side.name: digest(_as_planned(side.scenario, plan)) for side in sides},
        "seed": plan.seed, "sets": plan.sets, "trials": plan.trials, "days": plan.days,
    }  # fmt: skip
    with studying(folder, "comparison", _as_planned(sides[0].scenario, plan), question, resume) as study:
        ran = [_with_results(side, plan, folder, engine, workers, progress) for side in sides]
        found = _compared(ran, plan, examples, study)
        for name in Comparison.TABLES:
            study.store(name, getattr(found, name))
    return found


# --- what is compared ------------------------------------------------------------------------------------------------


def _sides(sources: Sequence[Source], overrides: Mapping[str, str], without: Sequence[str]) -> list[Side]:
    changed = bool(overrides or without)
    if len(sources) == 1 and changed:
        side = _side(sources[0], {}, [])
        changed_name = f"{side.name}, {_changes(overrides, without)}"
        return [side, _renamed(Side(side.name, _loaded(sources[0], overrides, without)), changed_name)]
    if len(sources) < 2:
        raise InputError(
            "compare: takes two scenarios or results folders, or one and what to change (--set, --without)"
        )
    return _distinct([_side(source, overrides, without) for source in sources])


def _changes(overrides: Mapping[str, str], without: Sequence[str]) -> str:
    """What was changed, if it can be said in short."""
    said = ", ".join([f"{key}={value}" for key, value in overrides.items()] + [f"without {rule}" for rule in without])
    return said if len(said) <= LONGEST_CHANGE else "changed"


def _side(source: Source, overrides: Mapping[str, str], without: Sequence[str]) -> Side:
    results = _as_results(source)
    if results is None:
        scenario = _loaded(source, overrides, without)
        return Side(scenario.name, scenario)
    if overrides or without:
        raise InputError(f"{results.folder}: stored results cannot be changed; compare scenarios, or leave --set away")
    if not results.complete:
        raise InputError(f"{results.folder}: this run is not finished; go on with it with --resume, then compare")
    return Side(results.scenario.name, results.scenario, results)


def _as_results(source: Source) -> Results | None:
    if isinstance(source, Scenario):
        return None
    if isinstance(source, Results):
        return source
    return Results.open(source) if Path(source).is_dir() else None


def _loaded(source: Source, overrides: Mapping[str, str], without: Sequence[str]) -> Scenario:
    if isinstance(source, Results):
        source = source.folder
    if isinstance(source, Scenario):
        if overrides or without:
            raise InputError("compare: a loaded scenario cannot be changed by name; load it with overrides= instead")
        return source
    path = Path(source)
    return load(path / "scenario.resolved.yaml" if path.is_dir() else source, overrides, without)


def _distinct(sides: Sequence[Side]) -> list[Side]:
    """The sides under names of their own."""
    seen: dict[str, int] = {}
    named = []
    for side in sides:
        seen[side.name] = seen.get(side.name, 0) + 1
        number = f" ({seen[side.name]})" if seen[side.name] > 1 else ""
        named.append(_renamed(side, side.name + number))
    return named


def _renamed(side: Side, name: str) -> Side:
    """The side under a name that its scenario, if it is still to be run, will have too."""
    scenario = side.scenario if side.results is not None else side.scenario.model_copy(update={"name": name})
    return Side(name, scenario, side.results)


def _plan(sides: Sequence[Side], trials: int | None, sets: int | None, seed: int | None, days: int | None) -> Plan:
    stored = next((side.results for side in sides if side.results is not None), None)
    ensemble = sides[0].scenario.ensemble
    if stored is not None:
        plan = stored.manifest.plan
        base = Plan(stored.manifest.seed, plan.sets, plan.trials, stored.scenario.horizon_days)
    elif ensemble.sets > 1 or sets == 1:
        base = Plan(ensemble.seed, ensemble.sets, ensemble.trials, sides[0].scenario.horizon_days)
    else:
        each = max(LEAST_TRIALS, -(-ensemble.trials // (sets or DEFAULT_SETS)))
        base = Plan(ensemble.seed, DEFAULT_SETS, each, sides[0].scenario.horizon_days)
    return Plan(
        whole("seed", seed, 0, base.seed), whole("sets", sets, 1, base.sets), whole("trials", trials, 1, base.trials),
        whole("days", days, 1, base.days),
    )  # fmt: skip


def _pairable(sides: Sequence[Side], plan: Plan, horizon_asked: bool) -> None:
    """Refuse what cannot be paired trial by trial."""
    base = sides[0]
    for side in sides:
        if side.scenario.origin != base.scenario.origin:
            raise InputError(
                f"{side.name}: starts on {side.scenario.origin}, but {base.name} on {base.scenario.origin}; trials of "
                "different origins are not pairs. Compare a scenario with a change of its own, such as\n"
                "  ceasefire compare SCENARIO --set rules.NAME.enabled=false"
            )
        if side.results is not None:
            _fits(side.name, side.results, plan)
        elif side.scenario.horizon_days != plan.days and not horizon_asked:
            raise InputError(
                f"{side.name}: runs for {side.scenario.horizon_days} days, but {base.name} for {plan.days}; "
                f"give both one horizon with --days or --set horizon_days={plan.days}"
            )
        _shared_outcomes(base.scenario, side)
    _one_program(sides)


def _one_program(sides: Sequence[Side]) -> None:
    """Refuse results of another program than the others': under another one a trial has another course."""
    first, *others = [code_digest() if it.results is None else it.results.manifest.code["digest"] for it in sides]
    for side, program in zip(sides[1:], others, strict=True):
        if program != first:
            raise InputError(
                f"{side.name}: {sides[0].name} was run by another version of this program, so their trials are not "
                "pairs; run both again, or compare the scenarios themselves"
            )


def _fits(name: str, results: Results, plan: Plan) -> None:
    there = results.manifest
    has = Plan(there.seed, there.plan.sets, there.plan.trials, results.scenario.horizon_days)
    differing = [key for key in ("seed", "sets", "trials", "days") if getattr(has, key) != getattr(plan, key)]
    if differing:
        said = ", ".join(f"{key} {getattr(has, key)} (not {getattr(plan, key)})" for key in differing)
        again = " ".join(f"--{key} {getattr(plan, key)}" for key in ("seed", "sets", "trials", "days"))
        raise InputError(
            f"{results.folder}: {name} was run with {said}, so its trials are not pairs of the others'; run it again:\n"
            f"  ceasefire run {results.folder / 'scenario.resolved.yaml'} {again}"
        )


def _shared_outcomes(base: Scenario, side: Side) -> list[str]:
    shared = [name for name in base.outcomes if name in side.scenario.outcomes]
    if not shared:
        raise InputError(f"{side.name}: has no outcome in common with {base.name}; give one the same name in both")
    return shared


def _as_planned(scenario: Scenario, plan: Plan) -> Scenario:
    ensemble = scenario.ensemble.model_copy(
        update={"seed": plan.seed, "sets": plan.sets, "trials": plan.trials, "precision": None}
    )
    return scenario.model_copy(update={"ensemble": ensemble, "horizon_days": plan.days})


def _with_results(
    side: Side, plan: Plan, folder: Path, engine: str | None, workers: int | None, progress: bool
) -> Side:
    if side.results is not None:
        return side
    out = folder / "runs" / slug(side.name)
    begun = (out / MANIFEST).exists()
    results = run(
        _as_planned(side.scenario, plan), out=out, resume=begun, events=(), engine=engine, workers=workers,
        progress=progress,
    )  # fmt: skip
    if len(results.failures()) == plan.sets * plan.trials:
        raise RunError(f"{side.name}: every trial failed; the first: {results.failures().iloc[0]['error']}")
    return Side(side.name, results.scenario, results)


def _default_folder(sides: Sequence[Side]) -> Path:
    return Path("results") / f"compare-{slug(sides[-1].name)}-{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}"


# --- what is found ---------------------------------------------------------------------------------------------------


@dataclass
class _Found:
    """Rows of the tables of a comparison, while they are gathered."""

    outcomes: list[pd.DataFrame] = field(default_factory=list)
    rests_on: list[pd.DataFrame] = field(default_factory=list)
    tipped: list[dict[str, Any]] = field(default_factory=list)


def _compared(sides: Sequence[Side], plan: Plan, examples: int, study: Study | None = None) -> Comparison:
    import pandas as pd

    results = {side.name: side.results for side in sides if side.results is not None}
    inputs = pd.DataFrame(list(input_differences({side.name: side.scenario for side in sides})),
                          columns=["key", "kind", "basis", *results])  # fmt: skip
    found = _Found()
    for name in list(results)[1:]:
        _one(results, name, plan, inputs, examples, found)
    rests = [table for table in found.rests_on if len(table)] or found.rests_on[:1]
    return Comparison(
        list(results), plan, results, inputs, pd.concat(found.outcomes, ignore_index=True),
        pd.concat(rests, ignore_index=True), pd.DataFrame(found.tipped, columns=list(TIPPED)), study,
    )  # fmt: skip


TIPPED = ("scenario", "outcome", "set", "trial", "direction", "day", "parting", "told")


def _one(
    results: Mapping[str, Results], name: str, plan: Plan, inputs: pd.DataFrame, examples: int, found: _Found
) -> None:
    base = next(iter(results))
    before, after = results[base], results[name]
    analysis = import_module("sim.analysis.comparison")
    pairs = analysis.pair(before.trials, after.trials)
    shared = _shared_outcomes(before.scenario, Side(name, after.scenario))
    table = analysis.difference_table(pairs, shared)
    table.insert(0, "scenario", name)
    table.insert(2, "headline", [outcome == headline(before.scenario) for outcome in shared])
    table.insert(3, "redefined", [_redefined(before.scenario, after.scenario, outcome) for outcome in shared])
    table.insert(4, "decided", [all(bool(flags.all()) for flags in pairs.flags(outcome, 1)) for outcome in shared])
    table.insert(5, "basis", _weakest(inputs[inputs[name] != inputs[base]]["basis"]))
    found.outcomes.append(table)
    values, bases = set_values(before.scenario, after.scenario, plan)
    for outcome in shared:
        rests = analysis.rests_on(pairs, outcome, values, bases)
        rests.insert(0, "scenario", name)
        rests.insert(1, "outcome", outcome)
        found.rests_on.append(rests)
    asked = headline(before.scenario) if headline(before.scenario) in shared else shared[0]
    for row in analysis.tipped(pairs, asked, examples).to_dict("records"):
        told = tell_parting(before, after, row["trial"], row["set"], (base, name))
        found.tipped.append({"scenario": name, "outcome": asked, **row, **told})


def _weakest(bases: Iterable[str]) -> str:
    there = set(bases)
    return next((name for name in GRADES if name in there), "")


def _redefined(before: Scenario, after: Scenario, outcome: str) -> bool:
    one, other = ({k: v for k, v in plain(it.outcomes[outcome]).items() if k not in ("about", "basis")}
                  for it in (before, after))  # fmt: skip
    return bool(one != other)


def set_values(before: Scenario, after: Scenario, plan: Plan) -> tuple[pd.DataFrame, dict[str, str]]:
    """The values of the numbers that are uncertain alike in both, a row a set, and the grades of their evidence."""
    import pandas as pd

    laws, others = uncertain(before), uncertain(after)
    alike = [path for path, law in laws.items() if others.get(path) == law]
    if plan.sets == 1:
        return pd.DataFrame(index=[0]), {}
    rows = [values_of_set(before, index, plan.seed) for index in range(plan.sets)]
    return pd.DataFrame(rows, columns=alike), grades(before)
