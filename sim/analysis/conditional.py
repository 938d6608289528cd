"""Conditional questions: among the trials of which something holds, how probable is each outcome?

A condition is a short text over the columns of the trials:

    new_agreement_day <= 10
    breakdown_day > 10 or breakdown_day is null
    first_mover_actor = syria and not (direct_war_day <= 30)

It selects trials; it changes nothing in them. What is likelier among them may have the same origin as the condition, or
lead to it, so the answer is no effect of the condition: for that, change the scenario and compare.

A comparison with a null is false, so `new_agreement_day > 10` holds where the agreement came later, and
`not new_agreement_day <= 10` where it came later or never.

Probabilities are of the trials that remain, clustered by parameter set as everywhere; sets of which no trial remains
say nothing, and the range is over the sets of which two do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.outcomes import numbers, outcome_table, table, usable
from sim.errors import InputError, allowed_values

Flags = NDArray[np.bool_]
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": le, ">=": ge, "!=": ne, "==": eq, "<": lt, ">": gt, "=": eq,
}  # fmt: skip
EQUALITY = ("=", "==", "!=")
WORDS = ("and", "or", "not", "is", "null", "true", "false")
ALLOWED = (
    "allowed: COLUMN < <= > >= = != VALUE, COLUMN is null, COLUMN is not null, joined by and, or, not and parentheses, "
    "such as `new_agreement_day <= 10 and not direct_war_day <= 10`"
)
DECLARE = (
    "; for the day of another event, declare an outcome and run again, such as "
    "`outcomes.talks={count: event.talks, at_least: 1}` for `talks_day`"
)
_TOKEN = re.compile(
    r"\s*(?:(?P<operator><=|>=|!=|==|<|>|=)|(?P<mark>[()])|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<name>[^\W\d][\w.-]*)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\")"
)


@dataclass(frozen=True)
class Token:
    """A piece of a condition: what it is, its text, and where it begins (from 0)."""

    kind: str
    text: str
    at: int


def given(trials: pd.DataFrame, condition: str, outcomes: Sequence[str]) -> pd.DataFrame:
    """The table of outcomes among the trials of which the condition holds; `of` is how many these are.

    Raises InputError for a condition that cannot be read, ResultsError for an unknown outcome.
    """
    left = selected(trials, condition)
    found = outcome_table(left, outcomes)
    found.insert(0, "of", len(left))
    return found


def selected(trials: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The usable trials of which the condition holds, for any other analysis."""
    used = usable(trials)
    return used[holds(used, condition)]


def share_given(trials: pd.DataFrame, condition: str) -> pd.DataFrame:
    """How often the condition holds: one row, named by the condition, with both ranges."""
    used = usable(trials)
    return table({condition: pd.Series(holds(used, condition), index=used.index)}, used["set"])


def holds(trials: pd.DataFrame, condition: str) -> Flags:
    """For each trial, whether the condition holds. InputError says where it cannot be read and what is allowed."""
    return _Reader(trials, condition).whole()


class _Reader:
    """Reads a condition from left to right, each method a rule of the grammar, and evaluates it as it goes."""

    def __init__(self, trials: pd.DataFrame, condition: str) -> None:
        self.trials, self.condition = trials, condition
        self.ahead = list(self._tokens())

    def _tokens(self) -> Sequence[Token]:
        found, at, text = [], 0, self.condition.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._wrong(at, f"cannot read `{text[at:].strip()[:12]}`")
            kind = str(match.lastgroup)
            word = kind == "name" and match["name"].lower() in WORDS
            found.append(Token("word", match["name"].lower(), at) if word else Token(kind, match[kind], at))
            at = match.end()
        return found

    def _wrong(self, at: int, what: str, allowed: str = ALLOWED) -> InputError:
        return InputError(f"condition `{self.condition}`, character {at + 1}: {what}; {allowed}")

    def _unexpected(self, wanted: str) -> InputError:
        if not self.ahead:
            return self._wrong(len(self.condition), f"ends where {wanted} should stand")
        return self._wrong(self.ahead[0].at, f"`{self.ahead[0].text}` stands where {wanted} should")

    def _take(self, kind: str, *texts: str) -> Token | None:
        """The next piece, if it is of this kind (and one of these texts)."""
        if not self.ahead or self.ahead[0].kind != kind or (texts and self.ahead[0].text not in texts):
            return None
        return self.ahead.pop(0)

    def whole(self) -> Flags:
        found = self._either()
        if self.ahead:
            raise self._unexpected("`and`, `or` or the end")
        return found

    def _either(self) -> Flags:
        found = self._both()
        while self._take("word", "or"):
            found = found | self._both()
        return found

    def _both(self) -> Flags:
        found = self._single()
        while self._take("word", "and"):
            found = found & self._single()
        return found

    def _single(self) -> Flags:
        if self._take("word", "not"):
            return ~self._single()
        if self._take("mark", "("):
            found = self._either()
            if not self._take("mark", ")"):
                raise self._unexpected("`)`")
            return found
        return self._comparison()

    def _comparison(self) -> Flags:
        name = self._take("name")
        if name is None:
            raise self._unexpected("a column")
        if name.text not in self.trials:
            columns = [str(column) for column in self.trials]
            known = allowed_values(columns, name.text, len(columns)).removeprefix("; ")
            raise self._wrong(name.at, f"no column `{name.text}`", known + DECLARE)
        if self._take("word", "is"):
            return self._null(self.trials[name.text])
        operator = self._take("operator")
        if operator is None:
            raise self._unexpected("`<`, `<=`, `>`, `>=`, `=`, `!=` or `is`")
        return self._compared(name, operator)

    def _null(self, column: pd.Series[Any]) -> Flags:
        negated = self._take("word", "not") is not None
        if not self._take("word", "null"):
            raise self._unexpected("`null`")
        empty = column.isna().to_numpy(bool)
        return ~empty if negated else empty

    def _compared(self, name: Token, operator: Token) -> Flags:
        column = self.trials[name.text]
        kind = _kind(column)
        value = self._value(name, kind)
        if kind != "a number" and operator.text not in EQUALITY:
            raise self._wrong(operator.at, f"`{name.text}` is {kind}, which has no order", "allowed: =, !=, is null")
        there = column.notna().to_numpy(bool)
        values = numbers(self.trials, name.text) if kind == "a number" else column.to_numpy(object)
        found = np.zeros(len(values), dtype=bool)
        found[there] = OPERATORS[operator.text](values[there], value)
        return found

    def _value(self, name: Token, kind: str) -> float | bool | str:
        """The value that a column of this kind is compared with."""
        takes = {
            "a number": ("number",), "true or false": ("word",), "text": ("name", "number", "single", "double"),
        }  # fmt: skip
        token = self.ahead[0] if self.ahead else None
        truth = token is not None and (token.kind != "word" or token.text in ("true", "false"))
        if token is None or token.kind not in takes[kind] or not truth:
            raise self._unexpected(f"{kind} (as `{name.text}` is)")
        self.ahead.pop(0)
        if kind == "a number":
            return float(token.text)
        return token.text == "true" if kind == "true or false" else token.text


def _kind(column: pd.Series[Any]) -> str:
    """What a column holds, whether or not all of it is null."""
    if pd.api.types.is_bool_dtype(column):
        return "true or false"
    if pd.api.types.is_numeric_dtype(column) or str(column.name).endswith("_day"):
        return "a number"
    return "text"
