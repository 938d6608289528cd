"""`ceasefire backtest`, on a record that the model itself made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.backtesting import running
from sim.backtesting.storing import NAME
from tests import needs
from tests.backtesting import made
from tests.commands import Call, fine, refused

pytestmark = needs.numba
SMALL = ("--trials", 12, "--sets", 3, "--alignments", 1, "--workers", 1, "--parameters", "scenario")
SPAN = ("--from", "2021-08-02", "--to", "2021-11-30")
ASKED = ("backtest", "river.yaml", "--data", "record.csv", *SPAN, *SMALL)


@pytest.fixture
def files(call: Call) -> Call:
    """The call, with a scenario, those beside it, and a record in its folder."""
    scenario = made.scenario_file(Path())
    made.write_record(Path("record.csv"), made.deaths(scenario))
    return call


def test_it_prints_scores_skill_coverage_single_days_and_where_they_are(files: Call) -> None:
    said = fine(files(*ASKED, "--horizons", "7,28", "--out", "out")).splitlines()
    assert said[0] == "river.yaml on record.csv: 18 origins, 2021-08-02 to 2021-11-30"
    assert said[1] == "12 trials from each, 3 parameter sets, seed 0"
    assert said[2].startswith("Numbers are those written in the scenario")
    assert said[3].startswith("No 95 % intervals (-) 1 and 4 weeks ahead") and "fewer than 36 weeks" in said[3]
    assert said[4].startswith("Not in the record: moscow-2020-03-06")
    assert "RPS           1 week  4 weeks" in said
    rps = said.index("RPS           1 week  4 weeks")
    assert [line.split()[0] for line in said[rps + 1 : rps + 5]] == [
        "model",
        "null_model",
        "article_only",
        "climatology",
    ]
    assert "n                 18       18" in said
    assert sum(line.count(" % (-)") == 2 for line in said) >= 12 + 6  # skill and coverage, without intervals
    assert "favours it)." in said and not any("rather too narrow" in line for line in said)
    assert "Less is better. n: forecasts, each of a different week." in said
    assert any(line.startswith("RPS") and "against" in line for line in said)
    [day] = [line for line in said if line.startswith("idlib-2020-01-12  4 weeks")]
    assert day.endswith("not in the record")
    assert said[-1] == "back-test: out" and Path("out/fans.csv").is_file()


def test_json_has_the_promised_shape(files: Call) -> None:
    said = json.loads(fine(files(*ASKED, "--out", "out", "--json")))
    scores = {(row["horizon"], row["forecaster"]): row for row in said["scores"]}
    assert {horizon for horizon, _ in scores} == {7, 14, 28, 56}
    promised = {"model", "null_model", "climatology", "persistence", "markov", "table", "recent", "table_c", "zero",
                "logit", "ingarch"}  # fmt: skip
    assert promised <= {name for _, name in scores}
    assert {"horizon", "forecaster", "n", "rps", "brier_collapse", "crps"} <= set(scores[7, "model"])
    assert scores[7, "model"]["n"] == 18 and scores[7, "zero"]["rps"] > 0
    assert {row["horizon"] for row in said["skill"]} == {row["horizon"] for row in said["folds"]} == {7, 14, 28, 56}
    assert {row[key] for row in said["skill"] for key in ("low", "high", "skill_low", "skill_high")} == {None}
    assert {row[key] for row in said["coverage"] for key in ("low", "high")} == {None}
    assert said["folds"][0]["origin"] == "2021-10-14" and said["folds"][-1]["observed"] is None
    assert (said["results"], said["from"], said["seed"], said["origins"]) == ("out", "2021-08-02", 0, 18)


def test_rules_off_and_settings(files: Call) -> None:
    more = ("--horizons", 7, "--without", "shell", "--set", "rules.rest.rate=0.05", "--out", "out")
    said = fine(files(*ASKED, *more, "--ablations"))
    assert "RPS less the model's" in said and "without_fray" in said and "without_shell" not in said
    asked = json.loads(Path("out", NAME).read_text(encoding="utf-8"))["question"]
    assert asked["overrides"] == {"rules.rest.rate": "0.05"} and asked["without"] == ["shell"]


def test_ctrl_c_says_how_to_go_on(files: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*asked: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running, "weekly_deaths", stop)
        stopped = files(*ASKED, "--horizons", 7)
    [folder] = Path("results").iterdir()
    assert folder.name.startswith("backtest-river-")
    assert stopped.exit_code == 130 and f"the same command with --out {folder} --resume" in stopped.stderr
    assert f"back-test: {folder}" in fine(files(*ASKED, "--horizons", 7, "--out", folder, "--resume"))


@pytest.mark.parametrize("name", ["read_record", "jobs_of"])
def test_ctrl_c_before_there_is_a_folder_says_so(files: Call, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*asked: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, name, stop)
    for more, said in (((), "nothing was stored yet"), (("--out", "out", "--resume"), "nothing new was stored")):
        stopped = files(*ASKED, *more)
        assert stopped.exit_code == 130 and f"stopped; {said}; to begin again" in stopped.stderr
    assert not Path("results").exists() and not Path("out").exists()


def test_sets_that_get_no_trial_are_not_counted(files: Call) -> None:
    asked = ("--horizons", 7, "--sets", 50, "--trials", 6, "--alignments", 2)
    lines = fine(files(*ASKED, *asked, "--out", "out")).splitlines()
    assert lines[1] == "6 trials from each, 6 parameter sets (of 50: each needs a trial), seed 0"
    assert any("about some n / 2 different weeks" in line for line in lines)
    said = json.loads(fine(files(*ASKED, *asked, "--out", "out", "--resume", "--json")))
    assert (said["sets"], said["trials"]) == (6, 6)


def test_long_spans_have_intervals(files: Call) -> None:
    long = ("--to", "2022-06-30", "--horizons", 7, "--trials", 4, "--sets", 1)
    lines = fine(files(*ASKED, *long, "--out", "out")).splitlines()
    assert lines[1] == "4 trials from each, 1 parameter set, seed 0"
    assert sum(" % (" in line and " to " in line for line in lines) >= 12 and not any("No 95 %" in it for it in lines)
    assert "favours it); 95 % by blocks of twelve weeks, rather too narrow." in lines


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--horizons", "7,x"), "is not a list of days"),
        (("--horizons", "10"), "horizons: 10 is not allowed"),
        (("--to", "2021-01-01"), "lies before the first"),
        (("--to", "2023-01-01"), "the record ends on 2022-09-26"),
        (("--from", "2020-03-01"), "need at least 26"),
        (("--from", "yesterday"), "does not match the format"),
        (("--data", "river.yaml"), "this is not a daily series"),
        (("--data", "none.csv"), "cannot be read"),
        (("--parameters", "fitted"), "parameters: 'fitted' is not allowed"),
        (("--also", "x"), "is not NAME=FILE"),
        (("--also", "model=river.yaml"), "also: 'model' is not allowed"),
        (("--also", "other=none.yaml"), "no such file"),
        (("--resume",), "--resume needs --out"),
        (("--trials", 1), "trials: 1 is not allowed"),
        (("--workers", 0), "workers: 0 is not allowed"),
        (("--set", "fighting.drift=null"), "has no `fighting.drift`"),
        (("--from", "2020-01-10"), "--from 2020-01-10: no opening of SCENARIO=river.yaml in the record is 28 days old"),
        (
            ("--also", "other=builtin:invented-border"),
            "--also other=builtin:invented-border: the scenario has no openings",
        ),
    ],
)
def test_refusals_write_nothing(files: Call, more: tuple[object, ...], said: str) -> None:
    before = sorted(Path().rglob("*"))
    assert said in refused(files(*ASKED, *more))
    assert sorted(Path().rglob("*")) == before
