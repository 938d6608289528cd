"""The command `ceasefire`: it parses, calls and prints, and leaves the work to the packages it imports when asked."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sim import __version__
from sim.errors import CeasefireError, InputError, ResultsError, RunError, ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from sim.ensemble import Results
    from sim.ensemble.branching import Branches
    from sim.ensemble.manifest import Achieved
    from sim.ensemble.sweeping import Sweep
    from sim.scenario.schema import Scenario
    from sim.trajectory import Event, Trajectory

FLAGSHIP = "builtin:idlib-2020-02-11"
DEMO_SETS, DEMO_TRIALS = 20, 50
INTERRUPTED = 130
FIRST = ("new", "check", "run", "compare", "plot", "demo", "show", "replay", "branch", "sweep")
WITHOUT_SETS = "Parameter uncertainty not included: one parameter set, every distribution at its median (see --sets)."

F = TypeVar("F", bound=Callable[..., Any])


class Commands(click.Group):
    """The commands in the order in which they are learnt; an error of ours ends with its exit code and no traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, those that one begins with first."""
        rest = [name for name in self.commands if name not in FIRST]
        return [name for name in FIRST if name in self.commands] + rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except CeasefireError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="ceasefire")
def main() -> None:
    """How a ceasefire breaks down: scenarios in YAML, actors as agents, answers as distributions.

    A model of a past conflict, for research and teaching; not a forecast, warning system or planning tool.
    """


def _pairs(_: click.Context, __: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    wrong = [text for text in given if not text.partition("=")[0] or "=" not in text]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not path.to.key=VALUE")
    return {key: value for key, _, value in (text.partition("=") for text in given)}


def _addresses(_: click.Context, __: click.Parameter, given: str) -> list[int | tuple[int, int]]:
    try:
        return [_address(text) for text in given.split(",") if text.strip()]
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is not a list such as 0,17 (trials of set 0) or 0,3:17 (SET:TRIAL)"
        ) from None


def _address(text: str) -> int | tuple[int, int]:
    first, colon, second = text.partition(":")
    return (int(first), int(second)) if colon else int(first)


def _millimetres(_: click.Context, __: click.Parameter, given: str) -> float:
    units = {"mm": 1.0, "cm": 10.0, "in": 25.4}
    try:
        width = float(given[:-2]) * units[given[-2:]]
    except (ValueError, KeyError):
        width = math.nan
    if not 30 <= width <= 1000:
        raise click.BadParameter(f"{given!r} is not a width from 30mm to 1000mm, such as 89mm, 18.3cm or 7in")
    return width


def _changes(function: F) -> F:
    """The options that change a scenario."""
    pairs = click.option(
        "--set", "overrides", multiple=True, metavar="PATH=VALUE", callback=_pairs,
        help="Replace a value of the scenario, such as rules.offensive.rate=0.01; may be repeated.",
    )  # fmt: skip
    without = click.option("--without", multiple=True, metavar="RULE", help="Switch a rule off; may be repeated.")
    return pairs(without(function))


_set_index = click.option("--set-index", type=int, default=0, show_default=True, help="The trial's parameter set.")


_ENSEMBLE = (
    click.option("--trials", type=int, help="Trials in each parameter set; the total is sets times trials."),
    click.option("--sets", type=int, help="Parameter sets: points of the scenario's distributions. 1: their medians."),
    click.option("--seed", type=int, help="Seed of all randomness; the same seed gives the same results."),
    click.option("--days", type=int, help="Horizon in days from the origin."),
    click.option("--engine", metavar="batch|mesa",
                 help="What runs the trials. [default: batch where numba is installed, else mesa]"),
    click.option("--workers", type=int, help="Processes that share the work. [default: one for each processor]"),
    click.option("--dask", metavar="ADDRESS|local", help="Let the workers of a Dask scheduler do the work."),
    click.option("--out", type=click.Path(path_type=Path), help="Results folder. [default: results/NAME-TIME]"),
    click.option("--resume", is_flag=True, help="Go on with a run that was stopped."),
    click.option("--precision", type=float, metavar="HALF_WIDTH",
                 help="Run until the headline's probability is known this well, as 0.01; --trials is then the most "
                 "trials of a single set, --sets the most of several. [default of these: a million trials in all]"),
    click.option("--events", default="0,1,2", show_default=True, callback=_addresses, metavar="0,17",
                 help="Trials whose event lists are stored: of set 0, or SET:TRIAL."),
)  # fmt: skip


def _ensemble(function: F) -> F:
    """The options that say how much is run, by what, and where to."""
    for option in reversed(_ENSEMBLE):
        function = option(function)
    return function


# --- run ------------------------------------------------------------------------------------------------------------


@main.command(short_help="Run an ensemble and print its outcomes.")
@click.argument("scenario")
@_ensemble
@_changes
@click.option("--plots/--no-plots", default=True, show_default=True, help="Draw the pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and draw nothing.")
def run(
    scenario: str, overrides: dict[str, str], without: Sequence[str], plots: bool, as_json: bool, **asked: Any
) -> None:
    """Run an ensemble of SCENARIO (a file, builtin:NAME, or the name of a shipped one) and print its outcomes.

    What is not given is taken from the scenario.
    """
    from sim.scenario import load

    if asked["resume"] and asked["out"] is None:
        raise click.UsageError("--resume needs --out: the folder of the run that was stopped")
    results = _run(load(scenario, overrides, without), **asked)
    if as_json:
        click.echo(json.dumps(as_object(results), indent=1))
        return
    _report(results, plots)


def _run(scenario: Scenario, out: Path | None, **asked: Any) -> Results:
    """Run into a folder; Ctrl-C says how to go on. RunError if not one trial came to an end."""
    from sim.ensemble import Results, default_folder, run

    folder = out or default_folder(scenario)
    try:
        results = run(scenario, out=folder, **asked)
    except KeyboardInterrupt:
        if not (folder / "manifest.json").exists():
            raise
        manifest = Results.open(folder).manifest
        click.echo(
            f"\nstopped: {manifest.trials_done} of {manifest.plan.total} trials are stored in {folder}; "
            f"to go on, give the same command with --out {folder} --resume",
            err=True,
        )
        raise click.exceptions.Exit(INTERRUPTED) from None
    failed = results.failures()
    if len(failed):
        first = failed.iloc[0]
        total, where = results.manifest.plan.total, f"trial {first['trial']} of set {first['set']}"
        said = f"{len(failed)} of {total} trials failed; the first is {where}: {first['error']}"
        if len(failed) == total:
            raise RunError(said)
        click.echo(said, err=True)
    return results


def _report(results: Results, plots: bool) -> None:
    for line in outcome_lines(results):
        click.echo(line)
    click.echo(f"\nresults: {results.folder}")
    if plots:
        folder = results.folder / "plots"
        drawn = _draw_all(results, folder)
        click.echo(f"pictures: {folder} ({', '.join(drawn)})")


@main.command(short_help="Run the article's scenario: outcomes and pictures.")
@click.option("--sets", type=int, default=DEMO_SETS, show_default=True, help="Parameter sets.")
@click.option("--trials", type=int, default=DEMO_TRIALS, show_default=True, help="Trials in each parameter set.")
@click.option("--workers", type=int, help="Processes that share the work. [default: one for each processor]")
@click.option("--out", type=click.Path(path_type=Path), help="Results folder. [default: results/demo-...]")
def demo(sets: int, trials: int, workers: int | None, out: Path | None) -> None:
    """Run the article's scenario of 11 February 2020: a thousand trials, the outcomes, the pictures.

    Called again, it shows what it has, or goes on where it was stopped.
    """
    from sim.scenario import load

    scenario = load(FLAGSHIP)
    folder = out or Path("results") / f"demo-{sets}x{trials}-{_fingerprint(scenario)}"
    click.echo(f"{sets * trials} trials of {FLAGSHIP}, into {folder}", err=True)
    _report(_run(scenario, folder, sets=sets, trials=trials, workers=workers, resume=True), plots=True)


def _fingerprint(scenario: Scenario) -> str:
    """A name for this scenario under this program, so that an older demo is left alone."""
    from hashlib import sha256

    from sim.ensemble.manifest import code_digest
    from sim.scenario import digest

    return sha256(f"{digest(scenario)} {code_digest()}".encode()).hexdigest()[:8]


def as_object(results: Results) -> dict[str, Any]:
    """What `run --json` prints; the range is null where there are no parameter sets."""
    plan = results.manifest.plan
    outcomes = results.outcomes().to_dict("index")
    return {
        "scenario": results.manifest.scenario,
        "seed": results.manifest.seed,
        "sets": plan.sets,
        "trials": plan.trials,
        "failed": results.manifest.failed,
        **({} if plan.precision is None else {"precision": _precision(results)}),
        "results": str(results.folder),
        "outcomes": {name: {key: _plain(value) for key, value in row.items()} for name, row in outcomes.items()},
    }


def _precision(results: Results) -> dict[str, Any]:
    """The precision asked for, and the interval at which the run ended (null while it has not)."""
    plan, achieved = results.manifest.plan, results.manifest.precision
    if achieved is None:
        return {"asked": plan.precision, "reached": False, "half_width": None, "low": None, "high": None}
    return {"asked": plan.precision, "half_width": achieved.half_width, **asdict(achieved)}


def _plain(value: Any) -> int | float | None:
    number = float(value)
    return None if math.isnan(number) else int(number) if number.is_integer() and isinstance(value, int) else number


def outcome_lines(results: Results) -> Iterator[str]:
    """The outcomes as a table with both ranges, under what they rest on."""
    table = results.outcomes()
    manifest, scenario = results.manifest, results.scenario
    plan = manifest.plan
    yield (
        f"{manifest.scenario}: {plan.total} trials ({plan.sets} parameter sets x {plan.trials}), "
        f"seed {manifest.seed}, {scenario.horizon_days} days from {scenario.origin}"
    )
    if not results.complete:
        yield f"This run is not finished: {manifest.trials_done} trials are there."
    trivial = [str(name) for name in table.index if _trivial(results.trials, str(name))]
    rows = [_outcome_row(str(name), row, scenario) for name, row in table.drop(trivial).iterrows()]
    yield ""
    yield from columns(("outcome", "trials", "probability", "chance (95 %)", "assumptions (5-95 %)"), rows)
    if manifest.precision is not None:
        yield f"\n{_precision_line(results, manifest.precision)}"
    if plan.sets == 1:
        yield f"\n{WITHOUT_SETS}"
    if trivial:
        yield f"\nNot shown, since the origin already decides it: {', '.join(trivial)}."


def _precision_line(results: Results, achieved: Achieved) -> str:
    """Whether a run to a precision came to it, and the interval that holds however often it was looked at."""
    headline = _headline(results)
    interval = f"{100 * achieved.low:.2f} - {100 * achieved.high:.2f} %"
    asked = 100 * (results.manifest.plan.precision or 0.0)
    said = f"{headline}: {interval} at {100 * achieved.level:.0f} %, valid at every look; asked for ±{asked:g} %, "
    if achieved.reached:
        return said + f"reached ±{100 * achieved.half_width:.2f} %."
    return said + f"only ±{100 * achieved.half_width:.2f} % is reached: more trials or sets would take it further."


def _trivial(trials: pd.DataFrame, name: str) -> bool:
    return bool((trials[f"{name}_day"] == 1).fillna(False).all())


def _outcome_row(name: str, row: Mapping[str, float], scenario: Scenario) -> tuple[str, ...]:
    headline = " (headline)" if scenario.outcomes[name].headline else ""
    low, high = row["range_low"], row["range_high"]
    across = "not included" if math.isnan(low) else f"{_percent(low)} - {_percent(high)}"
    chance = f"{_percent(row['mc_low'])} - {_percent(row['mc_high'])}"
    return name + headline, f"{row['count']:.0f}", _percent(row["probability"]), chance, across


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table with aligned columns; a column of numbers stands to the right."""
    cells = [header, *rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(header))]
    right = [bool(rows) and all(row[k][:1].isdigit() for row in rows) for k in range(len(header))]
    for row in cells:
        yield "  ".join(
            text.rjust(width) if at_right else text.ljust(width)
            for text, width, at_right in zip(row, widths, right, strict=True)
        ).rstrip()


# --- plot -----------------------------------------------------------------------------------------------------------


@main.command(short_help="Draw a picture of results, with data and caption.")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--figure", metavar="NAME", help="Which picture; without it, the pictures are listed.")
@click.option("--outcome", metavar="NAME", help="The outcome it is about. [default: the headline]")
@click.option("--trial", type=int, help="The trial it shows, for pictures of one trial.")
@click.option("--width", "width_mm", default="183mm", show_default=True, callback=_millimetres, help="Printed width.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write: .pdf, .svg or .png.")
def plot(
    results: Path, figure: str | None, outcome: str | None, trial: int | None, width_mm: float, out: Path | None
) -> None:
    """Draw a picture of RESULTS; its data go beside it as CSV, its caption as text."""
    from sim.plots.registry import FIGURES, find

    if figure is None:
        for line in columns(("figure", "shows"), [(name, it.description) for name, it in FIGURES.items()]):
            click.echo(line)
        return
    find(figure)
    if out is None:
        raise click.UsageError("--out is missing: the file to write, such as figure.pdf")
    for path in _draw(_opened(results), figure, out, width_mm, outcome, trial):
        click.echo(path)


def _opened(folder: Path) -> Results:
    from sim.ensemble import Results

    results = Results.open(folder)
    if not results.manifest.trials_done:
        raise ResultsError(f"{folder}: no trial is stored yet; go on with `ceasefire run ... --out {folder} --resume`")
    return results


def _draw(
    results: Results, figure: str, out: Path, width_mm: float, outcome: str | None = None, trial: int | None = None
) -> list[Path]:
    """Write picture, data and caption; returns the three files. Nothing is written if it cannot be drawn."""
    from sim.plots import caption, draw, figure_data, figure_of, save
    from sim.plots.style import FORMATS

    if out.suffix.removeprefix(".").lower() not in FORMATS:
        raise InputError(f"{out}: cannot write this kind of file; allowed: {', '.join('.' + kind for kind in FORMATS)}")
    drawn = draw(figure, results, outcome=outcome, trial=trial, width_mm=width_mm)
    data = figure_data(figure, results, outcome, trial)
    said = caption(figure, results, outcome, trial)
    table, text = out.with_suffix(".csv"), out.with_suffix(".txt")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        save(figure_of(drawn), out)
        data.to_csv(table, index=data.index.name is not None)
        text.write_text(said + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    return [out, table, text]


def _draw_all(results: Results, folder: Path) -> list[str]:
    """Draw every picture for which these results have data; returns their names."""
    from sim.plots import DOUBLE_MM, FIGURES

    drawn = []
    for name in FIGURES:
        try:
            _draw(results, name, folder / f"{name}.png", DOUBLE_MM)
            drawn.append(name)
        except ResultsError as error:
            click.echo(f"no picture {name}: {error}", err=True)
    return drawn


# --- scenarios: new, check, schema ----------------------------------------------------------------------------------


@main.command(short_help="Write a commented scenario to start from.")
@click.argument("file", type=click.Path(path_type=Path))
def new(file: Path) -> None:
    """Write FILE: a commented scenario that runs as it stands, to be changed."""
    from sim.scenario import skeleton

    path = file if file.suffix in (".yaml", ".yml") else file.with_name(f"{file.name}.yaml")
    try:
        with path.open("x", encoding="utf-8") as written:
            written.write(skeleton(_slug(path.stem)))
    except FileExistsError:
        raise InputError(f"{path}: exists already; choose another name") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    click.echo(f"{path} written; look at it with `ceasefire show {path}`, run it with `ceasefire run {path}`")


def _slug(text: str) -> str:
    """A scenario's name from a file's: lower-case words joined by hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split()) or "scenario"


@main.command(short_help="Find everything that is wrong with scenarios.")
@click.argument("paths", nargs=-1, required=True, metavar="FILE_OR_FOLDER...")
@click.option("--sources", is_flag=True, help="List rules and numbers without a basis, and what is declared in vain.")
def check(paths: Sequence[str], sources: bool) -> None:
    """Say everything that is wrong with the scenarios in files and folders, or `ok`."""
    from sim.scenario import load, loose_ends, missing_bases

    problems, doubts = [], []
    for path in _scenario_files(paths):
        try:
            scenario = load(path)
            doubts += [*missing_bases(scenario), *loose_ends(scenario)] if sources else []
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    for doubt in sorted(set(doubts)):
        click.echo(str(doubt))
    if not doubts:
        click.echo("ok")


def _scenario_files(paths: Iterable[str]) -> list[str]:
    """The files named, and all scenarios below the folders named; InputError for a folder that has none."""
    files = []
    for path in paths:
        found = [str(file) for file in _below(Path(path))] if Path(path).is_dir() else [path]
        if not found:
            raise InputError(f"{path}: there is no scenario in this folder (no .yaml file)")
        files += found
    return files


def _below(folder: Path) -> Iterator[Path]:
    """Scenarios in a folder tree; chronologies and templates are checked with the scenarios that use them."""
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        if not _is_part(path):
            yield path


def _is_part(path: Path) -> bool:
    from sim.scenario.nodes import MAX_BYTES, parse_yaml

    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        return False
    root, _ = parse_yaml(path.read_text(encoding="utf-8", errors="replace"), str(path))
    if root is None or not root.is_map:
        return False
    template = root.child("template")
    return (template is not None and template.value is True) or set(root.value) <= {"about", "sources", "events"}


@main.command(short_help="Print the JSON Schema of scenario files.")
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from sim.scenario import json_schema

    click.echo(json.dumps(json_schema(), indent=1))


# --- show -----------------------------------------------------------------------------------------------------------


@main.command(short_help="Show a scenario, a trial day by day, or results.")
@click.argument("source", metavar="FILE|RESULTS")
@click.option("--trial", type=int, help="Tell this trial day by day.")
@_set_index
@click.option("--why", is_flag=True, help="With --trial: each event's rule, hazard, and the factors that made it.")
@_changes
def show(
    source: str, trial: int | None, set_index: int, why: bool, overrides: dict[str, str], without: Sequence[str]
) -> None:
    """Show a scenario with its rules and its state at the origin, or one trial of it, or stored results."""
    if why and trial is None:
        raise click.UsageError("--why needs --trial: which trial to explain")
    results = _opened(Path(source)) if Path(source).is_dir() else None
    if results is not None and (overrides or without):
        raise click.UsageError("--set and --without change a scenario; for one trial of results see `ceasefire replay`")
    scenario = results.scenario if results is not None else _loaded(source, overrides, without)
    if trial is not None:
        _tell(scenario, results, trial, set_index, why)
        return
    lines = scenario_lines(scenario) if results is None else outcome_lines(results)
    click.echo_via_pager(f"{line}\n" for line in lines) if sys.stdout.isatty() else _print(lines)


def _loaded(source: str, overrides: Mapping[str, str], without: Iterable[str]) -> Scenario:
    from sim.scenario import load

    return load(source, overrides, without)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _tell(scenario: Scenario, results: Results | None, trial: int, set_index: int, why: bool) -> None:
    from sim.telling import tell

    trajectory = results.trajectory(trial, set_index) if results else _trial(scenario, None, trial, set_index)
    if why:
        trajectory = _explained(scenario, trial, set_index, trajectory)
    _print([f"{scenario.name}, trial {trial} of set {set_index}, seed {scenario.ensemble.seed}"])
    _print(tell(scenario, trajectory, why))


def _trial(scenario: Scenario, engine: str | None, trial: int, set_index: int) -> Trajectory:
    from sim.ensemble import rerun

    if trial < 0 or not 0 <= set_index < scenario.ensemble.sets:
        raise InputError(
            f"trial {trial} of set {set_index}: there is none; sets count from 0 to {scenario.ensemble.sets - 1}"
        )
    return rerun(scenario, engine, trial, set_index)


def _explained(scenario: Scenario, trial: int, set_index: int, plain: Trajectory) -> Trajectory:
    """The trial again in the Mesa model, which notes the factors of each hazard; the same trial to the last bit."""
    from sim.model import CeasefireModel

    if plain.row.get("error") is not None:
        return plain
    return CeasefireModel(scenario, set_index=set_index, trial=trial, collect=False, explain=True).run()


def scenario_lines(scenario: Scenario) -> Iterator[str]:
    """A scenario for people: what it is about, its rules as a table, its outcomes, its state at the origin."""
    from sim.history import describe_origin

    yield f"{scenario.name}: {' '.join(scenario.about.split())}"
    plan = scenario.ensemble
    yield f"{scenario.horizon_days} days from {scenario.origin}; {plan.sets} x {plan.trials} trials, seed {plan.seed}"
    yield "actors: " + ", ".join(_actor(actor) for actor in scenario.actors.values())
    yield f"fighting between {' and '.join(scenario.fighting.between)}: {', '.join(scenario.fighting.regimes)}"
    yield ""
    rows = [_rule_row(name, scenario) for name in scenario.rules]
    yield from columns(("rule", "no.", "actor", "event", "pace", "basis", "gates"), rows)
    yield ""
    rows = [(name + " (headline)" * it.headline, " ".join(it.about.split())) for name, it in scenario.outcomes.items()]
    yield from columns(("outcome", ""), rows)
    yield ""
    yield from describe_origin(scenario)


def _actor(actor: Any) -> str:
    factions = " and ".join(faction.name for faction in actor.factions.values())
    return f"{actor.name} ({factions})" if factions else str(actor.name)


def _rule_row(name: str, scenario: Scenario) -> tuple[str, ...]:
    rule = scenario.rules[name]
    within = f"{_number(rule.probability)} in {rule.within_days} d"
    pace = within if rule.rate is None else f"{_number(rule.rate)} a day"
    pace += f" each {rule.for_each}" if rule.for_each else f" pick {rule.pick}" if rule.pick else ""
    gates = ", ".join(f"{key} {_gate(gate)}" for key, gate in (rule.when | rule.where).items())
    basis = rule.basis.grade if rule.basis else "-"
    return name, rule.rule or "-", rule.actor or "exchange", rule.event, pace if rule.enabled else "off", basis, gates


def _number(value: Any) -> str:
    """A number as it is written in a scenario, a distribution as LAW(a, b)."""
    from sim.scenario.numbers import written

    plain = written(value)
    if isinstance(plain, dict):
        return f"{plain.pop('dist')}({', '.join(_number(part) for part in plain.values())})"
    return f"{plain:g}" if isinstance(plain, float) else str(plain)


_BOUNDS = {"below": "<", "at_least": ">=", "above": ">", "at_most": "<=", "is_not": "is not"}


def _gate(gate: Any) -> str:
    if isinstance(gate, bool):
        return "yes" if gate else "no"
    if isinstance(gate, list):
        return "in " + "/".join(map(str, gate))
    if not hasattr(gate, "below"):
        return f"= {_number(gate)}"
    bounds = {name: getattr(gate, name) for name in _BOUNDS if getattr(gate, name) is not None}
    return " and ".join(f"{_BOUNDS[name]} {_number(value)}" for name, value in bounds.items())


# --- replay ---------------------------------------------------------------------------------------------------------


@main.command(short_help="Run one trial again with something changed.")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--trial", type=int, required=True, help="The trial to run again.")
@_set_index
@_changes
def replay(results: Path, trial: int, set_index: int, overrides: dict[str, str], without: Sequence[str]) -> None:
    """Run one trial of RESULTS again with something changed; both event lists side by side, to where they part.

    The change moves only the luck of what it touches: everything else draws the same numbers.
    """
    from sim.ensemble.manifest import SCENARIO

    stored = _opened(results)
    before = stored.trajectory(trial, set_index)
    changed = _loaded(str(results / SCENARIO), overrides, without)
    after = _trial(changed, stored.manifest.engine, trial, set_index)
    what = [f"{key} = {value}" for key, value in overrides.items()] + [f"without {rule}" for rule in without]
    click.echo(f"{stored.scenario.name}, trial {trial} of set {set_index}; changed: {', '.join(what) or 'nothing'}")
    _print(side_by_side(before, after))


@dataclass(frozen=True)
class Line:
    """One line of two event lists beside each other; a side that has no such event is empty."""

    day: int
    before: str
    after: str

    @property
    def mark(self) -> str:
        """Whether both lists have it, or which one."""
        return " " if self.before == self.after else "<" if not self.after else ">" if not self.before else "|"


def side_by_side(before: Trajectory, after: Trajectory) -> Iterator[str]:
    """Two trials as tables: their events by day, marked where they differ, then the results that differ."""
    parted = next((line.day for line in _paired(before.events, after.events) if line.mark != " "), None)
    yield "both run alike" if parted is None else f"they part on day {parted}"
    yield ""
    rows = [
        (str(line.day), line.before, line.mark, line.after)
        for line in _paired(_acts(before.events), _acts(after.events))
    ]
    yield from columns(("day", "as it was", "", "with the change"), rows)
    yield ""
    both = [(name, value, after.row.get(name)) for name, value in before.row.items()]
    results = [(name, _cell(one), _cell(other)) for name, one, other in both if one != other]
    if results:
        yield from columns(("result", "as it was", "with the change"), results)


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _paired(before: Sequence[Event], after: Sequence[Event]) -> Iterator[Line]:
    left, right = (_by_day(events) for events in (before, after))
    for day in sorted(left.keys() | right.keys()):
        ours, theirs = left.get(day, []), right.get(day, [])
        for _, i, j, k, m in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
            yield from (Line(day, one, other) for one, other in zip_longest(ours[i:j], theirs[k:m], fillvalue=""))


def _acts(events: Sequence[Event]) -> list[Event]:
    """The events without the fighting and displacement of every day."""
    from sim.trajectory import DISPLACEMENT, FIGHTING

    return [event for event in events if event.event not in (FIGHTING, DISPLACEMENT)]


def _by_day(events: Sequence[Event]) -> dict[int, list[str]]:
    days = groupby(events, key=lambda event: event.day)
    return {day: [_event(event) for event in found] for day, found in days}


def _event(event: Event) -> str:
    """An event in a line: when, by which rule, who to whom, where, with which marks."""
    who = f"{event.by or 'exchange'} > {event.against}" if event.against else event.by or "exchange"
    where = f" at {event.post or event.place}" if event.post or event.place else ""
    marks = "".join(f", {name} {value:g}" for name, value in event.marks.items() if value)
    rule = "" if event.rule == event.event else f" ({event.rule})"
    return f"{who}: {event.event}{rule}{where}{marks}" + (" [void]" if event.void else "")


# --- sweep ----------------------------------------------------------------------------------------------------------


@main.command(short_help="Run a scenario under many settings.")
@click.argument("scenario")
@click.option("--vary", multiple=True, metavar="PATH=V1,V2,...",
              help="Run every one of these values; may be repeated, and is crossed.")  # fmt: skip
@click.option("--grid", type=click.Path(path_type=Path), help="File that maps paths to lists of values; crossed too.")
@click.option("--list", "listed", type=click.Path(path_type=Path), help="File that lists cells, maps of path to value.")
@_ensemble
@_changes
@click.option("--outcome", help="Print this outcome of each cell. [default: its headline]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with all outcomes.")
def sweep(
    scenario: str, vary: Sequence[str], grid: Path | None, listed: Path | None, overrides: dict[str, str],
    without: Sequence[str], outcome: str | None, as_json: bool, out: Path | None, **asked: Any,
) -> None:  # fmt: skip
    """Run SCENARIO once for each combination of settings, all with the same luck, and print a row for each.

    All --vary, --grid and --list are crossed with each other; the cells of one --list stay as they are.
    """
    from sim.ensemble import sweeping

    if asked["resume"] and out is None:
        raise click.UsageError("--resume needs --out: the folder of the sweep that was stopped")
    axes = [sweeping.varied(text) for text in vary]
    axes += sweeping.read_grid(grid) if grid else []
    axes += [sweeping.read_list(listed)] if listed else []
    done = sweeping.sweep(scenario, axes, overrides=overrides, without=without, out=out, **asked)
    failed = sum(results.manifest.failed for _, results in done.begun())
    if failed:
        click.echo(f"{failed} trials failed; they are left out", err=True)
    if as_json:
        click.echo(json.dumps(sweep_object(done), indent=1))
        return
    _print(sweep_lines(done, outcome))
    click.echo(f"\nresults: {done.folder}")


def sweep_lines(done: Sweep, outcome: str | None = None) -> Iterator[str]:
    """A row for each cell: its settings, and how probable an outcome is (its headline), with both ranges."""
    yield f"{done.said['scenario']}: {len(done)} cells by {', '.join(done.keys)}, all with the same luck"
    yield ""
    labels, rows = done.cells.set_index("cell"), []
    for cell, results in done.begun():
        name = outcome or _headline(results)
        table = results.outcomes()
        if name not in table.index:
            raise InputError(f"cell {cell} has no outcome {name}; there are: {', '.join(map(str, table.index))}")
        settings = tuple(_label(labels.loc[cell, key]) for key in done.keys)
        rows.append((*settings, *_outcome_row(name, table.loc[name].to_dict(), results.scenario)))
    header = ("outcome", "trials", "probability", "chance (95 %)", "assumptions (5-95 %)")
    yield from columns((*done.keys, *header), rows)


def _headline(results: Results) -> str:
    return next(name for name, outcome in results.scenario.outcomes.items() if outcome.headline)


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else "-"


def sweep_object(done: Sweep) -> dict[str, Any]:
    """What `sweep --json` prints: the object of `run --json` for each cell, with its settings."""
    labels = done.cells.set_index("cell")
    cells = []
    for cell, results in done.begun():
        values = {key: labels.loc[cell, key] for key in done.keys}
        settings = {key: value if isinstance(value, str | float) else None for key, value in values.items()}
        cells.append({"cell": cell, "settings": settings, **as_object(results)})
    return {"scenario": done.said["scenario"], "keys": done.keys, "results": str(done.folder), "cells": cells}


# --- branch ---------------------------------------------------------------------------------------------------------


@main.command(short_help="Live many futures from one trial's day.")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--trial", type=int, required=True, help="The trial whose past they share.")
@_set_index
@click.option("--day", type=int, required=True, help="The last day of that past; 0 is the eve of the origin.")
@click.option("--option", "options", multiple=True, metavar="FILE",
              help="A scenario file that changes what comes after; may be repeated.")  # fmt: skip
@click.option("--trials", type=int, default=1000, show_default=True, help="Futures of each option.")
@click.option("--engine", metavar="batch|mesa", help="What lives the futures. [default: that of the results]")
@click.option("--out", type=click.Path(path_type=Path), help="Write a row for each future to this .csv or .parquet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def branch(
    results: Path, trial: int, set_index: int, day: int, options: Sequence[str], trials: int, engine: str | None,
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Live many futures of one trial of RESULTS from the evening of a day on, as it is and under each option.

    The futures have fresh luck, the same for every option, so that the options are compared future by future.
    """
    from sim.ensemble.branching import branch

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{out} is not the name of a .csv or .parquet file", param_hint="--out")
    branches = branch(_opened(results), trial, day, options, trials=trials, set_index=set_index, engine=engine)
    if out is not None:
        _write_table(branches.trials, out)
    if as_json:
        click.echo(json.dumps(branch_object(branches), indent=1))
        return
    _print(branch_lines(branches))
    if out is not None:
        click.echo(f"\nfutures: {out}")


def _write_table(table: pd.DataFrame, out: Path) -> None:
    from sim.ensemble import tables

    try:
        tables.write(table, out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    except ImportError:
        raise InputError(f"{out}: needs pyarrow (`pip install ceasefire[fast]`); or write a .csv") from None


def branch_lines(branches: Branches) -> Iterator[str]:
    """The outcomes of all options, each with the difference that it makes to the same futures."""
    past, scenario = branches.past, branches.results.scenario
    parted = scenario.origin + timedelta(past.day - 1)
    yield (
        f"{scenario.name}: {branches.number} futures of trial {past.trial} of set {past.ready.set_index}, "
        f"from the evening of day {past.day} ({parted}) to day {scenario.horizon_days}"
    )
    yield ""
    shown = [name for name in branches.outcome_names if not _settled(branches, name)]
    rows = [row for name in shown for row in _branch_rows(branches, name)]
    header = ("outcome", "option", "futures", "probability", "chance (95 %)", "difference", "chance (95 %)")
    yield from columns(header, rows)
    settled = [name for name in branches.outcome_names if name not in shown]
    if settled:
        yield f"\nNot shown, since this past already decides it: {', '.join(settled)}."


def _settled(branches: Branches, name: str) -> bool:
    """Whether an outcome came true before the parting, in every future of every option."""
    days = branches.trials[f"{name}_day"]
    return bool((days <= branches.past.day).fillna(False).all())


def _branch_rows(branches: Branches, name: str) -> Iterator[tuple[str, ...]]:
    for option in branches.options:
        found = branches.outcomes(option).loc[name].to_dict()
        chance = f"{_percent(found['mc_low'])} - {_percent(found['mc_high'])}"
        row = (name, option, f"{found['count']:.0f}", _percent(found["probability"]), chance)
        if option == branches.options[0]:
            yield (*row, "", "")
            continue
        made = branches.differences(option).loc[name].to_dict()
        yield (*row, _signed(made["difference"]), f"{_signed(made['mc_low'])} to {_signed(made['mc_high'])}")


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}"


def branch_object(branches: Branches) -> dict[str, Any]:
    """What `branch --json` prints; differences are to the scenario as it is, which comes first and has none."""
    past = branches.past
    options = {
        option: {
            "outcomes": _nested(branches.outcomes(option)),
            "differences": _nested(branches.differences(option)) if option != branches.options[0] else None,
        }
        for option in branches.options
    }
    return {
        "scenario": branches.results.scenario.name,
        "seed": branches.results.manifest.seed,
        "set": past.ready.set_index,
        "trial": past.trial,
        "day": past.day,
        "futures": branches.number,
        "options": options,
    }


def _nested(table: pd.DataFrame) -> dict[str, dict[str, int | float | None]]:
    rows = table.to_dict("index").items()
    return {str(name): {str(key): _plain(value) for key, value in row.items()} for name, row in rows}


if __name__ == "__main__":
    main(prog_name="ceasefire")
