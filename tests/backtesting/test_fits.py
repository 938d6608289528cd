from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.forecasts import Record
from sim.backtesting.cases import Case, null_model
from sim.backtesting.fits import Margins, fitted
from sim.backtesting.recorded import read_record
from sim.errors import InputError
from sim.fitting.fast import Fast
from tests.backtesting import made

LAST = made.ORIGINS[1]
MOVING = {"fighting.drift.rules": "{quiet: {skirmish: [fray]}}"}


@pytest.fixture
def known(record: Path) -> Record:
    return read_record(record).record


def test_where_no_rate_can_be_fitted_the_regimes_are(river: Path, known: Record) -> None:
    plain, moving = Case("model", str(river)), Case("model", str(river), MOVING)
    for case, kind in ((plain, Margins), (null_model(moving), Margins), (moving, Fast)):
        assert type(fitted(*case.fitted_on(known, LAST), 2, 0)) is kind


def test_the_margins_are_those_of_the_record_up_to_the_day(river: Path, known: Record) -> None:
    """The later days may be what they like; more dead before move the mean of the war."""
    case, until = null_model(Case("model", str(river))), dt.date(2021, 6, 30)
    first = (until - known.first).days + 1
    other = Record(known.first, np.concatenate([known.deaths[:first], known.deaths[first:] + 50]))
    usual = Margins(*case.fitted_on(known, LAST), 8, 0).rows_until(until)
    assert Margins(*case.fitted_on(other, LAST), 8, 0).rows_until(until) == usual
    paths = {"fighting.regimes.quiet.mean", "fighting.regimes.war.mean", "fighting.drift.rates.quiet.skirmish"}
    assert len(usual) == 8 and all(set(row) == paths for row in usual)
    milder = Record(known.first, np.round(known.deaths * 0.7))
    war = [np.mean([row["fighting.regimes.war.mean"] for row in rows])
           for rows in (usual, Margins(*case.fitted_on(milder, LAST), 8, 0).rows_until(until))]  # fmt: skip
    assert war[1] < war[0] - 0.5


def test_a_year_is_the_least(river: Path, known: Record) -> None:
    fit = fitted(*Case("model", str(river)).fitted_on(known, LAST), 2, 0)
    with pytest.raises(InputError, match="a fit needs at least 365"):
        fit.rows_until(dt.date(2020, 6, 1))
