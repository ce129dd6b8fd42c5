"""Leadership transfer: section 3.10 of the thesis."""

from __future__ import annotations

import pytest

from raft.consensus import Entry, Settings
from raft.consensus.changes import AddLearner, Remove, Target
from raft.consensus.configuration import Configuration
from raft.consensus.messages import RequestVote, TimeoutNow
from tests.raft.harness import MS, Server
from tests.raft.network import Network

TIMEOUT = Settings().election_timeout_min


def led(names: str = "abc", members: str = "abc") -> Network:
    network = Network(tuple(names), tuple(members))
    network.elect(members[0])
    return network


def transfer(network: Network, name: str, target: str) -> str | None:
    server = network[name]
    server.now = network.now
    refusal = server.transfer_leadership(target)
    network.settle(name)
    return refusal


def test_a_target_that_holds_everything_is_told_at_once_and_takes_over() -> None:
    network = led()
    assert transfer(network, "a", "b") is None
    assert network.timeouts_now() == [TimeoutNow("a", "b", 1)]
    network["b"].leader = "a"
    network.deliver(network.timeouts_now()[0])
    assert network["b"].leader is None
    # At once, without pre-vote, and nobody holds it back for the leader's sake.
    assert network.asked_for_votes("b") == [
        RequestVote("b", peer, 2, 1, 1, True) for peer in ("a", "c")
    ]
    network.exchange("bc")
    assert network["b"].role == "leader"
    network.elapse(100 * MS)
    assert network["a"].role == "follower"
    assert network["a"].ended_transfers == ["done"]
    assert network.watchers["a"].transfers == ["b", "done"]


def test_a_target_that_lacks_entries_gets_them_first() -> None:
    network = led()
    network.propose("a")
    network.in_flight.clear()
    assert transfer(network, "a", "b") is None
    assert network.timeouts_now() == []
    assert not network["a"].accepts_proposals()
    network.elapse(2 * Settings().heartbeat_interval)
    assert network["b"].role == "leader"
    assert network["b"].log.last_index == 3


def test_it_is_abandoned_after_an_election_time_out() -> None:
    network = led()
    network.sides["b"] = 1
    transfer(network, "a", "b")
    network.elapse(TIMEOUT - 1, "ac")
    assert not network["a"].accepts_proposals()
    network.elapse(1, "ac")
    assert network["a"].accepts_proposals()
    assert network["a"].role == "leader"
    assert network["a"].ended_transfers == ["abandoned"]
    assert network.watchers["a"].transfers == ["b", "abandoned"]
    assert transfer(network, "a", "c") is None


def test_a_message_of_an_abandoned_transfer_may_still_depose_the_leader() -> None:
    """So no lease is good once it was sent."""
    network = led()
    transfer(network, "a", "b")
    (late,) = network.timeouts_now()
    network.in_flight.clear()
    network.elapse(TIMEOUT, "ac")
    network.in_flight = [late]
    assert network["a"].accepts_proposals()
    assert network["a"].timeout_now_sent
    network.deliver(late)
    network.exchange("bc")
    assert network["b"].role == "leader"
    assert not network["b"].timeout_now_sent
    network.elapse(100 * MS)
    network.elect("a", among="ac")
    assert not network["a"].timeout_now_sent  # a term of its own


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("a", "target-is-leader"),
        ("x", "unknown-member"),
        ("d", "not-a-voter"),
    ],
)
def test_whom_a_leader_cannot_hand_over_to(target: str, reason: str) -> None:
    network = led("abcd")
    network["a"].change_membership(1, (AddLearner("d"),))
    network.settle("a")
    assert transfer(network, "a", target) == reason
    assert network["a"].accepts_proposals()


def test_who_is_about_to_leave_is_no_target_and_who_is_about_to_join_is_one() -> None:
    network = led("abcd")
    network["a"].change_membership(1, (Target(("a", "b", "d")),), "explicit")
    network.settle("a")
    assert transfer(network, "a", "c") == "not-a-voter"
    assert transfer(network, "a", "d") is None
    network.elapse(300 * MS)
    assert network["d"].role == "leader"


def test_only_a_leader_hands_over() -> None:
    assert transfer(led(), "b", "c") == "not-leader"


def test_a_second_target_is_refused_and_the_same_one_changes_nothing() -> None:
    network = led()
    network.sides["b"] = 1
    transfer(network, "a", "b")
    network.elapse(100 * MS, "ac")
    assert transfer(network, "a", "c") == "transferring"
    assert transfer(network, "a", "b") is None
    network.elapse(TIMEOUT - 100 * MS, "ac")
    assert network["a"].ended_transfers == ["abandoned"]


def test_no_change_of_the_membership_meanwhile_but_afterwards() -> None:
    network = led()
    network.sides["b"] = 1
    transfer(network, "a", "b")
    network["a"].change_membership(1, (Remove("c"),))
    assert network["a"].refused_changes[-1].reason == "transferring"
    network.elapse(TIMEOUT, "ac")
    network["a"].change_membership(2, (Remove("b"),))
    assert network["a"].appended_changes[-1].change_id == 2


def test_a_joint_configuration_is_left_after_an_abandoned_transfer() -> None:
    network = led("abcd")
    network["a"].change_membership(1, (Target(("a", "b", "d")),))
    network.settle("a")
    transfer(network, "a", "b")
    network.exchange("acd")  # b hears of nothing
    assert network["a"].commit_index == 2
    network.elapse(TIMEOUT // 2, "acd")
    assert network["a"].configuration.is_joint
    network.elapse(TIMEOUT, "acd")
    assert network["a"].configuration == Configuration(("a", "b", "d"))


# The target's part.


def test_neither_learners_nor_outsiders_campaign_when_told_to() -> None:
    server = Server(1, members=("n2", "n3"))
    assert server.step(TimeoutNow("n2", "n1", 1)) == []
    assert server.consensus.role == "follower"
    server = Server(settings=Settings())
    server.append(
        1, 0, 0, Entry(1, 1, b"", Configuration(("n2", "n3"), learners=("n1",))), commit=1
    )
    assert server.step(TimeoutNow("n2", "n1", 1)) == []


def test_an_old_request_and_one_to_a_leader_are_ignored() -> None:
    server = Server(1, term=3)
    assert server.step(TimeoutNow("n2", "n1", 2)) == []
    assert server.consensus.current_term == 3
    server = Server()
    server.elect()
    assert server.step(TimeoutNow("n1", "n1", 1)) == []
    assert (server.consensus.role, server.consensus.current_term) == ("leader", 1)


def test_a_request_of_a_newer_term_brings_the_term_along() -> None:
    server = Server(1)
    sent = server.step(TimeoutNow("n2", "n1", 4))
    assert sent == [RequestVote("n1", peer, 5, 1, 1, True) for peer in ("n2", "n3")]
    assert server.consensus.leader is None


def test_a_leader_that_is_deposed_otherwise_has_handed_over_as_well() -> None:
    network = led()
    network.sides["b"] = 1
    transfer(network, "a", "b")
    network.step("a", RequestVote("c", "a", 9, 9, 9, True))
    assert network["a"].ended_transfers == ["done"]
    assert network["a"].transfer_target is None
