"""The folder of a study: what was asked, the rows it was made from, and its tables by name.

A comparison, a screening, an ablation and their like are studies. `study.json` says what was asked, by which code, and
lists the tables; `blocks/` holds the rows of a design as they come in, so that a study that was stopped goes on;
`scenario.resolved.yaml` is the scenario. Plots and the report read tables by name: `Study.open(folder)["morris"]`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from sim import __version__
from sim.ensemble import tables
from sim.ensemble.lock import locked
from sim.ensemble.manifest import SCENARIO, code_digest, now
from sim.errors import InputError, ResultsError, RunError
from sim.scenario import load, to_yaml
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

NAME = "study.json"
LAYOUT = 1
BLOCKS = "blocks"

Status = Literal["running", "interrupted", "failed", "done"]


@dataclass
class Record:
    """What `study.json` says: the kind of study, the question, the code, and the files with their sha256."""

    kind: str
    scenario: str
    question: dict[str, Any]
    code: dict[str, str] = field(default_factory=lambda: {"version": __version__, "digest": code_digest()})
    layout: int = LAYOUT
    status: Status = "running"
    started: str = field(default_factory=now)
    finished: str | None = None
    wall_seconds: float = 0.0
    blocks: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)


class Study:
    """A stored study; tables are read when they are asked for, and checked against the record."""

    def __init__(self, folder: Path, record: Record) -> None:
        self.folder = folder
        self.record = record

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The study in a folder; ResultsError if there is none or it cannot be understood."""
        folder = Path(path)
        try:
            said = json.loads((folder / NAME).read_text(encoding="utf-8"))
            if said["layout"] != LAYOUT:
                raise ValueError("it was written by another version of this program")
            return cls(folder, Record(**said))
        except (FileNotFoundError, NotADirectoryError):
            raise ResultsError(f"{folder}: holds no study (it has no {NAME})") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ResultsError(f"{folder / NAME}: cannot be read ({error}); make it again in another folder") from error

    def __repr__(self) -> str:
        return f"Study({str(self.folder)!r}: {self.kind} of {self.record.scenario}; {', '.join(self.record.tables)})"

    @property
    def kind(self) -> str:
        """What it is: `comparison`, `morris`, `sobol`, `split`, `ablation`, `discovery` or `definitions`."""
        return self.record.kind

    @property
    def complete(self) -> bool:
        """Whether it came to its end."""
        return self.record.status == "done"

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario it is about, with what was asked filled in."""
        return load(self.folder / SCENARIO)

    def __contains__(self, name: object) -> bool:
        return any(Path(file).stem == name for file in self.record.tables)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """The table of a name; ResultsError where there is none, or where it was altered."""
        for file, sha in self.record.tables.items():
            if Path(file).stem == name:
                return self._read(file, sha)
        there = ", ".join(Path(file).stem for file in self.record.tables) or "none yet"
        raise ResultsError(f"{self.folder}: has no table `{name}`; there are: {there}")

    def store(self, name: str, table: pd.DataFrame) -> None:
        """Keep a table under a name."""
        file = f"{name}.{tables.best_format()}"
        self.record.tables[file] = tables.write(table, self.folder / file)
        self.write()

    def write(self) -> None:
        """Store the record in one step."""
        tables.replace_text(self.folder / NAME, json.dumps(asdict(self.record), indent=1) + "\n")

    # --- the rows of a design ----------------------------------------------------------------------------------------

    def block(self, name: str) -> pd.DataFrame | None:
        """The rows stored under a name; None where there are none, or not what was written."""
        file = f"{BLOCKS}/{name}.{tables.best_format()}"
        sha = self.record.blocks.get(file)
        intact = (self.folder / file).is_file() and tables.sha256(self.folder / file) == sha
        return read(self.folder / file) if intact else None

    def store_block(self, name: str, rows: pd.DataFrame) -> None:
        """Keep rows of a design under a name."""
        file = f"{BLOCKS}/{name}.{tables.best_format()}"
        self.record.blocks[file] = tables.write(rows, self.folder / file)
        self.write()

    def _read(self, file: str, sha: str) -> pd.DataFrame:
        path = self.folder / file
        if not path.is_file() or tables.sha256(path) != sha:
            raise ResultsError(f"{path}: missing or altered; make the study again with --resume")
        return read(path)


def read(path: Path) -> pd.DataFrame:
    """A table of a study, its columns of the kinds they were written with."""
    import pandas as pd

    if path.suffix == ".parquet":
        return pd.read_parquet(path, engine="pyarrow")
    # An empty field is null, but a party may be called `na`; and only float() gives every last bit back.
    text = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    return pd.DataFrame({name: _parsed(text[name]) for name in text.columns})


def _parsed(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of text as truths, whole numbers or reals, if all of it can be."""
    if len(column) and column.isin(["True", "False"]).all():
        return column == "True"
    kinds: tuple[Callable[[str], Any], ...] = (int, float)
    for kind in kinds:
        try:
            return column.astype(object).map(kind, na_action="ignore").astype("int64" if kind is int else "float64")
        except ValueError:
            continue
    return column


@contextmanager
def studying(folder: Path, kind: str, scenario: Scenario, question: Mapping[str, Any], resume: bool) -> Iterator[Study]:
    """The study of a folder while we hold it, fresh or gone on with; the record says how it ended.

    `question` is all that decides the result (plain JSON): with `resume` the stored one must be the same. Raises
    ResultsError for a folder that is used or that holds another study, RunError if the disk fails; a KeyboardInterrupt
    goes on with the folder as its argument.
    """
    if not resume and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ResultsError(
            f"{folder}: exists already; add --resume to go on with a study, or choose another with --out"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            yield from _held(folder, Record(kind, scenario.name, dict(question)), scenario)
    except OSError as error:
        raise RunError(f"{folder}: cannot write there: {error}; what is stored is safe, go on with --resume") from error


def _held(folder: Path, fresh: Record, scenario: Scenario) -> Iterator[Study]:
    study = _begun(folder, fresh, scenario)
    before, started = study.record.wall_seconds, time.perf_counter()
    study.record.status = "failed"
    try:
        yield study
        study.record.status = "done"
    except KeyboardInterrupt:
        study.record.status = "interrupted"
        raise KeyboardInterrupt(str(study.folder)) from None
    finally:
        study.record.wall_seconds = round(before + time.perf_counter() - started, 3)
        study.record.finished = now()
        study.write()


def _begun(folder: Path, fresh: Record, scenario: Scenario) -> Study:
    if not (folder / NAME).exists():
        tables.replace_text(folder / SCENARIO, to_yaml(scenario))
        study = Study(folder, fresh)
        study.write()
        return study
    for left in folder.rglob(".*.tmp"):
        left.unlink(missing_ok=True)
    study = Study.open(folder)
    old, new = ({"kind": it.kind, "code": it.code, **it.question} for it in (study.record, fresh))
    asked = [(key, old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new])]
    differing = [f"\n  {key}: {there} there, {here} here" for key, there, here in asked if there != here]
    if differing:
        raise ResultsError(
            f"{folder}: holds another study and cannot go on with this one:{''.join(differing)}\n"
            "Ask for the same as there, or choose another folder with --out."
        )
    return study


def whole(name: str, value: int | None, least: int, otherwise: int) -> int:
    """A number that was asked for, or the one taken otherwise; InputError below the least."""
    if value is not None and value < least:
        raise InputError(f"{name}: {value} is not allowed; it is a whole number of at least {least}")
    return otherwise if value is None else value


def slug(name: str) -> str:
    """A name for a folder from a name for people."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split()) or "scenario"
