"""Asynchronous storage: what leaves before the disk has it, what waits, and what a crash leaves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemesis.run import run
from nemesis.schedule import Schedule
from nemesis.search.generate import ANYTHING, ORDINARY, Only, Size, generate
from raft.client_messages import ClientRequest
from raft.consensus import (
    AppendEntries,
    AppendEntriesReply,
    Consensus,
    Entry,
    InstallSnapshot,
    InstallSnapshotReply,
    Message,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
    Settings,
    Snapshot,
)
from raft.consensus.configuration import Configuration
from raft.consensus.messages import ReadIndex, ReadIndexReply, TimeoutNow
from raft.consensus.quorums import agreed_index
from raft.consensus.snapshot import first_snapshot
from raft.kv.commands import Append, Command, Get
from raft.kv.encoding import encode_command
from raft.kv.state_machine import KeyValueStore
from raft.observer import Observer
from raft.replica import Replica, Variant
from raft.storage import DiskError
from tests.raft.asynchronous import ASYNCHRONOUS, SEGMENT_BYTES, Cluster, Node, append
from tests.raft.harness import MEMBERS, MemoryDisk, Server, log

SMALL = msgspec.structs.replace(
    ASYNCHRONOUS,
    snapshot_threshold_bytes=200,
    snapshot_chunk_bytes=64,
    entries_kept_after_snapshot=2,
)


class Votes(Observer):
    """What others were told of votes and terms."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def vote_granted(self, term: int, candidate: str) -> None:
        self.told.append(("vote", term, candidate))

    def term_exposed(self, term: int) -> None:
        self.told.append(("term", term))

    def persisted(self, term: int, voted_for: str | None, last_index: int) -> None:
        self.told.append(("persisted", term, voted_for, last_index))


def new_disk(members: tuple[str, ...] = MEMBERS) -> MemoryDisk:
    disk = MemoryDisk()
    Replica.initialize(disk, first_snapshot(members), segment_bytes=SEGMENT_BYTES)
    return disk


def new_node(observer: Observer | None = None, settings: Settings = ASYNCHRONOUS) -> Node:
    return Node("n1", new_disk(), settings, observer)


def restarted(node: Node) -> Node:
    """What a process finds that starts on the disk as it is now."""
    assert isinstance(node.disk, MemoryDisk)
    files = {name: bytes(data) for name, data in node.disk.contents.items()}
    return Node("n1", MemoryDisk(files), node.replica.consensus.settings)


def entries(term: int, previous: int, previous_term: int, *new: Entry, commit: int = 0) -> Message:
    """AppendEntries of n2, the leader of ``term``."""
    return AppendEntries("n2", "n1", term, previous, previous_term, new, commit, 0)


def success(index: int, term: int, source: str) -> Message:
    return AppendEntriesReply(source, "n1", term, True, index, 0, 0, 0, 0)


def leader(observer: Observer | None = None, settings: Settings = ASYNCHRONOUS) -> Node:
    """n1, leader of term 1 with the votes of all; its first entry is durable and committed."""
    node = new_node(observer, settings)
    node.time_out()
    node.save()
    node.handle(RequestVoteReply("n2", "n1", 1, True))
    node.save()
    node.handle(success(1, 1, "n2"), success(1, 1, "n3"))
    node.apply()
    node.acknowledge_application()
    assert node.replica.last_applied == 1
    return node


# What waits, and what leaves at once.


def test_a_follower_acknowledges_entries_once_they_are_durable() -> None:
    node = new_node()
    assert node.handle(entries(1, 0, 0, *log(1))) == []
    node.perform()
    assert node.sent == []
    (reply,) = node.acknowledge()
    assert isinstance(reply, AppendEntriesReply)
    assert (reply.success, reply.match_index) == (True, 1)
    assert node.write is None
    # What is durable is acknowledged at once, with nothing to be written.
    (reply,) = node.handle(entries(1, 0, 0, *log(1)))
    assert isinstance(reply, AppendEntriesReply)
    assert reply.match_index == 1
    assert node.write is None


def test_an_answer_that_needs_no_write_of_its_own_leaves_with_the_one_under_way() -> None:
    node = new_node()
    node.handle(entries(1, 0, 0, *log(1)))
    assert node.handle(entries(1, 1, 1)) == []
    node.perform()
    assert [message.match_index for message in node.acknowledge()] == [1, 1]  # type: ignore[union-attr]
    assert node.write is None


def test_a_vote_is_told_when_it_leaves_and_leaves_when_it_is_durable() -> None:
    observer = Votes()
    node = new_node(observer)
    observer.told.clear()
    assert node.handle(RequestVote("n3", "n1", 4, 0, 0)) == []
    node.perform()
    assert observer.told == []
    (vote,) = node.acknowledge()
    assert isinstance(vote, RequestVoteReply)
    assert vote.vote_granted
    assert observer.told == [("persisted", 4, "n3", 0), ("term", 4), ("vote", 4, "n3")]
    assert restarted(node).replica.consensus.voted_for == "n3"


def test_a_candidate_asks_for_votes_once_its_own_is_durable() -> None:
    observer = Votes()
    node = new_node(observer)
    observer.told.clear()
    assert node.time_out() == []
    assert node.replica.consensus.role == "candidate"
    asked = node.save()
    assert [type(message) for message in asked] == [RequestVote, RequestVote]
    assert observer.told == [("persisted", 1, "n1", 0), ("term", 1), ("vote", 1, "n1")]


def test_a_single_server_leads_once_its_own_vote_is_durable() -> None:
    node = Node("n1", new_disk(("n1",)))
    node.time_out()
    assert node.replica.consensus.role == "candidate"
    node.save()
    assert node.replica.consensus.role == "leader"
    assert node.replica.consensus.commit_index == 1


def test_a_leader_sends_entries_while_its_own_disk_writes() -> None:
    node = leader()
    sent = node.handle(append(1))
    assert [message.entries[0].index for message in sent] == [2, 2]  # type: ignore[union-attr]
    assert node.write is not None
    assert node.write.entries[0].index == 2


def test_a_leader_commits_without_its_own_disk_if_a_majority_of_others_has_it() -> None:
    node = leader()
    node.handle(append(1))
    consensus = node.replica.consensus
    node.handle(success(2, 1, "n2"))
    assert consensus.commit_index == 1
    node.handle(success(2, 1, "n3"))
    assert consensus.commit_index == 2
    assert restarted(node).replica.consensus.log.last_index == 1


def test_a_leader_counts_itself_once_its_own_disk_has_it() -> None:
    node = leader()
    node.handle(append(1))
    consensus = node.replica.consensus
    node.handle(success(2, 1, "n2"))
    node.perform()
    assert consensus.commit_index == 1
    node.acknowledge()
    assert consensus.commit_index == 2


TERM = 3
FIRST = first_snapshot(MEMBERS).configuration
# A message of term 3, and whether it may leave if the term is saved; with the vote for n2 and the
# entries up to 2 saved as well.
MESSAGES: list[tuple[Message, bool]] = [
    (AppendEntries("n1", "n2", TERM, 5, 3, (), 0, 0), True),
    (AppendEntriesReply("n1", "n2", TERM, True, 2, 0, 0, 0, 0), True),
    (AppendEntriesReply("n1", "n2", TERM, True, 3, 0, 0, 0, 0), False),
    (AppendEntriesReply("n1", "n2", TERM, False, 0, 9, 4, 0, 0), True),
    (InstallSnapshot("n1", "n2", TERM, 9, 3, FIRST, 0, b"", True, 0), True),
    (InstallSnapshotReply("n1", "n2", TERM, 9, 3, 10, False, 0), True),
    (InstallSnapshotReply("n1", "n2", TERM, 2, 3, 10, True, 0), True),
    (InstallSnapshotReply("n1", "n2", TERM, 3, 3, 10, True, 0), False),
    (RequestVote("n1", "n2", TERM, 3, 3), False),
    (RequestVoteReply("n1", "n2", TERM, True), True),
    (RequestVoteReply("n1", "n3", TERM, True), False),
    (RequestVoteReply("n1", "n3", TERM, False), True),
    (PreVote("n1", "n2", TERM + 1, 3, 3), True),
    (PreVoteReply("n1", "n2", TERM + 1, True), True),
    (TimeoutNow("n1", "n2", TERM), True),
    (ReadIndex("n1", "n2", TERM, 1), True),
    (ReadIndexReply("n1", "n2", TERM, 1, 3), True),
]


@pytest.mark.parametrize(("message", "may_leave"), MESSAGES)
def test_each_kind_of_message_has_its_rule(message: Message, may_leave: bool) -> None:
    consensus = Server(3, 3, 3, settings=ASYNCHRONOUS).consensus
    consensus.saved_term, consensus.saved_vote, consensus.saved_index = TERM, "n2", 2
    assert consensus.may_leave(message) == may_leave
    # Nothing of a term leaves before the term is durable.
    consensus.saved_term, consensus.saved_vote = TERM - 1, "n2"
    assert not consensus.may_leave(message)


def test_a_candidate_may_ask_once_its_vote_is_saved() -> None:
    consensus = Server(3, settings=ASYNCHRONOUS).consensus
    request = RequestVote("n1", "n2", 4, 1, 3)
    consensus.saved_to(4, None, 1, 3)
    assert not consensus.may_leave(request)
    consensus.saved_to(4, "n1", 1, 3)
    assert consensus.may_leave(request)


def test_a_synchronous_replica_has_nothing_to_write_or_apply_afterwards() -> None:
    node = Node("n1", new_disk(), msgspec.structs.replace(SMALL, asynchronous_storage=False))
    (reply,) = node.handle(entries(1, 0, 0, *log(1)))
    assert isinstance(reply, AppendEntriesReply)
    assert reply.success
    assert (node.write, node.application) == (None, None)


# Acknowledgements.


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


# Application.


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


# Any order of events, and a crash at any point.

STEPS = (
    *("perform", "acknowledge") * 3,
    *("apply", "acknowledge-application", "propose", "propose") * 2,
    *("time-out", "lose"),
    *("crash", "crash-in-write"),
)
ONE = st.one_of(
    st.tuples(st.sampled_from(MEMBERS), st.sampled_from(STEPS)),
    st.tuples(st.just("deliver"), st.integers(0, 30)),
    st.tuples(st.just("deliver"), st.just(0)),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.just("run"), st.sampled_from((None, *MEMBERS))),
)


def interleave(cluster: Cluster, steps: list[tuple[str, Any]]) -> None:
    """Do the steps, after a first leader was elected, until a monitor convicts."""
    cluster.do("n1", "time-out")
    cluster.run(4)
    for name, what in steps:
        if name == "deliver":
            cluster.deliver(what)
        elif name == "again":
            cluster.deliver(what, again=True)
        elif name == "run":
            cluster.run(3, without=what)
        else:
            cluster.do(name, what)
        if cluster.failures:
            return


@given(st.lists(ONE, max_size=150), st.sampled_from((ASYNCHRONOUS, SMALL)))
@settings(max_examples=300, deadline=None)
def test_nothing_that_left_contradicts_what_the_disk_recovers(
    steps: list[tuple[str, Any]], knobs: Settings
) -> None:
    cluster = Cluster(knobs)
    interleave(cluster, steps)
    assert cluster.failures == []
    for name in MEMBERS:
        cluster.crash(name)
    assert cluster.failures == []


# In the simulator.


# Leaders change while disks are slow: there an acknowledgement comes late for what was replaced.
SLOW = Only(replicas=3, faults=("partition", "slow-disk", "delay", "slow-link"))


def asynchronous(seed: int, size: Size = ORDINARY, only: Only = ANYTHING) -> Schedule:
    schedule = generate(seed, size, only)
    return msgspec.structs.replace(
        schedule, knobs=msgspec.structs.replace(schedule.knobs, asynchronous_storage=True)
    )


def test_asynchronous_runs_are_valid_and_repeatable() -> None:
    for seed in range(20):
        result = run(asynchronous(seed))
        assert result.verdict.failures == ()
        if seed < 3:
            assert result.trace_bytes() == run(asynchronous(seed)).trace_bytes()


class AcknowledgesAnything(Consensus):
    """Does not look at the term of what was written (etcd's AsyncStorageWrites, before its fix)."""

    def counts_acknowledgement(self, term: int, last_index: int, last_term: int) -> bool:
        return True


class AnswersEarly(Consensus):
    def append_reply_may_leave(self, message: AppendEntriesReply) -> bool:
        return True


class VotesEarly(Consensus):
    def vote_may_leave(self, message: RequestVoteReply) -> bool:
        return True


class AsksEarly(Consensus):
    def request_vote_may_leave(self, message: RequestVote) -> bool:
        return True


class ForgetsTerms(Consensus):
    def is_term_saved(self, term: int) -> bool:
        return True


class AppliesEarly(Consensus):
    def index_to_apply(self) -> int:
        return self.log.last_index


class CountsWhatItSent(Consensus):
    """A leader that takes its own log for durable."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.log.last_index
        return agreed_index(self.configuration, matched)


@pytest.mark.parametrize(
    ("kind", "convicted_by"),
    [
        (AcknowledgesAnything, {"committed-on-majority"}),
        (AnswersEarly, {"committed-on-majority"}),
        (VotesEarly, {"monotonic-term", "one-vote-a-term"}),
        (AsksEarly, {"monotonic-term", "one-vote-a-term"}),
        (ForgetsTerms, {"monotonic-term"}),
        (AppliesEarly, {"applied-within-commit"}),
        (CountsWhatItSent, {"committed-on-majority"}),
    ],
)
def test_whoever_breaks_a_rule_is_convicted(kind: type[Consensus], convicted_by: set[str]) -> None:
    variant = Variant(kind.__name__, consensus=kind)
    for seed in range(400):
        schedule = asynchronous(seed)
        if kind is AcknowledgesAnything:
            # Nine of 250 such schedules convict it, and hardly one of the ordinary mix.
            schedule = asynchronous(seed, Size(operations=60, attacks=20), SLOW)
        result = run(schedule, variant, brief=True)
        if result.verdict.failures:
            assert result.verdict.failures[0].kind in convicted_by
            return
    pytest.fail(f"{kind.__name__} was not convicted")
