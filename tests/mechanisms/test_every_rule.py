"""Every rule of the Idlib model can be switched off by name, and every one rings in some shipped scenario."""

from __future__ import annotations

from functools import lru_cache

import pytest

from sim.errors import ScenarioError
from sim.scenario import load, loose_ends

SHIPPED = (
    "idlib-2020-02-11", "no-blocking-posts", "moscow-2020-03-06", "sochi-2018-09-17", "idlib-2019-08-31",
    "idlib-2019-08-01", "idlib-2020-01-12", "leader-deal-early", "air-support-off",
)  # fmt: skip
TRIALS = 240
RULES = tuple(load(SHIPPED[0]).rules)
RARE: dict[str, str] = {}  # rule: why it is not seen in some hundred trials of any shipped scenario


@lru_cache(maxsize=1)
def rung() -> frozenset[str]:
    """Rules that made an event in some trial, of the shipped scenarios in turn until all have."""
    found: set[str] = set()
    for name in SHIPPED:
        found |= rung_in(name)
        if found >= set(RULES) - set(RARE):
            break
    return frozenset(found)


def rung_in(name: str, number: int = TRIALS, without: tuple[str, ...] = ()) -> set[str]:
    engine = pytest.importorskip("sim.batch.engine", reason="hundreds of trials need the compiled engine")
    pytest.importorskip("numba", reason="hundreds of trials need the compiled engine")
    found: set[str] = set()
    scenario = load(name, without=without)
    for start in range(0, number, 40):
        block = range(start, min(start + 40, number))
        for trial in engine.simulate(scenario, 3, 0, block, keep_events=set(block)):
            found |= {event.rule for event in trial.events if not event.void and event.rule in scenario.rules}
    return found


@pytest.mark.slow
def test_every_rule_rings_somewhere() -> None:
    silent = sorted(set(RULES) - rung())
    assert silent == sorted(RARE), "give a silent rule a scenario, or list it with a reason"


def test_each_can_be_switched_off_by_name() -> None:
    off = load(SHIPPED[0], without=RULES)
    assert not [name for name, rule in off.rules.items() if rule.enabled]
    one = load(SHIPPED[0], without=("retaliation",))
    assert [name for name, rule in one.rules.items() if not rule.enabled] == ["retaliation"]


@pytest.mark.slow
@pytest.mark.parametrize("parity", [0, 1])
def test_what_is_switched_off_never_rings(parity: int) -> None:
    """Every second rule off, then the others: none that is off makes an event, and of the rest some do."""
    off = RULES[parity::2]
    heard = rung_in("idlib-2019-08-01", 40, off)
    assert not heard & set(off)
    assert heard


def test_an_unknown_rule_is_told() -> None:
    with pytest.raises(ScenarioError, match="retaliation"):
        load(SHIPPED[0], without=("retaliaton",))


@pytest.mark.parametrize("name", SHIPPED)
def test_whatever_is_written_is_read(name: str) -> None:
    """Loading refuses a quantity that is written and never read; nothing else is declared in vain."""
    assert loose_ends(load(name)) == []


def test_a_quantity_that_nothing_reads_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"rivalry.*never read"):
        load(SHIPPED[0], {
            "quantities.rivalry": "{initial: 0, basis: {assumed: [study]}}",
            "events.protest.effects": "[{add: rivalry, by: 1}]",
        })  # fmt: skip


def test_all_numbers_of_the_study_have_a_rule() -> None:
    """R1 to R27 as rules, but for R8 of the reply's size and R23 of flight, which are a mark and a daily process."""
    numbers = {rule.rule for rule in load(SHIPPED[0]).rules.values()}
    assert {f"R{n}" for n in range(1, 28)} - numbers <= {"R8", "R23"}
    assert numbers <= {f"R{n}" for n in range(1, 28)}
