"""MIT 6.5840, lab 3D: snapshots.

The originals' services take a snapshot after every tenth command; here it is due after as many
bytes as ten commands take.
"""

from __future__ import annotations

from checker.trace import SnapshotRestored, SnapshotTaken
from tests.acceptance.conftest import Start
from tests.acceptance.harness import SEGMENT_BYTES, Cluster
from tests.acceptance.mit import (
    check_one_leader,
    new_command,
    one,
    restart,
    shut_down_all,
    start_all,
)
from tests.acceptance.network import MIT_UNRELIABLE
from tests.acceptance.worlds import MIT, with_snapshots

# Commands between two snapshots, and bytes that they take.
INTERVAL = 10
THRESHOLD = 500
WORLDS = tuple(with_snapshots(world, THRESHOLD) for world in MIT)


def snapshots(cluster: Cluster) -> tuple[int, int]:
    """How many were taken, and how many restored."""
    events = cluster.trace.events
    taken = sum(isinstance(event, SnapshotTaken) for event in events)
    return taken, sum(isinstance(event, SnapshotRestored) for event in events)


def some(cluster: Cluster) -> int:
    """Half to one and a half times as many commands as a snapshot needs."""
    return INTERVAL // 2 + cluster.random.randrange(INTERVAL)


def snap_common(
    cluster: Cluster, *, unreliable: bool = False, disconnect: bool = False, crash: bool = False
) -> None:
    """Thirty times: a server, the leader every third time, is cut off or crashes; the others go on
    until they have taken a snapshot, perhaps; it comes back and must catch up. Logs stay short."""
    if unreliable:
        cluster.network.rules = MIT_UNRELIABLE
    one(cluster, new_command(), 3)
    leader = check_one_leader(cluster)
    for iteration in range(30):
        victim, sender = (leader + 1) % 3, leader
        if iteration % 3 == 1:
            victim, sender = sender, victim
        if disconnect:
            cluster.disconnect(victim)
        if crash:
            cluster.crash(victim)
        if disconnect or crash:
            one(cluster, new_command(), 2)
        for _ in range(some(cluster)):
            cluster.submit(sender, new_command())
        one(cluster, new_command(), 2 if disconnect or crash else 3)
        assert cluster.log_bytes() < 4 * THRESHOLD + SEGMENT_BYTES
        if disconnect:
            cluster.reconnect(victim)
        if crash:
            restart(cluster, victim)
        if disconnect or crash:
            one(cluster, new_command(), 3)
            leader = check_one_leader(cluster)
    taken, restored = snapshots(cluster)
    assert taken > 30
    assert restored or not (disconnect or crash)


def test_snapshot_basic_3d(start: Start) -> None:
    snap_common(start(3))


def test_snapshot_install_3d(start: Start) -> None:
    snap_common(start(3), disconnect=True)


def test_snapshot_install_unreliable_3d(start: Start) -> None:
    snap_common(start(3), disconnect=True, unreliable=True)


def test_snapshot_install_crash_3d(start: Start) -> None:
    snap_common(start(3), crash=True)


def test_snapshot_install_un_crash_3d(start: Start) -> None:
    snap_common(start(3), crash=True, unreliable=True)


def test_snapshot_all_crash_3d(start: Start) -> None:
    cluster = start(3)
    cluster.network.rules = MIT_UNRELIABLE
    one(cluster, new_command(), 3)
    for _ in range(5):
        for _ in range(some(cluster)):
            one(cluster, new_command(), 3)
        before = one(cluster, new_command(), 3)
        shut_down_all(cluster)
        start_all(cluster)
        assert one(cluster, new_command(), 3) > before
    assert all(snapshots(cluster))


def test_snapshot_init_3d(start: Start) -> None:
    cluster = start(3)
    cluster.network.rules = MIT_UNRELIABLE
    for _ in range(INTERVAL + 2):
        one(cluster, new_command(), 3)
    for _ in range(2):
        shut_down_all(cluster)
        start_all(cluster)
        one(cluster, new_command(), 3)
    assert all(snapshots(cluster))
