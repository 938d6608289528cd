"""SQL over a results folder: the same values as pandas and Polars read, and nothing beyond that folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import polars
import pytest

from sim.ensemble import Results, run
from sim.ensemble.sql import NAMES, ask, parameters
from sim.errors import InputError, ResultsError
from sim.scenario import load
from sim.scenario.numbers import values_of_set
from tests.ensemble.fake import SCENARIO

ENGINE = "tests.ensemble.fake:simulate"
UNCERTAIN = SCENARIO.replace("rate: 0.1", "rate: {dist: uniform, low: 0.05, high: 0.2}")


@pytest.fixture(scope="module", params=["parquet", "csv"])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Three sets of forty trials, in a folder whose name is a trap."""
    folder = tmp_path_factory.mktemp("it's [1] * of")
    file = folder / "fence.yaml"
    file.write_text(UNCERTAIN, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.ensemble.tables.best_format", lambda: request.param)
        return run(
            load(file), trials=40, sets=3, workers=1, out=folder / "out", events=[0, (1, 5)], engine=ENGINE,
            progress=False,
        )  # fmt: skip


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found.reset_index(drop=True), wanted.reset_index(drop=True), check_dtype=False)


def test_tables_are_what_results_reads(results: Results) -> None:
    same(ask(results, "select * from trials order by set, trial"), results.trials)
    same(ask(results, "select * from daily order by series, day"), results.daily.sort_values(["series", "day"]))
    events = ask(results, "select * from events where set = 1 and trial = 5")
    same(events, results.events(5, 1))
    assert set(ask(results, "select distinct set, trial from events").itertuples(index=False, name=None)) == {
        (0, 0), (1, 5),
    }  # fmt: skip


def test_nulls_stay_nulls_and_kinds_stay_kinds(results: Results) -> None:
    found = ask(results, "select breakdown_day, agreement_effective, first_mover_actor, deaths from trials")
    assert [str(kind) for kind in found.dtypes] == ["Int64", "boolean", "string", "float64"]
    for column in found:
        assert found[column].isna().sum() == results.trials[column].isna().sum()
    assert found["breakdown_day"].isna().any()


def test_an_aggregate_agrees_with_pandas_and_polars(results: Results) -> None:
    query = "select set, count(*) as n, count(broken_day) as broken, sum(deaths) as dead from trials group by set"
    found = ask(results, f"{query} order by set")
    grouped = results.trials.groupby("set")
    assert found["n"].tolist() == grouped.size().tolist()
    assert found["broken"].tolist() == grouped["broken_day"].count().tolist()
    assert found["dead"].tolist() == pytest.approx(grouped["deaths"].sum().tolist())
    files = [results.folder / name for name, _ in results.manifest.files("trials")]
    if results.manifest.tables == "csv":
        frame = polars.concat([polars.read_csv(file, glob=False) for file in files], how="vertical_relaxed")
    else:
        frame = polars.concat([polars.read_parquet(file, glob=False) for file in files])
    other = frame.group_by("set").agg(
        polars.len().alias("n"), polars.col("broken_day").count().alias("broken"), polars.col("deaths").sum()
    )
    rows = other.sort("set").rows()
    assert [row[:3] for row in rows] == list(found[["set", "n", "broken"]].itertuples(index=False, name=None))
    assert [row[3] for row in rows] == pytest.approx(found["dead"].tolist())


def test_one_reading_of_the_parquet_files_is_another(results: Results) -> None:
    if results.manifest.tables == "csv":
        return  # their types are only guessed: what they hold is compared above
    files = [results.folder / name for name, _ in results.manifest.files("trials")]
    wanted = ask(results, "from trials order by set, trial")
    same(pd.concat(pd.read_parquet(file, dtype_backend="numpy_nullable") for file in files), wanted)
    columns = polars.concat([polars.read_parquet(file, glob=False) for file in files]).to_dict(as_series=False)
    for name, values in columns.items():
        assert [None if pd.isna(value) else value for value in wanted[name]] == values, name


def test_parameters_long_and_wide(results: Results) -> None:
    path = "rules.raid.rate"
    values = [values_of_set(results.scenario, index, results.manifest.seed)[path] for index in range(3)]
    found = ask(results, "select * from parameters order by set")
    assert found["parameter"].tolist() == [path] * 3
    assert found["value"].tolist() == values == parameters(results)["value"].tolist()
    wide = ask(
        results, f'select s."{path}" as rate, avg(deaths) as dead from trials join sets s using (set) group by 1'
    )
    assert sorted(wide["rate"]) == sorted(values)


def test_a_single_set_stands_at_its_medians(tmp_path: Path) -> None:
    file = tmp_path / "fence.yaml"
    file.write_text(UNCERTAIN, encoding="utf-8")
    single = run(load(file), trials=2, workers=1, out=tmp_path / "out", engine=ENGINE, progress=False)
    assert ask(single, "select value from parameters")["value"].tolist() == [0.125]


def test_a_scenario_without_distributions_has_sets_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "fence.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    plain = run(load(file), trials=2, sets=2, workers=1, out=tmp_path / "out", engine=ENGINE, events=(), progress=False)
    assert ask(plain, "select * from sets").to_numpy().tolist() == [[0], [1]]
    assert ask(plain, "select * from parameters").empty
    assert ask(plain, "select * from events").empty
    assert "rule" in ask(plain, "select * from events").columns


def test_all_tables_can_be_listed(results: Results) -> None:
    assert set(ask(results, "show tables")["name"]) == set(NAMES)


@pytest.mark.parametrize(
    "query",
    [
        "drop view trials", "create table t as select 1", "insert into sets select * from sets", "select 1; select 2",
        "copy trials to 'stolen.csv'", "attach 'other.db'", "install httpfs", "load httpfs", "set threads = 1",
        "set enable_external_access = true", "pragma database_list", "export database 'there'", "checkpoint", "", ";",
    ],
)  # fmt: skip
def test_only_one_question_is_answered(
    results: Results, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="allowed: a single SELECT"):
        ask(results, query)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "select * from 'secret.csv'", "select * from read_csv('secret.csv')", "select * from read_text('{}')",
        "select * from glob('*')", "select * from read_parquet('https://example.org/x.parquet')",
        "select * from secret",
        "select * from read_json('{}')", "select * from read_blob('secret.csv')",
        "with s as (select * from read_csv('{}')) select * from s",
    ],
)  # fmt: skip
def test_nothing_beyond_the_folder_is_read(
    results: Results, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    secret = pd.DataFrame({"a": [1]})
    with pytest.raises(InputError, match="^sql: "):
        ask(results, query.format(tmp_path / "secret.csv"))
    assert len(secret) == 1


def test_bad_sql_is_told_what_is_wrong_and_what_tables_there_are(results: Results) -> None:
    with pytest.raises(InputError, match="deathz(.|\n)*The tables are trials, daily, events, sets, parameters"):
        ask(results, "select deathz from trials")
    with pytest.raises(InputError, match="(?i)syntax error"):
        ask(results, "selec * from trials")


def test_without_duckdb_the_remedy_is_named(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(InputError, match=r'pip install "ceasefire\[sql\]"'):
        ask(results, "select 1")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "fence.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    broken = run(load(file), trials=20, workers=1, out=tmp_path / "out", engine=ENGINE, progress=False)
    [(name, _)] = list(broken.manifest.files("trials"))[:1]
    (broken.folder / name).unlink()
    with pytest.raises(ResultsError, match="part-00000.* missing; run again with --resume"):
        ask(broken, "select * from trials")


def test_an_unfinished_run_answers_with_what_it_has(results: Results, tmp_path: Path) -> None:
    stored = json.loads((results.folder / "manifest.json").read_text(encoding="utf-8"))
    assert stored["daily"] is not None
    unfinished = Results(results.folder, results.manifest.read(results.folder))
    unfinished.manifest.daily = None
    same(ask(unfinished, "select * from daily order by series, day"), results.daily.sort_values(["series", "day"]))
