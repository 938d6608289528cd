"""Which rules stand on how many chains, and the ways from first moves to endings, counted by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from sim.analysis.flow import chain_table, flow_table
from sim.errors import InputError


@pytest.fixture
def chains() -> pd.DataFrame:
    """Eight trials of one set: five by war, one by word, two without an end."""
    ways = [
        ("raid", "war", "raid, strike"),
        ("raid", "war", "raid, strike"),
        ("raid", "war", "strike"),
        ("shot", "war", "strike"),
        ("hit", "war", "raid, strike"),
        (None, "word", "raid, intervention speech"),
        ("raid", None, ""),
        ("raid", None, ""),
    ]
    frame = pd.DataFrame(ways, columns=["first_mover_rule", "end", "rules"], dtype="string")
    frame["last_rule"] = frame["rules"].str.split(", ").str[-1].replace("", None)
    return frame.assign(set=0, trial=range(len(ways)))


def test_shares_are_of_the_trials_that_ended(chains: pd.DataFrame) -> None:
    table = chain_table(chains)
    assert dict(zip(table["rule"], table["count"], strict=True)) == {"strike": 5, "raid": 4, "intervention speech": 1}
    assert table["share"].tolist() == pytest.approx([5 / 6, 4 / 6, 1 / 6])
    assert list(table.columns) == ["rule", "count", "share", "mc_low", "mc_high", "range_low", "range_high"]
    assert (table["mc_low"] < table["share"]).all() and (table["share"] < table["mc_high"]).all()


def test_without_sets_there_is_no_range(chains: pd.DataFrame) -> None:
    assert chain_table(chains)[["range_low", "range_high"]].isna().all(axis=None)
    assert chain_table(chains.assign(set=[0, 0, 1, 1, 0, 1, 0, 1]))[["range_low", "range_high"]].notna().all(axis=None)


def test_one_end_alone(chains: pd.DataFrame) -> None:
    assert chain_table(chains, "word")["rule"].tolist() == ["intervention speech", "raid"]
    with pytest.raises(InputError, match="no trial ended by 'peace'; allowed: war, word"):
        chain_table(chains, "peace")


def test_no_end_no_shares(chains: pd.DataFrame) -> None:
    none = chains[chains["end"].isna()]
    assert chain_table(none).empty
    assert flow_table(none)[["first_mover_rule", "last_rule", "end", "count"]].to_numpy().tolist() == [
        ["raid", "none", "no end", 2]
    ]


def test_the_ways_are_counted_out_of_a_thousand(chains: pd.DataFrame) -> None:
    flow = flow_table(chains)
    assert flow[["first_mover_rule", "last_rule", "end", "count"]].to_numpy().tolist() == [
        ["raid", "strike", "war", 3],
        ["raid", "none", "no end", 2],
        ["hit", "strike", "war", 1],
        ["none", "intervention speech", "word", 1],
        ["shot", "strike", "war", 1],
    ]
    assert flow["per_thousand"].tolist() == [375.0, 250.0, 125.0, 125.0, 125.0]
    assert math.isclose(flow["probability"].sum(), 1.0)


def test_the_rarer_first_moves_are_one(chains: pd.DataFrame) -> None:
    flow = flow_table(chains, most=1)
    assert flow[["first_mover_rule", "last_rule", "end", "count"]].to_numpy().tolist() == [
        ["raid", "strike", "war", 3],
        ["other", "strike", "war", 2],
        ["raid", "none", "no end", 2],
        ["none", "other", "word", 1],
    ]
