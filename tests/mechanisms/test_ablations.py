"""Every mechanism of the article moves an outcome, the way one expects, and can be seen in a trial told day by day."""

from __future__ import annotations

import pytest

pytest.importorskip("numba", reason="hundreds of trials a row need the compiled engine")

from sim.scenario import load
from sim.telling import sentence, tell
from tests.mechanisms.page import MEASURED, PAGE, line, page
from tests.mechanisms.running import ALPHA, Paired, measure, scenario_of, told_trials
from tests.mechanisms.table import SENTENCES, TABLE, Mechanism

NAMES = [row.name for row in TABLE]
LOOKED_AT = 400  # trials searched for one that tells of the mechanism, forty at a time

each_mechanism = pytest.mark.parametrize("row", TABLE, ids=NAMES)


@each_mechanism
@pytest.mark.statistical
def test_without_it_the_outcome_moves(row: Mechanism) -> None:
    """False-alarm rate 0.001 for each row, by exact sign test (shares) or paired z (amounts)."""
    found = measure(row)
    assert found.p_value < ALPHA, f"{row.outcome} should have moved otherwise: {found}"
    assert within_the_page(row, found), f"{PAGE.name} is out of date: {found}; run `python -m tests.mechanisms.page`"


def within_the_page(row: Mechanism, found: Paired) -> bool:
    """Whether the page's interval has the difference measured now (other platforms may differ in the last bits)."""
    [written] = [text for text in PAGE.read_text(encoding="utf-8").splitlines() if text.startswith(f"| {row.name} |")]
    told = MEASURED.search(written)
    return told is not None and float(told["low"]) <= found.difference <= float(told["high"])


@each_mechanism
@pytest.mark.statistical
def test_a_trial_told_day_by_day_shows_it(row: Mechanism) -> None:
    scenario = scenario_of(row)
    for start in range(0, LOOKED_AT, 40):
        for trial in told_trials(scenario, range(start, start + 40)):
            seen = [event for event in trial.events if event.event == row.event and not event.void]
            if seen:
                told = list(tell(scenario, trial, why=True))
                assert any(sentence(scenario, seen[0]) in text for text in told)
                assert seen[0].rule == "intervention" or any(f"rule {seen[0].rule} " in text for text in told)
                return
    pytest.fail(f"{row.event} happens in none of {LOOKED_AT} trials")


def test_the_page_is_the_table() -> None:
    """All but the measured numbers, which each row's own test compares."""
    written = MEASURED.sub("NUMBERS", PAGE.read_text(encoding="utf-8"))
    assert written == page(lambda row: "NUMBERS"), "run `python -m tests.mechanisms.page`"


def test_a_row_without_numbers_would_be_seen() -> None:
    assert not MEASURED.search(line(TABLE[0], "none"))


@each_mechanism
def test_both_runs_of_a_row_differ_and_are_told_apart(row: Mechanism) -> None:
    assert row.without or row.changes
    assert scenario_of(row) != scenario_of(row, off=True)
    assert row.event in scenario_of(row).events
    assert set(row.anchor.split(", ")) <= set(SENTENCES)


def test_names_are_told_once() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.statistical
def test_a_mechanism_that_does_nothing_is_found_out() -> None:
    """The comparison's own negative test: a rule that cannot act moves no trial at all."""
    idle = Mechanism("idle", "A1", "comply", "idlib-2020-02-11", "already complied", "direct_war", "falls",
                     without=("comply",), variant={"horizon_days": "20"}, trials=50)  # fmt: skip
    found = measure(idle)
    assert found.difference == 0.0
    assert found.p_value == 1.0
    assert load("idlib-2020-02-11").agreement.terms["heavy_weapons"].met
