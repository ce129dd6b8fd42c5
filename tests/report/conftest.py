"""A browser for the tests of reports, and pages in it that are watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from checker.report.data import Report
from checker.report.html import page as page_of
from tests.report.browser import Watched, chromium, launch

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; tests that need it are skipped where there is none."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium here: install the package chromium to see the pages of reports")
    with sync_playwright() as playwright:
        started = launch(playwright, path)
        yield started
        started.close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """Pages that are watched: at the end the test fails for what any of them must not do."""
    opened = Watched(browser)
    yield opened
    opened.close()
    assert opened.problems == []


@pytest.fixture
def open_report(watched: Watched, tmp_path: Path) -> Open:
    """Write a report, or take a file, and open it: see Watched.open."""

    def open_report(report: Report | Path, **options: object) -> Page:
        if isinstance(report, Path):
            return watched.open(report, **options)  # type: ignore[arg-type]
        file = tmp_path / "report.html"
        file.write_text(page_of(report), encoding="utf-8")
        return watched.open(file, **options)  # type: ignore[arg-type]

    return open_report
