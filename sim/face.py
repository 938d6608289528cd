"""The Python face, as short as the command line.

    from sim import load

    idlib = load("idlib-2020-02-11")
    results = idlib.run(trials=1000)
    results.outcomes()
    results.plot.survival()
    results.trial(17).tell()

A `Scenario` is what `sim.scenario.load` gives, with verbs; a `Results` is what `sim.ensemble.run` gives, with answers.
Everything that takes the one takes the other.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from html import escape
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sim.ensemble import Results as Stored
from sim.ensemble import rerun
from sim.ensemble import run as run_ensemble
from sim.ensemble.plan import Asked
from sim.errors import InputError, ResultsError, ScenarioError, allowed_values
from sim.scenario import builtin_names, to_yaml
from sim.scenario import load as load_plain
from sim.scenario.schema import Scenario as Plain
from sim.scenario.writing import as_yaml
from sim.telling import tell
from sim.trajectory import Trajectory

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.analysis.survival import RestrictedMean
    from sim.ensemble.comparing import Comparison
    from sim.ensemble.designs import Study
    from sim.ensemble.manifest import Manifest

__all__ = ["Given", "Plots", "Results", "Scenario", "Story", "Trial", "builtin_names", "load", "open"]

FIRST_EVENTS = (0, 1, 2)
METHODS = {
    "morris": "exploring", "sobol": "exploring", "split": "exploring", "discover": "exploring",
    "ablate": "ablating", "definitions": "defining",
}  # fmt: skip
Source = Plain | Stored | str | Path
T = TypeVar("T")


def load(source: str | Path) -> Scenario:
    """The scenario of a file, of `builtin:NAME` or of the bare name of a shipped one (see `builtin_names()`).

    Raises ScenarioError, an InputError, with every problem found.
    """
    return Scenario.of(load_plain(source))


def open(folder: str | Path) -> Results:
    """The results in a folder; ResultsError, an InputError, if it holds none."""
    return Results.open(folder)


class Scenario(Plain):
    """A scenario that can be changed, run and told. Its sections are attributes; nothing changes it in place."""

    @classmethod
    def of(cls, plain: Plain) -> Scenario:
        """The same scenario with these verbs."""
        return cls.model_construct(_fields_set=plain.model_fields_set, **dict(plain))

    def set(self, *changes: str | Mapping[str, object]) -> Scenario:
        """A scenario with other values, as `PATH=VALUE` or as maps from paths to values.

        A VALUE in a text is YAML, as after `--set`; so is a text in a map. Raises ScenarioError for what does not fit.
        """
        overrides: dict[str, str] = {}
        for change in changes:
            overrides |= dict([_pair(change)]) if isinstance(change, str) else {k: _yaml(v) for k, v in change.items()}
        return self._reloaded(overrides, ())

    def without(self, *rules: str) -> Scenario:
        """The scenario with these rules switched off; ScenarioError for one that it does not have."""
        return self._reloaded({}, rules)

    def run(
        self,
        trials: int | None = None,
        *,
        sets: int | None = None,
        seed: int | None = None,
        days: int | None = None,
        workers: int | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        events: Iterable[Asked] = FIRST_EVENTS,
        progress: bool | None = None,
        engine: str | None = None,
        dask: str | None = None,
        precision: float | None = None,
    ) -> Results:
        """Run `sets` parameter sets of `trials` trials each; what is None is taken from the scenario.

        Without `out` the results lie in a temporary folder that is removed with the object returned here; `save` keeps
        them. `progress` shows a bar (None: where somebody may be watching, in a terminal or notebook). The rest is that
        of `sim.ensemble.run`, as are the errors.
        """
        asked: dict[str, Any] = {
            "trials": trials, "sets": sets, "seed": seed, "days": days, "workers": workers, "resume": resume,
            "events": events, "engine": engine, "dask": dask, "precision": precision,
            "progress": _watched() if progress is None else progress,
        }  # fmt: skip
        if out is not None:
            return Results.of(run_ensemble(self, out=out, **asked))
        if resume:
            raise InputError("resume: without `out` there is no folder to go on with; name it")
        return _passing(lambda folder: Results.of(run_ensemble(self, out=folder, **asked)))

    def trial(self, trial: int, set: int = 0) -> Trial:
        """One trial of the scenario, run here and now; the one of that number in any ensemble of its seed and sets.

        Raises InputError for a trial below 0 or a set that the scenario does not have.
        """
        if trial < 0 or not 0 <= set < self.ensemble.sets:
            raise InputError(f"trial {trial} of set {set}: both count from 0, and the sets are {self.ensemble.sets}")
        return Trial(self, rerun(self, None, trial, set), trial, set)

    def compare(self, *others: Source, out: str | Path | None = None, **options: Any) -> Comparison:
        """Run this and other scenarios on the same trials and compare them with this one.

        `trials`, `sets` and other options are those of `sim.ensemble.comparing.compare`; without `out` the runs lie in
        a temporary folder that is removed with the object returned here.
        """
        return _compared((self, *others), out, options)

    def sensitivity(
        self,
        method: str = "morris",
        *,
        outcome: str | None = None,
        day: int | None = None,
        seed: int | None = None,
        days: int | None = None,
        engine: str | None = None,
        workers: int | None = None,
        progress: bool | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        **numbers: int,
    ) -> Study:
        """Say what an outcome (None: the headline) rests on, by one of the methods of `ceasefire sensitivity`.

        `numbers` are `samples`, `sets`, `trials` or `top`, as far as the method takes them. Gives a study, whose tables
        have names (`study["morris"]`); without `out` it lies in a temporary folder that is removed with it.
        """
        from sim.ensemble.exploring import Question

        function = _method(method, numbers)
        watched = _watched() if progress is None else progress
        question = Question.of(
            self, outcome=outcome, day=day, seed=seed, days=days, engine=engine, workers=workers, progress=watched
        )
        if out is not None:
            return function(question, out=out, resume=resume, **numbers)
        return _passing(lambda folder: function(question, out=folder / "study", **numbers))

    def _reloaded(self, overrides: Mapping[str, str], without: Sequence[str]) -> Scenario:
        """The scenario with changes, checked as a file would be."""
        with tempfile.TemporaryDirectory(prefix="ceasefire-") as folder:
            file = Path(folder) / "scenario.yaml"
            file.write_text(to_yaml(self), encoding="utf-8")
            try:
                return Scenario.of(load_plain(file, overrides, without))
            except ScenarioError as error:
                where = f"{self.name} (resolved)"
                problems = [replace(it, file=it.file.replace(str(file), where)) for it in error.problems]
                raise ScenarioError(problems) from None

    def __repr__(self) -> str:
        return f"Scenario({self.name!r}: {self.horizon_days} days from {self.origin}, {len(self.rules)} rules)"

    def __str__(self) -> str:
        return f"{self!r}\n{self.about.strip()}"

    def _repr_html_(self) -> str:
        counts = f"{len(self.actors)} actors, {len(self.rules)} rules, {len(self.outcomes)} outcomes"
        said = f"{self.horizon_days} days from {self.origin}; {counts}"
        return f"<p><strong>{escape(self.name)}</strong><br>{escape(self.about.strip())}<br><small>{said}</small></p>"


class Answers:
    """What can be asked of trials: of all of an ensemble, or of those of which a condition holds.

    Tables are pandas DataFrames. Every probability in them stands with its 95 % Monte Carlo interval (`mc_low`,
    `mc_high`) and its 5-95 % range across parameter sets (`range_low`, `range_high`; nan with a single set).
    """

    scenario: Any
    trials: Any

    def outcomes(self) -> pd.DataFrame:
        """How probable each outcome is within the horizon."""
        from sim.analysis.outcomes import outcome_table

        return outcome_table(self.trials, list(self.scenario.outcomes))

    def levels(self) -> pd.DataFrame:
        """How probable hold, fray and collapse are, as the worst level reached and as the status at the end."""
        from sim.analysis.outcomes import levels_table

        return levels_table(self.trials)

    def survival(self, outcome: str | None = None) -> pd.DataFrame:
        """The Kaplan-Meier curve of an outcome (None: the headline) by day."""
        from sim.analysis.survival import survival_curve

        return survival_curve(self.trials, outcome)

    def hazard(self, outcome: str | None = None, width: int = 7) -> pd.DataFrame:
        """How fast an outcome comes at each age of the trial, in periods of `width` days."""
        from sim.analysis.survival import hazard_by_age

        return hazard_by_age(self.trials, outcome, width)

    def restricted_mean(self, outcome: str | None = None, horizon: int | None = None) -> RestrictedMean:
        """The mean number of days without an outcome, up to the horizon."""
        from sim.analysis.survival import restricted_mean

        return restricted_mean(self.trials, horizon or self.scenario.horizon_days, outcome)

    def incidence(self, ends: Sequence[str] | None = None) -> pd.DataFrame:
        """How many trials each of the competing ends has ended by each day (Aalen-Johansen).

        Without `ends`: direct_war, repudiated, new_agreement, rebel_initiated, as far as the scenario has them.
        """
        from sim.analysis.incidence import competing_ends, cumulative_incidence

        chosen = competing_ends(list(self.scenario.outcomes)) if ends is None else list(ends)
        return cumulative_incidence(self.trials, chosen, self.scenario.horizon_days)

    def _shown(self) -> pd.DataFrame:
        """The outcomes as they are displayed, the headline marked."""
        marked = {name: f"{name} (headline)" for name, outcome in self.scenario.outcomes.items() if outcome.headline}
        return self.outcomes().rename(index=marked)

    def first_movers(self) -> pd.DataFrame:
        """Who made the first move, by which rule."""
        from sim.analysis.origins import first_movers

        return first_movers(self.trials)

    def crossings(self) -> pd.DataFrame:
        """Whose event made the headline hold, by which rule."""
        from sim.analysis.origins import crossings

        return crossings(self.trials)


class Results(Answers, Stored):
    """A results folder with everything that can be asked of it."""

    @classmethod
    def of(cls, stored: Stored) -> Results:
        """The same results, with what was read of them, and these answers."""
        made = cls(stored.folder, stored.manifest)
        vars(made).update(vars(stored))
        return made

    @property
    def plot(self) -> Plots:
        """Draws them: `results.plot.survival()`; `results.plot` lists the figures."""
        return Plots(self)

    def given(self, condition: str) -> Given:
        """The same answers among the trials of which a condition holds, such as `new_agreement_day <= 10`."""
        return Given(self, condition)

    def trial(self, trial: int, set: int = 0) -> Trial:
        """One trial, to be told or looked at; InputError if there is none of that number."""
        return Trial(self.scenario, self.trajectory(trial, set), trial, set)

    def compare(self, *others: Source, out: str | Path | None = None, **options: Any) -> Comparison:
        """Compare other results, or scenarios run on the same trials, with these; as `Scenario.compare`."""
        return _compared((self, *others), out, options)

    def sql(self, query: str) -> pd.DataFrame:
        """The answer to one SELECT over `trials`, `daily`, `events`, `sets`, `parameters` (the extra `sql`).

        Raises InputError for anything else, and where DuckDB is not installed.
        """
        from sim.ensemble.sql import ask

        return ask(self, query)

    def save(self, folder: str | Path) -> Results:
        """Copy them to a folder where they stay; returns the results there. ResultsError if something is there."""
        to = Path(folder)
        if to.exists():
            raise ResultsError(f"{to}: exists already; choose another folder")
        try:
            shutil.copytree(self.folder, to)
        except OSError as error:
            raise ResultsError(f"{to}: cannot be written: {error}; choose another folder") from error
        return Results.open(to)

    @cached_property
    def _title(self) -> str:
        plan, manifest = self.manifest.plan, self.manifest
        unfinished = "" if self.complete else f"; not finished: {manifest.trials_done} trials are there"
        failed = f", {manifest.failed} failed and are left out" if manifest.failed else ""
        sets = "1 parameter set" if plan.sets == 1 else f"{plan.sets} parameter sets x {plan.trials:,}"
        return (
            f"{manifest.scenario}: {plan.total:,} trials ({sets}){failed}, "
            f"seed {manifest.seed}, {self.scenario.horizon_days} days from {self.scenario.origin}{unfinished}"
        )

    def __str__(self) -> str:
        from sim.analysis.display import as_text

        return as_text(self._shown(), self._title)

    def _repr_html_(self) -> str:
        from sim.analysis.display import as_html

        return as_html(self._shown(), self._title)


class Given(Answers):
    """The answers among the trials of which a condition holds; `share` says how many these are."""

    def __init__(self, results: Results, condition: str) -> None:
        from sim.analysis.conditional import selected

        self.results, self.condition = results, condition
        said = f"{results.scenario.name}, given {condition}"  # so that every picture says it
        self.scenario = results.scenario.model_copy(update={"name": said})
        self.trials: pd.DataFrame = selected(results.trials, condition)

    @property
    def plot(self) -> Plots:
        """Draws them as `Results.plot` does; not what is summed up by day, which is of all trials."""
        return Plots(self)

    @property
    def manifest(self) -> Manifest:
        """That of the results."""
        return self.results.manifest

    @property
    def daily(self) -> pd.DataFrame:
        """There is none: ResultsError."""
        raise ResultsError(f"given {self.condition}: daily series are summed up over all trials, not over some")

    def trajectory(self, trial: int, set: int = 0) -> Trajectory:
        """One trial of the results."""
        return self.results.trajectory(trial, set)

    @property
    def share(self) -> pd.DataFrame:
        """How often the condition holds, with both ranges."""
        from sim.analysis.conditional import share_given

        return share_given(self.results.trials, self.condition)

    def outcomes(self) -> pd.DataFrame:
        """How probable each outcome is among these trials; the column `of` says how many they are."""
        from sim.analysis.conditional import given

        return given(self.results.trials, self.condition, list(self.scenario.outcomes))

    @property
    def _title(self) -> str:
        return f"{self.scenario.name}: {len(self.trials):,} trials (selected, not changed)"

    def __repr__(self) -> str:
        return f"Given({self.condition!r}: {len(self.trials)} trials)"

    def __str__(self) -> str:
        from sim.analysis.display import as_text

        return as_text(self._shown(), self._title)

    def _repr_html_(self) -> str:
        from sim.analysis.display import as_html

        return as_html(self._shown(), self._title)


@dataclass(frozen=True)
class Plots:
    """The figures of results, by name: `plot.survival()`, `plot("daily-deaths")` or `plot.daily_deaths()`."""

    results: Results | Given

    def __call__(self, figure: str, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a figure, on its own or on `ax`; options as of `sim.plots.draw`. InputError for an unknown one."""
        from sim.plots import draw

        return draw(figure, self.results, ax, **options)

    def __getattr__(self, name: str) -> Callable[..., Axes]:
        if name.startswith("_"):
            raise AttributeError(name)
        figure = name.replace("_", "-")
        if figure not in self._names():
            raise AttributeError(f"no figure `{figure}`; there are: {', '.join(self._names())}")
        return partial(self, figure)

    def __dir__(self) -> list[str]:
        return [name.replace("-", "_") for name in self._names()]

    def __repr__(self) -> str:
        from sim.plots import FIGURES

        width = max(map(len, FIGURES))
        return "\n".join(f"{name.ljust(width)}  {figure.description}" for name, figure in FIGURES.items())

    @staticmethod
    def _names() -> list[str]:
        from sim.plots import FIGURES

        return list(FIGURES)


class Story(str):
    """A text that shows itself as it reads, line by line, in a notebook too."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Trial(NamedTuple):
    """One trial with its scenario; `trajectory` has its row, its daily series and its events."""

    scenario: Plain
    trajectory: Trajectory
    trial: int
    set: int

    def tell(self, why: bool = False) -> Story:
        """The trial day by day; with `why`, each event with its rule, its hazard and the factors of that."""
        return Story("\n".join(tell(self.scenario, self.trajectory, why)))

    @property
    def row(self) -> pd.Series[Any]:
        """Its results: the columns of `Results.trials`."""
        import pandas as pd

        return pd.Series({"set": self.set, "trial": self.trial, **self.trajectory.row}, dtype=object)

    @property
    def daily(self) -> pd.DataFrame:
        """Its daily series, one column each, by day from 1."""
        import pandas as pd

        frame = pd.DataFrame(self.trajectory.daily)
        return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="day"))

    @property
    def events(self) -> pd.DataFrame:
        """Its events in order, `marks` as a JSON object."""
        from sim.ensemble import tables
        from sim.ensemble.worker import event_rows

        return tables.frame(event_rows(self.set, self.trial, self.trajectory.events))

    def __repr__(self) -> str:
        return f"Trial({self.trial} of set {self.set}, {self.scenario.name})"


def _pair(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not (path and equals):
        raise InputError(f"{text!r} is no change; write PATH=VALUE, such as rules.retaliation.probability=0.5")
    return path.strip(), value


def _yaml(value: object) -> str:
    """A value as YAML on its own; a text is YAML already."""
    if isinstance(value, str):
        return value
    plain = value.item() if hasattr(value, "item") else value  # a number of numpy's
    return as_yaml(plain).removesuffix("...\n").strip()


def _compared(sources: Sequence[Source], out: str | Path | None, options: dict[str, Any]) -> Comparison:
    from sim.ensemble.comparing import compare

    asked = {"progress": _watched(), **options}
    if out is not None or all(isinstance(source, Stored) for source in sources):
        return compare(*sources, out=out, **asked)
    return _passing(lambda folder: compare(*sources, out=folder / "comparison", **asked))


def _passing(make: Callable[[Path], T]) -> T:
    """What is made in a temporary folder, which is removed with it."""
    folder = Path(tempfile.mkdtemp(prefix="ceasefire-"))
    try:
        made = make(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(made, shutil.rmtree, folder, ignore_errors=True)
    return made


def _method(name: str, numbers: Mapping[str, int]) -> Callable[..., Study]:
    """The function that makes a kind of study, once it is known to take these numbers."""
    if name not in METHODS:
        raise InputError(f"sensitivity: there is no method `{name}`{allowed_values(METHODS, name)}")
    function: Callable[..., Study] = getattr(import_module(f"sim.ensemble.{METHODS[name]}"), name)
    takes = [number for number in signature(function).parameters if number not in ("question", "out", "resume")]
    for number in numbers:
        if number not in takes:
            raise InputError(f"sensitivity: `{name}` takes no `{number}`{allowed_values(takes, number)}")
    return function


def _watched() -> bool:
    """Whether somebody may be looking at a progress bar: in a terminal, or in a notebook."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules
