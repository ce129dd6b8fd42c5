"""Log replication: sections 5.3 and 5.4.2 of the paper."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.consensus import Entry, Settings
from raft.consensus.messages import AppendEntries, AppendEntriesReply
from tests.raft.harness import PLAIN, Server, log


def test_a_leader_begins_its_term_with_a_no_op_and_tells_all() -> None:
    server = Server(1, 1)
    sent = server.elect()
    assert [(m.target, m.prev_log_index, m.entries) for m in sent] == [
        (peer, 2, (Entry(3, 2, b""),)) for peer in ("n2", "n3")
    ]


def test_a_command_is_appended_and_sent_to_all() -> None:
    server = Server()
    server.elect()
    server.acknowledge(1, "n2")
    server.acknowledge(1, "n3")
    sent = server.propose(b"x")
    assert [(m.target, m.entries) for m in sent] == [
        (p, (Entry(2, 1, b"x"),)) for p in ("n2", "n3")
    ]


def test_heartbeats_when_idle() -> None:
    server = Server()
    server.elect()
    sent = server.step(after=PLAIN.heartbeat_interval)
    assert [type(message) for message in sent] == [AppendEntries, AppendEntries]


# The receiver's rules.


def test_1_a_leader_of_an_older_term_is_refused() -> None:
    server = Server(1, term=3)
    reply = server.append(2, 1, 1)
    assert (reply.success, reply.term) == (False, 3)
    assert server.consensus.leader is None


@pytest.mark.parametrize(
    ("previous", "term", "conflict"),
    [(5, 3, (4, 0)), (3, 9, (2, 2)), (1, 9, (1, 1))],
)
def test_2_without_the_previous_entry_the_answer_says_where_to_try(
    previous: int, term: int, conflict: tuple[int, int]
) -> None:
    server = Server(1, 2, 2)
    reply = server.append(9, previous, term)
    assert not reply.success
    assert (reply.conflict_index, reply.conflict_term) == conflict
    assert server.terms == [1, 2, 2]


def test_3_what_conflicts_is_deleted_with_all_that_follows() -> None:
    server = Server(1, 2, 2, 2)
    reply = server.append(4, 1, 1, Entry(2, 4, b"new"))
    assert (reply.success, reply.match_index) == (True, 2)
    assert server.terms == [1, 4]


def test_4_what_is_there_already_is_kept_with_all_that_follows() -> None:
    server = Server(1, 2, 2, 3)
    held = log(1, 2, 2, 3)
    reply = server.append(3, 1, 1, held[1])
    assert (reply.success, reply.match_index) == (True, 2)  # and no further (CCF #6001)
    assert server.terms == [1, 2, 2, 3]
    server.append(3, 0, 0)
    assert server.terms == [1, 2, 2, 3]  # an empty one cuts nothing (RaftOS #26)


def test_5_the_commit_index_follows_the_leaders_up_to_the_last_new_entry() -> None:
    server = Server(1, 1, 1)
    server.append(2, 2, 1, commit=9)
    assert server.consensus.commit_index == 2
    server.append(2, 1, 1, commit=1)
    assert server.consensus.commit_index == 2


# The leader's side of the answers.


def test_a_majority_commits() -> None:
    server = Server(members=("n1", "n2", "n3", "n4", "n5"))
    server.time_out()
    server.consensus.become_leader()
    server.settle()
    server.acknowledge(1, "n2")
    assert server.consensus.commit_index == 0
    server.acknowledge(1, "n3")
    assert server.consensus.commit_index == 1


def test_figure_8_an_entry_of_an_older_term_is_not_committed_by_counting() -> None:
    server = Server(1, 1, term=2)
    server.elect()
    server.acknowledge(2)
    assert server.consensus.commit_index == 0
    server.acknowledge(3)
    assert server.consensus.commit_index == 3


def test_the_leader_counts_its_own_copy_only_once_it_is_saved() -> None:
    server = Server(members=("n1",))
    server.time_out()
    server.consensus.append_as_leader(b"x")
    server.consensus.finish()
    assert server.consensus.commit_index == 1  # the no-op
    server.consensus.saved()
    assert server.consensus.commit_index == 2


def test_an_answer_of_another_term_says_nothing() -> None:
    server = Server(1, 1, term=2)
    server.elect()
    server.step(AppendEntriesReply("n2", "n1", 2, True, 3, 0, 0, 0, 0))
    assert server.consensus.commit_index == 0
    assert server.consensus.progress["n2"].match_index == 0


def test_late_and_doubled_answers_never_take_match_index_back() -> None:
    server = Server()
    server.elect()
    for index in (1, 3, 2, 3, 1):
        server.propose()
        server.acknowledge(index)
    progress = server.consensus.progress["n2"]
    assert progress.match_index == 3
    stale = AppendEntriesReply("n2", "n1", 1, False, 0, 2, 1, 0, 0)
    server.step(stale)
    assert (progress.match_index, progress.next_index > 3) == (3, True)


def test_messages_carry_no_more_entries_than_they_may() -> None:
    server = Server(settings=Settings(pre_vote=False, check_quorum=False, max_entries_per_append=2))
    server.elect()
    for _ in range(6):
        server.consensus.append_as_leader(b"x")
    server.settle()
    sent = server.acknowledge(1)
    assert [len(message.entries) for message in sent] == [2, 2, 2]


def test_pipelining_runs_ahead_but_only_so_far() -> None:
    server = Server(settings=Settings(pre_vote=False, check_quorum=False, max_appends_in_flight=2))
    server.elect()
    server.acknowledge(1)
    carried = [
        len(message.entries)
        for _ in range(4)
        for message in server.propose()
        if message.target == "n2"
    ]
    assert carried == [1, 1, 0, 0]
    sent = server.acknowledge(3)
    assert [entry.index for message in sent for entry in message.entries] == [4, 5]


def replicate(leader: Server, follower: Server, rounds: int) -> int:
    """Exchange heartbeats until the logs agree; how many it took."""
    for number in range(1, rounds + 1):
        sent: list[Any] = leader.step(after=PLAIN.heartbeat_interval)
        to_follower = [message for message in sent if message.target == "n2"]
        while to_follower:
            moved = [
                AppendEntries(
                    "n2",
                    "n1",
                    m.term,
                    m.prev_log_index,
                    m.prev_log_term,
                    m.entries,
                    m.leader_commit,
                    m.read_round,
                )
                for m in to_follower
            ]
            answers = follower.step(*moved)
            back = [
                AppendEntriesReply(
                    "n2",
                    "n1",
                    a.term,
                    a.success,
                    a.match_index,
                    a.prev_log_index,
                    a.conflict_index,
                    a.conflict_term,
                    a.read_round,
                )
                for a in answers
            ]
            to_follower = [m for m in leader.step(*back) if m.target == "n2"]
        if leader.terms == follower.terms:
            return number
    return rounds + 1


@given(
    shared=st.lists(st.integers(1, 4), max_size=5),
    mine=st.lists(st.integers(1, 6), max_size=8),
    other=st.lists(st.integers(1, 6), max_size=8),
)
def test_logs_that_parted_come_to_agree(
    shared: list[int], mine: list[int], other: list[int]
) -> None:
    common = sorted(shared)
    floor = common[-1] if common else 1
    # Entries after the common part are of different terms, as log matching demands.
    own = sorted(2 * max(term, floor) for term in mine)
    theirs = sorted(2 * max(term, floor) + 1 for term in other)
    leader = Server(*common, *own, term=20)
    follower = Server(*common, *theirs, term=20)
    leader.elect()
    assert replicate(leader, follower, rounds=3) <= 3
    assert follower.terms == leader.terms


def test_back_tracking_skips_a_whole_term_at_a_time() -> None:
    leader = Server(1, *[4] * 50, term=6)
    follower = Server(1, *[3] * 100, term=6)
    leader.elect()
    probes = 0
    (message,) = [m for m in leader.step(after=PLAIN.heartbeat_interval) if m.target == "n2"]
    while True:
        probes += 1
        (reply,) = follower.step(message)
        if reply.success:
            break
        back = AppendEntriesReply(
            "n2",
            "n1",
            reply.term,
            False,
            0,
            reply.prev_log_index,
            reply.conflict_index,
            reply.conflict_term,
            0,
        )
        (message,) = leader.step(back)
    assert probes <= 3


def test_what_is_no_message_of_a_server_is_not_taken_for_one() -> None:
    server = Server()
    anything: Any = "TimeoutNow"
    with pytest.raises(TypeError, match="str is no message"):
        server.step(anything)
