"""A truce as the filter knows it on one day, when it is dead, and of which kind it probably is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sim.conflict.state import doublings

TRUCE_ONSET_DAYS = 3  # ages 0, 1, 2: the days on which a new truce pulls the fighting down (DOMAIN 7.11)
TRUCE_DEAD_AT = 100.0  # deaths in seven days, counted from a truce's start, at which it no longer stands (DOMAIN 7.11)
WEEK = 7  # days


class Truce(NamedTuple):
    """The truce in force on one day: its level (`none` without one), its age, 0 on its first day, and what is overdue.

    `overdue`: whether a term of the agreement is unmet beyond its date.
    """

    level: str = "none"
    age: int = 0
    overdue: bool = False

    @property
    def doublings(self) -> int:
        """How often its age has doubled."""
        return int(doublings(self.age))

    @property
    def like(self) -> Truce:
        """The youngest truce under which the regimes move as under this one."""
        return self if self.age < TRUCE_ONSET_DAYS else self._replace(age=2**self.doublings - 1)


NO_TRUCE = Truce()


def truce_is_dead(deaths_since: Sequence[float]) -> bool:
    """Whether a truce with these deaths a day since it began is dead: a hundred in its last seven days.

    The rule was written down before any score was computed, and can be followed on the day (DOMAIN 7.11).
    """
    return sum(deaths_since[-WEEK:]) >= TRUCE_DEAD_AT


def fragile_probability(prior: float, mean_days: float, age: float) -> float:
    """Probability that a truce still standing at `age` days is of the fragile kind.

    Bayes with an exponential life of `mean_days` for the fragile kind; the lasting kind is taken not to end by itself.
    """
    if prior >= 1.0:
        return 1.0
    alive = prior * math.exp(-age / mean_days)
    return alive / (alive + 1.0 - prior)
