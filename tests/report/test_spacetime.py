"""Space-time in a browser: stepping, the nodes at each step, messages, and Figure 8."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect

from checker.invariants import Monitors
from checker.report.data import Band, Report
from checker.trace import read_trace
from nemesis.report import report_of
from nemesis.store import TRACE
from tests.report.conftest import Open
from tests.report.figure8 import DOWN, LEADERS, LOGS, figure8
from tests.report.made_up import FATES, long_run, of_fates

HISTORIES = Path(__file__).parents[2] / "histories"
ZOO = HISTORIES / "zoo-commit-of-old-term"


@pytest.fixture(scope="module")
def zoo() -> Report:
    return report_of(ZOO)


def at(page: Page) -> int:
    """So many events have happened at the cursor."""
    return int(page.locator("#panel-spacetime").get_attribute("data-place") or "")


def cards(page: Page) -> dict[str, dict[str, Any]]:
    """What the page says of the nodes: attributes of their rows, and the terms of their logs."""
    found: dict[str, dict[str, Any]] = page.evaluate(
        """() => Object.fromEntries(
            [...document.querySelectorAll(".st-cards tr[data-node]")].map((row) => [
                row.dataset.node,
                {
                    ...row.dataset,
                    log: [...row.querySelectorAll("td.box")].map((box) => Number(box.dataset.term)),
                    committed: row.querySelectorAll("td.committed").length,
                    volatile: row.querySelectorAll("td.volatile").length,
                },
            ]))"""
    )
    return found


def test_it_opens_at_the_violation_and_says_what_it_is(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    assert at(page) == 50
    expect(page.locator(".st-now .st-blame")).to_contain_text("committed entry 1 of term 1")
    expect(page.locator(".st-told")).to_have_text(
        "n1 receives n3's acknowledgement of entry 1 in term 2: it commits up to entry 1 and sends "
        "AppendEntries to n2."
    )
    expect(page.locator(".st-picture .st-violation")).to_have_count(1)
    expect(page.locator('.st-cards tr[data-node="n1"]')).to_have_class(re.compile("accused"))


def test_each_event_leaves_the_nodes_as_the_monitors_know_them(
    open_report: Open, zoo: Report
) -> None:
    page = open_report(zoo, view="spacetime")
    header, events = read_trace(ZOO / TRACE)
    monitors = Monitors(header.members)
    page.keyboard.press("Home")
    assert at(page) == 0
    for place, event in enumerate(events, start=1):
        monitors.observe(event)
        while at(page) < place:
            page.keyboard.press(".")
        for name, card in cards(page).items():
            node = monitors.cluster.node(name)
            if node.role is None:
                assert card["role"] in ("down", "not started")
                continue
            assert card["role"] == node.role
            assert int(card["term"]) == node.term
            assert int(card["commit"]) == node.commit_index
            assert card["log"] == node.terms[1:]
            assert card["committed"] == node.commit_index
            if not node.is_recovering:
                assert card["volatile"] == node.last_index - (node.durable_from - 1)


def test_keys_step_forwards_and_backwards(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    told = page.locator(".st-told")
    page.keyboard.press("Home")
    expect(told).to_have_text("Nothing has happened yet.")
    page.keyboard.press("ArrowRight")
    expect(told).to_contain_text("n1 starts in term 0")
    page.keyboard.press("ArrowRight")
    expect(told).to_contain_text("n2 starts in term 0")
    page.keyboard.press("ArrowLeft")
    expect(told).to_contain_text("n1 starts in term 0")
    # The whole way is as long forwards as backwards.
    page.keyboard.press("Home")
    forwards = [at(page)]
    while at(page) < 51:
        page.keyboard.press("ArrowRight")
        forwards.append(at(page))
    backwards = [at(page)]
    while at(page) > 0:
        page.keyboard.press("ArrowLeft")
        backwards.append(at(page))
    assert backwards[::-1] == forwards
    page.keyboard.press("End")
    assert at(page) == 51


@pytest.mark.parametrize("way", ["click", "key"])
def test_whoever_opens_the_view_can_step_at_once(open_report: Open, zoo: Report, way: str) -> None:
    page = open_report(zoo)
    if way == "click":
        page.get_by_role("tab", name="Space-time").click()
    else:
        page.keyboard.press("3")
    expect(page.locator("#panel-spacetime")).to_be_visible()
    before = at(page)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panel-spacetime")).to_be_visible()
    assert at(page) < before


def test_chapters_are_the_steps_of_the_schedule(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    page.keyboard.press("Home")
    places = []
    for _ in zoo.steps:
        page.keyboard.press("Shift+ArrowRight")
        places.append((page.locator(".st-where code").text_content(), at(page)))
    assert places == [
        ("start", 9),
        ("elect n1 [n2]", 21),
        ("replicate n1 [n3]", 28),
        ("crash n1", 29),
    ]
    assert [step.last for step in zoo.steps[:3]] == [21, 28, 29]
    expect(page.locator('.st-cards tr[data-node="n1"]')).to_have_attribute("data-role", "down")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    assert at(page) == 21


def test_one_click_leads_to_the_violation(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    page.keyboard.press("Home")
    page.get_by_role("button", name="Violation").click()
    assert at(page) == 50
    page.keyboard.press("Home")
    page.keyboard.press("v")
    assert at(page) == 50
    # And the words of the verdict do.
    page.keyboard.press("Home")
    page.get_by_role("tab", name="Verdict").click()
    page.locator("#panel-verdict a.link").first.click()
    expect(page.locator("#panel-spacetime")).to_be_visible()


def test_an_answer_that_fits_nowhere_is_found_by_its_time(open_report: Open) -> None:
    report = report_of(HISTORIES / "stale-read-linearizability-57")
    (failure,) = report.verdict.failures
    assert failure.event is None
    assert failure.time is not None
    _, events = read_trace(HISTORIES / "stale-read-linearizability-57" / TRACE)
    page = open_report(report, view="spacetime")
    page.keyboard.press("Home")
    page.get_by_role("button", name="Violation").click()
    assert at(page) == sum(event.time <= failure.time for event in events)
    expect(page.locator(".st-now .st-blame")).to_contain_text("linearizability")


def test_playing_ends_at_the_violation(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    page.get_by_label("Speed").select_option("20")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=15_000)
    assert at(page) == 50


def test_a_click_on_an_event_goes_there(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    page.locator(".st-picture .st-mark.crash").click()
    assert at(page) == 29
    expect(page.locator(".st-told")).to_have_text("n1 crashes.")
    page.locator(".st-picture .st-mark.leader").first.click()
    assert cards(page)["n1"]["role"] == "leader"


def test_what_became_of_messages_is_to_be_seen(open_report: Open) -> None:
    page = open_report(of_fates(), view="spacetime")
    shapes = page.evaluate(
        """() => [...document.querySelectorAll(".st-arrow[data-fate]")].map((arrow) => [
            arrow.dataset.fate,
            arrow.querySelector(".end").getAttribute("d").replace(/[-0-9. ]+/g, ""),
            getComputedStyle(arrow.querySelector(".line")).strokeDasharray,
            arrow.querySelectorAll("path, circle").length,
        ])"""
    )
    assert sorted(fate for fate, *_ in shapes) == sorted(FATES)
    # Without its colour, each is told from the others, but for those that were dropped.
    dropped = {tuple(shape) for fate, *shape in shapes if fate in ("lost", "cut", "down")}
    others = {tuple(shape) for fate, *shape in shapes if fate not in ("lost", "cut", "down")}
    assert len(dropped) == 1
    assert len(others) == 4
    assert not dropped & others
    lost = page.locator('.st-arrow[data-fate="lost"] .end')
    lost.hover(force=True)
    expect(page.locator(".st-tip")).to_have_text("message 3 is lost on its way to n2")


def test_figure_8_shows_the_logs_of_the_paper(open_report: Open, tmp_path: Path) -> None:
    page = open_report(figure8(tmp_path), view="spacetime")
    page.keyboard.press("f")
    columns = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".st-columns > li")].map((column) => [
            column.querySelector(".st-letter").textContent,
            [...column.querySelectorAll("tr[data-node]")].map((row) => ({
                node: row.dataset.node,
                role: row.dataset.role,
                log: [...row.querySelectorAll("td.box")].map((box) => box.dataset.term).join(" "),
            })),
        ]))"""
    )
    assert [*columns] == ["(start)", *LOGS]
    assert {row["log"] for row in columns["(start)"]} == {"1"}
    for letter, logs in LOGS.items():
        rows = columns[letter]
        assert tuple(row["log"] for row in rows) == logs
        assert [row["node"] for row in rows if row["role"] == "leader"] == [LEADERS[letter]]
        assert {row["node"] for row in rows if row["role"] == "down"} == DOWN[letter]
    violated = page.locator(".st-columns > li.violated")
    expect(violated).to_have_count(1)
    expect(violated).to_contain_text("committed entry 2 of term 3 by counting replicas")
    # A letter leads to its step.
    page.get_by_role("button", name="(c)").click()
    assert cards(page)["n1"]["log"] == [1, 2, 4]


def test_the_shrunk_counterexample_is_a_figure_too(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    page.get_by_role("button", name="Figure").click()
    columns = page.locator(".st-columns > li")
    expect(columns).to_have_count(2)
    expect(columns.nth(0)).to_contain_text("n1 leads term 1")
    expect(columns.nth(1)).to_contain_text("n1 leads term 2")
    expect(columns.nth(1)).to_have_class("violated")
    page.get_by_role("button", name="step", exact=True).click()
    expect(columns).to_have_count(5)


def test_axes_zoom_and_pan(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    times = page.locator(".st-axis text").all_text_contents()
    assert "24 · 75 ms" in times
    page.keyboard.press("t")
    expect(page.locator(".st-names .unit")).to_have_text("time")
    assert all(" · " not in text for text in page.locator(".st-axis text").all_text_contents())
    page.keyboard.press("t")
    expect(page.locator(".st-names .unit")).to_have_text("event")
    page.keyboard.press("Home")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(page.locator(".st-violation")).to_have_count(0)
    page.get_by_role("button", name="Fit").click()
    expect(page.locator(".st-violation")).to_have_count(1)


def test_names_and_entries_are_text_whatever_they_hold(open_report: Open) -> None:
    markup = "<img src=x onerror=alert(1)>"
    page = open_report(of_fates((markup, "n2", "n3")), view="spacetime")
    expect(page.locator(".st-cards tbody th").first).to_have_text(markup)
    page.keyboard.press("f")
    expect(page.locator(".st-figure tbody th").first).to_contain_text(markup)
    assert page.locator("img").count() == 0


def test_a_hundred_thousand_events_do_not_stall_it(open_report: Open) -> None:
    """Counted, not timed: of a long run only so many elements are drawn, near or from afar."""
    report = long_run(100_000)
    page = open_report(report, view="spacetime")
    assert report.trace is not None
    assert report.trace.total > 100_000
    elements = "() => document.querySelectorAll('.st-picture *').length"
    assert at(page) == 50_001
    counts = []
    for key in ("v", "0", "ArrowRight", "t", "0", *["+"] * 12):
        page.keyboard.press(key)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        counts.append(page.evaluate(elements))
    assert max(counts) < 3_000
    # All of it is to be seen, in its order and by time.
    assert max(counts[1], counts[2], counts[4]) < 900
    page.keyboard.press("End")
    last = cards(page)
    page.keyboard.press("Home")
    assert at(page) == 0
    page.keyboard.press("End")
    assert cards(page) == last
    assert last["n1"]["last"] == str(report.trace.index[-1])


def test_faults_that_last_are_bars_above_the_axis(open_report: Open) -> None:
    report = msgspec.structs.replace(
        of_fates(),
        bands=(
            Band(kind="partition", words="partition: isolate, around n1", start=0, end=3000),
            Band(kind="loss", words="loss: percent 5", start=1000, end=5000),
            Band(kind="pause", words="pause: n2", start=2000, end=4000, nodes=(1,)),
        ),
    )
    page = open_report(report, view="spacetime")
    bars = page.locator(".st-fault")
    expect(bars).to_have_count(2)
    expect(bars.nth(0)).to_contain_text("partition: isolate, around n1")
    tops = [bar["y"] for bar in map(Locator.bounding_box, bars.locator("rect").all()) if bar]
    assert len(set(tops)) == 2
    paused = page.locator(".st-pause")
    expect(paused).to_have_count(1)
    line = page.locator(".st-names text", has_text="n2").bounding_box()
    box = paused.bounding_box()
    assert line
    assert box
    assert box["y"] < line["y"] + line["height"] / 2 < box["y"] + box["height"]


def test_the_help_names_the_keys_of_the_page_of_documents(open_report: Open, zoo: Report) -> None:
    page = open_report(zoo, view="spacetime")
    document = (HISTORIES.parent / "docs" / "space-time.md").read_text()
    keys = document.split("## Keys")[1].split("##")[0]
    page.keyboard.press("?")
    for key in (
        page.locator("dialog section", has_text="Space-time").locator("kbd").all_text_contents()
    ):
        assert key in keys
