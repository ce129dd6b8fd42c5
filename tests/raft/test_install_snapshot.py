"""InstallSnapshot at its receiver, the rules of Figure 13 one by one, and what follows a snapshot."""

from __future__ import annotations

import pytest

from raft.consensus import AppendEntries, Entry, InstallSnapshot, RequestVoteReply
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import Snapshot
from tests.raft.harness import MEMBERS, PLAIN, Diary, Server, log

CONFIGURATION = Configuration(MEMBERS)
SNAPSHOT = Snapshot(5, 2, CONFIGURATION, b"0123456789")


def test_1_a_snapshot_of_an_older_term_is_refused() -> None:
    server = Server(term=3)
    reply = server.chunk(SNAPSHOT, term=2)
    assert (reply.term, reply.next_offset, reply.installed) == (3, 0, False)
    assert (server.consensus.leader, server.consensus.incoming_snapshot) == (None, None)


def test_a_snapshot_of_the_current_term_comes_from_its_leader() -> None:
    server = Server(term=2)
    server.time_out()
    server.chunk(SNAPSHOT, 0, 4, term=3)
    assert (server.consensus.role, server.consensus.leader) == ("follower", "n2")
    deadline = server.consensus.election_deadline
    server.step(after=1_000)
    server.chunk(SNAPSHOT, 0, 4)
    assert server.consensus.election_deadline != deadline
    assert server.consensus.last_leader_contact == server.now


def test_2_to_5_chunks_are_collected_and_the_last_installs() -> None:
    diary = Diary()
    server = Server(1, 1, term=2, observer=diary)
    diary.told.clear()
    replies = [server.chunk(SNAPSHOT, offset, 4) for offset in (0, 4, 8)]
    assert [(r.next_offset, r.installed) for r in replies] == [(4, False), (8, False), (10, True)]
    assert {(r.last_index, r.last_term) for r in replies} == {(5, 2)}
    consensus = server.consensus
    assert server.restored == [SNAPSHOT]
    assert consensus.snapshot == SNAPSHOT
    assert (consensus.commit_index, consensus.log.last_index, consensus.saved_index) == (5, 5, 5)
    assert consensus.log.last_term == 2
    assert diary.told == [
        ("restored", 5, 2, SNAPSHOT.digest, 5),
        ("configuration", 5, MEMBERS),
    ]


def test_a_chunk_that_does_not_fit_is_answered_with_what_is_there() -> None:
    server = Server(term=2)
    assert server.chunk(SNAPSHOT, 4, 4).next_offset == 0
    server.chunk(SNAPSHOT, 0, 4)
    assert server.chunk(SNAPSHOT, 8, 4).next_offset == 4
    for late in (0, 0):
        assert server.chunk(SNAPSHOT, late, 4).next_offset == 4
    assert server.chunk(SNAPSHOT, 4, 0).next_offset == 4  # a heartbeat
    server.chunk(SNAPSHOT, 4, 4)
    assert server.chunk(SNAPSHOT, 8, 4).installed
    assert server.restored == [SNAPSHOT]


def test_chunks_of_different_snapshots_are_never_mixed() -> None:
    server = Server(term=2)
    server.chunk(SNAPSHOT, 0, 4)
    newer = Snapshot(7, 2, CONFIGURATION, b"abcdefghij")
    assert server.chunk(newer, 4, 4).next_offset == 0
    server.chunk(newer, 0, 4)
    # A late chunk of the snapshot that was given up changes nothing.
    assert server.chunk(SNAPSHOT, 0, 4).next_offset == 0
    assert server.chunk(newer, 4, 0).next_offset == 4
    # Another leader's snapshot of the same entry may be other bytes.
    other = Snapshot(7, 2, CONFIGURATION, b"ABCDEFGHIJ")
    assert server.chunk(other, 4, 4, term=3, source="n3").next_offset == 0
    assert server.chunk(other, 0, 10).installed
    assert server.restored == [other]


def test_chunks_that_nobody_needs_any_more_are_forgotten() -> None:
    def holding_chunks() -> Server:
        server = Server(1, 1, 1, 1)
        server.chunk(SNAPSHOT, 0, 4, term=2)
        assert server.consensus.incoming_snapshot is not None
        return server

    # Another leader's chunks are never added to them.
    server = holding_chunks()
    server.append(3, 4, 1)
    assert server.consensus.incoming_snapshot is None
    # The log has led beyond them: the leader asks how far they are, or a snapshot is taken here.
    server = holding_chunks()
    server.append(2, 4, 1, Entry(5, 2, b""), Entry(6, 2, b""), commit=6)
    assert server.chunk(SNAPSHOT, 4, 0).installed
    assert server.consensus.incoming_snapshot is None
    server = holding_chunks()
    server.append(2, 4, 1, Entry(5, 2, b""), Entry(6, 2, b""), commit=6)
    server.compact(4)
    assert server.consensus.incoming_snapshot is not None
    server.compact(6)
    assert server.consensus.incoming_snapshot is None


@pytest.mark.parametrize("index", [2, 3])
def test_a_snapshot_of_the_past_is_answered_as_installed_and_changes_nothing(index: int) -> None:
    server = Server(1, 1, 1, 1)
    server.append(1, 4, 1, commit=3)
    reply = server.chunk(Snapshot(index, 1, CONFIGURATION, b"old"), 0, 1)
    assert reply.installed
    assert (server.consensus.commit_index, server.terms) == (3, [1, 1, 1, 1])
    assert server.restored == []
    assert not server.chunk(Snapshot(4, 1, CONFIGURATION, b"new"), 0, 1).installed


@pytest.mark.parametrize(
    ("terms", "kept"),
    [((1, 1, 2, 2, 2, 2, 3), [2, 3]), ((1, 1, 1, 1, 1, 1, 1), []), ((1, 1), [])],
)
def test_6_and_7_the_log_stays_if_it_holds_the_last_entry_else_it_goes(
    terms: tuple[int, ...], kept: list[int]
) -> None:
    diary = Diary()
    server = Server(*terms, term=3, observer=diary)
    diary.told.clear()
    server.chunk(SNAPSHOT)
    assert (server.consensus.log.base_index, server.terms) == (5, kept)
    assert server.consensus.saved_index == server.consensus.log.last_index == 5 + len(kept)
    assert diary.told[0] == ("restored", 5, 2, SNAPSHOT.digest, 5 + len(kept))
    assert server.append(3, 5, 2).success


def test_8_the_configuration_is_that_of_the_snapshot_or_of_what_is_kept_after_it() -> None:
    changed = Configuration(("n1", "n2"))
    snapshot = Snapshot(3, 2, changed, b"state")
    server = Server(1)
    server.chunk(snapshot, term=2)
    assert (server.consensus.configuration, server.consensus.peers) == (changed, ("n2",))
    assert server.consensus.configuration_index == 3
    later = Configuration(("n1", "n3"))
    server = Server(1)
    server.append(2, 1, 1, Entry(2, 2, b""), Entry(3, 2, b""), Entry(4, 2, b"", later))
    server.chunk(snapshot)
    assert server.consensus.configuration == later
    server.append(3, 3, 2, Entry(4, 3, b"other"))
    assert server.consensus.configuration == changed


def complete(snapshot: Snapshot, term: int) -> InstallSnapshot:
    """The whole snapshot in one message of n2."""
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


def test_nobody_is_told_before_the_driver_has_saved_the_snapshot() -> None:
    consensus = Server(1, term=2).consensus
    consensus.receive(complete(SNAPSHOT, 2))
    assert consensus.received_snapshot == SNAPSHOT
    assert consensus.outbox == []
    assert (consensus.commit_index, consensus.log.last_index) == (0, 1)
    consensus.receive(complete(SNAPSHOT, 2))  # again, before it is saved
    assert consensus.install_snapshot()
    assert [reply.installed for reply in consensus.outbox] == [True]  # type: ignore[union-attr]
    assert consensus.received_snapshot is None


def test_entries_that_lead_beyond_a_snapshot_before_it_is_saved_are_not_taken_back() -> None:
    server = Server(1, 2, 2, 2, 2)
    entry = Entry(6, 2, b"6")
    replies = server.step(complete(SNAPSHOT, 2), AppendEntries("n2", "n1", 2, 5, 2, (entry,), 6, 0))
    assert (server.consensus.commit_index, server.restored) == (6, [])
    assert server.terms == [1, 2, 2, 2, 2, 2]
    assert replies[-1].installed


def test_who_becomes_leader_needs_no_snapshot() -> None:
    server = Server(1, 2, 2, 2, 2)
    server.time_out()
    consensus = server.consensus
    consensus.receive(complete(SNAPSHOT, 3))
    assert consensus.received_snapshot is not None
    consensus.start_election()
    consensus.receive(RequestVoteReply("n3", "n1", 4, True))
    assert (consensus.role, consensus.received_snapshot) == ("leader", None)


# AppendEntries that reach below the log's beginning.


@pytest.mark.parametrize("previous", [1, 3, 4])
def test_what_was_compacted_is_committed_and_never_refused(previous: int) -> None:
    server = Server(1, 1, 1, 1, 1, 1)
    server.append(1, 6, 1, commit=5)
    server.compact(4)
    entries = log(1, 1, 1, 1, 1, 1, 2)[previous:]
    reply = server.append(2, previous, 1, *entries)
    assert (reply.success, reply.match_index) == (True, 7)
    assert (server.consensus.log.base_index, server.terms) == (4, [1, 1, 2])
    reply = server.append(2, previous, 1, *entries[:1])
    assert (reply.success, reply.match_index) == (True, previous + 1)
    assert server.terms == [1, 1, 2]


def test_what_follows_the_snapshot_is_replaced_if_it_conflicts() -> None:
    server = Server(1, 1, 1, 1, 1, 1)
    server.append(1, 6, 1, commit=4)
    server.compact(4)
    server.append(3, 2, 1, *log(1, 1, 1, 1, 3)[2:])
    assert server.terms == [3]
    reply = server.append(4, 5, 9)
    assert (reply.success, reply.conflict_index, reply.conflict_term) == (False, 5, 3)


def test_a_server_starts_from_a_snapshot_and_the_entries_after_it() -> None:
    server = Server(2, 3, snapshot=SNAPSHOT)
    consensus = server.consensus
    assert (consensus.commit_index, consensus.log.base_index, server.terms) == (5, 5, [2, 3])
    assert consensus.log.last_index == 7
    server.elect()
    (probe, _) = server.step(after=PLAIN.heartbeat_interval)
    assert probe.prev_log_index == 7
