"""Elections: the scenarios of "Implementing Raft", part 3 (github.com/eliben/raft)."""

from __future__ import annotations

from raft.consensus.messages import RequestVote, RequestVoteReply
from raft.consensus.state import CANDIDATE, FOLLOWER, LEADER
from tests.acceptance.conftest import Start
from tests.acceptance.harness import Cluster
from tests.acceptance.network import MILLISECOND
from tests.acceptance.worlds import SEED
from tests.raft.harness import Server

WORLDS = SEED


def test_election_basic(start: Start) -> None:
    start(3).check_single_leader()


def test_election_leader_disconnect(start: Start) -> None:
    cluster = start(3)
    leader, term = cluster.check_single_leader()
    cluster.disconnect(leader)
    cluster.sleep(350)
    new_leader, new_term = cluster.check_single_leader()
    assert new_leader != leader
    assert new_term > term


def test_election_leader_and_another_disconnect(start: Start) -> None:
    cluster = start(3)
    leader, _ = cluster.check_single_leader()
    other = (leader + 1) % 3
    cluster.disconnect(leader)
    cluster.disconnect(other)
    cluster.sleep(450)
    cluster.check_no_leader()
    cluster.reconnect(other)
    cluster.check_single_leader()


def test_disconnect_all_then_restore(start: Start) -> None:
    cluster = start(3)
    cluster.sleep(100)
    for server in range(3):
        cluster.disconnect(server)
    cluster.sleep(450)
    cluster.check_no_leader()
    for server in range(3):
        cluster.reconnect(server)
    cluster.check_single_leader()


def leader_comes_back(cluster: Cluster, downtime: int) -> None:
    """A leader that was cut off so long does not disturb its successor when it is back."""
    leader, _ = cluster.check_single_leader()
    cluster.disconnect(leader)
    cluster.sleep(downtime)
    elected = cluster.check_single_leader()
    cluster.reconnect(leader)
    cluster.sleep(150)
    assert cluster.check_single_leader() == elected


def test_election_leader_disconnect_then_reconnect(start: Start) -> None:
    leader_comes_back(start(3), 350)


def test_election_leader_disconnect_then_reconnect_5(start: Start) -> None:
    leader_comes_back(start(5), 150)


def test_election_follower_comes_back(start: Start) -> None:
    """Its election time-outs have raised its term, which deposes the leader. With pre-vote the
    opposite is asserted: its return changes nothing (thesis, 9.6)."""
    cluster = start(3)
    leader, term = cluster.check_single_leader()
    other = (leader + 1) % 3
    cluster.disconnect(other)
    cluster.sleep(650)
    cluster.reconnect(other)
    cluster.sleep(150)
    new_leader, new_term = cluster.check_single_leader()
    if cluster.world.returning_disturbs:
        assert new_term > term
    else:
        assert (new_leader, new_term) == (leader, term)


def test_election_disconnect_loop(start: Start) -> None:
    cluster = start(3)
    for _ in range(5):
        leader, _ = cluster.check_single_leader()
        other = (leader + 1) % 3
        cluster.disconnect(leader)
        cluster.disconnect(other)
        cluster.sleep(310)
        cluster.check_no_leader()
        cluster.reconnect(other)
        cluster.reconnect(leader)
        cluster.sleep(150)


def test_bug_start_election_missing_persist(start: Start) -> None:
    """A server that campaigned in vain remembers the term after a crash."""
    cluster = start(3)
    leader, term = cluster.check_single_leader()
    victim = (leader + 1) % 3
    cluster.disconnect(victim)
    cluster.sleep(1200)
    term_in_memory = cluster.term(victim)
    if cluster.world.returning_disturbs:
        assert term_in_memory > term, "the victim did not campaign: the scenario shows nothing"
    cluster.crash(victim)
    cluster.restart(victim)
    assert cluster.term(victim) == term_in_memory


def test_bug_become_follower_missing_persist(start: Start) -> None:
    """A leader that was deposed by a newer term remembers it after a crash."""
    cluster = start(3)
    leader, term = cluster.check_single_leader()
    cluster.disconnect(leader)
    cluster.sleep(350)
    new_leader, new_term = cluster.check_single_leader()
    assert new_term > term
    # The new leader says nothing more, so that the old one learns of the term from an answer.
    cluster.network.requests_left[cluster.names[new_leader]] = 0
    cluster.reconnect(leader)
    while cluster.term(leader) < new_term:
        cluster.pass_time(MILLISECOND)
    assert not cluster.is_leader(leader)
    if cluster.world.returning_disturbs:
        # Otherwise it has long stepped down and learns of the term when it asks for pre-votes; by
        # then another server may have raised it further.
        assert cluster.term(leader) == new_term
    seen = cluster.term(leader)
    cluster.crash(leader)
    cluster.restart(leader)
    assert cluster.term(leader) == seen


def follower_that_voted(cluster: Cluster) -> int:
    """A follower that has voted in its current term, for the leader."""
    leader, term = cluster.check_single_leader()
    for server in range(cluster.size):
        consensus = cluster.replica(server).consensus
        if (
            consensus.role == FOLLOWER
            and consensus.current_term == term
            and consensus.voted_for == cluster.names[leader]
        ):
            return server
    raise AssertionError("no follower has voted for the leader")


def test_become_follower_same_term_preserves_voted_for(start: Start) -> None:
    cluster = start(3)
    consensus = cluster.replica(follower_that_voted(cluster)).consensus
    voted_for = consensus.voted_for
    consensus.become_follower(None)
    assert consensus.voted_for == voted_for
    consensus.observe_term(consensus.current_term)
    assert consensus.voted_for == voted_for


def test_become_follower_higher_term_resets_voted_for(start: Start) -> None:
    cluster = start(3)
    consensus = cluster.replica(follower_that_voted(cluster)).consensus
    consensus.observe_term(consensus.current_term + 1)
    assert consensus.voted_for is None


def test_stale_vote_reply_ignored(start: Start) -> None:
    cluster = start(5)
    leader, term = cluster.check_single_leader()
    cluster.disconnect(leader)
    cluster.sleep(450)
    new_leader, new_term = cluster.check_single_leader()
    assert new_term > term
    cluster.disconnect(new_leader)
    cluster.sleep(450)
    cluster.reconnect(leader)
    cluster.reconnect(new_leader)
    cluster.sleep(450)
    cluster.check_single_leader()
    # What the original means to bring about, by hand: votes of the term before do not count.
    server = Server()
    server.time_out()
    server.time_out()
    old = server.consensus.current_term - 1
    server.step(RequestVoteReply("n2", "n1", old, True), RequestVoteReply("n3", "n1", old, True))
    roles = [server.consensus.role]
    server.step(RequestVoteReply("n2", "n1", old + 1, True))
    roles.append(server.consensus.role)
    assert roles == [CANDIDATE, LEADER]


def test_same_term_double_vote_prevented(start: Start) -> None:
    cluster = start(3)
    leader, term = cluster.check_single_leader()
    follower = follower_that_voted(cluster)
    other = 3 - leader - follower
    request = RequestVote(cluster.names[other], cluster.names[follower], term, 1000, term)
    answers = cluster.replica(follower).handle([request], cluster.queue.now).messages
    assert not any(isinstance(each, RequestVoteReply) and each.vote_granted for each in answers)


def test_election_safety_stress(start: Start) -> None:
    cluster = start(5)
    for _ in range(8):
        leader, _ = cluster.check_single_leader()
        cluster.disconnect(leader)
        cluster.sleep(350)
        cluster.check_single_leader()
        cluster.reconnect(leader)
        cluster.sleep(150)
    cluster.sleep(300)
    cluster.check_single_leader()
