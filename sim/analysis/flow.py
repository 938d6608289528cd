"""From first moves to endings: what stood on the chains of many trials, and how often.

Both tables read the rows that `sim.ensemble.chaining.chains` makes, one a trial. They count what stood on a chain; a
rule that stands on most chains need not matter most, for without it another might have stood there. What a rule
changes is the business of an ablation (`ceasefire sensitivity --ablate`).
"""

from __future__ import annotations

import pandas as pd

from sim.analysis.outcomes import table
from sim.errors import InputError

BETWEEN = ", "  # between the rules of a chain
NONE, OTHER, NO_END = "none", "other", "no end"
PER = 1000
STEPS = ["first_mover_rule", "last_rule", "end"]


def chain_table(chains: pd.DataFrame, end: str | None = None) -> pd.DataFrame:
    """For each rule, the share of the trials with an end on whose chain it stands; the most frequent first.

    `end`: only trials that ended so; InputError for one that no trial has. Columns: rule, count, share, mc_low, mc_high
    (95 %, clustered by set), range_low, range_high (5-95 % across sets, nan without sets). Shares add up to more than
    one: many rules stand on one chain.
    """
    ended = chains[chains["end"].notna()]
    if end is not None:
        known = sorted(ended["end"].unique())
        if end not in known:
            raise InputError(f"end: no trial ended by {end!r}; allowed: {', '.join(known) or 'none, for none ended'}")
        ended = ended[ended["end"] == end]
    standing = ended["rules"].astype(str).str.split(BETWEEN)
    counts = standing.explode().value_counts()
    rules = sorted((str(rule) for rule in counts.index if rule), key=lambda rule: (-counts[rule], rule))
    flags = {rule: standing.map(lambda on, rule=rule: rule in on).astype(bool) for rule in rules}
    found = table(flags, ended["set"]).rename(columns={"probability": "share"})
    return found.rename_axis("rule").reset_index()


def flow_table(chains: pd.DataFrame, most: int = 6) -> pd.DataFrame:
    """How many trials went from which first move, over which last rule of the chain, to which ending.

    Columns: first_mover_rule, last_rule, end, count, per_thousand (of all trials), probability, mc_low, mc_high,
    range_low, range_high; the rows exclude each other and their probabilities sum to one. Of first moves and of last
    rules the `most` frequent have their name, the rest are `other`; trials without an end have `none` as last rule.
    """
    steps = pd.DataFrame(
        {
            "first_mover_rule": _named(chains["first_mover_rule"], most, NONE),
            "last_rule": _named(chains["last_rule"], most, NONE),
            "end": _named(chains["end"], len(chains), NO_END),
        },
        index=chains.index,
    )
    ways = list(map(tuple, steps.to_numpy(str)))
    counts = pd.Series(ways).value_counts()
    order = sorted(counts.index, key=lambda way: (-counts[way], way))
    flags = {" > ".join(way): pd.Series([other == way for other in ways], index=chains.index) for way in order}
    found = table(flags, chains["set"]).reset_index(drop=True)
    found.insert(1, "per_thousand", (found["probability"] * PER).round(1))
    return pd.concat([pd.DataFrame(order, columns=STEPS), found], axis=1)


def _named(column: pd.Series[str], most: int, null: str) -> pd.Series[str]:
    """The column with its most frequent values by name, all others as one, and nulls by theirs."""
    kept = set(column.value_counts().index[:most])
    return column.astype(object).map(lambda value: null if pd.isna(value) else value if value in kept else OTHER)
