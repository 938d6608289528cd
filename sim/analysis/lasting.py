"""How long recorded truces lasted, against simulated ones: two survival curves and where chance lets a record lie.

A record of a dozen truces is a small sample. The band around the simulated curve is therefore that of samples of just
as many simulated truces that follow one another, as those of a record do: outside it lies what the simulation hardly
ever shows. Drawn one by one they would hide that truces of one course share its parameters and its luck, and the band
would be too narrow.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.dice import uniforms
from sim.analysis.intervals import Floats
from sim.analysis.survival import survival_curve
from sim.errors import InputError

REPLICATES = 1000
BAND = (0.05, 0.95)
BEYOND = 1.25  # how much longer than the longest recorded truce is shown, so that its end is seen
INTERVALS = ("mc_low", "mc_high", "range_low", "range_high")


def compared(
    recorded: pd.DataFrame, simulated: pd.DataFrame, horizon: int | None = None, seed: int = 0
) -> pd.DataFrame:
    """Survival of truces by day, recorded and simulated, for each level of the record.

    Both tables: level, days, ended (else censored); the simulated ones in the order of their courses, with `set` where
    parameters differ. Columns: level, day (0 to `horizon`, None: a quarter beyond the longest recorded), n (recorded
    truces), ended (of them), censored (on that day), survival, low, high (Kaplan-Meier with its 95 % log-log band),
    simulated, mc_low, mc_high (95 %, by set), range_low, range_high (5-95 % across sets), band_low, band_high (5-95 %
    of samples of n), simulated_n. Curves are nan from the day on which the last truce was lost from sight, and where
    none was simulated.
    InputError where none is recorded.
    """
    if not len(recorded):
        raise InputError("the record has no truce to compare with; choose a scenario whose chronology dates some")
    last = int(np.ceil(BEYOND * max(recorded["days"].max(), 1))) if horizon is None else horizon
    parts = []
    for level, part in recorded.groupby("level", sort=True):
        drawn = simulated[simulated["level"] == level]
        frame = _recorded(part, last).assign(**_simulated(drawn, len(part), last, str(level), seed))
        frame.insert(0, "level", str(level))
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def kaplan_meier(days: Floats, ended: NDArray[np.bool_], last: int) -> Floats:
    """Survival after each day 0 to `last` (..., last + 1) of samples of spells (..., n)."""
    day = np.arange(last + 1)
    at_risk = (days[..., None, :] >= day[:, None]).sum(axis=-1)
    ends = ((days[..., None, :] == day[:, None]) & ended[..., None, :]).sum(axis=-1)
    hazard = np.divide(ends, at_risk, out=np.zeros(ends.shape), where=at_risk > 0)
    return np.asarray(np.cumprod(1 - hazard, axis=-1), np.float64)


def _recorded(part: pd.DataFrame, last: int) -> pd.DataFrame:
    """The recorded curve on days 0 to `last`."""
    curve = _curve(part, last)
    return pd.DataFrame(
        {
            "day": np.arange(last + 1),
            "n": len(part),
            "ended": int(part["ended"].sum()),
            "censored": curve["censored"].astype(int),
            "survival": curve["survival"],
            "low": curve["mc_low"],
            "high": curve["mc_high"],
        }
    )


def _curve(part: pd.DataFrame, last: int) -> pd.DataFrame:
    """Kaplan-Meier on days 0 to `last`; a truce that ended on its first day counts as one of day 1."""
    days, ended = _lasted(part)
    trials = pd.DataFrame({"over_day": np.where(ended, days, np.nan), "observed_days": days})
    trials["set"] = np.asarray(part.get("set", 0))
    curve = survival_curve(trials, "over").set_index("day")
    known = curve.reindex(range(last + 1))
    known["censored"] = known["censored"].fillna(0)
    return known.ffill() if curve["survival"].iloc[-1] == 0 else known  # none is left: that stays known


def _lasted(part: pd.DataFrame) -> tuple[Floats, NDArray[np.bool_]]:
    return part["days"].to_numpy(np.float64).clip(min=1), part["ended"].to_numpy(bool)


def _simulated(part: pd.DataFrame, n: int, last: int, level: str, seed: int) -> dict[str, Floats | int]:
    if not len(part):
        nothing = dict.fromkeys(("simulated", *INTERVALS, "band_low", "band_high"), np.full(last + 1, np.nan))
        return {**nothing, "simulated_n": 0}
    curve, (days, ended) = _curve(part, last), _lasted(part)
    start = (uniforms(seed, ("spells", level), np.arange(REPLICATES), 1) * len(days)).astype(int)
    chosen = (start + np.arange(n)) % len(days)
    low, high = np.quantile(kaplan_meier(days[chosen], ended[chosen], last), BAND, axis=0)
    followed = curve["survival"].notna().to_numpy()
    bands = {"band_low": np.where(followed, low, np.nan), "band_high": np.where(followed, high, np.nan)}
    return {"simulated": curve["survival"].to_numpy(), **{name: curve[name].to_numpy() for name in INTERVALS}, **bands,
            "simulated_n": len(days)}  # fmt: skip
