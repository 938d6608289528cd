"""What can go wrong, as one tree.

CeasefireError              anything this package raises on purpose
|-- InputError              the input is wrong: nothing was run, nothing written (exit code 2)
|   |-- ScenarioError       a scenario file, with every problem found in it and where
|   `-- ResultsError        a results folder that cannot be read or does not fit
`-- RunError                the input was right and the run failed (exit code 1)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class CeasefireError(Exception):
    """Anything this package raises on purpose; `exit_code` is what the command line ends with."""

    exit_code = 1


class InputError(CeasefireError):
    """The input is wrong; the message says what is allowed and what to do next."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One fault at one place of a file; `line` and `column` count from 1, 0 where the file has no such place."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        """`file:line:column: key: message`, leaving out what is not known."""
        place = ":".join([self.file] + [str(number) for number in (self.line, self.column) if number])
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ScenarioError(InputError):
    """A scenario is wrong; `problems` holds every fault found, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = sorted(set(problems))
        super().__init__(self.problems)

    def __str__(self) -> str:
        """One problem a line."""
        return "\n".join(str(problem) for problem in self.problems)


class ResultsError(InputError):
    """A results folder cannot be read, or does not fit what is asked of it."""


class RunError(CeasefireError):
    """The input was right and the run failed."""


def did_you_mean(value: object, allowed: Iterable[object]) -> str:
    """`; did you mean X?` for the closest of the allowed names, or nothing."""
    close = get_close_matches(str(value), [str(name) for name in allowed], n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


def allowed_values(allowed: Iterable[object], value: object = "", most: int = 12) -> str:
    """`; allowed: a, b, c`, cut after `most`, followed by the nearest name to `value`."""
    names = [str(name) for name in allowed]
    return f"; allowed: {_listing(names, most)}{did_you_mean(value, names)}" if names else "; none is declared"


def _listing(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"
