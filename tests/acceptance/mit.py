"""What the tests of MIT 6.5840's Raft share: how they find leaders and reach agreements.

Generators are steps of a task (tasks.py), for what the originals do in goroutines.
"""

from __future__ import annotations

from itertools import count

from tests.acceptance.harness import Cluster
from tests.acceptance.network import MILLISECOND
from tests.acceptance.tasks import Steps

ELECTION_TIMEOUT = 1000  # ms, which the originals allow an election
FOR_EVER = 60_000  # ms, the patience of clients that do not give up

_unique = count(1_000_000)


def new_command() -> int:
    """A command that was never used; the originals draw them at random."""
    return next(_unique)


def check_one_leader(cluster: Cluster) -> int:
    """Some connected server leads, and in each term at most one does: the one of the last term."""
    for _ in range(10):
        cluster.sleep(450 + cluster.random.randrange(100))
        leaders = cluster.leaders()
        terms = [cluster.term(leader) for leader in leaders]
        assert len(set(terms)) == len(terms), f"servers {leaders} lead in terms {terms}"
        if leaders:
            return max(leaders, key=cluster.term)
    raise AssertionError("expected one leader, got none")


def check_terms(cluster: Cluster) -> int:
    """All connected servers are in the same term."""
    terms = {cluster.term(at) for at in range(cluster.size) if cluster.connected[at]}
    assert len(terms) == 1, f"servers disagree on the term: {terms}"
    return terms.pop()


def restart(cluster: Cluster, server: int) -> None:
    """Start a server; the originals then connect all of them."""
    cluster.restart(server)
    cluster.connect_all()


def shut_down_all(cluster: Cluster) -> None:
    """Crash every server that runs."""
    for server in range(cluster.size):
        if cluster.is_running(server):
            cluster.crash(server)


def start_all(cluster: Cluster) -> None:
    """Start every server that does not run, and connect all."""
    for server in range(cluster.size):
        if not cluster.is_running(server):
            cluster.restart(server)
    cluster.connect_all()


def agree(cluster: Cluster, command: object, servers: int, *, retry: bool = True) -> Steps[int]:
    """Have a command committed by at least so many servers, within 10 s. Where it stands.

    With ``retry`` it is submitted again, to whoever leads, when it was not committed within 2 s.
    """
    end = cluster.queue.now + 10_000 * MILLISECOND
    asked = 0
    while cluster.queue.now < end:
        started = None
        for _ in range(cluster.size):
            asked = (asked + 1) % cluster.size
            if cluster.connected[asked] and (started := cluster.submit(asked, command)):
                break
        if started is None:
            yield 50 * MILLISECOND
            continue
        give_up = cluster.queue.now + 2_000 * MILLISECOND
        while cluster.queue.now < give_up:
            committed, found = cluster.count_committed(started.position)
            if committed >= servers and found == command:
                return started.position
            yield 20 * MILLISECOND
        assert retry, f"{command} was not committed within 2 s"
    raise AssertionError(f"{command} was not committed within 10 s")


def one(cluster: Cluster, command: object, servers: int, *, retry: bool = True) -> int:
    """As ``agree``, waiting for it."""
    return cluster.run(agree(cluster, command, servers, retry=retry))


def wait(cluster: Cluster, position: int, servers: int, term: int | None = None) -> object:
    """Wait until so many servers have committed a command there: which. None if meanwhile a server
    is in a later term than ``term``."""
    pause = 10
    for _ in range(30):
        if cluster.count_committed(position)[0] >= servers:
            break
        cluster.sleep(pause)
        pause = min(2 * pause, 1000)
        if term is not None and any(
            cluster.term(at) > term for at in range(cluster.size) if cluster.is_running(at)
        ):
            return None
    committed, command = cluster.count_committed(position)
    assert committed >= servers, f"only {committed} servers committed command {position}"
    return command


def requests(cluster: Cluster) -> int:
    """Requests that servers have received of each other."""
    return sum(cluster.network.requests.values())
