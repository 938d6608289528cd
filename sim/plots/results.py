"""What a figure asks of results; a results folder has it, and so may anything that a notebook puts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pandas as pd

from sim.scenario.schema import Scenario
from sim.trajectory import Trajectory


class Results(Protocol):
    """Trials, daily summaries (columns series, day, n, mean, q05, q25, q50, q75, q95), single trials, and their origin.

    `manifest` is a mapping with `seed` and `version`, or the manifest of a results folder.
    """

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial."""
        ...

    @property
    def daily(self) -> pd.DataFrame:
        """Summary of the daily series."""
        ...

    @property
    def scenario(self) -> Scenario:
        """The scenario that was run."""
        ...

    @property
    def manifest(self) -> Any:
        """Seed and version."""
        ...

    def trajectory(self, trial: int) -> Trajectory:
        """One trial (of the first parameter set) with its events."""
        ...


def seed_and_version(results: Results) -> tuple[int, str]:
    """The seed of the run and the version of the program that made it."""
    manifest = results.manifest
    if isinstance(manifest, Mapping):
        return int(manifest["seed"]), str(manifest["version"])
    return int(manifest.seed), str(manifest.code["version"])
