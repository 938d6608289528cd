"""Courses of a few days for tests of patterns: all is quiet but what a test says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
from numpy.typing import ArrayLike

from sim.analysis.chronicle import Chronicle


def course(days: int, **series: ArrayLike | Mapping[int, float]) -> Chronicle:
    """One course; each series as its values, or as `{day: value}` with days from 0 and zero elsewhere."""
    values = {it.name: np.zeros((1, days)) for it in fields(Chronicle)}
    for name, given in series.items():
        if isinstance(given, Mapping):
            for day, value in given.items():
                values[name][0, day] = value
        else:
            values[name][0] = np.asarray(given, float)
    return Chronicle(**values)
