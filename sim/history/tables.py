"""Tables of events and days as their publishers give them out: CSV, plain or packed, checked while they are read.

A `Table` yields one tuple of parsed values a line and holds one line at a time, so that a file of any size can be read.
What is wrong is said with file, line, column, value, what is allowed, and what to do.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from sim.errors import InputError, Problem, did_you_mean

REQUIRED = object()
HXL = "#"  # a second heading of tags, as the Humanitarian Data Exchange adds it
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


class Field(NamedTuple):
    """A column to be read: its name and others it has had, how a cell is parsed, what stands for it where it is absent.

    `parse` raises ValueError with a text that follows "VALUE ", such as "is not a date".
    """

    name: str
    parse: Callable[[str], Any]
    absent: Any = REQUIRED
    aliases: tuple[str, ...] = ()


class Table:
    """A CSV file of which `fields` are read. `kind` says what it should be, `hint` what else its heading may be.

    The heading is read at once, the lines when they are asked for. Raises InputError where the file cannot be read,
    lacks a column, or has a cell that is not what its column holds.
    """

    def __init__(
        self, path: Path, fields: Sequence[Field], kind: str, hint: Callable[[Sequence[str]], str] = lambda _: ""
    ) -> None:
        self.path, self.fields, self.kind, self.hint = path, fields, kind, hint
        self.line = 1
        self.absent: set[str] = set()  # fields whose column the file does not have
        with self._reader() as reader:
            self._plan(_heading(reader))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """The values of each line, in the order of the fields."""
        with self._reader() as reader:
            yield from self._values(reader)

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        with _text(self.path) as text:
            try:
                yield csv.reader(text)
            except UnicodeDecodeError:
                raise self.wrong("", "is not UTF-8; save it as CSV in UTF-8") from None
            except (csv.Error, EOFError, OSError, zipfile.BadZipFile, zlib.error) as fault:
                raise self.wrong("", f"cannot be read: {fault}; fetch it anew") from fault

    def wrong(self, column: str, message: str) -> InputError:
        """An error at the line that is being read."""
        return InputError(str(Problem(str(self.path), self.line, 0, column, message)))

    def _values(self, reader: Any) -> Iterator[tuple[Any, ...]]:
        columns = _heading(reader)
        plan = self._plan(columns)
        for row in reader:
            self.line = reader.line_num
            if not row or (row[0].startswith(HXL) and self.line == 2):
                continue
            if len(row) != len(columns):
                raise self.wrong("", f"has {len(row)} cells where the heading has {len(columns)}; fetch the file anew")
            try:
                yield tuple([field.absent if at < 0 else field.parse(row[at]) for field, at in plan])
            except ValueError:
                raise self._fault(row, plan) from None

    def _plan(self, columns: Sequence[str]) -> list[tuple[Field, int]]:
        plan = [(field, _index(columns, field)) for field in self.fields]
        self.absent = {field.name for field, at in plan if at < 0}
        missing = [field.name for field, at in plan if at < 0 and field.absent is REQUIRED]
        if missing:
            hint = self.hint(columns) or _general_hint(columns, missing)
            raise self.wrong("", f"this is not {self.kind}: it has no column {', '.join(missing)}{hint}")
        twice = [field.name for field, _ in plan if columns.count(field.name) > 1]
        if twice:
            raise self.wrong(twice[0], "the heading has this column twice; leave one")
        return plan

    def _fault(self, row: Sequence[str], plan: Sequence[tuple[Field, int]]) -> InputError:
        for field, at in plan:
            try:
                field.parse(row[at])
            except ValueError as fault:
                return self.wrong(field.name, f"{row[at]!r} {fault}")
        raise AssertionError("every field parses")


def _heading(reader: Iterator[list[str]]) -> list[str]:
    return [name.strip().lower() for name in next(reader, [])]


def _index(columns: Sequence[str], field: Field) -> int:
    return next((columns.index(name) for name in (field.name, *field.aliases) if name in columns), -1)


def _general_hint(columns: Sequence[str], missing: Sequence[str]) -> str:
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        return "; its columns are not separated by commas: save it as CSV with commas"
    if not any(name.isidentifier() for name in columns):
        return "; its first line is not a heading: put the publisher's column names there"
    near = did_you_mean(missing[0], columns)
    return near or f"; its columns are: {', '.join(columns[:12])}"


# --- opening ---------------------------------------------------------------------------------------------------------


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    """The file as text: CSV, gzipped CSV, or a ZIP archive with one CSV in it."""
    try:
        with path.open("rb") as raw:
            start = raw.read(2)
    except OSError as fault:
        raise InputError(f"{path}: cannot be read: {fault.strerror}") from fault
    if start == b"PK":
        with _unzipped(path) as text:
            yield text
    else:
        with gzip.open(path) if start == b"\x1f\x8b" else path.open("rb") as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


@contextmanager
def _unzipped(path: Path) -> Iterator[TextIO]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as fault:
        raise InputError(f"{path}: is no whole ZIP archive ({fault}); fetch it anew") from fault
    with archive:
        names = archive.namelist()
        tables = [name for name in names if name.lower().endswith(".csv") and not name.startswith("__MACOSX")]
        if "[Content_Types].xml" in names:
            raise InputError(f"{path}: is a spreadsheet; fetch the CSV version, or save it as CSV in UTF-8")
        if len(tables) != 1:
            raise InputError(f"{path}: holds {len(tables)} CSV files, and one is read; unpack it and name the file")
        with archive.open(tables[0]) as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


# --- cells -----------------------------------------------------------------------------------------------------------


def text(cell: str) -> str:
    """A cell as it stands, without blanks around it."""
    return cell.strip()


def name(cell: str) -> str:
    """A cell that says something."""
    if not (found := cell.strip()):
        raise ValueError("is empty; every row has its own")
    return found


@lru_cache(maxsize=100_000)
def day(cell: str) -> dt.date:
    """A date: 2020-01-31, with or without a time of day after it, or 31 January 2020."""
    words = cell.split()
    try:
        if len(words) == 3 and words[1].capitalize() in MONTHS:
            return dt.date(int(words[2]), MONTHS.index(words[1].capitalize()) + 1, int(words[0]))
        return dt.date.fromisoformat((words[0] if words else "").split("T")[0])
    except ValueError:
        raise ValueError("is not a date; allowed: 2020-01-31, with or without a time, or 31 January 2020") from None


@cache
def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers from `low` to `high`; 3.0 is one."""

    @lru_cache(maxsize=10_000)
    def parse(cell: str) -> int:
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not (low <= value <= high and value.is_integer()):
            raise ValueError(f"is not allowed; allowed: whole numbers from {low:,} to {high:,}")
        return int(value)

    return parse


def number(low: float, high: float, empty: float | None = None) -> Callable[[str], float]:
    """A parser of finite numbers from `low` to `high`; `empty` stands for an empty cell where it is given."""

    def parse(cell: str) -> float:
        if empty is not None and not cell.strip():
            return empty
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not (low <= value <= high and math.isfinite(value)):
            raise ValueError(f"is not allowed; allowed: numbers from {low:g} to {high:g}")
        return value

    return parse
