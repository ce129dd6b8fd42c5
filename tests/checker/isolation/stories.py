"""Short histories in a notation of their own, and checking with every anomaly verified.

    story("0-9 ok: r x 1 2; a x 3", "1-5 fail: w y 4", "6-7 p3: r z nil")

A transaction runs from one moment to another; the outcome is ``ok`` unless it says otherwise, and
each has a process of its own unless it names one. ``r x`` alone reads an empty list.
"""

from __future__ import annotations

from typing import Any

from checker.history import Event, History
from checker.isolation import IsolationResult, check, verify

_WRITES = {"a": "append", "w": "w"}


def story(*lines: str) -> History:
    """The history of these transactions."""
    rows: list[tuple[float, int, str, int | str, Any]] = []
    for number, line in enumerate(lines):
        head, text = line.split(":")
        times, *words = head.split()
        start, end = map(float, times.split("-"))
        process: int | str = next((word for word in words if word[0] == "p"), 100 + number)
        outcome = next((word for word in words if word[0] != "p"), "ok")
        lists = any(" a " in f" {each}" for each in lines) or "w " not in " ".join(lines)
        smalls = [_small(each.split(), lists) for each in text.split(";")]
        asked = [[f, key, None if f == "r" else value] for f, key, value in smalls]
        rows.append((start, 2 * number, "invoke", process, asked))
        rows.append((end, 2 * number + 1, outcome, process, smalls if outcome == "ok" else asked))
    rows.sort(key=lambda row: row[:2])
    return History(
        Event(index, process, type_, "txn", None, value)
        for index, (_, _, type_, process, value) in enumerate(rows)
    )


def _small(words: list[str], lists: bool) -> list[Any]:
    f, key, *values = words
    if f != "r":
        return [_WRITES[f], key, int(values[0])]
    if lists:
        return [f, key, list(map(int, values))]
    return [f, key, None if values == ["nil"] else int(values[0])]


def checked(history: History, workload: Any = "list-append", **options: Any) -> IsolationResult:
    """Check a history, and verify each anomaly that is found."""
    result = check(history, workload, **options)
    for anomaly in result.anomalies:
        verify(history, anomaly)
    return result
