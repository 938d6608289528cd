"""Laws: quantiles against scipy's own distributions, and what holds of every law."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.scenario.laws import LAWS, Distribution
from sim.scenario.numbers import distribution

EXAMPLES: list[tuple[dict[str, Any], Any]] = [
    ({"dist": "uniform", "low": 2, "high": 5}, stats.uniform(2, 3)),
    ({"dist": "loguniform", "low": 0.01, "high": 10}, stats.loguniform(0.01, 10)),
    ({"dist": "triangular", "low": 1, "mode": 2, "high": 5}, stats.triang(0.25, 1, 4)),
    ({"dist": "normal", "mean": 3, "sd": 2}, stats.norm(3, 2)),
    ({"dist": "normal", "mean": 0, "sd": 1, "low": -1, "high": 2}, stats.truncnorm(-1, 2)),
    ({"dist": "lognormal", "median": 3, "sigma": 0.5}, stats.lognorm(0.5, scale=3)),
    ({"dist": "beta", "a": 3.5, "b": 0.5}, stats.beta(3.5, 0.5)),
    ({"dist": "beta", "a": 2, "b": 3, "low": 1, "high": 3}, stats.beta(2, 3, 1, 2)),
    ({"dist": "gamma", "shape": 2, "scale": 3}, stats.gamma(2, scale=3)),
]


@pytest.mark.parametrize(("written", "oracle"), EXAMPLES)
@pytest.mark.parametrize("u", [1e-6, 0.05, 0.5, 0.77, 1 - 1e-6])
def test_quantiles_agree_with_scipy(written: dict[str, Any], oracle: Any, u: float) -> None:
    assert distribution(written).ppf(u) == pytest.approx(oracle.ppf(u), rel=1e-7, abs=1e-9)


def test_every_law_has_an_example() -> None:
    assert {written["dist"] for written, _ in EXAMPLES} | {"choice"} == set(LAWS)


def laws() -> st.SearchStrategy[Distribution]:
    """Distributions of every law, truncated or not."""
    number = st.floats(-50, 50)
    positive = st.floats(0.05, 20)
    low_high = st.tuples(number, positive).map(lambda pair: {"low": pair[0], "high": pair[0] + pair[1]})
    values = st.lists(number, min_size=1, max_size=5)
    written = st.one_of(
        low_high.map(lambda d: {"dist": "uniform", **d}),
        low_high.map(lambda d: {"dist": "triangular", **d, "mode": 0.3 * d["low"] + 0.7 * d["high"]}),
        st.tuples(positive, positive).map(lambda p: {"dist": "loguniform", "low": p[0], "high": p[0] + p[1]}),
        st.tuples(number, positive).map(lambda p: {"dist": "normal", "mean": p[0], "sd": p[1]}),
        st.tuples(number, positive).map(lambda p: {"dist": "normal", "mean": p[0], "sd": p[1], "low": p[0] - p[1]}),
        st.tuples(positive, st.floats(0.05, 3)).map(lambda p: {"dist": "lognormal", "median": p[0], "sigma": p[1]}),
        st.tuples(positive, positive).map(lambda p: {"dist": "gamma", "shape": p[0], "scale": p[1]}),
        st.tuples(positive, positive).map(lambda p: {"dist": "beta", "a": p[0], "b": p[1]}),
        values.map(lambda v: {"dist": "choice", "values": v}),
    )
    return written.map(distribution)


# no draw is subnormal (the least is 2**-54 or so), and scipy's beta gives nan for some of these
@given(laws(), st.floats(0, 1, allow_subnormal=False), st.floats(0, 1, allow_subnormal=False))
def test_quantiles_rise_inside_the_support(law: Distribution, u: float, v: float) -> None:
    low, high = law.support()
    first, second = law.ppf(min(u, v)), law.ppf(max(u, v))
    assert math.isfinite(first)
    assert low <= first <= second <= high or first == pytest.approx(second, rel=1e-9)


@given(laws())
def test_what_is_written_is_read_back(law: Distribution) -> None:
    assert distribution(law.plain()) == law


@given(laws())
def test_median_halves(law: Distribution) -> None:
    assert law.median() == law.ppf(0.5)


def test_choice_follows_weights_in_rising_order() -> None:
    law = distribution({"dist": "choice", "values": [3, 1, 2], "weights": [1, 2, 1]})
    assert [law.ppf(u) for u in (0.0, 0.49, 0.51, 0.74, 0.76, 1.0)] == [1, 1, 2, 2, 3, 3]


def test_choice_never_gives_what_has_no_weight() -> None:
    law = distribution({"dist": "choice", "values": [1, 2, 3], "weights": [0, 1, 0]})
    assert law.support() == (2, 2)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"dist": "uniform", "low": 1, "high": 1}, "low 1 is not below high 1"),
        ({"dist": "loguniform", "low": 0, "high": 1}, "low 0 is not above 0"),
        ({"dist": "triangular", "low": 0, "mode": 3, "high": 1}, "mode 3 is not between"),
        ({"dist": "normal", "mean": 0, "sd": 0}, "sd 0 is not above 0"),
        ({"dist": "normal", "mean": 0, "sd": 1, "low": 20}, "almost none of the normal"),
        ({"dist": "lognormal", "median": -1, "sigma": 1}, "median -1 is not above 0"),
        ({"dist": "lognormal", "median": 1, "sigma": 1e6}, "too large or too small"),
        ({"dist": "beta", "a": 0, "b": 1}, "a 0 is not above 0"),
        ({"dist": "gamma", "shape": 1, "scale": -2}, "scale -2 is not above 0"),
        ({"dist": "choice", "values": []}, "values is empty"),
        ({"dist": "choice", "values": [1], "weights": [1, 2]}, "1 values and 2 weights"),
        ({"dist": "choice", "values": [1, 2], "weights": [0, 0]}, "sum above 0"),
        ({"dist": "choice", "values": 3}, "not a list"),
        ({"dist": "uniform", "low": 0, "high": float("inf")}, "not a finite number"),
        ({"dist": "uniform", "low": 0, "high": 10**400}, "too large"),
        ({"dist": "uniform", "low": 0, "hihg": 1}, "did you mean `high`?"),
        ({"dist": 3}, "unknown distribution 3"),
    ],
)
def test_impossible_distributions_are_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        distribution(written)
