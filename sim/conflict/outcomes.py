"""What is counted: gauges over windows that begin at the origin, conditions on them, outcomes and who crossed them."""

from __future__ import annotations

from sim.conflict.state import (
    BOTH,
    COLLAPSE,
    DAY,
    DEATHS_GAUGE,
    ENDED,
    FRAY,
    GAUGE,
    GAUGE_DAYS,
    GAUGE_RING,
    GAUGE_SUM,
    GAUGE_TURN,
    LEVEL,
    N_ALL,
    N_ANY,
    N_CHILDREN,
    N_CHILDREN_END,
    N_CREDIT,
    N_DAYS,
    N_KIND,
    N_NOT,
    N_OUTCOME,
    N_STATE,
    N_SUM,
    N_WHAT,
    NODE,
    O_BACKDATE,
    O_BEFORE,
    O_BEFORE_END,
    O_NODES,
    O_NODES_END,
    ONE,
    OUTCOME,
    PATRON_GAUGE,
    PLACES_GAUGE,
    PLACES_LOST,
    PLACES_LOST_BEFORE,
    PLACES_LOST_TODAY,
    POSTS_ENCIRCLED,
    POSTS_ENCIRCLED_BEFORE,
    POSTS_ENCIRCLED_TODAY,
    U_A,
    U_B,
    U_KIND,
    U_RING,
    U_WINDOW,
    WORST_LEVEL,
    State,
    Tables,
)


def judge(s: State, c: Tables) -> None:
    """At the end of the day: read the gauges, find the level of the truce, and date the outcomes that come true."""
    s[PLACES_LOST_TODAY] = abs(s[PLACES_LOST] - s[PLACES_LOST_BEFORE])
    s[POSTS_ENCIRCLED_TODAY] = max(0.0, s[POSTS_ENCIRCLED] - s[POSTS_ENCIRCLED_BEFORE])
    for gauge in range(c.n_gauges):
        read_gauge(s, c, gauge)
    find_level(s, c)
    for outcome in range(c.n_outcomes):
        if s[c.outcome_day + outcome] == 0.0:
            look_for(s, c, outcome)
    for k in range(len(c.endings)):
        if s[c.outcome_day + c.endings[k]] != 0.0:
            s[ENDED] = 1.0


def look_for(s: State, c: Tables, outcome: int) -> None:
    """Evaluate an outcome's condition, and date it if it has come true."""
    first = c.outcomes[outcome * OUTCOME + O_NODES]
    end = c.outcomes[outcome * OUTCOME + O_NODES_END]
    for node in range(first, end):
        s[c.node_before + node] = s[c.node_now + node]
        s[c.node_now + node] = 1.0 if evaluate(s, c, node) else 0.0
    if s[c.node_now + end - 1] != 0.0:
        for node in range(first, end):
            credit(s, c, node)
        date(s, c, outcome)


def gauge_address(c: Tables, gauge: int) -> int:
    """Where a gauge stands in the state: sum, days not zero, today's place in the ring, ring."""
    return c.gauge_at + c.gauges[gauge * GAUGE + U_RING]


def read_gauge(s: State, c: Tables, gauge: int) -> None:
    """Add today's count to a gauge and drop the day that leaves its window."""
    row = gauge * GAUGE
    kind = c.gauges[row + U_KIND]
    value = s[c.gauges[row + U_A]]
    if kind != ONE:
        other = s[c.gauges[row + U_B]]
        value = value + other if kind != BOTH else (1.0 if value > 0.0 and other > 0.0 else 0.0)
    at = gauge_address(c, gauge)
    window = c.gauges[row + U_WINDOW]
    turn = s[at + GAUGE_TURN]
    s[at + GAUGE_TURN] = turn + 1.0 if turn + 1.0 < window else 0.0
    if value == 0.0 and s[at + GAUGE_DAYS] == 0.0:
        return  # nothing was counted in all of the window
    old = 0.0
    if window > 0:
        slot = at + GAUGE_RING + int(turn)
        old = s[slot]
        s[slot] = value
    s[at + GAUGE_SUM] += value - old
    s[at + GAUGE_DAYS] += (1.0 if value > 0.0 else 0.0) - (1.0 if old > 0.0 else 0.0)


def find_level(s: State, c: Tables) -> None:
    """Hold, fray or collapse, by what was observed in the last seven days since the origin."""
    deaths = s[gauge_address(c, DEATHS_GAUGE)]
    level = 0.0
    if deaths >= c.limits[COLLAPSE]:
        level = 2.0
    elif deaths >= c.limits[FRAY] or s[gauge_address(c, PATRON_GAUGE)] > 0.0 or s[gauge_address(c, PLACES_GAUGE)] > 0.0:
        level = 1.0
    s[LEVEL] = level
    s[WORST_LEVEL] = max(s[WORST_LEVEL], level)


def evaluate(s: State, c: Tables, node: int) -> bool:
    """Whether a condition holds now; those within it have been evaluated before."""
    row = node * NODE
    kind = c.nodes[row + N_KIND]
    if kind == N_ALL or kind == N_ANY or kind == N_NOT:
        return combine(s, c, row, kind)
    what = c.nodes[row + N_WHAT]
    if kind == N_OUTCOME:
        return s[c.outcome_day + what] > 0.0
    value = s[what] if kind == N_STATE else 0.0
    if kind == N_SUM:
        value = s[gauge_address(c, what) + GAUGE_SUM]
    elif kind == N_DAYS:
        value = s[gauge_address(c, what) + GAUGE_DAYS]
    return c.node_reals[2 * node] <= value <= c.node_reals[2 * node + 1]


def combine(s: State, c: Tables, row: int, kind: int) -> bool:
    """All, any or not of the node's children."""
    for k in range(c.nodes[row + N_CHILDREN], c.nodes[row + N_CHILDREN_END]):
        if (s[c.node_now + c.children[k]] != 0.0) != (kind == N_ALL):
            return kind == N_ANY
    return kind != N_ANY


def credit(s: State, c: Tables, node: int) -> None:
    """Whom a condition that may just have come true is credited to: the maker of its event, or the exchange of fire."""
    row = node * NODE
    kind = c.nodes[row + N_KIND]
    if kind == N_ALL or kind == N_ANY or kind == N_NOT:
        credit_children(s, c, node, kind)
    elif kind == N_OUTCOME:
        what = c.nodes[row + N_WHAT]
        s[c.node_rule + node] = s[c.outcome_rule + what]
        s[c.node_party + node] = s[c.outcome_party + what]
    else:
        event = c.nodes[row + N_CREDIT]
        s[c.node_rule + node] = s[c.last_rule + event] if event >= 0 else 0.0
        s[c.node_party + node] = s[c.last_party + event] if event >= 0 else float(c.n_parties)


def credit_children(s: State, c: Tables, node: int, kind: int) -> None:
    """Credit a combined condition: to the child that came true today; to the exchange of fire where several must."""
    row = node * NODE
    news = 0
    s[c.node_rule + node] = 0.0
    s[c.node_party + node] = float(c.n_parties)
    for k in range(c.nodes[row + N_CHILDREN], c.nodes[row + N_CHILDREN_END]):
        child = c.children[k]
        if s[c.node_now + child] != 0.0 and s[c.node_before + child] == 0.0:
            news += 1
            if news == 1:
                s[c.node_rule + node] = s[c.node_rule + child]
                s[c.node_party + node] = s[c.node_party + child]
    if news > 1 and kind == N_ALL:
        s[c.node_rule + node] = 0.0
        s[c.node_party + node] = float(c.n_parties)


def date(s: State, c: Tables, outcome: int) -> None:
    """Date an outcome on the first day its condition holds, unless something that voids it came first or that day."""
    row = outcome * OUTCOME
    root = c.outcomes[row + O_NODES_END] - 1
    if s[c.node_now + root] == 0.0:
        return
    day = s[DAY]
    if c.outcomes[row + O_BACKDATE] >= 0:
        day = backdated(s, c, c.outcomes[row + O_BACKDATE], c.backdates[outcome])
    for k in range(c.outcomes[row + O_BEFORE], c.outcomes[row + O_BEFORE_END]):
        if 0.0 < s[c.outcome_day + c.voided_by[k]] <= day:
            return
    s[c.outcome_day + outcome] = day
    s[c.outcome_rule + outcome] = s[c.node_rule + root]
    s[c.outcome_party + outcome] = s[c.node_party + root]


def backdated(s: State, c: Tables, gauge: int, least: float) -> float:
    """The first day of the gauge's window, at the earliest the origin day, that counted at least so much."""
    window = c.gauges[gauge * GAUGE + U_WINDOW]
    today = int(s[DAY])
    for day in range(max(1, today - window + 1), today):
        if s[gauge_address(c, gauge) + GAUGE_RING + (day - 1) % window] >= least:
            return float(day)
    return float(today)
