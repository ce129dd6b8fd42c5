"""docs/zoo.md is what is made of the record that its table holds."""

from __future__ import annotations

import re
from pathlib import Path

from nemesis.zoo.page import zoo_page
from nemesis.zoo.record import Record, Row
from raft.bugs import BUGS

PAGE = (Path(__file__).parents[2] / "docs" / "zoo.md").read_text()
ROW = re.compile(r"^\| \[(.+?)\]\(bugs/\1\.md\) \| (.*) \|$", re.MULTILINE)


def number(cell: str) -> float | None:
    return float(cell.replace(",", "")) if cell else None


def whole(cell: str) -> int | None:
    value = number("" if cell == "missed" else cell)
    return None if value is None else int(value)


def row(name: str, cells: list[str]) -> Row:
    found, hunts = cells[0].split(" of ")
    return Row(
        bug=name,
        hunts=int(hunts),
        found=int(found),
        executions=number(cells[1]),
        executions_worst=whole(cells[2]),
        seconds=float(cells[3]),
        seconds_worst=float(cells[4]),
        convicted_by=dict.fromkeys(cells[5].split(", "), 1),
        steps=number(cells[6]),
        steps_worst=whole(cells[7]),
        shrink_seconds=number(cells[8]),
        shrink_seconds_worst=None,
        others={},
        false_alarms=(),
    )


def record_on(page: str) -> Record:
    """What the page was made of, as far as it tells."""
    told = re.search(r"within ([\d,]+) executions;.* took ([\d.]+) minutes with (\d+) pro", page)
    assert told is not None
    return Record(
        strategy="ensemble",
        budget=int(told[1].replace(",", "")),
        rows=tuple(row(name, cells.split(" | ")) for name, cells in ROW.findall(page)),
        seconds=60 * float(told[2]),
        jobs=int(told[3]),
        version="",
    )


def test_the_page_is_what_is_made_of_its_record() -> None:
    record = record_on(PAGE)
    assert [each.bug for each in record.rows] == sorted(BUGS)
    assert zoo_page(record) == PAGE
