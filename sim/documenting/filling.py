"""A page of prose with tables that are made: what stands between a table's markers is replaced, all else stays.

<!-- table: parameters -->

| name | value | ...

<!-- end -->
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sim.documenting.subject import Subject
from sim.errors import InputError, allowed_values

MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
OPENING = re.compile(r"<!-- table:")


def fill(page: str, tables: Mapping[str, Callable[[Subject], str]], subject: Subject) -> str:
    """The page with every marked table made anew.

    Raises InputError for a table that does not exist and for a marker without its end.
    """
    names = [found.group(2) for found in MARKED.finditer(page)]
    if len(names) != len(OPENING.findall(page)):
        raise InputError("a table's marker is misspelt or has no end; write <!-- table: NAME --> and <!-- end -->")
    for name in names:
        if name not in tables:
            raise InputError(f"there is no table `{name}`{allowed_values(tables, name)}")
    return MARKED.sub(lambda found: f"{found.group(1)}\n{tables[found.group(2)](subject)}\n\n{found.group(3)}", page)
