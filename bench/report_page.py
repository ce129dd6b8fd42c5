"""What a report costs in the browser: one of 100,000 operations, in the system's Chromium.

    python bench/report_page.py [OPERATIONS] [REPEATS]

First paint of the timeline: from opening the file to the first frame with the bars, the whole page
read, parsed and drawn. Then the timeline is zoomed, moved and searched, and the plots are opened:
the longest task of the page's thread is the longest time for which it did not answer. Both as
the clock has it, and in processor time, which other work on the machine changes less. Each figure
is the best of some repeats. Chromium draws without a graphics card here.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from checker.report.html import page as page_of
from tests.report.browser import chromium, launch
from tests.report.large import large

CATEGORIES = ["toplevel", "loading", "devtools.timeline"]
MICROSECONDS = 1000


class Cost(NamedTuple):
    """In ms: as the clock has it, and of the processor."""

    clock: float
    processor: float


class Trace:
    """What Chromium tells of the threads of its pages."""

    def __init__(self, data: bytes) -> None:
        self._events: list[dict[str, Any]] = json.loads(data)["traceEvents"]
        threads = {
            (event["pid"], event["tid"])
            for event in self._events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        self.tasks = [
            event
            for event in self._events
            if event["name"] == "ThreadControllerImpl::RunTask"
            and (event["pid"], event["tid"]) in threads
        ]

    def longest(self) -> Cost:
        """The longest task."""
        return Cost(
            max(task.get("dur", 0) for task in self.tasks) / MICROSECONDS,
            max(task.get("tdur", 0) for task in self.tasks) / MICROSECONDS,
        )

    def until_first_paint(self) -> Cost:
        """From the beginning of the first task to the first paint."""
        paint = max(e["ts"] for e in self._events if e["name"] == "firstContentfulPaint")
        earlier = [task for task in self.tasks if task["ts"] <= paint]
        return Cost(
            (paint - min(task["ts"] for task in earlier)) / MICROSECONDS,
            sum(task.get("tdur", 0) for task in earlier) / MICROSECONDS,
        )


def zoom(page: Page) -> None:
    """In and out with the wheel."""
    page.mouse.move(700, 350)
    for _ in range(25):
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(16)
    for _ in range(25):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(16)


def drag(page: Page) -> None:
    """To and fro, zoomed in by some."""
    for _ in range(6):
        page.mouse.wheel(0, -120)
    page.mouse.move(1100, 350)
    page.mouse.down()
    page.mouse.move(200, 360, steps=40)
    page.mouse.move(1100, 350, steps=40)
    page.mouse.up()


def search(page: Page) -> None:
    """A word of three letters, letter by letter."""
    page.keyboard.press("/")
    page.keyboard.type("put", delay=150)
    page.wait_for_timeout(300)
    page.keyboard.press("Escape")


def plots(page: Page) -> None:
    """The plots for the first time, and zoomed by some."""
    page.keyboard.press("4")
    page.wait_for_timeout(500)
    for _ in range(5):
        page.keyboard.press("+")
        page.wait_for_timeout(50)


ACTIONS = (("zoom by wheel", zoom), ("drag", drag), ("search", search), ("plots", plots))


def measure(browser: Browser, file: Path) -> dict[str, Cost]:
    """The first paint, and the longest task of each action."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.goto(f"{file.as_uri()}#timeline")
    page.wait_for_timeout(500)
    found = {"first paint": Trace(browser.stop_tracing()).until_first_paint()}
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
        file.write_text(page_of(large(count)), encoding="utf-8")
        browser = launch(playwright, path)
        runs = [measure(browser, file) for _ in range(repeats)]
        print(f"{count:,} operations, {file.stat().st_size / 1e6:.1f} MB, best of {repeats}")
        for name in runs[0]:
            clock = min(run[name].clock for run in runs)
            processor = min(run[name].processor for run in runs)
            what = "" if name == "first paint" else "longest task "
            print(f"{name:16}{what}{clock:5.0f} ms, {processor:4.0f} ms of the processor")
        browser.close()


if __name__ == "__main__":
    main()
