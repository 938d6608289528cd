from __future__ import annotations

from typing import Any

from sim.conflict import state as st
from sim.scenario.compiling import compile_scenario
from sim.scenario.numbers import fix
from tests.small import small


def tables(**changes: Any) -> st.Tables:
    return compile_scenario(fix(small(**changes))).tables


def test_neighbours_and_open_borders() -> None:
    c = tables(
        places={
            "fen": {
                "name": "Fen",
                "lat": 0.0,
                "lon": 0.0,
                "control": "red",
                "neighbours": ["wood", "field"],
                "open_to": ["red", "band"],
            }
        }
    )
    assert [list(c.neighbours[a:b]) for a, b in zip(c.neighbours_at, c.neighbours_at[1:], strict=False)] == [
        [1],
        [0],
        [1, 0],
    ]
    assert c.open_to == [1, 2, 3]


def test_soldiers_of_a_patron_or_of_an_owner_of_posts_killed_by_a_state_count_apart() -> None:
    c = tables(posts={"hut": {"name": "Hut", "owner": "red", "place": "wood"}})
    n, pairs = c.n_parties, [k for k, counts in enumerate(c.killed_pairs) if counts]
    assert [(k // n, k % n) for k in pairs] == [(0, 1), (1, 0)]
