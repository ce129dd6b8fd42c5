"""Reports in a real browser: the system's Chromium, driven by playwright.

A page that is opened here is watched. What it must not do is collected, and the test fails for it
at the end: an error on the console, an exception, a dialog, a request that leaves the file, and
anything that the page's Content-Security-Policy had to stop.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Playwright, Request

# Told by name when something is stopped, whatever the console says.
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} stopped ${event.blockedURI}`));
"""


def chromium() -> str | None:
    """The path of the system's Chromium, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """Start Chromium without a window."""
    return playwright.chromium.launch(
        executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    )


class Watched:
    """Opens reports in pages of its own, and collects what they must not do."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: list[Page] = []
        self.problems: list[str] = []

    def open(
        self,
        file: Path,
        *,
        view: str = "verdict",
        theme: str = "light",
        width: int = 1280,
        height: int = 800,
    ) -> Page:
        """Open a report and wait until the view is there. ``theme`` is what the system prefers."""
        page = self._browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        self._pages.append(page)
        page.set_default_timeout(15_000)
        self._watch(page, file.resolve().as_uri())
        page.goto(f"{file.resolve().as_uri()}#{view}")
        page.locator(f"#panel-{view}").wait_for()
        return page

    def close(self) -> None:
        for page in self._pages:
            page.close()

    def _watch(self, page: Page, address: str) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.problems.append(f"console: {message.text}")

        def request(request: Request) -> None:
            if request.url.split("#")[0] != address and not request.url.startswith("data:"):
                self.problems.append(f"request: {request.url}")

        def dialog(dialog: Dialog) -> None:
            self.problems.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("console", console)
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("request", request)
        page.on("dialog", dialog)
        page.add_init_script(_REPORT_VIOLATIONS)
