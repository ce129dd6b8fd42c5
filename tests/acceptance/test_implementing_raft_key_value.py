"""The key-value service: the scenarios of "Implementing Raft", parts 4 and 5.

Part 5 repeats the 14 scenarios of part 4 word for word and adds five about appends, so that each
stands here once. They run with reads that go through the log, as the originals' do, and with
ReadIndex.

The originals' puts, appends and compare-and-sets answer the value before. Ours do not, so a
transaction reads it and writes. A retried request that was executed already is an error in part 5;
here it is answered with the first answer (thesis, 6.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.clients import Clients, KeyValueClient
from tests.acceptance.conftest import Start
from tests.acceptance.network import MILLISECOND
from tests.acceptance.tasks import Steps
from tests.acceptance.worlds import SEED_SERVICE

WORLDS = SEED_SERVICE

Serve = Callable[[int], Clients]


@pytest.fixture(params=["log", "read-index"])
def serve(request: pytest.FixtureRequest, start: Start) -> Iterator[Serve]:
    """Starts a cluster of so many servers; in the end what its clients saw is linearizable."""
    served = []

    def serve_clients(servers: int) -> Clients:
        served.append(Clients(start(servers), reads_through_log=request.param == "log"))
        return served[-1]

    yield serve_clients
    for clients in served:
        clients.check_linearizable()


def check_change(clients: Clients, client: KeyValueClient, *change: str) -> str | None:
    """A put or an append succeeds: the value before, None if there was none."""
    outcome = clients.cluster.finish(client.read_and(*change))
    assert outcome.type == "ok", outcome
    return outcome.value["results"][0]  # type: ignore[no-any-return]


def check_get(clients: Clients, client: KeyValueClient, key: str, value: str) -> None:
    """A get succeeds, and finds the value."""
    outcome = clients.cluster.finish(client.perform("get", key))
    assert outcome[:2] == ("ok", value)


def check_get_times_out(clients: Clients, client: KeyValueClient, key: str) -> None:
    """A get is given up: nobody answers it."""
    outcome = clients.cluster.finish(client.perform("get", key))
    assert (outcome.type, outcome.error) == ("fail", "timed-out")


def check_all(clients: Clients, client: KeyValueClient, count: int) -> None:
    """key0 has value0, and so on."""
    for at in range(count):
        check_get(clients, client, f"key{at}", f"value{at}")


def put_all(clients: Clients, count: int) -> None:
    """Put value0 to key0, and so on, each from another client; they were absent."""
    for at in range(count):
        assert check_change(clients, clients.new(), "put", f"key{at}", f"value{at}") is None


def leader_of(clients: Clients) -> int:
    """The one that leads."""
    return clients.cluster.check_single_leader()[0]


def alive(clients: Clients) -> list[int]:
    """The servers that a new client of the originals knows of: those that run."""
    cluster = clients.cluster
    return [server for server in range(cluster.size) if cluster.is_running(server)]


def new_client(clients: Clients) -> KeyValueClient:
    """A client that knows the servers that run."""
    return clients.new(alive(clients))


def client_in_random_order(clients: Clients) -> KeyValueClient:
    """A client that asks them in another order."""
    servers = alive(clients)
    clients.cluster.random.shuffle(servers)
    return clients.new(servers)


def test_setup_harness(serve: Serve) -> None:
    serve(3).cluster.sleep(80)


def test_client_request_before_consensus(serve: Serve) -> None:
    """The original's client waits 500 ms, which a first election with a split vote may exceed."""
    clients = serve(3)
    clients.cluster.sleep(10)
    client = clients.new(patience=1000)
    check_change(clients, client, "put", "llave", "cosa")
    clients.cluster.sleep(80)


def test_basic_put_get_single_client(serve: Serve) -> None:
    clients = serve(3)
    leader_of(clients)
    client = clients.new()
    check_change(clients, client, "put", "llave", "cosa")
    check_get(clients, client, "llave", "cosa")


def test_put_prev_value(serve: Serve) -> None:
    clients = serve(3)
    leader_of(clients)
    client = clients.new()
    assert check_change(clients, client, "put", "llave", "cosa") is None
    assert check_change(clients, client, "put", "llave", "frodo") == "cosa"
    assert check_change(clients, client, "put", "mafteah", "davar") is None


def test_basic_append_same_client(serve: Serve) -> None:
    clients = serve(3)
    leader_of(clients)
    client = clients.new()
    check_change(clients, client, "put", "foo", "bar")
    assert check_change(clients, client, "append", "foo", "baz") == "bar"
    check_get(clients, client, "foo", "barbaz")
    assert check_change(clients, client, "append", "mix", "match") is None
    check_get(clients, client, "mix", "match")


def test_basic_put_get_different_clients(serve: Serve) -> None:
    clients = serve(3)
    leader_of(clients)
    check_change(clients, clients.new(), "put", "k", "v")
    check_get(clients, clients.new(), "k", "v")


def test_basic_append_different_clients(serve: Serve) -> None:
    clients = serve(3)
    leader_of(clients)
    first, second = clients.new(), clients.new()
    check_change(clients, first, "put", "foo", "bar")
    assert check_change(clients, second, "append", "foo", "baz") == "bar"
    check_get(clients, first, "foo", "barbaz")
    assert check_change(clients, second, "append", "mix", "match") is None
    check_get(clients, first, "mix", "match")


def test_append_different_leaders(serve: Serve) -> None:
    clients = serve(3)
    leader = leader_of(clients)
    first = clients.new()
    check_change(clients, first, "append", "foo", "bar")
    check_get(clients, first, "foo", "bar")
    clients.cluster.crash(leader)
    leader_of(clients)
    second = new_client(clients)
    check_change(clients, second, "append", "foo", "baz")
    check_get(clients, second, "foo", "barbaz")
    clients.cluster.restart(leader)
    third = new_client(clients)
    clients.cluster.sleep(300)
    check_get(clients, third, "foo", "barbaz")


def test_cas_basic(serve: Serve) -> None:
    clients = serve(3)
    leader_of(clients)
    client = clients.new()
    check_change(clients, client, "put", "k", "v")
    outcome = clients.cluster.finish(client.compare_and_set("k", "v", "newv"))
    assert outcome.value == {"succeeded": True, "results": ["v", None]}
    check_get(clients, client, "k", "newv")


def test_cas_concurrent(serve: Serve) -> None:
    """Compare-and-sets that find another value change nothing, until somebody puts theirs."""
    clients = serve(3)
    cluster = clients.cluster
    leader_of(clients)
    check_change(clients, clients.new(), "put", "foo", "mexico")
    has_put = False
    outcomes: list[tuple[bool, bool]] = []

    def compare_and_set() -> Steps[None]:
        client = clients.new()
        # The original tries 20 times, and trusts that it takes longer than the put.
        while len(outcomes) < 20 or not outcomes[-1][0]:
            begun_after_put = has_put
            outcome = yield client.perform("cas", "foo", ["bar", "bomba"])
            outcomes.append((begun_after_put, outcome.type == "ok"))

    task = cluster.spawn(compare_and_set())
    cluster.sleep(50)
    client = clients.new()
    check_change(clients, client, "put", "foo", "bar")
    has_put = True
    cluster.sleep(300)
    cluster.finish(task)
    check_get(clients, client, "foo", "bomba")
    assert sum(swapped for _, swapped in outcomes) == 1


def put_and_get_concurrently(clients: Clients) -> None:
    """Nine clients put at once, and then nine others get at once."""
    cluster = clients.cluster
    leader_of(clients)

    def put(at: int) -> Steps[None]:
        outcome = yield clients.new().read_and("put", f"key{at}", f"value{at}")
        assert outcome.type == "ok"
        assert outcome.value["results"][0] is None

    def get(at: int) -> Steps[None]:
        outcome = yield clients.new().perform("get", f"key{at}")
        assert outcome[:2] == ("ok", f"value{at}")

    for operation in (put, get):
        tasks = [cluster.spawn(operation(at)) for at in range(9)]
        cluster.sleep(150)
        for task in tasks:
            cluster.finish(task)


def test_concurrent_clients_puts_and_gets(serve: Serve) -> None:
    put_and_get_concurrently(serve(3))


def test_5_server_concurrent_clients_puts_and_gets(serve: Serve) -> None:
    put_and_get_concurrently(serve(5))


def test_disconnect_leader_after_puts(serve: Serve) -> None:
    clients = serve(3)
    cluster = clients.cluster
    leader = leader_of(clients)
    put_all(clients, 4)
    cluster.disconnect(leader)
    cluster.sleep(300)
    assert leader_of(clients) != leader
    check_get_times_out(clients, clients.new([leader], patience=300), "key1")
    for _ in range(5):
        check_all(clients, client_in_random_order(clients), 4)
    cluster.reconnect(leader)
    cluster.sleep(200)


def test_disconnect_leader_and_follower(serve: Serve) -> None:
    clients = serve(3)
    cluster = clients.cluster
    leader = leader_of(clients)
    other = (leader + 1) % 3
    put_all(clients, 4)
    cluster.disconnect(leader)
    cluster.disconnect(other)
    cluster.sleep(100)
    check_get_times_out(clients, clients.new(patience=300), "key0")
    client = clients.new()
    cluster.reconnect(other)
    cluster.check_single_leader()
    check_all(clients, client, 4)
    cluster.reconnect(leader)
    cluster.check_single_leader()
    check_all(clients, client, 4)
    cluster.sleep(100)


def test_crash_follower(serve: Serve) -> None:
    clients = serve(3)
    leader = leader_of(clients)
    put_all(clients, 3)
    clients.cluster.crash((leader + 1) % 3)
    for at in range(3):
        check_get(clients, clients.new([leader]), f"key{at}", f"value{at}")
    check_all(clients, new_client(clients), 3)


def test_client_of_a_follower_alone(serve: Serve) -> None:
    """Not among the originals, whose harness says of such a client that it may get stuck: it is
    told of a leader that it does not know, and gives up in time."""
    clients = serve(3)
    leader = leader_of(clients)
    clients.cluster.sleep(100)
    check_get_times_out(clients, clients.new([(leader + 1) % 3], patience=300), "key1")


def test_crash_leader(serve: Serve) -> None:
    clients = serve(3)
    leader = leader_of(clients)
    put_all(clients, 3)
    clients.cluster.crash(leader)
    leader_of(clients)
    check_all(clients, new_client(clients), 3)


def test_crash_then_restart_leader(serve: Serve) -> None:
    clients = serve(3)
    leader = leader_of(clients)
    put_all(clients, 3)
    clients.cluster.crash(leader)
    leader_of(clients)
    check_all(clients, new_client(clients), 3)
    clients.cluster.restart(leader)
    for _ in range(5):
        check_all(clients, client_in_random_order(clients), 3)


def delay_next_answer(clients: Clients, server: int) -> None:
    """The server acts on the next request as ever, and answers 300 ms late."""
    cluster = clients.cluster
    delay = 300 * cluster.world.slowness * MILLISECOND
    cluster.network.hold_next_answer[cluster.names[server]] = delay


def test_append_linearizable_after_delay(serve: Serve) -> None:
    clients = serve(3)
    leader = leader_of(clients)
    client = clients.new()
    check_change(clients, client, "put", "foo", "bar")
    check_change(clients, client, "append", "foo", "baz")
    check_get(clients, client, "foo", "barbaz")
    delay_next_answer(clients, leader)
    attempts = client.attempts
    assert check_change(clients, client, "append", "foo", "mira") == "barbaz"
    assert client.attempts > attempts + 1, "the append was not retried"
    clients.cluster.sleep(300)
    check_get(clients, client, "foo", "barbazmira")


def test_append_linearizable_after_crash(serve: Serve) -> None:
    """The original's client gives up after 500 ms; ours waits, and is told by the new leader what
    its append had read."""
    clients = serve(3)
    cluster = clients.cluster
    leader = leader_of(clients)
    client = clients.new(patience=3000)
    check_change(clients, client, "append", "foo", "bar")
    check_get(clients, client, "foo", "bar")
    delay_next_answer(clients, leader)
    pending = client.read_and("append", "foo", "mira")
    cluster.sleep(40)
    assert not pending.done
    cluster.crash(leader)
    leader_of(clients)
    assert cluster.finish(pending).type == "ok"
    check_get(clients, new_client(clients), "foo", "barmira")
