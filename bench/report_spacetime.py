"""What space-time costs in the browser: a trace of 100,000 events, in the system's Chromium.

    python bench/report_spacetime.py [EVENTS] [REPEATS]

The view is opened; then the reader steps, forwards and backwards, goes to both ends, steps while
all is to be seen, zooms by the wheel, and opens the figure of the logs. Told is the longest task of
the page's thread, in which it did not answer: as the clock has it, and in processor time, which
other work on the machine changes less. Each figure is the best of some repeats. Chromium draws
without a graphics card here.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from report_page import CATEGORIES, Cost, Trace

from checker.report.html import page as page_of
from tests.report.browser import chromium, launch
from tests.report.made_up import long_run


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(40)


def opened(page: Page) -> None:
    page.get_by_role("tab", name="Space-time").click()
    page.locator(".st-mark").first.wait_for()


def zoom(page: Page) -> None:
    page.mouse.move(700, 300)
    for delta in (-120, 120):
        for _ in range(25):
            page.mouse.wheel(0, delta)
            page.wait_for_timeout(16)


ACTIONS: tuple[tuple[str, Callable[[Page], None]], ...] = (
    ("open the view", opened),
    ("step", lambda page: press(page, *["ArrowRight"] * 20, *["ArrowLeft"] * 20)),
    ("both ends", lambda page: press(page, "Home", "End", "Home", "End", "v")),
    ("step, all seen", lambda page: press(page, "0", *["ArrowRight"] * 10)),
    ("zoom by wheel", zoom),
    ("by time", lambda page: press(page, "t", "0")),
    ("figure", lambda page: press(page, "f")),
)


def measure(browser: Browser, file: Path) -> dict[str, Cost]:
    """The longest task of each action."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{file.as_uri()}#verdict")
    page.wait_for_timeout(500)
    found = {}
    for name, act in ACTIONS:
        browser.start_tracing(page=page, categories=CATEGORIES)
        act(page)
        page.wait_for_timeout(100)
        found[name] = Trace(browser.stop_tracing()).longest()
    page.close()
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    path = chromium()
    if path is None:
        sys.exit("no Chromium here: install the package chromium")
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        file = Path(directory) / "report.html"
        file.write_text(page_of(long_run(count)), encoding="utf-8")
        browser = launch(playwright, path)
        runs = [measure(browser, file) for _ in range(repeats)]
        print(f"{count:,} events, {file.stat().st_size / 1e6:.1f} MB, best of {repeats}")
        for name in runs[0]:
            clock = min(run[name].clock for run in runs)
            processor = min(run[name].processor for run in runs)
            print(f"{name:16}longest task {clock:5.0f} ms, {processor:4.0f} ms of the processor")
        browser.close()


if __name__ == "__main__":
    main()
