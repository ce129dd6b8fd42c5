"""Each kind of anomaly in a history as small as can be, and the same history with it mended."""

from __future__ import annotations

from typing import Any

import pytest

from checker.isolation import CYCLES, DIRECT, SUFFIXES, forbids
from checker.verdict import Validity
from tests.checker.isolation.stories import checked, story

# (what is found, the history, the line that mends it, its number)
Case = tuple[str, tuple[str, ...], int, str]

LISTS: list[Case] = [
    (
        "G0",
        ("0-9: a x 1; a y 1", "0-9: a x 2; a y 2", "0-9: r x 1 2; r y 2 1"),
        2,
        "0-9: r x 1 2; r y 1 2",
    ),
    ("G0-process", ("0-1 p1: a x 1", "2-3 p1: a x 2", "0-9: r x 2 1"), 2, "0-9: r x 1 2"),
    ("G0-realtime", ("0-1: a x 1", "2-3: a x 2", "0-9: r x 2 1"), 0, "0-3: a x 1"),
    ("G1a", ("0-9 fail: a x 1", "0-9: r x 1"), 0, "0-9: a x 1"),
    ("G1a", ("0-9 fail: a x 1", "0-9: r x 1"), 0, "0-9 info: a x 1"),
    ("G1b G-single", ("0-9: a x 1; a x 2", "0-9: r x 1"), 1, "0-9: r x 1 2"),
    ("G1c", ("0-9: a x 1; r y 1", "0-9: a y 1; r x 1"), 0, "0-9: a x 1; r y"),
    ("G1c-process", ("0-1 p1: r x 1", "2-3 p1: a x 1"), 0, "0-1 p1: r x"),
    ("G1c-realtime", ("0-1: r x 1", "2-3: a x 1"), 0, "0-2.5: r x 1"),
    ("G-single", ("0-9: a x 1; a y 1", "0-9: r x; r y 1"), 1, "0-9: r x 1; r y 1"),
    ("G-single-process", ("0-1 p1: a x 1", "2-3 p1: r x"), 1, "2-3 p1: r x 1"),
    ("G-single-realtime", ("0-1: a x 1", "2-3: r x"), 0, "0-3: a x 1"),
    (
        "G-nonadjacent",
        ("0-9: a x 1", "0-9: a y 1", "0-9: r x; r y 1", "0-9: r x 1; r y"),
        3,
        "0-9: r x 1; r y 1",
    ),
    (
        "G-nonadjacent-process",
        ("0-9: a x 1", "0-9: r x 1; r y", "2-3 p1: a y 1", "4-5 p1: r x"),
        3,
        "4-5 p1: r x 1",
    ),
    (
        "G-nonadjacent-realtime",
        ("0-9: a x 1", "0-9: r x 1; r y", "2-3: a y 1", "4-5: r x"),
        2,
        "2-5: a y 1",
    ),
    ("G2-item", ("0-9: r x; a y 1", "0-9: r y; a x 1"), 1, "0-9: r y 1; a x 1"),
    ("G2-item-process", ("0-9: a x 1; r y", "2-3 p1: a y 1", "4-5 p1: r x"), 2, "4-5 p1: r x 1"),
    ("G2-item-realtime", ("0-9: a x 1; r y", "2-3: a y 1", "4-5: r x"), 1, "2-5: a y 1"),
    (
        "lost-update G-single",
        ("0-9: r x; a x 1", "0-9: r x; a x 2", "0-9: r x 1 2"),
        1,
        "0-9: r x 1; a x 2",
    ),
    ("lost-update G2-item", ("0-9: r x; a x 1", "0-9: r x; a x 2"), 1, "0-9: r x 1; a x 2"),
    ("OTV G-single", ("0-9: a x 1; a y 1", "0-9: r y 1; r x"), 1, "0-9: r y 1; r x 1"),
    ("internal", ("0-9: a x 1; r x", "0-9: a y 1", "0-9: r y 1"), 0, "0-9: a x 1; r x 1"),
    ("internal G-single", ("0-9: r x; r x 1", "0-9: a x 1"), 0, "0-9: r x 1; r x 1"),
    ("internal", ("0-9: a x 1; r x 1 1", "0-9: r x 1"), 0, "0-9: a x 1; r x 1"),
    ("garbage-read", ("0-9: r x 1 7", "0-9: a x 1"), 0, "0-9: r x 1"),
    ("future-read", ("0-9: r x 1; a x 1", "0-9: r x 1"), 0, "0-9: r x; a x 1"),
    ("duplicate-elements", ("0-9: a x 1", "0-9: r x 1 1"), 1, "0-9: r x 1"),
    (
        "incompatible-order",
        ("0-9: a x 1", "0-9: a x 2", "0-9: r x 1 2", "0-9: r x 2"),
        3,
        "0-9: r x 1",
    ),
    ("disordered-writes G1b", ("0-9: a x 1; a x 2", "0-9: r x 2 1"), 1, "0-9: r x 1 2"),
    ("disordered-writes", ("0-9: a x 1; a x 2", "0-9: r x 2"), 1, "0-9: r x 1 2"),
    ("dirty-update G1a", ("0-9 fail: a x 1", "0-9: a x 2", "0-9: r x 1 2"), 0, "0-9: a x 1"),
]

REGISTERS: list[Case] = [
    ("G1a", ("0-9 fail: w x 1", "0-9: r x 1"), 0, "0-9: w x 1"),
    ("G1b", ("0-9: w x 1; w x 2", "0-9: r x 1"), 1, "0-9: r x 2"),
    ("G1c", ("0-9: w x 1; r y 1", "0-9: w y 1; r x 1"), 0, "0-9: w x 1; r y nil"),
    ("G1c-process", ("0-1 p1: r x 1", "2-3 p1: w x 1"), 0, "0-1 p1: r x nil"),
    ("G1c-realtime", ("0-1: r x 1", "2-3: w x 1"), 0, "0-2.5: r x 1"),
    ("G-single", ("0-9: w x 1; w y 1", "0-9: r x nil; r y 1"), 1, "0-9: r x 1; r y 1"),
    ("G-single-process", ("0-1 p1: w x 1", "2-3 p1: r x nil"), 1, "2-3 p1: r x 1"),
    ("G-single-realtime", ("0-1: w x 1", "2-3: r x nil"), 0, "0-3: w x 1"),
    ("G-single-realtime", ("0-1: w x 1", "2-3: w x 2", "4-5: r x 1"), 2, "4-5: r x 2"),
    (
        # That 3 missed 2 is known by time only: 1 was written before 2 began.
        "G-single-realtime",
        ("0-1: w x 1", "2-9: w x 2; w y 2", "3-8: r x 1; r y 2"),
        0,
        "0-3: w x 1",
    ),
    (
        "G-nonadjacent",
        ("0-9: w x 1", "0-9: w y 1", "0-9: r x nil; r y 1", "0-9: r x 1; r y nil"),
        3,
        "0-9: r x 1; r y 1",
    ),
    ("G2-item", ("0-9: r x nil; w y 1", "0-9: r y nil; w x 1"), 1, "0-9: r y 1; w x 1"),
    ("lost-update G2-item", ("0-9: r x nil; w x 1", "0-9: r x nil; w x 2"), 1, "0-9: r x 1; w x 2"),
    ("OTV G-single", ("0-9: w x 1; w y 1", "0-9: r y 1; r x nil"), 1, "0-9: r y 1; r x 1"),
    ("internal", ("0-9: w x 1; r x nil", "0-9: w y 1", "0-9: r y 1"), 0, "0-9: w x 1; r x 1"),
    ("garbage-read", ("0-9: r x 7", "0-9: r y 1", "0-9: w y 1"), 0, "0-9: r x nil"),
    ("future-read", ("0-9: r x 1; w x 1", "0-9: r x 1"), 0, "0-9: r x nil; w x 1"),
    (
        "cyclic-versions G1c",
        ("0-9: r x 1; w x 2", "0-9: r x 2; w x 1"),
        1,
        "0-9: r x nil; w x 1",
    ),
]


def _mended(lines: tuple[str, ...], at: int, line: str) -> tuple[str, ...]:
    return (*lines[:at], line, *lines[at + 1 :])


@pytest.mark.parametrize(
    ("workload", "case"),
    [("list-append", case) for case in LISTS] + [("rw-register", case) for case in REGISTERS],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_smallest_history(workload: str, case: Case) -> None:
    kinds, lines, at, line = case
    found = checked(story(*lines), workload)
    assert sorted(found.counts) == sorted(kinds.split())
    assert found.verdict.validity is Validity.INVALID
    assert found.verdict.kinds == set(kinds.split())
    clean = checked(story(*_mended(lines, at, line)), workload)
    assert clean.counts == {}
    assert clean.verdict.validity is Validity.VALID


def test_every_kind_has_its_smallest_history() -> None:
    shown = {kind for kinds, *_ in (*LISTS, *REGISTERS) for kind in kinds.split()}
    every = {*DIRECT, *(name + suffix for name in CYCLES for suffix in SUFFIXES)}
    assert shown == every


@pytest.mark.parametrize("case", LISTS, ids=lambda case: case[0])
def test_invalid_if_and_only_if_the_level_is_violated(case: Case) -> None:
    kinds, lines, *_ = case
    for level in ("read-uncommitted", "read-committed", "snapshot-isolation", "serializable"):
        result = checked(story(*lines), level=level)
        guilty = {kind for kind in kinds.split() if forbids(level, kind)}
        assert result.verdict.kinds == guilty
        assert set(result.counts) == set(kinds.split())


@pytest.mark.parametrize(
    ("history", "why"),
    [
        ((), "no transaction committed"),
        (("0-1 fail: a x 1", "0-1 info: a x 2"), "no transaction committed"),
        (("0-1: a x 1", "2-3: a x 2"), "nothing could be inferred"),
        (("0-1: a x 1", "2-3: a x 1", "4-5: r x 1"), "duplicate appends"),
    ],
)
def test_nothing_to_go_by_is_unknown(history: tuple[str, ...], why: str) -> None:
    result = checked(story(*history))
    assert result.verdict.validity is Validity.UNKNOWN
    assert any(why in reason for reason in result.verdict.reasons)


def test_duplicate_writes_of_a_register_are_unknown() -> None:
    result = checked(
        story("0-1: w x 1", "2-3: w x 1", "4-5: r x 1", "0-9: w y 1; r y 1"), "rw-register"
    )
    assert result.verdict.validity is Validity.UNKNOWN
    assert "duplicate writes" in result.verdict.reasons[0]


def test_duplicates_hide_nothing_on_other_keys() -> None:
    result = checked(story("0-1: a x 1", "0-1: a x 1", "0-9 fail: a y 1", "0-9: r y 1"))
    assert set(result.counts) == {"G1a"}
    assert result.verdict.validity is Validity.INVALID


def test_a_failed_write_tried_again_is_the_second_one() -> None:
    result = checked(story("0-1 fail: a x 1", "2-3: a x 1", "4-5: r x 1"))
    assert result.verdict.validity is Validity.VALID


def test_unknown_outcome_counts_only_if_seen() -> None:
    unseen = story("0-1 info: a x 1", "0-9: a y 1", "8-9: r y 1", "2-3: r x")
    assert checked(unseen).verdict.validity is Validity.VALID
    # Its append to y is seen, so that to x happened too.
    seen = story("0-1 info: a x 1; a y 1", "2-3: r y 1; r x")
    assert set(checked(seen).counts) == {"G-single", "OTV"}


def test_unread_appends_come_after_the_longest_read() -> None:
    # Nobody reads 2; but who reads [1] later than 2 was appended has missed it.
    lost = story("0-1: a x 1", "2-3: a x 2", "4-5: r x 1")
    assert set(checked(lost).counts) == {"G-single-realtime"}


def test_write_skew_is_allowed_under_snapshot_isolation() -> None:
    result = checked(story("0-9: r x; a y 1", "0-9: r y; a x 1"), level="snapshot-isolation")
    assert result.verdict.validity is Validity.VALID
    assert result.weakest_violated == ("repeatable-read",)
    assert result.strongest_possible == ("strong-snapshot-isolation",)


def test_promises_about_registers() -> None:
    # 1 and 2 are written blindly: only a promise orders them.
    history = story(
        *("0-9: w x 1; w y 1", "0-9: w x 2; w y 2"),
        *("0-1 p1: r x 1", "2-3 p1: r x 2", "0-1 p2: r y 2", "2-3 p2: r y 1"),
    )
    assert checked(history, "rw-register").counts == {}
    assert "G0" in checked(history, "rw-register", sequential_keys=True).counts
    assert "G0" in checked(history, "rw-register", linearizable_keys=True).counts


def test_cyclic_versions_by_promises() -> None:
    history = story("0-9: w x 1", "0-9: w x 2", "0-1: r x 1", "2-3: r x 2", "4-5: r x 1")
    assert checked(history, "rw-register").counts == {}
    assert checked(history, "rw-register", sequential_keys=True).counts == {}
    assert checked(history, "rw-register", linearizable_keys=True).verdict.failures
    assert "cyclic-versions" in checked(history, "rw-register", linearizable_keys=True).counts


def test_all_clean_cases_hold_as_singles() -> None:
    """The operations append and read of one key are transactions of one small operation."""
    from checker.history import Event, History

    def events(read: Any) -> History:
        rows = [("append", 1, 1), ("read", None, read)]
        return History(
            Event(2 * at + half, at, type_, f, "x", value)
            for at, (f, asked, told) in enumerate(rows)
            for half, (type_, value) in enumerate((("invoke", asked), ("ok", told)))
        )

    assert checked(events([1])).verdict.validity is Validity.VALID
    assert set(checked(events(None)).counts) == {"G-single-realtime"}
