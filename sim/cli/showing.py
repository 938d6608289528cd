"""`ceasefire show`: a scenario, a trial told day by day, or results."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import changes, columns, loaded, opened, print_lines, set_index_option, trial_of
from sim.cli.outcomes import outcome_lines
from sim.cli.why import chain_lines, chains_lines

if TYPE_CHECKING:
    from sim.ensemble import Results
    from sim.scenario.schema import Scenario
    from sim.trajectory import Trajectory


@click.command(short_help="Show a scenario, a trial day by day, or results.")
@click.argument("source", metavar="FILE|RESULTS")
@click.option("--trial", type=int, help="Tell this trial day by day.")
@set_index_option
@click.option(
    "--why", is_flag=True,
    help="Of a trial: each event's rule, hazard and factors, and the chain that led to its end. Of results: what stood "
    "on the chains of their trials.",
)  # fmt: skip
@changes
def show(
    source: str, trial: int | None, set_index: int, why: bool, overrides: dict[str, str], without: Sequence[str]
) -> None:
    """Show a scenario with its rules and its state at the origin, or one trial of it, or stored results."""
    results = opened(Path(source)) if Path(source).is_dir() else None
    if why and trial is None and results is None:
        raise click.UsageError("--why needs --trial: which trial to explain")
    if results is not None and (overrides or without):
        raise click.UsageError("--set and --without change a scenario; for one trial of results see `ceasefire replay`")
    scenario = results.scenario if results is not None else loaded(source, overrides, without)
    if trial is not None:
        _tell(scenario, results, trial, set_index, why)
        return
    lines = scenario_lines(scenario) if results is None else chains_lines(results) if why else outcome_lines(results)
    click.echo_via_pager(f"{line}\n" for line in lines) if sys.stdout.isatty() else print_lines(lines)


def _tell(scenario: Scenario, results: Results | None, trial: int, set_index: int, why: bool) -> None:
    from sim.telling import tell

    trajectory = results.trajectory(trial, set_index) if results else trial_of(scenario, None, trial, set_index)
    if why:
        trajectory = _explained(scenario, trial, set_index, trajectory)
    print_lines([f"{scenario.name}, trial {trial} of set {set_index}, seed {scenario.ensemble.seed}"])
    print_lines(tell(scenario, trajectory, why))
    if why:
        print_lines(chain_lines(scenario, set_index, trial, trajectory))


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
