"""Whatever a history holds is text: nothing of it becomes markup, and nothing runs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from playwright.sync_api import expect

from checker.report.data import Report, Span
from tests.report.conftest import Open
from tests.report.samples import invalid

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    '"><svg onload=alert(4)>',
    "<!--<script>",
    "javascript:alert(5)",
    "\u2028alert(6)\u2029",
    "' onmouseover='alert(7)",
]


def hostile(report: Report) -> Report:
    """The report with each text in it, wherever it came from, followed by something hostile."""
    turn = iter(HOSTILE * 1000)

    def poison(value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return value if name in ("validity", "unit") else f"{value} {next(turn)}"
        if isinstance(value, list):
            return [poison(each) for each in value]
        if isinstance(value, dict):
            return {key: poison(each, key) for key, each in value.items()}
        return value

    return msgspec.convert(poison(msgspec.to_builtins(report)), Report)


@pytest.mark.parametrize("view", ["verdict", "timeline", "spacetime", "plots"])
def test_nothing_of_a_hostile_history_is_executed(open_report: Open, view: str) -> None:
    """That no dialog opens, no error is told and no request is made is seen by the watch."""
    page = open_report(hostile(invalid()), view=view)
    page.wait_for_timeout(150)
    assert page.locator("script").count() == 2
    assert (
        page.locator("#app img, #app svg[onload], #app [onerror], #app [onmouseover]").count() == 0
    )


def test_markup_is_shown_as_it_was_written(open_report: Open) -> None:
    report = hostile(invalid())
    page = open_report(report)
    assert any(text in page.locator(".headline").inner_text() for text in HOSTILE[:4])
    page.keyboard.press("2")
    page.locator(".picture").focus()
    page.keyboard.press("ArrowRight")
    assert any(text in page.locator(".details").inner_text() for text in HOSTILE[:6])
    page.mouse.move(300, 230)
    expect(page.get_by_role("combobox", name="Key").locator("option")).to_have_count(3)


def test_a_title_of_markup_stays_a_title(open_report: Open) -> None:
    report = invalid()
    fields = {name: getattr(report, name) for name in report.__struct_fields__}
    verdict = type(report.verdict)(
        validity="invalid", paragraph=(Span(text="</noscript><script>alert(8)</script>"),)
    )
    page = open_report(
        Report(**fields | {"title": "</title><script>alert(9)</script>", "verdict": verdict})
    )
    assert page.title().startswith("</title><script>alert(9)</script>")
    assert page.locator("script").count() == 2
