"""Fits are kept in the folder of a back-test: whole, bit for bit, and not made a second time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.backtesting import running
from sim.backtesting.parameters import Brought, Fitted, Row
from sim.backtesting.planning import Plan
from sim.backtesting.running import backtest
from sim.backtesting.storing import FITS, Folder, as_left, backtesting
from sim.errors import InputError, ResultsError
from tests import needs
from tests.backtesting import made
from tests.backtesting.made import FakeFit, plan
from tests.small import small

DAY = dt.date(2020, 3, 1)
QUESTION = {"seed": 0}


def rows(seed: int) -> list[Row]:
    """Numbers with all their bits, of every size."""
    dice = np.random.default_rng(seed)
    values = dice.standard_normal((7, 3)) * 10.0 ** dice.integers(-300, 300, (7, 3))
    return [dict(zip(("b", "a.very.long.path", "c"), row, strict=True)) for row in values.tolist()]


def bits(some: Sequence[Row]) -> list[list[tuple[str, str]]]:
    return [[(path, value.hex()) for path, value in row.items()] for row in some]


# --- the folder -----------------------------------------------------------------------------------------------------


def test_rows_come_back_bit_for_bit_also_before_the_folder_is_held(tmp_path: Path) -> None:
    assert as_left(tmp_path / "out", QUESTION) is None
    with backtesting(tmp_path / "out", small(), QUESTION) as folder:
        assert folder.fit("model", DAY) is None
        folder.store_fit("model", DAY, rows(1))
        folder.store_fit("null_model", DAY, rows(2))
        kept = folder.fit("model", DAY)
        assert kept is not None and bits(kept) == bits(rows(1))
        assert folder.fit("model", DAY + dt.timedelta(1)) is None
    left = as_left(tmp_path / "out", QUESTION)
    assert left is not None and bits(left.fit("null_model", DAY) or []) == bits(rows(2))
    with pytest.raises(ResultsError, match=r"asked otherwise \(seed\)"):
        as_left(tmp_path / "out", {"seed": 1})


def test_a_file_that_is_not_the_one_that_was_written_is_no_fit(tmp_path: Path) -> None:
    with backtesting(tmp_path / "out", small(), QUESTION) as folder:
        folder.store_fit("model", DAY, rows(1))
        folder.store_fit("null_model", DAY, rows(2))
        (file,) = folder.path.glob("fits/model-*")
        file.write_bytes(next(folder.path.glob("fits/null_model-*")).read_bytes())
        assert folder.fit("model", DAY) is None and folder.fit("null_model", DAY) is not None


def test_a_fit_that_was_not_written_whole_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*asked: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", stop)
    with backtesting(tmp_path / "out", small(), QUESTION) as folder:
        with pytest.raises(KeyboardInterrupt):
            folder.store_fit("model", DAY, rows(1))
        assert list((folder.path / FITS).iterdir()) == [] and FITS not in folder.said


# --- the parameters -------------------------------------------------------------------------------------------------


class Once:
    """A fit that is made for one day once, or refuses to be made."""

    def __init__(self, refuses: bool = False) -> None:
        assert not refuses, "fitted again"
        self.asked: list[dt.date] = []

    def rows_until(self, until: dt.date) -> list[Row]:
        assert until not in self.asked
        self.asked.append(until)
        return rows(until.toordinal())


def never() -> Once:
    return Once(refuses=True)


def test_what_was_fitted_before_the_folder_was_there_is_kept_with_what_comes_after(tmp_path: Path) -> None:
    fit, later = Once(), DAY + dt.timedelta(28)
    parameters = Fitted(lambda: fit, small(), DAY, 28, name="null_model")
    parameters.rows(DAY)
    with backtesting(tmp_path / "out", small(), QUESTION) as folder:
        parameters.keep_in(folder)
        parameters.rows(later)
        assert sorted(folder.said[FITS]) == [f"null_model-{DAY}", f"null_model-{later}"]
    left = as_left(tmp_path / "out", QUESTION)
    again = Fitted(never, small(), DAY, 28, name="null_model", kept=left)
    assert bits(again.rows(DAY)) == bits(rows(DAY.toordinal()))
    assert bits(again.rows(later)) == bits(rows(later.toordinal()))
    with pytest.raises(AssertionError, match="fitted again"):
        Fitted(never, small(), DAY, 28, name="model", kept=left).rows(DAY)


def test_before_it_is_held_nothing_is_written(tmp_path: Path) -> None:
    with backtesting(tmp_path / "out", small(), QUESTION):
        pass
    left = as_left(tmp_path / "out", QUESTION)
    Fitted(Once, small(), DAY, kept=left).rows(DAY)
    assert not (tmp_path / "out" / FITS).exists()


def test_what_the_scenario_brings_along_is_not_kept(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {})
    Brought(2).keep_in(folder)
    assert folder.said == {}


# --- the whole ------------------------------------------------------------------------------------------------------


STARTS = [made.ORIGINS[0] + dt.timedelta(28 * k) for k in range(5)]


class Unfitted(FakeFit):
    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        raise AssertionError("fitted again")


class NoModel(FakeFit):
    """Refuses the model at the origins; the null model has no rules, and the other scenario another name."""

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        assert until not in STARTS or not self.scenario.rules or self.scenario.name != "river", "fitted again"
        return super().rows_until(until)


def asked(river: Path) -> Plan:
    return plan(river, parameters="expanding", alignments=1, horizons=(7,), trials=8)


def files(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.suffix in (".csv", ".npz")}


@needs.numba
def test_a_back_test_that_was_stopped_or_finished_does_not_fit_again(
    river: Path, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = backtest(asked(river), record, tmp_path / "usual", 1, progress=False, fitter=FakeFit)
    fits = sorted(it.stem for it in (usual.folder / FITS).iterdir())
    assert {f"{name}-{day}" for name in ("model", "null_model", "article_only") for day in STARTS} <= set(fits)

    again = backtest(asked(river), record, tmp_path / "usual", 1, resume=True, progress=False, fitter=Unfitted)
    assert again.tables["scores"].equals(usual.tables["scores"])

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(running, "weekly_deaths", _stopping(running.weekly_deaths))
        with pytest.raises(KeyboardInterrupt):
            backtest(asked(river), record, out, 1, progress=False, fitter=FakeFit)
    whole = backtest(asked(river), record, out, 1, resume=True, progress=False, fitter=NoModel)
    assert files(whole.folder) == files(usual.folder)


@needs.numba
def test_a_fit_that_is_refused_leaves_no_folder(river: Path, record: Path, tmp_path: Path) -> None:
    class Refused(FakeFit):
        def rows_until(self, until: dt.date) -> list[dict[str, float]]:
            raise InputError("too few days")

    late = replace(asked(river), parameters="frozen")
    with pytest.raises(InputError, match="too few days"):
        backtest(late, record, tmp_path / "out", 1, progress=False, fitter=Refused)
    assert not (tmp_path / "out").exists()


def _stopping(usual: Any) -> Any:
    """Simulates one forecaster and is interrupted at the next."""
    turns = iter(range(100))

    def simulate(*some: Any, **more: Any) -> Any:
        if next(turns) == 1:
            raise KeyboardInterrupt
        return usual(*some, **more)

    return simulate
