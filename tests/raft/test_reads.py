"""ReadIndex (thesis, 6.4), at the leader and at followers."""

from __future__ import annotations

from typing import Any

from nemesis.run import run
from nemesis.search.generate import generate
from raft.client import Client, Send
from raft.client_messages import ClientRequest
from raft.consensus import Settings
from raft.consensus.configuration import Configuration
from raft.consensus.messages import (
    AppendEntries,
    InstallSnapshot,
    ReadIndex,
    ReadIndexReply,
    RequestVoteReply,
)
from raft.kv.commands import Append, Get, Put, Result
from tests.raft.harness import MEMBERS, PLAIN, Server
from tests.raft.test_service import Cluster


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


# Followers, and the leader on their behalf.


def follower(term: int = 3) -> Server:
    """A follower that has heard from n2, leader of ``term``; it asks before it campaigns."""
    server = Server(term=term, settings=Settings(check_quorum=False))
    server.step(AppendEntries("n2", "n1", term, 0, 0, (), 0, 0))
    return server


def ask(server: Server, read_id: int = 1) -> ReadIndex:
    """A read arrives at a follower; what it asks the leader."""
    server.consensus.read(read_id)
    (message,) = server.settle()
    assert isinstance(message, ReadIndex)
    return message


def reply(request: ReadIndex, read_index: int | None, term: int | None = None) -> ReadIndexReply:
    return ReadIndexReply(
        request.target,
        request.source,
        request.term if term is None else term,
        request.read_id,
        read_index,
    )


def test_a_follower_asks_the_leader_and_serves_once_it_is_confirmed() -> None:
    server = follower()
    request = ask(server, 7)
    assert (request.target, request.term) == ("n2", 3)
    assert confirmed(server) == []
    server.step(reply(request, 5))
    assert confirmed(server) == [(7, 5)]
    server.step(reply(request, 5))
    assert confirmed(server) == [(7, 5)]


def test_a_follower_without_a_leader_refuses() -> None:
    server = Server()
    server.consensus.read(7)
    assert (server.settle(), server.consensus.refused_reads) == ([], [7])


def test_a_follower_refuses_what_the_leader_refuses() -> None:
    server = follower()
    server.step(reply(ask(server, 7), None))
    assert (confirmed(server), server.consensus.refused_reads) == ([], [7])


def test_a_lost_request_is_given_up_at_a_heartbeat() -> None:
    server = follower()
    request = ask(server, 7)
    heartbeat = AppendEntries("n2", "n1", 3, 0, 0, (), 0, 0)
    server.step(heartbeat, after=PLAIN.election_timeout_min - 1)
    server.consensus.give_up_late_reads()
    assert server.consensus.refused_reads == []
    server.step(heartbeat, after=1)
    server.consensus.give_up_late_reads()
    assert server.consensus.refused_reads == [7]
    server.step(reply(request, 5))
    assert confirmed(server) == []


def test_who_refuses_an_older_term_names_none_of_its_rounds() -> None:
    """Their numbers begin anew: the leader may lead again, in the term of the answer."""
    server = follower(term=3)
    chunk = InstallSnapshot("n3", "n1", 2, 5, 2, Configuration(("n1", "n2", "n3")), 0, b"", True, 4)
    for older in (AppendEntries("n3", "n1", 2, 0, 0, (), 0, 4), chunk):
        (answer,) = server.step(older)
        assert (answer.term, answer.read_round) == (3, 0)
    for current in (
        AppendEntries("n2", "n1", 3, 9, 3, (), 0, 4),
        AppendEntries("n2", "n1", 3, 0, 0, (), 0, 4),
    ):
        (answer,) = server.step(current)
        assert (answer.term, answer.read_round) == (3, 4)


def test_a_read_is_given_up_when_the_leader_is() -> None:
    for event in ("time-out", "new term"):
        server = follower()
        request = ask(server, 7)
        if event == "time-out":
            server.time_out()
        else:
            server.step(AppendEntries("n3", "n1", 4, 0, 0, (), 0, 0))
        assert server.consensus.refused_reads == [7]
        server.step(reply(request, 5))
        assert confirmed(server) == []


def test_an_answer_that_brings_a_newer_term_confirms_nothing() -> None:
    server = follower()
    server.step(reply(ask(server, 7), 5, term=4))
    assert (confirmed(server), server.consensus.refused_reads) == ([], [7])
    assert server.consensus.current_term == 4


def test_a_late_answer_to_an_earlier_life_is_not_taken() -> None:
    """The read of the earlier life may have been confirmed before this one began."""
    server = follower()
    before = ask(server, 1)
    random = server.consensus.random
    server = follower()
    server.consensus.random = random
    after = ask(server, 1)
    assert before.term == after.term
    server.step(reply(before, 5))
    assert confirmed(server) == []
    server.step(reply(after, 9))
    assert confirmed(server) == [(1, 9)]


def answers(sent: list[Any]) -> list[tuple[str, int, int | None]]:
    return [
        (message.target, message.read_id, message.read_index)
        for message in sent
        if isinstance(message, ReadIndexReply)
    ]


def test_a_leader_confirms_reads_of_others_in_the_round_of_its_own() -> None:
    server = leader()
    server.consensus.read(7)
    sent = server.step(ReadIndex("n2", "n1", 1, 21), ReadIndex("n3", "n1", 1, 31))
    assert {message.read_round for message in sent} == {1}
    assert answers(server.acknowledge(1, "n2", read_round=0)) == []
    sent = server.acknowledge(1, "n2", read_round=1)
    assert answers(sent) == [("n2", 21, 1), ("n3", 31, 1)]
    assert confirmed(server) == [(7, 1)]


def test_a_read_of_another_waits_for_an_entry_of_the_own_term() -> None:
    server = Server(1)
    server.elect()
    assert answers(server.step(ReadIndex("n2", "n1", 2, 21))) == []
    assert answers(server.acknowledge(1, "n2")) == []
    (message, *_) = server.acknowledge(2, "n2")
    sent = server.acknowledge(2, "n2", read_round=message.read_round)
    assert answers(sent) == [("n2", 21, 2)]


def test_who_does_not_lead_or_no_longer_confirms_nothing() -> None:
    assert answers(follower().step(ReadIndex("n3", "n1", 3, 31))) == [("n3", 31, None)]
    for early in (True, False):
        server = Server(1) if early else leader()
        if early:
            server.elect()
        server.step(ReadIndex("n2", "n1", 1, 21))
        assert answers(server.step(RequestVoteReply("n3", "n1", 9, False))) == [("n2", 21, None)]


def test_a_request_of_a_newer_term_deposes() -> None:
    server = leader()
    assert answers(server.step(ReadIndex("n2", "n1", 5, 21))) == [("n2", 21, None)]
    assert (server.consensus.role, server.consensus.current_term) == ("follower", 5)


class Service(Cluster):
    """Reads at any replica."""

    def read(self, name: str) -> tuple[str, Result | None]:
        self.handle(name, ClientRequest("c", "s", 9, 1, None, Get("a"), True))
        answer = self.replies.pop()
        return answer.status, answer.result


def test_a_read_at_a_follower_sees_what_was_acknowledged_before() -> None:
    service = Service()
    for number in range(1, 4):
        service.ask("n1", Append("a", "x"), number)
        for name in MEMBERS:
            # The follower does not know yet that the entry is committed; the leader tells it.
            assert service.read(name) == ("ok", Result("x" * number))


def test_a_read_waits_until_its_index_is_applied() -> None:
    service = Service()
    service.ask("n1", Put("a", "1"), 1)
    replica = service.replicas["n2"]
    request = ClientRequest("c", "s", 9, 1, None, Get("a"), True)
    (message,) = replica.handle([request], service.now).messages
    assert isinstance(message, ReadIndex)
    ahead = replica.consensus.log.last_index + 1
    assert replica.handle([reply(message, ahead)], service.now).replies == []
    service.ask("n1", Put("a", "2"), 2)
    service.heartbeat("n1")
    (answer,) = service.replies
    assert answer.result == Result("2")


def test_a_replica_gives_up_a_read_whose_request_was_lost() -> None:
    service = Service()
    request = ClientRequest("c", "s", 9, 1, None, Get("a"), True)
    assert service.replicas["n2"].handle([request], service.now).messages
    for _ in range(2):
        service.heartbeat("n1")
    (answer,) = service.replies
    assert (answer.status, answer.leader) == ("not-leader", "n1")


def test_a_client_asks_each_replica_in_turn_and_writes_at_the_leader() -> None:
    one = Client(
        "c",
        "s",
        MEMBERS,
        attempt_timeout=1,
        operation_timeout=2,
        reads_anywhere=True,
        registers=False,
    )
    targets = []
    for _ in range(3):
        send = one.start(Get("a"), 0)
        assert send.request.at_any_replica
        targets.append(send.target)
        one.on_reply(send.request.answered(Result()), 0)
    assert sorted(targets) == list(MEMBERS)
    send = one.start(Put("a", "1"), 0)
    assert not send.request.at_any_replica
    again = one.on_reply(send.request.refused("n1"), 0)
    assert send.target == "n1" or isinstance(again, Send)


def test_followers_really_serve_reads_in_generated_runs() -> None:
    runs = [
        run(schedule)
        for seed in range(80)
        if (schedule := generate(seed)).knobs.reads == "follower"
    ]
    assert len(runs) >= 8
    for result in runs:
        assert result.verdict.failures == ()
