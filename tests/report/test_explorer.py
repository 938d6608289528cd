"""The explorer: its numbers are those of the sweep, and in a real browser the keyboard moves it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sim.analysis.survival import survival_curve
from sim.ensemble.sweeping import Sweep, sweep, varied
from sim.errors import InputError
from sim.report.exploring import _days, axes_of, explorer
from tests.report.pages import PHONE, WIDE, Scheme, opened, overflow, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PLAN: dict[str, Any] = {"sets": 3, "trials": 4, "engine": "mesa", "workers": 1, "progress": False}


@pytest.fixture(scope="module")
def swept(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    axes = [varied("rules.deal.rate=0.3,0.01,0.1"), varied("rules.raid.enabled=true,false")]
    return sweep(folder / "fence.yaml", axes, out=tmp_path_factory.mktemp("swept") / "out", **PLAN)


@pytest.fixture(scope="module")
def file(swept: Sweep, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    path.write_text(explorer(swept), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def content(file: Path) -> dict[str, Any]:
    [text] = re.findall(r'id="data">(.*?)</script>', file.read_text("utf-8"), re.S)
    found: dict[str, Any] = json.loads(text)
    return found


def test_sliders_have_numbers_in_order(swept: Sweep) -> None:
    rate, raid = axes_of(swept)
    assert (rate.name, rate.values) == ("Deal: rate", ["0.01", "0.1", "0.3"])
    assert (raid.name, raid.values) == ("Raid: enabled", ["true", "false"])


def test_every_cell_holds_its_own_curve_and_shares(swept: Sweep, content: dict[str, Any]) -> None:
    for number, settings in enumerate(cell["settings"] for cell in swept.said["cells"]):
        at = [axis["values"].index(settings[axis["key"]]) for axis in content["axes"]]
        cell = content["cells"][at[0] * 2 + at[1]]
        results = swept.results(number)
        curve = survival_curve(results.trials).set_index("day")
        assert cell["curve"][0] == [round(10_000 * value) for value in curve.loc[content["days"], "survival"]]
        assert cell["shares"][0][0] == round(10_000 * results.outcomes().loc["broken", "probability"])
        assert cell["trials"] == 12


def test_a_long_sweep_stores_fewer_days_and_always_the_last() -> None:
    assert _days(12, 6) == list(range(13))
    many = _days(180, 2000)
    assert many[-1] == 180 and len(many) * 2000 * 25 < 1_000_000


def test_what_has_no_sliders_is_refused(folder: Path, tmp_path: Path) -> None:
    four = [varied(f"rules.{rule}.{key}") for rule in ("raid", "deal") for key in ("rate=0.1", "enabled=true")]
    made = sweep(folder / "fence.yaml", four, out=tmp_path / "four", **(PLAN | {"trials": 1}))
    with pytest.raises(InputError, match="varies 4 parameters; an explorer has sliders for 1 to 3"):
        explorer(made)
    holes = [[*varied("rules.deal.rate=0.3"), *varied("rules.raid.rate=0.1")]]
    made = sweep(folder / "fence.yaml", holes, out=tmp_path / "holes", **(PLAN | {"trials": 1}))
    with pytest.raises(InputError, match="is no full grid"):
        explorer(made)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_nothing_is_wrong_and_nothing_is_fetched(
    browser: Browser, file: Path, size: tuple[int, int], scheme: Scheme
) -> None:
    assert file.stat().st_size < 1_000_000
    with opened(browser, file, size, scheme) as seen:
        assert seen.errors == []
        assert seen.requests == [file.as_uri()]
        assert overflow(seen.page) == 0
        assert violations(seen.page) == []
        assert seen.page.evaluate("document.querySelectorAll('main i, main b').length") == 0


@pytest.mark.slow
def test_the_arrow_keys_move_a_slider_and_all_is_redrawn(browser: Browser, file: Path, content: dict[str, Any]) -> None:
    with opened(browser, file) as seen:
        page = seen.page

        def shown() -> tuple[list[int], str, str]:
            values = page.get_attribute("#line", "data-values") or ""
            first = page.locator("#rows tr").first.locator("td").first.inner_text()
            return [int(value) for value in values.split()], first, page.inner_text("#said")

        def expected(cell: int) -> tuple[list[int], str]:
            return content["cells"][cell]["curve"][0], f"{content['cells'][cell]['shares'][0][0] / 100:.1f} %"

        assert shown()[:2] == expected(2)  # the middle of three, the first of two
        path = page.get_attribute("#line", "d")
        page.keyboard.press("Tab")
        page.focus("#axis-1")
        page.keyboard.press("ArrowRight")
        assert shown()[:2] == expected(3)
        assert page.get_attribute("#line", "d") != path
        assert page.inner_text("#value-1") == "false"
        assert page.get_attribute("#axis-1", "aria-valuetext") == "false"
        page.focus("#axis-0")
        page.keyboard.press("Home")
        assert shown()[:2] == expected(1)
        assert expected(1)[1] in shown()[2] and "chance" in shown()[2] and "assumptions" in shown()[2]


@pytest.mark.slow
def test_a_curve_can_be_kept_to_compare_with(browser: Browser, file: Path, content: dict[str, Any]) -> None:
    with opened(browser, file) as seen:
        page = seen.page
        page.focus("#keep")
        page.keyboard.press("Enter")
        page.focus("#axis-1")
        page.keyboard.press("ArrowRight")
        assert page.locator("#curve .kept").count() == 1
        kept = page.locator("#rows tr").first.locator("td").last.inner_text()
        assert kept == f"{content['cells'][2]['shares'][0][0] / 100:.1f} %"
        page.click("#drop")
        assert page.locator("#curve .kept").count() == 0
        assert page.evaluate("document.activeElement.id") == "keep"
