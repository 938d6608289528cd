"""A posterior in one call, on a record that the model itself made."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sim.errors import InputError
from sim.fitting import calibrate
from sim.fitting.calibrated import Calibrated
from sim.scenario import load
from sim.scenario.posterior import read
from tests import needs
from tests.backtesting import made

pytestmark = needs.numba
UNTIL = dt.date(2021, 5, 31)
QUIET = "fighting.regimes.quiet.mean"


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.scenario_file(tmp_path_factory.mktemp("river"))


@pytest.fixture(scope="module")
def record(river: Path) -> Path:
    return made.write_record(river.with_name("record.csv"), made.deaths(river))


@pytest.fixture(scope="module")
def found(river: Path, record: Path) -> Calibrated:
    return calibrate(river, record, until=UNTIL, rows=12)


def test_one_call_fits_a_scenario_to_a_file(found: Calibrated, river: Path) -> None:
    assert len(found.posterior) == 12 and found.posterior.estimate(QUIET).how == "likelihood"
    made_by: Any = found.posterior.made
    assert made_by["span"] == {"from": "2020-01-01", "to": "2021-05-31"}
    assert list(made_by["effective"]) == ["regimes"] and made_by["effective"]["regimes"] > 100
    assert made_by["command"].startswith(f"ceasefire calibrate {river} --data record.csv --until 2021-05-31 --rows 12")
    learnt = found.learnt.drop_duplicates("parameter").set_index("parameter").loc[QUIET]
    assert [learnt["prior_low"], learnt["prior_high"]] == pytest.approx([0.82, 1.18], abs=0.001)  # uniform .8 to 1.2
    assert learnt["high"] - learnt["low"] < 0.8 * (learnt["prior_high"] - learnt["prior_low"])


def test_it_is_saved_as_a_scenario_reads_it(found: Calibrated, river: Path) -> None:
    found.save(river.with_name("found.yaml"))
    told = river.with_name("told.yaml")
    told.write_text("extends: river.yaml\nposterior: found.yaml\n", encoding="utf-8")
    assert load(told).posterior == read(river.with_name("found.yaml"))
    with pytest.raises(InputError, match=r"record.csv/found.yaml: cannot be written"):
        found.save(river.with_name("record.csv") / "found.yaml")


def test_what_only_python_can_ask_is_said_and_how_long_it_took(
    river: Path, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(perf_counter=iter([100.0, 107.4]).__next__)  # asked when it begins and when it is done
    monkeypatch.setattr("sim.fitting.calibrating.time", clock)
    few = calibrate(river, record, until=UNTIL, rows=2, tried=3, simulate=False)
    assert str(few.posterior.made["command"]).endswith("--no-abc  # and tried=3, from Python")
    assert few.posterior.made["seconds"] == 7


def test_another_conflict_has_no_patterns_to_check(found: Calibrated) -> None:
    with pytest.raises(InputError, match="river: a check has nothing to compare with"):
        found.check()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rows": 1}, "rows: 1 is not allowed; it is a whole number of at least 2"),
        ({"tried": 0}, "tried: 0"),
        ({"workers": 0}, "workers: 0"),
        ({"resume": True}, "resume: needs work"),
        ({"until": dt.date(2022, 9, 1)}, "2022-08-31 is the last day that may be used"),
    ],
)
def test_what_cannot_be_asked(river: Path, record: Path, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        calibrate(river, record, **asked)


def test_the_package_is_light_and_has_no_other_names() -> None:
    heavy = "import sys, sim.fitting; assert not {'numpy', 'scipy', 'pandas'} & set(sys.modules); sim.fitting.nothing"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=False)
    assert "module 'sim.fitting' has no attribute 'nothing'" in done.stderr
