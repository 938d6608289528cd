"""Tables for people: both ranges in words, and HTML whose parts a screen reader can tell apart."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from sim.analysis.display import HEADER, as_html, as_text
from sim.analysis.outcomes import outcome_table


@pytest.fixture
def table() -> pd.DataFrame:
    days = [1] * 6 + [None] * 4 + [1] * 2 + [None] * 8
    trials = pd.DataFrame({"set": np.repeat([0, 1], 10), "a<b_day": days, "error": None})
    return outcome_table(trials, ["a<b"])


class Reader(HTMLParser):
    """Notes the tags with their attributes and the texts of a page, and that all is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, str | None]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append((tag, dict(attrs).get("scope")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_html_has_a_caption_and_headers_for_columns_and_rows(table: pd.DataFrame) -> None:
    page = Reader()
    page.feed(as_html(table, "<i> & ten trials"))
    assert page.open == []
    assert page.tags.count(("th", "col")) == 1 + len(HEADER)
    assert page.tags.count(("th", "row")) == len(table)
    assert ("caption", None) in page.tags
    assert "<i> & ten trials" in page.texts
    assert {"a<b", "8", "40.0 %"} <= set(page.texts)


def test_text_shows_the_same(table: pd.DataFrame) -> None:
    lines = as_text(table, "Ten and ten trials").splitlines()
    assert lines[0] == "Ten and ten trials"
    assert lines[2].split()[:3] == ["outcome", "trials", "probability"]
    assert lines[3].startswith("a<b")
    assert len(lines[2]) == len(lines[3])
    assert "not a forecast" in lines[-1]


def test_without_sets_it_says_what_is_missing(table: pd.DataFrame) -> None:
    single = table.assign(range_low=np.nan, range_high=np.nan)
    for text in (as_text(single, ""), as_html(single, "")):
        assert "not included" in text
        assert "Parameter uncertainty not included" in text
        assert "nan" not in text
    assert "not included" not in as_text(table, "")


def test_a_probability_of_nothing_is_a_dash(table: pd.DataFrame) -> None:
    assert " - " in as_text(table.assign(probability=np.nan), "").splitlines()[3]
