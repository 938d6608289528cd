"""The state at many origins, from one drive through the whole history and one pass of the filter.

The state of a day does not depend on what came after it. So the history is lived through once, up to the last origin,
and what stands on the evening of each origin is what `origin_of` would give for a scenario that begins the day after.
Truces die by the rule that could be followed on the day (`sim.history.driving.lived_days`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from sim.conflict import state as st
from sim.history.driving import Origin, begin_counting, chain_of, fragile_of, lived_days, observations
from sim.history.filtering import follow
from sim.history.markov import Chain
from sim.history.truce import Truce
from sim.scenario.compiling import Compiled
from sim.scenario.schema import Scenario


@dataclass(frozen=True)
class Lived:
    """One parameter set's history: the state on the evening of each origin, and the truce of each day of it."""

    fixed: Scenario
    compiled: Compiled
    states: Mapping[dt.date, list[float]]
    truces: Sequence[Truce]


def snapshots(fixed: Scenario, compiled: Compiled, origins: Iterable[dt.date]) -> dict[dt.date, Origin]:
    """The state on the evening of each origin, and what is uncertain in it; numbers must be plain.

    The origins lie before that of the scenario, whose `history.daily_deaths` are the record.
    """
    return filtered([live(fixed, compiled, origins)])[0]


def live(fixed: Scenario, compiled: Compiled, origins: Iterable[dt.date]) -> Lived:
    """Drive the state through the history, and keep it as it stands on the evening of each origin."""
    wanted = set(origins)
    states, truces = {}, []
    for truce, state in lived_days(fixed, compiled, truces_die_by_deaths=True):
        truces.append(truce)
        today = fixed.origin + dt.timedelta(int(state[st.DAY]) - 1)
        if today in wanted:
            states[today] = _as_of_origin(state, compiled.tables)
    return Lived(fixed, compiled, states, truces)


def _as_of_origin(state: list[float], c: st.Tables) -> list[float]:
    """The state of an evening as that of day 0: the next day is day 1, and what counts from the origin on is zero."""
    s, day = list(state), int(state[st.DAY])
    begin_counting(s, c)
    for back in range(st.OBSERVED_DAYS):
        s[c.recent + -back % st.OBSERVED_DAYS] = state[c.recent + (day - back) % st.OBSERVED_DAYS]
    s[st.DAY] = 0.0
    return s


# --- the filter, for many parameter sets at once ---------------------------------------------------------------------


def filtered(lived: Sequence[Lived]) -> list[dict[dt.date, Origin]]:
    """The origins of each parameter set; those whose truces are the same are filtered in one pass."""
    alike: dict[tuple[Truce, ...], list[int]] = {}
    for k, one in enumerate(lived):
        alike.setdefault(tuple(one.truces), []).append(k)
    found: list[dict[dt.date, Origin]] = [{} for _ in lived]
    for members in alike.values():
        for k, origins in zip(members, _together([lived[k] for k in members]), strict=True):
            found[k] = origins
    return found


def _together(lived: Sequence[Lived]) -> list[dict[dt.date, Origin]]:
    """The origins of parameter sets with the same truces."""
    first, observed = observations(lived[0].fixed)
    chains = [_chain(one.fixed) for one in lived]
    skipped = (lived[0].compiled.start - first).days
    truces = [*[Truce()] * skipped, *lived[0].truces[max(0, -skipped) :]]
    path = follow(observed, _stacked(chains), truces)
    return [
        {
            day: Origin(
                state,
                path.regimes[(day - first).days, k].tolist(),
                path.memory[(day - first).days, k].tolist(),
                fragile_of(one.fixed, state),
                [],
            )
            for day, state in one.states.items()
        }
        for k, one in enumerate(lived)
    ]


def _chain(fixed: Scenario) -> Chain:
    found = chain_of(fixed.fighting)
    assert found is not None  # a scenario without drift is refused before
    return found


def _stacked(chains: Sequence[Chain]) -> Chain:
    """Many chains (each of plain numbers) as one with a leading dimension; whatever a chain has is in it."""
    names = [part.name for part in fields(Chain) if part.name != "names"]
    return replace(chains[0], **{name: _side_by_side([getattr(one, name) for one in chains]) for name in names})


def _side_by_side(values: Sequence[Any]) -> Any:
    """Arrays stacked, mappings of arrays key by key."""
    if isinstance(values[0], Mapping):
        return {key: np.stack([one[key] for one in values]) for key in values[0]}
    return np.stack(values)
