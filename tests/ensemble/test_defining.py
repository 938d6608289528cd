"""Other readings of an outcome: which definitions they make, and that each is what a scenario declared so would say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.ensemble import run
from sim.ensemble.defining import DECLARED, definitions, with_definitions
from sim.ensemble.designs import Study
from sim.ensemble.exploring import Question
from sim.errors import InputError
from sim.scenario import load, to_yaml
from sim.scenario.schema import Outcome, Scenario
from tests.ensemble.fake import SCENARIO

OUTCOMES = """outcomes:
  raids:
    about: two raids
    count: event.raid
    window_days: 3
    at_least: 2
    also: [{at_least: 1}, {at_least: 3, window_days: 5}]
  patrols: {count: event.patrol, at_least: 2, also: [{count: event.patrol.south}, {at_least: 1}]}
  lull: {not: raids, before: raids}
  broken: {any: [raids, {all: [patrols, {count: deaths, at_least: 60}]}], before: peace, headline: true}
  peace: {count: event.patrol, at_least: 4, also: [{at_least: 3}]}
sources"""


@pytest.fixture(scope="module")
def fence(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    head, rest = SCENARIO.split("outcomes:")
    file = tmp_path_factory.mktemp("scenarios") / "fence.yaml"
    text = head.replace("rate: 0.1", "rate: 0.5") + OUTCOMES + rest.split("sources")[1]
    file.write_text(text, encoding="utf-8")
    return load(file)


def test_the_readings_of_all_leaves_below_are_crossed(fence: Scenario) -> None:
    _, found = with_definitions(fence)
    assert len(found) == 3 * 3 * 2
    assert (found[0].label, found[0].outcome, found[0].declared) == (DECLARED, "broken", True)
    assert not any(definition.declared for definition in found[1:])
    assert len({definition.label for definition in found}) == len(found)
    assert "raids, event.raid: at_least 3, window_days 5; peace, event.patrol: at_least 3" in [it.label for it in found]


def test_another_outcome_has_only_its_own(fence: Scenario) -> None:
    widened, found = with_definitions(fence, "lull")
    assert [definition.label for definition in found] == [
        DECLARED, "raids, event.raid: at_least 1", "raids, event.raid: at_least 3, window_days 5",
    ]  # fmt: skip
    assert set(widened.outcomes) - set(fence.outcomes) == {"lull_as_1", "raids_as_1", "lull_as_2", "raids_as_2"}
    assert (widened.outcomes["lull_as_1"].negate, widened.outcomes["lull_as_1"].before) == ("raids_as_1", "raids_as_1")
    assert widened.outcomes["raids_as_2"].window_days == 5


def test_only_what_changes_is_defined_anew(fence: Scenario) -> None:
    widened, found = with_definitions(fence)
    [peace] = [it.outcome for it in found if it.label == "peace, event.patrol: at_least 3"]
    assert widened.outcomes[peace].before == peace.replace("broken", "peace")
    assert widened.outcomes[peace].any == fence.outcomes["broken"].any
    assert [name for name, outcome in widened.outcomes.items() if outcome.headline] == ["broken"]


def test_the_widened_scenario_is_a_scenario(fence: Scenario, tmp_path: Path) -> None:
    widened, _ = with_definitions(fence)
    (tmp_path / "widened.yaml").write_text(to_yaml(widened), encoding="utf-8")
    assert load(tmp_path / "widened.yaml") == widened


def trials_of(scenario: Scenario, out: Path) -> pd.DataFrame:
    return run(scenario, trials=30, sets=1, out=out, workers=1, engine="mesa", progress=False).trials


def test_trials_are_those_of_the_declared_scenario(fence: Scenario, tmp_path: Path) -> None:
    plain = trials_of(fence, tmp_path / "plain")
    widened, _ = with_definitions(fence)
    pd.testing.assert_frame_equal(trials_of(widened, tmp_path / "wide")[list(plain)], plain)


def test_each_definition_says_what_a_scenario_declared_so_says(fence: Scenario, tmp_path: Path) -> None:
    widened, found = with_definitions(fence)
    [asked] = [it for it in found if it.label == "raids, event.raid: at_least 1; peace, event.patrol: at_least 3"]
    file = tmp_path / "fence.yaml"
    file.write_text(to_yaml(fence), encoding="utf-8")
    declared = load(file, {"outcomes.raids.at_least": "1", "outcomes.peace.at_least": "3"})
    wide, other = trials_of(widened, tmp_path / "wide"), trials_of(declared, tmp_path / "other")
    pd.testing.assert_series_equal(wide[f"{asked.outcome}_day"], other["broken_day"], check_names=False)
    assert other["broken_day"].count() > wide["broken_day"].count() > 0


def test_the_study_is_stored_and_goes_on(fence: Scenario, tmp_path: Path) -> None:
    question = Question.of(fence, day=4, engine="mesa", workers=1, progress=False)
    study = definitions(question, sets=2, trials=10, out=tmp_path / "study")
    table = study["definitions"]
    assert (study.kind, len(table), table["declared"].sum()) == ("definitions", 18, 1)
    assert table.loc[table["declared"], "difference"].tolist() == [0]
    assert table["difference"].abs().max() > 0
    kept = Study.open(tmp_path / "study")
    pd.testing.assert_frame_equal(kept["definitions"], table)
    again = definitions(question, sets=2, trials=10, out=tmp_path / "study", resume=True)
    pd.testing.assert_frame_equal(again["definitions"], table)
    with pytest.raises(InputError, match="holds another study"):
        definitions(question, sets=2, trials=11, out=tmp_path / "study", resume=True)


def test_a_study_of_what_has_no_other_readings_writes_nothing(fence: Scenario, tmp_path: Path) -> None:
    question = Question.of(fence.model_copy(update={"outcomes": {"broken": _plain(fence)}}), progress=False)
    with pytest.raises(InputError, match="no other reading is named"):
        definitions(question, out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def _plain(fence: Scenario) -> Outcome:
    return Outcome(count="event.raid", at_least=1, headline=fence.outcomes["broken"].headline)


def test_what_cannot_be_asked(fence: Scenario) -> None:
    with pytest.raises(InputError, match="no outcome `brokn`.*did you mean `broken`"):
        with_definitions(fence, "brokn")
    with pytest.raises(InputError, match="no other reading is named; add `also:"):
        with_definitions(fence.model_copy(update={"outcomes": {"broken": _plain(fence)}}))


def test_too_many_definitions_are_refused(fence: Scenario) -> None:
    raids = fence.outcomes["raids"]
    many = raids.model_copy(update={"also": raids.also * 60})
    with pytest.raises(InputError, match="definitions are too many; allowed are 200"):
        with_definitions(fence.model_copy(update={"outcomes": {**fence.outcomes, "raids": many}}))
