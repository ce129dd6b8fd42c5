"""The pictures of the report of a run in docs/images, made anew:

    python -m tests.report.run_pictures [DIRECTORY]

They show a bug of the zoo, a leader that answers reads without asking whether it still leads, as a
campaign met it. Needs the system's Chromium.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from checker.verdict import Validity
from nemesis.replay import judge_history
from nemesis.report import report_of, write_report
from nemesis.run import run
from nemesis.search.generate import Only, Size, generate
from nemesis.store import save
from raft.bugs.bug import get_bug
from tests.report.browser import chromium, launch

BUG = "stale-read"
SEED = 140
IMAGES = Path(__file__).parents[2] / "docs" / "images"


def make_report(file: Path) -> None:
    """Write the report of a run in which the bug shows."""
    only = Only(5, "kv", ("partition", "crash", "pause", "loss"))
    result = run(generate(SEED, Size(90, 9), only), get_bug(BUG).variant)
    if result.verdict.validity is not Validity.INVALID:
        sys.exit(f"{BUG} does not show with seed {SEED} any more: choose another one")
    saved = Path("store") / BUG
    save(saved, result, judge_history(result.history, result.model))
    write_report(report_of(saved), file)


def opened(browser: Browser, file: Path, view: str, theme: str, height: int) -> Page:
    page = browser.new_page(
        viewport={"width": 1200, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    page.goto(f"{file.resolve().as_uri()}#{view}")
    page.locator(f"#panel-{view}").wait_for()
    return page


def take(page: Page, file: Path) -> None:
    page.wait_for_timeout(300)
    page.screenshot(path=file)
    print(f"{file}: {file.stat().st_size:,} bytes")
    page.close()


def main(images: Path) -> None:
    """Take all pictures."""
    path = chromium()
    if path is None:
        sys.exit("no Chromium here: install the package chromium")
    images = images.resolve()
    images.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as directory, sync_playwright() as playwright:
        os.chdir(directory)
        report = Path("report.html")
        make_report(report)
        browser = launch(playwright, path)
        page = opened(browser, report, "verdict", "light", 1050)
        take(page, images / "report-verdict.png")
        for theme in ("light", "dark"):
            page = opened(browser, report, "timeline", theme, 560)
            page.wait_for_timeout(200)
            page.mouse.move(520, 320)
            for _ in range(3):
                page.mouse.wheel(0, -120)
            page.mouse.move(560, 320)
            suffix = "" if theme == "light" else "-dark"
            take(page, images / f"report-timeline{suffix}.png")
        take(opened(browser, report, "plots", "light", 800), images / "report-plots.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
