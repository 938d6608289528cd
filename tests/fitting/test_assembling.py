"""A posterior from its parts, on an invented river and on the Idlib model with a fit that somebody else made."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.chronicle import LAST
from sim.analysis.intervals import Floats
from sim.draws import address
from sim.fitting import assembling
from sim.fitting.assembling import BY_SIMULATION, Settings, paired, put_together, ratio_paths
from sim.fitting.calibrated import ONE_COURSE, Calibrated, Data, informed
from sim.fitting.fast import Drawn
from sim.fitting.moves import moving_rules
from sim.fitting.populations import Population
from sim.history.series import Day, Series
from sim.scenario import load
from sim.scenario.laws import Uniform
from sim.scenario.numbers import uncertain, values_of_set, without_posterior
from sim.scenario.posterior import Estimate, Posterior
from sim.scenario.schema import Scenario
from tests import needs
from tests.backtesting import made

QUIET, DRIFT = "fighting.regimes.quiet.mean", "fighting.drift.rates.quiet.skirmish"
SMALL = Settings(rows=6, seed=3, population=6, generations=1)


class Draws:
    """A fit whose rows are parameter sets of the prior."""

    def __init__(self, scenario: Scenario, rows: int) -> None:
        self.scenario, self.n = scenario, rows

    def rows(self) -> list[dict[str, float]]:
        return [values_of_set(self.scenario, k, 11) for k in range(self.n)]

    def drawn_until(self, until: dt.date) -> Drawn:
        return Drawn(self.rows(), 321.04, 7.0, 20)


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load(made.scenario_file(tmp_path_factory.mktemp("river")))


@pytest.fixture(scope="module")
def idlib() -> Scenario:
    return without_posterior(load("idlib-2020-02-11"))


def data(first: dt.date, until: dt.date) -> Data:
    """An invented record from one day to another."""
    n = (until - first).days + 1
    deaths = np.random.default_rng(5).poisson(np.where(np.arange(n) % 200 < 120, 2.0, 25.0))
    days = tuple(Day(1, float(it), float(it), float(it)) for it in deaths)
    return Data("record.csv", "0" * 64, Series(first, days), until)


RIVER_DATA = data(made.FIRST, dt.date(2022, 8, 31))
IDLIB_DATA = data(dt.date(2016, 1, 1), LAST)


# --- the columns -----------------------------------------------------------------------------------------------------


def test_columns_are_what_the_fit_gives_and_can_be_meant_at_the_origin(river: Scenario) -> None:
    asked: list[str] = []
    found = put_together(river, river, Draws(river, 6), RIVER_DATA, SMALL, made={"command": "c"}, on_stage=asked.append)
    posterior = found.posterior
    assert len(posterior) == 6 and found.population is None
    assert set(posterior.paths) == {QUIET, DRIFT, "fighting.regimes.war.mean"}
    assert list(posterior.paths) == [path for path in uncertain(river) if path in posterior.paths]
    assert posterior.column(QUIET).tolist() == [row[QUIET] for row in Draws(river, 6).rows()]
    assert {it.how for it in posterior.estimates} == {"likelihood"}
    assert posterior.estimate(QUIET).evidence == "deaths a day, 2022-06-01 to 2022-08-31, n 92"
    assert posterior.made["span"] == {"from": "2022-06-01", "to": "2022-08-31"}
    assert posterior.made["effective"] == {"regimes": 321.0, "sets": 7.0, "tried": 20}
    assert posterior.made["command"] == "c" and posterior.made["different_rows"] == 6
    assert asked == ["fitting regimes, moves and counts to deaths until 2022-08-31"]
    assert found.notes == [f"Nothing was fitted by simulation: {ONE_COURSE}."]


def test_a_number_with_another_prior_where_the_fit_began_has_no_column(river: Scenario) -> None:
    regimes = river.fighting.regimes
    quiet = regimes["quiet"].model_copy(update={"mean": Uniform(0.5, 3.0)})
    fighting = river.fighting.model_copy(update={"regimes": {**regimes, "quiet": quiet}})
    lived = river.model_copy(update={"fighting": fighting})
    found = put_together(river, lived, Draws(lived, 6), RIVER_DATA, SMALL)
    assert QUIET not in found.posterior.paths and DRIFT in found.posterior.paths


def test_a_posterior_that_the_scenario_has_is_left_aside(river: Scenario) -> None:
    old = Posterior("old", {}, (Estimate(QUIET, "likelihood", "before"),), np.array([[1.1], [1.11]]))
    before = put_together(river, river, Draws(river, 6), RIVER_DATA, SMALL)
    after = put_together(river.model_copy(update={"posterior": old}), river, Draws(river, 6), RIVER_DATA, SMALL)
    assert (
        after.priors[QUIET] == Uniform(0.8, 1.2) and after.posterior.rows.tobytes() == before.posterior.rows.tobytes()
    )
    scenarios = informed({"river": river}, after)
    assert scenarios["river"].posterior == after.posterior


def test_ratios_of_moving_rules_and_what_they_act_upon(idlib: Scenario) -> None:
    paths = ratio_paths(idlib, moving_rules(idlib))
    assert {"parameters.leash.value", "parameters.kept_word.value", "parameters.unmet_term.value"} <= set(paths)
    assert "rules.offensive_from_quiet.ratios.turkey.posture" in paths
    assert "parameters.restraint_war.value" in paths  # the leash's ratio is of restraint, which it sets
    assert not [path for path in paths if path.endswith(".rate")] and not set(BY_SIMULATION) & set(paths)


def test_counts_can_be_kept_to_the_rules_of_the_article(idlib: Scenario) -> None:
    settings = replace(SMALL, simulate=False)
    every = put_together(idlib, idlib, Draws(idlib, 6), IDLIB_DATA, settings)
    fewer = put_together(idlib, idlib, Draws(idlib, 6), IDLIB_DATA, replace(settings, article_only=True))
    hows = {it.path: it.how for it in every.posterior.estimates}
    assert hows["parameters.hit_calm.value"] == hows["parameters.aircraft.value"] == "conjugate"
    assert hows["rules.offensive_from_quiet.rate"] == hows["parameters.leash.value"] == "likelihood"
    assert "parameters.aircraft.value" not in fewer.posterior.paths  # R14
    assert "parameters.hit_calm.value" in fewer.posterior.paths  # R4
    assert not [path for path in hows if path.startswith(("places.", "agreement."))]
    assert every.notes == ["Nothing was fitted by simulation (--no-abc)."]


def test_what_could_not_be_counted_yet_is_said_to_be_assumed(idlib: Scenario) -> None:
    early = data(dt.date(2016, 1, 1), dt.date(2018, 12, 31))
    found = put_together(idlib, idlib, Draws(idlib, 6), early, replace(SMALL, simulate=False)).posterior
    for path, how in (("hit_blocking", "assumed"), ("retaliation", "assumed"), ("hit_calm", "conjugate")):
        estimate = found.estimate(f"parameters.{path}.value")
        assert estimate.how == how and ("nothing to count yet" in estimate.evidence) == (how == "assumed")


def test_a_course_needs_time(idlib: Scenario) -> None:
    early = data(dt.date(2016, 1, 1), dt.date(2018, 12, 31))
    found = put_together(idlib, idlib, Draws(idlib, 6), early, SMALL)
    assert found.notes == ["Nothing was fitted by simulation: that needs 182 days from 2018-09-17 on."]


# --- simulation ------------------------------------------------------------------------------------------------------


def population(lived: list[float], weights: list[float]) -> Population:
    """Candidates whose one value is their number, and which lived with these rows."""
    n = len(lived)
    values: Floats = np.arange(n, dtype=np.float64)[:, None]
    summaries = np.column_stack([np.zeros(n), lived])
    return Population(("x",), 1, 1.0, n, values, values, np.array(weights), np.zeros(n), summaries)


def test_candidates_come_as_often_as_they_weigh_and_to_the_row_they_lived_with() -> None:
    near = population([2, 0, 1, 3, 1], [0.25, 0.25, 0.25, 0.25, 0.0])
    assert paired(near, 4, seed=1)[:, 0].tolist() == [1, 2, 0, 3]  # candidate 4 weighs nothing


def test_who_finds_the_row_taken_fills_one_that_is_left() -> None:
    near = population([7, 7, 3], [0.0, 0.25, 0.75])
    found = paired(near, 400, seed=1)[:, 0]
    assert (found[3], found[7]) == (2, 1) and (found == 1).sum() == 100 and (found == 2).sum() == 300


@needs.numba
@pytest.mark.slow
def test_what_is_simulated_joins_the_rows_and_is_the_same_for_any_number_of_workers_and_after_a_stop(
    idlib: Scenario, tmp_path: Path
) -> None:
    def made_by(settings: Settings) -> Calibrated:
        return put_together(idlib, idlib, Draws(idlib, 6), IDLIB_DATA, settings)

    found = made_by(SMALL)
    hows = {it.path: it.how for it in found.posterior.estimates}
    assert set(BY_SIMULATION) <= set(hows) and found.population is not None
    assert {hows[path] for path in BY_SIMULATION} <= {"abc", "prior"}
    assert all(("the prior" in it.evidence) == (it.how == "prior") for it in found.posterior.estimates)
    assert "Simulated values were not moved to the record" in found.notes[0]  # six are too few
    low, high = uncertain(idlib)["displacement.rate"].support()
    assert (
        (found.posterior.column("displacement.rate") >= low) & (found.posterior.column("displacement.rate") <= high)
    ).all()
    assert found.posterior.column("parameters.leash.value").tolist() == [
        row["parameters.leash.value"] for row in Draws(idlib, 6).rows()
    ]

    def stop(generation: int, simulated: int, accepted: int) -> None:
        if generation:
            raise KeyboardInterrupt

    kept = replace(SMALL, workers=2, folder=tmp_path / "work")
    with pytest.raises(KeyboardInterrupt):
        put_together(idlib, idlib, Draws(idlib, 6), IDLIB_DATA, kept, on_progress=stop)
    assert (tmp_path / "work" / "generation-000.npz").exists()
    again = made_by(replace(kept, resume=True))
    assert again.posterior == found.posterior
    assert made_by(replace(SMALL, seed=4)).posterior != found.posterior


@needs.numba
def test_the_last_summary_is_the_row_and_no_part_of_the_record(idlib: Scenario) -> None:
    columns = np.array([[0.3], [0.5]])
    estimates = [Estimate("parameters.leash.value", "likelihood", "x")]
    course, _ = assembling._course(idlib, estimates, columns, IDLIB_DATA, SMALL)
    assert course is not None and np.isnan(course.observed[-1])
    values = np.array([law.median() for law in course.laws])
    rows = {course.simulate(values, address(1, 0, c))[-1] for c in range(6)}
    assert rows == {0.0, 1.0} and len(course.simulate(values, address(1, 0, 0))) == len(course.observed)
