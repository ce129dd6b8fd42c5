"""MIT 6.5840, lab 3C: persistence, and an unreliable network."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.conftest import Start
from tests.acceptance.harness import Cluster
from tests.acceptance.mit import (
    ELECTION_TIMEOUT,
    agree,
    check_one_leader,
    new_command,
    one,
    restart,
    shut_down_all,
    start_all,
    wait,
)
from tests.acceptance.network import MILLISECOND, MIT_RELIABLE, MIT_UNRELIABLE
from tests.acceptance.tasks import Steps, Task
from tests.acceptance.worlds import MIT

WORLDS = MIT


def test_persist1_3c(start: Start) -> None:
    cluster = start(3)
    one(cluster, 11, 3)
    shut_down_all(cluster)
    start_all(cluster)
    one(cluster, 12, 3)
    leader = check_one_leader(cluster)
    cluster.crash(leader)
    restart(cluster, leader)
    one(cluster, 13, 3)
    leader = check_one_leader(cluster)
    cluster.crash(leader)
    one(cluster, 14, 2)
    restart(cluster, leader)
    wait(cluster, 4, 3)
    other = (check_one_leader(cluster) + 1) % 3
    cluster.crash(other)
    one(cluster, 15, 2)
    restart(cluster, other)
    one(cluster, 16, 3)


def test_persist2_3c(start: Start) -> None:
    cluster = start(5)
    for _ in range(5):
        one(cluster, new_command(), 5)
        leader = check_one_leader(cluster)
        a, b, c, d = ((leader + offset) % 5 for offset in (1, 2, 3, 4))
        cluster.crash(a)
        cluster.crash(b)
        one(cluster, new_command(), 3)
        for server in (leader, c, d):
            cluster.crash(server)
        restart(cluster, a)
        restart(cluster, b)
        cluster.sleep(ELECTION_TIMEOUT)
        restart(cluster, c)
        one(cluster, new_command(), 3)
        restart(cluster, d)
        restart(cluster, leader)
    one(cluster, 1000, 5)


def test_persist3_3c(start: Start) -> None:
    cluster = start(3)
    one(cluster, 101, 3)
    leader = check_one_leader(cluster)
    cluster.disconnect((leader + 2) % 3)
    one(cluster, 102, 2)
    cluster.crash(leader)
    cluster.crash((leader + 1) % 3)
    cluster.reconnect((leader + 2) % 3)
    restart(cluster, leader)
    one(cluster, 103, 2)
    restart(cluster, (leader + 1) % 3)
    one(cluster, 104, 3)


def pause(cluster: Cluster) -> None:
    """Mostly too short for an agreement, one time in ten up to half a second."""
    if cluster.random.randrange(1000) < 100:
        cluster.sleep(cluster.random.randrange(ELECTION_TIMEOUT // 2))
    else:
        cluster.sleep(cluster.random.randrange(13))


def figure_8(
    cluster: Cluster,
    is_there: Callable[[int], bool],
    take_away: Callable[[int], None],
    bring_back: Callable[[int], None],
    *,
    chance: int,
    reordering_from: int | None = None,
) -> None:
    """The situation of the paper's Figure 8, a thousand times: leaders take a command and are gone,
    with a ``chance`` in a thousand, before they have committed it, or soon after; servers come back
    when too few are left."""
    there = cluster.size
    for iteration in range(1000):
        if iteration == reordering_from:
            cluster.network.long_reordering = True
        leader = None
        for server in range(cluster.size):
            if cluster.submit(server, new_command()) and is_there(server):
                leader = server
        pause(cluster)
        if leader is not None and cluster.random.randrange(1000) < chance:
            take_away(leader)
            there -= 1
        if there < 3:
            server = cluster.random.randrange(cluster.size)
            if not is_there(server):
                bring_back(server)
                there += 1
    for server in range(cluster.size):
        if not is_there(server):
            bring_back(server)
    one(cluster, new_command(), cluster.size)


def test_figure8_3c(start: Start) -> None:
    cluster = start(5)
    one(cluster, new_command(), 1)
    figure_8(
        cluster,
        cluster.is_running,
        cluster.crash,
        lambda server: restart(cluster, server),
        chance=1000,
    )
    assert len(cluster.trace.elections) > 20


def test_unreliable_agree_3c(start: Start) -> None:
    cluster = start(5)
    cluster.network.rules = MIT_UNRELIABLE
    tasks: list[Task[int]] = []
    for iteration in range(1, 50):
        tasks.extend(
            cluster.spawn(agree(cluster, 100 * iteration + number, 1)) for number in range(4)
        )
        one(cluster, iteration, 1)
    cluster.network.rules = MIT_RELIABLE
    for task in tasks:
        cluster.finish(task)
    one(cluster, 100, 5)
    assert cluster.network.effects["lost"]


def test_figure8_unreliable_3c(start: Start) -> None:
    cluster = start(5)
    cluster.network.rules = MIT_UNRELIABLE
    one(cluster, new_command(), 1)
    figure_8(
        cluster,
        lambda server: cluster.connected[server],
        cluster.disconnect,
        cluster.reconnect,
        chance=ELECTION_TIMEOUT // 2,
        reordering_from=200,
    )
    assert cluster.network.effects["reordered"]


class Churn:
    """Clients that submit to every server, while servers are cut off, crashed and brought back."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.is_over = False

    def client(self, number: int) -> Steps[list[int]]:
        """Submit commands until the end; those that were seen to be committed."""
        cluster = self.cluster
        seen = []
        while not self.is_over:
            command = new_command()
            taken = [cluster.submit(server, command) for server in range(cluster.size)]
            started = [each for each in taken if each]
            if not started:
                yield (79 + number * 17) * MILLISECOND
                continue
            for patience in (10, 20, 50, 100, 200):
                committed, found = cluster.count_committed(started[-1].position)
                if committed:
                    if found == command:
                        seen.append(command)
                    break
                yield patience * MILLISECOND
        return seen

    def run(self) -> None:
        """What clients saw committed is in the log that all agree on in the end."""
        cluster = self.cluster
        random = cluster.random
        clients = [cluster.spawn(self.client(number)) for number in range(3)]
        for _ in range(20):
            if random.randrange(1000) < 200:
                cluster.disconnect(random.randrange(5))
            if random.randrange(1000) < 500:
                server = random.randrange(5)
                if not cluster.is_running(server):
                    restart(cluster, server)
                cluster.reconnect(server)
            if random.randrange(1000) < 200:
                server = random.randrange(5)
                if cluster.is_running(server):
                    cluster.crash(server)
            cluster.sleep(ELECTION_TIMEOUT * 7 // 10)
        cluster.sleep(ELECTION_TIMEOUT)
        cluster.network.rules = MIT_RELIABLE
        start_all(cluster)
        self.is_over = True
        seen = [command for client in clients for command in cluster.finish(client)]
        cluster.sleep(ELECTION_TIMEOUT)
        last = one(cluster, new_command(), 5)
        committed = [wait(cluster, position, 5) for position in range(1, last + 1)]
        assert seen
        assert set(seen) <= set(committed)


def test_reliable_churn_3c(start: Start) -> None:
    Churn(start(5)).run()


def test_unreliable_churn_3c(start: Start) -> None:
    cluster = start(5)
    cluster.network.rules = MIT_UNRELIABLE
    Churn(cluster).run()
    assert cluster.network.effects["lost"]
