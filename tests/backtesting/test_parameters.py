"""Numbers are fitted to the days before an origin, and never to later ones."""

from __future__ import annotations

import datetime as dt

import numpy as np

from sim.backtesting.parameters import Brought, Fitted
from sim.scenario.numbers import values_of_set
from sim.scenario.posterior import Estimate, Posterior
from sim.scenario.schema import Scenario
from tests.small import small

DAY = dt.date(2020, 3, 1)


class Counted:
    """A fit that says until when it was asked, and counts how often."""

    def __init__(self) -> None:
        self.asked: list[dt.date] = []

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        self.asked.append(until)
        return [{"day": float(until.toordinal())}]


def after(days: int) -> dt.date:
    return DAY + dt.timedelta(days)


def test_expanding_fits_are_repeated_every_so_many_days_and_used_until_the_next() -> None:
    fit = Counted()
    parameters = Fitted(lambda: fit, small(), DAY, every=28)
    assert [parameters.learnt(after(k)) for k in (0, 1, 27, 28, 60)] == [DAY, DAY, DAY, after(28), after(56)]
    assert parameters.rows(after(27)) == parameters.rows(DAY) == [{"day": DAY.toordinal()}]
    assert parameters.rows(after(30)) != parameters.rows(DAY)
    assert fit.asked == [DAY, after(28)]


def test_no_fit_knows_a_day_after_the_origin() -> None:
    for parameters in (Fitted(Counted, small(), DAY, every=28), Fitted(Counted, small(), DAY)):
        assert all(parameters.learnt(after(k)) <= after(k) for k in range(-100, 100))


def test_frozen_numbers_stay() -> None:
    fit = Counted()
    parameters = Fitted(lambda: fit, small(), DAY)
    assert parameters.rows(after(90)) is parameters.rows(DAY)
    assert fit.asked == [DAY]


def test_nothing_is_fitted_before_it_is_asked_for_and_a_fit_is_told() -> None:
    made, told = [], []

    def make() -> Counted:
        made.append(Counted())
        return made[-1]

    parameters = Fitted(make, small(), DAY, told=lambda until, seconds: told.append(until))
    assert not made
    parameters.rows(after(3))
    parameters.rows(after(4))
    assert len(made) == 1 and told == [DAY]


# --- what stands beside the fit -------------------------------------------------------------------------------------

BELIEVED = {"dist": "uniform", "low": 0.0, "high": 1.0}
SURE = {"dist": "uniform", "low": 0.9, "high": 1.0}


class Fixed:
    """A fit of two rows."""

    def rows_until(self, until: dt.date) -> list[dict[str, float]]:
        return [{"agreement.integrity": mean, "relations.sponsor.restraint": 0.25, "gone": 1.0} for mean in (0.1, 0.2)]


def uncertain_small(**changes: object) -> Scenario:
    relations = {"sponsor": {"patron": "blue", "client": "band", "restraint": BELIEVED}}
    regimes = {"quiet": {"mean": BELIEVED, "size": 1.0}}
    return small(
        {"relations": relations, "fighting": {"regimes": regimes}}, {"agreement": {"integrity": BELIEVED}}, **changes
    )


def test_what_is_fitted_takes_the_place_of_what_is_drawn() -> None:
    scenario = uncertain_small()
    drawn = [values_of_set(scenario, k, 5) for k in range(2)]
    found = Fitted(Fixed, scenario, DAY).values(scenario, DAY, 5)
    assert found == [{**one, "agreement.integrity": mean, "relations.sponsor.restraint": 0.25}
                     for one, mean in zip(drawn, (0.1, 0.2), strict=True)]  # fmt: skip


def test_a_number_that_another_beginning_believes_otherwise_is_not_the_fits() -> None:
    """The history of a fit begins with another state; what was believed of that is no news of this one."""
    scenario = uncertain_small(agreement={"integrity": SURE})
    found = Fitted(Fixed, uncertain_small(), DAY).values(scenario, DAY, 5)
    assert all(row["agreement.integrity"] >= 0.9 and row["relations.sponsor.restraint"] == 0.25 for row in found)
    assert all("gone" not in row for row in found)


def test_what_the_scenario_brings_along() -> None:
    scenario = uncertain_small()
    assert Brought(3).learnt(DAY) is None
    assert Brought(3).values(scenario, DAY, 5) == [values_of_set(scenario, k, 5) for k in range(3)]
    assert Brought(1).values(scenario, DAY, 5) == [{}]


def test_a_posterior_is_left_aside_where_numbers_are_fitted() -> None:
    """It may know the days that are forecast: neither its rows nor its medians come in."""
    scenario = uncertain_small()
    estimates = (Estimate("fighting.regimes.quiet.mean", "likelihood", "invented"),)
    made = {"command": "x", "version": "1", "scenario": "small", "data": "x", "span": "a to b", "seed": 0, "rows": 4,
            "seconds": 1}  # fmt: skip
    informed = scenario.model_copy(update={"posterior": Posterior("", made, estimates, np.full((4, 1), 0.77))})
    assert Brought(2).values(informed, DAY, 5)[0]["fighting.regimes.quiet.mean"] == 0.77
    fitted = Fitted(Fixed, scenario, DAY)
    assert fitted.values(informed, DAY, 5) == fitted.values(scenario, DAY, 5)


def test_one_set_stands_at_the_medians_beside_the_fit() -> None:
    class One:
        def rows_until(self, until: dt.date) -> list[dict[str, float]]:
            return [{"agreement.integrity": 0.1}]

    [row] = Fitted(One, uncertain_small(), DAY).values(uncertain_small(), DAY, 5)
    assert row == {"agreement.integrity": 0.1, "relations.sponsor.restraint": 0.5, "fighting.regimes.quiet.mean": 0.5}
