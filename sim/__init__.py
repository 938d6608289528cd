"""Agent-based simulation of military escalation and ceasefire breakdown, driven by scenarios in YAML.

    from sim import load

    results = load("idlib-2020-02-11").run(trials=1000)
    results.outcomes()

`load` reads a scenario, `open` a results folder, `builtin_names` lists the scenarios that are shipped. What they give
is told in `sim.face`; it is imported when first asked for, so that `import sim` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Results", "Scenario", "__version__", "builtin_names", "load", "open"]

if TYPE_CHECKING:
    from sim.face import Results, Scenario, builtin_names, load, open
else:

    def __getattr__(name: str) -> Any:
        """A name of the face, imported now."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module("sim.face"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
