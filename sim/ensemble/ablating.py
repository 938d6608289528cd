"""Each rule off in turn: the same trials with and without it, pair by pair.

A rule that is switched off moves only draws of its own, so a trial in which it would not have rung stays as it was.
What is found is the change in the share of trials with an outcome. It says what the model's probability rests on, not
what caused a war.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sim.ensemble.cells import Cell, Design, run_cells
from sim.ensemble.designs import Study, studying, whole
from sim.ensemble.exploring import Question
from sim.errors import InputError, RunError
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

SETS, TRIALS = 64, 16
ABOUT = ("rule", "about", "basis")


def ablate(
    question: Question, *, sets: int | None = None, trials: int | None = None, out: str | Path | None = None,
    resume: bool = False,
) -> Study:  # fmt: skip
    """Run `sets` x `trials` trials as they are and with each rule off; table `ablation`, by outcome and rule.

    Columns: rule, about, basis, outcome, before, after, difference, mc_low, mc_high, range_low, range_high, gained,
    lost, pairs, variance_ratio; the largest differences of the question's outcome first. Outcomes are counted by the
    question's day.
    """
    import pandas as pd

    sets, trials = whole("sets", sets, 1, SETS), whole("trials", trials, 1, TRIALS)
    base = question.with_sets(sets)
    rules = [name for name, rule in base.rules.items() if rule.enabled]
    if not rules:
        raise InputError(f"{base.name}: has no rule that is on, so there is none to switch off")
    analysis = import_module("sim.analysis.comparison")
    variants = (base, *(without(base, name) for name in rules))
    cells = tuple(Cell(variant, index) for index in range(sets) for variant in range(len(variants)))
    columns = tuple(f"{name}_day" for name in base.outcomes)
    asked = question.said(sets=sets, trials=trials)
    with studying(question.folder("ablation", out), "ablation", base, asked, resume) as study:
        design = Design(variants, cells, trials, question.engine, columns, off=(None, *rules))
        rows = run_cells(study, "rules", design, question.workers, question.progress)
        of = [rows[rows["variant"] == variant] for variant in range(len(variants))]
        if of[0]["error"].notna().all():
            raise RunError(f"every trial failed: {of[0]['error'].iloc[0]}")
        found = []
        for variant, name in enumerate(rules, 1):
            table = analysis.difference_table(analysis.pair(of[0], of[variant]), base.outcomes, question.day)
            rule = base.rules[name]
            for place, value in enumerate((name, rule.about, rule.basis.grade if rule.basis else "")):
                table.insert(place, ABOUT[place], value)
            found.append(table)
        study.store("ablation", _largest_first(pd.concat(found, ignore_index=True), question.outcome))
    return study


def without(scenario: Scenario, rule: str) -> Scenario:
    """The scenario with a rule off."""
    off = scenario.rules[rule].model_copy(update={"enabled": False})
    return scenario.model_copy(update={"rules": {**scenario.rules, rule: off}})


def _largest_first(table: pd.DataFrame, outcome: str) -> pd.DataFrame:
    size = table[table["outcome"] == outcome].set_index("rule")["difference"].abs()
    order = table["rule"].map(size).rename("size")
    asked = (table["outcome"] == outcome).rename("asked")
    keys = table.assign(size=order, asked=asked)
    sorted_table = keys.sort_values(["asked", "size", "rule"], ascending=[False, False, True], kind="stable")
    return sorted_table.drop(columns=["size", "asked"]).reset_index(drop=True)
