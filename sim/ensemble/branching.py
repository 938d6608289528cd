"""Many futures from one past: a trial is lived to a day, and from its evening on again and again with fresh luck.

Future `b` of trial t in set s under the seed S draws, from the morning after on, what trial `b` of set s draws under
another seed, which `future_seed(S, s, t)` makes of the three. So a future can be lived alone, no two share their luck,
nor does one with any trial of the ensemble, and all options see the same luck: future `b` under two options differs by
the options alone. The day of the parting is not in the address: futures that part on different days from one trial are
paired too.

An option is a scenario file laid over the scenario of the results, or one that extends another and is then taken whole.
It may change what it likes as long as the past up to the parting stays what it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib import import_module
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.conflict import state as st
from sim.ensemble import tables
from sim.ensemble.manifest import SCENARIO
from sim.ensemble.results import Results
from sim.errors import InputError
from sim.preparing import Prepared, prepare
from sim.scenario import Scenario, load
from sim.scenario.reading import has_base
from sim.trajectory import Event, Trajectory

if TYPE_CHECKING:
    import pandas as pd

AS_IT_IS = "as it is"
WEEK = "deaths_7d"


def future_seed(seed: int, set_index: int, trial: int) -> int:
    """The seed under which the futures of a trial draw: the first 64 bits of a hash of where the trial stands."""
    where = f"{seed} {set_index} {trial}".encode()
    return int.from_bytes(hashlib.blake2b(where, digest_size=8, person=b"futures").digest(), "little")


@dataclass(frozen=True)
class Past:
    """A trial up to the evening of a day: all that its futures begin with.

    `ready` is the scenario they are lived in; `daily` holds the series and `events` the events so far.
    """

    ready: Prepared
    trial: int
    day: int
    state: list[float]
    regime_at_origin: float
    daily: Mapping[str, Sequence[float]]
    events: list[Event]

    @cached_property
    def beginning(self) -> Prepared:
        """The scenario made ready to begin on the next morning, under the futures' own seed.

        What the beginning of a trial draws is certain here, so that drawing it leaves the state as it is.
        """
        ready, state = self.ready, list(self.state)
        state[st.LOGGED] = 0.0
        k_regimes = ready.compiled.tables.n_regimes
        regimes = [float(k == state[st.REGIME]) for k in range(k_regimes)]
        memory = [state[st.EXCITATION]] * k_regimes
        return replace(
            ready,
            scenario=ready.scenario.model_copy(update={"horizon_days": ready.scenario.horizon_days - self.day}),
            origin=replace(ready.origin, state=state, regimes=regimes, memory=memory, fragile=state[st.FRAGILE]),
            seed=future_seed(ready.seed, ready.set_index, self.trial),
        )


def past_of(scenario: Scenario, set_index: int, trial: int, day: int) -> Past:
    """Live a trial of a scenario, under its own seed, up to the evening of `day`; 0 is the eve of the origin."""
    from sim.model import CeasefireModel

    model = CeasefireModel(prepare(scenario, None, set_index), trial=trial, collect=False)
    for _ in range(day):
        model.step()
    lived = model.trajectory()
    began = model.first_state[st.REGIME]
    return Past(model.prepared, trial, day, list(model.state), began, lived.daily, lived.events)


def futures(past: Past, engine: str, branches: Iterable[int], keep: Collection[int] = ()) -> Iterator[Trajectory]:
    """The futures of a past, in the order asked: rows as of whole trials, with the number of the `future`.

    Those in `keep` have daily series and events too, both from the day after the parting on.
    """
    lived = {"batch": _compiled, "mesa": _in_mesa}
    if engine not in lived:
        raise InputError(f"engine: {engine!r} cannot go on from a day; allowed: {', '.join(lived)}")
    return lived[engine](past, branches, keep)


def _compiled(past: Past, branches: Iterable[int], keep: Collection[int]) -> Iterator[Trajectory]:
    import numpy as np

    from sim.batch.engine import CHUNK, run_arrays

    waiting, decoder = iter(branches), past.ready.decoder
    while chunk := list(islice(waiting, CHUNK)):
        kept = [branch for branch in chunk if branch in keep]
        arrays = run_arrays(past.beginning, np.array(chunk, dtype=np.int64), [chunk.index(branch) for branch in kept])
        names = decoder.series_names()
        week = arrays.daily[:, names.index(WEEK), :]
        logs = dict(zip(kept, arrays.logs.tolist(), strict=False))
        for k, branch in enumerate(chunk):
            state = arrays.last[k].tolist()
            lived = int(state[st.DAY]) - past.day
            daily = dict(zip(names, arrays.daily[k, :, :lived].tolist(), strict=True)) if branch in logs else {}
            events = decoder.events(logs[branch], int(state[st.LOGGED])) if branch in logs else []
            yield Trajectory(_row(past, branch, state, week[k, :lived].tolist()), daily, events)


def _in_mesa(past: Past, branches: Iterable[int], keep: Collection[int]) -> Iterator[Trajectory]:
    from sim.model import CeasefireModel

    decoder = past.ready.decoder
    names = decoder.series_names()
    for branch in branches:
        model = CeasefireModel(past.beginning, trial=branch, collect=False)
        for _ in range(past.beginning.scenario.horizon_days):
            model.step()
        daily = dict(zip(names, map(list, zip(*model.history, strict=True)), strict=True))
        row = _row(past, branch, model.state, daily[WEEK])
        yield Trajectory(row, daily, model.events()) if branch in keep else Trajectory(row, {}, [])


def _row(past: Past, branch: int, state: Sequence[float], week: Sequence[float]) -> dict[str, Any]:
    """The row of a whole trial that has this past and this future."""
    ready = past.ready
    where: dict[str, Any] = {"set": ready.set_index, "trial": past.trial, "future": branch}
    deaths = [*past.daily[WEEK], *week]
    return where | ready.decoder.row(state, ready.origin.state, past.regime_at_origin, deaths)


# --- options --------------------------------------------------------------------------------------------------------


def read_option(results: Results, option: str | Path) -> Scenario:
    """The scenario of an option, with the ensemble of the results; ScenarioError with all that is wrong with it."""
    base = results.scenario
    scenario = load(option) if has_base(option) else load(results.folder / SCENARIO, layers=[option])
    for name in ("origin", "horizon_days"):
        there, here = getattr(base, name), getattr(scenario, name)
        if there != here:
            raise InputError(f"{option}: {name} is {here}, but {there} in the results; an option may not change it")
    return scenario.model_copy(update={"ensemble": base.ensemble})


def parting(before: Past, after: Past) -> str | None:
    """The first thing in which two pasts differ, in words; None where they are the same."""
    pairs = zip_longest(map(_happened, before.events), map(_happened, after.events))
    for one, other in pairs:
        if one != other:
            day = min(event.day for event in (one, other) if event is not None)
            return f"day {day}: {_told(other)} instead of {_told(one)}"
    for name in [name for name in before.daily if name in after.daily]:
        for day, (one_value, other_value) in enumerate(zip(before.daily[name], after.daily[name], strict=True), 1):
            if one_value != other_value:
                return f"day {day}: {name} is {other_value:g} instead of {one_value:g}"
    return None


def _happened(event: Event | None) -> Event | None:
    """An event without its hazard and its hour, which a rate may change without changing what happened."""
    return None if event is None else replace(event, hazard=0.0, time=0.0)


def _told(event: Event | None) -> str:
    return "nothing" if event is None else f"{event.event} ({event.rule}, by {event.by or 'the exchange'})"


# --- branching ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Branches:
    """The futures of one past under several options; `trials` has a row for each option and future."""

    results: Results
    past: Past
    number: int
    trials: pd.DataFrame
    outcome_names: list[str]

    @property
    def options(self) -> list[str]:
        """The options, the scenario as it is first."""
        return list(dict.fromkeys(self.trials["option"]))

    def of(self, option: str) -> pd.DataFrame:
        """The futures under one option."""
        return self.trials[self.trials["option"] == option].reset_index(drop=True)

    def outcomes(self, option: str) -> pd.DataFrame:
        """The table of outcomes under an option, given this past; there is no range across sets."""
        table: pd.DataFrame = import_module("sim.analysis.outcomes").outcome_table(self.of(option), self.outcome_names)
        return table

    def differences(self, option: str) -> pd.DataFrame:
        """By outcome: how much more probable it is than as it is, from the same luck (`sim.analysis.pairs`)."""
        import pandas as pd

        paired = import_module("sim.analysis.pairs").paired_difference
        before, after = self.of(AS_IT_IS), self.of(option)
        both = (before["error"].isna() & after["error"].isna()).to_numpy(bool)
        flags = ((table[both][f"{name}_day"].notna() for table in (after, before)) for name in self.outcome_names)
        rows = [asdict(paired(*pair)) for pair in flags]
        return pd.DataFrame(rows, index=pd.Index(self.outcome_names, name="outcome"))


def branch(
    results: Results,
    trial: int,
    day: int,
    options: Iterable[str | Path] = (),
    *,
    trials: int = 1000,
    set_index: int = 0,
    engine: str | None = None,
) -> Branches:
    """Live `trials` futures of one stored trial from the evening of `day` on, as it is and under each option.

    Raises ResultsError where this program no longer gives the stored trial, InputError for a day or an engine that
    cannot be, and for an option that changes the past; ScenarioError for one that is wrong.
    """
    base = _checked(results, trial, day, trials, set_index)
    past = past_of(base, set_index, trial, day)
    pasts = {AS_IT_IS: past}
    for name, option in _named(options).items():
        other = past_of(read_option(results, option), set_index, trial, day)
        if (said := parting(past, other)) is not None:
            raise InputError(f"{option}: changes the past, {said}; date what it changes after day {day}")
        pasts[name] = other
    engine = engine or results.manifest.engine
    lived = ((name, future) for name, other in pasts.items() for future in futures(other, engine, range(trials)))
    rows = [{"option": name, **future.row} for name, future in lived]
    known = [set(other.ready.scenario.outcomes) for other in pasts.values()]
    names = [name for name in base.outcomes if all(name in outcomes for outcomes in known)]
    return Branches(results, past, trials, tables.frame(rows), names)


def _checked(results: Results, trial: int, day: int, trials: int, set_index: int) -> Scenario:
    """The scenario to branch from, once the trial is known to come out as it is stored."""
    row = results.trajectory(trial, set_index).row
    if row.get("error") is not None:
        raise InputError(f"trial {trial} of set {set_index} failed: {row['error']}; choose another")
    base = results.scenario
    last = row["observed_days"] - 1  # the day on which an outcome ended it, or the horizon
    if not 0 <= day <= last:
        raise InputError(f"day {day}: no future begins after it; allowed: 0 (the eve of the origin) to {last}")
    if trials < 1:
        raise InputError(f"trials: {trials} is not allowed; it is a whole number of at least 1")
    return base


def _named(options: Iterable[str | Path]) -> dict[str, str | Path]:
    """The options by the names of their files; InputError where two have one name."""
    named: dict[str, str | Path] = {}
    for option in options:
        name = Path(str(option)).stem
        if name in named or name == AS_IT_IS:
            raise InputError(f"{option}: two options are called {name}; rename one file")
        named[name] = option
    return named
