"""Run one scenario under many settings: the cells of a grid or a list, each an ensemble of its own in one folder.

All cells have one seed, so the same trial of two cells draws the same luck wherever the settings do not reach: their
difference is due to the settings. A sweep's folder holds `sweep.json` (what was asked), `cells.parquet` (or `.csv`; the
settings of each cell) and a results folder for each cell under `cells/`, as `run` writes it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from sim.ensemble import tables
from sim.ensemble.engines import default_engine
from sim.ensemble.lock import locked
from sim.ensemble.manifest import NAME as MANIFEST
from sim.ensemble.manifest import compare
from sim.ensemble.results import Results
from sim.ensemble.running import default_folder, run
from sim.errors import InputError, Problem, ResultsError, ScenarioError
from sim.scenario import Scenario, digest, load
from sim.scenario.nodes import MAX_BYTES, Mark, Node, parse_yaml
from sim.scenario.writing import as_yaml

if TYPE_CHECKING:
    import pandas as pd

NAME, CELLS = "sweep.json", "cells"
LAYOUT = 1
MOST_CELLS = 10_000
QUICK = 10_000  # trials of the compiled engine
OPENING, CLOSING, QUOTES = "[{(", "]})", "'\""


@dataclass(frozen=True)
class Setting:
    """A key of the scenario set to a YAML value, and where somebody wrote that."""

    key: str
    text: str
    where: Mark

    @property
    def label(self) -> float | str:
        """The value as it stands in a table: a number, or text."""
        node, _ = parse_yaml(self.text, self.where.file)
        value = node.plain() if node is not None else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        return value if isinstance(value, str) else self.text


Cell = tuple[Setting, ...]
Axis = Sequence[Cell]


# --- what is varied -------------------------------------------------------------------------------------------------


def varied(text: str) -> Axis:
    """The axis that `path.to.key=v1,v2,...` stands for; commas inside brackets or quotes part no values."""
    key, equals, values = text.partition("=")
    parts = [part.strip() for part in _parted(values)]
    if not equals or not key.strip() or not all(parts):
        raise InputError(f"--vary {text}: is not path.to.key=VALUE,VALUE,...")
    return [(Setting(key.strip(), part, Mark(f"--vary {key.strip()}={part}")),) for part in parts]


def _parted(text: str) -> Iterator[str]:
    """The text cut at the commas that stand outside brackets and quotes."""
    begin, depth, quote = 0, 0, ""
    for k, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in QUOTES:
            quote = sign
        elif sign == "," and depth == 0:
            yield text[begin:k]
            begin = k + 1
        else:
            depth += (sign in OPENING) - (sign in CLOSING)
    yield text[begin:]


def read_grid(path: Path) -> list[Axis]:
    """The axes of a file that maps each key to the list of its values; they are crossed."""
    root = _read(path)
    if not root.is_map or not root.value:
        raise ScenarioError([root.mark.problem("", "is no grid; it maps path.to.key to a list of values")])
    problems = [
        node.place.problem(str(key), "is not a list of values")
        for key, node in root.value.items()
        if not isinstance(node.value, list) or not node.value
    ]
    if problems:
        raise ScenarioError(problems)
    return [[(_setting(key, value),) for value in node.value] for key, node in root.value.items()]


def read_list(path: Path) -> Axis:
    """The cells of a file that lists them, each a map of keys to values."""
    root = _read(path)
    items = root.value if isinstance(root.value, list) else []
    problems = [item.mark.problem("", "is not a map of path.to.key to a value") for item in items if not item.is_map]
    if problems or not items:
        raise ScenarioError(
            problems or [root.mark.problem("", "is no list of cells; it begins with `- path.to.key: `")]
        )
    return [tuple(_setting(key, value) for key, value in item.value.items()) for item in items]


def _setting(key: object, value: Node) -> Setting:
    text = as_yaml(value.plain()).removesuffix("...\n").strip()
    return Setting(str(key), text, value.place)


def _read(path: Path) -> Node:
    try:
        text = path.read_bytes()[: MAX_BYTES + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    root, problems = parse_yaml(text, str(path))
    if problems or root is None:
        raise ScenarioError(problems or [Mark(str(path)).problem("", "is empty")])
    return root


def crossed(axes: Sequence[Axis]) -> list[Cell]:
    """Every combination of the axes, the last one varying fastest; InputError where two axes set one key."""
    if not axes:
        raise InputError("nothing is varied; say what with --vary path.to.key=VALUE,VALUE, --grid FILE or --list FILE")
    owners: dict[str, int] = {}
    for k, axis in enumerate(axes):
        for setting in (setting for cell in axis for setting in cell):
            if owners.setdefault(setting.key, k) != k:
                raise InputError(f"{setting.where.file}: {setting.key} is varied twice")
    count = prod(len(axis) for axis in axes)
    if count > MOST_CELLS:
        raise InputError(f"the sweep has {count:,} cells; allowed: {MOST_CELLS:,}")
    return [sum(parts, ()) for parts in product(*axes)]


# --- running --------------------------------------------------------------------------------------------------------


def sweep(
    source: str | Path,
    axes: Sequence[Axis],
    *,
    overrides: Mapping[str, str] | None = None,
    without: Iterable[str] = (),
    out: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
    **asked: Any,
) -> Sweep:
    """Run every cell of crossed `axes` (`varied`, `read_grid`, `read_list`) into one folder.

    `asked` is what `run` takes (trials, sets, seed, days, workers, engine, events, precision, dask), alike for all
    cells. All cells are checked before the first is run: ScenarioError holds the problems of all of them.
    """
    cells = crossed(axes)
    scenarios = Scenarios(source, dict(overrides or {}), tuple(without))
    fresh = _as_asked(scenarios, cells, asked)
    folder = Path(out) if out is not None else default_folder(scenarios.of(cells[0]))
    if folder.exists() and not resume and (not folder.is_dir() or any(folder.iterdir())):
        raise ResultsError(f"{folder}: exists; add --resume to go on with a sweep, or choose another with --out")
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            _begin(folder, fresh, cells)
            for number, cell in _with_progress(cells, fresh["scenario"], progress):
                scenario = scenarios.of(cell)
                shared = {**asked, "workers": _workers(scenario, asked)}
                run(scenario, out=folder / _cell_folder(number), resume=True, progress=False, **shared)
    except InputError:
        if made and not (folder / CELLS).exists():
            shutil.rmtree(folder)
        raise
    except OSError as error:
        raise ResultsError(f"{folder}: cannot write there: {error}; choose another with --out") from error
    return Sweep.open(folder)


def _workers(scenario: Scenario, asked: Mapping[str, Any]) -> int | None:
    """How many processes share a cell: one, unless asked, where starting more would take longer than the cell."""
    plan = scenario.ensemble
    total = (asked.get("trials") or plan.trials) * (asked.get("sets") or plan.sets)
    quick = (asked.get("engine") or default_engine()) == "batch" and total < QUICK and asked.get("dask") is None
    return 1 if asked.get("workers") is None and quick else asked.get("workers")


class Scenarios:
    """The scenario of each cell; problems name the place where the cell's value was written."""

    def __init__(self, source: str | Path, overrides: Mapping[str, str], without: tuple[str, ...]) -> None:
        self.source, self.overrides, self.without = source, overrides, without

    def of(self, cell: Cell) -> Scenario:
        """The scenario with the settings of a cell, which come after the overrides of all cells."""
        settings = {setting.key: setting.text for setting in cell}
        kept = {key: text for key, text in self.overrides.items() if key not in settings}
        try:
            return load(self.source, kept | settings, self.without)
        except ScenarioError as error:
            places = {f"--set {setting.key}={setting.text}": setting.where for setting in cell}
            raise ScenarioError(_placed(problem, places) for problem in error.problems) from None


def _placed(problem: Problem, places: Mapping[str, Mark]) -> Problem:
    where = places.get(problem.file)
    return replace(problem, file=where.file, line=where.line, column=where.column) if where else problem


def _as_asked(scenarios: Scenarios, cells: Sequence[Cell], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `sweep.json` says; ScenarioError with the problems of all cells."""
    listed, problems, name = [], [], ""
    for number, cell in enumerate(cells):
        try:
            scenario = scenarios.of(cell)
        except ScenarioError as error:
            problems += error.problems
            continue
        name = name or scenario.name
        settings = {setting.key: setting.text for setting in cell}
        listed.append({"folder": _cell_folder(number), "settings": settings, "digest": digest(scenario)})
    if problems:
        raise ScenarioError(problems)
    numbers = {key: asked.get(key) for key in ("trials", "sets", "seed", "days", "precision")}
    return {"layout": LAYOUT, "scenario": name, "tables": tables.best_format(), "asked": numbers, "cells": listed}


def _begin(folder: Path, fresh: Mapping[str, Any], cells: Sequence[Cell]) -> None:
    """Write down what is asked, or see that the folder holds the same sweep."""
    if (folder / NAME).exists():
        _refuse_other(folder, fresh)
        return
    if (folder / MANIFEST).exists():
        raise ResultsError(f"{folder}: holds a single run, not a sweep; choose another folder with --out")
    tables.write(cells_table(cells), folder / f"{CELLS}.{fresh['tables']}")
    tables.replace_text(folder / NAME, json.dumps(fresh, indent=1) + "\n")


def _refuse_other(folder: Path, fresh: Mapping[str, Any], most: int = 8) -> None:
    """ResultsError with what differs, if another sweep stands in the folder."""
    there = _said(folder)
    if len(there["cells"]) != len(fresh["cells"]):
        found = [f"cells: {len(there['cells'])} there, {len(fresh['cells'])} here"]
    else:
        old, new = ({**said, "cells": dict(enumerate(said["cells"])), "tables": None} for said in (there, fresh))
        found = list(compare("", old, new))[:most]
    if found:
        listed = "".join(f"\n  {line}" for line in found)
        raise ResultsError(
            f"{folder}: holds another sweep and cannot go on with this one:{listed}\n"
            "Ask for the same as there, or choose another folder with --out."
        )


def _with_progress(cells: Sequence[Cell], name: str, progress: bool) -> Iterator[tuple[int, Cell]]:
    yield from tqdm(enumerate(cells), total=len(cells), desc=name, unit="cell", file=sys.stderr, disable=not progress)


def _cell_folder(number: int) -> str:
    return f"{CELLS}/{number:04d}"


def cells_table(cells: Sequence[Cell]) -> pd.DataFrame:
    """One row a cell: its number, and a column for each varied key; numbers where all values are, null where unset."""
    import pandas as pd

    keys = list(dict.fromkeys(setting.key for cell in cells for setting in cell))
    labels = [{setting.key: setting.label for setting in cell} for cell in cells]
    columns: dict[str, Any] = {"cell": pd.Series(range(len(cells)), dtype="Int64")}
    for key in keys:
        values = [of_cell.get(key) for of_cell in labels]
        plain = all(value is None or isinstance(value, float) for value in values)
        texts = [None if value is None else _shown(value) for value in values]
        columns[key] = pd.Series(values, dtype="Float64") if plain else pd.Series(texts, dtype="string")
    return pd.DataFrame(columns)


def _shown(value: float | str) -> str:
    return f"{value:g}" if isinstance(value, float) else value


# --- reading --------------------------------------------------------------------------------------------------------


class Sweep:
    """A sweep's folder; its cells are results folders."""

    def __init__(self, folder: Path, said: Mapping[str, Any]) -> None:
        self.folder = folder
        self.said = said

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The sweep in a folder; ResultsError if it is none. One that was stopped opens with what it has."""
        return cls(Path(path), _said(Path(path)))

    def __repr__(self) -> str:
        return f"Sweep({str(self.folder)!r}: {self.said['scenario']}, {len(self)} cells by {', '.join(self.keys)})"

    def __len__(self) -> int:
        return len(self.said["cells"])

    @property
    def keys(self) -> list[str]:
        """The keys that are varied."""
        return list(dict.fromkeys(key for cell in self.said["cells"] for key in cell["settings"]))

    @property
    def complete(self) -> bool:
        """Whether every trial of every cell is there."""
        return all(self.has(cell) and self.results(cell).complete for cell in range(len(self)))

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row a cell: `cell`, and a column for each varied key."""
        return cells_table(
            [
                tuple(Setting(key, text, Mark(NAME)) for key, text in cell["settings"].items())
                for cell in self.said["cells"]
            ]
        )

    def has(self, cell: int) -> bool:
        """Whether a cell was begun."""
        return Path(self.folder, self.said["cells"][cell]["folder"], MANIFEST).exists()

    def results(self, cell: int) -> Results:
        """The results of one cell; ResultsError where it was not begun."""
        if not 0 <= cell < len(self):
            raise InputError(f"cell {cell}: there is none; allowed: 0 to {len(self) - 1}")
        return Results.open(self.folder / self.said["cells"][cell]["folder"])

    def begun(self) -> Iterator[tuple[int, Results]]:
        """The cells that were begun, with their numbers."""
        return ((cell, self.results(cell)) for cell in range(len(self)) if self.has(cell))

    @property
    def trials(self) -> pd.DataFrame:
        """The trials of all cells, one row each: `cell` and the varied keys, then the columns of `Results.trials`."""
        return self._labelled((cell, results.trials) for cell, results in self.begun())

    def outcomes(self) -> pd.DataFrame:
        """The outcome tables of all cells: `cell`, the varied keys, `outcome`, then the columns of the table."""
        return self._labelled((cell, results.outcomes().reset_index()) for cell, results in self.begun())

    def _labelled(self, parts: Iterable[tuple[int, pd.DataFrame]]) -> pd.DataFrame:
        import pandas as pd

        found = [part.assign(cell=pd.array([cell] * len(part), dtype="Int64")) for cell, part in parts]
        if not found:
            return self.cells.head(0)
        return self.cells.merge(pd.concat(found, ignore_index=True), on="cell", how="right")


def _said(folder: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if said["layout"] != LAYOUT:
            raise ValueError("it was written by another version of this program")
    except (FileNotFoundError, NotADirectoryError):
        raise ResultsError(f"{folder}: not the folder of a sweep (it has no {NAME})") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{folder / NAME}: cannot be read ({error}); sweep again into another folder") from error
    return said
