"""A weighted population of parameters, and the folder that holds a fit's generations.

`fit.json` says what was asked, `generation-000.npz` and so on hold what was found, `given-up.json` the number of a
generation that was not worth its candidates. Each file appears whole or not at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from scipy.special import ndtr

from sim.analysis.intervals import Floats
from sim.ensemble.lock import NAME as LOCK
from sim.ensemble.lock import locked
from sim.ensemble.tables import replace, replace_text
from sim.errors import ResultsError
from sim.scenario.laws import Distribution

NAME = "fit.json"
GIVEN_UP = "given-up.json"
LAYOUT = 1

_ARRAYS = ("points", "values", "weights", "distances", "summaries")
_NUMBERS = ("tolerance", "simulated")


@dataclass(frozen=True, eq=False)
class Population:
    """A generation: n points whose simulations lie within `tolerance` of the record.

    `points` (n, k) are normal scores of the priors' quantiles, `values` (n, k) the parameters themselves, `weights`
    (n,) sum to 1, `distances` (n,), `summaries` (n, s). `simulated` counts the candidates up to the last accepted.
    `stopped` says of the last generation why it is the last: generations, acceptance, or tolerance.
    """

    names: tuple[str, ...]
    generation: int
    tolerance: float
    simulated: int
    points: Floats
    values: Floats
    weights: Floats
    distances: Floats
    summaries: Floats
    stopped: str = ""

    @property
    def acceptance(self) -> float:
        """Share of candidates that were accepted."""
        return len(self.weights) / self.simulated

    @property
    def effective(self) -> float:
        """Kish's effective number of points."""
        return float(1 / np.sum(self.weights**2))

    @property
    def quantiles(self) -> Floats:
        """The points as quantiles of the priors, (n, k) in [0, 1]."""
        return np.asarray(ndtr(self.points), np.float64)

    def mean(self) -> Floats:
        """Weighted means of the parameters, (k,)."""
        return np.asarray(np.einsum("n,nk->k", self.weights, self.values), np.float64)

    def sd(self) -> Floats:
        """Weighted standard deviations of the parameters, (k,)."""
        gaps = self.values - self.mean()
        return np.asarray(np.sqrt(np.einsum("n,nk->k", self.weights, gaps * gaps)), np.float64)


def values_of(point: Floats, laws: Sequence[Distribution]) -> Floats:
    """The parameters (k,) at normal scores (k,)."""
    return np.array([law.ppf(float(ndtr(z))) for law, z in zip(laws, point, strict=True)])


@dataclass(frozen=True)
class Question:
    """What decides every number of a fit."""

    names: tuple[str, ...]
    laws: tuple[dict[str, Any], ...]
    observed: tuple[float, ...]
    identity: str
    seed: int
    population: int
    quantile: float
    least_acceptance: float

    def plain(self) -> dict[str, Any]:
        """As `fit.json` has it; undefined summaries are null."""
        observed = [value if math.isfinite(value) else None for value in self.observed]
        told: dict[str, Any] = json.loads(json.dumps({**asdict(self), "observed": observed, "layout": LAYOUT}))
        return told


class Store:
    """The folder of a fit; without one, nothing is kept."""

    def __init__(self, folder: Path | None, names: tuple[str, ...]) -> None:
        self.folder = folder
        self.names = names

    def read(self, generation: int) -> Population | None:
        """The generation of that number, if it is there; ResultsError if it cannot be read."""
        if self.folder is None or not (path := self._path(self.folder, generation)).exists():
            return None
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in _ARRAYS}
                tolerance, simulated = (file[name].item() for name in _NUMBERS)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ResultsError(f"{path}: cannot be read ({error}); remove it and go on with resume") from error
        return Population(self.names, generation, tolerance, simulated, **arrays)

    def write(self, population: Population) -> Population:
        """Keep a generation; returns it."""
        if self.folder is not None:
            kept = {name: getattr(population, name) for name in _ARRAYS + _NUMBERS}
            replace(self._path(self.folder, population.generation), lambda to: _save(to, kept))
        return population

    def given_up(self, generation: int) -> bool:
        """Whether that generation was begun and given up."""
        if self.folder is None or not (self.folder / GIVEN_UP).exists():
            return False
        return bool(_parsed(self.folder / GIVEN_UP)["generation"] == generation)

    def give_up(self, generation: int) -> None:
        """Remember that a generation is not worth its candidates."""
        if self.folder is not None:
            replace_text(self.folder / GIVEN_UP, json.dumps({"generation": generation}) + "\n")

    @staticmethod
    def _path(folder: Path, generation: int) -> Path:
        return folder / f"generation-{generation:03d}.npz"


@contextmanager
def stored(folder: Path | None, question: Question, resume: bool = False) -> Iterator[Store]:
    """The store of a fit, held by nobody else; ResultsError if the folder holds something else."""
    if folder is None:
        yield Store(None, question.names)
        return
    if folder.exists() and not folder.is_dir():
        raise ResultsError(f"{folder}: is a file; name a folder for the fit")
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        _claim(folder, question, resume)
        yield Store(folder, question.names)


def _claim(folder: Path, question: Question, resume: bool) -> None:
    """Write down what is asked, or see that it is what was asked before."""
    if not (folder / NAME).exists():
        if any(not path.name.startswith(".") for path in folder.iterdir() if path.name != LOCK):
            raise ResultsError(f"{folder}: holds other files and no {NAME}; choose a new folder for the fit")
        replace_text(folder / NAME, json.dumps(question.plain(), indent=2) + "\n")
        return
    if not resume:
        raise ResultsError(f"{folder}: holds a fit already; go on with it by resume, or choose another folder")
    there = _parsed(folder / NAME)
    other = [key for key, value in question.plain().items() if there.get(key) != value]
    if other:
        said = "; ".join(f"{key} was {there.get(key)}, is {question.plain()[key]}" for key in other)
        raise ResultsError(f"{folder}: holds another fit ({said}); choose another folder")


def _parsed(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be read ({error}); fit again in another folder") from error
    if not isinstance(told, dict):
        raise ResultsError(f"{path}: is not what a fit writes; fit again in another folder")
    return told


def _save(to: Path, arrays: dict[str, Any]) -> None:
    with to.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
