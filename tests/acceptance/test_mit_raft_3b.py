"""MIT 6.5840, lab 3B: the log."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Start
from tests.acceptance.harness import Cluster, Started
from tests.acceptance.mit import (
    ELECTION_TIMEOUT,
    check_one_leader,
    new_command,
    one,
    requests,
    wait,
)
from tests.acceptance.worlds import MIT

WORLDS = MIT


def submitted(cluster: Cluster, server: int, command: object) -> Started:
    """The server leads, and takes the command."""
    started = cluster.submit(server, command)
    assert started is not None, f"server {server} does not lead"
    return started


def test_basic_agree_3b(start: Start) -> None:
    cluster = start(3)
    for index in range(1, 4):
        assert cluster.count_committed(index)[0] == 0
        assert one(cluster, index * 100, 3, retry=False) == index


def test_rpc_bytes_3b(start: Start) -> None:
    """Each command is sent to each peer once. The original allows one copy more than there are
    peers, and 50,000 bytes beside; here less than three commands' worth is allowed."""
    cluster = start(3)
    one(cluster, 99, 3, retry=False)
    before = cluster.network.bytes
    sent = 0
    for index in range(2, 12):
        command = "".join(cluster.random.choices("abcdefghijklmnopqrstuvwxyz", k=5000))
        assert one(cluster, command, 3, retry=False) == index
        sent += len(command)
    carried = cluster.network.bytes - before
    assert carried <= 3 * sent + 50_000
    assert 2 * sent <= carried < 2 * sent + 15_000


def test_follower_failure_3b(start: Start) -> None:
    cluster = start(3)
    one(cluster, 101, 3, retry=False)
    leader = check_one_leader(cluster)
    cluster.disconnect((leader + 1) % 3)
    one(cluster, 102, 2, retry=False)
    cluster.sleep(ELECTION_TIMEOUT)
    one(cluster, 103, 2, retry=False)
    leader = check_one_leader(cluster)
    cluster.disconnect((leader + 1) % 3)
    cluster.disconnect((leader + 2) % 3)
    assert submitted(cluster, leader, 104).position == 4
    cluster.sleep(2 * ELECTION_TIMEOUT)
    assert cluster.count_committed(4)[0] == 0


def test_leader_failure_3b(start: Start) -> None:
    cluster = start(3)
    one(cluster, 101, 3, retry=False)
    cluster.disconnect(check_one_leader(cluster))
    one(cluster, 102, 2, retry=False)
    cluster.sleep(ELECTION_TIMEOUT)
    one(cluster, 103, 2, retry=False)
    cluster.disconnect(check_one_leader(cluster))
    taken = [cluster.submit(server, 104) for server in range(3)]
    assert any(taken)
    cluster.sleep(2 * ELECTION_TIMEOUT)
    assert cluster.count_committed(4)[0] == 0


def test_fail_agree_3b(start: Start) -> None:
    cluster = start(3)
    one(cluster, 101, 3, retry=False)
    leader = check_one_leader(cluster)
    cluster.disconnect((leader + 1) % 3)
    one(cluster, 102, 2, retry=False)
    one(cluster, 103, 2, retry=False)
    cluster.sleep(ELECTION_TIMEOUT)
    one(cluster, 104, 2, retry=False)
    one(cluster, 105, 2, retry=False)
    cluster.reconnect((leader + 1) % 3)
    one(cluster, 106, 3)
    cluster.sleep(ELECTION_TIMEOUT)
    one(cluster, 107, 3)


def test_fail_no_agree_3b(start: Start) -> None:
    cluster = start(5)
    one(cluster, 10, 5, retry=False)
    leader = check_one_leader(cluster)
    others = [(leader + offset) % 5 for offset in (1, 2, 3)]
    for other in others:
        cluster.disconnect(other)
    assert submitted(cluster, leader, 20).position == 2
    cluster.sleep(2 * ELECTION_TIMEOUT)
    assert cluster.count_committed(2)[0] == 0
    for other in others:
        cluster.reconnect(other)
    # The majority may have forgotten the second command.
    started = submitted(cluster, check_one_leader(cluster), 30)
    assert started.position in (2, 3)
    one(cluster, 1000, 5)


def test_concurrent_starts_3b(start: Start) -> None:
    cluster = start(3)
    for attempt in range(5):
        if attempt:
            cluster.sleep(3000)
        leader = check_one_leader(cluster)
        first = cluster.submit(leader, 1)
        if first is None:
            continue
        commands = {100 + number for number in range(5)}
        started = [cluster.submit(leader, command) for command in commands]
        if any(cluster.term(server) != first.term for server in range(3)):
            continue
        found = {wait(cluster, each.position, 3, first.term) for each in started if each}
        if None not in found:
            assert found == commands
            return
    pytest.fail("the term changed too often")


def test_rejoin_3b(start: Start) -> None:
    cluster = start(3)
    one(cluster, 101, 3)
    first = check_one_leader(cluster)
    cluster.disconnect(first)
    for command in (102, 103, 104):
        submitted(cluster, first, command)
    one(cluster, 103, 2)
    second = check_one_leader(cluster)
    cluster.disconnect(second)
    cluster.reconnect(first)
    one(cluster, 104, 2)
    cluster.reconnect(second)
    one(cluster, 105, 3)


def test_backup_3b(start: Start) -> None:
    """A leader backs up quickly over logs of followers that are wrong for long."""
    cluster = start(5)
    one(cluster, new_command(), 5)
    first = check_one_leader(cluster)
    pair = [first, (first + 1) % 5]
    rest = [(first + offset) % 5 for offset in (2, 3, 4)]
    for server in rest:
        cluster.disconnect(server)
    for _ in range(50):
        submitted(cluster, first, new_command())
    cluster.sleep(ELECTION_TIMEOUT // 2)
    for server in pair:
        cluster.disconnect(server)
    for server in rest:
        cluster.reconnect(server)
    for _ in range(50):
        one(cluster, new_command(), 3)
    second = check_one_leader(cluster)
    other = rest[0] if rest[0] != second else (second + 1) % 5
    cluster.disconnect(other)
    for _ in range(50):
        submitted(cluster, second, new_command())
    cluster.sleep(ELECTION_TIMEOUT // 2)
    for server in range(5):
        cluster.disconnect(server)
    for server in (*pair, other):
        cluster.reconnect(server)
    for _ in range(50):
        one(cluster, new_command(), 3)
    for server in range(5):
        cluster.reconnect(server)
    one(cluster, new_command(), 5)


def test_count_3b(start: Start) -> None:
    """At most 30 requests for an election, 14 for each of 3 servers for twelve commands, and 60 in
    a second in which nothing happens."""
    cluster = start(3)
    check_one_leader(cluster)
    assert 1 <= requests(cluster) <= 30
    for attempt in range(5):
        if attempt:
            cluster.sleep(3000)
        leader = check_one_leader(cluster)
        before = requests(cluster)
        first = cluster.submit(leader, 1)
        if first is None:
            continue
        commands = [new_command() for _ in range(11)]
        started = [cluster.submit(leader, command) for command in commands]
        if any(each is None or each.term != first.term for each in started):
            continue
        assert [each.position - first.position for each in started if each] == list(range(1, 12))
        found = [wait(cluster, first.position + 1 + at, 3, first.term) for at in range(10)]
        if None in found:
            continue
        assert found == commands[:10]
        if any(cluster.term(server) != first.term for server in range(3)):
            continue
        after = requests(cluster)
        assert after - before <= (10 + 1 + 3) * 3
        cluster.sleep(ELECTION_TIMEOUT)
        assert requests(cluster) - after <= 3 * 20
        return
    pytest.fail("the term changed too often")
