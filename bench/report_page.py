"""What a report costs in the browser: one of 100,000 operations, in the system's Chromium.

    python bench/report_page.py [OPERATIONS] [REPEATS]

First paint of the timeline: from opening the file to the first frame with the bars, the whole page
read, parsed and drawn. Then the timeline is zoomed and moved, and every late frame counts as a
stall: the longest gap between two frames, and the longest task of the page's own. Each figure
is the best of some repeats. Chromium draws without a graphics card here.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from checker.report.html import page as page_of
from tests.report.browser import chromium, launch
from tests.report.large import large

# Frames and tasks, told from before the page's own code runs.
WATCH = """
window.bench = { frames: [], tasks: [] };
const frame = (now) => { window.bench.frames.push(now); requestAnimationFrame(frame); };
requestAnimationFrame(frame);
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) window.bench.tasks.push(each.duration);
}).observe({ type: "longtask", buffered: true });
"""
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
RESET = "() => { window.bench.frames = []; window.bench.tasks = []; }"
WORST = """() => {
  const { frames, tasks } = window.bench;
  const gaps = frames.slice(1).map((now, at) => now - frames[at]);
  return [Math.max(0, ...gaps), Math.max(0, ...tasks)];
}"""


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


def measure(browser: Browser, file: Path) -> dict[str, tuple[float, float]]:
    """Milliseconds: the first paint twice, then of each action the longest gap and task."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(WATCH)
    page.goto(f"{file.as_uri()}#timeline")
    page.wait_for_timeout(500)
    first = float(page.evaluate(FIRST_PAINT))
    found = {"first paint": (first, first)}
    for name, act in ACTIONS:
        page.evaluate(RESET)
        act(page)
        page.wait_for_timeout(100)
        gap, task = page.evaluate(WORST)
        found[name] = (float(gap), float(task))
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
        print(f"first paint       {min(run['first paint'][0] for run in runs):6.0f} ms")
        for name, _ in ACTIONS:
            gap = min(run[name][0] for run in runs)
            task = min(run[name][1] for run in runs)
            told = f"longest task {task:4.0f} ms" if task else "no task over 50 ms"
            print(f"{name:16}  longest gap between frames {gap:4.0f} ms, {told}")
        browser.close()


if __name__ == "__main__":
    main()
