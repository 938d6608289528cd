from __future__ import annotations

import gc
import random
import subprocess
import sys
import weakref
from typing import Any

import numpy as np
import pytest

from sim.conflict import state as st
from sim.model import CeasefireModel, prepare, simulate
from sim.scenario import load
from tests.small import on_day, played, ready, rule, small

IDLIB = "idlib-2020-02-11"
STRIKE: dict[str, Any] = {
    "events": {
        "strike": {
            "rung": {"default": 4, "killed": 7},
            "marks": {"killed": [{"size": 2.0}]},
            "effects": [{"fire": True}, {"kill": "killed"}],
        }
    },
    "rules": {"strike": rule("strike", rate=0.5)},
    "quantities": {"mood": {"of": "actor", "initial": {"blue": 3.0, "hawks": 1.0}}, "rain": {"initial": 2.0}},
}


# --- what Mesa users expect -----------------------------------------------------------------------------------------


def test_a_step_is_a_day() -> None:
    model = CeasefireModel(small())
    assert (model.day, model.steps) == (0, 0)
    model.step()
    model.step()
    assert (model.day, model.steps, model.state[st.DAY]) == (2, 2, 2.0)


def test_there_is_one_agent_for_each_actor_and_none_for_factions() -> None:
    agents = list(played(1).agents)
    assert [(agent.name, agent.kind, agent.unique_id) for agent in agents] == [
        ("red", "state", 1),
        ("blue", "state", 2),
        ("band", "coalition", 3),
    ]


def test_the_idlib_model_has_its_five_agents() -> None:
    model = CeasefireModel(load(IDLIB), collect=False)
    assert [agent.name for agent in model.agents] == ["turkey", "russia", "syria", "iran", "rebels"]


def test_an_agent_lets_the_clocks_of_its_factions_ring_but_not_those_of_others() -> None:
    rules = {
        "a": rule(actor="hawks", target="red"),
        "b": rule(actor="doves", target="red"),
        "c": rule(),
        "d": rule(actor=None, target=None),
        "e": rule(actor="band", target="red", phase="reaction"),
    }
    model = played(0, rules=rules)
    bits = {name: (k // 4, k) for k, name in enumerate(model.names.rules)}  # `e` alone is asked in the reaction's block
    owned = {
        agent.name: [name for name, (block, k) in bits.items() if agent.rules.get(block, 0) >> (k - 4 * block) & 1]
        for agent in model.agents
    }
    assert owned == {"red": ["c"], "blue": [], "band": ["a", "b", "e"]}


def test_an_agent_is_asked_for_its_numbers() -> None:
    model = played(3, STRIKE)
    red, blue, band = model.agents
    assert (blue["mood"], band["mood"], band["restraint"]) == (3.0, 0.0, 0.5)
    assert red.soldiers_killed == 0.0
    assert blue.soldiers_killed == model.trajectory().row["deaths_blue"] > 0.0
    assert red.highest_rung == blue.highest_rung == model.highest_rung() >= 4.0
    assert band.highest_rung == 0.0


def test_the_model_is_asked_for_numbers_by_the_name_of_their_perception() -> None:
    model = played(3, STRIKE)
    assert (model.quantity("rain"), model.quantity("mood", of="hawks"), model.quantity("place.wood.value")) == (
        2.0,
        1.0,
        3.0,
    )
    assert model.quantity("rung.red.blue") == model.highest_rung()


def test_the_data_collector_has_a_row_for_each_day_and_for_each_agent_and_day() -> None:
    model = CeasefireModel(small(STRIKE))
    run = model.run()
    frame = model.datacollector.get_model_vars_dataframe()
    assert {name: list(frame[name]) for name in frame} == run.daily
    agents = model.datacollector.get_agent_vars_dataframe()
    assert list(agents.columns) == ["name", "soldiers_killed", "highest_rung", "mood"]
    assert len(agents) == 3 * 10
    assert set(agents[agents["name"] == "blue"]["mood"]) == {3.0}
    assert agents[agents["name"] == "blue"]["soldiers_killed"].iloc[-1] == run.row["deaths_blue"]


def test_collecting_and_explaining_change_nothing() -> None:
    plain = CeasefireModel(small(STRIKE), collect=False).run()
    assert CeasefireModel(small(STRIKE), explain=True).run() == plain


def test_running_goes_on_from_where_the_steps_have_come() -> None:
    model = CeasefireModel(small(STRIKE))
    model.step()
    assert model.run() == CeasefireModel(small(STRIKE)).run()


# --- Mesa's traps ---------------------------------------------------------------------------------------------------


def test_models_are_forgotten() -> None:
    prepared = ready(STRIKE)

    def one() -> weakref.ref[CeasefireModel]:
        model = CeasefireModel(prepared)
        model.step()
        return weakref.ref(model)

    references = [one() for _ in range(20)]
    gc.collect()
    assert [reference() for reference in references] == [None] * 20


@pytest.mark.parametrize("method", ["None", "'fork'"])
def test_importing_the_model_leaves_the_start_method_of_processes_alone(method: str) -> None:
    code = (
        "import multiprocessing as m, sys\n"
        f"m.set_start_method({method}) if {method} else None\n"
        "import sim.model\n"
        f"sys.exit(m.get_start_method(allow_none=True) != {method})"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_global_generators_are_left_alone() -> None:
    draws = []
    for lives in (False, True):
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002  # the old global generator is what must stay untouched
        if lives:
            CeasefireModel(small(STRIKE)).run()
        draws.append((random.random(), np.random.random()))  # noqa: NPY002  # as above
    assert draws[0] == draws[1]


def test_the_order_of_agents_changes_nothing() -> None:
    rules = {
        f"{a}_{k}": rule("strike", a, b, rate=1.0)
        for k in range(3)
        for a, b in (("red", "blue"), ("blue", "red"), ("hawks", "red"))
    }
    scenario = small(STRIKE, rules=rules)
    plain, turned = CeasefireModel(scenario, trial=4), CeasefireModel(scenario, trial=4)
    turned._agents_by_type.clear()
    turned._all_agents = type(turned.agents)(list(reversed(list(turned.agents))), random=turned.random)
    assert [agent.name for agent in turned.agents] == ["band", "blue", "red"]
    assert turned.run() == plain.run()


# --- explained ------------------------------------------------------------------------------------------------------


def test_an_explained_event_names_the_factors_of_its_hazard() -> None:
    ratios = {"rain": 3.0, "target.mood": 0.5}
    model = CeasefireModel(small(STRIKE, rules={"strike": rule("strike", rate=0.5, ratios=ratios)}), explain=True)
    model.run()
    event = next(event for event in model.events() if event.event == "strike")
    assert {f.perception: (f.value, f.ratio) for f in event.factors} == {
        "rain": (2.0, 9.0),
        "target.mood": (3.0, 0.125),
    }
    assert event.hazard == pytest.approx(0.5 * 9.0 * 0.125)


def test_factors_are_those_of_the_item() -> None:
    each = rule(for_each="place", rate=5.0, ratios={"value": 2.0})
    model = CeasefireModel(small(rules={"note": each}), explain=True)
    model.run()
    values = {(event.place, event.factors[0].value) for event in model.events() if event.event == "note"}
    assert values == {("field", 1.0), ("wood", 3.0)}


def test_every_event_of_a_rule_is_explained_to_the_product() -> None:
    """Rate times factors is the hazard, for every event of some trials of the Idlib model."""
    ready_ = prepare(load(IDLIB))
    for trial in range(3):
        model = CeasefireModel(ready_, trial=trial, collect=False, explain=True)
        model.run()
        for event in model.events():
            if event.rule in model.names.rules:
                hazard = model.tables.pace[model.names.rules.index(event.rule)]
                for factor in event.factors:
                    hazard *= factor.ratio
                assert event.hazard == pytest.approx(hazard), event


# --- many trials ----------------------------------------------------------------------------------------------------


def test_simulate_gives_the_trials_asked_for_with_the_events_asked_for() -> None:
    runs = list(simulate(small(STRIKE), 0, 0, [4, 2, 9], keep_events=[2]))
    assert [(run.row["set"], run.row["trial"], bool(run.events)) for run in runs] == [
        (0, 4, False),
        (0, 2, True),
        (0, 9, False),
    ]
    assert runs[1] == CeasefireModel(small(STRIKE), trial=2).run()


def test_a_trial_that_fails_is_a_row_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    live = CeasefireModel.run

    def run(model: CeasefireModel) -> Any:
        if model.trial == 1:
            raise ZeroDivisionError("no luck left")
        return live(model)

    monkeypatch.setattr(CeasefireModel, "run", run)
    rows = [t.row for t in simulate(small(STRIKE), 0, 0, range(3))]
    assert [row["error"] for row in rows] == [None, "ZeroDivisionError: no luck left", None]
    assert (rows[1]["trial"], rows[1]["worst_level"], list(rows[1])) == (1, None, list(rows[0]))


def test_a_parameter_set_fixes_the_numbers() -> None:
    rate = {"dist": "uniform", "low": 0.0, "high": 1.0}
    one = small(rules={"note": rule(rate=rate)})
    assert prepare(one).compiled.tables.pace == [0.5]
    many = small(rules={"note": rule(rate=rate)}, ensemble={"sets": 4})
    paces = [prepare(many, set_index=k).compiled.tables.pace[0] for k in range(4)]
    assert len(set(paces)) == 4
    assert all(0.0 < pace < 1.0 for pace in paces)
    assert prepare(many, set_index=2).compiled.tables.pace[0] == paces[2]
    assert prepare(many, seed=1, set_index=2).compiled.tables.pace[0] != paces[2]


def test_the_scenarios_own_seed_is_used_unless_another_is_given() -> None:
    with_seed = small(STRIKE, ensemble={"seed": 9})
    assert CeasefireModel(with_seed).run() == CeasefireModel(small(STRIKE), seed=9).run()
    assert CeasefireModel(with_seed, seed=0).run() == CeasefireModel(small(STRIKE)).run()
    assert CeasefireModel(with_seed).run() != CeasefireModel(small(STRIKE)).run()


def test_a_long_busy_trial_has_room_in_its_log() -> None:
    rules = {f"r{k}": rule(for_each="post") for k in range(60)}
    model = CeasefireModel(small(rules=rules))
    model.run()
    assert len(model.events()) == 10 * (120 + 1)
    assert [event.day for event in model.events() if event.event == "fighting"] == list(range(1, 11))


def test_what_is_due_is_seen_in_the_daily_series() -> None:
    run = played(3, interventions={"act": on_day(2, effects=[{"truce": "leader"}])}).trajectory()
    assert run.daily["truce"] == [0.0, 2.0, 2.0]
