"""Election priority: who campaigns first, and that nothing depends on it."""

from __future__ import annotations

import pytest

from raft.consensus import Settings
from raft.consensus.changes import Remove
from tests.raft.harness import Server
from tests.raft.network import Network

SETTINGS = Settings(priorities={"a": 9, "b": 5})
SPREAD = SETTINGS.election_timeout_max - SETTINGS.election_timeout_min


@pytest.mark.parametrize("seed", range(5))
def test_the_highest_priority_leads_and_the_next_one_when_it_is_gone(seed: int) -> None:
    network = Network("abc", "cba", SETTINGS, seed=seed)
    network.elapse(2_000_000_000)
    leader = network.leader()
    assert leader is not None
    assert leader.node == "a"
    network.sides["a"] = 1
    network.elapse(3_000_000_000, "bc")
    assert network["b"].role == "leader"


@pytest.mark.parametrize("up", ["bc", "ac", "ab"])
def test_a_leader_is_found_whoever_is_down(up: str) -> None:
    network = Network("abc", "abc", SETTINGS)
    network.elapse(3_000_000_000, up)
    leader = network.leader()
    assert leader is not None
    assert leader.node in up


def test_each_voter_above_adds_one_spread_and_no_more() -> None:
    settings = Settings(priorities={"n2": 1_000_000, "n3": 1})
    server = Server(settings=settings)
    for _ in range(20):
        server.consensus.reset_election_timer()
        waits = server.consensus.election_deadline - server.now
        assert 2 * SPREAD <= waits - settings.election_timeout_min < 3 * SPREAD


def test_who_has_left_is_waited_for_no_longer() -> None:
    network = Network("abc", "abc", SETTINGS)
    network.elect("a")
    assert network["c"].priority_delay == 2 * SPREAD
    network["a"].change_membership(1, (Remove("b"),))
    network.settle("a")
    network.exchange()
    assert network["c"].priority_delay == SPREAD


def test_without_priorities_nobody_waits() -> None:
    assert Server().consensus.priority_delay == 0
