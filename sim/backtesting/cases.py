"""Whose forecasts are made: the scenario, the same without interaction, with a rule off, and others beside it.

A `Case` is a scenario at the origins of a back-test. The *null model* has its margins and no interaction: every rule is
off, nothing is done by anybody, truces are ignored, and the fighting drifts between its regimes by
`fighting.drift.rates` alone; those and the deaths of a day in each regime are fitted as the scenario's are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sim.analysis.forecasts import Record
from sim.fitting.on_record import DAY, from_first_opening, put_on_record
from sim.scenario.loading import begun_on
from sim.scenario.schema import EventType, Intervention, Rule, Scenario

Change = Callable[[Scenario], Scenario]


def unchanged(scenario: Scenario) -> Scenario:
    """The scenario as it is."""
    return scenario


@dataclass(frozen=True)
class Case:
    """A scenario's file with settings, and what code changes: in the whole, and once its numbers are plain."""

    name: str
    source: str
    overrides: Mapping[str, str] = field(default_factory=dict)
    without: Sequence[str] = ()
    change: Change = unchanged
    finish: Change = unchanged

    def begun(
        self, record: Record, first: dt.date, last: dt.date, days: int,
        interventions: Mapping[str, Intervention] | None = None,
    ) -> Scenario:  # fmt: skip
        """The scenario that lives through the record to the evening of `last`, and runs on for so many days.

        Its history begins at the latest opening four weeks before the first origin or more. Nothing ends a trial and no
        outcome but collapse is asked; of what is dated only the given interventions happen. InputError where no opening
        is early enough, the record begins after it, or the scenario has no drift.
        """
        moved = {**self.overrides, "origin": str(last + DAY), "horizon_days": str(days)}
        scenario = begun_on(self.source, first + DAY, None, moved, self.without)
        return self.change(put_on_record(scenario, record, interventions, self.name))

    def fitted_on(self, record: Record, last: dt.date) -> tuple[Scenario, Record]:
        """The scenario that lives from its first opening in the record to a day, and the record from there on."""
        scenario, part = from_first_opening(self.source, record, last, self.overrides, self.without)
        return self.change(scenario), part


# --- what is changed --------------------------------------------------------------------------------------------------


def without_rule(case: Case, rule: str) -> Case:
    """The case with one rule off."""

    def change(scenario: Scenario) -> Scenario:
        rules = {**scenario.rules, rule: scenario.rules[rule].model_copy(update={"enabled": False})}
        return case.change(scenario.model_copy(update={"rules": rules}))

    return Case(f"without_{rule}", case.source, case.overrides, case.without, change, case.finish)


def null_model(case: Case, name: str = "null_model") -> Case:
    """The case without interaction between its actors."""
    return Case(name, case.source, case.overrides, case.without, alone, drifting)


def alone(scenario: Scenario) -> Scenario:
    """The scenario in which nobody acts, nothing is dated and no truce stands."""
    fighting, drift = scenario.fighting, scenario.fighting.drift
    assert drift is not None  # `Case` refuses it
    bare = {"truce_down": {}, "truce_ratio": {}, "overdue_ratio": 1.0, "age_ratio": 1.0, "fragile": {}, "rules": {}}
    return scenario.model_copy(
        update={
            "rules": {},
            "interventions": {},
            "history": scenario.history.model_copy(update={"events": {}}),
            "agreement": scenario.agreement.model_copy(update={"level": "none"}),
            "fighting": fighting.model_copy(update={"ratios": {}, "drift": drift.model_copy(update=bare)}),
        }
    )


def drifting(fixed: Scenario) -> Scenario:
    """The scenario with a rule for each way of its regimes, at the rate of its drift; numbers must be plain."""
    drift = fixed.fighting.drift
    assert drift is not None
    events, rules = dict(fixed.events), dict(fixed.rules)
    for before, ways in drift.rates.items():
        for after, rate in ways.items():
            events[f"drift_to_{after}"] = EventType.model_validate({"effects": [{"regime": after}]})
            rule = {"event": f"drift_to_{after}", "when": {"regime": before}, "rate": rate}
            rules[f"drift_from_{before}_to_{after}"] = Rule.model_validate(rule)
    return fixed.model_copy(update={"events": events, "rules": rules})
