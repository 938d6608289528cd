"""What a calibration is given and gives: the record that is used, and a posterior with what belongs beside it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from sim.analysis import learnt
from sim.analysis.forecasts import Record
from sim.analysis.patterns import COURSE
from sim.ensemble.tables import replace_text
from sim.errors import InputError
from sim.fitting.checking import RUNS, predictive_check, shipped, table
from sim.fitting.conjugate import Count
from sim.fitting.fast import LEAST_DAYS
from sim.fitting.learning import TOO_FEW
from sim.fitting.populations import Population
from sim.history.series import Series, read_series
from sim.scenario import load
from sim.scenario.laws import Distribution
from sim.scenario.numbers import uncertain, without_posterior
from sim.scenario.posterior import Posterior, write
from sim.scenario.schema import Scenario

OnStage = Callable[[str], object]  # what is done now
DAY = dt.timedelta(1)
CHECKED = 40, 25  # parameter sets of a check, and trials of each
STRONG = 0.3  # a weaker correlation is not shown
ONE_COURSE = "the recorded course is that of the Idlib model, and this is another conflict"


@dataclass(frozen=True)
class Data:
    """The daily series of a file, its checksum, and the last day of it that is used."""

    name: str
    sha256: str
    series: Series
    until: dt.date

    @property
    def record(self) -> Record:
        """Best estimates of deaths a day."""
        return Record(self.series.start, np.array([day.best for day in self.series.days]))


def read_data(path: Path, origin: dt.date, until: dt.date | None = None) -> Data:
    """The record in a file, up to `until` (else the eve of the origin, or its own end, which comes first).

    InputError for a file that is no daily series, a day after the record or not before the origin, or too few days.
    """
    series = read_series(path)
    last = min(series.end, origin - DAY)
    if until is not None and until > last:
        raise InputError(
            f"until {until}: the scenario begins on {origin} and the record ends on {series.end}, so {last} is the "
            "last day that may be used; choose an earlier one"
        )
    used = until or last
    if (days := (used - series.start).days + 1) < LEAST_DAYS:
        raise InputError(
            f"{path.name}: {max(days, 0)} days of recorded deaths until {used}; a fit needs at least {LEAST_DAYS}: "
            "let the record begin earlier, or choose a later --until"
        )
    return Data(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), series, used)


@dataclass(frozen=True)
class Calibrated:
    """A posterior with the scenario it is of and the data behind it.

    `priors` are what it is held against, `counts` what was counted, `population` the last of the candidates, `notes`
    what must be said.
    """

    scenario: Scenario
    data: Data
    posterior: Posterior
    priors: Mapping[str, Distribution]
    counts: Sequence[Count]
    population: Population | None
    notes: Sequence[str]

    @property
    def learnt(self) -> pd.DataFrame:
        """Prior and posterior of each number, most learnt first; see `sim.analysis.learnt.against_prior`.

        Where too few points stand behind what was simulated (`few_points`) no bits are claimed for it.
        """
        table = learnt.against_prior(self.posterior, self.priors)
        if self.few_points:
            table.loc[table["how"] == "abc", "bits"] = 0.0
        return table.sort_values("bits", ascending=False, kind="stable", ignore_index=True)

    @property
    def few_points(self) -> bool:
        """Whether what was simulated could not be moved to the record, for want of points."""
        return any(TOO_FEW in note for note in self.notes)

    @property
    def pairs(self) -> pd.DataFrame:
        """Numbers that the record cannot tell apart, strongest first; empty where fewer than two were learnt."""
        try:
            found = learnt.correlations(self.posterior)
        except InputError:
            return pd.DataFrame(columns=["one", "other", "rho", "low", "high", "n"])
        return found[found["rho"].abs() >= STRONG]

    def check(self, seed: int = 0, on_stage: OnStage = lambda stage: None) -> pd.DataFrame:
        """The patterns of courses under priors and posterior, held against the record; see `sim.fitting.checking`.

        InputError for a scenario of another conflict.
        """
        must_have_course(self.scenario)
        before = {name: without_posterior(it) for name, it in shipped().items()}
        checks, (sets, trials) = [], CHECKED
        for words, scenarios in (("priors", before), ("posterior", informed(before, self))):
            on_stage(f"checking the patterns under the {words}")
            checks.append(predictive_check(scenarios, self.data.series, sets=sets, trials=trials, seed=seed))
        return table(*checks)

    def save(self, out: str | Path) -> None:
        """Write the posterior file that a scenario names, whole or not at all; InputError where that cannot be."""
        try:
            replace_text(Path(out), write(self.posterior))
        except OSError as fault:
            raise InputError(f"{out}: cannot be written: {fault.strerror}") from fault


def timed(found: Calibrated, seconds: float) -> Calibrated:
    """The same, with how long it took."""
    made = found.posterior.made | {"seconds": round(seconds)}
    return replace(found, posterior=replace(found.posterior, made=made))


# --- scenarios and what they believe -------------------------------------------------------------------------------


def informed(scenarios: Mapping[str, Scenario], found: Calibrated) -> dict[str, Scenario]:
    """The scenarios with the columns whose priors they share."""
    return {
        name: it.model_copy(update={"posterior": found.posterior.only(alike(found.priors, it))})
        for name, it in scenarios.items()
    }


def has_course(scenario: Scenario) -> bool:
    """Whether the recorded course, which simulation and the patterns are held against, is that of its conflict."""
    return scenario.places.keys() == load(RUNS[COURSE].source).places.keys()


def must_have_course(scenario: Scenario) -> None:
    """InputError for a scenario of another conflict."""
    if not has_course(scenario):
        raise InputError(f"{scenario.name}: a check has nothing to compare with: {ONE_COURSE}; leave it out")


def alike(priors: Mapping[str, Distribution], other: Scenario) -> set[str]:
    """The numbers of which another scenario believes the same before the data."""
    laws = uncertain(without_posterior(other))
    return {path for path, law in priors.items() if laws.get(path) == law}
