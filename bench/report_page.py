"""What a report costs in the browser: one of 100,000 operations, in the system's Chromium.

    python bench/report_page.py [OPERATIONS] [REPEATS]

First paint of the timeline: from opening the file to the first frame with the bars, the whole page
read, parsed and drawn. Then the timeline is zoomed, moved and searched, and the plots are opened.
bench/page_cost.py says what is told of each.
"""

from __future__ import annotations

from page_cost import print_costs
from playwright.sync_api import Page

from tests.report.large import large


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

if __name__ == "__main__":
    print_costs("operations", large, "timeline", ACTIONS, is_painting_told=True)
