"""Tables stand between markers; nothing else on a page is touched."""

from __future__ import annotations

import pytest

from sim.documenting.filling import fill
from sim.documenting.subject import Subject
from sim.errors import InputError

TABLES = {"one": lambda subject: "| 1 |", "two": lambda subject: "| 2 |\n| 2 |"}


def test_tables_are_put_in_and_prose_stays(flagship: Subject) -> None:
    page = "# Title\n\n<!-- table: one -->\nold | stuff\n<!-- end -->\n\nprose\n\n<!-- table: two -->\n<!-- end -->\n"
    assert fill(page, TABLES, flagship) == (
        "# Title\n\n<!-- table: one -->\n\n| 1 |\n\n<!-- end -->\n\nprose\n\n"
        "<!-- table: two -->\n\n| 2 |\n| 2 |\n\n<!-- end -->\n"
    )


def test_filling_twice_changes_nothing(flagship: Subject) -> None:
    once = fill("<!-- table: one -->\n<!-- end -->", TABLES, flagship)
    assert fill(once, TABLES, flagship) == once


def test_a_table_that_does_not_exist_is_named_with_the_nearest(flagship: Subject) -> None:
    with pytest.raises(InputError, match=r"no table `tow`.*did you mean `two`"):
        fill("<!-- table: tow -->\n<!-- end -->", TABLES, flagship)


@pytest.mark.parametrize("page", ["<!-- table: one -->\n", "<!-- table: One-1 -->\n<!-- end -->", "<!-- table:one -->"])
def test_a_marker_that_cannot_be_filled_is_an_error(page: str, flagship: Subject) -> None:
    with pytest.raises(InputError, match="misspelt or has no end"):
        fill(page, TABLES, flagship)
