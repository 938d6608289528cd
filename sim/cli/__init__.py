"""The command `ceasefire`: it parses, calls and prints, and leaves the work to the packages it imports when asked.

A module a command or a family of them; `ceasefire run` imports its own and no other.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Any

import click

from sim import __version__
from sim.cli.common import INTERRUPTED
from sim.errors import CeasefireError

# In the order in which they are learnt.
COMMANDS = {
    "new": "sim.cli.checking:new",
    "check": "sim.cli.checking:check",
    "run": "sim.cli.running:run",
    "compare": "sim.cli.compare:compare",
    "plot": "sim.cli.plotting:plot",
    "demo": "sim.cli.running:demo",
    "show": "sim.cli.showing:show",
    "replay": "sim.cli.replaying:replay",
    "branch": "sim.cli.branching:branch",
    "sweep": "sim.cli.sweeping:sweep",
    "sensitivity": "sim.cli.sensitivity:sensitivity",
    "calibrate": "sim.cli.calibrate:calibrate",
    "backtest": "sim.cli.backtest:backtest",
    "report": "sim.cli.report:report",
    "explorer": "sim.cli.explorer:explorer",
    "data": "sim.cli.data:data",
    "schema": "sim.cli.checking:schema",
}


class Commands(click.Group):
    """Commands that are imported when they are called; an error of ours ends with its exit code and no traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, those that one begins with first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now; None where there is no such command."""
        return command(cmd_name) if cmd_name in COMMANDS else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except CeasefireError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(INTERRUPTED)


def command(name: str) -> click.Command:
    """The command called `name` in `COMMANDS`."""
    module, _, function = COMMANDS[name].partition(":")
    found: click.Command = getattr(import_module(module), function)
    return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="ceasefire")
def main() -> None:
    """How a ceasefire breaks down: scenarios in YAML, actors as agents, answers as distributions.

    A model of a past conflict, for research and teaching; not a forecast, warning system or planning tool.
    """
    gc.set_threshold(100_000, 50, 50)  # imports and a scenario make many objects that stay: do not search them so often
