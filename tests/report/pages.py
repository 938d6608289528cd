"""Open a page in the browser and see what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDE, PHONE = (1200, 900), (360, 740)
Scheme = Literal["light", "dark"]


@dataclass
class Opened:
    """A page with what it complained about and what it asked for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, file: Path, size: tuple[int, int] = WIDE, scheme: Scheme = "light") -> Iterator[Opened]:
    """A page in a fresh profile, from disk."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    seen = Opened(context.new_page())
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("console", lambda said: seen.errors.append(said.text) if said.type in ("error", "warning") else None)
    seen.page.on("request", lambda asked: seen.requests.append(asked.url))
    seen.page.goto(file.resolve().as_uri())
    yield seen
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds against the rules of accessibility, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:150]}" for fault in found]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def comes_true(page: Page, expression: str, seconds: float = 10.0) -> bool:
    """Whether an expression becomes true; asked from outside, since the page's own policy forbids it to evaluate."""
    for _ in range(int(seconds * 20)):
        if page.evaluate(expression):
            return True
        page.wait_for_timeout(50)
    return False
