"""For tests of the command line: how commands are called, and what is asked of their answers."""

from __future__ import annotations

from collections.abc import Callable

from click.testing import Result

Call = Callable[..., Result]


def fine(result: Result) -> str:
    """What a command printed that must have gone well."""
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(result: Result, code: int = 2) -> str:
    """What a command said that must have been refused, with nothing on stdout and no traceback."""
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert "Traceback" not in result.stderr
    return result.stderr
