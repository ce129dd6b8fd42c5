"""State machine, sessions, client and replica: what the users of the service see."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.client import Client, Finished, Send
from raft.client_messages import ClientReply, ClientRequest
from raft.consensus import Settings
from raft.consensus.messages import AppendEntries
from raft.consensus.snapshot import first_snapshot
from raft.kv.commands import (
    Append,
    Command,
    CommandError,
    Compare,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    Result,
    Transaction,
)
from raft.kv.encoding import decode_command, encode_command
from raft.kv.state_machine import KeyValueStore
from raft.observer import Observer
from raft.replica import Replica
from tests.raft.harness import MEMBERS, MS, MemoryDisk


class Store:
    """A state machine, commands of one session applied in order."""

    def __init__(self) -> None:
        self.machine = KeyValueStore(session_timeout=None, max_sessions=0)
        self.applied = 0

    def do(self, operation: Operation, sequence: int | None = None) -> Result | None:
        self.applied += 1
        command = Command("s", self.applied if sequence is None else sequence, operation)
        return self.machine.apply(self.applied, encode_command(command)).result

    def get(self, key: str) -> str | None:
        return self.machine.query(Get(key)).value


def test_every_operation() -> None:
    store = Store()
    assert store.get("a") is None
    store.do(Put("a", "1"))
    store.do(Append("a", "2"))
    store.do(Append("new", "3"))
    assert (store.get("a"), store.get("new")) == ("12", "3")
    assert store.do(CompareAndSet("a", "0", "x")) == Result(succeeded=False)
    assert store.do(CompareAndSet("a", "12", "y")) == Result()
    assert store.do(CompareAndSet("b", None, "z")) == Result()
    assert (store.get("a"), store.get("b")) == ("y", "z")
    store.do(Delete("a"))
    assert store.get("a") is None
    assert store.do(Get("b")) == Result("z")


def test_a_transaction_does_all_of_one_branch() -> None:
    store = Store()
    transaction = Transaction(
        (Compare("a", None), Compare("b", None)),
        (Put("a", "1"), Get("a"), Put("b", "2")),
        (Get("b"), Delete("a")),
    )
    assert store.do(transaction) == Result(None, True, (None, "1", None))
    assert store.do(transaction) == Result(None, False, ("2", None))
    assert (store.get("a"), store.get("b")) == (None, "2")


def test_a_retried_command_is_applied_once_and_answered_as_before() -> None:
    store = Store()
    assert store.do(CompareAndSet("a", None, "1"), sequence=1) == Result()
    assert store.do(CompareAndSet("a", None, "1"), sequence=1) == Result()
    store.do(Append("a", "2"), sequence=2)
    store.do(Append("a", "2"), sequence=2)
    assert store.get("a") == "12"
    store.do(CompareAndSet("a", None, "1"), sequence=1)
    assert store.get("a") == "12"


def test_bytes_that_are_no_command_are_refused() -> None:
    with pytest.raises(CommandError, match="3 bytes"):
        decode_command(b"???")


SIMPLE = st.one_of(
    st.builds(Put, st.sampled_from("ab"), st.sampled_from("xy")),
    st.builds(Append, st.sampled_from("ab"), st.sampled_from("xy")),
    st.builds(Delete, st.sampled_from("ab")),
)


@given(st.lists(SIMPLE))
def test_agrees_with_a_dictionary(operations: list[Any]) -> None:
    store, model = Store(), dict[str, str]()
    for operation in operations:
        store.do(operation)
        if isinstance(operation, Put):
            model[operation.key] = operation.value
        elif isinstance(operation, Append):
            model[operation.key] = model.get(operation.key, "") + operation.value
        else:
            model.pop(operation.key, None)
    assert store.machine.contents() == model


# The client.


def client() -> Client:
    return Client("c", "s", MEMBERS, attempt_timeout=100, operation_timeout=250, registers=False)


def answer(request: ClientRequest, status: str, leader: str | None = None) -> ClientReply:
    if status == "ok":
        return request.answered(Result("v"))
    return request.refused(leader) if status == "not-leader" else request.lost(leader)


def test_a_client_follows_the_hint_to_the_leader() -> None:
    one = client()
    first = one.start(Put("a", "1"), 0)
    assert first.target == "n1"
    second = one.on_reply(answer(first.request, "not-leader", "n3"), 10)
    assert isinstance(second, Send)
    assert second.target == "n3"
    assert (second.request.sequence, second.request.command) == (1, first.request.command)
    assert one.on_reply(answer(second.request, "ok"), 20) == Finished("ok", Result("v"), None)


def test_a_client_without_a_hint_waits_a_little_and_asks_the_next() -> None:
    one = client()
    first = one.start(Put("a", "1"), 0)
    assert one.on_reply(answer(first.request, "not-leader"), 10) is None
    assert one.on_timeout(one.deadline - 1) is None
    second = one.on_timeout(one.deadline)
    assert isinstance(second, Send)
    assert second.target == "n2"


@pytest.mark.parametrize(("operation", "outcome"), [(Put("a", "1"), "info"), (Get("a"), "fail")])
def test_nobody_knows_of_an_unanswered_write_an_unanswered_read_did_nothing(
    operation: Operation, outcome: str
) -> None:
    one = client()
    one.start(operation, 0)
    asked = 1
    while isinstance(action := one.on_timeout(one.deadline), Send):
        asked += 1
    assert isinstance(action, Finished)
    assert (action.outcome, asked) == (outcome, 3)


def test_late_answers_are_not_taken_for_others() -> None:
    one = client()
    first = one.start(Put("a", "1"), 0)
    one.on_reply(answer(first.request, "ok"), 1)
    second = one.start(Put("a", "2"), 2)
    assert one.on_reply(answer(first.request, "ok"), 3) is None
    other = Client(
        "c", "other session", MEMBERS, attempt_timeout=1, operation_timeout=2, registers=False
    )
    foreign = other.start(Put("a", "3"), 0).request
    again = ClientRequest("c", "other session", 2, 1, foreign.command, None)
    assert one.on_reply(answer(again, "ok"), 3) is None
    assert one.on_reply(answer(second.request, "ok"), 4) is not None


# The replica.

SETTINGS = Settings(check_quorum=False, session_timeout=None)


def new_disk() -> MemoryDisk:
    """The disk of a server that has never run."""
    disk = MemoryDisk()
    Replica.initialize(disk, first_snapshot(MEMBERS))
    return disk


class Cluster:
    """Three replicas in memory; messages are carried by hand, instantly."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.settings = settings
        self.now = 0
        self.disks = {name: new_disk() for name in MEMBERS}
        self.replicas = {name: self.make(name) for name in MEMBERS}
        self.replies: list[ClientReply] = []
        self.elect("n1")

    def make(self, name: str) -> Replica:
        seed = MEMBERS.index(name)
        return Replica(
            name, self.disks[name], self.settings, Random(seed), Observer(), now=self.now
        )

    def handle(self, name: str, *inputs: Any) -> None:
        outputs = self.replicas[name].handle(inputs, self.now)
        self.replies += outputs.replies
        for message in outputs.messages:
            self.handle(message.target, message)

    def elect(self, name: str) -> None:
        self.now = max(self.now, self.replicas[name].deadline)
        self.handle(name)
        self.heartbeat(name)

    def heartbeat(self, name: str) -> None:
        self.now += SETTINGS.heartbeat_interval
        self.handle(name)

    def ask(self, name: str, operation: Operation, sequence: int) -> ClientReply:
        query = operation if type(operation) is Get else None
        command = None if query else Command("s", sequence, operation)
        self.handle(name, ClientRequest("c", "s", sequence, 1, command, query))
        return self.replies.pop()


def test_a_command_is_committed_applied_everywhere_and_answered() -> None:
    cluster = Cluster()
    assert cluster.ask("n1", Put("a", "1"), 1).status == "ok"
    cluster.heartbeat("n1")
    for replica in cluster.replicas.values():
        assert replica.state_machine.query(Get("a")) == Result("1")
    assert cluster.ask("n1", Get("a"), 2).result == Result("1")


def test_a_retry_at_another_leader_is_applied_once() -> None:
    cluster = Cluster()
    cluster.ask("n1", Append("a", "x"), 1)
    cluster.elect("n2")
    assert cluster.ask("n2", Append("a", "x"), 1).status == "ok"
    assert cluster.ask("n2", Get("a"), 2).result == Result("x")


def test_a_follower_refuses_with_a_hint() -> None:
    reply = Cluster().ask("n2", Put("a", "1"), 1)
    assert (reply.status, reply.leader) == ("not-leader", "n1")


def test_a_restart_restores_term_vote_and_log() -> None:
    cluster = Cluster()
    cluster.ask("n1", Put("a", "1"), 1)
    before = cluster.replicas["n2"].consensus
    after = cluster.make("n2").consensus
    assert (after.current_term, after.voted_for) == (before.current_term, before.voted_for)
    assert after.log.entries_from(1) == before.log.entries_from(1)
    assert after.commit_index == 0


def test_nothing_leaves_before_it_is_saved() -> None:
    disk = new_disk()
    one = Replica("n1", disk, SETTINGS, Random(0), Observer(), now=0)
    message = AppendEntries(
        "n2", "n1", 1, 0, 0, (Cluster().replicas["n1"].consensus.log.entry_at(1),), 0, 0
    )
    for now, inputs in ((1, [message]), (one.deadline + 1_000 * MS, [])):
        disk.events.clear()
        assert one.handle(inputs, now).messages
        if one.consensus.log.last_index and inputs:
            # The vote file in place, then the log.
            assert disk.events == ["create", "sync", "rename", "write", "sync"]
        assert disk.is_synced


def test_a_clock_that_is_set_back_counts_as_standing_still() -> None:
    cluster = Cluster()
    leader = cluster.replicas["n1"]
    deadline = leader.deadline
    cluster.now -= 1_000 * MS
    leader.handle((), cluster.now)
    assert leader.deadline < deadline
    cluster.now = leader.deadline
    assert leader.handle((), cluster.now).messages
