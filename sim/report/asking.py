"""From what somebody names (folders, scenarios) to the material of a report; what is missing is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sim.ensemble.comparing import DEFAULT_SETS, LEAST_TRIALS, Comparison, compare
from sim.ensemble.designs import NAME as STUDY
from sim.ensemble.designs import Study
from sim.ensemble.manifest import NAME as MANIFEST
from sim.ensemble.manifest import code_digest
from sim.ensemble.results import Results
from sim.ensemble.running import run
from sim.errors import InputError
from sim.report.building import Material, compared
from sim.report.counterfactuals import counterfactuals
from sim.scenario import Scenario, digest, load

PLAN = ("sets", "trials", "seed", "days")


@dataclass(frozen=True)
class Asked:
    """What is named: scenarios or results folders (the first is the base), studies, and how scenarios are run.

    `given` is what the command line said, `left_out` says of what was not compared why not. `plan` has sets, trials,
    seed, days, engine, workers where they were given; `runs` is the folder for what is run.
    """

    sources: Sequence[str]
    given: Sequence[str]
    studies: Sequence[Study]
    left_out: Sequence[str]
    plan: dict[str, Any]
    runs: Path | None = None


def asked(
    sources: Sequence[str], others: Sequence[str], with_counterfactuals: bool, runs: Path | None, plan: dict[str, Any]
) -> Asked:
    """Tell folders of studies from what is run or compared; InputError where nothing is left to report on."""
    studies = [Study.open(source) for source in sources if Path(source, STUDY).is_file()]
    named = [source for source in sources if not Path(source, STUDY).is_file()] + list(others)
    if not named and sum(study.kind == "comparison" for study in studies) != 1:
        raise InputError("report: takes results, a scenario, or the folder of one comparison; studies may stand beside")
    left_out: list[str] = []
    if with_counterfactuals:
        if not named or _is_stored(named[0]):
            raise InputError("--counterfactuals: takes a scenario, such as builtin:idlib-2020-02-11")
        same, elsewhere = counterfactuals(named[0])
        named += [name for name in same if name not in named]
        left_out = _elsewhere(elsewhere)
    given = [*sources, *(f"--compare {other}" for other in others), *(["--counterfactuals"] * with_counterfactuals)]
    return Asked(named, given, studies, left_out, plan, runs)


def _elsewhere(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    said = ", ".join(f"{load(name).name} ({name})" for name in names)
    return [f"Left out, since trials that begin on another day are no pairs of these: {said}."]


def material(wanted: Asked, progress: bool = True) -> Material:
    """Open what is stored, run what is missing, compare what is to be compared."""
    others = [study for study in wanted.studies if study.kind != "comparison"]
    comparison = next((compared(study) for study in wanted.studies if study.kind == "comparison"), None)
    results: Results | None = None
    if len(wanted.sources) > 1:
        comparison = _compared(wanted, progress)
    elif wanted.sources:
        results = _results(wanted, progress)
    if results is None and comparison is not None:
        results = comparison.results[comparison.base]
    if results is None:
        raise InputError("report: there is nothing to report on")
    if comparison is not None and comparison.results[comparison.base].manifest.digest != results.manifest.digest:
        raise InputError(f"{results.folder}: is not the base of the comparison, which is {comparison.base}")
    return Material(results, comparison, others, command(wanted, results), list(wanted.left_out))


def _compared(wanted: Asked, progress: bool) -> Comparison:
    sides = [Results.open(source) if _is_stored(source) else load(source) for source in wanted.sources]
    stored = all(isinstance(side, Results) for side in sides)
    folder = wanted.runs or (None if stored else _folder(wanted, sides))
    return compare(*sides, out=folder, resume=folder is not None, progress=progress, **wanted.plan)


def _results(wanted: Asked, progress: bool) -> Results:
    """The results of the one source; a scenario of one set is run with several, since the report shows both ranges."""
    source = wanted.sources[0]
    if _is_stored(source):
        return Results.open(source)
    scenario, plan = load(source), dict(wanted.plan)
    if scenario.ensemble.sets == 1 and plan.get("sets") is None:
        plan["sets"] = DEFAULT_SETS
        plan["trials"] = plan.get("trials") or max(LEAST_TRIALS, -(-scenario.ensemble.trials // DEFAULT_SETS))
    return run(scenario, out=wanted.runs or _folder(wanted, [scenario]), resume=True, progress=progress, **plan)


def _is_stored(source: str) -> bool:
    return Path(source, MANIFEST).is_file()


def _folder(wanted: Asked, sides: Sequence[Results | Scenario]) -> Path:
    """Where runs go: always the same folder for the same question and program, so that nothing is run twice."""
    digests = [side.manifest.digest if isinstance(side, Results) else digest(side) for side in sides]
    question = [*digests, *(str(wanted.plan.get(name)) for name in PLAN), code_digest()]
    name = Path(wanted.sources[0].removeprefix("builtin:")).stem
    return Path("results") / f"report-{name}-{sha256(' '.join(question).encode()).hexdigest()[:8]}"


def command(wanted: Asked, results: Results) -> list[str]:
    """The command that makes this report again, its numbers spelled out."""
    plan, parts = results.manifest.plan, list(wanted.given)
    if not all(map(_is_stored, wanted.sources)):
        parts.append(f"--sets {plan.sets} --trials {plan.trials} --seed {results.manifest.seed}")
        parts.append(f"--days {results.scenario.horizon_days}")
    return [f"# ceasefire {results.manifest.code['version']}", f"ceasefire report {' '.join(parts)}"]
