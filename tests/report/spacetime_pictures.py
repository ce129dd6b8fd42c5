"""The pictures of the space-time view in docs/images:

python -m tests.report.spacetime_pictures docs/images
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from nemesis.report import report_of, write_report
from tests.report.browser import Watched, chromium, launch
from tests.report.figure8 import figure8

HISTORIES = Path(__file__).parents[2] / "histories"
# The bug of Figure 8, shrunk.
BUG = "zoo-commit-of-old-term"


def main(target: Path) -> None:
    """Take all pictures."""
    path = chromium()
    if path is None:
        raise SystemExit("no Chromium here: install the package chromium")
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        bug, figure = folder / "bug.html", folder / "figure.html"
        write_report(report_of(HISTORIES / BUG), bug)
        write_report(figure8(folder), figure)
        browser = launch(playwright, path)
        watched = Watched(browser)
        for theme in ("light", "dark"):
            page = watched.open(bug, view="spacetime", theme=theme, height=780)
            page.wait_for_function("() => document.querySelector('.st-arrow')")
            page.screenshot(path=target / f"spacetime-{theme}.png")
            page = watched.open(figure, view="spacetime", theme=theme, height=760)
            page.keyboard.press("f")
            page.locator(".st-columns > li").first.wait_for()
            box = page.locator(".st-figure").bounding_box()
            assert box is not None
            page.screenshot(path=target / f"figure-8-{theme}.png", clip=box)
        assert watched.problems == []
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
