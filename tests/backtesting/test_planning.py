from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.analysis.forecasts import Record
from sim.backtesting.planning import Plan
from sim.backtesting.recorded import Recorded
from sim.errors import InputError

KNOWN = Recorded(Record(dt.date(2020, 1, 1), np.zeros(100)), "record.csv", "abc")
PLAN = Plan("x.yaml", dt.date(2020, 3, 1), dt.date(2020, 4, 1))


def test_origins_of_all_days_of_the_week_and_of_one() -> None:
    assert len(PLAN.origins) == 32 and PLAN.origins[-1] == dt.date(2020, 4, 1)
    assert replace(PLAN, alignments=1).origins == [dt.date(2020, 3, 1) + dt.timedelta(7 * k) for k in range(5)]
    assert (PLAN.days, PLAN.weeks) == (56, (1, 2, 4, 8))


def test_the_question_says_all_that_decides_the_result() -> None:
    said = PLAN.question(KNOWN)
    assert (said["from"], said["to"], said["data"], said["data_sha256"]) == (
        "2020-03-01",
        "2020-04-01",
        "record.csv",
        "abc",
    )
    assert said["horizons"] == [7, 14, 28, 56] and said["seed"] == 0 and said["parameters"] == "expanding"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first": dt.date(2020, 4, 2)}, "lies before the first"),
        ({"last": dt.date(2020, 4, 10)}, "the record ends on 2020-04-09, so nothing can be forecast from 2020-04-10"),
        ({"first": dt.date(2020, 4, 5), "last": dt.date(2020, 4, 6)}, "nothing could be scored"),
        ({"horizons": (7, 10)}, "horizons: 10 is not allowed"),
        ({"horizons": (0,)}, "horizons: 0 is not allowed"),
        ({"horizons": ()}, "horizons: none is not allowed"),
        ({"horizons": (7, 7)}, "stands there twice"),
        ({"every": 0}, "every: 0 is not allowed"),
        ({"alignments": 8}, "alignments: 8 is not allowed; origins every 7 days have at most 7"),
        ({"trials": 1}, "trials: 1 is not allowed"),
        ({"sets": 0}, "sets: 0 is not allowed"),
        ({"seed": -1}, "seed: -1 is not allowed"),
        ({"parameters": "frosen"}, "did you mean `frozen`"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes: dict[str, Any], said: str) -> None:
    PLAN.check(KNOWN)
    with pytest.raises(InputError, match=said):
        replace(PLAN, **changes).check(KNOWN)


def test_a_gap_is_named() -> None:
    with pytest.raises(InputError, match=r"ends on 2020-04-09 \(it has no 2020-04-10\)"):
        replace(PLAN, last=dt.date(2020, 5, 1)).check(replace(KNOWN, missing=dt.date(2020, 4, 10)))
