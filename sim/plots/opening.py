"""What figures of evidence are drawn from: a back-test's folder, and the posterior that a scenario names.

Both look like a stored study: tables by name, and what was asked. A back-test's folder has `backtest.json` (`scenario`;
`code` with `version`; `question` with seed, trials, sets, from, to, data; `tables` with the sha256 of each CSV file).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import __version__
from sim.ensemble.manifest import SCENARIO
from sim.ensemble.tables import sha256
from sim.errors import InputError, ResultsError

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario.schema import Scenario

BACKTEST = "backtest.json"
KEPT = ("seed", "data", "span")  # of what a posterior says about how it was made


@dataclass(frozen=True)
class Asked:
    """The scenario's name, what was asked, and by which code."""

    scenario: str
    question: Mapping[str, Any]
    code: Mapping[str, str]


@dataclass(frozen=True)
class Evidence:
    """Tables that are made or read when they are asked for."""

    kind: str
    record: Asked
    tables: Mapping[str, Callable[[], pd.DataFrame]]
    origin: str
    of: Callable[[], Scenario]

    @property
    def scenario(self) -> Scenario:
        """The scenario that it is about."""
        return self.of()

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def __getitem__(self, name: str) -> pd.DataFrame:
        """The table of a name; ResultsError where there is none."""
        if name not in self.tables:
            raise ResultsError(f"{self.origin}: has no table `{name}`; there are: {', '.join(self.tables) or 'none'}")
        return self.tables[name]()


def evidence(path: Path) -> Evidence | None:
    """What figures of evidence can be drawn from at a path; None where it is neither a back-test nor a scenario.

    A scenario is a YAML file, `builtin:NAME`, or the bare name of a shipped one where nothing else is called so.
    """
    if (path / BACKTEST).is_file():
        return of_backtest(path)
    if path.suffix in (".yaml", ".yml") or (not path.exists() and _is_shipped(str(path))):
        from sim.scenario import load

        return of_posterior(load(path))
    return None


def _is_shipped(name: str) -> bool:
    """Whether it names a shipped scenario, as commands take one: builtin:NAME, or the bare name where there is one."""
    from sim.scenario.reading import BUILTIN, builtin_names

    return name.startswith(BUILTIN) or name in builtin_names()


def of_backtest(folder: Path) -> Evidence:
    """A back-test's folder; ResultsError where its manifest cannot be understood."""
    try:
        said = json.loads((folder / BACKTEST).read_text(encoding="utf-8"))
        asked = Asked(str(said["scenario"]), dict(said["question"]), {"version": str(said["code"]["version"])})
        files = dict(said["tables"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{folder / BACKTEST}: cannot be read ({error!r}); make the back-test again") from error
    tables = {Path(file).stem: partial(_read, folder / file, str(sha)) for file, sha in files.items()}
    return Evidence("back-test", asked, tables, str(folder), partial(_scenario, folder))


def _read(file: Path, sha: str) -> pd.DataFrame:
    import pandas as pd

    if not file.is_file() or sha256(file) != sha:
        raise ResultsError(f"{file}: missing or altered; make the back-test again")
    return pd.read_csv(file)


def _scenario(folder: Path) -> Scenario:
    from sim.scenario import load

    return load(folder / SCENARIO)


def of_posterior(scenario: Scenario) -> Evidence:
    """The posterior of a scenario beside the scenario's own priors; InputError where it names none."""
    from sim.analysis.learnt import against_prior, correlations
    from sim.ensemble.evidence import grades
    from sim.scenario.numbers import uncertain, without_posterior

    posterior = scenario.posterior
    if posterior is None:
        raise InputError(f"{scenario.name} names no posterior to draw (`posterior: posteriors/NAME.yaml`)")
    before = without_posterior(scenario)
    question = {"draws": len(posterior), **{name: posterior.made[name] for name in KEPT if name in posterior.made}}
    code = {"version": str(posterior.made.get("version", __version__))}
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "posterior": partial(against_prior, posterior, uncertain(before), grades(before)),
        "correlations": partial(correlations, posterior),
    }
    return Evidence("posterior", Asked(scenario.name, question, code), tables, scenario.name, lambda: scenario)
