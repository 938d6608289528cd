"""How numbers, bases, gates and tables are written on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sim.scenario.numbers import written
from sim.scenario.schema import Basis, Bounds

SIGNS = {"below": "<", "at_least": ">=", "above": ">", "at_most": "<=", "is_not": "is not"}


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; cells are put on one line each."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell(item) for item in line) + " |" for line in lines)


def cell(item: object) -> str:
    """What stands in a cell: on one line, its bars escaped."""
    return " ".join(str(item).split()).replace("|", "\\|")


def listed(items: Iterable[object]) -> str:
    """Items joined by commas, a dash for none."""
    return ", ".join(str(item) for item in items) or "-"


def code(text: str) -> str:
    """Text as code, a dash for none."""
    return f"`{text}`" if text else "-"


def gates(written_gates: Mapping[str, Any]) -> str:
    """Gates in words, joined by commas."""
    return ", ".join(_gate(name, gate) for name, gate in written_gates.items())


def _gate(name: str, gate: Any) -> str:
    if isinstance(gate, bool):
        return name if gate else f"not {name}"
    if isinstance(gate, list):
        return f"{name} is {' or '.join(map(str, gate))}"
    if isinstance(gate, Bounds):
        tests = [f"{name} {sign} {getattr(gate, key)}" for key, sign in SIGNS.items() if getattr(gate, key) is not None]
        return " and ".join(tests)
    return f"{name} is {gate}"


def ratios(factors: Mapping[str, Any]) -> str:
    """A product of hazard ratios, each raised to its perception."""
    return " · ".join(f"{number(value)}^{name}" for name, value in factors.items())


def number(value: Any) -> str:
    """A number as one reads it: 0.3, uniform(low 0.2, high 0.5), $name."""
    plain = written(value)
    if isinstance(plain, dict):
        inside = ", ".join(f"{key} {item}" for key, item in plain.items() if key != "dist" and item is not None)
        return f"{plain['dist']}({inside})"
    return f"{plain:g}" if isinstance(plain, float) else f"{plain}"


def basis(of: Basis | None) -> str:
    """A basis in words."""
    if of is None:
        return "none given"
    details = [f"n = {of.n}"] * (of.n is not None) + [of.span or ""] * bool(of.span) + [of.note or ""] * bool(of.note)
    sources = ", ".join(getattr(of, of.grade))
    return f"{of.grade} ({sources})" + (f"; {'; '.join(details)}" if details else "")
