"""A small conflict that moves by rules of known rates, and records that its hidden chain makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.history.emissions import Observation
from sim.history.markov import Chain, stationary, transition
from sim.history.truce import Truce
from tests.small import rule

FREE: dict[str, Any] = {
    "events": {
        "up": {"effects": [{"regime": "up"}]},
        "down": {"effects": [{"regime": "down"}]},
        "truce": {"effects": [{"truce": "lower"}]},
        "insult": {"effects": [{"add": "anger", "by": 1.0}]},
        "broken": {"effects": [{"truce": "none"}, {"regime": "restore"}]},
    },
    "quantities": {"anger": {"of": "world", "initial": 2.0, "half_life_days": 1e6}},
    "parameters": {
        "rise": {"value": {"dist": "lognormal", "median": 0.04, "sigma": 0.6}},
        "fall": {"value": {"dist": "lognormal", "median": 0.05, "sigma": 0.6}},
        "heat": {"value": {"dist": "uniform", "low": 1.0, "high": 3.0}},
    },
    "rules": {
        "open": rule(
            "up", rate={"dist": "gamma", "shape": 2.0, "scale": 0.01}, when={"regime": "quiet", "truce": "none"},
            ratios={"anger": "$heat"},
        ),
        "storm": rule("up", rate={"dist": "lognormal", "median": 0.01, "sigma": 0.6}, when={"regime": "quiet"}),
        "tire": rule(
            "down", rate={"dist": "lognormal", "median": 0.05, "sigma": 0.6},
            when={"regime": "war", "attacks": {"at_least": 1}},
        ),
    },
    "fighting": {
        "regimes": {
            "quiet": {"mean": {"dist": "lognormal", "median": 2.0, "sigma": 0.3}, "size": 0.8},
            "war": {"mean": {"dist": "lognormal", "median": 20.0, "sigma": 0.3}, "size": 1.5},
        },
        "drift": {
            "rates": {"quiet": {"war": "$rise"}, "war": {"quiet": "$fall"}},
            "truce_down": {"lower": {"war": 0.5}},
            "truce_ratio": {"lower": 0.3},
            "rules": {"quiet": {"war": ["open", "storm"]}, "war": {"quiet": ["tire"]}},
        },
    },
}  # fmt: skip


def made(
    model: Chain, days: int, seed: int, truces: Sequence[Truce] = ()
) -> tuple[list[Observation], NDArray[np.int64]]:
    """Deaths a day that one chain without memory makes, some of them lost, and the regimes that they came from."""
    dice = np.random.default_rng(seed)
    regime = int(dice.choice(len(model.names), p=stationary(transition(model))))
    deaths, path = [], []
    for day in range(days):
        regime = int(dice.choice(len(model.names), p=transition(model, truces[day] if truces else Truce())[regime]))
        mean, size = model.mean[regime], model.size[regime]
        dead = float(dice.negative_binomial(size, size / (size + mean)))
        deaths.append(Observation(0.0 if dice.random() < model.lost else dead))
        path.append(regime)
    return deaths, np.array(path)
