"""Asynchronous storage: what leaves before the disk has it, and what waits."""

from __future__ import annotations

import msgspec
import pytest

from raft.consensus import (
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshot,
    InstallSnapshotReply,
    Message,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from raft.consensus.messages import ReadIndex, ReadIndexReply, TimeoutNow
from raft.consensus.snapshot import first_snapshot
from tests.raft.asynchronous import ASYNCHRONOUS, Node, append
from tests.raft.asynchronous_nodes import (
    SMALL,
    Votes,
    entries,
    leader,
    new_disk,
    new_node,
    restarted,
    success,
)
from tests.raft.harness import MEMBERS, Server, log


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
