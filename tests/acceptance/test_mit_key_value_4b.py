"""MIT 6.5840, lab 4B: the key-value service, without snapshots.

The originals put with the version that a key must have. Here a value tells its version, and a put
is a compare-and-set with the value that was read last. All histories are judged by lincheck.
"""

from __future__ import annotations

from tests.acceptance.clients import Clients, KeyValueClient
from tests.acceptance.conftest import Serve
from tests.acceptance.mit import ELECTION_TIMEOUT, FOR_EVER, shut_down_all, start_all
from tests.acceptance.network import MILLISECOND
from tests.acceptance.tasks import Steps
from tests.acceptance.worlds import MIT_SERVICE

WORLDS = MIT_SERVICE


def version_of(value: str | None) -> int:
    """How many puts led to a value."""
    return 0 if value is None else int(value.split(".")[0])


class Putting:
    """Clients that put to one key, or to one of many, over and over."""

    def __init__(self, clients: Clients, keys: list[str]) -> None:
        self.clients = clients
        self.cluster = clients.cluster
        self.keys = keys
        self.is_over = False
        # Puts that succeeded, and puts that nobody knows of.
        self.known = 0
        self.unknown = 0
        self._written = 0

    def client(self) -> Steps[None]:
        """Put to what was read last, and read again, until all is over."""
        client = self.clients.new(patience=FOR_EVER)
        last: dict[str, str | None] = dict.fromkeys(self.keys)
        while not self.is_over:
            key = self.cluster.random.choice(self.keys)
            self._written += 1
            version = version_of(last[key]) + 1
            value = f"{version}.{self._written}"
            put = yield client.perform("cas", key, [last[key], value])
            read = yield client.perform("get", key)
            assert read.type == "ok", read
            last[key] = read.value
            if put.type == "ok":
                self.known += 1
                assert version_of(read.value) > version or read.value == value
            elif put.type == "info":
                self.unknown += 1

    def partitioner(self) -> Steps[None]:
        """Every second or so, each server goes to one of two sides."""
        cluster = self.cluster
        while not self.is_over:
            sides: tuple[list[int], list[int]] = ([], [])
            for server in range(cluster.size):
                sides[cluster.random.randrange(2)].append(server)
            cluster.partition(sides)
            yield (ELECTION_TIMEOUT + cluster.random.randrange(200)) * MILLISECOND


def generic_test(
    clients: Clients,
    count: int,
    *,
    crash: bool = False,
    partitions: bool = False,
    random_keys: bool = False,
    most_log_bytes: int | None = None,
) -> None:
    """Three times: ``count`` clients put and get for a second, and for two more while the network
    is partitioned in changing ways; then every server crashes and comes back. What was put is
    there, each put once. Logs stay within ``most_log_bytes`` on the disk, if that is not None.

    The original's partitions begin when its clients are about to end.
    """
    cluster = clients.cluster
    puts = 0
    unknown = 0
    for _ in range(3):
        keys = [f"k{number}" for number in range(100)] if random_keys else ["k"]
        putting = Putting(clients, keys)
        tasks = [cluster.spawn(putting.client()) for _ in range(count)]
        cluster.sleep(1000)
        if partitions:
            partitioner = cluster.spawn(putting.partitioner())
            cluster.sleep(2000)
            putting.is_over = True
            cluster.finish(partitioner)
            cluster.connect_all()
        putting.is_over = True
        for task in tasks:
            cluster.finish(task)
        puts += putting.known
        unknown += putting.unknown
        if not random_keys:
            read = cluster.finish(clients.new(patience=FOR_EVER).perform("get", "k"))
            assert puts <= version_of(read.value) <= puts + unknown
        if crash:
            shut_down_all(cluster)
            cluster.sleep(ELECTION_TIMEOUT)
            start_all(cluster)
        if most_log_bytes is not None:
            assert cluster.log_bytes() <= most_log_bytes
            assert cluster.snapshot_bytes()
    assert puts
    assert bool(cluster.network.effects["lost"]) == bool(cluster.network.rules.loss)
    assert bool(cluster.network.effects["cut"]) or not partitions


def test_basic_4b(serve: Serve) -> None:
    generic_test(serve(5), 1)


def speed_test(clients: Clients) -> None:
    """At least three puts in the 100 ms between two heartbeats: nothing waits for one."""
    cluster = clients.cluster
    client = clients.new(patience=FOR_EVER)
    cluster.finish(client.perform("get", "x"))
    begun = cluster.queue.now
    last = None
    for number in range(1000):
        outcome = cluster.finish(client.perform("cas", "k", [last, str(number)]))
        assert outcome.type == "ok"
        last = str(number)
    assert (cluster.queue.now - begun) / 1000 <= 100 / 3 * MILLISECOND
    assert cluster.finish(client.perform("get", "k")).value == "999"


def test_speed_4b(serve: Serve) -> None:
    speed_test(serve(3))


def test_concurrent_4b(serve: Serve) -> None:
    generic_test(serve(5), 5)


def test_unreliable_4b(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 5)


def test_one_partition_4b(serve: Serve) -> None:
    """Progress in the majority, none in the minority, where the leader is; completion after."""
    clients = serve(5, unreliable=True)
    cluster = clients.cluster

    def new(servers: list[int] | None = None) -> KeyValueClient:
        client = clients.new(patience=FOR_EVER)
        if servers is not None:
            clients.connect(client, servers)
        return client

    def put(client: KeyValueClient, value: str) -> None:
        assert cluster.finish(client.perform("put", "1", value)).type == "ok"

    def check_get(client: KeyValueClient, value: str) -> None:
        assert cluster.finish(client.perform("get", "1"))[:2] == ("ok", value)

    client = new()
    put(client, "13")
    leader, _ = cluster.check_single_leader()
    others = [server for server in range(5) if server != leader]
    majority, minority = others[:3], [*others[3:], leader]
    cluster.partition([majority, minority])
    of_majority = new(majority)
    put(of_majority, "14")
    check_get(of_majority, "14")

    of_minority = new(minority), new(minority)
    pending_put = of_minority[0].perform("put", "1", "15")
    pending_get = of_minority[1].perform("get", "1")
    cluster.sleep(1000)
    assert not pending_put.done
    assert not pending_get.done
    check_get(of_majority, "14")
    put(of_majority, "16")
    check_get(of_majority, "16")
    assert not pending_put.done
    assert not pending_get.done

    cluster.connect_all()
    for each in of_minority:
        clients.connect(each, range(5))
    cluster.sleep(ELECTION_TIMEOUT + 3000)
    assert pending_put.result.type == "ok"
    assert pending_get.result.type == "ok"
    check_get(client, "15")


def test_many_partitions_one_client_4b(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 1, partitions=True)


def test_many_partitions_many_clients_4b(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 5, partitions=True)


def test_persist_one_client_4b(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 1, crash=True)


def test_persist_concurrent_4b(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 5, crash=True)


# In the originals that are called unreliable from here on the network is reliable, and in those
# before it is not; here they are as they are called, and the others are both.


def test_persist_concurrent_unreliable_4b(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 5, crash=True)
    generic_test(serve(5), 5, crash=True)


def test_persist_partition_4b(serve: Serve) -> None:
    generic_test(serve(5, unreliable=True), 5, crash=True, partitions=True)


def test_persist_partition_unreliable_4b(serve: Serve) -> None:
    generic_test(serve(5), 5, crash=True, partitions=True)


def test_persist_partition_unreliable_linearizable_4b(serve: Serve) -> None:
    generic_test(serve(7), 15, crash=True, partitions=True, random_keys=True)
