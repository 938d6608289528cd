"""How long recorded truces lasted, against simulated ones: two survival curves and where chance lets a record lie.

A record of a dozen truces is a small sample. The band around the simulated curve is therefore that of samples of just
as many simulated truces, drawn with replacement: outside it lies what the simulation hardly ever shows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.analysis.dice import uniforms
from sim.analysis.intervals import Floats
from sim.analysis.survival import survival_curve
from sim.errors import InputError

REPLICATES = 1000
BAND = (0.05, 0.95)
ALL = "all"


def compared(
    recorded: pd.DataFrame, simulated: pd.DataFrame, horizon: int | None = None, seed: int = 0
) -> pd.DataFrame:
    """Survival of truces by day, recorded and simulated, for each level of the record.

    Both tables: level, days, ended (else censored). Columns: level, day (0 to `horizon`, None: the longest recorded),
    n (recorded truces), ended (of them), survival, low, high (Kaplan-Meier with its 95 % log-log band), simulated,
    band_low, band_high (5-95 % of samples of n), simulated_n. Curves are nan from the day on which the last truce was
    lost from sight. InputError where a level was never simulated.
    """
    last = int(recorded["days"].max()) if horizon is None else horizon
    parts = []
    for level, part in recorded.groupby("level", sort=True):
        drawn = simulated[simulated["level"] == level]
        if not len(drawn):
            there = ", ".join(sorted(simulated["level"].astype(str).unique())) or "none"
            raise InputError(f"no simulated truce of level {level}; there are: {there}")
        frame = _recorded(part, last).assign(**_simulated(drawn, len(part), last, str(level), seed))
        frame.insert(0, "level", str(level))
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def kaplan_meier(days: Floats, ended: Floats, last: int) -> Floats:
    """Survival after each day 0 to `last` (..., last + 1) of samples of spells (..., n)."""
    day = np.arange(last + 1)
    at_risk = (days[..., None, :] >= day[:, None]).sum(axis=-1)
    ends = ((days[..., None, :] == day[:, None]) & (ended[..., None, :] > 0)).sum(axis=-1)
    hazard = np.divide(ends, at_risk, out=np.zeros(ends.shape), where=at_risk > 0)
    return np.asarray(np.cumprod(1 - hazard, axis=-1), np.float64)


def _recorded(part: pd.DataFrame, last: int) -> pd.DataFrame:
    """The recorded curve on days 0 to `last`; a truce that ended on its first day counts as one of day 1."""
    days = part["days"].to_numpy(np.float64)
    ended = part["ended"].to_numpy(bool)
    followed = np.maximum(days, 1).astype(int)
    trials = pd.DataFrame({"set": 0, "over_day": np.where(ended, followed, np.nan), "observed_days": followed})
    curve = survival_curve(trials, "over").set_index("day").reindex(range(last + 1))
    if len(days) and ended[np.argmax(followed)]:
        curve = curve.ffill()  # the last one ended: what is known stays known
    return pd.DataFrame(
        {
            "day": np.arange(last + 1),
            "n": len(days),
            "ended": int(ended.sum()),
            "survival": curve["survival"].to_numpy(),
            "low": curve["mc_low"].to_numpy(),
            "high": curve["mc_high"].to_numpy(),
        }
    )


def _simulated(part: pd.DataFrame, n: int, last: int, level: str, seed: int) -> dict[str, Floats | int]:
    days, ended = part["days"].to_numpy(np.float64).clip(min=1), part["ended"].to_numpy(np.float64)
    dice = uniforms(seed, ("spells", level), np.arange(REPLICATES), n)
    chosen = (dice * len(days)).astype(int)
    low, high = np.quantile(kaplan_meier(days[chosen], ended[chosen], last), BAND, axis=0)
    followed = np.arange(last + 1) <= (days.max() if not ended[np.argmax(days)] else np.inf)
    curves = {"simulated": kaplan_meier(days, ended, last), "band_low": low, "band_high": high}
    return {name: np.where(followed, curve, np.nan) for name, curve in curves.items()} | {"simulated_n": len(days)}
