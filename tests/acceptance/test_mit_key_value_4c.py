"""MIT 6.5840, lab 4C, and the last test of 4A: the key-value service with snapshots.

Their limits count the bytes that Raft keeps beside its snapshot; here those of the log on the disk.
"""

from __future__ import annotations

from checker.trace import SnapshotRestored
from raft.kv.commands import Get
from tests.acceptance.clients import Clients, KeyValueClient
from tests.acceptance.conftest import Serve
from tests.acceptance.harness import SEGMENT_BYTES
from tests.acceptance.mit import ELECTION_TIMEOUT, FOR_EVER, shut_down_all, start_all
from tests.acceptance.test_mit_key_value_4b import generic_test, speed_test
from tests.acceptance.worlds import MIT_SERVICE, with_snapshots

THRESHOLD = 1000  # bytes, the originals' MAXRAFTSTATE
WORLDS = tuple(with_snapshots(world, THRESHOLD) for world in MIT_SERVICE)


def succeed(clients: Clients, client: KeyValueClient, f: str, key: str, value: str) -> None:
    """A put succeeds, or a get finds the value."""
    pending = client.perform(f, key, None if f == "get" else value)
    assert clients.cluster.finish(pending)[:2] == ("ok", value)


def test_snapshot_4c(serve: Serve) -> None:
    """Of the replicated state machine: a hundred increments, logs that are trimmed, a restart."""
    clients = serve(3)
    cluster = clients.cluster
    client = clients.new(patience=FOR_EVER)

    def increment() -> int:
        change = {"compare": [], "then": [["append", "n", "+"], ["get", "n"]], "else": []}
        outcome = cluster.finish(client.perform("txn", None, change))
        return len(outcome.value["results"][1])

    for value in range(1, 101):
        assert increment() == value
    cluster.sleep(1000)
    assert all(len(client_view(clients, server)) == 100 for server in range(3))
    # Logs are trimmed by whole segments.
    assert cluster.log_bytes() <= 2 * THRESHOLD + SEGMENT_BYTES
    assert cluster.snapshot_bytes()
    shut_down_all(cluster)
    start_all(cluster)
    assert increment() == 101
    cluster.sleep(1000)
    assert all(len(client_view(clients, server)) == 101 for server in range(3))


def client_view(clients: Clients, server: int) -> str:
    """The counter in a server's state machine."""
    return clients.cluster.replica(server).state_machine.query(Get("n")).value or ""


def test_snapshot_rpc_4c(serve: Serve) -> None:
    """A server that has fallen behind recovers by InstallSnapshot, and the majority discards what
    it needs meanwhile."""
    clients = serve(3)
    cluster = clients.cluster
    client = clients.new(patience=FOR_EVER)

    def client_to(*servers: int) -> KeyValueClient:
        limited = clients.new(patience=FOR_EVER)
        clients.connect(limited, servers)
        return limited

    succeed(clients, client, "put", "a", "A")
    succeed(clients, client, "get", "a", "A")
    cluster.partition([[0, 1], [2]])
    first = client_to(0, 1)
    for number in range(50):
        succeed(clients, first, "put", str(number), str(number))
    cluster.sleep(ELECTION_TIMEOUT)
    succeed(clients, first, "put", "b", "B")
    assert cluster.log_bytes() <= 8 * THRESHOLD
    cluster.partition([[0, 2], [1]])
    second = client_to(0, 2)
    for key, value in (("c", "C"), ("d", "D")):
        succeed(clients, second, "put", key, value)
    for key, value in (("a", "A"), ("b", "B"), ("1", "1"), ("49", "49")):
        succeed(clients, second, "get", key, value)
    assert any(
        isinstance(event, SnapshotRestored) and event.node == cluster.names[2]
        for event in cluster.trace.events
    )
    cluster.connect_all()
    succeed(clients, client, "put", "e", "E")
    for key, value in (("c", "C"), ("e", "E"), ("1", "1")):
        succeed(clients, client, "get", key, value)


def test_snapshot_size_4c(serve: Serve) -> None:
    """What a snapshot holds does not grow with the number of operations."""
    clients = serve(3)
    client = clients.new(patience=FOR_EVER)
    for _ in range(200):
        for value in ("0", "1"):
            succeed(clients, client, "put", "x", value)
            succeed(clients, client, "get", "x", value)
    assert clients.cluster.log_bytes() <= 8 * THRESHOLD
    assert 0 < clients.cluster.snapshot_bytes() <= 500


def test_speed_4c(serve: Serve) -> None:
    speed_test(serve(3))


def test_snapshot_recover_4c(serve: Serve) -> None:
    generic_test(serve(5), 1, crash=True, most_log_bytes=8 * THRESHOLD)


def test_snapshot_recover_many_clients_4c(serve: Serve) -> None:
    generic_test(serve(5), 20, crash=True, most_log_bytes=8 * THRESHOLD)


def test_snapshot_unreliable_4c(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 5, most_log_bytes=8 * THRESHOLD)


def test_snapshot_unreliable_recover_4c(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 5, crash=True, most_log_bytes=8 * THRESHOLD)


def test_snapshot_unreliable_recover_concurrent_partition_4c(serve: Serve) -> None:
    clients = serve(5, unreliable=True)
    generic_test(clients, 5, crash=True, partitions=True, most_log_bytes=8 * THRESHOLD)


def test_snapshot_unreliable_recover_concurrent_partition_linearizable_4c(serve: Serve) -> None:
    clients = serve(7, unreliable=True)
    generic_test(
        clients, 15, crash=True, partitions=True, random_keys=True, most_log_bytes=8 * THRESHOLD
    )
