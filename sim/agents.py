"""The actors as Mesa agents: each lets its own rules' clocks ring, by the conflict's functions.

An agent is a state, a client or a coalition; the factions of a coalition act through it but never merge: each of its
rules belongs to one of them.
"""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

# mesa's batch runner sets the start method of every later process to "spawn" at import; leave it as it was
_start_method = multiprocessing.get_start_method(allow_none=True)
import mesa as mesa  # noqa: E402  # the line above must come first; the name is for sim.model

multiprocessing.set_start_method(_start_method, force=True)

if TYPE_CHECKING:
    from sim.model import CeasefireModel


class Actor(mesa.Agent):  # type: ignore[misc]  # mesa ships no types
    """One actor of the scenario; `rules` are its own and its factions', bits of the blocks in which they are asked."""

    model: CeasefireModel

    def __init__(self, model: CeasefireModel, name: str, kind: str) -> None:
        super().__init__(model)
        self.name = name
        self.kind = kind
        self.rules = model.rules_of(name)

    def act(self) -> None:
        """Let the clocks of this actor's rules ring; what rings is applied later, in order of time."""
        self.model.ask(self.rules)

    def __getitem__(self, quantity: str) -> float:
        """An actor quantity of the scenario, `restraint`, or `soldiers_killed` since the origin."""
        return self.model.quantity(quantity, of=self.name)

    @property
    def soldiers_killed(self) -> float:
        """Soldiers of this actor killed since the origin."""
        return self["soldiers_killed"]

    @property
    def highest_rung(self) -> float:
        """The highest rung on which this actor stands towards another."""
        return self.model.highest_rung(self.name)
