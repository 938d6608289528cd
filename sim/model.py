"""The reference engine: a Mesa model of the conflict, one agent per actor, to read, to teach with and to watch.

    from sim.model import CeasefireModel
    from sim.scenario import load

    model = CeasefireModel(load("idlib-2020-02-11"), trial=3)
    for _ in range(30):
        model.step()
    model.datacollector.get_model_vars_dataframe()

A step is a day; its parts are those of `sim.conflict.day.day`, but that agents let their own clocks ring.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from sim.agents import Actor, mesa
from sim.conflict import state as st
from sim.conflict.clocks import RING, RING_ITEM, RING_RULE, begin_phase, item_context, ring, settle
from sim.conflict.day import close_day, open_day
from sim.conflict.perceive import locate
from sim.draws import address
from sim.history.driving import begin_trial
from sim.preparing import Prepared, prepare, prepared
from sim.scenario.layout import EXCHANGE
from sim.scenario.schema import Scenario
from sim.trajectory import Event, Factor, Trajectory

LOG_ROWS_A_DAY = 40  # room in the log; a trial that needs more gets a longer one
UNKNOWN_AGENTS: Any = getattr(mesa.Agent, "_ids", {})


class CeasefireModel(mesa.Model):  # type: ignore[misc]  # mesa ships no types
    """One trial of a scenario, stepped day by day.

    `scenario` is a loaded scenario or one already prepared; `trial` and `set_index` address its luck under `seed` (the
    scenario's own if None). `collect=False` leaves the DataCollector out; `explain=True` notes the factors of each
    hazard that rang. Mesa's own random generators are not used.
    """

    def __init__(
        self,
        scenario: Scenario | Prepared,
        seed: int | None = None,
        set_index: int = 0,
        trial: int = 0,
        collect: bool = True,
        explain: bool = False,
    ) -> None:
        super().__init__(seed=0)
        ready = scenario if isinstance(scenario, Prepared) else prepare(scenario, seed, set_index)
        self.prepared, self.scenario, self.tables = ready, ready.scenario, ready.compiled.tables
        self.names, self.decoder, self.trial = ready.compiled.names, ready.decoder, trial
        self.address = address(ready.seed, ready.set_index, trial)
        self.state = begin_trial(ready.origin, ready.compiled, self.address)
        self.first_state = list(self.state)
        self.day = 0
        self.log = [0.0] * (self.decoder.log_width * LOG_ROWS_A_DAY * self.scenario.horizon_days)
        self.history: list[list[float]] = []
        self.factors: dict[tuple[int, int, int], tuple[Factor, ...]] | None = {} if explain else None
        self._rules = self._rules_by_agent()
        for name, actor in self.scenario.actors.items():
            Actor(self, name, actor.kind)
        UNKNOWN_AGENTS.pop(self, None)  # mesa's class-wide counter would keep every model alive
        self.datacollector = self._collector() if collect else None

    # --- the day
    # -------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Live through one day; the order is that of `sim.conflict.day.day`."""
        s, c = self.state, self.tables
        self._make_room()
        self.day = open_day(s, c, self.address, self.log)
        for phase in (st.INITIATIVE, st.REACTION):
            begin_phase(s, c)
            for rule in self._rules[EXCHANGE][phase]:
                ring(s, c, self.address, self.day, rule)
            self.agents.do("act", phase)
            self._explain()
            settle(s, c, self.address, self.day, phase, self.log)
        close_day(s, c, self.address, self.day, self.log)
        self.history.append(self.decoder.today(s))
        if self.datacollector is not None:
            self.datacollector.collect(self)

    def run(self) -> Trajectory:
        """Step to the horizon and return the trial."""
        while self.day < self.scenario.horizon_days:
            self.step()
        return self.trajectory()

    # --- what can be seen
    # ----------------------------------------------------------------------------------------------

    def quantity(self, name: str, of: str | None = None) -> float:
        """A number of the state by the name of its perception; of an actor for actor quantities."""
        if name == "soldiers_killed":
            return self.state[self.tables.lost + self.names.party(of)]
        found = self.decoder.layout.perception(f"{of}.{name}" if of else name)
        return self.state[found.base]

    def highest_rung(self, of: str | None = None) -> float:
        """The highest rung of all dyads, or of those of one actor."""
        rungs = (
            self.state[self.tables.rung + k] for k, pair in enumerate(self.names.dyads) if of is None or of in pair
        )
        return max(rungs, default=0.0)

    def events(self) -> list[Event]:
        """The events so far, in order; with `explain`, each with the factors of its hazard."""
        events = self.decoder.events(self.log, int(self.state[st.LOGGED]))
        if self.factors is None:
            return events
        return [self._with_factors(event) for event in events]

    def trajectory(self) -> Trajectory:
        """The trial so far."""
        daily = dict(zip(self.decoder.series_names(), map(list, zip(*self.history, strict=True)), strict=False))
        daily = daily or {name: [] for name in self.decoder.series_names()}
        row = {"set": self.prepared.set_index, "trial": self.trial}
        row |= self.decoder.row(self.state, self.prepared.origin.state, self.first_state[st.REGIME], daily["deaths_7d"])
        return Trajectory(row, daily, self.events())

    # --- behind it
    # -----------------------------------------------------------------------------------------------------

    def rules_of(self, agent: str) -> dict[int, list[int]]:
        """The numbers of an agent's rules, by phase."""
        return self._rules[agent]

    def _rules_by_agent(self) -> dict[str, dict[int, list[int]]]:
        c, names = self.tables, self.names
        owners = [*names.agents, EXCHANGE]
        rules: dict[str, dict[int, list[int]]] = {a: {st.INITIATIVE: [], st.REACTION: []} for a in owners}
        for rule in range(c.n_rules):
            party = names.parties[c.rules[rule * st.RULE + st.R_PARTY]]
            rules[names.agent(party)][st.INITIATIVE + c.rules[rule * st.RULE + st.R_PHASE]].append(rule)
        return rules

    def _make_room(self) -> None:
        """Lengthen the log if a day on which everything rings would not fit."""
        c = self.tables
        most = len(c.clocks) + c.n_interventions + c.n_places + 1
        missing = (int(self.state[st.LOGGED]) + most) * self.decoder.log_width - len(self.log)
        if missing > 0:
            self.log.extend([0.0] * missing)

    def _collector(self) -> Any:
        """DataCollector with the model's daily series, and rung, soldiers killed and quantities of each actor."""
        index = {name: k for k, name in enumerate(self.decoder.series_names())}

        def reader(k: int) -> Any:
            return lambda model: model.history[-1][k]

        quantities = [q for q, (of, _, _) in self.decoder.layout.quantities.items() if of == "actor"]
        reporters: dict[str, Any] = {name: reader(k) for name, k in index.items()}
        agents: dict[str, Any] = {"name": "name", "soldiers_killed": "soldiers_killed", "highest_rung": "highest_rung"}
        agents |= {q: (lambda agent, q=q: agent[q]) for q in quantities}
        return mesa.DataCollector(model_reporters=reporters, agent_reporters=agents)

    def _explain(self) -> None:
        """Note the factors of every hazard that rang, while the state still is what the clocks have seen."""
        if self.factors is None:
            return
        s, c = self.state, self.tables
        for k in range(int(s[st.RINGS])):
            row = c.rings + k * RING
            rule, item = int(s[row + RING_RULE]), int(s[row + RING_ITEM])
            of = item_context(c, rule, item)
            factors = []
            for name, ratio, found in self.prepared.compiled.rate_names[rule]:
                value = s[locate(c, found.base, found.scope, of)]
                factors.append(Factor(name, value, ratio**value))
            self.factors[self.day, rule, item] = tuple(factors)

    def _with_factors(self, event: Event) -> Event:
        if self.factors is None or event.rule not in self.names.rules:
            return event
        rule = self.names.rules.index(event.rule)
        kind = self.tables.rules[rule * st.RULE + st.R_ITEMS]
        item = -1
        if kind in (st.EACH_POST, st.PICK_POST) and event.post is not None:
            item = self.names.posts.index(event.post)
        elif kind in (st.EACH_PLACE, st.PICK_PLACE) and event.place is not None:
            item = self.names.places.index(event.place)
        return replace(event, factors=self.factors.get((event.day, rule, item), ()))


def simulate(
    scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
) -> Iterator[Trajectory]:
    """Run trials of one parameter set one by one; events are returned for those in `keep_events`.

    A trial that fails becomes a trajectory whose row holds its error, and the others go on.
    """
    ready = prepared(scenario, seed, set_index)
    for trial in trials:
        try:
            run = CeasefireModel(ready, trial=trial, collect=False).run()
            yield run if trial in keep_events else Trajectory(run.row, run.daily, [])
        except Exception as fault:  # noqa: BLE001  # whatever it is, it belongs to this trial's row alone
            row = {"set": set_index, "trial": trial} | ready.decoder.empty_row(f"{type(fault).__name__}: {fault}")
            yield Trajectory(row, {}, [])
