"""Elections: sections 5.2 and 5.4.1 of the paper, pre-vote and disruptions of the thesis."""

from __future__ import annotations

import pytest

from raft.consensus import Settings
from raft.consensus.messages import PreVote, PreVoteReply, RequestVote, RequestVoteReply
from tests.raft.harness import MS, PLAIN, Server


def test_a_follower_that_hears_nothing_becomes_candidate_of_the_next_term() -> None:
    server = Server(1, 2)
    deadline = server.consensus.election_deadline
    assert PLAIN.election_timeout_min <= deadline < PLAIN.election_timeout_max
    assert server.step(after=deadline - 1) == []
    sent = server.step(after=1)
    assert sent == [RequestVote("n1", peer, 3, 2, 2) for peer in ("n2", "n3")]
    assert server.consensus.role == "candidate"
    assert server.consensus.voted_for == "n1"


def test_time_outs_are_drawn_anew() -> None:
    server = Server()
    drawn = set()
    for _ in range(5):
        server.time_out()
        drawn.add(server.consensus.election_deadline - server.now)
    assert len(drawn) == 5


def test_a_majority_of_votes_of_the_term_elects() -> None:
    server = Server(members=("n1", "n2", "n3", "n4", "n5"))
    server.time_out()
    vote = RequestVoteReply("n2", "n1", 1, True)
    server.step(vote, vote)
    assert server.consensus.role == "candidate"  # a vote counts once
    server.step(RequestVoteReply("n3", "n1", 1, False))
    assert server.consensus.role == "candidate"
    server.step(RequestVoteReply("n3", "n1", 1, True))
    assert server.consensus.role == "leader"


def test_a_vote_of_an_older_campaign_does_not_count() -> None:
    server = Server()
    server.time_out()
    server.time_out()
    assert server.consensus.current_term == 2
    server.step(RequestVoteReply("n2", "n1", 1, True))
    assert server.consensus.role == "candidate"


def test_one_vote_a_term_and_the_same_one_again() -> None:
    server = Server(term=3)
    assert server.ask_vote(4, 0, 0, "n2").vote_granted
    assert server.ask_vote(4, 0, 0, "n2").vote_granted
    assert not server.ask_vote(4, 9, 9, "n3").vote_granted
    assert server.ask_vote(5, 0, 0, "n3").vote_granted


def test_no_vote_in_a_term_that_is_over() -> None:
    reply = Server(term=3).ask_vote(2, 9, 9)
    assert (reply.vote_granted, reply.term) == (False, 3)


@pytest.mark.parametrize(
    ("last_index", "last_term", "granted"),
    [(3, 2, True), (4, 2, True), (2, 2, False), (1, 3, True), (9, 1, False)],
)
def test_the_candidates_log_must_be_up_to_date(
    last_index: int, last_term: int, granted: bool
) -> None:
    server = Server(1, 2, 2)
    assert server.ask_vote(5, last_index, last_term).vote_granted is granted


def test_a_vote_puts_the_election_off_a_refusal_does_not() -> None:
    server = Server(1)
    before = server.consensus.election_deadline
    server.step(after=100 * MS)
    server.ask_vote(2, 0, 0)
    assert server.consensus.election_deadline == before
    server.ask_vote(2, 1, 1)
    assert server.consensus.election_deadline > before


def test_a_higher_term_makes_a_follower_of_anyone() -> None:
    server = Server()
    server.elect()
    server.step(RequestVoteReply("n3", "n1", 7, False))
    assert (server.consensus.role, server.consensus.current_term) == ("follower", 7)
    assert server.consensus.voted_for is None


def test_a_candidate_recognizes_the_leader_of_its_term() -> None:
    server = Server()
    server.time_out()
    assert server.append(1, 0, 0).success
    assert (server.consensus.role, server.consensus.leader) == ("follower", "n2")
    assert server.consensus.voted_for == "n1"  # the vote stands (eliben/raft 5a550b1)


# Pre-vote (thesis, 9.6).


def test_pre_vote_raises_no_term_until_a_majority_agrees() -> None:
    server = Server(1, settings=Settings(check_quorum=False))
    sent = server.time_out()
    assert sent == [PreVote("n1", peer, 2, 1, 1) for peer in ("n2", "n3")]
    assert server.consensus.current_term == 1
    server.time_out()
    assert server.consensus.current_term == 1
    sent = server.step(PreVoteReply("n2", "n1", 2, True))
    assert [type(message) for message in sent] == [RequestVote, RequestVote]
    assert server.consensus.current_term == 2


def test_pre_votes_are_granted_as_votes_would_be_and_change_nothing() -> None:
    server = Server(1, 2, settings=Settings(check_quorum=False))

    def ask(term: int, last_index: int, last_term: int) -> bool:
        (reply,) = server.step(PreVote("n2", "n1", term, last_index, last_term))
        return bool(reply.vote_granted)

    assert ask(3, 2, 2)
    assert ask(3, 2, 2)
    assert not ask(3, 1, 2)
    assert not ask(2, 2, 2)
    assert (server.consensus.current_term, server.consensus.voted_for) == (2, None)


# Disruptions (thesis, 4.2.3) and the leader's own doubts (6.2).


def test_who_hears_from_a_leader_drops_requests_for_votes() -> None:
    server = Server(settings=Settings())
    server.append(1, 0, 0)
    assert server.step(RequestVote("n3", "n1", 9, 9, 9)) == []
    assert server.consensus.current_term == 1
    (refusal,) = server.step(PreVote("n3", "n1", 9, 9, 9))
    assert not refusal.vote_granted
    (reply,) = server.step(RequestVote("n3", "n1", 9, 9, 9), after=Settings().election_timeout_min)
    assert reply.vote_granted


def test_a_leader_that_no_majority_answers_steps_down() -> None:
    server = Server(settings=Settings())
    server.elect()
    server.step(after=Settings().election_timeout_min)
    assert server.consensus.role == "follower"


def test_a_leader_that_a_majority_answers_stays() -> None:
    server = Server(settings=Settings())
    server.elect()
    for _ in range(3):
        server.acknowledge(1)
        server.step(after=Settings().election_timeout_min)
    assert server.consensus.role == "leader"


def test_the_only_voter_counts_its_own_vote_once_it_is_durable() -> None:
    consensus = Server(members=("n1",), settings=Settings()).consensus
    consensus.now = consensus.deadline
    consensus.tick()
    assert (consensus.role, consensus.voted_for) == ("candidate", "n1")
    consensus.saved()
    assert consensus.role == "leader"


def test_a_cluster_of_one_elects_itself() -> None:
    server = Server(members=("n1",), settings=Settings())
    server.time_out()
    assert server.consensus.role == "leader"
    assert server.consensus.commit_index == 1
