"""`ceasefire calibrate`, on a record that the model itself made, and once on the Idlib model with an invented one."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import numpy as np
import pytest

from sim.fitting import calibrated, calibrating
from sim.scenario import load
from sim.scenario.posterior import read
from tests import needs
from tests.backtesting import made
from tests.commands import Call, fine, refused
from tests.fitting.test_assembling import Draws

OUT = Path("found.yaml")
ASKED = ("calibrate", "river.yaml", "--data", "record.csv", "--out", OUT, "--until", "2021-05-31", "--rows", 12)
MOVES = """
extends: river.yaml
name: moved
fighting: {drift: {rules: {quiet: {skirmish: [fray]}}}}
rules: {fray: {ratios: {integrity: {dist: uniform, low: 0.5, high: 1}}}}
"""


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    return made.deaths(made.scenario_file(tmp_path_factory.mktemp("river")))


@pytest.fixture
def files(call: Call, deaths: list[float]) -> Call:
    """The call, with a scenario and a record in its folder."""
    made.scenario_file(Path())
    made.write_record(Path("record.csv"), deaths)
    return call


@needs.numba
def test_it_prints_numbers_before_and_after_and_writes_what_a_scenario_reads(files: Call) -> None:
    result = files(*ASKED)
    said = fine(result).splitlines()
    assert said[0] == "river: record.csv, 2020-01-01 to 2021-05-31"
    assert re.fullmatch(r"12 rows, \d+ of them different, seed 0, \d+ s", said[1])
    assert re.fullmatch(r"Behind them stand \d+\.\d independent draws of the regimes' numbers.", said[2])
    assert said[3].startswith("Nothing was fitted by simulation: the recorded course is that of the Idlib model")
    assert said[5].split() == ["number", "prior", "90", "%", "posterior", "90", "%", "bits", "how", "evidence"]
    quiet = next(line for line in said if line.startswith("fighting.regimes.quiet.mean"))
    assert "0.82 to 1.2" in quiet and quiet.endswith("likelihood  deaths a day, 2020-01-01 to 2021-05-31, n 517")
    assert said[-1] == "posterior: found.yaml"
    assert "driving histories from 2020-01-01" in result.stderr
    posterior = read(OUT)
    assert posterior.made["command"] == (
        "ceasefire calibrate river.yaml --data record.csv --until 2021-05-31 --rows 12 --seed 0 "
        "--out posterior.yaml --population 600 --generations 1"
    )
    Path("with.yaml").write_text("extends: river.yaml\nposterior: found.yaml\n", encoding="utf-8")
    assert load("with.yaml").posterior == posterior


@needs.numba
def test_few_rows_and_few_points_are_said(files: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    rough = "Bits of {} rows are rough: chance alone moves them by some {}; a larger --rows says more"
    assert rough.format(12, 0.4) in fine(files(*ASKED, "--no-abc"))
    said = fine(files(*ASKED, "--no-abc", "--rows", 64))
    assert "are rough" not in said and "No bits are claimed" not in said
    monkeypatch.setattr(calibrated.Calibrated, "few_points", True)
    assert "No bits are claimed for what was simulated (abc)" in fine(files(*ASKED, "--no-abc"))


@needs.numba
def test_the_same_again_but_for_the_seconds_and_another_for_another_seed(files: Call) -> None:
    def written(*more: object) -> str:
        fine(files(*ASKED, *more))
        return re.sub(r"seconds: \d+", "", OUT.read_text(encoding="utf-8"))

    assert written() == written("--workers", 1) != written("--seed", 1)


@needs.numba
def test_json_has_the_promised_shape(files: Call) -> None:
    said = json.loads(fine(files(*ASKED, "--no-abc", "--json")))
    assert (said["scenario"], said["posterior"], said["counts"]) == ("river", "found.yaml", [])
    assert said["notes"] == ["Nothing was fitted by simulation (--no-abc)."]
    number = said["parameters"][0]
    assert {"parameter", "how", "evidence", "bits", "prior_low", "prior_median", "prior_high"} <= set(number)
    assert {"low", "median", "high", "n"} <= set(number)
    assert number["bits"] >= said["parameters"][-1]["bits"]
    assert said["made"]["span"] == {"from": "2020-01-01", "to": "2021-05-31"} and said["made"]["rows"] == 12
    assert "--no-abc" in said["made"]["command"] and "check" not in said
    assert all(abs(row["rho"]) >= 0.3 for row in said["correlations"])


@needs.numba
@pytest.mark.slow
def test_rates_and_ratios_of_rules_that_move_the_regimes_are_fitted(files: Call) -> None:
    Path("moved.yaml").write_text(MOVES, encoding="utf-8")
    said = json.loads(fine(files("calibrate", "moved.yaml", *ASKED[2:], "--json")))
    words = {row["parameter"]: row["evidence"] for row in said["parameters"]}
    assert words["rules.fray.rate"] == "moves between regimes in deaths a day, 2020-01-01 to 2021-05-31, n 517"
    assert words["rules.fray.ratios.integrity"].startswith("sets weighed by how well they explain")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--data": "events.csv"}, "make a series of it with `ceasefire data import-ucdp`"),
        ({"--data": "absent.csv"}, "absent.csv"),
        ({"--until": "2022-09-01"}, "2022-08-31 is the last day that may be used"),
        ({"--until": "2020-06-01"}, "153 days of recorded deaths until 2020-06-01; a fit needs at least 365"),
        ({"scenario": "still.yaml"}, "the scenario has no `fighting.drift`"),
        ({"scenario": "late.yaml"}, "no opening of the scenario lies in the record"),
        ({"scenario": "plain.yaml"}, "no number of the regimes is uncertain"),
        ({"--resume": True}, "--resume needs --work"),
        ({"--check": True}, "a check has nothing to compare with: the recorded course is that of the Idlib model"),
        ({"--rows": 1}, "--rows"),
        ({"--population": 1}, "--population"),
    ],
)
def test_what_cannot_be_fitted_is_refused_and_nothing_written(
    files: Call, changes: dict[str, object], words: str
) -> None:
    Path("events.csv").write_text("id,date_start,date_end,type_of_violence,best\n", encoding="utf-8")
    plain = "extends: river.yaml\nfighting: {regimes: {quiet: {mean: 1}, war: {mean: 25}}, "
    Path("plain.yaml").write_text(plain + "drift: {rates: {quiet: {skirmish: 0.03}}}}\n", encoding="utf-8")
    Path("still.yaml").write_text("extends: river.yaml\nfighting: {drift: null}\n", encoding="utf-8")
    openings = "{2020-01-01: null, 2021-06-01: null}"
    Path("late.yaml").write_text(f"extends: river.yaml\nhistory: {{openings: {openings}}}\n", encoding="utf-8")
    asked = dict(zip(ASKED[2::2], ASKED[3::2], strict=True)) | {k: v for k, v in changes.items() if k[0] == "-"}
    words_of = [part for key, value in asked.items() for part in ((key,) if value is True else (key, value))]
    said = refused(files("calibrate", changes.get("scenario", "river.yaml"), *words_of))
    assert words in said and not OUT.exists() and not list(Path().glob(".*tmp"))


@needs.numba
def test_a_folder_that_cannot_be_written_to(files: Call) -> None:
    Path("file").write_text("", encoding="utf-8")
    said = refused(files(*ASKED, "--out", "file/found.yaml"))
    assert "file/found.yaml: cannot be written" in said


@needs.numba
def test_ctrl_c_says_how_to_go_on(files: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*asked: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(calibrating, "put_together", stop)
    stopped = files(*ASKED, "--work", "kept")
    assert stopped.exit_code == 130 and not OUT.exists()
    assert "nothing written; to go on, give the same command with --resume (generations in kept)" in stopped.stderr


@needs.numba
@pytest.mark.slow
def test_counts_simulation_and_checks_of_the_idlib_model(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating, "Fast", lambda scenario, record, rows, seed, tried: Draws(scenario, rows))
    monkeypatch.setattr(calibrated, "CHECKED", (2, 12))
    record = np.random.default_rng(2).poisson(8.0, 1600).astype(float)
    made.write_record(Path("record.csv"), record.tolist())
    lines = Path("record.csv").read_text(encoding="utf-8").splitlines()
    Path("record.csv").write_text("\n".join(_earlier(lines)) + "\n", encoding="utf-8")
    asked = ("calibrate", "idlib-2020-02-11", "--data", "record.csv", "--out", OUT, "--rows", 5, "--check",
             "--population", 4, "--generations", 1)  # fmt: skip
    said = fine(call(*asked)).splitlines()
    assert [line for line in said if line.startswith("displacement.rate")]
    article, other = (next(k for k, line in enumerate(said) if line.startswith(f"counted, {words}"))
                      for words in ("rules of the article", "other rules"))  # fmt: skip
    assert any("R4" in line for line in said[article:other]) and any("R14" in line for line in said[other:])
    assert sum(line.startswith("P1 ") for line in said) >= 12
    assert any(re.match(r"posterior: \d+ of \d+ numbers covered", line) for line in said)
    assert "simulation" in read(OUT).made


def _earlier(lines: list[str]) -> list[str]:
    """The same days of deaths in a row from 2016 on."""
    first = dt.date(2016, 1, 1)
    rest = [line.partition(",")[2] for line in lines[1:]]
    return [lines[0], *(f"{first + dt.timedelta(k)},{line}" for k, line in enumerate(rest))]
