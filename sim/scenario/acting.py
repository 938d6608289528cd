"""Checks of events and rules: who acts on whom, where, under which gates, with which effects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from string import Formatter
from typing import Any

from sim.scenario.finding import Finder
from sim.scenario.meanings import EVENT, Scope
from sim.scenario.nodes import Key
from sim.scenario.places import Where
from sim.scenario.schema import Case, Effect, EventType, Intervention, Rule, Scenario, Size
from sim.scenario.vocabulary import ARGUMENTS, BUILT_IN_QUANTITIES, REGIME_MOVES, VERBS

Path = tuple[Key, ...]
TOLD = ("by", "against", "place", "post")
SWITCHES = ("fire", "answer", "accept", "clear_deadline", "provoke")
LAWS: dict[str, tuple[str, ...]] = {
    "constant": ("value",),
    "uniform": ("low", "high"),
    "lognormal": ("median", "sigma"),
    "poisson": ("mean",),
    "negative_binomial": ("mean", "size"),
}


class Acting(Finder):
    """Checks what can happen and who makes it happen."""

    def __init__(self, scenario: Scenario, where: Where) -> None:
        super().__init__(scenario, where)
        self.written: dict[str, Path] = {}  # quantity -> where it is first written
        self.needs: dict[str, dict[str, str]] = {}  # event -> what it needs (actor, target, place, post) -> why

    # --- events ------------------------------------------------------------------------------------------------------

    def events(self) -> None:
        """Every event type: rung, marks in order, effects, the sentence that tells it."""
        for name, event in self.scenario.events.items():
            self.needs[name] = {}
            path: Path = ("events", name)
            self._rung(path, event)
            drawn: list[str] = []
            for mark, cases in event.marks.items():
                if mark in (*TOLD, "default"):
                    self.wrong(
                        (*path, "marks", mark), f"`{mark}` has a meaning of its own in the language; take another id"
                    )
                for number, case in enumerate(cases):
                    self._case((*path, "marks", mark, number), case, replace(EVENT, marks=tuple(drawn)), name)
                self._reachable((*path, "marks", mark), cases)
                drawn.append(mark)
            scope = replace(EVENT, marks=tuple(drawn))
            for number, effect in enumerate(event.effects):
                self.effect((*path, "effects", number), effect, scope, self.needs[name])
            self._told((*path, "told"), event)

    def _rung(self, path: Path, event: EventType) -> None:
        rungs = event.rung if isinstance(event.rung, dict) else {"default": event.rung}
        for key, rung in rungs.items():
            at = (*path, "rung", key) if isinstance(event.rung, dict) else (*path, "rung")
            self.known(at, key, ["default", *event.marks], "mark")
            if rung is not None and self.scenario.ladder:
                self.known(at, rung, self.scenario.ladder, "rung of the ladder")

    def _case(self, path: Path, case: Case, scope: Scope, event: str) -> None:
        self.number((*path, "probability"), case.probability, 0.0, 1.0)
        self.gates((*path, "when"), case.when, scope)
        self.ratios((*path, "ratios"), case.ratios, scope)
        self._note_needs([*case.when, *case.ratios], scope, self.needs[event])
        if isinstance(case.size, Size):
            self._size((*path, "size"), case.size, scope)
            self._note_needs(
                [*case.size.ratios, *([case.size.scale] if case.size.scale else [])], scope, self.needs[event]
            )

    def _reachable(self, path: Path, cases: list[Case]) -> None:
        if not cases:
            self.wrong(path, "has no case; give at least one, such as `- {probability: 1}`")
        for number, case in enumerate(cases[:-1]):
            if not case.when:
                self.wrong((*path, number), "has no gates, so the cases after it are never reached; put it last")

    def _size(self, path: Path, size: Size, scope: Scope) -> None:
        wanted = LAWS[size.law]
        given = [key for keys in LAWS.values() for key in keys if getattr(size, key) is not None]
        for key in dict.fromkeys(given):
            if key not in wanted:
                self.wrong((*path, key), f"does not belong to the law {size.law}; allowed: {', '.join(wanted)}")
        missing = [key for key in wanted if key not in given and size.law != "constant"]
        if missing:
            self.wrong(path, f"the law {size.law} needs {', '.join(missing)}")
        for key in given:
            above = key in ("median", "size")
            self.number(
                (*path, key),
                getattr(size, key),
                0.0 if key in ("median", "sigma", "mean", "size") else -1e9,
                above=above,
            )
        if isinstance(size.low, float) and isinstance(size.high, float) and size.low > size.high:
            self.wrong((*path, "low"), f"low {size.low:g} is above high {size.high:g}")
        if size.at_least > size.at_most:
            self.wrong((*path, "at_least"), f"at_least {size.at_least:g} is above at_most {size.at_most:g}")
        self.ratios((*path, "ratios"), size.ratios, scope)
        if size.scale is not None:
            self.perception((*path, "scale"), size.scale, scope)

    def _note_needs(self, names: Iterable[str], scope: Scope, needs: dict[str, str]) -> None:
        """Remember what perceptions of an event ask of whoever makes it."""
        for name in names:
            try:
                meaning = self.meanings.of(name, scope)
            except ValueError:
                continue  # noted already
            for need in meaning.needs:
                needs.setdefault(need, f"reads `{name}`")

    def _told(self, path: Path, event: EventType) -> None:
        try:
            names = [name for _, name, _, _ in Formatter().parse(event.told or "") if name is not None]
        except ValueError as fault:
            self.wrong(path, f"has unpaired braces: {fault}")
            return
        for name in names:
            self.known(path, name, [*TOLD, *event.marks], "name to tell")

    # --- effects -----------------------------------------------------------------------------------------------------

    def effect(self, path: Path, effect: Effect, scope: Scope, needs: dict[str, str]) -> None:
        """One effect: its gates, exactly one verb, the keys that belong to it, and what it asks of the event."""
        self.gates((*path, "when"), effect.when, scope)
        self._note_needs(effect.when, scope, needs)
        verbs = [verb for verb in VERBS if getattr(effect, verb) is not None]
        if len(verbs) != 1:
            found = " and ".join(f"`{verb}`" for verb in verbs) or "none"
            self.wrong(path, f"an effect has exactly one verb; found {found}; allowed: {', '.join(VERBS)}")
            return
        verb = verbs[0]
        for key in ARGUMENTS:
            if getattr(effect, key) is not None and key not in VERBS[verb].takes:
                takes = ", ".join(VERBS[verb].takes) or "nothing"
                self.wrong((*path, key), f"does not go with `{verb}`; `{verb}` takes {takes}")
        for need in VERBS[verb].needs:
            needs.setdefault(need, f"has the effect `{verb}`")
        if verb in ("add", "set", "multiply"):
            self._change(path, verb, effect, scope, needs)
        else:
            self._act(path, verb, effect, scope, needs)

    def _change(self, path: Path, verb: str, effect: Effect, scope: Scope, needs: dict[str, str]) -> None:
        """An effect on a quantity."""
        name = getattr(effect, verb)
        known = {**{q: quantity.of for q, quantity in self.scenario.quantities.items()}, **BUILT_IN_QUANTITIES}
        key = "to" if verb == "set" else "by"
        if getattr(effect, key) is None:
            self.wrong(path, f"`{verb}` needs `{key}`")
        self._amount((*path, key), getattr(effect, key), scope)
        self._times(path, effect, key)
        if not self.known((*path, verb), name, known, "quantity"):
            return
        self.written.setdefault(name, (*path, verb))
        self._whose(path, name, known[name], effect, needs)

    def _times(self, path: Path, effect: Effect, key: str) -> None:
        self.number((*path, "times"), effect.times)
        if effect.times is not None and not isinstance(getattr(effect, key), str):
            self.wrong((*path, "times"), "multiplies a mark; `by` names none")

    def _whose(self, path: Path, name: str, of: str, effect: Effect, needs: dict[str, str]) -> None:
        """Whose quantity an effect changes."""
        whose = effect.of or "self"
        if of != "actor":
            if effect.of is not None:
                self.wrong((*path, "of"), f"`{name}` is a quantity of the {of}; `of` goes with quantities of an actor")
            wanted: dict[str, tuple[str, ...]] = {"dyad": ("actor", "target"), "place": ("place",)}
            for need in wanted.get(of, ()):
                needs.setdefault(need, f"changes `{name}`")
            return
        self.known((*path, "of"), whose, ["self", "target", "patron", "everyone", *self.parties], "party")
        if whose in ("self", "patron", "target"):
            needs.setdefault("target" if whose == "target" else "actor", f"changes `{name}` of {whose}")

    def _amount(self, path: Path, value: Any, scope: Scope, low: float | None = None) -> None:
        """A number, or the name of a mark that the event draws."""
        if isinstance(value, str):
            self._mark(path, value, scope)
        elif value is not None:
            self.number(path, value, *(() if low is None else (low,)))

    def _mark(self, path: Path, name: str, scope: Scope) -> None:
        self.known(path, name, scope.marks, "mark")

    def _act(self, path: Path, verb: str, effect: Effect, scope: Scope, needs: dict[str, str]) -> None:
        """An effect on anything but a quantity."""
        value = getattr(effect, verb)
        self._verb((*path, verb), verb, value, scope)
        if verb == "clear_deadline" and effect.of is not None:
            self.known((*path, "of"), effect.of, ["self", "target", *self.parties], "party")
        if effect.blame is not None:
            self.known((*path, "blame"), effect.blame, ["self", "patron", *self.parties], "party")
        if isinstance(effect.fragile, str):
            self._mark((*path, "fragile"), effect.fragile, scope)
        if verb == "attack" and value:
            needs.setdefault("place", "has the effect `attack`")
        if verb == "join" and value in ("self", "target"):
            needs.setdefault("actor" if value == "self" else "target", "has the effect `join`")

    def _verb(self, at: Path, verb: str, value: Any, scope: Scope) -> None:
        """The value of a verb: a mark, an amount, a known name or a list of rules."""
        if value is False and verb in SWITCHES:
            self.wrong(at, "does nothing as false; delete the effect")
        elif verb in ("kill", "provoke") and isinstance(value, str):
            self._mark(at, value, scope)
        elif verb in ("advance", "retake"):
            self._amount(at, value, scope, low=0.0)
        elif verb in ("disable", "enable"):
            self.all_known(at, value, self.scenario.rules, "rule")
            if not value:
                self.wrong(at, "is empty; list at least one rule")
        elif verb == "regime":
            self.known(at, value, [*self.scenario.fighting.regimes, *REGIME_MOVES], verb)
        elif verb == "meet":
            self.known(at, value, self.scenario.agreement.terms, "term")
        elif verb == "join":
            self.known(at, value, ["self", "target", *self.parties], "party")

    # --- rules -------------------------------------------------------------------------------------------------------

    def rules(self) -> None:
        """Every rule: names, pace, gates, items, and rivals of one choice in one phase."""
        first: dict[str, str] = {}
        for name, rule in self.scenario.rules.items():
            path: Path = ("rules", name)
            self._parties(path, rule.actor, rule.target)
            self._pace(path, rule)
            self._items(path, rule)
            scope = Scope(rule.actor is not None, rule.target is not None and rule.actor is not None)
            self.gates((*path, "when"), rule.when, scope)
            self.ratios((*path, "ratios"), rule.ratios, replace(scope, item=rule.for_each))
            item = replace(scope, item=rule.for_each or rule.pick)
            self.gates((*path, "where"), rule.where, item)
            self.ratios((*path, "weights"), rule.weights, item)
            if self.known((*path, "event"), rule.event, self.scenario.events, "event"):
                self._supplies((*path, "event"), rule.event, rule.actor, rule.target, item.item)
            self._choice(path, name, rule, first)

    def _parties(self, path: Path, actor: str | None, target: str | None) -> None:
        known = [
            self.known((*path, key), party, self.parties, "party")
            for key, party in (("actor", actor), ("target", target))
            if party is not None
        ]
        if actor is not None and target is not None and all(known) and not self.meanings.meets(actor, target):
            self.wrong((*path, "target"), f"{actor} cannot act on {target}: they are one agent")

    def _pace(self, path: Path, rule: Rule) -> None:
        if (rule.rate is None) == (rule.probability is None):
            found = "neither" if rule.rate is None else "both"
            self.wrong(path, f"has {found} of rate and probability; give exactly one")
        if rule.rate is not None:
            self.number((*path, "rate"), rule.rate, 0.0)
        if rule.probability is not None:
            self.number((*path, "probability"), rule.probability, 0.0, 1.0)
        elif rule.within_days != 1:
            self.wrong((*path, "within_days"), "goes with probability, and this rule has none")

    def _items(self, path: Path, rule: Rule) -> None:
        if rule.for_each is not None and rule.pick is not None:
            self.wrong((*path, "pick"), "has both for_each and pick; give one")
        item = rule.for_each or rule.pick
        if item is None and rule.where:
            self.wrong((*path, "where"), "tests an item; it goes with for_each or pick")
        if rule.pick is None and rule.weights:
            self.wrong((*path, "weights"), "draws an item; it goes with pick")
        key = "for_each" if rule.for_each else "pick"
        if item == "post" and not self.scenario.posts:
            self.wrong((*path, key), "can never ring: the scenario has no posts")
        if item == "place" and not self.scenario.places:
            self.wrong((*path, key), "can never ring: the scenario has no places")

    def _supplies(self, path: Path, event: str, actor: str | None, target: str | None, item: str | None) -> None:
        """Note what an event needs and its maker does not have."""
        has = {"actor": actor is not None, "target": target is not None}
        has |= {"place": item is not None, "post": item == "post"}
        for need, why in self.needs.get(event, {}).items():
            if not has[need]:
                remedy = f"give for_each or pick: {need}" if need in ("place", "post") else f"give `{need}`"
                self.wrong(path, f"`{event}` {why}, and there is no {need} here; {remedy}")

    def _choice(self, path: Path, name: str, rule: Rule, first: dict[str, str]) -> None:
        if rule.choice is None:
            return
        other = self.scenario.rules[first.setdefault(rule.choice, name)]
        if other.phase != rule.phase:
            message = (
                f"`{rule.choice}` is shared with `{first[rule.choice]}` of the other phase; rivals act in one phase"
            )
            self.wrong((*path, "choice"), message)

    # --- what is dated -----------------------------------------------------------------------------------------------

    def intervention(self, path: Path, what: Intervention, past: bool) -> None:
        """A dated or conditional intervention, or (`past`) an event of the history."""
        self._parties(path, what.actor, what.target)
        if what.place is not None:
            self.known((*path, "place"), what.place, self.scenario.places, "place")
        if what.post is not None and self.known((*path, "post"), what.post, self.scenario.posts, "post"):
            at = self.scenario.posts[what.post].place
            if what.place is not None and what.place != at:
                self.wrong((*path, "place"), f"the post `{what.post}` stands in `{at}`, not in `{what.place}`")
        if what.event is None and not what.effects:
            self.wrong(path, "does nothing; give `event` or `effects`")
        item = "post" if what.post is not None else "place" if what.place is not None else None
        scope = Scope(what.actor is not None, what.target is not None and what.actor is not None)
        self.gates((*path, "when"), what.when, scope)
        self._its_event(path, what, None if past else (item or ""))
        self._bare_effects(path, what, replace(scope, item=item))

    def _its_event(self, path: Path, what: Intervention, item: str | None) -> None:
        """The event of an intervention; an `item` of None asks for nothing, since the record may not say where."""
        if what.event is None:
            if what.marks:
                self.wrong((*path, "marks"), "go with an event, and there is none")
            return
        if not self.known((*path, "event"), what.event, self.scenario.events, "event"):
            return
        for mark in what.marks:
            self.known((*path, "marks", mark), mark, self.scenario.events[what.event].marks, "mark")
        if item is not None:
            self._supplies((*path, "event"), what.event, what.actor, what.target, item or None)

    def _bare_effects(self, path: Path, what: Intervention, scope: Scope) -> None:
        needs: dict[str, str] = {}
        for number, effect in enumerate(what.effects):
            self.effect((*path, "effects", number), effect, scope, needs)
        has = {"actor": what.actor, "target": what.target, "place": scope.item, "post": what.post}
        for need, why in needs.items():
            if not has[need]:
                self.wrong(path, f"{why}, and there is no {need} here; give `{need}`")
