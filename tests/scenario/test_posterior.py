"""Posteriors: rows stay joint and are all used, one set has medians, later files win, errors say where."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ensemble.engines import find_engine
from sim.ensemble.evidence import grades, input_differences
from sim.errors import InputError, ScenarioError
from sim.scenario.auditing import basis_of, missing_bases
from sim.scenario.loading import load
from sim.scenario.numbers import fix, uncertain, values_of_set
from sim.scenario.posterior import Estimate, Marginal, Posterior, read, write
from sim.scenario.schema import Scenario
from sim.scenario.writing import digest, to_yaml
from tests import needs
from tests.scenario.conftest import SMALL

MEAN, RATE, LETHAL = "fighting.regimes.war.mean", "rules.assault.rate", "parameters.lethal.value"
MADE = {"command": "ceasefire calibrate", "version": "1", "seed": 3, "span": {"from": "2016-01-01", "to": "2020-02-10"}}


def posterior(rows: int = 40) -> Posterior:
    """Two columns that are bound to each other: the mean is a hundred times the probability."""
    lethal = np.linspace(0.1, 0.5, rows)
    estimates = (Estimate(MEAN, "likelihood", "40 weeks"), Estimate(LETHAL, "conjugate", "3 of 9"))
    return Posterior("An invented one.", MADE, estimates, np.column_stack([100 * lethal, lethal]))


def folder(tmp_path: Path, text: str | None = None, more: str = "") -> Path:
    """A scenario that extends the small one and names a posterior."""
    (tmp_path / "base.yaml").write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "posteriors").mkdir()
    (tmp_path / "posteriors" / "p.yaml").write_text(text or write(posterior()), encoding="utf-8")
    path = tmp_path / "scenario.yaml"
    path.write_text(f"extends: base.yaml\nposterior: posteriors/p.yaml\n{more}", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("named"))


@pytest.fixture(scope="module")
def scenario(named: Path) -> Scenario:
    return load(named)


def test_a_base_finds_its_posterior_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    base = folder(tmp_path / "model")
    own = tmp_path / "own.yaml"
    own.write_text("extends: model/scenario.yaml\nname: own\n", encoding="utf-8")
    found = load(own).posterior
    assert found is not None and found == load(base).posterior


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_posterior_is_read_as_it_was_written() -> None:
    made = Posterior(
        "x", MADE, (Estimate("a.b", "abc", "P1"), Estimate("c", "prior", "-")), np.array([[1e-9, 123456.7]])
    )
    again = read(write(made))
    assert (again.about, again.made, again.estimates) == (made.about, made.made, made.estimates)
    assert again.row(0) == {"a.b": 1e-9, "c": 123460.0}, "to five significant digits"
    assert read(write(again)) == again == pickle.loads(pickle.dumps(again))
    assert again != made and again.digest != made.digest


def test_rows_may_be_lists_and_a_column_alone_may_be_plain() -> None:
    head = "about: x\nmade: {}\nestimates: [{path: a, how: prior, evidence: none}]\nrows: "
    assert read(head + "[[1], [2.5]]").column("a").tolist() == [1.0, 2.5]
    assert read(head + "\n  - 1\n  - 2.5\n").column("a").tolist() == [1.0, 2.5]


def test_parts_by_path() -> None:
    made = posterior()
    assert made.row(0) == pytest.approx({MEAN: 10.0, LETHAL: 0.1})
    assert made.column(LETHAL)[-1] == 0.5
    assert made.estimate(LETHAL).grade == "coded"
    assert made.span == "2016-01-01 to 2020-02-10"
    with pytest.raises(InputError, match=r"no column parameters\.leathal\.value; did you mean `parameters\.lethal"):
        made.column("parameters.leathal.value")


@pytest.mark.parametrize("rows", [np.zeros((0, 2)), np.zeros(2), np.zeros((3, 1)), np.array([[1.0, np.nan]])])
def test_rows_fit_the_columns(rows: np.ndarray) -> None:
    with pytest.raises(InputError, match="rows"):
        Posterior("", {}, (Estimate("a", "abc", ""), Estimate("b", "abc", "")), rows)


def test_one_that_no_reader_would_take_is_not_written() -> None:
    with pytest.raises(InputError, match="200,000 numbers is too large for a file"):
        write(Posterior("", {}, (Estimate("a", "abc", ""),), np.full((200_000, 1), 0.12345)))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0, 1))
def test_marginals_are_laws(values: list[float], u: float) -> None:
    law = Marginal(tuple(sorted(values)))
    assert law.support() == (min(values), max(values))
    assert law.ppf(u) == pytest.approx(np.quantile(values, u), rel=1e-9, abs=1e-6)


# --- parameter sets --------------------------------------------------------------------------------------------------


@given(index=st.integers(0, 1000), seed=st.integers(0, 2**64 - 1), rows=st.integers(1, 50))
def test_rows_stay_together(index: int, seed: int, rows: int) -> None:
    drawn = posterior(rows).of_set(index, seed)
    assert drawn[MEAN] == pytest.approx(100 * drawn[LETHAL])


@given(turns=st.integers(1, 4), rows=st.integers(1, 40), seed=st.integers(0, 2**64 - 1))
def test_every_row_is_used_once_before_any_is_used_twice(turns: int, rows: int, seed: int) -> None:
    made = posterior(rows)
    used = Counter(made.of_set(index, seed)[LETHAL] for index in range(turns * rows))
    assert set(used.values()) == {turns} and len(used) == rows


def test_turns_and_seeds_have_orders_of_their_own() -> None:
    made = posterior()
    orders = {tuple(made.of_set(t * 40 + k, seed)[LETHAL] for k in range(40)) for t in range(3) for seed in range(3)}
    assert len(orders) == 9


def test_other_numbers_are_as_without_it(scenario: Scenario, small: Scenario) -> None:
    for index in (0, 7, 99):
        with_it, without = values_of_set(scenario, index, 5), values_of_set(small, index, 5)
        assert with_it[RATE] == without[RATE]
        assert with_it == {**without, **read(write(posterior())).of_set(index, 5)}


def test_one_set_has_the_medians_of_the_columns(scenario: Scenario, small: Scenario) -> None:
    fixed = fix(scenario)
    assert fixed.fighting.regimes["war"].mean == pytest.approx(30.0)
    assert fixed.parameters["lethal"].value == pytest.approx(0.3)
    assert fixed.rules["assault"].rate == fix(small).rules["assault"].rate
    assert uncertain(fixed) == {}
    assert uncertain(scenario)[MEAN].support() == (10.0, 50.0)


@needs.numba
@pytest.mark.parametrize("sets", [1, 3])
def test_engines_agree(named: Path, sets: int) -> None:
    scenario = load(named, {"ensemble.sets": str(sets)})
    rows = [[t.row for t in find_engine(name)(scenario, 4, sets - 1, range(3))] for name in ("mesa", "batch")]
    assert rows[0] == rows[1]


# --- which file wins -------------------------------------------------------------------------------------------------


def columns(scenario: Scenario) -> set[str]:
    return set(scenario.posterior.paths) if scenario.posterior is not None else set()


@pytest.mark.parametrize("value", ["0.2", "{dist: uniform, low: 0.1, high: 0.2}", "$other"])
def test_what_is_set_wins(named: Path, value: str) -> None:
    changed = load(named, {"parameters.other": "{value: 0.4, basis: {assumed: [diary]}}", MEAN: value})
    assert columns(changed) == {LETHAL}


def test_what_a_later_file_writes_or_deletes_wins(named: Path) -> None:
    child = named.with_name("child.yaml")
    child.write_text("extends: scenario.yaml\nparameters: {lethal: {value: {dist: beta, a: 1, b: 1}}}\n", "utf-8")
    assert columns(load(child)) == {MEAN}
    child.write_text("extends: scenario.yaml\nrules: {assault: {rate: 0.1}}\n", "utf-8")
    assert columns(load(child)) == {MEAN, LETHAL}
    assert columns(load(named, layers=[named.with_name("layer.yaml")] if _layer(named) else [])) == {LETHAL}


def _layer(named: Path) -> bool:
    return bool(named.with_name("layer.yaml").write_text("fighting: {regimes: {war: {mean: 31}}}\n", encoding="utf-8"))


def test_it_stands_above_the_file_that_names_it(tmp_path: Path) -> None:
    more = "parameters: {lethal: {value: {dist: uniform, low: 0, high: 1}}}\n"
    assert columns(load(folder(tmp_path, more=more))) == {MEAN, LETHAL}


def test_a_child_may_name_another_or_none(named: Path, small: Scenario) -> None:
    child = named.with_name("other.yaml")
    named.with_name("q.yaml").write_text(write(posterior(3)), encoding="utf-8")
    child.write_text("extends: scenario.yaml\nposterior: q.yaml\n", encoding="utf-8")
    assert len(load(child).posterior or ()) == 3
    child.write_text("extends: scenario.yaml\nposterior: null\n", encoding="utf-8")
    assert load(child) == load(named, {"posterior": "null"}) == small


def test_it_may_be_named_on_the_command_line(named: Path, scenario: Scenario) -> None:
    base = named.with_name("base.yaml")
    assert load(base, {"posterior": "posteriors/p.yaml"}) == scenario
    after = load(base, {MEAN: "{dist: uniform, low: 1, high: 2}", "posterior": "posteriors/p.yaml"})
    assert columns(after) == {LETHAL}, "a number that is set wins, in whatever order"
    with pytest.raises(ScenarioError, match="posterior is replaced whole"):
        load(named, {"posterior.rows": "[]"})


def test_the_resolved_scenario_needs_no_file(scenario: Scenario, small: Scenario, tmp_path: Path) -> None:
    path = tmp_path / "resolved.yaml"
    path.write_text(to_yaml(scenario), encoding="utf-8")
    again = load(path)
    assert again == scenario and digest(again) == digest(scenario) != digest(small)
    assert columns(load(path, {MEAN: "20"})) == {LETHAL}


def test_another_row_is_another_scenario(named: Path, scenario: Scenario) -> None:
    named.with_name("r.yaml").write_text(write(posterior(41)), encoding="utf-8")
    assert digest(load(named, {"posterior": "r.yaml"})) != digest(scenario)


# --- grades of evidence ----------------------------------------------------------------------------------------------


def test_columns_have_grades_of_their_own(scenario: Scenario, small: Scenario, tmp_path: Path) -> None:
    assert grades(small) == {MEAN: "assumed", RATE: "assumed", LETHAL: "assumed"}
    assert grades(scenario) == {MEAN: "fitted", RATE: "assumed", LETHAL: "coded"}
    basis = basis_of(scenario, ("parameters", "lethal", "value"))
    assert basis is not None
    assert (basis.coded, basis.span, basis.note) == (["posterior"], "2016-01-01 to 2020-02-10", "3 of 9")
    kept = load(folder(tmp_path, write(posterior()).replace("how: conjugate", "how: prior")))
    assert grades(kept)[LETHAL] == "assumed", "the prior was kept, and with it its basis"
    assert [it.key for it in missing_bases(scenario)] == [it.key for it in missing_bases(small)]


def test_a_comparison_tells_it_in_a_line(scenario: Scenario, small: Scenario) -> None:
    rows = [row for row in input_differences({"a": small, "b": scenario}) if row["key"] == "posterior"]
    assert [(row["a"], row["b"][:22]) for row in rows] == [
        ("-", "2 numbers, 40 rows, " + read(write(posterior())).digest[:2])
    ]


# --- errors ----------------------------------------------------------------------------------------------------------

TEXT = """\
about: An invented one.
made: {seed: 3}
estimates:
  - {path: parameters.lethal.value, how: conjugate, evidence: 3 of 9}
  - {path: fighting.regimes.war.mean, how: abc, evidence: P1}
rows:
  - 0.2 20
  - [0.3, 30]
"""


def test_the_text_for_errors_has_none(tmp_path: Path) -> None:
    assert columns(load(folder(tmp_path, TEXT))) == {MEAN, LETHAL}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("parameters.lethal.value", "parameters.leathal.value",
         "p.yaml:4:12: estimates.0.path: the scenario has no parameters.leathal.value; did you mean `parameters.l"),
        ("fighting.regimes.war.mean", "fighting.regimes.war.size",
         "p.yaml:5:12: estimates.1.path: fighting.regimes.war.size is no distribution in the scenario; write one"),
        ("0.2 20", "0.2", "p.yaml:7:5: rows.0: has 1 numbers; allowed: 2, one for each of `estimates`"),
        ("[0.3, 30]", "[0.3, 30, 1]", "p.yaml:8:5: rows.1: has 3 numbers; allowed: 2"),
        ("0.2 20", "0.2 inf", "p.yaml:7:5: rows.0: inf is not a finite number"),
        ("[0.3, 30]", "[0.3, true]", "p.yaml:8:5: rows.1: True is not a finite number"),
        ("0.2 20", "0.2 x", "p.yaml:7:5: rows.0: x is not a finite number"),
        ("how: abc", "how: acb", "how: acb is unknown; allowed: likelihood, abc, conjugate, prior, assumed; did"),
        ("fighting.regimes.war.mean", "parameters.lethal.value", "estimates.1.path: parameters.lethal.value has a"),
        (", evidence: P1", "", "p.yaml:5:5: estimates.1.evidence: is missing"),
        ("evidence: P1", "evidence: 1", "estimates.1.evidence: is not text; put it in quotes"),
        ("made: {seed: 3}", "made: by hand", "p.yaml:2:7: made: is not a map"),
        ("about: An invented one.\n", "", "about: is missing"),
        ("rows:\n  - 0.2 20\n  - [0.3, 30]\n", "rows: []\n", "rows: is not a list with at least one entry"),
        ("about:", "abuot:", "p.yaml:1:1: abuot: unknown key; allowed: about, made, estimates, rows; did you"),
        ("0.2 20", "1.2 20",
         "posterior: a column gives events.strike.marks.killed.1.probability: $lethal reaches 1.2; allowed: 0 to 1"),
        ("0.2 20", "0.2 -3", "posterior: a column gives fighting.regimes.war.mean: "),
    ],
)  # fmt: skip
def test_errors(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ScenarioError) as caught:
        load(folder(tmp_path, TEXT.replace(old, new)))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("posterior: posteriors/q.yaml", "posterior: there is no file posteriors/q.yaml; did you mean `p.yaml`?"),
        ("posterior: ../../p.yaml", "lies outside the folder"),
        ("posterior: 3", "posterior: is not a map of about, made, estimates, rows"),
        ("posterior: builtin:nothing", "nothing is shipped as `builtin:nothing`"),
        ("posterior: {about: x}", "posterior.made: is not a map"),
    ],
)
def test_wrong_names(tmp_path: Path, line: str, message: str) -> None:
    path = folder(tmp_path)
    path.write_text(f"extends: base.yaml\n{line}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert message in str(caught.value)


def test_a_lone_file_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.yaml")
    (tmp_path / "one.yaml").write_text("rows: 3\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"one\.yaml:1:1: about: is missing"):
        read(tmp_path / "one.yaml")
