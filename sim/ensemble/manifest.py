"""The manifest of a results folder: what was asked, by which code, where, and how far it has come."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import yaml

from sim import __version__
from sim.ensemble import tables
from sim.ensemble.plan import Chunk, Plan
from sim.errors import ResultsError
from sim.scenario import digest, to_yaml
from sim.scenario.schema import Scenario

NAME = "manifest.json"
SCENARIO = "scenario.resolved.yaml"
LAYOUT = 2
LIBRARIES = ("mesa", "numpy", "scipy", "pandas", "pydantic", "PyYAML", "numba", "pyarrow")
# What a trial's numbers come from; an edit elsewhere changes no result.
_DECIDING = ("draws.py", "conflict", "scenario", "history", "trajectory.py", "agents.py", "model.py", "batch")


@dataclass(frozen=True)
class Achieved:
    """The interval of the headline's probability at which a run to a precision ended, and how often it was looked at.

    `reached` is false where the most trials that were asked for did not make it narrow enough.
    """

    reached: bool
    low: float
    high: float
    level: float
    looks: int

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


Status = Literal["running", "interrupted", "failed", "done"]


@dataclass
class Done:
    """A chunk that is stored: its files with their sha256, how many of its trials failed, and what it cost."""

    files: dict[str, str]
    trials: int
    failed: int
    seconds: float


@dataclass
class Manifest:
    """What `manifest.json` says; `chunks` holds the stored ones by number, and the others are still to do.

    `daily` is the sha256 of the table of daily summaries, once that is written; `precision` what a run to a precision
    has come to, once it has ended.
    """

    scenario: str
    digest: str
    seed: int
    plan: Plan
    engine: str
    tables: tables.Format
    code: dict[str, str]
    libraries: dict[str, str] = field(default_factory=dict)
    python: str = ""
    platform: str = ""
    status: Status = "running"
    started: str = ""
    finished: str | None = None
    wall_seconds: float = 0.0
    workers: int = 1
    daily: str | None = None
    precision: Achieved | None = None
    chunks: dict[int, Done] = field(default_factory=dict)

    @classmethod
    def begin(cls, scenario: Scenario, plan: Plan, engine: str) -> Manifest:
        """The manifest of a run that is about to start on this machine."""
        return cls(
            scenario=scenario.name,
            digest=digest(scenario),
            seed=scenario.ensemble.seed,
            plan=plan,
            engine=engine,
            tables=tables.best_format(),
            code={"version": __version__, "digest": code_digest()},
            libraries=library_versions(),
            python=platform.python_version(),
            platform=platform.platform(),
            started=now(),
        )

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest of a results folder; ResultsError if there is none or it cannot be understood."""
        try:
            return cls._from_json(json.loads((folder / NAME).read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            raise ResultsError(f"{folder}: not a results folder (it has no {NAME})") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ResultsError(f"{folder / NAME}: cannot be read ({error}); run again into another folder") from error

    def write(self, folder: Path) -> None:
        """Store the manifest in one step."""
        tables.replace_text(folder / NAME, json.dumps(self._to_json(), indent=1) + "\n")

    @property
    def trials_done(self) -> int:
        """How many trials are stored."""
        return sum(done.trials for done in self.chunks.values())

    @property
    def failed(self) -> int:
        """How many of the stored trials failed."""
        return sum(done.failed for done in self.chunks.values())

    @property
    def complete(self) -> bool:
        """Whether every trial of the plan is stored."""
        return self.trials_done == self.plan.total

    def files(self, part: str) -> Iterator[tuple[str, str]]:
        """Name and sha256 of the stored files under `part/`, in the order of their chunks."""
        start = f"{part}/part-"
        for number in sorted(self.chunks):
            yield from ((name, sha) for name, sha in self.chunks[number].files.items() if name.startswith(start))

    def _to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"layout": LAYOUT, **asdict(self)}
        for part in (said, said["plan"]):  # said only of runs to a precision
            for name in [name for name in ("precision", "most") if name in part and part[name] is None]:
                del part[name]
        said["chunks"] = [self._chunk_to_json(chunk) for chunk in self.plan.chunks()]
        return said

    def _chunk_to_json(self, chunk: Chunk) -> dict[str, Any]:
        first, last = chunk.segments[0], chunk.segments[-1]
        done = self.chunks.get(chunk.number)
        return {
            "first": {"set": first.set, "trial": first.first},
            "last": {"set": last.set, "trial": last.last},
            "status": "done" if done else "to do",
            **(asdict(done) if done else {}),
        }

    @classmethod
    def _from_json(cls, said: dict[str, Any]) -> Manifest:
        if said.pop("layout") != LAYOUT:
            raise ValueError("it was written by another version of this program")
        plan = said.pop("plan")
        plan["events"] = tuple(tuple(pair) for pair in plan["events"])
        chunks = {
            number: Done(**{name: chunk[name] for name in ("files", "trials", "failed", "seconds")})
            for number, chunk in enumerate(said.pop("chunks"))
            if chunk["status"] == "done"
        }
        if "precision" in said:
            said["precision"] = Achieved(**said["precision"])
        return cls(plan=Plan(**plan), chunks=chunks, **said)


def differences(there: Manifest, here: Manifest, folder: Path, scenario: Scenario) -> list[str]:
    """What keeps a stored run from being continued as this one, a line each; empty if nothing does."""
    found = []
    if there.digest != here.digest:
        found += scenario_differences(folder, scenario) or ["the scenario differs"]
    if there.seed != here.seed:
        found.append(f"seed: {there.seed} there, {here.seed} here")
    if there.plan.asked() != here.plan:
        pairs = zip(asdict(there.plan.asked()).items(), asdict(here.plan).values(), strict=True)
        found += [f"plan.{name}: {old} there, {new} here" for (name, old), new in pairs if old != new]
    if there.code != here.code:
        found.append(f"code: {_code(there)} there, {_code(here)} here")
    return found


def _code(manifest: Manifest) -> str:
    return f"{manifest.code['version']} ({manifest.code['digest'][:8]})"


def scenario_differences(folder: Path, scenario: Scenario, most: int = 8) -> list[str]:
    """The keys in which the folder's scenario and this one differ, but for the plan of the ensemble."""
    try:
        there = yaml.safe_load((folder / SCENARIO).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return [f"{SCENARIO} is missing or damaged"]
    found = compare("", there, yaml.safe_load(to_yaml(scenario)))
    return [line for line in found if not line.startswith("ensemble.")][:most]


def compare(key: str, there: Any, here: Any) -> Iterator[str]:
    """`key: OLD there, NEW here` for every leaf in which two nested maps differ."""
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for name in dict.fromkeys([*there, *here]):
            yield from compare(f"{key}.{name}" if key else str(name), there.get(name), here.get(name))
    elif there != here:
        yield f"{key}: {_short(there)} there, {_short(here)} here"


def _short(value: Any, width: int = 60) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= width else text[: width - 1] + "…"


@cache
def code_digest() -> str:
    """sha256 over the sources that decide what happens in a trial."""
    root = Path(__file__).parents[1]
    total = hashlib.sha256()
    for name in _DECIDING:
        start = root / name
        for path in sorted(start.rglob("*.py")) if start.is_dir() else [start]:
            if path.exists():
                total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def library_versions() -> dict[str, str]:
    """Versions of the libraries that take part, of those that are installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def now() -> str:
    """The time, in UTC, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
