"""One test for each clause of sections 5.1 to 5.4 of the extended Raft paper, in its words.

In the spirit of etcd's raft_paper_test.go: every rule is asked of the consensus module alone.
"""

from __future__ import annotations

import pytest

from raft.consensus import (
    AppendEntries,
    AppendEntriesReply,
    Entry,
    Message,
    RequestVote,
    RequestVoteReply,
)
from tests.acceptance.consensus_cluster import PLAIN, ConsensusCluster

ROLES = ("follower", "candidate", "leader")


def in_role(role: str, size: int = 3, term: int = 1) -> ConsensusCluster:
    """A cluster whose n1 has the role in ``term``."""
    cluster = ConsensusCluster(size, terms={"n1": term if role == "follower" else term - 1})
    if role == "candidate":
        cluster.time_out("n1")
    elif role == "leader":
        cluster.elect("n1")
    cluster.wire.clear()
    assert cluster["n1"].role == role
    assert cluster["n1"].current_term == term
    return cluster


def messages_of(term: int) -> list[Message]:
    """One of each kind, from n2 to n1, in ``term``."""
    return [
        RequestVote("n2", "n1", term, 9, term),
        RequestVoteReply("n2", "n1", term, False),
        AppendEntries("n2", "n1", term, 0, 0, (), 0, 0),
        AppendEntriesReply("n2", "n1", term, False, 0, 0, 1, 0, 0),
    ]


# -- 5.1 Raft basics ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", range(4))
def test_5_1_a_smaller_current_term_is_updated_to_the_larger_value(role: str, kind: int) -> None:
    cluster = in_role(role, term=2)
    cluster.receive(messages_of(5)[kind])
    assert cluster["n1"].current_term == 5


@pytest.mark.parametrize("role", ["candidate", "leader"])
@pytest.mark.parametrize("kind", range(4))
def test_5_1_a_candidate_or_leader_whose_term_is_out_of_date_reverts_to_follower(
    role: str, kind: int
) -> None:
    cluster = in_role(role, term=2)
    cluster.receive(messages_of(3)[kind])
    assert cluster["n1"].role == "follower"


@pytest.mark.parametrize("role", ROLES)
def test_5_1_a_request_with_a_stale_term_number_is_rejected(role: str) -> None:
    cluster = in_role(role, term=3)
    vote, append = RequestVote("n2", "n1", 2, 9, 2), AppendEntries("n2", "n1", 2, 0, 0, (), 0, 0)
    (refused,) = cluster.receive(vote)
    assert refused == RequestVoteReply("n1", "n2", 3, False)
    (refused,) = cluster.receive(append)
    assert isinstance(refused, AppendEntriesReply)
    assert (refused.success, refused.term) == (False, 3)
    assert cluster["n1"].role == role


# -- 5.2 Leader election -----------------------------------------------------------------------------


def test_5_2_when_servers_start_up_they_begin_as_followers() -> None:
    cluster = ConsensusCluster(3)
    assert {server.role for server in cluster.servers.values()} == {"follower"}
    cluster.elect("n1")
    cluster.restart("n1")
    assert cluster["n1"].role == "follower"


@pytest.mark.parametrize("kind", ["leader", "candidate"])
def test_5_2_a_server_remains_follower_as_long_as_it_receives_valid_rpcs(kind: str) -> None:
    cluster = ConsensusCluster(3)
    server = cluster["n1"]
    for round_ in range(20):
        cluster.now += PLAIN.election_timeout_min - 1
        message: Message = AppendEntries("n2", "n1", 1, 0, 0, (), 0, 0)
        if kind == "candidate":
            message = RequestVote("n2", "n1", 1 + round_, 0, 0)
        cluster.receive(message)
        assert server.role == "follower"


def test_5_2_leaders_send_periodic_heartbeats_to_all_followers() -> None:
    cluster = in_role("leader", size=5)
    cluster.deliver()
    for _ in range(3):
        before = cluster.now
        sent = cluster.heartbeat("n1")
        cluster.deliver()
        assert cluster.now - before <= PLAIN.heartbeat_interval
        assert {message.target for message in sent} == {"n2", "n3", "n4", "n5"}
        assert all(isinstance(message, AppendEntries) for message in sent)


@pytest.mark.parametrize("role", ["follower", "candidate"])
def test_5_2_without_communication_over_the_election_timeout_an_election_begins(role: str) -> None:
    cluster = in_role(role, size=5, term=2)
    server = cluster["n1"]
    cluster.now = server.election_deadline - 1
    assert cluster.settle("n1") == []
    cluster.now += 1
    sent = cluster.settle("n1")
    # It increments its current term, transitions to candidate state, votes for itself and issues
    # RequestVote in parallel to each of the other servers.
    assert (server.current_term, server.role, server.voted_for) == (3, "candidate", "n1")
    assert sent == [RequestVote("n1", peer, 3, 0, 0) for peer in ("n2", "n3", "n4", "n5")]


@pytest.mark.parametrize(
    ("size", "grants", "refusals", "role"),
    [
        (1, 0, 0, "leader"),
        (3, 2, 0, "leader"),
        (3, 1, 0, "leader"),
        (3, 1, 1, "leader"),
        (3, 0, 2, "candidate"),
        (3, 0, 0, "candidate"),
        (5, 4, 0, "leader"),
        (5, 2, 2, "leader"),
        (5, 1, 3, "candidate"),
        (5, 1, 0, "candidate"),
        (7, 3, 0, "leader"),
        (7, 2, 4, "candidate"),
    ],
)
def test_5_2_a_candidate_wins_with_votes_of_a_majority_of_the_full_cluster_for_the_same_term(
    size: int, grants: int, refusals: int, role: str
) -> None:
    cluster = ConsensusCluster(size)
    cluster.time_out("n1")
    peers = cluster.names[1:]
    for peer in peers[:grants]:
        cluster.receive(RequestVoteReply(peer, "n1", 1, True))
    for peer in peers[grants : grants + refusals]:
        cluster.receive(RequestVoteReply(peer, "n1", 1, False))
    assert cluster["n1"].role == role


def test_5_2_votes_of_another_term_or_twice_from_one_server_do_not_count() -> None:
    cluster = ConsensusCluster(5)
    cluster.time_out("n1")
    cluster.time_out("n1")
    for term, peer in ((1, "n2"), (1, "n3"), (2, "n4"), (2, "n4")):
        cluster.receive(RequestVoteReply(peer, "n1", term, True))
    assert cluster.role_of("n1") == "candidate"
    cluster.receive(RequestVoteReply("n5", "n1", 2, True))
    assert cluster.role_of("n1") == "leader"


@pytest.mark.parametrize(
    ("first", "second", "granted"), [("n2", "n2", True), ("n2", "n3", False), ("n3", "n2", False)]
)
def test_5_2_a_server_votes_for_at_most_one_candidate_in_a_term_first_come_first_served(
    first: str, second: str, granted: bool
) -> None:
    cluster = ConsensusCluster(3)
    assert cluster.receive(RequestVote(first, "n1", 1, 0, 0)) == [
        RequestVoteReply("n1", first, 1, True)
    ]
    cluster.restart("n1")
    assert cluster.receive(RequestVote(second, "n1", 1, 0, 0)) == [
        RequestVoteReply("n1", second, 1, granted)
    ]


def test_5_2_once_a_candidate_wins_it_sends_heartbeats_to_establish_its_authority() -> None:
    cluster = ConsensusCluster(3)
    cluster.time_out("n1")
    sent = cluster.receive(RequestVoteReply("n2", "n1", 1, True))
    assert [(type(message), message.target) for message in sent] == [
        (AppendEntries, "n2"),
        (AppendEntries, "n3"),
    ]


@pytest.mark.parametrize(("term", "role"), [(1, "candidate"), (2, "follower"), (3, "follower")])
def test_5_2_a_candidate_recognizes_a_leader_whose_term_is_at_least_as_large(
    term: int, role: str
) -> None:
    cluster = in_role("candidate", term=2)
    cluster.receive(AppendEntries("n2", "n1", term, 0, 0, (), 0, 0))
    assert cluster["n1"].role == role
    assert cluster["n1"].leader == (None if role == "candidate" else "n2")


def test_5_2_split_votes_end_by_a_new_election_in_a_new_term() -> None:
    cluster = ConsensusCluster(4)
    cluster.time_out("n1")
    cluster.now = 0
    cluster.time_out("n2")
    cluster.wire = [message for message in cluster.wire if message.target in ("n3", "n4")]
    # n3 votes for n1, n4 for n2.
    cluster.wire.sort(key=lambda message: (message.source == "n1") != (message.target == "n3"))
    cluster.deliver()
    assert [cluster[name].role for name in ("n1", "n2")] == ["candidate", "candidate"]
    cluster.time_out("n1")
    cluster.deliver()
    assert (cluster["n1"].role, cluster["n1"].current_term) == ("leader", 2)


def test_5_2_election_timeouts_are_chosen_randomly_from_a_fixed_interval() -> None:
    cluster = ConsensusCluster(3)
    server = cluster["n1"]
    drawn = set()
    for _ in range(200):
        # Each candidate restarts its randomized election timeout at the start of an election.
        cluster.time_out("n1")
        drawn.add(server.election_deadline - cluster.now)
    low, high = PLAIN.election_timeout_min, PLAIN.election_timeout_max
    assert all(low <= each <= high for each in drawn)
    eighth = (high - low) // 8
    assert {(each - low) // eighth for each in drawn} >= set(range(8))


def test_5_2_servers_seldom_time_out_together() -> None:
    first_and_second = []
    for seed in range(200):
        cluster = ConsensusCluster(5, seed=seed)
        deadlines = sorted(server.election_deadline for server in cluster.servers.values())
        first_and_second.append(deadlines[1] - deadlines[0])
    # Within the time that a message takes, say one per cent of the interval.
    near = (PLAIN.election_timeout_max - PLAIN.election_timeout_min) // 100
    assert sum(gap <= near for gap in first_and_second) < 200 * 0.15


# -- 5.3 Log replication -----------------------------------------------------------------------------


def test_5_3_the_leader_appends_the_command_and_issues_append_entries_in_parallel() -> None:
    cluster = in_role("leader", size=5)
    cluster.heartbeat("n1")
    cluster.deliver()
    sent = cluster.propose("n1", b"command")
    entry = Entry(2, 1, b"command")
    assert cluster["n1"].log.entry_at(2) == entry
    assert sent == [
        AppendEntries("n1", peer, 1, 1, 1, (entry,), 1, 0) for peer in ("n2", "n3", "n4", "n5")
    ]


@pytest.mark.parametrize(
    ("size", "acceptors", "committed"),
    [(1, 0, True), (3, 0, False), (3, 1, True), (3, 2, True), (5, 1, False), (5, 2, True)],
)
def test_5_3_an_entry_is_committed_once_it_is_replicated_on_a_majority(
    size: int, acceptors: int, committed: bool
) -> None:
    cluster = in_role("leader", size=size)
    cluster.heartbeat("n1")
    cluster.deliver()
    cluster.propose("n1")
    names = cluster.names[1 : 1 + acceptors]
    cluster.deliver_among("n1", *names)
    assert (cluster["n1"].commit_index == 2) == committed


@pytest.mark.parametrize("inherited", [(), (1,), (1, 1, 2), (2, 2, 2, 2)])
def test_5_3_this_also_commits_all_preceding_entries_of_previous_leaders(
    inherited: tuple[int, ...],
) -> None:
    cluster = ConsensusCluster(3, logs={"n1": inherited}, terms={"n1": 2})
    cluster.elect("n1")
    cluster.heartbeat("n1")
    cluster.deliver_among("n1", "n2")
    assert cluster["n1"].commit_index == len(inherited) + 1
    assert cluster.terms_of("n2") == [*inherited, 3]


def test_5_3_the_leader_includes_the_highest_committed_index_in_future_append_entries() -> None:
    cluster = in_role("leader")
    cluster.heartbeat("n1")
    cluster.deliver()
    cluster.propose("n1")
    cluster.deliver()
    assert cluster["n1"].commit_index == 2
    assert {message.leader_commit for message in cluster.heartbeat("n1")} == {2}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("leader_commit", "entries", "learned"), [(1, 1, 1), (2, 1, 1), (2, 2, 2), (1, 2, 1)]
)
def test_5_3_a_follower_learns_that_an_entry_is_committed(
    leader_commit: int, entries: int, learned: int
) -> None:
    cluster = in_role("follower")
    new = tuple(Entry(index, 1, b"x") for index in range(1, entries + 1))
    cluster.receive(AppendEntries("n2", "n1", 1, 0, 0, new, leader_commit, 0))
    assert cluster["n1"].commit_index == learned


@pytest.mark.parametrize(
    ("index", "term", "accepted"),
    [(0, 0, True), (1, 1, True), (2, 2, True), (1, 2, False), (2, 1, False), (3, 3, False)],
)
def test_5_3_a_follower_that_does_not_find_the_preceding_entry_refuses(
    index: int, term: int, accepted: bool
) -> None:
    cluster = ConsensusCluster(3, logs={"n1": (1, 2)}, terms={"n1": 3})
    (reply,) = cluster.receive(AppendEntries("n2", "n1", 3, index, term, (), 0, 0))
    assert isinstance(reply, AppendEntriesReply)
    assert reply.success == accepted


@pytest.mark.parametrize(
    ("previous", "new", "terms"),
    [
        ((2, 2), (3,), [1, 2, 3]),
        ((1, 1), (3, 4), [1, 3, 4]),
        ((0, 0), (1,), [1, 2]),
        ((0, 0), (3,), [3]),
    ],
)
def test_5_3_conflicting_entries_are_overwritten_and_equal_ones_kept(
    previous: tuple[int, int], new: tuple[int, ...], terms: list[int]
) -> None:
    cluster = ConsensusCluster(3, logs={"n1": (1, 2)}, terms={"n1": 4})
    index = previous[0]
    entries = tuple(
        Entry(at, term, f"{at}.{term}".encode()) for at, term in enumerate(new, start=index + 1)
    )
    cluster.receive(AppendEntries("n2", "n1", 4, *previous, entries, 0, 0))
    assert cluster.terms_of("n1") == terms


def test_5_3_the_leader_retries_append_entries_indefinitely() -> None:
    cluster = in_role("leader")
    cluster.propose("n1")
    for _ in range(50):
        cluster.deliver(lambda message: False)
        assert cluster.heartbeat("n1")
    cluster.deliver()
    cluster.heartbeat("n1")
    cluster.deliver()
    assert cluster.terms_of("n2") == cluster.terms_of("n3") == [1, 1]
    assert cluster["n1"].commit_index == 2


# Figure 7: the logs of followers that a leader of term 8 may meet.
FIGURE_7_LEADER = (1, 1, 1, 4, 4, 5, 5, 6, 6, 6)
FIGURE_7 = {
    "a": (1, 1, 1, 4, 4, 5, 5, 6, 6),
    "b": (1, 1, 1, 4),
    "c": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6),
    "d": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7),
    "e": (1, 1, 1, 4, 4, 4, 4),
    "f": (1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3),
}


@pytest.mark.parametrize("follower", FIGURE_7)
def test_5_3_the_leader_forces_the_logs_of_figure_7_to_duplicate_its_own(follower: str) -> None:
    cluster = ConsensusCluster(
        3, logs={"n1": FIGURE_7_LEADER, "n2": FIGURE_7[follower]}, terms=dict.fromkeys(("n1",), 7)
    )
    # n2 may be the one that is more up-to-date: the leader has the vote of n3.
    cluster.elect("n1", "n3")
    assert cluster["n1"].current_term == 8
    for _ in range(len(FIGURE_7_LEADER)):
        cluster.heartbeat("n1")
        cluster.deliver_among("n1", "n2")
    own = cluster["n1"].log.entries_from(1)
    assert [entry.term for entry in own] == [*FIGURE_7_LEADER, 8]
    assert cluster["n2"].log.entries_from(1) == own


@pytest.mark.parametrize("follower", FIGURE_7)
def test_5_3_one_append_entries_is_required_for_each_term_with_conflicting_entries(
    follower: str,
) -> None:
    logs = {"n1": FIGURE_7_LEADER, "n2": FIGURE_7[follower]}
    cluster = ConsensusCluster(3, logs=logs, terms={"n1": 7})
    cluster.elect("n1", "n3")
    refusals = 0
    cluster.heartbeat("n1")
    while cluster.wire:
        message = cluster.wire.pop(0)
        refusals += isinstance(message, AppendEntriesReply) and not message.success
        if "n3" not in (message.source, message.target):
            cluster.receive(message)
    shared = next(
        (
            at
            for at, (own, theirs) in enumerate(
                zip(FIGURE_7_LEADER, FIGURE_7[follower], strict=False)
            )
            if own != theirs
        ),
        min(len(FIGURE_7_LEADER), len(FIGURE_7[follower])),
    )
    conflicting = set(FIGURE_7[follower][shared:]) | set(FIGURE_7_LEADER[shared:])
    assert refusals <= max(1, len(conflicting))
    assert cluster["n2"].log.entries_from(1) == cluster["n1"].log.entries_from(1)


def test_5_3_a_leader_never_overwrites_or_deletes_entries_in_its_own_log() -> None:
    cluster = ConsensusCluster(3, logs={"n1": (1, 2)}, terms={"n1": 2})
    cluster.elect("n1")
    own = cluster["n1"].log.entries_from(1)
    for message in messages_of(3)[1:] + messages_of(2):
        if not isinstance(message, AppendEntries) or message.term != 3:
            cluster.receive(message)
            assert cluster["n1"].log.entries_from(1) == own


# -- 5.4 Safety --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "candidate", "granted"),
    [
        # If the logs have last entries with different terms, the later term is more up-to-date.
        ((1, 1), (2,), True),
        ((1, 2), (1, 1, 1, 1), False),
        ((3,), (1, 2, 2, 2), False),
        # If the logs end with the same term, whichever log is longer is more up-to-date.
        ((1, 1), (1,), False),
        ((1,), (1, 1), True),
        ((1, 2), (1, 2), True),
        ((), (), True),
        ((1,), (), False),
    ],
)
def test_5_4_1_a_voter_denies_its_vote_if_its_own_log_is_more_up_to_date(
    own: tuple[int, ...], candidate: tuple[int, ...], granted: bool
) -> None:
    cluster = ConsensusCluster(2, logs={"n1": candidate, "n2": own}, terms={"n1": 3, "n2": 3})
    (request,) = cluster.time_out("n1")
    assert isinstance(request, RequestVote)
    # The RPC includes information about the candidate's log.
    assert request == RequestVote("n1", "n2", 4, len(candidate), candidate[-1] if candidate else 0)
    (reply,) = cluster.receive(request)
    assert reply == RequestVoteReply("n2", "n1", 4, granted)


def test_5_4_2_entries_of_previous_terms_are_not_committed_by_counting_replicas() -> None:
    """Only log entries from the leader's current term are committed by counting replicas."""
    cluster = ConsensusCluster(3, logs={"n1": (1, 2), "n2": (1, 2), "n3": (1,)})
    cluster.elect("n1")
    leader = cluster["n1"]
    for index, committed in ((1, 0), (2, 0), (3, 3)):
        cluster.receive(AppendEntriesReply("n2", "n1", 3, True, index, 0, 0, 0, 0))
        assert leader.commit_index == committed


def figure_8_until_c() -> ConsensusCluster:
    """Figure 8, up to (c): S1 leads anew and has put entry 2 on a majority.

    The no-ops with which leaders begin their terms are the figure's entries: S1's of term 2, S5's
    of term 3, S1's of term 4. Index 1 is the entry of term 1 that all have. ``set_term`` is what a
    server that hears of a term does.
    """
    names = ("n1", "n2", "n3", "n4", "n5")
    cluster = ConsensusCluster(5, logs=dict.fromkeys(names, (1,)))
    # (a) S1 is leader and partially replicates the log entry at index 2.
    cluster.elect("n1", "n3", "n4")
    cluster.heartbeat("n1")
    cluster.deliver_among("n1", "n2")
    # (b) S1 crashes; S5 is elected leader for term 3 with votes from S3, S4, and itself, and
    # accepts a different entry at log index 2.
    cluster.restart("n1")
    cluster["n5"].set_term(2)
    cluster.elect("n5", "n3", "n4")
    assert cluster["n5"].current_term == 3
    # (c) S5 crashes; S1 restarts, is elected leader, and continues replication.
    cluster.restart("n5")
    cluster["n1"].set_term(3)
    cluster.elect("n1", "n2", "n3")
    assert cluster["n1"].current_term == 4
    # Only entry 2 reaches S3: what was sent of term 4 is cut off.
    two = cluster["n1"].log.entry_at(2)
    (answer,) = cluster.receive(AppendEntries("n1", "n3", 4, 1, 1, (two,), 0, 0))
    cluster.receive(answer)
    cluster.receive(AppendEntriesReply("n2", "n1", 4, True, 2, 0, 0, 0, 0))
    cluster.wire.clear()
    assert cluster.terms_of("n3") == [1, 2]
    assert cluster.terms_of("n2") == [1, 2]
    return cluster


def test_5_4_2_figure_8_c_an_entry_of_an_old_term_on_a_majority_is_not_committed() -> None:
    cluster = figure_8_until_c()
    assert cluster["n1"].commit_index == 0


def test_5_4_2_figure_8_d_such_an_entry_can_still_be_overwritten() -> None:
    cluster = figure_8_until_c()
    cluster.restart("n1")
    cluster["n5"].set_term(4)
    cluster.elect("n5", "n2", "n3", "n4")
    cluster.heartbeat("n5")
    cluster.deliver()
    assert {tuple(cluster.terms_of(name)) for name in cluster.names} == {(1, 3, 5)}


def test_5_4_2_figure_8_e_once_an_entry_of_the_own_term_is_on_a_majority_s5_cannot_win() -> None:
    cluster = figure_8_until_c()
    cluster.heartbeat("n1")
    cluster.deliver_among("n1", "n2", "n3")
    assert cluster["n1"].commit_index == 3
    cluster.restart("n1")
    cluster["n5"].set_term(4)
    cluster.time_out("n5")
    cluster.deliver()
    assert cluster["n5"].role == "candidate"
