"""Results: their words, their JSON, the verification of their evidence, and errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from checker.history import Event, History, HistoryError
from checker.isolation import (
    LEVELS,
    Anomaly,
    EvidenceError,
    UnknownLevelError,
    as_json,
    as_lines,
    check,
    implies,
    verify,
)
from tests.checker.isolation.simulate import simulate
from tests.checker.isolation.stories import checked, story
from tests.checker.isolation.test_anomalies import LISTS, REGISTERS

CASES = [("list-append", case) for case in LISTS] + [("rw-register", case) for case in REGISTERS]


def test_lines() -> None:
    history = story("0-9 p1: a x 1; a x 2", "0-9 p2: a x 3; a y 1", "0-9 p3: r y 1; r x 1 2")
    assert as_lines(checked(history)) == [
        "strict-serializable: invalid",
        "3 committed transactions, 4 dependencies (list-append)",
        "found: OTV (1), G-single (1)",
        "weakest level violated: monotonic-atomic-view",
        "strongest level that may hold: strong-read-committed",
        "",
        "OTV: observed transaction vanishes: seen by one read, missed by a later one",
        "  T1 = event 2, process p3: r 'y' -> [1], r 'x' -> [1, 2]",
        "  T2 = event 1, process p2: append 'x' 3, append 'y' 1",
        "  - T1 read 'y' with T2's append of 1, and then 'x' without T2's append of 3",
        "",
        "G-single: read skew: a transaction missed a write that came before it",
        "  T1 = event 1, process p2: append 'x' 3, append 'y' 1",
        "  T2 = event 2, process p3: r 'y' -> [1], r 'x' -> [1, 2]",
        "  - wr: T2 read 'y' with T1's append of 1",
        "  - rw: T2 read 'x' up to 2, without T1's append of 3",
    ]


@pytest.mark.parametrize(("workload", "case"), CASES, ids=str)
def test_lines_and_json_of_every_kind(workload: str, case: Any) -> None:
    kinds, lines, *_ = case
    result = checked(story(*lines), workload)
    text = "\n".join(as_lines(result))
    assert all(kind in text for kind in kinds.split())
    data = json.loads(json.dumps(as_json(result)))
    assert {each["kind"] for each in data["anomalies"]} == set(kinds.split())
    assert data["verdict"] == "invalid"
    json.dumps([failure.evidence for failure in result.verdict.failures])


def test_lines_are_few() -> None:
    for seed in range(3):
        history = simulate(Random(seed), "read-uncommitted", fail=0.2, info=0.1)
        lines = as_lines(checked(history))
        assert 20 < len(lines) <= 40
        assert max(map(len, lines)) <= 160


def corrupted(anomaly: Anomaly, transactions: int) -> Iterator[Anomaly]:
    """The anomaly with one of its claims changed."""
    who = anomaly.transactions
    for at in range(len(who)):
        yield replace(
            anomaly, transactions=(*who[:at], (who[at] + 1) % transactions, *who[at + 1 :])
        )
    for at, step in enumerate(anomaly.steps):
        changes: list[Any] = [step._replace(target=(step.target + 1) % transactions)]
        changes += [step._replace(kind=kind) for kind in ("ww", "wr", "rw") if kind != step.kind]
        if step.key is not None:
            changes.append(step._replace(key="nowhere"))
        if step.rule in ("read", "order"):
            changes.append(step._replace(before=77))
        if step.rule not in ("read", "process", "realtime"):
            changes.append(step._replace(after=77))
        for change in changes:
            yield replace(anomaly, steps=(*anomaly.steps[:at], change, *anomaly.steps[at + 1 :]))
    if anomaly.key is not None:
        yield replace(anomaly, key="nowhere")
    for name, value in anomaly.facts.items():
        if name in ("element", "before", "after", "missed"):
            yield replace(anomaly, facts={**anomaly.facts, name: 77 if value != 77 else 78})


# What stays true if a transaction is taken for the next one: read twice, or written by both.
@pytest.mark.parametrize(("workload", "case"), CASES, ids=str)
def test_corrupted_evidence_is_refused(workload: str, case: Any) -> None:
    _, lines, *_ = case
    # Two idle transactions, which nothing can be said of.
    history = story(
        *(
            word
            for line in lines
            for word in (
                line,
                "0-9 info: a z 1" if workload == "list-append" else "0-9 info: w z 1",
            )
        )
    )
    result = checked(history, workload)
    refused = 0
    for anomaly in result.anomalies:
        for bad in corrupted(anomaly, len(history.operations())):
            with pytest.raises(EvidenceError):
                verify(history, bad)
            refused += 1
    assert refused >= 2


def test_evidence_is_of_its_own_history() -> None:
    for workload, (_, lines, at, line) in CASES:
        mended = story(*lines[:at], line, *lines[at + 1 :])
        for anomaly in checked(story(*lines), workload).anomalies:
            with pytest.raises((EvidenceError, IndexError)):
                verify(mended, anomaly)


def test_levels() -> None:
    for level in LEVELS:
        assert implies("strict-serializable", level)
        assert implies(level, "read-uncommitted")
    assert not implies("snapshot-isolation", "repeatable-read")
    with pytest.raises(UnknownLevelError, match="did you mean 'serializable'"):
        check(History(()), level="serialisable")
    with pytest.raises(ValueError, match="there is no workload 'bank'"):
        check(History(()), "bank")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("f", "asked", "told", "message"),
    [
        ("txn", [["w", "x", 1]], [["w", "x", 1]], "must be"),
        ("txn", [["r", "x"]], [["r", "x"]], "must be"),
        ("txn", None, None, "must be a list"),
        ("txn", [["r", "x", None]], [["r", "y", [1]]], "operations of its invocation"),
        ("txn", [["r", "x", None]], [], "operations of its invocation"),
        ("txn", [["append", "x", 1]], [["append", "x", 2]], "says that it wrote 2"),
        ("txn", [["append", "x", 1]], [["append", "x", True]], "says that it wrote True"),
        ("txn", [["r", "x", None]], [["r", "x", 1]], "answers a list"),
        ("cas", [1, 2], [1, 2], "knows txn"),
    ],
)
def test_errors_name_the_event(f: str, asked: Any, told: Any, message: str) -> None:
    events = [Event(5, 0, "invoke", f, None, asked), Event(6, 0, "ok", f, None, told)]
    with pytest.raises(HistoryError, match=message) as caught:
        check(History(events, source="here.jsonl", lines=[3, 4]))
    assert str(caught.value).startswith("here.jsonl:3: ")
    with pytest.raises(HistoryError, match=message):
        check(History(events).operations())


def test_values_that_python_thinks_equal_differ() -> None:
    def history(*reads: Any) -> History:
        rows: list[tuple[Any, Any]] = [
            ([["append", "x", v]], [["append", "x", v]]) for v in (1, True, [1, 2.0])
        ]
        rows.append(([["r", "x", None]], [["r", "x", list(reads)]]))
        return History(
            Event(2 * at + half, at, type_, "txn", None, rows[at][half])
            for at in range(4)
            for half, type_ in enumerate(("invoke", "ok"))
        )

    assert checked(history(1, True, [1, 2.0])).counts == {}
    wrong = checked(history(True, 1, [1, 2.0]))
    assert set(wrong.counts) == {"G0-realtime"}
    assert "True" in wrong.anomalies[0].message
    assert set(checked(history(1, True, [1, 2])).counts) >= {"garbage-read"}
