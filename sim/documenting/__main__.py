"""`python -m sim.documenting [odd | limits | SCENARIO]`: make pages of the documentation again.

The name of a page writes its tables into the file; anything else is a scenario whose page of rules is printed.
"""

from __future__ import annotations

import sys

from sim.documenting.rules import rules_page
from sim.documenting.tables import FLAGSHIP, PAGES, made
from sim.errors import CeasefireError
from sim.scenario import load


def main(arguments: list[str]) -> int:
    """Make a page again; the exit code."""
    asked = arguments[0] if arguments else f"builtin:{FLAGSHIP}"
    try:
        if asked in PAGES:
            PAGES[asked].write_text(made(PAGES[asked]), encoding="utf-8", newline="\n")
        else:
            sys.stdout.write(rules_page(load(asked)))
    except CeasefireError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
