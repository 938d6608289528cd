"""What the record says about the numbers of a scenario: likelihood, counts, simulation, and checks of all three.

`sim.fitting.calibrate("idlib-2020-02-11", "idlib.csv").save("posterior.yaml")` is the whole of it; it is imported when
first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["calibrate"]

if TYPE_CHECKING:
    from sim.fitting.calibrating import calibrate
else:

    def __getattr__(name: str) -> Any:
        """A name of the face, imported now: the parts are used without it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from sim.fitting.calibrating import calibrate

        return calibrate
