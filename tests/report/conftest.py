"""A browser for the tests of reports, and pages in it that are watched."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from checker.report.data import Report
from checker.report.html import page as page_of
from tests.report.browser import Watched, chromium, launch

Open = Callable[..., Page]

REPORT = Path(__file__).parents[2] / "checker" / "report"
# What npm says of a network that is not there.
UNREACHABLE = "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH"


# Not of the session: while Playwright is there, an event loop of its own runs, and no other test of
# this process can run one.
@pytest.fixture(scope="package")
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


@pytest.fixture(scope="session")
def page_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the page's source, with the libraries that its lock names."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not here: install it (package npm) to build the page of reports anew")
    copy = tmp_path_factory.mktemp("report") / "page"
    shutil.copytree(REPORT / "page", copy, ignore=shutil.ignore_patterns("node_modules"))
    installed = subprocess.run(
        ["npm", "ci", "--loglevel=error", "--fetch-retries=1"],
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if installed.returncode and re.search(UNREACHABLE, installed.stderr):
        pytest.skip("npm's registry cannot be reached: the page of reports cannot be built anew")
    assert installed.returncode == 0, installed.stderr
    return copy
