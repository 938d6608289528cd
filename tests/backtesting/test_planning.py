from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.analysis.forecasts import Record
from sim.backtesting.planning import Plan, check_first
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


def test_sets_beyond_the_trials_have_none() -> None:
    assert (replace(PLAN, sets=50, trials=20).sets_used, replace(PLAN, sets=4, trials=20).sets_used) == (20, 4)


def test_a_first_origin_that_is_too_early_is_named_with_the_first_day_allowed(river: Path) -> None:
    """River's openings are 2020-01-01 and 2021-06-01; 182 days of the record are 26 weeks."""
    plan = replace(PLAN, source=str(river), first=dt.date(2020, 6, 30))
    check_first(plan, KNOWN)
    for day, words in (
        (
            dt.date(2020, 6, 29),
            "--from 2020-06-29: 25 weeks to learn from in record.csv.*first day allowed is 2020-06-30",
        ),
        (dt.date(2020, 1, 27), "--from 2020-01-27: no opening of SCENARIO=.*river.yaml.*day allowed is 2020-06-30"),
    ):
        with pytest.raises(InputError, match=words):
            check_first(replace(plan, first=day), KNOWN)
    late = replace(KNOWN, record=Record(dt.date(2020, 12, 2), np.zeros(900)))
    check_first(replace(plan, first=dt.date(2021, 6, 28)), late)
    with pytest.raises(InputError, match="--from 2021-06-27: no opening.*the first day allowed is 2021-06-28"):
        check_first(replace(plan, first=dt.date(2021, 6, 27)), late)
    after = replace(KNOWN, record=Record(dt.date(2022, 7, 1), np.zeros(900)))
    with pytest.raises(
        InputError, match="all openings of the scenario .*before 2022-07-01, the first day of record.csv"
    ):
        check_first(plan, after)


@pytest.mark.parametrize(
    ("source", "where"),
    [("builtin:invented-border", "a file of your own that extends it"), ("my.yaml", "under history.openings of it")],
)
def test_a_scenario_beside_it_without_openings_is_named(
    source: str, where: str, river: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.yaml").write_text("extends: builtin:invented-border\nname: my\n", encoding="utf-8")
    plan = replace(PLAN, source=str(river), first=dt.date(2020, 6, 30), also={"other": source})
    with pytest.raises(InputError, match=rf"--also other={source}: the scenario has no openings.*{where}"):
        check_first(plan, KNOWN)


def test_a_gap_is_named() -> None:
    with pytest.raises(InputError, match=r"ends on 2020-04-09 \(it has no 2020-04-10\)"):
        replace(PLAN, last=dt.date(2020, 5, 1)).check(replace(KNOWN, missing=dt.date(2020, 4, 10)))
