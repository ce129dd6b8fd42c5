"""ReadIndex (thesis, 6.4)."""

from __future__ import annotations

from raft.consensus.messages import RequestVoteReply
from tests.raft.harness import Server


def leader() -> Server:
    """A leader that has committed its no-op."""
    server = Server()
    server.elect()
    server.acknowledge(1, "n2")
    return server


def confirmed(server: Server) -> list[tuple[int, int]]:
    return [(read.read_id, read.read_index) for read in server.consensus.confirmed_reads]


def test_a_read_waits_for_a_majority_that_was_asked_after_it_came() -> None:
    server = leader()
    server.consensus.read(7)
    sent = server.settle()
    assert {message.read_round for message in sent} == {1}
    server.acknowledge(1, "n2", read_round=0)
    assert confirmed(server) == []
    server.acknowledge(1, "n2", read_round=1)
    assert confirmed(server) == [(7, 1)]


def test_reads_that_come_later_need_a_round_of_their_own() -> None:
    server = leader()
    server.consensus.read(1)
    server.consensus.read(2)
    server.settle()
    server.consensus.read(3)
    server.settle()
    server.acknowledge(1, "n3", read_round=1)
    assert confirmed(server) == [(1, 1), (2, 1)]
    server.acknowledge(1, "n3", read_round=2)
    assert confirmed(server) == [(1, 1), (2, 1), (3, 1)]


def test_before_an_entry_of_its_term_is_committed_a_leader_serves_no_read() -> None:
    server = Server(1)
    server.elect()
    server.consensus.read(1)
    server.settle()
    server.acknowledge(1, "n2", read_round=5)
    assert confirmed(server) == []  # etcd #7331
    server.acknowledge(2, "n2")
    server.settle()
    server.acknowledge(2, "n2", read_round=1)
    assert confirmed(server) == [(1, 2)]


def test_a_leader_that_steps_down_refuses_what_waits() -> None:
    server = leader()
    server.consensus.read(1)
    server.settle()
    server.step(RequestVoteReply("n3", "n1", 9, False))
    assert confirmed(server) == []
    assert server.consensus.refused_reads == [1]


def test_a_cluster_of_one_need_not_ask() -> None:
    server = Server(members=("n1",))
    server.time_out()
    server.consensus.read(1)
    assert confirmed(server) == [(1, 1)]
