"""The report in a real browser: it opens from disk, asks for nothing, shows everything, and everybody can read it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sim.ensemble.comparing import Comparison
from sim.report import html
from tests.report.conftest import SETS, TRIALS
from tests.report.pages import PHONE, WIDE, Scheme, comes_true, opened, overflow, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from sim.report.content import Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def file(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html(page), encoding="utf-8")
    return path


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_nothing_is_wrong_and_nothing_is_fetched(
    browser: Browser, file: Path, size: tuple[int, int], scheme: Scheme
) -> None:
    with opened(browser, file, size, scheme) as seen:
        assert seen.errors == []
        assert [url for url in seen.requests if not url.startswith("data:")] == [file.as_uri()]
        assert overflow(seen.page) == 0
        assert violations(seen.page) == []


def test_all_pictures_are_there_with_words(browser: Browser, file: Path, page: Page) -> None:
    with opened(browser, file) as seen:
        loaded = seen.page.evaluate("[...document.images].map(i => [i.complete && i.naturalWidth > 100, i.alt])")
    pictures = [*page.pictures.pictures, *(page.differences.pictures if page.differences else [])]
    assert [name for name in ("outcomes", "survival", "incidence", "forest") if name not in _names(pictures)] == []
    assert len(loaded) == len(pictures) + len(page.rests.pictures) + len(page.story_pictures)
    assert all(there and alt.startswith("Picture: ") for there, alt in loaded)


def _names(pictures: list[object]) -> list[str]:
    return [getattr(it, "name", "") for it in pictures]


def test_headings_stand_in_order_and_links_lead_somewhere(browser: Browser, file: Path) -> None:
    with opened(browser, file) as seen:
        levels = seen.page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))")
        dead = seen.page.evaluate(
            "[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"
            ".filter(h => !h.startsWith('#') || !document.getElementById(h.slice(1)))"
        )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert dead == []


def test_the_keyboard_reaches_the_content_and_scrolls_a_table(browser: Browser, file: Path) -> None:
    with opened(browser, file, PHONE) as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.textContent") == "Skip to the content"
        seen.page.keyboard.press("Enter")
        assert seen.page.url.endswith("#content")
        table = seen.page.locator(".scroll:has(#table-inputs)")
        table.focus()
        assert table.evaluate("it => it === document.activeElement")
        for _ in range(3):
            seen.page.keyboard.press("ArrowRight")
        assert comes_true(seen.page, "document.querySelector('.scroll:focus').scrollLeft > 0")


def test_what_a_scenario_says_is_text_and_never_markup(browser: Browser, file: Path) -> None:
    with opened(browser, file) as seen:
        assert seen.page.title() == 'The fence <i>& "co"</i>: a report'
        assert seen.page.evaluate("document.scripts.length") == 0
        assert seen.page.evaluate("document.querySelectorAll('main i, main b').length") == 0
        text = seen.page.inner_text("main")
    assert "<script>alert(1)</script>" in text and "a <b>diary</b>" in text and "Left out: <nothing>." in text


def test_it_says_everything_that_a_report_owes(browser: Browser, file: Path, comparison: Comparison) -> None:
    with opened(browser, file) as seen:
        text = seen.page.inner_text("main")
    results = comparison.results[comparison.base]
    row = results.outcomes().loc["broken"]
    for part in (
        "Does it come to this within 12 days of 1 March 2021: North raids twice?",
        f"In {row['count']:.0f} of {SETS * TRIALS} trials",
        "(95 % Monte Carlo interval)",
        "across 24 parameter sets",
        "Without raids",
        "Its sign",
        "What differs rests on assumed numbers",
        "uniform(low 0.05, high 0.5)",
        "coded (diary); n = 3",
        "not if new agreement comes first",
        "Trial 0",
        results.manifest.digest,
        "ceasefire run",
        "not a forecast, not a warning system",
    ):
        assert part in text, part


def test_printed_it_shows_whole_tables(browser: Browser, file: Path) -> None:
    with opened(browser, file, (720, 1000)) as seen:
        seen.page.emulate_media(media="print")
        assert overflow(seen.page) == 0
        hidden = seen.page.evaluate(
            "[...document.querySelectorAll('.scroll')].filter(s => s.scrollHeight > s.clientHeight + 2).length"
        )
        assert hidden == 0
        assert seen.page.pdf()[:4] == b"%PDF"
