"""A tiny comparison made once, and a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest

from sim.ensemble.comparing import Comparison, compare
from sim.report import Material, build
from sim.report.content import Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

mpl.use("agg")

SETS, TRIALS = 24, 5
FENCE = """
name: The fence <i>& "co"</i>
about: Two states and a fence, with <script>alert(1)</script> in it.
origin: 2021-03-01
horizon_days: 12
actors:
  north: {name: North, kind: state}
  south: {name: South, kind: state}
places:
  hill: {name: Hill, lat: 1, lon: 1, control: south, neighbours: [vale]}
  vale: {name: Vale, lat: 1.1, lon: 1.2, control: south, neighbours: [hill]}
agreement: {name: the fence, parties: [north, south]}
fighting:
  between: [north, south]
  regimes:
    quiet: {mean: 1, size: 1}
    offensive: {mean: 20, size: 1}
ladder: {-2: deal, 0: calm, 4: raid}
events:
  raid: {name: raid, rung: 4, told: "{by} raids {against}", effects: [{fire: true}]}
  deal: {name: deal, rung: -2}
rules:
  raid: {about: North raids., rule: R1, actor: north, target: south, event: raid, rate: $zeal,
         basis: {assumed: [tests]}}
  deal: {actor: south, target: north, event: deal, rate: 0.03, basis: {coded: [diary], n: 3}}
outcomes:
  broken: {count: event.raid, at_least: 2, headline: true, before: new_agreement, about: "North raids twice."}
  repudiated: {count: event.raid, at_least: 3, about: it raids three times}
  new_agreement: {count: event.deal, at_least: 1}
parameters:
  zeal: {value: {dist: uniform, low: 0.05, high: 0.5}, about: how keen it is, basis: {assumed: [tests], note: "<b>"}}
sources: {tests: invented for tests, diary: "a <b>diary</b>"}
"""
CALM = """
extends: fence.yaml
name: Without raids
rules:
  raid: {enabled: false}
"""
LATE = """
extends: fence.yaml
name: A day later
origin: 2021-03-02
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario and two that extend it."""
    path = tmp_path_factory.mktemp("fence")
    for name, text in (("fence", FENCE), ("calm", CALM), ("late", LATE)):
        (path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def comparison(folder: Path) -> Comparison:
    """The fence with and without raids."""
    sources = (folder / "fence.yaml", folder / "calm.yaml")
    return compare(*sources, sets=SETS, trials=TRIALS, engine="mesa", workers=1, progress=False, out=folder / "study")


@pytest.fixture(scope="session")
def page(comparison: Comparison) -> Page:
    """The content of its report."""
    return build(Material(comparison.results[comparison.base], comparison, left_out=["Left out: <nothing>."]))


ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, or whatever goes by that name; the tests are skipped where there is none."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("the pages are tried in a real browser, and there is no chromium on the PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield started
        started.close()
