"""What space-time costs in the browser: a trace of 100,000 events, in the system's Chromium.

    python bench/report_spacetime.py [EVENTS] [REPEATS]

The view is opened; then the reader steps, forwards and backwards, goes to both ends, steps while
all is to be seen, zooms by the wheel, and opens the figure of the logs. bench/page_cost.py says
what is told of each.
"""

from __future__ import annotations

from page_cost import Action, print_costs
from playwright.sync_api import Page

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


ACTIONS: tuple[Action, ...] = (
    ("open the view", opened),
    ("step", lambda page: press(page, *["ArrowRight"] * 20, *["ArrowLeft"] * 20)),
    ("both ends", lambda page: press(page, "Home", "End", "Home", "End", "v")),
    ("step, all seen", lambda page: press(page, "0", *["ArrowRight"] * 10)),
    ("zoom by wheel", zoom),
    ("by time", lambda page: press(page, "t", "0")),
    ("figure", lambda page: press(page, "f")),
)

if __name__ == "__main__":
    print_costs("events", long_run, "verdict", ACTIONS)
