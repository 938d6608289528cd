"""The face of an engine, and the engines by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

from sim.errors import InputError
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    from sim.trajectory import Block, Trajectory

ENGINES = {"batch": "sim.batch.engine:simulate", "mesa": "sim.model:simulate"}
SMALLEST_CHUNKS = {"batch": 1250}  # trials, half a second: files of fewer cost more than they hold
BLOCK_ENGINES = {"batch": "sim.batch.engine:simulate_blocks"}


def default_engine() -> str:
    """The compiled engine where numba is installed (the extra `fast`), else the Mesa model."""
    return "batch" if find_spec("numba") is not None else "mesa"


class Engine(Protocol):
    """Runs trials of one parameter set, one result each, in the order asked.

    A trial depends on (scenario, seed, set, trial) alone. `keep_events` names the trials whose event list is wanted;
    others may come back without one. A trial that fails comes back with `error` in its row.
    """

    def __call__(
        self, scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
    ) -> Iterator[Trajectory]:
        """The trajectories of `trials`."""
        ...


class BlockEngine(Protocol):
    """Runs the same trials many at a time; engines that can are in `BLOCK_ENGINES` too."""

    def __call__(
        self, scenario: Scenario, seed: int, set_index: int, trials: Iterable[int], keep_events: Collection[int] = ()
    ) -> Iterator[Block]:
        """The trials in blocks, in the order asked."""
        ...


def find_block_engine(name: str) -> BlockEngine | None:
    """The face of the engine called `name` that runs blocks of trials; None where it has none."""
    if name not in BLOCK_ENGINES:
        return None
    module, _, attribute = BLOCK_ENGINES[name].partition(":")
    return cast(BlockEngine, getattr(import_module(module), attribute))


def find_engine(name: str) -> Engine:
    """The engine called `name`, or `module:function` for one that is not ours; its module is imported only now."""
    address = ENGINES.get(name, name)
    module, colon, attribute = address.partition(":")
    if not colon:
        raise InputError(f"engine: there is no {name!r}; allowed: {', '.join(ENGINES)}, or MODULE:FUNCTION")
    try:
        return cast(Engine, getattr(import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise InputError(f"engine: {name!r} cannot be imported: {error}") from error
