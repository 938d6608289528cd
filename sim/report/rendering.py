"""Templates and what is put into them: every text escaped, nothing fetched."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sim.report.content import Page

if TYPE_CHECKING:
    from jinja2 import Template


def html(page: Page) -> str:
    """A report as one self-contained document without a script."""
    return template("page.html").render(page=page)


@cache
def template(name: str) -> Template:
    """A template beside this module; a name that it does not know is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sim.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template(name)
