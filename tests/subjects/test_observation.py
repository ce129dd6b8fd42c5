"""What is told of a foreign replica: each change once, in an order that monitors can judge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemesis.subjects.observation import Observation, SnapshotSeen
from raft.consensus import Entry
from raft.observer import Observer


class Log(Observer):
    """Writes down what it is told, and keeps the log that this makes."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.base = 0
        self.entries: list[tuple[int, int, bytes]] = []

    def __getattribute__(self, name: str) -> Any:
        if hasattr(Observer, name) and not name.startswith("_"):
            return lambda *arguments: self.take(name, *arguments)
        return super().__getattribute__(name)

    def take(self, name: str, *arguments: Any) -> None:
        self.told.append((name, *arguments))
        if name == "appended":
            self.entries.append(arguments)
        elif name == "truncated":
            self.entries = [each for each in self.entries if each[0] < arguments[0]]


def entries(*terms: int, first: int = 1) -> list[Entry]:
    return [Entry(index, term, b"%d" % term) for index, term in enumerate(terms, first)]


@pytest.fixture
def log() -> Log:
    return Log()


def test_what_was_on_the_disk_is_told_as_durable(log: Log) -> None:
    seen = Observation(log)
    seen.started(3, "n2", entries(2, 3, first=5), SnapshotSeen(4, 2, "d"))
    assert log.told == [
        ("started", 3, "n2"),
        ("snapshot_restored", 4, 2, "d", 4),
        ("appended", 5, 2, b"2"),
        ("appended", 6, 3, b"3"),
        ("persisted", 3, "n2", 6),
    ]
    assert seen.commit_index == 4


def test_nothing_is_told_twice(log: Log) -> None:
    seen = Observation(log)
    seen.started(1, None)
    log.told.clear()
    for _ in range(2):
        seen.stands(2, "n1", "candidate")
        seen.leaves()
        seen.log_is(entries(2))
        seen.committed(1)
    assert log.told == [
        ("term_changed", 2),
        ("role_changed", "candidate", 2),
        ("term_exposed", 2),
        ("vote_granted", 2, "n1"),
        ("appended", 1, 2, b"2"),
        ("committed", 1),
    ]


def test_a_leader_of_another_term_has_been_a_follower_meanwhile(log: Log) -> None:
    seen = Observation(log)
    seen.started(0, None)
    seen.stands(1, "n1", "leader")
    log.told.clear()
    seen.stands(3, "n1", "leader")
    assert log.told == [
        ("term_changed", 3),
        ("role_changed", "follower", 3),
        ("role_changed", "leader", 3),
    ]


def test_a_vote_found_on_the_disk_is_told_once_it_leaves(log: Log) -> None:
    """Power may have failed after the vote was durable, and before the grant left."""
    seen = Observation(log)
    seen.started(3, "n2")
    seen.leaves()
    assert log.told[-1] == ("vote_granted", 3, "n2")
    assert ("term_exposed", 3) not in log.told


def test_what_goes_back_is_told_as_it_is(log: Log) -> None:
    seen = Observation(log)
    seen.started(5, None, entries(1, 1))
    seen.committed(2)
    log.told.clear()
    seen.stands(4, None, "follower")
    seen.committed(1)
    assert log.told == [("term_changed", 4), ("committed", 1)]


def test_entries_that_take_the_place_of_others_truncate(log: Log) -> None:
    seen = Observation(log)
    seen.started(1, None, entries(1, 1, 1))
    log.told.clear()
    seen.appended_from(entries(2, 2, first=2))
    seen.appended_from([])
    seen.appended_from(entries(2, first=4))
    assert [each[:3] for each in log.told] == [
        ("truncated", 2),
        ("appended", 2, 2),
        ("appended", 3, 2),
        ("appended", 4, 2),
    ]
    assert seen.last_index == 4


def test_a_log_is_compared_by_content_too(log: Log) -> None:
    seen = Observation(log)
    seen.started(1, None, entries(1, 1))
    log.told.clear()
    seen.log_is([entries(1)[0], Entry(2, 1, b"another")])
    assert log.told == [("truncated", 2), ("appended", 2, 1, b"another")]


def test_a_snapshot_takes_the_place_of_the_log(log: Log) -> None:
    seen = Observation(log)
    seen.started(1, None, entries(1, 1))
    seen.restored(SnapshotSeen(9, 1, "d"))
    seen.log_is(entries(1, first=10), base=9)
    seen.committed(9)
    assert log.told[-2:] == [("snapshot_restored", 9, 1, "d", 9), ("appended", 10, 1, b"1")]


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.lists(st.integers(1, 3), max_size=4), st.integers(0, 3)),
        max_size=12,
    )
)
def test_the_events_make_the_log_that_was_seen(
    steps: list[tuple[int, list[int], int]],
) -> None:
    """Whatever a log is cut to, goes on with, and forgets at its beginning."""
    log = Log()
    seen = Observation(log)
    seen.started(1, None)
    held: list[Entry] = []
    base = 0
    for cut, terms, forgotten in steps:
        held = held[: max(cut, base)]
        base = min(base + forgotten, len(held))
        held += entries(*terms, first=len(held) + 1)
        seen.log_is(held[base:], base)
        assert log.entries[base:] == [(e.index, e.term, e.command) for e in held[base:]]
        assert seen.last_index == len(held)
