"""ABC-SMC: the parts by hand, known posteriors found again, the same rows however they come about, pyABC as oracle."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr

from sim.analysis.intervals import Floats
from sim.draws import Address, address
from sim.errors import InputError, RunError
from sim.fitting.abc import Distance, fit, steps_of, tolerance_after, weighted_quantile, weights_of
from sim.fitting.learning import adjusted
from sim.fitting.populations import Population
from sim.scenario.laws import Uniform
from tests import needs
from tests.fitting.toys import (
    DAYS,
    Toy,
    counts,
    exact_mean,
    location_and_scale,
    normal_mean,
    same,
    some_population,
    two_regimes,
)  # fmt: skip

ROOT = Path(__file__).parents[2]

# --- parts


def test_the_least_value_that_a_share_of_the_weights_lies_below() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.5, 0.25, 0.25])
    assert [weighted_quantile(values, weights, share) for share in (0.1, 0.25, 0.26, 0.5, 0.51, 0.99)] == [
        1, 1, 2, 2, 3, 3,
    ]  # fmt: skip


def test_scales_are_median_deviations_of_the_first_generation() -> None:
    first = np.array([[1.0, 10.0, 7.0], [2.0, 20.0, 7.0], [4.0, 60.0, 7.0]])
    distance = Distance.scaled(np.array([2.0, np.nan, 7.0]), first)
    np.testing.assert_array_equal(distance.scale, [1.0, np.nan, np.nan])  # no record; no spread
    np.testing.assert_array_equal(Distance.scaled(np.array([2.0, np.inf, 7.0]), first).scale, [1.0, np.nan, np.nan])
    assert distance(np.array([5.0, 1e9, 8.0])) == 3.0


def test_where_most_agree_the_mean_deviation_scales() -> None:
    assert Distance.scaled(np.zeros(1), np.array([[0.0], [0.0], [0.0], [4.0]])).scale == [1.0]


def test_rounding_is_no_spread() -> None:
    first = np.array([[1.0, 0.1 + 0.2], [2.0, 0.3], [3.0, 0.3], [4.0, 0.1 + 0.2]])
    np.testing.assert_array_equal(Distance.scaled(np.array([1.0, 0.3]), first).scale, [1.0, np.nan])


@pytest.mark.parametrize("undefined", [math.nan, math.inf, -math.inf])
def test_what_is_undefined_is_as_far_as_the_farthest_of_the_first(undefined: float) -> None:
    first = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, undefined], [3.0, 9.0]])
    distance = Distance.scaled(np.array([0.0, 1.0]), first)
    assert distance.scale[1] == 1.0
    assert distance(np.array([0.0, undefined])) == 8.0 == distance(np.array([0.0, 9.0]))


def test_a_record_that_tells_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="no summary is defined in the record and varies"):
        Distance.scaled(np.array([1.0]), np.array([[2.0], [2.0]]))


def test_steps_have_the_mean_square_of_all_differences_to_the_points_alive() -> None:
    before = some_population(12)
    tolerance = float(np.median(before.distances))
    alive = before.distances <= tolerance
    share = before.weights * alive / before.weights[alive].sum()
    gaps = before.points[None] - before.points[:, None]
    expected = np.einsum("i,j,ijk,ijl->kl", before.weights, share, gaps, gaps)
    steps = steps_of(before, tolerance)
    np.testing.assert_allclose(steps @ steps.T, expected, atol=1e-7)


def test_weights_are_prior_over_proposal_in_the_units_of_the_priors_quantiles() -> None:
    """In quantiles the prior is 1, and the proposal's density is the normal one over that of the scores."""
    before = some_population(9)
    steps = steps_of(before, 2.0)
    points = np.random.default_rng(1).normal(size=(5, 2))
    law = [stats.multivariate_normal(point, steps @ steps.T) for point in before.points]
    proposed = sum(w * one.pdf(points) for w, one in zip(before.weights, law, strict=True))
    expected = np.prod(stats.norm.pdf(points), axis=1) / proposed
    np.testing.assert_allclose(weights_of(points, before, steps), expected / expected.sum(), rtol=1e-10)


def test_where_many_are_as_far_as_the_tolerance_it_sinks_to_the_next_distance() -> None:
    before = replace(some_population(5), distances=np.array([0.0, 1.0, 2.0, 2.0, 2.0]), weights=np.full(5, 0.2))
    assert tolerance_after(before, 0.5) == 2.0  # from infinity
    assert tolerance_after(replace(before, tolerance=2.0), 0.5) == 1.0
    assert tolerance_after(replace(before, tolerance=2.0, distances=np.full(5, 2.0)), 0.5) == 2.0


# --- known posteriors


@pytest.mark.statistical
@pytest.mark.parametrize("observed", [1.5, -3.0])
def test_a_normal_mean_is_found(observed: float) -> None:
    """Mean and deviation within 3.3 Monte Carlo errors: false alarm 4 in 1,000 for the two runs; seed fixed."""
    found = fit(normal_mean(observed), seed=2, population=300, generations=7)
    mean, sd = exact_mean(observed)
    n = found.effective
    assert abs(found.mean()[0] - mean) < 3.3 * sd / n**0.5
    assert abs(found.sd()[0] - sd) < 3.3 * sd / (2 * n) ** 0.5


@pytest.mark.statistical
def test_a_rate_of_counts_is_found_exactly_at_distance_zero() -> None:
    """The sum is sufficient and discrete: tolerance 0 gives the posterior itself. Kolmogorov's test at 1 in 1,000."""
    found = fit(counts(31.0), seed=3, population=300, generations=12)
    assert (found.tolerance, found.stopped) == (0.0, "tolerance")
    exact = stats.gamma(33, scale=1 / 21)
    order = np.argsort(found.values[:, 0])
    apart = np.abs(np.cumsum(found.weights[order]) - exact.cdf(found.values[order, 0])).max()
    assert apart < 1.95 / found.effective**0.5


def exact_location_and_scale(toy: Toy) -> tuple[Floats, Floats]:
    """Means and deviations of the posterior of `location_and_scale`, by a sum over a grid."""
    mean, log_sd = toy.observed
    m, s = np.meshgrid(np.linspace(-5, 5, 2001), np.geomspace(0.3, 5, 1001), indexing="ij")
    chi = (DAYS - 1) * np.exp(2 * (log_sd - np.log(s)))
    mass = stats.norm.pdf(mean, m, s / DAYS**0.5) * stats.chi2.pdf(chi, DAYS - 1) * chi
    mass /= mass.sum()
    means = np.array([(mass * m).sum(), (mass * s).sum()])
    return means, np.sqrt(np.array([(mass * m * m).sum(), (mass * s * s).sum()]) - means**2)


@pytest.mark.slow
@pytest.mark.statistical
def test_location_and_scale_are_found_and_regression_brings_them_nearer() -> None:
    """At a tolerance that is still wide, the regression takes away most of the surplus width.

    What is adjusted is within 15 % of the exact deviations and a fifth of a deviation of the exact means; the error of
    both is some 4 %, so that chance alone alarms less than once in a thousand.
    """
    toy = location_and_scale()
    raw = fit(toy, seed=1, population=600, generations=5)
    means, sds = exact_location_and_scale(toy)
    near = adjusted(raw, toy.observed, toy.laws)
    assert raw.sd()[0] > 1.5 * sds[0]
    np.testing.assert_allclose(near.sd(), sds, rtol=0.15)
    assert (np.abs(near.mean() - means) < 0.2 * sds).all()
    assert (np.abs(near.sd() - sds) < np.abs(raw.sd() - sds)).all()


@pytest.mark.slow
@pytest.mark.statistical
def test_the_numbers_of_two_regimes_are_found() -> None:
    """The truth lies within the central 99 % for each of three parameters: false alarm 3 in 100; seeds fixed."""
    truth = np.array([1.5, 25.0, 0.93])
    observed = two_regimes(np.zeros(4)).simulate(truth, address(99))
    toy = two_regimes(observed)
    raw = fit(toy, seed=4, population=300, generations=5)
    near = adjusted(raw, toy.observed, toy.laws)
    low, high = (
        [weighted_quantile(column, near.weights, share) for column in near.values.T] for share in (0.005, 0.995)
    )
    assert (low < truth).all() and (truth < high).all()
    spread = [np.sqrt(np.average((q - np.average(q, weights=near.weights)) ** 2, weights=near.weights))
              for q in near.quantiles.T]  # fmt: skip
    assert max(spread) < 0.4 * 12**-0.5  # of the prior's


# Means, deviations (mean, sd of the toy) and their Monte Carlo errors, of 8 runs of pyABC 0.13.0
PYABC = np.array([0.998287, 1.304475, 0.781919, 0.348663])
PYABC_ERROR = np.array([0.006488, 0.009578, 0.008825, 0.012075])


@pytest.mark.slow
@pytest.mark.statistical
def test_pyabc_finds_the_same() -> None:
    """Within 3 joint Monte Carlo errors of pyABC: false alarm 1 in 100 for the four figures; seed fixed.

    The target is that of a wide tolerance, 0.5516, far from the exact posterior, so that distance, scales, tolerance
    and weights must all be the same. pyABC 0.13.0 (with numpy 2.4.6, pandas 3.1.1) was run once with numpy.random.seed
    0 to 7, each on our scales and tolerances of this seed, by

        def model(p):
            spread = 0.5 * np.log(np.random.chisquare(19) / 19)
            return {"a": p["mean"] + p["sd"] * np.random.standard_normal() / 20**0.5, "b": np.log(p["sd"]) + spread}

        prior = pyabc.Distribution(mean=pyabc.RV("uniform", -5, 10), sd=pyabc.RV("loguniform", 0.3, 5.0))
        distance = pyabc.PNormDistance(p=2, fixed_weights={"a": 1 / 2.594245764785, "b": 1 / 0.713598313384})
        tolerances = pyabc.ListEpsilon([1.556796308837, 1.098294709335, 0.770684547080, 0.551579138805])
        abc = pyabc.ABCSMC(model, prior, distance, population_size=1000, eps=tolerances,
                           sampler=pyabc.sampler.SingleCoreSampler())
        abc.new("sqlite:///" + file, {"a": 1.0, "b": 0.2})
        points, weights = abc.run(max_nr_populations=4).get_distribution()

    The figures are the means over the runs of weighted means and deviations, the errors their deviation over the root
    of 8.
    """
    seen: list[Population] = []
    found = fit(location_and_scale(), seed=20, population=2000, generations=4, on_generation=seen.append)
    np.testing.assert_allclose(
        [one.tolerance for one in seen[1:]], [1.556796308837, 1.098294709335, 0.770684547080, 0.551579138805]
    )
    means, sds, n = found.mean(), found.sd(), found.effective
    kurtosis = np.average(((found.values - means) / sds) ** 4, axis=0, weights=found.weights)
    errors = np.concatenate([sds / n**0.5, sds * np.sqrt((kurtosis - 1) / (4 * n))])
    assert (np.abs(np.concatenate([means, sds]) - PYABC) < 3 * np.hypot(errors, PYABC_ERROR)).all()


# --- the same rows


def shaken(toy: Toy) -> Toy:
    """The same problem, whose simulations end in another order than they began."""

    def simulated(values: Floats, rng: np.random.Generator) -> Floats:
        result = toy.simulated(values, rng)
        time.sleep(random.random() * 0.002)  # of the machine's luck, not of the candidate's
        return result

    return replace(toy, simulated=simulated)


def test_workers_and_order_of_arrival_change_no_bit() -> None:
    alone = fit(location_and_scale(), seed=5, population=40, generations=3)
    assert same(alone, fit(shaken(location_and_scale()), seed=5, population=40, generations=3, workers=4))
    assert not same(alone, fit(location_and_scale(), seed=6, population=40, generations=3))


class Killed(BaseException):
    """As abrupt as an interrupt."""


@settings(max_examples=30, deadline=None)
@given(moment=st.integers(1, 500), workers=st.sampled_from([1, 3]))
def test_a_fit_that_was_stopped_anywhere_goes_on_to_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, moment: int, workers: int
) -> None:
    folder, left = tmp_path_factory.mktemp("fit"), moment

    def stop(*_: int) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Killed

    asked = {"seed": 7, "population": 30, "generations": 3}
    whole = fit(normal_mean(), **asked)
    try:
        fit(normal_mean(), **asked, folder=folder, workers=workers, on_progress=stop)
    except Killed:
        pass
    else:
        assert left > 0
    assert same(whole, fit(normal_mean(), **asked, folder=folder, resume=True))


KILLED = """
import sys, time
from dataclasses import replace
from pathlib import Path
from sim.fitting.abc import fit
from tests.fitting.toys import normal_mean
toy = normal_mean()
slow = replace(toy, simulated=lambda values, rng: (time.sleep(0.001), toy.simulated(values, rng))[1])
print("begun", flush=True)
fit(slow, seed=8, population=40, generations=4, folder=Path(sys.argv[1]), resume=True)
"""


@pytest.mark.slow
@needs.posix_signals
def test_a_fit_that_was_killed_again_and_again_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    folder, kills = tmp_path / "fit", 0
    for delay in (0.02, 0.1, 0.3, 0.6, 0.2):
        run = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert run.stdout is not None
        with run, run.stdout:
            run.stdout.readline()
            time.sleep(delay)
            run.kill()
            kills += run.wait() != 0
    assert kills >= 2
    assert same(
        fit(normal_mean(), seed=8, population=40, generations=4),
        fit(normal_mean(), seed=8, population=40, generations=4, folder=folder, resume=True),
    )


def test_a_stored_fit_may_be_asked_for_more_generations(tmp_path: Path) -> None:
    seen: list[int] = []
    fit(normal_mean(), seed=9, population=30, generations=1, folder=tmp_path / "fit")
    longer = fit(
        normal_mean(), seed=9, population=30, generations=3, folder=tmp_path / "fit", resume=True,
        on_generation=lambda one: seen.append(one.generation),
    )  # fmt: skip
    assert seen == [0, 1, 2, 3]
    assert same(longer, fit(normal_mean(), seed=9, population=30, generations=3))


def test_the_generation_that_is_not_worth_it_is_given_up_once(tmp_path: Path) -> None:
    simulated = 0

    def report(*_: int) -> None:
        nonlocal simulated
        simulated += 1

    def run(resume: bool) -> Population:
        return fit(
            normal_mean(), seed=10, population=30, generations=20, least_acceptance=0.2, folder=tmp_path / "fit",
            resume=resume, on_progress=report,
        )  # fmt: skip

    first = run(resume=False)
    assert first.stopped == "acceptance" and first.acceptance >= 0.2
    assert simulated > 0
    simulated = 0
    assert same(first, run(resume=True))
    assert simulated == 0


def test_progress_counts_candidates() -> None:
    told: list[tuple[int, int, int]] = []
    last = fit(normal_mean(), seed=11, population=20, generations=2, on_progress=lambda *x: told.append(x))
    assert told[19] == (0, 20, 20)
    assert told[-1] == (2, last.simulated, 20)
    assert len(told) == len(set(told))


def test_generations_and_candidates_have_their_own_addresses() -> None:
    met: list[Address] = []
    toy = normal_mean()

    class Seen:
        names, laws, observed, identity = toy.names, toy.laws, toy.observed, toy.identity

        def simulate(self, values: Floats, candidate: Address) -> Floats:
            met.append(candidate)
            return toy.simulate(values, candidate)

    fit(Seen(), seed=12, population=20, generations=2)
    assert len(met) == len(set(met))
    assert {at.set for at in met} == {0, 1, 2}


def test_values_stay_inside_the_priors_bounds_when_the_record_lies_outside() -> None:
    toy = replace(normal_mean(9.0), laws=(Uniform(0.0, 1.0),))
    found = fit(toy, seed=13, population=50, generations=4)
    assert (found.values >= 0).all() and (found.values <= 1).all()
    assert found.mean()[0] > 0.7
    np.testing.assert_allclose(found.values[:, 0], ndtr(found.points[:, 0]))


# --- what makes no sense


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"population": 1}, "population 1"), ({"generations": -1}, "generations -1"), ({"workers": 0}, "workers 0"),
        ({"quantile": 1.0}, "quantile 1"), ({"least_acceptance": 0.0}, "least acceptance 0"), ({"seed": -1}, "seed -1"),
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_refused(change: dict[str, float], message: str, tmp_path: Path) -> None:
    arguments: dict[str, object] = {"seed": 0, **change}
    with pytest.raises(InputError, match=message):
        fit(normal_mean(), folder=tmp_path / "fit", **arguments)
    assert not (tmp_path / "fit").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ("a", "b")}, "2 names and 1 laws"), ({"names": (), "laws": ()}, "0 names"),
        ({"observed": np.array([np.nan])}, "no summary of the record"),
        ({"names": ("a", "a"), "laws": (Uniform(0, 1), Uniform(0, 1))}, "one name"),
    ],
)  # fmt: skip
def test_problems_that_make_no_sense_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit(replace(normal_mean(), **change), seed=0)


def test_a_simulation_of_another_shape_is_an_error() -> None:
    with pytest.raises(RunError, match=r"shape \(2,\), the record has \(1,\)"):
        fit(replace(normal_mean(), simulated=lambda values, rng: np.zeros(2)), seed=0, population=10)


@pytest.mark.parametrize("workers", [1, 3])
def test_what_a_simulation_raises_reaches_the_caller(workers: int) -> None:
    def fails(values: Floats, rng: np.random.Generator) -> Floats:
        raise ZeroDivisionError("of the simulator")

    with pytest.raises(ZeroDivisionError, match="of the simulator"):
        fit(replace(normal_mean(), simulated=fails), seed=0, population=10, workers=workers)
