"""What a figure asks of results; a results folder has it, and so may anything that a notebook puts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from sim.scenario.schema import Scenario


class EventLike(Protocol):
    """An event of a trial's log."""

    @property
    def day(self) -> int: ...
    @property
    def event(self) -> str: ...
    @property
    def by(self) -> str | None: ...
    @property
    def against(self) -> str | None: ...
    @property
    def place(self) -> str | None: ...
    @property
    def post(self) -> str | None: ...
    @property
    def void(self) -> Any: ...
    @property
    def marks(self) -> Mapping[str, float]: ...


class TrajectoryLike(Protocol):
    """One trial: its series by day from 1, and its events."""

    @property
    def row(self) -> Mapping[str, Any]: ...
    @property
    def daily(self) -> Mapping[str, Sequence[float]]: ...
    @property
    def events(self) -> Sequence[EventLike]: ...


class Results(Protocol):
    """Trials, daily summaries (columns series, day, n, mean, q05, q25, q50, q75, q95), single trials, and their origin.

    `manifest` is a mapping with `seed` and `version`, or the manifest of a results folder.
    """

    @property
    def trials(self) -> pd.DataFrame: ...
    @property
    def daily(self) -> pd.DataFrame: ...
    @property
    def scenario(self) -> Scenario: ...
    @property
    def manifest(self) -> Any: ...
    def trajectory(self, trial: int) -> TrajectoryLike:
        """One trial (of the first parameter set) with its events."""
        ...


def seed_and_version(results: Results) -> tuple[int, str]:
    """The seed of the run and the version of the program that made it."""
    manifest = results.manifest
    if isinstance(manifest, Mapping):
        return int(manifest["seed"]), str(manifest["version"])
    return int(manifest.seed), str(manifest.code["version"])
