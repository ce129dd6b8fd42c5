"""Snapshots and compaction: section 7 of the paper; the log, and the leader's side."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from raft.consensus import Entry, InstallSnapshot
from raft.consensus.configuration import Configuration
from raft.consensus.log import Log, entry_size
from raft.consensus.messages import AppendEntriesReply
from raft.consensus.snapshot import Snapshot
from tests.raft.harness import MEMBERS, PLAIN, Diary, Server, log

CONFIGURATION = Configuration(MEMBERS)
CHUNKS = msgspec.structs.replace(PLAIN, snapshot_chunk_bytes=4)


# The log.


def test_a_compacted_log_goes_on_as_before() -> None:
    held = Log(log(1, 1, 2, 3, 3))
    held.compact_to(3)
    assert (held.base_index, held.base_term, held.first_index) == (3, 2, 4)
    assert [held.term_at(index) for index in range(1, 7)] == [-1, -1, 2, 3, 3, -1]
    held.append(Entry(6, 4, b""))
    held.truncate_from(6)
    assert (held.last_index, held.last_term) == (5, 3)
    assert held.entries_from(4) == tuple(log(1, 1, 2, 3, 3)[3:])
    assert (held.last_index_of_term(2, 9), held.last_index_of_term(1, 9)) == (3, 0)
    held.compact_to(5)
    assert (held.last_index, held.last_term) == (5, 3)
    with pytest.raises(ValueError, match="entry 5 cannot be removed"):
        held.truncate_from(5)


def test_sizes_are_those_of_the_entries_whatever_was_done_to_the_log() -> None:
    entries = [Entry(at, 1, bytes(at)) for at in range(1, 9)]
    held = Log(entries[:6])
    held.truncate_from(5)
    for entry in entries[4:]:
        held.append(entry)
    held.compact_to(3)
    for after in range(9):
        for through in range(after, 9):
            expected = sum(map(entry_size, entries[max(after, 3) : max(through, 3)]))
            assert held.bytes_between(after, through) == expected


# Own snapshots.


def test_a_snapshot_is_due_by_the_bytes_applied_since_the_last_one() -> None:
    size = entry_size(log(1)[0])
    settings = msgspec.structs.replace(PLAIN, snapshot_threshold_bytes=3 * size)
    consensus = Server(*[1] * 9, settings=settings).consensus
    assert [consensus.snapshot_is_due(index) for index in (2, 3, 9)] == [False, True, True]
    consensus.commit_index = 9
    consensus.snapshot_taken(Snapshot(4, 1, CONFIGURATION))
    assert [consensus.snapshot_is_due(index) for index in (4, 6, 7)] == [False, False, True]
    assert not Server(*[1] * 9).consensus.snapshot_is_due(9)  # 0: never


def test_a_snapshot_that_was_taken_compacts_the_log_but_for_some_entries() -> None:
    diary = Diary()
    server = Server(*[1] * 9, observer=diary)
    server.append(1, 9, 1, commit=9)
    diary.told.clear()
    taken = server.compact(8, keep=3)
    assert (server.consensus.log.base_index, server.consensus.log.last_index) == (5, 9)
    assert server.consensus.snapshot == taken
    assert diary.told == [("taken", 8, 1, taken.digest), ("compacted", 5)]
    server.compact(9, keep=9)
    assert server.consensus.log.base_index == 5


def test_the_configuration_of_a_snapshot_is_the_one_at_its_index() -> None:
    server = Server(1)
    changed = Configuration(("n1", "n2"))
    server.append(1, 1, 1, Entry(2, 1, b"", changed), Entry(3, 1, b"x"), commit=3)
    at = server.consensus.configuration_at
    assert [at(index) for index in (1, 2, 3)] == [CONFIGURATION, changed, changed]
    assert server.compact(3).configuration == changed


# The leader.


def leader(*, keep: int = 0, **settings: Any) -> tuple[Server, Snapshot]:
    """The leader of term 2 with entries 1 to 6, committed by n3, compacted to 6; n2 is silent."""
    server = Server(1, 1, 1, 1, 1, settings=msgspec.structs.replace(CHUNKS, **settings))
    server.elect()
    server.acknowledge(6, "n3")
    return server, server.compact(6, keep=keep)


def chunks(sent: list[Any], target: str = "n2") -> list[tuple[int, bytes, bool]]:
    """Offset, bytes and whether it is the last, of each chunk sent."""
    assert all(type(message) is InstallSnapshot for message in sent if message.target == target)
    return [(m.offset, m.data, m.done) for m in sent if m.target == target]


def refuse(server: Server, next_index: int = 1) -> list[Any]:
    """n2 has nothing from ``next_index`` on."""
    progress = server.consensus.progress["n2"]
    term = server.consensus.current_term
    prev = progress.next_index - 1
    return server.step(AppendEntriesReply("n2", "n1", term, False, 0, prev, next_index, 0, 0))


def test_a_follower_that_needs_what_was_compacted_is_sent_the_snapshot_chunk_by_chunk() -> None:
    server, snapshot = leader()
    progress = server.consensus.progress["n2"]
    assert chunks(refuse(server)) == [(0, b"stat", False)]
    assert progress.state == "snapshot"
    assert chunks(server.answer_chunk(snapshot, 4)) == [(4, b"e at", False)]
    assert chunks(server.answer_chunk(snapshot, 8)) == [(8, b" 6", True)]
    server.propose(b"new")
    (append,) = server.answer_chunk(snapshot, 10, installed=True)
    assert (append.prev_log_index, append.prev_log_term) == (6, 2)
    assert append.entries == (Entry(7, 2, b"new"),)
    assert (progress.state, progress.match_index, progress.transfer) == ("replicate", 6, None)


def test_a_follower_that_the_log_suffices_for_needs_no_snapshot() -> None:
    server, _ = leader(keep=2)
    (append,) = refuse(server, 5)
    assert (append.prev_log_index, [entry.index for entry in append.entries]) == (4, [5, 6])
    assert server.consensus.progress["n2"].state == "probe"
    server, _ = leader(keep=2)
    assert chunks(refuse(server, 4)) == [(0, b"stat", False)]


def test_a_follower_that_falls_behind_while_replicating_is_sent_the_snapshot() -> None:
    server = Server(settings=CHUNKS)
    server.elect()
    server.acknowledge(1, "n2")
    for _ in range(9):
        server.propose()
    server.acknowledge(10, "n3")
    server.compact(10)
    assert server.consensus.progress["n2"].state == "replicate"
    assert chunks(refuse(server, 2)) == [(0, b"stat", False)]


def test_one_chunk_is_in_flight_and_an_answer_that_is_doubled_doubles_nothing() -> None:
    server, snapshot = leader()
    refuse(server)
    assert len(server.answer_chunk(snapshot, 4)) == 1
    for late in (4, 4):
        assert server.answer_chunk(snapshot, late) == []
    assert chunks(server.propose()) == [(4, b"", False)]


def test_a_lost_chunk_is_sent_again_when_a_heartbeat_tells() -> None:
    server, snapshot = leader()
    refuse(server)
    server.answer_chunk(snapshot, 4)
    interval = PLAIN.heartbeat_interval
    assert chunks(server.step(after=interval - 1)) == []
    assert server.answer_chunk(snapshot, 4) == []  # it may yet come
    assert chunks(server.step(after=1)) == [(4, b"", False)]
    assert chunks(server.answer_chunk(snapshot, 4)) == [(4, b"e at", False)]
    assert server.answer_chunk(snapshot, 4) == []


def test_a_lost_answer_is_made_good_by_the_answer_to_a_heartbeat() -> None:
    server, snapshot = leader()
    refuse(server)
    server.step(after=PLAIN.heartbeat_interval)
    assert chunks(server.answer_chunk(snapshot, 4)) == [(4, b"e at", False)]
    server.answer_chunk(snapshot, 8)
    server.step(after=PLAIN.heartbeat_interval)
    server.answer_chunk(snapshot, 0, installed=True)
    assert server.consensus.progress["n2"].match_index == 6


def test_a_transfer_is_finished_though_a_newer_snapshot_is_taken_meanwhile() -> None:
    server, snapshot = leader()
    refuse(server)
    server.propose()
    server.acknowledge(7, "n3")
    newer = server.compact(7)
    assert chunks(server.answer_chunk(snapshot, 4)) == [(4, b"e at", False)]
    sent = server.answer_chunk(snapshot, 10, installed=True)
    # The log does not suffice: the newer one follows.
    assert [(m.last_index, m.offset) for m in sent] == [(7, 0)]
    server.answer_chunk(newer, 10, installed=True)
    assert server.consensus.progress["n2"].state == "replicate"


def test_a_follower_that_lost_its_chunks_begins_again_with_the_newest() -> None:
    server, snapshot = leader()
    refuse(server)
    server.answer_chunk(snapshot, 4)
    server.propose()
    server.acknowledge(7, "n3")
    newer = server.compact(7)
    sent = server.answer_chunk(snapshot, 0)
    assert [(m.last_index, m.offset) for m in sent] == [(7, 0)]
    assert server.answer_chunk(snapshot, 4) == []  # late, of the older one
    assert chunks(server.answer_chunk(newer, 4)) == [(4, b"e at", False)]


def test_a_transfer_of_which_nothing_has_come_begins_again_with_the_newest() -> None:
    server, snapshot = leader()
    refuse(server)
    server.propose()
    server.acknowledge(7, "n3")
    server.compact(7)
    assert server.answer_chunk(snapshot, 0) == []  # it may yet come
    server.step(after=PLAIN.heartbeat_interval)
    assert [(m.last_index, m.offset) for m in server.answer_chunk(snapshot, 0)] == [(7, 0)]


def test_late_news_of_what_the_follower_holds_end_a_transfer() -> None:
    server, _ = leader(keep=2)
    refuse(server)
    progress = server.consensus.progress["n2"]
    server.acknowledge(3, "n2")
    assert (progress.state, progress.match_index) == ("snapshot", 3)
    (append,) = server.acknowledge(4, "n2")
    assert (progress.state, append.prev_log_index) == ("replicate", 4)
    refused = AppendEntriesReply("n2", "n1", 2, False, 0, 4, 1, 0, 0)
    server.step(refused)
    assert progress.match_index == 4


def test_a_refusal_does_not_disturb_a_transfer() -> None:
    server, _ = leader()
    refuse(server)
    late = AppendEntriesReply("n2", "n1", 2, False, 0, 5, 1, 0, 0)
    assert server.step(late) == []
    assert server.consensus.progress["n2"].state == "snapshot"


def test_heartbeats_of_a_transfer_confirm_leadership_and_reads() -> None:
    server, snapshot = leader(check_quorum=True)
    consensus = server.consensus
    refuse(server)
    consensus.read(1)
    (heartbeat,) = [m for m in server.settle() if m.target == "n2"]
    assert (heartbeat.data, heartbeat.read_round) == (b"", 1)
    server.answer_chunk(snapshot, 4, read_round=0)
    assert consensus.confirmed_reads == []
    server.answer_chunk(snapshot, 4, read_round=1)
    assert [(read.read_id, read.read_index) for read in consensus.confirmed_reads] == [(1, 6)]
    # n2 alone keeps the leader in office (dragonboat B2 stepped down).
    for _ in range(8):
        server.step(after=PLAIN.heartbeat_interval)
        server.answer_chunk(snapshot, 4)
    assert consensus.role == "leader"
    for _ in range(8):
        server.step(after=PLAIN.heartbeat_interval)
    assert consensus.role != "leader"


def test_answers_of_other_terms_say_nothing_and_newer_ones_depose() -> None:
    server, snapshot = leader()
    refuse(server)
    answer = server.chunk(snapshot, 0, term=1)
    late = msgspec.structs.replace(answer, source="n2", target="n1", term=1, installed=True)
    assert server.step(late) == []
    assert server.consensus.progress["n2"].match_index == 0
    server.step(msgspec.structs.replace(late, term=3))
    assert (server.consensus.role, server.consensus.current_term) == ("follower", 3)
