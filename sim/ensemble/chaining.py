"""Chains over an ensemble: for many stored trials, which rules stand on the chain that led to the end.

What the tables say of a trial without end is enough; only those that ended are run again, by the engine of the results,
and lived through backwards (`sim.chains`). `sim.analysis.flow` makes shares and flows of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sim.chains import Chain, end_of, trace
from sim.ensemble import tables
from sim.ensemble.engines import find_engine
from sim.errors import InputError, ResultsError
from sim.preparing import prepared

if TYPE_CHECKING:
    import pandas as pd

    from sim.ensemble.results import Results

AT_A_TIME = 32  # trials whose event logs are in memory together
BETWEEN = ", "  # between the rules of a chain in the table
COLUMNS = ("set", "trial", "end", "day", "first_mover_rule", "first_rule", "last_rule", "links", "rules")

TEXT = ("end", "first_rule", "last_rule", "rules")  # text though a whole column of them may be null


def chains(results: Results, most: int = 1000, progress: bool = True) -> pd.DataFrame:
    """A row for each of up to `most` stored trials, the first of every set: how it ended and what its chain holds.

    Columns: set, trial; end (the outcome, or the one of its alternatives that came true) and day, null where there was
    none; first_mover_rule; first_rule and last_rule, the first and last maker on the chain; links, its length; rules,
    all makers on it, with `, ` between them. Raises InputError where `most` is below 1, ResultsError where this program
    no longer gives the stored trials.
    """
    if most < 1:
        raise InputError(f"chains: {most} trials are not allowed; it is a whole number of at least 1")
    stored = results.trials
    usable = stored[stored["error"].isna()].sort_values(["trial", "set"], kind="stable").head(most)
    rows = [_plain(row) for row in usable.sort_values(["set", "trial"]).to_dict("records")]
    found = {(chain.set_index, chain.trial): chain for chain in _chains(results, rows, progress)}
    made = tables.frame([_row(row, found.get((row["set"], row["trial"]))) for row in rows], COLUMNS)
    return made.astype(dict.fromkeys(TEXT, "string") | {"links": "Int64"})


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row with None for every kind of null."""
    import pandas as pd

    return {name: None if pd.isna(value) else value for name, value in row.items()}


def _chains(results: Results, rows: list[dict[str, Any]], progress: bool) -> Iterator[Chain]:
    ended = [row for row in rows if end_of(results.scenario, row) is not None]
    by_set: dict[int, list[dict[str, Any]]] = {}
    for row in ended:
        by_set.setdefault(row["set"], []).append(row)
    with tqdm(total=len(ended), desc="chains", unit="trial", file=sys.stderr, disable=not progress) as bar:
        for set_index, of_set in by_set.items():
            for first in range(0, len(of_set), AT_A_TIME):
                some = of_set[first : first + AT_A_TIME]
                yield from _of_set(results, set_index, some)
                bar.update(len(some))


def _of_set(results: Results, set_index: int, rows: list[dict[str, Any]]) -> Iterator[Chain]:
    scenario, seed = results.scenario, results.scenario.ensemble.seed
    ready = prepared(scenario, seed, set_index)
    numbers = [row["trial"] for row in rows]
    lived = find_engine(results.manifest.engine)(scenario, seed, set_index, numbers, numbers)
    for row, trajectory in zip(rows, lived, strict=True):
        end = end_of(scenario, row)
        if trajectory.row["error"] is not None or trajectory.row[f"{end}_day"] != row[f"{end}_day"]:
            raise ResultsError(
                f"{results.folder}: trial {row['trial']} of set {set_index} comes out differently now; "
                "run the scenario again into another folder"
            )
        yield trace(ready, trajectory)


def _row(row: Mapping[str, Any], chain: Chain | None) -> dict[str, Any]:
    known = {name: row[name] for name in ("set", "trial", "first_mover_rule")}
    if chain is None:
        return known | {"end": None, "day": None, "first_rule": None, "last_rule": None, "links": 0, "rules": ""}
    rules = chain.rules
    return known | {
        "end": chain.through or chain.end,
        "day": chain.day,
        "first_rule": rules[0] if rules else None,
        "last_rule": chain.last_rule,
        "links": len(chain.links),
        "rules": BETWEEN.join(rules),
    }
