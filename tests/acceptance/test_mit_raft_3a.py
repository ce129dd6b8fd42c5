"""MIT 6.5840, lab 3A: leader election."""

from __future__ import annotations

from tests.acceptance.conftest import Start
from tests.acceptance.mit import ELECTION_TIMEOUT, check_one_leader, check_terms
from tests.acceptance.worlds import MIT

WORLDS = MIT


def test_initial_election_3a(start: Start) -> None:
    cluster = start(3)
    check_one_leader(cluster)
    cluster.sleep(50)
    term = check_terms(cluster)
    assert term >= 1
    cluster.sleep(2 * ELECTION_TIMEOUT)
    # The original only warns. Nothing went wrong here, so nothing changes.
    assert check_terms(cluster) == term
    check_one_leader(cluster)


def test_re_election_3a(start: Start) -> None:
    cluster = start(3)
    first = check_one_leader(cluster)
    cluster.disconnect(first)
    check_one_leader(cluster)
    cluster.reconnect(first)
    second = check_one_leader(cluster)
    cluster.disconnect(second)
    cluster.disconnect((second + 1) % 3)
    cluster.sleep(2 * ELECTION_TIMEOUT)
    cluster.check_no_leader()
    cluster.reconnect((second + 1) % 3)
    check_one_leader(cluster)
    cluster.reconnect(second)
    check_one_leader(cluster)


def test_many_elections_3a(start: Start) -> None:
    cluster = start(7)
    check_one_leader(cluster)
    for _ in range(9):
        # Three draws that may agree.
        cut_off = [cluster.random.randrange(7) for _ in range(3)]
        for server in cut_off:
            cluster.disconnect(server)
        check_one_leader(cluster)
        for server in cut_off:
            cluster.reconnect(server)
    check_one_leader(cluster)
