"""Checks of outcomes: conditions with one head, counters and states that exist, one headline, no circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from sim.errors import allowed_values
from sim.scenario.finding import Finder
from sim.scenario.meanings import WORLD
from sim.scenario.nodes import Key
from sim.scenario.schema import Condition, Outcome
from sim.scenario.vocabulary import COUNTERS

Path = tuple[Key, ...]
HEADS = {"all": "all", "any": "any", "not": "negate", "count": "count", "state": "state"}
READ = {"count": ("at_least", "days_at_least", "window_days"), "state": ("at_least", "below", "above")}
BOUNDS = ("at_least", "days_at_least", "below", "above")
ALWAYS = "collapse"  # by deaths: every trial has it, declared or not


class Ending(Finder):
    """Checks what a trial is asked."""

    def outcomes(self) -> None:
        """Every outcome, the headline, and circles among them."""
        headlines = [name for name, outcome in self.scenario.outcomes.items() if outcome.headline]
        if len(headlines) != 1:
            found = " and ".join(f"`{name}`" for name in headlines) or "none"
            self.wrong(("outcomes",), f"exactly one outcome is `headline: true`; found {found}")
        for name, outcome in self.scenario.outcomes.items():
            self._condition(("outcomes", name), outcome)
            self._before(("outcomes", name), name, outcome)
        for number, name in enumerate(self.scenario.ends_when):
            self.known(("ends_when", number), name, self._outcome_names, "outcome")
        self._circles()

    @property
    def _outcome_names(self) -> list[str]:
        return list(dict.fromkeys([*self.scenario.outcomes, ALWAYS]))

    def _condition(self, path: Path, condition: Condition | str) -> None:
        if isinstance(condition, str):
            self.known(path, condition, self._outcome_names, "outcome")
            return
        heads = [key for key, name in HEADS.items() if getattr(condition, name) is not None]
        if len(heads) != 1:
            found = " and ".join(f"`{head}`" for head in heads) or "none"
            self.wrong(path, f"a condition has exactly one of {', '.join(HEADS)}; found {found}")
            return
        self._keys(path, heads[0], condition)
        for part, child in self._parts(condition):
            self._condition((*path, *part), child)
        for number, reading in enumerate(condition.also):
            self._reading((*path, "also", number), heads[0], condition, reading)
        if condition.count is not None:
            self._count(path, condition.count, condition)
        elif condition.state is not None:
            self._state(path, condition.state, condition)
        elif heads[0] != "not" and not (condition.all or condition.any):
            self.wrong((*path, heads[0]), "is empty; list at least one condition")

    @staticmethod
    def _parts(condition: Condition) -> Iterator[tuple[Path, Condition | str]]:
        for key, parts in (("all", condition.all), ("any", condition.any)):
            yield from (((key, number), part) for number, part in enumerate(parts or ()))
        if condition.negate is not None:
            yield ("not",), condition.negate

    def _keys(self, path: Path, head: str, condition: Condition) -> None:
        """Note keys that do not go with the head of a condition."""
        for key in (*BOUNDS, "window_days"):
            if getattr(condition, key) is not None and key not in READ.get(head, ()):
                self.wrong(
                    (*path, key), f"does not go with `{head}`; it takes {', '.join(READ.get(head, ('nothing',)))}"
                )

    def _reading(self, path: Path, head: str, condition: Condition, reading: Mapping[str, object]) -> None:
        """Another reading is the condition again, some of its keys replaced."""
        if head not in READ:
            self.wrong(path, f"does not go with `{head}`; only a count or a state has other readings")
            return
        for key in reading:
            if key not in (head, *READ[head]):
                self.wrong((*path, key), f"is no key of a {head}{allowed_values((head, *READ[head]), key)}")
                return
        own = condition.model_dump(include={head, *READ[head]})
        try:
            replaced = Condition.model_validate({**own, **reading})
        except ValidationError as error:
            self.wrong(path, f"makes no condition: {error.errors()[0]['msg']}")
            return
        self._condition(path, replaced)

    def _count(self, path: Path, counter: str, condition: Condition) -> None:
        self._counter((*path, "count"), counter)
        given = [key for key in ("at_least", "days_at_least") if getattr(condition, key) is not None]
        if len(given) != 1:
            self.wrong(
                path, f"count needs exactly one of at_least, days_at_least; found {' and '.join(given) or 'none'}"
            )
        for key in given:
            self.number((*path, key), getattr(condition, key), 0.0, above=True)
        window, days = condition.window_days, condition.days_at_least
        if window is not None and days is not None and days > window:
            self.wrong((*path, "days_at_least"), f"{days} days can never lie in a window of {window}")

    def _counter(self, path: Path, counter: str) -> None:
        head, *names = counter.split(".")
        if head not in COUNTERS:
            self.wrong(path, f"there is no counter `{counter}`{allowed_values(COUNTERS, head)}")
        elif head == "event":
            self._event_counter(path, counter, names)
        elif head in ("fire", "mutual_fire", "killed", "killed_between"):
            if len(names) != 2:
                self.wrong(path, f"`{counter}` is between two parties; write {head}.A.B")
            elif self._two_parties(path, *names) and not self.meanings.meets(*names):
                self.wrong(path, f"`{counter}`: {names[0]} and {names[1]} are one agent")
        elif names:
            self.wrong(path, f"`{head}` stands alone; it takes no names")

    def _two_parties(self, path: Path, first: str, second: str) -> bool:
        known = [self.known(path, name, self.parties, "party") for name in (first, second)]
        return all(known)

    def _event_counter(self, path: Path, counter: str, names: list[str]) -> None:
        if len(names) not in (1, 2):
            self.wrong(path, f"`{counter}` names no event; write event.NAME or event.NAME.PARTY")
            return
        self.known(path, names[0], self.scenario.events, "event")
        if len(names) == 2:
            self.known(path, names[1], self.parties, "party")

    def _state(self, path: Path, state: str, condition: Condition) -> None:
        meaning = self.perception((*path, "state"), state, WORLD)
        given = [key for key in ("at_least", "below", "above") if getattr(condition, key) is not None]
        if not given:
            self.wrong(path, "state needs a bound; allowed: at_least, below, above")
        low = [value for value in (condition.at_least, condition.above) if value is not None]
        if low and condition.below is not None and max(low) >= condition.below:
            self.wrong((*path, "below"), "the bounds contradict each other, so this can never hold")
        elif meaning is not None and given:
            above = condition.above is not None and condition.above >= meaning.high
            under = condition.below is not None and condition.below <= meaning.low
            if above or under or (condition.at_least is not None and condition.at_least > meaning.high):
                self.wrong(
                    (*path, given[0]), f"can never hold; `{state}` runs from {meaning.low:g} to {meaning.high:g}"
                )

    def _before(self, path: Path, name: str, outcome: Outcome) -> None:
        before = [outcome.before] if isinstance(outcome.before, str) else outcome.before or []
        for number, other in enumerate(before):
            at = (*path, "before", number) if isinstance(outcome.before, list) else (*path, "before")
            self.known(at, other, self._outcome_names, "outcome")
        if outcome.backdate_to is not None:
            if outcome.count is None or outcome.window_days is None or outcome.days_at_least is not None:
                self.wrong((*path, "backdate_to"), "goes with count, window_days and at_least")
            else:
                self.number((*path, "backdate_to"), outcome.backdate_to, 0.0)

    # --- circles -----------------------------------------------------------------------------------------------------

    def _circles(self) -> None:
        """Note each circle of outcomes that refer to each other once, at its first outcome."""
        reported: set[str] = set()
        for name in self.scenario.outcomes:
            circle = self._circle((name,))
            if circle and not reported & set(circle):
                reported |= set(circle)
                self.wrong(
                    ("outcomes", name), f"outcomes refer to each other in a circle: {' > '.join((*circle, circle[0]))}"
                )

    def _circle(self, chain: tuple[str, ...], seen: set[str] | None = None) -> tuple[str, ...]:
        """The circle through the first outcome of a chain, empty if there is none."""
        seen = set() if seen is None else seen
        for other in self._referred(self.scenario.outcomes[chain[-1]]):
            if other == chain[0]:
                return chain
            if other in self.scenario.outcomes and other not in seen:
                seen.add(other)
                if circle := self._circle((*chain, other), seen):
                    return circle
        return ()

    def _referred(self, condition: Condition) -> Iterator[str]:
        if isinstance(condition, Outcome):
            yield from [condition.before] if isinstance(condition.before, str) else condition.before or []
        for _, part in self._parts(condition):
            if isinstance(part, str):
                yield part
            else:
                yield from self._referred(part)
