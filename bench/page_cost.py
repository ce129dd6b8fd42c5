"""What actions in a report's page cost in the browser: for the benchmarks of reports.

The longest task of the page's thread is the longest time for which it did not answer. Both as
the clock has it, and in processor time, which other work on the machine changes less. Each figure
is the best of some repeats. Chromium draws without a graphics card here.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from checker.report.data import Report
from checker.report.html import page as page_of
from tests.report.browser import chromium, launch

Action = tuple[str, Callable[[Page], None]]
"""A name, and what the reader does."""

FIRST_PAINT = "first paint"
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


def measure(
    browser: Browser, file: Path, view: str, actions: Sequence[Action], is_painting_told: bool
) -> dict[str, Cost]:
    """The longest task of each action, once the page is open at this view; before them, if that is
    to be told, the first paint."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    found = {}
    if is_painting_told:
        browser.start_tracing(page=page, categories=CATEGORIES)
    page.goto(f"{file.as_uri()}#{view}")
    page.wait_for_timeout(500)
    if is_painting_told:
        found[FIRST_PAINT] = Trace(browser.stop_tracing()).until_first_paint()
    for name, act in actions:
        browser.start_tracing(page=page, categories=CATEGORIES)
        act(page)
        page.wait_for_timeout(100)
        found[name] = Trace(browser.stop_tracing()).longest()
    page.close()
    return found


def print_costs(
    what: str,
    made: Callable[[int], Report],
    view: str,
    actions: Sequence[Action],
    is_painting_told: bool = False,
) -> None:
    """Print what the actions cost in a report that is ``made`` of so many of ``what``: how many,
    and how many repeats, stands on the command line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    path = chromium()
    if path is None:
        sys.exit("no Chromium here: install the package chromium")
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        file = Path(directory) / "report.html"
        file.write_text(page_of(made(count)), encoding="utf-8")
        browser = launch(playwright, path)
        runs = [measure(browser, file, view, actions, is_painting_told) for _ in range(repeats)]
        print(f"{count:,} {what}, {file.stat().st_size / 1e6:.1f} MB, best of {repeats}")
        for name in runs[0]:
            clock = min(run[name].clock for run in runs)
            processor = min(run[name].processor for run in runs)
            told = "" if name == FIRST_PAINT else "longest task "
            print(f"{name:16}{told}{clock:5.0f} ms, {processor:4.0f} ms of the processor")
        browser.close()
