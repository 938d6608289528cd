from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario.auditing import loose_ends, missing_bases
from sim.scenario.loading import load
from sim.scenario.schema import Scenario
from tests.scenario.conftest import SMALL


def changed(tmp_path: Path, text: str, old: str, new: str) -> Scenario:
    """The small scenario with one passage changed."""
    assert old in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load(path)


def test_what_lacks_a_basis_in_the_small_scenario(small: Scenario) -> None:
    assert [problem.key for problem in missing_bases(small)] == ["places.hill", "outcomes.peace"]
    assert missing_bases(small)[0].file == str(SMALL)
    assert missing_bases(small)[0].line == 25


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("restraint: 0.4, basis: {assumed: [diary]}}", "restraint: 0.4}", "relations.sponsor"),
        ("    basis: {coded: [diary], n: 2}\n", "", "rules.answer"),
        (", high: 10, basis: {assumed: [diary]}}", ", high: 10}", "quantities.pressure"),
        ("b: 8}, basis: {assumed: [diary]}}", "b: 8}}", "parameters.lethal"),
        ("    basis: {coded: [diary], n: 4}\n", "", "events.strike.marks.killed.0"),
        ("  rate: 0.1\n", "  rate: {dist: uniform, low: 0.1, high: 0.2}\n", None),
        ("at_least: 100, backdate_to: 10, basis: {assumed: [diary]}}", "at_least: 100}", "outcomes.collapse"),
    ],
)
def test_each_basis_counts(tmp_path: Path, text: str, old: str, new: str, key: str | None) -> None:
    keys = {problem.key for problem in missing_bases(changed(tmp_path, text, old, new))}
    assert keys - {"places.hill", "outcomes.peace"} >= ({key} if key else set())
    assert key in keys or key is None


def test_a_scenario_made_in_python_has_no_file(small: Scenario) -> None:
    copy = small.model_copy()
    assert {problem.file for problem in missing_bases(copy)} == {"small"}


def test_nothing_hangs_loose_in_the_small_scenario(small: Scenario) -> None:
    assert loose_ends(small) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("parameters:\n", "parameters:\n  idle: {value: 1}\n", "parameters.idle: is never named as `$idle`"),
        ("quantities:\n", "quantities:\n  idle: {}\n", "quantities.idle: is never read"),
        ("      - {add: trust, by: -0.1}\n", "", "quantities.trust: is read, but never written and never varied"),
    ],
)
def test_loose_ends(tmp_path: Path, text: str, old: str, new: str, message: str) -> None:
    found = [str(problem) for problem in loose_ends(changed(tmp_path, text, old, new))]
    assert any(problem.endswith(message) for problem in found), found
