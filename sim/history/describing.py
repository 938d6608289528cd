"""The state at the origin in words, for `ceasefire show`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.conflict import state as st
from sim.history.driving import BY_NUMBER, Origin, origin_of
from sim.scenario.compiling import Compiled, compile_scenario
from sim.scenario.layout import STATUSES
from sim.scenario.numbers import fix
from sim.scenario.schema import Scenario

STATUS_NAMES = {number: name for name, number in STATUSES.items()}


def describe_origin(scenario: Scenario) -> list[str]:
    """Lines on the state at the origin, every distribution at its median: fighting, truce, ground, dyads,
    quantities.
    """
    fixed = fix(scenario)
    compiled = compile_scenario(fixed)
    origin = origin_of(fixed, compiled)
    return [
        f"State at the origin, {scenario.origin} (distributions at their medians)",
        *_lines(fixed, compiled, origin),
    ]


def origin_summary(fixed: Scenario, compiled: Compiled, origin: Origin) -> dict[str, Any]:
    """The state at the origin as plain values by name, every section that is not at its resting value."""
    s, names, at = origin.state, compiled.names, compiled.layout.at
    return {
        "regimes": dict(zip(names.regimes, [round(p, 4) for p in origin.regimes], strict=True)),
        "deaths_7d": round(s[st.DEATHS_7D], 2),
        "excitation": round(s[st.EXCITATION], 3),
        "truce": BY_NUMBER[int(s[st.TRUCE])],
        "truce_age": int(s[st.TRUCE_AGE]),
        "fragile_probability": round(origin.fragile, 4),
        "integrity": round(s[st.INTEGRITY], 4),
        "overdue": int(s[st.OVERDUE]),
        "displaced_thousand": round(s[st.DISPLACED], 1),
        "deadline_left": {p: s[at["deadline_left"] + k] for k, p in enumerate(names.parties) if s[at["deadline"] + k]},
        "taken": {p: round(s[at["taken"] + k], 3) for k, p in enumerate(names.places)},
        "under_attack": [p for k, p in enumerate(names.places) if s[at["under_attack"] + k]],
        "posts": {p: STATUS_NAMES[int(s[at["status"] + k])] for k, p in enumerate(names.posts)},
        "rungs": {f"{a}.{b}": round(s[at["rung"] + k], 2) for k, (a, b) in enumerate(names.dyads) if s[at["rung"] + k]},
        "quantities": dict(_quantities(compiled, s)),
    }  # fmt: skip


def _quantities(compiled: Compiled, s: list[float]) -> Iterator[tuple[str, float]]:
    names = compiled.names
    items = {"world": [""], "actor": names.parties, "dyad": [f"{a}.{b}" for a, b in names.dyads], "place": names.places}
    for name, (of, base, _) in compiled.layout.quantities.items():
        for k, item in enumerate(items[of]):
            if round(s[base + k], 4):
                yield f"{name}.{item}".rstrip("."), round(s[base + k], 4)


def _lines(fixed: Scenario, compiled: Compiled, origin: Origin) -> Iterator[str]:
    told = origin_summary(fixed, compiled, origin)
    regimes = ", ".join(f"{name} {p:.0%}" for name, p in told["regimes"].items())
    yield f"  regime (filtered from deaths): {regimes}"
    yield f"  deaths in seven days: {told['deaths_7d']:.0f}; excitation memory {told['excitation']:.1f} a day"
    kind = f" level, {told['truce_age']} days old, fragile with probability {told['fragile_probability']:.0%}"
    standing = told["truce"] + ("" if told["truce"] == "none" else kind)
    yield f"  truce: {standing}; agreement integrity {told['integrity']:.2f}, {told['overdue']} obligations overdue"
    yield f"  displaced: {told['displaced_thousand']:.0f} thousand"
    for party, left in told["deadline_left"].items():
        yield f"  ultimatum by {party}: {left:.0f} days left"
    yield "  sectors (share taken): " + ", ".join(f"{p} {share:.0%}" for p, share in told["taken"].items())
    yield "  under attack: " + (", ".join(told["under_attack"]) or "none")
    for status in ("free", "blocking", "encircled", "evacuated"):
        posts = [post for post, now in told["posts"].items() if now == status]
        if posts:
            yield f"  posts {status}: {', '.join(posts)}"
    yield "  rungs: " + (", ".join(f"{dyad} {rung:g}" for dyad, rung in told["rungs"].items()) or "all at routine")
    yield "  quantities: " + (", ".join(f"{q} {value:g}" for q, value in told["quantities"].items()) or "all at rest")
    for item in origin.disagreements:
        yield f"  chronology against deaths, {item.on}: {item.line}"
