"""A posterior in one call: the record read, the scenario driven through it, its numbers fitted."""

from __future__ import annotations

import datetime as dt
import shlex
import time
from pathlib import Path

from sim.errors import InputError
from sim.fitting.abc import OnProgress
from sim.fitting.assembling import Settings, put_together
from sim.fitting.calibrated import Calibrated, Data, OnStage, read_data, timed
from sim.fitting.fast import TRIED, Fast
from sim.fitting.on_record import from_first_opening
from sim.scenario import load
from sim.scenario.numbers import without_posterior


def calibrate(
    source: str | Path,
    file: str | Path,
    *,
    until: dt.date | None = None,
    rows: int = 128,
    seed: int = 0,
    tried: int = TRIED,
    workers: int = 2,
    simulate: bool = True,
    population: int = 600,
    generations: int = 1,
    work: str | Path | None = None,
    resume: bool = False,
    article_only: bool = False,
    on_stage: OnStage = lambda stage: None,
    on_progress: OnProgress | None = None,
) -> Calibrated:
    """Fit a scenario's uncertain numbers to the daily series in a file and to its chronology, up to a day.

    `rows` joint draws, chosen among `tried` parameter sets; `simulate` what neither likelihood nor counts reach, with
    `population` simulations kept in each of `generations`. `work` keeps them, `resume` goes on with those. Neither
    `workers` nor a stop change a bit. InputError for what cannot be fitted.
    """
    if resume and work is None:
        raise InputError("resume: needs work, the folder that was given before")
    for name, number, least in (("rows", rows, 2), ("tried", tried, 1), ("workers", workers, 1)):
        if number < least:
            raise InputError(f"{name}: {number} is not allowed; it is a whole number of at least {least}")
    began, scenario = time.perf_counter(), load(source)
    data = read_data(Path(file), scenario.origin, until)
    asked = Settings(
        rows, seed, tried, workers, simulate, population, generations, Path(work) if work else None, resume,
        article_only,
    )  # fmt: skip
    past, part = from_first_opening(source, data.record, data.until)
    past = without_posterior(past)
    on_stage(f"driving histories from {part.first}")
    fit = Fast(past, part, rows, seed, tried)
    made = {"command": _command(str(source), data, asked)}
    found = put_together(scenario, past, fit, data, asked, made=made, on_stage=on_stage, on_progress=on_progress)
    return timed(found, time.perf_counter() - began)


def _command(source: str, data: Data, asked: Settings) -> str:
    """The command that makes the same rows."""
    words = ["ceasefire", "calibrate", source, "--data", data.name, "--until", str(data.until)]
    words += ["--rows", str(asked.rows), "--seed", str(asked.seed), "--out", "posterior.yaml"]
    if asked.simulate:
        words += ["--population", str(asked.population), "--generations", str(asked.generations)]
    words += ["--no-abc"] * (not asked.simulate) + ["--article-only"] * asked.article_only
    return shlex.join(words) + (f"  # and tried={asked.tried}, from Python" if asked.tried != TRIED else "")
