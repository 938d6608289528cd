"""Tables as columns of numpy arrays, as a run stores them: pandas takes longer to import than a small ensemble to run.

The files have the columns, kinds and values of `sim.ensemble.tables`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.ensemble.tables import TEXT, Row, kind, replace, typed
from sim.trajectory import Column

if TYPE_CHECKING:
    import pandas as pd

Table = Mapping[str, Column]

ROW_GROUP = 65_536  # rows that are read at a time

_KINDS: dict[str, type] = {"Int64": np.int64, "boolean": np.bool_, "float64": np.float64, "string": np.int64}


def of_rows(rows: Iterable[Row], names: Sequence[str] = ()) -> dict[str, Column]:
    """Rows as columns of their kinds; those in `names` come first and are there even without rows."""
    listed = list(rows)
    found = dict.fromkeys([*names, *(name for row in listed for name in row)])
    return {name: _column(name, [row.get(name) for row in listed]) for name in found}


def _column(name: str, values: Sequence[Any]) -> Column:
    null = np.array([value is None for value in values], dtype=np.bool_)
    wanted = kind(name)
    if wanted == "string" or any(isinstance(value, str) for value in values):
        words = {word: code for code, word in enumerate(dict.fromkeys(value for value in values if value is not None))}
        codes = [0 if value is None else words[value] for value in values]
        return Column(np.array(codes, dtype=np.int64), null, tuple(words))
    return Column(np.array([0 if value is None else value for value in values], dtype=_KINDS[wanted]), null)


def concatenated(parts: Sequence[Table]) -> dict[str, Column]:
    """Tables one below the other; what a part does not have is null in it."""
    names = dict.fromkeys(name for part in parts for name in part)
    sizes = [len(next(iter(part.values()), ())) for part in parts]
    return {name: _joined([_or_null(part, name, n) for part, n in zip(parts, sizes, strict=True)]) for name in names}


def _or_null(part: Table, name: str, n: int) -> Column | None:
    return part[name] if name in part else None if n == 0 else Column(np.zeros(n), np.ones(n, dtype=np.bool_))


def _joined(parts: Sequence[Column | None]) -> Column:
    given = [part for part in parts if part is not None]
    null = np.concatenate([np.zeros(len(it), np.bool_) if it.null is None else it.null for it in given])
    words = tuple(dict.fromkeys(word for it in given for word in it.words or ()))
    textual = any(it.words is not None for it in given)
    kinds = [it.values.dtype for it in given if it.null is None or not it.null.all()] or [given[0].values.dtype]
    values = np.concatenate([_recoded(it, words) if textual else it.values for it in given])
    return Column(values.astype(np.result_type(*kinds), copy=False), null, words if textual else None)


def _recoded(column: Column, words: tuple[str, ...]) -> Any:
    """The column's positions in other words."""
    if not column.words or column.words == words:
        return column.values.astype(np.int64, copy=False)
    return np.array([words.index(word) for word in column.words])[np.where(_null(column), 0, column.values)]


def _null(column: Column) -> Any:
    return False if column.null is None else column.null


def write(table: Table, path: Path) -> str:
    """Write a table to `path` (its suffix says how) in one step; returns the sha256 of the file."""
    return replace(path, lambda to: (_to_parquet if path.suffix == ".parquet" else _to_csv)(table, to))


def _to_parquet(table: Table, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    arrow = pa.table({name: _arrow(pa, column) for name, column in table.items()})
    # Without Arrow's own schema a reader finds plain text, however it was handed over.
    parquet.write_table(arrow, path, compression="zstd", store_schema=False, row_group_size=ROW_GROUP)


def _arrow(pa: Any, column: Column) -> Any:
    """An Arrow array from its buffers, since `pyarrow.array` imports pandas."""
    if column.words is None:
        return _from_buffer(pa, column.values, _nulls_and_nans(column))
    if not column.words:
        return pa.nulls(len(column), pa.string())
    codes = column.values if column.null is None else np.where(column.null, 0, column.values)
    held = _from_buffer(pa, codes.astype(np.int32, copy=False), column.null)
    return pa.DictionaryArray.from_arrays(held, _texts_of(pa, column.words))


def _nulls_and_nans(column: Column) -> Any:
    if column.values.dtype.kind != "f":
        return column.null
    return np.isnan(column.values) | _null(column)


def _from_buffer(pa: Any, values: Any, null: Any) -> Any:
    truths = values.dtype.kind == "b"
    kind = pa.bool_() if truths else pa.from_numpy_dtype(values.dtype)
    data = np.packbits(values, bitorder="little") if truths else np.ascontiguousarray(values)
    valid = None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(data)])


def _texts_of(pa: Any, words: Sequence[str]) -> Any:
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(words), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])


def _to_csv(table: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*(_texts(column) for column in table.values()), strict=True))


def _texts(column: Column) -> Iterator[str]:
    plain = column.values.tolist()
    said = plain if column.words is None else [column.words[code] if column.words else "" for code in plain]
    nulls = _null(column) | (column.values != column.values)
    return ("" if null else str(value) for value, null in zip(said, np.broadcast_to(nulls, len(column)), strict=True))


def read(path: Path, names: Sequence[str] | None = None) -> dict[str, Column]:
    """The table in `path` as columns, of `names` those that it has; text as positions in its words."""
    if path.suffix == ".parquet":
        return _from_parquet(path, names)
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    cells = zip(*lines, strict=True) if lines else [()] * len(header)
    return {name: _parsed_column(name, texts) for name, texts in zip(header, cells, strict=True) if _asked(name, names)}


def _asked(name: str, names: Sequence[str] | None) -> bool:
    return names is None or name in names


def _parsed_column(name: str, texts: Sequence[str]) -> Column:
    parse: dict[str, Callable[[str], Any]] = {"Int64": int, "boolean": "True".__eq__, "float64": float, "string": str}
    try:
        return _column(name, [parse[kind(name)](text) if text else None for text in texts])
    except ValueError:
        return _column(name, [text or None for text in texts])


def parts(path: Path) -> Iterator[dict[str, Column]]:
    """The table in `path`, some rows at a time, so that a long one needs little memory."""
    if path.suffix != ".parquet":
        yield read(path)
        return
    with _opened(path) as file:
        for group in range(file.num_row_groups):
            yield _from_arrow_table(file.read_row_group(group, use_threads=False))


def _from_parquet(path: Path, names: Sequence[str] | None) -> dict[str, Column]:
    with _opened(path) as file:
        held = [name for name in file.schema_arrow.names if _asked(name, names)]
        return _from_arrow_table(file.read(held, use_threads=False))


def _opened(path: Path) -> Any:
    from pyarrow import parquet

    texts = [name for name in parquet.read_schema(path).names if name in TEXT]
    return parquet.ParquetFile(path, read_dictionary=texts)


def _from_arrow_table(table: Any) -> dict[str, Column]:
    return {name: _from_arrow(table.column(name).combine_chunks()) for name in table.column_names}


def _from_arrow(array: Any) -> Column:
    """A column from an Arrow array's buffers, since Arrow's own ways import pandas."""
    kind = str(array.type)
    if kind in ("string", "large_string"):
        array = array.dictionary_encode()
    null = _bits(array, 0, 0) == 0 if array.null_count else None
    if kind == "bool":
        return Column(_bits(array, 1, 1) == 1, null)
    if not hasattr(array, "dictionary"):
        return Column(_numbers(array), null)
    codes = _numbers(array.indices)
    return Column(codes if null is None else np.where(null, 0, codes), null, tuple(array.dictionary.to_pylist()))


def _numbers(array: Any) -> Any:
    """The numbers of an Arrow array; what stands at its nulls is anything."""
    if not len(array):
        return np.empty(0, array.type.to_pandas_dtype())
    found = np.frombuffer(array.buffers()[1], array.type.to_pandas_dtype())
    return found[array.offset : array.offset + len(array)]


def _bits(array: Any, which: int, otherwise: int) -> Any:
    """A buffer of an Arrow array that holds a bit for each value; `otherwise` where it has none."""
    buffer = array.buffers()[which]
    if buffer is None:
        return np.full(len(array), otherwise, np.uint8)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)]


def as_frame(table: Table) -> pd.DataFrame:
    """Columns as a DataFrame, each in its kind."""
    import pandas as pd

    return typed(pd.DataFrame({name: pd.Series(_objects(column), dtype=object) for name, column in table.items()}))


def _objects(column: Column) -> list[Any]:
    return [column.item(k) for k in range(len(column))]
