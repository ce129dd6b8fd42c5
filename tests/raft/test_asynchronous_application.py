"""Asynchronous storage: application, and snapshots taken and received meanwhile."""

from __future__ import annotations

import msgspec

from raft.client_messages import ClientRequest
from raft.consensus import (
    AppendEntriesReply,
    Entry,
    InstallSnapshot,
    InstallSnapshotReply,
    Message,
    Settings,
    Snapshot,
)
from raft.consensus.configuration import Configuration
from raft.kv.commands import Append, Command, Get
from raft.kv.encoding import encode_command
from raft.kv.state_machine import KeyValueStore
from tests.raft.asynchronous import Node, append
from tests.raft.asynchronous_nodes import (
    SMALL,
    entries,
    leader,
    new_node,
    restarted,
    success,
)
from tests.raft.harness import MEMBERS, log


def query(client: str = "r") -> ClientRequest:
    return ClientRequest(client, client, 1, 1, None, Get("k"))


def test_reads_and_answers_wait_for_the_acknowledged_application() -> None:
    node = leader()
    node.handle(append(1))
    node.handle(append(2))
    node.handle(success(2, 1, "n2"), success(2, 1, "n3"))
    assert [entry.index for entry in node.application.entries] == [2]  # type: ignore[union-attr]
    node.handle(success(3, 1, "n2"), success(3, 1, "n3"))
    assert node.replica.begin_application() is None
    sent = node.handle(query())
    read_round = sent[-1].read_round  # type: ignore[union-attr]
    node.handle(AppendEntriesReply("n2", "n1", 1, True, 3, 0, 0, 0, read_round))
    node.apply()
    assert node.replies == []
    applied = node.applied
    assert applied is not None
    for other in (
        msgspec.structs.replace(applied, number=applied.number - 1),
        msgspec.structs.replace(applied, last_index=3),
        msgspec.structs.replace(applied, last_term=2),
    ):
        node.handle(other)
    assert (node.replies, node.replica.last_applied) == ([], 1)
    node.acknowledge_application()
    assert [reply.sequence for reply in node.replies] == [1]
    node.handle(applied)
    assert node.replica.last_applied == 2
    node.apply()
    assert len(node.replies) == 1
    node.acknowledge_application()
    assert [(reply.client, reply.sequence) for reply in node.replies[1:]] == [("c", 2), ("r", 1)]
    assert node.replies[-1].result.value == "1;2;"


def filled(count: int, settings: Settings = SMALL) -> Node:
    """A leader that has committed so many commands, and applied none of them."""
    node = leader(settings=settings)
    for sequence in range(1, count + 1):
        node.handle(append(sequence))
    node.save()
    node.handle(success(count + 1, 1, "n2"))
    assert node.replica.consensus.commit_index == count + 1
    return node


def test_a_snapshot_is_of_what_is_acknowledged_and_goes_the_way_of_all_writes() -> None:
    node = filled(8)
    node.apply()
    assert node.replica.consensus.snapshot.last_index == 0
    node.handle(append(9))
    node.acknowledge_application()
    last = node.replica.last_applied
    # The entry that came first is being written; the snapshot waits for it.
    assert node.write is not None
    assert node.write.taken is None
    node.perform()
    node.acknowledge()
    assert node.write is not None
    assert node.write.taken is not None
    assert node.write.taken.last_index == last
    assert node.replica.consensus.snapshot.last_index == 0
    node.perform()
    assert node.replica.consensus.snapshot.last_index == 0
    node.acknowledge()
    assert node.replica.consensus.snapshot.last_index == last
    assert node.replica.consensus.log.base_index == last - 2
    node.save()
    again = restarted(node).replica
    assert (again.last_applied, again.consensus.log.last_index) == (last, last + 1)
    assert again.state_machine.snapshot() == node.replica.state_machine.snapshot()


def snapshot_of(index: int, term: int) -> Snapshot:
    """A snapshot of a state machine to which nothing was done."""
    return Snapshot(index, term, Configuration(MEMBERS), KeyValueStore(None, 0).snapshot())


def chunks(snapshot: Snapshot, term: int) -> Message:
    return InstallSnapshot(
        "n2",
        "n1",
        term,
        snapshot.last_index,
        snapshot.last_term,
        snapshot.configuration,
        0,
        snapshot.data,
        True,
        0,
    )


def test_a_received_snapshot_is_installed_and_answered_once_it_is_durable() -> None:
    node = new_node()
    node.handle(entries(2, 0, 0, *log(1, 1, 1)))
    assert node.handle(chunks(snapshot_of(8, 2), 2)) == []
    node.perform()
    # The entries are acknowledged, the snapshot is being saved. The leader asks again.
    assert [message.match_index for message in node.acknowledge()] == [3]  # type: ignore[union-attr]
    assert node.handle(chunks(snapshot_of(8, 2), 2)) == []
    consensus = node.replica.consensus
    assert consensus.log.last_index == 3
    node.perform()
    assert consensus.log.last_index == 3
    (reply,) = node.acknowledge()
    assert isinstance(reply, InstallSnapshotReply)
    assert (reply.installed, reply.last_index) == (True, 8)
    assert (consensus.log.base_index, consensus.saved_index, node.replica.last_applied) == (8, 8, 8)
    assert node.save() == []
    assert restarted(node).replica.last_applied == 8


def test_entries_that_come_while_a_snapshot_is_saved_are_written_after_it() -> None:
    node = new_node()
    node.handle(entries(2, 0, 0, *log(1, 1, 2)))
    node.save()
    node.handle(chunks(snapshot_of(5, 2), 2))
    more = log(1, 1, 2, 2, 2, 2)
    node.handle(entries(2, 3, 2, *more[3:]))
    node.perform()
    (reply,) = node.acknowledge()
    assert isinstance(reply, InstallSnapshotReply)
    consensus = node.replica.consensus
    assert (consensus.log.base_index, consensus.log.last_index, consensus.saved_index) == (5, 6, 5)
    assert node.write is not None
    assert [entry.index for entry in node.write.entries] == [6]
    assert [message.match_index for message in node.save()] == [6]  # type: ignore[union-attr]
    again = restarted(node).replica.consensus
    assert (again.log.base_index, again.log.last_index) == (5, 6)


def test_a_snapshot_that_was_overtaken_is_answered_and_counts_as_saved() -> None:
    node = new_node()
    node.handle(entries(2, 0, 0, *log(1, 1, 2)))
    node.save()
    node.handle(chunks(snapshot_of(5, 2), 2))
    more = [Entry(index, 2, b"") for index in (4, 5, 6)]
    node.handle(entries(2, 3, 2, *more, commit=6))
    node.perform()
    (reply,) = node.acknowledge()
    assert isinstance(reply, InstallSnapshotReply)
    consensus = node.replica.consensus
    assert (consensus.log.base_index, consensus.saved_index, consensus.commit_index) == (0, 5, 6)
    assert node.write is not None
    assert [entry.index for entry in node.write.entries] == [6]


def test_one_snapshot_of_its_own_at_a_time() -> None:
    node = filled(8)
    node.apply()
    node.acknowledge_application()
    assert node.write is not None
    assert node.write.taken is not None
    node.handle(append(9))
    node.handle(success(10, 1, "n2"), success(10, 1, "n3"))
    node.apply()
    node.acknowledge_application()
    assert node.replica.last_applied == 10
    node.perform()
    node.acknowledge()
    assert node.write is not None
    assert node.write.taken is None
    assert node.replica.consensus.snapshot.last_index == 9


def command(index: int, term: int) -> Entry:
    """An entry with a client's command."""
    return Entry(index, term, encode_command(Command("c", index, Append("k", "x" * 40))))


def test_a_snapshot_of_its_own_that_comes_late_does_not_take_the_place_of_a_newer_one() -> None:
    node = new_node(settings=SMALL)
    node.handle(entries(2, 0, 0, *(command(index, 2) for index in range(1, 5)), commit=4))
    node.save()
    node.handle(chunks(snapshot_of(8, 2), 2))
    node.apply()
    node.acknowledge_application()
    node.perform()
    node.acknowledge()
    consensus = node.replica.consensus
    assert consensus.snapshot.last_index == 8
    assert node.write is not None
    assert node.write.taken is not None
    assert node.write.taken.last_index == 4
    node.save()
    assert (consensus.snapshot.last_index, consensus.log.base_index) == (8, 8)
    assert restarted(node).replica.consensus.snapshot.last_index == 8


def test_entries_that_are_being_applied_when_a_snapshot_comes_are_not_applied_any_more() -> None:
    node = new_node()
    node.handle(entries(2, 0, 0, command(1, 2), command(2, 2), commit=2))
    application = node.application
    assert application is not None
    snapshot = snapshot_of(8, 2)
    node.handle(chunks(snapshot, 2))
    node.save()
    assert node.replica.last_applied == 8
    node.apply()
    node.acknowledge_application()
    assert node.replica.last_applied == 8
    assert node.replica.state_machine.snapshot() == snapshot.data
    # What comes after the snapshot is applied as ever.
    node.handle(entries(2, 8, 2, Entry(9, 2, b""), commit=9))
    node.apply()
    node.acknowledge_application()
    assert node.replica.last_applied == 9
