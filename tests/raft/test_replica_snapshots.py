"""Snapshots of a whole replica: taken by the size of the log, installed, found again at the start."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from raft.client import Client
from raft.client_messages import ClientRequest
from raft.consensus import Consensus, InstallSnapshotReply, Settings
from raft.consensus.snapshot import first_snapshot
from raft.kv.commands import Append, Command, Get, Put
from raft.observer import Observer
from raft.replica import Replica
from raft.storage import DiskError
from tests.raft.harness import MEMBERS, MemoryDisk
from tests.raft.test_service import Cluster

SMALL = Settings(
    check_quorum=False,
    session_timeout=None,
    snapshot_threshold_bytes=200,
    snapshot_chunk_bytes=64,
    entries_kept_after_snapshot=2,
)


class Restorations(Observer):
    """What was told of snapshots and durable logs."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def appended(self, index: int, term: int, command: bytes) -> None:
        self.told.append(("appended", index))

    def snapshot_restored(self, index: int, term: int, digest: str, last_index: int) -> None:
        self.told.append(("restored", index, digest, last_index))

    def persisted(self, term: int, voted_for: str | None, last_index: int) -> None:
        self.told.append(("persisted", last_index))


class CutCluster(Cluster):
    """A cluster in which one replica may be cut off: nothing reaches it."""

    cut_off: str | None = None

    def handle(self, name: str, *inputs: Any) -> None:
        if name != self.cut_off:
            super().handle(name, *inputs)

    def fill(self, count: int, first: int = 1) -> None:
        """Commands enough to make ``n1`` take a snapshot or two."""
        for sequence in range(first, first + count):
            assert self.ask("n1", Append("k", f"{sequence};"), sequence).status == "ok"
        self.heartbeat("n1")

    def assert_equal(self) -> None:
        """All replicas have applied the same, and come to the same."""
        for _ in range(3):
            self.heartbeat("n1")
        states = {each.state_machine.snapshot() for each in self.replicas.values()}
        applied = {each.last_applied for each in self.replicas.values()}
        assert (len(states), len(applied)) == (1, 1)

    def restart(self, name: str, observer: Observer | None = None) -> Consensus:
        """Begin again with what is on the disk."""
        self.replicas[name] = Replica(
            name,
            self.disks[name],
            self.settings,
            Random(9),
            observer or Observer(),
            now=self.now,
        )
        return self.replicas[name].consensus


def test_a_log_that_has_grown_is_replaced_by_a_snapshot_on_every_replica() -> None:
    cluster = CutCluster(SMALL)
    cluster.fill(30)
    for replica in cluster.replicas.values():
        consensus = replica.consensus
        assert consensus.snapshot.last_index > 20
        assert consensus.log.base_index == consensus.snapshot.last_index - 2
        assert consensus.log.bytes_between(0, consensus.log.last_index) < 400
        assert not consensus.snapshot_is_due(replica.last_applied)
    cluster.assert_equal()


def test_the_disk_keeps_no_more_of_the_log_than_memory_does() -> None:
    disk = MemoryDisk()
    Replica.initialize(disk, first_snapshot(("n1",)), segment_bytes=512)
    one = Replica("n1", disk, SMALL, Random(0), Observer(), now=0, segment_bytes=512)
    one.handle((), one.deadline)
    sizes = []
    for sequence in range(1, 101):
        command = Command("s", sequence, Put("k", "v"))
        assert one.handle((ClientRequest("c", "s", sequence, 1, command, None),), one.deadline)
        sizes.append(sum(len(data) for data in disk.contents.values()))
    assert one.consensus.snapshot.last_index > 80
    assert max(sizes) < 4 * 512


def test_without_a_threshold_none_is_taken() -> None:
    cluster = CutCluster(Settings(check_quorum=False, session_timeout=None))
    cluster.fill(30)
    assert {r.consensus.log.base_index for r in cluster.replicas.values()} == {0}


def test_a_restart_goes_on_from_the_snapshot_and_the_log_after_it() -> None:
    cluster = CutCluster(SMALL)
    cluster.fill(30)
    before = cluster.replicas["n2"]
    snapshot = before.consensus.snapshot
    observer = Restorations()
    consensus = cluster.restart("n2", observer)
    assert consensus.snapshot == snapshot
    assert (consensus.commit_index, consensus.log.base_index) == (snapshot.last_index,) * 2
    last = before.consensus.log.last_index
    assert observer.told == [
        ("restored", snapshot.last_index, snapshot.digest, snapshot.last_index),
        *(("appended", index) for index in range(snapshot.last_index + 1, last + 1)),
        ("persisted", last),
    ]
    cluster.assert_equal()
    # What the snapshot covers is known as executed.
    assert cluster.ask("n1", Append("k", "30;"), 30).status == "ok"
    assert cluster.ask("n1", Get("k"), 31).result == cluster.replicas["n2"].state_machine.query(
        Get("k")
    )
    cluster.assert_equal()


def test_a_replica_that_was_away_for_long_installs_a_snapshot_durably() -> None:
    cluster = CutCluster(SMALL)
    cluster.fill(3)
    observer = Restorations()
    cluster.restart("n3", observer)
    cluster.cut_off = "n3"
    cluster.fill(30, first=4)
    observer.told.clear()
    cluster.cut_off = None
    cluster.assert_equal()
    away = cluster.replicas["n3"]
    snapshot = away.consensus.snapshot
    assert snapshot.last_index == cluster.replicas["n1"].consensus.snapshot.last_index
    assert observer.told[:2] == [
        ("restored", snapshot.last_index, snapshot.digest, snapshot.last_index),
        ("persisted", snapshot.last_index),
    ]
    assert cluster.disks["n3"].is_synced
    cluster.restart("n3")
    assert cluster.replicas["n3"].last_applied == snapshot.last_index
    cluster.assert_equal()


def test_installed_is_answered_only_after_the_disk_holds_the_snapshot() -> None:
    cluster = CutCluster(SMALL)
    cluster.cut_off = "n3"
    cluster.fill(30)
    disk = cluster.disks["n3"]
    told: list[bool] = []
    original = cluster.replicas["n3"].handle

    def handle(inputs: Any, now: int) -> Any:
        outputs = original(inputs, now)
        for message in outputs.messages:
            if type(message) is InstallSnapshotReply and message.installed:
                found = Replica(
                    "n3", copy_of(disk), SMALL, Random(0), Observer(), now=0
                ).consensus.snapshot
                told.append(found.last_index == message.last_index)
        return outputs

    cluster.replicas["n3"].handle = handle  # type: ignore[method-assign]
    cluster.cut_off = None
    cluster.assert_equal()
    assert told
    assert all(told)


def copy_of(disk: MemoryDisk) -> MemoryDisk:
    """What a crash now would leave: only what was synced."""
    return MemoryDisk(
        {name: bytes(data)[: disk.synced.get(name, 0)] for name, data in disk.contents.items()}
    )


def test_a_disk_that_fails_while_a_snapshot_is_saved_stops_the_replica_without_an_answer() -> None:
    cluster = CutCluster(SMALL)
    cluster.cut_off = "n3"
    cluster.fill(30)
    cluster.cut_off = None
    away = cluster.replicas["n3"]
    cluster.disks["n3"].free = 100
    with pytest.raises(DiskError):
        cluster.assert_equal()
    assert (away.last_applied, away.consensus.commit_index) == (1, 1)
    assert not any(
        type(message) is InstallSnapshotReply and message.installed
        for message in away.consensus.outbox
    )


def test_who_waits_for_what_a_snapshot_covered_is_told_that_the_outcome_is_unknown() -> None:
    cluster = CutCluster(SMALL)
    cluster.fill(3)
    # n1 leads on, but reaches nobody with what it is asked.
    request = ClientRequest("c", "s", 4, 1, Command("s", 4, Put("lost", "?")), None)
    assert cluster.replicas["n1"].handle((request,), cluster.now).replies == []
    cluster.cut_off = "n1"
    cluster.elect("n2")
    for sequence in range(1, 31):
        cluster.handle(
            "n2",
            ClientRequest("d", "t", sequence, 1, Command("t", sequence, Append("k", "x")), None),
        )
    cluster.replies.clear()
    cluster.cut_off = None
    for _ in range(4):
        cluster.heartbeat("n2")
    assert [(reply.client, reply.status) for reply in cluster.replies] == [("c", "lost")]
    assert cluster.replicas["n1"].consensus.snapshot.last_index > 20
    assert cluster.replicas["n1"].state_machine.query(Get("lost")).value is None


def test_a_leader_that_no_majority_answers_takes_only_so_much() -> None:
    cluster = CutCluster(
        Settings(check_quorum=False, session_timeout=None, max_uncommitted_bytes=100)
    )
    replica = cluster.replicas["n1"]
    statuses: list[str | None] = []
    for sequence in range(1, 6):
        request = ClientRequest("c", "s", sequence, 1, Command("s", sequence, Put("a", "b")), None)
        replies = replica.handle((request,), cluster.now).replies
        statuses.append(replies[0].status if replies else None)
    accepted = statuses.index("busy")
    assert accepted >= 1
    assert statuses == [None] * accepted + ["busy"] * (5 - accepted)
    cluster.heartbeat("n1")
    cluster.heartbeat("n1")
    assert cluster.ask("n1", Put("a", "c"), 9).status == "ok"


def test_a_client_asks_a_busy_leader_again_after_a_while() -> None:
    client = Client("c", "s", MEMBERS, attempt_timeout=100, operation_timeout=250)
    first = client.start(Get("a"), 0)
    assert client.on_reply(first.request.busy("n1"), 10) is None
    assert client.on_timeout(client.deadline - 1) is None
    again: Any = client.on_timeout(client.deadline)
    assert again.target == first.target
