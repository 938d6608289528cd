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

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sim.agents import Actor, mesa
from sim.conflict import state as st
from sim.conflict.clocks import RING, RING_ITEM, RING_RULE, ask, begin_phase, item_context, settle
from sim.conflict.day import close_day, open_day, outcome_of_trial
from sim.conflict.perceive import locate, open_rules
from sim.draws import address
from sim.errors import RunError
from sim.history.driving import begin_trial
from sim.preparing import Prepared, prepare, prepared
from sim.scenario.layout import EXCHANGE
from sim.scenario.schema import Scenario
from sim.trajectory import Event, Factor, Status, Trajectory

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
        self.running: bool = True
        self.open: dict[int, int] = {}  # rules whose gates held when the phase began, block by block
        self.factors: dict[tuple[int, int, int], tuple[Factor, ...]] | None = {} if explain else None
        self._rules = self._rules_by_agent()
        for name, actor in self.scenario.actors.items():
            Actor(self, name, actor.kind)
        UNKNOWN_AGENTS.pop(self, None)  # mesa's class-wide counter would keep every model alive
        self.datacollector = self._collector() if collect else None

    # --- the day
    # -------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Live through one day; the order is that of `sim.conflict.day.day`. A trial that has ended stays as it is."""
        if not self.running:
            return
        s, c = self.state, self.tables
        self._make_room()
        self.day = open_day(s, c, self.address, self.log)
        for phase in (st.INITIATIVE, st.REACTION):
            begin_phase(s, c)
            self.open = {block: open_rules(s, c, block) for block in self._blocks(phase)}
            self.ask(self._rules[EXCHANGE])
            self.agents.do("act")
            self._explain()
            settle(s, c, self.address, self.day, phase, self.log)
        close_day(s, c, self.address, self.day, self.log)
        self.history.append(self.decoder.today(s))
        self.running = len(self.history) < self.scenario.horizon_days and s[st.ENDED] == 0.0
        if self.datacollector is not None:
            self.datacollector.collect(self)

    def ask(self, rules: Mapping[int, int]) -> None:
        """Let rules ring whose gates held when the phase began; they are given as bits, block by block."""
        for block, asked in self.open.items():
            ask(self.state, self.tables, self.address, self.day, block, asked & rules.get(block, 0))

    def run(self) -> Trajectory:
        """Step to the horizon, or to where the scenario ends the trial, and return it."""
        while self.running:
            self.step()
        status = Status(outcome_of_trial(self.state, self.tables))
        if status is not Status.DONE:
            raise RunError(status.said)
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
        daily = {name: [day[k] for day in self.history] for k, name in enumerate(self.decoder.series_names())}
        row = {"set": self.prepared.set_index, "trial": self.trial}
        row |= self.decoder.row(self.state, self.prepared.origin.state, self.first_state[st.REGIME], daily["deaths_7d"])
        return Trajectory(row, daily, self.events())

    # --- behind it
    # -----------------------------------------------------------------------------------------------------

    def rules_of(self, agent: str) -> dict[int, int]:
        """An agent's rules: bits of the blocks in which rules are asked."""
        return self._rules[agent]

    def _blocks(self, phase: int) -> range:
        return range(self.tables.phases[phase - st.INITIATIVE], self.tables.phases[phase - st.INITIATIVE + 1])

    def _rules_by_agent(self) -> dict[str, dict[int, int]]:
        c, names = self.tables, self.names
        rules: dict[str, dict[int, int]] = {owner: {} for owner in (*names.agents, EXCHANGE)}
        for block in range(len(c.blocks) // st.BLOCK):
            first, end = c.blocks[block * st.BLOCK + st.B_RULES], c.blocks[block * st.BLOCK + st.B_RULES_END]
            for rule in range(first, end):
                own = rules[names.agent(names.parties[c.rules[rule * st.RULE + st.R_PARTY]])]
                own[block] = own.get(block, 0) | 1 << (rule - first)
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
        except RunError as failure:
            yield Trajectory(_failed(ready, trial, str(failure)), {}, [])
        except Exception as fault:  # noqa: BLE001  # whatever it is, it belongs to this trial's row alone
            yield Trajectory(_failed(ready, trial, f"{type(fault).__name__}: {fault}"), {}, [])


def _failed(ready: Prepared, trial: int, error: str) -> dict[str, Any]:
    return {"set": ready.set_index, "trial": trial} | ready.decoder.empty_row(error)
