"""The chain of Idlib with all its uncertain numbers, records that it makes, and what its fit says of them.

`python -m tests.fitting.idlib [REPETITIONS]` prints the table of simulation-based calibration of
`docs/explanation/fitting.md`; a fit takes some ten seconds.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.analysis.dice import uniforms
from sim.analysis.forecasts import Record
from sim.draws import Address
from sim.fitting.candidates import seed_of
from sim.fitting.on_record import from_first_opening
from sim.fitting.regimes import chains, fit_regimes, fitted_numbers
from sim.fitting.sbc import calibration, ranks
from sim.history.driving import lived_days
from sim.history.emissions import Observation
from sim.history.markov import Chain, stationary, transition
from sim.history.truce import Truce
from sim.scenario.compiling import compile_scenario
from sim.scenario.numbers import fix
from sim.scenario.schema import Scenario

Floats = NDArray[np.float64]
FIRST, LAST = dt.date(2016, 1, 1), dt.date(2020, 2, 10)  # of the record that the shipped posterior is fitted to
ROWS = 19


@cache
def idlib() -> tuple[Scenario, list[Truce]]:
    """The scenario with its priors, and the truces of the chronology day by day; no death ends one here."""
    nobody = Record(FIRST, np.zeros((LAST - FIRST).days + 1))
    scenario, _ = from_first_opening("scenarios/idlib-2020-02-11.yaml", nobody, LAST)
    scenario = scenario.model_copy(update={"posterior": None})
    fixed = fix(scenario)
    return scenario, [truce for truce, _ in lived_days(fixed, compile_scenario(fixed))]


def deaths_of(model: Chain, truces: list[Truce], seed: int) -> list[Observation]:
    """Deaths a day that one chain makes: the memory begins anew with a regime, and some days are lost."""
    dice = np.random.default_rng(seed)
    k = len(model.names)
    regime, memory, deaths = int(dice.choice(k, p=stationary(transition(model)))), 1.0, []
    for truce in truces:
        after = int(dice.choice(k, p=transition(model, truce)[regime]))
        regime, memory = after, memory if after == regime else 1.0
        mean = model.mean[regime] * (1.0 - model.share + model.share * memory)
        dead = float(dice.negative_binomial(model.size[regime], model.size[regime] / (model.size[regime] + mean)))
        seen = 0.0 if dice.random() < model.lost else dead
        memory = model.kept * memory + (1.0 - model.kept) * seen / model.mean[regime]
        deaths.append(Observation(seen))
    return deaths


def truth(at: Address) -> Floats:
    """Numbers from the priors, in the regimes' order."""
    laws = fitted_numbers(idlib()[0])
    means = [path.endswith(".mean") for path in laws]
    for attempt in range(100):
        luck = uniforms(seed_of(at), ("truth", str(attempt)), [0], len(laws))[0]
        values = np.array([law.ppf(float(u)) for law, u in zip(laws.values(), luck, strict=True)])
        if (np.diff(values[means]) > 0.0).all():
            return values
    raise AssertionError("the priors hardly ever put the regimes in order")


def simulated(values: Floats, at: Address) -> list[Observation]:
    """A record that these numbers make."""
    scenario, truces = idlib()
    numbers = {path: np.array(value) for path, value in zip(fitted_numbers(scenario), values, strict=True)}
    return deaths_of(chains(scenario, numbers), truces, seed_of(at))


def rows(deaths: list[Observation], at: Address) -> Floats:
    """What the fit says of it."""
    scenario, truces = idlib()
    return fit_regimes(scenario, deaths, truces, ROWS, seed_of(at)).values


if __name__ == "__main__":
    names = list(fitted_numbers(idlib()[0]))
    told = calibration(names, *ranks(truth, simulated, rows, int(sys.argv[1]), 0, os.cpu_count() or 1))
    print(told.round(3).to_string(index=False))
