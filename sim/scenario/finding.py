"""What all checks share: noting a problem at its place, looking up a name, bounding a number, testing a gate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import inf
from typing import Any

from sim.conflict.state import LARGEST_BIT
from sim.errors import Problem, allowed_values
from sim.scenario.laws import Distribution
from sim.scenario.meanings import Meaning, Meanings, Scope, Unknown
from sim.scenario.nodes import Key
from sim.scenario.numbers import Reference
from sim.scenario.places import Where
from sim.scenario.schema import Bounds, Gate, Scenario


class Finder:
    """Gathers the problems of one scenario; checks of a part derive from it and share what it has found."""

    def __init__(self, scenario: Scenario, where: Where) -> None:
        self.scenario = scenario
        self.where = where
        self.found: list[tuple[tuple[Key, ...], Problem]] = []
        self.meanings = Meanings(scenario)
        self.parties = self.meanings.parties
        self.read: set[str] = set()  # quantities

    def wrong(self, path: tuple[Key, ...], message: str) -> None:
        """Note a problem with the value at a path."""
        self.found.append((path, self.where.problem(path, message)))

    def known(self, path: tuple[Key, ...], name: object, allowed: Collection[object], what: str) -> bool:
        """Whether a name is one of those allowed; notes a problem if not."""
        if name in allowed:
            return True
        self.wrong(path, f"there is no {what} `{name}`{allowed_values(allowed, name)}")
        return False

    def all_known(self, path: tuple[Key, ...], names: Iterable[str], allowed: Collection[object], what: str) -> None:
        """Note every name of a list that is not allowed."""
        for number, name in enumerate(names):
            self.known((*path, number), name, allowed, what)

    # --- numbers -----------------------------------------------------------------------------------------------------

    def number(
        self, path: tuple[Key, ...], value: Any, low: float = -inf, high: float = inf, above: bool = False
    ) -> None:
        """Note a number, or the end of a distribution, outside [low, high]; `above`: low itself is outside too."""
        bounds = self._support(path, value)
        if bounds is None:
            return
        least, most = bounds
        if least < low or (above and least <= low):
            self.wrong(path, f"{self._reach(value, least, 'down')}; allowed: {_range(low, high, above)}")
        elif most > high:
            self.wrong(path, f"{self._reach(value, most, 'up')}; allowed: {_range(low, high, above)}")

    def _support(self, path: tuple[Key, ...], value: Any) -> tuple[float, float] | None:
        if isinstance(value, Reference):
            if not self.known(path, value.name, self.scenario.parameters, "parameter"):
                return None
            value = self.scenario.parameters[value.name].value
        if isinstance(value, Distribution):
            return value.support()
        return None if isinstance(value, Reference) or value is None else (float(value), float(value))

    @staticmethod
    def _reach(value: Any, end: float, way: str) -> str:
        if isinstance(value, Distribution):
            return f"the {value.law} distribution reaches {way} to {end:g}"
        return f"{value} reaches {end:g}" if isinstance(value, Reference) else f"{end:g} is out of range"

    def ratios(self, path: tuple[Key, ...], ratios: Mapping[str, Any], scope: Scope) -> None:
        """Check hazard ratios: known perceptions, and factors above 0."""
        for name, ratio in ratios.items():
            self.perception((*path, name), name, scope)
            self.number((*path, name), ratio, 0.0, above=True)

    # --- perceptions and gates ---------------------------------------------------------------------------------------

    def perception(self, path: tuple[Key, ...], name: str, scope: Scope) -> Meaning | None:
        """The meaning of a name; notes a problem where it has none."""
        try:
            meaning = self.meanings.of(name, scope)
        except Unknown as fault:
            self.wrong(path, str(fault))
            return None
        if meaning.quantity is not None:
            self.read.add(meaning.quantity)
        return meaning

    def gates(self, path: tuple[Key, ...], gates: Mapping[str, Gate], scope: Scope) -> None:
        """Check gates: known perceptions, known names, bounds that can hold."""
        for name, gate in gates.items():
            meaning = self.perception((*path, name), name, scope)
            if meaning is not None:
                self._gate((*path, name), name, gate, meaning)

    def _gate(self, path: tuple[Key, ...], name: str, gate: Gate, meaning: Meaning) -> None:
        if isinstance(gate, bool):
            return
        if isinstance(gate, Bounds):
            self._bounds(path, name, gate, meaning)
            return
        if gate == []:
            self.wrong(path, "the list is empty, so this gate can never hold")
        for value in gate if isinstance(gate, list) else [gate]:
            number = self._value(path, name, value, meaning)
            if isinstance(gate, list) and number is not None and number > LARGEST_BIT:
                self.wrong(path, f"`{value}` cannot stand in a list; allowed there: the first {LARGEST_BIT + 1} names")
            if number is not None and not meaning.low <= number <= meaning.high:
                self.wrong(path, f"{value:g} is never a value of `{name}`; allowed: {_values(meaning)}")

    def _value(self, path: tuple[Key, ...], name: str, value: float | str, meaning: Meaning) -> float | None:
        """The number of a gate's value, None (with a problem) when it is no value of the perception."""
        if not isinstance(value, str):
            return float(value)
        if value in meaning.names:
            return float(meaning.names.index(value))
        allowed = allowed_values(meaning.names, value) if meaning.names else "; allowed: numbers, true or false"
        self.wrong(path, f"`{value}` is no value of `{name}`{allowed}")
        return None

    def _bounds(self, path: tuple[Key, ...], name: str, bounds: Bounds, meaning: Meaning) -> None:
        given = {k: v for k in ("below", "at_least", "above", "at_most") if (v := getattr(bounds, k)) is not None}
        numbers = {key: self._value((*path, key), name, value, meaning) for key, value in given.items()}
        if not given and bounds.is_not is None:
            self.wrong(path, "has no bound; allowed: below, at_least, above, at_most, is_not")
        for value in bounds.is_not if isinstance(bounds.is_not, list) else [bounds.is_not]:
            if value is not None:
                self._value((*path, "is_not"), name, value, meaning)
        if None in numbers.values():
            return
        self._can_hold(path, name, {key: value for key, value in numbers.items() if value is not None}, meaning)

    def _can_hold(self, path: tuple[Key, ...], name: str, given: Mapping[str, float], meaning: Meaning) -> None:
        least, over = given.get("at_least", -inf), given.get("above", -inf)
        most, under = given.get("at_most", inf), given.get("below", inf)
        if max(least, over) > min(most, under) or least >= under or over >= most or over >= under:
            self.wrong(path, "the bounds contradict each other, so this gate can never hold")
        elif least > meaning.high or over >= meaning.high or most < meaning.low or under <= meaning.low:
            self.wrong(path, f"this gate can never hold; values of `{name}`: {_values(meaning)}")


def _values(meaning: Meaning) -> str:
    if meaning.names:
        return ", ".join(meaning.names)
    return _range(meaning.low, meaning.high, False)


def _range(low: float, high: float, above: bool) -> str:
    """A range in words."""
    if high == inf:
        return "any number" if low == -inf else f"{'above' if above else 'at least'} {low:g}"
    return f"{'above ' if above else ''}{low:g} to {high:g}" if low > -inf else f"at most {high:g}"
