"""The committed sample is the report of the article's scenario as it is shipped, and opens like any other."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sim import __version__
from sim.report.counterfactuals import counterfactuals
from sim.report.wording import caution
from sim.scenario import digest, load
from tests.report.pages import PHONE, opened, overflow, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SAMPLE = Path(__file__).parents[2] / "docs" / "sample-report.html"
SOURCE = "builtin:idlib-2020-02-11"
AGAIN = f"make it again: ceasefire report {SOURCE} --counterfactuals --sets 40 --trials 25 --out {SAMPLE.name}"


@pytest.fixture(scope="module")
def text() -> str:
    return SAMPLE.read_text("utf-8")


@pytest.mark.slow
def test_it_is_of_the_scenarios_that_are_shipped(text: str) -> None:
    names = [SOURCE, *counterfactuals(SOURCE)[0]]
    scenarios = [load(name) for name in names]
    [said] = re.findall(r'<meta name="ceasefire-digests" content="([^"]*)">', text)
    assert said.split() == [digest(scenario) for scenario in scenarios], AGAIN
    assert all(scenario.name in unescape(text) for scenario in scenarios)
    assert f"ceasefire {__version__}" in text, AGAIN


def test_it_is_small_and_says_what_every_report_says(text: str) -> None:
    assert len(text.encode()) < 2_000_000
    assert all(sentence in unescape(text) for sentence in caution()), AGAIN
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in text


@pytest.mark.slow
def test_it_opens_like_any_other(browser: Browser) -> None:
    with opened(browser, SAMPLE, PHONE) as seen:
        assert seen.errors == [] and overflow(seen.page) == 0 and violations(seen.page) == []
        assert seen.page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 100)")
        assert seen.page.locator("h3").count() >= 8
