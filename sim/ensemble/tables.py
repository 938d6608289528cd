"""Tables in files: Parquet where pyarrow is installed, else CSV; the same columns, kinds and values either way.

A file appears whole or not at all: it is written under another name, synced to the disk, and renamed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Format = Literal["parquet", "csv"]
Row = Mapping[str, Any]

_WHOLE = {
    "set", "trial", "observed_days", "places_lost", "posts_encircled", "peak_rung",
    "day", "n", "bin", "order", "future",
}  # fmt: skip
_TRUTH = {"agreement_effective", "rebel_initiated", "void", "whole"}
TEXT = {
    "worst_level", "terminal_status", "first_mover_actor", "first_mover_rule", "crossing_actor", "crossing_rule",
    "regime_at_origin", "error", "series", "phase", "rule", "event", "by", "against", "place", "post", "marks",
}  # fmt: skip


def best_format() -> Format:
    """`parquet` if pyarrow can be imported, else `csv`."""
    return "parquet" if find_spec("pyarrow") is not None else "csv"


def kind(column: str) -> str:
    """The pandas type of a column, by its name alone, so that a chunk in which it is all null has it too."""
    if column in _WHOLE or column.endswith("_day") or column.startswith("peak_rung"):
        return "Int64"
    if column in _TRUTH:
        return "boolean"
    return "string" if column in TEXT else "float64"


def frame(rows: Iterable[Row], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Rows as a DataFrame whose columns have their kinds; `columns` come first and are there even without rows."""
    import pandas as pd

    listed = list(rows)
    names = dict.fromkeys([*columns, *(name for row in listed for name in row)])
    return typed(pd.DataFrame({name: [row.get(name) for row in listed] for name in names}, dtype=object))


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with each column in its kind; a column of unknown name that holds text becomes text."""
    return table.astype({name: _kind_of(table[name]) for name in table.columns})


def _kind_of(column: pd.Series[Any]) -> str:
    by_name = kind(str(column.name))
    if by_name == "float64" and any(isinstance(value, str) for value in column):
        return "string"
    return by_name


def write(table: pd.DataFrame, path: Path) -> str:
    """Write a table to `path` (its suffix says how) in one step; returns the sha256 of the file."""
    if path.suffix == ".parquet":
        return replace(path, lambda to: table.to_parquet(to, index=False, engine="pyarrow", compression="zstd"))
    return replace(path, lambda to: table.to_csv(to, index=False, lineterminator="\n"))


def read(path: Path) -> pd.DataFrame:
    """The table in `path`, its columns in their kinds."""
    import pandas as pd

    if path.suffix == ".parquet":
        return typed(pd.read_parquet(path, engine="pyarrow"))
    # An empty field is null, but a party may be called `na`; and only float() gives every last bit back.
    text = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])
    return pd.DataFrame({name: _parsed(text[name]) for name in text.columns})


def _parsed(column: pd.Series[Any]) -> pd.Series[Any]:
    wanted: Any = kind(str(column.name))
    if wanted == "boolean":
        return column.map({"True": True, "False": False}).astype("boolean")
    if wanted != "float64":
        return column.astype(wanted)
    try:
        numbers = {text: float(text) for text in column.dropna().unique()}
        return column.map(numbers).astype("float64")
    except ValueError:
        return column


def replace(path: Path, writer: Callable[[Path], object]) -> str:
    """Let `writer` fill a temporary file, sync it, rename it to `path`; returns its sha256.

    Leaves no temporary file when the disk is full or the writer is interrupted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        writer(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        digest = sha256(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return digest


def replace_text(path: Path, text: str) -> str:
    """The same for a text."""
    return replace(path, lambda to: to.write_bytes(text.encode()))


def sha256(path: Path) -> str:
    """Digest of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a rename last; not every system can open a folder."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
