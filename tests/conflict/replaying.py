"""What two states of one trial must share."""

from __future__ import annotations

from sim.conflict import state as st
from sim.preparing import Prepared


def memory(prepared: Prepared, s: list[float]) -> list[float]:
    """The state without the scratch of clocks, the count of log rows, and which interventions are spent."""
    c = prepared.compiled.tables
    forgotten = {
        st.LOGGED,
        st.RINGS,
        *range(c.weights, c.n_state),
        *range(c.fired_already, c.fired_already + c.n_interventions),
    }
    forgotten |= set(range(c.marks, c.marks + c.n_marks))
    return [value for address_, value in enumerate(s) if address_ not in forgotten]
