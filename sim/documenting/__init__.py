"""Pages of the documentation that are made from the scenarios, so that they cannot drift from them.

`python -m sim.documenting` prints the page of rules, `docs/explanation/rules.md`. With the word `odd` it makes the
tables of `docs/explanation/odd.md` again, with `limits` those of `docs/explanation/limits.md`; the prose around them is
written on these pages.
"""

from sim.documenting.rules import rules_page
from sim.documenting.wording import basis, gates, number

__all__ = ["basis", "gates", "number", "rules_page"]
