"""What data have taught about the uncertain numbers of a scenario: joint draws, in a file that a scenario names.

`posterior: posteriors/idlib.yaml` in a scenario makes each parameter set take one row for all columns together. The
file is YAML: `about`, `made` (how to repeat it), `estimates` (one for each column) and `rows` (one line of numbers for
each draw). Nothing here knows a scenario: `sim.scenario.stacking` holds the columns against one.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from typing_extensions import override

from sim.errors import InputError, Problem, ScenarioError, did_you_mean
from sim.scenario.laws import Distribution
from sim.scenario.nodes import MAX_BYTES, Mark, Node, parse_yaml
from sim.scenario.points import shuffled

Rows = np.ndarray[Any, np.dtype[np.float64]]
HOW = {
    "likelihood": "fitted",
    "abc": "fitted",
    "conjugate": "coded",
    "prior": None,
    "assumed": "assumed",
}  # and the grade of evidence it gives
KEYS = ("about", "made", "estimates", "rows")
DIGITS = 5  # significant, of what `write` writes


@dataclass(frozen=True)
class Estimate:
    """One column: the number at `path`, `how` it was estimated (a key of HOW), and the evidence in one line.

    `prior` says that the data do not identify it: the column holds draws of its prior. `assumed` says that there was
    nothing to count yet, and that the scenario's own law, which was counted later, is left aside for a weak one.
    """

    path: str
    how: str
    evidence: str

    @property
    def grade(self) -> str | None:
        """`fitted`, `coded` or `assumed`; None where the prior was kept, so that the scenario's own basis stands."""
        return HOW[self.how]

    @property
    def taught(self) -> bool:
        """Whether data had a say in it."""
        return self.how not in ("prior", "assumed")


@dataclass(frozen=True)
class Marginal(Distribution):
    """The draws of one column as a law of its own; `values` in rising order, quantiles linear between them."""

    law = "posterior"
    values: tuple[float, ...]

    @override
    def ppf(self, u: float) -> float:
        at = u * (len(self.values) - 1)
        below = min(int(at), len(self.values) - 1)
        above = min(below + 1, len(self.values) - 1)
        return self.values[below] + (at - below) * (self.values[above] - self.values[below])


@dataclass(frozen=True, eq=False)
class Posterior:
    """Joint draws of uncertain numbers, equally weighted; summaries are computed from them, not stored.

    `rows` is an array of shape (draws, columns), `estimates` has one entry a column; `made` is plain data: command,
    version, scenario, data (file names with sha256), span, seed, rows, seconds. Raises InputError where these do not
    fit together.
    """

    about: str
    made: dict[str, object]
    estimates: tuple[Estimate, ...]
    rows: Rows = field(repr=False)

    def __post_init__(self) -> None:
        rows = np.array(self.rows, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.estimates) or not rows.size:
            raise InputError(f"a posterior of {len(self.estimates)} columns has rows of shape {rows.shape}")
        if not np.isfinite(rows).all():
            raise InputError("a posterior has rows with numbers that are not finite")
        if len(set(self.paths)) < len(self.paths):
            raise InputError("a posterior has two columns of one path")
        rows.setflags(write=False)
        object.__setattr__(self, "rows", rows)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Posterior) and self.plain() == other.plain()

    @override
    def __hash__(self) -> int:
        return hash((self.about, self.estimates, self.rows.tobytes()))

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths of the columns, as `sim.scenario.numbers.uncertain` writes them."""
        return tuple(estimate.path for estimate in self.estimates)

    @cached_property
    def marginals(self) -> dict[str, Marginal]:
        """Each column as a law of its own, by path."""
        ordered = np.sort(self.rows, axis=0)
        return {path: Marginal(tuple(ordered[:, k].tolist())) for k, path in enumerate(self.paths)}

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, k: int) -> dict[str, float]:
        """Draw `k` by path."""
        return dict(zip(self.paths, self.rows[k].tolist(), strict=True))

    def column(self, path: str) -> Rows:
        """The draws of one number; InputError for a path without a column."""
        return self.rows[:, self._place(path)]

    def estimate(self, path: str) -> Estimate:
        """How the number at a path was estimated; InputError for a path without a column."""
        return self.estimates[self._place(path)]

    def of_set(self, index: int, seed: int) -> dict[str, float]:
        """The draw that parameter set `index` takes, by path.

        Rows come in an order shuffled by seed, each once before any comes twice (then in another order); which one
        set 7 takes does not depend on how many sets there are.
        """
        turn, place = divmod(index, len(self))
        return self.row(_order(len(self), turn, seed)[place])

    def only(self, paths: set[str]) -> Posterior | None:
        """The posterior of these columns alone; None if there is none of them."""
        kept = [k for k, path in enumerate(self.paths) if path in paths]
        if not kept:
            return None
        return Posterior(self.about, self.made, tuple(self.estimates[k] for k in kept), self.rows[:, kept])

    @property
    def span(self) -> str | None:
        """The dates of the data as `FROM to TO`, where `made` has them under `span`."""
        span = self.made.get("span")
        if isinstance(span, Mapping):
            return " to ".join(str(day) for day in span.values())
        if isinstance(span, list | tuple):
            return " to ".join(str(day) for day in span)
        return None if span is None else str(span)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of paths and rows."""
        return hashlib.sha256("\n".join(self.paths).encode() + self.rows.astype("<f8").tobytes()).hexdigest()

    def plain(self) -> dict[str, Any]:
        """The posterior as it is written in YAML: a row is a line of numbers, which keeps every bit."""
        estimates = [{"path": it.path, "how": it.how, "evidence": it.evidence} for it in self.estimates]
        rows = [" ".join(map(repr, row)) for row in self.rows.tolist()]
        return {"about": self.about, "made": _lists(self.made), "estimates": estimates, "rows": rows}

    def _place(self, path: str) -> int:
        if path not in self.paths:
            raise InputError(f"the posterior has no column {path}{did_you_mean(path, self.paths)}")
        return self.paths.index(path)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _already_read, serialization=core_schema.plain_serializer_function_ser_schema(cls.plain)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, source: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        text, lines = {"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "number"}, _list({"type": "number"})]}
        estimate = _map(path=text, how={"enum": list(HOW)}, evidence=text)
        whole = _map(about=text, made={"type": "object"}, estimates=_list(estimate), rows=_list(lines))
        return {"anyOf": [{"type": "string", "description": "builtin:NAME, or a path"}, whole]}


def _map(**keys: Any) -> dict[str, Any]:
    return {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


def _already_read(value: object) -> Posterior:
    if not isinstance(value, Posterior):
        raise PydanticCustomError("value_error", "{error}", {"error": "is not the name of a posterior file"})
    return value


def _lists(value: Any) -> Any:
    """Plain data in which tuples are lists, as YAML has it."""
    if isinstance(value, Mapping):
        return {str(key): _lists(child) for key, child in value.items()}
    return [_lists(child) for child in value] if isinstance(value, list | tuple) else value


@lru_cache(maxsize=64)
def _order(rows: int, turn: int, seed: int) -> tuple[int, ...]:
    return tuple(shuffled(rows, f"posterior {turn}", seed).tolist())


# --- files -----------------------------------------------------------------------------------------------------------


def read(source: str | Path, name: str = "posterior") -> Posterior:
    """The posterior in a file (a Path), or in YAML text (`name` stands for the file in messages).

    Raises ScenarioError with every problem found.
    """
    if isinstance(source, Path):
        name = str(source)
        try:
            source = source.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise InputError(f"{name}: cannot be read: {fault}") from None
    root, problems = parse_yaml(source, name)
    posterior, found = from_node(root) if root is not None else (None, [])
    if posterior is None or problems or found:
        raise ScenarioError([*problems, *found])
    return posterior


def write(posterior: Posterior) -> str:
    """The posterior as YAML text that `read` reads, numbers to five significant digits.

    Raises InputError where it would be larger than our reader takes (about a hundred thousand numbers).
    """
    from sim.scenario.writing import as_yaml

    head = {key: part for key, part in posterior.plain().items() if key != "rows"}
    lines = (" ".join(f"{value:.{DIGITS}g}" for value in row) for row in posterior.rows.tolist())
    text = as_yaml(head) + "rows:\n" + "".join(f"  - {line}\n" for line in lines)
    if len(text.encode()) > MAX_BYTES:
        raise InputError(f"a posterior of {posterior.rows.size:,} numbers is too large for a file; keep fewer rows")
    return text


def from_node(root: Node, above: str = "") -> tuple[Posterior | None, list[Problem]]:
    """The posterior written as a tree, or the problems that it has; `above` is the key under which the tree stands."""
    reading = _Reading(above)
    if not root.is_map:
        return None, [root.place.problem(above, f"is not a map of {', '.join(KEYS)}")]
    for key, child in root.value.items():
        if key not in KEYS:
            reading.wrong(child.key, str(key), f"unknown key; allowed: {', '.join(KEYS)}{did_you_mean(key, KEYS)}")
    about, made = reading.text(root, "about", ""), reading.made(root)
    estimates, rows = reading.estimates(root), reading.rows(root)
    reading.widths(root, rows, len(estimates))
    if reading.problems:
        return None, reading.problems
    return Posterior(about, made, tuple(estimates), np.array(rows, dtype=np.float64)), []


class _Reading:
    """Reads the parts of a posterior from a tree, and notes what is wrong with them."""

    def __init__(self, above: str) -> None:
        self.above = above
        self.problems: list[Problem] = []

    def wrong(self, mark: Mark, key: str, message: str) -> None:
        """Note a problem at a key of the posterior."""
        self.problems.append(mark.problem(".".join(part for part in (self.above, key) if part), message))

    def text(self, node: Node, key: str, at: str) -> str:
        """The text under a key."""
        child = node.child(key)
        shown = f"{at}.{key}" if at else key
        if child is None:
            self.wrong(node.key, shown, "is missing")
        elif not isinstance(child.value, str):
            self.wrong(child.place, shown, "is not text; put it in quotes if it is")
        else:
            return str(child.value)
        return ""

    def made(self, root: Node) -> dict[str, object]:
        """How the posterior came about: any plain data."""
        made = root.child("made")
        if made is None or not made.is_map:
            self.wrong(made.place if made else root.key, "made", "is not a map (command, version, data, span, seed)")
            return {}
        return {str(key): value for key, value in made.plain().items()}

    def items(self, root: Node, key: str) -> list[Node]:
        """The nodes of a list."""
        child = root.child(key)
        if child is None or not isinstance(child.value, list) or not child.value:
            self.wrong(child.place if child else root.key, key, "is not a list with at least one entry")
            return []
        return list(child.value)

    def estimates(self, root: Node) -> list[Estimate]:
        """One entry a column, no path twice."""
        found: list[Estimate] = []
        for number, node in enumerate(self.items(root, "estimates")):
            at = f"estimates.{number}"
            if not node.is_map:
                self.wrong(node.place, at, "is not a map of path, how, evidence")
                continue
            path, how, evidence = (self.text(node, key, at) for key in ("path", "how", "evidence"))
            if how and how not in HOW:
                allowed = f"allowed: {', '.join(HOW)}{did_you_mean(how, HOW)}"
                self.wrong(node.value["how"].mark, f"{at}.how", f"{how} is unknown; {allowed}")
            if path in (known.path for known in found):
                self.wrong(node.value["path"].mark, f"{at}.path", f"{path} has a column already; delete one of the two")
            found.append(Estimate(path, how, evidence))
        return found

    def rows(self, root: Node) -> list[list[float]]:
        """Lists of numbers, or lines of them."""
        return [self._row(node, f"rows.{number}") for number, node in enumerate(self.items(root, "rows"))]

    def _row(self, node: Node, at: str) -> list[float]:
        parts = node.plain() if isinstance(node.value, list) else str(node.value).split()
        values = [_finite(part) for part in parts]
        for part, value in zip(parts, values, strict=True):
            if value is None:
                self.wrong(node.mark, at, f"{part} is not a finite number")
        return [math.nan if value is None else value for value in values]

    def widths(self, root: Node, rows: list[list[float]], columns: int) -> None:
        """Every row has as many numbers as there are estimates."""
        nodes = root.child("rows")
        for number, row in enumerate(rows):
            if len(row) != columns and nodes is not None:
                message = f"has {len(row)} numbers; allowed: {columns}, one for each of `estimates`"
                self.wrong(nodes.value[number].mark, f"rows.{number}", message)


def _finite(part: Any) -> float | None:
    try:
        value = math.nan if isinstance(part, bool) else float(part)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
