"""Narrow windows, and many operations. How long it takes is measured by bench/report_page.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from checker.report.data import Report
from tests.report.conftest import Open
from tests.report.large import large
from tests.report.samples import figure8, invalid


@pytest.mark.parametrize("view", ["verdict", "timeline", "spacetime", "plots"])
@pytest.mark.parametrize("make", [invalid, figure8])
def test_in_a_narrow_window_nothing_is_cut_off(open_report: Open, make: object, view: str) -> None:
    assert callable(make)
    page = open_report(make(), view=view, width=600)
    page.wait_for_timeout(100)
    too_wide = """() => {
      const panel = document.querySelector("[role=tabpanel]:not([hidden])");
      return [document.documentElement, panel].map((each) => each.scrollWidth - each.clientWidth);
    }"""
    assert page.evaluate(too_wide) == [0, 0]
    for name in ("Verdict", "Timeline", "Space-time", "Plots"):
        expect(page.get_by_role("tab", name=name)).to_be_in_viewport()


def test_a_hundred_thousand_operations_are_shown_searched_and_moved(open_report: Open) -> None:
    report: Report = large(100_000)
    page = open_report(report, view="timeline")
    page.locator(".picture").focus()
    for _ in range(6):
        page.keyboard.press("+")
    page.keyboard.press("End")
    expect(page.locator(".details")).to_contain_text("process")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("put 99")
    page.keyboard.press("Enter")
    expect(page.locator(".found")).to_contain_text("1 of")
    assert "put" in page.locator(".details").inner_text()
    page.get_by_role("tab", name="Plots").click()
    expect(page.locator(".uplot canvas")).to_have_count(4)


def test_the_page_is_as_large_as_its_data(tmp_path: Path) -> None:
    """Beside the data there are some 200 kB: the code, the style, the licences."""
    built = Path(__file__).parents[2] / "checker" / "report" / "built"
    assert sum(file.stat().st_size for file in built.iterdir()) < 400_000
