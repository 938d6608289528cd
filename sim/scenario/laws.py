"""Laws of uncertain numbers: each is known by its quantile function.

They are sampled through `ppf` only, so that a set of parameters is a point of the unit cube.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from typing_extensions import override

INFINITY = math.inf


@dataclass(frozen=True)
class Distribution:
    """What is believed about a number; subclasses give the law, `low` and `high` of the open-ended ones truncate.

    Arguments are finite floats. Raises ValueError, in words for the author of a file, when they make no distribution.
    """

    law: ClassVar[str] = ""

    def __post_init__(self) -> None:
        self.check()
        if not all(math.isfinite(value) for value in (*self.support(), self.median())):
            raise ValueError("has no finite median and bounds")

    def check(self) -> None:
        """Raise ValueError when the arguments make no distribution."""

    def ppf(self, u: float) -> float:
        """The quantile at `u` in [0, 1]; never decreasing in `u`, inside the support."""
        raise NotImplementedError

    def support(self) -> tuple[float, float]:
        """Least and greatest value; a practically infinite end is given as the quantile at 1e-12 from it."""
        return self.ppf(0.0), self.ppf(1.0)

    def median(self) -> float:
        """The quantile at one half."""
        return self.ppf(0.5)

    def plain(self) -> dict[str, Any]:
        """The distribution as it is written in YAML."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        written = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v is not None}
        return {"dist": self.law, **written}


def _below(low: float, high: float) -> None:
    if not low < high:
        raise ValueError(f"low {low:g} is not below high {high:g}")


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} {value:g} is not above 0")


@dataclass(frozen=True)
class Uniform(Distribution):
    """Any value between `low` and `high` alike."""

    law = "uniform"
    low: float
    high: float

    @override
    def check(self) -> None:
        _below(self.low, self.high)

    @override
    def ppf(self, u: float) -> float:
        return min(self.high, max(self.low, self.low * (1 - u) + self.high * u))


@dataclass(frozen=True)
class LogUniform(Distribution):
    """Uniform in the logarithm: for rates known to an order of magnitude."""

    law = "loguniform"
    low: float
    high: float

    @override
    def check(self) -> None:
        _positive(low=self.low)
        _below(self.low, self.high)

    @override
    def ppf(self, u: float) -> float:
        value = math.exp(math.log(self.low) * (1 - u) + math.log(self.high) * u)
        return min(self.high, max(self.low, value))


@dataclass(frozen=True)
class Triangular(Distribution):
    """Between `low` and `high`, densest at `mode`."""

    law = "triangular"
    low: float
    mode: float
    high: float

    @override
    def check(self) -> None:
        _below(self.low, self.high)
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"mode {self.mode:g} is not between low {self.low:g} and high {self.high:g}")

    @override
    def ppf(self, u: float) -> float:
        width, left, right = self.high - self.low, self.mode - self.low, self.high - self.mode
        if u * width < left:
            return self.low + math.sqrt(u * width * left)
        return self.high - math.sqrt((1 - u) * width * right)


@dataclass(frozen=True)
class Open(Distribution):
    """A law on an open range: `bounds` truncate it, and quantiles stay 1e-12 away from 0 and 1."""

    tail: ClassVar[float] = 1e-12

    def bounds(self) -> tuple[float, float]:
        """The truncation (`low`, `high`), infinite where none is given."""
        low, high = getattr(self, "low", None), getattr(self, "high", None)
        return (-INFINITY if low is None else low), (INFINITY if high is None else high)

    def cdf(self, x: float) -> float:
        """Probability below x, before truncation."""
        raise NotImplementedError

    def quantile(self, u: float) -> float:
        """The quantile at u in (0, 1), before truncation."""
        raise NotImplementedError

    @override
    def ppf(self, u: float) -> float:
        low, high = self.bounds()
        p_low, p_high = self.cdf(low), self.cdf(high)
        p = p_low * (1 - u) + p_high * u
        return min(high, max(low, self.quantile(min(1 - self.tail, max(self.tail, p)))))

    def check_truncation(self) -> None:
        """Raise ValueError when the bounds are out of order or hold (almost) none of the law."""
        low, high = self.bounds()
        _below(low, high)
        if self.cdf(high) - self.cdf(low) < 1e-9:
            raise ValueError(f"almost none of the {self.law} lies between low {low:g} and high {high:g}")


@dataclass(frozen=True)
class Normal(Open):
    """Mean `mean`, standard deviation `sd`."""

    law = "normal"
    mean: float
    sd: float
    low: float | None = None
    high: float | None = None

    @override
    def check(self) -> None:
        _positive(sd=self.sd)
        self.check_truncation()

    @override
    def cdf(self, x: float) -> float:
        return 0.5 * math.erfc((self.mean - x) / (self.sd * math.sqrt(2)))

    @override
    def quantile(self, u: float) -> float:
        return self.mean + self.sd * _normal_quantile(u)


@dataclass(frozen=True)
class LogNormal(Open):
    """The logarithm is normal around log(`median`) with standard deviation `sigma`."""

    law = "lognormal"
    # named as in YAML; the method of the same name is the quantile at one half, hence the trailing underscore here
    median_: float
    sigma: float
    low: float | None = None
    high: float | None = None

    @override
    def check(self) -> None:
        _positive(median=self.median_, sigma=self.sigma)
        self.check_truncation()

    @override
    def cdf(self, x: float) -> float:
        return 0.5 * math.erfc((math.log(self.median_) - math.log(x)) / (self.sigma * math.sqrt(2))) if x > 0 else 0.0

    @override
    def quantile(self, u: float) -> float:
        return self.median_ * math.exp(self.sigma * _normal_quantile(u))

    @override
    def plain(self) -> dict[str, Any]:
        return {"median" if name == "median_" else name: value for name, value in super().plain().items()}


@dataclass(frozen=True)
class Gamma(Open):
    """Shape `shape`, scale `scale`: mean is their product."""

    law = "gamma"
    shape: float
    scale: float
    low: float | None = None
    high: float | None = None

    @override
    def check(self) -> None:
        _positive(shape=self.shape, scale=self.scale)
        self.check_truncation()

    @override
    def cdf(self, x: float) -> float:
        from scipy.special import gammainc

        return float(gammainc(self.shape, x / self.scale)) if x > 0 else 0.0

    @override
    def quantile(self, u: float) -> float:
        from scipy.special import gammaincinv

        return self.scale * float(gammaincinv(self.shape, u))


@dataclass(frozen=True)
class Beta(Distribution):
    """Beta(`a`, `b`) on [0, 1], or stretched over [`low`, `high`]."""

    law = "beta"
    a: float
    b: float
    low: float = 0.0
    high: float = 1.0

    @override
    def check(self) -> None:
        _positive(a=self.a, b=self.b)
        _below(self.low, self.high)

    @override
    def ppf(self, u: float) -> float:
        from scipy.special import betaincinv

        return self.low + (self.high - self.low) * float(betaincinv(self.a, self.b, u))


@dataclass(frozen=True)
class Choice(Distribution):
    """One of `values`, by `weights` (all alike when left out); quantiles run through the values in rising order."""

    law = "choice"
    values: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    @override
    def check(self) -> None:
        if not self.values:
            raise ValueError("values is empty")
        weights = self._weights()
        if len(weights) != len(self.values):
            raise ValueError(f"{len(self.values)} values and {len(weights)} weights; give one weight for each value")
        if min(weights) < 0 or not sum(weights) > 0:
            raise ValueError(f"weights {list(weights)} are not all at least 0 with a sum above 0")

    def _weights(self) -> tuple[float, ...]:
        return (1.0,) * len(self.values) if self.weights is None else self.weights

    @override
    def ppf(self, u: float) -> float:
        ranked = sorted((v, w) for v, w in zip(self.values, self._weights(), strict=True) if w > 0)
        rest = u * sum(w for _, w in ranked)
        for value, weight in ranked[:-1]:
            rest -= weight
            if rest < 0:
                return value
        return ranked[-1][0]


LAWS: dict[str, type[Distribution]] = {
    law.law: law for law in (Uniform, LogUniform, Triangular, Normal, LogNormal, Beta, Gamma, Choice)
}


def _normal_quantile(u: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(u))
