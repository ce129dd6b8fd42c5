"""The timeline: what it shows of operations, and how one moves about in it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from checker.report.data import Band, Operations, Reign, Report
from tests.report.conftest import Open
from tests.report.large import large
from tests.report.samples import figure8, invalid

# By row: what is in it, a bar an operation.
PUT_1, PUT_2, PUT_7, GET_2, GET_1, PUT_3 = range(6)


@pytest.fixture(scope="module")
def stale() -> Report:
    """A history of six operations, of which three cannot be ordered."""
    return invalid()


@pytest.fixture(scope="module")
def busy() -> Report:
    """Three thousand operations of twelve clients."""
    return large(3_000)


def picture(page: Page) -> None:
    """Focus the timeline, as Tab does."""
    page.locator(".picture").focus()


def details(page: Page) -> str:
    return page.locator(".details").inner_text()


def drawn_colours(page: Page, part: float = 1) -> set[str]:
    """The colours that the picture consists of above the strip at the bottom, in this part of its
    width, those of a few pixels left out."""
    return set(
        page.evaluate(
            """part => {
              const canvas = document.querySelector(".picture canvas");
              const copy = new OffscreenCanvas(canvas.width, canvas.height);
              const context = copy.getContext("2d", { willReadFrequently: true });
              context.drawImage(canvas, 0, 0);
              const { data } = context.getImageData(0, 0, copy.width * part, copy.height - 44);
              const counts = new Map();
              for (let at = 0; at < data.length; at += 4) {
                const name = `#${[0, 1, 2].map((each) => data[at + each].toString(16).padStart(2, "0")).join("")}`;
                counts.set(name, (counts.get(name) ?? 0) + 1);
              }
              return [...counts].filter(([, count]) => count > 8).map(([name]) => name);
            }""",
            part,
        )
    )


def colour(page: Page, name: str) -> str:
    read = "name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()"
    return str(page.evaluate(read, name))


def test_of_bars_that_share_a_pixel_the_rarest_kind_is_drawn(open_report: Open) -> None:
    """Before the first fault, operations take a fraction of a pixel, and few of them fail."""
    page = open_report(large(30_000), view="timeline")
    page.wait_for_timeout(100)
    assert {colour(page, name) for name in ("ok", "info", "fail")} <= drawn_colours(page, 0.2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_type_of_result_is_drawn_in_its_colour(
    open_report: Open, busy: Report, theme: str
) -> None:
    page = open_report(busy, view="timeline", theme=theme)
    page.wait_for_timeout(100)
    wanted = {colour(page, name) for name in ("ok", "info", "fail", "term-1")}
    assert len(wanted) == 4
    assert wanted <= drawn_colours(page)
    page.keyboard.press("d")
    page.wait_for_timeout(100)
    assert not {colour(page, "ok"), colour(page, "surface")} - drawn_colours(page)


def test_operations_are_selected_with_the_keyboard_and_told(
    open_report: Open, stale: Report
) -> None:
    page = open_report(stale, view="timeline")
    picture(page)
    page.keyboard.press("ArrowRight")
    assert "put x '1'" in details(page)
    expect(page.locator("#announcer")).to_have_text(
        re.compile(r"process 0: put x '1' \(ok\), 0.001 s to 0.005 s, 4 ms")
    )
    page.keyboard.press("ArrowRight")
    assert "get x → '2'" in details(page)
    page.keyboard.press("ArrowDown")
    assert "put x '2'" in details(page)
    page.keyboard.press("End")
    assert "put x '3'" in details(page)
    page.keyboard.press("Escape")
    assert "Select an operation" in details(page)


def test_a_pointer_over_a_bar_shows_the_operation(open_report: Open, stale: Report) -> None:
    page = open_report(stale, view="timeline")
    page.wait_for_timeout(100)
    box = page.locator(".picture").bounding_box()
    assert box is not None
    # The first operation of the first row lasts from 1 to 5 of 17 ms.
    x = box["x"] + 108 + (box["width"] - 116) * 3 / 17
    rows = page.evaluate("() => document.querySelector('.picture').getBoundingClientRect().top")
    for y in range(int(rows) + 30, int(rows) + 90, 4):
        page.mouse.move(x, y)
        if page.locator(".tooltip").is_visible():
            break
    expect(page.locator(".tooltip")).to_contain_text("put x '1'")
    page.mouse.click(x, y)
    assert "put x '1'" in details(page)


def test_search_finds_by_words_and_by_fields(open_report: Open, stale: Report) -> None:
    page = open_report(stale, view="timeline")
    page.keyboard.press("/")
    page.keyboard.type("PUT x")
    page.keyboard.press("Enter")
    expect(page.locator(".found")).to_have_text("1 of 3")
    page.keyboard.press("Enter")
    assert "put x '2'" in details(page)
    page.get_by_role("searchbox").fill("process:3")
    page.keyboard.press("Enter")
    assert "get x → '1'" in details(page)
    page.get_by_role("searchbox").fill("type:info")
    expect(page.locator(".found")).to_have_text("1")
    page.get_by_role("searchbox").fill("slower:3.5 put")
    expect(page.locator(".found")).to_have_text("1")
    page.get_by_role("searchbox").fill("nowhere")
    expect(page.locator(".found")).to_have_text("none")


def test_filters_leave_out_operations_and_empty_rows(open_report: Open, stale: Report) -> None:
    page = open_report(stale, view="timeline")
    announced = page.locator("#announcer")
    page.get_by_role("combobox", name="Key").select_option("y")
    expect(announced).to_have_text("1 operation in 1 row.")
    page.get_by_role("combobox", name="Key").select_option("all keys")
    page.get_by_role("combobox", name="Process").select_option("1")
    expect(announced).to_have_text("2 operations in 1 row.")
    page.get_by_role("combobox", name="Process").select_option("all processes")
    page.get_by_role("combobox", name="Function").select_option("get")
    expect(announced).to_have_text("2 operations in 2 rows.")
    page.get_by_role("combobox", name="Function").select_option("all functions")
    page.get_by_role("button", name="ok").click()
    expect(announced).to_have_text("1 operation in 1 row.")


def seen(page: Page) -> tuple[float, float]:
    """The time that is seen, in seconds."""
    found = re.match(r"([\d.]+) \u2013 ([\d.]+) s", page.locator(".timeline .range").inner_text())
    assert found is not None
    return float(found[1]), float(found[2])


def test_the_wheel_zooms_where_the_pointer_is(open_report: Open, busy: Report) -> None:
    page = open_report(busy, view="timeline")
    page.wait_for_timeout(100)
    box = page.locator(".picture").bounding_box()
    assert box is not None
    end = busy.end / 1e9
    assert seen(page)[0] == 0
    assert seen(page)[1] == pytest.approx(end, abs=0.01)
    part = 0.75
    page.mouse.move(box["x"] + 108 + (box["width"] - 116) * part, box["y"] + 200)
    page.mouse.wheel(0, -600)
    page.wait_for_timeout(100)
    start, stop = seen(page)
    assert stop - start < end * 0.6
    assert start + (stop - start) * part == pytest.approx(end * part, abs=end * 0.01)


def test_the_picture_is_moved_by_dragging_by_wheel_and_by_keys(
    open_report: Open, busy: Report
) -> None:
    page = open_report(busy, view="timeline")
    picture(page)
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_timeout(100)
    first = seen(page)
    page.keyboard.press("Shift+ArrowRight")
    by_key = seen(page)
    assert by_key[0] > first[0]
    box = page.locator(".picture").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 600, box["y"] + 250)
    page.mouse.down()
    page.mouse.move(box["x"] + 800, box["y"] + 250, steps=5)
    page.mouse.up()
    by_drag = seen(page)
    assert by_drag[0] < by_key[0]
    page.mouse.wheel(200, 0)
    page.wait_for_timeout(100)
    assert seen(page)[0] > by_drag[0]
    page.keyboard.press("0")
    page.wait_for_timeout(100)
    assert seen(page)[0] == 0


def test_the_strip_at_the_bottom_leads_to_a_time(open_report: Open, busy: Report) -> None:
    page = open_report(busy, view="timeline")
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    box = page.locator(".picture").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 30, box["y"] + box["height"] - 20)
    page.wait_for_timeout(100)
    assert seen(page)[1] == pytest.approx(busy.end / 1e9, abs=0.01)


def test_an_order_is_drawn_through_the_bars_when_there_is_one(
    open_report: Open, stale: Report
) -> None:
    page = open_report(stale, view="timeline")
    order = page.get_by_role("combobox", name="Order")
    expect(order).to_have_value("none")
    assert colour(page, "order") not in drawn_colours(page)
    order.select_option("attempt 1")
    page.wait_for_timeout(100)
    assert colour(page, "order") in drawn_colours(page)


def test_a_violation_is_marked_where_it_was_found(open_report: Open) -> None:
    page = open_report(figure8(), view="timeline")
    page.wait_for_timeout(100)
    assert colour(page, "violation") in drawn_colours(page)


def test_without_operations_the_view_says_so(open_report: Open) -> None:
    page = open_report(
        Report(title="none", subject="", end=1, verdict=invalid().verdict), view="timeline"
    )
    expect(page.locator("#panel-timeline")).to_contain_text("there are no operations to show")


def test_the_moment_of_an_event_that_is_selected_elsewhere_is_marked(open_report: Open) -> None:
    report = figure8()
    page = open_report(report)
    page.get_by_role("link", name="the nodes at that moment").click()
    page.keyboard.press("2")
    page.wait_for_timeout(100)
    marked = page.evaluate(
        """() => {
          const marks = document.querySelector(".picture .marks");
          const copy = new OffscreenCanvas(marks.width, marks.height);
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(marks, 0, 0);
          return context.getImageData(0, 0, copy.width, copy.height).data.some((each) => each > 0);
        }"""
    )
    assert marked


def tooltip_at(page: Page, part: float, rows: range, wanted: str) -> bool:
    """Whether the tooltip tells this somewhere in a column of the picture: at this part of the run,
    between these pixels from its top."""
    box = page.locator(".picture").bounding_box()
    assert box is not None
    for y in rows:
        page.mouse.move(box["x"] + 108 + (box["width"] - 116) * part, box["y"] + y)
        tooltip = page.locator(".tooltip")
        if tooltip.is_visible() and wanted in tooltip.inner_text():
            return True
    return False


def test_what_nobody_knows_the_end_of_goes_on_to_the_end_of_the_run(
    open_report: Open, stale: Report
) -> None:
    page = open_report(stale, view="timeline")
    page.wait_for_timeout(100)
    # It was answered at 9.5 of 17 ms; between 10 and 12 another of another row is under way.
    assert tooltip_at(page, 11 / 17, range(80, 160, 6), "put y '7' info: timed-out")
    assert tooltip_at(page, 16.5 / 17, range(80, 160, 6), "put y '7' info: timed-out")
    assert not tooltip_at(page, 11 / 17, range(80, 160, 6), "put x '1'")


def test_faults_and_leaders_tell_of_themselves(open_report: Open, busy: Report) -> None:
    fields = {name: getattr(busy, name) for name in busy.__struct_fields__}
    half, end = busy.end // 2, busy.end
    bands = (Band(kind="partition", words="n1 alone", start=0, end=half, nodes=(0,)),)
    reigns = (Reign(node=1, term=7, start=half, end=end),)
    page = open_report(Report(**fields | {"bands": bands, "reigns": reigns}), view="timeline")
    page.wait_for_timeout(100)
    above = range(28, 80, 5)
    assert tooltip_at(page, 0.25, above, "n1 alone")
    assert not tooltip_at(page, 0.75, above, "n1 alone")
    assert tooltip_at(page, 0.75, above, "n2 was leader of term 7")
    assert not tooltip_at(page, 0.25, above, "n2 was leader of term 7")


def test_a_history_without_times_has_a_timeline_of_its_events(
    open_report: Open, stale: Report
) -> None:
    assert stale.operations is not None
    columns = {name: getattr(stale.operations, name) for name in Operations.__struct_fields__}
    columns |= {"start": [0, 2, 3, 6, 8, 9], "end": [1, 4, 5, 7, 10, 11]}
    fields = {name: getattr(stale, name) for name in stale.__struct_fields__}
    fields |= {"unit": "events", "end": 11, "operations": Operations(**columns)}
    page = open_report(Report(**fields), view="timeline")
    picture(page)
    page.keyboard.press("ArrowRight")
    assert "from event 0 to event 1" in " ".join(details(page).split())
    expect(page.locator(".details .range")).to_have_text(re.compile("events 0 . 11"))
