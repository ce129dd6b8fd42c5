"""Asynchronous storage: which acknowledgements count, what an error stops, what a crash leaves."""

from __future__ import annotations

import msgspec
import pytest

from raft.consensus import (
    AppendEntriesReply,
    Consensus,
    Entry,
    RequestVote,
)
from raft.consensus.snapshot import first_snapshot
from raft.replica import Replica
from raft.storage import DiskError
from tests.raft.asynchronous import ASYNCHRONOUS, SEGMENT_BYTES, Node
from tests.raft.asynchronous_nodes import (
    Votes,
    entries,
    new_node,
    restarted,
)
from tests.raft.harness import MEMBERS, MemoryDisk, Server, log


def follower(*terms: int) -> Consensus:
    """n1 with these entries in its log, none of them durable, the terms handed to the disk."""
    server = Server(term=max(terms), settings=ASYNCHRONOUS)
    consensus = server.consensus
    consensus.receive(entries(max(terms), 0, 0, *log(*terms)))
    consensus.submit_entries()
    return consensus


def test_an_acknowledgement_counts_if_the_log_still_holds_the_entry() -> None:
    consensus = follower(1, 1, 1)
    consensus.saved_to(1, None, 2, 1)
    assert consensus.saved_index == 2
    consensus.saved_to(1, None, 3, 1)
    assert consensus.saved_index == 3


def test_the_acknowledgement_of_a_replaced_entry_is_refused() -> None:
    consensus = follower(1, 1, 1)
    consensus.receive(entries(2, 1, 1, Entry(2, 2, b"other"), Entry(3, 2, b"")))
    consensus.submit_entries()
    # The write that carried the term alone, and was begun before the entries were replaced.
    consensus.saved_to(2, None, 3, 1)
    assert consensus.saved_index == 0
    consensus.saved_to(2, None, 3, 2)
    assert consensus.saved_index == 3


def test_an_entry_that_was_replaced_and_came_back_is_not_acknowledged_by_its_first_write() -> None:
    consensus = follower(1, 1)
    first = (1, None, 2, 1)
    consensus.receive(entries(2, 1, 1, Entry(2, 2, b"other")))
    consensus.submit_entries()
    consensus.receive(entries(3, 1, 1, *log(1, 1)[1:]))
    consensus.submit_entries()
    assert (consensus.log.last_index, consensus.log.last_term) == (2, 1)
    consensus.saved_to(*first)
    assert consensus.saved_index == 0
    consensus.saved_to(2, None, 2, 2)
    assert consensus.saved_index == 0
    consensus.saved_to(3, None, 2, 1)
    assert consensus.saved_index == 2


def test_what_a_stale_acknowledgement_would_promise_is_not_told_either() -> None:
    observer = Votes()
    node = new_node(observer)
    node.handle(entries(1, 0, 0, *log(1, 1, 1)))
    node.handle(entries(2, 1, 1, Entry(2, 2, b"other")))
    observer.told.clear()
    node.perform()
    assert [message.term for message in node.acknowledge()] == [1]
    # The disk holds three entries, of which the log still holds the first.
    assert observer.told == [("persisted", 1, None, 1), ("term", 1)]
    (reply,) = node.save()
    assert isinstance(reply, AppendEntriesReply)
    assert (reply.term, reply.match_index) == (2, 2)
    assert restarted(node).replica.consensus.log.last_term == 2


def test_an_acknowledgement_counts_once_and_only_for_what_is_under_way() -> None:
    node = new_node()
    node.handle(entries(1, 0, 0, *log(1)))
    node.perform()
    saved = node.saved
    assert saved is not None
    for other in (
        msgspec.structs.replace(saved, number=saved.number + 1),
        msgspec.structs.replace(saved, last_index=7),
        msgspec.structs.replace(saved, last_term=7),
        msgspec.structs.replace(saved, term=7),
        msgspec.structs.replace(saved, voted_for="n3"),
    ):
        assert node.handle(other) == []
    assert len(node.acknowledge()) == 1
    node.handle(entries(1, 1, 1, *log(1, 1)[1:]))
    assert node.handle(saved) == []
    assert node.replica.consensus.saved_index == 1


# Order, errors, crashes.


def test_what_comes_up_during_a_write_is_written_together_after_it() -> None:
    node = new_node()
    node.handle(entries(1, 0, 0, *log(1)))
    first = node.write
    node.handle(entries(1, 1, 1, *log(1, 1)[1:]))
    node.handle(entries(1, 2, 1, *log(1, 1, 1)[2:]))
    assert node.replica.begin_write() is None
    assert node.write is first
    node.perform()
    (reply,) = node.acknowledge()
    assert reply.match_index == 1  # type: ignore[union-attr]
    assert node.write is not None
    assert [entry.index for entry in node.write.entries] == [2, 3]
    assert [reply.match_index for reply in node.save()] == [2, 3]  # type: ignore[union-attr]


def test_a_crash_before_the_write_leaves_what_was_and_nothing_was_promised() -> None:
    node = new_node()
    node.handle(RequestVote("n3", "n1", 4, 0, 0))
    node.handle(entries(5, 0, 0, *log(5, 5)))
    assert node.sent == []
    consensus = restarted(node).replica.consensus
    assert (consensus.current_term, consensus.voted_for, consensus.log.last_index) == (0, None, 0)


class FailingDisk(MemoryDisk):
    """Whose next sync fails, once."""

    fails = False

    def sync(self, name: str) -> None:
        if self.fails:
            self.fails = False
            raise DiskError("input/output error")
        super().sync(name)


@pytest.mark.parametrize("is_asynchronous", [True, False])
def test_an_error_stops_the_replica_for_good(is_asynchronous: bool) -> None:
    disk = FailingDisk()
    Replica.initialize(disk, first_snapshot(MEMBERS), segment_bytes=SEGMENT_BYTES)
    settings = msgspec.structs.replace(ASYNCHRONOUS, asynchronous_storage=is_asynchronous)
    node = Node("n1", disk, settings)
    disk.fails = True

    def handle_and_write() -> None:
        node.handle(entries(1, 0, 0, *log(1)))
        node.perform()

    with pytest.raises(DiskError, match="input/output error"):
        handle_and_write()
    events = list(disk.events)
    for attempt in (node.handle, node.time_out, lambda: node.handle(entries(1, 0, 0))):
        with pytest.raises(DiskError, match=r"has stopped.*input/output error"):
            attempt()
    if node.write is not None:
        with pytest.raises(DiskError, match=r"has stopped.*input/output error"):
            node.perform()
    assert node.replica.begin_write() is None
    # Nothing was tried again, nothing has left.
    assert disk.events == events
    assert node.sent == []
