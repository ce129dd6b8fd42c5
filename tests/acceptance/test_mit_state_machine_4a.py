"""MIT 6.5840, lab 4A: the replicated state machine.

The originals replicate a counter. Here it is the length of a text: to increment it is to append
one character and to read the text, in one transaction. The eighth of these tests needs snapshots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from raft.kv.commands import Delete, Get
from tests.acceptance.clients import Clients
from tests.acceptance.conftest import Start
from tests.acceptance.mit import shut_down_all, start_all
from tests.acceptance.tasks import Steps, Task
from tests.acceptance.worlds import MIT_SERVICE

WORLDS = MIT_SERVICE
_INCREMENT = {"compare": [], "then": [["append", "n", "+"], ["get", "n"]], "else": []}


class Counter:
    """A counter on three servers."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.cluster = clients.cluster

    def increment(self, servers: list[int] | None = None) -> int:
        """Increment at whoever leads, of these servers; the value after. Gives up after 10 s."""
        return self.cluster.finish(self.begin_increment(servers))

    def begin_increment(self, servers: list[int] | None = None) -> Task[int]:
        """As ``increment``, without waiting."""

        def steps() -> Steps[int]:
            outcome = yield self.clients.new(servers, patience=10_000).perform(
                "txn", None, _INCREMENT
            )
            assert outcome.type == "ok", outcome
            return len(outcome.value["results"][1])

        return self.cluster.spawn(steps())

    def begin_nulls(self, count: int) -> list[Task[None]]:
        """So many clients ask for something that changes nothing, through the log."""

        def steps() -> Steps[None]:
            nothing: dict[str, list[str]] = {"compare": [], "then": [], "else": []}
            yield self.clients.new(patience=10_000).perform("txn", None, nothing)

        return [self.cluster.spawn(steps()) for _ in range(count)]

    def value(self, server: int) -> int:
        """What the server's state machine holds."""
        return len(self.cluster.replica(server).state_machine.query(Get("n")).value or "")

    def check(self, value: int, servers: int) -> None:
        """So many servers come to hold this value."""
        pause = 10
        for _ in range(30):
            held = [self.value(server) for server in range(3)]
            if held.count(value) >= servers:
                return
            self.cluster.sleep(pause)
            pause = min(2 * pause, 1000)
        raise AssertionError(f"{servers} servers should hold {value}, they hold {held}")

    def increment_often(self, times: int) -> None:
        """Count up to ``times``, with a look at all servers each time."""
        for value in range(1, times + 1):
            assert self.increment() == value
            self.check(value, 3)

    def check_ended(self, tasks: list[Task[None]]) -> None:
        """All end within 11 s."""
        self.cluster.sleep(11_000)
        assert all(task.done for task in tasks)


Count = Callable[[], Counter]


@pytest.fixture
def count(start: Start) -> Iterator[Count]:
    """Starts a counter; in the end what its clients saw is linearizable."""
    counters = []

    def start_counter() -> Counter:
        counters.append(Counter(Clients(start(3), attempt_timeout=100)))
        return counters[-1]

    yield start_counter
    for counter in counters:
        counter.clients.check_linearizable()


def test_basic_4a(count: Count) -> None:
    count().increment_often(10)


def test_concurrent_4a(count: Count) -> None:
    counter = count()
    tasks = [counter.begin_increment() for _ in range(50)]
    results = sorted(counter.cluster.finish(task) for task in tasks)
    assert results == list(range(1, 51))
    counter.check(50, 3)


def test_leader_failure_4a(count: Count) -> None:
    counter = count()
    counter.check(counter.increment(), 3)
    leader, _ = counter.cluster.check_single_leader()
    counter.cluster.disconnect(leader)
    value = counter.increment()
    counter.check(value, 2)
    counter.cluster.reconnect(leader)
    counter.check(value, 3)


def test_leader_partition_4a(count: Count) -> None:
    """A leader in the minority executes nothing that it is asked for, neither then nor later. The
    original's does not answer before the partition ends; ours gives up by itself."""
    counter = count()
    cluster = counter.cluster
    counter.check(counter.increment(), 3)
    leader, _ = cluster.check_single_leader()
    others = [server for server in range(3) if server != leader]
    cluster.partition([others, [leader]])
    answers = [cluster.ask(leader, f"once-{number}", Delete("n")) for number in range(100)]
    cluster.sleep(10)
    assert not any(answer.done for answer in answers)
    value = counter.increment(others)
    cluster.sleep(1000)
    cluster.connect_all()
    cluster.sleep(1000)
    assert {answer.result.status for answer in answers} == {"lost"}
    counter.check(value, 3)


def test_restart_replay_4a(count: Count) -> None:
    counter = count()
    counter.increment_often(100)
    shut_down_all(counter.cluster)
    counter.cluster.sleep(1000)
    start_all(counter.cluster)
    assert counter.increment() == 101
    counter.cluster.sleep(1000)
    counter.check(101, 3)


def test_shutdown_4a(count: Count) -> None:
    counter = count()
    tasks = counter.begin_nulls(100)
    counter.cluster.sleep(20)
    shut_down_all(counter.cluster)
    counter.check_ended(tasks)


def test_restart_submit_4a(count: Count) -> None:
    counter = count()
    counter.increment_often(100)
    shut_down_all(counter.cluster)
    counter.cluster.sleep(1000)
    start_all(counter.cluster)
    assert counter.increment() == 101
    counter.cluster.sleep(1000)
    tasks = counter.begin_nulls(100)
    counter.cluster.sleep(20)
    shut_down_all(counter.cluster)
    counter.check_ended(tasks)
    start_all(counter.cluster)
    value = counter.increment()
    assert value == 102
    counter.check(value, 3)
