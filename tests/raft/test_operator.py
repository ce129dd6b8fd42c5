"""What operators ask of replicas, and what they are answered."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from raft.client_messages import (
    ClientReply,
    ClientRequest,
    MembershipReply,
    MembershipRequest,
    Reply,
    TransferReply,
    TransferRequest,
)
from raft.consensus import Settings
from raft.consensus.changes import AddLearner, AddVoter, Remove, Target
from raft.consensus.configuration import Configuration
from raft.consensus.messages import InstallSnapshot
from raft.consensus.snapshot import first_snapshot
from raft.kv.commands import Command, Put
from raft.observer import Observer
from raft.replica import Replica
from tests.raft.harness import MS, MemoryDisk

SETTINGS = Settings(session_timeout=None)


class Replicas:
    """Three replicas, n1 leads; messages are delivered in order, but not to those in ``cut``."""

    def __init__(self) -> None:
        self.now = 0
        self.cut: set[str] = set()
        self.replies: list[Reply] = []
        members = ("n1", "n2", "n3")
        self.replicas = {}
        for seed, name in enumerate((*members, "n4", "n5")):
            disk = MemoryDisk()
            Replica.initialize(disk, first_snapshot(members if name in members else ()))
            self.replicas[name] = Replica(name, disk, SETTINGS, Random(seed), Observer(), now=0)
        leader = self.replicas["n1"]
        leader.consensus.election_deadline = leader.consensus.deadline = 1
        self.elapse(100 * MS)
        assert leader.consensus.role == "leader"

    def give(self, name: str, *inputs: Any) -> None:
        queue = [(name, each) for each in inputs] or [(name, None)]
        for _ in range(5_000):
            if not queue:
                return
            target, item = queue.pop(0)
            batch = () if item is None else (item,)
            outputs = self.replicas[target].handle(batch, self.now)
            self.replies.extend(outputs.replies)
            for message in outputs.messages:
                if not {message.source, message.target} & self.cut:
                    queue.append((message.target, message))
        raise AssertionError("the replicas never fall silent")

    def elapse(self, duration: int) -> None:
        until = self.now + duration
        for _ in range(5_000):
            first = min(self.replicas, key=lambda name: self.replicas[name].deadline)
            if self.replicas[first].deadline > until:
                break
            self.now = max(self.now, self.replicas[first].deadline)
            self.give(first)
        self.now = until

    def ask(self, name: str, request: Any) -> list[Reply]:
        self.replies = []
        self.give(name, request)
        return self.replies


def change(*changes: Any, transition: Any = "automatic") -> MembershipRequest:
    return MembershipRequest("operator", 1, changes, transition)


def put(sequence: int) -> ClientRequest:
    command = Command("s", sequence, Put("key", "value"))
    return ClientRequest("c", "s", sequence, 1, command, None)


def test_a_change_is_answered_when_it_is_committed() -> None:
    replicas = Replicas()
    replicas.cut = {"n2", "n3"}
    assert replicas.ask("n1", change(AddLearner("n4"))) == []
    replicas.cut = set()
    replicas.elapse(SETTINGS.heartbeat_interval)
    configuration = Configuration(("n1", "n2", "n3"), learners=("n4",))
    assert replicas.replies == [MembershipReply("operator", 1, "ok", configuration=configuration)]
    replicas.replies = []
    replicas.elapse(SETTINGS.heartbeat_interval)
    assert replicas.replies == []


def test_a_joint_change_is_answered_with_the_joint_configuration_and_then_left() -> None:
    replicas = Replicas()
    (reply,) = replicas.ask("n1", change(Target(("n1", "n4", "n5"))))
    assert reply == MembershipReply(
        "operator", 1, "ok", configuration=Configuration(("n1", "n4", "n5"), ("n1", "n2", "n3"))
    )
    replicas.elapse(100 * MS)
    assert replicas.replicas["n4"].consensus.configuration == Configuration(("n1", "n4", "n5"))


def test_refusals_say_why_and_who_leads() -> None:
    replicas = Replicas()
    (reply,) = replicas.ask("n2", change(AddVoter("n4")))
    assert reply == MembershipReply("operator", 1, "not-leader", "not-leader", "n1")
    (reply,) = replicas.ask("n1", change(AddVoter("n2")))
    assert reply == MembershipReply("operator", 1, "refused", "already-voter", "n1")
    (reply,) = replicas.ask("n2", TransferRequest("operator", 2, "n3"))
    assert reply == TransferReply("operator", 2, "not-leader", "not-leader", "n1")
    (reply,) = replicas.ask("n1", TransferRequest("operator", 2, "n9"))
    assert reply == TransferReply("operator", 2, "refused", "unknown-member", "n1")


def test_a_change_whose_leader_was_deposed_is_lost_from_sight() -> None:
    replicas = Replicas()
    replicas.cut = {"n1"}
    assert replicas.ask("n1", change(AddVoter("n4"))) == []
    replicas.elapse(SETTINGS.election_timeout_min * 2)
    assert [reply.status for reply in replicas.replies] == ["lost"]  # stepped down by itself


def test_a_leader_that_removes_itself_answers_before_it_goes() -> None:
    replicas = Replicas()
    (reply,) = replicas.ask("n1", change(Remove("n1")))
    assert isinstance(reply, MembershipReply)
    assert (reply.status, reply.configuration) == ("ok", Configuration(("n2", "n3")))
    assert replicas.replicas["n1"].consensus.role == "follower"
    replicas.elapse(50 * MS)
    roles = {replicas.replicas[name].consensus.role for name in ("n2", "n3")}
    assert roles == {"leader", "follower"}


def test_a_transfer_is_answered_when_it_is_over() -> None:
    replicas = Replicas()
    (reply,) = replicas.ask("n1", TransferRequest("operator", 2, "n3"))
    assert reply == TransferReply("operator", 2, "ok")
    assert replicas.replicas["n3"].consensus.role == "leader"


def test_an_abandoned_transfer_is_answered_and_proposals_are_refused_meanwhile() -> None:
    replicas = Replicas()
    replicas.cut = {"n3"}
    assert replicas.ask("n1", TransferRequest("operator", 2, "n3")) == []
    (refused,) = replicas.ask("n1", put(1))
    assert isinstance(refused, ClientReply)
    assert (refused.status, refused.leader) == ("busy", "n1")
    replicas.replies = []
    replicas.elapse(SETTINGS.election_timeout_min)
    assert replicas.replies == [TransferReply("operator", 2, "refused", "abandoned", "n1")]
    (answered,) = replicas.ask("n1", put(2))
    assert isinstance(answered, ClientReply)
    assert answered.status == "ok"


def test_requests_and_replies_survive_the_wire() -> None:
    request = change(Target(("a",), ("b",)), transition="explicit")
    encoded = msgspec.msgpack.encode(request)
    assert msgspec.msgpack.decode(encoded, type=MembershipRequest) == request
    reply = request.answered(Configuration(("a",), ("b",)))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(reply), type=MembershipReply) == reply


def test_a_change_that_a_snapshot_has_swallowed_is_answered_as_lost() -> None:
    """A leader that was paused learns in one batch that it was deposed, and that all up to its
    change is in a snapshot now: whether that was its change, its log no longer tells."""
    replicas = Replicas()
    replicas.cut.add("n1")
    assert replicas.ask("n1", change(Remove("n3"))) == []
    consensus = replicas.replicas["n1"].consensus
    index, term = consensus.log.last_index, consensus.current_term
    store = replicas.replicas["n2"].state_machine.snapshot()
    chunk = InstallSnapshot(
        "n2", "n1", term + 1, index, term, Configuration(("n1", "n2")), 0, store, True, 0
    )
    (reply,) = replicas.ask("n1", chunk)
    assert isinstance(reply, MembershipReply)
    assert reply.status == "lost"
