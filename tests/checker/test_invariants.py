"""Every monitor both ways: it accepts the good, close to the edge, and convicts the bad."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checker.invariants import MONITORS, Monitors, judge_trace
from checker.trace import (
    Appended,
    Applied,
    Committed,
    Persisted,
    RoleChanged,
    Started,
    Stopped,
    TermChanged,
    TermExposed,
    TraceEvent,
    Truncated,
    VoteGranted,
)

MEMBERS = ("n1", "n2", "n3")


class Trace:
    """Writes a trace, an event a call; ``n`` is the node's number."""

    def __init__(self, *, started: bool = True) -> None:
        self.events: list[TraceEvent] = []
        if started:
            for n in (1, 2, 3):
                self.start(n)

    def _add(self, kind: Callable[..., TraceEvent], n: int, *fields: object) -> Trace:
        at = len(self.events)
        self.events.append(kind(at, at * 10, f"n{n}", *fields))
        return self

    def start(self, n: int, term: int = 0, vote: str | None = None) -> Trace:
        return self._add(Started, n, term, vote)

    def stop(self, n: int) -> Trace:
        return self._add(Stopped, n, "crashed")

    def term(self, n: int, term: int) -> Trace:
        return self._add(TermChanged, n, term)

    def expose(self, n: int, term: int) -> Trace:
        return self._add(TermExposed, n, term)

    def lead(self, n: int, term: int) -> Trace:
        return self.term(n, term)._add(RoleChanged, n, "leader", term)

    def vote(self, n: int, term: int, candidate: str) -> Trace:
        return self._add(VoteGranted, n, term, candidate)

    def append(self, n: int, index: int, term: int, command: bytes = b"c") -> Trace:
        return self._add(Appended, n, index, term, command)

    def truncate(self, n: int, index: int) -> Trace:
        return self._add(Truncated, n, index)

    def persist(self, n: int, last: int, term: int = 1) -> Trace:
        return self._add(Persisted, n, term, None, last)

    def store(self, n: int, index: int, term: int, command: bytes = b"c") -> Trace:
        return self.append(n, index, term, command).persist(n, index, term)

    def commit(self, n: int, index: int) -> Trace:
        return self._add(Committed, n, index)

    def apply(self, n: int, index: int, request: int = 1, *, executed: bool = True) -> Trace:
        return self._add(Applied, n, index, "s", request, executed)


def committed() -> Trace:
    """n1 leads term 1 and has committed entry 1, which n1 and n2 hold."""
    trace = Trace().lead(1, 1).store(1, 1, 1)
    return trace.term(2, 1).store(2, 1, 1).term(3, 1).commit(1, 1)


# name, monitor that must convict (None: all accept), trace
CASES: list[tuple[str, str | None, Trace]] = [
    ("two leaders of a term", "election-safety", Trace().lead(1, 1).lead(2, 1)),
    ("two leaders at a time, of different terms", None, Trace().lead(1, 1).lead(2, 2)),
    ("two votes in a term", "one-vote-a-term", Trace().vote(1, 1, "n1").vote(1, 1, "n2")),
    ("the same vote twice", None, Trace().vote(1, 1, "n1").vote(1, 1, "n1").vote(1, 2, "n2")),
    ("a vote forgotten", "one-vote-a-term", Trace().vote(1, 1, "n2").stop(1).start(1, 1, None)),
    ("a vote remembered", None, Trace().vote(1, 1, "n2").stop(1).start(1, 1, "n2")),
    ("a vote of an older term gone", None, Trace().vote(1, 1, "n2").stop(1).start(1, 2, None)),
    ("a term that goes back", "monotonic-term", Trace().term(1, 2).term(1, 1)),
    (
        "a restart below what others know",
        "monotonic-term",
        Trace().term(1, 2).expose(1, 2).stop(1).start(1, 1),
    ),
    ("a restart below what nobody knows", None, Trace().term(1, 2).stop(1).start(1, 1)),
    ("a leader without a committed entry", "leader-completeness", committed().lead(3, 2)),
    ("a leader with all of them", None, committed().lead(2, 2)),
    (
        "a late leader of an old term",
        None,
        Trace().lead(1, 2).store(1, 1, 2).term(2, 2).store(2, 1, 2).commit(1, 1).lead(3, 1),
    ),
    (
        "a leader that removes",
        "leader-append-only",
        Trace().lead(1, 1).append(1, 1, 1).truncate(1, 1),
    ),
    ("a follower that removes", None, Trace().append(2, 1, 1).truncate(2, 1)),
    (
        "equal index and term, other command",
        "log-matching",
        Trace().append(1, 1, 1, b"a").append(2, 1, 1, b"b"),
    ),
    (
        "equal index and term, other past",
        "log-matching",
        Trace().append(1, 1, 1).append(1, 2, 3).append(2, 1, 2).append(2, 2, 3),
    ),
    ("a gap", "log-matching", Trace().append(1, 2, 1)),
    ("terms that go down in a log", "log-matching", Trace().append(1, 1, 2).append(1, 2, 1)),
    ("equal index, other term", None, Trace().append(1, 1, 1).append(2, 1, 2)),
    ("a commit index that goes back", "monotonic-commit", committed().commit(2, 1).commit(2, 1)),
    ("a commit index beyond the log", "monotonic-commit", committed().commit(3, 1)),
    (
        "a commit index from 0 after a restart",
        None,
        committed().stop(1).start(1, 1).append(1, 1, 1).persist(1, 1).commit(1, 1),
    ),
    (
        "different entries committed",
        "state-machine-safety",
        committed().store(3, 1, 2, b"d").commit(3, 1),
    ),
    ("a committed entry removed", "state-machine-safety", committed().commit(2, 1).truncate(2, 1)),
    ("the same entry committed", None, committed().commit(2, 1)),
    (
        "an old term's entry committed by a leader",
        "own-term-commit",
        Trace().store(1, 1, 1).store(2, 1, 1).lead(1, 2).commit(1, 1),
    ),
    (
        "an old term's entry committed below an own one",
        None,
        Trace().store(1, 1, 1).store(2, 1, 1).lead(1, 2).store(1, 2, 2).store(2, 2, 2).commit(1, 2),
    ),
    (
        "an old term's entry committed by a follower",
        None,
        Trace().store(1, 1, 1).store(2, 1, 1).term(2, 2).commit(2, 1),
    ),
    ("applied beyond commit", "applied-within-commit", Trace().append(1, 1, 1).apply(1, 1)),
    (
        "applied out of order",
        "applied-within-commit",
        committed().store(1, 2, 1).store(2, 2, 1).commit(1, 2).apply(1, 2),
    ),
    ("applied what is committed", None, committed().apply(1, 1)),
    (
        "committed on one disk",
        "committed-on-majority",
        Trace().lead(1, 1).store(1, 1, 1).append(2, 1, 1).commit(1, 1),
    ),
    (
        "committed, then gone from a disk",
        "committed-on-majority",
        committed().truncate(2, 1).persist(2, 0),
    ),
    ("on the disk of a node that is down", None, committed().stop(2).stop(1)),
    (
        "lost from memory, read again from the disk",
        None,
        committed().stop(2).start(2, 1).append(2, 1, 1).persist(2, 1),
    ),
    (
        "gone from the disk of a third",
        None,
        committed().store(3, 1, 1).truncate(2, 1).append(2, 1, 1).persist(2, 1),
    ),
    (
        "executed at two indexes",
        "exactly-once",
        committed().store(1, 2, 1).store(2, 2, 1).commit(1, 2).apply(1, 1).apply(1, 2),
    ),
    (
        "recognised the second time",
        None,
        committed()
        .store(1, 2, 1)
        .store(2, 2, 1)
        .commit(1, 2)
        .apply(1, 1)
        .apply(1, 2, executed=False),
    ),
    ("executed on two nodes at one index", None, committed().commit(2, 1).apply(1, 1).apply(2, 1)),
]


@pytest.mark.parametrize(("name", "kind", "trace"), CASES, ids=[case[0] for case in CASES])
def test_monitor(name: str, kind: str | None, trace: Trace) -> None:
    verdict = judge_trace(MEMBERS, trace.events)
    if kind is None:
        assert verdict.failures == ()
        return
    assert kind in verdict.kinds
    first = next(failure for failure in verdict.failures if failure.kind == kind)
    # The last event is the one that breaks the promise, and the evidence says so.
    assert first.evidence["sequence"] == len(trace.events) - 1
    assert first.time == trace.events[-1].time
    assert first.node == trace.events[-1].node
    assert judge_trace(MEMBERS, trace.events[:-1]).failures == ()


def test_every_monitor_is_tested_both_ways() -> None:
    assert {kind for _, kind, _ in CASES if kind is not None} == set(MONITORS)


def test_an_event_costs_no_more_in_a_long_log() -> None:
    """Counts the entries that the monitors look at: as many in a long log as in a short one."""

    def entries_looked_at(length: int) -> int:
        trace = Trace().lead(1, 1)
        for index in range(1, length + 1):
            for n in (1, 2):
                trace.store(n, index, 1)
            trace.commit(1, index).apply(1, index, index)
        monitors = Monitors(MEMBERS)
        for event in trace.events[:-1]:
            monitors.observe(event)
        counted = CountedList(monitors.cluster.nodes["n1"].hashes)
        monitors.cluster.nodes["n1"].hashes = counted
        monitors.observe(trace.events[-1])
        assert monitors.failures == []
        return counted.reads

    assert entries_looked_at(1_000) == entries_looked_at(10) > 0


class CountedList(list[int]):
    """Counts how often an element is read."""

    reads = 0

    def __getitem__(self, index: object) -> object:  # type: ignore[override]
        self.reads += 1
        return super().__getitem__(index)  # type: ignore[index]
