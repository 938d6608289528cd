from __future__ import annotations

from pathlib import Path

import pytest

from sim.ensemble.evidence import grades, headline, input_differences, known_outcome
from sim.errors import InputError
from sim.scenario import load
from tests.ensemble.fake import SCENARIO
from tests.ensemble.studied import X1, X2, X3, fence

CHANGED = """extends: fence.yaml
name: other
about: Another text.
horizon_days: 6
fighting: {regimes: {quiet: {mean: {dist: uniform, low: 0.5, high: 2}}}}
rules:
  raid: {rate: 0.3, about: Reworded.}
  patrol: {enabled: false}
  second: {actor: south, target: north, event: raid, rate: 0.2, basis: {coded: [tests], n: 2}}
interventions:
  truce: {on: 2021-03-02, event: patrol, actor: north, target: south}
outcomes:
  broken: {at_least: 2}
"""


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, dict[str, str]]:
    (tmp_path / "fence.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "other.yaml").write_text(CHANGED, encoding="utf-8")
    found = input_differences({"A": load(tmp_path / "fence.yaml"), "B": load(tmp_path / "other.yaml")})
    return {row["key"]: row for row in found}


def test_each_key_that_differs_has_both_values_and_its_kind(rows: dict[str, dict[str, str]]) -> None:
    said = {key: (row["kind"], row["A"], row["B"]) for key, row in rows.items() if key not in ("rules.second", TRUCE)}
    assert said == {
        "horizon_days": ("value changed", "5", "6"),
        "fighting.regimes.quiet.mean": ("value changed", "1.0", "{dist: uniform, low: 0.5, high: 2.0}"),
        "rules.raid.rate": ("rule re-rated", "0.1", "0.3"),
        "rules.patrol.enabled": ("rule off", "true", "false"),
        "outcomes.broken.at_least": ("outcome changed", "1.0", "2.0"),
    }


TRUCE = "interventions.truce"


def test_what_only_one_has_is_one_row_without_its_empty_keys(rows: dict[str, dict[str, str]]) -> None:
    assert (rows["rules.second"]["kind"], rows["rules.second"]["A"]) == ("rule added", "-")
    assert rows["rules.second"]["B"].startswith("{actor: south, target: north, event: raid,")
    assert (rows[TRUCE]["kind"], rows[TRUCE]["A"]) == ("intervention added", "-")
    assert "effects" not in rows[TRUCE]["B"] and "about" not in rows[TRUCE]["B"]


def test_each_row_has_the_weakest_grade_of_evidence(rows: dict[str, dict[str, str]]) -> None:
    assert rows["rules.raid.rate"]["basis"] == "assumed"
    assert rows["rules.second"]["basis"] == "coded"
    assert rows["horizon_days"]["basis"] == ""


def test_seen_from_the_other_side_it_is_removed(tmp_path: Path) -> None:
    (tmp_path / "fence.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "other.yaml").write_text(CHANGED, encoding="utf-8")
    sides = {"B": load(tmp_path / "other.yaml"), "A": load(tmp_path / "fence.yaml")}
    kinds = {row["key"]: row["kind"] for row in input_differences(sides)}
    assert (kinds["rules.second"], kinds["rules.patrol.enabled"]) == ("rule removed", "rule on")


def test_every_uncertain_number_has_the_grade_of_its_basis(tmp_path: Path) -> None:
    assert grades(fence(tmp_path)) == {X1: "assumed", X2: "coded", X3: ""}


def test_the_nearest_basis_counts(tmp_path: Path) -> None:
    law = "{mean: {dist: uniform, low: 1, high: 2}, size: 1"
    text = SCENARIO.replace("  between: [north, south]", "  between: [north, south]\n  basis: {assumed: [tests]}")
    text = text.replace("quiet: {mean: 1, size: 1}", f"quiet: {law}, basis: {{coded: [tests]}}}}")
    (tmp_path / "fence.yaml").write_text(text.replace("offensive: {mean: 20, size: 1}", f"offensive: {law}}}"))
    found = grades(load(tmp_path / "fence.yaml"))
    assert found == {"fighting.regimes.quiet.mean": "coded", "fighting.regimes.offensive.mean": "assumed"}


def test_outcomes_are_known_by_name(tmp_path: Path) -> None:
    scenario = fence(tmp_path)
    assert headline(scenario) == "broken" == known_outcome("broken", scenario.outcomes)
    with pytest.raises(InputError, match="there is no `peace`; allowed: broken, calm"):
        known_outcome("peace", scenario.outcomes)
