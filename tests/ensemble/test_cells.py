from __future__ import annotations

import pandas as pd
import pytest

from sim.ensemble.ablating import without
from sim.ensemble.cells import Cell, Design
from sim.ensemble.engines import find_engine
from sim.scenario import Scenario, load
from sim.scenario.numbers import uncertain, values_of_set
from tests import needs

TRIALS = 6


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    border = load("invented-border")
    ensemble = border.ensemble.model_copy(update={"sets": 3, "seed": 11})
    return border.model_copy(update={"ensemble": ensemble, "horizon_days": 40})


@pytest.fixture(scope="module")
def columns(scenario: Scenario) -> tuple[str, ...]:
    return tuple(f"{name}_day" for name in scenario.outcomes)


@pytest.mark.parametrize("engine", needs.engines)
def test_rows_are_those_of_the_engine(engine: str, scenario: Scenario, columns: tuple[str, ...]) -> None:
    rows = Design((scenario,), (Cell(set=1), Cell(set=2)), TRIALS, engine, columns).rows([0, 1])
    lived = [t.row for s in (1, 2) for t in find_engine("mesa")(scenario, 11, s, range(TRIALS))]
    assert rows["cell"].tolist() == [0] * TRIALS + [1] * TRIALS and rows["error"].isna().all()
    for name in ("set", "trial", *columns):
        assert rows[name].astype(object).where(rows[name].notna(), None).tolist() == [row[name] for row in lived]


@pytest.mark.parametrize("engine", needs.engines)
def test_a_cell_at_the_values_of_set_0_is_set_0(engine: str, scenario: Scenario, columns: tuple[str, ...]) -> None:
    values = values_of_set(scenario, 0, 11)
    cells = (Cell(set=0), Cell(values=tuple(values.values())))
    rows = Design((scenario,), cells, TRIALS, engine, columns, tuple(uncertain(scenario))).rows([0, 1])
    one, other = (rows[rows["cell"] == k].drop(columns="cell").reset_index(drop=True) for k in (0, 1))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.slow
@needs.numba
@pytest.mark.parametrize("name", ["invented-border", "idlib-2020-02-11"])
def test_a_rule_switched_off_in_the_state_is_a_rule_switched_off_in_the_file(name: str) -> None:
    base = load(name)
    base = base.model_copy(update={"ensemble": base.ensemble.model_copy(update={"sets": 2}), "horizon_days": 60})
    columns = tuple(f"{outcome}_day" for outcome in base.outcomes)
    rules = [rule for rule in base.rules if base.rules[rule].enabled]
    variants = (base, *(without(base, rule) for rule in rules))
    cells = tuple(Cell(variant, 1) for variant in range(len(variants)))
    quick, plain = (
        Design(variants, cells, 8, "batch", columns, off=off).rows(range(len(cells))) for off in ((None, *rules), ())
    )
    pd.testing.assert_frame_equal(quick, plain)
    of = quick.drop(columns=["cell", "variant", "set", "trial"]).groupby(quick["variant"])
    assert any(not part.reset_index(drop=True).equals(of.get_group(0).reset_index(drop=True)) for _, part in of)


@pytest.mark.parametrize(("cells", "trials"), [(1, 1), (7, 500), (1000, 3), (5000, 16), (3, 10_000)])
def test_blocks_hold_every_cell_once_and_are_neither_many_nor_tiny(cells: int, trials: int) -> None:
    design = Design((), tuple(Cell(set=k) for k in range(cells)), trials, "mesa", ())
    blocks = design.blocks()
    assert [number for block in blocks for number in block] == list(range(cells))
    assert len(blocks) <= 200 and all(len(block) * trials <= max(500, trials, cells * trials / 100) for block in blocks)
