"""Every monitor both ways: it accepts the good, close to the edge, and convicts the bad.

Here those of elections and logs; the others have files of their own.
"""

from __future__ import annotations

from typing import Any

import pytest

from checker.invariants import MONITORS, Monitors
from checker.invariants.monitor import method_name
from checker.trace import EVENT_TYPES
from tests.checker import (
    test_invariants_configurations,
    test_invariants_leases,
    test_invariants_snapshots,
)
from tests.checker.traces import MEMBERS, Case, Trace, committed

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


@pytest.mark.parametrize("case", [Case(*case) for case in CASES], ids=[case[0] for case in CASES])
def test_monitor(case: Case) -> None:
    case.check()


def test_every_monitor_is_tested_both_ways() -> None:
    others = (
        *test_invariants_configurations.CASES,
        *test_invariants_leases.CASES,
        *test_invariants_snapshots.CASES,
    )
    assert {kind for _, kind, *_ in (*CASES, *others) if kind is not None} == set(MONITORS)


def test_every_method_of_a_monitor_is_called_at_an_event() -> None:
    """A misspelt one would judge nothing."""
    events = {method_name(event_type) for event_type in EVENT_TYPES}
    assert len(events) == len(EVENT_TYPES)
    for monitor in MONITORS.values():
        handlers = [name for name in dir(monitor) if name.startswith(("before_", "after_"))]
        assert handlers
        assert {name.partition("_")[2] for name in handlers} <= events


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

    def __getitem__(self, index: Any) -> Any:
        self.reads += 1
        return super().__getitem__(index)
