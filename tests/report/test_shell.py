"""The frame of a report: views, keys, themes, and that nothing leaves the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from checker.report.data import Report, Span, VerdictShown
from checker.report.html import page as page_of
from tests.report.browser import Watched
from tests.report.conftest import Open

PARAGRAPH = (Span(text="Every promise was kept."),)
EMPTY = Report(
    title="a run",
    subject="the healthy Raft, simulated",
    end=1_000,
    verdict=VerdictShown(validity="valid", paragraph=PARAGRAPH),
)


def test_the_heading_says_what_was_run_and_how_it_ended(open_report: Open) -> None:
    page = open_report(EMPTY)
    expect(page.get_by_role("heading", level=1)).to_have_text("a run")
    expect(page.locator(".badge")).to_have_text("valid")
    assert page.title() == "a run · valid"


def test_views_are_tabs_and_the_address_names_the_one_that_is_shown(open_report: Open) -> None:
    page = open_report(EMPTY)
    page.get_by_role("tab", name="Plots").click()
    expect(page.get_by_role("tab", name="Plots")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#panel-plots")).to_be_visible()
    expect(page.locator("#panel-verdict")).to_be_hidden()
    assert page.url.endswith("#plots")
    page.go_back()
    expect(page.locator("#panel-verdict")).to_be_visible()


def test_all_can_be_reached_with_the_keyboard(open_report: Open) -> None:
    page = open_report(EMPTY)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the view")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#view")).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator("#panel-timeline")).to_be_visible()
    expect(page.locator("#view")).to_be_focused()
    page.get_by_role("tab", name="Timeline").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Space-time")).to_be_focused()
    expect(page.locator("#panel-spacetime")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator("#panel-verdict")).to_be_visible()


def test_help_opens_with_a_key_and_closes_with_another(open_report: Open) -> None:
    page = open_report(EMPTY)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_the_systems_until_it_is_switched(open_report: Open, theme: str) -> None:
    page = open_report(EMPTY, theme=theme)
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", theme)
    page.keyboard.press("d")
    expect(root).to_have_attribute("data-theme", "light" if theme == "dark" else "dark")


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("<script>alert(1)</script>", "policy: script-src-elem"),
        ('<img src="https://example.invalid/a.png">', "policy: img-src"),
        ('<link rel="stylesheet" href="https://example.invalid/a.css">', "policy: style-src"),
    ],
)
def test_what_a_page_must_not_do_is_noticed(
    browser: Browser, tmp_path: Path, planted: str, found: str
) -> None:
    """The watch itself, on a page into which markup got: the policy stops it, and a test would fail."""
    file = tmp_path / "report.html"
    file.write_text(page_of(EMPTY).replace("</noscript>", "</noscript>" + planted))
    watched = Watched(browser)
    watched.open(file)
    watched.close()
    assert any(found in problem for problem in watched.problems), watched.problems
