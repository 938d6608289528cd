"""What a calibration may use of a record, and what it gives."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.fitting.calibrated import Calibrated, has_course, must_have_course, read_data
from sim.fitting.learning import adjusted
from sim.scenario import load
from sim.scenario.laws import Uniform
from sim.scenario.posterior import Estimate, Posterior
from tests.backtesting import made
from tests.fitting.test_learning import UNIT, some_population


def test_the_record_is_used_to_the_eve_of_the_origin_or_to_its_end(tmp_path: Path) -> None:
    file = made.write_record(tmp_path / "record.csv", [1.0] * 800)
    assert read_data(file, dt.date(2021, 6, 1)).until == dt.date(2021, 5, 31)
    found = read_data(file, dt.date(2030, 1, 1))
    assert found.until == made.FIRST + dt.timedelta(799) and found.name == "record.csv" and len(found.sha256) == 64
    assert read_data(file, dt.date(2030, 1, 1), dt.date(2021, 2, 3)).until == dt.date(2021, 2, 3)
    assert found.record.first == made.FIRST and found.record.deaths.sum() == 800


def test_no_day_from_the_origin_on_and_none_after_the_record(tmp_path: Path) -> None:
    file = made.write_record(tmp_path / "record.csv", [1.0] * 800)
    for origin, until in ((dt.date(2021, 6, 1), dt.date(2021, 6, 1)), (dt.date(2030, 1, 1), dt.date(2023, 1, 1))):
        with pytest.raises(InputError, match="last day that may be used; choose an earlier one"):
            read_data(file, origin, until)
    with pytest.raises(InputError, match="60 days of recorded deaths until 2020-02-29; a fit needs at least 365"):
        read_data(file, dt.date(2021, 6, 1), dt.date(2020, 2, 29))


def found(folder: Path, second: list[float]) -> Calibrated:
    """A posterior of two numbers, the first of which goes from 0 to 1 in twenty rows."""
    data = read_data(made.write_record(folder / "record.csv", [1.0] * 800), dt.date(2030, 1, 1))
    estimates = (Estimate("one", "likelihood", "x"), Estimate("other", "likelihood", "y"))
    rows = np.column_stack([np.linspace(0.0, 1.0, len(second)), second])
    priors = {"one": Uniform(0.0, 1.0), "other": Uniform(0.0, 1.0)}
    return Calibrated(load(made.scenario_file(folder)), data, Posterior("", {}, estimates, rows), priors, [], None, [])


def test_pairs_are_those_that_the_record_cannot_tell_apart(tmp_path: Path) -> None:
    rising, mixed = np.linspace(0.2, 0.8, 20), np.tile([0.4, 0.6], 10)
    [pair] = found(tmp_path, rising.tolist()).pairs.to_dict("records")
    assert (pair["one"], pair["other"], round(pair["rho"])) == ("one", "other", 1)
    assert found(tmp_path, mixed.tolist()).pairs.empty
    assert list(found(tmp_path, [0.5] * 20).pairs) == ["one", "other", "rho", "low", "high", "n"]


def test_what_was_learnt_comes_first(tmp_path: Path) -> None:
    table = found(tmp_path, [0.5 + k / 1000 for k in range(20)]).learnt.drop_duplicates("parameter")
    assert list(table["parameter"]) == ["other", "one"] and table["bits"].iloc[0] > 3 > table["bits"].iloc[1]


def test_no_bits_are_claimed_for_what_few_points_moved(tmp_path: Path) -> None:
    whole = found(tmp_path, [0.5 + k / 1000 for k in range(20)])
    estimates = (Estimate("one", "likelihood", "x"), Estimate("other", "abc", "y"))
    rows = whole.posterior.rows * [0.3, 1.0]
    simulated = replace(whole, posterior=replace(whole.posterior, estimates=estimates, rows=rows))
    with pytest.raises(InputError) as few:
        adjusted(some_population(5), np.zeros(3), UNIT)
    moved = replace(simulated, notes=[f"Simulated values were not moved to the record: {few.value}."])
    assert moved.few_points and not simulated.few_points
    bits = [it.learnt.drop_duplicates("parameter").set_index("parameter")["bits"] for it in (simulated, moved)]
    assert bits[0]["other"] > 3 and bits[1]["other"] == 0
    assert bits[0]["one"] == bits[1]["one"] > 0 and list(bits[1].index) == ["one", "other"]


def test_only_the_conflict_of_the_record_has_a_course(tmp_path: Path) -> None:
    idlib, river = load("idlib-2020-02-11"), load(made.scenario_file(tmp_path))
    assert has_course(idlib) and not has_course(river)
    must_have_course(idlib)
    with pytest.raises(InputError, match="river: a check has nothing to compare with"):
        must_have_course(river)
