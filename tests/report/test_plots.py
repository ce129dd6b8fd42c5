"""The plots: which there are of a run, and that they move together."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from checker.report.data import Losses, Report
from tests.report.conftest import Open
from tests.report.large import large
from tests.report.samples import invalid, valid


@pytest.fixture(scope="module")
def busy() -> Report:
    """Three thousand operations under faults."""
    return large(3_000)


def titles(page: Page) -> list[str]:
    return page.locator(".plot h2").all_inner_texts()


def test_a_simulated_run_has_all_plots(open_report: Open) -> None:
    page = open_report(valid(), view="plots")
    assert {
        "Latency",
        "Latency quantiles",
        "Rate",
        "Terms and elections",
        "Messages dropped",
        "What faults did",
    } <= set(titles(page))
    expect(page.locator(".uplot canvas")).to_have_count(page.locator(".plot-place").count())


def test_a_history_without_a_trace_has_those_of_its_operations(
    open_report: Open, busy: Report
) -> None:
    page = open_report(busy, view="plots")
    assert titles(page) == [
        "Latency",
        "Latency quantiles",
        "Rate",
        "Clock skew",
        "What faults did",
        "Latency by function and type",
    ]


def test_a_history_without_times_has_none(open_report: Open, busy: Report) -> None:
    fields = {name: getattr(busy, name) for name in busy.__struct_fields__} | {
        "unit": "events",
        "skews": (),
    }
    page = open_report(Report(**fields), view="plots")
    expect(page.locator("#panel-plots")).to_contain_text("This history has no times")


def test_the_table_counts_every_operation_that_was_answered(
    open_report: Open, busy: Report
) -> None:
    page = open_report(busy, view="plots")
    page.locator(".latencies").wait_for()
    numbers = page.locator(".latencies tbody td:nth-child(2)").all_inner_texts()
    assert sum(int(number.replace(",", "")) for number in numbers) == 3_000


def test_dragging_over_one_plot_zooms_all(open_report: Open, busy: Report) -> None:
    page = open_report(busy, view="plots")
    whole = page.locator(".plots .range").inner_text()
    over = page.locator("#plot-latency .u-over").bounding_box()
    assert over is not None
    page.mouse.move(over["x"] + 100, over["y"] + 50)
    page.mouse.down()
    page.mouse.move(over["x"] + 200, over["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.locator(".plots .range")).not_to_have_text(whole)
    page.mouse.dblclick(over["x"] + 150, over["y"] + 50)
    expect(page.locator(".plots .range")).to_have_text(whole)


def test_plots_are_zoomed_and_moved_with_the_keyboard(open_report: Open, busy: Report) -> None:
    page = open_report(busy, view="plots")
    whole = page.locator(".plots .range").inner_text()
    page.keyboard.press("+")
    zoomed = page.locator(".plots .range").inner_text()
    assert zoomed != whole
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announcer")).not_to_have_text(f"Shown: {zoomed}")
    page.keyboard.press("0")
    expect(page.locator(".plots .range")).to_have_text(whole)


def test_plots_are_drawn_anew_when_the_theme_changes(open_report: Open, busy: Report) -> None:
    page = open_report(busy, view="plots")
    canvas = page.locator("#plot-rate canvas")
    canvas.wait_for()
    before = canvas.evaluate("each => each.toDataURL()")
    page.keyboard.press("d")
    changed = "before => document.querySelector('#plot-rate canvas')?.toDataURL() !== before"
    page.wait_for_function(changed, arg=before)


def test_quantiles_are_those_of_the_operations(open_report: Open) -> None:
    page = open_report(invalid(), view="plots")
    row = page.locator(".latencies tr", has_text="put ok")
    assert row.locator("td").all_inner_texts() == ["3", "3 ms", "4 ms", "4 ms", "4 ms"]


def test_elections_and_lost_messages_are_counted(open_report: Open) -> None:
    report = valid()
    assert report.messages is not None
    page = open_report(report, view="plots")
    expect(page.locator("#plot-terms")).to_contain_text(f"elected ({len(report.reigns)} times)")
    gone = {report.messages.fates.index(fate) for fate in ("lost", "cut", "down")}
    lost = sum(fate in gone for fate in report.messages.fate)
    told = f"{lost:,} of {len(report.messages.sent):,} messages never arrived"
    assert lost > 0
    expect(page.locator("#plot-messages")).to_contain_text(told)


def test_bytes_that_disks_lost_are_points(open_report: Open, busy: Report) -> None:
    fields = {name: getattr(busy, name) for name in busy.__struct_fields__}
    losses = Losses(time=(busy.end // 4, busy.end // 2), lost=(100, 1_100))
    page = open_report(Report(**{**fields, "losses": losses}), view="plots")
    assert "Bytes lost" in titles(page)
    expect(page.locator("#plot-bytes")).to_contain_text("1,200 bytes were written and not synced")
