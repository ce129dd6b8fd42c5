"""The paragraph of a verdict: it names what failed, in words that lead there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from checker.report.data import Report, Span, Words
from checker.report.sentences import Writer, paragraph
from checker.trace import (
    Appended,
    Committed,
    RoleChanged,
    SnapshotRestored,
    Started,
    VoteGranted,
)
from checker.verdict import Failure
from nemesis.describe.violation import PROMISES
from nemesis.report import report_of

HISTORIES = Path(__file__).parents[2] / "histories"
RUNS = sorted(path.parent.name for path in HISTORIES.glob("*/results.json"))


@cache
def report(name: str) -> Report:
    return report_of(HISTORIES / name)


def text(words: Words) -> str:
    return "".join(span.text for span in words)


def linked(words: Words) -> list[str]:
    return [span.text for span in words if span.node is not None]


@pytest.mark.parametrize("name", RUNS)
def test_every_saved_run_is_told_in_words_that_lead_somewhere(name: str) -> None:
    shown = report(name)
    first = shown.verdict.failures[0]
    words = shown.verdict.paragraph
    assert words == first.words
    assert first.promise is not None
    assert text(words).endswith(".")
    assert len(text(words)) > len(first.message)
    if first.kind == "linearizability":
        assert shown.counterexample is not None
        told = {span.operation for span in words}
        assert shown.counterexample.last in told
        assert set(first.operations) >= told - {None}
    else:
        named = set(linked(words))
        assert named
        # Each node that the monitor names leads to itself.
        assert named >= {node for node in shown.nodes if f"{node} " in f"{first.message} "}
    for span in words:
        assert span.node is None or shown.nodes[span.node] == span.text
        if span.event is not None:
            assert shown.trace is not None
            assert 0 <= span.event < shown.trace.total


def test_the_zoo_has_nearly_every_kind_of_failure() -> None:
    """Those that are missing are told below."""
    found = {failure.kind for name in RUNS for failure in report(name).verdict.failures}
    assert set(PROMISES) - found <= {"leader-append-only", "acknowledged-without-majority"}


@pytest.mark.parametrize(
    ("name", "begins", "holds"),
    [
        (
            "zoo-stale-vote-counted",
            "n2 and n1 both became leader of term 2.",
            "n2 was elected with the votes of n2 and n3, and n1 with the vote of n1. "
            "Nobody voted for both in term 2.",
        ),
        (
            "stale-read-linearizability-57",
            "Get of x by process 1 returned nil, but put of '1' on x by process 0 had completed "
            "before it began, which left the state '1'.",
            "It became impossible when get of x by process 1 was answered, 482.369 ms",
        ),
        (
            "zoo-commit-of-old-term",
            "n1, leader of term 2, committed entry 1 of term 1 by counting replicas.",
            "Entry 1 (no-op of term 1) was in the logs of n1 and n3",
        ),
        (
            "vote-not-persisted-one-vote-a-term-20",
            "n1 voted for n1 in term 1, but after a restart",
            "The vote for n1 had left n1 at 178.211 ms; it was started again at 225.000 ms, with "
            "no vote of term 1.",
        ),
        (
            "zoo-commit-index-goes-back",
            "The commitIndex of n2 went from 1 to 0.",
            "Before, n2 had last applied entry 1",
        ),
        (
            "zoo-boundary-term-unknown",
            "Everybody was up",
            "At the end n1 is a leader of term 1, with a log up to entry 26, committed up to 1.",
        ),
        (
            "zoo-reply-to-wrong-client",
            "Get of x by process 0 returned '2', but append of '2' on x by process 1 had completed",
            "No order of these 3 operations explains every answer; without any one of them",
        ),
    ],
)
def test_what_is_said(name: str, begins: str, holds: str) -> None:
    told = text(report(name).verdict.paragraph)
    assert told.startswith(begins)
    assert holds in told


def test_two_leaders_by_a_vote_given_twice() -> None:
    events = [
        Started(0, 0, "n1", 0, None),
        VoteGranted(1, 5, "n1", 1, "n1"),
        VoteGranted(2, 6, "n3", 1, "n1"),
        RoleChanged(3, 7, "n1", "leader", 1),
        VoteGranted(4, 8, "n3", 1, "n2"),
        RoleChanged(5, 9_000_000, "n2", "leader", 1),
    ]
    failure = Failure(
        "election-safety",
        "n1 and n2 both became leader of term 1",
        9_000_000,
        "n2",
        {"sequence": 5, "term": 1, "leaders": ["n1", "n2"]},
    )
    told = paragraph(failure, events, {"n1": 0, "n2": 1, "n3": 2}, str)
    assert "n1 was elected with the votes of n1 and n3, and n2 with the vote of n3." in text(told)
    assert "n3 voted for both." in text(told)
    assert Span(text="9.000 ms after the start", event=5) in told


def test_facts_that_nobody_knows_leave_the_message() -> None:
    """Such as another version may have saved."""
    for kind in PROMISES:
        for facts in ({}, {"sequence": "x", "leaders": 3, "index": None, "term": []}):
            failure = Failure(kind, "n1 did what it must not", None, "n1", facts)
            told = text(paragraph(failure, [], {"n1": 0}, str))
            assert told.startswith("n1 did what it must not.")
            assert "None" not in told


@pytest.mark.parametrize("node", ["n1", "n2"])
def test_what_a_snapshot_covers_is_told_without_what_it_was(node: str) -> None:
    """n2 has the entry in its log, n1 no more: whoever of them commits it by counting replicas."""
    events = [
        Started(0, 0, "n1", 2, None),
        SnapshotRestored(1, 0, "n1", 5, 1, "digest", 5),
        Started(2, 0, "n2", 2, None),
        Appended(3, 0, "n2", 5, 1, b"x"),
        Committed(4, 7, node, 5),
    ]
    message = f"{node}, leader of term 2, committed entry 5 of term 1 by counting replicas"
    evidence = {"sequence": 4, "index": 5, "terms": [1, 2]}
    failure = Failure("own-term-commit", message, 7, node, evidence)
    told = text(paragraph(failure, events, {"n1": 0, "n2": 1}, lambda _: "a command"))
    what = " (a command of term 1)" if node == "n2" else ""
    assert f" Entry 5{what} was in the logs of n2, yet a leader" in told
    without = [each for each in events if not isinstance(each, Appended)]
    assert " Entry " not in text(paragraph(failure, without, {"n1": 0, "n2": 1}, str))


def test_no_sentence_is_left_half_told() -> None:
    """Who elected it is known, and what it lacks makes no sense."""
    events = (
        Started(0, 1, "n1", 1, None),
        VoteGranted(1, 2, "n1", 2, "n1"),
        Committed(2, 3, "n1", 1),
    )
    evidence = {"index": "one", "term": 2, "sequence": 2}
    failure = Failure("leader-completeness", "n1 lacks entries", 3, "n1", evidence)
    told = text(paragraph(failure, events, {"n1": 0}, str))
    assert told.startswith("n1 lacks entries. It was found ")


def test_names_of_nodes_are_whole_words() -> None:
    writer = Writer({"n1": 0, "n11": 1, "a.b": 2})
    assert [(span.text, span.node) for span in writer.text("n11, n1 and a.b, not n111 or xn1")] == [
        ("n11", 1),
        (", ", None),
        ("n1", 0),
        (" and ", None),
        ("a.b", 2),
        (", not n111 or xn1", None),
    ]
    assert text(tuple(Writer({}).text("nobody"))) == "nobody"
