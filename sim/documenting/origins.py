"""Tables of what goes into a scenario, and of the origins that the project tests itself on."""

from __future__ import annotations

from sim.conflict import state as st
from sim.documenting.subject import Subject, subject
from sim.documenting.wording import basis, listed, table
from sim.history.driving import BY_NUMBER

ORIGINS = ("sochi-2018-09-17", "idlib-2019-08-31", "idlib-2020-01-12", "idlib-2020-02-11", "moscow-2020-03-06")


def inputs(subject: Subject) -> str:
    """What a scenario is fed with: dated events, deaths, totals of displaced people."""
    s, history = subject.scenario, subject.scenario.history
    before, driving = len(history.events), len(subject.compiled.past)
    recorded = history.daily_deaths or history.weekly_deaths
    span = f"{min(recorded)} to {max(recorded)}" if recorded else "-"
    kind = "days" if history.daily_deaths else "weekly sums, dated by their last day"
    rows = [
        ("chronology, before the origin", f"{before} events", f"{driving} of them, from {subject.compiled.start} on"),
        ("chronology, origin day and later", f"{len(s.afterwards)} events", "never read by the model"),
        ("deaths", f"{len(recorded)} {kind}", f"{span}; {basis(history.basis)}"),
        ("displaced people", f"{len(history.displaced)} cited totals", listed(history.displaced)),
        ("dated acts after the origin", f"{len(s.interventions)} interventions", listed(s.interventions)),
    ]  # fmt: skip
    return table(("input", "how much", "which"), rows)


def origins(_: Subject) -> str:
    """The state at each of the five event origins: filtered regimes, truce, integrity, displaced people."""
    rows = []
    for name in ORIGINS:
        it = subject(name)
        s = it.origin.state
        regimes = zip(it.compiled.names.regimes, it.origin.regimes, strict=True)
        rows.append(
            (f"`{name}`", it.scenario.horizon_days, it.compiled.start, len(it.compiled.past),
             listed(f"{regime} {p:.2f}" for regime, p in regimes), f"{s[st.DEATHS_7D]:.0f}",
             BY_NUMBER[int(s[st.TRUCE])], f"{s[st.INTEGRITY]:.2f}", f"{s[st.OVERDUE]:.0f}", f"{s[st.DISPLACED]:.0f}")
        )  # fmt: skip
    header = ("scenario", "horizon, days", "history from", "events that drive it", "regime at the origin",
              "deaths in 7 d", "truce", "integrity", "overdue", "displaced, thousand")  # fmt: skip
    return table(header, rows)
