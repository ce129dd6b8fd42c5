"""The verdict view: words that lead somewhere, and the counterexample step by step."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from checker.report.data import Report, VerdictShown
from tests.report.conftest import Open
from tests.report.samples import figure8, invalid, valid


@pytest.fixture(scope="module")
def stale() -> Report:
    """A history with a stale read."""
    return invalid()


def test_a_valid_run_says_that_it_is(open_report: Open) -> None:
    page = open_report(valid())
    expect(page.locator(".badge")).to_have_text("valid")
    expect(page.locator(".headline")).to_have_class("headline valid")
    expect(page.locator(".failure")).to_have_count(0)
    expect(page.get_by_role("heading", name="Figures")).to_be_visible()


def test_an_unknown_verdict_has_its_reasons(open_report: Open) -> None:
    verdict = VerdictShown(validity="unknown", paragraph=(), reasons=("nothing was attacked",))
    page = open_report(Report(title="idle", subject="", end=1, verdict=verdict))
    expect(page.locator(".headline li")).to_have_text("nothing was attacked")


def test_the_paragraph_leads_to_the_operations_it_names(open_report: Open, stale: Report) -> None:
    page = open_report(stale)
    page.locator(".paragraph a.link").first.click()
    expect(page.locator("#panel-timeline")).to_be_visible()
    expect(page.locator(".details")).to_contain_text("get x → '1'")


def test_the_counterexample_is_a_table_with_the_state_after_each_step(
    open_report: Open, stale: Report
) -> None:
    page = open_report(stale)
    rows = page.locator(".orders tbody tr")
    assert rows.nth(0).locator("td").last.inner_text() == "nil"
    assert "put x '1'" in rows.nth(1).inner_text()
    assert rows.nth(1).locator("td").last.inner_text() == "'1'"
    assert rows.nth(2).locator("td").last.inner_text() == "'2'"
    stuck = page.locator(".orders tr.stuck")
    expect(stuck).to_have_count(1)
    expect(stuck).to_contain_text("get x → '1'")
    expect(stuck).to_contain_text("does not fit: the state is '2', but it returned '1'")
    expect(page.locator(".diagram .bar")).to_have_count(3)
    expect(page.locator(".diagram .bar.stuck")).to_have_count(1)


def test_attempts_are_switched_with_the_keyboard_and_shown_in_the_timeline(
    open_report: Open, stale: Report
) -> None:
    found = stale.counterexample
    assert found is not None
    first = found.attempts[0]
    second = type(first)(steps=first.steps[:1], stuck=first.stuck)
    two = type(found)(
        **{name: getattr(found, name) for name in found.__struct_fields__}
        | {"attempts": (first, second)}
    )
    report = type(stale)(
        **{name: getattr(stale, name) for name in stale.__struct_fields__} | {"counterexample": two}
    )
    page = open_report(report)
    expect(page.locator(".orders tbody tr")).to_have_count(4)
    page.get_by_role("tab", name="1", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="2", exact=True)).to_be_focused()
    expect(page.locator(".orders tbody tr")).to_have_count(3)
    page.get_by_text("Show this attempt in the timeline").click()
    expect(page.get_by_role("combobox", name="Order")).to_have_value("1")


def test_a_raft_violation_names_its_promise_and_what_was_done(open_report: Open) -> None:
    page = open_report(figure8())
    expect(page.locator(".failure")).to_contain_text("own-term-commit")
    expect(page.locator(".failure .promise")).to_contain_text(
        "Only entries of its own term are committed by counting copies"
    )
    expect(page.locator(".steps li")).to_have_count(4)
    page.get_by_role("link", name="the nodes at that moment").click()
    expect(page.locator("#panel-spacetime")).to_be_visible()
