from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from sim.ensemble import tables
from sim.ensemble.designs import Study, read, studying, whole
from sim.errors import InputError, ResultsError
from tests.ensemble.studied import fence

TABLE = pd.DataFrame(
    {"parameter": ["a", "na"], "value": [0.1, float("nan")], "stands_out": [True, False], "fifth": [1, 2]}
)
ASKED = {"seed": 3, "trials": 7}


@pytest.fixture
def made(tmp_path: Path) -> Study:
    with studying(tmp_path / "study", "morris", fence(tmp_path), ASKED, resume=False) as study:
        study.store("morris", TABLE)
    return Study.open(tmp_path / "study")


def test_a_study_gives_back_what_was_stored(made: Study) -> None:
    assert (made.kind, made.complete, made.record.question) == ("morris", True, ASKED)
    pd.testing.assert_frame_equal(made["morris"], TABLE)
    assert "morris" in made and "sobol" not in made
    assert made.scenario.name == "fence" and "morris of fence" in repr(made)


def test_tables_are_the_same_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "best_format", lambda: "csv")
    with studying(tmp_path / "study", "morris", fence(tmp_path), ASKED, resume=False) as study:
        study.store("morris", TABLE)
    assert (tmp_path / "study" / "morris.csv").exists()
    pd.testing.assert_frame_equal(Study.open(tmp_path / "study")["morris"], TABLE)


def test_a_table_that_is_not_there_is_named_with_those_that_are(made: Study) -> None:
    with pytest.raises(ResultsError, match="no table `sobol`; there are: morris"):
        made["sobol"]


def test_an_altered_table_is_refused(made: Study) -> None:
    path = next(made.folder.glob("morris.*"))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ResultsError, match="missing or altered"):
        Study.open(made.folder)["morris"]


def test_an_altered_block_counts_as_missing(tmp_path: Path) -> None:
    with studying(tmp_path / "study", "morris", fence(tmp_path), ASKED, resume=False) as study:
        study.store_block("rows-1", TABLE)
        assert study.block("rows-1") is not None and study.block("rows-2") is None
        path = next((tmp_path / "study" / "blocks").iterdir())
        path.write_bytes(b"")
        assert study.block("rows-1") is None


def test_what_is_no_study_is_refused(tmp_path: Path, made: Study) -> None:
    with pytest.raises(ResultsError, match=r"holds no study \(it has no study.json\)"):
        Study.open(tmp_path)
    said = json.loads((made.folder / "study.json").read_text())
    for damage in ("{", json.dumps(said | {"layout": 99})):
        (made.folder / "study.json").write_text(damage)
        with pytest.raises(ResultsError, match="cannot be read"):
            Study.open(made.folder)


def test_a_used_folder_takes_resume_and_the_same_question(tmp_path: Path, made: Study) -> None:
    scenario = fence(tmp_path)
    with pytest.raises(ResultsError, match="add --resume"), studying(made.folder, "morris", scenario, ASKED, False):
        pass
    with (
        pytest.raises(ResultsError, match=r"seed: 3 there, 4 here\n"),
        studying(made.folder, "morris", scenario, {**ASKED, "seed": 4}, True),
    ):
        pass
    with studying(made.folder, "morris", scenario, ASKED, True) as again:
        assert "morris" in again


def test_the_record_says_how_it_ended(tmp_path: Path) -> None:
    folder, scenario = tmp_path / "study", fence(tmp_path)
    with pytest.raises(KeyboardInterrupt, match="study$"), studying(folder, "morris", scenario, ASKED, False):
        raise KeyboardInterrupt
    assert Study.open(folder).record.status == "interrupted" and not Study.open(folder).complete
    with pytest.raises(InputError), studying(folder, "morris", scenario, ASKED, True):
        raise InputError("no")
    assert Study.open(folder).record.status == "failed"


def test_numbers_below_the_least_are_refused() -> None:
    assert (whole("sets", None, 2, 64), whole("sets", 2, 2, 64)) == (64, 2)
    with pytest.raises(InputError, match="sets: 1 is not allowed; it is a whole number of at least 2"):
        whole("sets", 1, 2, 64)


def test_csv_keeps_every_bit(tmp_path: Path) -> None:
    table = pd.DataFrame({"value": [0.1 + 0.2, 1e-300, 123456789.123456789]})
    table.to_csv(tmp_path / "t.csv", index=False)
    assert read(tmp_path / "t.csv")["value"].tolist() == table["value"].tolist()
