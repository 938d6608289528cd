"""Stored results in SQL: the tables of a results folder as views that DuckDB reads where they lie.

| table | a row is | columns |
|---|---|---|
| `trials` | a trial | as in `Results.trials` |
| `daily` | a daily series on a day | as in `Results.daily` |
| `events` | an event of a trial whose log was stored | as in `Results.events` |
| `sets` | a parameter set | `set`, and one column for each distribution of the scenario, named by its path |
| `parameters` | a value of a set | `set`, `parameter` (its path), `value` |

A question reads and never writes: one SELECT in a database of its own, in memory, which can reach the stored files and
nothing else (no other file, no network, no variable of Python, no extension), and whose settings are locked before the
question is looked at.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.ensemble import tables
from sim.ensemble.worker import ADDRESS, EVENT_FIELDS, EVENTS, TRIALS
from sim.errors import InputError, ResultsError
from sim.scenario.numbers import uncertain, values_of_set

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from sim.ensemble.results import Results

NAMES = ("trials", "daily", "events", "sets", "parameters")
_SQL_KINDS = {"Int64": "BIGINT", "boolean": "BOOLEAN", "string": "VARCHAR", "float64": "DOUBLE"}
_PANDAS_KINDS = {"BIGINT": "Int64", "INTEGER": "Int64", "HUGEINT": "Int64", "BOOLEAN": "boolean", "VARCHAR": "string"}


def ask(results: Results, query: str) -> pd.DataFrame:
    """The answer to one SELECT over `trials`, `daily`, `events`, `sets` and `parameters`.

    Whole numbers, truths and texts may be null, as in the tables themselves. Raises InputError for what is not one
    SELECT or cannot be answered, and where DuckDB is not installed; ResultsError where a stored file is missing.
    """
    with _database() as database:
        _offer(database, results, query.lower())
        _lock(database, _files(results))
        return _answer(database, query)


def parameters(results: Results) -> pd.DataFrame:
    """The values of every parameter set: set, parameter (path of the distribution in the scenario), value."""
    import pandas as pd

    scenario, sets = results.scenario, results.manifest.plan.sets
    rows = [
        {"set": index, "parameter": path, "value": value}
        for index in range(sets)
        for path, value in _values(scenario, index, sets).items()
    ]
    kinds = {"set": "Int64", "parameter": "string", "value": "float64"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _values(scenario: Any, index: int, sets: int) -> dict[str, float]:
    """The values of a set; with one set every distribution stands at its median."""
    if sets == 1:
        return {path: law.median() for path, law in uncertain(scenario).items()}
    return values_of_set(scenario, index, scenario.ensemble.seed)


def _database() -> duckdb.DuckDBPyConnection:
    try:
        import duckdb
    except ImportError:
        raise InputError('SQL needs DuckDB, which is not installed: pip install "ceasefire[sql]"') from None
    return duckdb.connect(":memory:")


def _files(results: Results) -> list[Path]:
    """All stored files that a question may read."""
    names = [name for part in (TRIALS, EVENTS) for name, _ in results.manifest.files(part)]
    return [path for name in (*names, results.daily_file) if (path := (results.folder / name).absolute()).is_file()]


def _offer(database: duckdb.DuckDBPyConnection, results: Results, query: str) -> None:
    """Put the tables in: files as views; what is computed only where the question names it."""
    _view(database, "trials", list(_stored(results, TRIALS)), ADDRESS)
    _view(database, "events", list(_stored(results, EVENTS)), (*ADDRESS, *EVENT_FIELDS, "marks"))
    daily = (results.folder / results.daily_file).absolute()
    if results.manifest.daily is not None and daily.is_file():
        _view(database, "daily", [daily], ())
    elif "daily" in query:
        _table(database, "daily", results.daily)
    if any(word in query for word in ("parameters", "sets", "show")):
        values = parameters(results)
        _table(database, "parameters", values)
        wide = values.pivot_table(index="set", columns="parameter", values="value", sort=False)
        _table(database, "sets", wide.reindex(range(results.manifest.plan.sets)).rename_axis("set").reset_index())


def _stored(results: Results, part: str) -> Iterator[Path]:
    for name, _ in results.manifest.files(part):
        path = (results.folder / name).absolute()
        if not path.is_file():
            raise ResultsError(f"{path}: missing; run again with --resume to compute that part again")
        yield path


def _view(database: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path], columns: Sequence[str]) -> None:
    """Files as one view; with no file, an empty table of these columns."""
    if not files:
        _table(database, name, tables.frame([], columns))
        return
    listed = ", ".join(_quoted(str(path)) for path in files)
    if files[0].suffix == ".parquet":
        database.execute(f"create view {name} as select * from read_parquet([{listed}])")
        return
    with files[0].open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    kinds = ", ".join(f"{_quoted(column)}: {_quoted(_SQL_KINDS[tables.kind(column)])}" for column in header)
    how = f"header = true, columns = {{{kinds}}}, delim = ',', quote = '\"', escape = '\"'"
    database.execute(f"create view {name} as select * from read_csv([{listed}], {how})")


def _table(database: duckdb.DuckDBPyConnection, name: str, content: pd.DataFrame) -> None:
    database.register("given", content)
    database.execute(f"create table {name} as select * from given")
    database.unregister("given")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _lock(database: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """From here on, these files and nothing else; the order matters, and the last line cannot be undone."""
    database.execute(f"set allowed_paths = [{', '.join(_quoted(str(path)) for path in files)}]")
    for setting in (
        "temp_directory = ''",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        database.execute(f"set {setting}")


def _answer(database: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    import duckdb

    try:
        statements = database.extract_statements(query)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise InputError(f"sql: {query.strip()!r} is not one question; allowed: a single SELECT")
        relation = database.sql(query)
        kinds = {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}
        found: pd.DataFrame = relation.df()
    except duckdb.Error as error:
        said = str(error).strip()
        raise InputError(f"sql: {said}\nThe tables are {', '.join(NAMES)}; see docs/reference/python.md") from error
    wanted = {name: _PANDAS_KINDS[kind] for name, kind in kinds.items() if kind in _PANDAS_KINDS}
    return found.astype({name: kind for name, kind in wanted.items() if name in found})
