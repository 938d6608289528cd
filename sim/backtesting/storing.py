"""The folder of a back-test: what was asked, forecasts as they come in, and the tables that are made of them.

`backtest.json` says what was asked and by which code. `forecasts/NAME.npz` holds the simulated weekly deaths of one
forecaster, (origins, trials, weeks); it is written whole or not at all, so a back-test that was stopped goes on with
the next forecaster. `fits/NAME-DAY.npz` holds the numbers that were fitted for one to data up to a day. Tables are CSV
files, of which one that took simulation is not made again either; `scenario.resolved.yaml` is the scenario.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim import __version__
from sim.ensemble import tables
from sim.ensemble.lock import locked
from sim.ensemble.manifest import SCENARIO, code_digest, now
from sim.errors import ResultsError, RunError
from sim.scenario import to_yaml
from sim.scenario.schema import Scenario

NAME = "backtest.json"
FORECASTS = "forecasts"
FITS = "fits"

Counts = npt.NDArray[np.int32]
Row = Mapping[str, float]


class Folder:
    """A back-test's folder while it is held; `said` is what its manifest says."""

    def __init__(self, path: Path, said: dict[str, Any]) -> None:
        self.path, self.said = path, said

    def write(self) -> None:
        """Store the manifest in one step."""
        tables.replace_text(self.path / NAME, json.dumps(self.said, indent=1) + "\n")

    def forecasts(self, name: str) -> Counts | None:
        """The stored weekly deaths of a forecaster; None where there are none, or not those that were written."""
        file = self.path / FORECASTS / f"{name}.npz"
        if not file.is_file() or tables.sha256(file) != self.said["forecasts"].get(name):
            return None
        with np.load(file) as stored:
            return np.asarray(stored["deaths"], np.int32)

    def store_forecasts(self, name: str, deaths: Counts) -> None:
        """Keep the weekly deaths of a forecaster."""
        file = self.path / FORECASTS / f"{name}.npz"
        file.parent.mkdir(exist_ok=True)

        def write(to: Path) -> None:
            with to.open("wb") as handle:
                np.savez_compressed(handle, deaths=deaths)

        self.said["forecasts"][name] = tables.replace(file, write)
        self.write()

    def table(self, name: str) -> pd.DataFrame | None:
        """A stored table; None where there is none, or not the one that was written."""
        file = self.path / f"{name}.csv"
        if not file.is_file() or tables.sha256(file) != self.said["tables"].get(file.name):
            return None
        return pd.read_csv(file)

    def store(self, name: str, table: pd.DataFrame) -> None:
        """Keep a table."""
        self.said["tables"][f"{name}.csv"] = tables.write(table, self.path / f"{name}.csv")
        self.write()

    def fit(self, name: str, until: dt.date) -> list[Row] | None:
        """The stored rows of a fit, bit for bit; None where there are none, or not those that were written."""
        file = self._fit_file(name, until)
        if not file.is_file() or tables.sha256(file) != self.said.get(FITS, {}).get(file.stem):
            return None
        with np.load(file) as stored:
            paths, values = stored["paths"].tolist(), stored["values"].tolist()
        return [dict(zip(paths, row, strict=True)) for row in values]

    def store_fit(self, name: str, until: dt.date, rows: Sequence[Row]) -> None:
        """Keep the rows of a fit of one forecaster to data up to a day; all have the same paths."""
        paths = list(rows[0])
        values = np.array([[row[path] for path in paths] for row in rows], np.float64)

        def write(to: Path) -> None:
            with to.open("wb") as handle:
                np.savez_compressed(handle, paths=np.array(paths, np.str_), values=values)

        file = self._fit_file(name, until)
        self.said.setdefault(FITS, {})[file.stem] = tables.replace(file, write)
        self.write()

    def _fit_file(self, name: str, until: dt.date) -> Path:
        return self.path / FITS / f"{name}-{until}.npz"


def must_be_free(path: Path, resume: bool) -> None:
    """ResultsError for a folder that is used, unless that is meant."""
    if not resume and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ResultsError(f"{path}: exists already; add --resume to go on with it, or choose another with --out")


def as_left(path: Path, question: Mapping[str, Any]) -> Folder | None:
    """The folder of a back-test as it was left, to read from before it is held; None where there is none.

    ResultsError where it holds another back-test.
    """
    return Folder(path, _stored(path, _asked(question))) if (path / NAME).exists() else None


@contextmanager
def backtesting(path: Path, scenario: Scenario, question: Mapping[str, Any]) -> Iterator[Folder]:
    """The folder of a back-test while we hold it, fresh or gone on with; its manifest says how it ended.

    ResultsError where it holds another back-test; RunError if the disk fails. A KeyboardInterrupt goes on with the
    folder as its argument.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with locked(path):
            yield from _held(path, scenario, dict(question))
    except OSError as error:
        raise RunError(f"{path}: cannot write there: {error}; what is stored is safe, go on with --resume") from error


def _held(path: Path, scenario: Scenario, question: dict[str, Any]) -> Iterator[Folder]:
    folder, started = _begun(path, scenario, question), time.perf_counter()
    before = folder.said["wall_seconds"]
    folder.said["status"] = "failed"
    try:
        yield folder
        folder.said |= {"status": "done", "finished": now()}
    except KeyboardInterrupt:
        folder.said["status"] = "interrupted"
        raise KeyboardInterrupt(str(path)) from None
    finally:
        folder.said["wall_seconds"] = round(before + time.perf_counter() - started, 1)
        folder.write()


def _begun(path: Path, scenario: Scenario, question: dict[str, Any]) -> Folder:
    fresh: dict[str, Any] = {
        "scenario": scenario.name,
        **_asked(question),
        "status": "running",
        "started": now(),
        "finished": None,
        "wall_seconds": 0.0,
        "forecasts": {},
        "tables": {},
    }
    if (path / NAME).exists():
        return Folder(path, _stored(path, fresh))
    tables.replace_text(path / SCENARIO, to_yaml(scenario))
    folder = Folder(path, fresh)
    folder.write()
    return folder


def _asked(question: Mapping[str, Any]) -> dict[str, Any]:
    """What decides whether a back-test is the same: the code and the question, as they read from a file."""
    return {
        "code": {"version": __version__, "digest": code_digest()},
        "question": json.loads(json.dumps(dict(question))),
    }


def _stored(path: Path, fresh: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest that stands there, of the same question by the same code."""
    try:
        said: dict[str, Any] = json.loads((path / NAME).read_text(encoding="utf-8"))
        other = [key for key in ("question", "code") if said[key] != fresh[key]]
        said["wall_seconds"], said["forecasts"], said["tables"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{path / NAME}: cannot be read ({error!r}); choose another folder") from error
    if other:
        asked = sorted(key for key in fresh["question"] if said["question"].get(key) != fresh["question"][key])
        which = f"asked otherwise ({', '.join(asked)})" if asked else "made by other code"
        raise ResultsError(f"{path}: holds a back-test that was {which}; choose another folder with --out")
    return said
